"""The product tree as a person works with it: search, selection, favourites, menus, details."""

from __future__ import annotations

import json
from typing import Any

import pytest

from .labpage import LabPage
from .steps import (
    find_row,
    graphs,
    panel,
    reload,
    results_of,
    save,
    search,
    show_tree,
    wait_for_graphs,
)  # fmt: skip
from .waiting import frames

FIELD = "cda/AC_H0_MFI/BGSEc"
MAGNITUDE = "cda/AC_H0_MFI/Magnitude"
PANEL = """
from sciqlop_lab import Panel
panel = Panel("2023-01-02T02:00", "2023-01-02T10:00")
panel
"""
NAMES = """
import numpy as np
import speasy_core as spz
from sciqlop_lab import virtual_product
time = np.arange("2023-01-02", "2023-01-03", 600, dtype="datetime64[s]")
b = spz.SpeasyVariable(time, np.random.rand(len(time), 3), unit="nT", name="{name}")
not_data = 3

@virtual_product("mine/ramp", unit="km")
def ramp(start: float, stop: float):
    return np.array([start, stop]), np.array([1.0, 2.0])
"""
AXE_IMPACTS = ("serious", "critical")


def box(lab: LabPage) -> Any:
    return lab.page.locator(".sqlab-search-input")


def type_words(lab: LabPage, words: str) -> None:
    """Type as a person does, and wait for the results."""
    show_tree(lab)
    box(lab).fill("")
    with results_of(lab, words):
        box(lab).press_sequentially(words, delay=15)


def row(lab: LabPage, ref: str) -> Any:
    return lab.page.locator(f'.sqlab-row:not([hidden])[data-ref="{ref}"]').first


def products(lab: LabPage) -> str:
    return lab.evaluate("[[g.product for g in p.graphs] for p in panel.model.plots]")


def is_typed(lab: LabPage, text: str) -> None:
    lab.until(lambda: box(lab).input_value() == text, what=f"the box holds {text!r}")


def both_themes(lab: LabPage, name: str) -> None:
    for theme in ("Dark", "Light"):
        lab.theme(f"JupyterLab {theme}")
        lab.shot(f"{name}-{theme.lower()}")


def test_filters_are_completed_by_keys(lab: LabPage) -> None:
    search(lab, "ac_h0_mfi", FIELD)
    box(lab).fill("")
    lab.page.keyboard.press("Control+Space")
    options = lab.page.locator(".sqlab-completions:visible [role=option]")
    lab.until(lambda: options.count() >= 7, 30, "all filters are offered")
    lab.page.keyboard.press("Escape")
    lab.until(lambda: options.count() == 0, what="the list is closed")
    box(lab).press_sequentially("ty", delay=20)
    lab.until(lambda: options.count() == 1, 30, "type: is offered")
    lab.page.keyboard.press("Tab")
    is_typed(lab, "type:")
    lab.until(lambda: options.count() >= 4, 30, "its values are offered")
    lab.page.keyboard.press("ArrowDown")
    lab.page.keyboard.press("ArrowDown")
    lab.page.keyboard.press("Enter")
    is_typed(lab, "type:vector ")
    box(lab).press_sequentially("unit:n", delay=20)
    lab.until(lambda: "nT" in options.all_text_contents(), 30, "units are offered")
    # last, because a new theme gives the focus back somewhat later
    box(lab).fill("")
    lab.page.keyboard.press("Control+Space")
    lab.until(lambda: options.count() >= 7, 30, "all filters are offered again")
    both_themes(lab, "completion")


def test_results_as_a_list_and_in_the_tree(lab: LabPage) -> None:
    type_words(lab, "ac_h0_mfi bgse")
    flat = lab.page.locator(".sqlab-tree.sqlab-mod-hits")
    lab.until(flat.count, 30, "a list is shown")
    lab.page.get_by_role("button", name="Show the results at their places in the tree").click()
    lab.until(lambda: flat.count() == 0, 30, "a tree is shown")
    found = find_row(lab, f'[data-ref="{FIELD}"]')
    lab.until(lambda: int(found.get_attribute("aria-level")) > 2, what="it is deep in the tree")
    find_row(lab, '[data-name="cda"][aria-expanded="true"]')
    both_themes(lab, "search-tree")


