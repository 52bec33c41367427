"""The record structure of a CDF file, walked and checked before any value is read.

A CDF is a web of records that point to each other by file offsets. The usual readers follow those
pointers on trust, and a file cut in transit or damaged on disk then ends the interpreter. Here
every record is reached through :class:`Bytes`, which refuses an offset, a size or a type that
does not hold, and the walk refuses cycles, counts that do not match the chains, and sizes that no
file of this length can back. What passes is a :class:`Layout`: plain tables from which
:mod:`._cdf_values` reads values with numpy alone.

Record layouts: versions 3 (64-bit offsets) and 2 (32-bit offsets) of the CDF internal format.
"""

from __future__ import annotations

import hashlib
import math
import struct
from collections.abc import Iterator
from dataclasses import replace

from speasy_core.errors import CorruptFile

from ._cdf_bytes import (
    ADR,
    CCR,
    CDR,
    CVVR,
    GDR,
    GEDR,
    RVDR,
    VVR,
    VXR,
    ZEDR,
    ZVDR,
    Bytes,
)
from ._cdf_inflate import MAX_BYTES, check_ratio, inflate
from ._cdf_layout import CHAR_TYPES, ITEM_SIZES, Attribute, Block, Entry, Layout, Variable

__all__ = ["walk"]

_BIG = frozenset({1, 2, 5, 7, 9, 11, 12, 18})
_LITTLE = frozenset({4, 6, 13, 16, 17, 19})
_VAX = {3: "D", 14: "D", 15: "G", 20: "D", 21: "G"}

_MAX_DIMS = 32
_MAX_VXR_DEPTH = 16
_SPARSE_FLOOR = 16 << 20
_SPARSE_RATIO = 1040


def walk(data: bytes | memoryview, source: str) -> Layout:
    """Check the whole record structure of a CDF and return its tables.

    Parameters
    ----------
    data : bytes
        The file.
    source : str
        Its name, for messages.

    Returns
    -------
    Layout

    Raises
    ------
    CorruptFile
        Cut short, or a record, offset, size or count does not hold.
    UnsupportedFormat
        A kind of CDF that is not read here: Huffman compression.
    """
    view = memoryview(data)
    wide, whole_compressed = _magic(view, source)
    if whole_compressed:
        view = _inflate_file(view, source, wide=wide)
    raw = Bytes(view, source, wide=wide)
    cdr = raw.record(8, "CDR", (CDR,))
    _, _, gdr_offset, version, release, encoding, flags, _, _, increment, _, _ = cdr
    if encoding not in _BIG | _LITTLE | _VAX.keys():
        raise raw.bad(f"unknown data encoding {encoding}")
    # the header names its own version; the magic number decides the record layout
    if not (version == 3 if wide else version == 2) or not 0 <= release < 1000:
        raise raw.bad(f"version {version}.{release} does not fit the file's first bytes")
    layout = Layout(
        view,
        source,
        (version, release, increment),
        big_endian=encoding in _BIG,
        row_major=bool(flags & 1),
        vax=_VAX.get(encoding, ""),
    )
    _walk_global(raw, layout, gdr_offset, flags, file_compressed=whole_compressed)
    return layout


def _magic(view: memoryview, source: str) -> tuple[bool, bool]:
    first, second = bytes(view[:4]).hex(), bytes(view[4:8]).hex()
    if first not in ("cdf30001", "cdf26002", "0000ffff") or second not in ("0000ffff", "cccc0001"):
        raise CorruptFile("not a CDF: its first 8 bytes are not a CDF's", source=source)
    return first == "cdf30001", second == "cccc0001"


def _inflate_file(view: memoryview, source: str, *, wide: bool) -> memoryview:
    raw = Bytes(view, source, wide=wide)
    size, _, cpr, usize, _ = raw.record(8, "CCR", (CCR,))
    start = 8 + raw.structs["CCR"].size
    method = raw.compression(cpr)
    if usize < 0 or usize > MAX_BYTES:
        raise raw.bad(f"its decompressed size is said to be {usize} bytes")
    body = inflate(view[start : 8 + size], usize, method, source)
    return memoryview(bytes(view[:4]) + b"\x00\x00\xff\xff" + body)


def _walk_global(
    raw: Bytes, layout: Layout, offset: int, flags: int, *, file_compressed: bool
) -> None:
    gdr = raw.record(offset, "GDR", (GDR,))
    size, _, r_head, z_head, adr_head, eof, n_r, n_attr, _, n_rdims, n_z, *_ = gdr
    checksum = bool(flags & 4) and not file_compressed
    _check_length(raw, eof, checksum=checksum)
    raw.end = eof
    if not 0 <= n_rdims <= _MAX_DIMS:
        raise raw.bad(f"{n_rdims} dimensions")
    dims_at = offset + raw.structs["GDR"].size
    r_dims = raw.integers(dims_at, n_rdims, offset + size)
    for head, count, is_z in ((r_head, n_r, False), (z_head, n_z, True)):
        _walk_variables(raw, layout, head, count, r_dims, is_z=is_z)
    _walk_attributes(raw, layout, adr_head, n_attr)


