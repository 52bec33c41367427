"""What the subcommands share: a session, JSON, and tables that fit their content."""

from __future__ import annotations

import argparse
import errno
import json
import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from speasy_core.session import Session, default_session
from speasy_core.timerange import TimeRange

__all__ = ["add_json", "check_place", "print_json", "print_table", "session"]


def session() -> Session:
    """Return the session that `speasy_core.get_data` uses."""
    return default_session()


def check_place(file: Path) -> None:
    """Raise an OSError where a file cannot be: before anything is fetched for it."""
    folder = file.parent
    if not folder.is_dir():
        code = errno.ENOTDIR if folder.exists() else errno.ENOENT
        raise OSError(code, "there is no such folder", str(folder))
    if file.is_dir():
        raise IsADirectoryError(errno.EISDIR, "it is a folder", str(file))
    if not os.access(file if file.exists() else folder, os.W_OK):
        raise PermissionError(errno.EACCES, "it cannot be written", str(file))


def add_json(parser: argparse.ArgumentParser) -> None:
    """Add ``--json``."""
    parser.add_argument("--json", action="store_true", help="for programs: JSON on stdout")


def print_json(value: Any) -> None:
    """Print one JSON document; ranges are lists of two times."""
    print(json.dumps(value, indent=2, default=_plain, allow_nan=False))


def _plain(value: Any) -> Any:
    if isinstance(value, TimeRange):
        return str(value).split("/")
    return str(value)


def print_table(rows: Iterable[Sequence[Any]], head: Sequence[str]) -> None:
    """Print rows in columns as wide as what they hold; the last one is not padded."""
    table = [[str(cell) for cell in row] for row in (head, *rows)]
    widths = [max(len(row[n]) for row in table) for n in range(len(head) - 1)]
    for row in table:
        cells = [cell.ljust(width) for cell, width in zip(row, widths, strict=False)]
        print("  ".join([*cells, row[-1]]).rstrip())
