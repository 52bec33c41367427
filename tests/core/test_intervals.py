"""One function over many ranges."""

from __future__ import annotations

import multiprocessing
import pickle
import threading
from collections import namedtuple
from concurrent.futures import Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from datetime import datetime

import numpy as np
import pytest

import speasy_core as spz
from speasy_core.errors import HttpStatusError, InvalidRequest
from speasy_core.intervals import FailedInterval, map_intervals
from speasy_core.timerange import TimeRange

DAYS = [(f"2020-01-{day:02d}", f"2020-01-{day + 1:02d}") for day in range(1, 25)]


def seconds(start: float, stop: float) -> float:
    return stop - start


def test_it_is_a_public_name():
    assert spz.map_intervals is map_intervals


@pytest.mark.parametrize(
    ("intervals", "expected"),
    [
        ([("2020-01-01", "2020-01-02"), TimeRange("2020-01-01", "2020-01-03")], [86400, 172800]),
        (spz.TimeTable("t", dt_ranges=[("2020-01-01", "2020-01-02")]), [86400]),
        (spz.Catalog("c", events=[("2020-01-01", "2020-01-02", {"a": 1})]), [86400]),
        ([2020, "2021"], [366 * 86400, 365 * 86400]),
        (range(2020, 2022), [366 * 86400, 365 * 86400]),
        (2021, [365 * 86400]),
        (["2020-02", "2020-12"], [29 * 86400, 31 * 86400]),
        ([], []),
    ],
)
def test_what_intervals_may_be(intervals, expected):
    assert map_intervals(seconds, intervals) == expected


@pytest.mark.parametrize("what", ["x", 3.5, None, [("2020", "2019")], ["2020-13"], [True]])
def test_what_is_no_interval_is_refused(what):
    with pytest.raises(InvalidRequest):
        map_intervals(seconds, what)


def test_arguments_follow_the_annotations():
    def dates(start: datetime, stop: datetime):
        return start.year, stop.day

    def whole(event):
        return event.meta["kind"]

    def precise(start: np.datetime64, stop: np.datetime64, factor=2):
        return (stop - start) * factor

    catalog = spz.Catalog("c", events=[("2020-01-01", "2020-01-02", {"kind": "shock"})])
    assert map_intervals(dates, catalog) == [(2020, 2)]
    assert map_intervals(whole, catalog) == ["shock"]
    assert map_intervals(precise, catalog) == [np.timedelta64(2, "D")]
    with pytest.raises(InvalidRequest):
        map_intervals(lambda: 0, catalog)
    with pytest.raises(InvalidRequest):
        map_intervals(3, catalog)


def test_order_is_kept_whatever_ends_first():
    release = threading.Event()

    def slow_first(start: float, stop: float):
        if start == TimeRange(*DAYS[0]).start_ns / 1e9:
            assert release.wait(10)
        elif start == TimeRange(*DAYS[-1]).start_ns / 1e9:
            release.set()
        return start

    found = map_intervals(slow_first, DAYS)
    assert found == sorted(found)
    assert len(found) == len(DAYS)


def third_fails(start: float, stop: float):
    if start == TimeRange(*DAYS[2]).start_ns / 1e9:
        raise ZeroDivisionError("by nought")
    return {"length": stop - start}


def test_errors_are_collected_in_their_place():
    found = map_intervals(third_fails, DAYS)
    assert [i for i, r in enumerate(found) if isinstance(r, FailedInterval)] == [2]
    (error,) = found.errors
    assert error.type == "ZeroDivisionError"
    assert error.interval == TimeRange(*DAYS[2])
    assert "third_fails" in error.traceback
    assert "by nought" in str(error)
    assert len(found.values) == len(DAYS) - 1
    assert str(pickle.loads(pickle.dumps(error))) == str(error)


def test_or_the_first_is_raised_and_says_where():
    with pytest.raises(ZeroDivisionError) as caught:
        map_intervals(third_fails, DAYS, on_error="raise")
    assert "2020-01-03" in "".join(caught.value.__notes__)
    with pytest.raises(InvalidRequest, match="on_error"):
        map_intervals(third_fails, DAYS, on_error="ignore")


def test_as_a_table():
    catalog = spz.Catalog("c", events=[(*day, {"number": i}) for i, day in enumerate(DAYS[:4])])
    table = map_intervals(third_fails, catalog).to_dataframe()
    assert list(table.columns) == ["start", "stop", "number", "length", "error"]
    assert table.length.tolist()[:2] == [86400, 86400]
    assert "by nought" in table.error[2]
    assert list(map_intervals(seconds, DAYS[:1]).to_dataframe().columns)[2:] == ["value"]
    pair = namedtuple("pair", "low high")
    table = map_intervals(lambda a, b: pair(a, b), DAYS[:1]).to_dataframe()
    assert list(table.columns)[2:] == ["low", "high"]
    assert map_intervals(seconds, []).to_dataframe().empty


def test_any_executor_does_it():
    with ThreadPoolExecutor(2) as pool:
        assert map_intervals(seconds, DAYS, pool) == [86400.0] * len(DAYS)

    class Lost(Executor):
        def submit(self, fn, /, *args, **kwargs):
            future = Future()
            future.set_exception(OSError("the worker was killed"))
            return future

    found = map_intervals(seconds, DAYS[:2], executor=Lost())
    assert [error.type for error in found.errors] == ["OSError"] * 2
    with pytest.raises(OSError, match="killed"):
        map_intervals(seconds, DAYS[:2], executor=Lost(), on_error="raise")


def test_a_bar_is_shown(capsys):
    map_intervals(seconds, DAYS, progress=True)
    assert "24/24" in capsys.readouterr().err


def test_offline_around_the_call_holds_inside():
    from speasy_core.resources import _offline

    with spz.offline():
        assert map_intervals(lambda a, b: _offline.get(), DAYS[:2]) == [True, True]


def test_errors_of_servers_travel():
    error = HttpStatusError("busy", status=503, product="cda/x")
    again = pickle.loads(pickle.dumps(error))
    assert (again.status, str(again), again.product) == (503, str(error), "cda/x")


class Awkward(Exception):
    """Cannot be made again of what it holds."""

    def __init__(self, first, second):
        super().__init__(first)


def raises_awkward(start, stop):
    raise Awkward("lost", 2)


def leaves(start, stop):
    raise SystemExit(3)


def test_an_error_that_cannot_travel_breaks_no_pool():
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
        with pytest.raises(FailedInterval, match="Awkward: lost"):
            map_intervals(raises_awkward, [2015, 2016], executor=pool, on_error="raise")
        assert [r.type for r in map_intervals(raises_awkward, [2015], executor=pool)] == ["Awkward"]
        assert [r.type for r in map_intervals(leaves, [2015], executor=pool)] == ["SystemExit"]
    with pytest.raises(Awkward, match="lost"):
        map_intervals(raises_awkward, [2015], on_error="raise")
    assert [r.type for r in map_intervals(leaves, [2015, 2016])] == ["SystemExit", "SystemExit"]


def test_its_own_table_is_a_list_of_intervals():
    pytest.importorskip("pandas")

    def days(start: float, stop: float):
        return (stop - start) / 86_400

    table = map_intervals(days, [2015, "2016-02"]).to_dataframe()
    assert map_intervals(days, table[["start", "stop"]]) == [365, 29]
    assert map_intervals(days, table.iloc[:0]) == []


def test_what_is_no_executor_is_refused():
    with pytest.raises(InvalidRequest, match="3 is no executor"):
        map_intervals(leaves, [2015], executor=3)
