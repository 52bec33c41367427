"""Times and half-open time ranges: the only module that parses dates.

Inside, a time is an ``int`` of nanoseconds since 1970-01-01T00:00:00 UTC without leap seconds,
the value of ``numpy.datetime64[ns]``. A time without a zone is UTC everywhere.
"""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any, overload

import numpy as np

from .durations import NS_PER_SECOND, to_duration_ns
from .errors import InvalidTime, InvalidTimeRange

__all__ = ["DateTimeRange", "TimeRange", "format_ns", "to_datetime64", "to_duration_ns", "to_ns"]

# datetime64[ns] holds 1677-09-21 to 2262-04-11; the lowest value is NaT
MIN_NS, MAX_NS = -(2**63) + 1, 2**63 - 1

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_HINT = "write times as '2015-10-22T06:04:30.5', datetime, numpy.datetime64 or epoch seconds"
_ISO = re.compile(
    r"""\s*(?P<year>\d{4})
    (?:-?(?P<doy>\d{3})(?!\d)
      |-?(?P<month>\d{2})(?:-?(?P<day>\d{2}))?)?
    (?:[T\s]+(?P<hour>\d{2})(?::?(?P<minute>\d{2})(?::?(?P<second>\d{2})(?:[.,](?P<frac>\d+))?)?)?)?
    \s*(?P<zone>Z|UTC|[+-](?:[01]\d|2[0-3]):?[0-5]\d)?\s*""",
    re.VERBOSE | re.IGNORECASE,
)
# what people write besides, and that can mean one thing only; made ISO 8601 first
_MONTHS = (
    "jan(?:uary)?", "feb(?:ruary)?", "mar(?:ch)?", "apr(?:il)?", "may", "june?", "july?",
    "aug(?:ust)?", "sept?(?:ember)?", "oct(?:ober)?", "nov(?:ember)?", "dec(?:ember)?",
)  # fmt: skip
_NUMBERS = {name[:3]: number for number, name in enumerate(_MONTHS, 1)}
_MONTH = rf"(?P<name>{'|'.join(_MONTHS)})(?![a-z])\.?"
_YEAR_FIRST = r"(?P<year>\d{4})(?P<sep>[-/.])(?P<month>\d{1,2})(?P=sep)(?P<day>\d{1,2})(?!\d)"
_DAY_FIRST = rf"(?P<day>\d{{1,2}})[\s-]+{_MONTH},?[\s-]+(?P<year>\d{{4}})(?!\d)"
_MONTH_FIRST = rf"{_MONTH}\s+(?P<day>\d{{1,2}})(?:st|nd|rd|th)?,?\s+(?P<year>\d{{4}})(?!\d)"
_DATES = tuple(
    re.compile(rf"\s*{form}", re.IGNORECASE) for form in (_YEAR_FIRST, _DAY_FIRST, _MONTH_FIRST)
)
_CLOCK = re.compile(r"[T,\s]*(?P<hour>\d{1,2})(?=:)")


def _in_bounds(ns: int, value: Any) -> int:
    if not MIN_NS <= ns <= MAX_NS:
        raise InvalidTime(
            f"{value!r} is outside 1677-09-21 to 2262-04-11, what nanoseconds in 64 bits can hold"
        )
    return ns


def _datetime_to_ns(value: datetime) -> int:
    aware = value if value.tzinfo is not None else value.replace(tzinfo=UTC)
    delta = aware - _EPOCH
    return ((delta.days * 86_400 + delta.seconds) * 1_000_000 + delta.microseconds) * 1_000


def _zone_seconds(zone: str | None) -> int:
    if zone is None or zone.upper() in ("Z", "UTC"):
        return 0
    sign = -1 if zone[0] == "-" else 1
    return sign * (int(zone[1:3]) * 3600 + int(zone[-2:]) * 60)


