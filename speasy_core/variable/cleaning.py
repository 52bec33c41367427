"""Cleaning: fill values, valid ranges, repeats, and holes in the sampling."""

from __future__ import annotations

import math
import sys
from itertools import pairwise
from typing import Any, TypeVar

import numpy as np

from speasy_core import units
from speasy_core.errors import VariableError
from speasy_core.timerange import TimeRange

from .alignment import cadence_ns, scaled
from .axis import flat_samples
from .core import Array, VariableCore
from .merging import merge_parts
from .selection import rows

__all__ = [
    "clamp", "drop_duplicates", "fill_to_nan", "fill_value", "find_gaps", "sanitized",
    "split_at_gaps", "to_unit", "valid_range",
]  # fmt: skip

V = TypeVar("V", bound=VariableCore)
_CHUNK = 65_536  # values that stay in the processor's cache between two looks at them


def fill_value(v: VariableCore) -> Any:
    """Return FILLVAL as one number, or None."""
    raw = v.meta.get("FILLVAL")
    if isinstance(raw, (list, tuple, np.ndarray)):
        flat = np.asarray(raw).reshape(-1)
        raw = flat[0] if flat.size else None
    return raw.item() if isinstance(raw, np.generic) else raw


def _number_or_row(v: VariableCore, raw: Any) -> Any:
    """Return a limit as a number, as one per component, or None when it is not usable."""
    if raw is None or v.dtype.kind not in "fiu":
        return None
    array = np.asarray(raw).squeeze()
    if array.dtype.kind not in "fiu" or array.size == 0:
        return None
    if array.ndim == 0:
        return None if np.isnan(array) else array.item()
    return array if array.shape == v.shape[1:] else None


def valid_range(v: VariableCore) -> tuple[Any, Any] | None:
    """Return ``(VALIDMIN, VALIDMAX)``, or None when neither is given."""
    low, high = (_number_or_row(v, v.meta.get(key)) for key in ("VALIDMIN", "VALIDMAX"))
    return None if low is None and high is None else (low, high)


def fill_code(v: VariableCore) -> Any:
    """Return FILLVAL in the type of the values; None where they cannot hold it."""
    fill, dtype = fill_value(v), v.dtype
    if not isinstance(fill, (int, float)) or isinstance(fill, bool) or dtype.kind not in "fiuc":
        return None
    if isinstance(fill, float) and not math.isfinite(fill):
        return None if math.isnan(fill) or dtype.kind in "iu" else dtype.type(fill)
    if dtype.kind in "iu":
        limits = np.iinfo(dtype)
        fits = limits.min <= fill <= limits.max and fill == int(fill)
        return dtype.type(int(fill)) if fits else None
    if abs(fill) > sys.float_info.max:
        return None
    with np.errstate(over="ignore"):  # -1e31 in float32 is not -1e31 in float64
        return dtype.type(fill)


def is_fill(v: VariableCore) -> Array | None:
    """Return where the values are the fill value; None when there is none to look for."""
    code = fill_code(v)
    return None if code is None else np.asarray(v._values == code)


def is_outside(v: VariableCore, low: Any, high: Any) -> Array | None:
    """Return where the values are outside ``[low, high]``; NaN is not."""
    values: Any = v._values  # the stubs know no comparison of an array of any type
    if v.dtype.kind not in "fiu" or (low is None and high is None):
        return None
    if v.dtype.kind == "f":  # a float32 limit read as float64 must not exclude its own value
        with np.errstate(over="ignore"):
            low, high = (None if x is None else np.asarray(x, v.dtype) for x in (low, high))
    if low is None or high is None:
        one: Array = values > high if low is None else values < low
        return one
    outside: Array = values < low
    outside |= values > high
    return outside


