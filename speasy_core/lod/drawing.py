"""From cells to what is drawn: the same pictures as those of the pyramids over rows."""

from __future__ import annotations

from typing import TypeVar

import numpy as np

from .cells import Cells, LineCells, cell_steps, joints
from .grid import I64, as_type, drawn_type
from .image import Image
from .lines import Lines
from .spectra import ImageCells, Mean

__all__ = ["draw_image", "draw_lines"]

_LINE_GAP, _IMAGE_GAP = 3.0, 1.5

C = TypeVar("C", bound=Cells)


def _surrounded(cells: C, before: C | None, after: C | None) -> tuple[C, int]:
    """Return the cells with one on each side, where there is one, and where they begin."""
    parts = [part for part in (before, cells, after) if part is not None]
    return parts[0].join(parts[1:]), 0 if before is None else len(before.time)


def draw_lines(cells: LineCells, before: LineCells | None, after: LineCells | None) -> Lines:
    """Return the picture of cells, which are folded to the columns of the view.

    Parameters
    ----------
    cells : LineCells
        At least one.
    before, after : LineCells or None
        The nearest cell on each side: lines reach the edges of the view.
    """
    level, n = cells.level, len(cells.time)
    everything, first = _surrounded(cells, before, after)
    here, around, typical = joints(everything)
    index = everything.time >> level
    hole = (here > _LINE_GAP * typical) & (here > _LINE_GAP * around) & np.isfinite(around)
    time = index << level
    values = np.moveaxis(everything.values, 0, 2).astype(drawn_type(everything.values.dtype))
    if first:  # of the cell before only its last sample, of the one after only its first
        values[:, :, 0] = values[:, 3:, 0]
        time[0] = everything.last[0] >> level << level
    if after is not None:
        values[:, :, -1] = values[:, :1, -1]
    keep = np.ones(len(time), dtype=bool)
    keep[:first] = not (first and hole[0])
    if after is not None:
        keep[-1] = not hole[-1]
    pens = np.flatnonzero(hole & (np.diff(index) > 1) & keep[1:] & keep[:-1])
    time = np.insert(time, pens + 1, time[pens] + (1 << level))
    values = np.insert(values, pens + 1, np.nan, axis=2)
    keep = np.insert(keep, pens + 1, True)
    rows = int(everything.rows[first : first + n].sum())
    return Lines("m4", time[keep], values[:, :, keep], 1 << level, rows)


def draw_image(
    cells: ImageCells, before: ImageCells | None, after: ImageCells | None, mean: Mean
) -> Image:
    """Return the picture of cells, which are folded to the columns of the view."""
    n = len(cells.time)
    everything, first = _surrounded(cells, before, after)
    left, right = _edges(everything)
    shown = slice(first, first + n)
    values = as_type(cells.mean(mean), drawn_type(cells.sums.dtype))
    rows = int(cells.rows.sum())
    return Image(left[shown], right[shown], cells.channels, values, rows)


def _edges(cells: ImageCells) -> tuple[I64, I64]:
    """Return the edges of cells: the grid's where they touch, half way, or short of a hole."""
    here, around, typical = joints(cells)
    inside = cell_steps(cells)
    usual = typical if np.isfinite(typical) else float(1 << cells.level)
    nearest = np.minimum(np.append(here, np.inf), np.concatenate(([np.inf], here)))
    own = np.where(np.isnan(inside), np.minimum(nearest, usual), inside)
    left = cells.time - (own / 2).astype(np.int64)
    right = cells.last + (own / 2).astype(np.int64)
    hole = (here > _IMAGE_GAP * around) & np.isfinite(around)
    index = cells.time >> cells.level
    grid = index[1:] << cells.level
    middle = cells.last[:-1] + (cells.time[1:] - cells.last[:-1]) // 2
    edge = np.where(np.diff(index) == 1, grid, middle)
    right[:-1] = np.where(hole, np.minimum(right[:-1], cells.time[1:]), edge)
    left[1:] = np.where(hole, np.maximum(left[1:], cells.last[:-1]), edge)
    return left, right