def _as_iso(text: str) -> str:
    """Return a date as ISO 8601 writes it, where it is of another form that is known."""
    for form in _DATES:
        match = form.match(text)
        if match is not None:
            part = match.groupdict()
            month = _NUMBERS[part["name"][:3].lower()] if "name" in part else part["month"]
            rest = _CLOCK.sub(lambda clock: f"T{clock['hour']:0>2}", text[match.end() :], count=1)
            return f"{part['year']}-{month:0>2}-{part['day']:0>2}{rest}"
    return text


def _parse_text(text: str) -> int:
    match = _ISO.fullmatch(text) or _ISO.fullmatch(_as_iso(text))
    if match is None:
        raise InvalidTime(f"cannot read {text!r} as a time", hint=_HINT)
    part = match.groupdict()
    try:
        if part["doy"]:
            day = date(int(part["year"]), 1, 1) + timedelta(days=int(part["doy"]) - 1)
            if int(part["doy"]) < 1 or day.year != int(part["year"]):
                raise ValueError(f"day of year {part['doy']} is out of range")
        else:
            day = date(int(part["year"]), int(part["month"] or 1), int(part["day"] or 1))
        hour, minute, second = (int(part[k] or 0) for k in ("hour", "minute", "second"))
        if minute > 59 or second > 60 or hour > 24 or (hour == 24 and (minute or second)):
            raise ValueError("hour, minute or second is out of range")
    except ValueError as error:
        raise InvalidTime(f"cannot read {text!r} as a time: {error}", hint=_HINT) from error
    seconds = (day - date(1970, 1, 1)).days * 86_400 + hour * 3600 + minute * 60
    fraction = int(f"{part['frac'] or '':0<9.9}") if part["frac"] else 0
    if second == 60:  # a leap second has no number of its own in datetime64: the last one before it
        second, fraction = 59, NS_PER_SECOND - 1
    seconds += second - _zone_seconds(part["zone"])
    return _in_bounds(seconds * NS_PER_SECOND + fraction, text)


def is_array_of_one(value: Any) -> bool:
    """Whether `value` is an array without dimensions, as ``data_array.time[0]`` is."""
    return getattr(value, "ndim", None) == 0 and not isinstance(value, np.generic)


def to_ns(value: Any) -> int:
    """Return a time as nanoseconds since 1970 UTC.

    Parameters
    ----------
    value : str, datetime, date, numpy.datetime64, pandas.Timestamp, int, float, or an array of one
        Text is ISO 8601 (also day-of-year and compact forms), ``2020/1/31`` or ``31 Jan 2020``;
        numbers are seconds since 1970.
        Without a zone the time is UTC.

    Returns
    -------
    int
        Nanoseconds since 1970-01-01T00:00:00 UTC.

    Raises
    ------
    InvalidTime
        `value` is not a time, or lies outside 1677 to 2262.

    Examples
    --------
    >>> to_ns("1970-01-01T00:00:01.5")
    1500000000
    >>> to_ns("2000-001T00:00:00Z") == to_ns("2000-01-01")
    True
    """
    if is_array_of_one(value):
        value = np.asarray(value)[()]
    if isinstance(value, str):
        return _parse_text(value)
    if isinstance(value, np.datetime64):
        if np.isnat(value):
            raise InvalidTime("NaT is not a time", hint=_HINT)
        if np.datetime_data(value.dtype)[0] == "ns":
            return int(value.astype(np.int64))
        year = int(value.astype("datetime64[Y]").astype(np.int64))  # narrower units wrap silently
        micro = int(value.astype("datetime64[us]").astype(np.int64)) if abs(year) < 300 else MAX_NS
        _in_bounds(micro * 1_000, value)
        return int(value.astype("datetime64[ns]").astype(np.int64))
    if isinstance(value, np.timedelta64):  # an integer to Python
        raise InvalidTime(f"{value!r} is a duration, not a time", hint=_HINT)
    if isinstance(value, datetime):
        nanosecond = getattr(value, "nanosecond", 0)  # pandas.Timestamp
        if value != value:
            raise InvalidTime("NaT is not a time", hint=_HINT)
        return _in_bounds(_datetime_to_ns(value) + int(nanosecond), value)
    if isinstance(value, date):
        return _in_bounds(_datetime_to_ns(datetime(value.year, value.month, value.day)), value)
    if isinstance(value, (bool, np.bool_)):
        raise InvalidTime(f"{value!r} is not a time", hint=_HINT)
    if isinstance(value, (int, np.integer)):
        return _in_bounds(int(value) * NS_PER_SECOND, value)
    if isinstance(value, (float, np.floating)):
        if not math.isfinite(value):
            raise InvalidTime(f"{value!r} is not a time", hint=_HINT)
        whole = math.floor(value)
        return _in_bounds(whole * NS_PER_SECOND + round((float(value) - whole) * 1e9), value)
    raise InvalidTime(f"cannot read {type(value).__name__} {value!r} as a time", hint=_HINT)


