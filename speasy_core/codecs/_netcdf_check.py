"""Whether a NetCDF file is whole, told from its first bytes; no library is asked."""

from __future__ import annotations

import struct

from speasy_core.errors import CorruptFile

__all__ = ["check_whole"]

_HDF5 = b"\x89HDF\r\n\x1a\n"
_MAX_ITEMS = 1_000_000
_SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 4, 6: 8, 7: 1, 8: 2, 9: 4, 10: 8, 11: 8}


def check_whole(data: bytes, source: str) -> None:
    """Compare a file's length with what its beginning promises.

    Parameters
    ----------
    data : bytes
        The file: NetCDF-4 (HDF5) or one of the classic forms.
    source : str
        Its name, for the message.

    Raises
    ------
    CorruptFile
        Cut, or not NetCDF.
    """
    try:
        if data.startswith(_HDF5):
            expected = _hdf5_end(data)
        elif data[:3] == b"CDF" and data[3:4] in (b"\x01", b"\x02", b"\x05"):
            expected = _Classic(data).end()
        else:
            raise CorruptFile("not a NetCDF file", source=source)
    except (struct.error, IndexError, ValueError) as error:
        raise CorruptFile("the file is cut within its header", source=source) from error
    if len(data) < expected:
        raise CorruptFile(
            f"the file is cut: {len(data):,} bytes of {expected:,}",
            source=source, hint="fetch it again",
        )  # fmt: skip


def _hdf5_end(data: bytes) -> int:
    """Return the end-of-file address of the superblock."""
    version = data[8]
    if version in (0, 1):
        at, width = (40 if version == 0 else 44), data[13]
    elif version in (2, 3):
        at, width = 28, data[9]
    else:
        raise ValueError("unknown superblock")
    if width != 8:
        raise ValueError("odd size of offsets")
    (end,) = struct.unpack_from("<Q", data, at)
    if not 48 <= end < 2**62:
        raise ValueError("no end")
    return int(end)


class _Classic:
    """The header of a classic file: dimensions, attributes, variables and where they lie."""

    def __init__(self, data: bytes) -> None:
        self._data, self._at, version = data, 4, data[3]
        self._count = ">Q" if version == 5 else ">I"
        self._offset = ">I" if version == 1 else ">Q"

    def _number(self, kind: str) -> int:
        (value,) = struct.unpack_from(kind, self._data, self._at)
        self._at += struct.calcsize(kind)
        return int(value)

    def _list(self) -> int:
        self._number(">I")  # what the list is of
        count = self._number(self._count)
        if count > _MAX_ITEMS:
            raise ValueError("more items than a header has")
        return count

    def _skip(self, size: int) -> None:
        self._at += -(-size // 4) * 4
        if self._at > len(self._data):
            raise ValueError("cut")

    def _attributes(self) -> None:
        for _ in range(self._list()):
            self._skip(self._number(self._count))
            kind = self._number(">I")
            self._skip(_SIZES.get(kind, 1) * self._number(self._count))

    def end(self) -> int:
        """Return the number of bytes that the header promises."""
        records = self._number(self._count)
        streaming = records == (2**64 - 1 if self._count == ">Q" else 2**32 - 1)
        lengths = []
        for _ in range(self._list()):
            self._skip(self._number(self._count))
            lengths.append(self._number(self._count))
        self._attributes()
        ends, per_record = [self._at], []
        for _ in range(self._list()):
            self._skip(self._number(self._count))
            dims = [self._number(self._count) for _ in range(self._number(self._count))]
            self._attributes()
            kind = self._number(">I")
            self._number(self._count)  # its size, which is not to be trusted when it is large
            begin = self._number(self._offset)
            varying = bool(dims) and lengths[dims[0]] == 0
            size = _SIZES.get(kind, 1)
            for dim in dims[1:] if varying else dims:
                size *= lengths[dim]
            if varying:
                per_record.append((begin, size))
            else:
                ends.append(begin + size)
        if per_record and records and not streaming:
            # one variable alone is not padded to four bytes
            padded = [size if len(per_record) == 1 else -(-size // 4) * 4 for _, size in per_record]
            stride = sum(padded)
            ends += [begin + stride * (records - 1) + size for begin, size in per_record]
        return max(ends)
