"""Where trees are kept: the shared file, and memory for what the file cannot take."""

from __future__ import annotations

import os
import threading
import time
import warnings
import zlib
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

from speasy_core.errors import CacheWarning, SpeasyError
from speasy_core.provider import InventoryUpdate

from .db import FILE_NAME, IndexDb, SnapshotError
from .rows import TreeInfo

__all__ = ["Snapshot"]

_T = TypeVar("_T")
# SQLite finds damage to its own pages; damage to what is in them shows when it is unpacked
_UNREADABLE = (ValueError, TypeError, LookupError, OverflowError, zlib.error)


class Snapshot:
    """Trees of all providers; a file that cannot be used costs a warning, never the data.

    Parameters
    ----------
    folder : Path or None
        Where the file is, or is made at the first use; None keeps everything in memory.
    """

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder
        self._lock = threading.RLock()
        self._file: IndexDb | None = None
        self._opened = folder is None
        self._writable = True
        self._warned = False
        self._memory: dict[str, IndexDb] = {}

    def read(self, name: str, source: str, ask: Callable[[IndexDb, TreeInfo], _T]) -> _T | None:
        """Return what `ask` finds in the tree of a provider, None when there is no such tree."""
        db = self._memory.get(name) or self._open()
        while db is not None:
            try:
                with db.reading():
                    tree = db.tree(name, source)
                    return None if tree is None else ask(db, tree)
            except SnapshotError as error:
                self._give_up(db, error)
                db = self._memory.get(name)
            except _UNREADABLE as error:
                if isinstance(error, SpeasyError):  # the question's fault, not the file's
                    raise
                self._give_up(db, SnapshotError(f"its content is damaged: {error}", damaged=True))
                db = self._memory.get(name)
        return None

    def store(self, name: str, source: str, update: InventoryUpdate) -> None:
        """Keep a new tree in place of the old one."""
        db = self._open()
        if db is not None and self._writable:
            try:
                db.replace(name, source, update, time.time())
            except SnapshotError as error:
                self._cannot_write(db, error)
            else:
                self._memory.pop(name, None)
                return
        self.keep_in_memory(name, source, update)

    def keep_in_memory(self, name: str, source: str, update: InventoryUpdate) -> None:
        """Keep a tree for this process alone."""
        db = IndexDb(None)
        db.replace(name, source, update, time.time())
        self._memory[name] = db

    def confirm(self, name: str, source: str) -> None:
        """Note that the server called the tree current."""
        db = self._memory.get(name) or self._open()
        if db is None or (db is self._file and not self._writable):
            return
        try:
            db.confirm(name, source, time.time())
        except SnapshotError as error:
            self._cannot_write(db, error)

    def lock_file(self, name: str) -> Path | None:
        """Return the file by which processes take turns to refresh a provider."""
        if self._folder is None or self._open() is None or not self._writable:
            return None
        return self._folder / f"{name}.lock"

    def close(self) -> None:
        """Close everything; a later use opens it again."""
        with self._lock:
            for db in (self._file, *self._memory.values()):
                if db is not None:
                    db.close()
            self._file, self._opened, self._memory = None, self._folder is None, {}

    def _open(self) -> IndexDb | None:
        with self._lock:
            if self._opened or self._folder is None:
                return self._file
            self._opened = True
            path = self._folder / FILE_NAME
            try:
                self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
                self._file = IndexDb(path)
            except (OSError, SnapshotError) as error:
                self._file = self._open_somehow(path, error)
            return self._file

    def _open_somehow(self, path: Path, error: Exception) -> IndexDb | None:
        """Read at least what is there, when the file cannot be opened for writing."""
        if isinstance(error, SnapshotError) and error.damaged:
            self._set_aside(path, error)
            return None
        self._writable = False
        self._warn(f"the inventory snapshot {path} cannot be written ({error}); kept in memory")
        with suppress(SnapshotError, OSError):
            if path.is_file():
                return IndexDb(path, read_only=True)
        return None

    def _cannot_write(self, db: IndexDb, error: SnapshotError) -> None:
        if error.damaged:
            self._give_up(db, error)
            return
        self._writable = False
        self._warn(f"the inventory snapshot cannot be written ({error}); kept in memory")

    def _give_up(self, db: IndexDb, error: SnapshotError) -> None:
        with self._lock:
            for name in [name for name, kept in self._memory.items() if kept is db]:
                del self._memory[name]
            if db is self._file and self._folder is not None:
                self._file = None
                db.close()
                self._set_aside(self._folder / FILE_NAME, error)

    def _set_aside(self, path: Path, error: SnapshotError) -> None:
        """Move a damaged file out of the way, so that the next process starts with a good one."""
        self._warn(f"the inventory snapshot {path} cannot be used ({error}); kept in memory")
        if error.damaged:
            with suppress(OSError):
                os.replace(path, path.with_suffix(".damaged"))
            for tail in ("-wal", "-shm"):
                with suppress(OSError):
                    path.with_name(path.name + tail).unlink()

    def _warn(self, message: str) -> None:
        if not self._warned:
            self._warned = True
            warnings.warn(message, CacheWarning, stacklevel=2)
