"""What a store is, and the one that keeps everything in memory."""

from __future__ import annotations

import threading
import uuid
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from speasy_core.http.deadline import Deadline
from speasy_core.timerange import TimeRange

from .writing import Joined

__all__ = [
    "MEMORY",
    "MEMORY_LIMIT",
    "Change",
    "Entry",
    "MemoryStore",
    "Store",
    "StoredArrays",
    "largest_blob",
]

Array = npt.NDArray[Any]
Entry = dict[str, Any]
Change = Callable[[list[Entry]], list[Entry]]

# names of blobs that end with the process
MEMORY = "memory:"
MEMORY_LIMIT = 10**9


def largest_blob(limit: int) -> int:
    """Return how large one blob should be at most, so that making room takes little at a time."""
    return min(max(limit // 16, 2**20), 2**30)


class StoredArrays(Protocol):
    """Arrays of one blob, read by rows.

    Attributes
    ----------
    meta : mapping
        JSON values given when it was written.
    nbytes : int
        Size.
    """

    meta: Mapping[str, Any]
    nbytes: int

    def names(self) -> list[str]:
        """Return the names of the arrays."""
        ...

    def shape(self, name: str) -> tuple[int, ...]:
        """Return the shape of an array."""
        ...

    def find(self, ns: int) -> int:
        """Return how many elements of ``time`` come before `ns`."""
        ...

    def layout(self, name: str) -> tuple[np.dtype[Any], tuple[int, ...], str]:
        """Return type, shape and order (``C`` or ``F``) of an array."""
        ...

    def rows(self, name: str, first: int, last: int) -> Array:
        """Return the rows ``[first, last)``; CorruptFile when they are damaged."""
        ...

    def read_into(self, name: str, first: int, last: int, out: Array) -> None:
        """Read rows into `out`, rows of an array of the same layout; CorruptFile as `rows`."""
        ...


class Store(Protocol):
    """What a cache keeps its fragments in.

    Attributes
    ----------
    largest : int
        Bytes that one blob should have at most.
    protected : callable
        Returns the names of blobs that are not deleted to make room.
    """

    largest: int
    protected: Callable[[], frozenset[str]]

    def all_keys(self) -> list[str]:
        """Return all keys that have entries."""
        ...

    def entries(self, key: str) -> list[Entry]:
        """Return the entries of a key; a new list of shared dicts, not to be changed."""
        ...

    def update(self, key: str, change: Change) -> None:
        """Replace the entries of a key by what `change` makes of them, in one transaction."""
        ...

    def write(self, meta: Mapping[str, Any], arrays: Mapping[str, Array]) -> str:
        """Keep arrays; returns the name of the blob."""
        ...

    def join(self, meta: Mapping[str, Any], arrays: Mapping[str, Array | Joined]) -> str | None:
        """Keep arrays that are in several places, None where that would take memory."""
        ...

    def open(self, name: str) -> StoredArrays | None:
        """Return a blob, None when it is gone or damaged."""
        ...

    def discard(self, name: str, *, damaged: bool = False) -> None:
        """Delete a blob that no entry names any more, or that is damaged, which is said once."""
        ...

    def lock(self, key: str, range: TimeRange, deadline: Deadline) -> Any:
        """Return a context manager that keeps other processes from fetching the same."""
        ...

    def make_room(self, limit: int) -> None:
        """Delete what was least recently used until no more than `limit` bytes are kept."""
        ...

    def info(self) -> dict[str, Any]:
        """Return place, size and limit."""
        ...

    def clear(self) -> None:
        """Delete everything."""
        ...

    def close(self) -> None:
        """Release files; a later call opens them again."""
        ...


class _MemoryArrays:
    def __init__(self, meta: Mapping[str, Any], arrays: Mapping[str, Array]) -> None:
        self.meta, self._arrays = meta, arrays
        self.nbytes = sum(array.nbytes for array in arrays.values())

    def names(self) -> list[str]:
        return list(self._arrays)

    def shape(self, name: str) -> tuple[int, ...]:
        return self._arrays[name].shape

    def find(self, ns: int) -> int:
        return int(self._arrays["time"].searchsorted(np.int64(ns)))

    def rows(self, name: str, first: int, last: int) -> Array:
        part: Array = self._arrays[name][max(0, first) : last]
        return part

    def layout(self, name: str) -> tuple[np.dtype[Any], tuple[int, ...], str]:
        array = self._arrays[name]
        by_column = array.ndim > 1 and array.flags.f_contiguous and not array.flags.c_contiguous
        return array.dtype, array.shape, "F" if by_column else "C"

    def read_into(self, name: str, first: int, last: int, out: Array) -> None:
        out[...] = self._arrays[name][first:last]


class MemoryStore:
    """Keeps fragments in memory, least recently used out first.

    Parameters
    ----------
    limit : int
        Bytes.

    Examples
    --------
    >>> store = MemoryStore()
    >>> name = store.write({}, {"time": np.arange(3)})
    >>> store.open(name).find(2)
    2
    """

    def __init__(self, limit: int = MEMORY_LIMIT) -> None:
        self._limit, self.largest = limit, largest_blob(limit)
        self._lock = threading.RLock()
        self._lists: dict[str, list[Entry]] = {}
        self._blobs: OrderedDict[str, _MemoryArrays] = OrderedDict()
        self._bytes = 0
        self.protected: Callable[[], frozenset[str]] = frozenset

    def all_keys(self) -> list[str]:
        """Return all keys that have entries."""
        with self._lock:
            return [key for key, entries in self._lists.items() if entries]

    def __contains__(self, key: str) -> bool:
        return key in self._lists

    def entries(self, key: str) -> list[Entry]:
        """Return the entries of a key."""
        with self._lock:
            return list(self._lists.get(key, ()))

    def update(self, key: str, change: Change) -> None:
        """Replace the entries of a key by what `change` makes of them."""
        with self._lock:
            self._lists[key] = change(self.entries(key))

    def write(self, meta: Mapping[str, Any], arrays: Mapping[str, Array]) -> str:
        """Keep copies of the arrays."""
        kept = _MemoryArrays(dict(meta), {k: _frozen_copy(a) for k, a in arrays.items()})
        name = MEMORY + uuid.uuid4().hex
        with self._lock:
            self._blobs[name] = kept
            self._bytes += kept.nbytes
            if self._bytes > self._limit:
                self.make_room(self._limit, name)
        return name

    def make_room(self, limit: int, spared: str = "") -> None:
        """Delete what was least recently used until no more than `limit` bytes are kept."""
        with self._lock:
            kept = self.protected() | {spared}
            gone = set()
            for name in [name for name in self._blobs if name not in kept]:
                if self._bytes <= limit:
                    break
                self._bytes -= self._blobs.pop(name).nbytes
                gone.add(name)
            for key, entries in self._lists.items():
                self._lists[key] = [e for e in entries if e.get("blob") not in gone]

    def join(self, meta: Mapping[str, Any], arrays: Mapping[str, Array | Joined]) -> str | None:
        """Nothing would be gained."""
        return None

    def open(self, name: str) -> StoredArrays | None:
        """Return a blob, None when it had to make room."""
        with self._lock:
            if name not in self._blobs:
                return None
            self._blobs.move_to_end(name)
            return self._blobs[name]

    def discard(self, name: str, *, damaged: bool = False) -> None:
        """Delete a blob."""
        with self._lock:
            if name in self._blobs:
                self._bytes -= self._blobs.pop(name).nbytes

    @contextmanager
    def lock(self, key: str, range: TimeRange, deadline: Deadline) -> Iterator[None]:
        """Nothing to lock: no other process sees this memory."""
        yield

    def info(self) -> dict[str, Any]:
        """Return place, size and limit."""
        with self._lock:
            return {
                "place": "memory", "folder": None, "bytes": self._bytes, "limit": self._limit,
                "products": len(self._lists), "blobs": len(self._blobs),
            }  # fmt: skip

    def clear(self) -> None:
        """Delete everything."""
        with self._lock:
            self._lists.clear()
            self._blobs.clear()
            self._bytes = 0

    def close(self) -> None:
        """Nothing to release; what is kept stays."""


def _frozen_copy(array: Array) -> Array:
    copy = array.copy(order="K")
    copy.flags.writeable = False
    return copy
