"""Cells of spectrograms: sums and counts per channel, of the values and of their logarithms."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from speasy_core.errors import VariableError

from .cells import group_starts
from .grid import F64, I64, Any_, as_type, drawn_type
from .tables import ChannelTables

__all__ = ["ImageCells", "Mean", "mean_of"]

Mean = Literal["linear", "log"]


def mean_of(sums: Any_, counts: Any_, mean: Mean) -> F64:
    """Return means from sums and counts; NaN where nothing was counted.

    With "log", `sums` are of decimal logarithms.
    """
    with np.errstate(invalid="ignore", over="ignore"):
        means: F64 = np.where(counts > 0, sums / np.maximum(counts, 1), np.nan)
        return means if mean == "linear" else 10.0**means


def logarithms(values: Any_) -> tuple[Any_, Any_]:
    """Return decimal logarithms, zero where there is none, and where there is one."""
    there = np.isfinite(values) & (values > 0)
    return np.log10(np.where(there, values, 1)), there


@dataclass(frozen=True, slots=True)
class ImageCells:
    """What the rows of each cell add up to, in their own channels.

    Rows of another energy table than the one seen first in a cell take part through the nearest
    channel.

    Parameters
    ----------
    level, time, last, rows
        As in `Cells`.
    table : ndarray of int64
        ``(n,)``: which of `tables` each cell has.
    sums : ndarray
        ``(n, 4, m)`` floats, of as many digits as the rows': sum, count, sum of logarithms,
        count of logarithms.
    tables : ndarray of float64
        ``(t, m)``: centres of the channels.

    Examples
    --------
    >>> t = np.arange(4) * 10
    >>> cells = ImageCells.of_rows(t, np.ones((4, 2)), ChannelTables(np.array([1.0, 2.0])), 5)
    >>> cells.mean("linear").tolist()
    [[1.0, 1.0]]
    """

    level: int
    time: I64
    last: I64
    rows: I64
    table: I64
    sums: Any_
    tables: F64

    @classmethod
    def of_rows(cls, time: I64, values: Any_, tables: ChannelTables, level: int) -> ImageCells:
        """Reduce rows, whose channels are in `tables`."""
        n = len(time)
        read = tables.read(np.asarray(values), slice(0, n)).astype(np.float64)
        there = np.isfinite(read)
        logs, positive = logarithms(read)
        sums = np.stack([np.where(there, read, 0), there, logs, positive], axis=1)
        ones, ids = np.ones(n, np.int64), tables.ids(slice(0, n), n)
        cells = cls(0, time, time, ones, ids, sums, tables.tables).fold(level)
        return replace(cells, sums=as_type(cells.sums, drawn_type(np.asarray(values).dtype)))

    def arrays(self) -> dict[str, Any_]:
        """Return what to store."""
        return {
            "time": self.time, "last": self.last, "rows": self.rows, "table": self.table,
            "sums": self.sums,
        }  # fmt: skip

    def mean(self, mean: Mean) -> F64:
        """Return the mean of each cell and channel."""
        pair = 0 if mean == "linear" else 2
        return mean_of(self.sums[:, pair].astype(np.float64), self.sums[:, pair + 1], mean)

    @property
    def channels(self) -> F64:
        """Centres of the channels: ``(m,)``, or ``(n, m)`` where cells differ."""
        used = np.unique(self.table)
        if len(used) < 2:
            only: F64 = self.tables[used[0] if len(used) else 0]
            return only
        each: F64 = self.tables[self.table]
        return each

    def take(self, first: int, last: int) -> ImageCells:
        """Return the cells ``[first, last)``."""
        part = slice(first, last)
        return ImageCells(
            self.level, self.time[part], self.last[part], self.rows[part], self.table[part],
            self.sums[part], self.tables,
        )  # fmt: skip

    def fold(self, level: int, windows: I64 | None = None) -> ImageCells:
        """Return the cells of a level that is not finer."""
        starts = group_starts(self.time, level, windows)
        if len(starts) == len(self.time):
            return replace(self, level=level)
        stops = np.concatenate((starts[1:], [len(self.time)])).astype(np.int64)
        first = np.minimum.reduceat(self.table, starts)
        sums = self._aligned(np.repeat(first, stops - starts))
        folded = as_type(np.add.reduceat(sums, starts, axis=0, dtype=np.float64), self.sums.dtype)
        rows = np.add.reduceat(self.rows, starts)
        return ImageCells(
            level, self.time[starts], self.last[stops - 1], rows, first, folded, self.tables
        )

    def _aligned(self, targets: I64) -> Any_:
        if len(self.tables) < 2 or np.array_equal(targets, self.table):
            return self.sums
        known = ChannelTables.of(self.tables)
        pairs = [
            known.align(self.sums[:, i], self.sums[:, i + 1], self.table, targets) for i in (0, 2)
        ]
        return np.stack([array for pair in pairs for array in pair], axis=1)

    def join(self, others: Sequence[ImageCells]) -> ImageCells:
        """Return these cells and those of later times, side by side."""
        parts = (self, *others)
        if len({part.sums.shape[2] for part in parts}) > 1:
            raise VariableError("cannot join spectra of different numbers of channels")
        tables, ids = self.tables, [self.table]
        for part in others:
            tables, known = _united(tables, part.tables)
            ids.append(known[part.table])
        return ImageCells(
            max(part.level for part in parts),
            np.concatenate([part.time for part in parts]),
            np.concatenate([part.last for part in parts]),
            np.concatenate([part.rows for part in parts]),
            np.concatenate(ids),
            np.concatenate([part.sums for part in parts]),
            tables,
        )


def _united(tables: F64, new: F64) -> tuple[F64, I64]:
    """Return all tables, and where in them each of `new` is."""
    if tables is new or np.array_equal(tables, new, equal_nan=True):
        return tables, np.arange(len(new))
    places = []
    for table in new:
        same = np.flatnonzero((tables == table).all(axis=1))
        if not len(same):
            tables = np.vstack([tables, table])
        places.append(int(same[0]) if len(same) else len(tables) - 1)
    return tables, np.array(places, np.int64)
