from __future__ import annotations

import copy
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sciqlop_lab.commands import COMMANDS, History, apply
from sciqlop_lab.reading import COLORMAPS, SpecError
from sciqlop_lab.spec import (
    STYLES,
    AxisSpec,
    ColorAxisSpec,
    GraphSpec,
    PanelSpec,
    PlotSpec,
    SpanSpec,
)

EMPTY = PanelSpec(0, 10**18)


def add(spec, product, **fields):
    return apply(spec, {"op": "add_product", "product": product, "plot": None, **fields})


numbers = st.floats(-1e30, 1e30, allow_nan=False)
ranges = st.none() | st.tuples(numbers, numbers).filter(lambda r: r[0] < r[1])
names = st.text(max_size=10)
logs = st.none() | st.booleans()
axes = st.builds(AxisSpec, st.none() | names, logs | st.just("symlog"), ranges)
maps = st.none() | st.sampled_from(COLORMAPS)
colors = st.builds(ColorAxisSpec, st.none() | names, logs, ranges, maps)


@st.composite
def panels(draw):
    plots = []
    for p in range(draw(st.integers(0, 3))):
        graphs = tuple(
            GraphSpec(
                f"g{p}{g}", f"cda/D/{g}", draw(st.sampled_from(["auto", "line", "image"])),
                draw(st.none() | names), draw(st.none() | st.just(("#123456",))),
                tuple(draw(st.lists(names, max_size=2))), draw(st.sampled_from(STYLES)),
                draw(st.sampled_from([None, "y", "y2"])), mean=draw(st.sampled_from([None, "log"])),
            )
            for g in range(draw(st.integers(1, 3)))
        )  # fmt: skip
        height = draw(st.floats(0.1, 10))
        plots.append(PlotSpec(f"p{p}", height, draw(axes), draw(colors), graphs, draw(axes)))
    start = draw(st.integers(-(2**62), 2**62))
    spans = tuple(SpanSpec(f"s{i}", start, start + 1 + i, draw(names)) for i in range(2))
    stop = start + draw(st.integers(1, 2**61))
    return PanelSpec(start, stop, draw(names), tuple(plots), spans)


@given(panels())
def test_json_there_and_back(panel):
    assert PanelSpec.from_json(json.loads(json.dumps(panel.to_json()))) == panel


@given(panels())
def test_times_are_text(panel):
    value = panel.to_json()["time_range"]
    assert value == {"start": str(panel.start_ns), "stop": str(panel.stop_ns)}


@pytest.mark.parametrize(
    ("change", "where"),
    [
        ({"version": 2}, "panel.version"),
        ({"time_range": {"start": "5", "stop": "5"}}, "stops before it starts"),
        ({"time_range": {"start": 5, "stop": "6"}}, "text of integer"),
        ({"time_range": None}, "panel.time_range"),
        ({"plots": 3}, "panel.plots"),
        ({"plots": [{"id": 3}]}, "plots[0].id"),
        ({"plots": [{"id": "p", "height": 0}]}, "plots[0].height"),
        ({"plots": [{"id": "p", "y": {"log": 1}}]}, "plots[0].y.log"),
        ({"plots": [{"id": "p", "y": {"range": [1, "2"]}}]}, "plots[0].y.range"),
        ({"plots": [{"id": "p", "graphs": [{"id": "g", "product": "x"}]}]}, "graphs[0].product"),
        (
            {"plots": [{"id": "p", "graphs": [{"id": "g", "product": "a/b", "kind": "pie"}]}]},
            "graphs[0].kind",
        ),
        ({"plots": [{"id": "p"}, {"id": "p"}]}, "same id"),
    ],
)
def test_what_is_wrong_is_named(change, where):
    with pytest.raises(SpecError) as caught:
        PanelSpec.from_json({**EMPTY.to_json(), **change})
    assert where in str(caught.value)


def test_products_get_plots_and_ids_of_their_own():
    spec = add(add(EMPTY, "cda/A/x"), "cdaweb/A/y")
    spec = add(spec, "cda/A/z", plot="p1")
    spec = add(spec, "cda/A/first", index=0)
    assert [p.id for p in spec.plots] == ["p3", "p1", "p2"]
    assert [(p, g.id, g.product) for p, g in spec.graphs] == [
        ("p3", "g4", "cda/A/first"),
        ("p1", "g1", "cda/A/x"),
        ("p1", "g3", "cda/A/z"),
        ("p2", "g2", "cda/A/y"),
    ]