def test_several_products_by_mouse_and_by_keys(lab: LabPage) -> None:
    lab.notebook("several.ipynb", [PANEL])
    lab.run(0)
    root = panel(lab)
    type_words(lab, "provider:cda ac_h0_mfi")
    row(lab, FIELD).click()
    row(lab, MAGNITUDE).click(modifiers=["Control"])
    selected = lab.page.locator(".sqlab-row:not([hidden])[aria-selected=true]")

    def count(wanted: int) -> None:
        lab.until(lambda: selected.count() == wanted, 30, f"{wanted} rows are selected")

    count(2)
    lab.drag(row(lab, MAGNITUDE), root)
    lab.shot("drag-several")
    assert {g["status"] for g in wait_for_graphs(lab, root, 2)} == {"ok"}
    box(lab).click()
    lab.page.keyboard.press("ArrowDown")
    lab.page.keyboard.press("Home")
    lab.page.keyboard.press("Shift+ArrowDown")
    lab.page.keyboard.press("Shift+ArrowDown")
    count(3)
    lab.page.keyboard.press("Control+ArrowDown")
    lab.page.keyboard.press("Control+Space")
    count(4)
    lab.page.keyboard.press("Control+a")
    lab.until(lambda: selected.count() > 4, 30, "all rows are selected")


def test_above_below_and_onto_a_plot_by_keys(lab: LabPage) -> None:
    lab.notebook("places.ipynb", [PANEL])
    lab.run(0)
    root = panel(lab)
    type_words(lab, "provider:cda ac_h0_mfi")
    row(lab, FIELD).click()
    lab.page.keyboard.press("Enter")
    wait_for_graphs(lab, root, 1)
    row(lab, MAGNITUDE).click()
    for count, key in enumerate(("Alt+ArrowUp", "Alt+Enter", "Alt+ArrowDown"), start=2):
        lab.page.keyboard.press(key)
        wait_for_graphs(lab, root, count)
    lab.until(lambda: products(lab).count(MAGNITUDE) == 3, what="it is there three times")
    assert products(lab).startswith(f"[['{MAGNITUDE}'")
    lab.page.keyboard.press("Shift+F10")
    menu = lab.page.locator(".lm-Menu:visible")
    lab.until(menu.count, 30, "the menu opens at the row")
    lab.shot("tree-menu")
    for text in ("Add to Panel", "Open in New Panel", "Insert Code", "Copy as get_data"):
        menu.get_by_text(text).first.wait_for()
    menu.get_by_text("Plot in").hover()
    onto = lab.page.locator(".lm-Menu:visible").get_by_text("Onto 1:")
    onto.wait_for(timeout=30_000)
    onto.click()
    wait_for_graphs(lab, root, 5)


def test_favourites_and_recent_outlive_the_page(lab: LabPage) -> None:
    lab.notebook("kept.ipynb", [""])
    type_words(lab, "provider:cda ac_h0_mfi")
    row(lab, FIELD).click()
    lab.page.keyboard.press("Control+d")
    lab.page.keyboard.press("Control+Enter")
    lab.until(lambda: "get_data" in lab.source(0), 30, "the code is inserted")
    box(lab).fill("")
    for section in ("favourites", "recent"):
        lab.page.wait_for_selector(f'.sqlab-row[data-section="{section}"]', timeout=30_000)
    # the page keeps them on the server after a pause
    lab.until(lambda: lab.kept().count(FIELD) >= 2, what="they are kept")
    reload(lab)
    show_tree(lab)
    kept = lab.page.locator(f'.sqlab-row[data-section="favourites"][data-ref="{FIELD}"]')
    kept.wait_for(timeout=30_000)
    both_themes(lab, "favourites")
    kept.click()
    lab.page.keyboard.press("Control+d")
    lab.until(lambda: kept.count() == 0, 30, "it is no favourite any more")


def test_the_kernel_has_its_branch(lab: LabPage) -> None:
    hostile = "<img src=x onerror='window.fired=1'>"
    lab.notebook("names.ipynb", [PANEL, NAMES.format(name=hostile)])
    show_tree(lab)
    lab.run(0)
    root = panel(lab)
    lab.run(1)
    variable = lab.page.locator('.sqlab-row[data-ref="kernel/b"]')
    variable.wait_for(timeout=30_000)
    lab.page.locator('.sqlab-row[data-ref="vp/mine/ramp"]').wait_for(timeout=30_000)
    not_data = lab.page.locator('.sqlab-row[data-ref="kernel/not_data"]')
    lab.until(lambda: not_data.count() == 0, what="numbers are not listed")
    assert lab.evaluate("[n for n in dir() if 'listing' in n or n.startswith('_sci')]") == "[]"
    variable.click()
    lab.page.locator(".sqlab-details").get_by_text(hostile).first.wait_for()
    both_themes(lab, "kernel-branch")
    lab.drag(variable, root)
    (graph,) = wait_for_graphs(lab, root, 1)
    assert graph["status"] == "ok", graph
    assert lab.page.evaluate("window.fired") is None
    lab.page.evaluate("() => { window.jupyterapp.commands.execute('kernelmenu:restart'); }")
    lab.page.locator(".jp-Dialog .jp-mod-warn").click()
    lab.until(lambda: variable.count() == 0, 30, "a fresh kernel has nothing")
    lab.until(lambda: lab.evaluate("1 + 1") == "2", 60, "the fresh kernel answers")
    # said by JupyterLab's debugger at each restart
    lab.errors[:] = [error for error in lab.errors if "debugger" not in error]


