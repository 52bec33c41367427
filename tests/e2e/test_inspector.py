"""The inspector, as a person uses it: by keys alone, by mouse, with mistakes, in both themes."""

from __future__ import annotations

from typing import Any

import pytest

from .labpage import LabPage

HOSTILE = "<img src=x onerror=window.fired=1>"
CELL = f"""
import numpy as np
import sciqlop_lab
from speasy_core import SpeasyVariable
from speasy_core.variable import Axis

t = np.datetime64("2019-01-02T15", "ns") + np.arange(400) * np.timedelta64(63_000_000_000, "ns")
x = np.linspace(0, 9, 400)
b = np.stack([np.sin(x), np.cos(x), x / 9], axis=1) * 20
energies = 10.0 * 1.3 ** np.arange(28)
flux = np.exp(-(np.log(energies)[None] - (6 + 2 * np.sin(x / 2))[:, None]) ** 2) * 1e7 + 1e3

panel = sciqlop_lab.Panel("2019-01-02T15", "2019-01-02T22")
panel.plot(SpeasyVariable(t, b, columns=["Bx", "By", {HOSTILE!r}], name="B", unit="nT"))
panel.plot(SpeasyVariable(t, flux, axes=(Axis(energies, name="Energy", unit="eV"),), name="flux",
                          unit="keV/(cm^2 s sr keV)", meta={{"DISPLAY_TYPE": "spectrogram"}}))
panel.plot("ssc/mms1")
panel
"""


def _inspector(lab: LabPage) -> Any:
    return lab.page.locator(".sq-inspector")


def _field(lab: LabPage, name: str) -> Any:
    return _inspector(lab).locator(f'[data-field="{name}"]')


def _focused(lab: LabPage, key: str) -> None:
    """Wait until the keyboard is on a row of the tree."""
    lab.page.wait_for_function("key => document.activeElement.dataset.key === key", arg=key)


def _has(lab: LabPage, expression: str, value: str) -> None:
    lab.until(lambda: lab.evaluate(expression) == value, 30, f"{expression} is {value}")


def _axe(lab: LabPage) -> None:
    axe = lab.screenshots.parents[1] / "js" / "node_modules" / "axe-core" / "axe.min.js"
    if not axe.is_file():
        pytest.skip("axe-core is not installed: run jlpm in js/")
    lab.page.evaluate(axe.read_text())
    answer = lab.page.evaluate("() => axe.run('.sq-inspector')")
    bad = [
        (v["id"], [n["html"][:200] + " " + n["failureSummary"][:300] for n in v["nodes"][:3]])
        for v in answer["violations"]
        if v["impact"] in ("serious", "critical")
    ]
    assert not bad, bad


