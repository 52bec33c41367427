"""CSV of this package: labels as a remark, times in ISO 8601, one line a sample."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from speasy_core.errors import CorruptFile
from speasy_core.events import Dataset
from speasy_core.timerange import format_ns, to_ns
from speasy_core.variable import SpeasyVariable
from speasy_core.variable.axis import Array
from speasy_core.variable.record import KEY

from . import _rows

__all__ = ["parse", "read", "write"]

V = TypeVar("V", bound=SpeasyVariable)
_HEAD = f"# {KEY}: "
_BOM = b"\xef\xbb\xbf"  # spreadsheets put it there


# -- write --------------------------------------------------------------------------------------
def write(v: SpeasyVariable, path: Path) -> None:
    """Write labels, names, and one line a sample."""
    names, columns = _rows.table(v)
    lists = [_texts(column) for column in columns]
    with path.open("w", newline="", encoding="utf-8") as file:
        file.write(_HEAD + _rows.header(v) + "\n")
        if v.unit:
            file.write(f"# unit: {' '.join(v.unit.split())}\n")
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["time", *names])
        times = map(format_ns, v.time_ns.tolist())
        writer.writerows(zip(times, *lists, strict=True))


def _texts(column: Array) -> list[Any]:
    if column.dtype.kind in "mM":
        column = column.view(np.int64)
    if column.dtype.kind == "S":
        return [item.decode("latin-1") for item in column.tolist()]
    if column.dtype.kind == "f" and column.dtype.itemsize < 8:
        return [str(item) for item in column]  # the shortest text that is this float32
    if column.dtype.kind == "b":
        column = column.astype(np.int8)
    return list(column.tolist())


# -- read ---------------------------------------------------------------------------------------
def read(data: bytes, *, source: str, variables: Sequence[str] | None = None) -> Dataset:
    """Decode a file that `SpeasyVariable.to_csv` wrote.

    Parameters
    ----------
    data : bytes
        The whole file.
    source : str
        Its name, for messages and as the name of the result.
    variables : sequence of str, optional
        The name of the one that it holds.

    Raises
    ------
    CorruptFile
        Cut or damaged, or a table without labels.
    UnknownProduct
        Another variable is asked for.
    """
    if not data.removeprefix(_BOM).startswith(_HEAD.encode()):
        raise CorruptFile(
            "the table has no labels of a variable",
            source=source,
            hint="SpeasyVariable.from_csv(path) reads a table whose first column is a time",
        )
    return _rows.dataset(parse(SpeasyVariable, data, source), source, variables)


def parse(cls: type[V], data: bytes, source: str) -> V:
    """Return the variable of a file, or of any table whose first column is a time.

    Raises
    ------
    CorruptFile
        A line has another number of cells, a cell is not what it should be, lines are missing.
    """
    with _rows.named(source):
        labels, names, rows = _split(data.removeprefix(_BOM))
        times = np.array([to_ns(row[0]) for row in rows], np.int64)
        cells = [list(column) for column in zip(*rows, strict=True)][1:] or [[] for _ in names[1:]]
        if labels is None:
            columns = [_parsed(column, np.dtype("f8")) for column in cells]
            values = np.column_stack(columns) if len(columns) > 1 else columns[0]
            return cls.from_unsorted(times, values, columns=names[1:])
        record = json.loads(labels)
        types = _rows.cell_types(record)
        if len(types) != len(cells):
            raise CorruptFile(f"{len(cells)} columns of values, not {len(types)}")
        return _rows.rebuild(cls, record, times, list(map(_parsed, cells, types)))


def _split(data: bytes) -> tuple[str | None, list[str], list[list[str]]]:
    """Return labels, names of columns, and the cells of each line."""
    labels = None
    lines = io.StringIO(data.decode("utf-8"), newline="")
    place = 0
    while (line := lines.readline()).startswith("#"):
        if line.startswith(_HEAD) and labels is None:
            labels = line[len(_HEAD) :]
        place = lines.tell()
    if labels is not None and not data.endswith(b"\n"):
        raise CorruptFile("the last line has no end: the file was cut", hint="get it again")
    lines.seek(place)
    table = _lines(lines)
    names = next(table, [])
    rows = [row for row in table if row]
    if len(names) < (2 if labels is None else 1):
        raise CorruptFile("the file has no line of column names")
    wrong = next((i for i, row in enumerate(rows) if len(row) != len(names)), None)
    if wrong is not None:
        raise CorruptFile(f"data line {wrong + 1} has {len(rows[wrong])} cells, not {len(names)}")
    return labels, names, rows


def _lines(text: io.StringIO) -> Iterator[list[str]]:
    try:
        yield from csv.reader(text)  # of all the rest: a quoted name may hold a line break
    except csv.Error as error:
        raise CorruptFile(f"the lines cannot be read: {error}") from error


def _parsed(cells: list[str], dtype: np.dtype[Any]) -> Array:
    """Return a column; an empty cell is no number."""
    kind = dtype.kind
    if kind == "U":
        return np.array(cells, np.str_)
    if kind == "S":
        return np.array([cell.encode("latin-1") for cell in cells], np.bytes_)
    try:
        if any("_" in cell for cell in cells):  # which Python reads as a number
            raise ValueError(next(cell for cell in cells if "_" in cell))
        if kind == "f":
            return np.array([float(cell) if cell else np.nan for cell in cells], np.float64)
        whole = np.array([int(cell) for cell in cells], np.uint64 if kind == "u" else np.int64)
    except (ValueError, OverflowError) as error:
        raise CorruptFile(f"a cell is not a number: {error!s:.80}") from error
    return whole.view(dtype.newbyteorder("=")) if kind in "mM" else whole
