"""The whole chain with real mouse events: tree, drag, panel, zoom, code, tab, virtual product."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from .labpage import LabPage, count_colors
from .steps import expand_to, graphs, panel, search, view, wait_for_graphs, wheel
from .waiting import frames

DENSITY = "cda/MMS1_FPI_FAST_L2_DIS-MOMS/mms1_dis_numberdensity_fast"
SPECTRUM = "cda/MMS1_FPI_FAST_L2_DIS-MOMS/mms1_dis_energyspectr_omni_fast"
FIELD = "cda/AC_H0_MFI/BGSEc"
SURVEY = "cda/MMS1_FGM_SRVY_L2/mms1_fgm_b_gse_srvy_l2"

PANEL_CELL = """
from sciqlop_lab import Panel
panel = Panel("2015-12-01T12:00", "2015-12-01T14:00"{renderer})
panel
"""
VIRTUAL_CELL = """
import numpy as np
import speasy_core as spz
from sciqlop_lab import Panel, virtual_product
calls = []

@virtual_product("test/|B|", unit="nT")
def strength(start, stop):
    calls.append((start, stop))
    b = spz.get_data("cda/AC_H0_MFI/BGSEc", start, stop)
    return np.linalg.norm(b, axis=1)

panel = Panel("2023-01-02T02:00", "2023-01-02T10:00"{renderer})
panel.plot(strength)
panel
"""


def look(lab: LabPage, name: str) -> None:
    """A screenshot in each theme."""
    for theme in ("Dark", "Light"):
        lab.theme(f"JupyterLab {theme}")
        lab.shot(f"{name}-{theme.lower()}")


def density_of_samples(graph: dict[str, Any]) -> float:
    """Entries a second that the page holds of a graph."""
    return float(graph["n"]) * 1e9 / (int(graph["stop"]) - int(graph["start"]))


def length(root: Any) -> int:
    """Nanoseconds that a panel shows."""
    start, stop = view(root)
    return stop - start


def test_drag_from_the_tree_and_zoom(lab: LabPage) -> None:
    lab.notebook("drag.ipynb", [PANEL_CELL.format(renderer=""), ""])
    lab.run(0)
    root = panel(lab)
    lab.drag(expand_to(lab, DENSITY), root)
    (density,) = wait_for_graphs(lab, root, 1)
    assert density["status"] == "ok", density
    lab.drag(expand_to(lab, SPECTRUM), root, at=(0.5, 0.93))
    density, spectrum = wait_for_graphs(lab, root, 2)
    assert (spectrum["status"], spectrum["kind"]) == ("ok", "image"), spectrum
    assert spectrum["plot"] != density["plot"], "the lower edge of a plot makes a new one"
    products = "' '.join(g.product for p in panel.model.plots for g in p.graphs)"
    lab.until(lambda: lab.evaluate(products) == repr(f"{DENSITY} {SPECTRUM}"), what="both are in")
    look(lab, "drag")
    box = root.bounding_box()
    lower = {**box, "y": box["y"] + 0.55 * box["height"], "height": 0.35 * box["height"]}
    assert count_colors(lab.shot("drag-pixels"), lower) > 100, "no spectrogram is drawn"

    for place in (0.31, 0.4, 0.52, 0.63):
        lab.page.mouse.move(box["x"] + place * box["width"], box["y"] + 0.66 * box["height"])
        lab.until(
            lambda: "keV/(cm² s sr keV)" in root.locator(".sq-readout:visible").last.text_content(),
            30,
            f"the readout tells the flux at {place}",
        )
    lab.shot("hover")
    before = view(root)
    coarse = [density_of_samples(g) for g in graphs(root)]
    for _ in range(12):
        wheel(lab, root, -200, "Control")
    lab.until(lambda: length(root) < 0.35 * (before[1] - before[0]), what="it is zoomed")
    fine = [density_of_samples(g) for g in wait_for_graphs(lab, root, 2)]
    assert all(b >= a for a, b in zip(coarse, fine, strict=True))
    lab.until(
        lambda: (
            lab.evaluate("(panel.time_range.start_ns, panel.time_range.stop_ns)") == str(view(root))
        ),
        30,
        "the kernel knows the new range",
    )
    look(lab, "zoom")


def test_finer_data_arrive_on_zoom(lab: LabPage) -> None:
    """A day of 16 Hz samples is sent reduced, and sample by sample once zoomed in."""
    cell = f"""