def fill_to_nan(v: V) -> V:
    """Return floats with NaN where filled or out of range; see SpeasyVariable.fill_to_nan."""
    if fill_code(v) is None and all(limit is None for limit in valid_range(v) or ()):
        return v  # nothing to look for: a long variable is not read through
    return clean_and_finite(v)[0]


def clean_and_finite(v: V) -> tuple[V, bool]:
    """Return what `fill_to_nan` does, and whether all values are known to be finite.

    Most data holds nothing to clean, which its lowest and highest value tell in one pass.
    """
    low, high = valid_range(v) or (None, None)
    if v.dtype.kind == "f" and v.size:
        code = fill_code(v)
        least, most = extremes(v._values)
        with np.errstate(over="ignore"):
            above = low is None or bool(np.all(least >= np.asarray(low, v.dtype)))
            below = high is None or bool(np.all(most <= np.asarray(high, v.dtype)))
        no_fill = code is None or bool(code < least or code > most)
        if np.isfinite(least) and np.isfinite(most) and above and below and no_fill:
            return v, True
    return _nan_where(v, [is_fill(v), is_outside(v, low, high)]), False


def extremes(values: Array) -> tuple[Any, Any]:
    """Return the lowest and the highest value, NaN when there is one; memory is read once."""
    flat = values.ravel(order="K") if values.flags.forc else values.reshape(-1)
    least, most = flat[0], flat[0]
    for at in range(0, flat.size, _CHUNK):
        part = flat[at : at + _CHUNK]
        # NaN stays, as np.minimum gives NaN when either is
        least, most = np.minimum(least, part.min()), np.maximum(most, part.max())
    return least, most


def _nan_where(v: V, masks: list[Array | None]) -> V:
    bad = [mask for mask in masks if mask is not None and mask.any()]
    if not bad:
        return v
    for mask in bad[1:]:
        bad[0] |= mask
    return with_nan(v, bad[0])


def with_nan(v: V, where: Array) -> V:
    """Return a float copy with NaN at `where`; float32 and small integers stay 32 bits or less."""
    floats = v.dtype if v.dtype.kind in "fc" else np.result_type(v.dtype, np.float32)
    values = v._values.astype(floats, order="K", copy=True)
    np.copyto(values, np.nan, where=where)
    return v._like(values)


def replace_fill(v: V, convert_to_float: bool) -> V:
    """Return the variable with NaN for FILLVAL; see SpeasyVariable.replace_fillval_by_nan."""
    _need_float(v, convert_to_float, "replace_fillval_by_nan")
    return _nan_where(v, [is_fill(v)])


def clamp(v: V, low: Any, high: Any, convert_to_float: bool) -> V:
    """Return the variable with NaN outside limits; see SpeasyVariable.clamp_with_nan."""
    _need_float(v, convert_to_float, "clamp_with_nan")
    return _nan_where(v, [is_outside(v, *_limits(v, low, high))])


def _limits(v: VariableCore, low: Any, high: Any) -> tuple[Any, Any]:
    own = valid_range(v) or (None, None)
    given = []
    for value, default in ((low, own[0]), (high, own[1])):
        usable = default if value is None else _number_or_row(v, value)
        if value is not None and usable is None:
            raise VariableError(f"the limit {value!r} does not fit samples of shape {v.shape[1:]}")
        given.append(usable)
    return given[0], given[1]


def _need_float(v: VariableCore, convert: bool, name: str) -> None:
    if v.dtype.kind in "iu" and not convert:
        raise VariableError(
            f"{name}: integers cannot hold NaN", hint=f"v.{name}(convert_to_float=True)"
        )


def sanitized(v: V, drop_fill: bool, drop_outside: bool, drop_nan: bool, low: Any, high: Any) -> V:
    """Return the samples whose every component is usable; see SpeasyVariable.sanitized."""
    bad = np.zeros(len(v), bool)
    limits = _limits(v, low, high) if drop_outside else (None, None)
    parts = _components(v)
    for i, part in enumerate(parts):
        if drop_fill and (mask := is_fill(part)) is not None:
            bad |= _any(mask)
        if drop_outside:
            one = [_for_component(x, i, len(parts)) for x in limits]
            if (mask := is_outside(part, *one)) is not None:
                bad |= _any(mask)
        if drop_nan and v.dtype.kind in "fc":
            bad |= _any(~np.isfinite(part._values))
    return v if not bad.any() else rows(v, ~bad)


