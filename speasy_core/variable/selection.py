"""Selection: rows by time, step, mask or number, and columns by name."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from functools import lru_cache
from itertools import pairwise
from typing import Any, TypeVar

import numpy as np

from speasy_core.errors import InvalidTime, VariableError
from speasy_core.timerange import TimeRange, to_ns

from .alignment import check_times
from .core import Array, Axis, VariableCore

__all__ = ["getitem", "isel", "rows", "sel"]

V = TypeVar("V", bound=VariableCore)

_known_ns = lru_cache(maxsize=1024, typed=True)(to_ns)  # scripts slice with the same few times
_CACHED = (str, np.datetime64, datetime)


def _is_time(key: Any) -> bool:
    if key is None:
        return False
    return isinstance(key, (str, date, np.datetime64)) or hasattr(key, "nanosecond")


def _ns_of(key: Any) -> int:
    return _known_ns(key) if type(key) in _CACHED else to_ns(key)


def rows(v: V, index: Any) -> V:
    """Return the samples that a slice, mask or increasing index array picks, unchecked."""
    axes = v._axes
    if axes:
        axes = tuple([axis.take_time(index) for axis in axes])
    return v._like(v._values[index], ns=v._ns[index], axes=axes)


def time_slice(v: V, start: Any, stop: Any) -> V:
    """Return the samples in ``[start, stop)``; None leaves an end open."""
    ns = v._ns
    first = 0 if start is None else int(ns.searchsorted(np.int64(_ns_of(start))))
    last = len(ns) if stop is None else int(ns.searchsorted(np.int64(_ns_of(stop))))
    return rows(v, slice(first, max(first, last)))


def _slice(v: V, key: slice) -> V:
    start, stop, step = key.start, key.stop, key.step
    # floats are seconds since 1970, as everywhere; row numbers are whole
    if any(_is_time(end) or isinstance(end, float) for end in (start, stop)):
        for end in (start, stop):
            if end is not None and not _is_time(end) and not isinstance(end, float):
                raise VariableError(
                    f"a slice mixes a time and {end!r}", hint="give two times, or two row numbers"
                )
        part = time_slice(v, start, stop)
        return part if step is None else _slice(part, slice(None, None, step))
    if step is not None and _is_duration(step):
        raise VariableError(
            f"the step of a slice counts samples, {step!r} is a duration",
            hint="speasy_core.signal.resampling.resample(v, dt) changes the cadence",
        )
    if step is not None and step < 0:
        raise VariableError(
            "a negative step would turn time around, and time increases in a variable",
            hint="take v.values[::-1] and v.time[::-1] as arrays",
        )
    return rows(v, key)


def _is_duration(step: Any) -> bool:
    return isinstance(step, (timedelta, np.timedelta64, str))


def getitem(v: V, key: Any) -> Any:
    """Return ``v[key]``; see SpeasyVariable for the forms."""
    if isinstance(key, slice):
        return _slice(v, key)
    if isinstance(key, str):
        return _at_time(v, key) if _names_a_time(v, key) else column(v, key)
    if isinstance(key, (int, np.integer)) and not isinstance(key, bool):
        return _row(v, int(key))
    if isinstance(key, TimeRange):
        return time_slice(v, key.start, key.stop)
    if _is_time(key):
        return _at_time(v, key)
    if isinstance(key, tuple):
        return _multi(v, key)
    if key is Ellipsis:
        return v
    if isinstance(key, list) and key and all(isinstance(item, str) for item in key):
        return columns(v, key)
    return _fancy(v, key)


def _names_a_time(v: VariableCore, key: str) -> bool:
    """Whether a text is no column's name, and reads as a time to the minute at least."""
    if not key[:4].isdigit() or ":" not in key or key in v.columns:
        return False
    try:
        _known_ns(key)
    except InvalidTime:
        return False
    return True


def _row(v: VariableCore, index: int) -> Any:
    try:
        row = v._values[index]
    except IndexError as error:
        raise IndexError(f"row {index} of a variable of {len(v)} samples") from error
    return row.copy() if isinstance(row, np.ndarray) else row


def _at_time(v: VariableCore, key: Any) -> Any:
    """Return the row at exactly this time."""
    ns = _ns_of(key)
    index = int(v._ns.searchsorted(np.int64(ns)))
    if index == len(v) or v._ns[index] != ns:
        raise KeyError(f"no sample at {key}; v.sel(time=..., method='nearest') finds the closest")
    return _row(v, index)


