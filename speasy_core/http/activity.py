"""What is under way: requests, bytes and rate per host, for a status bar, and a way to stop it."""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from .deadline import Deadline

__all__ = ["Activity", "HostActivity", "Meter"]

_log = logging.getLogger(__name__)
# seconds over which a rate is taken, and between two notes of bytes that came
_WINDOW, _OFTEN = 2.0, 0.1


@dataclass(frozen=True, slots=True)
class HostActivity:
    """What goes on with one host.

    Parameters
    ----------
    active, waiting : int
        Requests under way, and those that wait for a place.
    received : int
        Bytes that came since the session began, as they were sent.
    rate : float
        Bytes per second, over the last two seconds.
    retry_at : str or None
        Set while the host does not answer and is left alone: when it will be asked again (UTC).
    """

    active: int = 0
    waiting: int = 0
    received: int = 0
    rate: float = 0.0
    retry_at: str | None = None


@dataclass(frozen=True, slots=True)
class Activity:
    """What a session's http client is doing.

    Parameters
    ----------
    hosts : mapping of str to HostActivity
        Every host that was asked so far, by name and port.

    Examples
    --------
    >>> now = Activity({"a": HostActivity(active=2, rate=1e6), "b": HostActivity(active=1)})
    >>> now.active, now.rate, now.busy
    (3, 1000000.0, True)
    """

    hosts: dict[str, HostActivity] = field(default_factory=dict)

    @property
    def active(self) -> int:
        """Requests under way."""
        return sum(host.active for host in self.hosts.values())

    @property
    def waiting(self) -> int:
        """Requests that wait for a place at their host."""
        return sum(host.waiting for host in self.hosts.values())

    @property
    def received(self) -> int:
        """Bytes that came since the session began."""
        return sum(host.received for host in self.hosts.values())

    @property
    def rate(self) -> float:
        """Bytes per second."""
        return sum(host.rate for host in self.hosts.values())

    @property
    def busy(self) -> bool:
        """Whether anything is under way."""
        return bool(self.active or self.waiting)


class _Host:
    """Counts of one host."""

    def __init__(self) -> None:
        self.active = self.waiting = self.received = 0
        self.recent: deque[tuple[float, int]] = deque()

    def rate(self, now: float) -> float:
        while self.recent and self.recent[0][0] < now - _WINDOW:
            self.recent.popleft()
        return sum(size for _, size in self.recent) / _WINDOW


class Meter:
    """Counts what goes on, and tells those who want to know; thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._hosts: dict[str, _Host] = {}
        self._calls: dict[int, tuple[str, Deadline]] = {}
        self._listeners: dict[int, Callable[[], None]] = {}
        self._next = 0
        self._told = 0.0

    @contextmanager
    def call(self, host: str, deadline: Deadline) -> Iterator[None]:
        """Note a call, so that it can be cancelled."""
        with self._lock:
            self._next += 1
            key = self._next
            self._calls[key] = host, deadline
        try:
            yield
        finally:
            with self._lock:
                del self._calls[key]

    @contextmanager
    def waiting(self, host: str) -> Iterator[None]:
        """Note that a request waits for a place."""
        self._change(host, waiting=1)
        try:
            yield
        finally:
            self._change(host, waiting=-1)

    @contextmanager
    def active(self, host: str) -> Iterator[None]:
        """Note that a request is under way."""
        self._change(host, active=1)
        try:
            yield
        finally:
            self._change(host, active=-1)

    def came(self, host: str, size: int) -> None:
        """Note that bytes came."""
        now = time.monotonic()
        with self._lock:
            counts = self._hosts.setdefault(host, _Host())
            counts.received += size
            # small pieces of a slow body share an entry, so that the list stays short
            if counts.recent and now - counts.recent[-1][0] < _OFTEN / 2:
                counts.recent[-1] = counts.recent[-1][0], counts.recent[-1][1] + size
            else:
                counts.recent.append((now, size))
        if now - self._told >= _OFTEN:
            self._tell()

    def _change(self, host: str, active: int = 0, waiting: int = 0) -> None:
        with self._lock:
            counts = self._hosts.setdefault(host, _Host())
            counts.active += active
            counts.waiting += waiting
        self._tell()

    def _tell(self) -> None:
        self._told = time.monotonic()
        with self._lock:
            listeners = list(self._listeners.values())
        for listener in listeners:
            try:
                listener()
            except Exception:  # noqa: BLE001 - who looks on must not break what he looks at
                _log.exception("a listener to http activity failed")

    def snapshot(self, retry_at: Callable[[str], str | None]) -> Activity:
        """Return the counts of now."""
        now = time.monotonic()
        with self._lock:
            counts = {
                name: (host.active, host.waiting, host.received, host.rate(now))
                for name, host in self._hosts.items()
            }
        return Activity({n: HostActivity(*count, retry_at(n)) for n, count in counts.items()})

    def listen(self, listener: Callable[[], None]) -> Callable[[], None]:
        """Call `listener` at each change; returns what stops that."""
        with self._lock:
            self._next += 1
            key = self._next
            self._listeners[key] = listener

        def stop() -> None:
            with self._lock:
                self._listeners.pop(key, None)

        return stop

    def cancel(self, host: str | None) -> int:
        """Cancel the calls to one host, or all; returns how many there were."""
        with self._lock:
            calls = [call for name, call in self._calls.values() if host in (None, name)]
        for call in calls:
            call.cancel()
        return len(calls)
