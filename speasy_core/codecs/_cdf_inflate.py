"""Decompression of CDF blocks into exactly as many bytes as the file declares, and no more."""

from __future__ import annotations

import zlib

import numpy as np

from speasy_core.errors import CorruptFile

__all__ = ["GZIP", "MAX_BYTES", "RLE", "check_ratio", "inflate"]

RLE, GZIP = 1, 5

#: the largest array that one file may make us allocate, whatever it declares
MAX_BYTES = 8 << 30
# deflate reaches 1032:1 and run lengths of zeros 128:1: what claims more is damaged or hostile
_RATIO = {0: 1, RLE: 128, GZIP: 1040}


def check_ratio(stored: int, needed: int, method: int, source: str) -> None:
    """Refuse a block that cannot expand to the size it declares.

    Raises
    ------
    CorruptFile
        `needed` bytes cannot come out of `stored` ones.
    """
    if needed > stored * _RATIO[method] + 64 or needed > MAX_BYTES:
        raise CorruptFile(
            f"damaged CDF: {stored} compressed bytes are said to hold {needed}",
            source=source,
            hint="fetch the file again",
        )


def inflate(stored: memoryview, needed: int, method: int, source: str) -> bytes:
    """Return the `needed` bytes that `stored` holds.

    Parameters
    ----------
    stored : memoryview
        The compressed block.
    needed : int
        Its exact size once decompressed.
    method : int
        CDF compression number: 0 none, 1 run lengths of zeros, 5 gzip.
    source : str
        File name, for messages.

    Raises
    ------
    CorruptFile
        Not that method's format, checksum wrong, or another size.
    """
    check_ratio(len(stored), needed, method, source)
    try:
        if method == GZIP:
            out, whole = _gunzip(stored, needed)
        elif method == RLE:
            out, whole = _run_lengths(stored, needed)
        else:
            out, whole = bytes(stored[:needed]), True
    except zlib.error as error:
        raise CorruptFile(
            f"damaged CDF: a compressed block does not decompress ({error})",
            source=source,
            hint="fetch the file again",
        ) from error
    if len(out) != needed or not whole:
        raise CorruptFile(
            f"damaged CDF: a compressed block holds {'' if whole else 'other than '}"
            f"{len(out)} bytes, {needed} are declared",
            source=source,
            hint="fetch the file again",
        )
    return out


def _gunzip(stored: memoryview, needed: int) -> tuple[bytes, bool]:
    stream = zlib.decompressobj(wbits=47)  # gzip or zlib header, whichever is there
    # one byte more than needed shows a longer block, and lets the trailing checksum be verified
    out = stream.decompress(stored, needed + 1)
    return out, stream.eof


def _run_lengths(stored: memoryview, needed: int) -> tuple[bytes, bool]:
    """Expand CDF run lengths: a zero byte is followed by the count of further zeros."""
    raw = np.frombuffer(stored, dtype=np.uint8)
    zeros = np.flatnonzero(raw == 0)
    parts: list[bytes] = []
    cursor = length = 0
    for position in zeros.tolist():
        if position < cursor:  # this zero is the count that belongs to the zero before it
            continue
        if position + 1 >= raw.size:
            return b"".join(parts), False
        run = int(raw[position + 1]) + 1
        length += position - cursor + run
        if length > needed:
            return b"".join(parts), False
        parts.extend((bytes(stored[cursor:position]), bytes(run)))
        cursor = position + 2
    parts.append(bytes(stored[cursor : cursor + needed + 1]))
    return b"".join(parts), True