def _fancy(v: V, key: Any) -> V:
    """Rows by a boolean mask or by increasing row numbers."""
    if isinstance(key, VariableCore):
        check_times(v, [key])
        key = key._values
    index = np.asarray(key)
    if index.dtype.kind == "b":
        if index.ndim > 1 and index.shape[1:] == (1,) * (index.ndim - 1):
            index = index.reshape(-1)
        if index.shape != v._ns.shape:
            raise VariableError(
                f"a mask of shape {index.shape} cannot choose among {len(v)} samples",
                hint="reduce it to one value per sample, mask.any(axis=1) or mask.all(axis=1), or "
                "use np.where(mask, v, np.nan)",
            )
        return rows(v, index)
    if index.ndim == 1 and (index.dtype.kind in "iu" or index.size == 0):
        index = index.astype(np.intp)
        wrapped = np.where(index < 0, index + len(v), index)
        if (np.diff(wrapped) <= 0).any():
            raise VariableError(
                "row numbers must increase, because time does",
                hint="sort them, or take v.values[...] as an array",
            )
        return rows(v, index)
    raise VariableError(
        f"a variable cannot be indexed by {type(key).__name__}",
        hint="use times, slices, a mask, row numbers, or column names",
    )


def _multi(v: VariableCore, key: tuple[Any, ...]) -> Any:
    """``v[rows, columns, ...]``."""
    if Ellipsis in [item for item in key if item is Ellipsis]:
        at = next(i for i, item in enumerate(key) if item is Ellipsis)
        fill = (slice(None),) * (v.ndim - (len(key) - 1))
        key = key[:at] + fill + key[at + 1 :]
    if not key:
        return v
    if len(key) > v.ndim:
        raise VariableError(f"{len(key)} indices for a variable of {v.ndim} dimensions")
    first, rest = key[0], key[1:]
    if isinstance(first, (int, np.integer)) or (_is_time(first)):
        row = getitem(v, first)
        return row[_named(v, rest)] if rest else row
    part = getitem(v, first)
    return _trailing(part, _named(v, rest)) if rest else part


def _named(v: VariableCore, rest: tuple[Any, ...]) -> tuple[Any, ...]:
    """Replace column names in the place of the second index by numbers."""
    head = rest[0]
    if isinstance(head, str):
        head = _column_number(v, head)
    elif isinstance(head, list) and head and isinstance(head[0], str):
        head = [_column_number(v, name) for name in head]
    return (head, *rest[1:])


def _trailing(v: V, index: tuple[Any, ...]) -> V:
    """Index the dimensions after time."""
    if any(item is None or (isinstance(item, np.ndarray) and item.ndim > 1) for item in index):
        raise VariableError(
            "new or multi-dimensional indices lose the axes", hint="index v.values instead"
        )
    if sum(isinstance(item, (list, np.ndarray)) for item in index) > 1:
        raise VariableError("at most one list can index at a time", hint="index v.values instead")
    values = v._values[(slice(None), *index)]
    full = [*index, *[slice(None)] * (v.ndim - 1 - len(index))]
    axes = []
    for i, (axis, item) in enumerate(zip(v._axes, full, strict=bool(v._axes))):
        if isinstance(item, (int, np.integer)):
            continue
        axes.append(_take_axis(axis, i, item, full, v.ndim))
    columns: Any = None
    if v._columns is not None or v.ndim == 2:
        labels = np.array(v.columns, dtype=object)
        if labels.size:
            picked = labels[full[0]]
            columns = (picked,) if isinstance(picked, str) else tuple(picked.tolist())
            if isinstance(picked, str) and values.ndim > 1:
                columns = None
    return v._like(values, axes=tuple(axes), columns=columns)


def _take_axis(axis: Axis, position: int, item: Any, full: list[Any], ndim: int) -> Axis:
    """Index one axis as the values were indexed along its dimension, or all for a grid."""
    spatial = axis.values.ndim - int(axis.time_varying)
    lead = (slice(None),) if axis.time_varying else ()
    if spatial == 1:
        return axis.replace(values=axis.values[(*lead, item)])
    if spatial == ndim - 1:
        return axis.replace(values=axis.values[(*lead, *full)])
    raise VariableError(f"the axis {axis.name!r} of dimension {position + 1} cannot be indexed")


def _column_number(v: VariableCore, name: str) -> int:
    labels = v.columns
    if name in labels:
        return labels.index(name)
    from difflib import get_close_matches

    close = get_close_matches(name, labels, 1, 0.5)
    if not close:
        close = [label for label in labels if label.lower() == name.lower()]
    raise KeyError(
        f"{v._name or 'the variable'} has no column {name!r}; it has {', '.join(labels) or 'none'}"
        + (f". Did you mean {close[0]!r}?" if close else "")
    )


