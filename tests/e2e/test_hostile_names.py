"""14 names that would run a script, through what takes text in a panel and a tree in a cell."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from .labpage import LabPage
from .steps import graphs, panel, wait_for_graphs
from .test_conventions import HOSTILE

# part of `make test-full`
pytestmark = pytest.mark.slow

ALIVE = "iframe, script, object, embed, [onload], [onerror], [onmouseover], a[href^=javascript]"
ODD = """
import os
os.environ["XDG_DATA_HOME"] = os.path.abspath("own")
from typing import Annotated
import numpy as np
import speasy_core as spz
from speasy_core import Session, Settings
from speasy_core.product import ProductInfo, ProductRef
from speasy_core.provider import InventoryUpdate
from sciqlop_lab import Knob, Panel, ProductTree, virtual_product
names = {names}

class Odd:
    name, title, max_request_ns, options, cachable = "odd", names[0], None, frozenset(), False
    def inventory(self, *, deadline, since=None):
        return InventoryUpdate("1", tuple(
            ProductInfo((n, n), ProductRef("odd", f"p{{i}}"), "vector", title=n, unit=n,
                        meta={{"CATDESC": n}}) for i, n in enumerate(names)), ())
    def fetch(self, ref, range, **_):
        raise ValueError(names[0])

class OddSession(Session):
    def _make_providers(self):
        return {{"odd": Odd()}}

odd = OddSession(Settings(cache_dir=os.path.abspath("odd-cache")))
odd.inventory.refresh()

@virtual_product("odd/knobs", test=False)
def turned(start: float, stop: float,
{knobs}
           choice: Annotated[str, Knob(choices=names, label=names[1])] = names[2]):
    return np.array([start, stop]), np.array([1.0, 2.0])

panel = Panel("2023-01-02T02:00", "2023-01-02T10:00", session=odd)
panel.plot(turned)
for n in names:
    panel.overlay(spz.Catalog(n, events=[("2023-01-02T04:00", "2023-01-02T05:00", {{n: n}})]))
