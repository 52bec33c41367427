"""Locks between processes that end with their owner, however it ends."""

from __future__ import annotations

import errno
import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from speasy_core.http.deadline import Deadline
from speasy_core.timerange import TimeRange

__all__ = ["FileLocks", "exclusive"]

_POLL = 0.02


def _try_lock(fd: int, start: int, length: int) -> bool:
    try:
        if sys.platform == "win32":
            import msvcrt

            os.lseek(fd, 0, os.SEEK_SET)
            msvcrt.locking(fd, msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.lockf(fd, fcntl.LOCK_EX | fcntl.LOCK_NB, length, start)
    except OSError as error:
        if error.errno in (errno.EACCES, errno.EAGAIN, errno.EDEADLK):
            return False
        raise
    return True


def _unlock(fd: int, start: int, length: int) -> None:
    if sys.platform == "win32":
        import msvcrt

        os.lseek(fd, 0, os.SEEK_SET)
        msvcrt.locking(fd, msvcrt.LK_UNLCK, 1)
    else:
        import fcntl

        fcntl.lockf(fd, fcntl.LOCK_UN, length, start)


class FileLocks:
    """Locks on parts of time of named things, between processes.

    Threads of one process are not kept apart; they share what is in flight instead. A range of
    time becomes a range of bytes of an empty file, which the system locks and, when the process
    dies, unlocks. (On Windows the whole thing is locked.)

    Parameters
    ----------
    folder : Path
        Where the files are made.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lock = threading.Lock()
        # closing any handle of a file drops all locks that this process has on it: keep one each
        self._fds: dict[str, int] = {}
        self._pid = os.getpid()

    @contextmanager
    def hold(self, name: str, range: TimeRange, deadline: Deadline) -> Iterator[None]:
        """Hold the lock on a range of `name`; OSError when the file system cannot lock."""
        fd = self._fd(name)
        start = (range.start_ns + 2**63) >> 1  # offsets have 63 bits
        length = max(1, ((range.stop_ns + 2**63) >> 1) - start)
        while not _try_lock(fd, start, length):
            deadline.wait(_POLL, "another process was fetching the same data")
        try:
            yield
        finally:
            _unlock(fd, start, length)

    def _fd(self, name: str) -> int:
        with self._lock:
            if self._pid != os.getpid():
                self._fds, self._pid = {}, os.getpid()
            if name not in self._fds:
                flags = os.O_RDWR | os.O_CREAT | getattr(os, "O_CLOEXEC", 0)
                self._fds[name] = os.open(self._folder / name, flags, 0o600)
            return self._fds[name]

    def close(self) -> None:
        """Close all files, which ends all locks."""
        with self._lock:
            fds, self._fds = list(self._fds.values()), {}
            if self._pid == os.getpid():
                for fd in fds:
                    os.close(fd)


@contextmanager
def exclusive(file: Path, deadline: Deadline) -> Iterator[None]:
    """Hold a whole file locked against other processes for a short piece of work."""
    fd = os.open(file, os.O_RDWR | os.O_CREAT | getattr(os, "O_CLOEXEC", 0), 0o600)
    try:
        while not _try_lock(fd, 0, 1):
            deadline.wait(_POLL)
        yield
    finally:
        os.close(fd)