def to_datetime64(ns: int) -> np.datetime64:
    """Return nanoseconds since 1970 as ``numpy.datetime64[ns]``."""
    return np.datetime64(ns, "ns")


def format_ns(ns: int) -> str:
    """Return the shortest ISO 8601 text that is exact, ending in ``Z``.

    Examples
    --------
    >>> format_ns(1_500_000_000)
    '1970-01-01T00:00:01.500Z'
    """
    text = str(np.datetime64(ns, "ns"))
    head, _, fraction = text.partition(".")
    for keep in (0, 3, 6):
        if not fraction[keep:].strip("0"):
            return f"{head}.{fraction[:keep]}Z" if keep else f"{head}Z"
    return f"{text}Z"


@dataclass(frozen=True, slots=True, order=True)
class TimeRange:
    """A half-open range ``[start, stop)`` of UTC time, exact to the nanosecond.

    Parameters
    ----------
    start, stop : str, datetime, numpy.datetime64, pandas.Timestamp, int or float
        As :func:`to_ns` takes them. `start` is included, `stop` is not.

    Attributes
    ----------
    start_ns, stop_ns : int
        Nanoseconds since 1970 UTC.

    Raises
    ------
    InvalidTime
        One of them is not a time.
    InvalidTimeRange
        `stop` is not after `start`.

    Examples
    --------
    >>> r = TimeRange("2015-10-22", "2015-10-22T12")
    >>> str(r)
    '2015-10-22T00:00:00Z/2015-10-22T12:00:00Z'
    >>> np.datetime64("2015-10-22T11:59") in r
    True
    """

    start_ns: int
    stop_ns: int

    def __init__(self, start: Any, stop: Any) -> None:
        start_ns, stop_ns = to_ns(start), to_ns(stop)
        if stop_ns <= start_ns:
            what = "is empty" if stop_ns == start_ns else "stops before it starts"
            raise InvalidTimeRange(
                f"the range {format_ns(start_ns)} to {format_ns(stop_ns)} {what}",
                hint="give start, then a later stop; ranges are [start, stop)",
            )
        object.__setattr__(self, "start_ns", start_ns)
        object.__setattr__(self, "stop_ns", stop_ns)

    @classmethod
    def from_ns(cls, start_ns: int, stop_ns: int) -> TimeRange:
        """Make a range from integers of nanoseconds."""
        ends = (_in_bounds(int(ns), f"{ns} ns") for ns in (start_ns, stop_ns))
        return cls(*map(to_datetime64, ends))

    @property
    def start(self) -> np.datetime64:
        """First instant, included."""
        return to_datetime64(self.start_ns)

    @property
    def stop(self) -> np.datetime64:
        """Last instant, not included."""
        return to_datetime64(self.stop_ns)

    @property
    def start_time(self) -> datetime:
        """`start` as an aware datetime, cut to microseconds."""
        return _EPOCH + timedelta(microseconds=self.start_ns // 1_000)

    @property
    def stop_time(self) -> datetime:
        """`stop` as an aware datetime, cut to microseconds."""
        return _EPOCH + timedelta(microseconds=self.stop_ns // 1_000)

    @property
    def duration(self) -> np.timedelta64:
        """Length, as ``timedelta64[ns]``."""
        return np.timedelta64(self.stop_ns - self.start_ns, "ns")

    @property
    def duration_ns(self) -> int:
        """Length in nanoseconds."""
        return self.stop_ns - self.start_ns

    def overlaps(self, other: TimeRange) -> bool:
        """Whether the two ranges share at least one instant."""
        return self.start_ns < other.stop_ns and other.start_ns < self.stop_ns

    def intersect(self, other: TimeRange) -> TimeRange | None:
        """Return the shared range, or None when there is none."""
        if not self.overlaps(other):
            return None
        return TimeRange.from_ns(
            max(self.start_ns, other.start_ns), min(self.stop_ns, other.stop_ns)
        )

    def subtract(self, others: list[TimeRange]) -> list[TimeRange]:
        """Return the parts of this range that none of `others` covers, in order."""
        missing, cursor = [], self.start_ns
        for other in sorted(others):
            if other.stop_ns <= cursor:
                continue
            if other.start_ns >= self.stop_ns:
                break
            if other.start_ns > cursor:
                missing.append(TimeRange.from_ns(cursor, other.start_ns))
            cursor = max(cursor, other.stop_ns)
        if cursor < self.stop_ns:
            missing.append(TimeRange.from_ns(cursor, self.stop_ns))
        return missing

    def split(self, step: timedelta | np.timedelta64 | float) -> list[TimeRange]:
        """Cut into pieces of at most `step` (seconds when a number), in order."""
        given = to_duration_ns(step)
        step_ns = min(float(step) * 1e9, 2e19) if given is None else given  # type: ignore[arg-type]
        if not step_ns >= 1:
            raise InvalidTimeRange("the step of a split must be longer than zero")
        cuts = [*range(self.start_ns, self.stop_ns, round(step_ns)), self.stop_ns]
        return [TimeRange.from_ns(a, b) for a, b in itertools.pairwise(cuts)]

    def shifted(self, by_ns: int) -> TimeRange:
        """Return the range moved by `by_ns` nanoseconds."""
        return TimeRange.from_ns(self.start_ns + by_ns, self.stop_ns + by_ns)

    def scaled(self, factor: float) -> TimeRange:
        """Return the range made `factor` times longer about its centre."""
        if math.isnan(factor):
            raise InvalidTimeRange("a range cannot be made NaN times longer")
        half = max(1, round(min(self.duration_ns * factor / 2, 2e19)))
        centre = (self.start_ns + self.stop_ns) // 2
        return TimeRange.from_ns(max(MIN_NS, centre - half), min(MAX_NS, centre + half))

    def __contains__(self, value: Any) -> bool:
        if isinstance(value, TimeRange):
            return self.start_ns <= value.start_ns and value.stop_ns <= self.stop_ns
        return self.start_ns <= to_ns(value) < self.stop_ns

    def __iter__(self) -> Iterator[np.datetime64]:
        return iter((self.start, self.stop))

    def __len__(self) -> int:
        return 2

    def __getitem__(self, index: int) -> np.datetime64:
        return (self.start, self.stop)[index]

    def __add__(self, by: timedelta | np.timedelta64) -> TimeRange:
        by_ns = to_duration_ns(by)
        return NotImplemented if by_ns is None else self.shifted(by_ns)

    @overload
    def __sub__(self, by: TimeRange) -> list[TimeRange]: ...
    @overload
    def __sub__(self, by: timedelta | np.timedelta64) -> TimeRange: ...
    def __sub__(self, by: TimeRange | timedelta | np.timedelta64) -> TimeRange | list[TimeRange]:
        if isinstance(by, TimeRange):
            return self.subtract([by])
        by_ns = to_duration_ns(by)
        return NotImplemented if by_ns is None else self.shifted(-by_ns)

    def __mul__(self, factor: float) -> TimeRange:
        return self.scaled(factor)

    def __str__(self) -> str:
        return f"{format_ns(self.start_ns)}/{format_ns(self.stop_ns)}"

    def __repr__(self) -> str:
        return f"TimeRange('{format_ns(self.start_ns)}', '{format_ns(self.stop_ns)}')"


#: Speasy's name
DateTimeRange = TimeRange
