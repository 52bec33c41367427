"""Rule 28: what would not fit into memory is refused with the estimate, before the first byte."""

from __future__ import annotations

import numpy as np
import pytest

import speasy_core as spz
from speasy_core.demo import LocalArchive
from speasy_core.errors import RequestTooLarge
from speasy_core.product import ProductInfo
from speasy_core.sizes import estimate, memory_cap

FIELD = "cda/AC_H0_MFI/BGSEc"


@pytest.fixture(scope="module")
def archive():
    with LocalArchive() as served:
        yield served


def session_with(archive, folder, **changes):
    return spz.Session(archive.settings(cache_dir=folder).with_(**changes))


def test_rule_28_a_large_request_is_refused_before_the_first_byte(archive, tmp_path):
    with session_with(archive, tmp_path, max_memory=1_000_000) as session:
        session.update_inventories()
        archive.requests.clear()
        with pytest.raises(RequestTooLarge, match="max_memory") as caught:
            session.get_data(FIELD, "2016-01-01", "2017-01-01")
        assert not archive.requests
        text = str(caught.value)
        assert "1.0 MB" in text
        assert "about 39.5 MB would come" in text or "MB would come" in text
        assert caught.value.product == FIELD
        assert "at a time" in caught.value.hint
        assert len(session.get_data(FIELD, "2016-01-02", "2016-01-03"))


def test_many_ranges_count_together(archive, tmp_path):
    hours = [(f"2016-01-{d:02}T{h:02}", f"2016-01-{d:02}T{h:02}:59")
             for d in range(1, 20) for h in range(24)]  # fmt: skip
    with session_with(archive, tmp_path, max_memory=1_000_000) as session:
        session.update_inventories()
        archive.requests.clear()
        with pytest.raises(RequestTooLarge):
            session.get_data(FIELD, hours)
        assert not archive.requests


def test_what_is_kept_tells_the_size_without_an_inventory(archive, tmp_path):
    with session_with(archive, tmp_path) as session:
        session.get_data(FIELD, "2016-01-01", "2016-01-05")
    with session_with(archive, tmp_path, max_memory=300_000, offline=True) as session:
        with pytest.raises(RequestTooLarge):
            session.get_data(FIELD, "2016-01-01", "2016-01-05")
        assert len(session.get_data(FIELD, "2016-01-01", "2016-01-02"))


def test_only_the_coverage_counts():
    covered = spz.TimeRange("2000-01-01", "2000-01-02")
    info = ProductInfo(("B",), kind="vector", cadence=1.0, coverage=covered)
    assert estimate(info, spz.TimeRange("1900-01-01", "2100-01-01")) == 86_400 * 20
    assert estimate(info, spz.TimeRange("1900-01-01", "1950-01-01")) == 0
    assert estimate(info, covered, rate=2.0) == 2 * 86_400


def test_nobody_is_refused_by_a_guess():
    span = spz.TimeRange("1900-01-01", "2100-01-01")
    assert estimate(None, span) is None
    assert estimate(ProductInfo(("B",)), span) is None
    assert estimate(ProductInfo(("B",), cadence=0.0), span) is None


def test_the_cap_follows_the_machine_unless_it_is_set(monkeypatch):
    monkeypatch.setattr("speasy_core.sizes._free_memory", lambda: 4_000_000_000)
    assert memory_cap(spz.Settings()) == (3_000_000_000, "three quarters of the free memory")
    assert memory_cap(spz.Settings(max_memory=5))[0] == 5
    monkeypatch.setattr("speasy_core.sizes._free_memory", lambda: None)
    assert memory_cap(spz.Settings())[0] == spz.Settings().max_memory
    monkeypatch.setattr("speasy_core.sizes._free_memory", lambda: 10**12)
    assert memory_cap(spz.Settings())[0] == spz.Settings().max_memory


def test_a_short_call_asks_nobody(archive, tmp_path):
    with session_with(archive, tmp_path) as session:
        session.get_data(FIELD, "2016-01-01", "2016-01-01T01")
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(type(session.inventory), "info", lambda *_: 1 / 0)
            v = session.get_data(FIELD, "2016-01-01", "2016-01-01T01")
    assert np.isfinite(v.values).any()
