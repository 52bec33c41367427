"""What both kinds of pyramid share: the grid of pixel columns and the cutting into blocks."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from speasy_core.timerange import MAX_NS, MIN_NS

__all__ = [
    "Grid",
    "Piece",
    "Pyramid",
    "as_type",
    "column_step",
    "drawn_type",
    "gap_after",
    "gather",
    "pieces",
    "typical_step",
]

I64 = NDArray[np.int64]
F64 = NDArray[np.float64]
Any_ = NDArray[Any]

FACTOR = 4
_BLOCKS = 4  # of a higher level that a column has at least
_FEW_ROWS = 1 << 14  # read one by one sooner than through the levels


def drawn_type(*types: Any) -> np.dtype[Any]:
    """Return the floats that hold numbers of some types to all their digits, 32 bits if these do.

    Examples
    --------
    >>> drawn_type("i2").name, drawn_type(">f4").name, drawn_type("i4").name, drawn_type("f8").name
    ('float32', 'float32', 'float64', 'float64')
    """
    held = all(np.can_cast(one, np.float32) for one in types)
    return np.dtype(np.float32 if held else np.float64)


def as_type(values: Any_, dtype: Any) -> Any_:
    """Return `values` of a type; those that are too large for it become infinite."""
    if values.dtype == dtype:
        return values
    with np.errstate(over="ignore", invalid="ignore"):
        return values.astype(dtype)


def column_step(start_ns: int, stop_ns: int, columns: int) -> int:
    """Return the width in ns of a column: the power of two that gives at least `columns`.

    Examples
    --------
    >>> column_step(0, 1_000_000, 1000)
    512
    """
    return 1 << max(0, ((stop_ns - start_ns) // max(1, columns)).bit_length() - 1)


def gap_after(time: I64, rows: I64, factor: float, typical: float) -> NDArray[np.bool_]:
    """Tell after which of `rows` the sampling has a hole.

    A step is a hole when it is longer than `factor` times the `typical` step and than `factor`
    times the shorter of the steps around it, so a change to a slower mode is not one.
    """
    last = len(time) - 1

    def step(i: I64) -> I64:
        i = np.clip(i, 0, last - 1)
        return time[i + 1] - time[i]

    if last < 1:
        return np.zeros(len(rows), dtype=bool)
    here = step(rows)
    before = np.where(rows > 0, step(rows - 1), np.iinfo(np.int64).max)
    after = np.where(rows < last - 1, step(rows + 1), np.iinfo(np.int64).max)
    around = np.minimum(before, after)
    hole = (here > factor * typical) & ((here > factor * around) | (last < 2))
    return hole & (rows < last) & (rows >= 0)


def typical_step(time: I64) -> float:
    """Return the median step of `time` in ns, from up to 64 stretches of 1,024 rows."""
    if len(time) < 2:
        return float("inf")
    starts = np.unique(np.linspace(0, max(0, len(time) - 1024), 64).astype(np.int64))
    return float(np.median(np.concatenate([np.diff(time[s : s + 1024]) for s in starts])))


@dataclass(frozen=True, slots=True)
class Piece:
    """Runs ``[start, stop)`` of the blocks of one level, each part of one column."""

    level: int
    start: I64
    stop: I64
    column: I64
    once: bool = False  # the first piece, and no column has two of its runs


def _search(time: I64, coarse: I64, edges: I64, base: int) -> I64:
    """Return ``searchsorted(time, edges)``, touching few pages of a long `time`."""
    found, right = _as_if_regular(time, edges)
    wrong = np.flatnonzero(~right)
    if len(wrong):
        found[wrong] = _search_blocks(time, coarse, edges[wrong], base)
    return found


def _as_if_regular(time: I64, edges: I64) -> tuple[I64, NDArray[np.bool_]]:
    """Return where edges are if the stamps between the outermost are regular, and whether so."""
    first, last = np.searchsorted(time, edges[[0, -1]])
    if last - first < 2:
        return np.zeros(len(edges), np.int64), np.zeros(len(edges), dtype=bool)
    pace = float(last - 1 - first) / (int(time[last - 1]) - int(time[first]))
    offset = (edges - time[first]) * pace
    # where an edge meets a stamp, rounding must not lead to the one after it
    found = np.clip(np.ceil(offset - 1e-6), 0, last - first).astype(np.int64) + first
    right = (found == 0) | (time[found - 1] < edges)
    right &= (found == len(time)) | (time[np.minimum(found, len(time) - 1)] >= edges)
    return found, right


def _search_blocks(time: I64, coarse: I64, edges: I64, base: int) -> I64:
    """Return ``searchsorted(time, edges)`` from the blocks that the edges lie in."""
    low = np.maximum(np.searchsorted(coarse, edges) - 1, 0).astype(np.int64) * base
    high = np.minimum(low + base, len(time))
    if len(coarse) > 1:  # where stamps are regular the first guess is right, and memory is slow
        block = np.minimum(low // base, len(coarse) - 2)
        share = (edges - coarse[block]) / (coarse[block + 1] - coarse[block])
        guess = np.ceil(np.clip(share * base, 1, base)).astype(np.int64) + block * base
        guess = np.minimum(guess, len(time) - 1)
        right = (time[guess - 1] < edges) & (time[guess] >= edges)
        low, high = np.where(right, guess, low), np.where(right, guess, high)
    while True:
        open_ = low < high
        if not open_.any():
            return low
        middle = (low + high) // 2
        less = open_ & (time[np.minimum(middle, len(time) - 1)] < edges)
        low = np.where(less, middle + 1, low)
        high = np.where(open_ & ~less, middle, high)


def _rows_for(size: int, sizes: list[int]) -> int:
    """Return how many rows a column needs to be put together from blocks of a size.

    One block of the lowest level; some of a higher one, so that it stays fine beside the column:
    this costs next to nothing.
    """
    return size if size == sizes[0] else _BLOCKS * size


def _snap(edges: I64, sizes: list[int]) -> I64:
    """Move inner edges to ends of blocks, by at most half the rows of either neighbour."""
    rows = np.diff(edges)
    inner = edges[1:-1]
    room = np.minimum(rows[:-1], rows[1:])
    grain = np.ones_like(inner)
    for size in sizes:
        grain[room >= _rows_for(size, sizes)] = size
    snapped = edges.copy()
    snapped[1:-1] = (inner + grain // 2) // grain * grain
    return snapped


def pieces(low: I64, high: I64, sizes: list[int]) -> Iterator[Piece]:
    """Cut the row ranges of all columns into blocks of the levels, level 0 being the rows.

    Most of each column comes from one level that has some blocks to a column on average: to go
    higher would cost more than it saves.
    """
    column = np.flatnonzero(high > low)
    if not len(column):
        return
    if len(column) < len(low):
        low, high = low[column], high[column]
    level = _level_of((high - low).sum() / len(low), sizes)
    if level == 0:
        yield Piece(0, low, high, column, once=True)
        return
    size = sizes[level - 1]
    up, down = -(-low // size), high // size
    some = up < down
    if some.all():
        yield Piece(level, up, down, column, once=True)
    elif some.any():
        yield Piece(level, up[some], down[some], column[some], once=True)
    head, tail = np.where(some, up * size, high), np.where(some, down * size, high)
    before, after = np.flatnonzero(low < head), np.flatnonzero(tail < high)
    if len(before) or len(after):
        yield from _rest(
            np.concatenate((low[before], tail[after])),
            np.concatenate((head[before], high[after])),
            column[np.concatenate((before, after))],
            sizes[: level - 1],
        )


def _level_of(rows: float, sizes: list[int]) -> int:
    """Return the level that columns of some `rows` on average are put together from."""
    return sum(rows >= _rows_for(size, sizes) for size in sizes)


def _rest(low: I64, high: I64, column: I64, sizes: list[int]) -> Iterator[Piece]:
    """Cut what is left at the ends of columns into the largest blocks that there are."""
    if (high - low).sum() <= _FEW_ROWS:
        sizes = []
    for level in range(len(sizes) + 1):
        if level == len(sizes):
            if len(low):
                yield _in_order(level, low, high, column)
            return
        grow = sizes[level] if level == 0 else sizes[level] // sizes[level - 1]
        up, down = -(-low // grow), high // grow
        go_on = up < down
        parts = [
            (low[~go_on], high[~go_on], column[~go_on]),
            (low[go_on], up[go_on] * grow, column[go_on]),
            (down[go_on] * grow, high[go_on], column[go_on]),
        ]
        start, stop, owner = (np.concatenate(p) for p in zip(*parts, strict=True))
        some = stop > start
        if some.any():
            yield _in_order(level, start[some], stop[some], owner[some])
        low, high, column = up[go_on], down[go_on], column[go_on]


def _in_order(level: int, start: I64, stop: I64, column: I64) -> Piece:
    order = np.argsort(start, kind="stable")
    return Piece(level, start[order], stop[order], column[order])


def gather(piece: Piece) -> tuple[slice | I64, I64]:
    """Return what to take of a level's blocks, and where in it each run begins."""
    length = piece.stop - piece.start
    begin = np.concatenate(([0], np.cumsum(length)[:-1])).astype(np.int64)
    if np.array_equal(piece.start[1:], piece.stop[:-1]):
        return slice(int(piece.start[0]), int(piece.stop[-1])), begin
    return np.repeat(piece.start - begin, length) + np.arange(int(length.sum())), begin


