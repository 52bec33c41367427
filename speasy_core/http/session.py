"""The session of ``requests`` that carries everything, and its errors as ours.

``requests`` brings the pools, TLS, the CA bundles and the proxies that the environment names. What
is left out: cookies and ``.netrc`` (nobody asked for them), retries and redirects (decided in the
client, within the deadline), and ``requests``' own way to read a body, which has no bounds.
"""

from __future__ import annotations

import http.client
import logging
import os
import socket
import threading
from collections.abc import Iterator, Mapping
from http.cookiejar import DefaultCookiePolicy
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import requests
import urllib3
import urllib3.exceptions as u
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection

from speasy_core.errors import (
    ConfigError,
    DeadlineExceeded,
    IncompleteBody,
    InvalidRequest,
    ServerUnreachable,
    SpeasyError,
    UnexpectedContent,
    scrub_url,
)
from speasy_core.secret import scrub

if TYPE_CHECKING:
    from .transport import Abort, Request

__all__ = ["Session"]

# one recv returns at most this much; large enough that the loop around it costs nothing
CHUNK = 256 * 1024
_ODD_PROXY = (
    requests.exceptions.InvalidSchema,
    requests.exceptions.InvalidProxyURL,
    u.ProxySchemeUnknown,
    u.ProxySchemeUnsupported,
)
_BUNDLES = "REQUESTS_CA_BUNDLE, CURL_CA_BUNDLE and SSL_CERT_FILE"


class Session(requests.Session):
    """A session that sends one request and follows nothing.

    Parameters
    ----------
    max_connections : int
        Open connections kept per host.
    """

    def __init__(self, max_connections: int) -> None:
        super().__init__()
        self.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        adapter = _Adapter(pool_connections=32, pool_maxsize=max_connections, max_retries=0)
        self.mount("http://", adapter)
        self.mount("https://", adapter)
        _scrub_logs()

    def get_redirect_target(self, resp: requests.Response) -> str | None:
        """Return None: to follow, ``requests`` would read the whole body of the redirect."""
        return None

    def exchange(self, request: Request, timeout: float, *, direct: bool) -> BodyReader:
        """Send, and return once the headers have arrived; errors as `RequestsTransport.send`.

        Parameters
        ----------
        request : Request
        timeout : float
            Seconds that connecting, and each wait for bytes, may take.
        direct : bool
            Use no proxy, whatever the environment says.
        """
        _running.abort = request.abort
        try:
            # not prepared by the session, which would look into ~/.netrc
            prepared = requests.Request(
                request.method, request.url, headers=dict(request.headers), data=request.data
            ).prepare()
            options = self.environment(request.url, direct=direct)
            response = self.send(
                prepared,
                stream=True,
                allow_redirects=False,
                timeout=(timeout, timeout),
                **options,
            )
        except (requests.RequestException, u.HTTPError, OSError, ValueError) as error:
            failure = _innermost(error)
        else:
            return BodyReader(response.raw, request.url)
        finally:
            _running.abort = None
        # messages of requests quote whole URLs and headers, so they must be neither cause nor
        # context (hence outside of `except`) of what may end in a log
        cause = None if isinstance(failure, requests.RequestException) else failure
        raise _translate(failure, request.url) from _cleaned(cause)

    def environment(self, url: str, *, direct: bool) -> dict[str, Any]:
        """Return the proxies and the CA bundle for `url`, as ``requests`` finds them.

        Raises
        ------
        ConfigError
            The CA bundle does not exist.
        """
        found = self.merge_environment_settings(url, {}, True, None, None)
        proxies, verify = {} if direct else found["proxies"], found["verify"]
        if verify is True:  # requests does not know the variable that OpenSSL and Python go by
            verify = os.environ.get("SSL_CERT_FILE") or True
        if isinstance(verify, str) and not os.path.exists(verify):
            raise ConfigError(
                f"the CA bundle {verify} does not exist",
                source="environment",
                hint=f"see the environment variables {_BUNDLES}",
            )
        return {"proxies": proxies, "verify": verify}


class BodyReader:
    """An answer whose body has not been read yet; see speasy_core.http.transport.Reply.

    Parameters
    ----------
    raw : urllib3.BaseHTTPResponse
    url : str
        For messages.
    """

    def __init__(self, raw: urllib3.BaseHTTPResponse, url: str) -> None:
        self._raw, self._url = raw, url
        self.status = int(raw.status)
        self.headers: Mapping[str, str] = raw.headers

    def chunks(self) -> Iterator[bytes]:
        """Yield the body as it arrives, not decoded; raises IncompleteBody when it is cut."""
        try:
            while True:
                # read1 returns what one recv gave: a dripping body cannot hold the loop
                data = self._raw.read1(CHUNK, decode_content=False)
                if not data:
                    return
                yield data
        except u.ReadTimeoutError as error:
            raise DeadlineExceeded("the server stopped sending", url=self._url) from _cleaned(error)
        except (u.HTTPError, OSError, ValueError) as error:
            # a ProtocolError carries its cause beside its text, and shows both as a tuple
            reason = error.args[0] if error.args and isinstance(error.args[0], str) else error
            raise IncompleteBody(f"the answer was cut: {reason}", url=self._url) from _cleaned(
                error
            )

    def close(self) -> None:
        """Give the connection back when the body was read to its end, else close it."""
        whole = getattr(self._raw, "length_remaining", None) == 0 or self._raw.closed
        if not whole:
            self._raw.close()
        self._raw.release_conn()


