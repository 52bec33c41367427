"""Variables to a CDF that follows the ISTP guidelines."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from speasy_core.errors import VariableError
from speasy_core.variable import Axis, SpeasyVariable

__all__ = ["encode"]

_KINDS = {
    "i1": "CDF_INT1", "i2": "CDF_INT2", "i4": "CDF_INT4", "i8": "CDF_INT8", "u1": "CDF_UINT1",
    "u2": "CDF_UINT2", "u4": "CDF_UINT4", "f4": "CDF_REAL4", "f8": "CDF_REAL8",
}  # fmt: skip
_FORMATS = {"f": "E12.5", "i": "I12", "u": "I12", "M": "A29", "S": "A32"}
# written from the variable itself, never copied from its attributes
_OWN = re.compile(r"DEPEND_.*|[A-Z0-9]+_PTR(_\d+)?|LABLAXIS|UNITS|VAR_TYPE|FILLVAL|TIME_REPAIRS")
# these belong to the numbers, and ISTP wants them in the numbers' own type
_TYPED = frozenset({"VALIDMIN", "VALIDMAX", "SCALEMIN", "SCALEMAX"})
# what int64 nanoseconds on the TT scale, counted from 2000, and their conversion reach
_EARLIEST = int(np.datetime64("1708-01-01", "ns").astype(np.int64))
_LATEST = int(np.datetime64("2262-04-10", "ns").astype(np.int64))
_GLOBALS = (
    "Project", "Source_name", "Discipline", "Data_type", "Descriptor", "Data_version",
    "Logical_file_id", "PI_name", "PI_affiliation", "TEXT", "Instrument_type", "Mission_group",
    "Logical_source", "Logical_source_description",
)  # fmt: skip


def encode(
    variables: Mapping[str, SpeasyVariable] | Iterable[SpeasyVariable],
    *,
    attributes: Mapping[str, Any] | None = None,
    compress: bool = True,
) -> bytes:
    """Write variables as a CDF with ISTP metadata.

    Times become CDF_TIME_TT2000; variables on the same times share one time variable. Axes and
    column names become variables of their own, and all attributes ISTP requires are there. Gaps
    and provenance have no place in a CDF and are not written.

    Parameters
    ----------
    variables : iterable of SpeasyVariable, or mapping of names to them
        At least one; names must differ.
    attributes : mapping, optional
        Global attributes, before those in ``meta["dataset"]`` of the variables.
    compress : bool
        Whether values are compressed (gzip).

    Returns
    -------
    bytes
        The file.

    Raises
    ------
    VariableError
        Nothing to write, a name is missing or used twice, or a type that CDF does not have
        (complex, unsigned 64-bit values that do not fit).

    Examples
    --------
    >>> v = SpeasyVariable(["2020-01-01"], [[1.0, 2.0]], columns=["x", "y"], name="b", unit="nT")
    >>> encode([v])[:4].hex()
    'cdf30001'
    """
    pairs = (
        list(variables.items())
        if isinstance(variables, Mapping)
        else [(v.name, v) for v in variables]
    )
    pairs = [(_legal(name), v) for name, v in pairs]
    if not pairs:
        raise VariableError("there is nothing to write", hint="give at least one variable")
    names = [name for name, _ in pairs]
    if not all(names) or len(set(names)) != len(names):
        raise VariableError(
            f"variables need names that differ, got {names}",
            hint="give them with v.copy(name=...) or as a mapping",
        )
    writer = _Writer(frozenset(names), compress=compress)
    for name, variable in pairs:
        writer.add(name, variable)
    writer.add_globals([v for _, v in pairs], attributes or {})
    return writer.finish()


class _Writer:
    """Adds variables to a file; equal times, axes and labels are written once."""

    def __init__(self, reserved: frozenset[str], *, compress: bool) -> None:
        import pycdfpp  # compiled, so loaded only when something is written

        self._lib: Any = pycdfpp
        self._cdf: Any = pycdfpp.CDF()
        self._gzip = pycdfpp.CompressionType.gzip_compression
        self._plain = pycdfpp.CompressionType.no_compression
        self._compress = compress
        self._taken = set(reserved)
        self._shared: dict[str, tuple[tuple[str, Any], NDArray[Any]]] = {}

    def add(self, name: str, v: SpeasyVariable) -> None:
        if 0 in v.shape[1:]:
            raise VariableError(f"{name}: CDF has no samples without values, shape {v.shape}")
        values = _storable(name, v.values)
        time_name = self._time(v)
        attributes: dict[str, Any] = {
            **_copied(v.meta, values.dtype),
            "VAR_TYPE": "data",
            "DEPEND_0": time_name,
            "UNITS": v.unit or " ",
            "FILLVAL": _fill_of(v, values.dtype),
            "LABLAXIS": str(v.meta.get("LABLAXIS") or name),
        }
        low, high = _limits(values.dtype)
        attributes.setdefault("VALIDMIN", low)
        attributes.setdefault("VALIDMAX", high)
        attributes.setdefault("CATDESC", name)
        attributes.setdefault("FIELDNAM", name)
        attributes.setdefault("FORMAT", _FORMATS[values.dtype.kind])
        spectrogram = v.kind == "spectrogram" or v.ndim > 2
        attributes.setdefault("DISPLAY_TYPE", "spectrogram" if spectrogram else "time_series")
        for i, axis in enumerate(v.axes, 1):
            attributes[f"DEPEND_{i}"] = self._axis(axis, name, i, time_name)
        for i in range(1, v.ndim):
            labels = v.columns if v.ndim == 2 else v.meta.get(f"LABL_PTR_{i}")
            if isinstance(labels, list) and len(labels) == v.shape[i]:
                attributes[f"LABL_PTR_{i}"] = self._labels(labels, name, i)
        self._put(name, values, attributes)

    def _time(self, v: SpeasyVariable) -> str:
        wanted = v.meta.get("DEPEND_0")
        wanted = wanted if isinstance(wanted, str) and wanted.strip() else "Epoch"
        if len(v) and (v.time_ns[0] < _EARLIEST or v.time_ns[-1] > _LATEST):
            raise VariableError(
                f"{v.name}: CDF_TIME_TT2000 reaches from 1708 to 2262-04-10, and the samples from "
                f"{v.time[0]} to {v.time[-1]}",
                hint="write another format, v.to_netcdf(path) or v.to_npz(path)",
            )
        nat = np.array(["NaT"], "M8[ns]")
        return self._once(
            wanted,
            v.time,
            {
                "VAR_TYPE": "support_data", "CATDESC": "time, UTC", "FIELDNAM": wanted,
                "FILLVAL": nat, "FORMAT": "A29", "LABLAXIS": "UTC", "UNITS": "ns",
                "MONOTON": "INCREASE", "TIME_BASE": "J2000", "TIME_SCALE": "Terrestrial Time",
                "REFERENCE_POSITION": "Rotating Earth Geoid", "SCALETYP": "linear",
                "VALIDMIN": np.array(["1900-01-01"], "M8[ns]"),
                "VALIDMAX": np.array(["2200-01-01"], "M8[ns]"),
            },
            nrv=False,
        )  # fmt: skip

    def _axis(self, axis: Axis, owner: str, position: int, time_name: str) -> str:
        wanted = _legal(axis.name) or f"{owner}_axis_{position}"
        values = _storable(wanted, axis.values)
        low, high = _limits(values.dtype)
        attributes: dict[str, Any] = {
            "CATDESC": wanted, "FIELDNAM": wanted, "FORMAT": _FORMATS[values.dtype.kind],
            "LABLAXIS": wanted, "VALIDMIN": low, "VALIDMAX": high,
            **_copied(axis.meta, values.dtype),
            "VAR_TYPE": "support_data", "UNITS": axis.unit or " ",
            "FILLVAL": _default_fill(values.dtype),
        }  # fmt: skip
        if axis.time_varying:
            attributes["DEPEND_0"] = time_name
        return self._once(wanted, values, attributes, nrv=not axis.time_varying)

    def _labels(self, labels: list[Any], owner: str, position: int) -> str:
        wanted = f"{owner}_label_{position}"
        texts = _storable(wanted, np.array([str(label) or " " for label in labels]))
        attributes = {
            "VAR_TYPE": "metadata", "CATDESC": f"labels of {owner}", "FIELDNAM": wanted,
            "FORMAT": f"A{texts.dtype.itemsize}",
        }  # fmt: skip
        return self._once(wanted, texts, attributes, nrv=True)

    def _once(
        self, wanted: str, values: NDArray[Any], attributes: Mapping[str, Any], *, nrv: bool
    ) -> str:
        """Write a variable unless the same is there; return the name it has."""
        # the same energies on other times are another variable
        key = (wanted, attributes.get("DEPEND_0"))
        for name, (origin, known) in self._shared.items():
            same = origin == key and known.dtype == values.dtype
            if same and np.array_equal(known, values, equal_nan=values.dtype.kind in "fM"):
                return name
        name, count = wanted, 1
        while name in self._taken:
            count += 1
            name = f"{wanted}_{count}"
        self._taken.add(name)
        self._shared[name] = (key, values)
        self._put(name, values[np.newaxis] if nrv else values, attributes, nrv=nrv)
        return name

    def _put(
        self, name: str, values: NDArray[Any], attributes: Mapping[str, Any], *, nrv: bool = False
    ) -> None:
        kind = {"S": "CDF_CHAR", "M": "CDF_TIME_TT2000"}.get(values.dtype.kind)
        compress = self._compress and not nrv and values.nbytes > 1024
        self._cdf.add_variable(
            name,
            values=np.ascontiguousarray(values),
            data_type=getattr(self._lib.DataType, kind or _KINDS[values.dtype.str[1:]]),
            is_nrv=nrv,
            compression=self._gzip if compress else self._plain,
            attributes=dict(attributes),
        )

    def add_globals(self, variables: list[SpeasyVariable], attributes: Mapping[str, Any]) -> None:
        merged: dict[str, Any] = {}
        for v in reversed(variables):
            dataset = v.meta.get("dataset")
            merged.update(dataset if isinstance(dataset, Mapping) else {})
        merged.update(attributes)
        first = variables[0].name or "variables"
        known = {"Logical_source": first, "Logical_file_id": first, "Data_version": "1"}
        for key in _GLOBALS:
            merged.setdefault(key, known.get(key, "unknown"))
        for key, value in merged.items():
            entries = value if isinstance(value, (list, tuple)) else [value]
            self._cdf.add_attribute(str(key), [_global_entry(entry) for entry in entries])

    def finish(self) -> bytes:
        return bytes(self._lib.save(self._cdf))


def _legal(name: str) -> str:
    """Return the name in what NASA's library takes for one: ASCII that can be printed."""
    return re.sub(r"[^ -~]", "_", name).strip()


