"""A loopback server that misbehaves on order: each path has a list of scripted answers."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType

from speasy_core.http import Deadline, HttpClient, Response

Script = Callable[["Handler"], None]

HTML = b"<!DOCTYPE html>\n<html><head><title>Down for\n maintenance &amp; tea</title></head></html>"
OK_HEAD = b"HTTP/1.1 200 OK\r\n"


def get(client: HttpClient, url: str, seconds: float = 5.0, **options) -> Response:
    """Ask with a deadline of so many seconds."""
    return client.get(url, deadline=Deadline(seconds), **options)


class Handler(BaseHTTPRequestHandler):
    """Runs the script of the path; the last script of a path repeats."""

    protocol_version = "HTTP/1.1"
    server: FaultServer

    def handle_any(self) -> None:
        length = int(self.headers.get("Content-Length", 0))
        body = self.rfile.read(length) if length else b""
        path = self.path.partition("?")[0]
        with self.server.lock:
            self.server.seen.append((self.command, self.path, dict(self.headers), body))
            scripts = self.server.scripts.get(path, [])
            script = scripts.pop(0) if len(scripts) > 1 else (scripts[0] if scripts else None)
            self.server.running += 1
            self.server.most = max(self.server.most, self.server.running)
        try:
            (script or answer(404, b"no such path"))(self)
        except OSError:
            self.close_connection = True
        finally:
            with self.server.lock:
                self.server.running -= 1

    do_GET = do_HEAD = do_POST = handle_any

    def raw(self, data: bytes) -> None:
        self.wfile.write(data)
        self.wfile.flush()

    def log_message(self, format: str, *args: object) -> None:
        """Stay quiet."""


class FaultServer(ThreadingHTTPServer):
    """Use as a context manager; `on(path, *scripts)` says what a path answers, in turn."""

    daemon_threads = True
    block_on_close = False
    request_queue_size = 128

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.lock = threading.Lock()
        self.scripts: dict[str, list[Script]] = {}
        self.seen: list[tuple[str, str, dict[str, str], bytes]] = []
        self.running = self.most = 0
        self.stopping = threading.Event()
        self.url = f"http://127.0.0.1:{self.server_address[1]}"

    def on(self, path: str, *scripts: Script) -> str:
        self.scripts[path] = list(scripts)
        return self.url + path

    def count(self, path: str) -> int:
        return sum(seen[1].partition("?")[0] == path for seen in self.seen)

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that hangs up is what most of these tests are about."""

    def __enter__(self) -> FaultServer:
        threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.02}).start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stopping.set()
        self.shutdown()
        self.server_close()


def answer(status: int = 200, body: bytes = b"", **headers: str) -> Script:
    """A well-formed answer; header names use ``_`` for ``-``; `Content_Length` may lie."""

    def script(handler: Handler) -> None:
        handler.send_response(status)
        fields = {k.replace("_", "-"): v for k, v in headers.items()}
        fields.setdefault("Content-Length", str(len(body)))
        for name, value in fields.items():
            handler.send_header(name, value)
        handler.end_headers()
        if handler.command != "HEAD":
            handler.raw(body)
        if fields["Content-Length"] != str(len(body)):
            handler.close_connection = True

    return script


def raw(*pieces: bytes, pause: float = 0.0) -> Script:
    """Bytes as they are, then the connection closes."""

    def script(handler: Handler) -> None:
        for piece in pieces:
            handler.raw(piece)
            if pause and handler.server.stopping.wait(pause):
                break
        handler.close_connection = True

    return script


def drip(head: bytes, byte: bytes = b"x", every: float = 0.05) -> Script:
    """`head`, then one byte after the other until the test ends."""

    def script(handler: Handler) -> None:
        handler.raw(head)
        while not handler.server.stopping.wait(every):
            handler.raw(byte)
        handler.close_connection = True

    return script


def reset(handler: Handler) -> None:
    """Close with a RST, without an answer."""
    import struct

    handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    handler.close_connection = True
    handler.connection.close()


def stall(handler: Handler) -> None:
    """Accept and never answer."""
    handler.server.stopping.wait(60)
    handler.close_connection = True
