"""Reductions of runs of rows: as numpy's ``reduceat``, which is slow on many short runs."""

from __future__ import annotations

import numpy as np

from .grid import F64, I64, Any_

__all__ = ["Extremes", "sums"]

_SHORT = 32  # rows of a run up to which windows are faster
_MOST_WINDOWS = 4
_LONG = 64  # rows of a run from which it is added up alone


class Extremes:
    """Minima or maxima of runs that lie behind each other; faster than ``reduceat`` on short ones.

    Runs of about one length are covered by a few windows of a power of two. These may overlap,
    which changes no extreme.

    Parameters
    ----------
    begin : ndarray of int64
        ``(n,)``: where each run begins; it ends where the next does. None is empty.
    count : int
        Where the last ends.
    """

    def __init__(self, begin: I64, count: int) -> None:
        self._begin = begin
        length = np.diff(begin, append=count)
        least, most = int(length.min()), int(length.max())
        self._width = 1 << (least.bit_length() - 1)
        self._windows: list[I64] = []
        if most <= min(_SHORT, _MOST_WINDOWS * self._width):
            shifts = range(self._width, most, self._width)
            self._windows = [begin + np.minimum(k, length - self._width) for k in shifts]
            self._windows.append(begin)

    def of(self, ufunc: np.ufunc, values: Any_) -> Any_:
        """Return what `ufunc`, of which repetition changes nothing, makes of each run."""
        if not self._windows:
            return ufunc.reduceat(values, self._begin)
        step = 1
        while step < self._width:
            values = ufunc(values[:-step], values[step:])
            step *= 2
        out = values[self._windows[-1]]
        for window in self._windows[:-1]:
            out = ufunc(out, values[window])
        return out


def sums(values: Any_, start: I64, stop: I64) -> F64:
    """Return what the rows of each run add up to.

    Parameters
    ----------
    values : ndarray
        ``(rows, m)``, of any layout; nothing of it is copied but a row of each run at a time.
    start, stop : ndarray of int64
        ``(n,)``: runs ``[start, stop)``. None is empty.

    Returns
    -------
    ndarray of float64
        ``(n, m)``.

    Examples
    --------
    >>> sums(np.arange(8.0).reshape(4, 2), np.array([0, 1]), np.array([1, 4]))
    array([[ 0.,  1.],
           [12., 15.]])
    """
    length = stop - start
    total: F64 = values[start].astype(np.float64)
    long = length > _LONG
    for run in np.flatnonzero(long).tolist():
        np.sum(values[start[run] : stop[run]], axis=0, dtype=np.float64, out=total[run])
    length = np.where(long, 1, length)
    least = int(length.min(initial=_LONG))
    for row in range(1, least):
        total += values[start + row]
    for row in range(least, int(length.max(initial=0))):
        more = np.flatnonzero(length > row)
        total[more] += values[start[more] + row]
    return total