from sciqlop_lab import Panel
panel = Panel("2019-01-02", "2019-01-03")
panel.plot({SURVEY!r})
panel
"""
    lab.notebook("finer.ipynb", [cell])
    lab.run(0)
    root = panel(lab)
    (graph,) = wait_for_graphs(lab, root, 1)
    assert graph["mode"] == "m4"
    look(lab, "day")
    for _ in range(60):
        wheel(lab, root, -400, "Control")
        if length(root) < 20e9:
            break
    (graph,) = wait_for_graphs(lab, root, 1)
    assert graph["mode"] == "raw"
    assert density_of_samples(graph) == pytest.approx(16, rel=0.1)
    look(lab, "seconds")


def bqplot_times(root: Any) -> list[str]:
    """Labels of the ticks of the time axes of a bqplot panel."""
    texts: list[str] = root.evaluate(
        """node => Array.from(node.querySelectorAll('.axislabel'))
            .filter(label => label.textContent.startsWith('UTC'))
            .flatMap(label => Array.from(label.parentElement.querySelectorAll('.tick text')))
            .map(text => text.textContent)"""
    )
    return texts


def test_the_same_on_a_bqplot_panel(lab: LabPage) -> None:
    lab.notebook("drag-bqplot.ipynb", [PANEL_CELL.format(renderer=', renderer="bqplot"')])
    lab.run(0)
    root = lab.page.locator(".sciqlop-bq").first
    root.wait_for(timeout=30_000)
    lab.drag(expand_to(lab, DENSITY), root)
    line = root.locator(".bqplot svg path.line").first
    line.wait_for(timeout=30_000, state="attached")
    lab.until(lambda: len(line.get_attribute("d") or "") > 500, 30, "the line is drawn")
    assert lab.evaluate("panel.wait(60), panel.errors") == "(True, {})"
    look(lab, "drag-bqplot")
    before, range_before = line.get_attribute("d"), lab.evaluate("str(panel.time_range)")
    box = root.locator(".bqplot").first.bounding_box()
    lab.page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    for _ in range(5):
        lab.page.mouse.wheel(0, -200)
        frames(lab.page)
    lab.until(
        lambda: lab.evaluate("str(panel.time_range)") != range_before, what="the range follows"
    )
    lab.until(lambda: line.get_attribute("d") != before, what="the line is drawn again")
    assert lab.evaluate("panel.wait(60), panel.errors") == "(True, {})"

    def clock() -> bool:  # bqplot fades from one set of ticks to the next
        return bool(texts := bqplot_times(root)) and all(":" in text for text in texts)

    lab.until(clock, what="the ticks tell the time")
    look(lab, "zoom-bqplot")


def test_drop_on_a_code_cell_gives_code_that_runs(lab: LabPage) -> None:
    lab.notebook("code.ipynb", ["", "print(len(v), v.unit)", "x = [1,\n     2]\nprint(x)"])
    cells = lab.page.locator(".jp-Notebook .jp-CodeCell .cm-content")
    lab.drag(expand_to(lab, DENSITY), cells.first)
    lab.until(lambda: "get_data" in lab.source(0), 30, "the code is inserted")
    lab.drag(expand_to(lab, DENSITY), cells.nth(2), at=(0.5, 0.2))
    lab.until(lambda: "get_data" in lab.source(2), 30, "the code is inserted between statements")
    lab.shot("drop-on-cell")
    lab.run(0)
    lab.run(1)
    count, unit = lab.until(lambda: lab.output(1).split(), what="the cell prints")
    assert int(count) > 100
    assert unit == "cm^-3"
    lab.run(2)
    lab.until(lambda: lab.output(2).strip() == "[1, 2]", what="what was in the cell still runs")


def test_drop_on_the_main_area_opens_a_tab(lab: LabPage) -> None:
    lab.notebook("tab.ipynb", ["1"])
    lab.run(0)
    dock = lab.page.locator("#jp-main-dock-panel")
    lab.drag(expand_to(lab, DENSITY), dock, at=(0.97, 0.5))
    root = panel(lab)
    (graph,) = wait_for_graphs(lab, root, 1, 60)
    assert graph["status"] == "ok", graph
    look(lab, "tab")


def test_a_virtual_product_is_called_with_the_new_range(lab: LabPage) -> None:
    lab.notebook("virtual.ipynb", [VIRTUAL_CELL.format(renderer="")])
    lab.run(0)
    root = panel(lab)
    (graph,) = wait_for_graphs(lab, root, 1)
    assert graph["status"] == "ok", graph
    before = int(lab.evaluate("len(calls)"))
    for _ in range(4):
        wheel(lab, root, -200, "Control")
    lab.until(lambda: int(lab.evaluate("len(calls)")) > before, 30, "the function is called again")
    wait_for_graphs(lab, root, 1)
    lab.until(
        lambda: (
            lab.evaluate("[round(t * 1e6) for t in calls[-1]]")
            == str([round(end / 1e3) for end in view(root)])
        ),
        30,
        "the last call had exactly the visible range",
    )
    look(lab, "virtual")


def test_a_virtual_product_on_a_bqplot_panel(lab: LabPage) -> None:
    lab.notebook("virtual-bqplot.ipynb", [VIRTUAL_CELL.format(renderer=', renderer="bqplot"')])
    lab.run(0)
    root = lab.page.locator(".sciqlop-bq").first
    line = root.locator(".bqplot svg path.line").first
    line.wait_for(timeout=30_000, state="attached")
    assert lab.evaluate("panel.wait(60), panel.errors") == "(True, {})"
    before = int(lab.evaluate("len(calls)"))
    box = root.locator(".bqplot").first.bounding_box()
    lab.page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    for _ in range(3):
        lab.page.mouse.wheel(0, -200)
        frames(lab.page)
    lab.until(lambda: int(lab.evaluate("len(calls)")) > before, 30, "the function is called again")
    lab.until(
        lambda: (
            lab.evaluate("[round(t * 1e6) for t in calls[-1]]")
            == lab.evaluate(
                "[round(panel.time_range.start_ns / 1e3), round(panel.time_range.stop_ns / 1e3)]"
            )
        ),
        30,
        "the last call had exactly the visible range",
    )
    look(lab, "virtual-bqplot")


def test_the_tree_by_keyboard(lab: LabPage) -> None:
    lab.notebook("keys.ipynb", [PANEL_CELL.format(renderer="")])
    lab.run(0)
    root = panel(lab)
    search(lab, "mms1 dis numberdensity", DENSITY)
    lab.page.keyboard.press("ArrowDown")
    lab.page.keyboard.press("Home")
    rows = lab.page.locator(".sqlab-row.sqlab-mod-selected")
    lab.until(lambda: rows.count() == 1, 30, "a row is selected")
    while rows.first.get_attribute("data-ref") != DENSITY:
        lab.page.keyboard.press("ArrowDown")
        frames(lab.page)
    lab.page.keyboard.press("Enter")
    (graph,) = wait_for_graphs(lab, root, 1)
    assert graph["status"] == "ok", graph
    look(lab, "search")  # last: a new theme gives the focus back somewhat later


def test_a_damaged_file_is_named_and_the_rest_goes_on(lab: LabPage) -> None:
    cell = f"""
