"""The bytes of a CDF behind bounds checks: the only way the walk touches them."""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import Any

from speasy_core.errors import CorruptFile, UnsupportedFormat

from ._cdf_inflate import GZIP, RLE

__all__ = [
    "ADR", "CCR", "CDR", "CPR", "CVVR", "GDR", "GEDR", "RVDR", "SPR", "VVR", "VXR", "ZEDR", "ZVDR",
    "Bytes",
]  # fmt: skip

CDR, GDR, RVDR, ADR, GEDR, VXR, VVR, ZVDR, ZEDR, CCR, CPR, SPR, CVVR = range(1, 14)
_NAMES = {
    CDR: "CDF descriptor", GDR: "global descriptor", RVDR: "rVariable descriptor",
    ADR: "attribute descriptor", GEDR: "attribute entry", VXR: "variable index",
    VVR: "variable values", ZVDR: "zVariable descriptor", ZEDR: "attribute entry",
    CCR: "compressed file", CPR: "compression parameters", SPR: "sparseness parameters",
    CVVR: "compressed variable values",
}  # fmt: skip

# "O" stands for a file offset or record size: 8 bytes in version 3, 4 in version 2
_TEMPLATES = {
    "CDR": "OiOiiiiiiiii",
    "GDR": "OiOOOOiiiiiOiii",
    "ADR": "OiOOiiiiiOiii",
    "AEDR": "OiOiiiiiiiii",
    "VDR1": "OiOiiOOiiiii",
    "VDR2": "iiOi",
    "VXR": "OiOii",
    "VVR": "Oi",
    "CVVR": "OiiO",
    "CPR": "Oiiii",
    "SPR": "Oiiii",
    "CCR": "OiOOi",
}
_WIDE = {name: struct.Struct(">" + text.replace("O", "q")) for name, text in _TEMPLATES.items()}
_NARROW = {name: struct.Struct(">" + text.replace("O", "i")) for name, text in _TEMPLATES.items()}


class Bytes:
    """A file's bytes, where every record asked for is proven to lie within them.

    Parameters
    ----------
    data : memoryview
        The whole file, decompressed.
    source : str
        Its name, for messages.
    wide : bool
        Whether offsets take 8 bytes (version 3) or 4 (version 2).
    """

    def __init__(self, data: memoryview, source: str, *, wide: bool) -> None:
        self.data, self.source, self.wide = data, source, wide
        self.end = len(data)
        self.structs = _WIDE if wide else _NARROW
        self.index_entry = 16 if wide else 12
        self._seen: set[int] = set()

    def bad(self, what: str) -> CorruptFile:
        return CorruptFile(f"damaged CDF: {what}", source=self.source, hint="fetch the file again")

    def record(
        self, offset: int, kind: str, types: tuple[int, ...], *, shared: bool = False
    ) -> tuple[Any, ...]:
        """Return the fixed fields of the record at `offset`, proven to lie within the file."""
        layout = self.structs[kind]
        name = _NAMES[types[0]]
        if not 8 <= offset <= self.end - layout.size:
            raise self.bad(f"a {name} record is said to be at byte {offset} of {self.end}")
        fields = layout.unpack_from(self.data, offset)
        size, record_type = fields[0], fields[1]
        if record_type not in types:
            raise self.bad(f"no {name} record at byte {offset} but type {record_type}")
        if not layout.size <= size <= self.end - offset:
            raise self.bad(f"the {name} record at byte {offset} is said to be {size} bytes long")
        if not shared:
            if offset in self._seen:
                raise self.bad(f"the record at byte {offset} is used twice")
            self._seen.add(offset)
        return fields

    def integers(self, offset: int, count: int, end: int) -> tuple[int, ...]:
        if count < 0 or offset + 4 * count > end:
            raise self.bad(f"a table at byte {offset} runs over the end of its record")
        return struct.unpack_from(f">{count}i", self.data, offset)

    def text(self, offset: int, length: int, end: int) -> str:
        if offset + length > end:
            raise self.bad(f"a name at byte {offset} runs over the end of its record")
        raw = bytes(self.data[offset : offset + length]).split(b"\0", 1)[0].rstrip()
        try:
            return raw.decode()
        except UnicodeDecodeError:
            return raw.decode("latin-1")

    def chain(self, head: int, read: Callable[[int], int], count: int, what: str) -> None:
        """Follow a linked list; `read` handles one record and returns the next offset."""
        found = 0
        while head not in (0, -1):
            if found == count:
                raise self.bad(f"the list of {what} is longer than the {count} it declares")
            head = read(head)
            found += 1
        if found != count:
            raise self.bad(f"{count} {what} are declared and {found} are there")

    def compression(self, offset: int) -> int:
        """Return the compression method that the parameters at `offset` name, 0 for none."""
        fields = self.record(offset, "CPR", (CPR, SPR), shared=True)
        if fields[1] == SPR:
            return 0
        method, parameters = fields[2], fields[4]
        if method not in (0, RLE, GZIP):
            if method in (2, 3, 16, 17):
                raise UnsupportedFormat(
                    f"CDF with compression method {method} (Huffman, Zstandard or Blosc)",
                    source=self.source,
                    hint="convert it with NASA's cdfconvert -compression gzip",
                )
            raise self.bad(f"unknown compression method {method}")
        if not 0 <= parameters <= 5:
            raise self.bad(f"a compression with {parameters} parameters")
        return int(method)