panel
"""


def cell() -> str:
    knobs = "\n".join(
        f"           k{i}: Annotated[str, Knob(label=names[{i}], description=names[{i}])]"
        f" = names[{i}],"
        for i in range(len(HOSTILE))
    )
    return ODD.format(names=json.dumps(HOSTILE), knobs=knobs)


def nothing_fired(lab: LabPage, where: str) -> None:
    assert lab.page.evaluate("window.fired") is None, where
    assert lab.page.locator(".sciqlop-panel, .sciqlop-tree").locator(ALIVE).all() == [], where


def all_shown(lab: LabPage, texts: Any, where: str) -> None:
    """Wait until each name is there as text."""

    def missing() -> list[str]:
        said = "\n".join(texts())
        return [name for name in HOSTILE if name not in said]

    lab.until(lambda: not missing(), 20, f"{where}: all are text")
    nothing_fired(lab, where)


def test_in_knobs_finder_time_bar_overlays_and_a_tree_in_a_cell(lab: LabPage) -> None:
    page = lab.page
    page.set_viewport_size({"width": 1440, "height": 1500})
    lab.notebook("odd.ipynb", [cell(), "ProductTree(session=odd)"])
    lab.run(0)
    root = panel(lab)
    wait_for_graphs(lab, root, 1)
    # knobs: labels, values, choices
    knobs = root.locator(".sq-knobs")
    knobs.locator("select").first.wait_for(timeout=30_000)
    all_shown(lab, lambda: knobs.locator("option").all_text_contents(), "choices")
    all_shown(lab, lambda: [knobs.text_content()], "labels of knobs")
    fields = knobs.locator('input[type="text"]')
    all_shown(lab, lambda: [f.input_value() for f in fields.all()], "values of knobs")
    fields.first.fill(HOSTILE[4])
    fields.first.press("Tab")
    knobs.locator("select").first.select_option(HOSTILE[7])
    chosen = "[g.knobs.get('choice') for p in panel.model.plots for g in p.graphs][0]"
    lab.until(lambda: "title" in lab.evaluate(chosen), 30, "the choice is taken")
    wait_for_graphs(lab, root, 1)
    # overlays: the menu's names, what is said below the pointer
    root.locator(".sq-plot").first.get_by_role("button", name="Menu of this plot").click()
    labels = root.locator(".sq-menu-label")
    all_shown(lab, labels.all_text_contents, "overlays in the menu")
    lab.shot("hostile-menu")
    page.keyboard.press("Escape")
    box = root.locator(".sq-plot").first.bounding_box()
    tip = root.locator(".sq-event")
    for place in (0.26, 0.3, 0.34):
        page.mouse.move(box["x"] + place * box["width"], box["y"] + 0.5 * box["height"])
        page.wait_for_timeout(100)
    lab.until(lambda: "and 12 more" in (tip.text_content() or ""), 30, "events are said")
    nothing_fired(lab, "overlays")
    # the time bar
    bar = root.locator(".sq-foot input").first
    error = root.locator(".sq-foot [role=alert]")
    for name in HOSTILE:
        bar.fill(name)
        bar.press("Enter")
        lab.until(lambda: error.text_content() != "", 30, "it is no time")
        nothing_fired(lab, f"time bar: {name}")
    lab.shot("hostile-time-bar")
    bar.press("Escape")
    # the search box of the panel
    root.get_by_role("button", name="Add a product (A): search and choose").click()
    field = root.locator(".sq-finder-popup input")
    hits = root.locator(".sq-finder-popup .sq-finder-name")
    field.fill("provider:odd")
    all_shown(lab, hits.all_text_contents, "the finder")
    lab.shot("hostile-finder")
    note = root.locator(".sq-finder-popup [role=status]")
    for name in HOSTILE:
        field.fill(name)
        lab.until(
            lambda: hits.count() or note.text_content() not in ("", "Searching…"), 30, "answered"
        )
        nothing_fired(lab, f"finder: {name}")
    page.keyboard.press("Escape")
    # the tree in a cell
    lab.run(1)
    tree = page.locator(".sciqlop-tree")
    top = tree.locator(".sq-tree-row").first
    lab.until(lambda: HOSTILE[0] in (top.text_content() or ""), 20, "the archive's title")
    top.locator(".sq-tree-caret").click()
    rows = tree.locator(".sq-tree-name")
    all_shown(lab, rows.all_text_contents, "branches of the tree")
    search = tree.locator(".sq-tree-search")
    search.fill("provider:odd")
    leaf = tree.locator('.sq-tree-row[data-ref="odd/p0"]')
    leaf.wait_for(timeout=20_000)
    all_shown(lab, rows.all_text_contents, "results of the tree")
    for i in range(len(HOSTILE)):
        tree.locator(f'.sq-tree-row[data-ref="odd/p{i}"]').click()
        tree.locator(".sq-tree-about", has_text=f"odd/p{i}").wait_for(timeout=30_000)
        about = tree.locator(".sq-tree-about")
        lab.until(lambda i=i, about=about: HOSTILE[i] in about.text_content(), what="it is text")
    for name in HOSTILE:
        search.fill(name)
        page.wait_for_timeout(200)
    nothing_fired(lab, "tree")
    lab.shot("hostile-cell-tree")


FIELD = """
import os
os.environ["XDG_DATA_HOME"] = os.path.abspath("own")
from sciqlop_lab import Panel
panel = Panel("2023-01-02T02:00", "2023-01-02T10:00")
panel.plot("cda/AC_H0_MFI/BGSEc")
panel
"""


def test_in_derived_products_templates_and_names_of_files(lab: LabPage) -> None:
    page = lab.page
    page.set_viewport_size({"width": 1440, "height": 1300})
    lab.notebook("odd-files.ipynb", [FIELD])
    lab.run(0)
    root = panel(lab)
    wait_for_graphs(lab, root, 1)
    dialog = root.locator(".sq-dialog")

    def menu(*entries: str) -> None:
        root.locator(".sq-plot").first.get_by_role("button", name="Menu of this plot").click()
        for entry in entries:
            page.get_by_role("menuitem", name=entry).first.click()

    # names of derived products: written into Python, or refused
    menu("Derive", "Magnitude")
    dialog.wait_for(timeout=30_000)
    source, refused = dialog.locator("textarea"), dialog.locator(".sq-dialog-error")
    for name in HOSTILE:
        field = dialog.get_by_role("textbox", name="Name")
        field.fill(f"odd/{name}")
        before = source.input_value()
        field.press("Tab")
        lab.until(
            lambda before=before: (
                any(refused.all_text_contents()) or source.input_value() != before
            ),
            30,
            f"{name} is written or refused",
        )
        nothing_fired(lab, f"derive: {name}")
    count = len(graphs(root))
    dialog.get_by_role("button", name="Create").click()
    lab.until(
        lambda: len(graphs(root)) > count or refused.text_content(), 30, "it is made or refused"
    )
    lab.shot("hostile-derived")
    page.keyboard.press("Escape")
    dialog.wait_for(state="hidden")
    nothing_fired(lab, "derived")
    # templates: their titles and labels, and names of those that are saved
    title = root.locator(".sq-title")
    for i, name in enumerate(HOSTILE):
        (lab.root / f"odd-{i}.json").write_text(json.dumps(template(name)))
        menu("Template", "Open template…")
        dialog.locator('input[type="file"]').set_input_files(str(lab.root / f"odd-{i}.json"))
        dialog.get_by_role("button", name="Open").click()
        lab.until(lambda name=name: title.text_content() == name, 30, f"the title is {name}")
        nothing_fired(lab, f"template: {name}")
        names_of_files(lab, root, name)
        menu("Template", "Save as template…")
        dialog.get_by_role("button", name="Save").click()
        lab.until(
            lambda: not dialog.count() or refused.text_content(), 30, f"{name}: saved or refused"
        )
        page.keyboard.press("Escape")
        dialog.wait_for(state="hidden")
    menu("Template", "Open template…")
    dialog.wait_for(timeout=30_000)
    lab.shot("hostile-template")
    nothing_fired(lab, "templates")
    saved = {path.name for path in (lab.root / "own" / "sciqlop" / "templates").iterdir()}
    assert "${window.fired=1}.json" in saved
    assert not [name for name in saved if re.search(r'[<>"/\\]', name)]


def template(name: str) -> dict[str, Any]:
    return {
        "name": name, "description": name, "version": 1,
        "time_range": {"start": "2023-01-02T02:00:00", "stop": "2023-01-02T10:00:00"},
        "plots": [{"products": [{"path": "speasy//cda//AC_H0_MFI//BGSEc", "label": name}]}],
        "intervals": [{"start": "2023-01-02T04:00", "stop": "2023-01-02T05:00", "color": name,
                       "label": name}],
    }  # fmt: skip


def names_of_files(lab: LabPage, root: Any, name: str) -> None:
    """A picture has a harmless name, and runs nothing where it is opened as a page."""
    wait_for_graphs(lab, root, 1)
    with lab.page.expect_download() as waiting:
        root.get_by_role("button", name="SVG").click()
    file = waiting.value.suggested_filename
    assert re.fullmatch(r"[\w-]+_2023[\dT]+\.svg", file), file
    text = Path(waiting.value.path()).read_text()
    kept = lab.root / "opened.svg"
    kept.write_text(text)
    page = lab.page.context.new_page()
    page.goto(kept.as_uri())
    assert page.evaluate("window.fired") is None, name
    assert page.evaluate("document.documentElement.nodeName") == "svg"
    assert name in page.evaluate("document.documentElement.textContent"), name
    page.close()