def _storable(name: str, values: NDArray[Any]) -> NDArray[Any]:
    """Return values in a type that CDF has; refuse what would lose something."""
    kind = values.dtype.kind
    if kind == "b":
        return values.astype(np.uint8)
    if kind == "M":
        return values.astype("M8[ns]")
    if kind == "U":
        width = max((len(text.encode()) for text in values.ravel().tolist()), default=1)
        encoded = [text.encode() for text in values.ravel().tolist()]
        return np.array(encoded, dtype=f"S{max(width, 1)}").reshape(values.shape)
    if kind == "f" and values.dtype.itemsize == 2:
        return values.astype(np.float32)
    if values.dtype == np.uint64 and (not values.size or values.max() <= np.iinfo(np.int64).max):
        return values.astype(np.int64)
    if values.dtype.str[1:] in _KINDS:
        return values.astype(values.dtype.newbyteorder("="), copy=False)
    if kind == "S":
        return values
    raise VariableError(
        f"{name}: CDF has no type for {values.dtype}", hint="convert it with v.astype(float)"
    )


def _copied(meta: Mapping[str, Any], dtype: np.dtype[Any]) -> dict[str, Any]:
    """Return the attributes that CDF can hold, limits in the type of the values."""
    found: dict[str, Any] = {}
    for key, value in meta.items():
        if key != key.upper() or _OWN.fullmatch(key) or value is None:
            continue
        if key in _TYPED:
            typed = _typed(value, dtype)
            if typed is not None:
                found[key] = typed
        elif isinstance(value, str):
            found[key] = value or " "
        elif isinstance(value, (bool, int, float, np.generic)):
            found[key] = np.atleast_1d(
                np.asarray(value, np.int64 if isinstance(value, bool) else None)
            )
        elif isinstance(value, (list, tuple, np.ndarray)) and len(value):
            array = np.asarray(value)
            found[key] = array if array.dtype.kind in "iuf" else json.dumps(array.tolist())
    return found


