"""Arrays in a file: a JSON header and raw, aligned, checksummed buffers.

Layout, little endian::

    8 bytes   magic "SPZBLOB1"
    uint32    length of the header in bytes
    uint32    CRC-32 of the header
    uint64    length of the file
    header    JSON, UTF-8; then zeros up to a multiple of 64
    buffers   each at a multiple of 64 after that

A buffer is checked in blocks of 128 KiB, those that a read touches: a slice of a large file costs
what the slice costs. The header also holds the first time of each block, so that a search in time
trusts no byte that was not checked. Nothing in such a file can be executed.
"""

from __future__ import annotations

import json
import os
import struct
import threading
import weakref
import zlib
from bisect import bisect_left
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from speasy_core.errors import CorruptFile

__all__ = ["BLOCK", "Blob", "storable", "write_blob"]

Array = npt.NDArray[Any]

MAGIC = b"SPZBLOB1"
BLOCK = 128 * 1024
_PROLOGUE = struct.Struct("<8sIIQ")
_ALIGN = 64
_MAX_HEADER = 256 * 2**20
# kinds whose bytes are the value; "O" would be addresses, "V" loses its fields in a header
_KINDS = frozenset("biufcmMSU")


def storable(array: Array) -> bool:
    """Whether the bytes of an array are its value."""
    return array.dtype.kind in _KINDS


