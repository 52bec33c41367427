"""How bytes travel: pooled connections of urllib3, one request at a time, nothing decided here.

Retries, redirects, limits and decoding belong to :mod:`speasy_core.http`; this module opens
connections, sends, and hands out the raw body in pieces. Tests replace it by any object with a
method ``send(request, timeout)``.
"""

from __future__ import annotations

import ipaddress
import logging
import os
import socket
import ssl
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import unquote, urlsplit

from .errors import (
    ConfigError,
    DeadlineExceeded,
    IncompleteBody,
    InvalidRequest,
    ServerUnreachable,
    SpeasyError,
    UnexpectedContent,
    scrub_url,
)

if TYPE_CHECKING:
    import urllib3

__all__ = ["Abort", "Reply", "Request", "Transport", "UrllibTransport", "is_loopback"]

# one recv returns at most this much; large enough that the loop around it costs nothing
CHUNK = 256 * 1024


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


class _ScrubFilter(logging.Filter):
    """Takes credentials out of the request lines that urllib3 logs."""

    def filter(self, record: logging.LogRecord) -> bool:
        if isinstance(record.args, tuple):
            record.args = tuple(
                scrub_url(a) if isinstance(a, str) and ("?" in a or "@" in a) else a
                for a in record.args
            )
        return True


class UrllibTransport:
    """Connections of urllib3, pooled per host, made anew in a forked process.

    Parameters
    ----------
    max_connections : int
        Open connections kept per host.
    """

    def __init__(self, max_connections: int = 5) -> None:
        self._max_connections = max_connections
        self._lock = threading.Lock()
        self._managers: dict[tuple[str, str], urllib3.PoolManager] = {}
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
        """
        import urllib3

        manager = self._manager(request.url)
        _running.abort = request.abort
        try:
            raw = manager.urlopen(
                request.method,
                request.url,
                body=request.data,
                headers=dict(request.headers),
                timeout=urllib3.Timeout(connect=timeout, read=timeout),
                retries=False,
                redirect=False,
                preload_content=False,
                decode_content=False,
            )
        except (urllib3.exceptions.HTTPError, OSError, ValueError) as error:
            raise _translate(error, request.url) from error
        finally:
            _running.abort = None
        return _UrllibReply(raw, request.url)

    def close(self) -> None:
        """Close every idle connection."""
        with self._lock:
            managers, self._managers = list(self._managers.values()), {}
        for manager in managers:
            manager.clear()

    def _manager(self, url: str) -> urllib3.PoolManager:
        scheme, proxy = urlsplit(url).scheme, _proxy_for(url)
        with self._lock:
            if self._pid != os.getpid():
                # a child must not write into the parent's connections; they are dropped unclosed
                self._managers, self._pid = {}, os.getpid()
            key = (scheme, proxy)
            if key not in self._managers:
                self._managers[key] = _make_manager(scheme, proxy, self._max_connections)
            return self._managers[key]


class _UrllibReply:
    def __init__(self, raw: urllib3.BaseHTTPResponse, url: str) -> None:
        self._raw, self._url = raw, url
        self.status = int(raw.status)
        self.headers: Mapping[str, str] = raw.headers

    def chunks(self) -> Iterator[bytes]:
        import urllib3

        try:
            while True:
                # read1 returns what one recv gave: a dripping body cannot hold the loop
                data = self._raw.read1(CHUNK, decode_content=False)
                if not data:
                    return
                yield data
        except urllib3.exceptions.ReadTimeoutError as error:
            raise DeadlineExceeded("the server stopped sending", url=self._url) from error
        except (urllib3.exceptions.HTTPError, OSError, ValueError) as error:
            raise IncompleteBody(f"the answer was cut: {error}", url=self._url) from error

    def close(self) -> None:
        whole = getattr(self._raw, "length_remaining", None) == 0 or self._raw.closed
        if not whole:
            self._raw.close()
        self._raw.release_conn()


class _Running(threading.local):
    abort: Abort | None = None


_running = _Running()


def _watch(connection: Any) -> None:
    """Let the abort handle of this thread's request stop `connection`."""
    if _running.abort is None:
        return

    def stop() -> None:
        sock = connection.sock
        if sock is None:
            return
        try:
            # the plain socket's method: SSLSocket.shutdown also drops state that a reader uses
            socket.socket.shutdown(getattr(sock, "socket", sock), socket.SHUT_RDWR)
        except OSError:
            return  # closed already, which is what was wanted

    _running.abort.set(stop)


