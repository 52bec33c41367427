"""Reductions that stand alone: what is left of a series in cells of ``2**level`` ns.

The pyramids of :mod:`lines` and :mod:`image` cut rows into blocks and need the rows beside them.
Cells lie on the absolute grid of time, so that those of neighbouring fragments fit together and a
picture of years needs no sample: a coarser cell is exactly what its finer ones add up to. Only
cells with rows exist; two parts of one cell may stand side by side until they are folded.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Protocol, Self

import numpy as np

from speasy_core.errors import VariableError

from .grid import F64, I64, Any_

__all__ = [
    "STRIDE",
    "Cells",
    "LineCells",
    "Times",
    "base_level",
    "cell_steps",
    "group_starts",
    "inside",
    "joints",
]

STRIDE = 2  # a level of a pyramid is four times as coarse as the one below
ROWS = 64  # in a cell of the lowest level, on average
_FEW = 256  # cells that a short series may have whatever it costs
_DENSEST = 1024  # rows in a cell of the densest stretch, if that does not cost too much


class Cells(Protocol):
    """Cells of one level, in order of time.

    Attributes
    ----------
    level : int
        Two's logarithm of their width in ns.
    time, last : ndarray of int64
        ``(n,)``: times of their first and last rows.
    rows : ndarray of int64
        ``(n,)``: how many rows each has.
    """

    @property
    def level(self) -> int:
        """Two's logarithm of the width in ns."""
        ...

    @property
    def time(self) -> I64:
        """Times of the first rows."""
        ...

    @property
    def last(self) -> I64:
        """Times of the last rows."""
        ...

    @property
    def rows(self) -> I64:
        """How many rows."""
        ...

    def arrays(self) -> dict[str, Any_]:
        """Return what to store, the first dimension of each being cells."""
        ...

    def take(self, first: int, last: int) -> Self:
        """Return the cells ``[first, last)``."""
        ...

    def fold(self, level: int, windows: I64 | None = None) -> Self:
        """Return the cells of a level that is not finer.

        Cells are kept apart where one of the times `windows` lies between them.
        """
        ...

    def join(self, others: Sequence[Self]) -> Self:
        """Return these cells and those of later times, side by side."""
        ...


class Times(Protocol):
    """Times of rows, an array or what reads one."""

    def __len__(self) -> int: ...
    def __getitem__(self, rows: slice, /) -> I64: ...


