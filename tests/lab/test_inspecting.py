"""What the inspector sets: by commands, by handles, and what archives offer to be chosen."""

from __future__ import annotations

import json

import numpy as np
import pytest

from sciqlop_lab import Panel
from sciqlop_lab.asks import answer
from sciqlop_lab.choosing import flat, options_of
from sciqlop_lab.commands import apply
from sciqlop_lab.spec import MARKERS, PanelSpec, SpecError
from speasy_core import Session, SpeasyVariable, TimeRange
from speasy_core.demo import LocalArchive
from speasy_core.errors import InvalidRequest, UnknownOption

EMPTY = PanelSpec(0, 10**18)
FIRST = {"plot": "p1", "graph": "g1"}


def built(*plots):
    """A panel with so many graphs in each plot."""
    spec = EMPTY
    for p, count in enumerate(plots, start=1):
        for g in range(count):
            place = {"plot": f"p{p}"} if g else {}
            product = f"cda/D{p}/{g}"
            spec = apply(spec, {"op": "add_product", "product": product, **place})
    return spec


def ids(spec):
    return [[g.id for g in plot.graphs] for plot in spec.plots]


def test_looks_are_set_one_by_one_and_survive_a_file():
    spec = apply(built(1), {"op": "set_graph", **FIRST, "width": 2, "marker": "plus"})
    spec = apply(spec, {"op": "set_graph", **FIRST, "kind": "line"})
    spec = apply(spec, {"op": "set_graph", **FIRST, "colors": [None, "teal"], "label": "<b>"})
    spec = apply(spec, {"op": "set_plot", "plot": "p1", "grid": False})
    spec = apply(spec, {"op": "set_title", "title": "<script>"})
    found = PanelSpec.from_json(json.loads(json.dumps(spec.to_json())))
    assert found == spec
    graph = found.plots[0].graphs[0]
    assert (graph.width, graph.marker, graph.kind) == (2.0, "plus", "line")
    assert (graph.colors, graph.label) == ((None, "teal"), "<b>")
    assert (found.plots[0].grid, found.plots[0].legend, found.title) == (False, True, "<script>")
    spec = apply(spec, {"op": "set_graph", **FIRST, "width": None, "label": None})
    assert (spec.plots[0].graphs[0].width, spec.plots[0].graphs[0].marker) == (None, "plus")


def test_a_file_from_before_is_read():
    old = built(1).to_json()
    for key in ("grid", "legend"):
        del old["plots"][0][key]
    for key in ("width", "marker"):
        del old["plots"][0]["graphs"][0][key]
    assert PanelSpec.from_json(old) == built(1)


@pytest.mark.parametrize(
    ("command", "said"),
    [
        ({"op": "set_title"}, "set_title.title"),
        ({"op": "set_title", "title": "x" * 5000}, "set_title.title"),
        ({"op": "set_plot", "plot": "p1", "grid": "yes"}, "set_plot.grid"),
        ({"op": "set_plot", "plot": "p1", "legend": None}, "set_plot.legend"),
        ({"op": "set_graph", **FIRST, "width": 0}, "set_graph.width"),
        ({"op": "set_graph", **FIRST, "width": float("nan")}, "set_graph.width"),
        ({"op": "set_graph", **FIRST, "width": True}, "set_graph.width"),
        ({"op": "set_graph", **FIRST, "marker": "star"}, "set_graph.marker"),
        ({"op": "set_graph", **FIRST, "marker": ["plus"]}, "set_graph.marker"),
        ({"op": "set_graph", **FIRST, "kind": "pie"}, "set_graph.kind"),
        ({"op": "set_graph", **FIRST, "colors": [None, 3]}, "set_graph.colors[1]"),
        ({"op": "move_graph", **FIRST, "to": "p9"}, "no plot 'p9'"),
        ({"op": "move_graph", "plot": "p1", "graph": "g9", "to": "p1"}, "no graph 'g9'"),
        ({"op": "move_graph", **FIRST, "to": "p1", "index": "1"}, "move_graph.index"),
    ],
)
def test_a_mistake_is_refused_and_its_field_named(command, said):
    with pytest.raises(SpecError) as caught:
        apply(built(2), command)
    assert said in str(caught.value)