def test_removing_the_last_graph_removes_the_plot():
    spec = add(add(EMPTY, "cda/A/x"), "cda/A/y", plot="p1")
    spec = apply(spec, {"op": "remove_graph", "plot": "p1", "graph": "g1"})
    assert [g.product for _, g in spec.graphs] == ["cda/A/y"]
    spec = apply(spec, {"op": "remove_graph", "plot": "p1", "graph": "g2"})
    assert spec.plots == ()


def test_move_axis_hidden_and_range():
    spec = add(add(EMPTY, "cda/A/x"), "cda/A/y")
    spec = apply(spec, {"op": "move_plot", "plot": "p2", "index": 0})
    assert [p.id for p in spec.plots] == ["p2", "p1"]
    spec = apply(spec, {"op": "set_axis", "plot": "p1", "axis": "y", "log": True, "range": [5, 1]})
    assert spec.plot("p1").y == AxisSpec(None, True, (1.0, 5.0))
    spec = apply(spec, {"op": "set_axis", "plot": "p1", "axis": "z", "range": None})
    assert spec.plot("p1").y.log is True
    spec = apply(spec, {"op": "set_hidden", "plot": "p1", "graph": "g1", "hidden": ["bx"]})
    assert spec.plot("p1").graphs[0].hidden == ("bx",)
    spec = apply(spec, {"op": "set_time_range", "start": "5", "stop": "6"})
    assert (spec.start_ns, spec.stop_ns) == (5, 6)
    assert apply(spec, {"op": "remove_plot", "plot": "p2"}).plots[0].id == "p1"


@pytest.mark.parametrize(
    "command",
    [
        None,
        {},
        {"op": "explode"},
        {"op": ["add_product"]},
        {"op": "add_product", "product": "no-slash"},
        {"op": "add_product", "product": 7},
        {"op": "add_product", "product": "a/b", "plot": "p9"},
        {"op": "add_product", "product": "a/b", "plot": {}},
        {"op": "add_product", "product": "a/b", "index": "0"},
        {"op": "remove_plot", "plot": "p9"},
        {"op": "remove_graph", "plot": "p1", "graph": "g9"},
        {"op": "move_plot", "plot": "p1", "index": None},
        {"op": "set_time_range", "start": "6", "stop": "5"},
        {"op": "set_time_range", "start": "x", "stop": "5"},
        {"op": "set_axis", "plot": "p1", "axis": "w"},
        {"op": "set_axis", "plot": "p1", "axis": "y", "range": [1, float("nan")]},
        {"op": "set_hidden", "plot": "p1", "graph": "g1", "hidden": "bx"},
        {"op": "set_axis", "plot": "p1", "axis": "z", "log": "symlog"},
        {"op": "set_axis", "plot": "p1", "axis": "y", "log": "maybe"},
        {"op": "set_axis", "plot": "p1", "axis": "z", "colormap": "rainbow"},
        {"op": "set_graph", "plot": "p1", "graph": "g1", "style": "wavy"},
        {"op": "set_graph", "plot": "p1", "graph": "g1", "y_axis": "y3"},
        {"op": "set_graph", "plot": "p1", "graph": "g1", "mean": "median"},
        {"op": "set_graph", "plot": "p1", "graph": "g1", "colors": ["url(https://x)"]},
        {"op": "add_span", "start": "5", "stop": "5"},
        {"op": "add_span", "start": "5", "stop": "6", "color": "red;}"},
        {"op": "remove_span", "span": "s9"},
        {"op": "show_spec"},
        {"op": "show_spec", "spec": {"version": 1, "plots": 3}},
    ],
)
def test_a_command_that_does_not_fit_is_refused(command):
    with pytest.raises(SpecError):
        apply(add(EMPTY, "cda/A/x"), command)


