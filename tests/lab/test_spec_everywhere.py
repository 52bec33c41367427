"""Every edit of a panel is undone exactly, and comes back the same from a file."""

from __future__ import annotations

import json

import pytest

from sciqlop_lab.commands import COMMANDS, History, apply
from sciqlop_lab.spec import PanelSpec
from speasy_core.errors import InvalidRequest

T0 = 1_672_624_800_000_000_000


def rich() -> PanelSpec:
    """A panel with plots of every kind, marks, lists of events and a function."""
    spec = PanelSpec(T0, T0 + 10**13)
    for command in (
        {"op": "add_product", "product": "cda/A/b", "label": "µ <b>"},
        {"op": "add_product", "product": "cda/A/c", "plot": "p1", "y_axis": "y2"},
        {"op": "add_product", "product": "cda/A/flux", "kind": "image"},
        {"op": "add_product", "product": "ssc/ace", "kind": "orbit"},
        {"op": "add_product", "product": "cda/A/d", "kind": "xy"},
        {"op": "add_product", "product": "cda/A/e", "kind": "histogram2d"},
        {"op": "add_span", "start": str(T0), "stop": str(T0 + 10**12), "label": "here"},
        {"op": "add_overlay", "product": "amda/sharedtimeTable_0", "label": "storms"},
        {"op": "set_function", "product": "vp/a", "source": "def a():\n    return 1\n"},
        {"op": "add_item", "plot": "p1", "item": {"kind": "hline", "y": 1.5}},
    ):
        spec = apply(spec, command)
    return spec


AXIS = {"op": "set_axis", "plot": "p1", "axis": "y"}
COLORS = {"op": "set_axis", "plot": "p2", "axis": "z"}
GRAPH = {"op": "set_graph", "plot": "p1", "graph": "g1"}
PLOT = {"op": "set_plot", "plot": "p1"}
OPTIONS = {"op": "set_options", "plot": "p3"}
OTHER = {"id": "p1", "graphs": [{"id": "g1", "product": "cda/X/y"}]}
EDITS = [
    {"op": "add_product", "product": "cda/A/x", "index": 0, "knobs": {"a": 2.5, "b": "µ"}},
    {"op": "add_product", "product": "cda/A/x", "plot": "p3"},
    {"op": "add_plot", "plot": OTHER, "index": 1},
    {"op": "remove_plot", "plot": "p3"},
    {"op": "remove_graph", "plot": "p1", "graph": "g1"},
    {"op": "remove_graph", "plot": "p2", "graph": "g3"},
    {"op": "move_plot", "plot": "p1", "index": 3},
    {"op": "move_graph", "plot": "p1", "graph": "g2", "to": "p2"},
    {"op": "move_graph", "plot": "p1", "graph": "g2", "index": 0},
    {"op": "set_heights", "heights": {"p1": 2.5, "p4": 1 / 3}},
    {"op": "set_title", "title": "θ <script>"},
    {"op": "set_time_range", "start": str(T0 + 1), "stop": str(T0 + 3)},
    {**AXIS, "log": True}, {**AXIS, "log": "symlog"}, {**AXIS, "range": [-1e-3, 1 / 3]},
    {**AXIS, "percentiles": [1, 99.5]}, {**AXIS, "label": "B $x$"},
    {**AXIS, "axis": "y2", "log": True},
    {**COLORS, "log": False}, {**COLORS, "range": [1e-12, 1e12]}, {**COLORS, "label": "f"},
    {**COLORS, "colormap": "plasma"}, {**COLORS, "percentiles": [0, 100]},
    {"op": "set_axis", "plot": "p3", "axis": "depth", "range": [-10, 10]},
    {"op": "set_axis", "plot": "p5", "axis": "x", "log": True},
    {**GRAPH, "kind": "line"}, {**GRAPH, "label": "other"}, {**GRAPH, "label": None},
    {**GRAPH, "style": "steps"}, {**GRAPH, "width": 2.25}, {**GRAPH, "marker": "square"},
    {**GRAPH, "colors": ["#ff0000", None, "#00ff00"]}, {**GRAPH, "y_axis": "y2"},
    {"op": "set_graph", "plot": "p2", "graph": "g3", "mean": "log"},
    {**PLOT, "grid": False}, {**PLOT, "legend": False},
    {"op": "set_hidden", "plot": "p1", "graph": "g1", "hidden": ["bx", "by"]},
    {"op": "set_knobs", "plot": "p1", "graph": "g1", "knobs": {"n": 3, "on": True, "s": "µ"}},
    {"op": "set_kind", "plot": "p4", "kind": "histogram2d"},
    {"op": "set_kind", "plot": "p1", "kind": "xy"},
    {"op": "set_kind", "plot": "p3", "kind": "auto"},
    {**OPTIONS, "planes": ["xy"]}, {**OPTIONS, "aspect": "equal"},
    {"op": "add_span", "start": str(T0), "stop": str(T0 + 5), "color": "#123456"},
    {"op": "remove_span", "span": "s1"},
    {"op": "add_overlay", "product": "amda/x", "label": "x", "color": "#ff0000"},
    {"op": "set_overlay", "overlay": "o1", "color": "#00ff00"},
    {"op": "set_overlay", "overlay": "o1", "color_by": "kind"},
    {"op": "remove_overlay", "overlay": "o1"},
    {"op": "set_function", "product": "vp/b", "source": "x = 1\n"},
    {"op": "add_item", "plot": "p1", "item": {"kind": "text", "x": 1.5, "y": 1, "text": "<i>"}},
    {"op": "set_item", "plot": "p1", "item": "i1", "changes": {"color": "#ff0000", "dashed": True}},
    {"op": "remove_item", "plot": "p1", "item": "i1"},
    {"op": "set_items", "plot": "p1", "layer": "a", "items": [{"kind": "vline", "x": 1}]},
    {"op": "show_spec", "spec": PanelSpec(T0, T0 + 5, "new").to_json()},
    {"op": "several", "commands": [{**AXIS, "log": True}, {"op": "remove_plot", "plot": "p2"}]},
]  # fmt: skip


def back(spec: PanelSpec) -> PanelSpec:
    return PanelSpec.from_json(json.loads(json.dumps(spec.to_json())))


def test_every_command_is_here():
    assert {edit["op"] for edit in EDITS} == set(COMMANDS)


@pytest.mark.parametrize("edit", EDITS, ids=lambda e: "-".join(map(str, e.values()))[:50])
def test_an_edit_changes_is_undone_and_saved(edit):
    before = rich()
    history, after = History(), apply(before, edit)
    assert after != before
    assert back(after) == after
    history.record(before)
    assert history.undo(after) == before
    assert history.redo(before) == after


def test_all_edits_after_each_other_are_walked_back():
    history, now, seen = History(), rich(), []
    for edit in EDITS:
        try:
            changed = apply(now, edit)
        except InvalidRequest:
            continue  # what it was about is gone
        if changed != now:
            history.record(now)
            seen.append(now)
            now = changed
    assert len(seen) > 20
    assert back(now) == now
    last = now
    for wanted in reversed(seen):
        now = history.undo(now)
        assert now == wanted
    for _ in seen:
        now = history.redo(now)
    assert now == last
