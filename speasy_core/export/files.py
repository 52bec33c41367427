"""CSV, Parquet and npz."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from speasy_core.errors import CorruptFile, VariableError
from speasy_core.timerange import format_ns, to_ns
from speasy_core.variable import SpeasyVariable
from speasy_core.variable.axis import Array, flat_samples
from speasy_core.variable.record import KEY, complex_of, decode, record_text, restore

from .tables import flat_columns

__all__ = ["from_csv", "from_npz", "from_parquet", "to_csv", "to_npz", "to_parquet"]

V = TypeVar("V", bound=SpeasyVariable)
_HEAD = f"# {KEY}: "


def _varying(v: SpeasyVariable) -> list[tuple[str, Array]]:
    """Return the columns that hold the axes which vary with time."""
    return [
        (f"{axis.name or 'axis'}_{number}.{i}", column)
        for number, axis in enumerate(v.axes)
        if axis.time_varying
        for i, column in enumerate(flat_samples(axis.values).T)
    ]


def _table(v: SpeasyVariable) -> tuple[list[str], list[Array]]:
    """Return names and columns of everything that has one row a sample."""
    if v.dtype.hasobject:
        raise VariableError(f"{v.name or 'the variable'} holds Python objects, not data")
    columns: list[Array] = []
    names: list[str] = []
    own = zip(flat_columns(v), flat_samples(v._values).T, strict=True)
    for name, column in [*own, *_varying(v)]:
        if column.dtype.kind == "c":
            names += [f"{name}.real", f"{name}.imag"]
            columns += [column.real, column.imag]
        else:
            names.append(name)
            columns.append(column)
    return names, columns


def _header(v: SpeasyVariable) -> str:
    """Return the labels as JSON, without the values that stand in columns."""
    record = json.loads(record_text(v, axis_values=True))
    for row, axis in zip(record["axes"], v.axes, strict=True):
        if axis.time_varying:
            row["values"] = {"dtype": axis.values.dtype.str, "shape": list(axis.values.shape)}
    return json.dumps(record, ensure_ascii=False)


def _rebuild(cls: type[V], text: str, ns: Array, columns: list[Array], source: str) -> V:
    """Put columns of one row a sample together again."""
    try:
        record = json.loads(text)
        queue = iter(columns)
        values = _take(queue, np.dtype(record["dtype"]), (len(ns), *record["shape"]))
        axes: list[Array] = []
        for row in record["axes"]:
            if row["time_varying"]:
                shape = (len(ns), *row["values"]["shape"][1:])
                axes.append(_take(queue, np.dtype(row["values"]["dtype"]), shape))
            else:
                axes.append(decode(row["values"]))
    except (KeyError, TypeError, ValueError, StopIteration, RuntimeError) as error:
        raise CorruptFile(f"the labels do not fit the columns: {error!r}", source=source) from error
    return cls(ns, values, **restore(record, axes))


def _take(queue: Iterator[Array], dtype: np.dtype[Any], shape: tuple[int, ...]) -> Array:
    width = int(np.prod(shape[1:], dtype=int))
    parts = []
    for _ in range(width):
        column = next(queue)
        if dtype.kind == "c":
            column = complex_of(column, next(queue))
        parts.append(np.asarray(column).astype(dtype))
    if not parts:
        return np.zeros(shape, dtype)
    # numpy stacks into the machine's own byte order
    return np.stack(parts, axis=1).reshape(shape).astype(dtype, copy=False)


# -- CSV ----------------------------------------------------------------------------------
def to_csv(v: SpeasyVariable, path: str | Path) -> Path:
    """Write text: labels, names, and one line a sample; see SpeasyVariable.to_csv."""
    names, columns = _table(v)
    lists = [_texts(column) for column in columns]
    with Path(path).open("w", newline="", encoding="utf-8") as file:
        file.write(_HEAD + _header(v) + "\n")
        if v.unit:
            file.write(f"# unit: {' '.join(v.unit.split())}\n")
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["time", *names])
        times = map(format_ns, v.time_ns.tolist())
        writer.writerows(zip(times, *lists, strict=True))
    return Path(path)


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


def from_csv(cls: type[V], path: str | Path) -> V:
    """Read what `to_csv` wrote, or any table whose first column is a time.

    Raises
    ------
    CorruptFile
        A line has another number of cells, or a cell is not what it should be.
    """
    header = None
    with Path(path).open(newline="", encoding="utf-8") as file:
        lines = iter(file)
        first = ""
        for line in lines:
            if line.startswith(_HEAD):
                header = line[len(_HEAD) :]
            elif not line.startswith("#"):
                first = line
                break
        table = csv.reader(chain([first], lines))  # a quoted name may hold a line break
        names = next(table, [])
        rows = [row for row in table if row]
    if len(names) < (2 if header is None else 1):
        raise CorruptFile("the file has no line of column names", source=str(path))
    wrong = next((i for i, row in enumerate(rows) if len(row) != len(names)), None)
    if wrong is not None:
        raise CorruptFile(
            f"data line {wrong + 1} has {len(rows[wrong])} cells, not {len(names)}",
            source=str(path),
        )
    ns = np.array([to_ns(row[0]) for row in rows], np.int64)
    cells = [list(column) for column in zip(*rows, strict=True)][1:] or [[] for _ in names[1:]]
    if header is not None:
        kinds = _cell_kinds(header, len(cells), str(path))
        columns = [_parse(c, kind, str(path)) for c, kind in zip(cells, kinds, strict=True)]
        return _rebuild(cls, header, ns, columns, str(path))
    columns = [_parse(column, "f", str(path)) for column in cells]
    values = np.column_stack(columns) if len(columns) > 1 else columns[0]
    return cls.from_unsorted(ns, values, columns=names[1:])


def _cell_kinds(header: str, count: int, source: str) -> list[str]:
    """Return what the cells of each column hold."""
    try:
        record = json.loads(header)
        parts = [(np.dtype(record["dtype"]), [0, *record["shape"]])]
        parts += [
            (np.dtype(row["values"]["dtype"]), row["values"]["shape"])
            for row in record["axes"]
            if row["time_varying"]
        ]
    except (KeyError, TypeError, ValueError) as error:
        raise CorruptFile(f"the labels cannot be read: {error!r}", source=source) from error
    kinds: list[str] = []
    for dtype, shape in parts:
        width = int(np.prod(shape[1:], dtype=int)) * (2 if dtype.kind == "c" else 1)
        kinds += [dtype.kind] * width
    return kinds if len(kinds) == count else ["f"] * count


def _parse(cells: list[str], kind: str, source: str) -> Array:
    try:
        if kind == "U":
            return np.array(cells, dtype=np.str_)
        if kind == "S":
            return np.array([cell.encode("latin-1") for cell in cells], dtype=np.bytes_)
        if kind == "u":
            return np.array([int(cell) for cell in cells], np.uint64)
        if kind in "imMb":
            return np.array([int(cell) for cell in cells], np.int64)
        return np.array([float(cell) if cell else np.nan for cell in cells], np.float64)
    except ValueError as error:
        raise CorruptFile(f"a cell is not a number: {error}", source=source) from error


# -- Parquet ------------------------------------------------------------------------------
def to_parquet(v: SpeasyVariable, path: str | Path) -> Path:
    """Write a Parquet file; see SpeasyVariable.to_parquet."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    names, columns = _table(v)
    arrays = [pa.array(v.time)]
    arrays += [pa.array(_for_arrow(column)) for column in columns]
    table = pa.table(arrays, names=["time", *names])
    table = table.replace_schema_metadata({KEY: _header(v), "unit": v.unit})
    pq.write_table(table, path, compression="zstd")
    return Path(path)


