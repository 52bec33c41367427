"""What a HAPI server sends: descriptions of data sets, and records in its three formats."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from speasy_core.timerange import format_ns

from ._hapi_sets import TIME_LENGTH, Axis, HapiSet, Quantity

__all__ = ["VERSIONS", "binary_body", "csv_body", "describe", "duration", "json_body"]

VERSIONS = ("2.0", "2.1", "3.0", "3.1", "3.2", "3.3")
TIME = "Time"
_EXTRA = ("VALIDMIN", "VALIDMAX", "SCALETYP", "DISPLAY_TYPE", "COORDINATE_SYSTEM", "FIELDNAM",
          "VAR_NOTES", "LABLAXIS")  # fmt: skip
_GLOBALS = ("Synthetic", "Project", "Source_name", "Descriptor", "PI_name", "PI_affiliation",
            "Acknowledgement", "Rules_of_use", "Logical_source")  # fmt: skip
_SECOND = 1_000_000_000


def duration(ns: int) -> str:
    """Return nanoseconds as an ISO 8601 duration.

    Examples
    --------
    >>> duration(16_500_000_000), duration(86_400_000_000_000)
    ('PT16.5S', 'P1D')
    """
    if ns % (86_400 * _SECOND) == 0:
        return f"P{ns // (86_400 * _SECOND)}D"
    whole, rest = divmod(ns, _SECOND)
    return f"PT{whole}" + (f".{rest:09d}".rstrip("0") if rest else "") + "S"


def describe(one: HapiSet, version: str, names: Sequence[str] | None = None) -> dict[str, Any]:
    """Return what ``info`` says of a data set, without version and status.

    Parameters
    ----------
    version : str
        Older versions lack some keys.
    names : sequence of str, optional
        Parameters besides time; by default all.
    """
    d, (sample, cadence) = one.holding.description, one.sample
    document: dict[str, Any] = {
        "startDate": format_ns(one.span.start_ns),
        "stopDate": format_ns(one.span.stop_ns),
        "sampleStartDate": format_ns(sample.start_ns),
        "sampleStopDate": format_ns(sample.stop_ns),
        "description": d.title or one.id,
        "modificationDate": format_ns(one.holding.modified_ns // _SECOND * _SECOND),
    }
    if cadence:
        document["cadence"] = duration(cadence)
    if d.spase_id:
        document["resourceID"] = d.spase_id
    if d.pi_name:
        document["contact"] = d.pi_name + (f" ({d.pi_affiliation})" if d.pi_affiliation else "")
    if one.max_request_ns and version >= "3.1":
        document["maxRequestDuration"] = duration(one.max_request_ns)
    for key in _GLOBALS:
        value = one.attributes.get(key)
        text = value[0] if isinstance(value, list) and value else value
        if isinstance(text, str) and text.strip():
            document[f"x_{key}"] = text.strip()
    quantities = one.quantities if names is None else {n: one.quantities[n] for n in names}
    time = {"name": TIME, "type": "isotime", "units": "UTC", "fill": None, "length": TIME_LENGTH}
    # what holds the bins of others must have no list of labels
    axes = [axis for q in one.quantities.values() for axis in q.axes]
    holders = {axis.centers for axis in axes if isinstance(axis.centers, str)}
    document["parameters"] = [
        time, *(_parameter(q, version, q.name in holders) for q in quantities.values())
    ]  # fmt: skip
    return document


def _parameter(q: Quantity, version: str, is_holder: bool) -> dict[str, Any]:
    out: dict[str, Any] = {
        "name": q.name,
        "type": "integer" if q.whole else "double",
        "units": q.unit or None,
        "fill": None if q.fill is None else _text(q.sent_fill),
        "description": str(q.meta.get("CATDESC") or q.name),
    }
    if q.shape:
        out["size"] = list(q.shape)
    if q.labels:
        out["label" if version >= "2.1" and not is_holder else "x_LABL_PTR_1"] = q.labels
    bins = [_bins(axis, size, version) for axis, size in zip(q.axes, q.shape, strict=False)]
    if bins and None not in bins:
        out["bins"] = bins
    for key in _EXTRA:
        value = _plain(q.meta.get(key))
        if value is not None:
            out[f"x_{key}"] = value
    return out


def _bins(axis: Axis, size: int, version: str) -> dict[str, Any] | None:
    """Return a dimension; None where the version has no words for it."""
    centers: Any = axis.centers
    if version < "3.0":
        if isinstance(centers, str):
            return None  # 2.x knows no bins that vary with time
        centers = list(range(size)) if centers is None else centers
    return {"name": axis.name, "units": axis.unit, "centers": centers}


def _plain(value: Any) -> Any:
    """Return what JSON takes, None for all else."""
    if isinstance(value, str):
        return value.strip() or None
    if isinstance(value, (list, tuple, np.ndarray)):
        items = [_plain(v) for v in np.asarray(value).tolist()] if len(value) else [None]
        return None if None in items else items
    if isinstance(value, (bool, np.bool_)) or not isinstance(value, (int, float, np.number)):
        return None
    number = value.item() if isinstance(value, np.number) else value
    return number if math.isfinite(number) else None


def _text(value: float) -> str:
    return "NaN" if value != value else repr(value)


def _times(ns: NDArray[np.int64]) -> NDArray[np.bytes_]:
    out = np.empty((len(ns), TIME_LENGTH), np.uint8)
    if len(ns):
        text = np.datetime_as_string(ns.view("M8[ns]"), unit="ns").astype(f"S{TIME_LENGTH - 1}")
        out[:, :-1] = text.view(np.uint8).reshape(len(ns), -1)
        out[:, -1] = ord("Z")
    return out.view(f"S{TIME_LENGTH}").reshape(-1)


def _stored(q: Quantity, values: NDArray[Any]) -> NDArray[Any]:
    """Return values in HAPI's own types; both hold every value that they are used for."""
    stored = np.asarray(values).astype("<i4" if q.whole else "<f8")
    if q.sent_fill != q.fill and q.fill == q.fill:
        stored[stored == q.fill] = q.sent_fill
    return stored


