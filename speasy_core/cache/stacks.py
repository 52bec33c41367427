"""Pyramids as arrays of the store: cells of a series at several levels."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from speasy_core.errors import CorruptFile
from speasy_core.lod import (
    Cells,
    ImageCells,
    LineCells,
    base_level,
    inside,
    kind_of,
    levels_above,
    reduce_rows,
)
from speasy_core.store import StoredArrays

from .serial import head, read_rows

__all__ = ["Stack", "build", "pack"]

Array = npt.NDArray[Any]
Rows = Callable[[int, int], "Cells | None"]

_CHUNK = 1 << 22  # numbers reduced at a time
_VERSIONS = {"lines": 1, "image": 2}  # of what is stored; what has another is made again


class Stack:
    """Cells at several levels, of a blob or of all that is known of a product; thread-safe.

    Parameters
    ----------
    kind : str
        ``lines`` or ``image``.
    arrays : StoredArrays
        From `pack`, on disk or in memory.
    """

    def __init__(self, arrays: StoredArrays) -> None:
        note = arrays.meta["stack"]
        self.kind, self.levels = str(note["kind"]), [int(level) for level in note["levels"]]
        if note.get("version", 1) != _VERSIONS[self.kind]:
            raise ValueError("a pyramid of another version")
        self._arrays = arrays
        self._time: dict[int, npt.NDArray[np.int64]] = {}
        self._lock = threading.Lock()
        self._tables: Any = None
        coarsest = f"{self.levels[-1]}.last"
        count = arrays.shape(coarsest)[0]
        ends = arrays.rows(coarsest, count - 1, count)
        self._end = int(ends[0]) if len(ends) else None
        if self.kind == "image":
            self._tables = arrays.rows("tables", 0, arrays.shape("tables")[0])

    def count(self, level: int) -> int:
        """Return how many cells there are at a level."""
        return self._arrays.shape(f"{level}.time")[0]

    def times(self, level: int) -> npt.NDArray[np.int64]:
        """Return the times of the first rows of the cells of a level."""
        with self._lock:
            found = self._time.get(level)
        if found is None:
            found = self._arrays.rows(f"{level}.time", 0, self.count(level))
            with self._lock:
                self._time[level] = found
        return found

    def between(self, level: int, start_ns: int, stop_ns: int) -> Cells:
        """Return the cells of a level that begin in a range; CorruptFile when damaged."""
        first, last = self.times(level).searchsorted(np.array([start_ns, stop_ns], np.int64))
        return self.take(level, int(first), max(int(first), int(last)))

    def take(self, level: int, first: int, last: int) -> Cells:
        """Return the cells ``[first, last)`` of a level; CorruptFile when damaged."""

        def rows(name: str) -> Array:
            return self._arrays.rows(f"{level}.{name}", first, last)

        time = self.times(level)[first:last]
        if self.kind == "image":
            return ImageCells(
                level, time, rows("last"), rows("rows"), rows("table"), rows("sums"), self._tables
            )
        return LineCells(level, time, rows("last"), rows("rows"), rows("values"))

    def part(self, start_ns: int, stop_ns: int, level: int, raw: Rows) -> list[Cells]:
        """Return cells, none coarser than `level`, of exactly the rows in a range.

        Parameters
        ----------
        start_ns, stop_ns, level : int
        raw : callable
            ``raw(start_ns, stop_ns)`` reduces the rows themselves, where a range cuts cells.
        """
        usable = [known for known in reversed(self.levels) if known <= level]
        return self._part(usable, start_ns, stop_ns, raw)

    def _part(self, levels: Sequence[int], start_ns: int, stop_ns: int, raw: Rows) -> list[Cells]:
        if start_ns >= stop_ns:
            return []
        if not levels:
            cells = raw(start_ns, stop_ns)
            return [] if cells is None else [cells]
        level, finer = levels[0], levels[1:]
        low, high = inside(level, start_ns, stop_ns)
        time = self.times(level)
        if not len(time) or start_ns <= int(time[0]):
            low = start_ns  # no row comes before the first
        if self._end is None or stop_ns > self._end:
            high = stop_ns
        if low >= high:
            return self._part(finer, start_ns, stop_ns, raw)
        cells = self.between(level, low, high)
        return [
            *self._part(finer, start_ns, low, raw),
            *([cells] if len(cells.time) else []),
            *self._part(finer, high, stop_ns, raw),
        ]


def pack(levels: Sequence[Cells]) -> tuple[dict[str, Any], dict[str, Array]]:
    """Return a note and the arrays of cells at several levels, finest first."""
    kind = "image" if isinstance(levels[0], ImageCells) else "lines"
    arrays = {
        f"{cells.level}.{name}": array for cells in levels for name, array in cells.arrays().items()
    }
    if isinstance(levels[0], ImageCells):
        arrays["tables"] = levels[0].tables
    note = {"kind": kind, "version": _VERSIONS[kind], "levels": [c.level for c in levels]}
    return note, arrays


class _Times:
    """Times of a blob, read where they are looked at."""

    def __init__(self, stored: StoredArrays) -> None:
        self._stored, self._count = stored, stored.shape("time")[0]

    def __len__(self) -> int:
        return self._count

    def __getitem__(self, rows: slice, /) -> Array:
        return self._stored.rows("time", *rows.indices(self._count)[:2])


def build(stored: StoredArrays, go_on: Callable[[], bool] = lambda: True) -> list[Cells] | None:
    """Return the cells of a blob, finest first; None when there are none of its kind.

    Parameters
    ----------
    stored : StoredArrays
        What `describe` gave.
    go_on : callable
        False ends the work, with None.

    Raises
    ------
    CorruptFile
        The samples are damaged.
    """
    empty = head(stored)
    n = stored.shape("time")[0]
    if kind_of(empty) is None or not n:
        return None
    level = base_level(_Times(stored))
    step = max(1, _CHUNK // max(1, int(np.prod(empty.shape[1:]))))
    parts: list[Any] = []
    for first in range(0, n, step):
        if not go_on():
            return None
        rows = read_rows(stored, first, min(n, first + step))
        reference = parts[0].tables[:1] if parts and isinstance(parts[0], ImageCells) else None
        parts.append(reduce_rows(rows, level, reference))
    return levels_above(parts[0].join(parts[1:]).fold(level))


def read_stack(stored: StoredArrays | None) -> Stack | None:
    """Return what `pack` gave, None when it is gone or not that."""
    if stored is None:
        return None
    try:
        return Stack(stored)
    except (CorruptFile, OSError, LookupError, TypeError, ValueError):
        return None


class MemoryArrays:
    """Arrays in memory, as a store gives them.

    Parameters
    ----------
    meta : mapping
    arrays : mapping of str to ndarray
    """

    def __init__(self, meta: Mapping[str, Any], arrays: Mapping[str, Array]) -> None:
        self.meta, self._arrays = meta, arrays

    def rows(self, name: str, first: int, last: int) -> Array:
        """Return the rows ``[first, last)``."""
        part: Array = self._arrays[name][max(0, first) : last]
        return part

    def shape(self, name: str) -> tuple[int, ...]:
        """Return the shape of an array."""
        return self._arrays[name].shape
