"""What a damaged piece of an archive still holds: asked for in halves, so that little is lost.

One damaged file makes the answer to a whole range fail. The range is then halved, and each half
that fails is halved again: the sound parts arrive, and the gap is not much longer than the damage.
What an archive shows only to those who log in has known ends: all around it is asked for at once.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable

from speasy_core.errors import (
    CorruptFile,
    MissingCredentials,
    SpeasyError,
    UnsupportedFormat,
    VariableError,
)
from speasy_core.timerange import TimeRange

__all__ = ["ADVICE", "Damage", "Lost", "is_data_bound", "salvage"]

Lost = list[tuple[TimeRange, SpeasyError]]

ADVICE = 'on_error="gaps" delivers all that is sound, with the rest in v.gaps'
LEVELS, REQUESTS = 6, 24
# a piece is not cut into halves shorter than this
SHORTEST = 60 * 10**9
REMEMBERED = 900.0


def is_data_bound(error: SpeasyError | None) -> bool:
    """Whether an error lies in the data asked for, so that other data may be sound."""
    if isinstance(error, MissingCredentials):  # of a period, or of all that there is
        return error.range is not None
    return isinstance(error, (CorruptFile, UnsupportedFormat, VariableError))


def salvage(span: TimeRange, error: SpeasyError, fetch: Callable[[TimeRange], None]) -> Lost:
    """Ask for the halves of a range that failed, and for theirs; returns what stays lost.

    Parameters
    ----------
    span : TimeRange
        What failed.
    error : SpeasyError
        How.
    fetch : callable
        Asks for a part, and keeps what comes.

    Returns
    -------
    list of (TimeRange, SpeasyError)
        At most 6 levels down, and after at most 24 requests.

    Raises
    ------
    SpeasyError
        What is not a matter of the data: no time left, a server that went away.

    Examples
    --------
    >>> def fetch(part):
    ...     if part.overlaps(TimeRange("2000-01-01T08:00", "2000-01-01T08:10")):
    ...         raise CorruptFile("damaged")
    >>> day = TimeRange("2000-01-01", "2000-01-02")
    >>> for part, _ in salvage(day, CorruptFile("damaged"), fetch):
    ...     print(part)
    2000-01-01T07:52:30Z/2000-01-01T08:15:00Z
    """
    lost: Lost = []
    asked = 0
    # the longest first: what is sound of a long range comes before the deadline does
    failed = deque([(span, error, 0)])
    while failed:
        piece, why, level = failed.popleft()
        closed = _closed(piece, why)
        if closed is not None:
            lost.append((closed, why))
        elif level == LEVELS or asked + 2 > REQUESTS or piece.duration_ns < 2 * SHORTEST:
            lost.append((piece, why))
            continue
        for part in _halves(piece) if closed is None else piece.subtract([closed]):
            asked += 1
            try:
                fetch(part)
            except SpeasyError as failure:
                if not is_data_bound(failure):
                    raise
                failed.append((part, failure, level + 1))
    return sorted(lost, key=lambda item: item[0])


def _closed(piece: TimeRange, why: SpeasyError) -> TimeRange | None:
    """Return the part of a piece that only those see who log in; None for damage."""
    if isinstance(why, MissingCredentials) and isinstance(why.range, TimeRange):
        return why.range.intersect(piece) or piece
    return None


def _halves(piece: TimeRange) -> tuple[TimeRange, TimeRange]:
    middle = (piece.start_ns + piece.stop_ns) // 2
    return (
        TimeRange.from_ns(piece.start_ns, middle),
        TimeRange.from_ns(middle, piece.stop_ns),
    )


class Damage:
    """Ranges that stayed lost, remembered a while: nobody searches them again at every view."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._found: dict[str, list[tuple[TimeRange, float]]] = {}

    def note(self, key: str, lost: Lost) -> None:
        """Remember what stayed lost of a product."""
        now = time.monotonic()
        with self._lock:
            self._found[key] = self._recent(key, now) + [(span, now) for span, _ in lost]

    def covers(self, key: str, span: TimeRange) -> bool:
        """Whether all of a range is known to be lost."""
        with self._lock:
            known = [found for found, _ in self._recent(key, time.monotonic())]
        return not span.subtract(known)

    def clear(self) -> None:
        """Forget everything."""
        with self._lock:
            self._found.clear()

    def _recent(self, key: str, now: float) -> list[tuple[TimeRange, float]]:
        return [item for item in self._found.get(key, ()) if now - item[1] < REMEMBERED]
