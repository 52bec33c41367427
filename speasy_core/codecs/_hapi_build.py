"""What the columns of a HAPI answer are together with its header: variables."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from typing import Any

import numpy as np
from numpy.typing import NDArray

from speasy_core.errors import CorruptFile, SpeasyWarning, UnknownProduct
from speasy_core.events import Dataset
from speasy_core.variable import Axis, SpeasyVariable

from ._hapi_info import Bins, Info, Parameter
from ._hapi_time import NAT, times_to_ns

__all__ = ["build", "empty", "meta_of"]

_OWN = frozenset({"name", "type", "size", "length", "units", "fill", "bins", "label",
                  "description"})  # fmt: skip


def build(
    info: Info, columns: Mapping[str, NDArray[Any]], source: str, names: Sequence[str] | None
) -> Dataset:
    """Make variables.

    Parameters
    ----------
    info : Info
        The header.
    columns : mapping of str to ndarray
        All records of each parameter, shape ``(n, *size)``; times and text as bytes.
    source : str
        For messages, and the name of the result.
    names : sequence of str, optional
        Which ones; by default all but time.

    Raises
    ------
    UnknownProduct
        A name that the header does not have.
    CorruptFile
        A record without a time.
    """
    wanted = info.names if names is None else list(names)
    for name in wanted:
        if info.find(name) is None:
            close = get_close_matches(name, info.names, 3) or info.names[:8]
            raise UnknownProduct(
                f"no parameter {name!r} in the file",
                source=source,
                hint=f"it has {', '.join(close)}" if close else "it holds no parameters",
            )
    time = _time(info, columns, source)
    dataset = _dataset_meta(info)
    found = {
        name: _variable(parameter, info, columns, time, dataset, source)
        for name in wanted
        if (parameter := info.find(name)) is not None
    }
    return Dataset(source, found, dataset)


def empty(info: Info, name: str, source: str) -> SpeasyVariable:
    """Return a variable without samples that has all else; the name must be in `info`."""
    columns: dict[str, NDArray[Any]] = {}
    for p in info.parameters:
        kind = {"double": "<f8", "integer": "<i4"}.get(p.type, "S1")
        columns[p.name] = np.zeros((0, *p.size), kind)
    return build(info, columns, source, [name])[name]


def _time(info: Info, columns: Mapping[str, NDArray[Any]], source: str) -> NDArray[np.int64]:
    cells = columns[info.time.name]
    ns = times_to_ns(cells)
    if (ns == NAT).any():
        at = int(np.argmax(ns == NAT))
        raise CorruptFile(
            f"record {at + 1} does not begin with a time: {bytes(cells[at])[:40]!r}",
            source=source,
            hint="the records are not what the header says",
        )
    return ns


def _variable(
    p: Parameter,
    info: Info,
    columns: Mapping[str, NDArray[Any]],
    time: NDArray[np.int64],
    dataset: Mapping[str, Any],
    source: str,
) -> SpeasyVariable:
    values = _squeezed(_values(p, columns[p.name]), p)
    axes = _axes(p, info, columns, values, source)
    meta = meta_of(p, values.dtype)
    spectral = bool(axes) and values.ndim == 2
    meta.setdefault("DISPLAY_TYPE", "spectrogram" if spectral else "time_series")
    if dataset:
        meta["dataset"] = dict(dataset)
    return SpeasyVariable.from_unsorted(
        time,
        np.asfortranarray(values) if values.ndim == 2 else values,
        axes=axes,
        columns=_columns(p, values, meta),
        unit=str(meta.get("UNITS", "")),
        name=p.name,
        meta=meta,
    )


def _squeezed(values: NDArray[Any], p: Parameter) -> NDArray[Any]:
    """Return a vector of one component as a single value."""
    return values[:, 0] if p.size == (1,) else values


def _values(p: Parameter, cells: NDArray[Any]) -> NDArray[Any]:
    if p.type == "isotime":
        return times_to_ns(cells).view("M8[ns]")
    if p.type == "string" and cells.dtype.kind == "S":
        return np.char.decode(cells, "utf-8", "replace") if cells.size else cells.astype("U1")
    return cells


def meta_of(p: Parameter, dtype: np.dtype[Any]) -> dict[str, Any]:
    """Return ISTP attributes of a parameter; what the server adds keeps its name, upper case."""
    units = list(dict.fromkeys(filter(None, p.units)))
    meta: dict[str, Any] = {"FIELDNAM": p.name, "VAR_TYPE": "data"}
    if isinstance(p.raw.get("description"), str) and p.raw["description"].strip():
        meta["CATDESC"] = p.raw["description"].strip()
    if units:
        meta["UNITS"] = ", ".join(units)
    if len(units) > 1:
        meta["UNIT_PTR"] = list(p.units)
    meta["LABLAXIS"] = p.labels[0] if len(p.labels) == 1 and p.labels[0] else p.name
    if len(p.labels) > 1:
        meta["LABL_PTR_1"] = list(p.labels)
    fill = _fill(p, dtype)
    if fill is not None:
        meta["FILLVAL"] = fill
    if isinstance(p.raw.get("coordinateSystemName"), str):
        meta["COORDINATE_SYSTEM"] = p.raw["coordinateSystemName"]
    for key, value in p.raw.items():
        if key not in _OWN and value is not None:
            meta[key.removeprefix("x_").upper()] = value
    return meta


def _fill(p: Parameter, dtype: np.dtype[Any]) -> Any:
    """Return the fill value in the parameter's own type; None when it has none that can occur."""
    if p.fill is None or p.type == "isotime":  # times that are no times are NaT already
        return None
    if p.type == "string":
        return p.fill
    try:
        number = float(p.fill)
        if dtype.kind == "f":
            return number
        limits = np.iinfo(dtype)
        whole = int(p.fill) if p.fill.strip().lstrip("+-").isdigit() else int(number)
    except (ValueError, OverflowError):
        return None
    return whole if limits.min <= whole <= limits.max else None


