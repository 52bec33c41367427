"""Numpy functions that join, cut or reshape variables."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import numpy as np

from speasy_core.errors import VariableError

from .alignment import check_times, common_unit, join_origin, scaled
from .arguments import argument, around, distinct, raw_call, variables_in
from .core import Array, VariableCore
from .merging import merge_parts
from .selection import getitem
from .ufuncs import normal_axes

__all__ = [
    "append", "concatenate", "rearranged", "reshaped", "split", "stack", "unstack",
]  # fmt: skip

Call = Callable[..., Any]
Args = tuple[Any, ...]
Kwargs = dict[str, Any]


def concatenate(func: Call, args: Args, kwargs: Kwargs) -> Any:
    """np.concatenate: along time the samples must follow each other; across, columns are joined."""
    parts = list(argument(args, kwargs, 0, "arrays", ()))
    axis = argument(args, kwargs, 1, "axis", 0)
    others = {k: a for k, a in kwargs.items() if k not in ("arrays", "axis", "out")}
    if kwargs.get("out") is not None or axis is None:
        return raw_call(func, args, kwargs)
    first = next(variables_in(parts))
    if normal_axes(axis, first.ndim) == (0,):
        return _in_time(parts, others)
    return _across(func.__name__, parts, lambda arrays: func(arrays, axis=axis, **others), axis)


def _in_time(parts: list[Any], others: Kwargs) -> Any:
    if not all(isinstance(part, VariableCore) for part in parts):
        raise VariableError(
            "concatenate: along time every part needs times, and one is a plain array",
            hint="make a SpeasyVariable of it, or concatenate np.asarray(v)",
        )
    filled = [part for part in parts if len(part)]
    for a, b in pairwise(filled):
        if int(b._ns[0]) <= int(a._ns[-1]):
            raise VariableError(
                "concatenate: the parts do not follow each other in time",
                hint="speasy_core.variable.merge(parts) sorts and drops repeats",
            )
    first = parts[0]
    alike = [
        part if part._unit == first._unit else part._like(
            scaled(part._values, common_unit(first._unit, part._unit, "concatenate")[1]),
            unit=first._unit,
        )
        for part in parts
    ]  # fmt: skip
    dtype = others.get("dtype")
    if dtype is not None:
        casting = others.get("casting", "same_kind")
        alike = [part._like(part._values.astype(dtype, casting=casting)) for part in alike]
    return merge_parts(alike)


def _across(name: str, parts: list[Any], join: Callable[[list[Any]], Array], axis: int) -> Any:
    """Join on the same times, in a dimension after time or a new one."""
    sources = list(variables_in(parts))
    check_times(sources[0], sources[1:])
    unit, ready = "", []
    for part in parts:
        if isinstance(part, VariableCore):
            unit, factor = common_unit(unit, part._unit, name)
            ready.append(scaled(part._values, factor))
        else:
            ready.append(part)
    values = join(ready)
    first = sources[0]
    if values.shape[:1] != first.shape[:1]:
        return values
    labels = [label for v in sources for label in _labels(v)]
    wanted = values.shape[1] if values.ndim == 2 else -1
    columns = distinct(labels) if len(labels) == wanted and len(sources) == len(parts) else None
    result = first._like(values, axes=(), columns=columns, unit=unit, derived=True)
    join_origin(result, sources)
    return result


def _labels(v: VariableCore) -> list[str]:
    """Return names for the columns that a variable becomes; its own name when it is one."""
    if v.ndim == 1:
        return list(v._columns or (v._name or "value",))
    return v.columns


def stack(func: Call, args: Args, kwargs: Kwargs) -> Any:
    """np.stack and its kin: a variable where time stays first."""
    parts = list(args[0] if args else kwargs.get("arrays") or kwargs.get("tup") or ())
    rest = {k: a for k, a in kwargs.items() if k not in ("arrays", "tup")}
    first = next(variables_in(parts))
    name = func.__name__
    if kwargs.get("out") is not None:
        return raw_call(func, args, kwargs)
    axis: int = argument(args, kwargs, 1, "axis", 0) if name == "stack" else 0
    in_time = (name in ("vstack", "row_stack") and first.ndim > 1) or (
        name == "hstack" and first.ndim == 1
    )
    if in_time:
        return _in_time(parts, rest)
    loses_time = (
        (name == "stack" and axis % (first.ndim + 1) == 0)
        or (name in ("vstack", "row_stack"))
        or (name == "dstack" and first.ndim == 1)
    )
    if loses_time:
        return raw_call(func, args, kwargs)
    return _across(name, parts, lambda arrays: func(arrays, *args[1:], **rest), axis or 1)


def append(func: Call, args: Args, kwargs: Kwargs) -> Any:
    """np.append: as concatenate; without an axis it flattens, to an array."""
    axis = argument(args, kwargs, 2, "axis")
    first = args[0]
    if axis is None and np.ndim(first) != 1:
        return raw_call(func, args, kwargs)
    return concatenate(np.concatenate, (list(args[:2]),), {"axis": axis or 0})


def split(func: Call, args: Args, kwargs: Kwargs) -> Any:
    """np.split and its kin: a list of variables."""
    v = args[0]
    pieces = raw_call(func, args, kwargs)
    if not isinstance(v, VariableCore):
        return pieces
    fixed = {"vsplit": 0, "hsplit": 1 if v.ndim > 1 else 0, "dsplit": 2}
    axis = fixed.get(func.__name__, argument(args, kwargs, 2, "axis", 0)) % v.ndim
    result, at = [], 0
    for piece in pieces:
        span = slice(at, at + piece.shape[axis])
        at = span.stop
        result.append(getitem(v, (slice(None),) * axis + (span,)) if axis else getitem(v, span))
    return result


def reshaped(func: Call, args: Args, kwargs: Kwargs) -> Any:
    """Change the shape; a variable where each sample keeps its own values in the same order."""
    v = args[0] if args else kwargs.get("a", kwargs.get("m", kwargs.get("x")))
    values = raw_call(func, args, kwargs)
    if not isinstance(v, VariableCore) or np.shape(values)[:1] != v.shape[:1]:
        return values
    if values.size != v.size or (v.ndim > 1 and not _same_samples(v._values, values)):
        return values
    return around(v, values, v._unit)


def _same_samples(before: Array, after: Array) -> bool:
    """Whether the first dimension still steps through memory as it did, or one sample is all."""
    if before.shape[0] < 2:
        return before.shape[0] == 1 and before.ndim > 1 and after.ndim > 0
    if np.shares_memory(before, after):
        return before.strides[0] == after.strides[0]
    one = np.arange(before.size).reshape(before.shape)
    return before.flags.c_contiguous and one.size == after.size


def rearranged(func: Call, args: Args, kwargs: Kwargs) -> Any:
    """Repeat, take or delete along an axis after time."""
    v = args[0]
    values = raw_call(func, args, kwargs)
    at = {"take": 2, "repeat": 2, "delete": 2, "insert": 3, "compress": 2, "flip": 1}
    name = func.__name__
    if name == "compress":
        v = args[1]
    axis = argument(args, kwargs, at[name], "axis")
    if not isinstance(v, VariableCore) or axis is None or v.ndim < 2:
        return values
    several = axis if isinstance(axis, tuple) else (axis,)
    if 0 in [item % v.ndim for item in several] or values.ndim not in (v.ndim, v.ndim - 1):
        return values
    columns = None
    if v._columns and several == (1,) and v.ndim == 2 and values.ndim == 2 and name != "insert":
        labels = np.array(v._columns, dtype=object)
        shifted = {k: a for k, a in kwargs.items() if k not in ("axis", "out", "mode")}
        picked = _on_labels(func, name, labels, args, shifted)
        columns = distinct(picked) if len(picked) == values.shape[1] else None
    return v._like(values, axes=(), columns=columns, unit=v._unit, derived=True)


def _on_labels(func: Call, name: str, labels: Array, args: Args, kwargs: Kwargs) -> list[str]:
    """Do to the column names what was done to the columns."""
    if name == "flip":
        return list(labels[::-1])
    if name == "compress":
        return list(func(args[0], labels, axis=0))
    given = args[1:2] if len(args) > 1 else ()
    return list(func(labels, *given, axis=0, **kwargs))


def unstack(func: Call, args: Args, kwargs: Kwargs) -> Any:
    """np.unstack along a dimension after time: one variable a component."""
    v = args[0]
    axis = kwargs.get("axis", 0)
    pieces = raw_call(func, args, kwargs)
    if not isinstance(v, VariableCore) or axis % v.ndim == 0:
        return pieces
    head = (slice(None),) * (axis % v.ndim)
    return tuple(getitem(v, (*head, i)) for i in range(len(pieces)))
