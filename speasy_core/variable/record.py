"""A variable's labels as JSON: what files and tables carry beside the numbers.

Nothing is lost on the way: numpy numbers and arrays keep their type, tuples stay tuples, NaN is
text, as JSON has none.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import numpy as np

from speasy_core.errors import CorruptFile, VariableError
from speasy_core.timerange import TimeRange

from .axis import Array, Axis, Gap, Provenance
from .core import VariableCore

__all__ = [
    "KEY", "axes_record", "complex_of", "decode", "encode", "flat_columns", "labels",
    "record_text", "restore",
]  # fmt: skip

KEY = "speasy_core"  # under this name other formats carry the labels
VERSION = 1
_MARK = "$"  # begins the keys that say how a value was encoded


def encode(value: Any, where: str = "") -> Any:
    """Return `value` made of what JSON has.

    Raises
    ------
    VariableError
        It holds something that is no data.
    """
    if value is None or type(value) in (bool, int, str):
        return value
    if isinstance(value, float) and type(value) is float:
        return value if np.isfinite(value) else {"$float": repr(value)}
    if isinstance(value, (np.ndarray, np.generic)):
        return _encode_array(np.asarray(value), where)
    if isinstance(value, Mapping):
        pairs = [[encode(k, where), encode(v, f"{where}.{k}")] for k, v in value.items()]
        if all(isinstance(k, str) and not k.startswith(_MARK) for k in value):
            return dict(pairs)
        return {"$map": pairs}
    if isinstance(value, list):
        return [encode(item, where) for item in value]
    if isinstance(value, tuple):
        return {"$tuple": [encode(item, where) for item in value]}
    if isinstance(value, bytes):
        return {"$bytes": value.decode("latin-1")}
    if isinstance(value, complex):
        return {"$complex": [repr(value.real), repr(value.imag)]}
    raise VariableError(
        f"the attribute {where or 'of a variable'} holds a {type(value).__name__}, which no file "
        "format keeps",
        hint="make it text, a number, a list or an array",
    )


def _encode_array(array: Array, where: str) -> dict[str, Any]:
    kind = array.dtype.kind
    if kind == "O":
        return {"$objects": encode(array.tolist(), where), "shape": list(array.shape)}
    flat: Any = array.ravel()
    if kind == "c":
        flat = np.column_stack([flat.real, flat.imag]).ravel()
    if kind in "mM":
        flat = flat.view(np.int64)
    items = flat.tolist()
    if kind in "fc":
        items = [item if np.isfinite(item) else repr(item) for item in items]
    if kind == "S":
        items = [item.decode("latin-1") for item in items]
    return {"$array": items, "dtype": array.dtype.str, "shape": list(array.shape)}


def decode(value: Any) -> Any:
    """Return what `encode` was given."""
    if isinstance(value, list):
        return [decode(item) for item in value]
    if not isinstance(value, dict):
        return value
    if "$array" in value:
        return _decode_array(value)
    if "$objects" in value:
        array = np.empty(tuple(value["shape"]), object)
        array[...] = decode(value["$objects"])
        return array
    if "$tuple" in value:
        return tuple(decode(item) for item in value["$tuple"])
    if "$map" in value:
        return {decode(k): decode(v) for k, v in value["$map"]}
    if "$float" in value:
        return float(value["$float"])
    if "$bytes" in value:
        return value["$bytes"].encode("latin-1")
    if "$complex" in value:
        return complex(*map(float, value["$complex"]))
    return {k: decode(v) for k, v in value.items()}


def _decode_array(value: dict[str, Any]) -> Any:
    dtype, shape, items = np.dtype(value["dtype"]), tuple(value["shape"]), value["$array"]
    if dtype.hasobject:
        raise CorruptFile("an array of objects cannot be read")
    if dtype.kind in "fc":
        parts = np.array([float(item) for item in items], np.float64)
        flat = complex_of(parts[0::2], parts[1::2]) if dtype.kind == "c" else parts
        array = flat.astype(dtype)
    elif dtype.kind in "mM":
        array = np.array(items, np.int64).view(dtype.newbyteorder("="))
    elif dtype.kind == "S":
        array = np.array([item.encode("latin-1") for item in items], dtype)
    else:
        array = np.array(items, dtype)
    array = array.reshape(shape)
    return array if shape else array[()]


def complex_of(real: Array, imaginary: Array) -> Array:
    """Return complex numbers; a sum with 1j would turn infinity into NaN."""
    whole = np.empty(len(real), np.complex128)
    whole.real, whole.imag = real, imaginary
    return whole


def flat_columns(v: VariableCore) -> list[str]:
    """Return one distinct name for each value of a sample."""
    count = int(np.prod(v.shape[1:], dtype=int))
    names = v.columns if v.ndim <= 2 else []
    if not names and v.ndim == 2 and v._axes and not v._axes[0].time_varying:
        names = [str(item) for item in v._axes[0].values.tolist()]
    if len(names) != count or len(set(names)) != count or "time" in names:
        index = np.ndindex(*v.shape[1:]) if v.ndim > 1 else [()]
        stem = v._name if v._name and v._name != "time" else "value"
        names = ["_".join([stem, *map(str, at)]) for at in index]
    return names


def axes_record(v: VariableCore, with_values: bool) -> list[dict[str, Any]]:
    """Return the axes as plain data, with their values or only what they are."""
    rows = []
    for axis in v._axes:
        row: dict[str, Any] = {
            "name": axis.name, "unit": axis.unit, "time_varying": axis.time_varying,
            "meta": encode(axis.meta, f"axis {axis.name}"), "shape": list(axis.values.shape),
        }  # fmt: skip
        if with_values:
            row["values"] = encode(axis.values)
        rows.append(row)
    return rows


def labels(v: VariableCore, axis_values: bool = False) -> dict[str, Any]:
    """Return everything but times and values, of what JSON has."""
    return {
        "version": VERSION,
        "name": v._name,
        "unit": v._unit,
        "columns": None if v._columns is None else list(v._columns),
        "meta": encode(v.meta, v._name),
        "axes": axes_record(v, axis_values),
        "gaps": [[g.range.start_ns, g.range.stop_ns, g.reason, g.retryable] for g in v._gaps],
        "provenance": [[p.server, p.request, p.state, p.version, p.date] for p in v._provenance],
        "dtype": v.dtype.str,
        "shape": list(v.shape[1:]),
    }


def record_text(v: VariableCore, axis_values: bool = False) -> str:
    """Return the labels as JSON text."""
    return json.dumps(labels(v, axis_values), ensure_ascii=False, allow_nan=False)


def restore(record: Mapping[str, Any], axis_values: list[Array] | None = None) -> dict[str, Any]:
    """Return the constructor's keywords from what `labels` gave.

    Raises
    ------
    CorruptFile
        The record is not one, or of a version to come.
    """
    try:
        if record["version"] > VERSION:
            raise CorruptFile(
                f"the labels were written by a later version ({record['version']})",
                hint="update sciqlop-lab",
            )
        axes = []
        for i, row in enumerate(record["axes"]):
            values = decode(row["values"]) if axis_values is None else axis_values[i]
            axes.append(
                Axis(
                    values, name=row["name"], unit=row["unit"], meta=decode(row["meta"]),
                    time_varying=row["time_varying"],
                )
            )  # fmt: skip
        return {
            "axes": axes,
            "columns": record["columns"],
            "unit": record["unit"],
            "name": record["name"],
            "meta": decode(record["meta"]),
            "gaps": [Gap(TimeRange.from_ns(a, b), why, bool(r)) for a, b, why, r in record["gaps"]],
            "provenance": [Provenance(*row) for row in record["provenance"]],
        }
    except (KeyError, TypeError, ValueError, IndexError) as error:
        raise CorruptFile(f"the labels of a variable cannot be read: {error!r}") from error