def _aligned(size: int) -> int:
    return -(-size // _ALIGN) * _ALIGN


def _raw(array: Array) -> tuple[npt.NDArray[np.uint8], str]:
    """Return the bytes of an array without copying where it is contiguous, and their order."""
    if array.ndim > 1 and array.flags.f_contiguous and not array.flags.c_contiguous:
        flat, order = array.reshape(-1, order="F"), "F"
    else:
        flat, order = np.ascontiguousarray(array).reshape(-1), "C"
    return (flat.view(np.uint8) if flat.nbytes else np.zeros(0, np.uint8)), order


def write_blob(file: Path, meta: Mapping[str, Any], arrays: Mapping[str, Array]) -> int:
    """Write arrays to `file` and sync it; returns its size.

    Parameters
    ----------
    file : Path
        Must not exist.
    meta : mapping
        JSON values, kept in the header.
    arrays : mapping of str to ndarray
        Kinds as `storable` says; a one-dimensional int64 array named ``time`` gets search marks.

    Raises
    ------
    OSError
        The disk is full, or the like; the file is then incomplete.
    """
    buffers, described, offset = [], [], 0
    for name, array in arrays.items():
        data, order = _raw(array)
        view = data.data
        entry: dict[str, Any] = {
            "name": name, "dtype": array.dtype.str, "shape": list(array.shape), "order": order,
            "offset": offset, "nbytes": data.nbytes,
            "crc": [zlib.crc32(view[i : i + BLOCK]) for i in range(0, data.nbytes, BLOCK)],
        }  # fmt: skip
        if name == "time" and array.ndim == 1 and array.dtype == np.int64:
            entry["marks"] = [int(first) for first in array[:: BLOCK // 8]]
        described.append(entry)
        buffers.append(data)
        offset += _aligned(data.nbytes)
    header = json.dumps({"format": 1, "meta": dict(meta), "arrays": described}).encode()
    start = _aligned(_PROLOGUE.size + len(header))
    prologue = _PROLOGUE.pack(MAGIC, len(header), zlib.crc32(header), start + offset)
    with open(file, "xb") as out:
        out.write(prologue)
        out.write(header)
        out.write(bytes(start - _PROLOGUE.size - len(header)))
        for data in buffers:
            out.write(data.data)
            out.write(bytes(_aligned(data.nbytes) - data.nbytes))
        out.flush()
        os.fsync(out.fileno())
    return start + offset


class _Buffer:
    """One array of a file: where it lies, and which of its blocks were checked."""

    def __init__(self, entry: Mapping[str, Any], start: int, size: int, name: str) -> None:
        self.dtype = np.dtype(str(entry["dtype"]))
        self.shape = tuple(int(n) for n in entry["shape"])
        self.order = str(entry["order"])
        self.offset = start + int(entry["offset"])
        self.nbytes = int(entry["nbytes"])
        self.crc = [int(crc) for crc in entry["crc"]]
        self.marks = [int(mark) for mark in entry.get("marks", ())]
        self.checked = bytearray(len(self.crc))
        count = 1
        for n in self.shape:
            count *= n
        sound = (
            self.dtype.kind in _KINDS
            and self.order in ("C", "F")
            and self.shape
            and min(self.shape) >= 0
            and self.nbytes == count * self.dtype.itemsize
            and len(self.crc) == -(-self.nbytes // BLOCK)
            and start <= self.offset
            and self.offset + self.nbytes <= size
        )
        if not sound:
            raise CorruptFile("the header of a stored array contradicts itself", source=name)


class Blob:
    """A file of arrays, open for reading; thread-safe.

    Parameters
    ----------
    file : Path
        Written by :func:`write_blob`.

    Raises
    ------
    CorruptFile
        It is cut, damaged, or something else.
    OSError
        It cannot be read.
    """

    def __init__(self, file: Path) -> None:
        self.file = file
        flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)
        self._fd = os.open(file, flags | getattr(os, "O_CLOEXEC", 0))
        weakref.finalize(self, os.close, self._fd)
        self._seek = threading.Lock()
        self._load()

    def _load(self) -> None:
        state = os.fstat(self._fd)
        self._stamp = (state.st_mtime_ns, state.st_size)
        name = str(self.file)
        prologue = self._pread(_PROLOGUE.size, 0)
        magic, length, crc, size = _PROLOGUE.unpack(prologue)
        if magic != MAGIC or size != state.st_size or length > min(_MAX_HEADER, size):
            raise CorruptFile("not a whole file of stored arrays", source=name)
        header = self._pread(length, _PROLOGUE.size)
        if zlib.crc32(header) != crc:
            raise CorruptFile("the header does not match its checksum", source=name)
        try:
            parsed = json.loads(header)
            start = _aligned(_PROLOGUE.size + length)
            self.meta: Mapping[str, Any] = parsed["meta"]
            self._buffers = {
                str(e["name"]): _Buffer(e, start, size, name) for e in parsed["arrays"]
            }
        except (ValueError, KeyError, TypeError) as error:
            raise CorruptFile("the header cannot be read", source=name) from error
        self.nbytes = size

    def refresh(self) -> None:
        """Check everything again if the file was written to since it was opened."""
        state = os.fstat(self._fd)
        if (state.st_mtime_ns, state.st_size) != self._stamp:
            self._load()

    def names(self) -> list[str]:
        """Return the names of the arrays."""
        return list(self._buffers)

    def shape(self, name: str) -> tuple[int, ...]:
        """Return the shape of an array without reading it."""
        return self._buffers[name].shape

    def find(self, ns: int) -> int:
        """Return how many elements of ``time`` come before `ns`."""
        buffer = self._buffers["time"]
        block = bisect_left(buffer.marks, ns) - 1
        if block < 0:
            return 0
        first = block * (BLOCK // 8)
        last = min(first + BLOCK // 8, buffer.shape[0])
        return first + int(self.rows("time", first, last).searchsorted(np.int64(ns)))

    def rows(self, name: str, first: int, last: int) -> Array:
        """Return the rows ``[first, last)`` of an array, in memory of their own.

        Raises
        ------
        CorruptFile
            A block that the rows lie in does not match its checksum.
        """
        buffer = self._buffers[name]
        n, rest = buffer.shape[0], buffer.shape[1:]
        first, last = max(0, first), min(last, n)
        count = max(0, last - first)
        if buffer.order == "C":
            out = np.empty((count, *rest), buffer.dtype)
            width = buffer.nbytes // n if n else 0
            self._fill(buffer, first * width, out)
            return out
        columns = int(np.prod(rest, dtype=np.int64))
        flat = np.empty((count, columns), buffer.dtype, order="F")
        size = buffer.dtype.itemsize
        for column in range(columns):
            self._fill(buffer, (column * n + first) * size, flat[:, column])
        return flat.reshape((count, *rest), order="F")

    def _fill(self, buffer: _Buffer, start: int, out: Array) -> None:
        """Read the bytes from `start` on into `out`, which is contiguous."""
        if not out.nbytes:
            return
        target = out.reshape(-1).view(np.uint8).data
        stop, position = start + len(target), start
        while position < stop:
            block = position // BLOCK
            low, high = block * BLOCK, min((block + 1) * BLOCK, buffer.nbytes)
            end = min(high, stop)
            part = target[position - start : end - start]
            if buffer.checked[block] or len(part) == high - low:
                self._read_into(part, buffer.offset + position)
                if not buffer.checked[block]:
                    self._check(buffer, block, part)
            else:
                whole = memoryview(bytearray(high - low))
                self._read_into(whole, buffer.offset + low)
                self._check(buffer, block, whole)
                part[:] = whole[position - low : end - low]
            position = end

    def _check(self, buffer: _Buffer, block: int, data: memoryview) -> None:
        if zlib.crc32(data) != buffer.crc[block]:
            raise CorruptFile("stored bytes do not match their checksum", source=str(self.file))
        buffer.checked[block] = 1

    def _pread(self, count: int, offset: int) -> bytes:
        data = bytearray(count)
        self._read_into(memoryview(data), offset)
        return bytes(data)

    def _read_into(self, view: memoryview, offset: int) -> None:
        done = 0
        while done < len(view):
            if hasattr(os, "preadv"):
                got = os.preadv(self._fd, [view[done:]], offset + done)
            else:
                with self._seek:
                    os.lseek(self._fd, offset + done, os.SEEK_SET)
                    piece = os.read(self._fd, len(view) - done)
                got = len(piece)
                view[done : done + got] = piece
            if not got:
                raise CorruptFile("the file ends early", source=str(self.file))
            done += got
