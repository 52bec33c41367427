"""Noticing that a body stopped coming while there is still time to ask again."""

from __future__ import annotations

import time

from speasy_core.errors import IncompleteBody

from .deadline import Deadline

__all__ = ["Stall"]

# a pause in the middle of a body that no server needs, and the least that is one
LONGEST, SHORTEST = 20.0, 1.0


class Stall:
    """How long nothing has come of a body that had begun.

    Before its first byte a server may be at work for as long as the call lasts.

    Parameters
    ----------
    deadline : Deadline
        A third of what it has left is the longest pause, at most 20 s.
    """

    def __init__(self, deadline: Deadline) -> None:
        self._limit = max(SHORTEST, min(LONGEST, deadline.left() / 3))
        self._last: float | None = None

    def came(self) -> None:
        """Note that some bytes arrived."""
        self._last = time.monotonic()

    def check(self, url: str) -> None:
        """Raise IncompleteBody when the pause is too long."""
        last = self._last
        if last is not None and time.monotonic() - last > self._limit:
            raise IncompleteBody(f"nothing came for {self._limit:.0f} s in mid-answer", url=url)
