"""The inventory's store: one SQLite file with the trees of all providers and a search index.

A tree is one provider's inventory from one server, so a loopback copy of a server and the server
itself never mix. Rows carry ids that depend on provider and path alone: a node keeps its id across
refreshes, processes and machines, and a row that a browser shows stays valid.
"""

from __future__ import annotations

import json
import os
import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from speasy_core.provider import InventoryUpdate

from .query import storable
from .rows import Row, TreeInfo, TreeRow, make_rows

__all__ = ["COLUMNS", "FILE_NAME", "IndexDb", "SnapshotError", "has_trigram", "row_of"]

FORMAT = 1
FILE_NAME = f"inventory-{FORMAT}.sqlite"
_BUSY_SECONDS = 10.0
_inherited: list[sqlite3.Connection] = []
_KEPT_SOURCES = 3  # trees of one provider from different servers

_SCHEMA = """
CREATE TABLE IF NOT EXISTS trees (
    tree INTEGER PRIMARY KEY AUTOINCREMENT, provider TEXT NOT NULL, source TEXT NOT NULL,
    version TEXT NOT NULL, count INTEGER NOT NULL, updated REAL NOT NULL,
    checked REAL NOT NULL, warnings TEXT NOT NULL,
    UNIQUE (provider, source));
CREATE TABLE IF NOT EXISTS nodes (
    seq INTEGER PRIMARY KEY, tree INTEGER NOT NULL, id INTEGER NOT NULL, parent INTEGER NOT NULL,
    path TEXT NOT NULL, ref TEXT, kind TEXT NOT NULL, title TEXT NOT NULL, unit TEXT NOT NULL,
    start INTEGER, stop INTEGER, cadence REAL, children INTEGER NOT NULL, fold TEXT,
    flat_unit TEXT, meta TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS nodes_by_id ON nodes (tree, id);
CREATE INDEX IF NOT EXISTS nodes_by_parent ON nodes (tree, parent, seq);
CREATE INDEX IF NOT EXISTS nodes_by_ref ON nodes (tree, ref);
CREATE INDEX IF NOT EXISTS nodes_by_fold ON nodes (tree, fold);
CREATE INDEX IF NOT EXISTS nodes_by_kind ON nodes (tree, kind);
CREATE INDEX IF NOT EXISTS nodes_by_unit ON nodes (tree, flat_unit);
"""
COLUMNS = (
    "n.seq, n.id, n.parent, n.path, n.ref, n.kind, n.title, n.unit, n.start, n.stop, n.cadence, "
    "n.children"
)


class SnapshotError(Exception):
    """The file cannot be used; `damaged` says whether its content is at fault."""

    def __init__(self, message: str, *, damaged: bool) -> None:
        super().__init__(message)
        self.damaged = damaged


def has_trigram() -> bool:
    """Whether this SQLite has the index; without it a search reads every row."""
    with closing(sqlite3.connect(":memory:")) as db:
        try:
            db.execute("CREATE VIRTUAL TABLE t USING fts5(x, tokenize='trigram')")
        except sqlite3.OperationalError:
            return False
    return True


