"""Axes and values as Speasy names them, and the variable's parameters that they hold."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

import numpy as np
import numpy.typing as npt

from speasy_core.errors import VariableError

from .axis import Array, Axis

__all__ = ["DataContainer", "VariableAxis", "VariableTimeAxis", "unpack"]


class VariableAxis(Axis):
    """An axis, with its unit in `meta`.

    Parameters
    ----------
    values : array_like
        Shape ``(m,)``, or ``(n, m)`` where it varies with time.
    meta : mapping, optional
        ISTP attributes.
    name : str
    is_time_dependent : bool
    """

    __slots__ = ()

    def __init__(
        self,
        values: npt.ArrayLike,
        meta: Mapping[str, Any] | None = None,
        name: str = "",
        is_time_dependent: bool = False,
    ) -> None:
        unit = str((meta or {}).get("UNITS", ""))
        super().__init__(values, name=name, unit=unit, meta=meta, time_varying=is_time_dependent)


class VariableTimeAxis(Axis):
    """The times of a variable: the first of Speasy's axes.

    Parameters
    ----------
    values : array_like of datetime64, shape (n,)
    meta : mapping, optional
        ISTP attributes.
    """

    __slots__ = ()

    def __init__(self, values: npt.ArrayLike, meta: Mapping[str, Any] | None = None) -> None:
        super().__init__(values, name="time", meta=meta, time_varying=True)
        if self.values.ndim != 1 or self.values.dtype.kind != "M":
            raise VariableError(
                f"a time axis holds datetime64 in one dimension, not {self.values.dtype} of shape "
                f"{self.values.shape}"
            )


class DataContainer:
    """Values with their attributes.

    Parameters
    ----------
    values : array_like
    meta : mapping, optional
        ISTP attributes.
    name : str
    is_time_dependent : bool
        Whether the first dimension is time.

    Examples
    --------
    >>> from speasy_core import SpeasyVariable
    >>> times = VariableTimeAxis(np.array(["2020-01-01", "2020-01-02"], "M8[ns]"))
    >>> v = SpeasyVariable(axes=[times], values=DataContainer([1.0, 2.0], {"UNITS": "nT"}, "bx"))
    >>> v.name, v.unit, v.values.tolist()
    ('bx', 'nT', [1.0, 2.0])
    """

    __slots__ = ("is_time_dependent", "meta", "name", "values")
    values: Array

    def __init__(
        self,
        values: npt.ArrayLike,
        meta: Mapping[str, Any] | None = None,
        name: str = "",
        is_time_dependent: bool = True,
    ) -> None:
        self.values = np.asarray(values)
        self.meta: Mapping[str, Any] = MappingProxyType(dict(meta or {}))
        self.name = name
        self.is_time_dependent = is_time_dependent

    @property
    def unit(self) -> str:
        """``meta["UNITS"]``."""
        return str(self.meta.get("UNITS", ""))

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Array:
        return np.array(self.values, dtype) if copy else np.asarray(self.values, dtype)

    def __repr__(self) -> str:
        return f"<DataContainer {self.name or 'unnamed'} {self.values.shape}>"


def unpack(
    axes: Sequence[Any], values: Any, name: str, meta: Mapping[str, Any] | None
) -> tuple[Any, Any, Sequence[Any], str, Mapping[str, Any] | None]:
    """Return time, values, the other axes, name and attributes of a variable made of containers.

    Raises
    ------
    VariableError
        The first axis is not that of time, or there are no values.
    """
    first = axes[0] if len(axes) else None
    time = first.values if isinstance(first, Axis) else first
    if time is None or values is None or np.asarray(time).dtype.kind != "M":
        raise VariableError(
            "a variable needs times and values",
            hint="SpeasyVariable(time, values, ...), or axes= that begin with a time axis",
        )
    if isinstance(values, DataContainer):
        return time, values.values, axes[1:], name or values.name, meta or values.meta
    return time, values, axes[1:], name, meta
