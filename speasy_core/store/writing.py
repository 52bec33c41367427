"""Writing arrays to a file: piece by piece, so that joining large ones needs no memory."""

from __future__ import annotations

import json
import os
import struct
import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import numpy as np
import numpy.typing as npt

__all__ = ["BLOCK", "KINDS", "MAGIC", "PROLOGUE", "Joined", "aligned", "storable", "write_blob"]

Array = npt.NDArray[Any]

MAGIC = b"SPZBLOB1"
BLOCK = 128 * 1024
PROLOGUE = struct.Struct("<8sIIQ")
_ALIGN = 64
# kinds whose bytes are the value; "O" would be addresses, "V" loses its fields in a header
KINDS = frozenset("biufcmMSU")
# the longest that a checksum and a time can be in the header, which is laid out before them
_ANY_CRC, _ANY_TIME = 2**32 - 1, -(2**63) + 1


@dataclass(frozen=True, slots=True)
class Joined:
    """An array that is still in several places.

    Parameters
    ----------
    dtype : dtype
    shape : tuple of int
    order : {"C", "F"}
        Of the whole.
    pieces : callable
        Gives an iterator over contiguous arrays whose bytes make up the whole, in `order`.
    """

    dtype: np.dtype[Any]
    shape: tuple[int, ...]
    order: str
    pieces: Callable[[], Iterator[Array]]

    @property
    def nbytes(self) -> int:
        """Bytes of the whole."""
        count = self.dtype.itemsize
        for n in self.shape:
            count *= n
        return count


def storable(array: Array) -> bool:
    """Whether the bytes of an array are its value."""
    return array.dtype.kind in KINDS


def aligned(size: int) -> int:
    """Return `size` rounded up to where a buffer may start."""
    return -(-size // _ALIGN) * _ALIGN


def _whole(array: Array) -> Joined:
    """Return an array in one piece, without copying where it is contiguous."""
    if array.ndim > 1 and array.flags.f_contiguous and not array.flags.c_contiguous:
        flat, order = array.reshape(-1, order="F"), "F"
    elif array.ndim == 2 and array.shape[1] > 1 and array.strides[0] == array.itemsize:
        # rows of an array whose columns are contiguous
        columns = [array[:, i] for i in range(array.shape[1])]
        return Joined(array.dtype, array.shape, "F", lambda: iter(columns))
    else:
        flat, order = np.ascontiguousarray(array).reshape(-1), "C"
    return Joined(array.dtype, array.shape, order, lambda: iter((flat,)))


def write_blob(file: Path, meta: Mapping[str, Any], arrays: Mapping[str, Array | Joined]) -> int:
    """Write arrays to `file` and sync it; returns its size.

    Parameters
    ----------
    file : Path
        Must not exist.
    meta : mapping
        JSON values, kept in the header.
    arrays : mapping of str to ndarray or Joined
        Kinds as `storable` says; a one-dimensional int64 array named ``time`` gets search marks.

    Raises
    ------
    OSError
        The disk is full, or the like; the file is then incomplete.
    """
    sources = {k: a if isinstance(a, Joined) else _whole(a) for k, a in arrays.items()}
    described, offset = [], 0
    for name, source in sources.items():
        blocks = -(-source.nbytes // BLOCK)
        entry: dict[str, Any] = {
            "name": name, "dtype": source.dtype.str, "shape": list(source.shape),
            "order": source.order, "offset": offset, "nbytes": source.nbytes,
            "crc": [_ANY_CRC] * blocks,
        }  # fmt: skip
        if name == "time" and len(source.shape) == 1 and source.dtype == np.int64:
            entry["marks"] = [_ANY_TIME] * blocks
        described.append(entry)
        offset += aligned(source.nbytes)
    described_whole = {"format": 1, "meta": dict(meta), "arrays": described}
    length = len(json.dumps(described_whole).encode())
    start = aligned(PROLOGUE.size + length)
    with open(file, "xb") as out:
        out.seek(start)
        for entry, source in zip(described, sources.values(), strict=True):
            _copy(out, source, entry)
        out.seek(0)
        header = json.dumps(described_whole).encode().ljust(length)
        out.write(PROLOGUE.pack(MAGIC, length, zlib.crc32(header), start + offset))
        out.write(header)
        out.write(bytes(start - PROLOGUE.size - length))
        out.flush()
        os.fsync(out.fileno())
    return start + offset


def _copy(out: IO[bytes], source: Joined, entry: dict[str, Any]) -> None:
    """Write one array, and note its checksums and marks."""
    crcs: list[int] = []
    marks: list[int] = []
    running = filled = 0
    for piece in source.pieces():
        if not piece.nbytes:
            continue
        view = piece.reshape(-1).view(np.uint8).data
        out.write(view)
        position = 0
        while position < len(view):
            if not filled and "marks" in entry:
                marks.append(int.from_bytes(view[position : position + 8], "little", signed=True))
            end = min(position + BLOCK - filled, len(view))
            running = zlib.crc32(view[position:end], running)
            filled, position = filled + end - position, end
            if filled == BLOCK:
                crcs.append(running)
                running = filled = 0
    if filled:
        crcs.append(running)
    entry["crc"] = crcs
    if "marks" in entry:
        entry["marks"] = marks
    out.write(bytes(aligned(source.nbytes) - source.nbytes))
