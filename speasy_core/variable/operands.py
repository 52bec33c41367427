"""Operands of other libraries: DataArrays, astropy quantities, masked arrays."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any, NamedTuple

import numpy as np

from speasy_core.errors import VariableError

from .core import Array, VariableCore, plain_array
from .delegates import delegate, is_data_array

__all__ = [
    "Measured", "adopt", "is_duration", "plain_or_variable", "refuse_quantities",
    "with_variables",
]  # fmt: skip

_OURS_OR_PLAIN = (
    VariableCore, np.ndarray, np.generic, int, float, complex, list, tuple, str, bytes, type(None),
)  # fmt: skip


class Measured(NamedTuple):
    """Numbers with a unit and without times."""

    values: Array
    unit: str


def is_duration(value: Any) -> bool:
    """Whether a value is one length of time."""
    return isinstance(value, (timedelta, np.timedelta64))


def plain_or_variable(item: Any) -> bool:
    """Whether numpy's own loops can work on `item`; other containers get their own turn."""
    if isinstance(item, (*_OURS_OR_PLAIN, Measured)) or is_duration(item):
        return True
    return not hasattr(item, "__array_ufunc__") or _is_astropy(item)


def _is_astropy(item: Any) -> bool:
    return type(item).__module__.startswith("astropy.units")


def adopt(inputs: Sequence[Any]) -> list[Any]:
    """Return the operands with variables for DataArrays and :class:`Measured` for quantities."""
    kind = next((type(item) for item in inputs if isinstance(item, VariableCore)), None)
    return [_adopted(item, kind) for item in inputs]


def _adopted(item: Any, kind: Any) -> Any:
    if type(item) is np.ndarray or isinstance(item, VariableCore):
        return item
    if isinstance(item, np.ma.MaskedArray):
        return plain_array(item)
    if is_data_array(item):
        # on its own, xarray would look neither at the times nor at the units
        if kind is not None and any(item[dim].dtype.kind == "M" for dim in item.dims):
            return delegate("from_xarray")(kind, item)
        return Measured(np.asarray(item), str(item.attrs.get("units", "")))
    if _is_astropy(item):
        if hasattr(item, "value"):
            return Measured(np.asarray(item.value), str(item.unit))
        return Measured(np.asarray(1.0), str(item))
    return item


def with_variables(items: Sequence[Any], kind: type[VariableCore]) -> list[Any]:
    """Return arguments with variables for the DataArrays that have times, in lists too."""
    result: list[Any] = []
    for item in items:
        if is_data_array(item):
            found = _adopted(item, kind)
            result.append(found.values if isinstance(found, Measured) else found)
        elif type(item) is list and any(map(is_data_array, item)):
            result.append(with_variables(item, kind))
        elif type(item) is tuple and any(map(is_data_array, item)):
            result.append(tuple(with_variables(item, kind)))
        else:
            result.append(item)
    return result


def refuse_quantities(name: str, items: Sequence[Any]) -> None:
    """Refuse astropy quantities, of which a numpy function would see the numbers only.

    Raises
    ------
    VariableError
    """
    if any(_is_astropy(item) for item in items):
        raise VariableError(
            f"np.{name}: a variable and an astropy Quantity do not go together",
            hint="give the function v.to_quantity(), or q.value in the unit of the variable",
        )
