"""From a provider's flat records to rows of a tree, folders between them included."""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from hashlib import blake2b

from speasy_core.product import Kind, ProductInfo, ProductRef
from speasy_core.timerange import TimeRange

from .query import TITLE_LENGTH, fold, storable
from .ranking import is_plain, is_principal

__all__ = [
    "Above", "Row", "TreeInfo", "TreeRow", "make_rows", "node_id", "pack_name", "record_of",
    "ref_key", "row_of", "select_rows",
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
    """One stored tree; times are seconds since 1970, `checked` the last time it was current.

    Its nodes are those whose `seq` is `first` to `last`; `missing` are the paths of parts that did
    not answer.
    """

    tree: int
    provider: str
    version: str
    count: int
    updated: float
    checked: float
    warnings: tuple[str, ...]
    first: int
    last: int
    missing: tuple[tuple[str, ...], ...] = ()


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
    text = "\x1f".join((provider, *path))
    digest = blake2b(text.encode("utf-8", "replace"), digest_size=8).digest()
    return int.from_bytes(digest, "big") >> 12 or 1


def ref_key(ref: str) -> int:
    """Return the number under which a product id is looked up; two may share one."""
    return zlib.crc32(storable(ref).encode())


_encode_name = json.JSONEncoder().encode


def pack_name(name: str) -> str:
    """Return any name, halves of character pairs too, as text that SQLite holds."""
    return str(_encode_name(name))[1:-1]


def _unpack_name(text: str) -> str:
    return str(json.loads(f'"{text}"')) if "\\" in text else text


@lru_cache(1024)
def _unpack_path(text: str | None) -> tuple[str, ...]:
    return () if text is None else tuple(json.loads(text))


def _pack_ref(ref: str, path: Sequence[str]) -> str | int:
    """Return how many names at the end of `path` make the id, or the id where none do."""
    count = ref.count("/") + 1
    return count if storable("/".join(path[-count:])) == ref else ref


def row_of(provider: str, cells: Sequence[object]) -> Row:
    """Return the node that the columns :data:`COLUMNS` describe."""
    seq, id_, up, above, name, ref, *rest = cells
    path = (*_unpack_path(above), _unpack_name(name))  # type: ignore[arg-type]
    if isinstance(ref, int):
        ref = storable("/".join(path[-ref:]))
    return Row(seq, id_, up, provider, path, ref, *rest)  # type: ignore[arg-type]


def record_of(row: Row, meta: Mapping[str, object]) -> ProductInfo:
    """Return what the provider once said of a node."""
    span = None
    if row.start_ns is not None and row.stop_ns is not None:
        span = TimeRange.from_ns(row.start_ns, row.stop_ns)
    ref = None if row.ref is None else ProductRef(row.provider, row.ref)
    return ProductInfo(row.path, ref, row.kind, row.title, row.unit, span, row.cadence, meta)


@lru_cache(20_000)
def _words(text: str) -> Words:
    return frozenset(fold(text).split())


class TreeRow:
    """One row about to be stored; texts as the file can hold them."""

    __slots__ = (
        "children", "folded", "id", "kind", "packed_ref", "path", "record", "ref", "seq", "title",
        "unit", "up",
    )  # fmt: skip

    def __init__(self, id_: int, up: TreeRow | None, path: tuple[str, ...]) -> None:
        self.id = id_
        self.up = up
        self.path = path
        self.seq = 0
        self.children = 0
        self.record: ProductInfo | None = None
        self.ref: str | None = None  # the product id without its provider
        self.packed_ref: str | int | None = None
        self.kind: str = "folder"
        self.title = self.unit = ""
        self.folded = ""  # words of the name

    def fill(self, record: ProductInfo) -> None:
        """Take what the provider says of this node."""
        self.record = record
        self.kind = record.kind
        self.title = storable(record.title)
        self.unit = storable(record.unit)
        if record.ref is not None:
            self.ref = storable(record.ref.path)
            self.packed_ref = _pack_ref(self.ref, self.path)
            self.folded = fold(self.path[-1]).strip().replace("  ", " ")

    def cells(self, tree: int, labels: dict[str, int]) -> tuple[object, ...]:
        """Return the cells of the `nodes` table."""
        record = self.record
        span = record.coverage if record is not None else None
        return (
            self.seq, tree, self.id, self.up.seq if self.up is not None else 0,
            pack_name(self.path[-1]), self.packed_ref,
            labels[self.kind], self.title, labels[self.unit],
            None if span is None else span.start_ns, None if span is None else span.stop_ns,
            None if record is None else record.cadence, self.children,
        )  # fmt: skip

    def words(self, provider: str, above: Above) -> tuple[Words, Words, Words, bool]:
        """Return what a search finds this row by: words of its name, of its place, all others.

        A word is in the first of the three only that has it; a search in one of them looks into
        those before it as well. The fourth is whether a search for something common should begin
        with this row.
        """
        name, title = frozenset(self.folded.split()), _words(self.title)
        place, text, plain = above.of(self.up)
        principal = plain and is_principal(self.ref or "", name, title)
        place = place.union(_words(provider))
        if not isinstance(self.packed_ref, int):  # else it says nothing that the path does not
            place = place.union(_words(self.ref or ""))
        if len(self.title) > TITLE_LENGTH:
            title = _words(self.title[:TITLE_LENGTH])
        text = text.union(title, _words(self.unit))
        return name, place - name, text.difference(name, place), principal


class Above:
    """What the nodes above one have in common for all below.

    These are the words in their names and in their titles, and whether they are such that a search
    for something common may begin below.
    """

    def __init__(self) -> None:
        self.of = cache(self._of)

    def _of(self, up: TreeRow | None) -> tuple[Words, Words, bool]:
        if up is None:
            return frozenset(), frozenset(), is_plain("")
        paths, titles, _ = self.of(up.up)
        return (
            paths | _words(up.path[-1]), titles | _words(up.title[:TITLE_LENGTH]),
            is_plain(fold(" ".join(up.path))),
        )  # fmt: skip


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
        above = path[:-1]
        up = (rows.get(above) or place(above)) if above else None
        id_ = node_id(provider, path)
        while id_ in taken:  # two paths in 2**52 with one id: the later one moves on
            id_ += 1
        taken.add(id_)
        rows[path] = row = TreeRow(id_, up, path)
        if up is not None:
            up.children += 1
        return row

    for record in records:
        row = rows.get(record.path) or place(record.path)
        if row.record is None:
            row.fill(record)
    return list(rows.values())
