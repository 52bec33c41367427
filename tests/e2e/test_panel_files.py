"""A panel in a file of its own: made, saved, opened again, renamed, and left by its kernel."""

from __future__ import annotations

import json
from typing import Any

import pytest

from .labpage import LabPage
from .steps import (
    CURRENT,
    DIRTY,
    PANEL,
    panel,
    reload,
    save,
    search,
    view,
    wait_for_graphs,
    wheel,
)  # fmt: skip

# part of `make test-full`
pytestmark = pytest.mark.slow

FIELD = "cda/AC_H0_MFI/BGSEc"
MAGNITUDE = "cda/AC_H0_MFI/Magnitude"


def write_panel(lab: LabPage, name: str, *products: str) -> None:
    """Write a file as the panel's own save does."""
    plots = [
        {"id": f"p{i}", "graphs": [{"id": f"g{i}", "product": product}]}
        for i, product in enumerate(products, start=1)
    ]
    ranges = {"start": "1672624800000000000", "stop": "1672653600000000000"}
    spec = {"version": 1, "title": "", "time_range": ranges, "plots": plots}
    (lab.root / name).write_text(json.dumps({"sciqlop_panel": 1, "spec": spec}))


def open_by_mouse(lab: LabPage, name: str) -> Any:
    """Find a file in the file browser and double-click it."""
    lab.command("filebrowser:activate")
    lab.command("filebrowser:refresh")
    item = lab.page.locator(".jp-DirListing-item", has_text=name)
    item.wait_for(timeout=30_000)
    item.dblclick()
    return panel(lab)


def ok(lab: LabPage, root: Any, count: int) -> None:
    assert [g["status"] for g in wait_for_graphs(lab, root, count)] == ["ok"] * count


@pytest.mark.parametrize("theme", ["Light", "Dark"])
def test_a_file_is_edited_saved_closed_and_the_same_again(lab: LabPage, theme: str) -> None:
    lab.theme(f"JupyterLab {theme}")
    name = f"field-{theme}.sciqlop.json"
    write_panel(lab, name, FIELD)
    root = open_by_mouse(lab, name)
    ok(lab, root, 1)
    search(lab, "ac_h0_mfi magnitude", MAGNITUDE).click()
    lab.page.keyboard.press("Enter")
    ok(lab, root, 2)
    wheel(lab, root, -300, "Control")
    lab.until(lambda: view(root)[0] > 1672624800000000000, 30, "it is zoomed")
    lab.until(lambda: lab.page.evaluate(DIRTY), 30, "the document knows of the change")
    shown = view(root)
    save(lab, lab.root / name, str(shown[0]))
    lab.shot(f"file-saved-{theme.lower()}")
    lab.command("application:close")
    lab.until(lambda: lab.page.locator(".sciqlop-panel").count() == 0, 30, "it is closed")
    root = open_by_mouse(lab, name)
    ok(lab, root, 2)
    lab.until(lambda: view(root) == shown, what="it shows the same")
    assert not lab.page.evaluate(DIRTY), "what was only opened has nothing to save"


def test_a_file_is_renamed_while_it_is_open(lab: LabPage) -> None:
    write_panel(lab, "before.sciqlop.json", FIELD)
    root = open_by_mouse(lab, "before.sciqlop.json")
    ok(lab, root, 1)
    lab.page.evaluate(f"async () => {{ await {CURRENT}.context.rename('after.sciqlop.json'); }}")
    lab.until((lab.root / "after.sciqlop.json").is_file, 30, "the file has its new name")
    wheel(lab, root, 300)
    lab.until(lambda: view(root)[0] != 1672624800000000000, 30, "it still moves")
    lab.until(lambda: lab.page.evaluate(DIRTY), 30, "noticed")
    shown = view(root)
    save(lab, lab.root / "after.sciqlop.json", str(shown[0]))
    assert not (lab.root / "before.sciqlop.json").exists()


def test_a_file_outlives_its_kernel_and_the_page(lab: LabPage) -> None:
    write_panel(lab, "killed.sciqlop.json", FIELD)
    root = open_by_mouse(lab, "killed.sciqlop.json")
    ok(lab, root, 1)
    assert not lab.page.evaluate(DIRTY), "what was only opened has nothing to save"
    wheel(lab, root, 300)
    lab.until(lambda: lab.page.evaluate(DIRTY), 30, "the move is noticed")
    shown = view(root)

    def is_back(count: int = 1) -> None:
        lab.until(lambda: lab.page.locator(PANEL).count() == 1, 30, "one panel is there")
        lab.page.locator(".sqlab-panel-status").wait_for(state="hidden", timeout=30_000)
        ok(lab, panel(lab), count)
        lab.until(lambda: view(panel(lab)) == shown, what="the unsaved move is still there")

    lab.page.evaluate(f"async () => {{ await {CURRENT}.content._host.session.restartKernel(); }}")
    lab.page.get_by_text("the panel follows").wait_for(timeout=30_000)
    is_back()
    lab.page.evaluate(f"() => {{ {CURRENT}.content._do('import os; os._exit(3)'); }}")
    lab.page.get_by_text("The kernel died").wait_for(timeout=30_000)
    lab.shot("file-kernel-died")
    is_back()
    lab.shutdown_kernels()
    again = lab.page.get_by_role("button", name="Run again")
    again.wait_for(timeout=30_000)
    lab.shot("file-kernel-killed")
    again.click()
    is_back()
    lab.shot("file-kernel-back")
    reload(lab)
    panel(lab)
    is_back()
    lab.until(lambda: lab.page.evaluate(DIRTY), 30, "it is still to be saved")
    save(lab, lab.root / "killed.sciqlop.json", str(shown[0]))


def test_two_pages_show_the_same_file(lab: LabPage) -> None:
    write_panel(lab, "twice.sciqlop.json", FIELD)
    root = open_by_mouse(lab, "twice.sciqlop.json")
    ok(lab, root, 1)
    page = lab.page.context.new_page()
    second = LabPage(page, lab.url, lab.token, lab.root, lab.screenshots)
    second.open()
    other = open_by_mouse(second, "twice.sciqlop.json")
    ok(second, other, 1)
    second.shot("file-second-tab")
    assert not second.errors
    second.command("application:close")  # the kernel stays: another page has it
    second.until(lambda: page.locator(PANEL).count() == 0, 30, "the second is closed")
    before = view(root)
    wheel(lab, root, 300)
    lab.until(lambda: view(root) != before, 30, "the first still moves")
    ok(lab, root, 1)
    lab.page.locator(".sqlab-panel-status").wait_for(state="hidden")
    page.close()
