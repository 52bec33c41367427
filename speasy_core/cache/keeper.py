"""Between the cache and its store: fragments in, samples out, damage and leftovers handled."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Literal, TypeVar

from speasy_core.errors import CorruptFile
from speasy_core.provider import Fetched
from speasy_core.store import Entry, Store
from speasy_core.timerange import TimeRange
from speasy_core.variable import SpeasyVariable

from . import fragments as frag
from .compaction import join_small
from .failures import Failures
from .flights import Part
from .fragments import Fragment
from .pieces import cut
from .serial import describe, read_rows
from .slab import Slab, Window

__all__ = ["Keeper"]

T = TypeVar("T")
_READERS = 4


class Keeper:
    """Keeps and reads fragments; failures of the disk are the store's affair and never seen here.

    Parameters
    ----------
    store : Store
    """

    def __init__(self, store: Store) -> None:
        self.store = store
        self.failures = Failures(store)

    def fragments(self, key: str) -> list[Fragment]:
        """Return what is known of a product."""
        return frag.from_entries(self.store.entries(key))

    def read(self, key: str, fragment: Fragment) -> SpeasyVariable | None:
        """Return the samples of a fragment; a blob that is gone or damaged is a miss."""
        found, _ = self.read_many(key, [fragment])
        return found[0][1] if found else None

    def read_many(
        self, key: str, fragments: Sequence[Fragment]
    ) -> tuple[list[tuple[Fragment, SpeasyVariable]], SpeasyVariable | None]:
        """Return the samples of several fragments, in order; those that are damaged are left out.

        Returns
        -------
        found : list of (Fragment, SpeasyVariable)
        whole : SpeasyVariable or None
            What all of them are slices of, where they lie in one piece of memory.
        """
        windows = []
        for fragment in fragments:
            window = self._guard(key, fragment, lambda f=fragment: self._window(f))  # type: ignore[misc]
            if window is not None:
                windows.append((fragment, window))
        if not windows:
            return [], None
        filled = [window for _, window in windows if len(window)]
        if len({fragment.blob for fragment, _ in windows}) == 1:
            return self._read_one_blob(key, windows)
        if len(filled) > 1 and Slab.fits(filled):
            return self._read_together(key, windows, Slab(filled))
        found = []
        for fragment, window in windows:
            variable = self._guard(key, fragment, lambda w=window: _read_alone(w))  # type: ignore[misc]
            if variable is not None:
                found.append((fragment, variable))
        return found, None

    def _read_together(
        self, key: str, windows: Sequence[tuple[Fragment, Window]], slab: Slab
    ) -> tuple[list[tuple[Fragment, SpeasyVariable]], SpeasyVariable | None]:
        def read(item: tuple[Fragment, Window]) -> SpeasyVariable | None:
            fragment, window = item
            work = slab.read if len(window) else _read_alone
            return self._guard(key, fragment, lambda: work(window))

        # copying, checking and getting memory from the system are outside of Python's lock
        with ThreadPoolExecutor(_READERS) as pool:
            variables = list(pool.map(read, windows))
        found = [(fragment, variable) for (fragment, _), variable
                 in zip(windows, variables, strict=True) if variable is not None]  # fmt: skip
        return found, slab.whole() if len(found) == len(windows) else None

    def _read_one_blob(
        self, key: str, windows: Sequence[tuple[Fragment, Window]]
    ) -> tuple[list[tuple[Fragment, SpeasyVariable]], SpeasyVariable | None]:
        first, last = windows[0][1], windows[-1][1]
        span = Window(first.stored, first.first, last.last)
        whole = self._guard(key, windows[0][0], lambda: _read_alone(span))
        if whole is None:
            return [], None
        parts = [(f, whole[w.first - span.first : w.last - span.first]) for f, w in windows]
        return parts, whole

    def _window(self, fragment: Fragment) -> Window | None:
        stored = self.store.open(fragment.blob)
        if stored is None:
            return None
        return Window.between(stored, fragment.start, fragment.stop)

    def _guard(self, key: str, fragment: Fragment, read: Callable[[], T | None]) -> T | None:
        """Read what may be gone or damaged; then it is forgotten, and the answer is None."""
        try:
            result = read()
        except OSError:  # gone meanwhile, or a disk that cannot be read
            result = None
            self.store.discard(fragment.blob)
        except (CorruptFile, LookupError, TypeError, ValueError):
            result = None
            self.store.discard(fragment.blob, damaged=True)
        if result is None:
            lost = frozenset({fragment.blob})
            self.change(key, lambda known: frag.without(known, lost))
        return result

    def keep(self, key: str, span: TimeRange, fetched: Fetched) -> list[Part]:
        """Store an answer for a range; returns its parts, the archive's own gaps left out."""
        assert fetched.variable is not None
        variable = fetched.variable[span].copy(gaps=(), provenance=())
        covered = span.subtract([gap.range for gap in fetched.variable.gaps])
        now = time.time()
        for piece in cut(variable, span, self.store.largest):
            samples = variable[piece]
            inside = [w for window in covered if (w := window.intersect(piece)) is not None]
            if inside:
                self._write(key, samples, [_fragment(w, samples, fetched, now) for w in inside])
        fragments = [_fragment(window, variable, fetched, now) for window in covered]
        return [part_of(f, variable[f.range], "fresh") for f in fragments]

    def _write(self, key: str, variable: SpeasyVariable, fragments: Sequence[Fragment]) -> None:
        labels, arrays = describe(variable)
        meta = {"key": key, "entries": frag.to_entries(fragments), "labels": labels}
        blob = self.store.write(meta, arrays)

        def change(known: list[Fragment]) -> list[Fragment]:
            for fragment in fragments:
                known = frag.insert(known, replace(fragment, blob=blob))
            return known

        self.change(key, change)

    def adopt(self, key: str, fragment: Fragment, variable: SpeasyVariable) -> None:
        """Store a fragment from elsewhere, where nothing newer is known."""
        newer = [f.range for f in self.fragments(key) if f.received > fragment.received]
        windows = fragment.range.subtract(newer)
        if windows:
            cuts = (fragment.cut(window.start_ns, window.stop_ns) for window in windows)
            self._write(key, variable, [f for f in cuts if f is not None])

    def confirm(self, key: str, span: TimeRange, version: str | None, agrees: str | None) -> None:
        """Note that the archive said of a range "not changed since `version`"."""
        now = time.time()
        self.change(key, lambda known: frag.confirm(known, span, version, now, agrees))

    def compact(self, key: str) -> None:
        """Join many small fragments into one blob."""
        join_small(self, key)

    def change(
        self, key: str, change: Callable[[list[Fragment]], list[Fragment]]
    ) -> frozenset[str]:
        """Change the fragments of a key and delete blobs that none names any more.

        Returns the names that are left.
        """
        named: set[str] = set()
        dropped: set[str] = set()

        def work(entries: list[Entry]) -> list[Entry]:
            after = change(frag.from_entries(entries))
            named.clear()  # the store may have to do this twice
            named.update(fragment.blob for fragment in after)
            dropped.clear()
            dropped.update(str(entry.get("blob")) for entry in entries)
            dropped.difference_update(named)
            return frag.to_entries(after)

        self.store.update(key, work)
        for blob in dropped:
            self.store.discard(blob)
        return frozenset(named)


def _fragment(
    window: TimeRange, variable: SpeasyVariable, fetched: Fetched, now: float
) -> Fragment:
    first, last = variable.time_ns.searchsorted([window.start_ns, window.stop_ns])
    state: Literal["data", "empty"] = "data" if last > first else "empty"
    return Fragment(
        window.start_ns, window.stop_ns, state, "", variable.nbytes, now, now,
        fetched.version, None, fetched.request,
    )  # fmt: skip


def part_of(
    fragment: Fragment, variable: SpeasyVariable, state: Literal["fresh", "cached", "stale"]
) -> Part:
    """Return the samples of a fragment with its origin."""
    return Part(
        fragment.range, variable, state, fragment.received, fragment.version, fragment.agrees,
        fragment.request,
    )  # fmt: skip


def _read_alone(window: Window) -> SpeasyVariable:
    return read_rows(window.stored, window.first, window.last)
