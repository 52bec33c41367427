"""What protects a server from us and us from a server: places in a queue, and a breaker."""

from __future__ import annotations

import os
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

from speasy_core.errors import DeadlineExceeded, HttpStatusError, ServerUnreachable

from .deadline import Deadline

__all__ = ["HOSTS", "Breaker", "HostSlots", "iso_in", "record"]

# a shorter wait without an answer says more about the caller's haste than about the host
_STALLED_AFTER = 2.0


class _Turn:
    """Somebody who waits for a place."""

    def __init__(self, deadline: Deadline, limit: int) -> None:
        self.deadline, self.limit = deadline, limit
        self.come = threading.Event()


class HostSlots:
    """Places at one host, shared fairly by all callers of the process.

    The highest priority goes first; among equals the caller who holds the fewest places, so that a
    list of 200 products does not keep a single one waiting; then who came first.

    Examples
    --------
    >>> slots = HostSlots()
    >>> with slots.take(Deadline(1), "example.org", limit=5):
    ...     slots.running, slots.waiting
    (1, 0)
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._held: Counter[int] = Counter()  # by caller
        self._waiting: list[_Turn] = []
        self.running = 0

    @property
    def waiting(self) -> int:
        """How many wait for a place."""
        return len(self._waiting)

    @contextmanager
    def take(self, deadline: Deadline, host: str, limit: int) -> Iterator[None]:
        """Hold one of `limit` places; raises as `Deadline.check` when none comes free in time."""
        turn = _Turn(deadline, limit)
        with self._lock:
            self._waiting.append(turn)
            self._hand_out()
        try:
            deadline.wait_for(turn.come, f"other requests to {host} were running")
            yield
        finally:
            self._leave(turn)

    def _leave(self, turn: _Turn) -> None:
        with self._lock:
            if turn.come.is_set():
                caller = id(turn.deadline.caller)
                self.running -= 1
                self._held[caller] -= 1
                if not self._held[caller]:
                    del self._held[caller]
            else:
                self._waiting.remove(turn)
            self._hand_out()

    def _hand_out(self) -> None:
        while True:
            able = [turn for turn in self._waiting if self.running < turn.limit]
            if not able:
                return
            # min() keeps the order of arrival among equals
            turn = min(
                able, key=lambda t: (-t.deadline.priority, self._held[id(t.deadline.caller)])
            )
            self._waiting.remove(turn)
            self.running += 1
            self._held[id(turn.deadline.caller)] += 1
            turn.come.set()


class _Hosts:
    """The places of every host; a forked process has its own."""

    def __init__(self) -> None:
        self._forget()
        if hasattr(os, "register_at_fork"):
            os.register_at_fork(after_in_child=self._forget)

    def _forget(self) -> None:
        self._lock = threading.Lock()
        self._slots: dict[str, HostSlots] = {}

    def __getitem__(self, host: str) -> HostSlots:
        with self._lock:
            return self._slots.setdefault(host, HostSlots())


# of the process, not of a session: a server counts connections by address
HOSTS = _Hosts()


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

    @property
    def retry_at(self) -> str | None:
        """When a host that does not answer will be asked again; None when it is in use."""
        with self._lock:
            left = self._open_until - time.monotonic()
            return iso_in(left) if self._failed >= self._limit and left > 0 else None

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


def record(breaker: Breaker, error: BaseException, took: float) -> None:
    """Tell the breaker how a call ended: only what says that the host is down counts against it."""
    if isinstance(error, HttpStatusError):
        down = error.status in (502, 503, 504)
        (breaker.failed if down else breaker.succeeded)()
    elif isinstance(error, ServerUnreachable):
        (breaker.undecided if _was_refused(error) else breaker.failed)()
    elif isinstance(error, DeadlineExceeded) and took >= _STALLED_AFTER:
        breaker.failed()
    else:
        breaker.undecided()


def _was_refused(error: BaseException | None) -> bool:
    """Whether the connection was refused: told at once, so there is no wait to save anybody."""
    while error is not None:
        if isinstance(error, ConnectionRefusedError):
            return True
        error = error.__cause__ or error.__context__
    return False
