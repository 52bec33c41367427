"""Time tables and catalogues over a panel: dropped from either tree, added by keys, taken away."""

from __future__ import annotations

from typing import Any

import pytest

from .labpage import LabPage
from .steps import panel, search, view, wait_for_graphs

# part of `make test-full`
pytestmark = pytest.mark.slow

EVENT = 1546450200_000000000  # in one of the intervals, at 17:30
TABLE, CATALOG = "amda/sharedtimeTable_0", "amda/sharedcatalog_0"
PANEL = """
from sciqlop_lab import Panel, ProductTree
panel = Panel("2019-01-02T15", "2019-01-02T22")
panel.plot("cda/MMS1_FGM_SRVY_L2/mms1_fgm_b_gse_srvy_l2")
panel
"""
TREES = ["ProductTree()", "ProductTree(panel)"]


def products(lab: LabPage) -> list[str]:
    said = lab.evaluate("' '.join(o.product for o in panel.model.overlays)")
    return said.strip("'").split()


def marked(lab: LabPage, root: Any, wanted: list[str]) -> None:
    """Wait until the kernel has these lists and the page their events."""
    lab.until(lambda: products(lab) == wanted, 20, f"the panel has {wanted}")
    some = bool(wanted)
    lab.until(
        lambda: (int(root.get_attribute("data-overlaid") or 0) > 0) == some, 20, "they are drawn"
    )


def both_themes(lab: LabPage, name: str) -> None:
    for theme in ("Dark", "Light"):
        lab.theme(f"JupyterLab {theme}")
        lab.shot(f"{name}-{theme.lower()}")


def undo(lab: LabPage, root: Any) -> None:
    root.focus()
    lab.page.keyboard.press("Control+z")
    marked(lab, root, [])


def test_lists_of_events_from_the_side_panel(lab: LabPage) -> None:
    lab.notebook("events.ipynb", [PANEL])
    lab.run(0)
    root = panel(lab)
    wait_for_graphs(lab, root, 1)
    lab.drag(search(lab, "provider:amda type:timetable magnetopause", TABLE), root)
    marked(lab, root, [TABLE])
    wait_for_graphs(lab, root, 1)
    # an event under the pointer says what it is
    tip = root.locator(".sq-event")
    box = root.locator(".sq-plot").first.bounding_box()
    start, stop = view(root)
    at = (EVENT - start) / (stop - start)
    lab.page.mouse.move(box["x"] + at * box["width"], box["y"] + 60)
    tip.wait_for()
    lab.until(lambda: "MMS1_magnetopause" in tip.text_content(), 30, "its name is said")
    both_themes(lab, "overlay-dropped")
    undo(lab, root)
    # by keys: Enter in the tree
    search(lab, "provider:amda type:catalog magnetopause", CATALOG).click()
    lab.page.keyboard.press("Enter")
    marked(lab, root, [CATALOG])
    # its menu colours it and takes it away
    root.locator(".sq-plot").first.get_by_role("button", name="Menu of this plot").click()
    lab.page.get_by_role("menuitem", name="MMS1_magnetopause").click()
    lab.shot("overlay-menu")
    lab.page.get_by_role("menuitem", name="Remove", exact=True).click()
    marked(lab, root, [])


@pytest.mark.parametrize("tree", TREES)
def test_lists_of_events_from_a_tree_in_a_cell(lab: LabPage, tree: str) -> None:
    lab.page.set_viewport_size({"width": 1440, "height": 1300})
    lab.notebook("cell-tree.ipynb", [PANEL, tree])
    lab.run(0)
    root = panel(lab)
    wait_for_graphs(lab, root, 1)
    lab.run(1)
    box = lab.page.locator(".sq-tree-search")
    box.fill("type:timetable magnetopause")
    row = lab.page.locator(f'.sq-tree-row[data-ref="{TABLE}"]')
    row.wait_for(timeout=30_000)
    row.drag_to(root, target_position={"x": 300, "y": 80})
    marked(lab, root, [TABLE])
    both_themes(lab, "overlay-cell-tree")
    undo(lab, root)
    box.fill("type:catalog magnetopause")
    lab.page.locator(f'.sq-tree-row[data-ref="{CATALOG}"]').wait_for(timeout=30_000)
    box.press("ArrowDown")
    lab.until(
        lambda: lab.page.evaluate("document.activeElement.className") == "sq-tree-list",
        30,
        "the list has the keys",
    )
    lab.page.keyboard.press("Home")
    chosen = lab.page.locator('.sq-tree-row[aria-selected="true"]')
    lab.until(
        lambda: chosen.get_attribute("data-ref") == CATALOG or lab.page.keyboard.press("ArrowDown"),
        30,
        "the catalogue is chosen",
    )
    lab.page.keyboard.press("Enter")
    marked(lab, root, [CATALOG])
    # keys of a tree in a cell are not the notebook's
    box.fill("")
    folded = lab.page.locator(".sq-tree-row[aria-expanded='false']").first
    folded.wait_for(timeout=20_000)
    box.press("ArrowDown")
    lab.page.keyboard.press("ArrowRight")
    lab.page.locator(".sq-tree-row[aria-level='2']").first.wait_for(timeout=20_000)
