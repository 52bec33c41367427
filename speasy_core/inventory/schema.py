"""The tables of the snapshot, and how a whole tree gets into them.

Kept small, so that a hundred thousand products fit in a few tens of megabytes: names once and not
in every path below, units and kinds as numbers, attributes of neighbours compressed together, and
a search index over words: each word of a product once, whatever is inside words being a matter of
the much shorter list of all different words.
"""

from __future__ import annotations

import json
import sqlite3
import zlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, suppress
from functools import cache, partial
from itertools import chain

from speasy_core.provider import InventoryUpdate

from .query import flat_unit
from .rows import Above, TreeRow, make_rows, ref_key
from .vocabulary import Vocabulary

__all__ = [
    "DATASET", "FORMAT", "PRINCIPAL", "SCHEMA", "delete_tree", "has_fts5", "insert_tree",
    "kind_mark", "unit_mark", "unpack_chunk",
]  # fmt: skip

FORMAT = 3
DATASET = 1  # label of the kind that a search passes over
PRINCIPAL = "×p"  # what the index knows products by with which a search begins
_encode = json.JSONEncoder(default=str).encode
_KEPT_SOURCES = 3  # trees of one provider from different servers
_HASH_BYTES = 16 * 2**20  # of the index under construction, before it is merged with the rest
_CHUNK_ROWS = 48  # whose attributes are compressed together

SCHEMA = f"""
CREATE TABLE trees (
    tree INTEGER PRIMARY KEY AUTOINCREMENT, provider TEXT NOT NULL, source TEXT NOT NULL,
    version TEXT NOT NULL, count INTEGER NOT NULL, updated REAL NOT NULL,
    checked REAL NOT NULL, warnings TEXT NOT NULL, first INTEGER NOT NULL, last INTEGER NOT NULL,
    missing TEXT NOT NULL,
    UNIQUE (provider, source));
CREATE TABLE nodes (
    seq INTEGER PRIMARY KEY, tree INTEGER NOT NULL, id INTEGER NOT NULL, up INTEGER NOT NULL,
    name TEXT NOT NULL, ref, kind INTEGER NOT NULL, title TEXT NOT NULL, unit INTEGER NOT NULL,
    start INTEGER, stop INTEGER, cadence REAL, children INTEGER NOT NULL);
CREATE INDEX nodes_by_id ON nodes (tree, id);
CREATE INDEX nodes_by_up ON nodes (tree, up);
CREATE TABLE refs (tree INTEGER, key INTEGER, seq INTEGER, PRIMARY KEY (tree, key, seq))
    WITHOUT ROWID;
CREATE TABLE folds (tree INTEGER, fold TEXT, seq INTEGER, PRIMARY KEY (tree, fold, seq))
    WITHOUT ROWID;
CREATE TABLE paths (seq INTEGER PRIMARY KEY, path TEXT NOT NULL);
CREATE TABLE metas (seq INTEGER PRIMARY KEY, chunk BLOB NOT NULL);
CREATE TABLE labels (label INTEGER PRIMARY KEY, text TEXT NOT NULL UNIQUE, flat TEXT NOT NULL);
CREATE TABLE vocabularies (tree INTEGER PRIMARY KEY, words BLOB NOT NULL);
INSERT INTO labels VALUES ({DATASET}, 'dataset', 'dataset');
"""


def has_fts5() -> bool:
    """Whether this SQLite has the index; without it a search reads every row."""
    with closing(sqlite3.connect(":memory:")) as db:
        try:
            db.execute("CREATE VIRTUAL TABLE t USING fts5(x, detail=column)")
        except sqlite3.OperationalError:
            return False
    return True


def insert_tree(
    db: sqlite3.Connection,
    provider: str,
    source: str,
    update: InventoryUpdate,
    now: float,
    *,
    indexed: bool,
) -> int:
    """Put a tree in place of the one before, inside a transaction; returns the products in it."""
    rows = make_rows(provider, update.records)
    count = sum(1 for row in rows if row.ref is not None and row.kind != "dataset")
    delete_tree(db, "provider = ? AND source = ?", (provider, source))
    first = db.execute("SELECT coalesce(max(last), 0) + 1 FROM trees").fetchone()[0]
    for seq, row in enumerate(rows, first):
        row.seq = seq
    tree = db.execute(
        "INSERT INTO trees (provider, source, version, count, updated, checked, warnings, first, "
        "last, missing) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (provider, source, update.version, count, now, now, json.dumps([*update.warnings]),
         first, first + len(rows) - 1, json.dumps([*update.kept])),
    ).lastrowid  # fmt: skip
    assert tree is not None  # an INSERT that did not raise has one
    labels = _labels(db, chain.from_iterable((row.kind, row.unit) for row in rows))
    _insert_nodes(db, tree, rows, labels)
    searched = [row for row in rows if row.ref is not None]
    _insert_words(db, tree, provider, searched, labels, indexed=indexed)
    kept = "SELECT tree FROM trees WHERE provider = ? ORDER BY checked DESC LIMIT -1 OFFSET ?"
    delete_tree(db, f"tree IN ({kept})", (provider, _KEPT_SOURCES))
    return count