def _typed(value: Any, dtype: np.dtype[Any]) -> NDArray[Any] | None:
    """Return a limit in the type of the values, or None when it is not a number that fits."""
    array = np.atleast_1d(np.asarray(value))
    if array.dtype.kind not in "iuf" or dtype.kind not in "iuf":
        return None
    if dtype.kind in "iu":
        limits = np.iinfo(dtype)
        if not ((array >= limits.min) & (array <= limits.max)).all():
            return None
    with np.errstate(over="ignore"):
        return array.astype(dtype)


def _fill_of(v: SpeasyVariable, dtype: np.dtype[Any]) -> Any:
    given = v.fill_value
    typed = None if given is None or isinstance(given, str) else _typed(given, dtype)
    return _default_fill(dtype) if typed is None else typed


def _default_fill(dtype: np.dtype[Any]) -> Any:
    """Return ISTP's fill value for a type."""
    if dtype.kind == "M":
        return np.array(["NaT"], "M8[ns]")
    if dtype.kind == "f":
        return np.array([-1e31], dtype)
    if dtype.kind in "iu":
        limits = np.iinfo(dtype)
        return np.array([limits.min if dtype.kind == "i" else limits.max], dtype)
    return " "


def _limits(dtype: np.dtype[Any]) -> tuple[Any, Any]:
    if dtype.kind == "f":
        return np.array([-1e30], dtype), np.array([1e30], dtype)
    if dtype.kind in "iu":
        limits = np.iinfo(dtype)
        return np.array([limits.min], dtype), np.array([limits.max], dtype)
    if dtype.kind == "M":
        return np.array(["1900-01-01"], "M8[ns]"), np.array(["2200-01-01"], "M8[ns]")
    return " ", "~"


def _global_entry(value: Any) -> Any:
    if isinstance(value, str):
        return value or " "
    if isinstance(value, (int, float, np.integer, np.floating)) and not isinstance(value, bool):
        return np.atleast_1d(np.asarray(value))
    return json.dumps(value, default=str)