def _components(v: V) -> list[V]:
    """Cut ``(n, k)`` of few columns in columns: whole-column passes need no large temporaries."""
    if v.ndim != 2 or v.shape[1] > 8:
        return [v]
    fill = v.meta.get("FILLVAL")
    meta = {} if fill is None else {"FILLVAL": fill}
    parts = []
    for i in range(v.shape[1]):
        part = v._like(v._values[:, i], axes=(), columns=None)
        part._meta = meta
        parts.append(part)
    return parts


def _for_component(limit: Any, i: int, count: int) -> Any:
    return limit[i] if isinstance(limit, np.ndarray) and count > 1 else limit


def _any(mask: Array) -> Array:
    return mask if mask.ndim == 1 else np.asarray(flat_samples(mask).any(axis=1))


def drop_duplicates(v: V) -> V:
    """Return the variable without samples that only repeat the one before."""
    if len(v) < 2:
        return v
    flat = flat_samples(v._values)
    same = flat[1:] == flat[:-1]
    if v.dtype.kind in "fc":
        same |= np.isnan(flat[1:]) & np.isnan(flat[:-1])
    keep = np.append(True, ~same.all(axis=1))
    return v if keep.all() else rows(v, keep)


def _breaks(v: VariableCore, factor: float) -> Array:
    """Return the numbers of the samples after which the next one is too far away."""
    step = cadence_ns(v)
    if step is None:
        return np.zeros(0, np.intp)
    if not factor > 1.0:
        raise VariableError(f"a gap is wider than the cadence: the factor {factor} is not above 1")
    return np.flatnonzero(np.diff(v._ns) > step * factor)


def find_gaps(v: VariableCore, factor: float) -> list[TimeRange]:
    """Return the holes in the sampling; see SpeasyVariable.find_gaps."""
    ns = v._ns
    return [TimeRange.from_ns(int(ns[i]), int(ns[i + 1])) for i in _breaks(v, factor)]


def split_at_gaps(v: V, factor: float) -> list[V]:
    """Return the pieces between holes; see SpeasyVariable.split_at_gaps."""
    if not len(v):
        return []
    cuts = [0, *(int(i) + 1 for i in _breaks(v, factor)), len(v)]
    return [rows(v, slice(a, b)) for a, b in pairwise(cuts)]


def with_nan_rows(v: V, factor: float) -> V:
    """Return the variable with a NaN sample inside each hole, so that lines drawn break there."""
    at = _breaks(v, factor)
    if not at.size:
        return v
    middle = v._ns[at] + (v._ns[at + 1] - v._ns[at]) // 2
    floats = v.dtype if v.dtype.kind in "fc" else np.result_type(v.dtype, np.float32)
    axes = tuple(axis.take_time(at) for axis in v._axes)
    nans = np.full((len(at), *v.shape[1:]), np.nan, floats)
    holes = v._like(nans, ns=middle, axes=axes)
    return merge_parts([v._like(v._values.astype(floats)), holes])


def to_unit(v: V, unit: str) -> V:
    """Return the values converted; see SpeasyVariable.to."""
    factor, offset = units.conversion(v._unit, unit)
    if factor == 1.0 and offset == 0.0:
        return v._like(v._values, unit=unit)
    # the fill value is a code, not a quantity: it becomes NaN rather than a number in new units
    clean = fill_to_nan(v)
    values = scaled(clean._values, factor)
    if offset:
        values = np.asarray(values + offset)
    return clean._like(values, unit=unit, derived=True)