class Grid:
    """The pixel columns of one view that have rows, and the rows of each."""

    def __init__(self, owner: Pyramid, start_ns: int, stop_ns: int, columns: int) -> None:
        step = column_step(start_ns, stop_ns, columns)
        first, last = start_ns // step, -(-stop_ns // step)
        # the outermost edges may lie outside what 64 bits can hold
        inner = np.arange(first + 1, last, dtype=np.int64) * step
        ends = max(first * step, MIN_NS), min(last * step, MAX_NS)
        self._cut(owner, np.concatenate(([ends[0]], inner, [ends[1]])).astype(np.int64), step)
        snapped = _snap(self._found, owner.sizes)
        self.low, self.high = snapped[:-1][self.index], snapped[1:][self.index]

    @classmethod
    def exact(cls, owner: Pyramid, edges: I64, step: int) -> Grid:
        """Return columns between `edges`, to each the rows that lie in it and no other."""
        grid = cls.__new__(cls)
        grid._cut(owner, edges, step)
        grid.low, grid.high = grid.first, grid.stop
        return grid

    def _cut(self, owner: Pyramid, edges: I64, step: int) -> None:
        self.step = step
        self._found = found = _search(owner.time, owner.coarse, edges, owner.base)
        self.index = np.flatnonzero(np.diff(found))
        self.left = edges[:-1][self.index]
        self.first, self.stop = found[:-1][self.index], found[1:][self.index]


class Pyramid:
    """What both kinds of pyramid share: time, block sizes, one lazy build."""

    base: int

    def __init__(self, time: ArrayLike) -> None:
        raw = np.asarray(time)
        if raw.dtype.kind == "M":
            raw = raw.astype("datetime64[ns]", copy=False).view(np.int64)
        self.time: I64 = np.ascontiguousarray(raw, dtype=np.int64)
        self.coarse = self.time[:: self.base].copy()
        self.typical = typical_step(self.time)
        self.sizes: list[int] = []
        self._built = False
        self._lock = threading.Lock()

    def _level_sizes(self) -> list[int]:
        sizes, size = [], self.base
        while len(self.time) // size >= 2:
            sizes.append(size)
            size *= FACTOR
        return sizes

    def _rows(self, start_ns: int, stop_ns: int) -> tuple[int, int]:
        low, high = np.searchsorted(self.time, np.array([start_ns, stop_ns], dtype=np.int64))
        return int(low), int(high)

    def _ensure_built(self) -> None:
        with self._lock:
            if not self._built:
                self._build()
                self.sizes = self._level_sizes()
                self._built = True

    def _build(self) -> None:
        raise NotImplementedError
