"""Reading a body: in pieces, within limits, decompressed as it comes, and proven whole."""

from __future__ import annotations

import io
import zlib
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from speasy_core.errors import IncompleteBody, RequestTooLarge, UnexpectedContent

from .deadline import Deadline

if TYPE_CHECKING:
    from .transport import Reply

__all__ = ["check_gzip", "read_body"]

# rows of nothing but fill values shrink some thirty times, zeros packed in haste 149 times: what
# grows more than RATIO times is a bomb; small bodies may be any shape
RATIO, RATIO_FROM = 120, 64 * 2**20
_PIECE = 2**20


class _Plain:
    """A body that is sent as it is; nothing in it proves its end."""

    proven = False

    def feed(self, data: bytes, sink: _Sink) -> None:
        sink.write(data)

    def finish(self, sink: _Sink) -> None:
        """Nothing is pending."""


class _Inflate:
    """gzip (several members allowed) or deflate, never more than one piece ahead."""

    def __init__(self, gzip: bool, url: str) -> None:
        self._gzip, self._url = gzip, url
        self._inner: zlib._Decompress | None = None
        self._bits = 31 if gzip else 15
        self.proven = False

    def feed(self, data: bytes, sink: _Sink) -> None:
        while data:
            if self._inner is None or (self._inner.eof and self._gzip):
                if self.proven and not data.strip(b"\0"):
                    return  # padding after the last member
                self._inner, self.proven = self._start(data), False
            elif self._inner.eof:
                return
            data = self._decompress(self._inner, data, sink)

    def _start(self, data: bytes) -> zlib._Decompress:
        if not self._gzip and (data[0] & 0x0F) != 8:
            self._bits = -15  # some servers send raw deflate where zlib was meant
        return zlib.decompressobj(self._bits)

    def _decompress(self, inner: zlib._Decompress, data: bytes, sink: _Sink) -> bytes:
        try:
            while data and not inner.eof:
                sink.write(inner.decompress(data, _PIECE))
                data = inner.unconsumed_tail
        except zlib.error as error:
            raise IncompleteBody(
                f"the compressed answer is damaged: {error}", url=self._url
            ) from error
        if inner.eof:
            self.proven = True  # the checksum and the length at its end were right
            return inner.unused_data
        return b""

    def finish(self, sink: _Sink) -> None:
        # what a full piece held back comes out with empty input
        while self._inner is not None and not self._inner.eof:
            piece = self._inner.decompress(b"", _PIECE)
            if not piece:
                break
            sink.write(piece)
        if self._inner is not None and self._inner.eof:
            self.proven = True
        if not self.proven:
            raise IncompleteBody("the compressed answer was cut before its end", url=self._url)


class _Sink:
    """Collects the body; BytesIO hands its buffer over without a copy."""

    def __init__(self, limit: int, url: str) -> None:
        self.raw = 0
        self._out, self._limit, self._url = io.BytesIO(), limit, url

    def write(self, data: bytes) -> None:
        self._out.write(data)
        size = self._out.tell()
        if size > self._limit:
            raise RequestTooLarge(
                f"the answer is larger than the limit of {self._limit:,} bytes",
                url=self._url,
                hint="ask for a shorter range, or raise the setting max_memory",
            )
        if size > RATIO_FROM and size > RATIO * self.raw:
            raise UnexpectedContent(
                f"the compressed answer grows more than {RATIO} times: not decompressed further",
                url=self._url,
            )

    def getvalue(self) -> bytes:
        return self._out.getvalue()


def read_body(
    reply: Reply,
    url: str,
    deadline: Deadline,
    max_bytes: int,
    method: str = "GET",
    came: Callable[[int], None] = lambda size: None,
) -> tuple[bytes, bool]:
    """Read a whole body.

    Parameters
    ----------
    reply : Reply
        Its headers have arrived.
    url : str
        For messages.
    deadline : Deadline
        Checked between pieces.
    max_bytes : int
        Limit on the sent and on the decompressed size.
    method : str
        ``HEAD`` has no body.
    came : callable
        Told the size of each piece as it comes.

    Returns
    -------
    body : bytes
        Decompressed.
    proven : bool
        False when the body only ended with the connection, so that its format has to tell
        whether it is whole.

    Raises
    ------
    IncompleteBody
        The body is shorter than was declared, or its compression has no end.
    RequestTooLarge
        It is larger than `max_bytes`.
    UnexpectedContent
        A decompression bomb, or a coding that was not asked for.
    """
    headers = {k.lower(): v for k, v in reply.headers.items()}
    if method == "HEAD" or reply.status in (204, 304) or 100 <= reply.status < 200:
        return b"", True
    chunked = "chunked" in headers.get("transfer-encoding", "").lower()
    declared = None if chunked else _declared_length(headers)
    if declared is not None and declared > max_bytes:
        raise RequestTooLarge(
            f"the answer would be {declared:,} bytes, above the limit of {max_bytes:,}",
            url=url,
            hint="ask for a shorter range, or raise the setting max_memory",
        )
    decoder = _decoder(headers, url)
    sink = _Sink(max_bytes, url)
    for chunk in reply.chunks():
        deadline.check("reading the answer")
        sink.raw += len(chunk)
        came(len(chunk))
        deadline.count(len(chunk))
        decoder.feed(chunk, sink)
    if declared is not None and sink.raw != declared:
        raise IncompleteBody(
            f"{sink.raw:,} of {declared:,} bytes arrived before the connection ended", url=url
        )
    if sink.raw:
        decoder.finish(sink)
    return sink.getvalue(), chunked or declared is not None or decoder.proven


class _Drain(_Sink):
    """Lets what comes go."""

    def write(self, data: bytes) -> None:
        """Keep nothing."""


def check_gzip(body: bytes, url: str) -> None:
    """Raise IncompleteBody when a body that is a gzip file lacks its end; all else passes."""
    if not body.startswith(b"\x1f\x8b"):
        return
    decoder, sink = _Inflate(True, url), _Drain(0, url)
    decoder.feed(body, sink)
    decoder.finish(sink)


def _declared_length(headers: Mapping[str, str]) -> int | None:
    try:
        length = int(headers.get("content-length", "").partition(",")[0])
    except ValueError:
        return None
    return length if length >= 0 else None


def _decoder(headers: Mapping[str, str], url: str) -> _Plain | _Inflate:
    coding = headers.get("content-encoding", "").strip().lower()
    if coding in ("", "identity"):
        return _Plain()
    if coding in ("gzip", "x-gzip", "deflate"):
        return _Inflate(coding != "deflate", url)
    raise UnexpectedContent(f"the answer uses the coding {coding!r}, not asked for", url=url)
