"""Parquet of this package: one column a component, labels in the file's metadata; extra ``io``."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from speasy_core.errors import CorruptFile, UnsupportedFormat
from speasy_core.events import Dataset
from speasy_core.variable import SpeasyVariable
from speasy_core.variable.axis import Array
from speasy_core.variable.record import KEY

from . import _rows

__all__ = ["check", "parse", "read", "write"]

V = TypeVar("V", bound=SpeasyVariable)
_MARK = b"PAR1"


def _library(source: str) -> tuple[Any, Any]:
    """Return pyarrow and its module for Parquet."""
    try:
        import pyarrow as pa
        import pyarrow.parquet as pq
    except ImportError as error:
        raise UnsupportedFormat(
            "Parquet files need the package pyarrow, which is not installed",
            source=source,
            hint="pip install 'sciqlop-lab[io]'",
        ) from error
    return pa, pq


def write(v: SpeasyVariable, path: Path) -> None:
    """Write a file; its pages have checksums."""
    names, columns = _rows.table(v)
    pa, pq = _library(str(path))
    arrays = [pa.array(v.time), *(pa.array(_for_arrow(column)) for column in columns)]
    table = pa.table(arrays, names=["time", *names])
    table = table.replace_schema_metadata({KEY: _rows.header(v), "unit": v.unit})
    pq.write_table(table, path, compression="zstd", write_page_checksum=True)


def _for_arrow(column: Array) -> Array:
    if column.dtype.kind in "mM":
        return np.ascontiguousarray(column).view(np.int64)
    plain = column.astype(column.dtype.newbyteorder("="))
    return plain.astype(np.float32) if plain.dtype == np.float16 else plain


def check(data: bytes, source: str) -> None:
    """Raise CorruptFile for a file that lacks its end."""
    size = len(data) - 12
    if (
        data[:4] != _MARK
        or data[-4:] != _MARK
        or not (0 < int.from_bytes(data[-8:-4], "little") <= size)
    ):
        raise CorruptFile(
            "not a whole Parquet file: its end is missing", source=source, hint="get it again"
        )  # fmt: skip


def read(data: bytes, *, source: str, variables: Sequence[str] | None = None) -> Dataset:
    """Decode a file that `SpeasyVariable.to_parquet` wrote.

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
    UnsupportedFormat
        The package pyarrow is not there; or a table of others.
    CorruptFile
        Cut or damaged.
    UnknownProduct
        Another variable is asked for.
    """
    return _rows.dataset(parse(SpeasyVariable, data, source), source, variables)


def parse(cls: type[V], data: bytes, source: str) -> V:
    """Return the variable of a file; errors as `read`."""
    check(data, source)
    pa, pq = _library(source)
    with _rows.named(source):
        try:
            table = pq.ParquetFile(pa.BufferReader(data), page_checksum_verification=True).read()
        except (pa.ArrowException, OSError) as error:
            text = " ".join(str(error).split())
            raise CorruptFile(f"not a Parquet file that can be read: {text:.200}") from error
        labels = (table.schema.metadata or {}).get(KEY.encode())
        if labels is None:
            raise UnsupportedFormat(
                "the Parquet file has no labels of a variable",
                source=source,
                hint="SpeasyVariable.from_dataframe(pandas.read_parquet(path))",
            )
        columns = [column.to_numpy() for column in table.columns]
        times = columns[0].astype("M8[ns]", casting="safe").view(np.int64)
        record = json.loads(labels)
        types = _rows.cell_types(record)
        values = [_as(c, dtype) for c, dtype in zip(columns[1:], types, strict=True)]
        return _rows.rebuild(cls, record, times, values)


def _as(column: Array, dtype: np.dtype[Any]) -> Array:
    """Return a column as what it was before Arrow had it."""
    if dtype.kind in "mM":
        return column.astype(np.int64, casting="safe").view(dtype.newbyteorder("="))
    return column.astype(dtype)
