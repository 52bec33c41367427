"""What a fault makes of an answer: another one, a changed one, or a body that arrives badly."""

from __future__ import annotations

import gzip
import itertools
import time
from collections.abc import Iterable, Iterator
from dataclasses import replace

from .faults import Fault
from .replies import Reply, error_page

__all__ = ["altered", "pieces", "substitute"]

_MAINTENANCE = b"<html><head><title>Scheduled maintenance</title></head><body/></html>"
_DROP, _CHUNK = 64, 4096


def substitute(fault: Fault) -> Reply | None:
    """Return the answer that a fault gives in place of the true one, None when it gives none."""
    if fault.redirect is not None:
        return Reply(302, "text/html", headers={"Location": fault.redirect})
    if fault.status is not None:
        page = error_page(fault.status, f"HTTP {fault.status}", "A fault that was asked for.")
        headers = {"Retry-After": fault.retry_after} if fault.retry_after is not None else {}
        body = page.body if fault.body is None else fault.body
        return replace(page, body=body, headers=headers)
    if fault.body is not None:
        return Reply(200, "application/octet-stream", fault.body)
    if fault.html:
        return Reply(200, "text/html", _MAINTENANCE)
    return Reply(200, "application/octet-stream") if fault.empty else None


def altered(reply: Reply, fault: Fault) -> Reply:
    """Return an answer with the fault's body and headers."""
    headers = dict(reply.headers)
    if fault.change is not None:
        body = b"".join(reply.stream())
        if headers.pop("Content-Encoding", None) == "gzip":
            body = gzip.decompress(body)
        reply = replace(reply, body=fault.change(body), chunks=None, size=None)
    if fault.encoding is not None:
        headers["Content-Encoding"] = fault.encoding
    headers |= fault.headers
    return replace(reply, headers=headers, content_type=fault.content_type or reply.content_type)


def pieces(reply: Reply, fault: Fault) -> Iterator[bytes]:
    """Yield what goes on the wire, as badly as the fault says."""
    found: Iterable[bytes] = reply.stream()
    if fault.endless:
        found = itertools.chain.from_iterable(reply.stream() for _ in itertools.count())
    if fault.cut is not None:
        found = _first(found, fault.cut)
    if fault.drip:
        found = _slowly(found, fault.drip)
    if fault.chunked:
        found = _in_chunks(found, bad=fault.bad_chunk, ended=fault.cut is None)
    yield from found


def _first(found: Iterable[bytes], left: int) -> Iterator[bytes]:
    for piece in found:
        yield piece[:left]
        left -= len(piece)
        if left <= 0:
            return


def _slowly(found: Iterable[bytes], pause: float) -> Iterator[bytes]:
    for piece in found:
        for start in range(0, len(piece), _DROP):
            yield piece[start : start + _DROP]
            time.sleep(pause)


def _in_chunks(found: Iterable[bytes], *, bad: bool, ended: bool) -> Iterator[bytes]:
    count = 0
    for piece in found:
        for start in range(0, len(piece), _CHUNK):
            part, count = piece[start : start + _CHUNK], count + 1
            size = b"zz" if bad and count == 2 else b"%x" % len(part)
            yield size + b"\r\n" + part + b"\r\n"
    if bad and count < 2:
        yield b"zz\r\n"
    if ended:
        yield b"0\r\n\r\n"
