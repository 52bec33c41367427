"""SciQLop's templates: opened from the file browser and from a panel, saved, and hostile ones."""

from __future__ import annotations

import json
from typing import Any

import pytest
import yaml

from .labpage import LabPage
from .steps import panel, view, wait_for_graphs, wheel

# part of `make test-full`
pytestmark = pytest.mark.slow

FACTORY = "SciQLop Panel"
CURRENT = "window.jupyterapp.shell.currentWidget"
# as SciQLop writes one
TEMPLATE = {
    "name": "field of ACE", "description": "what it shows", "version": 1, "max_zoom_seconds": 86400,
    "time_range": {"start": "2023-01-02T02:00:00", "stop": "2023-01-02T10:00:00"},
    "plots": [
        {
            "products": [{"path": "speasy//cda//ACE//MAG//AC_H0_MFI//BGSEc", "label": "B"}],
            "y_axis": {"log": False, "range": [-12, 12]}, "z_axis": {"log": False, "range": None},
        },
        {"products": [{"path": "speasy//cda//ACE//MAG//AC_H0_MFI//Magnitude", "label": ""}],
         "y_axis": {"log": True, "range": None}, "z_axis": {"log": False, "range": None}},
    ],
    "intervals": [{"start": "2023-01-02T04:00:00", "stop": "2023-01-02T05:00:00",
                   "color": "#5000ffff", "label": "sheath"}],
}  # fmt: skip
PANEL = """
import os
os.environ["XDG_DATA_HOME"] = os.path.abspath("own")
from sciqlop_lab import Panel
panel = Panel("2023-01-02T02:00", "2023-01-02T10:00")
panel.plot("cda/AC_H0_MFI/BGSEc")
panel
"""
HOSTILE = {
    "bomb.yaml": (
        "a: &a [x, x, x, x, x, x, x, x, x]\n"
        + "".join(
            f"{b}: &{b} [{', '.join([f'*{a}'] * 9)}]\n"
            for a, b in zip("abcdefgh", "bcdefghi", strict=True)
        ),
        "more than 200,000 parts",
    ),
    "tags.yaml": ("!!python/object/apply:os.mkdir ['pwned']", "python/object"),
    "deep.yaml": ("[" * 5000, "nested too deeply"),
    "types.yml": ("{time_range: 3, plots: <img src=x onerror=window.fired=1>}", "expected"),
    "deep.json": ('{"plots":' + "[" * 200, "JSON"),
    "wrong.json": ('{"plots": 3, "time_range": {"start": [], "stop": {}}}', "time_range"),
}


def both_themes(lab: LabPage, name: str) -> None:
    for theme in ("Dark", "Light"):
        lab.theme(f"JupyterLab {theme}")
        lab.shot(f"{name}-{theme.lower()}")


def ok(lab: LabPage, root: Any, count: int) -> None:
    assert [g["status"] for g in wait_for_graphs(lab, root, count)] == ["ok"] * count


def open_with(lab: LabPage, name: str) -> Any:
    """Right click on a file, Open With, SciQLop Panel."""
    lab.command("filebrowser:activate")
    lab.command("filebrowser:refresh")
    item = lab.page.locator(".jp-DirListing-item", has_text=name)
    item.wait_for(timeout=30_000)
    item.click(button="right")
    lab.page.locator(".lm-Menu:visible").get_by_text("Open With").hover()
    lab.page.locator(".lm-Menu:visible").get_by_text(FACTORY, exact=True).click()
    return panel(lab)