@pytest.mark.timeout(300)
def test_everything_of_a_panel_by_keys_and_mouse(lab: LabPage) -> None:
    lab.notebook("inspector.ipynb", [CELL])
    lab.run(0)
    panel, page = lab.page.locator(".sciqlop-panel"), lab.page
    panel.wait_for()
    lab.until(lambda: panel.get_attribute("data-state") == "idle", 40, "the panel is drawn")
    panel.scroll_into_view_if_needed()
    width = panel.locator("canvas").first.bounding_box()["width"]

    # by keys alone: open, down to the graph, to its form, choose, and back
    panel.focus()
    page.keyboard.press("i")
    tree = _inspector(lab).get_by_role("tree")
    tree.wait_for()
    _focused(lab, "p p1")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.keyboard.press("Control+a")
    page.keyboard.type("magnetic field")
    page.keyboard.press("Tab")
    _has(lab, "panel.model.plots[0].graphs[0].label", "'magnetic field'")
    _field(lab, "style").focus()
    page.keyboard.type("steps")
    _has(lab, "panel.model.plots[0].graphs[0].style", "'steps'")
    _field(lab, "width").fill("3")
    page.keyboard.press("Enter")
    _has(lab, "panel.model.plots[0].graphs[0].width", "3.0")
    _field(lab, "width").fill("thick")
    page.keyboard.press("Enter")
    wrong = _inspector(lab).get_by_role("alert").filter(has_text="number from 0.5 to 20")
    wrong.wait_for()
    _inspector(lab).locator('[data-field="width"][aria-invalid="true"]').wait_for()
    _field(lab, "width").fill("3")
    page.keyboard.press("Enter")
    _field(lab, "marker").select_option("diamond")
    _has(lab, "panel.model.plots[0].graphs[0].marker", "'diamond'")

    # components: hidden, coloured, and a name that is script is text
    _field(lab, "c By.0").uncheck()
    _has(lab, "panel.model.plots[0].graphs[0].hidden", "('By',)")
    _field(lab, "c Bx.1").fill("#aa00ff")
    _has(lab, "panel.model.plots[0].graphs[0].colors", "('#aa00ff',)")
    _inspector(lab).get_by_text(HOSTILE, exact=True).first.wait_for()
    assert page.evaluate("window.fired") is None
    lab.shot("inspector-graph-light")

    # the plot is beside the drawer, not under it
    lab.until(
        lambda: panel.locator("canvas").first.bounding_box()["width"] < width - 250,
        what="the plot is narrower",
    )

    # axes: limits with a mistake, then right; a scale; undo from where one is
    tree.locator('[data-key="p p1"]').click()
    _field(lab, "y.range.0").fill("5")
    _field(lab, "y.range.1").fill("5")
    page.keyboard.press("Enter")
    _inspector(lab).get_by_role("alert").filter(has_text="The two limits are the same").wait_for()
    _field(lab, "y.range.1").fill("-5e1")
    page.keyboard.press("Enter")
    _has(lab, "panel.model.plots[0].y.range", "(-50.0, 5.0)")
    _field(lab, "y.range.auto").click()
    _has(lab, "panel.model.plots[0].y.range", "None")
    _field(lab, "y.log").select_option("symlog")
    _has(lab, "panel.model.plots[0].y.log", "'symlog'")
    page.keyboard.press("Control+z")
    _has(lab, "panel.model.plots[0].y.log", "None")
    _field(lab, "grid").uncheck()
    _field(lab, "legend").uncheck()
    _has(lab, "(panel.model.plots[0].grid, panel.model.plots[0].legend)", "(False, False)")
    panel.locator(".sq-legend").first.wait_for(state="hidden")
    _field(lab, "height").fill("2")
    page.keyboard.press("Enter")
    _has(lab, "panel.model.plots[0].height", "2.0")

    # colours of a spectrogram, and back to what the settings say
    tree.locator('[data-key="p p2"]').click()
    _field(lab, "z.colormap").select_option("jet")
    _has(lab, "panel.model.plots[1].z.colormap", "'jet'")
    _field(lab, "z.colormap").select_option("")
    _has(lab, "panel.model.plots[1].z.colormap", "None")
    _field(lab, "z.range.0").fill("-1")
    page.keyboard.press("Enter")
    _inspector(lab).get_by_role("alert").filter(has_text="above 0").wait_for()
    lab.shot("inspector-plot-light")

    # the coordinate system of an ephemeris: other numbers come
    tree.locator('[data-key="g g3"]').click()
    system = _field(lab, "input coordinate_system")
    system.wait_for()
    lab.until(lambda: system.input_value() == "gse", what="it is in GSE")
    system.select_option("geo")
    _has(lab, "panel.model.plots[2].graphs[0].knobs", "{'coordinate_system': 'geo'}")
    spoken = panel.locator(".sq-spoken")
    lab.until(lambda: "GEO" in (spoken.text_content() or ""), what="it is drawn anew")
    lab.until(lambda: panel.get_attribute("data-state") == "idle", what="it rests")
    assert lab.evaluate("panel.errors") == "{}"
    lab.shot("inspector-orbit-light")

    # order by keys, over the edge of a plot into the next, and out
    tree.locator('[data-key="g g3"]').focus()
    page.keyboard.press("Alt+ArrowUp")
    ids = "[[g.id for g in p.graphs] for p in panel.model.plots]"
    _has(lab, ids, "[['g1'], ['g2', 'g3']]")
    _focused(lab, "g g3")
    page.keyboard.press("Delete")
    _has(lab, ids, "[['g1'], ['g2']]")
    tree.locator('[data-key="p p2"]').focus()
    page.keyboard.press("Alt+ArrowUp")
    _has(lab, ids, "[['g2'], ['g1']]")
    tree.locator('[data-key="panel"]').click()
    _field(lab, "title").fill(HOSTILE)
    page.keyboard.press("Enter")
    _has(lab, "panel.title", repr(HOSTILE))
    _axe(lab)

    lab.theme("JupyterLab Dark")
    tree.locator('[data-key="g g1"]').click()
    _field(lab, "c Bx.1").wait_for()
    lab.shot("inspector-graph-dark")
    _axe(lab)
    tree.locator('[data-key="g g1"]').focus()
    page.keyboard.press("Escape")
    _inspector(lab).wait_for(state="hidden")
    page.wait_for_function("document.activeElement.classList.contains('sciqlop-panel')")
    assert page.evaluate("window.fired") is None

    # the button and the plot's menu open it too, and Escape on the panel closes it
    panel.get_by_role("button", name="Inspector").click()
    _inspector(lab).wait_for()
    panel.focus()
    page.keyboard.press("Escape")
    _inspector(lab).wait_for(state="hidden")
