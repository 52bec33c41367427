"""The folder of the disk cache: whose it is, what lies where, what has to go."""

from __future__ import annotations

import json
import os
import shutil
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from speasy_core.errors import CorruptFile
from speasy_core.http.deadline import Deadline

from .blob import Blob
from .index import Index, IndexTrouble
from .locks import exclusive

__all__ = ["FORMAT", "StoreFolder", "check_folder"]

FORMAT = "v1"
_MARKER = "this folder belongs to the data cache of speasy_core; it may be deleted at any time\n"
_MARKER_FILE = ".speasy-cache"
_NETWORK = frozenset(
    {"nfs", "nfs4", "cifs", "smb3", "smbfs", "fuse.sshfs", "afs", "lustre", "beegfs", "ceph"}
)
_OLD_TEMPORARY = 3600.0
_SWEEP_EVERY = 86_400.0
# atime of a blob says when it was last used; once a minute is exact enough
_USED_EVERY = 60.0


def check_folder(root: Path) -> None:
    """Refuse places where a cache would harm or be harmed.

    Raises
    ------
    OSError
        A network file system, another user's folder, or one with other things in it.
    """
    if file_system(root) in _NETWORK:
        raise OSError("it is on a network file system, where SQLite is not safe")
    path = root / FORMAT
    if not path.exists():
        return
    if path.is_symlink() or not path.is_dir():
        raise OSError(f"{path} is not a folder")
    if hasattr(os, "getuid") and path.stat().st_uid != os.getuid():
        raise OSError(f"{path} belongs to another user")
    if not (path / _MARKER_FILE).exists() and any(path.iterdir()):
        raise OSError(f"{path} holds other things than a cache")


def file_system(path: Path) -> str:
    """Return the type of the file system that `path` is or would be on; empty when unknown."""
    try:
        mounts = Path("/proc/self/mounts").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
    place, best, kind = os.path.realpath(path), "", ""
    for line in mounts.splitlines():
        fields = line.split()
        if len(fields) < 3:
            continue
        point = fields[1].replace("\\040", " ")
        inside = place == point or place.startswith(point.rstrip("/") + "/")
        if inside and len(point) >= len(best):
            best, kind = point, fields[2]
    return kind


def _create(path: Path) -> None:
    """Make the folder appear together with its marker, also when several processes do so."""
    new = path.with_name(f".{path.name}-{uuid.uuid4().hex}")
    new.mkdir(mode=0o700)
    try:
        (new / _MARKER_FILE).write_text(_MARKER, encoding="utf-8")
        new.rename(path)
    except OSError:
        shutil.rmtree(new, ignore_errors=True)
        if not (path / _MARKER_FILE).exists():  # nobody else was first
            raise


