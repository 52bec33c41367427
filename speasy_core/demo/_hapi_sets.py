"""The archive's holdings as HAPI data sets: one time axis each, parameters, records."""

from __future__ import annotations

import logging
import math
import re
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from speasy_core.codecs.cdf import CdfFile
from speasy_core.errors import SpeasyError
from speasy_core.timerange import TimeRange
from speasy_core.variable import SpeasyVariable

from .holdings import ArchiveError, Holding, NoData, UnknownVariable

__all__ = ["TIME_LENGTH", "Axis", "HapiSet", "Quantity", "Sets", "held_sets"]

log = logging.getLogger(__name__)

_TIMES = frozenset({"CDF_EPOCH", "CDF_EPOCH16", "CDF_TIME_TT2000"})
_INTEGERS = frozenset({"int8", "int16", "int32", "uint8", "uint16"})
_SECOND = 1_000_000_000
_SAMPLES = (120 * _SECOND, 3_600 * _SECOND, 86_400 * _SECOND, 30 * 86_400 * _SECOND)
# bytes of records in one answer
_MAX_ANSWER = 200_000_000
TIME_LENGTH = 30
# records of a sample, at least and at most
_ENOUGH, _MOST = 12, 1_000
_MILLI = 1_000_000
_DIGITS = re.compile(r"\.[1-9][1-9]")


@dataclass(frozen=True)
class Axis:
    """One dimension of a quantity: numbers, the name of the quantity that holds them, or nothing.

    Attributes
    ----------
    centers : list of float, str or None
    """

    name: str
    unit: str
    centers: list[float] | str | None


@dataclass(frozen=True)
class Quantity:
    """One parameter.

    Attributes
    ----------
    whole : bool
        Whether its values are HAPI's integers, and not doubles.
    shape : tuple of int
        Of one record.
    fill : int, float or None
    labels : list of str
        One for each component, or none.
    meta : mapping
        ISTP attributes.
    """

    name: str
    whole: bool
    shape: tuple[int, ...]
    unit: str
    fill: Any
    axes: tuple[Axis, ...]
    labels: list[str]
    meta: Mapping[str, Any] = field(default_factory=dict)

    @property
    def size(self) -> int:
        """Bytes of one record."""
        return (4 if self.whole else 8) * math.prod(self.shape)

    def filled(self, n: int) -> NDArray[Any]:
        """Return `n` records without a measurement."""
        nothing = (0 if self.whole else np.nan) if self.fill is None else self.fill
        return np.full((n, *self.shape), nothing, "<i4" if self.whole else "<f8")

    @property
    def sent_fill(self) -> Any:
        """The fill value as it is sent: -1e31 for one whose digits look like a measurement's.

        The fill of most CDF files is -1e31 in 32 bits, which is -9.999999848243207e+30.
        """
        looks_measured = isinstance(self.fill, float) and _DIGITS.search(repr(self.fill))
        return -1e31 if looks_measured else self.fill


