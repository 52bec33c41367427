"""Lists of entries as the bytes that the index keeps of them."""

from __future__ import annotations

import json

from .memory import MEMORY, Entry

__all__ = ["OnlyInMemoryError", "parse", "to_plain"]


class OnlyInMemoryError(Exception):
    """Entries that the index must not hold, since their blobs end with this process."""


def parse(data: bytes | None) -> list[Entry]:
    """Return the entries that bytes stand for; what is none of ours is an empty list."""
    try:
        found = json.loads(data) if data else []
    except ValueError:
        return []
    if not isinstance(found, list) or not all(isinstance(entry, dict) for entry in found):
        return []
    return found


def to_plain(new: list[Entry]) -> bytes | None:
    """Return the bytes for entries, None for no entries."""
    if any(str(entry.get("blob", "")).startswith(MEMORY) for entry in new):
        raise OnlyInMemoryError
    return json.dumps(new).encode() if new else None
