"""Rule 28: what would not fit into memory is refused with the estimate, before the first byte."""

from __future__ import annotations

import numpy as np
import pytest

import speasy_core as spz
from speasy_core.demo import LocalArchive
from speasy_core.errors import RequestTooLarge, SpeasyError
from speasy_core.product import ProductInfo
from speasy_core.sizes import check_sizes, estimate, memory_cap
from speasy_core.timerange import to_ns
from speasy_core.variable import SpeasyVariable

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


# -- products of which the inventory does not say how dense they are --------------------------
UNKNOWN = "cda/MMS1_FPI_FAST_L2_DIS-MOMS/mms1_dis_bulkv_gse_fast"


def whole_pieces(archive):
    """Return the ranges in seconds of the data requests that the archive got."""
    found = []
    for _, path in archive.requests:
        if "/data/" in path:
            start, stop = path.partition("/data/")[2].partition("/")[0].split(",")
            found.append(spz.TimeRange(_iso(start), _iso(stop)).duration_ns / 1e9)
    return found


def _iso(stamp):
    return f"{stamp[:4]}-{stamp[4:6]}-{stamp[6:11]}:{stamp[11:13]}:{stamp[13:15]}"


def test_rule_28_some_samples_tell_what_the_inventory_does_not(archive, tmp_path):
    with session_with(archive, tmp_path, max_memory=5_000_000) as session:
        session.update_inventories()
        assert session.inventory.info(spz.ProductRef.parse(UNKNOWN)).cadence is None
        archive.requests.clear()
        with pytest.raises(RequestTooLarge, match=r"about [0-9.]+ MB would come") as caught:
            session.get_data(UNKNOWN, "2019-01-01", "2019-02-01")
        told = float(str(caught.value).split("about ")[1].split(" MB")[0])
        assert told == pytest.approx(31 * 86_400 / 4.5 * 20 / 1e6, rel=0.1)
        assert len(whole_pieces(archive)) == 5
        assert max(whole_pieces(archive)) <= 3600
        assert len(session.get_data(UNKNOWN, "2019-01-01", "2019-01-02"))


def asked_of(density):
    """Return what stands for an archive: `density(hours since 2019)` samples per second."""
    seen = []

    def ask(pieces):
        seen.extend(pieces)
        found = []
        for _, piece in pieces:
            hours = (piece.start_ns - to_ns("2019-01-01")) / 3.6e12
            count = int(density(hours) * piece.duration_ns / 1e9)
            times = np.linspace(piece.start_ns, piece.stop_ns, count, endpoint=False)
            found.append(SpeasyVariable(times.astype(np.int64), np.ones(count)))
        return found

    return ask, seen


@pytest.mark.parametrize(
    ("density", "is_refused"),
    [
        (lambda hours: 16.0, True),
        (lambda hours: 8192.0 if hours % 24 < 2 else 0.0, False),  # at the same hour of each day
        (lambda hours: 128.0 if hours % 24 < 2 else 0.01, False),
        (lambda hours: 0.0, False),
    ],
)
def test_bursts_are_not_taken_for_all_of_the_time(archive, tmp_path, density, is_refused):
    job = (spz.ProductRef.parse("cda/NOT_LISTED/x"), spz.TimeRange("2019-01-01", "2019-04-01"))
    ask, seen = asked_of(density)
    with session_with(archive, tmp_path, max_memory=500_000_000) as session:
        if is_refused:
            with pytest.raises(RequestTooLarge, match=r"about 2\.0 GB"):
                check_sizes(session, [job], ask)
        else:
            check_sizes(session, [job], ask)
    assert len(seen) == 5
    assert sum(piece.duration_ns for _, piece in seen) < job[1].duration_ns / 1000


def test_samples_that_cannot_be_had_refuse_nobody(archive, tmp_path):
    with session_with(archive, tmp_path, max_memory=5_000_000) as session:
        session.update_inventories()
        archive.requests.clear()
        with archive.faults.on(match="/data/", status=404), pytest.raises(SpeasyError) as caught:
            session.get_data(UNKNOWN, "2019-01-01", "2019-02-01")
        assert not isinstance(caught.value, RequestTooLarge)
