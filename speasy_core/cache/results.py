"""What was computed from what the cache holds: kept beside it, as long as that stays the same."""

from __future__ import annotations

import hashlib
import time

from speasy_core.provider import Fetched
from speasy_core.timerange import TimeRange
from speasy_core.variable import SpeasyVariable

from . import fragments as frag
from .fragments import Fragment
from .keeper import Keeper

__all__ = ["Results"]


class Results:
    """Results of functions, by key and range, and the state of what they were computed from.

    Parameters
    ----------
    keeper : Keeper

    Examples
    --------
    >>> from speasy_core.config import Settings
    >>> from speasy_core.store import MemoryStore
    >>> from speasy_core.cache import Cache
    >>> results, day = Cache(MemoryStore(), Settings()).results, TimeRange("2020", "2020-01-02")
    >>> v = SpeasyVariable([day.start], [1.0])
    >>> results.keep("vp/x", day, v, version="1", request="")
    >>> [(len(found), piece.version) for piece, found in results.find("vp/x", day)]
    [(1, '1')]
    """

    def __init__(self, keeper: Keeper) -> None:
        self._keeper = keeper

    def state(self, key: str, span: TimeRange) -> str | None:
        """Return a text that changes when what is kept of a range does.

        None when a part of the range is not kept, or so old that the archive has to be asked.
        """
        now = time.time()
        pieces = frag.overlapping(self._keeper.fragments(key), span)
        if not pieces or span.subtract([piece.range for piece in pieces]):
            return None
        if any(frag.expired(piece, now) for piece in pieces):
            return None
        marks = [piece.version or f"received {piece.received!r}" for piece in pieces]
        lines = [
            f"{piece.start} {mark}"
            for i, (piece, mark) in enumerate(zip(pieces, marks, strict=True))
            if i == 0 or marks[i - 1] != mark  # how a version is cut does not count
        ]
        return hashlib.blake2b("\n".join(lines).encode(), digest_size=12).hexdigest()

    def find(self, key: str, span: TimeRange) -> list[tuple[Fragment, SpeasyVariable]]:
        """Return what is kept of a range, in order, however old."""
        wanted = frag.overlapping(self._keeper.fragments(key), span)
        return self._keeper.read_many(key, wanted)[0]

    def fragments(self, key: str, span: TimeRange) -> list[Fragment]:
        """Return what `find` would read."""
        return frag.overlapping(self._keeper.fragments(key), span)

    def keep(
        self, key: str, span: TimeRange, variable: SpeasyVariable, *, version: str, request: str
    ) -> None:
        """Keep a result.

        Parameters
        ----------
        key : str
        span : TimeRange
            What the result stands for.
        variable : SpeasyVariable
        version : str
            State of what it was computed from.
        request : str
            What that is; both come back with `find`.
        """
        self._keeper.keep(key, span, Fetched(variable.copy(gaps=()), version, request))
