"""Statuses, pages in place of data, redirects and bombs."""

from __future__ import annotations

import zlib
from email.utils import formatdate
from functools import cache
from time import time

from tests.faults.world import Asked, World

from .base import Area
from .transport import BODY, LIST, SSC, SSC_ASK

area = Area("status and content")
fault = area.fault
LONG = {"timeout": 8.0}

fault("204 in place of the file", "E", match=BODY, status=204)
fault("404 for the file", "E", "N", match=BODY, status=404)
fault("404 for the data set", "E", "N", match=LIST, status=404)
fault("401", "E", match=LIST, status=401)
fault("403", "E", match=LIST, status=403)
fault("410", "E", match=LIST, status=410)
fault("429 once, Retry-After 1", "R", match=LIST, times=1, status=429, retry_after="1")
fault("429 for ever, Retry-After 120", "E", match=LIST, status=429, retry_after="120")
fault("500 once", "R", match=LIST, times=1, status=500)
fault("500 for ever", "E", match=LIST, status=500)
fault("502 twice", "R", ask=LONG, match=LIST, times=2, status=502)
fault("503 twice, Retry-After 1", "R", "R", ask=LONG, match=LIST, times=2, status=503,
      retry_after="1")  # fmt: skip
fault("503 for ever", "E", "E", ask=LONG, match=LIST, status=503)
fault("503 once, Retry-After 3600", "E", "H", match=LIST, times=1, status=503, retry_after="3600")
fault("503 once, Retry-After 1000000000", "E", match=LIST, times=1, status=503,
      retry_after="1000000000")  # fmt: skip
fault("503 once, Retry-After -5", "R", match=LIST, times=1, status=503, retry_after="-5")
fault("503 once, Retry-After junk", "R", match=LIST, times=1, status=503, retry_after="soon")
fault("503 for the file once", "R", "R", match=BODY, times=1, status=503)
fault("304 to a question without a condition", "E", match=LIST, status=304)
fault("HTML page with 200 in place of the list", "E", "U", match=LIST, html=True)
fault("HTML page with 200 in place of the file", "E", "N", match=BODY, html=True)
fault("HTML page with 200 in place of XML", "E", "U", ask=SSC_ASK, match=SSC, html=True)
fault("HTML page that says it is a CDF", "E", match=BODY, html=True,
      content_type="application/x-cdf")  # fmt: skip
fault("JSON with 200 in place of the file", "E", match=BODY, body=b'{"error": "busy"}',
      content_type="application/json")  # fmt: skip
fault("JSON of another kind in place of the list", "E", match=LIST, body=b"[1, 2, 3]",
      content_type="application/json")  # fmt: skip
fault("JSON 100,000 levels deep", "E", match=LIST, body=b"[" * 100_000,
      content_type="application/json")  # fmt: skip
fault("empty 200 in place of the list", "E", match=LIST, empty=True)
fault("empty 200 in place of the file", "E", "N", match=BODY, empty=True)
fault("empty 200 in place of XML", "E", "U", ask=SSC_ASK, match=SSC, empty=True)
fault("redirected in a loop", "E", "E", match=BODY, redirect="/cdaweb/tmp/again")
fault("redirected to a local file", "E", match=BODY, redirect="file:///etc/passwd")
fault("redirected to another scheme", "E", match=BODY, redirect="gopher://127.0.0.1/x")
fault("redirected to nowhere", "E", match=BODY, redirect="http://127.0.0.1:9/x.cdf")


@area.case("503 once, Retry-After a date one second ahead", "R")
def _(world: World) -> Asked:
    when = formatdate(time() + 2, usegmt=True)
    world.fault(match=LIST, times=1, status=503, retry_after=when)
    return world.ask(timeout=8.0)


@area.case("the list names a file on a private address", "E")
def _(world: World) -> Asked:
    world.fault(match=LIST, change=lambda b: b.replace(b"http://127.0.0.1", b"http://10.0.0.1"))
    return world.ask()


@area.case("the list names a local file", "E")
def _(world: World) -> Asked:
    world.fault(match=LIST, change=lambda b: b.replace(b"http://127.0.0.1", b"file://127.0.0.1"))
    return world.ask()


area.fault(
    "a list of files without names", "E", match=LIST, body=b'{"FileDescription": [{"Length": 1}]}',
    content_type="application/json",
)  # fmt: skip
area.fault(
    "no file, and an error in words", "E", "N", match=LIST, content_type="application/json",
    body=b'{"FileDescription": [], "Error": ["out of disk"]}',
)  # fmt: skip


@cache
def bomb(gigabytes: float = 1.0) -> bytes:
    """Return zeros, compressed a thousand times, with a right checksum at the end."""
    piece = bytes(16 * 2**20)
    squeeze = zlib.compressobj(9, zlib.DEFLATED, -15)
    once = squeeze.compress(piece) + squeeze.flush(zlib.Z_FULL_FLUSH)
    count = int(gigabytes * 64)
    crc = 0
    for _ in range(count):
        crc = zlib.crc32(piece, crc)
    size = (count * len(piece)) & 0xFFFFFFFF
    head = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff"
    tail = crc.to_bytes(4, "little") + size.to_bytes(4, "little")
    return head + once * count + zlib.compressobj(9, zlib.DEFLATED, -15).flush() + tail


@area.case("gzip bomb of 1 GiB in place of the file", "E", "M")
def _(world: World) -> Asked:
    world.fault(match=BODY, body=bomb(), encoding="gzip")
    return world.ask_elsewhere()


@area.case("gzip bomb of 1 GiB in place of XML", "E", "M")
def _(world: World) -> Asked:
    world.fault(match=SSC, body=bomb(), encoding="gzip", content_type="application/xml")
    return world.ask_elsewhere("ssc/ace")


@area.case("a body without end", "E")
def _(world: World) -> Asked:
    world.fault(match=BODY, body=bytes(2**20), endless=True)
    return world.ask_elsewhere(timeout=2.0, environ={"SPZ_MAX_MEMORY": "100000000"})
