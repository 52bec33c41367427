"""Where cached samples lie: on disk when it can be used, else in memory; never a lost answer.

A store keeps, for each key, a list of *entries* (plain JSON dicts) and *blobs* (arrays with a JSON
header) that the entries name under ``"blob"``. What the entries mean is the cache's affair.
"""

from __future__ import annotations

import errno
import os
import threading
import time
import uuid
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy.typing as npt

from speasy_core.errors import CacheWarning, CorruptFile, SpeasyError
from speasy_core.http.deadline import Deadline
from speasy_core.timerange import TimeRange

from .blob import storable, write_blob
from .folder import StoreFolder, check_folder, check_place, frozen
from .frozen import FrozenFolder, FrozenIndex
from .index import Index, IndexTrouble
from .lists import OnlyInMemoryError, parse, to_plain
from .locks import FileLocks
from .memory import (
    MEMORY,
    MEMORY_LIMIT,
    Change,
    Entry,
    MemoryStore,
    Store,
    StoredArrays,
    largest_blob,
)
from .opened import OpenBlobs
from .writing import Joined

__all__ = ["DiskStore", "Entry", "MemoryStore", "Store", "StoredArrays"]

Array = npt.NDArray[Any]

_RETRY_SECONDS = 60.0
_KEPT_LISTS = 4096


