"""Minimum and maximum pyramids for lines."""

from __future__ import annotations

import math
import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike

from speasy_core.errors import VariableError

from .cells import LineCells
from .grid import (
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
from .runs import Extremes

__all__ = ["Lines", "MinMaxPyramid", "native"]

_LONG = 1 << 22  # rows of which the components are reduced side by side
_CHUNK = 1 << 20  # rows reduced at a time: what a second-level cache holds
_RAW_ROWS = 4  # rows per pixel up to which the rows themselves are the smaller answer
_NEAR = 256  # rows looked through for the first number of a column

# Runs of blocks, what to take of the level for them, and how to find their extremes.
_Part = tuple[Piece, slice | I64, Extremes]


@dataclass(frozen=True, slots=True)
class Lines:
    """What to draw of a series.

    Parameters
    ----------
    mode : {"raw", "m4"}
        Rows as they are, or pixel columns.
    time : ndarray of int64
        ``(n,)``, ns: times of the rows, or left edges of the columns.
    values : ndarray
        ``(k, n)``, or ``(k, 4, n)`` with first, minimum, maximum, last; NaN lifts the pen. float32
        of series whose numbers it holds to all their digits (float32, 16-bit integers), else
        float64.
    step : int
        Width of a column in ns; 0 with ``raw``.
    rows : int
        Rows of the series inside the view.
    """

    mode: Literal["raw", "m4"]
    time: I64
    values: Any_
    step: int
    rows: int


def native(column: Any_) -> Any_:
    """Return `column` as a native, contiguous number array; a view where it is one already."""
    if column.dtype.kind not in "fiu" or column.dtype == np.float16:
        column = column.astype(np.float32)
    return np.ascontiguousarray(column, dtype=column.dtype.newbyteorder("="))


class MinMaxPyramid(Pyramid):
    """Minimum and maximum of blocks of rows, per component.

    Parameters
    ----------
    time : array_like
        ``(n,)``, strictly increasing, ``datetime64[ns]`` or int64 ns since 1970.
    values : ndarray
        ``(n,)`` or ``(n, k)``; NaN where there is none. Any byte order; an array whose components
        are contiguous is used as it is, another is copied once.
    gap_factor : float
        A hole is a step longer than this many times the median step and its neighbours'.

    Examples
    --------
    >>> t = np.arange(1_000_000) * 1_000_000_000
    >>> picture = MinMaxPyramid(t, np.sin(t / 1e14)).query(0, 10**15, 1000)
    >>> picture.mode, picture.values.shape[:2]
    ('m4', (1, 4))
    """

    base = 256

    def __init__(self, time: ArrayLike, values: Any_, *, gap_factor: float = 3.0) -> None:
        super().__init__(time)
        table = np.asarray(values)
        if len(table) != len(self.time):
            raise VariableError(f"{len(self.time)} times, but {len(table)} values")
        table = table.reshape(len(table), math.prod(table.shape[1:]))
        self.columns = [native(table[:, i]) for i in range(table.shape[1])]
        self.dtype = drawn_type(*(column.dtype for column in self.columns))
        self.gap_factor = gap_factor
        self._levels: list[tuple[Any_, Any_]] = []

    @property
    def nbytes(self) -> int:
        """Bytes of the reductions, without the series itself."""
        return self.coarse.nbytes + sum(a.nbytes + b.nbytes for a, b in self._levels)

    def _build(self) -> None:
        base, n = self.base, len(self.time) // self.base
        if n < 2 or not self.columns:
            return
        dtype = np.result_type(*self.columns)
        low, high = (np.empty((len(self.columns), n), dtype) for _ in range(2))

        def reduce(job: tuple[int, int]) -> None:
            k, a = job
            b = min(n, a + step)
            block = self.columns[k][a * base : b * base].reshape(-1, base)
            np.fmin.reduce(block, axis=1, out=low[k, a:b])
            np.fmax.reduce(block, axis=1, out=high[k, a:b])

        step = _CHUNK // base
        jobs = [(k, a) for k in range(len(self.columns)) for a in range(0, n, step)]
        threads = min(4, os.cpu_count() or 1) if len(self.time) > _LONG else 1
        with ThreadPoolExecutor(threads, "sciqlop-pyramid") as pool:
            list(pool.map(reduce, jobs))
        self._levels.append((low, high))
        while low.shape[1] // FACTOR >= 2:
            keep = low.shape[1] // FACTOR * FACTOR
            low = np.fmin.reduce(low[:, :keep].reshape(len(low), -1, FACTOR), axis=2)
            high = np.fmax.reduce(high[:, :keep].reshape(len(high), -1, FACTOR), axis=2)
            self._levels.append((low, high))

    def query(self, start_ns: int, stop_ns: int, columns: int) -> Lines:
        """Return what to draw of ``[start_ns, stop_ns)`` on `columns` pixels.

        One sample on each side of the view comes too, so that lines reach its edges.
        """
        low, high = self._rows(start_ns, stop_ns)
        if high - low <= _RAW_ROWS * max(1, columns):
            return self._raw(low, high)
        if (high - low) // max(1, columns) >= self.base:
            self._ensure_built()
        grid = Grid(self, start_ns, stop_ns, columns)
        out = np.empty((len(self.columns), 4, len(grid.left)), dtype=self.dtype)
        parts = self._parts(grid)
        for k in range(len(self.columns)):
            out[k] = self._column(k, grid, parts, self.dtype)
        return self._with_surroundings(grid, out, low, high)

    def cells(self, edges: I64, level: int) -> LineCells:
        """Return what lies between each two of `edges`, exactly.

        Parameters
        ----------
        edges : ndarray of int64
            Ascending; no two in one cell of ``2**level`` ns, but for the first.
        level : int
            Of the cells.
        """
        low, high = self._rows(int(edges[0]), int(edges[-1]))
        if (high - low) // len(edges) >= self.base:
            self._ensure_built()
        grid = Grid.exact(self, edges, 1 << level)
        dtype = np.result_type(np.float32, *self.columns)
        values = np.empty((len(grid.left), len(self.columns), 4), dtype=dtype)
        parts = self._parts(grid)
        for k in range(len(self.columns)):
            values[:, k] = self._column(k, grid, parts, dtype, exact=True).T
        rows = grid.stop - grid.first
        return LineCells(level, self.time[grid.first], self.time[grid.stop - 1], rows, values)

    def _raw(self, low: int, high: int) -> Lines:
        rows = np.arange(max(0, low - 1), min(len(self.time), high + 1))
        time = self.time[rows]
        values = np.empty((len(self.columns), len(rows)), dtype=self.dtype)
        for k, column in enumerate(self.columns):
            seen = column[rows[0] : rows[-1] + 1] if len(rows) else column[:0]
            values[k] = as_type(seen, self.dtype)
        holes = np.flatnonzero(gap_after(self.time, rows[:-1], self.gap_factor, self.typical))
        if len(holes):  # a row of NaN in the middle of each hole
            middle = time[holes] + (time[holes + 1] - time[holes]) // 2
            time = np.insert(time, holes + 1, middle)
            values = np.insert(values, holes + 1, np.nan, axis=1)
        return Lines("raw", time, values, 0, high - low)

    def _parts(self, grid: Grid) -> list[_Part]:
        """Return what the columns are put together from, the same for all components."""
        parts = []
        for piece in pieces(grid.low, grid.high, self.sizes):
            take, begin = gather(piece)
            parts.append((piece, take, Extremes(begin, int((piece.stop - piece.start).sum()))))
        return parts

    def _column(
        self,
        k: int,
        grid: Grid,
        parts: list[_Part],
        dtype: Any,
        *,
        exact: bool = False,
    ) -> Any_:
        column, out = self.columns[k], np.empty((4, len(grid.left)), dtype=dtype)
        first, low, high, last = out
        low[:] = high[:] = np.nan
        for piece, take, runs in parts:
            mins, maxs = (
                (column[take],) * 2
                if piece.level == 0
                else (self._levels[piece.level - 1][i][k][take] for i in range(2))
            )
            small = as_type(runs.of(np.fmin, mins), dtype)
            large = as_type(runs.of(np.fmax, maxs), dtype)
            if piece.once:  # and nothing came before it
                low[piece.column], high[piece.column] = small, large
            else:
                np.fmin.at(low, piece.column, small)
                np.fmax.at(high, piece.column, large)
        first[:] = as_type(self._near(column, grid, low, +1, exact), dtype)
        last[:] = as_type(self._near(column, grid, low, -1, exact), dtype)
        for end in (first, last):
            np.fmin(low, end, out=low)
            np.fmax(high, end, out=high)
        return out

    @staticmethod
    def _near(column: Any_, grid: Grid, spare: Any_, way: int, exact: bool) -> Any_:
        """Return each column's first (or last) number.

        Its minimum when none is near the edge and the answer need not be `exact`.
        """
        start, stop = grid.first, grid.stop
        value = column[start if way > 0 else stop - 1]
        if column.dtype.kind != "f":
            return value
        bad = np.flatnonzero(np.isnan(value))
        if len(bad):
            value = value.copy()
            walk = np.arange(_NEAR) * way
            rows = (start if way > 0 else stop - 1)[bad, None] + walk
            rows = np.clip(rows, start[bad, None], stop[bad, None] - 1)
            seen = column[rows]
            found = np.argmax(~np.isnan(seen), axis=1)
            value[bad] = seen[np.arange(len(bad)), found]
            far = bad[np.isnan(value[bad]) & ~np.isnan(spare[bad])]
            value[far] = spare[far]
            for i in far.tolist() if exact else ():
                all_rows = column[start[i] : stop[i]][::way]
                value[i] = all_rows[np.argmax(~np.isnan(all_rows))]
        return value

    def _with_surroundings(self, grid: Grid, values: Any_, low: int, high: int) -> Lines:
        """Add the samples just outside the view, and a NaN column in each hole."""
        time, index = grid.left, grid.index
        holes = np.flatnonzero(np.diff(index) > 1)
        if len(holes):
            before = grid.stop[holes] - 1
            holes = holes[gap_after(self.time, before, self.gap_factor, self.typical)]
        if len(holes):
            time = np.insert(time, holes + 1, time[holes] + grid.step)
            values = np.insert(values, holes + 1, np.nan, axis=2)
        for row, at in ((low - 1, 0), (high, len(time))):
            outside = row >= 0 if at == 0 else row < len(self.time)
            inside = int(grid.first[0]) if at == 0 else int(grid.stop[-1]) - 1
            if not outside or (row >= inside if at == 0 else row <= inside):
                continue
            hole = gap_after(self.time, np.array([min(row, inside)]), self.gap_factor, self.typical)
            if hole[0]:
                continue
            alone = np.array([as_type(c[row : row + 1], self.dtype)[0] for c in self.columns])
            left = self.time[row] // grid.step * grid.step
            time = np.insert(time, at, left)
            values = np.insert(values, at, np.repeat(alone[:, None], 4, axis=1), axis=2)
        return Lines("m4", time, values, grid.step, high - low)
