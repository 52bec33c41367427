"""The records of a CEF-2 file: text to arrays, in pieces, and only what is asked for."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from speasy_core.errors import CorruptFile, InvalidTime
from speasy_core.timerange import to_ns

from ._cdf_time import NAT
from ._cef_header import CefVariable, Header

__all__ = ["convert", "read_records"]

_PIECE = 1 << 20
_QUOTED = re.compile(rb'"([^"\n]*)"')
_COMMENT = re.compile(rb"![^\n]*")
_PLACE = b"\x01"
_FLOAT32_DIGITS = 7
# texts of times are cut to nanoseconds: 2001-02-26T05:18:30.002201000
_TIME_WIDTH = 29


def read_records(
    data: bytes, header: Header, wanted: Sequence[CefVariable], source: str
) -> tuple[int, dict[str, NDArray[Any]]]:
    """Return the number of records, and the arrays of some variables.

    Parameters
    ----------
    data : bytes
        The whole file.
    header : Header
        As parsed.
    wanted : sequence of CefVariable
        Those that vary with the records.
    source : str
        For messages.

    Raises
    ------
    CorruptFile
        Cut within the records, or one that has more or fewer entries than the header says.
    """
    varying = [v for v in header.variables.values() if v.data is None]
    starts = dict(zip([v.name for v in varying], np.cumsum([0] + [v.width for v in varying]),
                      strict=False))  # fmt: skip
    fields = sum(v.width for v in varying)
    body, texts = _clean_body(data[header.data_at :], header, source)
    parts: dict[str, list[NDArray[Any]]] = {v.name: [] for v in wanted}
    count = 0
    for tokens, records in _pieces(body, header, fields, count, source):
        for variable in wanted:
            start = int(starts[variable.name])
            columns = [tokens[start + i :: fields] for i in range(variable.width)]
            parts[variable.name].append(_convert(columns, variable, texts, source))
        count += records
    arrays = {}
    for variable in wanted:
        pieces = parts[variable.name]
        empty = convert([], variable, source)
        array = np.concatenate(pieces, axis=1) if pieces else empty.reshape(variable.width, 0)
        # one row per component so far: columns then lie together in memory
        rows = array[0] if not variable.sizes else array.T
        arrays[variable.name] = (
            rows.reshape((count, *variable.sizes)) if (len(variable.sizes) > 1) else rows
        )
    return count, arrays


def _clean_body(body: bytes, header: Header, source: str) -> tuple[bytes, list[bytes]]:
    """Return the records without white space, comments, quoted texts and the last line."""
    texts: list[bytes] = []

    def keep(match: re.Match[bytes]) -> bytes:
        texts.append(match[1])
        return _PLACE + str(len(texts) - 1).encode()

    if _PLACE in body or b"\x00" in body:
        raise CorruptFile("the records are not text", source=source)
    if header.data_until is not None:
        mark = re.escape(header.data_until.encode())
        lines = re.finditer(rb"^[ \t]*\"?" + mark + rb"\"?[ \t\r]*$", body, re.MULTILINE)
        end = max((line.start() for line in lines), default=None)
        if end is None:
            raise _cut(f"its last line, {header.data_until!r}, is missing", source)
        body = body[:end]
    elif body and not body.endswith(b"\n"):
        raise _cut("its last line is not ended", source)
    if b'"' in body:
        body = _QUOTED.sub(keep, body)
        if b'"' in body:
            raise _cut("a text among the records is not ended", source)
    if b"!" in body:
        body = _COMMENT.sub(b"", body)
    if header.record_end == b"\n":
        body = re.sub(rb"\n\n+", b"\n", body.translate(None, b" \t\r")).lstrip(b"\n")
    else:
        body = body.translate(None, b" \t\r\n")
    if body and not body.endswith(header.record_end):
        raise _cut("its last record is not whole", source)
    return body, texts


def _cut(why: str, source: str) -> CorruptFile:
    return CorruptFile(f"the file is cut: {why}", source=source, hint="fetch it again")


def _pieces(
    body: bytes, header: Header, fields: int, done: int, source: str
) -> Iterator[tuple[list[bytes], int]]:
    """Yield the entries of some records at a time, each record checked for its number of them."""
    mark, at = header.record_end, 0
    while at < len(body):
        end = body.find(mark, min(at + _PIECE, len(body) - 1))
        piece, at = body[at:end], end + 1
        records = piece.split(mark)
        for number, record in enumerate(records, done + 1):
            if record.count(b",") != fields - 1 or not record:
                found = record.count(b",") + 1 if record else 0
                hint = None
                if header.missing:
                    hint = f"headers that it includes were not read: {', '.join(header.missing)}"
                raise CorruptFile(
                    f"record {number} has {found} entries, the header describes {fields}",
                    source=source, hint=hint,
                )  # fmt: skip
        done += len(records)
        yield piece.replace(mark, b",").split(b","), len(records)


def _convert(
    columns: list[list[bytes]], variable: CefVariable, texts: list[bytes], source: str
) -> NDArray[Any]:
    """Return ``(width, records)`` of one variable."""
    if not texts or variable.kind in ("FLOAT", "DOUBLE", "INT", "BYTE"):
        return np.stack([convert(column, variable, source) for column in columns])
    plain = [
        [texts[int(e[1:])] if e.startswith(_PLACE) else e for e in column] for column in columns
    ]
    return np.stack([convert(column, variable, source) for column in plain])


def convert(entries: Sequence[bytes], variable: CefVariable, source: str) -> NDArray[Any]:
    """Return the array of texts of one component.

    Times are int64 nanoseconds since 1970 UTC (a range counts with its start), FLOAT is float32
    as in the CDF that the archive makes of it, unless it declares more digits than that holds.

    Raises
    ------
    CorruptFile
        An entry is not of the declared type.
    """
    try:
        if variable.is_time:
            return _times(entries)
        if variable.kind == "CHAR":
            return np.array([e.decode("utf-8", "replace") for e in entries], dtype=np.str_)
        if variable.kind in ("INT", "BYTE"):
            whole = np.array(entries, dtype="S").astype(np.int64)
            fits = whole.size == 0 or np.abs(whole).max() < 2**31
            return whole.astype(np.int32) if fits else whole
        numbers = np.array(entries, dtype="S").astype(np.float64)
    except (ValueError, OverflowError, InvalidTime) as error:
        raise CorruptFile(
            f"{variable.name}: an entry is not {variable.kind}: {error}", source=source
        ) from error
    digits = variable.attributes.get("SIGNIFICANT_DIGITS")
    precise = isinstance(digits, (int, float)) and digits > _FLOAT32_DIGITS
    if variable.kind != "FLOAT" or precise:
        return numbers
    with np.errstate(over="ignore"):
        return numbers.astype(np.float32)


def _times(entries: Sequence[bytes]) -> NDArray[np.int64]:
    texts = np.array([e.partition(b"/")[0].rstrip(b"Zz") for e in entries], dtype="S")
    texts = texts.astype(f"S{_TIME_WIDTH}") if texts.size else texts.astype("S1")
    if not texts.size:
        return np.zeros(0, np.int64)
    years = texts.astype("S4").astype(np.int64)
    # numpy wraps silently outside of what nanoseconds hold; fill times are there
    good = (years > 1677) & (years < 2262)
    try:
        # by way of str: numpy 1.26 dies of bytes that are no date
        found = np.where(good, texts, b"NaT").astype("U").astype("M8[ns]").astype(np.int64)
    except ValueError:  # a leap second, or a form that numpy does not take
        found = np.array(
            [to_ns(t.decode("ascii", "replace")) if ok else NAT
             for t, ok in zip(texts.tolist(), good, strict=True)], dtype=np.int64,
        )  # fmt: skip
    return np.where(good, found, NAT)
