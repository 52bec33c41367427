"""Means and standard deviations in a window that moves along time."""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np

from speasy_core.errors import VariableError
from speasy_core.variable import SpeasyVariable
from speasy_core.variable.core import Array

from ._shared import as_floats, columns_of, each, segment_edges, step_ns

__all__ = ["moving_average", "rolling_mean", "rolling_std"]

_CHUNK = 8192

# of many windows: how many samples (one number where all are alike), their sum, and the sum of the
# squares of what they differ from their mean
_Moments: TypeAlias = tuple["Array | float", Array, Array]


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
    """Return the first row of each window, and the row after its last."""
    ns = v.time_ns
    if len(ns) < 2:
        return np.zeros(len(ns), np.intp), np.ones(len(ns), np.intp)
    steps = np.diff(ns)
    regular = bool(steps.min() == steps.max())
    reach = min(half // int(steps[0] if regular else np.median(steps)), len(ns))
    index = np.arange(len(ns))
    low = np.maximum(index - reach, 0)
    high = np.minimum(index + reach + 1, len(ns))
    if regular:
        return low, high
    first, last = ns - half, ns + half
    # right for most rows of regular samples; the others are looked up
    wrong = (ns[low] < first) | ((ns[low - 1] >= first) & (low > 0))
    low[wrong] = ns.searchsorted(first[wrong])
    wrong = (ns[high - 1] > last) | ((ns[np.minimum(high, len(ns) - 1)] <= last) & (high < len(ns)))
    high[wrong] = ns.searchsorted(last[wrong], side="right")
    return low, high


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
            count, total, squares = _pairwise(values[first:last, k], a, b, spread)
            enough = (count >= max(min_samples, 1)) & (count > ddof)
            divisor = np.where(enough, count - ddof if spread else count, 1.0)
            found = np.sqrt(squares / divisor) if spread else total / divisor
            out[part, k] = np.where(enough, found, np.nan)
    unit = clean.unit
    return clean._like(out.reshape(v.shape), unit=unit, derived=True)


def _pairwise(column: Array, a: Array, b: Array, spread: bool) -> _Moments:
    """Return the moments of the windows ``column[a[i]:b[i]]``.

    Windows of 1, 2, 4, 8... rows are joined from their halves, and any other from these. So no
    digit is lost where values drift, and a window gives the same bits wherever the column starts:
    what asks for a range in halves gets what it gets at once, which running sums do not give.
    Windows that are alike are taken as slices, and counts that are alike as one number; both give
    the same bits as the general way.
    """
    good = np.isfinite(column)
    whole = bool(good.all())
    values = column.astype(float) if whole else np.where(good, column, 0.0).astype(float)
    here: _Moments = (1.0 if whole else good.astype(float), values, np.zeros(len(values)))
    lengths = b - a
    longest = int(lengths.max())
    alike = bool((lengths == longest).all() and (np.diff(a) == 1).all())
    found: _Moments = (0.0 if alike and whole else np.zeros(a.shape), *np.zeros((2, *a.shape)))
    width = 1
    while width <= longest:
        done = longest & (width - 1)
        if not alike:
            _add_rows(found, here, a, lengths, width, spread)
        elif longest & width:
            part = _rows(here, slice(int(a[0]) + done, int(a[0]) + done + len(a)))
            found = _joined(found, part, spread) if done else part
        if 2 * width <= longest:
            here = _joined(_rows(here, slice(-width)), _rows(here, slice(width, None)), spread)
        width *= 2
    return found


def _add_rows(
    found: _Moments, here: _Moments, a: Array, lengths: Array, width: int, spread: bool
) -> None:
    """Join to each window that has one its part of `width` rows; those of fewer are done."""
    rows = np.flatnonzero(lengths & width)
    if rows.size:
        at = a[rows] + (lengths[rows] & (width - 1))
        joined = _joined(_rows(found, rows), _rows(here, at), spread)
        for target, source in zip(found, joined, strict=True):
            target[rows] = source  # type: ignore[index]


def _rows(moments: _Moments, rows: Any) -> _Moments:
    count, total, squares = moments
    return count if isinstance(count, float) else count[rows], total[rows], squares[rows]


def _joined(one: _Moments, other: _Moments, spread: bool) -> _Moments:
    """Return the moments of pairs of windows that follow each other."""
    (n1, total1, squares1), (n2, total2, squares2) = one, other
    total = total1 + total2
    if not spread:
        return n1 + n2, total, squares1
    apart = total2 / np.maximum(n2, 1.0) - total1 / np.maximum(n1, 1.0)
    apart *= apart
    apart *= n1 * n2 / np.maximum(n1 + n2, 1.0)
    apart += squares1
    apart += squares2
    return n1 + n2, total, apart
