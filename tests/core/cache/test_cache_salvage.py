"""A damaged piece costs what is damaged, where the caller takes gaps."""

from __future__ import annotations

import threading
import time
import tracemalloc
import warnings
from itertools import pairwise

import numpy as np
import pytest
from cache_tools import DAY, HOUR, Archive, covers, days, get, same
from hypothesis import given
from hypothesis import strategies as st

from speasy_core import errors
from speasy_core.cache.salvage import REQUESTS, SHORTEST, salvage
from speasy_core.http import Deadline
from speasy_core.provider import Fetched
from speasy_core.timerange import TimeRange
from speasy_core.variable import Gap, SpeasyVariable, merge

MINUTE = 60 * 10**9


@pytest.fixture
def archive():
    return Archive(step=MINUTE)


def damaged(archive: Archive, first: float, last: float) -> TimeRange:
    where = days(first, last)
    archive.errors = [(where, errors.CorruptFile("cut in the middle", source="a_20200102.cdf"))]
    return where


def get_gaps(cache, archive, span, **options):
    with pytest.warns(errors.SpeasyWarning, match="could not be fetched"):
        v = get(cache, archive, span, on_error="gaps", **options)
    covers(v, span)
    wanted = archive.variable(span)
    inside = np.zeros(len(wanted), bool)
    for gap in v.gaps:
        inside |= (wanted.time_ns >= gap.range.start_ns) & (wanted.time_ns < gap.range.stop_ns)
    np.testing.assert_array_equal(v.time_ns, wanted.time_ns[~inside])
    if len(v):  # with no answer at all, the number of components is not known
        np.testing.assert_array_equal(v.values, wanted.values[~inside])
    return v


def test_only_the_damaged_part_is_a_gap(cache, archive):
    bad = damaged(archive, 1.3, 1.32)
    v = get_gaps(cache, archive, days(0, 4))
    (gap,) = v.gaps
    assert bad in gap.range
    assert gap.range.duration_ns <= 2 * 4 * DAY / 64
    assert gap.reason == "cut in the middle [file: a_20200102.cdf]"
    assert len(archive.asked) <= 1 + REQUESTS


def test_what_was_sound_is_kept_and_the_damage_asked_for_once_more(cache, archive):
    damaged(archive, 1.3, 1.32)
    gap = get_gaps(cache, archive, days(0, 4)).gaps[0].range
    archive.asked.clear()
    assert [g.range for g in get_gaps(cache, archive, days(0, 4)).gaps] == [gap]
    inside = TimeRange.from_ns(gap.start_ns + MINUTE, gap.stop_ns - MINUTE)
    assert get_gaps(cache, archive, inside).gaps[0].range == inside
    assert archive.asked == [gap, inside]
    archive.errors = []
    same(get(cache, archive, days(0, 4), on_error="gaps"), archive, days(0, 4))


def test_the_search_is_repeated_later_and_on_refresh(cache, archive, monkeypatch):
    damaged(archive, 1.3, 1.32)
    gap = get_gaps(cache, archive, days(0, 4)).gaps[0].range
    archive.asked.clear()
    get_gaps(cache, archive, gap, refresh=True)
    assert len(archive.asked) > 1
    archive.asked.clear()
    later = time.monotonic() + 1000
    monkeypatch.setattr("speasy_core.cache.salvage.time.monotonic", lambda: later)
    get_gaps(cache, archive, gap, seconds=5000)
    assert len(archive.asked) > 1


def test_several_files_and_pieces(cache, archive):
    archive.errors = [
        (days(1.5, 1.51), errors.CorruptFile("one", source="a.cdf")),
        (days(6.2, 6.21), errors.UnsupportedFormat("another", source="b.cdf")),
    ]
    v = get_gaps(cache, archive, days(0, 8), max_request_ns=4 * DAY)
    assert [gap.reason for gap in v.gaps] == ["one [file: a.cdf]", "another [file: b.cdf]"]
    assert sum(gap.range.duration_ns for gap in v.gaps) < 6 * HOUR


def test_all_damaged_is_bounded_and_one_gap(cache, archive):
    damaged(archive, 0, 9)
    v = get_gaps(cache, archive, days(0, 8))
    assert [gap.range for gap in v.gaps] == [days(0, 8)]
    assert len(archive.asked) <= 1 + REQUESTS


def test_short_pieces_are_not_cut(cache, archive):
    damaged(archive, 0, 1)
    span = TimeRange.from_ns(days(0, 1).start_ns, days(0, 1).start_ns + 2 * SHORTEST - 1)
    get_gaps(cache, archive, span)
    assert archive.asked == [span]


def test_raise_is_at_once_and_names_the_way_out(cache, archive):
    damaged(archive, 1.3, 1.32)
    for _ in range(2):
        archive.asked.clear()
        with pytest.raises(errors.CorruptFile, match=r'Hint: .*on_error="gaps" delivers') as caught:
            get(cache, archive, days(0, 4))
        assert str(caught.value).count("on_error") == 1
        assert len(archive.asked) == 1


def test_an_error_of_the_server_is_not_searched(cache, archive):
    archive.errors = [(days(1, 2), errors.ServerUnreachable("refused"))]
    assert get_gaps(cache, archive, days(0, 4)).gaps[0].range == days(0, 4)
    assert len(archive.asked) == 1


def test_a_server_that_goes_away_ends_the_search(cache, archive):
    def fetch(span, since):
        if len(archive.asked) == 2:
            archive.errors = [(days(0, 9), errors.ServerUnreachable("refused"))]
        return archive(span, since)

    damaged(archive, 3.3, 3.32)
    with pytest.warns(errors.SpeasyWarning):
        v = cache.get("p/x", days(0, 4), fetch, deadline=Deadline(10), on_error="gaps")
    assert [(gap.range, gap.reason) for gap in v.gaps] == [(days(2, 4), "refused")]
    assert len(archive.asked) == 3


