"""The cache: exact, shared, honest about what is missing, old or mixed."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
import warnings

import numpy as np
import pytest

from speasy_core import errors
from speasy_core.cache import Cache
from speasy_core.config import Settings
from speasy_core.http import Deadline
from speasy_core.provider import Fetched
from speasy_core.store import DiskStore, MemoryStore
from speasy_core.timerange import TimeRange
from speasy_core.variable import Axis, Gap, SpeasyVariable

HOUR = 3600 * 10**9
DAY = 24 * HOUR


def days(first: float, last: float) -> TimeRange:
    start = TimeRange("2020-01-01", "2020-01-02").start_ns
    return TimeRange.from_ns(start + round(first * DAY), start + round(last * DAY))


class Archive:
    """An archive whose values tell time and version; faults are set per day."""

    def __init__(self, step: int = HOUR) -> None:
        self.step = step
        self.version: str | None = "v1"
        self.scale = 1.0
        self.asked: list[TimeRange] = []
        self.since: list[str | None] = []
        self.errors: list[tuple[TimeRange, Exception]] = []
        self.delay = 0.0
        self.revalidates = True
        self.gate: threading.Event | None = None
        self.lock = threading.Lock()

    def __call__(self, span: TimeRange, since: str | None) -> Fetched:
        with self.lock:
            self.asked.append(span)
            self.since.append(since)
        if self.gate is not None:
            self.gate.wait(10)
        time.sleep(self.delay)
        for bad, error in self.errors:
            if bad.overlaps(span):
                raise error
        if self.revalidates and since is not None and since == self.version:
            return Fetched(None, self.version)
        return Fetched(self.variable(span), self.version, f"GET {span}")

    def variable(self, span: TimeRange) -> SpeasyVariable:
        first = -(-span.start_ns // self.step) * self.step
        ns = np.arange(first, span.stop_ns, self.step, dtype=np.int64)
        values = np.asfortranarray(np.stack([ns / 1e9 * self.scale, -ns / 1e9], axis=1))
        return SpeasyVariable(
            ns, values, columns=["a", "b"], unit="nT", name="x", meta={"FILLVAL": np.float32(-1e31)}
        )


@pytest.fixture
def archive():
    return Archive()


@pytest.fixture(params=["disk", "memory"])
def cache(request, tmp_path):
    store = DiskStore(tmp_path / "data", 10**9) if request.param == "disk" else MemoryStore()
    cache = Cache(store, Settings(cache_dir=tmp_path))
    yield cache
    cache.close()


@pytest.fixture
def disk(tmp_path):
    cache = Cache(DiskStore(tmp_path / "data", 10**9), Settings(cache_dir=tmp_path))
    yield cache
    cache.close()


def get(cache, archive, span, seconds=10.0, key="p/x", **options):
    return cache.get(key, span, archive, deadline=Deadline(seconds), **options)


def same(got, archive, span):
    wanted = archive.variable(span)
    np.testing.assert_array_equal(got.time_ns, wanted.time_ns)
    np.testing.assert_array_equal(got.values, wanted.values)
    assert (got.unit, got.name, got.columns) == ("nT", "x", ["a", "b"])


def covers(variable, span):
    """Rule 1: fragments and gaps make up the range; no sample lies in a gap or outside."""
    for gap in variable.gaps:
        assert gap.range in span
        inside = (variable.time_ns >= gap.range.start_ns) & (variable.time_ns < gap.range.stop_ns)
        assert not inside.any()
    assert ((variable.time_ns >= span.start_ns) & (variable.time_ns < span.stop_ns)).all()


# --- what is asked, and what comes ----------------------------------------


def test_second_time_from_the_cache(cache, archive):
    span = days(0, 2)
    first = get(cache, archive, span)
    second = get(cache, archive, span)
    same(first, archive, span)
    same(second, archive, span)
    assert archive.asked == [span]
    assert [p.state for p in (*first.provenance, *second.provenance)] == ["fresh", "cached"]
    (origin,) = second.provenance
    assert (origin.server, origin.version, origin.request) == ("p", "v1", f"GET {span}")
    assert second.meta["FILLVAL"] == np.float32(-1e31)
    assert first.values.flags.f_contiguous
    assert second.values.flags.f_contiguous
    assert (cache.info()["hits"], cache.info()["misses"]) == (1, 1)


def test_only_what_is_missing_is_asked_exactly(cache, archive):
    get(cache, archive, days(1, 2))
    get(cache, archive, days(3, 3.5))
    archive.asked.clear()
    span = days(0.25, 4.125)
    same(get(cache, archive, span), archive, span)
    assert sorted(archive.asked) == [days(0.25, 1), days(2, 3), days(3.5, 4.125)]
    archive.asked.clear()
    same(get(cache, archive, days(0.3, 4.1)), archive, days(0.3, 4.1))
    assert not archive.asked


def test_long_requests_are_cut_and_run_side_by_side(cache, archive):
    archive.delay = 0.1
    started = time.monotonic()
    same(get(cache, archive, days(0, 5), max_request_ns=DAY), archive, days(0, 5))
    assert time.monotonic() - started < 0.4
    assert sorted(archive.asked) == [days(i, i + 1) for i in range(5)]


def test_samples_outside_the_request_are_not_kept(cache, archive):
    def generous(span, since):
        return Fetched(archive.variable(span.scaled(3)), "v1")

    same(cache.get("p/x", days(1, 2), generous, deadline=Deadline(5)), archive, days(1, 2))
    same(get(cache, archive, days(0, 3)), archive, days(0, 3))


def test_empty_answers_are_kept(cache):
    asked = []

    def nothing(span, since):
        asked.append(span)
        return Fetched(SpeasyVariable([], np.zeros((0, 3)), unit="nT", name="x"))

    for _ in range(2):
        v = cache.get("p/x", days(0, 1), nothing, deadline=Deadline(5))
        assert (len(v), v.unit, v.gaps) == (0, "nT", ())
    assert len(asked) == 1


def test_spectrograms_and_metadata_come_back(cache):
    n, m = 50, 4
    ns = days(0, 1).start_ns + np.arange(n, dtype=np.int64) * HOUR // 4
    energy = np.random.default_rng(1).random((n, m)).astype("f4")
    v = SpeasyVariable(
        ns,
        np.random.default_rng(0).random((n, m)).astype("f4"),
        axes=[Axis(energy, name="energy", unit="eV", meta={"SCALETYP": "log"})],
        name="flux",
        unit="1/s",
        meta={
            "DISPLAY_TYPE": "spectrogram", "VALIDMIN": np.array([0.0, np.nan]), "n": float("nan"),
            "dataset": {"Synthetic": "yes", "T": np.datetime64(5, "ns"), "raw": b"\x00\xff"},
        },
    )  # fmt: skip
    for _ in range(2):
        got = cache.get("p/f", days(0, 1), lambda span, since: Fetched(v), deadline=Deadline(5))
    assert got.kind == "spectrogram"
    assert got.dtype == np.float32
    np.testing.assert_array_equal(got.axes[0].values, energy)
    assert (got.axes[0].unit, got.axes[0].meta["SCALETYP"]) == ("eV", "log")
    assert got.axes[0].time_varying
    np.testing.assert_array_equal(got.meta["VALIDMIN"], [0.0, np.nan])
    assert got.meta["dataset"]["T"] == np.datetime64(5, "ns")
    assert got.meta["dataset"]["raw"] == b"\x00\xff"
    assert np.isnan(got.meta["n"])


def test_refresh_fetches_and_keeps(cache, archive):
    get(cache, archive, days(0, 1))
    archive.version, archive.scale = "v2", 2.0
    same(get(cache, archive, days(0, 1), refresh=True), archive, days(0, 1))
    archive.asked.clear()
    same(get(cache, archive, days(0, 1)), archive, days(0, 1))
    assert not archive.asked


def test_clear_forgets(cache, archive):
    get(cache, archive, days(0, 1))
    cache.clear()
    get(cache, archive, days(0, 1))
    assert len(archive.asked) == 2


def test_keys_do_not_mix(cache, archive):
    other = Archive()
    other.scale = 5.0
    get(cache, archive, days(0, 1))
    same(get(cache, other, days(0, 1), key="p/x?k=1"), other, days(0, 1))
    same(get(cache, archive, days(0, 1)), archive, days(0, 1))


# --- rules 1, 2: failures ----------------------------------------


def test_rule_1_a_failed_part_raises_and_the_others_are_kept(cache, archive):
    archive.errors = [(days(2, 3), errors.UnexpectedContent("HTML page «Down»"))]
    with pytest.raises(errors.UnexpectedContent, match="Down"):
        get(cache, archive, days(0, 3), max_request_ns=DAY)
    archive.errors = []
    archive.asked.clear()
    same(get(cache, archive, days(0, 3), max_request_ns=DAY), archive, days(0, 3))
    assert len(archive.asked) < 3


def test_rule_1_gaps_are_declared(cache, archive):
    archive.errors = [(days(1, 2), errors.HttpStatusError("status 404", status=404))]
    span = days(0, 3)
    with pytest.warns(errors.SpeasyWarning, match="could not be fetched"):
        v = get(cache, archive, span, max_request_ns=DAY, on_error="gaps")
    assert [(g.range, g.reason) for g in v.gaps] == [(days(1, 2), "status 404")]
    covers(v, span)
    assert len(v) == 48
    archive.errors = []
    whole = get(cache, archive, span, max_request_ns=DAY, on_error="gaps")
    same(whole, archive, span)
    assert whole.gaps == ()


def test_rule_1_all_failed_is_one_gap(cache, archive):
    archive.errors = [(days(0, 9), errors.ServerUnreachable("refused"))]
    with pytest.warns(errors.SpeasyWarning):
        v = get(cache, archive, days(0, 1), on_error="gaps")
    assert (len(v), v.name, v.gaps[0].range) == (0, "x", days(0, 1))


def test_rule_1_gaps_of_the_archive_are_kept_apart(cache, archive):
    def partial(span, since):
        whole = archive.variable(span)
        lost = span.intersect(days(1, 2))
        if lost is None:
            return Fetched(whole, "v1")
        parts = [whole[piece] for piece in span.subtract([lost])]
        from speasy_core.variable import merge

        return Fetched(merge(parts or [whole[0:0]]).copy(gaps=(Gap(lost, "damaged file"),)), "v1")

    v = cache.get("p/x", days(0, 3), partial, deadline=Deadline(5))
    assert [(g.range, g.reason) for g in v.gaps] == [(days(1, 2), "damaged file")]
    covers(v, days(0, 3))
    same(get(cache, archive, days(0, 3)), archive, days(0, 3))
    assert archive.asked == [days(1, 2)]


def test_rule_1_mistakes_of_the_caller_raise_always(cache, archive):
    archive.errors = [(days(0, 9), errors.UnknownProduct("no such product"))]
    with pytest.raises(errors.UnknownProduct):
        get(cache, archive, days(0, 1), on_error="gaps")


def test_rule_3_faults_of_a_provider_are_our_errors(cache):
    def broken(span, since):
        raise KeyError("column")

    with pytest.raises(errors.SpeasyError, match="KeyError") as caught:
        cache.get("p/x", days(0, 1), broken, deadline=Deadline(5))
    assert isinstance(caught.value.cause, KeyError)


def test_rule_2_not_changed_without_a_question_is_an_error(cache):
    with pytest.raises(errors.UnexpectedContent, match="not changed"):
        cache.get("p/x", days(0, 1), lambda span, since: Fetched(None), deadline=Deadline(5))


def test_rule_4_a_provider_that_hangs_cannot_hold_the_caller(cache, archive):
    archive.gate = threading.Event()
    started = time.monotonic()
    with pytest.raises(errors.DeadlineExceeded):
        get(cache, archive, days(0, 1), seconds=0.3)
    assert time.monotonic() - started < 0.8
    archive.gate.set()


def test_cancel_ends_the_wait(cache, archive):
    archive.gate = threading.Event()
    deadline = Deadline(30)
    threading.Timer(0.1, deadline.cancel).start()
    with pytest.raises(errors.Cancelled):
        cache.get("p/x", days(0, 1), archive, deadline=deadline)
    archive.gate.set()


# --- offline ----------------------------------------


def test_offline_answers_from_the_cache_and_declares_the_rest(cache, archive):
    get(cache, archive, days(1, 2))
    archive.asked.clear()
    v = get(cache, archive, days(0, 3), offline=True)
    same(v, archive, days(1, 2))
    assert [(g.range, g.reason) for g in v.gaps] == [
        (days(0, 1), "offline"),
        (days(2, 3), "offline"),
    ]
    assert not archive.asked
    covers(v, days(0, 3))


def test_offline_with_nothing_is_an_error(cache, archive):
    get(cache, archive, days(1, 2))
    with pytest.raises(errors.OfflineError):
        get(cache, archive, days(5, 6), offline=True)


# --- rules 14, 15: versions and age ----------------------------------------


@pytest.fixture
def later(monkeypatch):
    """Let wall-clock time pass."""
    real, shift = time.time, [0.0]
    monkeypatch.setattr(time, "time", lambda: real() + shift[0])

    def advance(seconds: float) -> None:
        shift[0] += seconds

    return advance


def test_rule_15_old_data_is_revalidated(cache, archive, later):
    get(cache, archive, days(0, 1))
    later(8 * 86_400)
    v = get(cache, archive, days(0, 1))
    assert archive.since == [None, "v1"]
    assert [p.state for p in v.provenance] == ["cached"]
    get(cache, archive, days(0, 1))
    assert len(archive.asked) == 2


def test_rule_15_changed_data_replaces_the_old(cache, archive, later):
    get(cache, archive, days(0, 1))
    later(8 * 86_400)
    archive.version, archive.scale = "v2", 2.0
    same(get(cache, archive, days(0, 1)), archive, days(0, 1))
    same(get(cache, archive, days(0, 1)), archive, days(0, 1))
    assert len(archive.asked) == 2


def test_rule_15_stale_data_is_flagged_when_the_server_fails(cache, archive, later):
    get(cache, archive, days(0, 1))
    later(8 * 86_400)
    archive.errors = [(days(0, 9), errors.ServerUnreachable("refused"))]
    with pytest.warns(errors.SpeasyWarning, match="out of date.*refused"):
        v = get(cache, archive, days(0, 1))
    same(v, archive, days(0, 1))
    assert [p.state for p in v.provenance] == ["stale"]


def test_rule_15_stale_data_comes_within_two_seconds(cache, archive, later):
    get(cache, archive, days(0, 1))
    later(8 * 86_400)
    archive.gate = threading.Event()
    started = time.monotonic()
    with pytest.warns(errors.SpeasyWarning, match="out of date"):
        v = get(cache, archive, days(0, 1), seconds=60)
    assert time.monotonic() - started < 2.5
    same(v, archive, days(0, 1))
    archive.gate.set()


def test_recent_data_is_asked_again_soon(cache, later):
    archive = Archive(step=60 * 10**9)
    now = time.time_ns()
    span = TimeRange.from_ns(now - 2 * HOUR, now + HOUR)
    get(cache, archive, span)
    get(cache, archive, span)
    assert len(archive.asked) == 1
    later(1000)
    get(cache, archive, span)
    assert archive.since == [None, "v1"]


def test_a_wrong_clock_does_not_keep_data_for_ever(cache, archive, later):
    later(400 * 86_400)
    get(cache, archive, days(0, 1))
    later(-400 * 86_400)
    get(cache, archive, days(0, 1))
    assert len(archive.asked) == 2


def test_rule_14_a_new_version_refetches_the_older_part(cache, archive):
    get(cache, archive, days(0, 1))
    archive.version, archive.scale = "v2", 2.0
    v = get(cache, archive, days(0, 2))
    same(v, archive, days(0, 2))
    assert {p.version for p in v.provenance} == {"v2"}
    archive.asked.clear()
    same(get(cache, archive, days(0, 2)), archive, days(0, 2))
    assert not archive.asked


def test_rule_14_a_version_change_within_one_call(cache, archive):
    def changing(span, since):
        if span == days(1, 2) and archive.version == "v1":
            time.sleep(0.2)
            archive.version, archive.scale = "v2", 2.0
        return archive(span, since)

    v = cache.get("p/x", days(0, 2), changing, deadline=Deadline(5), max_request_ns=DAY)
    same(v, archive, days(0, 2))


def test_rule_14_marks_of_single_files_are_asked_once(cache):
    archive = Archive()

    def per_file(span, since):
        mark = str(span.start_ns)
        archive.asked.append(span)
        return Fetched(None, mark) if since == mark else Fetched(archive.variable(span), mark)

    for _ in range(3):
        v = cache.get("p/x", days(0, 3), per_file, deadline=Deadline(5), max_request_ns=DAY)
        same(v, archive, days(0, 3))
    assert len(archive.asked) == 5


def test_rule_14_a_version_that_cannot_be_checked_is_flagged(cache, archive):
    get(cache, archive, days(0, 1))
    archive.version = "v2"
    archive.errors = [(days(0, 1), errors.ServerUnreachable("refused"))]
    with pytest.warns(errors.SpeasyWarning, match="out of date"):
        v = get(cache, archive, days(0, 2))
    assert {(p.version, p.state) for p in v.provenance} == {("v1", "stale"), ("v2", "fresh")}


def test_a_product_that_changed_its_shape_is_fetched_anew(cache, archive):
    get(cache, archive, days(0, 1))

    def three(span, since):
        t = archive.variable(span).time_ns
        return Fetched(SpeasyVariable(t, np.zeros((len(t), 3)), unit="nT", name="x"))

    v = cache.get("p/x", days(0, 2), three, deadline=Deadline(5))
    assert v.shape == (48, 3)


# --- rule 13: shared flights ----------------------------------------


def run_threads(jobs):
    results = [None] * len(jobs)

    def work(i, job):
        try:
            results[i] = job()
        except errors.SpeasyError as error:
            results[i] = error

    threads = [threading.Thread(target=work, args=(i, job)) for i, job in enumerate(jobs)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    return results


def test_rule_13_64_threads_make_one_fetch(cache, archive):
    archive.delay = 0.3
    results = run_threads([lambda: get(cache, archive, days(0, 1))] * 64)
    for v in results:
        same(v, archive, days(0, 1))
    assert len(archive.asked) == 1


def test_rule_13_overlapping_ranges_are_shared(cache, archive):
    archive.gate = threading.Event()
    spans = [days(0, 2), days(1, 3), days(0.5, 2.5)]
    threading.Timer(0.4, archive.gate.set).start()
    results = run_threads([lambda s=span: get(cache, archive, s) for span in spans])
    for v, span in zip(results, spans, strict=True):
        same(v, archive, span)
    total = sum(span.duration_ns for span in archive.asked)
    assert total == days(0, 3).duration_ns


def test_rule_13_a_waiter_has_its_own_deadline(cache, archive):
    archive.gate = threading.Event()
    threading.Timer(0.6, archive.gate.set).start()
    started = time.monotonic()
    slow, fast = run_threads(
        [
            lambda: get(cache, archive, days(0, 1)),
            lambda: get(cache, archive, days(0, 1), seconds=0.2),
        ]
    )
    assert isinstance(fast, errors.DeadlineExceeded) or isinstance(slow, errors.DeadlineExceeded)
    assert sum(isinstance(r, SpeasyVariable) for r in (slow, fast)) == 1
    assert time.monotonic() - started < 3


def test_rule_13_a_waiter_takes_over_from_a_caller_that_gave_up(cache, archive):
    first, calls = Deadline(20), []

    def fetch(span, since):
        calls.append(span)
        if len(calls) == 1:
            while True:
                first.wait(0.05)
        return archive(span, since)

    def give_up():
        with pytest.raises(errors.Cancelled):
            cache.get("p/x", days(0, 1), fetch, deadline=first)

    owner = threading.Thread(target=give_up)
    owner.start()
    while not calls:
        time.sleep(0.01)
    threading.Timer(0.2, first.cancel).start()
    v = cache.get("p/x", days(0, 1), fetch, deadline=Deadline(10))
    owner.join()
    same(v, archive, days(0, 1))
    assert len(calls) == 2


def test_rule_13_waiters_get_the_error_of_the_server(cache, archive):
    archive.gate = threading.Event()
    archive.errors = [(days(0, 9), errors.HttpStatusError("status 404", status=404))]
    threading.Timer(0.3, archive.gate.set).start()
    results = run_threads([lambda: get(cache, archive, days(0, 1))] * 8)
    assert all(isinstance(r, errors.HttpStatusError) for r in results)
    assert len(archive.asked) == 1


PROCESS = """
import sys, time
import numpy as np
from pathlib import Path
from speasy_core.cache import Cache
from speasy_core.config import Settings
from speasy_core.http import Deadline
from speasy_core.provider import Fetched
from speasy_core.store import DiskStore
from speasy_core.timerange import TimeRange
from speasy_core.variable import SpeasyVariable
folder, log, delay = sys.argv[1:4]
def fetch(span, since):
    with open(log, "a") as out:
        out.write(str(span) + "\\n")
    time.sleep(float(delay))
    t = np.arange(span.start_ns, span.stop_ns, 10**9)
    return Fetched(SpeasyVariable(t, t.astype(float), name="x"), "v1")
