"""Menus in a low window, and the mouse mode that somebody chooses."""

from __future__ import annotations

from typing import Any

import pytest

from .labpage import LabPage
from .steps import panel, reload, view, wait_for_graphs, wheel

# part of `make test-full`
pytestmark = pytest.mark.slow

PANEL = """
from sciqlop_lab import Panel
panel = Panel("2023-01-02T02:00", "2023-01-02T10:00")
panel.plot("cda/AC_H0_MFI/BGSEc")
panel
"""
FOCUS = "document.activeElement"
INSIDE = """node => { const b = node.getBoundingClientRect();
    return b.top >= 0 && b.left >= 0 && b.bottom <= innerHeight && b.right <= innerWidth; }"""


def span(root: Any) -> int:
    start, stop = view(root)
    return stop - start


def test_a_menu_that_is_higher_than_the_window_scrolls(lab: LabPage) -> None:
    page = lab.page
    lab.notebook("low.ipynb", [PANEL])
    lab.run(0)
    root = panel(lab)
    wait_for_graphs(lab, root, 1)
    page.set_viewport_size({"width": 1000, "height": 330})
    root.focus()
    page.keyboard.press("Shift+F10")
    menu = page.locator(".sq-menu-top")
    menu.wait_for(timeout=30_000)
    lab.until(lambda: menu.evaluate(INSIDE), 30, "the menu is inside the window")
    assert menu.evaluate("node => node.scrollHeight > node.clientHeight + 20")
    page.keyboard.press("End")
    last = page.get_by_role("menuitem", name="Remove plot")
    lab.until(lambda: last.evaluate(f"node => node === {FOCUS} && ({INSIDE})(node)"), 30, "the end")
    for theme in ("Dark", "Light"):
        lab.theme(f"JupyterLab {theme}")
        lab.shot(f"menu-low-{theme.lower()}")
    page.keyboard.press("Home")
    derive = page.get_by_role("menuitem", name="Derive")
    for _ in range(12):
        if derive.evaluate(f"node => node === {FOCUS}"):
            break
        page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowRight")
    sub = page.locator(".sq-menu-sub")
    sub.wait_for(timeout=30_000)
    lab.until(lambda: sub.evaluate(INSIDE), 30, "the submenu is inside the window")
    page.keyboard.press("End")
    final = page.get_by_role("menuitem", name="Field-aligned coordinates…")
    lab.until(
        lambda: final.evaluate(f"node => node === {FOCUS} && ({INSIDE})(node)"), 30, "its end"
    )
    lab.shot("menu-low-sub")
    page.keyboard.press("ArrowLeft")
    lab.until(lambda: derive.evaluate(f"node => node === {FOCUS}"), 30, "back at its entry")
    # the wheel scrolls the menu, and moves no time
    before = view(root)
    box = menu.bounding_box()
    page.mouse.move(box["x"] + 40, box["y"] + 60)
    menu.evaluate("node => { node.scrollTop = 0; }")
    page.mouse.wheel(0, 120)
    lab.until(lambda: menu.evaluate("node => node.scrollTop > 0"), 30, "it scrolls")
    assert view(root) == before
    # keys in a menu are not the notebook's: D twice would delete the cell
    page.keyboard.press("d")
    page.keyboard.press("d")
    page.keyboard.press("Escape")
    menu.wait_for(state="hidden", timeout=30_000)
    lab.until(lambda: "Panel(" in lab.source(0), 30, "the cell is still there")


def test_the_mouse_mode_chosen_in_the_help_is_kept(lab: LabPage) -> None:
    page = lab.page
    lab.notebook("mode.ipynb", [PANEL])
    lab.run(0)
    root = panel(lab)
    wait_for_graphs(lab, root, 1)

    def choose(text: str, value: str) -> None:
        root.get_by_role("button", name="Mouse and keys of a panel (?)").click()
        root.get_by_role("radio", name=text).check()
        page.wait_for_selector(f'html[data-sciqlop-mouse="{value}"]', state="attached")
        page.keyboard.press("Escape")
        root.locator(".sq-help").wait_for(state="hidden", timeout=30_000)

    choose("plain", "plain")
    file = lab.root.parent / "settings" / "sciqlop-lab" / "plugin.jupyterlab-settings"
    try:
        before = span(root)
        wheel(lab, root, -300)
        lab.until(lambda: span(root) < 0.95 * before, 30, "the wheel zooms")
        lab.until(lambda: file.is_file() and '"plain"' in file.read_text(), 30, "it is a setting")
        lab.command("docmanager:save")
        reload(lab)
        page.wait_for_selector('html[data-sciqlop-mouse="plain"]', state="attached")
    finally:
        page.evaluate(
            "() => { document.dispatchEvent(new CustomEvent('sciqlop:mouse-mode',"
            " {detail: 'sciqlop', cancelable: true})); }"
        )
        page.wait_for_selector('html[data-sciqlop-mouse="sciqlop"]', state="attached")
        lab.until(lambda: '"plain"' not in file.read_text(), 30, "the default is back")
