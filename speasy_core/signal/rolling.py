"""Means and standard deviations in a window that moves along time."""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np

from speasy_core.errors import VariableError
from speasy_core.variable import SpeasyVariable
from speasy_core.variable.core import Array

from ._shared import as_floats, columns_of, each, segment_edges, step_ns

__all__ = ["moving_average", "rolling_mean", "rolling_std"]

_CHUNK = 16_384

# of many windows: how many samples, their mean, the sum of the squares of what they differ from it
_Moments: TypeAlias = tuple[Array, Array, Array]


def rolling_mean(var: Any, window: Any, *, min_samples: int = 1) -> Any:
    """Return at each sample the mean of the samples within half a window of it.

    Parameters
    ----------
    var : SpeasyVariable, DataArray, or a list of them
    window : float, timedelta or timedelta64
        Length of the window, both ends included; a number is seconds.
    min_samples : int
        With fewer samples that are not NaN in the window, the result is NaN.

    Returns
    -------
    SpeasyVariable, DataArray or list
        Same times, shape and unit. Holes need no care: a window counts the samples it holds.

    Examples
    --------
    >>> v = SpeasyVariable(np.arange(4) * 1_000_000_000, [0.0, 3.0, 6.0, 9.0])
    >>> rolling_mean(v, 2).values
    array([1.5, 3. , 6. , 7.5])
    """
    half = step_ns(window, "the window") // 2
    return each(lambda v: _in_windows(v, *_time_edges(v, half), min_samples, 0, False), var)


def rolling_std(var: Any, window: Any, *, ddof: int = 0, min_samples: int = 1) -> Any:
    """Return at each sample the standard deviation of the samples within half a window of it.

    Parameters
    ----------
    var, window, min_samples
        As for `rolling_mean`.
    ddof : int
        What is taken from the count of samples in the divisor, as in `numpy.std`.

    Examples
    --------
    >>> v = SpeasyVariable(np.arange(4) * 10**9, [0.0, 3.0, 6.0, 9.0])
    >>> rolling_std(v, 2).values.round(3)
    array([1.5  , 2.449, 2.449, 1.5  ])
    """
    half = step_ns(window, "the window") // 2
    return each(lambda v: _in_windows(v, *_time_edges(v, half), min_samples, ddof, True), var)


def moving_average(var: Any, samples: int, *, max_gap: float | None = 3.0) -> Any:
    """Return the mean of `samples` neighbours, centred; fewer at ends and beside holes.

    Parameters
    ----------
    var : SpeasyVariable, DataArray, or a list of them
    samples : int
        Number of samples in the window.
    max_gap : float or None
        Windows do not reach over steps of more than this many cadences.

    Raises
    ------
    VariableError
        `samples` is not a number from one on.

    Examples
    --------
    >>> v = SpeasyVariable(np.arange(4) * 10**9, [0.0, 3.0, 6.0, 9.0])
    >>> moving_average(v, 3).values
    array([1.5, 3. , 6. , 7.5])
    """
    if isinstance(samples, bool) or int(samples) != samples or samples < 1:
        raise VariableError(f"moving_average: samples counts samples, {samples!r} does not")

    def one(v: SpeasyVariable) -> SpeasyVariable:
        low, high = np.empty(len(v), np.intp), np.empty(len(v), np.intp)
        for a, b in segment_edges(v.time_ns, max_gap):
            index = np.arange(a, b)
            low[a:b] = np.maximum(index - (samples - 1) // 2, a)
            high[a:b] = np.minimum(index + samples // 2 + 1, b)
        return _in_windows(v, low, high, 1, 0, False)

    return each(one, var)


def _time_edges(v: SpeasyVariable, half: int) -> tuple[Array, Array]:
    ns = v.time_ns
    return ns.searchsorted(ns - half), ns.searchsorted(ns + half, side="right")


def _in_windows(
    v: SpeasyVariable, low: Array, high: Array, min_samples: int, ddof: int, spread: bool
) -> SpeasyVariable:
    """Return mean, or standard deviation, of the rows ``low[i]:high[i]``."""
    clean = as_floats(v)
    values = columns_of(clean._values)
    out = np.empty(values.shape, values.dtype, order="F")
    widest = int((high - low).max()) if len(v) else 0
    chunk = max(_CHUNK, 2 * widest)
    for at in range(0, len(v), chunk):
        part = slice(at, min(at + chunk, len(v)))
        first, last = int(low[part].min()), int(high[part].max())
        a, b = low[part] - first, high[part] - first
        for k in range(values.shape[1]):
            count, mean, squares = _pairwise(values[first:last, k], a, b, spread)
            enough = (count >= max(min_samples, 1)) & (count > ddof)
            if spread:
                divisor = np.where(enough, count - ddof, 1.0)
                mean = np.sqrt(squares / divisor)
            out[part, k] = np.where(enough, mean, np.nan)
    unit = clean.unit
    return clean._like(out.reshape(v.shape), unit=unit, derived=True)


def _pairwise(column: Array, a: Array, b: Array, spread: bool) -> _Moments:
    """Return the moments of the windows ``column[a[i]:b[i]]``.

    Windows of 1, 2, 4, 8... rows are joined from their halves, and any other from these. So no
    digit is lost where values drift, and a window gives the same bits wherever the column starts:
    what asks for a range in halves gets what it gets at once, which running sums do not give.
    """
    good = np.isfinite(column)
    here: _Moments = (
        good.astype(float), np.where(good, column, 0.0).astype(float), np.zeros(good.shape)
    )  # fmt: skip
    found: _Moments = (np.zeros(a.shape), np.zeros(a.shape), np.zeros(a.shape))
    at, lengths = a.copy(), b - a
    longest = int(lengths.max())
    width = 1
    while width <= longest:
        rows = np.flatnonzero(lengths & width)
        if rows.size:
            one, other = _rows(found, rows), _rows(here, at[rows])
            for target, joined in zip(found, _joined(one, other, spread), strict=True):
                target[rows] = joined
            at[rows] += width
        if 2 * width <= longest:
            here = _joined(_rows(here, slice(-width)), _rows(here, slice(width, None)), spread)
        width *= 2
    return found


def _rows(moments: _Moments, rows: Any) -> _Moments:
    count, mean, squares = moments
    return count[rows], mean[rows], squares[rows]


def _joined(one: _Moments, other: _Moments, spread: bool) -> _Moments:
    """Return the moments of pairs of windows that follow each other."""
    count = one[0] + other[0]
    share = other[0] / np.maximum(count, 1.0)
    apart = other[1] - one[1]
    mean = one[1] + apart * share
    if not spread:
        return count, mean, one[2]
    return count, mean, one[2] + other[2] + apart * apart * (one[0] * share)
