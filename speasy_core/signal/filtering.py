"""Filters that know of gaps and of the sampling."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from speasy_core.errors import SpeasyWarning, VariableError
from speasy_core.variable import SpeasyVariable
from speasy_core.variable.core import Array

from ._shared import (
    columns_of,
    each,
    finite_floats,
    median_step,
    regular_step,
    segment_edges,
    step_range,
)

__all__ = ["apply_sos_filter", "butterworth", "sosfiltfilt"]

Irregular = Literal["raise", "resample"]
_LONG = 100_000  # samples from which a thread is worth its start


def sosfiltfilt(
    sos: npt.ArrayLike,
    var: Any,
    *,
    max_gap: float | None = 3.0,
    irregular: Irregular = "raise",
    tolerance: float = 0.1,
) -> Any:
    """Filter forward and backward along time, without shift of phase.

    Applied piece by piece between holes in the sampling. A run of NaN no longer than a hole may
    be is bridged for the filter and NaN again in the result.

    Parameters
    ----------
    sos : array_like, shape (sections, 6)
        Second-order sections, as `scipy.signal.butter` gives with ``output="sos"``.
    var : SpeasyVariable, DataArray, or a list of them
        Of any number of dimensions; integers become float64.
    max_gap : float or None
        Steps of more than this many cadences part the data; None filters across.
    irregular : {"raise", "resample"}
        What to do where steps differ: refuse, or filter on a regular grid and come back.
    tolerance : float
        Share of the cadence by which a step may differ.

    Returns
    -------
    SpeasyVariable, DataArray or list
        Same times, unit and labels. Pieces too short for the filter are NaN, with a warning.

    Raises
    ------
    VariableError
        Irregular sampling, or every piece is too short.

    References
    ----------
    scipy.signal.sosfiltfilt

    Examples
    --------
    >>> from scipy.signal import butter
    >>> v = SpeasyVariable(np.arange(100) * 1_000_000_000, np.ones(100), unit="nT")
    >>> sosfiltfilt(butter(2, 0.1, output="sos"), v).values.round(6)[50:52]
    array([1., 1.])
    """
    from scipy import signal

    return apply_sos_filter(
        sos, signal.sosfiltfilt, var, max_gap=max_gap, irregular=irregular, tolerance=tolerance
    )


def apply_sos_filter(
    sos: npt.ArrayLike,
    filter_function: Callable[..., Any],
    var: Any,
    *,
    max_gap: float | None = 3.0,
    irregular: Irregular = "raise",
    tolerance: float = 0.1,
) -> Any:
    """Apply ``filter_function(sos, values, axis=0)`` to each piece between holes.

    Parameters
    ----------
    sos : array_like, shape (sections, 6)
    filter_function : callable
        For example `scipy.signal.sosfilt`.
    var, max_gap, irregular, tolerance
        As for `sosfiltfilt`, which also says what is returned and raised.

    Examples
    --------
    >>> from scipy.signal import butter, sosfilt
    >>> v = SpeasyVariable(np.arange(1000) * 10**9, np.sin(np.arange(1000.0)), unit="nT", name="b")
    >>> apply_sos_filter(butter(2, 0.1, output="sos"), sosfilt, v).unit
    'nT'
    """
    sections = np.atleast_2d(np.asarray(sos, dtype=float))
    if sections.ndim != 2 or sections.shape[1] != 6:
        raise VariableError(
            f"second-order sections have shape (sections, 6), not {sections.shape}",
            hint="design the filter with output='sos'",
        )
    if irregular not in ("raise", "resample"):
        raise VariableError(f"irregular is 'raise' or 'resample', not {irregular!r}")

    def one(v: SpeasyVariable) -> SpeasyVariable:
        return _filter(sections, filter_function, v, max_gap, irregular, tolerance)

    return each(one, var)


def butterworth(
    var: Any,
    order: int,
    low: float | None = None,
    high: float | None = None,
    **options: Any,
) -> Any:
    """Keep the frequencies between `low` and `high`, with a Butterworth filter and no phase shift.

    Parameters
    ----------
    var : SpeasyVariable, DataArray, or a list of them
    order : int
        Of the filter; going both ways doubles it.
    low, high : float, optional
        Corner frequencies in Hz. Only `low`: a high pass; only `high`: a low pass.
    **options
        As for `sosfiltfilt`.

    Raises
    ------
    VariableError
        No corner, or one that is not below half the sampling frequency.

    References
    ----------
    scipy.signal.butter

    Examples
    --------
    >>> v = SpeasyVariable(np.arange(1000) * 10**9, np.sin(np.arange(1000.0)), unit="nT", name="b")
    >>> slow = butterworth(v, 4, high=0.01)  # keeps what is slower than 100 s
    >>> bool(slow[100:900].std() < 0.01 * v.std())
    True
    """
    from scipy import signal

    if low is None and high is None:
        raise VariableError("butterworth needs low, high or both, in Hz")

    def one(v: SpeasyVariable) -> Any:
        if not len(v):  # a range without data is no mistake
            return finite_floats(v)[0]
        step = median_step(v.time_ns)
        if not step:
            raise VariableError("a filter needs at least two samples")
        rate = 1e9 / step
        corners = [corner for corner in (low, high) if corner is not None]
        if not all(0 < corner < rate / 2 for corner in corners) or corners != sorted(set(corners)):
            raise VariableError(
                f"the corners {corners} Hz must increase, between 0 and half the sampling "
                f"frequency, {rate / 2:.6g} Hz"
            )
        kind: Any = "bandpass" if len(corners) == 2 else ("highpass" if high is None else "lowpass")
        edge: Any = corners if len(corners) == 2 else corners[0]
        sos = signal.butter(order, edge, kind, fs=rate, output="sos")
        return sosfiltfilt(sos, v, **options)

    return each(one, var)


def _filter(
    sos: Array,
    function: Callable[..., Any],
    v: SpeasyVariable,
    max_gap: float | None,
    irregular: Irregular,
    tolerance: float,
) -> SpeasyVariable:
    clean, whole = finite_floats(v)
    ns, values = clean.time_ns, clean._values
    if not len(clean):
        return clean
    steps = step_range(ns)
    edges = segment_edges(ns, max_gap, steps)
    if len(edges) == 1 and whole:  # the usual case, with no copy made
        done = _piece(sos, function, clean, irregular, tolerance, steps)
        if done is None:
            raise _too_short(len(v))
        return clean._like(done, derived=True)
    out = np.full_like(values, np.nan)
    flat, target = columns_of(values), columns_of(out)
    short = 0
    if whole:
        for a, b in edges:
            done = _piece(sos, function, clean[a:b], irregular, tolerance)
            if done is None:
                short += b - a
            else:
                out[a:b] = done
    else:
        for k in range(flat.shape[1]):
            short += _filter_component(
                sos, function, ns, flat[:, k], target[:, k], max_gap, irregular, tolerance
            )
        out = target.reshape(values.shape)
    if short and not np.isfinite(out).any():
        raise _too_short(short)
    if short:
        warnings.warn(
            f"{v.name or 'the variable'}: {short} samples stand in pieces too short for the "
            "filter and are NaN",
            SpeasyWarning,
            stacklevel=5,
        )
    return clean._like(out, derived=True)


def _too_short(samples: int) -> VariableError:
    return VariableError(
        f"no piece of the {samples} samples is long enough for this filter",
        hint="take a longer range, a lower order, or a larger max_gap",
    )


def _filter_component(
    sos: Array,
    function: Callable[..., Any],
    ns: Array,
    column: Array,
    target: Array,
    max_gap: float | None,
    irregular: Irregular,
    tolerance: float,
) -> int:
    """Filter one component between its own holes; return how many samples were too few."""
    good = np.isfinite(column)
    rows = np.flatnonzero(good)
    if rows.size == 0:
        return 0
    short = 0
    cadence = median_step(ns)
    limit = np.inf if max_gap is None else max_gap * cadence
    breaks = np.flatnonzero(np.diff(ns[rows]) > limit) + 1
    cuts = [0, *map(int, breaks), rows.size]
    for a, b in pairwise(cuts):
        first, last = int(rows[a]), int(rows[b - 1]) + 1
        span = slice(first, last)
        known = good[span]
        piece = column[span]
        if not known.all():
            x = (ns[span] - ns[first]).astype(float)
            piece = np.interp(x, x[known], piece[known]).astype(column.dtype)
        done = _piece(sos, function, SpeasyVariable(ns[span], piece), irregular, tolerance)
        if done is None:
            short += int(known.sum())
        else:
            target[span] = np.where(known, done, np.nan)
    return short


def _piece(
    sos: Array,
    function: Callable[..., Any],
    v: SpeasyVariable,
    irregular: Irregular,
    tolerance: float,
    steps: tuple[int, int] | None = None,
) -> Array | None:
    """Filter one piece without holes or NaN; None when the filter needs more samples."""
    if len(v) < 2:
        return None
    step, spread = regular_step(v.time_ns, steps)
    if spread > tolerance and irregular == "raise":
        raise VariableError(
            f"{v.name or 'the variable'} is not sampled regularly: steps differ from their median, "
            f"{step / 1e9:g} s, by up to {spread:.0%}, and a filter takes equal steps for granted",
            hint="resample(var, dt) first, or give irregular='resample' or a larger tolerance",
        )
    values = v._values
    if spread > tolerance:
        from .resampling import interpolate, resample

        regular = resample(v, np.timedelta64(step, "ns"), max_gap=None)
        done = _call(sos, function, regular._values)
        if done is None:
            return None
        back = interpolate(v, regular.copy(values=done), max_gap=None, extrapolate="hold")
        return np.asarray(back._values)
    return _call(sos, function, values)


def _along_time(sos: Array, function: Callable[..., Any], values: Array) -> Array:
    """Filter all components at once, or, when there is much to do, each in a thread of two.

    scipy lets go of the interpreter, and one component at a time needs less memory beside.
    """
    long = values.ndim == 2 and values.shape[1] > 1 and len(values) >= _LONG
    # a function that is not scipy's may not be meant for threads
    if not long or not function.__module__.startswith("scipy."):
        return np.asarray(function(sos, values, axis=0))
    out = np.empty(values.shape, values.dtype, order="F")

    def work(k: int) -> None:
        out[:, k] = function(sos, values[:, k])

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(work, range(values.shape[1])))
    return out


def _call(sos: Array, function: Callable[..., Any], values: Array) -> Array | None:
    try:
        done = _along_time(sos, function, values)
    except ValueError as error:
        if "padlen" in str(error):  # scipy's way to say that there are too few samples
            return None
        raise
    return np.asarray(done).astype(values.dtype, copy=False)
