"""A threaded HTTP/1.1 server on loopback: keep-alive, HEAD, conditional requests, faults."""

from __future__ import annotations

import logging
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from email.utils import formatdate, parsedate_to_datetime
from html import escape
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote

from .faults import Fault, Faults
from .holdings import ArchiveError, ChunkSource

__all__ = ["Reply", "Request", "Server", "error_page"]

log = logging.getLogger(__name__)

_MAX_BODY = 1 << 20
_MAX_LOG = 100_000


@dataclass(frozen=True)
class Request:
    """What a client asked.

    Attributes
    ----------
    segments : list of str
        The path, unquoted and without its empty parts.
    folder : bool
        Whether the path ends in a slash.
    query : mapping of str to list of str
    headers : mapping of str to str
        Lower-case names.
    base : str
        ``http://host:port`` as the client knows this server.
    """

    method: str
    segments: list[str]
    folder: bool
    query: Mapping[str, list[str]]
    headers: Mapping[str, str]
    body: bytes
    base: str

    def below(self, count: int) -> Request:
        """Return the same request without its first `count` segments."""
        return Request(
            self.method, self.segments[count:], self.folder, self.query, self.headers,
            self.body, self.base,
        )  # fmt: skip


@dataclass(frozen=True)
class Reply:
    """What goes back: a status, and bytes whose number is known before they are made."""

    status: int
    content_type: str
    body: bytes = b""
    chunks: ChunkSource | None = None
    size: int | None = None
    modified_ns: int | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    reason: str | None = None

    @property
    def length(self) -> int:
        """Number of bytes."""
        return len(self.body) if self.chunks is None else (self.size or 0)

    def stream(self) -> Iterable[bytes]:
        """Return the bytes."""
        return (self.body,) if self.chunks is None else self.chunks()


def error_page(status: int, message: str, description: str = "") -> Reply:
    """Return an XHTML page as CDAWeb's: ``p.ErrorMessage`` and ``p.ErrorDescription``."""
    page = (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        '<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0 Strict//EN" '
        '"http://www.w3.org/TR/xhtml1/DTD/xhtml1-strict.dtd">\n'
        '<html xmlns="http://www.w3.org/1999/xhtml"><head><title>Error</title></head><body>'
        f'<p class="ErrorMessage">{escape(message)}</p>'
        f'<p class="ErrorDescription">{escape(description or message)}</p></body></html>\n'
    )
    return Reply(status, "application/xhtml+xml", page.encode())


