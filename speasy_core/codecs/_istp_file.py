"""What the ISTP rules need of a file, whatever its format: names, values and attributes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from numpy.typing import NDArray

__all__ = ["Described", "RawFile", "Shape"]


class Described(Protocol):
    """What a file says of one variable without reading it."""

    @property
    def records(self) -> int:
        """How many records it holds."""
        ...

    @property
    def record_varying(self) -> bool:
        """Whether there is one value per record, and not one for the whole file."""
        ...

    @property
    def dims(self) -> tuple[int, ...]:
        """Shape of one record."""
        ...


@dataclass(frozen=True, slots=True)
class Shape:
    """A plain :class:`Described`."""

    records: int
    record_varying: bool
    dims: tuple[int, ...] = ()


class RawFile(Protocol):
    """A checked file by names, without ISTP meaning."""

    @property
    def source(self) -> str:
        """Its name, for messages."""
        ...

    @property
    def names(self) -> list[str]:
        """All variables, in the order of the file."""
        ...

    @property
    def global_attributes(self) -> Mapping[str, Any]:
        """Attributes of the whole file."""
        ...

    def find(self, name: str) -> str | None:
        """Return the file's own spelling of `name`; None when it is not there."""
        ...

    def describe(self, name: str) -> Described:
        """Return dimensions and number of records."""
        ...

    def is_time(self, name: str) -> bool:
        """Whether the variable holds times."""
        ...

    def is_text(self, name: str) -> bool:
        """Whether the variable holds text."""
        ...

    def values(self, name: str) -> NDArray[Any]:
        """Return all records, ``(records, *dims)``; times as int64 ns since 1970 UTC."""
        ...

    def attributes(self, name: str) -> dict[str, Any]:
        """Return the attributes of a variable, keys in upper case, values as plain Python."""
        ...
