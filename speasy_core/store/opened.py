"""Blobs that were read last stay open: reading one again costs no file to open and check."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterable
from pathlib import Path

from .blob import Blob

__all__ = ["OpenBlobs"]

_MOST = 64


class OpenBlobs:
    """Open blobs by name; of more than 64 the one used longest ago is let go. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._blobs: OrderedDict[str, Blob] = OrderedDict()

    def get(self, name: str, path: Path) -> Blob:
        """Return a blob, opened at first use.

        Raises
        ------
        OSError, CorruptFile
            As `Blob`.
        """
        with self._lock:
            blob = self._blobs.get(name)
            if blob is not None:
                self._blobs.move_to_end(name)
        if blob is not None:
            blob.refresh()
            return blob
        blob = Blob(path)
        with self._lock:
            self._blobs[name] = blob
            while len(self._blobs) > _MOST:
                self._blobs.popitem(last=False)
        return blob

    def drop(self, names: Iterable[str]) -> None:
        """Let go of blobs that are deleted."""
        with self._lock:
            for name in names:
                self._blobs.pop(name, None)

    def clear(self) -> None:
        """Let go of all."""
        with self._lock:
            self._blobs.clear()
