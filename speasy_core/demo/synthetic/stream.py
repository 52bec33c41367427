"""Write a CDF file of known size piece by piece, without ever holding it.

The writer of pycdfpp makes the head: every record of metadata, and the record-varying variables
without records. What is appended are the index (VXR) and value (VVR) records of the CDF 3 format,
uncompressed, one value record for each variable and block of time.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["Layout", "plan"]

_VVR_HEAD = 12
_VXR_HEAD = 28
_VXR_ENTRY = 16
_ZVDR = 8


@dataclass(frozen=True)
class Layout:
    """Where everything goes in one file.

    Parameters
    ----------
    head : bytes
        All up to the first value record.
    blocks : sequence of (group, block, rows)
        Order in which value records follow.
    members : mapping
        Group to the (variable, bytes a row) of its value records.
    size : int
        Bytes of the whole file.
    """

    head: bytes
    blocks: Sequence[tuple[str, int, slice]]
    members: Mapping[str, Sequence[tuple[str, int]]]
    size: int

    def write(
        self, compute: Callable[[str, int], Mapping[str, NDArray[np.generic]]]
    ) -> Iterator[bytes]:
        """Yield the file; `compute(group, block)` gives all rows of a block."""
        yield self.head
        for group, block, rows in self.blocks:
            values = compute(group, block)
            for name, width in self.members[group]:
                body = np.ascontiguousarray(values[name][rows]).tobytes()
                expected = (rows.stop - rows.start) * width
                if len(body) != expected:
                    raise ValueError(f"{name}: {len(body)} bytes where {expected} were planned")
                yield struct.pack(">qi", _VVR_HEAD + len(body), 7) + body


def _variables(head: bytearray) -> dict[str, int]:
    """Return the offset of each variable's descriptor."""
    (gdr,) = struct.unpack_from(">q", head, 20)
    (at,) = struct.unpack_from(">q", head, gdr + 20)
    found = {}
    while at > 0:
        size, kind, following = struct.unpack_from(">qiq", head, at)
        if kind != _ZVDR or size <= 0:
            raise ValueError("the head is not a CDF 3 file with z-variables alone")
        name = bytes(head[at + 84 : at + 340]).split(b"\0", 1)[0].decode()
        found[name] = at
        at = following
    return found


def plan(
    skeleton: bytes,
    blocks: Sequence[tuple[str, int, slice]],
    members: Mapping[str, Sequence[tuple[str, int]]],
) -> Layout:
    """Lay out a file.

    Parameters
    ----------
    skeleton : bytes
        A CDF 3 file with all variables, the record-varying ones empty.
    blocks : sequence of (group, block, rows)
        In time order; `rows` is the part of the block to write.
    members : mapping
        Group to its (variable, bytes a row).
    """
    head = bytearray(skeleton)
    descriptors = _variables(head)
    count = {g: sum(1 for b in blocks if b[0] == g) for g in members}
    # the index records come first, so that their place does not depend on what follows
    index_at, at = {}, len(head)
    for group, variables in members.items():
        if count[group]:
            for name, _ in variables:
                index_at[name] = at
                at += _VXR_HEAD + _VXR_ENTRY * count[group]
    entries: dict[str, list[tuple[int, int, int]]] = {name: [] for name in index_at}
    done = dict.fromkeys(members, 0)
    for group, _, rows in blocks:
        length = rows.stop - rows.start
        for name, width in members[group]:
            entries[name].append((done[group], done[group] + length - 1, at))
            at += _VVR_HEAD + length * width
        done[group] += length
    for group, variables in members.items():
        for name, _ in variables:
            if name in index_at:
                head += _index(entries[name])
                struct.pack_into(
                    ">iqq", head, descriptors[name] + 24,
                    done[group] - 1, index_at[name], index_at[name],
                )  # fmt: skip
    (gdr,) = struct.unpack_from(">q", head, 20)
    struct.pack_into(">q", head, gdr + 36, at)
    return Layout(bytes(head), blocks, members, at)


def _index(entries: Sequence[tuple[int, int, int]]) -> bytes:
    n = len(entries)
    first, last, offset = (np.array(column) for column in zip(*entries, strict=True))
    return (
        struct.pack(">qiqii", _VXR_HEAD + _VXR_ENTRY * n, 6, 0, n, n)
        + first.astype(">i4").tobytes()
        + last.astype(">i4").tobytes()
        + offset.astype(">i8").tobytes()
    )
