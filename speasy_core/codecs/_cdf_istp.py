"""What ISTP attributes make of a file's arrays: time, axes, labels, units.

The file comes first; what it lacks (an axis, labels, attributes) is taken from the data set's
master CDF where there is one.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from speasy_core.errors import SpeasyWarning, VariableError
from speasy_core.variable import Axis, SpeasyVariable

from ._cdf_time import NAT
from ._istp_file import RawFile

__all__ = ["IstpView", "build_variable", "data_variables"]

_PTR = re.compile(r"[A-Z0-9]+_PTR(_\d+)?")
_NS_1900 = -2_208_988_800_000_000_000
_UNIX = re.compile(r"1970|unix|\b0?1-0?1-70\b", re.IGNORECASE)


class IstpView:
    """A data file and its master, looked at together.

    Parameters
    ----------
    file : RawFile
        The data file.
    master : RawFile or None
        Where metadata and axes come from that the file lacks.
    """

    def __init__(self, file: RawFile, master: RawFile | None = None) -> None:
        self.file, self.master = file, master
        self._times: dict[str, NDArray[np.int64]] = {}

    def attributes(self, name: str) -> dict[str, Any]:
        """Return the attributes of a variable, those of the file before those of the master."""
        merged: dict[str, Any] = {}
        for raw in (self.master, self.file):
            spelling = raw.find(name) if raw else None
            if raw and spelling:
                own = raw.attributes(spelling)
                merged.update(
                    {k: v for k, v in own.items() if v not in ("", []) or k not in merged}
                )
        return merged

    def holder(self, name: str, *, need_records: bool = False) -> tuple[RawFile, str] | None:
        """Return the file that holds a variable, and its spelling there; None when neither does."""
        for raw in (self.file, self.master):
            spelling = raw.find(name) if raw else None
            if raw and spelling and (raw.describe(spelling).records or not need_records):
                return raw, spelling
        return None

    def static(self, name: Any) -> NDArray[Any] | None:
        """Return the one record of a variable that describes others; None when there is none."""
        found = self.holder(name, need_records=True) if isinstance(name, str) else None
        return found[0].values(found[1])[0] if found else None

    def time(self, spelling: str) -> NDArray[np.int64]:
        """Return a time variable of the data file in ns; kept, since many variables share it."""
        if spelling not in self._times:
            values = self.file.values(spelling)
            if not self.file.is_time(spelling):
                values = _unix_to_ns(values)
            self._times[spelling] = (
                values.reshape(len(values), -1)[:, 0] if values.size else (np.zeros(0, np.int64))
            )
        return self._times[spelling]

    def warn(self, name: str, what: str) -> None:
        """Warn that something about a variable was left out, and the data kept."""
        warnings.warn(f"{name} in {self.file.source}: {what}", SpeasyWarning, stacklevel=6)


def _unix_to_ns(seconds: NDArray[Any]) -> NDArray[np.int64]:
    raw = np.asarray(seconds, dtype=np.float64)
    good = np.abs(raw) < 9.2e9
    whole = np.floor(np.where(good, raw, 0.0))
    part = np.rint((np.where(good, raw, 0.0) - whole) * 1e9).astype(np.int64)
    return np.where(good, whole.astype(np.int64) * 1_000_000_000 + part, NAT)


def data_variables(view: IstpView) -> list[str]:
    """Return the variables that hold data, in the order of the file.

    Those with ``VAR_TYPE`` (or Cluster's ``PARAMETER_TYPE``) ``data``; where neither is given,
    those that depend on a time. Text, times and what does not vary with time are never data.
    """
    return [name for name in view.file.names if _is_data(view, name)]


def _is_data(view: IstpView, name: str) -> bool:
    if view.file.is_text(name) or view.file.is_time(name):
        return False
    if not view.file.describe(name).record_varying:
        return False  # one value for the whole file, whatever it calls itself
    attributes = view.attributes(name)
    kind = attributes.get("VAR_TYPE") or attributes.get("PARAMETER_TYPE")
    if isinstance(kind, str) and kind.strip():
        return kind.strip().lower() == "data"
    return "DEPEND_0" in attributes


def build_variable(view: IstpView, name: str, dataset: Mapping[str, Any]) -> SpeasyVariable:
    """Return one variable with its time, axes, labels and attributes.

    Parameters
    ----------
    view : IstpView
    name : str
        As the data file spells it.
    dataset : mapping
        Attributes of the whole data set, put under ``meta["dataset"]``.

    Raises
    ------
    VariableError
        It has no time axis, or is computed by the archive's own software.
    CorruptFile
        Its values do not decompress.
    """
    raw = view.file
    attributes = view.attributes(name)
    described = raw.describe(name)
    if not described.record_varying:
        raise VariableError(
            f"{name} does not vary with time",
            source=raw.source,
            hint="it describes other variables",
        )
    time = _time_of(view, name, attributes, described.records)
    if described.records == 0 and len(time) and _is_virtual(attributes):
        raise VariableError(
            f"{name} is computed by the archive's own software; the file holds no samples of it",
            source=raw.source,
            hint="ask the archive's service for it instead of its files",
        )
    values = raw.values(name)
    if raw.is_time(name):
        values = values.view("M8[ns]")
    if values.ndim == 2 and values.shape[1] == 1:
        values = values[:, 0]
    n = min(len(time), len(values))
    if len(values) and len(time) != len(values):
        view.warn(name, f"{len(values)} records and {len(time)} times; the first {n} are kept")
    if n == 1 and time[0] < _NS_1900:  # an archive's way to say that there is nothing
        n = 0
    time, values = time[:n], values[:n]
    meta = _meta_of(view, name, attributes, values.dtype)
    axes = _axes_of(view, name, attributes, values, described.records)
    if dataset:
        meta["dataset"] = dict(dataset)
    return SpeasyVariable.from_unsorted(
        time,
        values,
        axes=axes,
        columns=_columns_of(view, name, attributes, meta, values, axes),
        unit=_unit_of(view, attributes),
        name=name,
        meta=meta,
    )


def _is_virtual(attributes: Mapping[str, Any]) -> bool:
    return str(attributes.get("VIRTUAL", "")).strip().lower() == "true"


def _time_of(
    view: IstpView, name: str, attributes: Mapping[str, Any], records: int
) -> NDArray[np.int64]:
    """Return the times of a variable's records in ns."""
    raw = view.file
    candidates: list[str] = []
    for key in ("DEPEND_0", "DEPEND_TIME"):
        target = attributes.get(key)
        spelling = raw.find(target) if isinstance(target, str) else None
        # DEPEND_0 may name a variable that only the archive computes: then DEPEND_TIME counts
        if spelling and (raw.is_time(spelling) or _counts_seconds(view, spelling, key)):
            candidates.append(spelling)
    if not candidates and "DEPEND_0" not in attributes:
        times = [other for other in raw.names if raw.is_time(other)]
        candidates = [t for t in times if raw.describe(t).records == records and records] or [
            t for t in times if t.lower() == "epoch"
        ]
        if len(candidates) > 1:
            candidates = [t for t in candidates if t.lower() == "epoch"]
    fitting = [c for c in candidates if raw.describe(c).records == records]
    chosen = (fitting or candidates)[:1]
    if not chosen or (records and not raw.describe(chosen[0]).records):
        wanted = attributes.get("DEPEND_0")
        raise VariableError(
            f"{name} has no time axis" + (f": {wanted} is empty or not there" if wanted else ""),
            source=raw.source,
            hint="the file does not say when its samples were taken",
        )
    return view.time(chosen[0])


def _counts_seconds(view: IstpView, spelling: str, key: str) -> bool:
    if view.file.is_text(spelling):
        return False
    attributes = view.attributes(spelling)
    said = " ".join(str(attributes.get(key, "")) for key in ("UNITS", "CATDESC", "FIELDNAM"))
    # plain seconds may count from anywhere: only what says 1970 does
    return key == "DEPEND_TIME" or bool(_UNIX.search(said))


def _meta_of(
    view: IstpView, name: str, attributes: Mapping[str, Any], dtype: np.dtype[Any]
) -> dict[str, Any]:
    """Return the attributes with pointers followed and FILLVAL in the variable's own kind."""
    meta = dict(attributes)
    for key, value in attributes.items():
        if _PTR.fullmatch(key):
            target = view.static(value)
            if target is not None:
                meta[key] = np.asarray(target).ravel().tolist()
    unit = _unit_of(view, attributes)
    if unit:
        meta["UNITS"] = unit
    fill = meta.get("FILLVAL")
    if isinstance(fill, str) and dtype.kind in "fiu":
        try:
            number = float(fill)
            meta["FILLVAL"] = int(number) if dtype.kind in "iu" else number
        except (ValueError, OverflowError):
            del meta["FILLVAL"]
            if fill.strip():
                view.warn(name, f"its fill value {fill!r} is not a number and was ignored")
    return meta


def _unit_of(view: IstpView, attributes: Mapping[str, Any]) -> str:
    """Return UNITS, or what UNIT_PTR points to: one unit when all are the same."""
    unit = attributes.get("UNITS")
    if isinstance(unit, str) and unit.strip():
        return unit.strip()
    pointed = unit if isinstance(unit, list) else view.static(attributes.get("UNIT_PTR"))
    if pointed is None:
        return ""
    units = list(dict.fromkeys(str(u).strip() for u in np.asarray(pointed).ravel().tolist()))
    return ", ".join(units)


def _axes_of(
    view: IstpView,
    name: str,
    attributes: Mapping[str, Any],
    values: NDArray[Any],
    records: int,
) -> tuple[Axis, ...]:
    """Return one axis per dimension after time, or none when only labels describe them.

    `records` counts what the file holds; of those, `values` are the first.
    """
    found = [
        _axis_of(view, name, attributes.get(f"DEPEND_{i}"), values, i, records)
        for i in range(1, values.ndim)
    ]
    if not any(axis is not None and axis.values.dtype.kind != "U" for axis in found):
        return ()
    return tuple(
        Axis(np.arange(values.shape[i]), name=f"index_{i}") if axis is None else axis
        for i, axis in enumerate(found, 1)
    )


def _axis_of(
    view: IstpView, name: str, target: Any, values: NDArray[Any], position: int, records: int
) -> Axis | None:
    found = view.holder(target, need_records=True) if isinstance(target, str) else None
    if found is None:
        if isinstance(target, str) and target.strip() and len(values):
            view.warn(name, f"its axis {target!r} is not there; positions are numbered instead")
        return None
    raw, spelling = found
    attributes = view.attributes(target)
    array = raw.values(spelling)
    per_record = raw.describe(spelling).record_varying and raw is view.file
    varies = per_record and (len(array) > 1 or (records == 1 and array.ndim > 1))
    # one for each record of the file, or one for all of them: anything else cannot be matched
    whole = array
    array = (array[: len(values)] if len(array) == records else array) if varies else array[0]
    if array.dtype.kind == "U" and any(key.lower() == "sig_digits" for key in attributes):
        array = _texts_to_numbers(array)
    array = _fill_to_nan(array, attributes.get("FILLVAL"))
    size = values.shape[position]
    static, moving = [(size,), values.shape[1:]], [(len(values), size), values.shape]
    if array.shape not in (moving if varies else static):
        view.warn(
            name, f"its axis {target!r} of shape {whole.shape} does not fit {values.shape}; "
            "positions are numbered instead",
        )  # fmt: skip
        return None
    unit = _unit_of(view, attributes)
    return Axis(array, name=spelling, unit=unit, meta=attributes, time_varying=varies)


def _texts_to_numbers(texts: NDArray[Any]) -> NDArray[Any]:
    try:
        return texts.astype(np.float64)
    except ValueError:
        return texts


def _fill_to_nan(array: NDArray[Any], fill: Any) -> NDArray[Any]:
    if array.dtype.kind != "f" or not isinstance(fill, (int, float)):
        return array
    with np.errstate(over="ignore"):
        filled = array == array.dtype.type(fill)
    return np.where(filled, array.dtype.type(np.nan), array) if filled.any() else array


def _columns_of(
    view: IstpView,
    name: str,
    attributes: Mapping[str, Any],
    meta: Mapping[str, Any],
    values: NDArray[Any],
    axes: tuple[Axis, ...],
) -> list[str] | None:
    """Return names of the components: LABL_PTR_1, a text DEPEND_1, or LABLAXIS numbered."""
    if values.ndim != 2:
        return None
    if str(attributes.get("DISPLAY_TYPE", "")).strip().lower().startswith("spectrogram") and axes:
        return None  # the axis labels the channels
    width = values.shape[1]
    # Cluster's own words for labels come second
    candidates = [meta.get(key) for key in ("LABL_PTR_1", "LABEL_1", "REPRESENTATION_1")]
    depend = attributes.get("DEPEND_1")
    found = view.holder(depend, need_records=True) if isinstance(depend, str) else None
    if found and found[0].is_text(found[1]):
        candidates.append(found[0].values(found[1])[0].ravel().tolist())
    for labels in candidates:
        if isinstance(labels, list) and len(labels) == width:
            names = [str(label).strip() for label in labels]
            if len(set(names)) == width and all(names):
                return names
    if axes:
        return None
    label = attributes.get("LABLAXIS")
    base = label.strip() if isinstance(label, str) and label.strip() else name
    return [f"{base}[{i}]" for i in range(width)]