def _dataset_meta(info: Info) -> dict[str, Any]:
    return {key.removeprefix("x_"): value for key, value in info.meta.items() if value is not None}


def _axes(
    p: Parameter, info: Info, columns: Mapping[str, NDArray[Any]], values: NDArray[Any], source: str
) -> tuple[Axis, ...]:
    """Return one axis per dimension after time, or none when no dimension has numbers."""
    if values.ndim == 1:
        return ()
    bins = [*p.bins[: values.ndim - 1], *[Bins()] * (values.ndim - 1 - len(p.bins))]
    found = [_axis(p, b, i, info, columns, values, source) for i, b in enumerate(bins, 1)]
    if all(axis is None for axis in found):
        return ()
    return tuple(
        Axis(np.arange(values.shape[i]), name=bins[i - 1].name or f"index_{i}")
        if axis is None
        else axis
        for i, axis in enumerate(found, 1)
    )


def _axis(
    p: Parameter,
    bins: Bins,
    position: int,
    info: Info,
    columns: Mapping[str, NDArray[Any]],
    values: NDArray[Any],
    source: str,
) -> Axis | None:
    centers, ranges = bins.centers, bins.ranges
    named = centers if isinstance(centers, str) else ranges if centers is None else None
    varies = isinstance(named, str)
    unit, meta = bins.unit, dict[str, Any]()
    if isinstance(named, str):
        other = info.find(named)
        if other is None or named not in columns or other.type not in ("double", "integer"):
            if len(values):
                _warn(p, f"its bins {named!r} are not there; positions are numbered", source)
            return None
        array = _without_fill(columns[named], other)
        if not isinstance(centers, str):
            array = _middle(array)
        unit = unit or ", ".join(dict.fromkeys(filter(None, other.units)))
        meta = meta_of(other, array.dtype)
    elif isinstance(centers, np.ndarray):
        array = centers
        if isinstance(ranges, np.ndarray) and len(ranges) == len(centers):
            array = np.where(np.isnan(centers), ranges.mean(axis=1), centers)
    elif isinstance(ranges, np.ndarray):
        array = ranges.mean(axis=1)
    else:
        return None
    if isinstance(ranges, np.ndarray):
        meta["RANGES"] = ranges.tolist()
    size = values.shape[position]
    if array.shape != ((len(values), size) if varies else (size,)):
        if len(values):
            _warn(p, f"its bins {bins.name!r} of shape {array.shape} do not fit {values.shape}; "
                     "positions are numbered", source)  # fmt: skip
        return None
    name = bins.name or (named if isinstance(named, str) else "")
    return Axis(array, name=name, unit=unit, meta=meta, time_varying=varies)


def _middle(ranges: NDArray[Any]) -> NDArray[Any]:
    """Return the middle of ``(n, 2, m)``, the form HAPI asks for, or of ``(n, m, 2)``."""
    if ranges.ndim != 3:
        return ranges
    across = 1 if ranges.shape[1] == 2 else 2
    middle: NDArray[Any] = ranges.mean(axis=across)
    return middle


def _without_fill(array: NDArray[Any], p: Parameter) -> NDArray[Any]:
    fill = _fill(p, array.dtype)
    if fill is None or not (array == fill).any():
        return array
    return np.where(array == fill, np.nan, array)


def _columns(p: Parameter, values: NDArray[Any], meta: Mapping[str, Any]) -> list[str] | None:
    """Return names of the components where the server gives them."""
    if values.ndim == 1:
        return list(p.labels) if len(p.labels) == 1 and p.labels[0] else None
    if values.ndim != 2 or str(meta["DISPLAY_TYPE"]).lower().startswith("spectrogram"):
        return None
    components = p.raw.get("vectorComponents")
    for labels in (list(p.labels), components):
        if isinstance(labels, list) and len(labels) == values.shape[1]:
            names = [str(label).strip() for label in labels]
            if len(set(names)) == len(names) and all(names):
                return names
    return None


def _warn(p: Parameter, what: str, source: str) -> None:
    warnings.warn(f"{p.name} in {source}: {what}", SpeasyWarning, stacklevel=2)
