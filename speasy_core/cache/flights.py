"""Requests under way: equal and overlapping ones go to the server once."""

from __future__ import annotations

import contextvars
import os
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Literal

from speasy_core.errors import Cancelled, DeadlineExceeded, SpeasyError
from speasy_core.http import Deadline
from speasy_core.timerange import TimeRange
from speasy_core.variable import Gap, SpeasyVariable

__all__ = ["Flight", "Flights", "Part", "outdated", "run_parallel"]

PARALLEL = 5


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """Samples of one window of time, and where they came from.

    Parameters
    ----------
    range : TimeRange
        The window.
    variable : SpeasyVariable
        Its samples; its gaps are declared, all else in the window is whole.
    state : {"fresh", "cached", "stale"}
    received : float
        Seconds since 1970.
    version, agrees : str or None
        As in Fragment.
    request : str
        What was asked.
    """

    range: TimeRange
    variable: SpeasyVariable
    state: Literal["fresh", "cached", "stale"]
    received: float
    version: str | None = None
    agrees: str | None = None
    request: str = ""


def outdated(parts: Sequence[Part]) -> tuple[str | None, list[Part]]:
    """Return the newest version, and the parts that are of another."""
    versions = [part for part in parts if part.version is not None]
    if not versions:
        return None, []
    newest = max(versions, key=lambda part: part.received).version
    return newest, [part for part in versions if newest not in (part.version, part.agrees)]


@dataclass(eq=False, slots=True)
class Flight:
    """One request under way; after `done` it has parts and gaps, or `unchanged`, or an error.

    Parts and gaps may come one by one. With an error, it is the reason for whatever they do not
    cover.

    Parameters
    ----------
    range : TimeRange
        What is asked for.
    since : str or None
        The version that the asker has.
    parts : sequence of Part
        What came.
    gaps : sequence of Gap
        What the archive itself declared missing.
    lost : sequence of (TimeRange, SpeasyError)
        What is damaged, where the rest of a damaged piece is in `parts`.
    unchanged : bool
        The archive said that `since` still holds.
    error : SpeasyError or None
        Why nothing came.
    born : float
        When it was made, seconds since 1970: an answer stored earlier is not one to it.
    owner : Deadline or None
        Of the call that makes it.
    callers : set of Deadline
        Who waits for it, the owner among them.
    """

    range: TimeRange
    since: str | None = None
    done: threading.Event = field(default_factory=threading.Event)
    parts: Sequence[Part] = ()
    gaps: Sequence[Gap] = ()
    lost: Sequence[tuple[TimeRange, SpeasyError]] = ()
    unchanged: bool = False
    error: SpeasyError | None = None
    born: float = field(default_factory=lambda: time.time())
    owner: Deadline | None = None
    callers: set[Deadline] = field(default_factory=set)

    @property
    def wanted(self) -> bool:
        """Whether anybody still waits for it."""
        return any(caller.left() > 0 and not caller.cancelled for caller in list(self.callers))

    @property
    def withdrawn(self) -> bool:
        """Whether it failed for a reason of its owner's, so that others may try themselves."""
        return isinstance(self.error, (Cancelled, DeadlineExceeded))


class Flights:
    """What is under way in this process, by key."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._under_way: dict[str, list[Flight]] = {}
        self._pid = os.getpid()

    def claim(
        self, key: str, wanted: Sequence[tuple[TimeRange, str | None]], deadline: Deadline
    ) -> tuple[list[Flight], list[Flight]]:
        """Return flights to make, and flights of others that bring the rest.

        Parameters
        ----------
        key : str
            Product and options.
        wanted : sequence of (TimeRange, since)
            Must not overlap each other.
        deadline : Deadline
            Of the caller. A flight goes on as long as one of those who wait for it does.
        """
        mine: list[Flight] = []
        others: list[Flight] = []
        with self._lock:
            if self._pid != os.getpid():  # a child's parent still flies those
                self._under_way, self._pid = {}, os.getpid()
            flying = self._under_way.setdefault(key, [])
            before = list(flying)
            for span, since in wanted:
                shared = [flight for flight in before if flight.range.overlaps(span)]
                others += [flight for flight in shared if flight not in others]
                rest = span.subtract([flight.range for flight in shared])
                mine += [Flight(part, since, owner=deadline) for part in rest]
            flying += mine
            for flight in (*mine, *others):
                flight.callers.add(deadline)
        for owner in {flight.owner for flight in others} - {deadline, None}:
            if owner is not None:
                owner.work().join(deadline)
        return mine, others

    def land(self, key: str, flight: Flight) -> None:
        """Note that a flight of ours is over; wakes those who wait for it."""
        with self._lock:
            flying = self._under_way.get(key, [])
            if flight in flying:
                flying.remove(flight)
            if not flying:
                self._under_way.pop(key, None)
        flight.done.set()


def run_parallel(jobs: Sequence[Callable[[], None]], name: str) -> None:
    """Start jobs, at most five at a time; returns at once. Jobs must not raise."""
    waiting = deque(jobs)

    def work(context: contextvars.Context) -> None:
        while True:
            try:
                job = waiting.popleft()
            except IndexError:
                return
            context.run(job)

    for _ in range(min(PARALLEL, len(jobs))):
        # daemons: a server that never answers must not keep the interpreter from ending
        context = contextvars.copy_context()
        threading.Thread(target=work, args=(context,), name=name, daemon=True).start()