def test_a_graph_moves_within_its_plot_to_another_and_out():
    spec = built(2, 1)
    assert ids(apply(spec, {"op": "move_graph", **FIRST, "to": "p1", "index": 1})) == [
        ["g2", "g1"],
        ["g3"],
    ]
    assert ids(apply(spec, {"op": "move_graph", **FIRST, "to": "p2"})) == [["g2"], ["g3", "g1"]]
    assert ids(apply(spec, {"op": "move_graph", **FIRST, "to": "p2", "index": 0})) == [
        ["g2"],
        ["g1", "g3"],
    ]
    alone = apply(spec, {"op": "move_graph", **FIRST, "to": None, "index": 0})
    assert ids(alone) == [["g1"], ["g2"], ["g3"]]
    assert len({plot.id for plot in alone.plots}) == 3
    # the plot of its last graph goes
    last = {"op": "move_graph", "plot": "p2", "graph": "g3"}
    assert ids(apply(spec, {**last, "to": "p1"})) == [["g1", "g2", "g3"]]
    assert ids(apply(spec, {**last, "to": None})) == [["g1", "g2"], ["g3"]]


def test_handles_do_the_same_and_every_step_is_undone():
    panel = Panel("2019-01-02", "2019-01-03")
    time = np.datetime64("2019-01-02", "ns") + np.arange(9) * np.timedelta64(10**9, "ns")
    graph = panel.plot(SpeasyVariable(time, np.arange(9.0), name="x"))
    other = panel.plot(SpeasyVariable(time, np.arange(9.0), name="y"))
    before = panel.model
    panel.title = "Magnetopause"
    panel.plots[0].set(grid=False, legend=False)
    graph.set(width=3, marker=MARKERS[1])
    graph.hide("x")
    assert panel.model.plots[0].graphs[0].hidden == ("x",)
    graph.hide()
    graph = graph.move(other.plot)
    assert graph.plot == other.plot
    assert len(panel.plots) == 1
    graph.move(index=0)
    assert [p.graphs[0].id for p in panel.model.plots] == [graph.id, other.id]
    assert panel.title == "Magnetopause"
    for _ in range(7):
        panel.undo()
    assert panel.model == before


def test_options_are_kept_as_knobs():
    options = {"coordinate_system": "gsm", "product_inputs": {"side": 2, "mode": "x"}}
    assert options_of(flat(options)) == options
    assert options_of({}) == {}


@pytest.fixture(scope="module")
def session():
    with LocalArchive() as archive, Session(archive.settings()) as found:
        yield found


def test_the_coordinate_system_of_an_orbit(session):
    span = TimeRange("2019-01-02", "2019-01-03")
    panel = Panel(span, session=session)
    graph = panel.plot("ssc/mms1", coordinate_system="GSM")
    same = panel.plot("ssc/mms1")
    [choice] = answer(panel, "inputs", {"graph": graph.id}).value
    assert (choice["name"], choice["default"]) == ("coordinate_system", "gse")
    assert "geo" in [value for value, _ in choice["choices"]]
    assert dict(graph.knobs) == {"coordinate_system": "GSM"}
    panel.wait(60)
    assert panel.errors == {}
    sources = panel._sources
    old = sources[same.id]
    same.knobs["coordinate_system"] = "geo"
    assert sources[same.id] is not old
    panel.wait(60)
    assert panel.errors == {}
    labels = [panel._sources[g.id]._loaded[0].variable.meta for g in (graph, same)]
    assert labels[0] != labels[1]
    del same.knobs["coordinate_system"]
    assert panel.model.plots[1].graphs[0].knobs == {}
    with pytest.raises(UnknownOption, match="coordinate system"):
        same.knobs["coordinate_system"] = "flat"
    with pytest.raises(UnknownOption, match="does not take wrong"):
        panel.plot("ssc/mms1", wrong=1)
    with pytest.raises(InvalidRequest, match="no graph"):
        answer(panel, "inputs", {"graph": "g99"})


def test_what_has_nothing_to_choose(session):
    panel = Panel("2019-01-02", "2019-01-03", session=session)
    time = np.datetime64("2019-01-02", "ns") + np.arange(9) * np.timedelta64(10**9, "ns")
    graph = panel.plot(SpeasyVariable(time, np.arange(9.0), name="x"))
    function = panel.plot(lambda start, stop: None)
    for one in (graph, function):
        assert answer(panel, "inputs", {"graph": one.id}).value == []
