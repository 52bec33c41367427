"""Means over blocks of time."""

from __future__ import annotations

import numpy as np

from speasy_core.variable import SpeasyVariable
from speasy_core.variable.core import read_only

from ._shared import as_floats, columns_of

__all__ = ["block_average"]


def block_average(v: SpeasyVariable, step: int) -> SpeasyVariable:
    """Return means over ``[t - dt/2, t + dt/2)``; NaN is left out, an empty block is NaN."""
    clean = as_floats(v)
    ns, values = clean.time_ns, columns_of(clean._values)
    grid = np.arange(int(ns[0]), int(ns[-1]) + 1, step, dtype=np.int64)
    edges = np.append(grid - step // 2, grid[-1] - step // 2 + step)
    at = ns.searchsorted(edges)
    filled = at[1:] > at[:-1]
    out = np.full((len(grid), values.shape[1]), np.nan, values.dtype, order="F")
    starts = at[:-1][filled]
    end = int(at[-1])
    for k in range(values.shape[1]):
        column = values[:end, k]
        good = np.isfinite(column)
        wide = np.float64 if column.dtype.kind == "f" else column.dtype
        total = np.add.reduceat(np.where(good, column, 0).astype(wide, copy=False), starts)
        count = np.add.reduceat(good, starts, dtype=np.int64)
        with np.errstate(invalid="ignore", divide="ignore"):
            out[filled, k] = total / count
    nearest = np.clip(ns.searchsorted(grid, side="right") - 1, 0, ns.size - 1)
    axes = tuple(axis.take_time(nearest) for axis in v.axes)
    shaped = out.reshape(len(grid), *v.shape[1:])
    return clean._like(shaped, ns=read_only(grid), axes=axes, derived=True)
