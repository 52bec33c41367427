"""How CDAWeb's archive names its folders and files: rules read from its catalogue."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from speasy_core.timerange import TimeRange

__all__ = ["DatedFile", "Naming", "NoRule"]

_TOKEN = re.compile(r"%Q(?:\.n(?!\w))*|%.|[?*]")
_FOLDER_TOKEN = re.compile(r"%(.?)")
_DIGITS = {"Y": 4, "y": 2, "m": 2, "d": 2, "j": 3, "H": 2, "M": 2, "S": 2, "I": 2}
_FINEST = (("dj", "day"), ("m", "month"), ("Yy", "year"))
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_SECOND = 1_000_000_000
_DAY = 86_400 * _SECOND
# length of what the finest token of a date leaves open
_OPEN = (
    ("S", _SECOND), ("M", 60 * _SECOND), ("HI", 3600 * _SECOND), ("dj", _DAY), ("m", 31 * _DAY),
    ("", 366 * _DAY),
)  # fmt: skip
_MAX_FOLDERS = 4000


class NoRule(Exception):
    """The files of a data set cannot be found by their names; the message says why."""


@dataclass(frozen=True, slots=True)
class DatedFile:
    """One file of a folder.

    Attributes
    ----------
    name : str
    start : int or None
        Nanoseconds since 1970, of the time in the name; None when it has none.
    stop : int or None
        None when the name does not say: then the next file begins there.
    version : str
        Empty when there is none.
    """

    name: str
    start: int | None = None
    stop: int | None = None
    version: str = ""


@dataclass(frozen=True, slots=True)
class Naming:
    """The rules of one data set.

    Parameters
    ----------
    folders : str
        Template of the folder below the data set's own; empty when there is none.
    step : str
        How often a folder begins: ``day``, ``month``, ``year``, or empty.
    pattern : re.Pattern
        Matches file names.
    groups : tuple of (dict of token to group name)
        The dates in a name: first the start, then the stop.

    Examples
    --------
    >>> naming = Naming.parse("ac_h0_mfi_%Y%m%d_%Q.cdf", "%Y")
    >>> [folder for folder, _ in naming.list_folders(TimeRange("2019-12-31", "2020-01-02"))]
    ['2019', '2020']
    >>> naming.read("ac_h0_mfi_20200102_v07.cdf", "2020").version
    'v07'
    """

    folders: str
    step: str
    pattern: re.Pattern[str]
    groups: tuple[Mapping[str, str], ...]

    @classmethod
    def parse(cls, filenaming: str, subdividedby: str = "") -> Naming:
        """Read the two rules of the catalogue.

        Parameters
        ----------
        filenaming : str
            For example ``ac_h0_mfi_%Y%m%d_%Q.cdf``; ``%Q`` is a version.
        subdividedby : str
            ``%Y``, ``%Y/%m``, ``%Y/%j`` ..., or ``None`` for one folder.

        Raises
        ------
        NoRule
            Nothing by which a file for a time can be found.
        """
        if not filenaming.strip():
            raise NoRule("the catalogue does not say how its files are named")
        folders, step = _read_folders(subdividedby)
        pattern, groups = _read_names(filenaming.strip())
        if step and not groups:
            raise NoRule(f"its files lie in dated folders and have no date in {filenaming!r}")
        if groups and not ({"Y", "y"} & set(groups[0]) or step):
            raise NoRule(f"nothing in {filenaming!r} says the year")
        return cls(folders, step, pattern, groups)

    def list_folders(self, span: TimeRange) -> list[tuple[str, int]]:
        """Return the folders that `span` touches, each with the time at which it begins.

        Raises
        ------
        NoRule
            More of them than anybody means to ask for.
        """
        if not self.step:
            return [("", span.start_ns)]
        day = _begin((_EPOCH + timedelta(microseconds=span.start_ns // 1000)).date(), self.step)
        found: list[tuple[str, int]] = []
        while (start := _to_ns(day)) < span.stop_ns:
            if len(found) == _MAX_FOLDERS:
                raise NoRule(f"the range touches more than {_MAX_FOLDERS:,} folders")
            found.append((day.strftime(self.folders), start))
            day = _next(day, self.step)
        return found

    def folder_before(self, start: int) -> str | None:
        """Return the folder before the one that begins at `start`; None when all is in one."""
        if not self.step:
            return None
        day = (_EPOCH + timedelta(microseconds=start // 1000)).date() - timedelta(days=1)
        return _begin(day, self.step).strftime(self.folders)

    def read(self, name: str, folder: str = "") -> DatedFile | None:
        """Return what a file name says; None for what is not a file of this data set."""
        match = self.pattern.fullmatch(name)
        if match is None:
            return None
        version = match["version"] if "version" in match.re.groupindex else ""
        if not self.groups:
            return DatedFile(name, version=version)
        fields = self._folder_fields(folder)
        start: int | None = None
        stop: int | None = None
        for number, group in enumerate(self.groups):
            fields = {**fields, **{token: match[label] for token, label in group.items()}}
            when = _time(fields)
            if when is None:
                return None
            if number == 0:
                start = when
            else:
                # the last moment that the digits name is still inside
                stop = when + next(
                    ns for tokens, ns in _OPEN if not tokens or set(tokens) & {*group}
                )
        if start is not None and stop is not None and stop <= start:
            stop = None
        return DatedFile(name, start, stop, version)

    def _folder_fields(self, folder: str) -> dict[str, str]:
        """Return the parts of a date that a folder's name says."""
        if not folder:
            return {}
        tokens = [match[1] for match in _FOLDER_TOKEN.finditer(self.folders)]
        pattern = _FOLDER_TOKEN.sub(
            lambda m: rf"(\d{{{_DIGITS[m[1]]}}})", re.sub(r"[.+()]", r"\\\g<0>", self.folders)
        )
        match = re.fullmatch(pattern, folder)
        return dict(zip(tokens, match.groups(), strict=True)) if match else {}

    def newest(self, files: Iterable[DatedFile]) -> list[DatedFile]:
        """Return the highest version of each file in order of time, with stops filled in.

        A file without a stop ends where the next one begins; the last one stays open.
        """
        best: dict[tuple[int | None, int | None], DatedFile] = {}
        for file in sorted(files, key=lambda f: (_natural(f.version), f.name)):
            best[file.start, file.stop] = file
        ordered = sorted(best.values(), key=lambda f: (f.start or 0, f.stop or 0))
        starts = [file.start for file in ordered if file.start is not None]
        filled = []
        for file in ordered:
            stop = file.stop
            if stop is None and file.start is not None:
                later = bisect_right(starts, file.start)
                stop = starts[later] if later < len(starts) else None
            filled.append(DatedFile(file.name, file.start, stop, file.version))
        return filled


