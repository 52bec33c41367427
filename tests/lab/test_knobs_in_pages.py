"""What a page is told of knobs, and how its gestures become steps of undo."""

from __future__ import annotations

from typing import Annotated, Any

import numpy as np
import pytest

import speasy_core as spz
from sciqlop_lab import panel as panel_module
from sciqlop_lab.panel import Panel
from sciqlop_lab.virtual import Knob, create
from speasy_core.errors import InvalidRequest

SPAN = ("2020-01-01", "2020-01-02")


@pytest.fixture
def panel(tmp_path, monkeypatch):
    monkeypatch.setattr(panel_module, "_bundle", lambda name: "export default {}")
    with spz.Session(spz.Settings(cache_dir=tmp_path, offline=True)) as session:
        made = Panel(*SPAN, session=session)
        yield made
        made.close()


def level(start: float, stop: float, high: Annotated[float, Knob(max=9, min=0)] = 1.0):
    print("high is", high)  # noqa: T201 - what it prints is tested
    return np.linspace(start, stop, 20), np.full(20, high)


def make(panel: Any, function: Any = level) -> Any:
    return create("page/level", function, session=panel.session)


def turn(panel: Any, value: Any, gesture: str | None = None) -> None:
    command = {"op": "set_knobs", "plot": "p1", "graph": "g1", "knobs": {"high": value}}
    content = {"v": 3, "type": "command", "id": "1", "command": {**command, "gesture": gesture}}
    panel.handle_message(content)


def test_a_gesture_is_one_step_back(panel):
    panel.plot(make(panel))
    for value in (2.0, 3.0, 4.0):
        turn(panel, value, "one")
    turn(panel, 5.0, "two")
    panel.undo()
    assert panel.model.graphs[0][1].knobs == {"high": 4.0}
    panel.undo()
    assert panel.model.graphs[0][1].knobs == {}
    panel.redo()
    assert panel.model.graphs[0][1].knobs == {"high": 4.0}
    turn(panel, 6.0, "one")
    panel.undo()
    assert panel.model.graphs[0][1].knobs == {"high": 4.0}, "after undo a step begins anew"


def test_what_comes_tells_its_knobs_and_what_was_printed(panel, monkeypatch):
    told = []
    monkeypatch.setattr(panel, "_post", lambda content, buffers: told.append(content))
    panel.plot(make(panel), high=2)
    start, stop = (str(spz.TimeRange(*SPAN).start_ns), str(spz.TimeRange(*SPAN).stop_ns))
    panel.handle_message({"v": 3, "type": "hello", "view": "page"})
    view = {"v": 3, "type": "view", "view": "page", "gen": 1, "start": start, "stop": stop,
            "width": 500, "plots": {"p1": 100}, "wants": {"g1": None}, "ahead": None}  # fmt: skip
    panel.handle_message(view)
    assert panel.wait(20)
    turn(panel, 50.0)
    assert panel.wait(20)
    items = [item for c in told if c["type"] == "tiles" for item in c["items"]]
    assert [item["knobs"] for item in items] == [{"high": 2}, {"high": 50.0}]
    assert [item["output"] for item in items] == ["high is 2.0", "high is 9.0"], "within limits"


def test_a_function_written_anew_has_its_new_knobs(panel):
    panel.plot(make(panel), high=5.0)
    assert [spec["name"] for spec in panel.knob_specs["g1"]] == ["high"]

    def other(start: float, stop: float, low: int = 3, high: str = "text"):
        return np.linspace(start, stop, 20), np.full(20, float(low))

    make(panel, other)
    assert panel.wait(20)
    assert panel.errors == {}, "a value that fits no more is left out"
    assert [spec["name"] for spec in panel.knob_specs["g1"]] == ["low", "high"]
    panel.plots[0].remove()
    assert panel.knob_specs == {}


def test_choices_are_what_a_page_can_show():
    def good(start, stop, k: Annotated[int, Knob(choices=[np.int64(1), 2])] = 1):
        """Do nothing."""

    def bad(start, stop, k: Annotated[int, Knob(choices=[(1, 2), 3])] = 3):
        """Do nothing."""

    with pytest.raises(InvalidRequest, match="cannot have the choice"):
        create("page/bad", bad, session=spz.Session(spz.Settings(offline=True)))
    made = create("page/good", good, session=spz.Session(spz.Settings(offline=True)))
    assert made.describe_knobs()[0]["choices"] == [1, 2]


def test_limits_without_end_are_none():
    def f(start, stop, k: Annotated[float, Knob(min=0, max=float("inf"))] = 1.0):
        """Do nothing."""

    made = create("page/limit", f, session=spz.Session(spz.Settings(offline=True)))
    assert made.describe_knobs()[0]["max"] is None
