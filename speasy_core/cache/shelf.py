"""What the cache knows of a product at one moment, laid out so that a question costs little.

The lists of a long-lived product have thousands of entries. They are read once, for as long as
nothing changes; then where a view lies in them is a search in sorted arrays.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

from speasy_core.store import Entry
from speasy_core.timerange import TimeRange

from . import fragments as frag
from .fragments import Fragment
from .stacks import Stack

__all__ = ["OVERVIEW", "Overview", "Shelf", "pyramid_key"]

I64 = npt.NDArray[np.int64]

OVERVIEW = ""  # what the entry of the overview says it is of


def pyramid_key(key: str) -> str:
    """Return the key under which the pyramids of a product are kept."""
    return f"#lod {key}"


@dataclass(frozen=True, slots=True)
class Overview:
    """The top levels of many fragments in one stack.

    Parameters
    ----------
    stack : Stack
        No cell has rows of two windows.
    windows : frozenset of (blob, start, stop)
        The fragments that are in it.
    """

    stack: Stack
    windows: frozenset[tuple[str, int, int]]

    @property
    def level(self) -> int:
        """The finest level."""
        return self.stack.levels[0]


class Shelf:
    """The fragments of a product, its pyramids and its overview.

    Parameters
    ----------
    entries, pyramids : list of dict
        As stored for the product and for its pyramids.
    overview : Overview or None
    """

    def __init__(
        self, entries: list[Entry], pyramids: list[Entry], overview: Overview | None
    ) -> None:
        self._entries, self._notes = entries, pyramids
        self.overview = overview
        self.fragments = frag.from_entries(entries)
        self.data = [f for f in self.fragments if f.state == "data"]
        self.pyramids = {
            str(note["of"]): str(note["blob"])
            for note in pyramids
            if note.get("of") and note.get("blob")
        }
        self._starts, self._stops = _edges(self.fragments)
        self._data_starts, self._data_stops = _edges(self.data)
        until = [f.checked + frag.lifetime(f) for f in self.fragments]
        self._until = np.array(until, np.float64)
        self._checked = np.array([f.checked for f in self.fragments], np.float64)
        self._one_version = _of_one_version(self.fragments)
        known = overview.windows if overview is not None else frozenset()
        self.in_overview = np.array([window_of(f) in known for f in self.data], dtype=bool)

    def holds(self, entries: list[Entry], pyramids: list[Entry]) -> bool:
        """Whether nothing has changed since."""
        return self._entries == entries and self._notes == pyramids

    def settled(self, span: TimeRange, now: float) -> bool:
        """Whether all of a range is kept, in one version, and nothing of it need be asked again."""
        first, last = self._meeting(self._starts, self._stops, span.start_ns, span.stop_ns)
        if first >= last or not self._one_version:
            return False
        fresh = (self._until[first:last] >= now) & (self._checked[first:last] <= now + 60)
        return bool(fresh.all()) and self._whole(first, last, span)

    def covers(self, spans: Sequence[TimeRange]) -> bool:
        """Whether all of some ranges is kept, however old."""
        for span in spans:
            first, last = self._meeting(self._starts, self._stops, span.start_ns, span.stop_ns)
            if first >= last or not self._whole(first, last, span):
                return False
        return True

    def _whole(self, first: int, last: int, span: TimeRange) -> bool:
        """Whether some fragments leave nothing out of a range."""
        starts, stops = self._starts[first:last], self._stops[first:last]
        return (
            int(starts[0]) <= span.start_ns
            and int(stops[-1]) >= span.stop_ns
            and bool((starts[1:] == stops[:-1]).all())
        )

    def runs(self, start_ns: int, stop_ns: int) -> Iterator[tuple[int, int, bool]]:
        """Yield runs of fragments with data in a range, and whether each is in the overview."""
        first, last = self._meeting(self._data_starts, self._data_stops, start_ns, stop_ns)
        if first >= last:
            return
        inside = self.in_overview[first:last]
        edges = [0, *(np.flatnonzero(np.diff(inside)) + 1).tolist(), last - first]
        for a, b in pairwise(edges):
            yield first + a, first + b, bool(inside[a])

    def bytes_in(self, start_ns: int, stop_ns: int) -> int:
        """Return about how many bytes of samples a range has."""
        first, last = self._meeting(self._data_starts, self._data_stops, start_ns, stop_ns)
        total = 0.0
        for f in self.data[first : min(last, first + 64)]:
            common = min(f.stop, stop_ns) - max(f.start, start_ns)
            total += f.size * max(0, common) / (f.stop - f.start)
        return int(total * max(1.0, (last - first) / 64))

    def neighbour(self, ns: int, way: int) -> Iterator[Fragment]:
        """Yield the fragments with data before (-1) or after (+1) a time, nearest first."""
        if way < 0:
            at = int(self._data_starts.searchsorted(ns)) - 1
            while at >= 0:
                yield self.data[at]
                at -= 1
        else:
            at = int(self._data_stops.searchsorted(ns, side="right"))
            while at < len(self.data):
                yield self.data[at]
                at += 1

    @staticmethod
    def _meeting(starts: I64, stops: I64, start_ns: int, stop_ns: int) -> tuple[int, int]:
        first = int(stops.searchsorted(np.int64(start_ns), side="right"))
        return first, int(starts.searchsorted(np.int64(stop_ns)))


def window_of(fragment: Fragment) -> tuple[str, int, int]:
    """Return what of which blob a fragment shows."""
    return fragment.blob, fragment.start, fragment.stop


def _edges(fragments: Sequence[Fragment]) -> tuple[I64, I64]:
    starts: Any = [f.start for f in fragments]
    stops: Any = [f.stop for f in fragments]
    return np.array(starts, np.int64), np.array(stops, np.int64)


def _of_one_version(fragments: Sequence[Fragment]) -> bool:
    versions = [f for f in fragments if f.version is not None]
    if not versions:
        return True
    newest = max(versions, key=lambda f: f.received).version
    return all(newest in (f.version, f.agrees) for f in versions)