def _natural(version: str) -> list[tuple[int, int, str]]:
    """Return a key under which ``v10`` comes after ``v9``."""
    return [
        (1, int(part), "") if part.isdigit() and len(part) < 1000 else (0, 0, part)
        for part in re.split(r"(\d+)", version.lower())
        if part
    ]


def _read_folders(rule: str) -> tuple[str, str]:
    rule = rule.strip().strip("/")
    if rule.lower() in ("", "none", "(none)"):
        return "", ""
    tokens = set()
    for match in _FOLDER_TOKEN.finditer(rule):
        if match[1] not in ("Y", "y", "m", "d", "j"):
            raise NoRule(f"its folders are named by a rule that is not known here: {rule!r}")
        tokens.add(match[1])
    if ".." in rule or not tokens & {"Y", "y"} or not re.fullmatch(r"[\w%./+() -]+", rule):
        raise NoRule(f"its folders are named by a rule that is not known here: {rule!r}")
    return rule, next(step for names, step in _FINEST if tokens & set(names))


def _read_names(rule: str) -> tuple[re.Pattern[str], tuple[Mapping[str, str], ...]]:
    """Return the pattern of a naming rule, and which of its groups make up which date."""
    out: list[str] = []
    groups: list[dict[str, str]] = []
    at = 0
    has_version = False
    for match in _TOKEN.finditer(rule):
        out.append(re.escape(rule[at : match.start()]))
        at = match.end()
        token = match[0][1:2]
        if match[0] in ("?", "*"):
            out.append("." if match[0] == "?" else ".*")
        elif token == "Q":
            out.append(".+" if has_version else "(?P<version>.+)")
            has_version = True
        elif token == "p" or token in _DIGITS:
            if not groups or token in groups[-1]:  # the same token again: the next date begins
                groups.append({})
            label = f"{token}{len(groups)}"
            groups[-1][token] = label
            text = "[AaPp][Mm]" if token == "p" else rf"\d{{{_DIGITS[token]}}}"
            # digits of date and time may have a letter between them
            joined = "T?" if len(groups[-1]) > 1 and match.start() and _touches(rule, match) else ""
            out.append(f"{joined}(?P<{label}>{text})")
        else:
            raise NoRule(f"its files are named by a rule that is not known here: {rule!r}")
    out.append(re.escape(rule[at:]))
    if groups and not set("Yymdj") & set(groups[0]):
        groups = []  # a number that is no date
    return re.compile("".join(out), re.IGNORECASE), tuple(groups)


def _touches(rule: str, match: re.Match[str]) -> bool:
    """Whether a token follows another one without anything between."""
    return rule[match.start() - 2] == "%" if match.start() >= 2 else False


def _time(fields: Mapping[str, str]) -> int | None:
    """Return nanoseconds since 1970; None when the digits are no date."""
    try:
        if "Y" in fields:
            year = int(fields["Y"])
        else:
            short = int(fields["y"])
            year = short + (1900 if short >= 50 else 2000)
        if "j" in fields and "d" not in fields:
            day = datetime(year, 1, 1, tzinfo=UTC) + timedelta(days=int(fields["j"]) - 1)
            if day.year != year:
                return None
        else:
            day = datetime(year, int(fields.get("m", 1)), int(fields.get("d", 1)), tzinfo=UTC)
        seconds = 60 * int(fields.get("M", 0)) + int(fields.get("S", 0))
        seconds += 3600 * _hour(fields)
    except (ValueError, KeyError, OverflowError):
        return None
    return (int((day - _EPOCH).total_seconds()) + seconds) * _SECOND if seconds <= 90_000 else None


def _hour(fields: Mapping[str, str]) -> int:
    if "H" in fields or "I" not in fields:
        return int(fields.get("H", 0))
    afternoon = fields.get("p", "AM").upper() == "PM"
    return int(fields["I"]) % 12 + 12 * afternoon


def _begin(day: date, step: str) -> date:
    if step == "year":
        return day.replace(month=1, day=1)
    return day.replace(day=1) if step == "month" else day


def _next(day: date, step: str) -> date:
    if step == "year":
        return date(day.year + 1, 1, 1)
    if step == "month":
        return date(day.year + day.month // 12, day.month % 12 + 1, 1)
    return day + timedelta(days=1)


def _to_ns(day: date) -> int:
    return (day - _EPOCH.date()).days * _DAY
