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

from speasy_core.errors import CorruptFile
from speasy_core.http.deadline import Deadline

from .blob import Blob
from .frozen import FrozenFolder, FrozenIndex, blob_files, entries_of_blobs
from .index import Index, IndexTrouble
from .locks import exclusive

__all__ = ["FORMAT", "StoreFolder", "check_folder", "check_place", "frozen"]

FORMAT = "v1"
_MARKER = "this folder belongs to the data cache of speasy_core; it may be deleted at any time\n"
_MARKER_FILE = ".speasy-cache"
_NETWORK = frozenset(
    {
        "nfs",
        "nfs4",
        "cifs",
        "smb2",
        "smb3",
        "smbfs",
        "afs",
        "lustre",
        "beegfs",
        "ceph",
        "gpfs",
        "glusterfs",
        "pvfs2",
        "davfs",
        "fuse.sshfs",
        "fuse.glusterfs",
        "fuse.rclone",
        "fuse.s3fs",
        "fuse.ceph",
        "fuse.davfs2",
        "fuse.gcsfuse",
    }
)
_OLD_TEMPORARY = 3600.0
_SWEEP_EVERY = 86_400.0
# atime of a blob says when it was last used; once a minute is exact enough
_USED_EVERY = 60.0


def check_place(root: Path) -> None:
    """Refuse a network file system with an OSError: neither SQLite nor mapped files are safe."""
    if file_system(root) in _NETWORK:
        raise OSError("it is on a network file system, where SQLite is not safe")


def check_folder(root: Path) -> None:
    """Refuse to write where a cache would harm or be harmed.

    Raises
    ------
    OSError
        Another user's folder, or one with other things in it.
    """
    path = root / FORMAT
    if not path.exists():
        return
    if path.is_symlink() or not path.is_dir():
        raise OSError(f"{path} is not a folder")
    if hasattr(os, "getuid") and path.stat().st_uid != os.getuid():
        raise PermissionError(f"{path} belongs to another user")
    if not (path / _MARKER_FILE).exists() and any(path.iterdir()):
        raise OSError(f"{path} holds other things than a cache")


def frozen(root: Path) -> tuple[FrozenFolder, FrozenIndex]:
    """Return a folder that cannot be written to, for reading.

    Raises
    ------
    OSError
        There is no cache, or it belongs to another user who is not the administrator.
    """
    path = root / FORMAT
    if path.is_symlink() or not (path / _MARKER_FILE).exists():
        raise FileNotFoundError(f"{path} is not a cache")
    if hasattr(os, "getuid") and path.stat().st_uid not in (os.getuid(), 0):
        raise PermissionError(f"{path} belongs to another user")
    return FrozenFolder(path), FrozenIndex(path)


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
        for name in ("blobs", "tmp", "locks", "index"):
            if (self.path / name).is_symlink():
                raise OSError(f"{self.path / name} is a link")
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
        self._mended = False

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
                if not index.all_keys() and any(blob_files(self.path)):
                    self._fill(index)  # cut to nothing, which SQLite takes for a new one
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
        return self._fill(Index(self.path / "index"))

    def _fill(self, index: Index) -> Index:
        """Make an index of what the headers of the blobs say."""
        self._mended = True
        found, damaged = entries_of_blobs(self.path)
        for file in damaged:
            with suppress(OSError):
                file.unlink(missing_ok=True)
        for key, entries in found.items():
            data = json.dumps(entries).encode()
            index.update(key, lambda _, data=data: data)  # type: ignore[misc]
        self.touch_generation()
        return index

    def oddities(self) -> list[str]:
        """Return what its owner should know of, now that it is open."""
        said = []
        if self._mended:
            said.append("had a damaged index, made again from the data; nothing is lost")
        others = sorted(
            path.name
            for path in self.path.parent.glob("v[0-9]*")
            if path.name != FORMAT and path.is_dir()
        )
        if others:
            said.append(
                f"also holds data of another version ({', '.join(others)}), which is left alone; "
                "delete it when nothing uses it"
            )
        return said

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

    def grown(self, added: int) -> int:
        """Return how many bytes there are after so many were added."""
        with self._lock:
            self._written += 1
            if self._bytes is None or self._written % 256 == 0:
                self._bytes = self.usage()[0]  # other processes write, too
            else:
                self._bytes += added
            return self._bytes

    def make_room(self, limit: int, spared: frozenset[str]) -> dict[str, set[str]]:
        """Delete the least recently used blobs until there are no more than `limit` bytes.

        Returns
        -------
        dict of str to set of str
            Names of the blobs that are gone, by key.
        """
        gone: dict[str, set[str]] = {}
        states = sorted(self._states(), key=lambda item: item[1].st_atime_ns)
        total = sum(state.st_size for _, state in states)
        for file, state in states:
            if total <= limit:
                break
            if file.stem in spared:
                continue
            with suppress(CorruptFile, OSError, KeyError):  # the index forgets it at its next use
                gone.setdefault(str(Blob(file).meta["key"]), set()).add(file.stem)
            file.unlink(missing_ok=True)
            total -= state.st_size
        with self._lock:
            self._bytes = total
        return gone

    def delete_blobs(self) -> None:
        """Delete all blobs."""
        for file in blob_files(self.path):
            with suppress(OSError):
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

    def _states(self) -> Iterator[tuple[Path, os.stat_result]]:
        for file in blob_files(self.path):
            with suppress(FileNotFoundError):
                yield file, file.stat()

    def close(self) -> None:
        """Close what is open."""
        os.close(self._generation_fd)
