"""The ufunc protocol: values as in numpy, time and labels kept, units by their algebra.

The unit of the result is `unit_rules`' matter.
"""

from __future__ import annotations

from typing import Any, TypeVar

import numpy as np

from speasy_core import units
from speasy_core.errors import VariableError

from .alignment import align, check_times, refuse_shape, scaled, shift_time, wrap
from .core import VariableCore
from .operands import Measured, adopt, is_duration, plain_or_variable
from .unit_rules import COMPARE, KEPT_BY_REDUCE, ONE, WITH_NUMBER, result_unit, unit_of

__all__ = ["array_ufunc", "normal_axes"]

V = TypeVar("V", bound=VariableCore)


def array_ufunc(v: V, ufunc: np.ufunc, method: str, inputs: tuple[Any, ...], kwargs: Any) -> Any:
    """Apply a ufunc; see numpy's NEP 13 for the parameters."""
    if method == "__call__":
        if len(inputs) == 1 and not kwargs and ufunc.nout == 1:  # most calls, kept short
            rule = ONE.get(ufunc)
            unit = rule(v._unit) if rule is not None else ""
            return v._like(ufunc(v._values), unit=unit, derived=True)
        if len(inputs) == 2 and not kwargs and ufunc in WITH_NUMBER:
            a, b = inputs
            if type(b) is float or type(b) is int:
                return v._like(ufunc(v._values, b), unit=WITH_NUMBER[ufunc](v._unit), derived=True)
            if type(a) is float or type(a) is int:
                unit = v._unit if ufunc is not np.divide else units.power(v._unit, -1)
                unit = unit if ufunc not in COMPARE else ""
                return v._like(ufunc(a, v._values), unit=unit, derived=True)
        return _call(ufunc, inputs, kwargs)
    if method == "at":
        return _at(ufunc, inputs)
    if any(not plain_or_variable(item) for item in inputs):
        return NotImplemented
    if method in ("reduce", "reduceat"):
        return _reduce(ufunc, method, inputs, kwargs)
    if method == "accumulate":
        return _accumulate(ufunc, inputs, kwargs)
    return _outer(ufunc, inputs, kwargs)


def _call(ufunc: np.ufunc, inputs: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    outs = kwargs.pop("out", None) or (None,) * ufunc.nout
    where = kwargs.get("where", True)
    inputs = tuple(adopt(inputs))
    if not all(map(plain_or_variable, (*inputs, where, *outs))):
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
    unit, factors = result_unit(ufunc, inputs)
    extra = [where] if where is not True else []
    numbers = [item.values if isinstance(item, Measured) else item for item in inputs]
    plain, lead = align(ufunc.__name__, [*numbers, *extra])
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


def _numbers(item: Any) -> Any:
    if isinstance(item, VariableCore):
        return item._values
    return item.values if isinstance(item, Measured) else item


def _generalized(
    ufunc: np.ufunc, inputs: tuple[Any, ...], outs: tuple[Any, ...], kwargs: dict[str, Any]
) -> Any:
    """Apply matmul and its like, which work on the last dimensions."""
    operands = [item for item in inputs if isinstance(item, VariableCore)]
    raw = [_numbers(item) for item in inputs]
    if len(operands) > 1:
        check_times(operands[0], operands[1:])
    values = ufunc(*raw, out=_raw_out(outs, None), **kwargs)
    if outs[0] is not None:
        return outs[0]
    unit = result_unit(ufunc, inputs)[0]
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
    raw = [_numbers(item) for item in inputs]
    for key, value in kwargs.items():
        if isinstance(value, VariableCore):
            if isinstance(v, VariableCore):
                check_times(v, [value])
            kwargs[key] = value._values
    target = out._values if isinstance(out, VariableCore) else out
    values = getattr(ufunc, method)(*raw, out=target, **kwargs)
    if not isinstance(v, VariableCore):
        return out if out is not None else values
    unit = v._unit if ufunc in KEPT_BY_REDUCE else ""
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
    unit = unit_of(v) if ufunc in KEPT_BY_REDUCE else ""
    if isinstance(out, VariableCore):
        out._unit, out._derived = unit, True
    if out is not None:
        return out
    if not isinstance(v, VariableCore):
        return values
    across = normal_axes(kwargs.get("axis", 0), v.ndim) == (1,)
    # sums over components are no longer the components
    return v._like(values, columns=None if across else v._columns, unit=unit, derived=True)


def _outer(ufunc: np.ufunc, inputs: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """Every value of the first with every value of the second; two time axes do not fit in one."""
    first, second = inputs = tuple(adopt(inputs))
    out = (kwargs.pop("out", None) or (None,))[0]
    if isinstance(out, VariableCore):
        refuse_shape(f"{ufunc.__name__}.outer", out, out.shape)
    unit, factors = result_unit(ufunc, inputs)
    raw = [_numbers(item) for item in inputs]
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
