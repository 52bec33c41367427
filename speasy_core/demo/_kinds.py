"""What the files of a folder are: by how they begin, else by how their names end."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path

from speasy_core import codecs
from speasy_core.errors import SpeasyError

__all__ = ["files", "of_kind"]

log = logging.getLogger(__name__)

_HEAD = 4096


def files(folder: Path | None) -> list[Path]:
    """Return all files below a folder, in order; none without a folder."""
    return sorted(p for p in folder.rglob("*") if p.is_file()) if folder is not None else []


def of_kind(folder: Path | None, kind: str) -> Iterator[Path]:
    """Yield the files below a folder that a codec is for, whatever their names.

    Parameters
    ----------
    folder : Path or None
        Searched recursively.
    kind : str
        Name of the codec.
    """
    return (path for path in files(folder) if _kind(path) == kind)


def _kind(path: Path) -> str:
    try:
        with path.open("rb") as stream:
            return codecs.sniff(stream.read(_HEAD), source=path.name).name
    except (OSError, SpeasyError):  # what the name promises: whoever reads it says what is wrong
        ending = path.suffix.lower()
        known = map(codecs.get, codecs.names())
        return next((codec.name for codec in known if ending in codec.extensions), "")
