"""A panel file with a kernel of its own: data taken, products derived, mistakes told, undone."""

from __future__ import annotations

from typing import Any

import pytest

from .labpage import LabPage
from .steps import wait_for_graphs
from .test_panel_actions import menu, said
from .test_panel_files import FIELD, open_by_mouse, write_panel

# part of `make test-full`
pytestmark = pytest.mark.slow


def told(lab: LabPage, root: Any, text: str) -> None:
    """Wait until the dialog says what is wrong."""
    alert = root.locator(".sq-dialog [role=alert]")
    lab.until(lambda: text in alert.inner_text(), 30, f"the dialog says {text!r}")


def test_products_are_derived_without_a_notebook(lab: LabPage) -> None:
    write_panel(lab, "derived.sciqlop.json", FIELD)
    root = open_by_mouse(lab, "derived.sciqlop.json")
    wait_for_graphs(lab, root, 1)
    menu(lab, root, "To notebook")
    said(lab, root, "bgsec = ")
    menu(lab, root, "To notebook")
    said(lab, root, "bgsec_2 = ")

    menu(lab, root, "Derive", "Magnitude")
    source = root.locator("textarea.sq-source")
    source.wait_for()
    good = source.input_value()
    create = root.get_by_role("button", name="Create")
    for text, says in (
        (good.replace("return ", "return ("), "line "),
        (good + "\n1 / 0\n", "ZeroDivisionError"),
        ("import os\n", "there is none"),
        (good.replace("def bgsec_magnitude", "def bgsec"), "bgsec is a variable"),
    ):
        source.fill(text)
        create.click()
        told(lab, root, says)
    lab.shot("derived-refused")
    source.fill(good)
    create.click()
    said(lab, root, "Defined vp/derived/bgsec_magnitude")
    assert [g["status"] for g in wait_for_graphs(lab, root, 2)] == ["ok"] * 2

    menu(lab, root, "Edit function", plot=1)
    source.wait_for()
    source.fill(source.input_value().replace("return ", "return 3 * "))
    root.get_by_role("button", name="Apply").click()
    lab.until(lambda: root.locator(".sq-dialog").count() == 0, 20, "the dialog is closed")
    root.focus()
    root.press("Control+z")  # the edit
    root.press("Control+z")  # plot and function at once
    wait_for_graphs(lab, root, 1)
    root.press("Control+Shift+Z")
    root.press("Control+Shift+Z")
    assert [g["status"] for g in wait_for_graphs(lab, root, 2)] == ["ok"] * 2

    menu(lab, root, "Derive", "Field-aligned", plot=1)
    said(lab, root, "three components are needed")
    lab.page.keyboard.press("Control+s")
    path = lab.root / "derived.sciqlop.json"
    lab.until(lambda: "return 3 * " in path.read_text(), 20, "the function is saved")
    lab.shot("derived-file")
