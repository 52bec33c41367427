"""Spectrogram pyramids: sums and counts of blocks of rows, in native channels."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from speasy_core.errors import VariableError

from .grid import F32, F64, FACTOR, I64, Any_, Grid, Piece, Pyramid, gap_after, gather, pieces
from .spectra import Mean, logarithms, mean_of
from .tables import ChannelTables

__all__ = ["Image", "ImagePyramid"]

_GAP = 1.5  # blank where a step is longer than this many times the steps around it
_RAW_ROWS = 2
_WORK = 1 << 20


@dataclass(frozen=True, slots=True)
class Image:
    """What to draw of a spectrogram: n cells side by side, m channels each.

    Parameters
    ----------
    x0, x1 : ndarray of int64
        ``(n,)``, ns: left and right edge of each cell. Blank where one does not meet the next.
    channels : ndarray of float32
        ``(m,)``, or ``(n, m)`` when cells differ: centres of the channels.
    values : ndarray of float32
        ``(n, m)``: mean of the samples of each cell, NaN where there is none.
    rows : int
        Rows of the series inside the view.
    """

    x0: I64
    x1: I64
    channels: F32
    values: F32
    rows: int


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

    base = 16
    room = 2  # a column must not lose all its rows to its neighbours

    def __init__(
        self, time: ArrayLike, values: Any_, channels: Any_, *, mean: Mean = "linear"
    ) -> None:
        super().__init__(time)
        self.mean: Mean = mean
        self.values = np.asarray(values)
        channels = np.asarray(channels)
        if self.values.ndim != 2 or len(self.values) != len(self.time):
            raise VariableError(f"{len(self.time)} times, but values of shape {self.values.shape}")
        if channels.shape not in ((self.values.shape[1],), self.values.shape):
            raise VariableError(
                f"channels of shape {channels.shape} for values of shape {self.values.shape}"
            )
        self.tables = ChannelTables(channels)
        self._levels: list[tuple[Any_, Any_, I64]] = []

    @property
    def nbytes(self) -> int:
        """Bytes of the reductions, without the series itself."""
        return self.coarse.nbytes + sum(a.nbytes + b.nbytes for a, b, _ in self._levels)

    def _read(self, rows: slice | I64) -> tuple[F32, Any_, I64]:
        """Return sums, counts and tables of single rows."""
        with np.errstate(over="ignore", invalid="ignore"):
            part = self.tables.read(self.values, rows).astype(np.float32)
        if self.mean == "log":
            logs, there = logarithms(part)
            return logs.astype(np.float32), there.astype(np.uint8), self.tables.ids(rows, len(part))
        there = np.isfinite(part)
        part[~there] = 0
        return part, there.astype(np.uint8), self.tables.ids(rows, len(part))

    def _build(self) -> None:
        m, n = self.values.shape[1], len(self.time) // self.base
        if n < 2:
            return
        sums = np.empty((n, m), dtype=np.float32)
        counts = np.empty((n, m), dtype=np.uint8)
        ids = np.empty(n, dtype=np.int64)
        step = max(1, _WORK // (self.base * max(1, m)))
        for a in range(0, n, step):
            b = min(n, a + step)
            part = self._read(slice(a * self.base, b * self.base))
            sums[a:b], counts[a:b], ids[a:b] = self._fold(*part, self.base)
        self._levels.append((sums, counts, ids))
        while len(self._levels[-1][0]) // FACTOR >= 2:
            s, c, i = self._levels[-1]
            keep = len(s) // FACTOR * FACTOR
            wide = s[:keep].astype(np.float64), c[:keep].astype(np.int32), i[:keep]
            self._levels.append(self._fold(*wide, FACTOR))

    def _fold(self, sums: Any_, counts: Any_, ids: I64, size: int) -> tuple[Any_, Any_, I64]:
        """Add up each `size` rows, in the lowest numbered of their tables.

        Always towards the lowest: no row ever goes to another table and back.
        """
        first = ids.reshape(-1, size).min(axis=1)
        sums, counts = self.tables.align(sums, counts, ids, np.repeat(first, size))
        shape = (len(first), size, sums.shape[1])
        return (
            sums.reshape(shape).sum(axis=1, dtype=sums.dtype),
            counts.reshape(shape).sum(axis=1, dtype=counts.dtype),
            first,
        )

    def query(self, start_ns: int, stop_ns: int, columns: int) -> Image:
        """Return what to draw of ``[start_ns, stop_ns)`` on `columns` pixels.

        One row on each side of the view comes too when rows are shown as they are.
        """
        low, high = self._rows(start_ns, stop_ns)
        if high - low <= _RAW_ROWS * max(1, columns):
            rows = np.arange(max(0, low - 1), min(len(self.time), high + 1))
            x0, x1 = self._cells(rows, (stop_ns - start_ns) // 100)
            sums, counts, ids = self._read(rows)
            values = mean_of(sums, counts, self.mean).astype(np.float32)
            return Image(x0, x1, self._channels(ids), values, high - low)
        if (high - low) // max(1, columns) >= self.base:
            self._ensure_built()
        grid = Grid(self, start_ns, stop_ns, columns)
        mean, targets = self._means(grid)
        x0, x1 = self._column_edges(grid)
        return Image(x0, x1, self._channels(targets), mean.astype(np.float32), high - low)

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
        return grid.index, grid.stop - grid.first, self._channels(targets).astype(np.float64), mean

    def _means(self, grid: Grid) -> tuple[F64, I64]:
        """Return the means of columns, and which table each has."""
        shape = (len(grid.left), self.values.shape[1])
        total, number = np.zeros(shape), np.zeros(shape)
        targets = np.full(len(grid.left), len(self.tables.tables) - 1)
        parts: list[tuple[Piece, I64, tuple[Any_, Any_, I64]]] = []
        for piece in pieces(grid.low, grid.high, self.sizes):
            take, begin = gather(piece)
            level = self._levels[piece.level - 1] if piece.level else None
            block = (
                self._read(take)
                if level is None
                else (level[0][take], level[1][take], level[2][take])
            )
            np.minimum.at(targets, piece.column, np.minimum.reduceat(block[2], begin))
            parts.append((piece, begin, block))
        for piece, begin, (sums, counts, ids) in parts:
            owner = np.repeat(targets[piece.column], piece.stop - piece.start)
            sums, counts = self.tables.align(sums, counts, ids, owner)
            np.add.at(total, piece.column, np.add.reduceat(sums, begin, axis=0, dtype=np.float64))
            np.add.at(number, piece.column, np.add.reduceat(counts, begin, axis=0, dtype=np.int64))
        return mean_of(total, number, self.mean), targets

    def _channels(self, ids: I64) -> F32:
        used = np.unique(ids)
        tables = self.tables.tables.astype(np.float32)
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