def binary_body(one: HapiSet, time: NDArray[np.int64], values: Mapping[str, NDArray[Any]]) -> bytes:
    """Return packed little-endian records."""
    fields: list[Any] = [("t", f"S{TIME_LENGTH}")]
    for i, name in enumerate(values):
        q = one.quantities[name]
        fields.append((f"f{i}", "<i4" if q.whole else "<f8", q.shape))
    records = np.zeros(len(time), np.dtype(fields))
    records["t"] = _times(time)
    for i, (name, array) in enumerate(values.items()):
        records[f"f{i}"] = _stored(one.quantities[name], array)
    return records.tobytes()


def csv_body(one: HapiSet, time: NDArray[np.int64], values: Mapping[str, NDArray[Any]]) -> bytes:
    """Return lines of text from which every number can be read back exactly."""
    columns: list[Any] = [_times(time).astype("U").tolist()]
    for name, array in values.items():
        q = one.quantities[name]
        flat = _stored(q, array).reshape(len(time), math.prod(q.shape))
        columns += [list(map(_text, flat[:, i].tolist())) for i in range(flat.shape[1])]
    lines = [",".join(cells) for cells in zip(*columns, strict=True)]
    return ("\n".join(lines) + "\n").encode() if lines else b""


def json_body(
    one: HapiSet,
    header: Mapping[str, Any],
    time: NDArray[np.int64],
    values: Mapping[str, NDArray[Any]],
) -> bytes:
    """Return the header with the records in it; numbers that JSON does not have are null."""
    columns: list[Any] = [_times(time).astype("U").tolist()]
    columns += [_finite(_stored(one.quantities[n], a).tolist()) for n, a in values.items()]
    records = [list(record) for record in zip(*columns, strict=True)]
    return json.dumps({**header, "data": records}).encode()


def _finite(value: Any) -> Any:
    if isinstance(value, list):
        return [_finite(v) for v in value]
    return value if math.isfinite(value) else None
