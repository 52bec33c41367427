"""CSV, Parquet and npz."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from speasy_core.codecs import parquet, table_csv
from speasy_core.errors import CorruptFile, VariableError
from speasy_core.variable import SpeasyVariable
from speasy_core.variable.record import record_text, restore

__all__ = ["from_csv", "from_npz", "from_parquet", "to_csv", "to_npz", "to_parquet"]

V = TypeVar("V", bound=SpeasyVariable)


# -- tables -------------------------------------------------------------------------------
def to_csv(v: SpeasyVariable, path: str | Path) -> Path:
    """Write text: labels, names, and one line a sample; see SpeasyVariable.to_csv."""
    table_csv.write(v, Path(path))
    return Path(path)


def from_csv(cls: type[V], path: str | Path) -> V:
    """Read what `to_csv` wrote, or any table whose first column is a time.

    Raises
    ------
    CorruptFile
        A line has another number of cells, a cell is not what it should be, lines are missing.
    """
    return table_csv.parse(cls, Path(path).read_bytes(), str(path))


def to_parquet(v: SpeasyVariable, path: str | Path) -> Path:
    """Write a Parquet file; see SpeasyVariable.to_parquet.

    Raises
    ------
    UnsupportedFormat
        The package pyarrow is not there.
    """
    parquet.write(v, Path(path))
    return Path(path)


def from_parquet(cls: type[V], path: str | Path) -> V:
    """Read what `to_parquet` wrote.

    Raises
    ------
    CorruptFile
        It is cut, damaged or not Parquet.
    UnsupportedFormat
        It has not our labels, or the package pyarrow is not there.
    """
    return parquet.parse(cls, Path(path).read_bytes(), str(path))


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