def _for_arrow(column: Array) -> Array:
    if column.dtype.kind in "mM":
        return np.ascontiguousarray(column).view(np.int64)
    plain = column.astype(column.dtype.newbyteorder("="))
    return plain.astype(np.float32) if plain.dtype == np.float16 else plain


def from_parquet(cls: type[V], path: str | Path) -> V:
    """Read what `to_parquet` wrote.

    Raises
    ------
    CorruptFile
        It is not Parquet, or has not our labels.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        table = pq.read_table(path)
    except pa.ArrowInvalid as error:
        raise CorruptFile(f"not a Parquet file: {error}", source=str(path)) from error
    text = (table.schema.metadata or {}).get(KEY.encode())
    if text is None:
        raise CorruptFile(
            "the Parquet file has no labels of a variable",
            source=str(path),
            hint="SpeasyVariable.from_dataframe(pandas.read_parquet(path))",
        )
    columns = [column.to_numpy() for column in table.columns]
    return _rebuild(cls, text.decode(), columns[0], columns[1:], str(path))


# -- npz ----------------------------------------------------------------------------------
def to_npz(v: SpeasyVariable, path: str | Path) -> Path:
    """Write numpy's own format; see SpeasyVariable.to_npz."""
    if v.dtype.hasobject:
        raise VariableError(f"{v.name or 'the variable'} holds Python objects, not data")
    arrays: dict[str, Any] = {f"axis_{i}": axis.values for i, axis in enumerate(v.axes)}
    with Path(path).open("wb") as file:  # by name, numpy would add a suffix
        np.savez_compressed(
            file, time=v.time_ns, values=v._values, labels=np.array(record_text(v)), **arrays
        )
    return Path(path)


def from_npz(cls: type[V], path: str | Path) -> V:
    """Read what `to_npz` wrote.

    Raises
    ------
    CorruptFile
        It is not such a file.
    """
    from zipfile import BadZipFile

    try:
        with np.load(path, allow_pickle=False) as data:
            record = json.loads(str(data["labels"]))
            axes = [data[f"axis_{i}"] for i in range(len(record["axes"]))]
            time, values = data["time"], data["values"]
    except (BadZipFile, ValueError, KeyError, EOFError) as error:
        raise CorruptFile(f"not an npz of a variable: {error}", source=str(path)) from error
    return cls(time, values, **restore(record, axes))
