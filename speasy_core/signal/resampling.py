"""Putting variables on other times.

No line is drawn over a hole in the sampling, nothing is extrapolated unless asked, and times are
exact: weights are made of integer nanoseconds.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from speasy_core.errors import VariableError
from speasy_core.timerange import to_ns
from speasy_core.variable import SpeasyVariable
from speasy_core.variable.core import Array, Int64Array, read_only, time_to_ns
from speasy_core.variable.selection import rows

from ._blocks import block_average
from ._shared import (
    all_finite,
    as_floats,
    as_variable,
    columns_of,
    each,
    finite_floats,
    is_data_array,
    median_step,
    step_ns,
    step_range,
)  # fmt: skip

__all__ = ["generate_time_vector", "interpolate", "resample"]

Method = Literal["linear", "nearest", "previous", "cubic", "pchip"]
_METHODS = ("linear", "nearest", "previous", "cubic", "pchip")
_CHUNK = 65_536  # new times worked on at once: temporaries stay in the processor's cache


def generate_time_vector(start: Any, stop: Any, dt: Any) -> npt.NDArray[np.datetime64]:
    """Return times from `start` in steps of `dt`, without `stop`.

    Parameters
    ----------
    start, stop : str, datetime, datetime64, ...
    dt : float, timedelta or timedelta64
        A number is seconds.

    Returns
    -------
    ndarray of datetime64[ns]

    Examples
    --------
    >>> generate_time_vector("2020-01-01", "2020-01-01T00:00:01", 0.5).astype("M8[ms]").tolist()[1]
    datetime.datetime(2020, 1, 1, 0, 0, 0, 500000)
    """
    grid = np.arange(to_ns(start), to_ns(stop), step_ns(dt), dtype=np.int64)
    return grid.view("M8[ns]")


def interpolate(
    ref: Any,
    var: Any,
    interpolate_callback: Callable[..., Any] | None = None,
    *args: Any,
    method: Method = "linear",
    max_gap: float | None = 3.0,
    extrapolate: bool | Literal["hold"] = False,
    **kwargs: Any,
) -> Any:
    """Put variables on the times of another.

    Parameters
    ----------
    ref : SpeasyVariable, DataArray or array of datetime64
        The times.
    var : SpeasyVariable, DataArray, or a list of them
        What to interpolate, of any number of dimensions. Fill values and NaN are left out, integers
        become float64.
    interpolate_callback : callable, optional
        ``f(x, y, *args, **kwargs)`` with seconds and one component, that returns a function of
        seconds; used in the place of `method`.
    method : {"linear", "nearest", "previous", "cubic", "pchip"}
        Cubic splines and PCHIP are scipy's, made for each piece between holes.
    max_gap : float or None
        New times between neighbours more than this many cadences apart give NaN; None draws the
        line over every hole. NaN samples count as absent.
    extrapolate : bool or "hold"
        Outside the samples: NaN, or the method continued, or the end values held.

    Returns
    -------
    SpeasyVariable, DataArray or list
        On the times of `ref`; the kind that was given.

    Raises
    ------
    VariableError

    Examples
    --------
    >>> v = SpeasyVariable(["2020-01-01T00:00:00", "2020-01-01T00:00:02"], [0, 4])
    >>> interpolate(np.array(["2020-01-01T00:00:01"], "M8[ns]"), v).values
    array([2.])
    """
    if method not in _METHODS:
        raise VariableError(f"unknown method {method!r}", hint=f"one of {', '.join(_METHODS)}")
    if extrapolate not in (False, True, "hold"):
        raise VariableError(f"extrapolate is False, True or 'hold', not {extrapolate!r}")
    if kwargs and interpolate_callback is None:
        raise TypeError(f"interpolate() got an unexpected keyword argument {next(iter(kwargs))!r}")
    new = _times_of(ref)

    def one(v: SpeasyVariable) -> SpeasyVariable:
        if new is v.time_ns or np.array_equal(new, v.time_ns):
            return v
        if interpolate_callback is not None:
            return _with_callback(new, v, interpolate_callback, args, kwargs)
        return _interpolate(new, v, method, max_gap, extrapolate)

    return each(one, var)


def resample(
    var: Any,
    new_dt: Any,
    interpolate_callback: Callable[..., Any] | None = None,
    *args: Any,
    method: Method = "linear",
    average: bool = False,
    max_gap: float | None = 3.0,
    **kwargs: Any,
) -> Any:
    """Put variables on a regular grid of times from their first to their last sample.

    Parameters
    ----------
    var : SpeasyVariable, DataArray, or a list of them
    new_dt : float, timedelta or timedelta64
        Step of the grid; a number is seconds.
    interpolate_callback, method, max_gap
        As for `interpolate`.
    average : bool
        Whether each new sample is the mean of those within half a step of it, as it should be
        before going to a longer step, lest fast variations show as slow ones.

    Returns
    -------
    SpeasyVariable, DataArray or list

    Examples
    --------
    >>> v = SpeasyVariable(np.arange(4) * 1_000_000_000, [0.0, 1.0, 2.0, 3.0])
    >>> resample(v, 0.5).values
    array([0. , 0.5, 1. , 1.5, 2. , 2.5, 3. ])
    """
    step = step_ns(new_dt, "new_dt")

    def one(v: SpeasyVariable) -> SpeasyVariable:
        if not len(v):
            return v
        ns = v.time_ns
        if average:
            return block_average(v, step)
        strided = _by_stride(v, step) if interpolate_callback is None else None
        if strided is not None:
            return strided
        grid = np.arange(int(ns[0]), int(ns[-1]) + 1, step, dtype=np.int64).view("M8[ns]")
        done: SpeasyVariable = interpolate(
            grid, v, interpolate_callback, *args, method=method, max_gap=max_gap, **kwargs
        )
        return done

    return each(one, var)


def _times_of(ref: Any) -> Int64Array:
    if isinstance(ref, SpeasyVariable):
        return ref.time_ns
    if is_data_array(ref) and "time" in ref.dims and ref.dtype.kind != "M":
        return as_variable(ref).time_ns
    ns = time_to_ns(np.asarray(ref))
    if ns.ndim != 1 or (ns.size > 1 and bool((ns[1:] <= ns[:-1]).any())):
        raise VariableError("the times to interpolate at must be one increasing array")
    return read_only(ns)


def _is_regular(ns: Int64Array) -> int | None:
    """Return the step when every one is the same to the nanosecond."""
    if ns.size < 2:
        return None
    step = int(ns[1]) - int(ns[0])
    if int(ns[-1]) - int(ns[0]) != step * (ns.size - 1):
        return None
    for at in range(0, ns.size - 1, _CHUNK * 8):
        part = ns[at : at + _CHUNK * 8 + 1]
        if not bool((part[1:] - part[:-1] == step).all()):
            return None
    return step


def _by_stride(v: SpeasyVariable, step: int) -> SpeasyVariable | None:
    """Return every k-th sample, when the new times are exactly those."""
    own = _is_regular(v.time_ns)
    if own is None or step % own or v.dtype.kind not in "f":
        return None
    every = step // own
    clean = v.fill_to_nan()
    part = rows(clean, slice(None, None, every))
    return part.copy() if all_finite(part._values) else None


def _locate(source: Int64Array, new: Int64Array, step: int | None) -> Array:
    """Return the number of the sample at or before each new time; -1 before the first."""
    if step is None:
        return np.asarray(source.searchsorted(new, side="right")) - 1
    index = (new - source[0]) // step
    return np.asarray(np.clip(index, -1, source.size - 1))


def _interpolate(
    new: Int64Array,
    v: SpeasyVariable,
    method: Method,
    max_gap: float | None,
    extrapolate: bool | Literal["hold"],
) -> SpeasyVariable:
    clean, finite = finite_floats(v)
    ns, values = clean.time_ns, columns_of(clean._values)
    out = np.empty((len(new), values.shape[1]), values.dtype, order="F")
    limit = None if max_gap is None or ns.size < 2 else _limit(ns, max_gap)
    if ns.size == 0:
        out[:] = np.nan
    elif finite:
        _fill(out, new, ns, values, method, limit, extrapolate)
    else:  # each component has its own absent samples
        for k in range(values.shape[1]):
            good = np.isfinite(values[:, k])
            if good.any():
                column = values[good, k : k + 1]
                _fill(out[:, k : k + 1], new, ns[good], column, method, limit, extrapolate)
            else:
                out[:, k] = np.nan
    nearest = np.clip(_locate(ns, new, None), 0, max(ns.size - 1, 0)) if v.axes else None
    if nearest is not None and not ns.size:
        axes = tuple(a for a in v.axes if not a.time_varying)
    else:
        axes = tuple(axis.take_time(nearest) for axis in v.axes)
    shaped = out.reshape(len(new), *v.shape[1:], order="A" if out.shape[1] < 2 else "C")
    return clean._like(shaped, ns=new, axes=axes)


def _limit(ns: Int64Array, max_gap: float) -> int:
    if not max_gap > 1:
        raise VariableError(f"max_gap counts cadences and must be above 1, not {max_gap!r}")
    limit = max_gap * median_step(ns)
    return int(min(limit, 2.0**62))


def _fill(
    out: Array,
    new: Int64Array,
    ns: Int64Array,
    values: Array,
    method: Method,
    limit: int | None,
    extrapolate: bool | Literal["hold"],
) -> None:
    """Write the interpolated values in `out`, a chunk of new times after the other."""
    step = _is_regular(ns)
    if method in ("cubic", "pchip"):
        _splines(out, new, ns, values, method, limit, extrapolate)
        return
    holes = limit is not None and ns.size > 1 and _widest(ns, step) > limit
    bound = limit if holes else None

    def work(start: int) -> None:
        part = slice(start, start + _CHUNK)
        _fill_chunk(out[part], new[part], ns, values, step, method, bound, extrapolate)

    starts = range(0, len(new), _CHUNK)
    if len(starts) < 4:
        for start in starts:
            work(start)
    else:  # numpy lets go of the interpreter inside its loops
        with ThreadPoolExecutor(2) as pool:
            list(pool.map(work, starts))


def _widest(ns: Int64Array, step: int | None) -> int:
    return step if step is not None else step_range(ns)[1]


def _fill_chunk(
    out: Array,
    new: Int64Array,
    ns: Int64Array,
    values: Array,
    step: int | None,
    method: Method,
    limit: int | None,
    extrapolate: bool | Literal["hold"],
) -> None:
    last = ns.size - 1
    left = _locate(ns, new, step)
    low = np.clip(left, 0, max(last - 1, 0))
    high = np.minimum(low + 1, last)
    since = new - ns[low]  # integers: exact to the nanosecond
    width = ns[high] - ns[low]
    if method == "linear":
        weight = since / np.maximum(width, 1)
        if extrapolate is not True:
            np.clip(weight, 0.0, 1.0, out=weight)
        for k in range(values.shape[1]):
            column = values[:, k]
            first = column[low]
            out[:, k] = first + (column[high] - first) * weight
        exact = since == width
        if exact.any():  # a + (b - a) * 1 is not always b
            out[exact] = values[high[exact]]
    else:
        take_high = (since * 2 > width) if method == "nearest" else (since >= width)
        pick = np.where(take_high, high, low)
        for k in range(values.shape[1]):
            out[:, k] = values[pick, k]
    _blank(out, new, ns, since, width, limit, extrapolate)


def _blank(
    out: Array,
    new: Int64Array,
    ns: Int64Array,
    since: Int64Array,
    width: Int64Array,
    limit: int | None,
    extrapolate: bool | Literal["hold"],
) -> None:
    """Put NaN into holes and outside the samples."""
    if limit is not None:
        hole = (width > limit) & (since > 0) & (since < width)
        if hole.any():
            out[hole] = np.nan
    if extrapolate is False and (new[0] < ns[0] or new[-1] > ns[-1]):
        out[(new < ns[0]) | (new > ns[-1])] = np.nan


def _splines(
    out: Array,
    new: Int64Array,
    ns: Int64Array,
    values: Array,
    method: Method,
    limit: int | None,
    extrapolate: bool | Literal["hold"],
) -> None:
    """Cubic splines and PCHIP, piece by piece: a spline over a hole bends what is beside it."""
    from scipy.interpolate import CubicSpline, PchipInterpolator

    out[:] = np.nan
    breaks = [] if limit is None else list(np.flatnonzero(np.diff(ns) > limit) + 1)
    cuts = [0, *map(int, breaks), ns.size]
    for number, (a, b) in enumerate(pairwise(cuts)):
        first, last = int(new.searchsorted(ns[a])), int(new.searchsorted(ns[b - 1], side="right"))
        if extrapolate is True:
            first = 0 if number == 0 else first
            last = len(new) if number == len(cuts) - 2 else last
        if b - a < 2:
            out[first:last] = values[a]
            continue
        x = (ns[a:b] - ns[a]) / 1e9
        kind = CubicSpline if method == "cubic" else PchipInterpolator
        out[first:last] = kind(x, values[a:b], axis=0)((new[first:last] - ns[a]) / 1e9)
    if extrapolate == "hold":
        out[new < ns[0]], out[new > ns[-1]] = values[0], values[-1]


def _with_callback(
    new: Int64Array,
    v: SpeasyVariable,
    callback: Callable[..., Any],
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
) -> SpeasyVariable:
    """Let the caller's own function interpolate each component; seconds since the first sample."""
    clean = as_floats(v)
    ns, values = clean.time_ns, columns_of(clean._values)
    origin = ns[0] if ns.size else np.int64(0)
    x, at = (ns - origin) / 1e9, (new - origin) / 1e9
    done = [callback(x, values[:, k], *args, **kwargs)(at) for k in range(values.shape[1])]
    out = np.column_stack(done).reshape(len(new), *v.shape[1:])
    axes = tuple(a for a in v.axes) if not any(a.time_varying for a in v.axes) else ()
    return clean._like(out, ns=new, axes=axes)
