"""Calls that the cache answers at once: nobody is asked, and no thread is started for them."""

from __future__ import annotations

import threading
import time

import numpy as np
import pytest

import speasy_core as spz
from speasy_core.cache import fragments as frag
from speasy_core.demo import LocalArchive

MOMENTS = "cda/MMS1_FPI_FAST_L2_DIS-MOMS/mms1_dis_"
PRODUCTS = [
    f"{MOMENTS}temppara_fast",
    f"{MOMENTS}tempperp_fast",
    "cda/MMS1_FGM_SRVY_L2/mms1_fgm_b_gse_srvy_l2",
]
HOURS = ("2015-12-01T10:00", "2015-12-01T14:00")


@pytest.fixture(scope="module")
def archive():
    with LocalArchive() as archive:
        yield archive


@pytest.fixture
def session(archive, tmp_path):
    with spz.Session(archive.settings(cache_dir=tmp_path)) as session:
        yield session


@pytest.fixture
def started(monkeypatch):
    """The names of the threads that start."""
    names: list[str] = []
    start = threading.Thread.start

    def noted(self):
        names.append(self.name)
        start(self)

    monkeypatch.setattr(threading.Thread, "start", noted)
    return names


def of_calls(names):
    return [name for name in names if name.startswith("get_data")]


def test_what_is_kept_needs_no_threads(session, started):
    cold = session.get_data(PRODUCTS, *HOURS)
    assert of_calls(started)
    started.clear()
    warm = session.get_data(PRODUCTS, *HOURS)
    assert not of_calls(started)
    for before, now in zip(cold, warm, strict=True):
        np.testing.assert_array_equal(now.values, before.values)
        assert {p.state for p in now.provenance} == {"cached"}
    part = session.get_data(PRODUCTS, "2015-12-01T11:00", "2015-12-01T12:00")
    assert not of_calls(started)
    np.testing.assert_array_equal(part[2].values, warm[2]["2015-12-01T11:00":"2015-12-01T12:00"])


def test_what_is_missing_old_or_unwanted_is_asked_for_in_threads(session, started, monkeypatch):
    session.get_data(PRODUCTS, *HOURS)
    for call in (
        lambda: session.get_data(PRODUCTS, HOURS[0], "2015-12-01T14:30"),
        lambda: session.get_data(PRODUCTS, *HOURS, refresh=True),
    ):
        started.clear()
        call()
        assert of_calls(started)
    later = time.time() + 8 * frag.DAY
    monkeypatch.setattr("time.time", lambda: later)
    started.clear()
    session.get_data(PRODUCTS, *HOURS)
    assert of_calls(started)


def fragment(start, stop, version="1", checked=0.0):
    return frag.Fragment(start, stop, "data", "b", 8, checked, checked, version)


@pytest.mark.parametrize(
    ("pieces", "settled"),
    [
        ([fragment(0, 10)], True),
        ([fragment(-5, 4), fragment(4, 50)], True),
        ([], False),
        ([fragment(1, 10)], False),
        ([fragment(0, 9)], False),
        ([fragment(0, 4), fragment(5, 10)], False),
        ([fragment(0, 4), fragment(4, 10, "2")], False),
        ([fragment(0, 4), fragment(4, 10, checked=-8 * frag.DAY)], False),
    ],
)
def test_settled(pieces, settled):
    assert frag.settled(pieces, spz.TimeRange.from_ns(0, 10), 0.0) is settled
