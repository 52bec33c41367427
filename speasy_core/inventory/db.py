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

from speasy_core.product import ProductInfo
from speasy_core.provider import InventoryUpdate

from .query import storable
from .rows import Row, TreeInfo, node_id, record_of, ref_key, row_of, select_rows
from .schema import FORMAT, SCHEMA, has_fts5, insert_tree, unpack_chunk
from .vocabulary import Vocabulary

__all__ = ["FILE_NAME", "IndexDb", "SnapshotError"]

FILE_NAME = f"inventory-{FORMAT}.sqlite"
_BUSY_SECONDS = 10.0
_FOLD_SECONDS = 0.5  # that a finished write waits for readers before its journal stays for later
_WRITE_CACHE_KB = 65_536
_VOCABULARIES = 50  # kept in memory, one for each provider
_inherited: list[sqlite3.Connection] = []


class SnapshotError(Exception):
    """The file cannot be used; `damaged` says whether its content is at fault."""

    def __init__(self, message: str, *, damaged: bool) -> None:
        super().__init__(message)
        self.damaged = damaged


class IndexDb:
    """Trees in one SQLite database, safe for threads and for several processes.

    Parameters
    ----------
    file : Path or None
        None keeps everything in memory.
    read_only : bool
        Open a file that cannot be written, or whose folder cannot.
    indexed : bool, optional
        By default what :func:`has_fts5` says.

    Raises
    ------
    SnapshotError
        The file cannot be opened, or is not one of ours.
    """

    def __init__(
        self, file: Path | None, *, read_only: bool = False, indexed: bool | None = None
    ) -> None:
        self._file = file
        self._read_only = read_only
        self._lock = threading.RLock()
        self._pid = os.getpid()
        self._last_chunk: tuple[tuple[int, int], list[dict[str, Any]]] = ((0, 0), [])
        self._vocabularies: dict[int, Vocabulary] = {}
        indexed = has_fts5() if indexed is None else indexed
        self._db = self._open()
        with self._guard():
            self._prepare(indexed)
            # the writer of the file decides; a plain table can be read by any SQLite
            self._indexed = bool(self._db.execute("PRAGMA application_id").fetchone()[0])
            if self._indexed and not has_fts5():
                raise SnapshotError("written by an SQLite that has FTS5", damaged=False)

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

    def _prepare(self, indexed: bool) -> None:
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
                f"BEGIN IMMEDIATE; {SCHEMA} PRAGMA application_id = {int(indexed)};"
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
            except UnicodeDecodeError as error:  # what SQLite itself says of damage, quoted
                raise SnapshotError(f"the file is damaged: {error}", damaged=True) from error

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
                "SELECT tree, provider, version, count, updated, checked, warnings, first, last, "
                "missing FROM trees WHERE provider = ? AND source = ?",
                (provider, source),
            ).fetchone()
        if row is None:
            return None
        tree, name, version, count, updated, checked, remarks, first, last, missing = row
        remarks, missing = tuple(json.loads(remarks)), tuple(map(tuple, json.loads(missing)))
        return TreeInfo(tree, name, version, count, updated, checked, remarks, first, last, missing)

    def row(self, tree: TreeInfo, id_: int) -> Row | None:
        """Return one node by its id."""
        rows = self._rows(tree, "SELECT * FROM nodes WHERE tree = ? AND id = ?", (tree.tree, id_))
        return rows[0] if rows else None

    def by_ref(self, tree: TreeInfo, path: str) -> Row | None:
        """Return the node whose product id is ``provider/path``."""
        wanted = storable(path)
        inner = "SELECT n.* FROM refs r JOIN nodes n ON n.seq = r.seq WHERE r.tree = ? AND key = ?"
        rows = self._rows(tree, inner, (tree.tree, ref_key(wanted)))
        found = [row for row in rows if row.ref == wanted]
        return min(found, key=lambda row: row.seq, default=None)

    def products(self, tree: TreeInfo) -> list[Row]:
        """Return all nodes that have a product id, in their order."""
        inner = "SELECT * FROM nodes WHERE seq BETWEEN ? AND ? AND ref IS NOT NULL ORDER BY seq"
        return self._rows(tree, inner, (tree.first, tree.last))

    def refs(self, tree: TreeInfo) -> list[str]:
        """Return the paths of all products, data sets left out."""
        rows = self.products(tree)
        return [row.ref for row in rows if row.ref is not None and row.kind != "dataset"]

    def children(self, tree: TreeInfo, parent: int, offset: int = 0, limit: int = -1) -> list[Row]:
        """Return the nodes below the one with the id `parent`, in their order."""
        up = self._seq(tree, parent)
        inner = "SELECT * FROM nodes WHERE tree = ? AND up = ? ORDER BY seq LIMIT ? OFFSET ?"
        return [] if up is None else self._rows(tree, inner, (tree.tree, up, limit, offset))

    def count_children(self, tree: TreeInfo, parent: int) -> int:
        """Return how many nodes are directly below the one with the id `parent`."""
        sql = "SELECT count(*) FROM nodes WHERE tree = ? AND up = ?"
        return int(self.select(sql, (tree.tree, self._seq(tree, parent)))[0][0])

    def records(self, tree: TreeInfo, path: tuple[str, ...]) -> list[ProductInfo]:
        """Return what is stored at `path` and below, parents before children."""
        top = self.row(tree, node_id(tree.provider, path))
        if top is None or top.path != path:
            return []
        found, waiting = [], [top]
        while waiting:
            row = waiting.pop()
            meta = self.meta(tree, row.id)
            if row.ref is not None or row.title or meta:  # other folders are made of paths
                found.append(record_of(row, meta))
            if row.children:
                waiting += reversed(self.children(tree, row.id))
        return found

    def meta(self, tree: TreeInfo, id_: int) -> dict[str, Any]:
        """Return the attributes of a node, empty when there is no such node."""
        seq = self._seq(tree, id_)
        if not seq:
            return {}
        sql = "SELECT seq, chunk FROM metas WHERE seq <= ? ORDER BY seq DESC LIMIT 1"
        with self._guard():
            first, chunk = self.select(sql, (seq,))[0]
            mark, known = self._last_chunk
            if mark != (tree.tree, first):  # a number of a tree is never used again
                known = unpack_chunk(chunk)
                self._last_chunk = (tree.tree, first), known
        return dict(known[seq - first])

    def _seq(self, tree: TreeInfo, id_: int) -> int | None:
        """Return the place of a node in the order of all nodes; 0 is the provider itself."""
        if id_ == node_id(tree.provider, ()):
            return 0
        found = self.select("SELECT seq FROM nodes WHERE tree = ? AND id = ?", (tree.tree, id_))
        return found[0][0] if found else None

    def _rows(self, tree: TreeInfo, inner: str, values: Sequence[Any]) -> list[Row]:
        """Return the nodes that `inner` selects, in the order of the tree."""
        found = self.select(f"{select_rows(inner)} ORDER BY n.seq", values)
        return [row_of(tree.provider, cells) for cells in found]

    # -- searching -------------------------------------------------------------------------------

    def select(self, sql: str, values: Sequence[Any]) -> list[tuple[Any, ...]]:
        """Return the rows that a search asks for; `sql` is composed of constants only."""
        with self._guard() as db:
            return db.execute(sql, values).fetchall()

    def vocabulary(self, tree: TreeInfo) -> Vocabulary:
        """Return all different words of a tree."""
        with self._guard():
            known = self._vocabularies.get(tree.tree)
            if known is None:
                sql = "SELECT words FROM vocabularies WHERE tree = ?"
                known = Vocabulary.unpack(self.select(sql, (tree.tree,))[0][0])
                if len(self._vocabularies) >= _VOCABULARIES:
                    self._vocabularies.clear()
                self._vocabularies[tree.tree] = known
        return known

    def labels(self, column: str, text: str) -> list[int]:
        """Return the numbers of kinds or units: `column` is ``text``, or ``flat`` for units."""
        found = self.select(f"SELECT label FROM labels WHERE {column} = ?", (text,))
        return [label for (label,) in found]

    def all_labels(self) -> list[tuple[int, str]]:
        """Return all kinds and units with their numbers."""
        return [(label, text) for label, text in self.select("SELECT label, text FROM labels", ())]

    def units(self, tree: TreeInfo) -> list[tuple[str, int]]:
        """Return the units of products, and how many have each."""
        found = self.select(
            "SELECT l.text, count(*) FROM nodes n JOIN labels l ON l.label = n.unit "
            "WHERE n.tree = ? AND n.ref IS NOT NULL AND l.text <> '' GROUP BY n.unit",
            (tree.tree,),
        )
        return [(text, count) for text, count in found]

    @property
    def indexed(self) -> bool:
        """Whether text is looked up in an index; otherwise a search reads every row."""
        return self._indexed

    # -- writing ---------------------------------------------------------------------------------

    def replace(self, provider: str, source: str, update: InventoryUpdate, now: float) -> int:
        """Store a whole tree in place of the one before; returns its number of products.

        Readers, also in other processes, see the old tree until all of the new one is there.
        """
        with self._writer() as db, _transaction(db):
            return insert_tree(db, provider, source, update, now, indexed=self._indexed)

    @contextmanager
    def _writer(self) -> Iterator[sqlite3.Connection]:
        """Give a connection for a long write: one of its own, so that readers never wait."""
        if self._file is None:
            with self._guard() as db:
                yield db
            return
        try:
            with closing(self._open()) as db:
                db.execute(f"PRAGMA cache_size = -{_WRITE_CACHE_KB}")
                yield db
                # the journal is as large as the tree: put it into the file and give it back
                db.execute(f"PRAGMA busy_timeout = {_FOLD_SECONDS * 1000:.0f}")
                db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
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
