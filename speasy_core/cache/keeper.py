"""Between the cache and its store: fragments in, samples out, damage and leftovers handled."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Literal

from speasy_core.errors import CorruptFile, VariableError
from speasy_core.provider import Fetched
from speasy_core.store import Entry, Store
from speasy_core.timerange import TimeRange
from speasy_core.variable import SpeasyVariable, merge

from . import fragments as frag
from .flights import Part
from .fragments import Fragment
from .serial import describe, read_rows

__all__ = ["Keeper"]


class Keeper:
    """Keeps and reads fragments; failures of the disk are the store's affair and never seen here.

    Parameters
    ----------
    store : Store
    """

    def __init__(self, store: Store) -> None:
        self.store = store

    def fragments(self, key: str) -> list[Fragment]:
        """Return what is known of a product."""
        return frag.from_entries(self.store.entries(key))

    def read(self, key: str, fragment: Fragment) -> SpeasyVariable | None:
        """Return the samples of a fragment; a blob that is gone or damaged is a miss."""
        stored = self.store.open(fragment.blob)
        if stored is not None:
            try:
                return read_rows(stored, fragment.start, fragment.stop)
            except (CorruptFile, OSError, LookupError, TypeError, ValueError):
                self.store.discard(fragment.blob)
        lost = frozenset({fragment.blob})
        self._change(key, lambda known: frag.without(known, lost))
        return None

    def keep(self, key: str, span: TimeRange, fetched: Fetched) -> list[Part]:
        """Store an answer for a range; returns its parts, the archive's own gaps left out."""
        assert fetched.variable is not None
        variable = fetched.variable[span].copy(gaps=(), provenance=())
        covered = span.subtract([gap.range for gap in fetched.variable.gaps])
        now = time.time()
        fragments = []
        for window in covered:
            first, last = variable.time_ns.searchsorted([window.start_ns, window.stop_ns])
            state: Literal["data", "empty"] = "data" if last > first else "empty"
            fragments.append(
                Fragment(
                    window.start_ns, window.stop_ns, state, "", variable.nbytes, now, now,
                    fetched.version, None, fetched.request,
                )
            )  # fmt: skip
        if fragments:
            self._write(key, variable, fragments)
        return [part_of(f, variable[f.range], "fresh") for f in fragments]

    def _write(self, key: str, variable: SpeasyVariable, fragments: Sequence[Fragment]) -> None:
        labels, arrays = describe(variable)
        meta = {"key": key, "entries": frag.to_entries(fragments), "labels": labels}
        blob = self.store.write(meta, arrays)

        def change(known: list[Fragment]) -> list[Fragment]:
            for fragment in fragments:
                known = frag.insert(known, replace(fragment, blob=blob))
            return known

        self._change(key, change)

    def confirm(self, key: str, span: TimeRange, version: str | None, agrees: str | None) -> None:
        """Note that the archive said of a range "not changed since `version`"."""
        now = time.time()
        self._change(key, lambda known: frag.confirm(known, span, version, now, agrees))

    def compact(self, key: str) -> None:
        """Join many small fragments into one blob, if nobody changes them meanwhile."""
        run = frag.compactable(self.fragments(key), time.time())
        if not run:
            return
        pieces = [self.read(key, fragment) for fragment in run]
        found = [piece for piece in pieces if piece is not None]
        if len(found) < len(run):
            return  # the next answer tries again without the lost one
        try:
            whole = merge(found)
        except VariableError:
            return  # they are of one version and differ in shape: left as they came
        joined = replace(
            run[0],
            stop=run[-1].stop,
            size=whole.nbytes,
            received=min(f.received for f in run),
            checked=min(f.checked for f in run),
            agrees=run[0].agrees if len({f.agrees for f in run}) == 1 else None,
        )
        labels, arrays = describe(whole)
        meta = {"key": key, "entries": frag.to_entries([joined]), "labels": labels}
        joined = replace(joined, blob=self.store.write(meta, arrays))

        def change(known: list[Fragment]) -> list[Fragment]:
            return frag.insert(known, joined) if set(run) <= set(known) else known

        if joined.blob not in self._change(key, change):
            self.store.discard(joined.blob)

    def _change(
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


def part_of(
    fragment: Fragment, variable: SpeasyVariable, state: Literal["fresh", "cached", "stale"]
) -> Part:
    """Return the samples of a fragment with its origin."""
    return Part(
        fragment.range, variable, state, fragment.received, fragment.version, fragment.agrees,
        fragment.request,
    )  # fmt: skip
