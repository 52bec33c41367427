"""The one http client: a deadline over everything, and answers that are whole or an error.

::

    get() -> tries (3, jitter, Retry-After) -> redirects (5) -> a place per host -> transport

Each try runs in a thread of its own, so that nothing (a name server, a handshake, headers or a
body that drip) can hold the caller past its deadline or its cancellation.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from typing import Any
from urllib.parse import urlencode, urlsplit

from speasy_core.config import Settings
from speasy_core.errors import (
    Cancelled,
    CorruptFile,
    DeadlineExceeded,
    IncompleteBody,
    ServerUnreachable,
    SpeasyError,
    UnexpectedContent,
    scrub_url,
)

from .activity import Activity, Meter
from .body import check_gzip, read_body
from .deadline import Deadline
from .limits import HOSTS, Breaker, iso_in, record
from .logins import Logins
from .redirect import host_of, make_request, redirected
from .response import Headers, Response
from .retry import MAX_RETRY_AFTER, jitter, retry_after, status_error, tries_for, worth_retrying
from .stall import Stall
from .transport import Abort, Request, RequestsTransport, Transport

__all__ = ["HttpClient"]

_log = logging.getLogger(__name__)

MAX_REDIRECTS = 5
MAX_BYTES = 2 * 2**30
_MAX_ERROR_BYTES = 2**20
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_OK = frozenset({200})
# a cancellation and a stall are noticed so soon, in seconds
_SLICE = 0.05


class HttpClient:
    """Sends requests for all providers of a session; thread-safe; opens nothing when made.

    Parameters
    ----------
    settings : Settings
        `max_connections` requests run to one host at a time, whoever in the process makes them;
        bodies above `max_memory` or 2 GiB are refused.
    transport : Transport, optional
        What sends; tests replace it.
    check : callable, optional
        ``check(body, name)`` raises CorruptFile for a file that lacks its end. It is asked when
        nothing else proves that a body is whole; such a request is tried again.

    Examples
    --------
    >>> client = HttpClient(Settings())
    >>> client.get("http://127.0.0.1:1/", deadline=Deadline(0))
    Traceback (most recent call last):
    ...
    speasy_core.errors.DeadlineExceeded: no answer within 0 s while asking 127.0.0.1...
    """

    def __init__(
        self,
        settings: Settings,
        transport: Transport | None = None,
        check: Callable[[bytes, str], None] = lambda body, name: None,
    ) -> None:
        self._settings = settings
        self._check = check
        self._transport = transport or RequestsTransport(settings.max_connections)
        self._lock = threading.Lock()
        self._breakers: dict[str, Breaker] = {}
        self._logins = Logins(settings)
        self._meter = Meter()

    def get(
        self,
        url: str,
        *,
        deadline: Deadline,
        headers: Mapping[str, str] | None = None,
        params: Mapping[str, Any] | None = None,
        max_bytes: int | None = None,
        ok: frozenset[int] = _OK,
    ) -> Response:
        """Ask for a document.

        Parameters
        ----------
        url : str
            ``http://`` or ``https://``.
        deadline : Deadline
            Covers connecting, headers, body, redirects, retries and the waits between them.
        headers : mapping, optional
            Sent besides our own.
        params : mapping, optional
            Appended to the query; values that are None are left out.
        max_bytes : int, optional
            Limit on the body, below the client's own.
        ok : frozenset of int
            Statuses that return; all others raise.

        Returns
        -------
        Response
            Never cut: see `Response.proven`.

        Raises
        ------
        HttpStatusError
            Another status, after 3 tries for 429 and 5xx; `retry_at` when the server named a time.
        ServerUnreachable, IncompleteBody
            After 3 tries.
        DeadlineExceeded, Cancelled
            The caller's limit.
        UnexpectedContent, RequestTooLarge
            Not HTTP, a forbidden redirect, a decompression bomb, a body above the limit.
        """
        return self._call("GET", url, deadline, headers, params, max_bytes, ok, None)

    def head(
        self,
        url: str,
        *,
        deadline: Deadline,
        headers: Mapping[str, str] | None = None,
        params: Mapping[str, Any] | None = None,
        ok: frozenset[int] = _OK,
    ) -> Response:
        """Ask for the headers of a document; parameters and errors as `get`."""
        return self._call("HEAD", url, deadline, headers, params, None, ok, None)

    def post(
        self,
        url: str,
        *,
        data: bytes | str | Mapping[str, Any],
        deadline: Deadline,
        headers: Mapping[str, str] | None = None,
        params: Mapping[str, Any] | None = None,
        max_bytes: int | None = None,
        ok: frozenset[int] = _OK,
    ) -> Response:
        """Send `data` (a mapping goes as a form); tried once, as it may change the server."""
        sent = dict(headers or {})
        if isinstance(data, Mapping):
            data = urlencode(data)
            sent.setdefault("Content-Type", "application/x-www-form-urlencoded")
        body = data.encode() if isinstance(data, str) else data
        return self._call("POST", url, deadline, sent, params, max_bytes, ok, body)

    def activity(self) -> Activity:
        """Return what is under way: requests, bytes and rate, in all and by host.

        Examples
        --------
        >>> HttpClient(Settings()).activity().busy
        False
        """
        with self._lock:
            breakers = dict(self._breakers)

        def retry_at(host: str) -> str | None:
            return breakers[host].retry_at if host in breakers else None

        return self._meter.snapshot(retry_at)

    def on_activity(self, listener: Callable[[], None]) -> Callable[[], None]:
        """Call `listener` when a request begins or ends, and ten times a second while bytes come.

        Parameters
        ----------
        listener : callable
            Called in threads of requests: quick, and it looks at `activity` for what changed.

        Returns
        -------
        callable
            Stops it.
        """
        return self._meter.listen(listener)

    def cancel(self, host: str | None = None) -> int:
        """Cancel every call that has a request under way or in line; each raises `Cancelled`.

        Parameters
        ----------
        host : str, optional
            Only those to this one, named as in `activity`.

        Returns
        -------
        int
            How many requests there were.
        """
        return self._meter.cancel(host)

    def close(self) -> None:
        """Close idle connections; a later request opens new ones."""
        close = getattr(self._transport, "close", None)
        if close is not None:
            close()

    def _call(
        self,
        method: str,
        url: str,
        deadline: Deadline,
        headers: Mapping[str, str] | None,
        params: Mapping[str, Any] | None,
        max_bytes: int | None,
        ok: frozenset[int],
        data: bytes | None,
    ) -> Response:
        request = make_request(method, url, headers, params, data)
        limit = min(MAX_BYTES, self._settings.max_memory, max_bytes or MAX_BYTES)
        request = self._logins.sign(request)
        host = host_of(request.url)
        breaker = self._breaker(host)
        breaker.check(request.url)
        started = time.monotonic()
        try:
            with self._meter.call(host, deadline):
                response = self._tries(request, deadline, limit, ok)
        except BaseException as error:
            record(breaker, error, time.monotonic() - started)
            raise
        breaker.succeeded()
        return response

    def _tries(
        self, request: Request, deadline: Deadline, limit: int, ok: frozenset[int]
    ) -> Response:
        tries = tries_for(request.method)
        attempt = 0
        while True:
            attempt += 1
            error: SpeasyError
            wait: float | None = None
            try:
                response = self._follow(request, deadline, limit, ok)
                self._prove(response)
            except (ServerUnreachable, IncompleteBody) as failure:
                error = failure
            except SpeasyError as failure:
                failure.attempts = attempt
                raise
            else:
                if response.status in ok:
                    return response
                error, wait = status_error(response), retry_after(response.headers)
                if wait is not None:
                    error.retry_at = iso_in(wait)
            error.attempts = attempt
            if attempt >= tries or not worth_retrying(error):
                raise error
            if wait is None:
                wait = jitter(attempt)
            if wait >= min(deadline.left(), MAX_RETRY_AFTER):
                raise error
            _log.debug("try %d of %s failed (%s)", attempt, scrub_url(request.url), error.message)
            deadline.wait(wait)

    def _prove(self, response: Response) -> None:
        """Let the format say whether a body is whole that only ended with the connection."""
        if response.proven or response.status != 200:
            return
        check_gzip(response.body, response.url)
        try:
            self._check(response.body, urlsplit(response.url).path.rpartition("/")[2])
        except CorruptFile as error:
            raise IncompleteBody(
                f"the answer was cut: {error.message}", url=response.url, source=error.source
            ) from error

    def _follow(
        self, request: Request, deadline: Deadline, limit: int, ok: frozenset[int]
    ) -> Response:
        for _ in range(MAX_REDIRECTS + 1):
            host = host_of(request.url)
            deadline.check(f"asking {host}")
            with self._place(host, deadline), self._meter.active(host):
                response = self._attempt(request, deadline, limit, ok)
            target = response.headers.get("location")
            if response.status not in _REDIRECTS or response.status in ok or not target:
                return response
            request = redirected(request, response.status, target)
        raise UnexpectedContent(
            f"{host_of(request.url)} redirects more than {MAX_REDIRECTS} times", url=request.url
        )

    def _attempt(
        self, request: Request, deadline: Deadline, limit: int, ok: frozenset[int]
    ) -> Response:
        request = replace(request, abort=Abort())
        done = threading.Event()
        outcome: list[Response | BaseException] = []
        stall = Stall(deadline)

        def work() -> None:
            try:
                outcome.append(self._exchange(request, deadline, limit, ok, stall))
            except BaseException as error:  # noqa: BLE001 - raised again in the caller's thread
                outcome.append(error)
            finally:
                done.set()

        threading.Thread(target=work, daemon=True, name="speasy-http").start()
        try:
            while not done.wait(min(deadline.left(), _SLICE)):
                deadline.check(f"waiting for {host_of(request.url)}")
                stall.check(request.url)
        except BaseException as error:
            request.abort.fire()
            if isinstance(error, SpeasyError):
                error.url = scrub_url(request.url)
            raise
        result = outcome[0]
        if isinstance(result, BaseException):
            raise result
        return result

    def _exchange(
        self, request: Request, deadline: Deadline, limit: int, ok: frozenset[int], stall: Stall
    ) -> Response:
        def came(size: int) -> None:
            stall.came()
            self._meter.came(host_of(request.url), size)

        timeout = max(0.001, min(deadline.left(), 86_400.0))
        reply = self._transport.send(request, timeout)
        try:
            wanted = reply.status in ok
            try:
                body, proven = read_body(
                    reply,
                    request.url,
                    deadline,
                    limit if wanted else _MAX_ERROR_BYTES,
                    request.method,
                    came=came,
                )
            except (DeadlineExceeded, Cancelled):
                raise
            except SpeasyError:
                if wanted:
                    raise
                body, proven = b"", False  # the status says it all; its page is only an extra
            return Response(reply.status, Headers(reply.headers), body, request.url, proven)
        finally:
            reply.close()

    @contextmanager
    def _place(self, host: str, deadline: Deadline) -> Iterator[None]:
        place = HOSTS[host].take(deadline, host, self._settings.max_connections)
        with ExitStack() as held:
            with self._meter.waiting(host):
                held.enter_context(place)
            yield

    def _breaker(self, host: str) -> Breaker:
        with self._lock:
            return self._breakers.setdefault(host, Breaker(host))