def test_commands_do_not_change_what_they_are_given():
    marked = {"op": "add_span", "start": "1", "stop": "2"}
    spec = apply(add(EMPTY, "cda/A/x"), marked)
    spec = apply(spec, {"op": "add_overlay", "product": "amda/a-table"})
    spec = apply(spec, {"op": "add_item", "plot": "p1", "item": {"kind": "hline", "y": 1.0}})
    spec = add(spec, "cda/A/y", kind="histogram2d")
    before = spec.to_json()
    own = {
        "add_plot": {"plot": before["plots"][0]}, "set_heights": {"heights": {"p1": 2}},
        "several": {"commands": [{"op": "set_title", "title": "a"}]},
        "set_kind": {"kind": "orbit"}, "move_plot": {"plot": "p2"}, "set_graph": {"mean": "log"},
        "set_axis": {"log": True}, "set_hidden": {"hidden": ["x"]}, "set_plot": {"grid": False},
        "set_options": {"graph": "g2", "plot": "p2", "options": {"x_bins": 7}},
        "add_overlay": {"product": "amda/other"}, "set_overlay": {"color": "teal"},
        "set_function": {"source": "def f(): ..."}, "set_item": {"changes": {"y": 2.0}},
        "add_item": {"item": {"kind": "vline", "x": 1.0}},
        "set_items": {"layer": "", "items": [{"kind": "vline", "x": 1.0}]},
        "show_spec": {"spec": {**before, "title": "other"}},
    }  # fmt: skip
    for op in COMMANDS:
        command = {
            "title": "new", "to": None,
            "op": op, "product": "a/b", "plot": "p1", "graph": "g1", "index": 0, "start": "1",
            "stop": "2", "axis": "y", "hidden": [], "span": "s1", "knobs": {"n": 1},
            "overlay": "o1", "item": "i1",
            **own.get(op, {}),
        }  # fmt: skip
        asked = copy.deepcopy(command)
        assert apply(spec, command) != spec, f"{op} does something"
        assert command == asked
    assert spec.to_json() == before


@given(st.lists(st.sampled_from(["do", "undo", "redo"]), max_size=40))
def test_undo_and_redo_walk_along_what_was_done(steps):
    history, now = History(), EMPTY
    past, future = [], []
    for number, step in enumerate(steps):
        if step == "do":
            history.record(now)
            past.append(now)
            future.clear()
            now = apply(now, {"op": "set_time_range", "start": str(number), "stop": str(10**6)})
        elif step == "undo":
            expected = past.pop() if past else now
            if expected is not now:
                future.append(now)
            now = history.undo(now)
            assert now == expected
        else:
            expected = future.pop() if future else now
            if expected is not now:
                past.append(now)
            now = history.redo(now)
            assert now == expected


def test_history_is_bounded():
    history = History(limit=3)
    for number in range(10):
        history.record(PanelSpec(number, 10**6))
    seen = {history.undo(EMPTY).start_ns for _ in range(10)}
    assert seen == {9, 8, 7, 0}


def test_axes_graphs_and_spans_are_edited_field_by_field():
    spec = add(EMPTY, "cda/A/x", style="steps", y_axis="y2")
    graph = {"plot": "p1", "graph": "g1"}
    spec = apply(spec, {"op": "set_graph", **graph, "colors": ["#0072b2"], "label": "B"})
    spec = apply(spec, {"op": "set_graph", **graph, "mean": "log"})
    found = spec.plots[0].graphs[0]
    assert found.mean == "log"
    assert (found.style, found.y_axis, found.colors, found.label) == (
        "steps", "y2", ("#0072b2",), "B",
    )  # fmt: skip
    spec = apply(spec, {"op": "set_axis", "plot": "p1", "axis": "y2", "log": "symlog"})
    spec = apply(spec, {"op": "set_axis", "plot": "p1", "axis": "y2", "range": [-5, 5]})
    assert spec.plots[0].y2 == AxisSpec(log="symlog", range=(-5.0, 5.0))
    spec = apply(spec, {"op": "set_axis", "plot": "p1", "axis": "z", "colormap": "jet"})
    assert spec.plots[0].z.colormap == "jet"
    spec = apply(spec, {"op": "set_axis", "plot": "p1", "axis": "z", "colormap": None})
    assert spec.plots[0].z.colormap is None
    spec = apply(spec, {"op": "add_span", "start": "5", "stop": "9", "label": "cusp"})
    spec = apply(spec, {"op": "add_span", "start": "6", "stop": "7", "color": "teal"})
    assert [span.id for span in spec.spans] == ["s1", "s2"]
    spec = apply(spec, {"op": "remove_span", "span": "s1"})
    assert spec.spans == (SpanSpec("s2", 6, 7, "", "teal"),)


def test_a_spec_that_was_saved_before_y2_and_spans_existed_is_read():
    old = add(EMPTY, "cda/A/x").to_json()
    del old["spans"], old["plots"][0]["y2"]
    del old["plots"][0]["graphs"][0]["style"], old["plots"][0]["graphs"][0]["y_axis"]
    assert PanelSpec.from_json(old) == add(EMPTY, "cda/A/x")