class Server(ThreadingHTTPServer):
    """Listen on loopback, one thread a connection.

    Parameters
    ----------
    address : (str, int)
        Port 0 takes a free one.
    answer : callable
        ``answer(request) -> Reply``; an :class:`ArchiveError` becomes an error page.
    """

    daemon_threads = True
    block_on_close = False
    request_queue_size = 64

    def __init__(self, address: tuple[str, int], answer: Callable[[Request], Reply]) -> None:
        self.answer = answer
        self.faults = Faults()
        self.log: list[tuple[str, str]] = []
        self._open: set[socket.socket] = set()
        self._lock = threading.Lock()
        super().__init__(address, _Handler)

    def process_request(self, request: Any, client_address: Any) -> None:
        """Remember the connection, so that `close` can end it."""
        with self._lock:
            self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        """Forget a connection that ended."""
        with self._lock:
            self._open.discard(request)
        super().shutdown_request(request)

    def close(self) -> None:
        """Stop listening and end every connection, kept-alive ones too."""
        self.shutdown()
        self.server_close()
        with self._lock:
            still_open = list(self._open)
        for connection in still_open:
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                log.debug("a connection was closed already")

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Note a connection that broke; a client that goes away is nothing to report."""
        if isinstance(sys.exception(), OSError):
            log.debug("connection from %s ended early", client_address, exc_info=True)
        else:
            log.error("an answer to %s was left unfinished", client_address, exc_info=True)


class _Handler(BaseHTTPRequestHandler):
    server: Server
    protocol_version = "HTTP/1.1"
    server_version = "LocalArchive/1"
    # header and body leave in one packet, and at once
    wbufsize = 1 << 16
    disable_nagle_algorithm = True

    def log_message(self, format: str, *args: Any) -> None:
        log.debug("%s %s", self.address_string(), format % args)

    def do_GET(self) -> None:
        self._serve()

    def do_HEAD(self) -> None:
        self._serve()

    def do_POST(self) -> None:
        self._serve()

    def do_OPTIONS(self) -> None:
        allowed = {"Access-Control-Allow-Methods": "GET, HEAD, POST, OPTIONS",
                   "Access-Control-Allow-Headers": "*"}  # fmt: skip
        self._send(Reply(200, "text/plain", headers=allowed), None)

    def _serve(self) -> None:
        self.server.log.append((self.command, self.path))
        del self.server.log[:-_MAX_LOG]
        body = self._read_body()
        fault = self.server.faults.pick(self.path)
        if fault is not None and fault.delay:
            time.sleep(fault.delay)
        if fault is not None and fault.reset:
            self.close_connection = True
            return
        reply = self._spoilt(fault) if fault is not None else None
        if reply is None:
            reply = self._answer(body) if body is not None else error_page(413, "Body too large")
        self._send(reply, fault)

    def _read_body(self) -> bytes | None:
        text = self.headers.get("Content-Length", "0")
        length = int(text) if text.isdigit() else 0
        if length > _MAX_BODY:
            self.close_connection = True
            return None
        return self.rfile.read(length)

    def _spoilt(self, fault: Fault) -> Reply | None:
        if fault.redirect is not None:
            return Reply(302, "text/html", headers={"Location": fault.redirect})
        if fault.status is not None:
            page = error_page(fault.status, f"HTTP {fault.status}", "A fault that was asked for.")
            headers = {"Retry-After": fault.retry_after} if fault.retry_after is not None else {}
            return Reply(page.status, page.content_type, page.body, headers=headers)
        if fault.html:
            page_bytes = b"<html><head><title>Scheduled maintenance</title></head><body/></html>"
            return Reply(200, "text/html", page_bytes)
        return Reply(200, "application/octet-stream") if fault.empty else None

    def _answer(self, body: bytes) -> Reply:
        path, _, query = self.path.partition("?")
        host = self.headers.get("Host") or "{}:{}".format(*self.server.server_address[:2])
        request = Request(
            self.command,
            [unquote(part) for part in path.split("/") if part],
            path.endswith("/"),
            parse_qs(query, keep_blank_values=True),
            {name.lower(): value for name, value in self.headers.items()},
            body,
            f"http://{host}",
        )
        try:
            return self._unless_known(self.server.answer(request))
        except ArchiveError as error:
            return error_page(error.status, HTTPStatus(error.status).phrase, str(error))
        except Exception:  # the last line before the wire: a page, not a dead connection
            log.exception("cannot answer %s %s", self.command, self.path)
            return error_page(500, "Internal Server Error", "See the log of the local archive.")

    def _unless_known(self, reply: Reply) -> Reply:
        since = self.headers.get("If-Modified-Since")
        if since is None or reply.modified_ns is None or self.command == "POST":
            return reply
        try:
            # CDAWeb takes this form alone, and refuses what C's ctime() writes
            if not since.strip().endswith("GMT"):
                raise ValueError("no GMT")
            known = parsedate_to_datetime(since).timestamp()
        except (TypeError, ValueError):
            return error_page(400, "Bad Request", f"If-Modified-Since: {since!r} is not a date")
        if reply.modified_ns // 1_000_000_000 <= known:
            return Reply(304, reply.content_type, modified_ns=reply.modified_ns)
        return reply

    def _send(self, reply: Reply, fault: Fault | None) -> None:
        cut = fault.cut if fault is not None else None
        silent = cut is not None and fault is not None and fault.cut_silently
        self.send_response(reply.status, reply.reason)
        self.send_header("Access-Control-Allow-Origin", "*")
        for name, value in reply.headers.items():
            self.send_header(name, value)
        if reply.modified_ns is not None:
            self.send_header("Last-Modified", formatdate(reply.modified_ns / 1e9, usegmt=True))
        if fault is not None and fault.encoding is not None:
            self.send_header("Content-Encoding", fault.encoding)
        if reply.status not in (204, 304):
            self.send_header("Content-Type", reply.content_type)
            if not silent:
                self.send_header("Content-Length", str(reply.length))
        if cut is not None:
            self.send_header("Connection", "close")
            self.close_connection = True
        self.end_headers()
        if self.command != "HEAD" and reply.status not in (204, 304):
            self._send_body(reply, cut, fault.stall if fault is not None else 0.0)

    def _send_body(self, reply: Reply, cut: int | None, stall: float) -> None:
        left = cut
        for chunk in reply.stream():
            piece = chunk if left is None else chunk[:left]
            self.wfile.write(piece)
            if left is not None:
                left -= len(piece)
                if left <= 0:
                    break
        self.wfile.flush()
        if stall:
            time.sleep(stall)
