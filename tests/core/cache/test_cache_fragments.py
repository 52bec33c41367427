"""The algebra of fragments, and the cache against a model of an archive."""

from __future__ import annotations

import itertools
import time
import warnings
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from speasy_core import errors
from speasy_core.cache import Cache
from speasy_core.cache import fragments as frag
from speasy_core.cache.fragments import Fragment
from speasy_core.config import Settings
from speasy_core.http import Deadline
from speasy_core.provider import Fetched
from speasy_core.store import DiskStore, MemoryStore
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
    assert frag.compactable(many, NOW) == many[:50]
    assert frag.compactable(many[:60], NOW) == []


STEP = 10**9
START = 10**18


class CacheMachine(RuleBasedStateMachine):
    """Whatever happened before, an answer is what the archive holds now, or says otherwise."""

    store_kind = "memory"

    @initialize()
    def start(self):
        self.version, self.down = 1, False
        self.store = self.make_store()
        self.cache = Cache(self.store, Settings())

    def make_store(self):
        return MemoryStore()

    def fetch(self, span, since):
        if self.down:
            raise errors.ServerUnreachable("down")
        version = f"v{self.version}"
        if since == version:
            return Fetched(None, version)
        return Fetched(self.truth(span), version)

    def truth(self, span):
        ns = np.arange(-(-span.start_ns // STEP) * STEP, span.stop_ns, STEP)
        # hours 20 to 30 hold nothing
        ns = ns[(ns < START + 20 * STEP) | (ns >= START + 30 * STEP)]
        return SpeasyVariable(ns, ns * 1e-9 + self.version, unit="nT", name="x")

    def ask(self, span, **options):
        asked = TimeRange.from_ns(START + span[0] * STEP // 2, START + span[1] * STEP // 2)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", errors.SpeasyWarning)
            got = self.cache.get("p/x", asked, self.fetch, deadline=Deadline(20), **options)
        truth = self.truth(asked)
        for gap in got.gaps:
            assert gap.range in asked
            inside = (got.time_ns >= gap.range.start_ns) & (got.time_ns < gap.range.stop_ns)
            assert not inside.any()
        keep = np.ones(len(truth), bool)
        for gap in got.gaps:
            keep &= (truth.time_ns < gap.range.start_ns) | (truth.time_ns >= gap.range.stop_ns)
        np.testing.assert_array_equal(got.time_ns, truth.time_ns[keep])
        return got, truth.values[keep]

    @rule(span=spans)
    def get(self, span):
        if self.down:
            got, _ = self.ask(span, on_error="gaps")
            versions = {p.version for p in got.provenance}
            assert len(versions) < 2 or "stale" in {p.state for p in got.provenance}
            return
        got, values = self.ask(span)
        assert got.gaps == ()
        if {p.version for p in got.provenance} == {f"v{self.version}"}:
            np.testing.assert_array_equal(got.values, values)
        assert len({p.version for p in got.provenance}) == 1

    @rule(span=spans)
    def refresh(self, span):
        if not self.down:
            got, values = self.ask(span, refresh=True)
            np.testing.assert_array_equal(got.values, values)

    @rule(span=spans)
    def offline(self, span):
        try:
            got, _ = self.ask(span, offline=True)
        except errors.OfflineError:
            return
        assert {gap.reason for gap in got.gaps} <= {"offline"}

    @rule()
    def publish(self):
        self.version += 1

    @rule(down=st.booleans())
    def switch(self, down):
        self.down = down

    @rule(keep=st.integers(0, 3))
    def expire(self, keep):
        def age(entries):
            return [
                entry if i % 4 == keep else {**entry, "checked": time.time() - 9 * 86_400}
                for i, entry in enumerate(entries)
            ]

        self.store.update("p/x", age)

    @rule(which=st.integers(0, 9))
    def lose(self, which):
        entries = self.store.entries("p/x")
        if entries:
            self.store.discard(entries[which % len(entries)]["blob"])

    @rule()
    def restart(self):
        self.cache.close()

    @invariant()
    def windows_do_not_overlap(self):
        fragments = [Fragment(**entry) for entry in self.store.entries("p/x")]
        assert all(a.stop <= b.start for a, b in itertools.pairwise(fragments))

    def teardown(self):
        self.cache.close()


class DiskMachine(CacheMachine):
    """The same on disk, with damage to the files."""

    def make_store(self):
        import tempfile
        from pathlib import Path

        self.folder = tempfile.TemporaryDirectory()
        self.path = Path(self.folder.name)
        return DiskStore(self.path, 10**8)

    @rule(which=st.integers(0, 9), at=st.floats(0, 1, exclude_max=True))
    def corrupt(self, which, at):
        files = sorted(self.path.glob("v1/blobs/*/*.blob"))
        if files:
            file = files[which % len(files)]
            data = bytearray(file.read_bytes())
            data[int(at * len(data))] ^= 255
            file.write_bytes(data)

    def teardown(self):
        super().teardown()
        self.folder.cleanup()


TestCacheMachine = CacheMachine.TestCase
TestCacheMachine.settings = settings(
    max_examples=100, stateful_step_count=30, deadline=None, suppress_health_check=list(HealthCheck)
)
TestDiskMachine = DiskMachine.TestCase
TestDiskMachine.settings = settings(
    max_examples=20, stateful_step_count=25, deadline=None, suppress_health_check=list(HealthCheck)
)
