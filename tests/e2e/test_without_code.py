"""A figure from start to end without a line of code: by the mouse, and by the keyboard alone."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from .labpage import LabPage
from .steps import (
    CURRENT,
    DIRTY,
    graphs,
    panel,
    results_of,
    save,
    search,
    view,
    wait_for_graphs,
    wheel,
)  # fmt: skip
from .waiting import frames

FIELD, MAGNITUDE = "cda/AC_H0_MFI/BGSEc", "cda/AC_H0_MFI/Magnitude"
ION = "cda/AC_H0_MFI/BGSM"
FOCUSED = "document.activeElement"


def plots(root: Any) -> list[list[str]]:
    """Labels of what each plot shows, from top to bottom."""
    found = json.loads(root.get_attribute("data-graphs") or "{}").values()
    order = (root.get_attribute("data-plots") or "").split()
    return [[g["label"] for g in found if g["plot"] == name] for name in order]


def file_of(lab: LabPage) -> Path:
    path = lab.page.evaluate(f"() => {CURRENT}.context.path")
    return lab.root / str(path)


def ok(lab: LabPage, root: Any, count: int) -> None:
    assert [g["status"] for g in wait_for_graphs(lab, root, count)] == ["ok"] * count


def test_by_the_mouse(lab: LabPage) -> None:
    page = lab.page
    card = page.locator('.jp-LauncherCard[title*="file of its own"]').first
    card.scroll_into_view_if_needed()
    card.click()
    root = panel(lab)
    file = file_of(lab)
    lab.drag(search(lab, "provider:cda ac_h0_mfi bgse", FIELD), root)
    # a new panel moves to where its first product has data
    lab.until(lambda: [g["status"] for g in graphs(root)] == ["ok"], 40, "the first is shown")
    first = root.locator(".sq-plot").first
    ok(lab, root, 1)
    lab.drag(search(lab, "provider:cda ac_h0_mfi magnitude", MAGNITUDE), first, at=(0.5, 0.95))
    ok(lab, root, 2)
    second = root.locator(".sq-plot").nth(1)
    lab.drag(search(lab, "provider:cda ac_h0_mfi bgsm", ION), second)
    ok(lab, root, 3)
    lab.until(lambda: [len(labels) for labels in plots(root)] == [1, 2], what="a plot has two")
    before = view(root)
    wheel(lab, root, -300, "Control")
    lab.until(lambda: view(root)[1] - view(root)[0] < before[1] - before[0], 30, "it is zoomed")
    ok(lab, root, 3)
    root.get_by_role("button", name="Inspector").click()
    inspector = page.locator(".sq-inspector")
    inspector.locator('[data-key^="g "]').first.click()
    inspector.locator('input[type="color"]').first.fill("#ff00aa")
    lab.until(lambda: page.evaluate(DIRTY), 30, "it is to be saved")
    lab.shot("story-mouse-light")
    root.get_by_role("button", name="Close the inspector").click()
    root.locator(".sq-stage").click(position={"x": 300, "y": 60})
    save(lab, file, "#ff00aa")
    shown = view(root)
    page.locator(".lm-TabBar-tab.lm-mod-current .lm-TabBar-tabCloseIcon").first.click()
    lab.until(lambda: page.locator(".sciqlop-panel").count() == 0, 30, "it is closed")
    assert not page.locator(".jp-Dialog").all(), "all was saved"
    page.locator('.lm-TabBar-tab[data-id="filebrowser"]').first.click()
    page.locator(".jp-DirListing-item", has_text=file.name).dblclick()
    root = panel(lab)
    ok(lab, root, 3)
    lab.until(lambda: view(root) == shown, what="it shows the same")
    with page.expect_download() as waiting:
        root.get_by_role("button", name="SVG").click()
    picture = Path(waiting.value.path()).read_text()
    assert "<svg" in picture
    assert "#ff00aa" in picture.lower()
    lab.theme("JupyterLab Dark")
    lab.shot("story-mouse-dark")
    lab.theme("JupyterLab Light")


def test_by_the_keyboard_alone(lab: LabPage) -> None:
    page, press, write = lab.page, lab.page.keyboard.press, lab.page.keyboard.type

    def tab_to(check: str, key: str = "Tab") -> None:
        for _ in range(150):
            if page.evaluate(f"() => Boolean({check})"):
                return
            press(key)
        raise AssertionError(f"{key} never leads to {check}")

    def add(words: str, key: str, count: int) -> None:
        press("Control+Alt+p")
        page.wait_for_function(f"() => {FOCUSED}.classList.contains('sqlab-search-input')")
        press("Control+a")
        with results_of(lab, words):
            write(words)
        page.locator(".sqlab-row:not([hidden])[data-ref^='cda/AC_H0_MFI']").first.wait_for()
        press("ArrowDown")
        press(key)
        lab.until(lambda: len(graphs(panel(lab))) == count, 30, f"{count} products")

    page.locator('.jp-LauncherCard[title*="file of its own"]').first.wait_for()
    tab_to(f"{FOCUSED}.closest?.('.jp-LauncherCard[title*=\"file of its own\"]')")
    press("Enter")
    root = panel(lab)
    file = file_of(lab)
    add("provider:cda ac_h0_mfi bgsec", "Enter", 1)
    lab.until(lambda: [g["status"] for g in graphs(root)] == ["ok"], 40, "the first is shown")
    add("provider:cda ac_h0_mfi magnitude", "Enter", 2)
    add("provider:cda ac_h0_mfi bgsm", "Alt+Enter", 3)
    ok(lab, root, 3)
    press("Control+Alt+g")
    page.wait_for_function(f"() => {FOCUSED}.classList.contains('sciqlop-panel')")
    before = view(root)
    press("+")
    lab.until(lambda: view(root)[1] - view(root)[0] < before[1] - before[0], 30, "it is zoomed")
    press("i")
    page.locator(".sq-inspector").wait_for()
    page.wait_for_function(f"() => {FOCUSED}.closest('.sq-inspector [role=tree]')")
    press("ArrowDown")
    press("Enter")
    tab_to(f"{FOCUSED}.type === 'color'")
    # the browser's own colour chooser has no keys that a test could press
    page.locator('.sq-inspector input[type="color"]:focus').fill("#ff00aa")
    press("Escape")
    lab.shot("story-keys")
    lab.until(lambda: page.evaluate(DIRTY), 30, "it is to be saved")
    press("Control+Alt+g")
    page.wait_for_function(f"() => {FOCUSED}.classList.contains('sciqlop-panel')")
    save(lab, file, "#ff00aa")
    shown = view(root)
    press("Alt+w")
    lab.until(lambda: page.locator(".sciqlop-panel").count() == 0, 30, "it is closed")
    press("Control+Shift+f")
    page.locator(".jp-DirListing-item", has_text=file.name).wait_for()
    tab_to(f"{FOCUSED}.closest?.('.jp-DirListing-content, .jp-DirListing-item')")
    for _ in range(30):
        chosen = page.locator(".jp-DirListing-item.jp-mod-selected", has_text=file.name)
        if chosen.count():
            break
        press("ArrowDown")
        frames(page)
    press("Enter")
    root = panel(lab)
    ok(lab, root, 3)
    lab.until(lambda: view(root) == shown, what="it shows the same")
    press("Control+Alt+g")
    page.wait_for_function(f"() => {FOCUSED}.classList.contains('sciqlop-panel')")
    tab_to(f"{FOCUSED}.textContent === 'SVG'")
    with page.expect_download() as waiting:
        press("Enter")
    assert "#ff00aa" in Path(waiting.value.path()).read_text().lower()