@pytest.mark.parametrize("ending", ["yaml", "json"])
def test_a_file_is_opened_changed_and_stays_a_template(lab: LabPage, ending: str) -> None:
    name = f"ace.{ending}"
    file = lab.root / name
    file.write_text(json.dumps(TEMPLATE) if ending == "json" else yaml.safe_dump(TEMPLATE))
    root = open_with(lab, name)
    ok(lab, root, 2)
    assert view(root) == (1672624800000000000, 1672653600000000000)
    both_themes(lab, f"template-{ending}")
    dirty = f"() => {CURRENT}.context.model.dirty"
    assert not lab.page.evaluate(dirty), "what was only opened has nothing to save"
    wheel(lab, root, -300, "Control")
    lab.until(lambda: view(root)[0] > 1672624800000000000, 30, "it is zoomed")
    lab.until(lambda: lab.page.evaluate(dirty), 30, "the document knows of the change")
    lab.page.keyboard.press("Control+s")

    def read() -> dict[str, Any]:
        text = file.read_text()
        found: dict[str, Any] = json.loads(text) if ending == "json" else yaml.safe_load(text)
        return found

    old = TEMPLATE["time_range"]
    lab.until(lambda: not lab.page.evaluate(dirty) and read()["time_range"] != old, 30, "saved")
    written = read()
    assert (written["name"], written["description"]) == ("field of ACE", "what it shows")
    assert written["plots"][0]["products"][0]["path"].endswith("AC_H0_MFI//BGSEc")
    shown = view(root)
    lab.command("application:close")
    lab.until(lambda: lab.page.locator(".sciqlop-panel").count() == 0, 30, "it is closed")
    root = open_with(lab, name)
    ok(lab, root, 2)
    assert view(root) == shown
    # the editor is still what opens such a file
    lab.command("application:close")
    lab.command("docmanager:open", {"path": name})
    lab.until(lambda: lab.page.locator(".jp-FileEditor, .jp-RenderedJSON").count(), 30, "an editor")


def test_from_the_menu_of_a_panel(lab: LabPage) -> None:
    (lab.root / "foreign.yml").write_text(yaml.safe_dump(TEMPLATE))
    lab.notebook("templates.ipynb", [PANEL])
    lab.run(0)
    root = panel(lab)
    ok(lab, root, 1)

    def menu(entry: str) -> Any:
        root.locator(".sq-plot").first.get_by_role("button", name="Menu of this plot").click()
        lab.page.get_by_role("menuitem", name="Template").click()
        lab.page.get_by_role("menuitem", name=entry).click()
        dialog = root.locator(".sq-dialog")
        dialog.wait_for(timeout=30_000)
        return dialog

    dialog = menu("Save as template…")
    dialog.get_by_role("textbox", name="Name").fill("../mine")
    dialog.get_by_role("button", name="Save").click()
    dialog.get_by_text("cannot be the name of a file").wait_for(timeout=30_000)
    dialog.get_by_role("textbox", name="Name").fill("mine")
    dialog.get_by_role("button", name="Save").click()
    root.get_by_text("Saved the template mine").wait_for(timeout=30_000)
    assert (lab.root / "own" / "sciqlop" / "templates" / "mine.json").is_file()
    # a file of SciQLop's in place of what is shown
    dialog = menu("Open template…")
    dialog.get_by_label("File of this computer").set_input_files(str(lab.root / "foreign.yml"))
    both_themes(lab, "template-open")
    dialog.get_by_role("button", name="Open").click()
    ok(lab, root, 2)
    # a hostile one is said in the dialog, and nothing changes
    dialog = menu("Open template…")
    for name in ("bomb.yaml", "tags.yaml", "deep.yaml"):
        text, said = HOSTILE[name]
        (lab.root / name).write_text(text)
        dialog.get_by_label("File of this computer").set_input_files(str(lab.root / name))
        dialog.get_by_role("button", name="Open").click()
        dialog.locator(".sq-dialog-error", has_text=said).wait_for(timeout=30_000)
    lab.shot("template-hostile")
    lab.page.keyboard.press("Escape")
    # one's own by its name, by keys; and undo
    menu("Open template…")
    lab.page.keyboard.press("Control+Enter")
    wait_for_graphs(lab, root, 1)
    lab.until(lambda: "Magnitude" not in (root.get_attribute("data-graphs") or ""), 30, "mine")
    root.focus()
    lab.page.keyboard.press("Control+z")
    ok(lab, root, 2)
    # an empty panel offers them too
    lab.evaluate("panel.plots[1].remove()")
    lab.evaluate("panel.plots[0].remove()")
    root.get_by_role("button", name="Open a template…").click()
    root.locator(".sq-dialog").get_by_role("option", name="mine").dblclick()
    wait_for_graphs(lab, root, 1)


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_file_is_refused_in_the_page(lab: LabPage, name: str) -> None:
    text, said = HOSTILE[name]
    file = lab.root / name
    file.write_text(text)
    lab.command("docmanager:open", {"path": name, "factory": FACTORY})
    status = lab.page.locator(".sqlab-panel-status", has_text=said)
    status.wait_for(timeout=40_000)
    lab.shot(f"template-refused-{name}")
    assert lab.page.evaluate("window.fired") is None
    assert not (lab.root / "pwned").exists()
    assert file.read_text() == text, "the file is as it was"
