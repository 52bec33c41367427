"""A panel in a file of its own: opened from the file browser, edited, saved."""

from __future__ import annotations

import json
from typing import Any

import pytest

from .labpage import LabPage
from .steps import panel, search, view, wait_for_graphs, wheel

FIELD = "cda/AC_H0_MFI/BGSEc"
MAGNITUDE = "cda/AC_H0_MFI/Magnitude"
CURRENT = "window.jupyterapp.shell.currentWidget"


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
    item.wait_for(timeout=15_000)
    item.dblclick()
    return panel(lab)


def ok(lab: LabPage, root: Any, count: int) -> None:
    assert [g["status"] for g in wait_for_graphs(lab, root, count)] == ["ok"] * count


@pytest.mark.parametrize("theme", ["Light", "Dark"])
def test_a_file_is_opened_edited_and_saved(lab: LabPage, theme: str) -> None:
    lab.theme(f"JupyterLab {theme}")
    name = f"field-{theme}.sciqlop.json"
    write_panel(lab, name, FIELD)
    root = open_by_mouse(lab, name)
    ok(lab, root, 1)
    search(lab, "ac_h0_mfi magnitude", MAGNITUDE).click()
    lab.page.keyboard.press("Enter")
    ok(lab, root, 2)
    wheel(lab, root, -300, "Control")
    lab.until(lambda: view(root)[0] > 1672624800000000000, 5, "it is zoomed")
    dirty = f"() => {CURRENT}.context.model.dirty"
    lab.until(lambda: lab.page.evaluate(dirty), 10, "the document knows of the change")
    shown = view(root)
    lab.page.keyboard.press("Control+s")
    lab.until(lambda: str(shown[0]) in (lab.root / name).read_text(), 10, "it is saved")
    lab.shot(f"file-saved-{theme.lower()}")
    assert not lab.page.evaluate(dirty), "what is saved has nothing to save"
