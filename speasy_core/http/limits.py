"""What protects a server from us and us from a server: places in a queue, and a breaker."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

from speasy_core.errors import ServerUnreachable

from .deadline import Deadline

__all__ = ["Breaker", "HostSlots"]


class HostSlots:
    """At most so many requests to one host at a time, first come, first served.

    Parameters
    ----------
    limit : int
        Places.
    """

    def __init__(self, limit: int) -> None:
        self._free = max(1, limit)
        self._lock = threading.Lock()
        self._waiting: deque[threading.Event] = deque()

    @contextmanager
    def take(self, deadline: Deadline, host: str) -> Iterator[None]:
        """Hold a place; raises as `Deadline.check` does when none comes free in time."""
        self._acquire(deadline, host)
        try:
            yield
        finally:
            self._release()

    def _acquire(self, deadline: Deadline, host: str) -> None:
        with self._lock:
            if self._free and not self._waiting:
                self._free -= 1
                return
            turn = threading.Event()
            self._waiting.append(turn)
        try:
            deadline.wait_for(turn, f"other requests to {host} were running")
        except BaseException:
            with self._lock:
                given = turn.is_set()
                if not given:
                    self._waiting.remove(turn)
            if given:  # the place came in the same instant: pass it on
                self._release()
            raise

    def _release(self) -> None:
        with self._lock:
            if self._waiting:
                self._waiting.popleft().set()
            else:
                self._free += 1


class Breaker:
    """Stops asking a host that does not answer: open after 3 failures in a row, for 30 s.

    After that one request may try (half open): success closes the breaker, failure opens it again.

    Parameters
    ----------
    host : str
        For the message.
    failures : int
        Failed calls in a row that open it.
    seconds : float
        How long it stays open.
    """

    def __init__(self, host: str, failures: int = 3, seconds: float = 30.0) -> None:
        self._host, self._limit, self._seconds = host, failures, seconds
        self._lock = threading.Lock()
        self._failed = 0
        self._open_until = 0.0
        self._probing = False

    def check(self, url: str) -> None:
        """Let a request pass, or say when the host will be asked again.

        Raises
        ------
        ServerUnreachable
            The breaker is open.
        """
        with self._lock:
            if self._failed < self._limit:
                return
            left = self._open_until - time.monotonic()
            if left <= 0 and not self._probing:
                self._probing = True
                return
            # while one request probes, the others come back a moment later
            left = max(left, 1.0)
        raise ServerUnreachable(
            f"{self._host} failed {self._limit} times in a row and is left alone for a while",
            url=url,
            retry_at=iso_in(left),
            hint="cached data is still served; ask again later",
        )

    def succeeded(self) -> None:
        """Count an answer."""
        with self._lock:
            self._failed, self._probing = 0, False

    def failed(self) -> None:
        """Count a call that got no answer."""
        with self._lock:
            self._failed += 1
            self._probing = False
            if self._failed >= self._limit:
                self._open_until = time.monotonic() + self._seconds

    def undecided(self) -> None:
        """Count nothing: the call ended for a reason of its own, such as a cancellation."""
        with self._lock:
            self._probing = False


def iso_in(seconds: float) -> str:
    """Return the UTC time `seconds` from now, ISO 8601."""
    try:
        when = datetime.now(UTC) + timedelta(seconds=seconds)
    except OverflowError:
        when = datetime.max.replace(tzinfo=UTC)
    return when.strftime("%Y-%m-%dT%H:%M:%SZ")
