"""One NetCDF file by names: values and attributes, with CF times and dimensions as ISTP's."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cached_property
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from speasy_core.errors import CorruptFile, InvalidTime
from speasy_core.timerange import to_ns

from ._cdf_time import NAT, epoch_to_ns, tt2000_to_ns
from ._istp_file import Shape
from ._netcdf_apart import RemoteFile

__all__ = ["RawNetcdf"]

_SINCE = re.compile(r"\s*([a-zµ]+)\s+since\s+(.+?)\s*\Z", re.IGNORECASE)
_UNITS = {
    1: ("ns", "nanosecond", "nanoseconds"),
    1_000: ("us", "µs", "microsecond", "microseconds"),
    1_000_000: ("ms", "msec", "millisec", "millisecond", "milliseconds"),
    1_000_000_000: ("s", "sec", "secs", "second", "seconds"),
    60_000_000_000: ("min", "mins", "minute", "minutes"),
    3_600_000_000_000: ("h", "hr", "hrs", "hour", "hours"),
    86_400_000_000_000: ("d", "day", "days"),
}
_NS = {word: ns for ns, words in _UNITS.items() for word in words}
_REFERENCE = re.compile(
    r"(\d{4})-(\d{1,2})-(\d{1,2})"
    r"(?:[T ]+(\d{1,2}):(\d{1,2})(?::(\d{1,2})(\.\d*)?)?)?\s*(.*)"
)
#: CF's and ISTP's words for one thing; ISTP's own win
_SYNONYMS = {
    "_FILLVALUE": "FILLVAL", "MISSING_VALUE": "FILLVAL", "LONG_NAME": "CATDESC",
    "VALID_MIN": "VALIDMIN", "VALID_MAX": "VALIDMAX",
}  # fmt: skip
_EPOCH_MS_1900 = 59_958_230_400_000.0


class RawNetcdf:
    """A checked NetCDF file; values are read when they are asked for.

    Parameters
    ----------
    file : RemoteFile
        Open; only the thread that opened it may use it.
    source : str
        Its name, for messages.
    """

    def __init__(self, file: RemoteFile, source: str) -> None:
        self._file, self._source = file, source

    @property
    def source(self) -> str:
        """The file's name."""
        return self._source

    @cached_property
    def names(self) -> list[str]:
        """All variables of the root group, in the order of the file."""
        return list(self._file.variables)

    @cached_property
    def global_attributes(self) -> Mapping[str, Any]:
        """Attributes of the whole file."""
        return MappingProxyType({k: _plain(v) for k, v in self._file.attributes.items()})

    def find(self, name: str) -> str | None:
        """Return `name` when it is there."""
        return name if name in self._file.variables else None

    def _own(self, name: str) -> dict[str, Any]:
        variable = self._file.variables[name]
        own = {key.upper(): _plain(value) for key, value in variable.attributes.items()}
        for theirs, ours in _SYNONYMS.items():
            if theirs in own:
                value = own.pop(theirs)
                own.setdefault(ours, value)
        return own

    @cached_property
    def _times(self) -> dict[str, str]:
        """How each time variable counts: ``since``, ``tt2000`` or ``epoch``."""
        pointed = {self._own(name).get("DEPEND_0") for name in self.names}
        kinds = {}
        for name in self.names:
            unit = str(self._own(name).get("UNITS", ""))
            variable = self._file.variables[name]
            kind = variable.kind
            if kind not in "iuf":
                continue
            match = _SINCE.match(unit)
            if match is not None and match[1].lower() in _NS:
                kinds[name] = "since"
            elif (
                name in pointed
                and kind == "i"
                and variable.size == 8
                and (unit.strip().lower() in _UNITS[1])
            ):
                kinds[name] = "tt2000"
            elif name in pointed and kind == "f" and unit.strip().lower() in _UNITS[1_000_000]:
                kinds[name] = "epoch"
        return kinds

    def _clock_of(self, name: str) -> str | None:
        """Return the time variable on the first dimension of a variable (CF has no DEPEND_0)."""
        dims = self._file.variables[name].dimensions
        if not dims or name in self._times:
            return None
        if dims[0] in self._times:
            return str(dims[0])
        on_it = [t for t in self._times if self._file.variables[t].dimensions == dims[:1]]
        return on_it[0] if len(on_it) == 1 else None

    @cached_property
    def _coordinates(self) -> frozenset[str]:
        """Variables that others name as their coordinates (CF)."""
        named = (str(self._own(name).get("COORDINATES", "")).split() for name in self.names)
        return frozenset(name for names in named for name in names)

    def _axes_by_dimension(self, name: str, own: Mapping[str, Any]) -> dict[str, str]:
        """Return CF's axes for each DEPEND_i that names nothing in the file."""
        variable, found = self._file.variables[name], {}
        for number, dim in enumerate(variable.dimensions[1:], 1):
            key = f"DEPEND_{number}"
            if own.get(key) in self._file.variables:
                continue
            moving = (variable.dimensions[0], dim)
            fitting = [dim] if dim in self._file.variables else [
                other for other in str(own.get("COORDINATES", "")).split()
                if other in self._file.variables
                and self._file.variables[other].dimensions in ((dim,), moving)
            ]  # fmt: skip
            if fitting and fitting[0] != name:
                found[key] = fitting[0]
        return found

    def describe(self, name: str) -> Shape:
        """Return dimensions and number of records."""
        shape = self._shape(name)
        own = self._own(name)
        varies = name in self._times or "DEPEND_0" in own or self._clock_of(name) is not None
        if varies and shape:
            return Shape(shape[0], True, shape[1:])
        return Shape(1, False, shape)

    def _shape(self, name: str) -> tuple[int, ...]:
        shape = tuple(int(n) for n in self._file.variables[name].shape)
        # the last dimension of characters is the length of a text
        return shape[:-1] if self._is_characters(name) else shape

    def _is_characters(self, name: str) -> bool:
        return self._file.variables[name].kind == "S"

    def is_time(self, name: str) -> bool:
        """Whether the variable holds times."""
        return name in self._times

    def is_text(self, name: str) -> bool:
        """Whether the variable holds text."""
        return self._file.variables[name].kind not in "iufb"

    def values(self, name: str) -> NDArray[Any]:
        """Return all records, ``(records, *dims)``; times as int64 ns since 1970 UTC."""
        shape = self.describe(name)
        full = (shape.records, *shape.dims)
        raw = self._file.variables[name].read()
        if self._is_characters(name):
            joined = np.ascontiguousarray(raw).astype("S1")
            width = joined.shape[-1] if joined.ndim else 1
            texts = np.frombuffer(joined.tobytes(), f"S{max(1, width)}")
            raw = np.array([t.decode("utf-8", "replace").strip() for t in texts.tolist()])
            return raw.reshape(full).astype(np.str_)
        if raw.dtype.kind not in "iufb":
            return raw.astype(np.str_).reshape(full)
        raw = raw.astype(raw.dtype.newbyteorder("="), copy=False)
        found = (self._to_ns(name, raw) if name in self._times else raw).reshape(full)
        return np.asfortranarray(found) if found.ndim == 2 else found

    def _to_ns(self, name: str, raw: NDArray[Any]) -> NDArray[np.int64]:
        kind, own = self._times[name], self._own(name)
        if kind == "tt2000":
            return tt2000_to_ns(raw)
        if kind == "epoch":
            looks_like = raw[np.isfinite(raw)]
            if looks_like.size and looks_like.max() > _EPOCH_MS_1900:
                return epoch_to_ns(raw)
            return _counted(raw, 1_000_000, 0, own.get("FILLVAL"))
        match = _SINCE.match(str(own["UNITS"]))
        assert match is not None
        try:
            zero = to_ns(_iso(match[2]))
        except InvalidTime as error:
            raise CorruptFile(
                f"{name} counts from {match[2]!r}, which is not a time", source=self._source
            ) from error
        return _counted(raw, _NS[match[1].lower()], zero, own.get("FILLVAL"))

    def attributes(self, name: str) -> dict[str, Any]:
        """Return the attributes of a variable, CF's under ISTP's names."""
        own = self._own(name)
        clock = self._clock_of(name)
        if clock is not None and own.get("DEPEND_0") not in self._file.variables:
            own["DEPEND_0"] = clock
        if "DEPEND_0" in own:
            own |= self._axes_by_dimension(name, own)
        if name in self._coordinates:
            own.setdefault("VAR_TYPE", "support_data")
        limits = own.pop("VALID_RANGE", None)
        if isinstance(limits, list) and len(limits) == 2:
            own.setdefault("VALIDMIN", limits[0])
            own.setdefault("VALIDMAX", limits[1])
        # values are unpacked: what is compared with them has to be so too
        scale, offset = own.pop("SCALE_FACTOR", 1), own.pop("ADD_OFFSET", 0)
        if (scale, offset) != (1, 0):
            for key in ("FILLVAL", "VALIDMIN", "VALIDMAX"):
                if isinstance(own.get(key), (int, float)):
                    own[key] = own[key] * scale + offset
        return own


