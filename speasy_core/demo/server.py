"""A threaded HTTP/1.1 server on loopback: keep-alive, HEAD, conditional requests, faults."""

from __future__ import annotations

import logging
import socket
import struct
import sys
import threading
import time
from collections.abc import Callable, Iterable
from email.utils import formatdate, parsedate_to_datetime
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote

from speasy_core.errors import scrub_url

from ._spoil import altered, pieces, substitute
from .faults import Fault, Faults
from .holdings import ArchiveError
from .replies import Reply, Request, error_page

__all__ = ["Reply", "Request", "Server", "error_page"]

log = logging.getLogger(__name__)

_MAX_BODY = 1 << 20
_MAX_LOG = 100_000
_NONE = Fault()


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

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        # addresses hold credentials
        self.log_message("%s %s %s", self.command, scrub_url(self.path), int(code))

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
            # closing then tells the client at once, and drops what it has not read
            linger = struct.pack("ii", 1, 0)
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
            self.close_connection = True
            if fault.cut is None:
                return
        reply = substitute(fault) if fault is not None else None
        if reply is None:
            reply = self._answer(body) if body is not None else error_page(413, "Body too large")
        self._send(reply if fault is None else altered(reply, fault), fault)

    def _read_body(self) -> bytes | None:
        text = self.headers.get("Content-Length", "0")
        length = int(text) if text.isdigit() else 0
        if length > _MAX_BODY:
            self.close_connection = True
            return None
        return self.rfile.read(length)

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
        self.send_response(reply.status, reply.reason)
        fault = fault or _NONE
        headers = self._headers(reply, fault)
        self.close_connection |= headers.get("Connection") == "close"
        for name, value in headers.items():
            if fault.slow_headers:
                self.flush_headers()
                self.wfile.flush()
                time.sleep(fault.slow_headers)
            self.send_header(name, value)
        self.end_headers()
        if self.command == "HEAD" or reply.status in (204, 304):
            return
        whole: Iterable[bytes] = reply.stream() if fault is _NONE else pieces(reply, fault)
        for piece in whole:
            self.wfile.write(piece)
            if fault.drip:
                self.wfile.flush()
        self.wfile.flush()
        if fault.stall:
            time.sleep(fault.stall)

    def _headers(self, reply: Reply, fault: Fault) -> dict[str, str]:
        headers = {"Access-Control-Allow-Origin": "*", **reply.headers}
        if reply.modified_ns is not None:
            headers["Last-Modified"] = formatdate(reply.modified_ns / 1e9, usegmt=True)
        if reply.status not in (204, 304):
            headers["Content-Type"] = reply.content_type
            if fault.chunked:
                headers["Transfer-Encoding"] = "chunked"
            elif not (fault.endless or (fault.cut is not None and fault.cut_silently)):
                headers["Content-Length"] = str(reply.length + fault.lie)
        if fault.cut is not None or fault.endless or fault.lie or fault.bad_chunk:
            headers["Connection"] = "close"
        return {**headers, **fault.headers}