def _check_length(raw: Bytes, eof: int, *, checksum: bool) -> None:
    wanted = eof + 16 * checksum
    if not 8 < eof <= 2**62:
        raise raw.bad(f"its end is said to be at byte {eof}")
    # longer is fine: old files carry padding behind their end
    if wanted > len(raw.data):
        raise CorruptFile(
            f"CDF cut short: {len(raw.data):,} bytes of {wanted:,}",
            source=raw.source,
            hint="the download was interrupted; fetch the file again",
        )
    if checksum:
        digest = hashlib.md5(raw.data[:eof], usedforsecurity=False).digest()
        if digest != bytes(raw.data[eof:wanted]):
            raise raw.bad("its content does not match the checksum at its end")


def _walk_variables(
    raw: Bytes, layout: Layout, head: int, count: int, r_dims: tuple[int, ...], *, is_z: bool
) -> None:
    numbers: set[int] = set()

    def read(offset: int) -> int:
        variable, following = _read_variable(raw, layout, offset, r_dims, is_z=is_z)
        if variable.name in layout.variables or variable.number in numbers:
            raise raw.bad(f"two variables are called {variable.name!r} or #{variable.number}")
        numbers.add(variable.number)
        layout.variables[variable.name] = variable
        return following

    raw.chain(head, read, count, "zVariables" if is_z else "rVariables")


def _read_variable(
    raw: Bytes, layout: Layout, offset: int, r_dims: tuple[int, ...], *, is_z: bool
) -> tuple[Variable, int]:
    fields = raw.record(offset, "VDR1", (ZVDR if is_z else RVDR,))
    size, _, following, data_type, max_rec, vxr, _, flags, sparse, *_ = fields
    end = offset + size
    # versions before 2.5 keep 128 unused bytes here
    second = offset + raw.structs["VDR1"].size + (128 if layout.version < (2, 5) else 0)
    if second + raw.structs["VDR2"].size > end:
        raise raw.bad(f"the variable descriptor at byte {offset} is too short")
    num_elements, number, cpr, _ = raw.structs["VDR2"].unpack_from(raw.data, second)
    name_at = second + raw.structs["VDR2"].size
    name_length = 256 if raw.wide else 64
    name = raw.text(name_at, name_length, end)
    cursor = name_at + name_length
    sizes = r_dims
    if is_z:
        (n_dims,) = raw.integers(cursor, 1, end)
        if not 0 <= n_dims <= _MAX_DIMS:
            raise raw.bad(f"variable {name!r} with {n_dims} dimensions")
        sizes = raw.integers(cursor + 4, n_dims, end)
        cursor += 4 + 4 * n_dims
    varying = raw.integers(cursor, len(sizes), end)
    cursor += 4 * len(sizes)
    dims = tuple(n for n, varies in zip(sizes, varying, strict=True) if varies)
    _check_shape(raw, name, data_type, num_elements, dims, sparse)
    if max_rec < -1 or max_rec >= 2**31 - 1 or number < 0:
        raise raw.bad(f"variable {name!r} with last record {max_rec}")
    pad = None
    item = ITEM_SIZES[data_type] * num_elements
    if flags & 2:
        if cursor + item > end:
            raise raw.bad(f"the pad value of {name!r} runs over the end of its record")
        pad = bytes(raw.data[cursor : cursor + item])
    records = min(max_rec + 1, 1) if not flags & 1 else max_rec + 1
    method = raw.compression(cpr) if flags & 4 else 0
    variable = Variable(
        name, number, is_z, data_type, num_elements, dims, records, bool(flags & 1), sparse,
        method, pad, (),
    )  # fmt: skip
    blocks = tuple(_blocks(raw, variable, vxr))
    _check_covered(raw, variable, blocks)
    return replace(variable, blocks=blocks), following


def _check_shape(
    raw: Bytes, name: str, data_type: int, num_elements: int, dims: tuple[int, ...], sparse: int
) -> None:
    if data_type not in ITEM_SIZES:
        raise raw.bad(f"variable {name!r} of unknown data type {data_type}")
    if num_elements < 1 or (num_elements != 1 and data_type not in CHAR_TYPES):
        raise raw.bad(f"variable {name!r} with {num_elements} elements per value")
    if any(n < 1 for n in dims) or ITEM_SIZES[data_type] * num_elements * math.prod(dims) >= 2**31:
        raise raw.bad(f"variable {name!r} of shape {dims}")
    if sparse not in (0, 1, 2):
        raise raw.bad(f"variable {name!r} of unknown sparseness {sparse}")


def _blocks(raw: Bytes, variable: Variable, head: int) -> Iterator[Block]:
    """Yield the blocks of records in order, each proven to hold what its index says."""
    expected = 0
    for block in _index(raw, variable, head, depth=0):
        if block.first < expected:
            raise raw.bad(f"the records of {variable.name!r} are indexed out of order")
        expected = block.last + 1
        yield block


