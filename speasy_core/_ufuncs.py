"""The ufunc protocol: values as in numpy, time and labels kept, units by their algebra.

Each ufunc has a rule for the unit of its result; one that has none gives a result without unit.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import numpy as np

from . import units
from ._base import VariableCore
from ._combine import (
    align,
    check_times,
    common_unit,
    is_duration,
    refuse_shape,
    scaled,
    shift_time,
    wrap,
)  # fmt: skip
from ._delegates import delegate, is_data_array
from .errors import VariableError

__all__ = ["array_ufunc", "normal_axes"]

V = TypeVar("V", bound=VariableCore)


def _named(*names: str) -> frozenset[np.ufunc]:
    """Return the ufuncs of these names that this numpy has."""
    return frozenset(getattr(np, name) for name in names if hasattr(np, name))


# unit of the result from that of the one argument
_ONE: dict[np.ufunc, Callable[[str], str]] = {
    **dict.fromkeys(
        _named(
            "negative",
            "positive",
            "absolute",
            "fabs",
            "rint",
            "floor",
            "ceil",
            "trunc",
            "conjugate",
            "spacing",
        ),
        lambda unit: unit,
    ),
    np.square: lambda unit: units.power(unit, 2),
    np.sqrt: lambda unit: units.power(unit, 0.5),
    np.cbrt: lambda unit: units.power(unit, 1 / 3),
    np.reciprocal: lambda unit: units.power(unit, -1),
    **dict.fromkeys(_named("arcsin", "arccos", "arctan", "deg2rad", "radians"), lambda unit: "rad"),
    **dict.fromkeys(_named("rad2deg", "degrees"), lambda unit: "deg"),
}
# both arguments are brought to one unit, which the result has
_SAME = _named(
    "add", "subtract", "maximum", "minimum", "fmax", "fmin", "hypot", "fmod", "remainder",
    "nextafter",
)  # fmt: skip
# both are brought to one unit, and the result has none
_COMPARE = _named("greater", "greater_equal", "less", "less_equal", "equal", "not_equal")
_RATIO = _named("floor_divide", "arctan2")
_PRODUCT = _named("multiply", "matmul", "vecdot", "matvec", "vecmat")
_FIRST = _named("copysign", "ldexp", "left_shift", "right_shift")
# with a plain number, which has no unit, nothing needs to be compared
_WITH_NUMBER: dict[np.ufunc, Callable[[str], str]] = {
    **dict.fromkeys((np.add, np.subtract, np.multiply, np.divide), lambda unit: unit),
    **dict.fromkeys(_COMPARE, lambda unit: ""),
}
_KEPT_BY_REDUCE = _named("add", "maximum", "minimum", "fmax", "fmin", "hypot")


def array_ufunc(v: V, ufunc: np.ufunc, method: str, inputs: tuple[Any, ...], kwargs: Any) -> Any:
    """Apply a ufunc; see numpy's NEP 13 for the parameters."""
    if method == "__call__":
        if len(inputs) == 1 and not kwargs and ufunc.nout == 1:  # most calls, kept short
            rule = _ONE.get(ufunc)
            unit = rule(v._unit) if rule is not None else ""
            return v._like(ufunc(v._values), unit=unit, derived=True)
        if len(inputs) == 2 and not kwargs and ufunc in _WITH_NUMBER:
            a, b = inputs
            if type(b) is float or type(b) is int:
                return v._like(ufunc(v._values, b), unit=_WITH_NUMBER[ufunc](v._unit), derived=True)
            if type(a) is float or type(a) is int:
                unit = v._unit if ufunc is not np.divide else units.power(v._unit, -1)
                unit = unit if ufunc not in _COMPARE else ""
                return v._like(ufunc(a, v._values), unit=unit, derived=True)
        return _call(ufunc, inputs, kwargs)
    if method == "at":
        return _at(ufunc, inputs)
    if any(not _plain_or_variable(item) for item in inputs):
        return NotImplemented
    if method in ("reduce", "reduceat"):
        return _reduce(ufunc, method, inputs, kwargs)
    if method == "accumulate":
        return _accumulate(ufunc, inputs, kwargs)
    return _outer(ufunc, inputs, kwargs)


