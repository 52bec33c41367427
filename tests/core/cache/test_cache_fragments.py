"""The algebra of fragments, and the cache against a model of an archive."""

from __future__ import annotations

import itertools
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from speasy_core.cache import fragments as frag
from speasy_core.cache.fragments import Fragment
from speasy_core.cache.pieces import cut, joinable
from speasy_core.timerange import TimeRange
from speasy_core.variable import SpeasyVariable

NOW = 1.7e9


def piece(start: int, stop: int, blob: str = "b", **fields) -> Fragment:
    made = Fragment(start, stop, "data", blob, 100, NOW, NOW, "v1")
    return replace(made, **fields)


spans = st.tuples(st.integers(0, 60), st.integers(1, 20)).map(lambda t: (t[0], t[0] + t[1]))


@given(st.lists(spans, max_size=12))
def test_insert_newest_wins(windows):
    owner: dict[int, str] = {}
    fragments: list[Fragment] = []
    for i, (start, stop) in enumerate(windows):
        fragments = frag.insert(fragments, piece(start, stop, f"b{i}"))
        owner.update(dict.fromkeys(range(start, stop), f"b{i}"))
    assert {n: f.blob for f in fragments for n in range(f.start, f.stop)} == owner
    assert all(a.stop <= b.start for a, b in itertools.pairwise(fragments))
    assert frag.from_entries(frag.to_entries(fragments)) == fragments


@given(st.lists(spans, max_size=8), st.permutations(range(8)))
def test_overlapping_entries_are_resolved(windows, order):
    """As they may be after an index was made again from its blobs."""
    made = [piece(a, b, f"b{i}", received=NOW + i) for i, (a, b) in enumerate(windows)]
    shuffled = [made[i] for i in order if i < len(made)]
    result = frag.from_entries(frag.to_entries(shuffled))
    newest = {n: f.blob for f in made for n in range(f.start, f.stop)}
    assert {n: f.blob for f in result for n in range(f.start, f.stop)} == newest


@given(st.lists(spans, max_size=8), spans)
def test_confirm_changes_no_window(windows, span):
    fragments: list[Fragment] = []
    for i, (start, stop) in enumerate(windows):
        fragments = frag.insert(fragments, piece(start, stop, f"b{i}"))
    asked = TimeRange.from_ns(*span)
    after = frag.confirm(fragments, asked, "v1", NOW + 9, "v2")
    for n in range(90):
        old = [f for f in fragments if f.start <= n < f.stop]
        new = [f for f in after if f.start <= n < f.stop]
        assert [f.blob for f in old] == [f.blob for f in new]
        if new:
            assert new[0].checked == (NOW + 9 if span[0] <= n < span[1] else NOW)


@pytest.mark.parametrize(
    "damage",
    [{"start": "x"}, {"stop": -1}, {"state": "odd"}, {"blob": 3}, {"checked": None}, {"more": 1}],
)
def test_odd_entries_are_left_out(damage):
    (entry,) = frag.to_entries([piece(0, 5)])
    assert frag.from_entries([{**entry, **damage}]) == []
    assert frag.from_entries([{}, entry]) == [piece(0, 5)]


def test_lifetimes():
    old = piece(0, 10**9)
    assert not frag.expired(old, NOW + 6 * 86_400)
    assert frag.expired(old, NOW + 8 * 86_400)
    assert frag.expired(replace(old, state="empty"), NOW + 2 * 86_400)
    recent = piece(0, int(NOW * 1e9))
    assert not frag.expired(recent, NOW + 600)
    assert frag.expired(recent, NOW + 1000)
    assert frag.expired(old, NOW - 3600)


def test_joining_takes_neighbours_of_one_version():
    many = [piece(i, i + 1, f"b{i}", version="v1" if i < 50 else "v2") for i in range(80)]
    assert joinable(many, NOW, 32, 10**6) == many[:50]
    assert joinable(many, NOW, 60, 10**6) == []
    assert joinable(many, NOW, 2, 1000) == many[:10]


@given(st.lists(st.integers(0, 10**6), max_size=40), st.integers(2, 40))
def test_joining_rewrites_little(sizes, least):
    """No file outweighs those that it is joined with, so each byte is rewritten seldom."""
    many = [piece(i, i + 1, f"b{i}", size=size) for i, size in enumerate(sizes)]
    run = joinable(many, NOW, least, 10**7)
    assert not run or len(run) >= least
    assert max((f.size for f in run), default=0) * 3 <= 2 * sum(f.size for f in run)
    assert all(a.stop == b.start for a, b in itertools.pairwise(run))


@given(st.sets(st.integers(-500, 500), max_size=60), st.integers(16, 400))
def test_pieces_are_aligned_small_and_whole(times, most):
    ns = np.array(sorted(times), np.int64)
    v = SpeasyVariable(ns, np.zeros(len(ns)))
    span = TimeRange.from_ns(-501, 502)
    pieces = cut(v, span, most)
    assert (pieces[0].start_ns, pieces[-1].stop_ns) == (span.start_ns, span.stop_ns)
    assert all(a.stop_ns == b.start_ns for a, b in itertools.pairwise(pieces))
    assert all(v[p].nbytes <= most for p in pieces)
    for p in pieces[1:-1]:
        length = p.duration_ns
        assert length & (length - 1) == 0
        assert p.start_ns % length == 0
