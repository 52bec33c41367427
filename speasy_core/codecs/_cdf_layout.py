"""What a checked CDF is: plain tables of its variables and attributes, no value read yet."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

__all__ = [
    "CHAR_TYPES", "EPOCH", "EPOCH16", "ITEM_SIZES", "TT2000", "Attribute", "Block", "Entry",
    "Layout", "Variable",
]  # fmt: skip

CHAR_TYPES = frozenset({51, 52})
EPOCH, EPOCH16, TT2000 = 31, 32, 33
ITEM_SIZES = {
    1: 1, 2: 2, 4: 4, 8: 8, 11: 1, 12: 2, 14: 4, 21: 4, 22: 8, EPOCH: 8, EPOCH16: 16, TT2000: 8,
    41: 1, 44: 4, 45: 8, 51: 1, 52: 1,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Block:
    """Consecutive records of one variable: `size` stored bytes at `offset`."""

    first: int
    last: int
    offset: int
    size: int
    compressed: bool


@dataclass(frozen=True, slots=True)
class Variable:
    """One variable as the file describes it.

    Attributes
    ----------
    dims : tuple of int
        Dimensions that are stored (those that do not vary are dropped).
    records : int
        Number of records, 0 when none was written.
    pad : bytes or None
        One value, in file encoding, for records that were never written.
    sparse : int
        0 none, 1 missing records are `pad`, 2 missing records repeat the one before.
    """

    name: str
    number: int
    is_z: bool
    data_type: int
    num_elements: int
    dims: tuple[int, ...]
    records: int
    record_varying: bool
    sparse: int
    compression: int
    pad: bytes | None
    blocks: tuple[Block, ...]

    @property
    def item_size(self) -> int:
        """Bytes of one value."""
        return ITEM_SIZES[self.data_type] * self.num_elements

    @property
    def record_size(self) -> int:
        """Bytes of one record."""
        return self.item_size * math.prod(self.dims)


@dataclass(frozen=True, slots=True)
class Entry:
    """One attribute entry: where its value lies."""

    data_type: int
    num_elements: int
    num_strings: int
    offset: int


@dataclass(frozen=True, slots=True)
class Attribute:
    """One attribute: entries by entry number (global) or by variable number."""

    name: str
    is_global: bool
    g_entries: dict[int, Entry]
    z_entries: dict[int, Entry]


@dataclass(slots=True)
class Layout:
    """A checked CDF: all its variables and attributes, no value read yet.

    Attributes
    ----------
    vax : str
        "D" or "G" where numbers are in VAX floating point of that kind, else "".
    """

    data: memoryview
    source: str
    version: tuple[int, int, int]
    big_endian: bool
    row_major: bool
    vax: str = ""
    variables: dict[str, Variable] = field(default_factory=dict)
    attributes: dict[str, Attribute] = field(default_factory=dict)
