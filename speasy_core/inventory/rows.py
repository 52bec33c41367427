"""From a provider's flat records to rows of a tree, folders between them included."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from hashlib import blake2b

from speasy_core.product import Kind, ProductInfo

from .query import TITLE_LENGTH, fold, storable

__all__ = [
    "Row", "TreeInfo", "TreeRow", "WordsAbove", "make_rows", "node_id", "pack_name", "ref_key",
    "row_of", "select_rows",
]  # fmt: skip

# the cells of a stored node that `row_of` takes: a name once, folders' paths once for all below
COLUMNS = (
    "n.seq, n.id, n.up, p.path, n.name, n.ref, k.text, n.title, u.text, n.start, n.stop, "
    "n.cadence, n.children"
)


def select_rows(inner: str) -> str:
    """Return the query for :data:`COLUMNS` of the few nodes ``n.*`` that `inner` selects."""
    # CROSS keeps SQLite from beginning with the labels
    return (
        f"SELECT {COLUMNS} FROM ({inner}) n CROSS JOIN labels k ON k.label = n.kind "
        "CROSS JOIN labels u ON u.label = n.unit LEFT JOIN paths p ON p.seq = n.up"
    )


Words = frozenset[str]


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
    """One stored node; `path` leads from the provider's root to it, `up` is the `seq` above."""

    seq: int
    id: int
    up: int
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
    return _hash("\x1f".join((provider, *path)))


def ref_key(ref: str) -> int:
    """Return the number under which a product id is looked up."""
    return _hash(storable(ref))


def _hash(text: str) -> int:
    digest = blake2b(text.encode("utf-8", "replace"), digest_size=8).digest()
    return int.from_bytes(digest, "big") >> 12 or 1


def pack_name(name: str) -> str:
    """Return any name, halves of character pairs too, as text that SQLite holds."""
    return json.dumps(name)[1:-1]


def _unpack_name(text: str) -> str:
    return str(json.loads(f'"{text}"')) if "\\" in text else text


@lru_cache(1024)
def _unpack_path(text: str | None) -> tuple[str, ...]:
    return () if text is None else tuple(json.loads(text))


def _pack_ref(ref: str, path: Sequence[str]) -> str | int:
    """Return how many names at the end of `path` make the id, or the id where none do."""
    for count in range(1, len(path) + 1):
        if storable("/".join(path[-count:])) == ref:
            return count
    return ref


def row_of(provider: str, cells: Sequence[object]) -> Row:
    """Return the node that the columns :data:`COLUMNS` describe."""
    seq, id_, up, above, name, ref, *rest = cells
    path = (*_unpack_path(above), _unpack_name(name))  # type: ignore[arg-type]
    if isinstance(ref, int):
        ref = storable("/".join(path[-ref:]))
    return Row(seq, id_, up, provider, path, ref, *rest)  # type: ignore[arg-type]


@lru_cache(20_000)
def _words(text: str) -> Words:
    return frozenset(fold(text).split())


class TreeRow:
    """One row about to be stored."""

    __slots__ = ("children", "id", "path", "record", "seq", "up")

    def __init__(self, id_: int, up: TreeRow | None, path: tuple[str, ...]) -> None:
        self.id = id_
        self.up = up
        self.path = path
        self.seq = 0
        self.children = 0
        self.record: ProductInfo | None = None

    @property
    def ref(self) -> str | None:
        """The product id without its provider."""
        if self.record is None or self.record.ref is None:
            return None
        return storable(self.record.ref.path)

    @property
    def kind(self) -> str:
        """What the record says; a node without one is a folder."""
        return "folder" if self.record is None else self.record.kind

    @property
    def title(self) -> str:
        """As the archive writes it."""
        return "" if self.record is None else storable(self.record.title)

    @property
    def unit(self) -> str:
        """As the archive writes it."""
        return "" if self.record is None else storable(self.record.unit)

    def cells(self, tree: int, labels: dict[str, int]) -> tuple[object, ...]:
        """Return the cells of the `nodes` table."""
        record, ref = self.record, self.ref
        span = record.coverage if record is not None else None
        return (
            self.seq, tree, self.id, self.up.seq if self.up is not None else 0,
            pack_name(self.path[-1]), None if ref is None else _pack_ref(ref, self.path),
            labels[self.kind], self.title, labels[self.unit],
            None if span is None else span.start_ns, None if span is None else span.stop_ns,
            None if record is None else record.cadence, self.children,
        )  # fmt: skip

    def words(self, provider: str, above: WordsAbove) -> tuple[Words, Words, Words]:
        """Return what a search finds this row by: words of its name, of its place, all others.

        A word is in the first of the three only that has it; a search in one of them looks into
        those before it as well.
        """
        name = _words(self.path[-1])
        paths, titles = above.of(self.up)
        place = (paths | _words(provider) | _words(self.ref or "")) - name
        text = _words(self.title[:TITLE_LENGTH]) | _words(self.unit) | titles
        return name, place, text - name - place


class WordsAbove:
    """The words in the names and in the titles of all nodes above one."""

    def __init__(self) -> None:
        self.of = cache(self._of)

    def _of(self, up: TreeRow | None) -> tuple[Words, Words]:
        if up is None:
            return frozenset(), frozenset()
        paths, titles = self.of(up.up)
        return paths | _words(up.path[-1]), titles | _words(up.title[:TITLE_LENGTH])


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
        up = place(path[:-1]) if len(path) > 1 else None
        id_ = node_id(provider, path)
        while id_ in taken:  # two paths in 2**52 with one id: the later one moves on
            id_ += 1
        taken.add(id_)
        rows[path] = row = TreeRow(id_, up, path)
        if up is not None:
            up.children += 1
        return row

    for record in records:
        row = place(record.path)
        if row.record is None:
            row.record = record
    return list(rows.values())
