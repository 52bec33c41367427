"""From a provider's flat records to rows of a tree, folders between them included."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any

from speasy_core.product import Kind, ProductInfo

from .query import fold, storable

__all__ = ["Row", "TreeInfo", "TreeRow", "make_rows", "node_id"]

_TITLE_LENGTH = 200  # of a title, what the search index holds


@dataclass(frozen=True, slots=True)
class TreeInfo:
    """One stored tree; times are seconds since 1970, `checked` the last time it was current."""

    tree: int
    provider: str
    version: str
    count: int
    updated: float
    checked: float
    warnings: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Row:
    """One stored node; `path` leads from the provider's root to it."""

    seq: int
    id: int
    parent: int
    provider: str
    path: tuple[str, ...]
    ref: str | None
    kind: Kind
    title: str
    unit: str
    start_ns: int | None
    stop_ns: int | None
    cadence: float | None
    children: int


def node_id(provider: str, path: Sequence[str]) -> int:
    """Return a node's id: a positive integer that a browser's numbers hold exactly."""
    digest = blake2b("\x1f".join((provider, *path)).encode("utf-8", "replace"), digest_size=8)
    return int.from_bytes(digest.digest(), "big") >> 12 or 1


class TreeRow:
    """One row about to be stored."""

    __slots__ = ("above", "children", "id", "kind", "parent", "path", "record", "ref")

    def __init__(self, id_: int, parent: int, path: tuple[str, ...]) -> None:
        self.id = id_
        self.parent = parent
        self.path = path
        self.children = 0
        self.kind: str = "folder"
        self.ref: str | None = None
        self.record: ProductInfo | None = None
        self.above: str = ""  # titles of the nodes above, found by a search too

    def fill(self, record: ProductInfo) -> None:
        """Take what the provider says of this node."""
        self.record = record
        self.kind = record.kind
        self.ref = storable(record.ref.path) if record.ref is not None else None

    def cells(self, seq: int, tree: int) -> tuple[Any, ...]:
        """Return the cells of the `nodes` table."""
        path = json.dumps(self.path)
        record = self.record
        head = (seq, tree, self.id, self.parent, path, self.ref, self.kind)
        if record is None:
            return (*head, "", "", None, None, None, self.children, None, None, "{}")
        span = record.coverage
        times = (None, None) if span is None else (span.start_ns, span.stop_ns)
        name = fold(self.path[-1]) if self.ref is not None else None
        unit = "".join(storable(record.unit).split()).casefold() if self.ref is not None else None
        meta = json.dumps(dict(record.meta), default=str) if record.meta else "{}"
        labels = (storable(record.title), storable(record.unit))
        return (*head, *labels, *times, record.cadence, self.children, name, unit, meta)

    def names(self) -> tuple[str, str, str]:
        """Return the folded name, id, and names above, for the search."""
        ref = "" if self.record is None else str(self.record.ref)
        return fold(self.path[-1]), fold(ref), fold(" ".join(self.path[:-1]))

    def text(self) -> str:
        """Return everything that a search finds this row by."""
        record = self.record
        if record is None:
            return ""
        words = (*self.names(), record.title[:_TITLE_LENGTH], record.unit, self.above)
        return fold(" ".join(words))


def make_rows(provider: str, records: Iterable[ProductInfo]) -> list[TreeRow]:
    """Return one row for each record and each folder above one, parents before children.

    Parameters
    ----------
    provider : str
        Name of the provider.
    records : iterable of ProductInfo
        In the order in which people should see them. Of two with the same path the first stays.
    """
    rows: dict[tuple[str, ...], TreeRow] = {}
    taken: set[int] = {node_id(provider, ())}

    def place(path: tuple[str, ...]) -> TreeRow:
        row = rows.get(path)
        if row is not None:
            return row
        parent = place(path[:-1]) if len(path) > 1 else None
        id_ = node_id(provider, path)
        while id_ in taken:  # two paths in 2**52 with one id: the later one moves on
            id_ += 1
        taken.add(id_)
        rows[path] = row = TreeRow(id_, parent.id if parent else node_id(provider, ()), path)
        if parent is not None:
            parent.children += 1
        return row

    for record in records:
        row = place(record.path)
        if row.record is None:
            row.fill(record)
    for path, row in rows.items():
        above = rows.get(path[:-1])
        if above is not None:
            title = above.record.title[:_TITLE_LENGTH] if above.record is not None else ""
            row.above = f"{title} {above.above}".strip()
    return list(rows.values())