@dataclass(frozen=True)
class HapiSet:
    """One data set: the quantities of a holding that share a time axis."""

    id: str
    holding: Holding
    quantities: Mapping[str, Quantity]
    attributes: Mapping[str, Any]

    @cached_property
    def sample(self) -> tuple[TimeRange, int | None]:
        """A short range that has records, the first one whole, and the nanoseconds between them."""
        names = list(self.quantities)
        best: tuple[TimeRange, int | None] = self.span, None
        fewest = 2
        for length in _SAMPLES:
            for part in self._parts(length):
                try:
                    time, values = self.records(names, part)
                except (SpeasyError, UnknownVariable):
                    continue  # a damaged file: another part of the data may be whole
                if len(time) < fewest:
                    continue
                cadence = int(np.median(np.diff(time)))
                best, fewest = (_shown(time, values, part), cadence), len(time) + 1
                if len(time) > _ENOUGH:
                    return best
        return best

    @cached_property
    def is_empty(self) -> bool:
        """Whether there is not one record."""
        if self.sample[1] is not None:
            return False
        try:
            return not len(self.records(list(self.quantities)[:1], self.span)[0])
        except (SpeasyError, ArchiveError):
            return False

    def _parts(self, length: int) -> Iterator[TimeRange]:
        """Yield the first and the last `length` nanoseconds of each interval."""
        for interval in self.holding.intervals()[:5]:
            whole = _whole_seconds(interval)
            yield TimeRange.from_ns(whole.start_ns, min(whole.stop_ns, whole.start_ns + length))
            yield TimeRange.from_ns(max(whole.start_ns, whole.stop_ns - length), whole.stop_ns)

    @property
    def span(self) -> TimeRange:
        """First to last record."""
        span = self.holding.span
        assert span is not None, "only holdings with a time are made data sets"
        return _whole_seconds(span)

    @property
    def max_request_ns(self) -> int | None:
        """The longest range that one request may ask for; None where that is everything."""
        cadence = self.sample[1]
        record = TIME_LENGTH + sum(q.size for q in self.quantities.values())
        if cadence is None:
            return None
        longest = _MAX_ANSWER // record * cadence // (60 * _SECOND) * 60 * _SECOND
        return longest if 0 < longest < self.span.duration_ns else None

    def records(
        self, names: Sequence[str], wanted: TimeRange
    ) -> tuple[NDArray[np.int64], dict[str, NDArray[Any]]]:
        """Return the times in ``[start, stop)`` and the values of the quantities there.

        Raises
        ------
        CorruptFile
            A file that is damaged.
        ArchiveError
            Too much.
        """
        time, found = self._read(names or list(self.quantities)[:1], wanted)
        if not len(time) and len(names) < len(self.quantities):
            # what files lack of a quantity is fill: the records are those of the data set
            time, _ = self._read(list(self.quantities), wanted)
        out = {}
        for name in names:
            values = found.get(name)
            out[name] = self.quantities[name].filled(len(time)) if values is None else values
        return time, out

    def _read(
        self, names: Sequence[str], wanted: TimeRange
    ) -> tuple[NDArray[np.int64], dict[str, NDArray[Any]]]:
        """Return the times that the quantities have there, and those that are in the files."""
        time, found = np.zeros(0, np.int64), dict[str, NDArray[Any]]()
        file = self._cut(names, wanted)
        for name in names:
            part = _series(file, name, self.quantities[name]) if file is not None else None
            if part is None or not len(part):
                continue
            low, high = np.searchsorted(part.time_ns, [wanted.start_ns, wanted.stop_ns])
            if len(time) == 0:
                time = part.time_ns[low:high]
            if np.array_equal(time, part.time_ns[low:high]):
                found[name] = part.values[low:high]
        return time, found

    def _cut(self, names: Sequence[str], wanted: TimeRange) -> CdfFile | None:
        try:
            answer = self.holding.answer(names, wanted, mangled=False)
        except NoData:
            return None
        except UnknownVariable:
            # masters list what the files of some years do not have
            if len(names) < 2:
                return None
            known = [n for n in names if self._has(n, wanted)]
            return self._cut(known, wanted) if known else None
        return CdfFile(b"".join(answer.chunks()), answer.name)

    def _has(self, name: str, wanted: TimeRange) -> bool:
        try:
            self.holding.answer([name], wanted, mangled=False)
        except (NoData, UnknownVariable):
            return False
        return True


