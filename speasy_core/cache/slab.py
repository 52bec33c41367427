"""Several fragments read into one place, so that a long answer is in memory once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Any

import numpy as np
import numpy.typing as npt

from speasy_core.store import StoredArrays
from speasy_core.variable import SpeasyVariable

from .serial import around, head, is_by_row

__all__ = ["WORTH", "Slab", "Window", "alike", "rejoin"]

Array = npt.NDArray[Any]

# below this, joining copies costs less than finding out whether it can be spared
WORTH = 4 * 2**20


@dataclass(frozen=True, slots=True)
class Window:
    """Rows of a blob that are wanted.

    Parameters
    ----------
    stored : StoredArrays
    first, last : int
        Rows, half-open.
    """

    stored: StoredArrays
    first: int
    last: int

    def __len__(self) -> int:
        return self.last - self.first

    @classmethod
    def between(cls, stored: StoredArrays, start_ns: int, stop_ns: int) -> Window:
        """Return the rows of a blob in ``[start_ns, stop_ns)``; CorruptFile when damaged."""
        first = stored.find(start_ns)
        return cls(stored, first, max(first, stored.find(stop_ns)))


class Slab:
    """One destination for the rows of several blobs.

    Parameters
    ----------
    windows : sequence of Window
        In order of time, all alike as `fits` says.
    """

    def __init__(self, windows: Sequence[Window]) -> None:
        self._head = head(windows[0].stored)
        starts = list(accumulate(map(len, windows), initial=0))
        self._starts = {id(window): start for window, start in zip(windows, starts, strict=False)}
        total = starts[-1]
        self._arrays: dict[str, Array] = {}
        for name in _by_row(windows[0].stored):
            dtype, shape, _ = windows[0].stored.layout(name)
            orders = {window.stored.layout(name)[2] for window in windows}
            order: Any = "F" if orders == {"F"} else "C"
            self._arrays[name] = np.empty((total, *shape[1:]), dtype, order=order)

    @staticmethod
    def fits(windows: Sequence[Window]) -> bool:
        """Whether several blobs hold rows of one kind, and enough of them."""
        first = windows[0].stored
        size = sum(w.stored.nbytes * len(w) // max(1, w.stored.shape("time")[0]) for w in windows)
        if len(windows) < 2 or size < WORTH:
            return False
        return all(alike(first, window.stored) for window in windows[1:])

    def read(self, window: Window) -> SpeasyVariable:
        """Read the rows of one of the windows, and return them as a variable; thread-safe.

        Raises
        ------
        CorruptFile
            They are damaged.
        """
        start = self._starts[id(window)]
        stop = start + len(window)
        for name, array in self._arrays.items():
            window.stored.read_into(name, window.first, window.last, array[start:stop])
        return around(self._head, {name: a[start:stop] for name, a in self._arrays.items()})

    def whole(self) -> SpeasyVariable:
        """Return all of it; only good when every window could be read."""
        return around(self._head, self._arrays)


def rejoin(
    whole: SpeasyVariable | None, variables: Sequence[SpeasyVariable]
) -> SpeasyVariable | None:
    """Return slices of `whole` as one slice, None when they are not neighbours in it."""
    filled = [variable for variable in variables if len(variable)]
    if whole is None or not filled:
        return None
    base = _address(whole)
    start = edge = (_address(filled[0]) - base) // 8
    for variable in filled:
        if _address(variable) != base + 8 * edge:
            return None
        edge += len(variable)
    return whole[start:edge] if start >= 0 and edge <= len(whole) else None


def _address(variable: SpeasyVariable) -> int:
    return int(variable.time_ns.__array_interface__["data"][0])


def _by_row(stored: StoredArrays) -> list[str]:
    return [name for name in stored.names() if is_by_row(stored, name)]


def alike(one: StoredArrays, two: StoredArrays) -> bool:
    """Whether rows of two blobs can stand one after the other, with the labels of the first."""
    mine, yours = one.meta["labels"], two.meta["labels"]
    same = all(mine[key] == yours[key] for key in ("name", "unit", "columns", "axes"))
    if not same or one.names() != two.names():
        return False
    for name in one.names():
        a, b = one.layout(name), two.layout(name)
        if is_by_row(one, name):
            if (a[0], a[1][1:]) != (b[0], b[1][1:]) or (a[2] != b[2] and len(a[1]) > 1):
                return False
        elif a[:2] != b[:2] or not _same(one, two, name):
            return False
    return True


def _same(one: StoredArrays, two: StoredArrays, name: str) -> bool:
    a, b = (stored.rows(name, 0, stored.shape(name)[0]) for stored in (one, two))
    return a.tobytes() == b.tobytes()
