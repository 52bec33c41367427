"""Variables as JSON and plain arrays, and back: what the cache keeps of them."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

import numpy as np
import numpy.typing as npt

from speasy_core.store import StoredArrays
from speasy_core.variable import Axis, SpeasyVariable

__all__ = ["around", "describe", "head", "is_by_row", "read_rows", "rebuild"]

Array = npt.NDArray[Any]

_TAG = "__spz__"
# one text in an array of texts; a type of more would be memory for nothing
_LONGEST_ITEM = 2**20


def to_json(value: Any) -> Any:
    """Return JSON for a metadata value; what JSON does not know is tagged.

    Examples
    --------
    >>> from_json(to_json({"a": np.float32(1.5), "b": (1, "x"), "c": np.arange(2)}))["c"]
    array([0, 1])
    """
    if value is None or isinstance(value, (str, bool, int, float)):
        return str(value) if isinstance(value, str) else value
    if isinstance(value, Mapping):
        plain = {str(k): to_json(v) for k, v in value.items()}
        return {_TAG: "dict", "v": plain} if _TAG in plain else plain
    if isinstance(value, (list, tuple)):
        return [to_json(item) for item in value]
    if isinstance(value, (np.ndarray, np.generic)):
        return _array_to_json(np.asarray(value))
    if isinstance(value, bytes):
        return {_TAG: "bytes", "v": base64.b64encode(value).decode()}
    if isinstance(value, (datetime, date)):
        return value.isoformat()
    return str(value)


def _array_to_json(array: Array) -> Any:
    if array.dtype.kind == "O":
        return to_json(array.tolist())
    if array.ndim == 0 and array.dtype.kind in "biuU":
        return array.item()
    if array.ndim == 0 and array.dtype.kind == "f" and array.dtype.itemsize <= 8:
        return float(array)
    kind = array.dtype.kind
    data = array.view(np.int64) if kind in "mM" else array
    if kind in "cSV" or (kind == "f" and array.dtype.itemsize > 8):
        return str(array) if array.ndim == 0 else [str(item) for item in array.ravel()]
    return {_TAG: "array", "dtype": array.dtype.str, "v": data.tolist()}


def from_json(value: Any) -> Any:
    """Undo `to_json`; tuples come back as lists."""
    if isinstance(value, list):
        return [from_json(item) for item in value]
    if not isinstance(value, dict):
        return value
    tag = value.get(_TAG)
    if tag is None:
        return {k: from_json(v) for k, v in value.items()}
    if tag == "dict":
        return {k: from_json(v) for k, v in value["v"].items()}
    if tag == "bytes":
        return base64.b64decode(value["v"])
    dtype = np.dtype(str(value["dtype"]))
    if dtype.kind not in "biufmMSU" or dtype.itemsize > _LONGEST_ITEM:
        raise ValueError(f"metadata of type {dtype}")
    if dtype.kind in "mM":
        array = np.array(value["v"], np.int64).view(dtype)
    else:
        array = np.array(value["v"], dtype)
    return array[()] if array.ndim == 0 else array


def describe(variable: SpeasyVariable) -> tuple[dict[str, Any], dict[str, Array]]:
    """Return the labels of a variable as JSON, and its arrays."""
    arrays: dict[str, Array] = {"time": variable.time_ns, "values": variable.values}
    axes = []
    for number, axis in enumerate(variable.axes):
        arrays[f"axis{number}"] = axis.values
        axes.append(
            {
                "name": axis.name, "unit": axis.unit, "varies": axis.time_varying,
                "meta": to_json(axis.meta),
            }
        )  # fmt: skip
    labels = {
        "name": variable.name,
        "unit": variable.unit,
        "columns": variable.columns or None,
        "meta": to_json(variable.meta),
        "axes": axes,
    }
    return labels, arrays


def is_by_row(stored: StoredArrays, name: str) -> bool:
    """Whether the rows of a stored array go with the times; those of a fixed axis do not."""
    if not name.startswith("axis"):
        return True
    return bool(stored.meta["labels"]["axes"][int(name[4:])]["varies"])


def rebuild(labels: Mapping[str, Any], arrays: Mapping[str, Array]) -> SpeasyVariable:
    """Undo `describe`; everything is checked.

    Raises
    ------
    VariableError, KeyError, TypeError, ValueError
        It is not what `describe` gave.
    """
    axes = [
        Axis(
            arrays[f"axis{number}"],
            name=axis["name"],
            unit=axis["unit"],
            meta=from_json(axis["meta"]),
            time_varying=bool(axis["varies"]),
        )
        for number, axis in enumerate(labels["axes"])
    ]
    return SpeasyVariable(
        arrays["time"],
        arrays["values"],
        axes=axes,
        columns=labels["columns"],
        unit=labels["unit"],
        name=labels["name"],
        meta=from_json(labels["meta"]),
    )


def head(stored: StoredArrays) -> SpeasyVariable:
    """Return a variable without rows and with all labels of what `describe` gave.

    Raises
    ------
    CorruptFile
        The bytes are damaged.
    VariableError, KeyError, TypeError, ValueError
        As `rebuild`.
    """
    none = {
        name: stored.rows(name, 0, 0 if is_by_row(stored, name) else stored.shape(name)[0])
        for name in stored.names()
    }
    return rebuild(stored.meta["labels"], none)


def around(labels: SpeasyVariable, arrays: Mapping[str, Array]) -> SpeasyVariable:
    """Return a variable of `arrays`, of matching shapes, with the labels of another.

    Times are not checked: they were when they were stored, and have checksums.

    Raises
    ------
    ValueError
        The arrays do not go with each other.
    """
    if len(arrays["time"]) != len(arrays["values"]):
        raise ValueError("times and values of different length")
    axes = tuple(
        axis.replace(values=arrays[f"axis{number}"]) if axis.time_varying else axis
        for number, axis in enumerate(labels.axes)
    )
    time = arrays["time"].view()
    time.flags.writeable = False
    return labels._like(arrays["values"], ns=time, axes=axes)


def read_rows(stored: StoredArrays, first: int, last: int) -> SpeasyVariable:
    """Return the rows ``[first, last)`` of what `describe` gave.

    Raises
    ------
    CorruptFile, KeyError, TypeError, ValueError
        As `head`.
    """
    names = [name for name in stored.names() if is_by_row(stored, name)]
    return around(head(stored), {name: stored.rows(name, first, last) for name in names})
