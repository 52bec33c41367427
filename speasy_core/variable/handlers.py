"""How groups of numpy functions treat variables: elementwise, reductions, differences, sorting."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from speasy_core import units
from speasy_core.errors import VariableError

from .alignment import align, check_times, common_unit, scaled, wrap
from .arguments import (
    Handler,
    argument,
    around,
    raw,
    raw_call,
    remaining_labels,
    variables_in,
)  # fmt: skip
from .core import VariableCore
from .ufuncs import normal_axes

__all__ = ["along", "cumulative", "difference", "elementwise", "gradient", "reduction"]

UnitRule = Callable[[str], str]


def same(unit: str) -> str:
    """Return the unit of the argument."""
    return unit


def lost(unit: str) -> str:
    """Return no unit."""
    return ""


def squared(unit: str) -> str:
    """Return the unit squared."""
    return units.power(unit, 2)


def root(unit: str) -> str:
    """Return the square root of the unit."""
    return units.power(unit, 0.5)


def radian(unit: str) -> str:
    """Return the unit of angles."""
    return "rad"


def plain(func: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """Give what numpy gives for the arrays."""
    return raw_call(func, args, kwargs)


def paired(func: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """Give what numpy gives for the arrays, whose samples it takes two by two."""
    same_times(args, kwargs)
    return raw_call(func, args, kwargs)


def same_times(args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
    """Refuse variables of different times among the arguments."""
    found = list(variables_in([*args, *kwargs.values()]))
    if len(found) > 1:
        check_times(found[0], found[1:])


def _main(args: tuple[Any, ...], kwargs: dict[str, Any], name: str = "a") -> Any:
    """Return the argument that the function works on."""
    return args[0] if args else kwargs.get(name, kwargs.get("x", kwargs.get("m")))


def reduction(rule: UnitRule, position: int = 1) -> Handler:
    """Reduce along axes: time gone gives an array, time kept a variable.

    Parameters
    ----------
    rule : callable
        Unit of the result from that of the argument.
    position : int
        Where the axis is among the arguments.
    """

    def handler(func: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        v = _main(args, kwargs)
        out = kwargs.get("out")
        same_times((v, *args[position + 1 :]), {k: a for k, a in kwargs.items() if k != "out"})
        values = raw_call(func, args, kwargs)
        if not isinstance(v, VariableCore):
            return values
        reduced = normal_axes(argument(args, kwargs, position, "axis"), v.ndim)
        unit = rule(v._unit)
        if isinstance(out, VariableCore):
            out._unit, out._derived = unit, True
        if out is not None:
            return out
        if 0 in reduced:
            return values
        axes, columns = remaining_labels(v, reduced, kwargs.get("keepdims") is True)

        def finish(one: Any, label: str) -> Any:
            if np.shape(one)[:1] != v.shape[:1] or len(np.shape(one)) > v.ndim:
                return one
            if np.ndim(one) != v.ndim - len(reduced) and not kwargs.get("keepdims"):
                return one
            return v._like(one, axes=axes, columns=columns, unit=label, derived=True)

        if isinstance(values, tuple):  # np.average(..., returned=True): the sum of weights
            return (finish(values[0], unit), finish(values[1], ""))
        # several quantiles come as a new first dimension, in the place of time
        if position == 2 and np.ndim(argument(args, kwargs, 1, "q")):
            return values
        return finish(values, unit)

    return handler


def norm(func: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """np.linalg.norm: order zero counts, and a count has no unit."""
    order = argument(args, kwargs, 1, "ord")
    rule = lost if np.isscalar(order) and order == 0 else same
    return reduction(rule, position=2)(func, args, kwargs)


def vector_norm(func: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """np.linalg.vector_norm: `axis` and `ord` are keywords only."""
    rule = lost if kwargs.get("ord", 2) == 0 else same
    return reduction(rule, position=99)(func, args, kwargs)


def elementwise(rule: UnitRule | None, count: int = 1) -> Handler:
    """Apply to `count` arguments that broadcast against each other.

    Parameters
    ----------
    rule : callable or None
        Unit of the result from that of the first argument; None brings all to one unit first.
    count : int
        How many of the arguments are arrays.
    """

    def handler(func: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        head, tail = list(args[:count]), args[count:]
        arrays = [item for item in head if item is not None]
        sources = list(variables_in(arrays))
        if not sources:
            return raw_call(func, args, kwargs)
        unit, arrays = _one_unit(func.__name__, arrays) if rule is None else ("", arrays)
        ready, lead = align(func.__name__, arrays)
        queue = iter(ready)
        full = [None if item is None else next(queue) for item in head]
        values = func(*full, *map(raw, tail), **{k: raw(a) for k, a in kwargs.items()})
        out = kwargs.get("out")
        if rule is not None:
            first = args[0]
            unit = rule(first._unit if isinstance(first, VariableCore) else "")
        if isinstance(out, VariableCore):
            out._unit, out._derived = unit, True
        if out is not None:
            return out
        if not isinstance(values, np.ndarray) or values.shape[:1] != lead.shape[:1]:
            return values
        unit = "" if values.dtype.kind == "b" else unit
        return wrap(lead, sources, values, unit)

    return handler


def _one_unit(name: str, items: list[Any]) -> tuple[str, list[Any]]:
    """Bring the numbers of all variables to the unit of the first that has one."""
    unit, converted = "", []
    for item in items:
        if not isinstance(item, VariableCore):
            converted.append(item)
            continue
        unit, factor = common_unit(unit, item._unit, name)
        changed = item if factor == 1.0 else item._like(scaled(item._values, factor))
        converted.append(changed)
    return unit, converted


def clip(func: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """np.clip, whose limits may be given by keyword under two names."""
    low = argument(args, kwargs, 1, "a_min", kwargs.get("min"))
    high = argument(args, kwargs, 2, "a_max", kwargs.get("max"))
    kwargs = {k: a for k, a in kwargs.items() if k not in ("a", "a_min", "a_max", "min", "max")}
    first = args[0] if args else None
    if first is None:
        raise TypeError("clip: give the array as the first argument")
    return elementwise(None, 3)(_clip, (first, low, high), kwargs)


def _clip(a: Any, low: Any, high: Any, **kwargs: Any) -> Any:
    return np.clip(a, low, high, **kwargs)


def where(func: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """np.where: the unit of the two choices; alone, the condition gives row numbers."""
    if len(args) == 1:
        return raw_call(func, args, kwargs)
    condition, *choices = args
    unit, choices = _one_unit("where", choices)
    sources = list(variables_in([*choices, condition]))
    ready, lead = align("where", [condition, *choices])
    return wrap(lead, sources, func(*ready), unit)


def select(func: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """np.select: as np.where, for lists."""
    conditions = list(argument(args, kwargs, 0, "condlist"))
    choices = list(argument(args, kwargs, 1, "choicelist"))
    default = argument(args, kwargs, 2, "default", 0)
    unit, alike = _one_unit("select", [*choices, default])
    sources = list(variables_in([*choices, *conditions, default]))
    ready, lead = align("select", [*conditions, *alike])
    values = func(ready[: len(conditions)], ready[len(conditions) : -1], ready[-1])
    return wrap(lead, sources, values, unit)


def choose(func: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """np.choose: as np.where, by number."""
    index, choices = args[0], list(args[1])
    unit, alike = _one_unit("choose", choices)
    ready, lead = align("choose", [index, *alike])
    values = func(ready[0], ready[1:], *args[2:], **kwargs)
    return wrap(lead, list(variables_in([*choices, index])), values, unit)


def piecewise(func: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """np.piecewise: the functions see arrays, so the unit is lost."""
    v = args[0]
    values = raw_call(func, args, kwargs)
    return around(v, values, "") if isinstance(v, VariableCore) else values


def along(rule: UnitRule, position: int = 1, default: int | None = -1) -> Handler:
    """Rearrange or accumulate within one axis; a variable unless that axis is time.

    For what would put samples under other samples' times: sort, flip, partition.
    """

    def handler(func: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        v = _main(args, kwargs)
        values = raw_call(func, args, kwargs)
        if not isinstance(v, VariableCore):
            return values
        touched = normal_axes(argument(args, kwargs, position, "axis", default), v.ndim)
        if 0 in touched or np.shape(values)[:1] != v.shape[:1] or np.ndim(values) != v.ndim:
            return values
        keep = 1 not in touched and values.shape == v.shape
        return around(v, values, rule(v._unit), labels=keep)

    return handler


def cumulative(rule: UnitRule, default: int | None = None, mixes: bool = True) -> Handler:
    """Keep the shape along any axis: cumsum, unwrap; a flattened result is an array.

    Parameters
    ----------
    rule : callable
        Unit of the result from that of the argument.
    default : int or None
        The axis when none is given.
    mixes : bool
        Whether components are added up, so that their names no longer fit.
    """

    def handler(func: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        v = _main(args, kwargs)
        values = raw_call(func, args, kwargs)
        out = kwargs.get("out")
        if not isinstance(v, VariableCore) or np.shape(values) != v.shape:
            return values
        if isinstance(out, VariableCore):
            out._unit, out._derived = rule(v._unit), True
        if out is not None:
            return out
        result = around(v, values, rule(v._unit))
        touched = normal_axes(argument(args, kwargs, 1, "axis", default), v.ndim)
        if mixes and v.ndim > 1 and 1 in touched:
            result._columns = None
        return result

    return handler


def roll(func: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """np.roll: along time a shift of the samples; other labels no longer fit what was moved."""
    v = _main(args, kwargs)
    values = raw_call(func, args, kwargs)
    axis = argument(args, kwargs, 2, "axis")
    if not isinstance(v, VariableCore) or (axis is None and v.ndim > 1):
        return values
    return around(v, values, v._unit, labels=set(normal_axes(axis, v.ndim)) == {0})


def gradient(func: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """np.gradient: one variable per axis; spacings that have a unit divide."""
    v, *spacings = args
    if list(variables_in(spacings)):
        check_times(next(variables_in(args)), variables_in(args))
    values = raw_call(func, args, kwargs)
    if not isinstance(v, VariableCore):
        return values
    by = [item._unit if isinstance(item, VariableCore) else "" for item in spacings] or [""]
    if isinstance(values, (list, tuple)):
        spread = by if len(by) == len(values) else by * len(values)
        return type(values)(
            around(v, one, units.divide(v._unit, unit))
            for one, unit in zip(values, spread, strict=False)
        )
    return around(v, values, units.divide(v._unit, by[0]))


def difference(func: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """np.diff: along time, each difference stands at the later of its samples."""
    v = _main(args, kwargs)
    values = raw_call(func, args, kwargs)
    if not isinstance(v, VariableCore):
        return values
    axis = argument(args, kwargs, 2, "axis", -1) % v.ndim
    order = argument(args, kwargs, 1, "n", 1)
    if axis:
        return around(v, values, v._unit, labels=order == 0)
    before, after = (k in kwargs and np.size(kwargs[k]) > 0 for k in ("prepend", "append"))
    rows, n = values.shape[0], len(v)
    if rows > n or (after and rows != n) or (before and after):
        raise VariableError(
            f"diff: {rows} differences of {n} samples have no times of their own",
            hint="prepend or append one sample, not both, or work on np.asarray(v)",
        )
    later = slice(0, n) if rows == n else slice(n - rows, n)
    axes = tuple(a.take_time(later) for a in v._axes)
    return v._like(values, ns=v._ns[later], axes=axes, derived=True)


def like(func: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """np.zeros_like and its kin; another shape gives an array."""
    v = _main(args, kwargs)
    values = raw_call(func, args, kwargs)
    if not isinstance(v, VariableCore) or values.shape != v.shape:
        return values
    return around(v, values, v._unit)


def interp(func: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """np.interp: on the times of x; the unit of fp."""
    x, fp = argument(args, kwargs, 0, "x"), argument(args, kwargs, 2, "fp")
    values = raw_call(func, args, kwargs)
    if not isinstance(x, VariableCore):
        return values
    return around(x, values, fp._unit if isinstance(fp, VariableCore) else "")


def polyval(func: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """np.polyval: on the times of x; the coefficients' units are not known."""
    x = argument(args, kwargs, 1, "x")
    values = raw_call(func, args, kwargs)
    return around(x, values, "") if isinstance(x, VariableCore) else values


def convolve(func: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """np.convolve and np.correlate: a variable where one value stands at each sample."""
    a, b = args[:2]
    values = raw_call(func, args, kwargs)
    mode = argument(args, kwargs, 2, "mode", "full")
    if mode != "same" or not isinstance(a, VariableCore) or isinstance(b, VariableCore):
        return values
    return around(a, values, a._unit) if len(values) == len(a) else values


def apply_along(func: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """np.apply_along_axis: a variable where time stays; the unit is not known."""
    axis, v = args[1], args[2]
    values = func(args[0], axis, *map(raw, args[2:]), **kwargs)
    if not isinstance(v, VariableCore):
        return values
    keeps = values.shape == v.shape if axis % v.ndim == 0 else values.shape[:1] == v.shape[:1]
    return around(v, values, "") if keeps else values
