"""Failures of archives, remembered a short while: a server in trouble is not asked at every view.

A failure is kept for the range that was asked for, with its cause; it is served again as the same
error, which says since when it is remembered and how to ask anyway. A panel asks at every move and
is held back after any failure; a script asks once, on purpose, and is held back only where the
archive has said twice that there is nothing. What lies with the caller (no time left, withdrawn, a
wrong request, a login) or in the data is not remembered here.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

from speasy_core.errors import (
    HttpStatusError,
    IncompleteBody,
    ServerUnreachable,
    SpeasyError,
    UnexpectedContent,
    UnknownProduct,
)
from speasy_core.store import Entry, Store
from speasy_core.timerange import TimeRange

from .fragments import iso

__all__ = ["PREFIX", "Failure", "Failures"]

# keys of products start with the name of a provider
PREFIX = "#failed/"

_KINDS: dict[str, type[SpeasyError]] = {
    kind.__name__: kind
    for kind in (
        HttpStatusError,
        IncompleteBody,
        ServerUnreachable,
        UnexpectedContent,
        UnknownProduct,
    )
}
# seconds: the first time, at most (doubled each time in a row), and where there was nothing twice
FIRST, LONGEST, NOT_FOUND = 2.0, 60.0, 300.0
# a server that says when to come back is believed for so long
MAX_RETRY_AFTER = 3600.0
# failures that follow each other in so many seconds are in a row
IN_A_ROW = 600.0
_MOST = 256


@dataclass(frozen=True, slots=True)
class Failure:
    """A range that could not be fetched.

    Parameters
    ----------
    start, stop : int
        Nanoseconds since 1970 UTC, half-open.
    since, until : float
        When it failed, and until when it is not asked again; seconds since 1970.
    count : int
        How often in a row.
    kind : str
        Class of the error.
    message : str
    details : mapping
        ``status``, ``url``, ``attempts``, ``retry_at`` and ``hint`` of the error.
    """

    start: int
    stop: int
    since: float
    until: float
    count: int
    kind: str
    message: str
    details: dict[str, Any] = field(default_factory=dict)

    @property
    def range(self) -> TimeRange:
        """The window."""
        return TimeRange.from_ns(self.start, self.stop)

    @property
    def believed(self) -> bool:
        """Whether asking again is of no use for anybody: not found, twice."""
        return self.count > 1 and self.details.get("status") in (404, 410)

    def error(self) -> SpeasyError:
        """Return the error again, which says that it is remembered."""
        details = dict(self.details)
        note = (
            f"remembered since {iso(self.since)}; asked again after {iso(self.until)}, "
            "or at once with refresh=True"
        )
        hint = details.pop("hint", None)
        if self.kind != "HttpStatusError":
            details.pop("status", None)
        return _KINDS[self.kind](
            f"{self.message} (remembered from {iso(self.since)}, not asked again)",
            hint=f"{hint}; {note}" if hint else note,
            **details,
        )


class Failures:
    """What failed lately, by product; kept in the store, so that other processes know.

    Parameters
    ----------
    store : Store
    """

    def __init__(self, store: Store) -> None:
        self._store = store

    def note(self, key: str, spans: Iterable[TimeRange], error: SpeasyError) -> None:
        """Remember that ranges failed, where that says something about the archive."""
        lasting = _lasting(error)
        spans = list(spans)
        if lasting is None or not spans:
            return
        now = time.time()
        details = {
            name: getattr(error, name, None)
            for name in ("status", "url", "attempts", "retry_at", "hint")
        }
        kept = {name: value for name, value in details.items() if value is not None}

        def change(entries: list[Entry]) -> list[Entry]:
            known = _read(entries, now)
            for span in spans:
                before = [f.count for f in known if f.range.overlaps(span)]
                count = 1 + max(before, default=0)
                # said once, "not found" may be of a file in between; said twice it is believed
                least = lasting if count > 1 else 0.0
                seconds = max(least, min(FIRST * 2.0 ** (count - 1), LONGEST))
                until = max(now + seconds, min(_told(error), now + MAX_RETRY_AFTER))
                known = [f for f in known if not f.range.overlaps(span)]
                known.append(
                    Failure(
                        span.start_ns, span.stop_ns, now, until, count, type(error).__name__,
                        error.message, kept,
                    )
                )  # fmt: skip
            return [asdict(failure) for failure in known[-_MOST:]]

        self._store.update(PREFIX + key, change)

    def recall(self, key: str, span: TimeRange) -> list[Failure]:
        """Return the failures that stand for parts of a range now."""
        now = time.time()
        return [
            failure
            for failure in _read(self._store.entries(PREFIX + key), now)
            if now < failure.until and failure.range.overlaps(span)
        ]

    def forget(self, key: str, span: TimeRange) -> None:
        """Note that the archive gave an answer for a range."""
        name = PREFIX + key
        now = time.time()
        if any(f.range.overlaps(span) for f in _read(self._store.entries(name), now)):
            self._store.update(
                name,
                lambda entries: [
                    asdict(f) for f in _read(entries, now) if not f.range.overlaps(span)
                ],
            )

    def current(self, key: str) -> list[Failure]:
        """Return all failures of a product that still stand."""
        now = time.time()
        return [f for f in _read(self._store.entries(PREFIX + key), now) if now < f.until]


def _lasting(error: SpeasyError) -> float | None:
    """Return for how many seconds an error is remembered at least, None for not at all."""
    if type(error).__name__ not in _KINDS:
        return None
    if isinstance(error, UnknownProduct):  # from the server only, not from what we know ourselves
        return _lasting(error.cause) if isinstance(error.cause, HttpStatusError) else None
    status = getattr(error, "status", None)
    if status in (401, 403, 407):
        return None
    return NOT_FOUND if status in (404, 410) else 0.0


def _told(error: SpeasyError) -> float:
    """Return when the server said to come back, seconds since 1970; 0 when it did not."""
    if error.retry_at is None:
        return 0.0
    try:
        return datetime.fromisoformat(error.retry_at).timestamp()
    except ValueError:
        return 0.0


def _read(entries: Iterable[Entry], now: float) -> list[Failure]:
    """Return the failures of stored entries that may still count; what is not one is left out."""
    found = []
    for entry in entries:
        try:
            failure = Failure(**entry)
            sound = (
                failure.range is not None
                and failure.kind in _KINDS
                and isinstance(failure.message, str)
                and set(failure.details) <= {"status", "url", "attempts", "retry_at", "hint"}
                # a clock that was wrong must not make it last
                and now - IN_A_ROW - MAX_RETRY_AFTER < failure.since <= now + 60.0
                and now - IN_A_ROW < failure.until <= failure.since + MAX_RETRY_AFTER + 60.0
                and 0 < int(failure.count) < 1000
                and (failure.kind != "HttpStatusError" or "status" in failure.details)
            )
        except (TypeError, ValueError):
            continue
        if sound:
            found.append(failure)
    return found
