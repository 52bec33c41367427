"""When samples are taken: regular sampling, and bursts of fast sampling."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from speasy_core.timerange import TimeRange

from .noise import Times

__all__ = ["Bursts", "Grid", "Regular", "select"]


class Grid(Protocol):
    """Samples in blocks of fixed size on an absolute numbering.

    A block is always computed whole, so that a sample has the same bits in every request.
    """

    @property
    def rows(self) -> int:
        """Samples in a block."""
        ...

    def blocks(self, wanted: TimeRange) -> range:
        """Return the numbers of the blocks that may touch `wanted`."""
        ...

    def times(self, block: int) -> Times:
        """Return the times of one block, nanoseconds since 1970."""
        ...

    def bounds(self, block: int) -> tuple[int, int]:
        """Return the first and last time of one block."""
        ...


@dataclass(frozen=True)
class Regular:
    """One sample every `step_ns`, the first of block 0 at `offset_ns` after 1970."""

    step_ns: int
    rows: int
    offset_ns: int = 0

    def blocks(self, wanted: TimeRange) -> range:
        """Return the numbers of the blocks that may touch `wanted`."""
        length = self.step_ns * self.rows
        first = (wanted.start_ns - self.offset_ns) // length
        return range(first, (wanted.stop_ns - self.offset_ns) // length + 1)

    def times(self, block: int) -> Times:
        """Return the times of one block."""
        index = np.arange(self.rows, dtype=np.int64) + block * self.rows
        return index * self.step_ns + self.offset_ns

    def bounds(self, block: int) -> tuple[int, int]:
        """Return the first and last time of one block."""
        first = block * self.rows * self.step_ns + self.offset_ns
        return first, first + (self.rows - 1) * self.step_ns


@dataclass(frozen=True)
class Bursts:
    """`per_burst` blocks of samples at `rate` per second, one burst every `every_ns`."""

    rate: int
    rows: int
    per_burst: int
    every_ns: int

    def blocks(self, wanted: TimeRange) -> range:
        """Return the numbers of the blocks that may touch `wanted`."""
        first = wanted.start_ns // self.every_ns
        return range(first * self.per_burst, (wanted.stop_ns // self.every_ns + 1) * self.per_burst)

    def times(self, block: int) -> Times:
        """Return the times of one block."""
        burst, part = divmod(block, self.per_burst)
        index = np.arange(self.rows, dtype=np.int64) + part * self.rows
        return burst * self.every_ns + (index * 1_000_000_000) // self.rate

    def bounds(self, block: int) -> tuple[int, int]:
        """Return the first and last time of one block."""
        burst, part = divmod(block, self.per_burst)
        first, last = part * self.rows, (part + 1) * self.rows - 1
        start = burst * self.every_ns
        return (
            start + first * 1_000_000_000 // self.rate,
            start + last * 1_000_000_000 // self.rate,
        )


def select(grid: Grid, wanted: TimeRange) -> Iterator[tuple[int, slice]]:
    """Yield (block, rows) of the samples in `wanted`, both ends included."""
    for block in grid.blocks(wanted):
        first, last = grid.bounds(block)
        if wanted.start_ns <= first and last <= wanted.stop_ns:
            yield block, slice(0, grid.rows)
            continue
        if last < wanted.start_ns or wanted.stop_ns < first:
            continue
        t = grid.times(block)
        rows = slice(
            int(np.searchsorted(t, wanted.start_ns, "left")),
            int(np.searchsorted(t, wanted.stop_ns, "right")),
        )
        if rows.stop > rows.start:
            yield block, rows
