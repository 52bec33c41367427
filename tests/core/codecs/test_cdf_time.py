"""CDF times: leap seconds, fills, precision."""

from __future__ import annotations

import cdflib
import numpy as np
import pycdfpp
from hypothesis import given
from hypothesis import strategies as st

from speasy_core.codecs._cdf_time import (
    NAT,
    epoch16_to_ns,
    epoch_to_ns,
    ns_to_tt2000,
    to_ns,
    tt2000_to_ns,
)


def iso(ns: np.ndarray) -> list[str]:
    return [str(t) for t in ns.astype("M8[ns]")]


def tt2000(*when: int) -> int:
    return int(cdflib.cdfepoch.compute_tt2000(list(when)))


def test_tt2000_over_the_leap_second_of_2016() -> None:
    before = tt2000(2016, 12, 31, 23, 59, 59, 0, 0, 0)
    ticks = np.array([before, before + 10**9, before + 2 * 10**9 - 1, before + 2 * 10**9])
    assert iso(tt2000_to_ns(ticks)) == [
        "2016-12-31T23:59:59.000000000",
        "2016-12-31T23:59:59.999999999",  # 23:59:60 has no number of its own
        "2016-12-31T23:59:59.999999999",
        "2017-01-01T00:00:00.000000000",
    ]


def test_tt2000_agrees_with_cdflib_through_the_years() -> None:
    for year in range(1973, 2030, 3):
        for month in (1, 7):
            want = f"{year}-{month:02d}-01T12:34:56.123456789"
            got = tt2000_to_ns(np.array([tt2000(year, month, 1, 12, 34, 56, 123, 456, 789)]))
            assert iso(got) == [want]


def test_tt2000_before_1972_follows_the_drifting_clock() -> None:
    got = tt2000_to_ns(np.array([tt2000(1968, 5, 17, 3, 4, 5, 0, 0, 0)])).astype("M8[ns]")
    # exact: a day's drift is that at its noon, in the reference and here
    assert iso(got.astype(np.int64)) == ["1968-05-17T03:04:05.000000000"]


@given(st.integers(63_072_000 * 10**9, 4_000_000_000 * 10**9))
def test_tt2000_round_trip(ns: int) -> None:
    assert tt2000_to_ns(ns_to_tt2000(np.array([ns]))).tolist() == [ns]


@given(st.lists(st.integers(-(2**62), 2**62), min_size=2, max_size=50))
def test_tt2000_keeps_order(ticks: list[int]) -> None:
    ordered = tt2000_to_ns(np.array(sorted(ticks), np.int64))
    assert (np.diff(ordered) >= 0).all()


def test_leap_second_alone_and_beside_fill() -> None:
    inside = tt2000(2016, 12, 31, 23, 59, 60, 500, 0, 0)
    for ticks in ([inside], [inside, NAT], [inside - 2 * 10**9, inside]):
        got = tt2000_to_ns(np.array(ticks))
        assert "2016-12-31T23:59:59.999999999" in iso(got)
        assert (got[np.array(ticks) == NAT] == NAT).all()


def test_fills_and_what_does_not_fit_become_nat() -> None:
    assert (tt2000_to_ns(np.array([NAT, NAT + 1, NAT + 3, 2**63 - 1])) == NAT).all()
    assert (epoch_to_ns(np.array([-1e31, 0.0, np.nan, np.inf, 3.2e17])) == NAT).all()
    assert (epoch16_to_ns(np.array([[-1e31, -1e31], [0.0, 0.0], [np.nan, 0.0]])) == NAT).all()


def test_epoch_agrees_with_cdflib() -> None:
    when = [2023, 1, 2, 3, 4, 5, 678]
    epoch = np.array([cdflib.cdfepoch.compute_epoch(when)])
    assert iso(epoch_to_ns(epoch)) == ["2023-01-02T03:04:05.678000000"]


def test_epoch16_agrees_with_cdflib() -> None:
    pair = cdflib.cdfepoch.compute_epoch16([2001, 2, 26, 5, 18, 30, 2, 123, 456, 700])
    values = np.array([[pair.real, pair.imag]])
    assert iso(to_ns(values, "CDF_EPOCH16")) == ["2001-02-26T05:18:30.002123456"]


def test_picoseconds_are_cut_off_as_by_other_readers() -> None:
    second = 63150455910.0
    picos = [0.0, 1.0, 499.0, 500.0, 999.0, 1500.0, 2500.0, 123456999.0, 999999999999.0]
    ours = epoch16_to_ns(np.array([[second, p] for p in picos]))
    other = cdflib.cdfepoch.to_datetime(np.array([complex(second, p) for p in picos]))
    assert ours.tolist() == other.astype(np.int64).tolist()
    third = [pycdfpp.to_datetime64(pycdfpp.epoch16(second, p)).astype(np.int64) for p in picos]
    assert ours.tolist() == [int(t) for t in third]


def test_no_times() -> None:
    for name, shape in (("CDF_EPOCH", (0,)), ("CDF_EPOCH16", (0, 2))):
        assert to_ns(np.zeros(shape), name).shape == (0,)
    assert to_ns(np.zeros(0, np.int64), "CDF_TIME_TT2000").shape == (0,)
