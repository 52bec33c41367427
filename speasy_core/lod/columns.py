"""What scripts get: a series reduced to columns of time, with their edges."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .cells import LineCells
from .grid import F64, I64, column_step
from .spectra import ImageCells, Mean

__all__ = [
    "Reduced",
    "cell_columns",
    "column_edges",
    "empty_columns",
    "image_columns",
    "line_columns",
]


@dataclass(frozen=True, slots=True, eq=False)
class Reduced:
    """A series in columns of time, all of one width but the first and the last.

    Parameters
    ----------
    edges : ndarray of datetime64[ns]
        ``(c + 1,)``: column ``i`` is ``[edges[i], edges[i + 1])``. The first and the last edge are
        those of the range asked for; the others are multiples of `step` since 1970.
    step : int
        Width of a column in ns, a power of two.
    count : ndarray of int64
        ``(c,)``: samples in each column.
    min, max, first, last : ndarray or None
        ``(c,)`` or ``(c, ...)`` floats, in `unit`: of the samples of each column, component by
        component; fill values do not count, NaN where there is none. None for spectrograms.
    mean : ndarray or None
        ``(c, m)`` floats: mean of each channel. None for lines.
    channels : ndarray or None
        ``(m,)``, or ``(c, m)`` where columns differ: centres of the channels.
    unit, name : str
        Of the series.
    columns : tuple of str
        Names of the components.
    gaps : tuple of Gap
        What was asked for and not delivered.
    provenance : tuple of Provenance
        Where the samples came from.
    """

    edges: NDArray[np.datetime64]
    step: int
    count: I64
    min: F64 | None = None
    max: F64 | None = None
    first: F64 | None = None
    last: F64 | None = None
    mean: F64 | None = None
    channels: F64 | None = None
    unit: str = ""
    name: str = ""
    columns: tuple[str, ...] = ()
    gaps: tuple[Any, ...] = field(default=(), repr=False)
    provenance: tuple[Any, ...] = field(default=(), repr=False)

    def __len__(self) -> int:
        """Return the number of columns."""
        return len(self.count)

    def __repr__(self) -> str:
        what = "mean" if self.mean is not None else "min, max"
        return (
            f"<Reduced {self.name or 'series'}: {len(self)} columns of {self.step / 1e9:g} s, "
            f"{what} of {int(self.count.sum())} samples>"
        )


def column_edges(start_ns: int, stop_ns: int, columns: int) -> tuple[int, I64]:
    """Return the level of the columns of a range, and their edges in ns.

    Examples
    --------
    >>> column_edges(3, 20, 4)
    (2, array([ 3,  4,  8, 12, 16, 20]))
    """
    step = column_step(start_ns, stop_ns, columns)
    first = start_ns // step + 1
    inner = np.arange(first, -(-stop_ns // step), dtype=np.int64) * step
    return step.bit_length() - 1, np.concatenate(([start_ns], inner, [stop_ns])).astype(np.int64)


def line_columns(
    cells: LineCells, edges: I64, level: int, shape: tuple[int, ...], **labels: Any
) -> Reduced:
    """Return columns of lines from cells that are folded to `level`.

    Parameters
    ----------
    cells : LineCells
        Of the rows between the edges and no other.
    edges, level
        From `column_edges`.
    shape : tuple of int
        Of one sample.
    **labels
        Fields of `Reduced`.
    """
    at = _places(cells.time, edges, level)
    count = np.zeros(len(edges) - 1, np.int64)
    count[at] = cells.rows
    table = np.full((len(count), math.prod(shape), 4), np.nan)
    table[at] = cells.values
    first, low, high, last = (table[..., i].reshape(-1, *shape) for i in range(4))
    return Reduced(
        edges.view("M8[ns]"), 1 << level, count, low, high, first, last, **labels
    )  # fmt: skip


def image_columns(
    edges: I64, level: int, at: I64, rows: I64, channels: F64, means: F64, **labels: Any
) -> Reduced:
    """Return columns of a spectrogram from the means of those that have rows.

    Parameters
    ----------
    edges, level
        From `column_edges`.
    at, rows : ndarray of int64
        Numbers of the columns that have rows, and how many.
    channels, means : ndarray
        ``(m,)`` or ``(n, m)``; ``(n, m)``.
    **labels
        Fields of `Reduced`.
    """
    count = np.zeros(len(edges) - 1, np.int64)
    count[at] = rows
    mean = np.full((len(count), means.shape[1]), np.nan)
    mean[at] = means
    if channels.ndim == 2:
        each = np.full(mean.shape, np.nan)
        each[at] = channels
        channels = each
    return Reduced(
        edges.view("M8[ns]"), 1 << level, count, mean=mean, channels=channels, **labels
    )  # fmt: skip


def cell_columns(
    cells: LineCells | ImageCells,
    edges: I64,
    level: int,
    mean: Mean,
    shape: tuple[int, ...],
    **labels: Any,
) -> Reduced:
    """Return columns from cells of either kind that are folded to `level`."""
    if isinstance(cells, ImageCells):
        at = _places(cells.time, edges, level)
        return image_columns(
            edges, level, at, cells.rows, cells.channels, cells.mean(mean), **labels
        )
    return line_columns(cells, edges, level, shape, **labels)


def empty_columns(
    edges: I64, level: int, kind: str | None, shape: tuple[int, ...], **labels: Any
) -> Reduced:
    """Return columns without rows."""
    none = np.zeros(0, np.int64)
    if kind == "image":
        m = math.prod(shape)
        return image_columns(
            edges, level, none, none, np.full(m, np.nan), np.zeros((0, m)), **labels
        )
    cells = LineCells(level, none, none, none, np.zeros((0, math.prod(shape), 4)))
    return line_columns(cells, edges, level, shape, **labels)


def _places(time: I64, edges: I64, level: int) -> I64:
    return (time >> level) - (int(edges[0]) >> level)