def test_details_say_what_may_be_done_with_it(lab: LabPage) -> None:
    search(lab, "ac_h0_mfi", FIELD).click()
    details = lab.page.locator(".sqlab-details")
    lab.until(lambda: "Cadence" in details.text_content(), 30, "the details come")
    for part in ("nT", "16 s", "Shape", "GSE", "From (UTC)", FIELD):
        lab.until(lambda part=part: part in details.text_content(), what=f"{part} is told")
    lab.page.locator('.sqlab-coverage[role="img"]').wait_for()
    both_themes(lab, "details")


def test_one_inventory_is_read_again(lab: LabPage) -> None:
    show_tree(lab)
    server = find_row(lab, '[data-provider="cda"]')
    asked: list[str] = []
    lab.page.on(
        "request", lambda r: asked.append(r.post_data or "") if "/refresh" in r.url else None
    )
    server.locator(".sqlab-renew").click()
    lab.until(lambda: len(asked) == 1, 30, "the button asks")
    server.click()
    lab.page.locator(".sqlab-tree").focus()
    lab.page.keyboard.press("Alt+r")
    lab.until(lambda: len(asked) == 2, 30, "the key asks")
    assert [json.loads(body) for body in asked] == [{"provider": "cda"}] * 2


def test_a_panel_file_from_the_launcher(lab: LabPage) -> None:
    lab.command("launcher:create")
    card = lab.page.locator('.jp-LauncherCard[title*="file of its own"]').first
    card.wait_for(timeout=30_000)
    card.scroll_into_view_if_needed()
    lab.shot("launcher")
    card.click()
    root = panel(lab)
    file = lab.until(lambda: next(iter(lab.root.glob("untitled*.sciqlop.json")), None))
    lab.until(lambda: "sciqlop_panel" in _model(lab), 30, "the document has the panel")
    type_words(lab, "provider:cda ac_h0_mfi")
    row(lab, FIELD).click()
    lab.page.keyboard.press("Enter")
    # a new panel moves to where its first product has data
    lab.until(lambda: [g["status"] for g in graphs(root)] == ["ok"], 40, "data are shown")
    lab.until(lambda: FIELD in _model(lab), 30, "the document has the product")
    save(lab, file, FIELD)
    both_themes(lab, "panel-file")
    reload(lab)
    root = panel(lab)
    lab.until(lambda: [g["status"] for g in graphs(root)] == ["ok"], 40, "it is there again")


def _model(lab: LabPage) -> str:
    text: str = lab.page.evaluate(
        """() => { for (const w of window.jupyterapp.shell.widgets('main'))
            if (w.context?.path.endsWith('.sciqlop.json')) return w.context.model.toString();
            return ''; }"""
    )
    return text


@pytest.mark.parametrize("theme", ["Light", "Dark"])
def test_axe_finds_nothing_serious(lab: LabPage, theme: str) -> None:
    axe = lab.screenshots.parents[1] / "js" / "node_modules" / "axe-core" / "axe.min.js"
    if not axe.is_file():
        pytest.skip("axe-core is not installed: run jlpm in js/")
    lab.theme(f"JupyterLab {theme}")
    type_words(lab, "provider:cda ac_h0_mfi")
    row(lab, FIELD).click()
    lab.until(lambda: "Cadence" in lab.page.locator(".sqlab-details").text_content(), 30, "details")
    lab.page.evaluate(axe.read_text())
    for state in ("found", "tree"):
        answer = lab.page.evaluate("() => axe.run('#sciqlop-lab-tree')")
        bad = [
            (v["id"], [n["html"][:200] + " " + n["failureSummary"][:300] for n in v["nodes"][:2]])
            for v in answer["violations"]
            if v["impact"] in AXE_IMPACTS
        ]
        assert not bad, f"{state}: {bad}"
        box(lab).fill("")
        lab.page.locator(".sqlab-search-count").wait_for(state="hidden")
        frames(lab.page)
