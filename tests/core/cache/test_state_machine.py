"""Whatever happens to a cache, its answer is what the archive holds, or says what it is not.

Hypothesis drives two handles on one folder through answers, new versions, failures, ageing, damage,
deletion, bundles and processes that end in the middle of their work. The oracle is one obvious
function: the samples that the archive has in a range, in a version.
"""

from __future__ import annotations

import itertools
import os
import tempfile
import time
import warnings
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from speasy_core import errors
from speasy_core.cache import Cache
from speasy_core.cache.fragments import from_entries
from speasy_core.config import Settings
from speasy_core.http import Deadline
from speasy_core.provider import Fetched
from speasy_core.store import DiskStore, MemoryStore
from speasy_core.timerange import TimeRange
from speasy_core.variable import SpeasyVariable

# that damage is told is tested elsewhere; here it strikes all the time
pytestmark = pytest.mark.filterwarnings("ignore::speasy_core.errors.CacheWarning")

STEP = 10**9
START = 10**18
KEY = "p/x"
DEEP = os.environ.get("HYPOTHESIS_DEEP")

spans = st.tuples(st.integers(0, 60), st.integers(1, 20)).map(lambda t: (t[0], t[0] + t[1]))
handles = st.integers(0, 1)


class Killed(BaseException):
    """The process ends here."""


