"""Which files of a described archive hold a range of time."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import quote

from speasy_core.errors import InvalidRequest, InvalidTime
from speasy_core.timerange import MAX_NS, TimeRange, to_ns

from ._archive_entry import Entry
from ._archive_template import natural_key, periods

__all__ = ["addresses"]

List = Callable[[str], Sequence[str]]
_MAX_NAME = 500
_PERIOD_NS = {"daily": 86_400, "monthly": 31 * 86_400, "yearly": 366 * 86_400, "none": 0}


@dataclass(frozen=True, slots=True)
class _File:
    address: str
    start_ns: int
    stop_ns: int | None
    version: str


def addresses(entry: Entry, span: TimeRange, names: List) -> list[str]:
    """Return the addresses of the files that may hold samples of `span`, in order.

    Parameters
    ----------
    entry : Entry
    span : TimeRange
    names : callable
        Gives the names of the files in a folder.

    Raises
    ------
    InvalidRequest
        A range of more files than anybody means, or a name whose date cannot be read.
    """
    try:
        if entry.rule == "random":
            return _random(entry, span, names)
        return _regular(entry, span, names)
    except InvalidRequest:
        raise
    except (ValueError, OverflowError) as error:
        raise InvalidRequest(f"{entry.id}: {error}", hint="ask for a shorter range") from error


def _regular(entry: Entry, span: TimeRange, names: List) -> list[str]:
    found: dict[str, None] = {}
    for day, _ in periods(span, entry.frequency):
        address = entry.url.fill(day)
        if not entry.listed:
            found[address] = None
            continue
        folder, _, last = address.rpartition("/")
        try:
            regex = re.compile(last)
        except (re.error, OverflowError, RecursionError) as error:
            raise InvalidRequest(
                f"{entry.id}: {last!r} is not a regular expression: {error}", source=entry.where
            ) from error
        fitting = [n for n in names(folder + "/") if len(n) < _MAX_NAME and regex.fullmatch(n)]
        if fitting:
            found[f"{folder}/{_quoted(folder, max(fitting, key=natural_key))}"] = None
    return list(found)


def _quoted(folder: str, name: str) -> str:
    return quote(name) if folder.startswith(("http://", "https://")) else name


def _random(entry: Entry, span: TimeRange, names: List) -> list[str]:
    # a file may begin in the period before and last into this one
    early = max(span.start_ns - _PERIOD_NS[entry.frequency] * 1_000_000_000, -(2**63) + 1)
    wide = TimeRange.from_ns(early, span.stop_ns)
    folders = dict.fromkeys(
        entry.url.fill(day).rpartition("/")[0] for day, _ in periods(wide, entry.frequency)
    )
    best: dict[tuple[int, int | None], _File] = {}
    for folder in folders:
        for name in names(folder + "/"):
            file = _parse(entry, folder, name)
            if file is None:
                continue
            key = (file.start_ns, file.stop_ns)
            if key not in best or natural_key(best[key].version) <= natural_key(file.version):
                best[key] = file
    files = sorted(best.values(), key=lambda f: (f.start_ns, f.stop_ns or 0))
    chosen = []
    for number, file in enumerate(files):
        later = (f.start_ns for f in files[number + 1 :] if f.start_ns > file.start_ns)
        stop = file.stop_ns if file.stop_ns is not None else next(later, MAX_NS)
        # a stop in a name is often the last sample's own time
        if file.start_ns < span.stop_ns and stop >= span.start_ns:
            chosen.append(file.address)
    return chosen


def _parse(entry: Entry, folder: str, name: str) -> _File | None:
    if entry.regex is None or len(name) > _MAX_NAME:
        return None
    match = entry.regex.fullmatch(name)
    if match is None:
        return None
    groups = match.groupdict()
    try:
        start = _time(groups["start"] or "", entry.date_format)
        stop = _time(groups["stop"], entry.date_format) if groups.get("stop") else None
    except (ValueError, InvalidTime) as error:
        raise InvalidRequest(
            f"{entry.id}: the date in the file name {name!r} cannot be read: {error}",
            source=entry.where,
            hint="the key 'date_format' says how dates are written, for example '%Y%m%d'",
        ) from error
    version = groups.get("version") or name
    return _File(f"{folder}/{_quoted(folder, name)}", start, stop, version)


def _time(text: str, form: str | None) -> int:
    if form:
        return to_ns(datetime.strptime(text, form).replace(tzinfo=UTC))
    digits = re.sub(r"[_\-:T ]", "", text)
    if not digits.isdigit():
        return to_ns(text)
    day, clock = (digits[:8], digits[8:]) if len(digits) != 7 else (digits, "")
    if len(clock) not in (0, 2, 4, 6):
        raise ValueError(f"{text!r} is not a date")
    return to_ns(f"{day}T{clock}" if clock else day)
