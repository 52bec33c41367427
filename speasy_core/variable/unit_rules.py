"""The unit of a ufunc's result from those of its arguments; a ufunc without a rule gives none."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from speasy_core import units

from .alignment import common_unit
from .core import VariableCore
from .operands import Measured

__all__ = ["COMPARE", "KEPT_BY_REDUCE", "ONE", "WITH_NUMBER", "result_unit", "unit_of"]


def _named(*names: str) -> frozenset[np.ufunc]:
    """Return the ufuncs of these names that this numpy has."""
    return frozenset(getattr(np, name) for name in names if hasattr(np, name))


# unit of the result from that of the one argument
ONE: dict[np.ufunc, Callable[[str], str]] = {
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
COMPARE = _named("greater", "greater_equal", "less", "less_equal", "equal", "not_equal")
_RATIO = _named("floor_divide", "arctan2")
_PRODUCT = _named("multiply", "matmul", "vecdot", "matvec", "vecmat")
_FIRST = _named("copysign", "ldexp", "left_shift", "right_shift")
# with a plain number, which has no unit, nothing needs to be compared
WITH_NUMBER: dict[np.ufunc, Callable[[str], str]] = {
    **dict.fromkeys((np.add, np.subtract, np.multiply, np.divide), lambda unit: unit),
    **dict.fromkeys(COMPARE, lambda unit: ""),
}
KEPT_BY_REDUCE = _named("add", "maximum", "minimum", "fmax", "fmin", "hypot")


def unit_of(item: Any) -> str:
    """Return the unit that an operand brings along; numbers and arrays have none."""
    if isinstance(item, VariableCore):
        return item._unit
    return item.unit if isinstance(item, Measured) else ""


def result_unit(ufunc: np.ufunc, inputs: tuple[Any, ...]) -> tuple[Any, tuple[float, ...]]:
    """Return the unit of the result, and factors that bring the arguments to one unit."""
    if len(inputs) == 1:
        own = unit_of(inputs[0])
        if ufunc is np.modf:
            return (own, own), (1.0,)
        if ufunc is np.frexp:
            return (own, ""), (1.0,)
        rule = ONE.get(ufunc)
        return (rule(own) if rule is not None else ""), (1.0,)
    a, b = unit_of(inputs[0]), unit_of(inputs[1])
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
    if ufunc in COMPARE:
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