def _plain_or_variable(item: Any) -> bool:
    if isinstance(item, (VariableCore, np.ndarray, np.generic, int, float, complex, list, tuple)):
        return True
    if item is None or isinstance(item, (str, bytes)) or is_duration(item):
        return True
    # other containers get their own turn; anything that is only array-like is converted
    return not hasattr(item, "__array_ufunc__")


def _call(ufunc: np.ufunc, inputs: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    outs = kwargs.pop("out", None) or (None,) * ufunc.nout
    where = kwargs.get("where", True)
    if any(map(is_data_array, inputs)):  # on its own, xarray would not look at the times
        kind = type(next(item for item in inputs if isinstance(item, VariableCore)))
        convert = delegate("from_xarray")
        inputs = tuple(convert(kind, i) if is_data_array(i) else i for i in inputs)
    if not all(map(_plain_or_variable, (*inputs, where, *outs))):
        return NotImplemented
    if ufunc in (np.add, np.subtract) and len(inputs) == 2:
        shifted = _time_shift(ufunc, *inputs)
        if shifted is not None:
            return shifted
    operands = [item for item in inputs if isinstance(item, VariableCore)]
    if not operands:  # only `out` or `where` is a variable
        return _call_into(ufunc, inputs, outs, where, kwargs)
    if ufunc.signature is not None:
        return _generalized(ufunc, inputs, outs, kwargs)
    unit, factors = _units(ufunc, inputs)
    extra = [where] if where is not True else []
    plain, lead = align(ufunc.__name__, [*inputs, *extra])
    arguments = [
        scaled(np.asarray(item), factor) if factor != 1.0 else item
        for item, factor in zip(plain, factors, strict=False)
    ]
    if extra:
        kwargs["where"] = plain[-1]
    results = ufunc(*arguments, out=_raw_out(outs, lead), **kwargs)
    return _finish(results, outs, lead, operands, unit, ufunc.nout)


def _raw_out(outs: tuple[Any, ...], lead: VariableCore | None) -> Any:
    """Return the arrays to write into, or None."""
    if all(out is None for out in outs):
        return None if len(outs) == 1 else outs
    for out in outs:
        if isinstance(out, VariableCore) and lead is not None:
            check_times(lead, [out])
    return tuple(out._values if isinstance(out, VariableCore) else out for out in outs)


def _finish(
    results: Any,
    outs: tuple[Any, ...],
    lead: VariableCore,
    operands: list[VariableCore],
    unit: str | tuple[str, ...],
    nout: int,
) -> Any:
    """Wrap every output that is not written into an array of the caller's own."""
    many = results if nout > 1 else (results,)
    labels = unit if isinstance(unit, tuple) else (unit,) * nout
    finished = []
    for values, out, label in zip(many, outs, labels, strict=True):
        if isinstance(out, VariableCore):
            # asked for by name, this is one of the two ways in which a variable changes
            out._unit, out._derived = label, True
            finished.append(out)
        elif out is not None:
            finished.append(out)
        else:
            finished.append(wrap(lead, operands, values, label))
    return tuple(finished) if nout > 1 else finished[0]


def _call_into(
    ufunc: np.ufunc, inputs: tuple[Any, ...], outs: tuple[Any, ...], where: Any, kwargs: Any
) -> Any:
    """Call on plain arrays only, with a variable as `out` or `where`."""
    if isinstance(where, VariableCore):
        kwargs["where"] = where._values
    results = ufunc(*inputs, out=_raw_out(outs, None), **kwargs)
    many = results if ufunc.nout > 1 else (results,)
    kept = []
    for values, out in zip(many, outs, strict=True):
        if isinstance(out, VariableCore):
            out._unit, out._derived = "", True
        kept.append(values if out is None else out)
    return tuple(kept) if ufunc.nout > 1 else kept[0]


def _time_shift(ufunc: np.ufunc, a: Any, b: Any) -> Any:
    if isinstance(a, VariableCore) and is_duration(b) and a.dtype.kind not in "mM":
        return shift_time(a, b, 1 if ufunc is np.add else -1)
    late = isinstance(b, VariableCore) and is_duration(a) and ufunc is np.add
    return shift_time(b, a, 1) if late and b.dtype.kind not in "mM" else None


def _unit(item: Any) -> str:
    return item._unit if isinstance(item, VariableCore) else ""


def _units(ufunc: np.ufunc, inputs: tuple[Any, ...]) -> tuple[Any, tuple[float, ...]]:
    """Return the unit of the result, and factors that bring the arguments to one unit."""
    if len(inputs) == 1:
        own = _unit(inputs[0])
        if ufunc is np.modf:
            return (own, own), (1.0,)
        if ufunc is np.frexp:
            return (own, ""), (1.0,)
        rule = _ONE.get(ufunc)
        return (rule(own) if rule is not None else ""), (1.0,)
    a, b = _unit(inputs[0]), _unit(inputs[1])
    if ufunc in _PRODUCT:
        return units.multiply(a, b), (1.0, 1.0)
    if ufunc is np.divide:
        return units.divide(a, b), (1.0, 1.0)
    if ufunc in (np.power, np.float_power):
        return _power_unit(a, inputs[1]), (1.0, 1.0)
    if ufunc in _FIRST:
        return a, (1.0, 1.0)
    what = f"{ufunc.__name__}"
    if ufunc in _SAME:
        unit, factor = common_unit(a, b, what)
        return unit, (1.0, factor)
    if ufunc in _COMPARE:
        return "", (1.0, common_unit(a, b, what)[1])
    if ufunc in _RATIO or ufunc is np.divmod:
        if a and b and units.fits(a, b):
            factor = common_unit(a, b, what)[1]
            ratio = "rad" if ufunc is np.arctan2 else ""
            return ((ratio, a) if ufunc is np.divmod else ratio), (1.0, factor)
        if ufunc is np.arctan2:
            common_unit(a, b, what)
            return "rad", (1.0, 1.0)
        quotient = units.divide(a, b)
        return ((quotient, a) if ufunc is np.divmod else quotient), (1.0, 1.0)
    return "", (1.0, 1.0)


def _power_unit(unit: str, exponent: Any) -> str:
    """Return the unit of a power; different powers for different samples have none in common."""
    if not unit or isinstance(exponent, VariableCore):
        return ""
    values = np.asarray(exponent)
    if values.size == 0 or values.dtype.kind not in "biuf":
        return ""
    first = float(values.flat[0])
    if not np.isfinite(first) or (values.size > 1 and not (values == first).all()):
        return ""
    return units.power(unit, first)


def _generalized(
    ufunc: np.ufunc, inputs: tuple[Any, ...], outs: tuple[Any, ...], kwargs: dict[str, Any]
) -> Any:
    """Apply matmul and its like, which work on the last dimensions."""
    operands = [item for item in inputs if isinstance(item, VariableCore)]
    raw = [item._values if isinstance(item, VariableCore) else item for item in inputs]
    if len(operands) > 1:
        check_times(operands[0], operands[1:])
    values = ufunc(*raw, out=_raw_out(outs, None), **kwargs)
    if outs[0] is not None:
        return outs[0]
    unit = _units(ufunc, inputs)[0]
    lead = _keeps_time(ufunc, inputs, kwargs)
    if lead is None or np.shape(values)[:1] != lead.shape[:1]:
        return values
    alike = [op for op in operands if op.shape == values.shape] if ufunc is not np.matmul else []
    result = wrap(lead, operands, values, unit)
    if not alike:  # components were mixed: the old names do not fit the new ones
        result._columns, result._axes = None, ()
    return result


def _keeps_time(
    ufunc: np.ufunc, inputs: tuple[Any, ...], kwargs: dict[str, Any]
) -> VariableCore | None:
    """Return the variable whose time is the first dimension of the result, if there is one."""
    if "axes" in kwargs or "axis" in kwargs:
        axis = kwargs.get("axis")
        if axis is None or "axes" in kwargs:
            return None
    cores = [part.split(",") for part in _arguments(str(ufunc.signature))]
    loops = [max(np.ndim(item) - len(core), 0) for item, core in zip(inputs, cores, strict=False)]
    for item, core, loop in zip(inputs, cores, loops, strict=False):
        if not isinstance(item, VariableCore):
            continue
        if "axis" in kwargs and kwargs["axis"] % item.ndim == 0:
            return None
        if loop and loop == max(loops):
            return item
        rows_of_matrix = ufunc is np.matmul and core is cores[0] and item.ndim == 2
        if not max(loops) and rows_of_matrix and np.ndim(inputs[1]) <= 2:
            return item
    return None


def _arguments(signature: str) -> list[str]:
    left = signature.partition("->")[0].replace(" ", "")
    return left.strip("()").split("),(")


def normal_axes(axis: Any, ndim: int) -> tuple[int, ...]:
    """Return the axes as numbers from zero; None stands for all of them."""
    if axis is None:
        return tuple(range(ndim))
    several = axis if isinstance(axis, (tuple, list)) else (axis,)
    for item in several:
        if not -ndim <= item < ndim:
            raise np.exceptions.AxisError(item, ndim)
    return tuple(item % ndim for item in several)


def _reduce(ufunc: np.ufunc, method: str, inputs: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    v = inputs[0]
    out = (kwargs.pop("out", None) or (None,))[0]
    raw = [item._values if isinstance(item, VariableCore) else item for item in inputs]
    for key, value in kwargs.items():
        if isinstance(value, VariableCore):
            kwargs[key] = value._values
    target = out._values if isinstance(out, VariableCore) else out
    values = getattr(ufunc, method)(*raw, out=target, **kwargs)
    if not isinstance(v, VariableCore):
        return out if out is not None else values
    unit = v._unit if ufunc in _KEPT_BY_REDUCE else ""
    if isinstance(out, VariableCore):
        out._unit, out._derived = unit, True
    if out is not None:
        return out
    axis = kwargs.get("axis", 0)
    if 0 in normal_axes(axis, v.ndim) or np.ndim(values) == 0:
        return values
    return v._like(values, axes=(), columns=None, unit=unit, derived=True)


def _accumulate(ufunc: np.ufunc, inputs: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    v = inputs[0]
    out = (kwargs.pop("out", None) or (None,))[0]
    target = out._values if isinstance(out, VariableCore) else out
    raw = v._values if isinstance(v, VariableCore) else v
    values = ufunc.accumulate(raw, out=target, **kwargs)
    unit = _unit(v) if ufunc in _KEPT_BY_REDUCE else ""
    if isinstance(out, VariableCore):
        out._unit, out._derived = unit, True
    if out is not None:
        return out
    return v._like(values, unit=unit, derived=True) if isinstance(v, VariableCore) else values


def _outer(ufunc: np.ufunc, inputs: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """Every value of the first with every value of the second; two time axes do not fit in one."""
    first, second = inputs
    out = (kwargs.pop("out", None) or (None,))[0]
    if isinstance(out, VariableCore):
        refuse_shape(f"{ufunc.__name__}.outer", out, out.shape)
    unit, factors = _units(ufunc, inputs)
    raw = [item._values if isinstance(item, VariableCore) else item for item in inputs]
    if factors[1] != 1.0:
        raw[1] = scaled(np.asarray(raw[1]), factors[1])
    values = ufunc.outer(*raw, out=out, **kwargs)
    if out is not None or isinstance(second, VariableCore) or ufunc.nout > 1:
        return values
    return first._like(values, axes=(), columns=None, unit=unit, derived=True)


def _at(ufunc: np.ufunc, inputs: tuple[Any, ...]) -> None:
    """Work in place, which is what ``ufunc.at`` is asked for."""
    target = inputs[0]
    if isinstance(target, VariableCore) and not target._values.flags.writeable:
        raise VariableError(
            f"{ufunc.__name__}.at changes its first argument, and this variable's memory is "
            "read-only",
            hint="take v.copy() first",
        )
    raw = [item._values if isinstance(item, VariableCore) else item for item in inputs]
    ufunc.at(*raw)
    if isinstance(target, VariableCore):
        target._derived = True