class IndexDb:
    """Trees in one SQLite database, safe for threads and for several processes.

    Parameters
    ----------
    file : Path or None
        None keeps everything in memory.
    read_only : bool
        Open a file that cannot be written, or whose folder cannot.
    trigram : bool, optional
        By default what :func:`has_trigram` says.

    Raises
    ------
    SnapshotError
        The file cannot be opened, or is not one of ours.
    """

    def __init__(
        self, file: Path | None, *, read_only: bool = False, trigram: bool | None = None
    ) -> None:
        self._file = file
        self._read_only = read_only
        self._lock = threading.RLock()
        self._pid = os.getpid()
        trigram = has_trigram() if trigram is None else trigram
        self._db = self._open()
        with self._guard():
            self._prepare(trigram)
            # the writer of the file decides; a plain table can be read by any SQLite
            self._trigram = bool(self._db.execute("PRAGMA application_id").fetchone()[0])
            if self._trigram and not has_trigram():
                raise SnapshotError("written by a newer SQLite", damaged=False)

    def _open(self) -> sqlite3.Connection:
        try:
            if self._file is None:
                target, uri = ":memory:", False
            elif self._read_only:
                target, uri = f"{self._file.absolute().as_uri()}?mode=ro&immutable=1", True
            else:
                target, uri = str(self._file), False
            return sqlite3.connect(
                target,
                uri=uri,
                timeout=_BUSY_SECONDS,
                check_same_thread=False,
                isolation_level=None,
            )
        except sqlite3.Error as error:
            raise SnapshotError(str(error), damaged=False) from error

    def _prepare(self, trigram: bool) -> None:
        version = self._db.execute("PRAGMA user_version").fetchone()[0]
        if version not in (0, FORMAT):
            raise SnapshotError(f"written in format {version}, not {FORMAT}", damaged=False)
        if self._read_only:
            return
        if self._file is not None:
            self._db.execute("PRAGMA journal_mode = WAL")
            self._db.execute("PRAGMA synchronous = NORMAL")
        if version == 0:
            self._db.executescript(
                f"BEGIN IMMEDIATE; {_SCHEMA} PRAGMA application_id = {int(trigram)};"
                f"PRAGMA user_version = {FORMAT}; COMMIT;"
            )

    @contextmanager
    def _guard(self) -> Iterator[sqlite3.Connection]:
        """Hold the connection; every SQLite error leaves as SnapshotError."""
        with self._lock:
            if os.getpid() != self._pid and self._file is not None:
                # a handle must be neither used nor closed across a fork
                _inherited.append(self._db)
                self._db, self._pid = self._open(), os.getpid()
            try:
                yield self._db
            except sqlite3.Error as error:
                raise _as_snapshot_error(error) from error

    def close(self) -> None:
        """Close the file; whoever still reads finishes first."""
        with self._lock:
            self._db.close()

    def __del__(self) -> None:
        database = getattr(self, "_db", None)  # missing when opening failed
        if database is not None:
            database.close()

    @contextmanager
    def reading(self) -> Iterator[None]:
        """Make all reads inside see one state, whatever other processes write meanwhile."""
        with self._guard() as db:
            if db.in_transaction:
                yield
                return
            db.execute("BEGIN")
            try:
                yield
            finally:
                if db.in_transaction:
                    db.execute("COMMIT")

    # -- reading ---------------------------------------------------------------------------------

    def tree(self, provider: str, source: str) -> TreeInfo | None:
        """Return what is stored of `provider` as served by `source`."""
        with self._guard() as db:
            row = db.execute(
                "SELECT tree, provider, version, count, updated, checked, warnings FROM trees "
                "WHERE provider = ? AND source = ?",
                (provider, source),
            ).fetchone()
        if row is None:
            return None
        tree, name, version, count, updated, checked, remarks = row
        remarks = tuple(json.loads(remarks))
        return TreeInfo(tree, name, version, count, updated, checked, remarks)

    def row(self, tree: TreeInfo, id_: int) -> Row | None:
        """Return one node by its id."""
        rows = self._rows(tree, "n.id = ?", (id_,), "LIMIT 1")
        return rows[0] if rows else None

    def by_ref(self, tree: TreeInfo, path: str) -> Row | None:
        """Return the node whose product id is ``provider/path``."""
        rows = self._rows(tree, "n.ref = ?", (storable(path),), "LIMIT 1")
        return rows[0] if rows else None

    def refs(self, tree: TreeInfo) -> list[str]:
        """Return the paths of all products, data sets left out."""
        with self._guard() as db:
            found = db.execute(
                "SELECT ref FROM nodes WHERE tree = ? AND ref IS NOT NULL AND kind <> 'dataset' "
                "ORDER BY seq",
                (tree.tree,),
            )
            return [ref for (ref,) in found]

    def children(self, tree: TreeInfo, parent: int, offset: int = 0, limit: int = -1) -> list[Row]:
        """Return the nodes below `parent` in their order."""
        tail = "ORDER BY n.seq LIMIT ? OFFSET ?"
        return self._rows(tree, "n.parent = ?", (parent,), tail, (limit, offset))

    def count_children(self, tree: TreeInfo, parent: int) -> int:
        """Return how many nodes are directly below `parent`."""
        sql = "SELECT count(*) FROM nodes WHERE tree = ? AND parent = ?"
        with self._guard() as db:
            return int(db.execute(sql, (tree.tree, parent)).fetchone()[0])

    def meta(self, tree: TreeInfo, id_: int) -> dict[str, Any]:
        """Return the attributes of a node, empty when there is no such node."""
        sql = "SELECT meta FROM nodes WHERE tree = ? AND id = ?"
        with self._guard() as db:
            found = db.execute(sql, (tree.tree, id_)).fetchone()
        return dict(json.loads(found[0])) if found else {}

    def _rows(
        self,
        tree: TreeInfo,
        where: str,
        values: tuple[Any, ...],
        tail: str = "",
        tail_values: tuple[Any, ...] = (),
    ) -> list[Row]:
        sql = f"SELECT {COLUMNS} FROM nodes n WHERE n.tree = ? AND {where} {tail}"
        with self._guard() as db:
            found = db.execute(sql, (tree.tree, *values, *tail_values)).fetchall()
        return [row_of(tree.provider, cells) for cells in found]

    # -- searching -------------------------------------------------------------------------------

    def select(self, sql: str, values: Sequence[Any]) -> list[tuple[Any, ...]]:
        """Return the rows that a search asks for; `sql` is composed of constants only."""
        with self._guard() as db:
            return db.execute(sql, values).fetchall()

    @property
    def indexed(self) -> bool:
        """Whether text is looked up in an index; otherwise a search reads every row."""
        return self._trigram

    # -- writing ---------------------------------------------------------------------------------

    def replace(self, provider: str, source: str, update: InventoryUpdate, now: float) -> int:
        """Store a whole tree in place of the one before; returns its number of products.

        Readers, also in other processes, see the old tree until all of the new one is there.
        """
        rows = make_rows(provider, update.records)
        count = sum(1 for row in rows if row.ref is not None and row.kind != "dataset")
        marks = (update.version, count, now, now, json.dumps([*update.warnings]))
        with self._writer() as db, _transaction(db):
            old = _tree_number(db, provider, source)
            if old is not None:
                _delete(db, old)
            tree = db.execute(
                "INSERT INTO trees (provider, source, version, count, updated, checked, warnings) "
                "VALUES (?, ?, ?, ?, ?, ?, ?)",
                (provider, source, *marks),
            ).lastrowid
            assert tree is not None  # an INSERT that did not raise has one
            first = db.execute("SELECT coalesce(max(seq), 0) + 1 FROM nodes").fetchone()[0]
            db.executemany(
                f"INSERT INTO nodes VALUES ({', '.join('?' * 16)})",
                (row.cells(seq, tree) for seq, row in enumerate(rows, first)),
            )
            self._index(db, tree, [(seq, row) for seq, row in enumerate(rows, first) if row.ref])
            _forget_old_sources(db, provider)
        return count

    def _index(self, db: sqlite3.Connection, tree: int, rows: list[tuple[int, TreeRow]]) -> None:
        """Make the tree's two search tables: names and ids, and everything."""
        kind = "VIRTUAL TABLE {} USING fts5({}, content='', tokenize='trigram')"
        if not self._trigram:
            kind = "TABLE {} ({})"
        db.execute("CREATE " + kind.format(f"names_{tree}", "name, ref, path"))
        db.execute("CREATE " + kind.format(f"texts_{tree}", "text"))
        db.executemany(
            f"INSERT INTO names_{tree} (rowid, name, ref, path) VALUES (?, ?, ?, ?)",
            ((seq, *row.names()) for seq, row in rows),
        )
        db.executemany(
            f"INSERT INTO texts_{tree} (rowid, text) VALUES (?, ?)",
            ((seq, row.text()) for seq, row in rows),
        )

    @contextmanager
    def _writer(self) -> Iterator[sqlite3.Connection]:
        """Give a connection for a long write: one of its own, so that readers never wait."""
        if self._file is None:
            with self._guard() as db:
                yield db
            return
        try:
            with closing(self._open()) as db:
                yield db
        except sqlite3.Error as error:
            raise _as_snapshot_error(error) from error

    def confirm(self, provider: str, source: str, now: float) -> None:
        """Note that the server called the stored tree current."""
        with self._guard() as db:
            db.execute(
                "UPDATE trees SET checked = ? WHERE provider = ? AND source = ?",
                (now, provider, source),
            )


