"""A cache folder that can be read and not written to: what it holds is used all the same."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from speasy_core.errors import CorruptFile

from .blob import Blob
from .index import IndexTrouble

__all__ = ["FrozenFolder", "FrozenIndex", "blob_files", "entries_of_blobs"]


def blob_files(path: Path) -> Iterator[Path]:
    """Return the files of all blobs; a link in the place of a folder leads nowhere."""
    for folder in (path / "blobs").glob("??"):
        if not folder.is_symlink():
            yield from folder.glob("*.blob")


def entries_of_blobs(path: Path) -> tuple[dict[str, list[dict[str, Any]]], list[Path]]:
    """Return what the headers of the blobs say of all keys, and the blobs that are damaged."""
    found: dict[str, list[dict[str, Any]]] = {}
    damaged = []
    for file in blob_files(path):
        try:
            meta = Blob(file).meta
            entries = [{**entry, "blob": file.stem} for entry in meta["entries"]]
            found.setdefault(str(meta["key"]), []).extend(entries)
        except (CorruptFile, OSError, KeyError, TypeError):
            damaged.append(file)
    return found, damaged


class FrozenFolder:
    """As StoreFolder, for reading only.

    Parameters
    ----------
    path : Path
        Has our marker in it.

    Raises
    ------
    OSError
        It cannot be read, or is not to be trusted.
    """

    def __init__(self, path: Path) -> None:
        os.listdir(path / "blobs")
        self.path = path

    def blob(self, name: str) -> Path:
        """Return the path of a blob."""
        if not name.isalnum():
            raise FileNotFoundError(name)
        return self.path / "blobs" / name[:2] / f"{name}.blob"

    def generation(self) -> bytes:
        """Return always the same: what others may write meanwhile is not looked for."""
        return b"frozen"

    def touch_generation(self) -> None:
        """Nothing changes."""

    def used(self, name: str) -> None:
        """Nothing is deleted here, so nobody has to know."""

    def usage(self) -> tuple[int, int]:
        """Return bytes and number of the blobs."""
        sizes = []
        for file in blob_files(self.path):
            with suppress(OSError):
                sizes.append(file.stat().st_size)
        return sum(sizes), len(sizes)

    def close(self) -> None:
        """Nothing is open."""


class FrozenIndex:
    """As Index, made of the headers of the blobs: SQLite would want to write.

    Parameters
    ----------
    path : Path
    """

    refused = False

    def __init__(self, path: Path) -> None:
        self._found, _ = entries_of_blobs(path)

    def get(self, key: str) -> bytes | None:
        """Return the value of a key, None when there is none."""
        entries = self._found.get(key)
        return json.dumps(entries).encode() if entries else None

    def all_keys(self) -> list[str]:
        """Return all keys."""
        return list(self._found)

    def update(self, key: str, change: Any) -> None:
        """Refuse."""
        raise IndexTrouble("the folder cannot be written to")

    def clear(self) -> None:
        """Refuse."""
        raise IndexTrouble("the folder cannot be written to")

    def close(self) -> None:
        """Nothing is open."""