class DiskStore:
    """Keeps fragments in a folder; falls back to memory, with one warning, when it cannot.

    The folder is made and opened at first use. Blobs are written to a temporary file, synced and
    renamed. A blob that is missing or damaged is a miss. After a failure the disk is tried again a
    minute later.

    Parameters
    ----------
    folder : Path
        For our use alone; a sub-folder with the format version in its name is made.
    limit : int
        Bytes; the least recently used blobs are deleted above it.

    Examples
    --------
    >>> import tempfile
    >>> store = DiskStore(Path(tempfile.mkdtemp()), 10**6)
    >>> store.update("cda/A", lambda entries: [*entries, {"start": 0}])
    >>> store.entries("cda/A")
    [{'start': 0}]
    """

    def __init__(self, folder: Path | str, limit: int) -> None:
        self._root = Path(folder)
        self._limit, self.largest = limit, largest_blob(limit)
        self._memory = MemoryStore(min(limit, MEMORY_LIMIT))
        self._lock = threading.RLock()
        self._warned = False
        self._retry_at = 0.0
        self.protected = frozenset
        self._reset()

    @property
    def protected(self) -> Callable[[], frozenset[str]]:
        """Returns the names of blobs that are not deleted to make room."""
        return self._memory.protected

    @protected.setter
    def protected(self, names: Callable[[], frozenset[str]]) -> None:
        self._memory.protected = names

    def all_keys(self) -> list[str]:
        """Return all keys that have entries."""
        try:
            _, index = self._ready()
            found = index.all_keys()
        except (OSError, IndexTrouble) as error:
            self._fall_back(error)
            found = []
        return list(dict.fromkeys([*found, *self._memory.all_keys()]))

    def _reset(self) -> None:
        self._pid = os.getpid()
        self._folder: StoreFolder | FrozenFolder | None = None
        self._index: Index | FrozenIndex | None = None
        self._read_only = False
        self._locks: FileLocks | None = None
        self._open = OpenBlobs()
        self._lists: dict[str, list[Entry]] = {}
        self._generation = b""

    # -- entries ----------------------------------------------------------------------------
    def entries(self, key: str) -> list[Entry]:
        """Return the entries of a key."""
        if key in self._memory:
            return self._memory.entries(key)
        try:
            folder, index = self._ready()
            generation = folder.generation()
            with self._lock:
                if generation != self._generation:
                    self._lists.clear()
                    self._generation = generation
                elif key in self._lists:
                    return list(self._lists[key])
            found = parse(index.get(key))
            if index.refused:
                self._warn("held entries that are not its own; their data is fetched again")
            with self._lock:
                if len(self._lists) >= _KEPT_LISTS:
                    self._lists.clear()
                if generation == self._generation:
                    self._lists[key] = found
            return list(found)
        except (OSError, IndexTrouble) as error:
            self._fall_back(error)
            return self._memory.entries(key)

    def update(self, key: str, change: Change) -> None:
        """Replace the entries of a key by what `change` makes of them, in one transaction."""
        if key not in self._memory:
            known = self.entries(key)

            def work(old: bytes | None) -> bytes | None:
                known[:] = parse(old)
                return to_plain(change(list(known)))

            try:
                folder, index = self._ready()
                index.update(key, work)
                folder.touch_generation()
            except OnlyInMemoryError:
                pass  # an entry names a blob that the disk did not take
            except (OSError, IndexTrouble) as error:
                self._fall_back(error)
            else:
                return
            if key not in self._memory:
                self._memory.update(key, lambda _: known)
        self._memory.update(key, change)

    # -- blobs ------------------------------------------------------------------------------
    def write(self, meta: Mapping[str, Any], arrays: Mapping[str, Array]) -> str:
        """Keep arrays on disk, or in memory when the disk does not take them."""
        if not all(storable(array) for array in arrays.values()):
            return self._memory.write(meta, arrays)
        try:
            return self._write(meta, arrays)
        except (OSError, IndexTrouble) as error:
            self._fall_back(error)
            return self._memory.write(meta, arrays)

    def join(self, meta: Mapping[str, Any], arrays: Mapping[str, Array | Joined]) -> str | None:
        """Keep arrays that are in several places; None when the disk does not take them."""
        try:
            return self._write(meta, arrays)
        except (OSError, IndexTrouble):
            return None

    def _write(self, meta: Mapping[str, Any], arrays: Mapping[str, Array | Joined]) -> str:
        folder, _ = self._ready()
        if isinstance(folder, FrozenFolder):
            raise IndexTrouble("the folder cannot be written to")
        name = uuid.uuid4().hex
        temporary = folder.temporary(name)
        try:
            size = write_blob(temporary, meta, arrays)
            final = folder.blob(name)
            final.parent.mkdir(mode=0o700, exist_ok=True)
            temporary.replace(final)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise
        if folder.grown(size) > self._limit:
            # some more than necessary, so that not every answer has to make room
            self._make_room(folder, int(0.9 * self._limit), name)
        return name

    def make_room(self, limit: int) -> None:
        """Delete what was least recently used until no more than `limit` bytes are kept."""
        self._memory.make_room(limit)
        try:
            folder, _ = self._ready()
            if isinstance(folder, StoreFolder):
                self._make_room(folder, limit)
        except (OSError, IndexTrouble) as error:
            self._fall_back(error)

    def _make_room(self, folder: StoreFolder, limit: int, spared: str = "") -> None:
        gone = folder.make_room(limit, self.protected() | {spared})
        for key, names in gone.items():
            self.update(
                key,
                lambda entries, names=names: [e for e in entries if e.get("blob") not in names],  # type: ignore[misc]
            )
            self._open.drop(names)

    def open(self, name: str) -> StoredArrays | None:
        """Return a blob, None when it is gone or damaged."""
        if name.startswith(MEMORY):
            return self._memory.open(name)
        try:
            folder, _ = self._ready()
            blob = self._open.get(name, folder.blob(name))
            folder.used(name)
        except FileNotFoundError:
            return None
        except CorruptFile:
            self.discard(name, damaged=True)
            return None
        except (OSError, IndexTrouble) as error:
            if getattr(error, "errno", None) == errno.ELOOP:
                self.discard(name, damaged=True)  # a link in the place of what we wrote
            else:
                self._fall_back(error)
            return None
        return blob

    def discard(self, name: str, *, damaged: bool = False) -> None:
        """Delete a blob that no entry names any more, or that is damaged, which is said once."""
        if damaged:
            self._warn("held a file that is damaged or not its own; its data is fetched again")
        self._memory.discard(name)
        self._open.drop([name])
        folder = self._folder
        if folder is not None and not name.startswith(MEMORY):
            with suppress(OSError):  # what cannot be deleted now is swept later
                folder.blob(name).unlink(missing_ok=True)

    # -- the rest ---------------------------------------------------------------------------
    @contextmanager
    def lock(self, key: str, range: TimeRange, deadline: Deadline) -> Iterator[None]:
        """Keep other processes from fetching the same range of the same key.

        Raises
        ------
        DeadlineExceeded, Cancelled
            Another process held it for too long.
        """
        try:
            self._ready()
            if self._locks is None:
                raise IndexTrouble("the folder cannot be written to")
            held = self._locks.hold(sha256(key.encode()).hexdigest()[:32], range, deadline)
            held.__enter__()
        except SpeasyError:
            raise  # DeadlineExceeded is an OSError, too
        except (OSError, IndexTrouble):
            yield  # without locks two processes may fetch the same, which is slow but not wrong
            return
        try:
            yield
        finally:
            with suppress(OSError):
                held.__exit__(None, None, None)

    def info(self) -> dict[str, Any]:
        """Return place (``disk`` or ``memory``), folder, size, limit and counts."""
        try:
            folder, index = self._ready()
            size, count = folder.usage()
            place = "disk (read-only)" if self._read_only else "disk"
            return {
                "place": place, "folder": str(folder.path), "bytes": size, "limit": self._limit,
                "products": len(index.all_keys()), "blobs": count,
            }  # fmt: skip
        except (OSError, IndexTrouble) as error:
            self._fall_back(error)
            return self._memory.info()

    def clear(self) -> None:
        """Delete all fragments; nothing outside our own folder is touched."""
        self._memory.clear()
        try:
            folder, index = self._ready()
            index.clear()
            if isinstance(folder, StoreFolder):
                folder.touch_generation()
                folder.delete_blobs()
        except (OSError, IndexTrouble) as error:
            self._fall_back(error)
        self._open.clear()
        with self._lock:
            self._lists.clear()

    def close(self) -> None:
        """Release files and threads; a later call opens them again."""
        with self._lock:
            index, locks, folder = self._index, self._locks, self._folder
            own = self._pid == os.getpid()
            self._reset()
        if own:
            if index is not None:
                with suppress(IndexTrouble):
                    index.close()
            for part in (locks, folder):
                if part is not None:
                    part.close()

    def _ready(self) -> tuple[StoreFolder | FrozenFolder, Index | FrozenIndex]:
        """Return folder and index, opened at first use and again after a fork."""
        if self._folder is not None and self._index is not None and self._pid == os.getpid():
            return self._folder, self._index
        with self._lock:
            if self._pid != os.getpid():
                _inherited.append((self._index, self._open))
                self._reset()
            if self._folder is None or self._index is None:
                if time.monotonic() < self._retry_at:
                    raise IndexTrouble("the disk cache failed a moment ago")
                check_place(self._root)
                try:
                    self._open_for_writing()
                except (OSError, IndexTrouble) as error:
                    self._open_for_reading(error)
            assert self._folder is not None
            assert self._index is not None
            return self._folder, self._index

    def _open_for_writing(self) -> None:
        check_folder(self._root)
        folder = StoreFolder(self._root)
        try:
            self._index = folder.open_index()
        except BaseException:
            folder.close()
            raise
        self._folder, self._locks = folder, FileLocks(folder.path / "locks")
        for text in folder.oddities():
            self._warn(text)

    def _open_for_reading(self, why: Exception) -> None:
        """Use a folder as it is where it can be read only; the reason is raised where it cannot."""
        try:
            self._folder, self._index = frozen(self._root)
        except OSError:
            raise why from None
        self._read_only = True
        self._warn(
            f"cannot be written to: {why}; what it holds is used, new data is kept in memory"
        )

    def _fall_back(self, error: Exception) -> None:
        """Remember that the disk failed, and say so once."""
        with self._lock:
            opened = self._folder is not None
            self._retry_at = max(self._retry_at, time.monotonic() + _RETRY_SECONDS)
            if isinstance(error, IndexTrouble) and error.damaged and opened:
                # opened anew, it is set aside and made again from the headers of the blobs
                self._retry_at = 0.0
                self.close()
        self._warn(f"cannot be used: {error}; data is kept in memory for now")

    def _warn(self, text: str) -> None:
        """Say something of the folder, once."""
        with self._lock:
            first, self._warned = not self._warned, True
        if first:
            message = f"the disk cache in {self._root} {text}"
            warnings.warn(message, CacheWarning, stacklevel=5)


# handles of a parent process must be neither used nor closed by its child
_inherited: list[Any] = []
