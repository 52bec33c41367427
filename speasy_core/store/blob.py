"""Arrays in a file: a JSON header and raw, aligned, checksummed buffers.

Layout, little endian::

    8 bytes   magic "SPZBLOB1"
    uint32    length of the header in bytes
    uint32    CRC-32 of the header
    uint64    length of the file
    header    JSON, UTF-8, with spaces at its end; then zeros up to a multiple of 64
    buffers   each at a multiple of 64 after that

A buffer is checked in blocks of 128 KiB, those that a read touches: a slice of a large file costs
what the slice costs. The header also holds the first time of each block, so that a search in time
trusts no byte that was not checked. Rows of many bytes are given as they lie in the file, mapped
into memory, once they are checked. Nothing in such a file can be executed.
"""

from __future__ import annotations

import json
import mmap
import os
import stat
import threading
import weakref
import zlib
from bisect import bisect_left
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from speasy_core.errors import CorruptFile

from .writing import BLOCK, KINDS, MAGIC, PROLOGUE, aligned, storable, write_blob

__all__ = ["BLOCK", "Blob", "storable", "write_blob"]

Array = npt.NDArray[Any]

_MAX_HEADER = 256 * 2**20
# rows of at least so many bytes are given as they lie in the file; smaller ones are copied, so
# that a slice holds no file open
MAPPED = 16 * 2**20
_CHECKERS = 4
_CHECKED_AT_ONCE = 64


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
            self.dtype.kind in KINDS
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
        flags |= getattr(os, "O_NONBLOCK", 0)  # a pipe in place of the file must not hold us up
        self._fd = os.open(file, flags | getattr(os, "O_CLOEXEC", 0))
        weakref.finalize(self, os.close, self._fd)
        self._seek = threading.Lock()
        self._load()

    def _load(self) -> None:
        state = os.fstat(self._fd)
        self._stamp = (state.st_mtime_ns, state.st_size)
        self._map: mmap.mmap | None = None
        name = str(self.file)
        if not stat.S_ISREG(state.st_mode) or state.st_size < PROLOGUE.size:
            raise CorruptFile("not a whole file of stored arrays", source=name)
        prologue = self._pread(PROLOGUE.size, 0)
        magic, length, crc, size = PROLOGUE.unpack(prologue)
        if magic != MAGIC or size != state.st_size or length > min(_MAX_HEADER, size):
            raise CorruptFile("not a whole file of stored arrays", source=name)
        header = self._pread(length, PROLOGUE.size)
        if zlib.crc32(header) != crc:
            raise CorruptFile("the header does not match its checksum", source=name)
        try:
            parsed = json.loads(header)
            if parsed["format"] != 1:
                raise CorruptFile("stored arrays of another format", source=name)
            start = aligned(PROLOGUE.size + length)
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

    def layout(self, name: str) -> tuple[np.dtype[Any], tuple[int, ...], str]:
        """Return type, shape and order (``C`` or ``F``) of an array."""
        buffer = self._buffers[name]
        return buffer.dtype, buffer.shape, buffer.order

    def rows(self, name: str, first: int, last: int) -> Array:
        """Return the rows ``[first, last)`` of an array; many of them as they lie in the file.

        Raises
        ------
        CorruptFile
            A block that the rows lie in does not match its checksum.
        """
        buffer = self._buffers[name]
        n, rest = buffer.shape[0], buffer.shape[1:]
        first, last = max(0, first), min(last, n)
        count = max(0, last - first)
        if n and count * (buffer.nbytes // n) >= MAPPED:
            return self._mapped(buffer, first, last)
        if buffer.order == "C":
            out = np.empty((count, *rest), buffer.dtype)
        else:
            columns = int(np.prod(rest, dtype=np.int64))
            flat = np.empty((count, columns), buffer.dtype, order="F")
            out = flat.reshape((count, *rest), order="F")
        self.read_into(name, first, first + count, out)
        return out

    def read_into(self, name: str, first: int, last: int, out: Array) -> None:
        """Read the rows ``[first, last)`` into `out`, rows of an array of the same layout.

        Raises
        ------
        CorruptFile
            As `rows`.
        """
        buffer = self._buffers[name]
        if not out.size:
            return
        n = buffer.shape[0]
        if buffer.order == "C":
            self._fill(buffer, first * (buffer.nbytes // n), out)
            return
        flat = out if out.ndim == 2 else out.reshape((last - first, -1), order="F")
        for column in range(flat.shape[1]):
            start = (column * n + first) * buffer.dtype.itemsize
            self._fill(buffer, start, flat[:, column])

    def _mapped(self, buffer: _Buffer, first: int, last: int) -> Array:
        """Return rows without copying; what they lie in is checked once."""
        if self._map is None:
            self._map = mmap.mmap(self._fd, 0, access=mmap.ACCESS_READ)
        n = buffer.shape[0]
        if buffer.order == "C":
            spans = [(first * (buffer.nbytes // n), last * (buffer.nbytes // n))]
        else:
            size = buffer.dtype.itemsize
            columns = buffer.nbytes // size // n
            spans = [((c * n + first) * size, (c * n + last) * size) for c in range(columns)]
        blocks = {
            block
            for start, stop in spans
            for block in range(start // BLOCK, -(-stop // BLOCK))
            if not buffer.checked[block]
        }
        if blocks:
            self._check_mapped(buffer, sorted(blocks))
        whole: Array = np.ndarray(
            buffer.shape, buffer.dtype, self._map, buffer.offset, order=buffer.order  # type: ignore[arg-type]
        )  # fmt: skip
        return whole[first:last]

    def _check_mapped(self, buffer: _Buffer, blocks: list[int]) -> None:
        assert self._map is not None
        with memoryview(self._map) as view:

            def check(some: Iterable[int]) -> None:
                for block in some:
                    low = buffer.offset + block * BLOCK
                    high = min(low + BLOCK, buffer.offset + buffer.nbytes)
                    self._check(buffer, block, view[low:high])

            runs = [
                blocks[i : i + _CHECKED_AT_ONCE] for i in range(0, len(blocks), _CHECKED_AT_ONCE)
            ]
            with ThreadPoolExecutor(_CHECKERS) as pool:
                list(pool.map(check, runs))

    def _fill(self, buffer: _Buffer, start: int, out: Array) -> None:
        """Read the bytes from `start` on into `out`, which is contiguous."""
        if not out.nbytes:
            return
        assert out.flags.c_contiguous
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
