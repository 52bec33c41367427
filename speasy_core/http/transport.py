"""What sends requests: :class:`RequestsTransport` in use, any object with ``send`` in tests.

Retries, redirects, limits and decoding are decided in :mod:`speasy_core.http.client`; a transport
sends one request and hands out the raw body in pieces. The session of ``requests`` is made at the
first request, so that importing this module costs nothing.
"""

from __future__ import annotations

import ipaddress
import os
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol
from urllib.parse import urlsplit

from speasy_core.errors import scrub_url

if TYPE_CHECKING:
    from .session import Session

__all__ = ["Abort", "Reply", "Request", "RequestsTransport", "Transport", "is_loopback"]


class Abort:
    """Where a running request leaves the function that stops it from another thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._stop: Callable[[], None] | None = None
        self.fired = False

    def set(self, stop: Callable[[], None]) -> None:
        """Keep `stop`; it is called at once when the request was aborted before."""
        with self._lock:
            self._stop = stop
            fired = self.fired
        if fired:
            stop()

    def fire(self) -> None:
        """Stop the request, now or as soon as it has something to stop."""
        with self._lock:
            self.fired, stop = True, self._stop
        if stop is not None:
            stop()


@dataclass(frozen=True, slots=True)
class Request:
    """One request to one URL, as it goes on the wire."""

    method: str
    url: str
    headers: Mapping[str, str]
    data: bytes | None = None
    abort: Abort = field(default_factory=Abort)

    def __repr__(self) -> str:
        # neither headers nor data, which may hold credentials: tracebacks show locals
        return f"<Request {self.method} {scrub_url(self.url)}>"


class Reply(Protocol):
    """An answer whose body has not been read yet.

    Attributes
    ----------
    status : int
        HTTP status code.
    headers : mapping of str to str
        As sent.
    """

    status: int
    headers: Mapping[str, str]

    def chunks(self) -> Iterator[bytes]:
        """Yield the body as it arrives, not decoded; raises IncompleteBody when it is cut."""
        ...

    def close(self) -> None:
        """Give the connection back when the body was read to its end, else close it."""
        ...


class Transport(Protocol):
    """What sends requests."""

    def send(self, request: Request, timeout: float) -> Reply:
        """Send, and return once the headers have arrived; no wait is longer than `timeout`."""
        ...


def is_loopback(host: str) -> bool:
    """Whether `host` is this machine by name or by address."""
    name = host.strip("[]").lower()
    if name == "localhost" or name.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False


class RequestsTransport:
    """Sends through one session of ``requests``; a forked process makes its own.

    Parameters
    ----------
    max_connections : int
        Open connections kept per host.
    """

    def __init__(self, max_connections: int = 5) -> None:
        self._max_connections = max_connections
        self._lock = threading.Lock()
        self._session: Session | None = None
        self._pid = os.getpid()

    def send(self, request: Request, timeout: float) -> Reply:
        """Send one request.

        Raises
        ------
        ServerUnreachable
            No connection, or one that was closed before an answer.
        DeadlineExceeded
            `timeout` seconds went by without a byte.
        UnexpectedContent
            The answer is not HTTP, or its headers are out of bounds.
        ConfigError
            A proxy or a CA bundle that the environment names cannot be used.
        InvalidRequest
            The URL cannot be asked for.
        """
        direct = is_loopback(urlsplit(request.url).hostname or "")
        return self._opened().exchange(request, timeout, direct=direct)

    def close(self) -> None:
        """Close every idle connection."""
        with self._lock:
            session, self._session = self._session, None
            own = self._pid == os.getpid()
        if session is not None and own:
            session.close()

    def _opened(self) -> Session:
        from .session import Session

        with self._lock:
            if self._session is None or self._pid != os.getpid():
                # a child must not write into the parent's connections; they are dropped unclosed
                self._session, self._pid = Session(self._max_connections), os.getpid()
            return self._session
