"""Read data set, time and version out of the file names that archives use."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from speasy_core.errors import InvalidTime
from speasy_core.timerange import TimeRange, to_ns

__all__ = ["FileName", "parse", "version_key"]

_NAME = re.compile(
    r"""(?P<dataset>.+?)_+
    (?P<start>\d{8}(?:[T_-]?\d{6}(?!\d)|T?\d{4}(?!\d)|T\d{2})?)(?:[TZ_-]+
    (?P<stop>\d{8}(?:[T_-]?\d{6}(?!\d)|T?\d{4}(?!\d)|T\d{2})?))?
    (?:[_-]?(?P<version>[vV][\d.]+\w*))?(?P<part>_\w+)?""",
    re.VERBOSE,
)
_DAY_NS, _HOUR_NS = 86_400_000_000_000, 3_600_000_000_000


@dataclass(frozen=True, slots=True)
class FileName:
    """What a file's name says.

    Parameters
    ----------
    dataset : str
        Upper case.
    start_ns, stop_ns : int or None
        Nanoseconds since 1970; a name that says no stop has the longest range that such a name
        usually stands for: a day after a date, two hours after a time of day.
    version : str
        Empty when there is none.
    is_master : bool
        Whether the date is all zeros.
    part : str
        What follows date and version: two files that differ in it hold different things.
    """

    dataset: str
    start_ns: int | None = None
    stop_ns: int | None = None
    version: str = ""
    is_master: bool = False
    part: str = ""

    def until(self, next_start: int | None) -> TimeRange | None:
        """Return the range the name stands for, ended by the start of the next file."""
        if self.start_ns is None or self.stop_ns is None:
            return None
        stop = self.stop_ns
        if next_start is not None and self.start_ns < next_start < stop:
            stop = next_start
        return TimeRange.from_ns(self.start_ns, stop)


def version_key(text: str) -> tuple[int, ...]:
    """Return a key that sorts versions in natural order.

    Examples
    --------
    >>> version_key("v5.10.0") > version_key("v5.9.1")
    True
    """
    return tuple(int(d) for d in re.findall(r"\d+", text))


def _time(digits: str) -> int | None:
    plain = re.sub(r"\D", "", digits)
    clock = plain[8:].ljust(6, "0")
    text = f"{plain[:4]}-{plain[4:6]}-{plain[6:8]}T{clock[:2]}:{clock[2:4]}:{clock[4:]}"
    try:
        return to_ns(text)
    except InvalidTime:
        return None


def parse(path: Path | str) -> FileName:
    """Read a file name.

    Examples
    --------
    >>> parse("mms1_fpi_fast_l2_dis-moms_20151201000000_v3.3.0.cdf").dataset
    'MMS1_FPI_FAST_L2_DIS-MOMS'
    """
    stem = re.sub(r"\.(cdf|CDF)$", "", Path(path).name)
    match = _NAME.fullmatch(stem)
    if match is None:
        return FileName(stem.upper())
    dataset, version = match["dataset"].upper(), match["version"] or ""
    if not match["start"].strip("0"):
        return FileName(dataset, version=version, is_master=True)
    start = _time(match["start"])
    if start is None:
        return FileName(dataset, version=version)
    stop = _time(match["stop"]) if match["stop"] else None
    if stop is None or stop <= start:
        only_date = len(re.sub(r"\D", "", match["start"])) == 8
        stop = start + (_DAY_NS if only_date else 2 * _HOUR_NS)
    return FileName(dataset, start, stop, version, part=match["part"] or "")
