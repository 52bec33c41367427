"""The top levels of all pyramids of a product in one: a view of years reads one small file."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from speasy_core.lod import STRIDE, Cells

from .fragments import Fragment
from .shelf import Shelf
from .stacks import Stack

__all__ = ["join_tops", "worth_joining"]

MOST_CELLS = 1 << 18
# so many fragments outside of it, and an eighth of those inside, make a new one worth its writing
_LOOSE = 8


def worth_joining(shelf: Shelf) -> bool:
    """Whether so many fragments are not in the overview that one should be made."""
    inside = int(shelf.in_overview.sum())
    return len(shelf.data) - inside >= max(_LOOSE, inside // 8)


def join_tops(
    shelf: Shelf,
    stack: Callable[[Fragment], Stack],
    raw: Callable[[Fragment, int], Cells | None],
    go_on: Callable[[], bool],
) -> list[Cells] | None:
    """Return the cells of all fragments at the levels of the overview, finest first.

    Parameters
    ----------
    shelf : Shelf
    stack : callable
        Gives the pyramid of a fragment's blob.
    raw : callable
        Reduces the rows of a fragment, or of a part of one, to a level.
    go_on : callable
        False ends the work, with None.
    """
    level = _level(shelf, stack)
    old = shelf.overview
    parts: list[Any] = []
    for first, last, joined in list(shelf.runs(shelf.data[0].start, shelf.data[-1].stop)):
        run = shelf.data[first:last]
        if joined and old is not None and old.level <= level:
            parts.append(old.stack.between(old.level, run[0].start, run[-1].stop))
            continue
        for f in run:
            if not go_on():
                return None
            parts += _top(f, stack(f), level, raw)
    windows = np.array([f.start for f in shelf.data], np.int64)
    levels: list[Any] = [parts[0].join(parts[1:]).fold(level, windows)]
    while len(levels[-1].time) > 2 * len(windows) + 4 and level < 60:
        level += STRIDE
        levels.append(levels[-1].fold(level, windows))
    return levels


def _top(
    f: Fragment, stack: Stack, level: int, raw: Callable[[Fragment, int], Cells | None]
) -> list[Cells]:
    def rows(start_ns: int, stop_ns: int) -> Cells | None:
        cut = f.cut(start_ns, stop_ns)
        return None if cut is None else raw(cut, level)

    return [part.fold(level) for part in stack.part(f.start, f.stop, level, rows)]


def _level(shelf: Shelf, stack: Callable[[Fragment], Stack]) -> int:
    """Return the finest level that is not too much to read, and not finer than any pyramid."""
    level = 0 if shelf.overview is None else shelf.overview.level
    cells: dict[int, int] = {}
    for f, joined in zip(shelf.data, shelf.in_overview.tolist(), strict=True):
        if not joined:
            levels = stack(f).levels
            level = max(level, levels[0])
            for at in range(0, 62, STRIDE):
                usable = [known for known in levels if known <= at] or levels[:1]
                cells[at] = cells.get(at, 0) + stack(f).count(usable[-1])
    inside = 0 if shelf.overview is None else shelf.overview.stack.count(shelf.overview.level)
    level += level % STRIDE
    while level < 60 and cells.get(level, 0) + inside > MOST_CELLS:
        level += STRIDE
        inside = inside * 3 // 4  # at most; what it is exactly does not matter
    return level