def _as_snapshot_error(error: sqlite3.Error) -> SnapshotError:
    damaged = "malformed" in str(error) or not isinstance(error, sqlite3.OperationalError)
    return SnapshotError(str(error), damaged=damaged)


def _tree_number(db: sqlite3.Connection, provider: str, source: str) -> int | None:
    found = db.execute(
        "SELECT tree FROM trees WHERE provider = ? AND source = ?", (provider, source)
    ).fetchone()
    return int(found[0]) if found else None


def _forget_old_sources(db: sqlite3.Connection, provider: str) -> None:
    found = db.execute(
        "SELECT tree FROM trees WHERE provider = ? ORDER BY checked DESC LIMIT -1 OFFSET ?",
        (provider, _KEPT_SOURCES),
    ).fetchall()
    for (tree,) in found:
        _delete(db, tree)


@contextmanager
def _transaction(db: sqlite3.Connection) -> Iterator[None]:
    db.execute("BEGIN IMMEDIATE")
    try:
        yield
    except BaseException:
        if db.in_transaction:
            db.execute("ROLLBACK")
        raise
    db.execute("COMMIT")


def _delete(db: sqlite3.Connection, tree: int) -> None:
    db.execute("DELETE FROM nodes WHERE tree = ?", (tree,))
    db.execute("DELETE FROM trees WHERE tree = ?", (tree,))
    db.execute(f"DROP TABLE IF EXISTS names_{tree}")
    db.execute(f"DROP TABLE IF EXISTS texts_{tree}")


def row_of(provider: str, cells: Sequence[Any]) -> Row:
    """Return the node that the columns :data:`COLUMNS` describe."""
    seq, id_, parent, path, *rest = cells
    return Row(seq, id_, parent, provider, tuple(json.loads(path)), *rest)
