"""What the cache knows of a product: which ranges of time, how old, of which version.

Pure functions on lists of fragments; nothing here reads, writes or fetches. A list is in order of
time and its windows do not overlap. A window may be a part of what its blob holds, so replacing
the middle of a fragment cuts its window in two and rewrites nothing.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any, Literal

from speasy_core.timerange import MAX_NS, MIN_NS, TimeRange

__all__ = [
    "Fragment",
    "confirm",
    "expired",
    "from_entries",
    "insert",
    "iso",
    "overlapping",
    "settled",
    "to_entries",
    "without",
]

DAY = 86_400.0
# archives still add to what is younger than this
RECENT = 2 * DAY
LIFETIME = {"data": 7 * DAY, "empty": 1 * DAY, "provisional": 900.0}


@dataclass(frozen=True, slots=True)
class Fragment:
    """One window of time that was answered.

    Parameters
    ----------
    start, stop : int
        Nanoseconds since 1970 UTC, half-open.
    state : {"data", "empty"}
        Whether the archive had samples.
    blob : str
        Name of the arrays in the store.
    size : int
        Bytes of the blob.
    received : float
        When the samples came, seconds since 1970.
    checked : float
        When the archive last said that they still hold.
    version : str or None
        The archive's mark of the answer.
    agrees : str or None
        A newer version of other windows, which the archive said does not concern this one.
    request : str
        What was asked.
    """

    start: int
    stop: int
    state: Literal["data", "empty"]
    blob: str
    size: int
    received: float
    checked: float
    version: str | None = None
    agrees: str | None = None
    request: str = ""

    @property
    def range(self) -> TimeRange:
        """The window."""
        return TimeRange.from_ns(self.start, self.stop)

    @property
    def provisional(self) -> bool:
        """Whether it was so recent when received that the archive may have added to it."""
        return self.stop / 1e9 > self.received - RECENT

    def cut(self, start: int, stop: int) -> Fragment | None:
        """Return the part of the window inside ``[start, stop)``, None when there is none."""
        low, high = max(self.start, start), min(self.stop, stop)
        if low >= high:
            return None
        return self if (low, high) == (self.start, self.stop) else replace(
            self, start=low, stop=high
        )  # fmt: skip


def expired(fragment: Fragment, now: float) -> bool:
    """Whether the archive has to be asked if a fragment still holds."""
    age = now - fragment.checked
    # a clock that was wrong when the fragment was made must not keep it for ever
    if not -60.0 <= age < math.inf:
        return True
    return age > lifetime(fragment)


def lifetime(fragment: Fragment) -> float:
    """Return for how many seconds after it was checked a fragment is taken to hold."""
    return LIFETIME["provisional" if fragment.provisional else fragment.state]


def insert(fragments: Iterable[Fragment], new: Fragment) -> list[Fragment]:
    """Return the list with `new` in it, which replaces whatever it covers."""
    kept: list[Fragment] = []
    for old in fragments:
        before, after = old.cut(old.start, new.start), old.cut(new.stop, old.stop)
        kept += [part for part in (before, after) if part is not None]
    kept.append(new)
    return _join(sorted(kept, key=lambda f: f.start))


def _join(fragments: Sequence[Fragment]) -> list[Fragment]:
    """Join windows that touch and differ in nothing else."""
    joined: list[Fragment] = []
    for fragment in fragments:
        last = joined[-1] if joined else None
        if (
            last is not None
            and last.blob == fragment.blob
            and last.stop == fragment.start
            and replace(last, start=fragment.start, stop=fragment.stop) == fragment
        ):
            joined[-1] = replace(last, stop=fragment.stop)
        else:
            joined.append(fragment)
    return joined


def without(fragments: Iterable[Fragment], blobs: frozenset[str]) -> list[Fragment]:
    """Return the list without the fragments of some blobs."""
    return [fragment for fragment in fragments if fragment.blob not in blobs]


def overlapping(fragments: Iterable[Fragment], range: TimeRange) -> list[Fragment]:
    """Return the parts of the fragments inside a range."""
    cuts = (fragment.cut(range.start_ns, range.stop_ns) for fragment in fragments)
    return [cut for cut in cuts if cut is not None]


def settled(fragments: Iterable[Fragment], range: TimeRange, now: float) -> bool:
    """Whether all of a range is kept, in one version, and nothing of it need be asked again."""
    at, versions = range.start_ns, set()
    for part in overlapping(fragments, range):
        if part.start != at or expired(part, now):
            return False
        at = part.stop
        versions.add(part.version)
    return at == range.stop_ns and len(versions) <= 1


def confirm(
    fragments: Iterable[Fragment],
    range: TimeRange,
    version: str | None,
    now: float,
    agrees: str | None,
) -> list[Fragment]:
    """Note that the archive said of a range "not changed since `version`"."""
    result = list(fragments)
    for part in overlapping(result, range):
        if part.version == version:
            result = insert(result, replace(part, checked=now, agrees=agrees or part.agrees))
    return result


def iso(seconds: float) -> str:
    """Return seconds since 1970 as ISO 8601, UTC."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def to_entries(fragments: Iterable[Fragment]) -> list[dict[str, Any]]:
    """Return fragments as JSON."""
    return [asdict(fragment) for fragment in fragments]


def from_entries(entries: Iterable[dict[str, Any]]) -> list[Fragment]:
    """Return the fragments of stored entries; what is not one is left out, the newest wins."""
    found = [f for f in map(_from_entry, entries) if f is not None]
    found.sort(key=lambda f: f.start)
    if all(a.stop <= b.start for a, b in pairwise(found)):
        return found
    result: list[Fragment] = []
    for fragment in sorted(found, key=lambda f: f.received):
        result = insert(result, fragment)
    return result


def _from_entry(entry: dict[str, Any]) -> Fragment | None:
    try:
        fragment = Fragment(**entry)
        sound = (
            type(fragment.start) is type(fragment.stop) is int
            and MIN_NS <= fragment.start <= fragment.stop <= MAX_NS
            and fragment.state in ("data", "empty")
            and isinstance(fragment.blob, str)
            and isinstance(fragment.request, str)
            and isinstance(fragment.version, (str, type(None)))
            and isinstance(fragment.agrees, (str, type(None)))
            and math.isfinite(fragment.received + fragment.checked + fragment.size)
        )
    except (TypeError, ValueError, AttributeError):
        return None
    return fragment if sound else None