def _iso(text: str) -> str:
    """Return a CF reference time as ISO 8601: ``2000-1-1 0:0:0.0 UTC``."""
    match = _REFERENCE.fullmatch(text)
    if match is None:
        return text
    year, month, day, hour, minute, second, fraction, zone = match.groups()
    zone = re.sub(r"^(GMT|UT|UTC|Z)$", "Z", zone.strip(), flags=re.IGNORECASE) or "Z"
    clock = f"{int(hour or 0):02}:{int(minute or 0):02}:{int(second or 0):02}"
    part = fraction if fraction and len(fraction) > 1 else ""
    return f"{year}-{int(month):02}-{int(day):02}T{clock}{part}{zone}"


def _counted(raw: NDArray[Any], unit: int, zero: int, fill: Any) -> NDArray[np.int64]:
    """Return counts of a unit since a time as ns; filled and unrepresentable ones as ``NAT``."""
    limit = (2**63 - 1 - abs(zero)) // unit
    values = np.asarray(raw)
    good = np.ones(values.shape, bool)
    if isinstance(fill, (int, float)):
        good &= values != np.asarray(fill).astype(values.dtype, copy=False)
    if values.dtype.kind == "f":
        values = values.astype(np.float64)
        with np.errstate(invalid="ignore"):
            good &= np.abs(values) < limit
        safe = np.where(good, values, 0.0)
        whole = np.floor(safe)
        ns = whole.astype(np.int64) * unit + np.rint((safe - whole) * unit).astype(np.int64)
    else:
        wide = values.astype(np.int64)
        good &= (wide < limit) & (wide > -limit)
        ns = np.where(good, wide, 0) * unit
    return np.where(good, ns + zero, NAT)


def _plain(value: Any) -> Any:
    """Return an attribute's value as plain Python."""
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace").strip()
    if isinstance(value, str):
        return value.strip()
    if isinstance(value, (np.generic, np.ndarray)):
        plain = np.asarray(value).tolist()
        return plain[0] if isinstance(plain, list) and len(plain) == 1 else plain
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    return value
