"""The header of a CEF-2 file: ``KEY = value`` lines, metadata blocks and variable blocks."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from speasy_core.errors import CorruptFile, UnsupportedFormat

__all__ = ["CefVariable", "Header", "Include", "parse_header"]

#: gives the bytes of an included header by its name, None where it may or can not be had
Include = Callable[[str], bytes | None]

_STATEMENT = re.compile(r"\s*([A-Za-z][\w.\-]*)\s*=\s*(.*?)\s*\Z", re.DOTALL)
_VALUE = re.compile(r'\s*("[^"]*"|[^",\s][^",]*?)\s*(?:,|\Z)')
_MAX_INCLUDES = 64
_MAX_DEPTH = 4
_TIMES = frozenset({"ISO_TIME", "ISO_TIME_RANGE"})


@dataclass(slots=True)
class CefVariable:
    """One variable block.

    Attributes
    ----------
    name : str
    attributes : dict
        Upper-case keys; a list of values as a list, numbers as numbers.
    sizes : tuple of int
        Shape of one record; empty for a scalar.
    data : list or None
        Its values, where it does not vary with the records.
    """

    name: str
    attributes: dict[str, Any] = field(default_factory=dict)
    sizes: tuple[int, ...] = ()
    data: list[Any] | None = None

    @property
    def kind(self) -> str:
        """Type of its entries, for example ``FLOAT`` or ``ISO_TIME``."""
        return str(self.attributes.get("VALUE_TYPE", "FLOAT")).upper()

    @property
    def is_time(self) -> bool:
        """Whether it holds times."""
        return self.kind in _TIMES

    @property
    def width(self) -> int:
        """How many entries of a record belong to it."""
        count = 1
        for size in self.sizes:
            count *= size
        return count


@dataclass(slots=True)
class Header:
    """Everything before the first record.

    Attributes
    ----------
    variables : dict of str to CefVariable
    meta : dict
        Metadata blocks: one entry, or a list of them.
    record_end : bytes
        The character that ends a record.
    data_until : str or None
        The text of the last line; None when the data end with the file.
    missing : list of str
        Included headers that were not read.
    data_at : int
        Where the records begin.
    """

    variables: dict[str, CefVariable] = field(default_factory=dict)
    meta: dict[str, Any] = field(default_factory=dict)
    record_end: bytes = b"\n"
    data_until: str | None = None
    missing: list[str] = field(default_factory=list)
    data_at: int = -1


def parse_header(data: bytes, source: str, include: Include) -> Header:
    """Read the header, included ones in their places.

    Parameters
    ----------
    data : bytes
        The whole file.
    source : str
        Its name, for messages.
    include : callable
        Gives included headers.

    Raises
    ------
    CorruptFile
        Not CEF, or cut within the header; the line is named.
    UnsupportedFormat
        Another version of CEF.
    """
    reader = _Reader(source, include)
    reader.read(data, source, 0)
    header = reader.header
    if header.data_at < 0:
        raise CorruptFile(
            "the file ends within its header: there is no DATA_UNTIL line",
            source=source, hint="fetch it again",
        )  # fmt: skip
    for variable in header.variables.values():
        _finish(variable, source)
    return header


class _Reader:
    """Reads statements, of the file itself and of what it includes."""

    def __init__(self, source: str, include: Include) -> None:
        self.header = Header()
        self._source, self._include = source, include
        self._included = 0
        self._block: tuple[str, str] | None = None

    def read(self, data: bytes, where: str, depth: int) -> None:
        for line, text, after in _logical_lines(data, where, self._source):
            match = _STATEMENT.match(text)
            if match is None:
                shown = text.strip()[:60]
                raise self._wrong(where, line, f"{shown!r} is not of the form KEY = value")
            key, rest = match[1], match[2]
            try:
                values = _values(rest)
            except ValueError as error:
                raise self._wrong(where, line, f"{key}: {error}") from error
            if key.upper() == "DATA_UNTIL":
                self._data_until(data, where, line, rest, after, depth)
                return
            self._statement(key, values, where, line, depth)

    def _wrong(self, where: str, line: int, what: str) -> CorruptFile:
        return CorruptFile(f"{where}, line {line}: {what}", source=self._source)

    def _data_until(
        self, data: bytes, where: str, line: int, rest: str, after: int, depth: int
    ) -> None:
        if depth or self._block is not None:
            raise self._wrong(where, line, "DATA_UNTIL where a block or an included header goes on")
        quoted = len(rest) > 2 and rest[0] == rest[-1] == '"'
        until_eof = rest.upper() == "EOF"
        if not (quoted or until_eof) or data[after - 1 : after] != b"\n":
            raise self._wrong(where, line, "the file ends within its DATA_UNTIL line")
        self.header.data_until = rest[1:-1] if quoted else None
        self.header.data_at = after

    def _statement(self, key: str, values: list[Any], where: str, line: int, depth: int) -> None:
        upper, first = key.upper(), values[0] if values else ""
        if upper == "INCLUDE":
            self._read_included(str(first), where, line, depth)
        elif upper in ("START_META", "START_VARIABLE"):
            if self._block is not None:
                raise self._wrong(where, line, f"{key} within {self._block[1]!r}")
            self._block = (upper.removeprefix("START_"), str(first))
            if upper == "START_VARIABLE":
                if str(first) in self.header.variables:
                    raise self._wrong(where, line, f"the variable {first!r} is there twice")
                self.header.variables[str(first)] = CefVariable(str(first))
        elif upper in ("END_META", "END_VARIABLE"):
            if self._block != (upper.removeprefix("END_"), str(first)):
                raise self._wrong(where, line, f"{key} = {first} ends what did not begin")
            self._block = None
        elif self._block is None:
            self._file_entry(upper, first, values, where, line)
        elif self._block[0] == "META":
            if upper == "ENTRY":
                _append(self.header.meta, self._block[1], values)
        else:
            self._variable_entry(upper, values)

    def _file_entry(self, key: str, first: Any, values: list[Any], where: str, line: int) -> None:
        if key == "END_OF_RECORD_MARKER":
            mark = str(first).encode("utf-8")
            if len(mark) != 1 or mark in (b"!", b"&", b",", b'"'):
                raise self._wrong(where, line, f"{first!r} cannot end a record")
            self.header.record_end = mark
        elif key == "FILE_FORMAT_VERSION" and not str(first).upper().startswith("CEF-2"):
            raise UnsupportedFormat(f"{first!r} is not read; CEF-2 is", source=self._source)
        else:
            _append(self.header.meta, key, values)

    def _variable_entry(self, key: str, values: list[Any]) -> None:
        assert self._block is not None
        variable = self.header.variables[self._block[1]]
        if key == "DATA":
            variable.data = [*(variable.data or []), *values]
        elif values:
            variable.attributes[key] = values[0] if len(values) == 1 else values

    def _read_included(self, name: str, where: str, line: int, depth: int) -> None:
        self._included += 1
        if self._included > _MAX_INCLUDES or depth >= _MAX_DEPTH:
            raise self._wrong(where, line, "more included headers than any real file has")
        data = self._include(name)
        if data is None:
            self.header.missing.append(name)
        else:
            self.read(data, name, depth + 1)


def _append(target: dict[str, Any], key: str, values: list[Any]) -> None:
    for value in values:
        if key not in target:
            target[key] = value
        elif isinstance(target[key], list):
            target[key].append(value)
        else:
            target[key] = [target[key], value]


def _logical_lines(data: bytes, where: str, source: str) -> Iterator[tuple[int, str, int]]:
    """Yield number, text without comments, and the offset after it; joins continued lines."""
    at, number, pending, first = 0, 0, "", 0
    while at < len(data):
        end = data.find(b"\n", at)
        after = len(data) if end < 0 else end + 1
        raw, at = data[at:after], after
        number += 1
        if len(raw) > 1_000_000 or b"\x00" in raw:
            raise CorruptFile(f"{where}, line {number}: not text", source=source)
        try:
            text = raw.decode("utf-8")
        except UnicodeDecodeError:
            text = raw.decode("latin-1")
        text = _without_comment(text).strip()
        if not pending:
            first = number
        if text.endswith("\\"):
            pending += text[:-1] + " "
            continue
        whole, pending = pending + text, ""
        if whole.strip():
            yield first, whole, at


def _without_comment(text: str) -> str:
    at = text.find("!")
    while at >= 0 and text.count('"', 0, at) % 2:  # within a quoted text
        at = text.find("!", at + 1)
    return text if at < 0 else text[:at]


def _values(text: str) -> list[Any]:
    """Return the comma-separated values of a line; bare numbers as numbers."""
    values: list[Any] = []
    at = 0
    while at < len(text):
        match = _VALUE.match(text, at)
        if match is None or match.end() == at:
            raise ValueError(f"cannot read {text[at : at + 60]!r}")
        values.append(_plain(match[1]))
        at = match.end()
    if not values:
        raise ValueError("there is no value")
    return values


def _plain(text: str) -> Any:
    if text.startswith('"'):
        return text[1:-1].strip()
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return text


def _finish(variable: CefVariable, source: str) -> None:
    """Check and set the shape of a variable."""
    sizes = variable.attributes.get("SIZES", 1)
    items = sizes if isinstance(sizes, list) else [sizes]
    if not all(isinstance(size, int) and 0 < size <= 10_000_000 for size in items):
        raise CorruptFile(f"{variable.name}: SIZES = {sizes!r} is not a shape", source=source)
    variable.sizes = () if items == [1] else tuple(items)
    if variable.width > 100_000_000:
        raise CorruptFile(f"{variable.name}: SIZES = {sizes!r} is not a shape", source=source)
    if variable.data is not None and len(variable.data) != variable.width:
        raise CorruptFile(
            f"{variable.name}: {len(variable.data)} values where SIZES = {sizes!r}", source=source
        )
