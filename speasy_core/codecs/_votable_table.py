"""VOTable as a table: its columns with their types, whatever they mean."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from speasy_core.errors import (
    CorruptFile,
    InvalidTime,
    UnexpectedContent,
    UnknownProduct,
    UnsupportedFormat,
    scrub_url,
)
from speasy_core.timerange import to_ns
from speasy_core.xml import local_name, walk

__all__ = ["Field", "Table", "read_table"]

_INTEGERS = frozenset({"short", "int", "long", "unsignedByte", "bit"})
_FLOATS = frozenset({"float", "double"})
_TEXTS = frozenset({"char", "unicodeChar"})
_TIME_TYPES = frozenset({"datetime", "iso8601", "timestamp"})
_TRUE, _FALSE = frozenset({"t", "true", "1"}), frozenset({"f", "false", "0"})
_SERIALIZED = frozenset({"BINARY", "BINARY2", "FITS", "PARQUET"})
_ENTRY = re.compile(r"\s*([A-Za-z][\w .-]{0,60}?)\s*:(.*)", re.DOTALL)
_LINK = re.compile(r"https?://\S+")
_SIGNED = re.compile(r"[?&](?:awsaccesskeyid|signature|x-amz-signature|expires)=", re.IGNORECASE)
_NAT = np.datetime64("NaT", "ns")


@dataclass(frozen=True, slots=True)
class Field:
    """One column.

    Attributes
    ----------
    name : str
        Unique in its table.
    id, datatype, arraysize, unit, ucd, xtype, description : str
        As the file says; empty where it does not.
    null : str or None
        Text of a cell that holds nothing.
    """

    name: str
    id: str = ""
    datatype: str = "char"
    arraysize: str = ""
    unit: str = ""
    ucd: str = ""
    xtype: str = ""
    description: str = ""
    null: str | None = None

    @property
    def is_time(self) -> bool:
        """Whether the cells are times written as text."""
        declared = self.xtype.lower() in _TIME_TYPES or self.ucd.lower().startswith("time.")
        return self.datatype in _TEXTS and declared

    @property
    def is_number(self) -> bool:
        """Whether a cell is one number or one truth value."""
        return self.datatype not in _TEXTS and self.arraysize in ("", "1")


@dataclass(frozen=True, slots=True)
class Table:
    """What a VOTable holds.

    Attributes
    ----------
    name, description : str
        Of the table, else of what is around it.
    meta : mapping of str to str
        ``Key: value;`` lines of the document's description, PARAM and INFO elements.
    fields : tuple of Field
    columns : mapping of str to list
        Cells by the column's name: str, int, float, bool, tuples of these, None where empty.
    source : str
        Where it came from.
    """

    name: str
    description: str
    meta: Mapping[str, str]
    fields: tuple[Field, ...]
    columns: Mapping[str, list[Any]]
    source: str = ""

    def __len__(self) -> int:
        return len(next(iter(self.columns.values()), []))

    def field(self, name: str) -> Field:
        """Return a column's description.

        Raises
        ------
        UnknownProduct
            No such column; the message names those that are there.
        """
        for one in self.fields:
            if name in (one.name, one.id):
                return one
        known = ", ".join(f.name for f in self.fields)
        raise UnknownProduct(
            f"the table has no column {name!r}", source=self.source, hint=f"it has {known}"
        )

    def array(self, name: str) -> NDArray[Any]:
        """Return a column as an array.

        Numbers are float64, or int64 where no cell is empty; times are datetime64[ns]; all else
        is of objects. Empty cells are NaN, NaT or None.

        Raises
        ------
        UnknownProduct
            No such column.
        CorruptFile
            A time that cannot be read.
        """
        described = self.field(name)
        cells = self.columns[described.name]
        if described.is_time:
            return self._times(described, cells)
        if described.is_number:
            if any(cell is None for cell in cells):
                return np.array([math.nan if c is None else c for c in cells], np.float64)
            kind = {"boolean": np.bool_}.get(described.datatype)
            default = np.float64 if described.datatype in _FLOATS else np.int64
            return np.array(cells, kind or default)
        out = np.empty(len(cells), object)
        out[:] = cells
        return out

    def _times(self, described: Field, cells: Sequence[str | None]) -> NDArray[Any]:
        out = np.full(len(cells), _NAT)
        for row, cell in enumerate(cells):
            if cell:
                try:
                    out[row] = np.datetime64(to_ns(cell), "ns")
                except InvalidTime as error:
                    raise _bad_cell(self.source, row, described, cell, "a time") from error
        return out


@dataclass
class _Reader:
    """Collects the first table of a document that has columns."""

    source: str
    stack: list[str] = field(default_factory=list)
    texts: dict[str, str] = field(default_factory=dict)
    meta: dict[str, str] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)
    fields: list[dict[str, str]] = field(default_factory=list)
    rows: list[list[str]] = field(default_factory=list)
    row: list[str] = field(default_factory=list)
    buffer: list[str] | None = None
    complete: bool = False

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        tag = local_name(tag)
        if not self.stack and tag != "VOTABLE":
            raise UnexpectedContent(f"<{tag}> where a VOTable was expected", source=self.source)
        self.stack.append(tag)
        if self.complete:
            return
        if tag == "TD":
            self.buffer = []
        elif tag == "TR":
            self.row = []
        elif tag == "FIELD":
            if self.rows:
                raise CorruptFile(
                    "the VOTable declares a column after its rows", source=self.source
                )
            self.fields.append(dict(attributes))
        elif tag == "VALUES" and "FIELD" in self.stack and "null" in attributes:
            self.fields[-1]["null"] = attributes["null"]
        elif tag in ("RESOURCE", "TABLE"):
            self.names[tag] = attributes.get("name", "")
        elif tag in ("PARAM", "INFO") and "name" in attributes:
            self.meta[attributes["name"]] = attributes.get("value", "")
        elif tag in _SERIALIZED:
            raise UnsupportedFormat(
                f"the VOTable's rows are in the {tag} form; only TABLEDATA is read",
                source=self.source,
            )
        elif tag == "DESCRIPTION":
            self.buffer = []

    def text(self, characters: str) -> None:
        if self.buffer is not None:
            self.buffer.append(characters)

    def end(self, tag: str) -> None:
        tag = self.stack.pop()
        if self.complete:
            return
        if tag == "TD" and self.buffer is not None:
            self.row.append("".join(self.buffer).strip())
            self.buffer = None
        elif tag == "TR":
            if len(self.row) != len(self.fields):
                raise CorruptFile(
                    f"row {len(self.rows) + 1} of the table has {len(self.row)} cells for "
                    f"{len(self.fields)} columns",
                    source=self.source,
                )
            self.rows.append(self.row)
        elif tag == "DESCRIPTION" and self.buffer is not None:
            self._describe("".join(self.buffer))
            self.buffer = None
        elif tag == "TABLE" and self.fields:
            self.complete = True

    def _describe(self, text: str) -> None:
        above = self.stack[-1] if self.stack else ""
        if above == "FIELD":
            self.fields[-1]["description"] = " ".join(text.split())
        else:
            self.texts.setdefault(above, _LINK.sub(_without_signature, text).strip())


def _without_signature(link: re.Match[str]) -> str:
    """Return a link without the keys that let its bearer in."""
    url = link.group()
    return url.partition("?")[0] if _SIGNED.search(url) else scrub_url(url)


def read_table(data: bytes, *, source: str) -> Table:
    """Read the first table of a VOTable document.

    Parameters
    ----------
    data : bytes
        The whole document.
    source : str
        Its name, for messages.

    Returns
    -------
    Table

    Raises
    ------
    UnexpectedContent
        Not a VOTable, cut short, or with a document type declaration.
    CorruptFile
        A row or cell that does not fit its columns; both are named.
    UnsupportedFormat
        Rows in a binary form.

    Examples
    --------
    >>> doc = (b"<VOTABLE><RESOURCE><TABLE name='t'><FIELD name='n' datatype='int'/><DATA>"
    ...        b"<TABLEDATA><TR><TD>7</TD></TR></TABLEDATA></DATA></TABLE></RESOURCE></VOTABLE>")
    >>> read_table(doc, source="t.vot").columns
    {'n': [7]}
    """
    reader = _Reader(source)
    walk(data, source=source, start=reader.start, end=reader.end, text=reader.text)
    if not reader.fields:
        raise CorruptFile("the VOTable has no table with columns", source=source)
    fields = _fields(reader.fields)
    columns = {
        one.name: _column(one, [row[i] for row in reader.rows], source)
        for i, one in enumerate(fields)
    }
    meta, free = _entries(reader.texts.get("VOTABLE", ""))
    texts = (reader.texts.get("TABLE"), reader.texts.get("RESOURCE"), free)
    name = meta.get("Name") or reader.names.get("TABLE") or reader.names.get("RESOURCE") or ""
    return Table(
        name, "\n".join(t for t in texts if t), meta | reader.meta, tuple(fields), columns, source
    )


def _fields(found: Sequence[Mapping[str, str]]) -> list[Field]:
    fields: list[Field] = []
    taken: set[str] = set()
    for number, attributes in enumerate(found, 1):
        wanted = attributes.get("name") or attributes.get("ID") or f"column{number}"
        name, count = wanted, 2
        while name in taken:
            name, count = f"{wanted}_{count}", count + 1
        taken.add(name)
        fields.append(
            Field(
                name,
                attributes.get("ID", ""),
                attributes.get("datatype", "char"),
                attributes.get("arraysize", ""),
                # files exist that misspell it
                attributes.get("unit") or attributes.get("units") or attributes.get("unitss", ""),
                attributes.get("ucd", ""),
                attributes.get("xtype", ""),
                attributes.get("description", ""),
                attributes.get("null"),
            )
        )
    return fields


def _entries(text: str) -> tuple[dict[str, str], str]:
    """Return the ``Key: value;`` lines of a description, and what is not of that form."""
    meta: dict[str, str] = {}
    free: list[str] = []
    pieces = re.split(r";[ \t\r]*(?:\n|\Z)", text)
    for piece in pieces:
        match = _ENTRY.fullmatch(piece) if len(pieces) > 1 else None
        if match is not None:
            meta[match[1]] = match[2].strip()
        elif piece.strip():
            free.append(piece.strip())
    return meta, "\n".join(free)


def _boolean(text: str) -> bool | None:
    word = text.lower()
    if word in _TRUE or word in _FALSE:
        return word in _TRUE
    if word in ("?", " "):
        return None
    raise ValueError(word)


def _integer(text: str) -> int:
    number = int(text, 16) if text.lower().startswith("0x") else int(text)
    if not -(2**63) <= number < 2**63:
        raise ValueError(text)
    return number


def _column(described: Field, cells: Sequence[str], source: str) -> list[Any]:
    if described.datatype in _TEXTS:
        return [cell or None for cell in cells]
    convert: Callable[[str], Any]
    if described.datatype in _FLOATS:
        convert, what = float, "a number"
    elif described.datatype in _INTEGERS:
        convert, what = _integer, "a whole number"
    elif described.datatype == "boolean":
        convert, what = _boolean, "true or false"
    else:
        raise UnsupportedFormat(
            f"the column {described.name!r} is of the type {described.datatype!r}, which is not "
            "read here",
            source=source,
        )
    several = not described.is_number
    out: list[Any] = []
    for row, cell in enumerate(cells):
        try:
            if not cell or cell == described.null:
                out.append(None)
            elif several:
                out.append(tuple(convert(word) for word in cell.split()))
            else:
                out.append(convert(cell))
        except ValueError as error:
            raise _bad_cell(source, row, described, cell, what) from error
    return out


def _bad_cell(source: str, row: int, described: Field, cell: str, what: str) -> CorruptFile:
    kind = described.xtype or described.datatype
    return CorruptFile(
        f"row {row + 1}, column {described.name!r} ({kind}): {cell[:60]!r} is not {what}",
        source=source,
    )