def _shown(
    time: NDArray[np.int64], values: Mapping[str, NDArray[Any]], part: TimeRange
) -> TimeRange:
    """Return the range that shows some records of `part`, the first one whole if there is such."""
    good = np.ones(len(time), bool)
    for array in values.values():
        good &= np.isfinite(array.reshape(len(time), -1)).all(axis=1)
    first = int(np.argmax(good))
    if len(time) - first <= _ENOUGH:
        first = 0
        start, stop = part.start_ns, part.stop_ns
    else:
        start, stop = int(time[first]), part.stop_ns
    if len(time) - first > _MOST:
        stop = -(-int(time[first + _MOST]) // _MILLI) * _MILLI
    shown = time[first : first + _MOST] // _MILLI
    closing = np.flatnonzero(np.diff(shown))
    if len(closing) and len(closing) < len(shown) - 1:
        # To clients that keep milliseconds, the verifier among them, several records would be of
        # one instant: the last record of a millisecond is the most that shows increasing times.
        start = int(time[first + closing[0]])
        stop = (start // _MILLI + 1) * _MILLI
    return TimeRange.from_ns(start, stop)


def _whole_seconds(span: TimeRange) -> TimeRange:
    """Return the next larger range of whole seconds."""
    stop = -(-span.stop_ns // _SECOND) * _SECOND
    return TimeRange.from_ns(span.start_ns // _SECOND * _SECOND, stop)


def _series(file: CdfFile, name: str, quantity: Quantity) -> SpeasyVariable | None:
    """Return one variable of a cut, sorted by time; records that were not written are fill."""
    if name not in file.names:
        return None
    clock = _clock(file, name, file.shape(name)[0])
    if clock is None:
        return None
    time, values = file.values(clock).ravel(), file.values(name)
    if values.ndim == 2 and values.shape[1] == 1:
        values = values[:, 0]
    missing = len(time) - len(values)
    if missing > 0 and values.shape[1:] == quantity.shape:
        values = np.concatenate([values, quantity.filled(missing).astype(values.dtype)])
    n = min(len(time), len(values))
    return SpeasyVariable.from_unsorted(time[:n], values[:n])


def _clock(file: CdfFile, name: str, records: int | None = None) -> str | None:
    """Return the time variable of a variable."""
    times = [n for n in file.names if file.type_name(n) in _TIMES and file.varies(n)]
    depend = file.attributes(name).get("DEPEND_0")
    if depend in times:
        return str(depend)
    alike = [t for t in times if records is None or file.shape(t)[0] == records]
    return alike[0] if alike else None


def held_sets(holdings: Mapping[str, Holding]) -> dict[str, HapiSet]:
    """Return all data sets; further time axes of a holding have ids that end in ``@1``, ``@2``."""
    found = {}
    for holding in holdings.values():
        if holding.master_name is None or holding.span is None:
            continue
        try:
            for one in _sets_of(holding):
                found[one.id] = one
        except SpeasyError as error:
            log.warning("%s is not served by HAPI: %s", holding.description.id, error)
    return found


def _sets_of(holding: Holding) -> Iterator[HapiSet]:
    master = CdfFile(holding.master(), holding.master_name or "master")
    groups: dict[str, dict[str, Quantity]] = {}
    for listed in holding.variables():
        clock = _clock(master, listed.name)
        quantity = _quantity(master, listed.name)
        if clock is None or quantity is None:
            continue
        group = groups.setdefault(clock, {})
        for axis in quantity.axes:  # what holds the bins is a quantity too
            if isinstance(axis.centers, str) and axis.centers not in group:
                bins = _quantity(master, axis.centers)
                if bins is not None:
                    group[axis.centers] = bins
        group[listed.name] = quantity
    for number, group in enumerate(groups.values()):
        name = holding.description.id + (f"@{number}" if number else "")
        yield HapiSet(name, holding, group, master.global_attributes)


def _quantity(master: CdfFile, name: str) -> Quantity | None:
    """Describe a variable; None for what HAPI does not take."""
    attributes = master.attributes(name)
    try:
        if str(attributes.get("VIRTUAL", "")).strip().lower() == "true":
            return None
        variable = master.variable(name)
    except SpeasyError as error:
        log.info("%s is not served by HAPI: %s", name, error)
        return None
    if variable.dtype.kind not in "fiu":
        return None
    whole = variable.dtype.name in _INTEGERS
    spectral = str(variable.meta.get("DISPLAY_TYPE", "")).lower().startswith("spectrogram")
    labels = variable.columns if variable.ndim == 2 and not (spectral and variable.axes) else []
    axes = tuple(_axis(master, attributes, variable, i) for i in range(1, variable.ndim))
    if all(axis.centers is None for axis in axes):
        axes = ()
    fill = variable.fill_value
    return Quantity(
        name, whole, variable.shape[1:], variable.unit,
        None if fill is None else int(fill) if whole else float(fill),
        axes, labels, variable.meta,
    )  # fmt: skip


def _axis(
    master: CdfFile, attributes: Mapping[str, Any], variable: SpeasyVariable, position: int
) -> Axis:
    target, size = attributes.get(f"DEPEND_{position}"), variable.shape[position]
    if isinstance(target, str) and target in master.names:
        one = master.shape(target)[1:]
        numeric = "CHAR" not in master.type_name(target)
        if numeric and master.varies(target) and one == (size,):
            unit = str(master.attributes(target).get("UNITS", "")).strip()
            return Axis(target, unit, target)
    if variable.axes:
        axis = variable.axes[position - 1]
        values = axis.values
        if values.shape == (size,) and values.dtype.kind in "fiu" and np.isfinite(values).all():
            return Axis(axis.name, axis.unit, [float(x) for x in values])
    return Axis(f"index_{position}", "", None)


class Sets(Mapping[str, HapiSet]):
    """All data sets, found when the first is asked for."""

    def __init__(self, find: Callable[[], Mapping[str, HapiSet]]) -> None:
        self._find = find
        self._found: Mapping[str, HapiSet] | None = None
        self._lock = threading.Lock()

    def _all(self) -> Mapping[str, HapiSet]:
        with self._lock:
            if self._found is None:
                self._found = self._find()
            return self._found

    def __getitem__(self, name: str) -> HapiSet:
        return self._all()[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._all())

    def __len__(self) -> int:
        return len(self._all())