cache = Cache(DiskStore(folder, 10**9), Settings(cache_dir=folder))
print("ready", flush=True)
sys.stdin.readline()
v = cache.get("p/x", TimeRange("2020-01-01", "2020-01-02"), fetch, deadline=Deadline(20))
assert len(v) == 86400 and (np.diff(v.values) == 1e9).all() and not v.gaps
print("done", flush=True)
"""


def start(tmp_path, delay):
    process = subprocess.Popen(
        [sys.executable, "-c", PROCESS, str(tmp_path / "c"), str(tmp_path / "log"), str(delay)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stdout.readline() == "ready\n"
    return process


def finish(process):
    out, _ = process.communicate(timeout=30)
    return out


def test_rule_13_processes_make_one_fetch(tmp_path):
    processes = [start(tmp_path, 0.5) for _ in range(4)]
    for process in processes:
        process.stdin.write("\n")
        process.stdin.flush()
    assert [finish(process) for process in processes] == ["done\n"] * 4
    assert len((tmp_path / "log").read_text().splitlines()) == 1


def test_rule_13_takeover_after_kill_9(tmp_path):
    killed = start(tmp_path, 30)
    heir = start(tmp_path, 0)
    killed.stdin.write("\n")
    killed.stdin.flush()
    while not (tmp_path / "log").exists():
        time.sleep(0.02)
    heir.stdin.write("\n")
    heir.stdin.flush()
    time.sleep(0.3)
    killed.kill()
    started = time.monotonic()
    assert finish(heir) == "done\n"
    assert time.monotonic() - started < 1.5
    finish(killed)


# --- rules 10, 11: trouble on the disk ----------------------------------------


def stored(tmp_path):
    return sorted(tmp_path.glob("data/v1/blobs/*/*.blob"))


@pytest.mark.parametrize("damage", ["flip", "cut", "remove", "foreign"])
def test_rule_10_damage_is_a_miss(disk, archive, tmp_path, damage):
    span = days(0, 1)
    get(disk, archive, span)
    get(disk, archive, span)
    (file,) = stored(tmp_path)
    data = bytearray(file.read_bytes())
    if damage == "flip":
        data[-200] ^= 1
    if damage == "remove":
        file.unlink()
    else:
        file.write_bytes({"cut": data[:300], "foreign": b"GIF89a"}.get(damage, data))
    for _ in range(2):
        same(get(disk, archive, span), archive, span)
        # a file that was deleted while open still holds its samples
        assert len(archive.asked) == (1 if damage == "remove" else 2)


def test_rule_11_the_data_arrive_without_a_disk(tmp_path, archive):
    (tmp_path / "data").write_text("not a folder")
    cache = Cache(DiskStore(tmp_path / "data", 10**9), Settings(cache_dir=tmp_path))
    with pytest.warns(errors.CacheWarning) as caught:
        same(get(cache, archive, days(0, 1)), archive, days(0, 1))
    assert len(caught) == 1
    same(get(cache, archive, days(0, 1)), archive, days(0, 1))
    assert len(archive.asked) == 1
    cache.close()


def test_rule_11_full_disk(disk, archive, monkeypatch):
    get(disk, archive, days(0, 1))

    def full(*args):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("speasy_core.store.disk.write_blob", full)
    with pytest.warns(errors.CacheWarning, match="No space left"):
        same(get(disk, archive, days(0, 2)), archive, days(0, 2))
    same(get(disk, archive, days(0, 2)), archive, days(0, 2))
    assert archive.asked == [days(0, 1), days(1, 2)]


def test_restart_finds_everything(tmp_path, archive):
    for _ in range(2):
        cache = Cache(DiskStore(tmp_path / "data", 10**9), Settings(cache_dir=tmp_path))
        same(get(cache, archive, days(0, 1)), archive, days(0, 1))
        cache.close()
    assert len(archive.asked) == 1


# --- size ----------------------------------------


def test_many_small_pieces_are_joined(disk, archive, tmp_path):
    for i in range(100):
        get(disk, archive, days(i / 10, (i + 1) / 10))
    deadline = time.monotonic() + 5
    while len(stored(tmp_path)) > 70 and time.monotonic() < deadline:
        time.sleep(0.05)
    assert len(stored(tmp_path)) <= 70
    archive.asked.clear()
    same(get(disk, archive, days(0, 10)), archive, days(0, 10))
    assert not archive.asked


def test_a_small_slice_of_a_large_fragment_is_quick(disk):
    archive = Archive(step=10**9 // 16)
    get(disk, archive, days(0, 1))
    minute = TimeRange.from_ns(days(0.5, 1).start_ns, days(0.5, 1).start_ns + 60 * 10**9)
    get(disk, archive, minute)
    best = 9.0
    for _ in range(20):
        started = time.perf_counter()
        v = get(disk, archive, minute)
        best = min(best, time.perf_counter() - started)
    assert len(v) == 960
    assert len(archive.asked) == 1
    assert best < 0.005


def test_no_warning_on_the_usual_way(disk, archive):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        get(disk, archive, days(0, 2))
        get(disk, archive, days(0, 3))
