"""How plots are stacked: order, heights, plots from elsewhere, several edits as one."""

from __future__ import annotations

import pytest

from sciqlop_lab.commands import apply
from sciqlop_lab.panel import Panel
from sciqlop_lab.spec import PanelSpec, SpecError


def _spec(*products):
    spec = PanelSpec(0, 10**12)
    for product in products:
        spec = apply(spec, {"op": "add_product", "product": product})
    return spec


def _ids(spec):
    return [plot.id for plot in spec.plots]


def test_a_plot_of_another_panel_gets_names_of_this_one_and_keeps_its_looks():
    other = _spec("cda/a/b", "cda/a/c")
    other = apply(other, {"op": "add_product", "product": "vp/f", "plot": "p1", "knobs": {"n": 3}})
    other = apply(other, {"op": "set_axis", "plot": "p1", "axis": "y", "range": [1, 2]})
    given = other.to_json()["plots"][0]
    spec = apply(_spec("cda/x/y", "cda/x/z"), {"op": "add_plot", "plot": given, "index": 1})
    assert _ids(spec) == ["p1", "p3", "p2"]
    added = spec.plots[1]
    assert [g.product for g in added.graphs] == ["cda/a/b", "vp/f"]
    assert len({g.id for _, g in spec.graphs}) == 4
    assert added.y.range == (1, 2)
    assert added.graphs[1].knobs == {"n": 3}
    assert PanelSpec.from_json(spec.to_json()) == spec


@pytest.mark.parametrize(
    ("plot", "says"),
    [
        (None, "expected an object"),
        ({"id": "p"}, "at least one product"),
        ({"id": "p", "graphs": [{"id": "g", "product": "data/1"}]}, "variable"),
        ({"id": "p", "graphs": [{"id": "g", "product": "nothing"}]}, "product"),
        ({"id": "p", "height": -1, "graphs": [{"id": "g", "product": "a/b"}]}, "height"),
    ],
)
def test_what_is_no_plot_is_refused(plot, says):
    with pytest.raises(SpecError, match=says):
        apply(_spec("cda/a/b"), {"op": "add_plot", "plot": plot})


def test_heights_are_set_together():
    spec = _spec("a/b", "a/c", "a/d")
    spec = apply(spec, {"op": "set_heights", "heights": {"p1": 2, "p3": 0.5}})
    assert [p.height for p in spec.plots] == [2.0, 1.0, 0.5]


@pytest.mark.parametrize("height", [0, -1, "1", True, None, float("nan"), float("inf"), 1e9])
def test_a_height_that_is_none_is_refused(height):
    with pytest.raises(SpecError, match="set_heights"):
        apply(_spec("a/b"), {"op": "set_heights", "heights": {"p1": height}})
    with pytest.raises(SpecError, match="no plot"):
        apply(_spec("a/b"), {"op": "set_heights", "heights": {"p7": 1}})


def test_plots_move():
    spec = _spec("a/b", "a/c", "a/d")
    assert _ids(apply(spec, {"op": "move_plot", "plot": "p1", "index": 2})) == ["p2", "p3", "p1"]
    with pytest.raises(SpecError, match="whole number"):
        apply(spec, {"op": "move_plot", "plot": "p1", "index": "2"})


def test_several_edits_are_all_done_or_none():
    spec = _spec("a/b")
    good = {"op": "set_axis", "plot": "p1", "axis": "y", "range": [0, 1]}
    times = {"op": "set_time_range", "start": "5", "stop": "9"}
    done = apply(spec, {"op": "several", "commands": [good, times]})
    assert done.plots[0].y.range == (0, 1)
    assert (done.start_ns, done.stop_ns) == (5, 9)
    bad = {"op": "remove_plot", "plot": "p9"}
    for commands in ([good, bad], [{"op": "several", "commands": []}], "x", [{"op": "undo"}]):
        with pytest.raises(SpecError):
            apply(spec, {"op": "several", "commands": commands})


@pytest.mark.parametrize("axis", ["y", "y2", "z"])
def test_percentiles_of_an_axis(axis):
    command = {"op": "set_axis", "plot": "p1", "axis": axis, "percentiles": [1, 99]}
    spec = apply(_spec("a/b"), command)
    assert getattr(spec.plots[0], axis).percentiles == (1.0, 99.0)
    assert PanelSpec.from_json(spec.to_json()) == spec
    for value in ([0, 101], [-1, 50], [5, 5], "x", [1]):
        with pytest.raises(SpecError, match="percentiles"):
            apply(spec, {**command, "percentiles": value})


def test_several_are_one_step_to_undo_and_every_edit_comes_back(session, day):
    panel = Panel(day, session=session)
    panel.plot("cda/a/b")
    panel.plot("cda/a/c")
    steps = [
        {"op": "set_heights", "heights": {"p1": 3}},
        {"op": "move_plot", "plot": "p2", "index": 0},
        {"op": "set_hidden", "plot": "p1", "graph": "g1", "hidden": ["a"]},
        {"op": "add_plot", "plot": panel.spec["plots"][0], "index": 0},
        {"op": "remove_plot", "plot": "p1"},
        {
            "op": "several",
            "commands": [
                {"op": "set_axis", "plot": "p2", "axis": "y", "range": [0, 1]},
                {"op": "set_time_range", "start": "5", "stop": "9"},
            ],
        },
    ]
    seen = [panel.model]
    for step in steps:
        panel.command(step)
        seen.append(panel.model)
    for spec in reversed(seen[:-1]):
        panel.undo()
        assert panel.model == spec
    for spec in seen[1:]:
        panel.redo()
        assert panel.model == spec
    panel.close()


def test_a_height_is_set_from_python(session, day):
    panel = Panel(day, session=session)
    panel.plot("cda/a/b")
    panel.plots[0].height = 2.5
    assert panel.plots[0].height == 2.5
    panel.undo()
    assert panel.plots[0].height == 1.0
    panel.close()