class Oracle:
    """The archive: what it has does not depend on what anybody asked before."""

    def __init__(self) -> None:
        self.version, self.down, self.asked = 1, False, 0

    def truth(self, span: TimeRange, version: int) -> SpeasyVariable:
        """Return a sample a second, without seconds 20 to 30; values tell time and version."""
        ns = np.arange(-(-span.start_ns // STEP) * STEP, span.stop_ns, STEP)
        ns = ns[(ns < START + 20 * STEP) | (ns >= START + 30 * STEP)]
        return SpeasyVariable(ns, ns * 1e-9 + 1000.0 * version, unit="nT", name="x")

    def fetch(self, span: TimeRange, since: str | None) -> Fetched:
        """Answer as an archive that knows versions."""
        self.asked += 1
        if self.down:
            raise errors.ServerUnreachable("down")
        version = f"v{self.version}"
        if since == version:
            return Fetched(None, version)
        return Fetched(self.truth(span, self.version), version)


class CacheMachine(RuleBasedStateMachine):
    """Two handles on one cache in memory or on disk."""

    @initialize()
    def start(self):
        self.archive = Oracle()
        self.clock = 0.0
        self.time = time.time
        time.time = lambda: self.time() + self.clock
        self.open_all()

    def open_all(self):
        self.stores = [MemoryStore(10**6)] * 2
        self.caches = [Cache(self.stores[0], Settings())] * 2

    # -- asking -----------------------------------------------------------------------------
    def ask(self, handle, span, **options):
        asked = TimeRange.from_ns(START + span[0] * STEP // 2, START + span[1] * STEP // 2)
        cache = self.caches[handle]
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", errors.SpeasyWarning)
            got = cache.get(KEY, asked, self.archive.fetch, deadline=Deadline(20), **options)
        return self.check(got, asked)

    def check(self, got, asked):
        """Compare with what the archive has; returns the versions in the answer."""
        spans = asked.subtract([gap.range for gap in got.gaps])
        assert all(gap.range in asked for gap in got.gaps)
        inside = [self.archive.truth(span, 0) for span in spans]
        ns = np.concatenate([part.time_ns for part in inside] or [np.zeros(0, np.int64)])
        np.testing.assert_array_equal(got.time_ns, ns)
        # every sample is one that the archive had, of a version that the answer names
        versions = np.round((got.values - ns * 1e-9) / 1000.0).astype(int)
        np.testing.assert_array_equal(got.values, ns * 1e-9 + 1000.0 * versions)
        named = {p.version for p in got.provenance}
        assert {f"v{n}" for n in versions} <= named
        return {p.state for p in got.provenance}, set(versions.tolist()), named

    @rule(handle=handles, span=spans)
    def get(self, handle, span):
        if self.archive.down:
            states, _, named = self.ask(handle, span, on_error="gaps")
            assert len(named) < 2 or "stale" in states
            return
        try:
            states, versions, named = self.ask(handle, span)
        except errors.ServerUnreachable as error:
            if "remembered" not in str(error):
                raise
            return
        assert len(versions) <= 1 or "stale" in states
        assert len(named) == 1 or "stale" in states

    @rule(handle=handles, span=spans)
    def refresh(self, handle, span):
        if self.archive.down:
            return
        states, versions, _ = self.ask(handle, span, refresh=True)
        assert states == {"fresh"}
        assert versions <= {self.archive.version}

    @rule(handle=handles, span=spans)
    def get_twice(self, handle, span):
        """What was answered a moment ago costs no request."""
        if self.archive.down:
            return
        self.ask(handle, span, refresh=True)
        before = self.archive.asked
        states, versions, _ = self.ask(handle, span)
        assert states <= {"cached"}
        assert versions <= {self.archive.version}
        assert self.archive.asked == before

    @rule(handle=handles, span=spans)
    def offline(self, handle, span):
        before = self.archive.asked
        with suppress(errors.OfflineError):
            self.ask(handle, span, offline=True)
        assert self.archive.asked == before

    # -- what happens -----------------------------------------------------------------------
    @rule()
    def publish(self):
        self.archive.version += 1

    @rule(down=st.booleans())
    def switch(self, down):
        self.archive.down = down

    @rule(seconds=st.sampled_from([3.0, 400.0, 2 * 86_400.0, 9 * 86_400.0]))
    def expire(self, seconds):
        self.clock += seconds

    @rule(handle=handles, which=st.integers(0, 9))
    def lose(self, handle, which):
        entries = self.stores[handle].entries(KEY)
        if entries:
            self.stores[handle].discard(entries[which % len(entries)]["blob"])

    @rule(handle=handles)
    def clear(self, handle):
        self.caches[handle].clear(pinned=True)
        assert self.caches[handle].entries(KEY) == []

    @rule(handle=handles, span=spans)
    def pin_and_evict(self, handle, span):
        """What is pinned stays, also when all has to go."""
        if self.archive.down:
            return
        self.ask(handle, span, refresh=True)
        cache = self.caches[handle]
        low, high = (START + n * STEP // 2 for n in span)
        cache.pin(KEY, np.datetime64(low, "ns"), np.datetime64(high, "ns"))
        cache.evict()
        before = self.archive.asked
        _, versions, _ = self.ask(handle, span)
        assert self.archive.asked == before
        assert versions <= {self.archive.version}
        cache.unpin()

    @rule(handle=handles)
    def evict(self, handle):
        self.caches[handle].evict()
        assert self.caches[handle].entries(KEY) == [] or self.stores[handle].all_keys()

    @rule(handle=handles)
    def join(self, handle):
        assert self.caches[handle].settle(20.0)

    @rule(handle=handles)
    def restart(self, handle):
        self.caches[handle].close()

    @invariant()
    def windows_do_not_overlap(self):
        for store in getattr(self, "stores", ()):
            # an index that is made anew from files may list two that overlap: the newer counts
            fragments = from_entries(store.entries(KEY))
            assert all(a.stop <= b.start for a, b in itertools.pairwise(fragments))

    def teardown(self):
        if hasattr(self, "time"):
            time.time = self.time
            for cache in self.caches:
                cache.close()


class DiskMachine(CacheMachine):
    """The same on disk, where files are damaged and processes are killed."""

    def open_all(self):
        self.folder = tempfile.TemporaryDirectory()
        self.path = Path(self.folder.name) / "data"
        self.stores = [DiskStore(self.path, 10**8) for _ in range(2)]
        self.caches = [Cache(store, Settings()) for store in self.stores]

    @rule(handle=handles, which=st.integers(0, 9), at=st.integers(1, 700), cut=st.booleans())
    def corrupt(self, handle, which, at, cut):
        """Damage a file, mostly near its end, where the samples are; then ask for it."""
        entries = self.stores[handle].entries(KEY)
        if not entries:
            return
        entry = entries[which % len(entries)]
        file = self.path / "v1" / "blobs" / entry["blob"][:2] / f"{entry['blob']}.blob"
        if not file.exists():
            return
        data = bytearray(file.read_bytes())
        if cut:
            del data[-at:]
        else:
            data[-min(at, len(data))] ^= 255
        file.write_bytes(data)
        low, high = ((entry[edge] - START) * 2 // STEP for edge in ("start", "stop"))
        self.offline(handle, (low, high))
        if not self.archive.down:
            self.ask(handle, (low, high), on_error="gaps")

    @precondition(lambda self: not self.archive.down)
    @rule(
        handle=handles, span=spans,
        where=st.sampled_from(["write_blob", "Path.replace", "update", "discard"]),
    )  # fmt: skip
    def kill(self, handle, span, where):
        """A process ends while it stores an answer; the next one finds everything as it should."""
        store, cache = self.stores[handle], self.caches[handle]

        def dead(*args, **options):
            raise Killed

        with pytest.MonkeyPatch.context() as patch:
            if where == "write_blob":
                patch.setattr("speasy_core.store.disk.write_blob", dead)
            elif where == "Path.replace":
                patch.setattr(Path, "replace", dead)
            else:
                patch.setattr(store, where, dead)
            with suppress(errors.SpeasyError):
                self.ask(handle, span, refresh=True)
        # nothing is closed: the process is gone
        self.stores[handle] = DiskStore(self.path, 10**8)
        self.caches[handle] = Cache(self.stores[handle], Settings())
        cache._joiner.close()

    @rule(handle=handles)
    def bundle(self, handle):
        """A bundle brings to an empty cache what was in it."""
        mine = self.caches[handle]
        file = self.path.parent / "b.zip"
        try:
            mine.export(file, KEY)
        except errors.OfflineError:
            return
        other = Cache(MemoryStore(), Settings())
        assert other.import_(file) == [KEY]
        for kept in other.entries(KEY):
            got = other.get(KEY, kept.range, self.archive.fetch, deadline=Deadline(5), offline=True)
            self.check(got, kept.range)

    def teardown(self):
        super().teardown()
        if hasattr(self, "folder"):
            self.folder.cleanup()


def profile(runs, steps):
    return settings(
        max_examples=1000 if DEEP else runs,
        stateful_step_count=500 if DEEP else steps,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )


TestCacheMachine = CacheMachine.TestCase
TestCacheMachine.settings = profile(150, 75)
TestDiskMachine = DiskMachine.TestCase
TestDiskMachine.settings = profile(50, 75)
