"""What ``v.coords`` gives: a mapping as xarray has it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NoReturn

import numpy as np

from .core import Array, VariableCore

__all__ = ["Coordinates"]


class Coordinates(Mapping[str, Array]):
    """Time, and the values or names along the other dimensions."""

    def __init__(self, v: VariableCore) -> None:
        found: dict[str, Any] = {"time": v.time}
        dims = v.dims
        if v._axes:
            found.update({d: a.values for d, a in zip(dims[1:], v._axes, strict=True)})
        elif v.ndim == 2 and (columns := v.columns):
            found[dims[1]] = np.array(columns)
        self._found = found

    def __getitem__(self, name: str) -> Array:
        found: Array = self._found[name]
        return found

    def __iter__(self) -> Iterator[str]:
        return iter(self._found)

    def __len__(self) -> int:
        return len(self._found)

    def __repr__(self) -> str:
        sizes = ", ".join(f"{name} {array.shape}" for name, array in self._found.items())
        return f"<Coordinates {sizes}>"

    @property
    def variables(self) -> NoReturn:
        """Stop xarray, which looks here when a DataArray comes first in a sum with a variable.

        It would compare neither times nor units.
        """
        raise TypeError(
            "a DataArray cannot lead in an operation with a variable: write v + array, or "
            "array + v.to_xarray()"
        )
