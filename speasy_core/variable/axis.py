"""What a variable is labelled with: axes, gaps and provenance."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from speasy_core.errors import VariableError
from speasy_core.timerange import TimeRange

__all__ = [
    "Array", "Axis", "Gap", "Int64Array", "Provenance", "flat_samples", "read_only", "same_array",
]  # fmt: skip

Array = npt.NDArray[Any]
Int64Array = npt.NDArray[np.int64]


class Axis:
    """What one dimension of the values stands for: energies, angles, frequencies.

    Parameters
    ----------
    values : array_like
        Shape ``(m,)`` for an axis that never changes, ``(n, m)`` for one that varies with time,
        or a coordinate grid of the shape of the variable, with or without the time dimension.
    name : str
        For example ``energy``.
    unit : str
        As the archive writes it.
    meta : mapping, optional
        ISTP attributes of the axis.
    time_varying : bool, optional
        Whether the first dimension of `values` is time. Without it: true from two dimensions on.

    Examples
    --------
    >>> Axis([10.0, 100.0], name="energy", unit="eV").time_varying
    False
    """

    __slots__ = ("meta", "name", "time_varying", "unit", "values")
    values: Array
    name: str
    unit: str
    meta: Mapping[str, Any]
    time_varying: bool

    def __init__(
        self,
        values: npt.ArrayLike,
        *,
        name: str = "",
        unit: str = "",
        meta: Mapping[str, Any] | None = None,
        time_varying: bool | None = None,
    ) -> None:
        array = read_only(np.asarray(values))
        if array.ndim == 0:
            raise VariableError(f"the axis {name!r} needs an array of values, not one number")
        put = object.__setattr__
        put(self, "values", array)
        put(self, "name", name)
        put(self, "unit", unit)
        put(self, "meta", MappingProxyType(dict(meta or {})))
        put(self, "time_varying", array.ndim > 1 if time_varying is None else time_varying)

    def __setattr__(self, key: str, value: Any) -> None:
        raise AttributeError(f"an Axis is frozen; make a new one with axis.replace({key}=...)")

    def __delattr__(self, key: str) -> None:
        raise AttributeError("an Axis is frozen")

    def replace(self, **changes: Any) -> Axis:
        """Return a copy with some of the constructor's parameters changed."""
        kept = {key: getattr(self, key) for key in self.__slots__}
        return Axis(**{**kept, **changes})

    def take_time(self, index: Any) -> Axis:
        """Return the axis of the samples that `index` (a slice, mask or index array) picks."""
        return self.replace(values=self.values[index]) if self.time_varying else self

    def equals(self, other: Axis) -> bool:
        """Whether values (NaN equal to NaN), name and unit are the same."""
        return (
            self.name == other.name
            and self.unit == other.unit
            and self.time_varying == other.time_varying
            and same_array(self.values, other.values)
        )

    def __reduce__(self) -> tuple[Any, ...]:
        state = (self.values, self.name, self.unit, dict(self.meta), self.time_varying)
        return (_axis_from_state, state)

    def __repr__(self) -> str:
        varies = ", varies with time" if self.time_varying else ""
        unit = f" [{self.unit}]" if self.unit else ""
        return f"<Axis {self.name or 'unnamed'}{unit} {self.values.shape}{varies}>"


def _axis_from_state(
    values: Array, name: str, unit: str, meta: dict[str, Any], time_varying: bool
) -> Axis:
    return Axis(values, name=name, unit=unit, meta=meta, time_varying=time_varying)


@dataclass(frozen=True, slots=True)
class Gap:
    """A range that was asked for and not delivered.

    Parameters
    ----------
    range : TimeRange
        The part that is missing.
    reason : str
        Why, for people.
    retryable : bool
        Whether asking again later may help.
    """

    range: TimeRange
    reason: str
    retryable: bool = True


@dataclass(frozen=True, slots=True)
class Provenance:
    """Where samples came from.

    Parameters
    ----------
    server : str
        Name of the archive.
    request : str
        What was asked, scrubbed of secrets.
    state : {"fresh", "cached", "stale"}
        Whether the archive was asked now, an earlier answer was used, or one known to be old.
    version : str or None
        The archive's mark of the answer.
    date : str
        When it was received, ISO 8601 UTC.
    """

    server: str
    request: str
    state: Literal["fresh", "cached", "stale"] = "fresh"
    version: str | None = None
    date: str = field(default="")


def flat_samples(array: Array) -> Array:
    """Return ``(n, ...)`` as ``(n, k)``, for no samples too."""
    return array.reshape(len(array), math.prod(array.shape[1:]))


def read_only(array: Array) -> Array:
    """Return a view of `array` through which nothing can be written."""
    view = array.view()
    view.flags.writeable = False
    return view


def same_array(a: Array, b: Array) -> bool:
    """Whether two arrays hold the same values, NaN equal to NaN, without looking when shared."""
    if a is b:
        return True
    if a.shape != b.shape or a.dtype.kind != b.dtype.kind:
        return False
    if a.strides == b.strides and a.ctypes.data == b.ctypes.data and a.dtype == b.dtype:
        return True
    return bool(np.array_equal(a, b, equal_nan=a.dtype.kind in "fcmM"))