# -- connections that another thread can stop -----------------------------------------------
class _Running(threading.local):
    abort: Abort | None = None


_running = _Running()


def _watch(connection: HTTPConnection) -> None:
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


class _Connection(HTTPConnection):
    def connect(self) -> None:
        _watch(self)
        super().connect()

    def request(self, *args: Any, **kwargs: Any) -> None:
        _watch(self)
        super().request(*args, **kwargs)


class _TlsConnection(HTTPSConnection):
    def connect(self) -> None:
        _watch(self)
        super().connect()

    def request(self, *args: Any, **kwargs: Any) -> None:
        _watch(self)
        super().request(*args, **kwargs)


class _Pool(urllib3.HTTPConnectionPool):
    ConnectionCls = _Connection


class _TlsPool(urllib3.HTTPSConnectionPool):
    ConnectionCls = _TlsConnection


class _Adapter(HTTPAdapter):
    """The adapter of requests with connections that can be stopped."""

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = {"http": _Pool, "https": _TlsPool}

    def proxy_manager_for(self, proxy: Any, **kwargs: Any) -> Any:
        manager = super().proxy_manager_for(proxy, **kwargs)
        if not str(proxy).lower().startswith("socks"):  # which has connections of its own
            manager.pool_classes_by_scheme = {"http": _Pool, "https": _TlsPool}
        return manager


# -- what is said ---------------------------------------------------------------------------
class _ScrubFilter(logging.Filter):
    """Takes credentials out of the request lines that urllib3 logs."""

    def filter(self, record: logging.LogRecord) -> bool:
        if isinstance(record.args, tuple):
            record.args = tuple(
                (scrub_url(a) if "?" in a or "@" in a else scrub(a)) if isinstance(a, str) else a
                for a in record.args
            )
        return True


def _scrub_logs() -> None:
    logger = logging.getLogger("urllib3.connectionpool")
    if not any(isinstance(f, _ScrubFilter) for f in logger.filters):
        logger.addFilter(_ScrubFilter())


def _cleaned(error: Exception | None) -> Exception | None:
    """Return an error without the whole URL: in a field, in its frames, in those of its causes."""
    one: Any = error
    while one is not None:
        if isinstance(getattr(one, "url", None), str):
            one.url = scrub_url(one.url)
        one.__traceback__ = None
        one = one.__cause__ or one.__context__
    return error


def _innermost(error: Exception) -> Exception:
    """Return the error of urllib3 that one of requests wraps, which tells more."""
    inner: Any = error
    while isinstance(inner, (requests.RequestException, u.MaxRetryError)):
        if isinstance(inner, u.MaxRetryError):
            below = inner.reason
        else:
            below = inner.args[0] if inner.args else None
        if not isinstance(below, Exception):
            break
        inner = below
    return inner  # type: ignore[no-any-return]


def _translate(error: Exception, url: str) -> SpeasyError:
    """Return our error for one that came before the headers did."""
    host = urlsplit(url).hostname or url
    if isinstance(error, _ODD_PROXY):
        return ConfigError(
            f"the proxy on the way to {host} is of a kind that is not supported",
            source="environment",
            hint="set http_proxy/https_proxy to an http:// URL, or no_proxy to the host",
        )
    if isinstance(error, requests.exceptions.InvalidHeader):
        return InvalidRequest(
            "a header of the request holds characters that cannot be sent", url=url
        )
    if isinstance(error, (requests.exceptions.InvalidURL, u.LocationValueError, UnicodeError)):
        return InvalidRequest(f"{scrub_url(url)!r} cannot be asked for", url=url)
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
        return ServerUnreachable(
            f"no secure connection to {host}: {error}",
            url=url,
            hint=f"CA bundles come from the environment variables {_BUNDLES}",
        )
    return _translate_protocol(error, host, url)


def _translate_protocol(error: Exception, host: str, url: str) -> SpeasyError:
    inner = error.args[1] if isinstance(error, u.ProtocolError) and len(error.args) > 1 else None
    if isinstance(inner, http.client.RemoteDisconnected) or isinstance(error, OSError):
        return ServerUnreachable(f"{host} closed the connection without an answer", url=url)
    if isinstance(inner, http.client.HTTPException) or isinstance(error, u.InvalidHeader):
        return UnexpectedContent(f"{host} sent an answer that is not valid HTTP: {error}", url=url)
    if isinstance(error, u.NewConnectionError):
        reason = error.__cause__ or error
        return ServerUnreachable(
            f"cannot connect to {host}: {reason}", url=url, hint="is the server running?"
        )
    return ServerUnreachable(f"{host} broke the connection: {inner or error}", url=url)
