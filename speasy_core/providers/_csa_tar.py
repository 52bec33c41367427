"""What the Cluster archive delivers: a gzipped tar, read as a stream and never unpacked."""

from __future__ import annotations

import tarfile
import zlib
from collections.abc import Callable, Iterator
from typing import cast

from speasy_core.errors import CorruptFile, UnexpectedContent

from ._tar import StrictMember

__all__ = ["iter_files"]

MAX_MEMBERS = 10_000
MAX_BYTES = 4 * 2**30
# text and filled arrays shrink by up to a hundred; what shrinks more is made to
_MAX_RATIO = 120
_RATIO_FROM = 64 * 2**20
_PIECE = 1 << 18
_GZIP = b"\x1f\x8b"


class _Inflated:
    """Decompressed bytes of a gzip file, in order, within limits.

    Parameters
    ----------
    data : bytes
        The gzip file; anything else is passed on as it is.
    source : str
        For messages.
    limit : int
        Most bytes that may come out.
    """

    def __init__(self, data: bytes, source: str, limit: int) -> None:
        self._data, self._source = memoryview(data), source
        self._limit = limit
        self._at = self._given = 0
        self.plain = data[:2] != _GZIP
        self._ended = False
        self._inflate = zlib.decompressobj(31)
        self._left = b""

    def read(self, size: int = -1) -> bytes:
        """Return the next `size` bytes, fewer only at the end."""
        parts, missing = [], size if size >= 0 else self._limit
        while missing:
            part = self._next(missing)
            if not part:
                break
            parts.append(part)
            missing -= len(part)
            self._given += len(part)
            # by what was taken in so far: a bomb is stopped when it begins, not when it is over
            allowed = min(self._limit, max(_RATIO_FROM, _MAX_RATIO * self._at))
            if self._given > allowed:
                raise UnexpectedContent(
                    f"the archive unpacks to more than {allowed:,} bytes",
                    source=self._source, hint="ask for a shorter range",
                )  # fmt: skip
        return b"".join(parts)

    def _next(self, size: int) -> bytes:
        if self.plain:
            piece = bytes(self._data[self._at : self._at + size])
            self._at += len(piece)
            return piece
        while not self._ended:
            if self._inflate.eof:
                # several gzip files one after the other are one
                self._at -= len(self._inflate.unused_data)
                self._ended = bytes(self._data[self._at : self._at + 2]) != _GZIP
                self._inflate, self._left = zlib.decompressobj(31), b""
                continue
            fed = self._left or bytes(self._data[self._at : self._at + _PIECE])
            if not self._left:
                self._at += len(fed)
            try:
                piece = self._inflate.decompress(fed, size)
            except zlib.error as error:
                raise CorruptFile(
                    f"the gzip archive is damaged: {error}", source=self._source
                ) from error
            self._left = self._inflate.unconsumed_tail
            if piece:
                return piece
            if not fed and not self._inflate.eof:
                raise CorruptFile("the gzip archive is cut", source=self._source, hint="ask again")
        return b""

    def drain(self) -> None:
        """Read to the end, which proves the checksum."""
        while self.read(_PIECE):
            continue


def iter_files(
    data: bytes,
    *,
    source: str,
    max_bytes: int = MAX_BYTES,
    check: Callable[[], None] = lambda: None,
) -> Iterator[tuple[str, bytes]]:
    """Yield name and bytes of each regular file in a tar, gzipped or not.

    Names are labels: their last part, never a path. Links, devices and folders are passed over.

    Parameters
    ----------
    data : bytes
        The archive.
    source : str
        What to call it in messages.
    max_bytes : int
        Most bytes that it may unpack to.
    check : callable
        Called for each member; may raise to stop.

    Raises
    ------
    CorruptFile
        Cut, damaged, or not a tar.
    UnexpectedContent
        More members or bytes than any real answer holds.
    """
    stream = _Inflated(data, source, min(max_bytes, MAX_BYTES))
    if stream.plain and any(data[-512:]):
        raise CorruptFile("not a whole tar archive", source=source, hint="ask again")
    try:
        with tarfile.open(
            fileobj=cast("tarfile._Fileobj", stream), mode="r|", tarinfo=StrictMember
        ) as archive:
            for number, member in enumerate(archive):
                check()
                name = member.name.replace("\\", "/").rpartition("/")[2]
                if number >= MAX_MEMBERS or member.size > max_bytes:
                    raise UnexpectedContent(
                        f"member {number} ({name[:80]!r}, {member.size:,} bytes) is more than an "
                        "answer may hold",
                        source=source,
                    )
                if member.issparse() or not member.isreg() or not name:
                    continue
                held = archive.extractfile(member)
                body = held.read() if held is not None else b""
                if len(body) != member.size:
                    raise CorruptFile(f"{name} is cut", source=source, hint="ask again")
                yield name, body
        stream.drain()
    except (tarfile.TarError, EOFError, ValueError, OverflowError) as error:
        raise CorruptFile(f"not a whole tar archive: {error}", source=source) from error
