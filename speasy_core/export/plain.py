"""Plain data: dictionaries in Speasy's layout, and JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, TypeVar

import numpy as np

from speasy_core.errors import CorruptFile, VariableError
from speasy_core.variable import Axis, SpeasyVariable
from speasy_core.variable.record import KEY, decode, encode, labels, restore

__all__ = ["from_dictionary", "from_json", "to_dictionary", "to_json"]

V = TypeVar("V", bound=SpeasyVariable)


def to_dictionary(v: SpeasyVariable, array_to_list: bool = False) -> dict[str, Any]:
    """Return plain data in Speasy's layout, and under ``speasy_core`` what that has no place for.

    Parameters
    ----------
    v : SpeasyVariable
    array_to_list : bool
        Lists in the place of arrays, times as integers of nanoseconds.
    """

    def out(array: Any) -> Any:
        if not array_to_list:
            return array
        return (array.view(np.int64) if array.dtype.kind in "mM" else array).tolist()

    axes = [
        {
            "values": out(v.time), "meta": {}, "name": "time", "is_time_dependent": True,
            "values_type": v.time.dtype.str, "type": "VariableTimeAxis",
        }
    ]  # fmt: skip
    axes += [
        {
            "values": out(axis.values), "meta": {**axis.meta, "UNITS": axis.unit},
            "name": axis.name, "is_time_dependent": axis.time_varying,
            "values_type": axis.values.dtype.str, "type": "VariableAxis",
        }
        for axis in v.axes
    ]  # fmt: skip
    values = {
        "values": out(v.values), "meta": dict(v.meta), "name": v.name, "is_time_dependent": True,
        "values_type": v.dtype.str,
    }  # fmt: skip
    return {"axes": axes, "values": values, "columns": v.columns, KEY: labels(v)}


def from_dictionary(cls: type[V], data: Mapping[str, Any]) -> V:
    """Make a variable of what `to_dictionary` gave, here or in Speasy.

    Raises
    ------
    VariableError
        It has not the layout.
    """
    try:
        time, *axes = data["axes"]
        ns = np.asarray(time["values"])
        values = np.asarray(data["values"]["values"], data["values"].get("values_type"))
        arrays = [np.asarray(axis["values"], axis.get("values_type")) for axis in axes]
    except (KeyError, TypeError, ValueError) as error:
        raise VariableError(
            f"this dictionary does not describe a variable: {error!r}",
            hint="SpeasyVariable.to_dictionary() shows the layout",
        ) from error
    if KEY in data:
        record = data[KEY]
        if not values.size:  # empty lists have lost their shape
            values = values.reshape(len(ns), *record["shape"])
            shapes = [row["shape"] for row in record["axes"]]
            arrays = [a.reshape(shape) for a, shape in zip(arrays, shapes, strict=True)]
        return cls(ns, values, **restore(record, arrays))
    meta = dict(data["values"].get("meta", {}))
    made = [
        Axis(
            array, name=axis.get("name", ""), unit=str(axis.get("meta", {}).get("UNITS", "")),
            meta=axis.get("meta"), time_varying=axis.get("is_time_dependent"),
        )
        for array, axis in zip(arrays, axes, strict=True)
    ]  # fmt: skip
    columns = data.get("columns")
    if values.ndim == 2 and values.shape[1] == 1 and not made:  # Speasy keeps (n,) as (n, 1)
        values = values[:, 0]
    if not columns or len(columns) != (values.shape[1] if values.ndim > 1 else 1):
        columns = None
    name = str(data["values"].get("name", ""))
    return cls(ns, values, axes=made, columns=columns, name=name, meta=meta)


def to_json(v: SpeasyVariable) -> str:
    """Return JSON text; see SpeasyVariable.to_json."""
    if v.dtype.hasobject:
        raise VariableError(f"{v.name or 'the variable'} holds Python objects, not data")
    whole = {KEY: labels(v, True), "time": encode(v.time_ns), "values": encode(v.values)}
    return json.dumps(whole, ensure_ascii=False, allow_nan=False)


def from_json(cls: type[V], text: str) -> V:
    """Make a variable of what `to_json` gave.

    Raises
    ------
    CorruptFile
        It is not JSON, or not of a variable.
    """
    try:
        whole = json.loads(text)
        record, time, values = whole[KEY], decode(whole["time"]), decode(whole["values"])
    except (ValueError, KeyError, TypeError) as error:
        raise CorruptFile(f"this text is not the JSON of a variable: {error!r}") from error
    return cls(time, values, **restore(record))
