"""Events, tables and catalogues of them, sets of variables."""

from __future__ import annotations

import json
import pickle
from datetime import timedelta

import pytest

from speasy_core.errors import InvalidTimeRange, VariableError
from speasy_core.events import Catalog, Dataset, Event, TimeTable
from speasy_core.timerange import TimeRange
from tests.core.samples import vector


def test_event() -> None:
    event = Event("2020-01-01", "2020-01-02", {"kind": "shock"})
    assert isinstance(event, TimeRange)
    assert event.meta["kind"] == "shock"
    with pytest.raises(TypeError):
        event.meta["kind"] = "x"  # type: ignore[index]
    assert event != Event("2020-01-01", "2020-01-02")
    assert event == Event("2020-01-01", "2020-01-02", {"kind": "shock"})
    assert hash(event) == hash(Event("2020-01-01", "2020-01-02"))
    assert pickle.loads(pickle.dumps(event)) == event
    assert "shock" in repr(event)
    for other in (event + timedelta(hours=1), event * 2, event - timedelta(1)):
        assert isinstance(other, Event)
        assert other.meta == event.meta
    assert (event + timedelta(hours=1)).start_ns - event.start_ns == 3_600_000_000_000
    with pytest.raises(InvalidTimeRange):
        Event("2020-01-02", "2020-01-01")


def test_catalog_and_timetable() -> None:
    a, b = ("2020-01-02", "2020-01-03"), ("2020-01-01", "2020-01-02T12")
    table, catalog = (
        TimeTable("t", dt_ranges=[a, b]),
        Catalog("c", {"by": "me"}, [a, (*b, {"k": 1})]),
    )
    for items in (table, catalog):
        assert len(items) == 2
        assert [str(r) for r in items.merged()] == ["2020-01-01T00:00:00Z/2020-01-03T00:00:00Z"]
        assert items.time_range() == TimeRange("2020-01-01", "2020-01-03")
        assert len(items.within("2020-01-02T13", "2020-01-02T14")) == 1
        again = type(items).from_dict(json.loads(json.dumps(items.to_dict())))
        assert again == items
        items.sort()
        assert items[0].start_ns < items[1].start_ns
        items.append(TimeRange("2021", "2022"))
        items += [("2022", "2023")]
        assert len(items[1:]) == 3
        assert type(items[1:]) is type(items)
        items.pop()
        del items[0]
        items[0] = ("2020", "2021")
        assert len(items) == 2
        assert "2 ranges" in repr(items)
    assert catalog.meta == {"by": "me"}
    assert TimeTable("x").time_range() is None
    assert [type(e) for e in catalog] == [Event, Event]
    assert len(catalog.filter(lambda e: "k" in e.meta)) == 0


def test_dataframe_of_events() -> None:
    pytest.importorskip("pandas")
    catalog = Catalog("c", events=[("2020", "2021", {"k": 1})])
    frame = catalog.to_dataframe()
    assert list(frame.columns) == ["start", "stop", "k"]
    assert list(Catalog("c").to_dataframe().columns) == ["start", "stop"]


def test_dataset() -> None:
    v = vector()
    dataset = Dataset("d", {"b": v}, {"Project": "x"})
    assert dataset["b"] is v
    assert list(dataset) == ["b"]
    assert dataset.time_range().stop_ns == int(v.time_ns[-1]) + 1  # type: ignore[union-attr]
    assert Dataset("d").time_range() is None
    assert "b: (10, 3)" in repr(dataset)
    with pytest.raises(KeyError, match="there are b"):
        dataset["c"]
    with pytest.raises(VariableError, match="not a variable"):
        Dataset("d", {"b": None})  # type: ignore[dict-item]