from sciqlop_lab import Panel
panel = Panel("2015-12-01T00:30", "2015-12-01T01:30")
panel.plot({DENSITY!r})
panel.plot("cda/MMS1_FPI_FAST_L2_DIS-MOMS/no_such_variable")
panel.plot(lambda start, stop: ([start, (start + stop) / 2, stop - 1], [1.0, 3.0, 2.0]))
def broken(start, stop):
    raise ValueError("my own mistake")
panel.plot(broken)
panel
"""
    lab.notebook("damaged.ipynb", [cell, "'alive'"])
    lab.run(0)
    root = panel(lab)
    states = [g["status"] for g in wait_for_graphs(lab, root, 4)]
    assert states == ["error", "error", "ok", "error"]
    for part in (
        "mms1_fpi_fast_l2_dis-moms_20151201000000_v3.3.0.cdf", "no_such_variable",
        "my own mistake", "in broken",
    ):  # fmt: skip
        lab.until(lambda part=part: part in root.text_content(), what=f"{part} is told")
    lab.run(1)
    lab.until(lambda: "alive" in lab.output(1), what="the kernel goes on")
    look(lab, "errors")


def test_the_tree_shows_before_any_kernel_runs(lab: LabPage) -> None:
    row = expand_to(lab, FIELD)
    row.click()
    lab.page.locator(".sqlab-details").get_by_text("Cadence").first.wait_for()
    sessions = lab.page.evaluate(
        "async () => { const s = window.jupyterapp.serviceManager.sessions;"
        " await s.refreshRunning(); return Array.from(s.running()).length; }"
    )
    assert sessions == 0
    look(lab, "tree")
    assert Path(lab.screenshots / "tree-dark.png").is_file()
