"""The index of the disk cache: diskcache that takes and gives plain bytes and text only."""

from __future__ import annotations

import os
import sqlite3
import threading
import weakref
from collections.abc import Callable
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeoutError
from contextlib import suppress
from functools import cache, partial
from pathlib import Path
from queue import SimpleQueue
from typing import Any, TypeVar

__all__ = ["Index", "IndexTrouble"]

T = TypeVar("T")
Jobs = SimpleQueue[Callable[[], None] | None]

# SQLite waits this long for another process; longer is not worth a cache
TIMEOUT = 2.0


class IndexTrouble(Exception):
    """The index cannot be used; `damaged` when its file is not a sound database.

    Parameters
    ----------
    message : str
    damaged : bool
    """

    def __init__(self, message: str, damaged: bool = False) -> None:
        super().__init__(message)
        self.damaged = damaged


class RefusedValueError(ValueError):
    """A value in the index is not plain bytes or text, so it was not made by us."""


@cache
def _plain_disk() -> type[Any]:
    """Return the Disk class; made at first use, since importing diskcache costs 30 ms."""
    import diskcache
    from diskcache.core import MODE_BINARY, MODE_RAW, MODE_TEXT

    plain = (bytes, str, int, float)

    class PlainDisk(diskcache.Disk):  # type: ignore[misc]
        """Never serialises objects, whatever the database holds."""

        def put(self, key: Any) -> Any:
            if not isinstance(key, plain):
                raise RefusedValueError(f"a key of {type(key).__name__}")
            return super().put(key)

        def get(self, key: Any, raw: Any) -> Any:
            if not raw:
                raise RefusedValueError("a key that is not plain")
            return super().get(key, raw)

        def store(self, value: Any, read: bool, key: Any = None) -> Any:
            if read or not isinstance(value, plain):
                raise RefusedValueError(f"a value of {type(value).__name__}")
            return super().store(value, read, key)

        def fetch(self, mode: int, filename: str, value: Any, read: bool) -> Any:
            if mode not in (MODE_RAW, MODE_BINARY, MODE_TEXT) or read:
                raise RefusedValueError("a value that is not plain")
            return super().fetch(mode, filename, value, read)

    return PlainDisk


class Index:
    """Keys to small bytes, shared by processes.

    One connection in one thread of its own: SQLite's handles belong to their thread, and those
    that short-lived threads leave open are never closed.

    Parameters
    ----------
    folder : Path
        Made when missing.

    Attributes
    ----------
    refused : bool
        Whether it held something that is not plain, and so not ours.

    Raises
    ------
    IndexTrouble
        From every method: locked for too long, full disk, damaged file.
    """

    def __init__(self, folder: Path) -> None:
        self._jobs: Jobs = SimpleQueue()
        self._closed = False
        self.refused = False
        thread = threading.Thread(
            target=_work, args=(self._jobs,), name="speasy-index", daemon=True
        )
        try:
            thread.start()
        except RuntimeError as error:
            raise IndexTrouble(f"index: {error}") from error  # the interpreter is shutting down
        try:
            self._db = self._run(lambda: _open(folder))
        except IndexTrouble:
            self._jobs.put(None)
            raise
        self._finalizer = weakref.finalize(self, _abandon, self._jobs, self._db, os.getpid())
        self._finalizer.atexit = False

    def get(self, key: str) -> bytes | None:
        """Return the value of a key, None when there is none or it is not ours."""
        return self._run(lambda: self._get(key))

    def update(self, key: str, change: Callable[[bytes | None], bytes | None]) -> None:
        """Replace a value by what `change` makes of it, in one transaction; None deletes."""

        def work() -> None:
            with self._db.transact():
                new = change(self._get(key))
                if new is None:
                    self._db.delete(key)
                else:
                    self._db.set(key, new)

        self._run(work)

    def all_keys(self) -> list[str]:
        """Return all keys."""

        def work() -> list[str]:
            found, rows = [], self._db._sql("SELECT key FROM Cache WHERE raw = 1").fetchall()
            for (key,) in rows:
                if isinstance(key, str):
                    found.append(key)
            return found

        return self._run(work)

    def clear(self) -> None:
        """Delete everything."""
        self._run(lambda: self._db.clear())

    def close(self) -> None:
        """Close the connection and end the thread."""
        try:
            self._run(lambda: self._db.close())
        finally:
            self._closed = True
            self._finalizer.detach()
            self._jobs.put(None)

    def _get(self, key: str) -> bytes | None:
        try:
            value = self._db.get(key)
        except RefusedValueError:
            self.refused = True
            self._db.delete(key)
            return None
        return value if isinstance(value, bytes) else None

    def _run(self, work: Callable[[], T]) -> T:
        import diskcache

        if self._closed:
            raise IndexTrouble("index: it was closed")
        future: Future[T] = Future()

        def job() -> None:
            try:
                future.set_result(work())
            except BaseException as error:  # noqa: BLE001 - raised again in the caller's thread
                future.set_exception(error)

        self._jobs.put(job)
        try:
            return future.result(timeout=3 * TIMEOUT)
        except (sqlite3.OperationalError, diskcache.Timeout, FutureTimeoutError) as error:
            text = str(error) or "it was locked for too long"
            raise IndexTrouble(f"index: {text}", "malformed" in text) from error
        except (sqlite3.Error, RefusedValueError) as error:
            raise IndexTrouble(f"index: {error}", damaged=True) from error
        except OSError as error:
            raise IndexTrouble(f"index: {error}") from error


def _open(folder: Path) -> Any:
    import diskcache

    made = diskcache.Cache.__new__(diskcache.Cache)
    try:
        made.__init__(str(folder), **_options())
    except BaseException:
        with suppress(AttributeError):  # it failed before it had a connection
            made.close()
        raise
    return made


def _work(jobs: Jobs) -> None:
    while (job := jobs.get()) is not None:
        job()


def _abandon(jobs: Jobs, database: Any, pid: int) -> None:
    """Close the connection of an index that nobody closed, in the thread that it belongs to.

    Runs wherever the garbage is collected, also inside other people's locks: so it takes none,
    and `SimpleQueue.put` is made for that.
    """
    if pid == os.getpid():
        jobs.put(partial(_close_quietly, database))
        jobs.put(None)


def _close_quietly(database: Any) -> None:
    with suppress(sqlite3.Error, OSError):  # nobody is left to be told
        database.close()


def _options() -> dict[str, Any]:
    return {
        "timeout": TIMEOUT,
        "disk": _plain_disk(),
        "disk_min_file_size": 2**30,  # values stay in the database; ours are small
        "eviction_policy": "none",
        "cull_limit": 0,
        "size_limit": 2**50,
        "statistics": 0,
        "tag_index": 0,
    }
