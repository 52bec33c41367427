from __future__ import annotations

import itertools
from datetime import date, datetime, timedelta, timezone

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from speasy_core.errors import InvalidTime, InvalidTimeRange
from speasy_core.timerange import MAX_NS, MIN_NS, TimeRange, format_ns, to_duration_ns, to_ns

any_ns = st.integers(MIN_NS, MAX_NS)
ordered = st.lists(st.integers(-(10**18), 10**18), min_size=2, max_size=2, unique=True).map(sorted)
ranges = ordered.map(lambda pair: TimeRange.from_ns(*pair))

T0 = 1_420_156_800_000_000_000  # 2015-01-02


@pytest.mark.parametrize(
    "value",
    [
        "2015-01-02", "20150102", "2015-002", "2015-01-02T00", "2015-01-02 00:00",
        "2015-01-02T00:00:00.000000000Z", "2015-01-02T01:00:00+01:00", "2015002T00:00:00Z",
        "2015-01-01T24:00:00", date(2015, 1, 2), datetime(2015, 1, 2),
        datetime(2015, 1, 2, 2, tzinfo=timezone(timedelta(hours=2))),
        np.datetime64("2015-01-02"), np.datetime64("2015-01-02T00:00:00", "us"),
        pd.Timestamp("2015-01-02"), pd.Timestamp("2015-01-02", tz="UTC"),
        T0 // 10**9, T0 / 1e9, np.int64(T0 // 10**9), np.float64(T0 / 1e9),
    ],
    ids=repr,
)  # fmt: skip
def test_every_form_of_a_time_is_utc(value):
    assert to_ns(value) == T0


def test_nanoseconds_survive():
    assert to_ns("2015-01-02T00:00:00.000000001") == T0 + 1
    assert to_ns(pd.Timestamp("2015-01-02T00:00:00.000000001")) == T0 + 1
    assert to_ns(np.datetime64("2015-01-02T00:00:00.000000001")) == T0 + 1


def test_a_leap_second_is_the_last_nanosecond_before_it_ends():
    assert to_ns("2016-12-31T23:59:60Z") == to_ns("2017-01-01") - 1


@pytest.mark.parametrize(
    "value",
    [
        "yesterday", "", "2015-13-01", "2015-02-30", "2015-366", "2015-01-02T25:00",
        "2015-01-02T10:61",
        "1500-01-01", "3000-01-01", np.datetime64("3000-01-01"), datetime(2500, 1, 1),
        float("nan"), float("inf"), 1e12, np.datetime64("NaT", "ns"), pd.NaT, True, None,
        [1, 2], b"2015",
    ],
    ids=repr,
)  # fmt: skip
def test_what_is_not_a_time_says_so(value):
    with pytest.raises(InvalidTime):
        to_ns(value)


@given(any_ns)
def test_text_is_exact(ns):
    assert to_ns(format_ns(ns)) == ns


@given(st.datetimes(datetime(1700, 1, 1), datetime(2250, 1, 1)))
def test_datetimes_are_exact(moment):
    assert to_ns(moment) == to_ns(np.datetime64(moment, "ns"))


def test_an_empty_or_reversed_range_is_refused():
    with pytest.raises(InvalidTimeRange, match="is empty"):
        TimeRange("2015-01-02", "2015-01-02")
    with pytest.raises(InvalidTimeRange, match="stops before it starts"):
        TimeRange("2015-01-03", "2015-01-02")


def test_half_open():
    r = TimeRange("2015-01-02", "2015-01-03")
    assert "2015-01-02" in r
    assert "2015-01-03" not in r
    assert TimeRange("2015-01-02", "2015-01-02T12") in r
    assert not r.overlaps(TimeRange("2015-01-03", "2015-01-04"))
    assert list(r) == [r[0], r[1]] == [r.start, r.stop]
    assert len(r) == 2


@given(ranges, st.lists(ranges, max_size=6))
def test_subtract_leaves_exactly_what_is_not_covered(whole, others):
    missing = whole.subtract(others)
    edges = sorted(
        {whole.start_ns, whole.stop_ns - 1, *(o.start_ns for o in others)}
        | {o.stop_ns for o in others}
    )
    for ns in edges:
        if whole.start_ns <= ns < whole.stop_ns:
            covered = any(o.start_ns <= ns < o.stop_ns for o in others)
            assert covered != any(m.start_ns <= ns < m.stop_ns for m in missing)
    for a, b in itertools.pairwise(missing):
        assert a.stop_ns < b.start_ns


