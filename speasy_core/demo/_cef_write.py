"""Variables as a CEF-2 file, the Cluster archive's own format."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from speasy_core.variable import SpeasyVariable

__all__ = ["to_cef"]

_TYPES = {"f4": "FLOAT", "f8": "DOUBLE"}


def _text(value: Any) -> str:
    return '"' + str(value).replace('"', "'").replace("\n", " ") + '"'


def _value_type(values: NDArray[Any]) -> str:
    return _TYPES.get(values.dtype.str[1:], "INT")


def _block(name: str, entries: dict[str, str]) -> list[str]:
    body = [f"  {key:<18} = {value}" for key, value in entries.items()]
    return [f"START_VARIABLE = {name}", *body, f"END_VARIABLE = {name}", "!"]


def _numbers(values: NDArray[Any]) -> list[str]:
    return [repr(v) if isinstance(v, float) else str(v) for v in values.ravel().tolist()]


def _column(values: NDArray[Any]) -> list[str]:
    """Return the shortest texts that read back as the same bits."""
    if values.dtype == np.float32:
        return [str(v) for v in values]
    return _numbers(values)


def to_cef(variables: Sequence[SpeasyVariable], dataset: str, name: str) -> bytes:
    """Return a CEF-2 file of variables on one time axis.

    Parameters
    ----------
    variables : sequence of SpeasyVariable
        All on the times of the first.
    dataset : str
        ``DATASET_ID``; names the time variable.
    name : str
        File name.
    """
    clock = f"time_tags__{dataset}"
    lines = [
        "!------------------- CEF ASCII FILE --------------------", f'FILE_NAME = "{name}"',
        'FILE_FORMAT_VERSION = "CEF-2.0"', 'END_OF_RECORD_MARKER = "$"',
        "START_META = DATASET_ID", f"  ENTRY = {_text(dataset)}", "END_META = DATASET_ID",
    ]  # fmt: skip
    synthetic = variables[0].meta.get("dataset", {}).get("Synthetic")
    if synthetic:
        lines += ["START_META = Synthetic", f"  ENTRY = {_text(synthetic)}", "END_META = Synthetic"]
    lines += _block(clock, {
        "PARAMETER_TYPE": '"Support_Data"', "UNITS": '"s"', "SIZES": "1", "VALUE_TYPE": "ISO_TIME",
        "FILLVAL": "9999-12-31T23:59:59Z", "CATDESC": '"Time tag"',
    })  # fmt: skip
    columns = [[f"{t}Z" for t in np.datetime_as_string(variables[0].time, unit="ns").tolist()]]
    for variable in variables:
        lines += _describe(variable, clock)
        values = variable.values.reshape(len(variable), -1)
        columns += [_column(values[:, i]) for i in range(values.shape[1])]
    lines.append('DATA_UNTIL = "END_OF_DATA"')
    records = [",".join(row) + " $" for row in zip(*columns, strict=True)]
    return "\n".join([*lines, *records, "END_OF_DATA", ""]).encode()


def _describe(variable: SpeasyVariable, clock: str) -> list[str]:
    shape = variable.values.shape[1:]
    entries = {
        "PARAMETER_TYPE": '"Data"',
        "CATDESC": _text(variable.meta.get("CATDESC", variable.name)),
        "FIELDNAM": _text(variable.meta.get("FIELDNAM", variable.name)),
        "UNITS": _text(variable.unit),
        "SIZES": ", ".join(map(str, shape)) or "1",
        "VALUE_TYPE": _value_type(variable.values),
        "DEPEND_0": clock,
    }
    fill = variable.meta.get("FILLVAL")
    if isinstance(fill, (int, float)):
        entries["FILLVAL"] = repr(fill)
    extra: list[str] = []
    if len(shape) == 1 and variable.axes and not variable.axes[0].time_varying:
        axis = variable.axes[0]
        axis_name = axis.name or f"axis__{variable.name}"
        entries["DEPEND_1"] = axis_name
        if variable.meta.get("DISPLAY_TYPE"):
            entries["DISPLAY_TYPE"] = _text(variable.meta["DISPLAY_TYPE"])
        extra = _block(axis_name, {
            "PARAMETER_TYPE": '"Support_Data"', "UNITS": _text(axis.unit), "SIZES": str(shape[0]),
            "VALUE_TYPE": "DOUBLE", "DATA": ", ".join(_numbers(axis.values.astype(np.float64))),
        })  # fmt: skip
    elif len(shape) == 1 and len(variable.columns) == shape[0]:
        entries["LABEL_1"] = ", ".join(_text(c) for c in variable.columns)
    return extra + _block(variable.name, entries)