def base_level(time: Times) -> int:
    """Return the lowest level worth keeping: some 64 rows a cell, also where rows are dense.

    Examples
    --------
    >>> base_level(np.arange(100_000) * 10**9)
    36
    """
    n = len(time)
    if n < 2:
        return 0
    starts = np.unique(np.linspace(0, max(0, n - 1024), 64).astype(np.int64))
    stretches = [np.diff(time[s : s + 1024]).astype(np.float64) for s in starts]
    steps = np.concatenate(stretches)
    most = max(1 / ROWS, min(1.0, _FEW / n))
    # below the shortest step no two rows share a cell
    level = max(0, int(np.log2(max(1.0, steps.min()))) // STRIDE * STRIDE)
    while level < 60 and np.minimum(1.0, steps / 2.0**level).mean() > most:
        level += STRIDE
    densest = min(float(np.median(stretch)) for stretch in stretches if len(stretch))
    while (
        level > 0
        and 2.0**level / max(densest, 1.0) > _DENSEST
        and np.minimum(1.0, steps / 2.0 ** (level - STRIDE)).mean() < 8 * most
    ):
        level -= STRIDE
    return level


def group_starts(time: I64, level: int, windows: I64 | None = None) -> I64:
    """Return where in `time` each cell of a level begins."""
    if not len(time):
        return np.zeros(0, np.int64)
    cell = time >> level
    new = cell[1:] != cell[:-1]
    if windows is not None and len(windows):
        window = np.searchsorted(windows, time, side="right")
        new |= window[1:] != window[:-1]
    return np.concatenate(([0], np.flatnonzero(new) + 1)).astype(np.int64)


def cell_steps(cells: Cells) -> F64:
    """Return the mean step inside each cell, NaN in those of one row."""
    inside = (cells.last - cells.time).astype(np.float64)
    return np.where(cells.rows > 1, inside / np.maximum(cells.rows - 1, 1), np.nan)


def joints(cells: Cells) -> tuple[F64, F64, float]:
    """Return the steps between cells, the steps usual around each, and the typical step."""
    here = (cells.time[1:] - cells.last[:-1]).astype(np.float64)
    inside = cell_steps(cells)
    before = np.where(np.isnan(inside[:-1]), np.concatenate(([np.inf], here[:-1])), inside[:-1])
    after = np.where(np.isnan(inside[1:]), np.concatenate((here[1:], [np.inf])), inside[1:])
    known = inside[~np.isnan(inside)]
    sample = known if 2 * len(known) >= len(inside) else here
    typical = float(np.median(sample)) if len(sample) else np.inf
    return here, np.minimum(before, after), typical


def _first(values: Any_, starts: I64) -> Any_:
    """Return the first number of each group, component by component."""
    bad = np.isnan(values)
    if not bad.any():
        return values[starts]
    n = len(values)
    number = np.where(bad, n, np.arange(n).reshape(-1, *(1,) * (values.ndim - 1)))
    at = np.minimum.reduceat(number, starts, axis=0)
    found = np.take_along_axis(values, np.minimum(at, n - 1), axis=0)
    return np.where(at < n, found, np.nan)


def _last(values: Any_, starts: I64) -> Any_:
    stops = np.concatenate((starts[1:], [len(values)]))
    return _first(values[::-1], (len(values) - stops)[::-1])[::-1]


@dataclass(frozen=True, slots=True)
class LineCells:
    """First, minimum, maximum and last number of each cell and component.

    Parameters
    ----------
    level, time, last, rows
        As in `Cells`.
    values : ndarray
        ``(n, k, 4)`` floats; NaN where a component has no number.

    Examples
    --------
    >>> t = np.arange(8) * 10
    >>> cells = LineCells.of_rows(t, [np.arange(8.0)], 5)
    >>> cells.values[:, 0].tolist()
    [[0.0, 0.0, 3.0, 3.0], [4.0, 4.0, 6.0, 6.0], [7.0, 7.0, 7.0, 7.0]]
    """

    level: int
    time: I64
    last: I64
    rows: I64
    values: Any_

    @classmethod
    def of_rows(cls, time: I64, columns: Sequence[Any_], level: int) -> LineCells:
        """Reduce rows; each component contiguous, NaN where there is none."""
        starts = group_starts(time, level)
        stops = np.concatenate((starts[1:], [len(time)])).astype(np.int64)
        dtype = np.result_type(np.float32, *columns)
        values = np.empty((len(starts), len(columns), 4), dtype)
        for k, column in enumerate(columns if len(starts) else ()):
            floats = column if column.dtype.kind == "f" else column.astype(dtype)
            values[:, k, 0] = _first(floats, starts)
            values[:, k, 1] = np.fmin.reduceat(floats, starts)
            values[:, k, 2] = np.fmax.reduceat(floats, starts)
            values[:, k, 3] = _last(floats, starts)
        return cls(level, time[starts], time[stops - 1], stops - starts, values)

    def arrays(self) -> dict[str, Any_]:
        """Return what to store."""
        return {"time": self.time, "last": self.last, "rows": self.rows, "values": self.values}

    def take(self, first: int, last: int) -> LineCells:
        """Return the cells ``[first, last)``."""
        part = slice(first, last)
        return LineCells(
            self.level, self.time[part], self.last[part], self.rows[part], self.values[part]
        )

    def fold(self, level: int, windows: I64 | None = None) -> LineCells:
        """Return the cells of a level that is not finer."""
        starts = group_starts(self.time, level, windows)
        if len(starts) == len(self.time):
            return replace(self, level=level)
        stops = np.concatenate((starts[1:], [len(self.time)])).astype(np.int64)
        values = np.empty((len(starts), *self.values.shape[1:]), self.values.dtype)
        for k in range(values.shape[1]):  # reduced along contiguous memory, ten times faster
            first, low, high, last = np.ascontiguousarray(self.values[:, k].T)
            values[:, k, 0] = _first(first, starts)
            values[:, k, 1] = np.fmin.reduceat(low, starts)
            values[:, k, 2] = np.fmax.reduceat(high, starts)
            values[:, k, 3] = _last(last, starts)
        rows = np.add.reduceat(self.rows, starts)
        return LineCells(level, self.time[starts], self.last[stops - 1], rows, values)

    def join(self, others: Sequence[LineCells]) -> LineCells:
        """Return these cells and those of later times, side by side."""
        parts = (self, *others)
        if len({part.values.shape[1:] for part in parts}) > 1:
            raise VariableError("cannot join samples of different numbers of components")
        return LineCells(
            max(part.level for part in parts),
            np.concatenate([part.time for part in parts]),
            np.concatenate([part.last for part in parts]),
            np.concatenate([part.rows for part in parts]),
            np.concatenate([part.values for part in parts]),
        )


def inside(level: int, start_ns: int, stop_ns: int) -> tuple[int, int]:
    """Return the first and the last edge of cells in a range; where there is none, the last first.

    Examples
    --------
    >>> inside(3, 5, 30), inside(3, 5, 7)
    ((8, 24), (8, 0))
    """
    return -((-start_ns) >> level) << level, stop_ns >> level << level
