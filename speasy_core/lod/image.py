"""Spectrogram pyramids: sums and counts of blocks of rows, in native channels."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from numpy.typing import ArrayLike

from speasy_core.errors import VariableError

from .grid import (
    F64,
    FACTOR,
    I64,
    Any_,
    Grid,
    Piece,
    Pyramid,
    as_type,
    drawn_type,
    gap_after,
    gather,
    pieces,
)
from .runs import sums
from .spectra import Mean, logarithms, mean_of
from .tables import ChannelTables

__all__ = ["Image", "ImagePyramid"]

_GAP = 1.5  # blank where a step is longer than this many times the steps around it
_RAW_ROWS = 2  # rows per pixel up to which the rows themselves are shown
_STRETCH = 4  # rows over which that is counted
_WORK = 1 << 18  # numbers held at a time: they stay in the processor's cache
_LONG = 1 << 22  # numbers from which threads are worth their start

# Sums, counts and tables of rows or blocks; None for counts where nothing is missing.
_Part = tuple[Any_, Any_ | None, I64]


@dataclass(frozen=True, slots=True)
class Image:
    """What to draw of a spectrogram: n cells side by side, m channels each.

    Parameters
    ----------
    x0, x1 : ndarray of int64
        ``(n,)``, ns: left and right edge of each cell. Blank where one does not meet the next.
    channels : ndarray of float64
        ``(m,)``, or ``(n, m)`` when cells differ: centres of the channels.
    values : ndarray
        ``(n, m)``: mean of the samples of each cell, NaN where there is none. float32 of series
        whose numbers it holds to all their digits, else float64.
    rows : int
        Rows of the series inside the view.
    """

    x0: I64
    x1: I64
    channels: F64
    values: Any_
    rows: int


def _folded(sums: Any_, size: int) -> Any_:
    """Return the sums of each `size` rows, divided by `size`: no larger than what is added.

    Blocks keep these shares of their sums, which never overflow; a power of two costs no digit.
    """
    parts = sums.reshape(-1, size, sums.shape[1])
    with np.errstate(over="ignore", invalid="ignore"):
        total = parts.sum(axis=1)
    if total.dtype.itemsize < 8 and not np.isfinite(total).all():
        total = parts.sum(axis=1, dtype=np.float64)
    total *= 1 / size
    return as_type(total, sums.dtype)


class ImagePyramid(Pyramid):
    """Sums and counts of blocks of spectra.

    Where the rows of a column have several energy tables, the one seen first in the series is
    shown, and the rows of the others take part through the nearest channel. Time is reduced first;
    nothing is interpolated in energy.

    Parameters
    ----------
    time : array_like
        ``(n,)``, strictly increasing, ``datetime64[ns]`` or int64 ns since 1970.
    values : ndarray
        ``(n, m)``; NaN where there is none; any byte order and layout.
    channels : ndarray
        ``(m,)`` or, varying with time, ``(n, m)``; ascending, descending or neither.
    mean : {"linear", "log"}
        Of the values, or of the logarithms of those that are positive.

    Examples
    --------
    >>> t, energy = np.arange(100_000) * 1_000_000_000, np.geomspace(10, 3e4, 32)
    >>> ImagePyramid(t, np.ones((100_000, 32)), energy).query(0, 10**14, 500).values.shape[1]
    32
    """

    base = 64  # all levels take 2.1 % of floats, 2.7 % where some are missing

    def __init__(
        self, time: ArrayLike, values: Any_, channels: Any_, *, mean: Mean = "linear"
    ) -> None:
        super().__init__(time)
        self.mean: Mean = mean
        self.values = np.asarray(values)
        self.dtype = drawn_type(self.values.dtype)
        channels = np.asarray(channels)
        if self.values.ndim != 2 or len(self.values) != len(self.time):
            raise VariableError(f"{len(self.time)} times, but values of shape {self.values.shape}")
        if channels.shape not in ((self.values.shape[1],), self.values.shape):
            raise VariableError(
                f"channels of shape {channels.shape} for values of shape {self.values.shape}"
            )
        self.tables = ChannelTables(channels)
        self._plain = mean == "linear" and self.tables.of_row is None and not self.tables.moving
        self._levels: list[_Part] = []

    @property
    def nbytes(self) -> int:
        """Bytes of the reductions, without the series itself."""
        arrays = [array for level in self._levels for array in level if array is not None]
        return self.coarse.nbytes + sum(array.nbytes for array in arrays)

    def _read(self, rows: slice | I64) -> _Part:
        """Return sums, counts and tables of single rows."""
        part = self.tables.read(self.values, rows).astype(self.dtype)
        ids = self.tables.ids(rows, len(part))
        if self.mean == "log":
            logs, there = logarithms(part)
            return logs.astype(self.dtype, copy=False), there.astype(np.uint8), ids
        there = np.isfinite(part)
        if self._plain and there.all():
            return part, None, ids
        part[~there] = 0
        return part, there.astype(np.uint8), ids

    def _build(self) -> None:
        n = len(self.time) // self.base
        if n < 2:
            return
        self._levels.append(self._lowest(n))
        size = self.base * FACTOR
        while len(self._levels[-1][0]) // FACTOR >= 2:
            self._levels.append(self._above(self._levels[-1], size))
            size *= FACTOR

    def _lowest(self, n: int) -> _Part:
        """Return the first `n` blocks of the base."""
        m, base, lock = self.values.shape[1], self.base, threading.Lock()
        sums, ids = np.empty((n, m), dtype=self.dtype), np.zeros(n, dtype=np.int64)
        counts: list[Any_] = []

        def reduce(a: int) -> None:
            b = min(n, a + step)
            sums[a:b], known, ids[a:b] = self._blocks(a * base, b * base)
            if known is None:
                return
            with lock:
                if not counts:
                    counts.append(np.full((n, m), base, dtype=np.uint8))
            counts[0][a:b] = known

        step = max(1, _WORK // (base * max(1, m)))
        threads = min(4, os.cpu_count() or 1) if self.values.size > _LONG else 1
        with ThreadPoolExecutor(threads, "sciqlop-pyramid") as pool:
            list(pool.map(reduce, range(0, n, step)))
        return sums, counts[0] if counts else None, ids

    def _blocks(self, first: int, last: int) -> _Part:
        """Return the blocks of the base of some rows."""
        rows = slice(first, last)
        if self._plain:
            part = np.ascontiguousarray(self.values[rows], dtype=self.dtype)
            sums = _folded(part, self.base)
            if np.isfinite(sums).all():  # then all that was added is
                return sums, None, self.tables.ids(rows, len(sums))
        return self._fold(*self._read(rows), self.base)

    def _above(self, level: _Part, size: int) -> _Part:
        """Return the level above, whose blocks have `size` rows, a stretch at a time."""
        sums, counts, ids = level
        n, m = len(sums) // FACTOR, sums.shape[1]
        more: Any_ | None = None
        if counts is not None:
            more = np.empty((n, m), dtype=np.min_scalar_type(size))
        out = np.empty((n, m), dtype=self.dtype), more, np.zeros(n, dtype=np.int64)
        step = max(1, _WORK // (FACTOR * max(1, m)))
        for a in range(0, n, step):
            b = min(n, a + step)
            part = slice(a * FACTOR, b * FACTOR)
            wide = None if counts is None else counts[part].astype(np.int64)
            folded = self._fold(sums[part].astype(np.float64), wide, ids[part], FACTOR)
            out[0][a:b], out[2][a:b] = folded[0], folded[2]
            if more is not None:
                more[a:b] = folded[1]
        return out

    def _fold(self, sums: Any_, counts: Any_ | None, ids: I64, size: int) -> _Part:
        """Add up each `size` rows, in the lowest numbered of their tables.

        Always towards the lowest: no row ever goes to another table and back.
        """
        first = ids.reshape(-1, size).min(axis=1)
        if counts is None:
            return _folded(sums, size), None, first
        sums, counts = self.tables.align(sums, counts, ids, np.repeat(first, size))
        shape = (len(first), size, sums.shape[1])
        counts = counts.reshape(shape).sum(axis=1, dtype=counts.dtype)
        return _folded(sums, size), counts, first

    def query(self, start_ns: int, stop_ns: int, columns: int) -> Image:
        """Return what to draw of ``[start_ns, stop_ns)`` on `columns` pixels.

        One row on each side of the view comes too when rows are shown as they are.
        """
        low, high = self._rows(start_ns, stop_ns)
        few = high - low <= _RAW_ROWS * max(1, columns)
        if few and self._sparse(low, high, (stop_ns - start_ns) / max(1, columns)):
            rows = np.arange(max(0, low - 1), min(len(self.time), high + 1))
            x0, x1 = self._cells(rows, (stop_ns - start_ns) // 100)
            sums, counts, ids = self._read(rows)
            values = sums
            if counts is not None:
                values = as_type(mean_of(sums, counts, self.mean), self.dtype)
            return Image(x0, x1, self._channels(ids), values, high - low)
        if (high - low) // max(1, columns) >= self.base:
            self._ensure_built()
        grid = Grid(self, start_ns, stop_ns, columns)
        mean, targets = self._means(grid)
        x0, x1 = self._column_edges(grid)
        return Image(x0, x1, self._channels(targets), as_type(mean, self.dtype), high - low)

    def _sparse(self, low: int, high: int, step: float) -> bool:
        """Whether even the densest stretch of rows has few to a column of `step` ns."""
        # Where all lie in one part of the view, most would fall between the screen's pixels.
        time = self.time[low:high]
        return bool(np.all(time[_STRETCH:] - time[:-_STRETCH] >= _STRETCH / _RAW_ROWS * step))

    def columns(self, edges: I64, step: int) -> tuple[I64, I64, F64, F64]:
        """Return what lies between each two of `edges`, exactly.

        Returns
        -------
        tuple of ndarray
            Numbers of the columns that have rows, how many rows, channels and means.
        """
        low, high = self._rows(int(edges[0]), int(edges[-1]))
        if (high - low) // len(edges) >= self.base:
            self._ensure_built()
        grid = Grid.exact(self, edges, step)
        mean, targets = self._means(grid)
        return grid.index, grid.stop - grid.first, self._channels(targets), mean

    def _means(self, grid: Grid) -> tuple[F64, I64]:
        """Return the means of columns, and which table each has."""
        cut = list(pieces(grid.low, grid.high, self.sizes))
        targets = self._targets(grid, cut)
        total = np.zeros((len(grid.left), self.values.shape[1]))
        number: Any_ = np.zeros((len(total), 1))
        for piece in (part for whole in cut for part in self._parts(whole)):
            added, counted = self._sums(piece, targets)
            if counted.shape[1] > number.shape[1]:
                number = np.repeat(number, counted.shape[1], axis=1)
            if piece.once:
                total[piece.column] += added
                number[piece.column] += counted
            else:
                np.add.at(total, piece.column, added)
                np.add.at(number, piece.column, counted)
        return mean_of(total, number, self.mean), targets

    def _targets(self, grid: Grid, cut: list[Piece]) -> I64:
        """Return the table of each column: the lowest of its rows' tables."""
        targets = np.zeros(len(grid.left), dtype=np.int64)
        if self.tables.of_row is None:
            return targets
        targets += len(self.tables.tables) - 1
        for piece in cut:
            take, begin = gather(piece)
            ids = self.tables.of_row if piece.level == 0 else self._levels[piece.level - 1][2]
            np.minimum.at(targets, piece.column, np.minimum.reduceat(ids[take], begin))
        return targets

    def _parts(self, piece: Piece) -> Iterator[Piece]:
        """Cut the runs of a piece, of which it takes no more memory then to read some."""
        ends = np.cumsum(piece.stop - piece.start) * self.values.shape[1]
        cuts = np.searchsorted(ends, np.arange(_WORK, int(ends[-1]), _WORK)).tolist()
        for a, b in pairwise(dict.fromkeys([0, *cuts, len(ends)])):
            part = slice(a, b)
            yield replace(
                piece, start=piece.start[part], stop=piece.stop[part], column=piece.column[part]
            )

    def _sums(self, piece: Piece, targets: I64) -> tuple[F64, Any_]:
        """Return what the runs of a piece add up to, and how many rows ``(n, 1)`` or values."""
        level, length = piece.level, piece.stop - piece.start
        size = self.sizes[level - 1] if level else 1
        counts = self._levels[level - 1][1] if level else None
        if counts is None and (level or self._plain):
            blocks = self._levels[level - 1][0] if level else self.values
            added = sums(blocks, piece.start, piece.stop) * size
            if level or np.isfinite(added).all():  # then all that was added is
                return added, (length * size)[:, None]
        take, begin = gather(piece)
        if counts is None:
            blocks, counts, ids = self._read(take)
        else:
            blocks, ids = self._levels[level - 1][0][take], self._levels[level - 1][2][take]
            counts = counts[take]
        if counts is None:
            return sums(blocks, begin, begin + length), length[:, None]
        owner = np.repeat(targets[piece.column], length)
        blocks, counts = self.tables.align(blocks, counts, ids, owner)
        added = sums(blocks, begin, begin + length) * size
        return added, sums(counts, begin, begin + length)

    def _channels(self, ids: I64) -> F64:
        used = np.unique(ids)
        tables = self.tables.tables
        return tables[used[0] if len(used) else 0] if len(used) < 2 else tables[ids]

    def _cells(self, rows: I64, spare: int) -> tuple[I64, I64]:
        """Return the edges of the cells of single rows: half way, or short of a hole."""
        time, last = self.time, len(self.time) - 1
        if not len(rows):
            return rows, rows
        if last < 1:
            return time[rows] - spare // 2, time[rows] + max(1, spare // 2)
        before = time[rows] - time[np.maximum(rows - 1, 0)]
        after = time[np.minimum(rows + 1, last)] - time[rows]
        no_left = (rows == 0) | gap_after(time, rows - 1, _GAP, 0)
        no_right = (rows == last) | gap_after(time, rows, _GAP, 0)
        usual = np.int64(min(self.typical, 2**62))
        lone = np.where(no_left & no_right, usual, np.where(no_left, after, before))
        to_left = np.where(no_left, np.where(rows == 0, lone, np.minimum(lone, before)), before)
        to_right = np.where(no_right, np.where(rows == last, lone, np.minimum(lone, after)), after)
        return time[rows] - to_left // 2, time[rows] + (to_right - to_right // 2)

    def _column_edges(self, grid: Grid) -> tuple[I64, I64]:
        """Return the edges of columns: the grid's where columns touch, else their rows' own."""
        left, _ = self._cells(grid.first, 0)
        _, right = self._cells(grid.stop - 1, 0)
        touch = (np.diff(grid.index) == 1) & ~gap_after(self.time, grid.stop[:-1] - 1, _GAP, 0)
        x0 = np.where(np.concatenate(([False], touch)), grid.left, left)
        x1 = np.where(np.concatenate((touch, [False])), grid.left + grid.step, right)
        return x0, x1