def _index(raw: Bytes, variable: Variable, head: int, depth: int) -> Iterator[Block]:
    if depth > _MAX_VXR_DEPTH:
        raise raw.bad(f"the index of {variable.name!r} is nested too deeply")
    while head not in (0, -1):
        size, _, following, n, used = raw.record(head, "VXR", (VXR,))
        table = head + raw.structs["VXR"].size
        if not 0 <= used <= n or raw.structs["VXR"].size + n * raw.index_entry > size:
            raise raw.bad(f"the index of {variable.name!r} uses {used} of {n} entries")
        firsts = raw.integers(table, used, head + size)
        lasts = raw.integers(table + 4 * n, used, head + size)
        offsets = struct.unpack_from(f">{used}{'q' if raw.wide else 'i'}", raw.data, table + 8 * n)
        for first, last, offset in zip(firsts, lasts, offsets, strict=True):
            if not 0 <= first <= last:
                raise raw.bad(f"records {first} to {last} in the index of {variable.name!r}")
            yield from _indexed(raw, variable, first, last, offset, depth)
        head = following


def _indexed(
    raw: Bytes, variable: Variable, first: int, last: int, offset: int, depth: int
) -> Iterator[Block]:
    """Yield what one index entry points to: a block of values or a deeper index."""
    record_size, record_type = raw.record(offset, "VVR", (VVR, VXR, CVVR), shared=True)[:2]
    if record_type == VXR:
        yield from _index(raw, variable, offset, depth + 1)
        return
    needed = (last - first + 1) * variable.record_size
    if record_type == VVR:
        raw.record(offset, "VVR", (VVR,))
        header = raw.structs["VVR"].size
        if needed > record_size - header:
            raise raw.bad(
                f"{last - first + 1} records of {variable.name!r} do not fit into the "
                f"{record_size} bytes at byte {offset}"
            )
        yield Block(first, last, offset + header, needed, compressed=False)
        return
    _, _, _, stored = raw.record(offset, "CVVR", (CVVR,))
    header = raw.structs["CVVR"].size
    if not 0 < stored <= record_size - header:
        raise raw.bad(f"a compressed block of {stored} bytes at byte {offset}")
    if not variable.compression:
        raise raw.bad(f"a compressed block in the uncompressed variable {variable.name!r}")
    check_ratio(stored, needed, variable.compression, raw.source)
    yield Block(first, last, offset + header, stored, compressed=True)


def _check_covered(raw: Bytes, variable: Variable, blocks: tuple[Block, ...]) -> None:
    total = variable.records * variable.record_size
    if total > MAX_BYTES:
        raise raw.bad(f"variable {variable.name!r} of {total} bytes")
    if variable.sparse:
        if total > max(_SPARSE_FLOOR, _SPARSE_RATIO * raw.end):
            raise raw.bad(f"variable {variable.name!r} is sparse, of {total} bytes")
        return
    covered = 0
    for block in blocks:
        if block.first != covered:
            break
        covered = block.last + 1
    if covered < variable.records:
        raise raw.bad(
            f"variable {variable.name!r} declares {variable.records} records, {covered} are there"
        )


def _walk_attributes(raw: Bytes, layout: Layout, head: int, count: int) -> None:
    def read(offset: int) -> int:
        fields = raw.record(offset, "ADR", (ADR,))
        size, _, following, g_head, scope, _, n_g, _, _, z_head, n_z, _, _ = fields
        name = raw.text(offset + raw.structs["ADR"].size, 256 if raw.wide else 64, offset + size)
        if scope not in (1, 2, 3, 4):
            raise raw.bad(f"attribute {name!r} of unknown scope {scope}")
        if name in layout.attributes:
            raise raw.bad(f"two attributes are called {name!r}")
        layout.attributes[name] = Attribute(
            name,
            scope in (1, 3),
            _read_entries(raw, name, g_head, n_g, GEDR),
            _read_entries(raw, name, z_head, n_z, ZEDR),
        )
        return int(following)

    raw.chain(head, read, count, "attributes")


def _read_entries(
    raw: Bytes, name: str, head: int, count: int, record_type: int
) -> dict[int, Entry]:
    entries: dict[int, Entry] = {}
    header = raw.structs["AEDR"].size

    def read(offset: int) -> int:
        fields = raw.record(offset, "AEDR", (record_type,))
        size, _, following, _, data_type, number, num_elements, num_strings, *_ = fields
        if data_type not in ITEM_SIZES:
            raise raw.bad(f"attribute {name!r} of unknown data type {data_type}")
        if num_elements < 0 or num_elements * ITEM_SIZES[data_type] > size - header:
            raise raw.bad(f"attribute {name!r} with {num_elements} values in {size} bytes")
        if number < 0 or number in entries:
            raise raw.bad(f"attribute {name!r} with entry number {number} twice or negative")
        entries[number] = Entry(data_type, num_elements, num_strings, offset + header)
        return int(following)

    raw.chain(head, read, count, f"entries of attribute {name!r}")
    return entries
