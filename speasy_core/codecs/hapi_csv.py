"""HAPI's csv format: lines of text behind an optional header."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from speasy_core.errors import CorruptFile
from speasy_core.events import Dataset

from . import _hapi_file
from ._hapi_info import Info, Parameter

__all__ = ["columns", "read"]

_COMMA, _NEWLINE = 44, 10


def read(data: bytes, *, source: str, variables: Sequence[str] | None = None) -> Dataset:
    """Decode a HAPI answer that carries its header (``include=header``).

    Parameters
    ----------
    data : bytes
        The whole answer.
    source : str
        Its name, for messages and as the name of the result.
    variables : sequence of str, optional
        Parameters; by default all but time.

    Raises
    ------
    CorruptFile
        Cut short, or records that are not what the header says. A cut that falls between two
        lines cannot be seen: only the transport proves that nothing follows.
    UnexpectedContent
        A server's error message in place of data.
    UnsupportedFormat
        No header.
    UnknownProduct
        A parameter that is not there.
    """
    return _hapi_file.read(data, source, variables)


def columns(info: Info, body: bytes, source: str) -> dict[str, NDArray[Any]]:
    """Return all records of each parameter, shape ``(n, *size)``, times and text as bytes.

    Parameters
    ----------
    info : Info
        What the header says.
    body : bytes
        The records; lines may end in CR LF.
    source : str
        For messages.

    Raises
    ------
    CorruptFile
        The last line is not whole, a line has another number of values, or a value is not what
        the header says; the record is named.
    """
    width = sum(p.columns for p in info.parameters)
    cells = _cells(body, width, source)
    out, first = {}, 0
    for p in info.parameters:
        parts = [cells[i::width] for i in range(first, first + p.columns)]
        out[p.name] = _column(p, parts, len(cells) // width, source)
        first += p.columns
    return out


def _cells(body: bytes, width: int, source: str) -> list[bytes]:
    """Return all values of all lines in order, after proving that every line is whole."""
    if not body.strip():
        return []
    if not body.endswith(b"\n"):
        raise CorruptFile(
            "the last line has no end: the file was cut", source=source, hint="fetch it again"
        )
    body = body.replace(b"\r\n", b"\n").rstrip(b"\n") + b"\n"
    if b'"' in body:
        return _quoted(body, width, source)
    raw = np.frombuffer(body, np.uint8)
    marks = raw[np.flatnonzero((raw == _COMMA) | (raw == _NEWLINE))]
    ends = np.flatnonzero(marks == _NEWLINE)
    counts = np.diff(ends, prepend=-1)
    if (counts != width).any():
        at = int(np.argmax(counts != width))
        _wrong_count(at, int(counts[at]), width, source)
    return body[:-1].replace(b"\n", b",").split(b",")


def _quoted(body: bytes, width: int, source: str) -> list[bytes]:
    try:
        lines = list(csv.reader(io.StringIO(body.decode("utf-8"), newline=""), strict=True))
    except (csv.Error, UnicodeDecodeError) as error:
        raise CorruptFile(f"the records cannot be read: {error}", source=source) from error
    for at, line in enumerate(lines):
        if len(line) != width:
            _wrong_count(at, len(line), width, source)
    return [cell.encode() for line in lines for cell in line]


def _wrong_count(at: int, found: int, width: int, source: str) -> None:
    raise CorruptFile(
        f"record {at + 1} has {found} values where the header says {width}",
        source=source,
        hint="the file was cut or is not in HAPI's csv format",
    )


def _column(p: Parameter, parts: list[list[bytes]], n: int, source: str) -> NDArray[Any]:
    if p.type in ("isotime", "string"):
        text = np.empty((n, p.columns), np.dtype(f"S{_longest(parts)}"))
        for i, part in enumerate(parts):
            text[:, i] = [cell.strip(b" ") for cell in part] if p.type == "isotime" else part
        return text.reshape(n, *p.size)
    flat = _integers(parts, n) if p.type == "integer" else None
    if flat is None:
        flat = np.empty((n, p.columns), np.float64, order="F")
        for i, part in enumerate(parts):
            flat[:, i] = _floats(p, part, source)
    return flat if len(p.size) == 1 else flat.reshape(n, *p.size)


def _longest(parts: list[list[bytes]]) -> int:
    return max((len(cell) for part in parts for cell in part), default=1) or 1


def _floats(p: Parameter, cells: list[bytes], source: str) -> list[float]:
    try:
        found = list(map(float, cells))
    except ValueError:
        found = []
    # Python reads 1_000 as a number, and no server means it
    if len(found) != len(cells) or (b"_" in b"".join(cells)):
        at = next(i for i, cell in enumerate(cells) if not _is_number(cell))
        raise CorruptFile(
            f"record {at + 1}: {cells[at][:40]!r} is not a number for {p.name!r}", source=source
        )
    return found


def _is_number(cell: bytes) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return b"_" not in cell


def _integers(parts: list[list[bytes]], n: int) -> NDArray[Any] | None:
    """Return whole numbers, 32 bits wide where they fit; None when something else is written."""
    flat = np.empty((n, len(parts)), np.int64, order="F")
    try:
        for i, part in enumerate(parts):
            if b"_" in b"".join(part):
                return None
            flat[:, i] = list(map(int, part))
    except (ValueError, OverflowError):
        return None  # servers write fills such as -1e31 among integers
    limits = np.iinfo(np.int32)
    fits = not flat.size or (flat.min() >= limits.min and flat.max() <= limits.max)
    return flat.astype(np.int32) if fits else flat