def test_the_deadline_ends_the_search_and_keeps_what_came(cache, archive):
    damaged(archive, 3.3, 3.32)
    archive.delay = 0.25
    started = time.monotonic()
    v = get_gaps(cache, archive, days(0, 4), seconds=0.9)
    assert time.monotonic() - started < 5
    assert len(v) >= 2 * 24 * 60
    assert "no answer within" in v.gaps[0].reason


def test_gaps_of_the_archive_inside_a_half_stay_in_it(cache, archive):
    lost = days(1.9, 2.5)

    def fetch(span, since):
        answer = archive(span, since)
        parts = [answer.variable[piece] for piece in span.subtract([lost])]
        gaps = (Gap(lost, "maintenance"),) if lost.overlaps(span) else ()
        return Fetched(merge(parts or [answer.variable[0:0]]).copy(gaps=gaps), "v1")

    bad = damaged(archive, 3.3, 3.32)
    with pytest.warns(errors.SpeasyWarning):
        v = cache.get("p/x", days(0, 4), fetch, deadline=Deadline(10), on_error="gaps")
    covers(v, days(0, 4))
    assert {gap.reason for gap in v.gaps} == {
        "maintenance",
        archive.errors[0][1].message + " [file: a_20200102.cdf]",
    }
    assert sum(g.range.duration_ns for g in v.gaps if g.reason == "maintenance") == lost.duration_ns
    assert any(bad in gap.range for gap in v.gaps)


def test_one_who_takes_gaps_and_one_who_does_not(cache, archive):
    damaged(archive, 1.3, 1.32)
    archive.gate = threading.Event()
    threading.Timer(0.4, archive.gate.set).start()
    results: dict[str, object] = {}

    def ask(mode):
        try:
            results[mode] = get(cache, archive, days(0, 4), on_error=mode)
        except errors.SpeasyError as error:
            results[mode] = error

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", errors.SpeasyWarning)
        threads = [threading.Thread(target=ask, args=(mode,)) for mode in ("raise", "gaps")]
        for thread in threads:
            thread.start()
            time.sleep(0.1)
        for thread in threads:
            thread.join(15)
    assert isinstance(results["raise"], errors.CorruptFile)
    assert isinstance(results["gaps"], SpeasyVariable)
    assert len(results["gaps"]) > 3.8 * 24 * 60


@given(
    st.lists(st.tuples(st.integers(0, 9999), st.integers(1, 300)), max_size=4),
    st.integers(1, 10_000),
)
def test_nothing_sound_is_called_damaged_and_nothing_is_lost(faults, minutes):
    start = days(0, 1).start_ns
    span = TimeRange.from_ns(start, start + minutes * MINUTE)
    bad = [TimeRange.from_ns(start + a * MINUTE, start + (a + n) * MINUTE) for a, n in faults]
    got: list[TimeRange] = []
    asked: list[TimeRange] = []

    def fetch(part):
        asked.append(part)
        if any(part.overlaps(b) for b in bad):
            raise errors.CorruptFile("damaged")
        got.append(part)

    lost = salvage(span, errors.CorruptFile("damaged"), fetch)
    pieces = sorted([*got, *(piece for piece, _ in lost)])
    assert pieces[0].start_ns == span.start_ns
    assert pieces[-1].stop_ns == span.stop_ns
    assert all(a.stop_ns == b.start_ns for a, b in pairwise(pieces))
    assert len(asked) <= REQUESTS


# --- memory ------------------------------------------------------------------------------


@pytest.mark.parametrize("part", [1.0, 0.5])
def test_an_answer_from_one_fragment_is_held_once(cache, part):
    n = 300_000
    span, half = days(0, 1), days(0, part)
    ns = span.start_ns + np.arange(n, dtype=np.int64) * (DAY // n)
    v = SpeasyVariable(ns, np.asfortranarray(np.random.default_rng(0).random((n, 3))), name="x")

    def fetch(asked, since):
        return Fetched(v, "v1")

    get(cache, fetch, span)
    get(cache, fetch, half)
    tracemalloc.start()
    try:
        got = get(cache, fetch, half)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert len(got) == n * part
    assert peak < 1.3 * got.nbytes


def closed(archive: Archive, first: float, last: float) -> TimeRange:
    where = days(first, last)
    archive.errors = [(where, errors.MissingCredentials("log in", range=where))]
    return where


def test_a_period_that_needs_a_login_is_a_gap_and_all_around_it_comes(cache, archive):
    where = closed(archive, 1.3, 1.7)
    v = get_gaps(cache, archive, days(0, 4))
    assert v.gaps == (Gap(where, "log in", retryable=False),)
    assert archive.asked == [days(0, 4), days(0, 1.3), days(1.7, 4)]
    with pytest.raises(errors.MissingCredentials, match=r'log in.*on_error="gaps"'):
        get(cache, archive, days(1, 2))


def test_a_range_cut_in_pieces_and_one_that_is_closed_throughout(cache, archive):
    where = closed(archive, 1.3, 9)
    v = get_gaps(cache, archive, days(0, 6), max_request_ns=DAY)
    assert [(gap.range, gap.retryable) for gap in v.gaps] == [(days(1.3, 6), False)]
    v = get_gaps(cache, archive, days(2, 3))
    assert len(v) == 0
    assert v.gaps[0].range == days(2, 3)
    archive.errors = [(where, errors.MissingCredentials("a user's own"))]  # none of it, ever
    with pytest.raises(errors.MissingCredentials, match="own"):
        get(cache, archive, days(2, 3), on_error="gaps")