def _insert_nodes(
    db: sqlite3.Connection, tree: int, rows: Sequence[TreeRow], labels: dict[str, int]
) -> None:
    db.executemany(
        f"INSERT INTO nodes VALUES ({', '.join('?' * 13)})",
        (row.cells(tree, labels) for row in rows),
    )
    paths = ((row.seq, json.dumps(row.path)) for row in rows if row.children)
    db.executemany("INSERT INTO paths VALUES (?, ?)", paths)
    db.executemany("INSERT INTO metas VALUES (?, ?)", _chunks(rows))
    keys = sorted((ref_key(row.ref), row.seq) for row in rows if row.ref is not None)
    db.executemany(f"INSERT INTO refs VALUES ({tree}, ?, ?)", keys)
    folds = sorted((row.folded, row.seq) for row in rows if row.ref is not None)
    db.executemany(f"INSERT INTO folds VALUES ({tree}, ?, ?)", folds)


def _labels(db: sqlite3.Connection, texts: Iterable[str]) -> dict[str, int]:
    """Return the number of each text, new ones included."""
    wanted = dict.fromkeys(texts)
    known: dict[str, int] = dict(db.execute("SELECT text, label FROM labels"))
    new = [(text, flat_unit(text)) for text in wanted if text not in known]
    db.executemany("INSERT INTO labels (text, flat) VALUES (?, ?)", new)
    return dict(db.execute("SELECT text, label FROM labels"))


def _chunks(rows: Sequence[TreeRow]) -> Iterator[tuple[int, bytes]]:
    """Yield the attributes of neighbours, which are much alike, as one compressed list."""
    for start in range(0, len(rows), _CHUNK_ROWS):
        part = rows[start : start + _CHUNK_ROWS]
        metas = [dict(row.record.meta) if row.record is not None else {} for row in part]
        yield part[0].seq, zlib.compress(_encode(metas).encode(), 3)


def unpack_chunk(chunk: bytes) -> list[dict[str, object]]:
    """Return the attributes of neighbouring nodes."""
    found = json.loads(zlib.decompress(chunk))
    return found if isinstance(found, list) else []


def kind_mark(label: int) -> str:
    """Return the word by which the index finds a kind; no text that people write has it."""
    return f"×k{label}"


def unit_mark(label: int) -> str:
    """Return the word by which the index finds a unit."""
    return f"×u{label}"


def _marks(labels: dict[str, int], kind: str, unit: str, principal: bool) -> str:
    """Return the words by which the index finds what is no text."""
    marks = f"{kind_mark(labels[kind])} {unit_mark(labels[unit])}"
    return f"{marks} {PRINCIPAL}" if principal else marks


def _insert_words(
    db: sqlite3.Connection,
    tree: int,
    provider: str,
    rows: Sequence[TreeRow],
    labels: dict[str, int],
    *,
    indexed: bool,
) -> None:
    """Make the tree's search index, and the list of all its different words."""
    above = Above()
    marks_of = cache(partial(_marks, labels))
    vocabulary: set[str] = set()

    def cells() -> Iterator[tuple[int, str, str, str, str]]:
        for row in rows:
            name, place, text, principal = row.words(provider, above)
            vocabulary.update(name, place, text)
            marks = marks_of(row.kind, row.unit, principal)
            yield row.seq, " ".join(name), " ".join(place), " ".join(text), marks

    table, columns = f"words_{tree}", "name, place, text, marks"
    if indexed:
        # words are folded before: here they are only cut at blanks, as this tokenizer does
        db.execute(
            f"CREATE VIRTUAL TABLE {table} USING fts5({columns}, content='', columnsize=0, "
            "detail=column, prefix='1', tokenize='ascii')"
        )
        with suppress(sqlite3.OperationalError):  # a hint that not every SQLite may take
            db.execute(f"INSERT INTO {table} ({table}, rank) VALUES ('hashsize', {_HASH_BYTES})")
    else:
        db.execute(f"CREATE TABLE {table} ({columns})")
    db.executemany(f"INSERT INTO {table} (rowid, {columns}) VALUES (?, ?, ?, ?, ?)", cells())
    packed = Vocabulary.pack(sorted(vocabulary))
    db.execute("INSERT INTO vocabularies VALUES (?, ?)", (tree, packed))


def delete_tree(db: sqlite3.Connection, where: str, values: Sequence[object]) -> None:
    """Remove trees with everything that belongs to them."""
    found = db.execute(f"SELECT tree, first, last FROM trees WHERE {where}", values).fetchall()
    for tree, first, last in found:
        for table in ("nodes", "paths", "metas"):
            db.execute(f"DELETE FROM {table} WHERE seq BETWEEN ? AND ?", (first, last))
        for table in ("refs", "folds", "vocabularies", "trees"):
            db.execute(f"DELETE FROM {table} WHERE tree = ?", (tree,))
        db.execute(f"DROP TABLE IF EXISTS words_{tree}")
