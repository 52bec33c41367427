"""How many pieces, files and requests an answer costs; and large answers in little memory."""

from __future__ import annotations

import subprocess
import sys
import textwrap

import numpy as np
import pytest
from cache_tools import DAY, HOUR, Archive, days, get, same

from speasy_core.cache import Cache
from speasy_core.config import Settings
from speasy_core.http import Deadline
from speasy_core.provider import Fetched
from speasy_core.store import DiskStore
from speasy_core.timerange import TimeRange
from speasy_core.variable import SpeasyVariable


def files(cache, key="p/x"):
    """Return the names of the files that hold samples; pyramids have files of their own."""
    return {entry["blob"] for entry in cache._store.entries(key)}


def test_a_minute_of_burst_data_costs_a_minute(disk):
    archive = Archive(step=10**9 // 128)
    minute = TimeRange("2020-01-01T12:00", "2020-01-01T12:01")
    got = get(disk, archive, minute)
    assert archive.asked == [minute]
    assert len(got) == 60 * 128
    assert disk.info()["size"] < 1.1 * got.nbytes + 10_000


def test_twenty_years_of_hourly_data_are_few_pieces(disk):
    archive = Archive(step=HOUR)
    span = TimeRange("2000-01-01", "2020-01-01")
    same(get(disk, archive, span, max_request_ns=366 * DAY), archive, span)
    assert disk.settle()
    info = disk.info()
    assert info["fragments"] == len(files(disk)) <= 3
    archive.asked.clear()
    same(get(disk, archive, span), archive, span)
    assert not archive.asked


def test_asked_for_day_by_day_they_become_few_pieces_too(disk):
    archive = Archive(step=HOUR)
    for day in range(200):
        get(disk, archive, days(day, day + 1))
    assert disk.info()["fragments"] < 80
    assert disk.settle()
    assert disk.info()["fragments"] == len(files(disk)) <= 5
    same(get(disk, archive, days(0, 200), offline=True), archive, days(0, 200))


@pytest.fixture
def small(tmp_path):
    """A cache that takes 48 MB, so files of 3 MB."""
    cache = Cache(DiskStore(tmp_path / "data", 48 * 2**20), Settings(cache_dir=tmp_path))
    yield cache
    cache.close()


def test_long_answers_are_cut_at_aligned_powers_of_two(small, tmp_path):
    archive = Archive(step=10**9 // 4)
    span = days(0.1, 3.3)
    same(get(small, archive, span), archive, span)
    ranges = [entry.range for entry in small.entries()]
    assert len(files(small)) == len(ranges) > 5
    assert max(f.stat().st_size for f in tmp_path.glob("data/v1/blobs/*/*")) < 3.1 * 2**20
    for middle in ranges[1:-1]:
        length = middle.duration_ns
        assert length & (length - 1) == 0
        assert middle.start_ns % length == 0
    archive.asked.clear()
    same(get(small, archive, days(1.2, 2.9)), archive, days(1.2, 2.9))
    assert not archive.asked


def test_making_room_takes_pieces(small, tmp_path):
    archive = Archive(step=10**9 // 4)
    for day in range(12):  # 8 MB each
        get(small, archive, days(day, day + 1))
    info = small.info()
    assert 0.7 * info["limit"] < info["size"] <= info["limit"]
    assert info["fragments"] == len(files(small)) <= info["files"]
    same(get(small, archive, days(11, 12), offline=True), archive, days(11, 12))


def test_joining_loses_nothing_and_reads_as_before(disk):
    archive = Archive(step=10**9)
    for n in range(10):
        get(disk, archive, days(n / 10, (n + 1) / 10))
    before = get(disk, archive, days(0, 1), offline=True)
    assert len(files(disk)) == 10
    assert disk.settle()
    assert len(files(disk)) == 1
    after = get(disk, archive, days(0, 1), offline=True)
    np.testing.assert_array_equal(before.values, after.values)
    assert dict(before.meta) == dict(after.meta)
    same(get(disk, archive, days(0.25, 0.66)), archive, days(0.25, 0.66))
    assert len(archive.asked) == 10


def test_what_differs_is_not_joined(disk):
    def fetch(range, since):
        ns = np.arange(range.start_ns, range.stop_ns, HOUR)
        half = range.start_ns < days(1, 2).start_ns
        return Fetched(SpeasyVariable(ns, np.zeros(len(ns)), name="x", unit="nT" if half else "T"))

    for n in range(6):
        disk.get("p/x", days(n / 3, (n + 1) / 3), fetch, deadline=Deadline(5))
    assert disk.settle()
    assert len(files(disk)) > 1
    assert disk.get("p/x", days(0, 1), fetch, deadline=Deadline(5)).unit == "nT"
    assert disk.get("p/x", days(1, 2), fetch, deadline=Deadline(5)).unit == "T"


@pytest.mark.parametrize("pieces", [1, 8])
def test_a_long_answer_is_in_memory_once(tmp_path, pieces):
    """Also where it comes from several files: read straight to where it goes."""
    script = f"""
        import resource, numpy as np
        from speasy_core.cache import Cache
        from speasy_core.config import Settings
        from speasy_core.http import Deadline
        from speasy_core.store import DiskStore
        from speasy_core.timerange import TimeRange
        import cache_tools, threading
        archive = cache_tools.Archive(step=10**9 // 50)
        cache = Cache(DiskStore({str(tmp_path / "data")!r}, 10**10), Settings())
        span, day = cache_tools.days(0, 1), cache_tools.DAY
    """
    fill = """
        cache_tools.get(cache, archive, span, seconds=60, max_request_ns=day // PIECES)
        cache._joiner._keys.clear()
    """.replace("PIECES", str(pieces))
    read = """
        small = cache_tools.get(cache, archive, cache_tools.days(0.5, 0.5001), offline=True)
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        v = cache_tools.get(cache, archive, span, offline=True)
        after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        assert len(v) == 86_400 * 50 and v.gaps == ()
        print((after - before) * 1024 / v.nbytes)
    """
    from pathlib import Path

    import speasy_core

    path = f"{Path(__file__).parent}:{Path(speasy_core.__file__).parents[1]}"
    for body in (fill, read):
        done = subprocess.run(
            [sys.executable, "-c", textwrap.dedent(script) + textwrap.dedent(body)],
            capture_output=True, text=True, timeout=100, env={"PYTHONPATH": path},
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
    assert float(done.stdout) < 1.2