def _make_manager(scheme: str, proxy: str, maxsize: int) -> urllib3.PoolManager:
    import urllib3
    from urllib3.connection import HTTPConnection, HTTPSConnection

    class WatchedConnection(HTTPConnection):
        def connect(self) -> None:
            _watch(self)
            super().connect()

        def request(self, *args: Any, **kwargs: Any) -> None:
            _watch(self)
            super().request(*args, **kwargs)

    class WatchedTlsConnection(HTTPSConnection):
        def connect(self) -> None:
            _watch(self)
            super().connect()

        def request(self, *args: Any, **kwargs: Any) -> None:
            _watch(self)
            super().request(*args, **kwargs)

    class Pool(urllib3.HTTPConnectionPool):
        ConnectionCls = WatchedConnection

    class TlsPool(urllib3.HTTPSConnectionPool):
        ConnectionCls = WatchedTlsConnection

    logger = logging.getLogger("urllib3.connectionpool")
    if not any(isinstance(f, _ScrubFilter) for f in logger.filters):
        logger.addFilter(_ScrubFilter())
    options: dict[str, Any] = {"num_pools": 32, "maxsize": maxsize, "block": False}
    if scheme == "https" or proxy.startswith("https"):
        options["ssl_context"] = _tls_context()
    manager = _proxy_manager(proxy, options) if proxy else urllib3.PoolManager(**options)
    manager.pool_classes_by_scheme = {"http": Pool, "https": TlsPool}
    return manager


def _proxy_manager(proxy: str, options: dict[str, Any]) -> urllib3.PoolManager:
    import urllib3

    parts = urlsplit(proxy)
    if parts.scheme not in ("http", "https"):
        raise ConfigError(
            f"the proxy {scrub_url(proxy)} is of a kind that is not supported",
            source="environment",
            hint="set http_proxy/https_proxy to an http:// URL, or no_proxy to the host",
        )
    headers = None
    if parts.username:
        credentials = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
        headers = urllib3.make_headers(proxy_basic_auth=credentials)
    return urllib3.ProxyManager(proxy, proxy_headers=headers, **options)


def _proxy_for(url: str) -> str:
    """Return the proxy that the environment names for `url`, or an empty text."""
    from urllib.request import getproxies, proxy_bypass

    parts = urlsplit(url)
    if is_loopback(parts.hostname or ""):
        return ""
    proxies = getproxies()
    proxy = proxies.get(parts.scheme) or proxies.get("all") or ""
    if not proxy or proxy_bypass(parts.netloc.rpartition("@")[2]):
        return ""
    return proxy if "://" in proxy else f"http://{proxy}"


def _tls_context() -> ssl.SSLContext:
    context = ssl.create_default_context()  # the system's, or what SSL_CERT_FILE names
    bundle = os.environ.get("REQUESTS_CA_BUNDLE") or os.environ.get("CURL_CA_BUNDLE")
    if bundle and os.path.isfile(bundle):
        context.load_verify_locations(cafile=bundle)
    import certifi  # machines without a system store, and Python builds that do not find it

    context.load_verify_locations(cafile=certifi.where())
    return context


def _translate(error: Exception, url: str) -> SpeasyError:
    """Return our error for one of urllib3's that came before the headers did."""
    import http.client

    import urllib3.exceptions as u

    host = urlsplit(url).hostname or url
    if isinstance(error, u.ReadTimeoutError):
        return DeadlineExceeded(f"{host} did not answer in time", url=url)
    if isinstance(error, u.NameResolutionError):
        return ServerUnreachable(
            f"the host {host} cannot be found", url=url, hint="check the network and the URL"
        )
    if isinstance(error, u.ConnectTimeoutError) and not isinstance(error, u.NewConnectionError):
        return DeadlineExceeded(f"{host} did not accept a connection in time", url=url)
    if isinstance(error, u.ProxyError):
        return ServerUnreachable(
            f"the proxy on the way to {host} failed: {error.original_error}",
            url=url,
            hint="see the environment variables http_proxy, https_proxy and no_proxy",
        )
    if isinstance(error, u.SSLError):
        return ServerUnreachable(f"no secure connection to {host}: {error}", url=url)
    inner = error.args[1] if isinstance(error, u.ProtocolError) and len(error.args) > 1 else None
    if isinstance(inner, http.client.RemoteDisconnected) or isinstance(error, OSError):
        return ServerUnreachable(f"{host} closed the connection without an answer", url=url)
    if isinstance(inner, http.client.HTTPException) or isinstance(error, u.InvalidHeader):
        return UnexpectedContent(f"{host} sent an answer that is not valid HTTP: {error}", url=url)
    if isinstance(error, (u.LocationValueError, ValueError)):
        return InvalidRequest(f"not a URL that can be asked for: {error}", url=url)
    if isinstance(error, u.NewConnectionError):
        reason = error.__cause__ or error
        return ServerUnreachable(
            f"cannot connect to {host}: {reason}", url=url, hint="is the server running?"
        )
    return ServerUnreachable(f"{host} broke the connection: {inner or error}", url=url)
