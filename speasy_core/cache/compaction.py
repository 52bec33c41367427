"""Joining pieces: many small ones at once, large ones in the background without memory."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy.typing as npt

from speasy_core.errors import CorruptFile, VariableError
from speasy_core.store import Joined
from speasy_core.variable import merge

from .fragments import Fragment, insert, to_entries
from .pieces import joinable
from .serial import describe, is_by_row
from .slab import Window, alike

if TYPE_CHECKING:
    from .keeper import Keeper

__all__ = ["Joiner", "join_large", "join_small"]

Array = npt.NDArray[Any]

# so many small neighbours are joined when the next one is stored, up to so many bytes
MANY, SMALL = 32, 32 * 2**20
# the background waits until nothing was stored for so long
QUIET = 1.0


class StoppedError(Exception):
    """The cache is being closed."""


def _whole(run: Sequence[Fragment], size: int) -> Fragment:
    return replace(
        run[0],
        stop=run[-1].stop,
        size=size,
        received=min(f.received for f in run),
        checked=min(f.checked for f in run),
        agrees=run[0].agrees if len({f.agrees for f in run}) == 1 else None,
    )


def _put(keeper: Keeper, key: str, run: Sequence[Fragment], joined: Fragment) -> bool:
    """Put a joined fragment in the place of a run, if nobody changed it meanwhile."""

    def change(known: list[Fragment]) -> list[Fragment]:
        return insert(known, joined) if set(run) <= set(known) else known

    if joined.blob in keeper.change(key, change):
        return True
    keeper.store.discard(joined.blob)
    return False


def join_small(keeper: Keeper, key: str) -> None:
    """Join many small fragments into one blob."""
    run = joinable(keeper.fragments(key), time.time(), MANY, min(SMALL, keeper.store.largest))
    if not run:
        return
    found, _ = keeper.read_many(key, run)
    if len(found) < len(run):
        return  # the next answer tries again without the lost one
    try:
        whole = merge([variable for _, variable in found])
    except VariableError:
        return  # they are of one version and differ in shape: left as they came
    labels, arrays = describe(whole)
    joined = _whole(run, whole.nbytes)
    meta = {"key": key, "entries": to_entries([joined]), "labels": labels}
    _put(keeper, key, run, replace(joined, blob=keeper.store.write(meta, arrays)))


def join_large(keeper: Keeper, key: str, stopped: Callable[[], bool]) -> bool:
    """Join a run of fragments into one file without reading it into memory.

    Returns
    -------
    bool
        Whether something was joined, so that there may be more to do.
    """
    run = joinable(keeper.fragments(key), time.time(), 2, keeper.store.largest)
    windows = []
    for fragment in run:
        stored = keeper.store.open(fragment.blob)
        if stored is None:
            return False
        windows.append(Window.between(stored, fragment.start, fragment.stop))
    if not windows or not all(alike(windows[0].stored, w.stored) for w in windows[1:]):
        return False
    first = windows[0].stored
    arrays: dict[str, Array | Joined] = {
        name: _joined(name, windows, stopped)
        if is_by_row(first, name)
        else first.rows(name, 0, first.shape(name)[0])
        for name in first.names()
    }
    joined = _whole(run, sum(a.nbytes for a in arrays.values()))
    meta = {"key": key, "entries": to_entries([joined]), "labels": first.meta["labels"]}
    blob = keeper.store.join(meta, arrays)
    return blob is not None and _put(keeper, key, run, replace(joined, blob=blob))


def _joined(name: str, windows: Sequence[Window], stopped: Callable[[], bool]) -> Joined:
    dtype, shape, order = windows[0].stored.layout(name)
    total = sum(len(window) for window in windows)

    def by_row() -> Iterator[Array]:
        for window in windows:
            if stopped():
                raise StoppedError
            yield window.stored.rows(name, window.first, window.last)

    def by_column() -> Iterator[Array]:
        for column in range(shape[1]):
            for rows in by_row():
                yield rows[:, column]

    return Joined(dtype, (total, *shape[1:]), order, by_column if order == "F" else by_row)


class Joiner:
    """A thread that joins what was stored, when the cache is quiet; none when there is no work.

    Parameters
    ----------
    keeper : Keeper
    then : callable
        ``then(key, go_on)`` is called when the pieces of a product are joined; it ends early
        when ``go_on()`` is False.
    """

    def __init__(
        self, keeper: Keeper, then: Callable[[str, Callable[[], bool]], None] | None = None
    ) -> None:
        self._keeper, self._then = keeper, then
        self._changed = threading.Condition()
        self._keys: dict[str, None] = {}
        self._last = 0.0
        self._thread: threading.Thread | None = None
        self._stop = False

    def ask(self, key: str) -> None:
        """Have the pieces of a product joined some time."""
        with self._changed:
            self._keys[key] = None
            self._last = time.monotonic()
            if self._thread is None:
                self._stop = False
                # a daemon: joining is of no use to an interpreter that ends
                self._thread = threading.Thread(target=self._work, name="speasy-join", daemon=True)
                self._thread.start()

    def finish(self, seconds: float) -> bool:
        """Do what is waiting now; returns whether it was done in time."""
        end = time.monotonic() + seconds
        with self._changed:
            self._last = 0.0
            self._changed.notify_all()
            while self._thread is not None and time.monotonic() < end:
                self._changed.wait(0.05)
            return self._thread is None

    def close(self) -> None:
        """Leave what was not joined as it is."""
        with self._changed:
            self._keys.clear()
            self._stop = True
            self._changed.notify_all()
        self.finish(5.0)

    def _next(self) -> str | None:
        with self._changed:
            while self._keys and (left := self._last + QUIET - time.monotonic()) > 0:
                self._changed.wait(left)
            if not self._keys:
                self._thread = None
                self._changed.notify_all()
                return None
            return self._keys.popitem()[0]

    def _work(self) -> None:
        while (key := self._next()) is not None:
            try:
                while not self._stop and join_large(self._keeper, key, lambda: self._stop):
                    pass
                if self._then is not None and not self._stop:
                    self._then(key, lambda: not self._stop)
            except (CorruptFile, StoppedError, OSError, LookupError, TypeError, ValueError):
                continue  # nothing is lost: who reads the damaged piece says so