@given(ranges, st.integers(1, 50))
def test_split_covers_the_range_once(whole, pieces):
    parts = whole.split(np.timedelta64(whole.duration_ns // pieces + 1, "ns"))
    assert parts[0].start_ns == whole.start_ns
    assert parts[-1].stop_ns == whole.stop_ns
    assert all(a.stop_ns == b.start_ns for a, b in itertools.pairwise(parts))


def test_split_in_steps_of_nothing_is_refused():
    with pytest.raises(InvalidTimeRange):
        TimeRange("2015-01-02", "2015-01-03").split(0)


@given(ranges, ranges)
def test_intersection_is_symmetric_and_inside(a, b):
    both = a.intersect(b)
    assert both == b.intersect(a)
    if both is not None:
        assert both in a
        assert both in b


def test_arithmetic_and_views():
    r = TimeRange("2015-01-02", "2015-01-03")
    assert r + timedelta(days=1) == TimeRange("2015-01-03", "2015-01-04")
    assert r - np.timedelta64(1, "D") == TimeRange("2015-01-01", "2015-01-02")
    assert (r * 2).duration_ns == 2 * r.duration_ns
    assert r.start_time == datetime(2015, 1, 2, tzinfo=r.start_time.tzinfo)
    assert str(r.stop_time) == "2015-01-03 00:00:00+00:00"
    assert r.duration == np.timedelta64(1, "D")
    assert repr(r) == "TimeRange('2015-01-02T00:00:00Z', '2015-01-03T00:00:00Z')"


@pytest.mark.parametrize(
    "value",
    [
        np.datetime64(2**62, "s"), np.datetime64(-(2**62), "s"), np.datetime64(2**60, "D"),
        np.datetime64(2**40, "Y"), "2015-01-02T00:00+99:99", "2015-01-02T00:00+24:00",
        "2015-01-02T00:00-01:60",
    ],
    ids=repr,
)  # fmt: skip
def test_nothing_wraps_around_into_a_time(value):
    with pytest.raises(InvalidTime):
        to_ns(value)


@pytest.mark.parametrize(
    "value",
    [
        np.array(np.datetime64("2015-01-02")), np.array("2015-01-02"), np.array(T0 // 10**9),
        pd.DataFrame({"a": [1]}, index=[pd.Timestamp("2015-01-02")]).to_xarray().index[0],
    ],
    ids=repr,
)  # fmt: skip
def test_an_array_of_one_time_is_a_time(value):
    assert to_ns(value) == T0


def test_an_array_of_several_is_none():
    with pytest.raises(InvalidTime):
        to_ns(np.array(["2015-01-02"]))


@pytest.mark.parametrize(
    ("duration", "ns"),
    [
        (np.timedelta64(2**40, "D"), 2**40 * 86_400 * 10**9),
        (np.timedelta64(-(10**6), "W"), -(10**6) * 604_800 * 10**9),
        (np.timedelta64(7, "25s"), 7 * 25 * 10**9),
        (np.timedelta64(10**18, "as"), 10**9),
        (timedelta.max, (timedelta.max // timedelta(microseconds=1)) * 1000),
        ("P123456D", 123_456 * 86_400 * 10**9),
        ("P" + "9" * 400 + "D", None),
    ],
    ids=repr,
)
def test_long_durations_are_not_cut(duration, ns):
    assert to_duration_ns(duration) == ns


@pytest.mark.parametrize("duration", [np.timedelta64(1, "Y"), np.timedelta64(3, "M")], ids=repr)
def test_a_month_has_no_fixed_length(duration):
    with pytest.raises(InvalidTime, match="no fixed length"):
        to_duration_ns(duration)


@pytest.mark.parametrize(
    "far", [np.timedelta64(10**6, "D"), np.timedelta64(2**40, "D"), timedelta.max], ids=repr
)
def test_a_range_moved_beyond_all_time_is_refused(far):
    r = TimeRange("2015-01-02", "2015-01-03")
    with pytest.raises(InvalidTime, match="outside 1677"):
        r + far
    with pytest.raises(InvalidTime, match="outside 1677"):
        r - far
    assert r.split(far) == [r]


def test_odd_factors_and_steps():
    r = TimeRange("2015-01-02", "2015-01-03")
    assert (r * float("inf")).start_ns == (r * 1e300).start_ns == MIN_NS
    assert r.split(1e300) == r.split(float("inf")) == [r]
    for step in (float("nan"), 1e-10, -1.0, np.timedelta64(0, "s")):
        with pytest.raises(InvalidTimeRange, match="longer than zero"):
            r.split(step)
    with pytest.raises(InvalidTimeRange, match="NaN"):
        r.scaled(float("nan"))
    with pytest.raises(TypeError):
        r + 5
