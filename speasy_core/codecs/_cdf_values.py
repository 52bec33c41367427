"""Values of a checked CDF, read with numpy: every slice was proven in bounds by the walk."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from speasy_core.errors import CorruptFile

from ._cdf_inflate import inflate
from ._cdf_layout import CHAR_TYPES, EPOCH, EPOCH16, TT2000, Block, Entry, Layout, Variable
from ._cdf_vax import to_ieee

__all__ = ["TYPE_NAMES", "attribute_value", "decode_text", "file_dtype", "read"]

_CODES = {
    1: "i1", 2: "i2", 4: "i4", 8: "i8", 11: "u1", 12: "u2", 14: "u4", 21: "f4", 22: "f8",
    EPOCH: "f8", EPOCH16: "f8", TT2000: "i8", 41: "i1", 44: "f4", 45: "f8",
}  # fmt: skip
TYPE_NAMES = {
    1: "CDF_INT1", 2: "CDF_INT2", 4: "CDF_INT4", 8: "CDF_INT8", 11: "CDF_UINT1", 12: "CDF_UINT2",
    14: "CDF_UINT4", 21: "CDF_REAL4", 22: "CDF_REAL8", EPOCH: "CDF_EPOCH", EPOCH16: "CDF_EPOCH16",
    TT2000: "CDF_TIME_TT2000", 41: "CDF_BYTE", 44: "CDF_FLOAT", 45: "CDF_DOUBLE", 51: "CDF_CHAR",
    52: "CDF_UCHAR",
}  # fmt: skip


def file_dtype(data_type: int, num_elements: int, *, big_endian: bool) -> np.dtype[Any]:
    """Return the dtype of values as they lie in the file; an EPOCH16 value is two of them."""
    if data_type in CHAR_TYPES:
        return np.dtype(f"S{num_elements}")
    return np.dtype((">" if big_endian else "<") + _CODES[data_type])


def read(layout: Layout, variable: Variable) -> NDArray[Any]:
    """Return all records of one variable.

    Parameters
    ----------
    layout : Layout
        The checked file.
    variable : Variable
        One of ``layout.variables``.

    Returns
    -------
    ndarray
        Native byte order, shape ``(records, *dims)``, ``(records, *dims, 2)`` for EPOCH16.
        Two-dimensional results have contiguous columns (Fortran order). Text is bytes (``S``).

    Raises
    ------
    CorruptFile
        A compressed block does not decompress to the size it declares.
    """
    dtype = file_dtype(variable.data_type, variable.num_elements, big_endian=layout.big_endian)
    raw = _record_bytes(layout, variable)
    flat = np.frombuffer(raw, dtype=dtype)
    if layout.vax and dtype.kind == "f":
        flat = to_ieee(flat, layout.vax)
    pair = (2,) if variable.data_type == EPOCH16 else ()
    dims = variable.dims
    if layout.row_major or len(dims) < 2:
        values = flat.reshape((variable.records, *dims, *pair))
    else:
        # column-major files store the first dimension fastest: read reversed, then turn round
        turned = flat.reshape((variable.records, *dims[::-1], *pair))
        order = (0, *range(len(dims), 0, -1), *range(len(dims) + 1, turned.ndim))
        values = turned.transpose(order)
    if dtype.kind == "S":
        return values.copy()
    return values.astype(dtype.newbyteorder("="), order="F" if values.ndim == 2 else "C")


def _record_bytes(layout: Layout, variable: Variable) -> memoryview | bytearray | bytes:
    """Return the stored bytes of all records, holes filled."""
    size, total = variable.record_size, variable.records
    if len(variable.blocks) == 1 and variable.blocks[0].first == 0:
        chunk = _chunk(layout, variable, variable.blocks[0])
        if len(chunk) >= total * size:
            return chunk[: total * size]
    out = bytearray(total * size)
    view = memoryview(out)
    cursor = 0
    for block in variable.blocks:
        first, last = min(block.first, total), min(block.last + 1, total)
        if variable.sparse:
            _fill(layout, variable, view, cursor, first)
        view[first * size : last * size] = _chunk(layout, variable, block)[: (last - first) * size]
        cursor = last
    if variable.sparse:
        _fill(layout, variable, view, cursor, total)
    return out


def _chunk(layout: Layout, variable: Variable, block: Block) -> memoryview:
    stored = layout.data[block.offset : block.offset + block.size]
    if not block.compressed:
        return stored
    needed = (block.last - block.first + 1) * variable.record_size
    return memoryview(inflate(stored, needed, variable.compression, layout.source))


def _fill(layout: Layout, variable: Variable, out: memoryview, start: int, stop: int) -> None:
    """Fill records that were never written, as the sparseness of the variable says."""
    if stop <= start:
        return
    size = variable.record_size
    if variable.sparse == 2 and start > 0:
        record = bytes(out[(start - 1) * size : start * size])
    else:
        record = (variable.pad or _default_pad(layout, variable)) * (size // variable.item_size)
    out[start * size : stop * size] = record * (stop - start)


def _default_pad(layout: Layout, variable: Variable) -> bytes:
    if variable.data_type in CHAR_TYPES:
        return b" " * variable.num_elements
    dtype = file_dtype(variable.data_type, 1, big_endian=layout.big_endian)
    value: float
    if layout.vax and dtype.kind == "f":
        return bytes(variable.item_size)  # zero in either; nobody writes such files any more
    if dtype.kind == "f":
        value = -1e30 if variable.data_type not in (EPOCH, EPOCH16) else 0.0
    else:
        value = np.iinfo(dtype).min + 1 if dtype.kind == "i" else np.iinfo(dtype).max - 1
    return np.array(value, dtype=dtype).tobytes() * (2 if variable.data_type == EPOCH16 else 1)


def decode_text(raw: bytes) -> str:
    """Return text of a CDF: UTF-8, else Latin-1, without padding."""
    raw = raw.split(b"\0", 1)[0]
    try:
        return raw.decode().strip()
    except UnicodeDecodeError:
        return raw.decode("latin-1").strip()


def attribute_value(layout: Layout, entry: Entry) -> Any:
    """Return one attribute entry: text, a number, or a list of numbers.

    Times come as arrays, shape ``(k,)`` or ``(k, 2)`` for EPOCH16, for the caller to convert.

    Raises
    ------
    CorruptFile
        The entry claims more bytes than it has (kept as a last guard; the walk has checked it).
    """
    dtype = file_dtype(entry.data_type, max(entry.num_elements, 1), big_endian=layout.big_endian)
    count = entry.num_elements * (2 if entry.data_type == EPOCH16 else 1)
    size = entry.num_elements if dtype.kind == "S" else count * dtype.itemsize
    raw = layout.data[entry.offset : entry.offset + size]
    if len(raw) != size:
        raise CorruptFile("damaged CDF: an attribute is cut", source=layout.source)
    if dtype.kind == "S":
        text = decode_text(bytes(raw))
        # several strings in one entry are kept apart by backslash-N (CDF 3.7 and later)
        return [part.strip() for part in text.split("\\N ")] if entry.num_strings > 1 else text
    values = np.frombuffer(raw, dtype=dtype)
    if layout.vax and dtype.kind == "f":
        values = to_ieee(values, layout.vax)
    values = values.astype(dtype.newbyteorder("="))
    if entry.data_type in (EPOCH, EPOCH16, TT2000):
        return values.reshape(-1, 2) if entry.data_type == EPOCH16 else values
    numbers = values.tolist()
    return numbers[0] if len(numbers) == 1 else numbers