def column(v: V, name: str) -> V:
    """Return one component as a variable of shape ``(n,)``, named after the column."""
    number = _column_number(v, name)
    if v.ndim == 1:
        return v
    part = _trailing(v, (number,))
    part._name = name  # not shared with anyone yet
    return part


def columns(v: V, names: list[str]) -> V:
    """Return several components, in the order asked for."""
    numbers = [_column_number(v, name) for name in names]
    if v.ndim == 1:
        return v
    steps = {b - a for a, b in pairwise(numbers)}
    if len(steps) == 1 and (step := steps.pop()) > 0:  # a view where numpy can make one
        return _trailing(v, (slice(numbers[0], numbers[-1] + 1, step),))
    return _trailing(v, (numbers,))


def isel(v: VariableCore, indexers: Mapping[str, Any] | None = None, **kwargs: Any) -> Any:
    """Select by number along named dimensions; see SpeasyVariable.isel."""
    wanted = {**(indexers or {}), **kwargs}
    dims = v.dims
    _refuse_unknown(v, wanted)
    key = tuple(wanted.get(dim, slice(None)) for dim in dims)
    while len(key) > 1 and isinstance(key[-1], slice) and key[-1] == slice(None):
        key = key[:-1]
    return getitem(v, key if len(key) > 1 else key[0])


def _refuse_unknown(v: VariableCore, wanted: Mapping[str, Any]) -> None:
    unknown = [key for key in wanted if key not in v.dims]
    if unknown:
        raise VariableError(f"no dimension {unknown[0]!r}; the dimensions are {', '.join(v.dims)}")


def sel(
    v: VariableCore,
    indexers: Mapping[str, Any] | None = None,
    method: str | None = None,
    **kwargs: Any,
) -> Any:
    """Select by label along named dimensions; see SpeasyVariable.sel."""
    wanted = {**(indexers or {}), **kwargs}
    _refuse_unknown(v, wanted)
    if method not in (None, "nearest"):
        raise VariableError(f"unknown method {method!r}; 'nearest' is the one there is")
    index: dict[str, Any] = {}
    for dim, label in wanted.items():
        if dim == "time":
            index[dim] = _time_index(v, label, method)
        else:
            index[dim] = _label_index(v, v.dims.index(dim), label, method)
    return isel(v, index)


def _time_index(v: VariableCore, label: Any, method: str | None) -> Any:
    ns = v._ns
    if isinstance(label, TimeRange):
        label = slice(label.start, label.stop)
    if isinstance(label, slice):
        start = 0 if label.start is None else int(ns.searchsorted(np.int64(_ns_of(label.start))))
        # as in xarray, and unlike v[a:b], a slice of labels includes its end
        stop = len(v) if label.stop is None else int(
            ns.searchsorted(np.int64(_ns_of(label.stop)), side="right")
        )  # fmt: skip
        return slice(start, stop, label.step)
    if isinstance(label, (list, np.ndarray)):
        return [_nearest(ns, _ns_of(item), method, item) for item in label]
    return _nearest(ns, _ns_of(label), method, label)


def _nearest(sorted_values: Array, value: Any, method: str | None, label: Any) -> int:
    """Return where `value` is in an increasing array, exactly or nearest."""
    size = len(sorted_values)
    at = int(sorted_values.searchsorted(value))
    if at < size and sorted_values[at] == value:
        return at
    if method is None or not size:
        raise KeyError(f"nothing at {label!r}; method='nearest' takes the closest")
    if at == 0 or (at < size and sorted_values[at] - value < value - sorted_values[at - 1]):
        return at
    return at - 1


def _label_index(v: VariableCore, dimension: int, label: Any, method: str | None) -> Any:
    if not v._axes:
        if isinstance(label, (list, tuple, np.ndarray)):
            return [_column_number(v, str(item)) for item in label]
        return _column_number(v, str(label))
    axis = v._axes[dimension - 1]
    if axis.values.ndim != 1:
        raise VariableError(
            f"the axis {axis.name!r} varies, one label has no one place",
            hint="use isel, or regrid the variable first",
        )
    values = axis.values
    if isinstance(label, slice):
        low = -np.inf if label.start is None else label.start
        high = np.inf if label.stop is None else label.stop
        (inside,) = np.nonzero((values >= min(low, high)) & (values <= max(low, high)))
        return slice(int(inside[0]), int(inside[-1]) + 1) if inside.size else slice(0, 0)
    if isinstance(label, (list, tuple, np.ndarray)):
        return [_label_index(v, dimension, item, method) for item in label]
    order = np.argsort(values, kind="stable")
    return int(order[_nearest(values[order], label, method, label)])