class StoreFolder:
    """``<root>/v1/``: marker, generation, index/, blobs/, tmp/, locks/; mode 0700.

    Parameters
    ----------
    root : Path
        Made when missing.

    Raises
    ------
    OSError
        It cannot be made or written to.
    """

    def __init__(self, root: Path) -> None:
        self.path = root / FORMAT
        root.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not (self.path / _MARKER_FILE).exists():
            _create(self.path)
        for name in ("blobs", "tmp", "locks"):
            (self.path / name).mkdir(mode=0o700, exist_ok=True)
        self.path.chmod(0o700)
        flags = os.O_RDWR | os.O_CREAT | getattr(os, "O_CLOEXEC", 0)
        self._generation_fd = os.open(
            self.path / "generation", flags | getattr(os, "O_BINARY", 0), 0o600
        )
        self._lock = threading.Lock()
        self._used: dict[str, float] = {}
        self._bytes: int | None = None
        self._written = 0

    def blob(self, name: str) -> Path:
        """Return the path of a blob."""
        if not name.isalnum():
            raise FileNotFoundError(name)  # an entry that we did not write
        return self.path / "blobs" / name[:2] / f"{name}.blob"

    def temporary(self, name: str) -> Path:
        """Return a path to write a blob to before it is whole."""
        return self.path / "tmp" / f"{os.getpid()}-{name}"

    # -- generation -------------------------------------------------------------------------
    def generation(self) -> bytes:
        """Return a mark that changes when any process changes the index."""
        with self._lock:
            os.lseek(self._generation_fd, 0, os.SEEK_SET)
            return os.read(self._generation_fd, 16)

    def touch_generation(self) -> None:
        """Tell all processes that the index has changed."""
        with self._lock:
            os.lseek(self._generation_fd, 0, os.SEEK_SET)
            os.write(self._generation_fd, os.urandom(16))

    # -- index ------------------------------------------------------------------------------
    def open_index(self) -> Index:
        """Open the index; a damaged one is set aside and made again from the blobs.

        Raises
        ------
        IndexTrouble, OSError
            It cannot be used.
        """
        with exclusive(self.path / "locks" / "open", Deadline(5.0)):
            try:
                index = self._checked_index()
            except IndexTrouble as trouble:
                if not trouble.damaged:
                    raise
                index = self._rebuild()
            self._sweep(index)
        return index

    def _checked_index(self) -> Index:
        index = Index(self.path / "index")
        try:
            index.all_keys()
        except IndexTrouble:
            with suppress(IndexTrouble):  # the first trouble is the one to tell
                index.close()
            raise
        return index

    def _rebuild(self) -> Index:
        aside = self.path / "index.damaged"
        shutil.rmtree(aside, ignore_errors=True)
        (self.path / "index").replace(aside)
        index = Index(self.path / "index")
        found: dict[str, list[dict[str, Any]]] = {}
        for file in self._blob_files():
            try:
                meta = Blob(file).meta
                key, entries = meta["key"], meta["entries"]
            except (CorruptFile, OSError, KeyError):
                file.unlink(missing_ok=True)
                continue
            found.setdefault(str(key), []).extend({**e, "blob": file.stem} for e in entries)
        for key, entries in found.items():
            data = json.dumps(entries).encode()
            index.update(key, lambda _, data=data: data)  # type: ignore[misc]
        self.touch_generation()
        return index

    # -- what has to go ---------------------------------------------------------------------
    def used(self, name: str) -> None:
        """Note that a blob was used, for `make_room`."""
        now = time.time()
        if now - self._used.get(name, 0.0) < _USED_EVERY:
            return
        if len(self._used) > 10_000:
            self._used.clear()
        self._used[name] = now
        file = self.blob(name)
        with suppress(OSError):  # a read-only disk can still be read
            os.utime(file, ns=(time.time_ns(), file.stat().st_mtime_ns))

    def usage(self) -> tuple[int, int]:
        """Return bytes and number of the blobs."""
        sizes = [state.st_size for _, state in self._states()]
        return sum(sizes), len(sizes)

    def make_room(self, added: int, limit: int) -> None:
        """Delete the least recently used blobs when there is more than `limit`."""
        with self._lock:
            self._written += 1
            if self._bytes is None or self._written % 256 == 0:
                self._bytes = self.usage()[0]  # other processes write, too
            else:
                self._bytes += added
            if self._bytes <= limit:
                return
            states = sorted(self._states(), key=lambda item: item[1].st_atime_ns)
            total = sum(state.st_size for _, state in states)
            for file, state in states[:-1]:  # the newest one has just been written
                if total <= 0.9 * limit:
                    break
                file.unlink(missing_ok=True)
                total -= state.st_size
            self._bytes = total

    def delete_blobs(self) -> None:
        """Delete all blobs."""
        for file in self._blob_files():
            file.unlink(missing_ok=True)
        self._bytes = 0

    def _sweep(self, index: Index) -> None:
        """Delete what killed processes left: old temporary files, and blobs that nothing names."""
        now, swept = time.time(), self.path / "swept"
        for file in (self.path / "tmp").iterdir():
            with suppress(OSError):
                if now - file.stat().st_mtime > _OLD_TEMPORARY:
                    file.unlink()
        if swept.exists() and now - swept.stat().st_mtime < _SWEEP_EVERY:
            return
        swept.touch()
        named = set()
        for key in index.all_keys():
            try:
                named |= {entry.get("blob") for entry in json.loads(index.get(key) or b"[]")}
            except (ValueError, AttributeError):
                continue  # an unreadable list names nothing
        for file, state in list(self._states()):
            if file.stem not in named and now - state.st_mtime > _OLD_TEMPORARY:
                file.unlink(missing_ok=True)

    def _blob_files(self) -> Iterator[Path]:
        return (self.path / "blobs").glob("??/*.blob")

    def _states(self) -> Iterator[tuple[Path, os.stat_result]]:
        for file in self._blob_files():
            with suppress(FileNotFoundError):
                yield file, file.stat()

    def close(self) -> None:
        """Close what is open."""
        os.close(self._generation_fd)
