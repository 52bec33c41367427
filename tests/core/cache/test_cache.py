"""The cache: exact, and honest about what is missing."""

from __future__ import annotations

import threading
import time
import warnings

import numpy as np
import pytest
from cache_tools import DAY, HOUR, Archive, covers, days, get, same

from speasy_core import errors
from speasy_core.cache import Cache
from speasy_core.config import Settings
from speasy_core.http import Deadline
from speasy_core.provider import Fetched
from speasy_core.store import DiskStore
from speasy_core.timerange import TimeRange
from speasy_core.variable import Axis, Gap, SpeasyVariable

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
    archive.delay = 0.4
    started = time.monotonic()
    same(get(cache, archive, days(0, 5), max_request_ns=DAY), archive, days(0, 5))
    assert time.monotonic() - started < 1.6
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
    assert time.monotonic() - started < 4
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
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", errors.CacheWarning)
        for _ in range(2):
            same(get(disk, archive, span), archive, span)
    assert len(caught) == (0 if damage == "remove" else 1)
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
