"""HAPI's binary format: packed little-endian records behind an optional header."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from speasy_core.errors import CorruptFile
from speasy_core.events import Dataset

from . import _hapi_file
from ._hapi_info import Info, Parameter

__all__ = ["columns", "read", "record_type"]


def read(data: bytes, *, source: str, variables: Sequence[str] | None = None) -> Dataset:
    """Decode a HAPI answer that carries its header (``include=header``).

    Parameters
    ----------
    data : bytes
        The whole answer. Headers are known that call a binary answer csv: the records decide.
    source : str
        Its name, for messages and as the name of the result.
    variables : sequence of str, optional
        Parameters; by default all but time.

    Raises
    ------
    CorruptFile
        Cut short, or records that are not what the header says. A cut that falls between two
        records cannot be seen: only the transport proves that nothing follows.
    UnexpectedContent
        A server's error message in place of data.
    UnsupportedFormat
        No header.
    UnknownProduct
        A parameter that is not there.
    """
    return _hapi_file.read(data, source, variables)


def record_type(info: Info, source: str) -> np.dtype[Any]:
    """Return the type of one packed record.

    Raises
    ------
    CorruptFile
        A time or text without a length.
    """
    return np.dtype([(f"f{i}", *_field(p, source)) for i, p in enumerate(info.parameters)])


def _field(p: Parameter, source: str) -> tuple[str, tuple[int, ...]]:
    if p.type == "double":
        return "<f8", p.size
    if p.type == "integer":
        return "<i4", p.size
    if p.length is None:
        raise CorruptFile(f"the header does not say how long {p.name!r} is", source=source)
    return f"S{p.length}", p.size


def columns(info: Info, body: bytes, source: str) -> dict[str, NDArray[Any]]:
    """Return all records of each parameter, shape ``(n, *size)``, times and text as bytes.

    Parameters
    ----------
    info : Info
        What the header says.
    body : bytes
        The records.
    source : str
        For messages.

    Raises
    ------
    CorruptFile
        Not a whole number of records.
    """
    record = record_type(info, source)
    whole, rest = divmod(len(body), record.itemsize)
    if rest:
        raise CorruptFile(
            f"{rest} bytes follow {whole} records of {record.itemsize} bytes: the file was cut, "
            "or its records are not what the header says",
            source=source,
        )
    records = np.frombuffer(body, record)
    return {p.name: _native(records[f"f{i}"]) for i, p in enumerate(info.parameters)}


def _native(field: NDArray[Any]) -> NDArray[Any]:
    """Return a field in memory of its own, columns contiguous."""
    order = "F" if field.ndim == 2 else "C"
    return np.array(field, field.dtype.newbyteorder("="), order=order)  # type: ignore[call-overload, no-any-return]
