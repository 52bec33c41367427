"""A variable as a table of one row a sample, and back: what CSV and Parquet have in common."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar

import numpy as np

from speasy_core.errors import CorruptFile, SpeasyError, UnknownProduct, VariableError
from speasy_core.events import Dataset
from speasy_core.variable import SpeasyVariable
from speasy_core.variable.axis import Array, flat_samples
from speasy_core.variable.record import complex_of, decode, flat_columns, record_text, restore

__all__ = ["cell_types", "dataset", "header", "named", "rebuild", "table"]

V = TypeVar("V", bound=SpeasyVariable)
_MOST_CELL = 2**20  # bytes of a text: what is said of a damaged file may be any number


def _varying(v: SpeasyVariable) -> list[tuple[str, Array]]:
    """Return the columns that hold the axes which vary with time."""
    return [
        (f"{axis.name or 'axis'}_{number}.{i}", column)
        for number, axis in enumerate(v.axes)
        if axis.time_varying
        for i, column in enumerate(flat_samples(axis.values).T)
    ]


def table(v: SpeasyVariable) -> tuple[list[str], list[Array]]:
    """Return names and columns of everything that has one row a sample, but the times.

    Raises
    ------
    VariableError
        The values are Python objects.
    """
    if v.dtype.hasobject:
        raise VariableError(f"{v.name or 'the variable'} holds Python objects, not data")
    columns: list[Array] = []
    names: list[str] = []
    own = zip(flat_columns(v), flat_samples(v.values).T, strict=True)
    for name, column in [*own, *_varying(v)]:
        if column.dtype.kind == "c":
            names += [f"{name}.real", f"{name}.imag"]
            columns += [column.real, column.imag]
        else:
            names.append(name)
            columns.append(column)
    return names, columns


def header(v: SpeasyVariable) -> str:
    """Return the labels as JSON, without the values that stand in columns."""
    record = json.loads(record_text(v, axis_values=True))
    for row, axis in zip(record["axes"], v.axes, strict=True):
        if axis.time_varying:
            row["values"] = {"dtype": axis.values.dtype.str, "shape": list(axis.values.shape)}
    # a file that was cut between two rows says so by this
    return json.dumps({"rows": len(v), **record}, ensure_ascii=False)


@contextmanager
def named(source: str) -> Iterator[None]:
    """Have every failure name the file, as one of its labels."""
    try:
        yield
    except SpeasyError as error:
        if error.source:
            raise
        raise CorruptFile(error.message, source=source, hint=error.hint) from error
    except (
        ArithmeticError, AttributeError, LookupError, RuntimeError, StopIteration, TypeError,
        ValueError,
    ) as error:  # fmt: skip
        raise CorruptFile(f"the labels do not fit the columns: {error!r}", source=source) from error


def cell_types(record: dict[str, Any]) -> list[np.dtype[Any]]:
    """Return what the cells of each column hold."""
    found: list[np.dtype[Any]] = []
    axes = (row["values"] for row in record["axes"] if row["time_varying"])
    parts = [(record["dtype"], record["shape"]), *((a["dtype"], a["shape"][1:]) for a in axes)]
    for text, shape in parts:
        dtype, width = _dtype(text), _width(shape)
        if dtype.kind == "c":
            found += [np.dtype(f"f{dtype.itemsize // 2}")] * 2 * width
        else:
            found += [dtype] * width
    return found


def _dtype(text: str) -> np.dtype[Any]:
    dtype = np.dtype(text)
    if dtype.itemsize > _MOST_CELL or dtype.kind not in "biufcmMUS":
        raise ValueError(f"{text!r:.40} is not a type of values")
    return dtype


def _width(shape: Sequence[int]) -> int:
    width = int(np.prod([int(n) for n in shape], dtype=object))
    if min(shape, default=0) < 0 or width > 2**24:
        raise ValueError(f"{str(shape)[:60]} is not a shape of samples")
    return width


def rebuild(cls: type[V], record: dict[str, Any], ns: Array, columns: list[Array]) -> V:
    """Put columns of one row a sample together again; failures are those of `named`."""
    rows = record.get("rows", len(ns))
    if rows != len(ns):
        raise CorruptFile(
            f"{len(ns):,} samples are there, and the labels speak of {rows!r:.20}",
            hint="the file was cut; if rows were taken out on purpose, change the number at "
            '"rows" in its labels',
        )
    if len(columns) != len(cell_types(record)):
        raise CorruptFile(f"{len(columns)} columns, not {len(cell_types(record))}")
    queue = iter(columns)
    values = _take(queue, _dtype(record["dtype"]), (len(ns), *record["shape"]))
    axes: list[Array] = []
    for row in record["axes"]:
        if row["time_varying"]:
            shape = (len(ns), *row["values"]["shape"][1:])
            axes.append(_take(queue, _dtype(row["values"]["dtype"]), shape))
        else:
            axes.append(decode(row["values"]))
    return cls(ns, values, **restore(record, axes))


def _take(queue: Iterator[Array], dtype: np.dtype[Any], shape: tuple[int, ...]) -> Array:
    """Return the next columns as one array; columns stay contiguous, as everywhere."""
    # numpy stacks into the machine's own byte order
    flat = np.empty((shape[0], _width(shape[1:])), dtype, order="F")
    for i in range(flat.shape[1]):
        column = next(queue)
        flat[:, i] = complex_of(column, next(queue)) if dtype.kind == "c" else column
    return flat[:, 0] if len(shape) == 1 else flat if len(shape) == 2 else flat.reshape(shape)


def dataset(v: SpeasyVariable, source: str, variables: Sequence[str] | None) -> Dataset:
    """Return the data set of a file of one variable.

    Raises
    ------
    UnknownProduct
        Another one is asked for.
    """
    name = v.name or "values"
    for wanted in [name] if variables is None else variables:
        if wanted != name:
            raise UnknownProduct(
                f"no variable {wanted!r} in the file", source=source, hint=f"it has {name}"
            )
    found = {} if variables is not None and not variables else {name: v.copy(name=name)}
    return Dataset(source, found, v.meta.get("dataset"))
