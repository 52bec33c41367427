"""The search itself: asks the index for candidates and puts the best first."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from .db import COLUMNS, IndexDb, row_of
from .query import Query, Term, fold, rank
from .rows import Row, TreeInfo

__all__ = ["Match", "search_tree"]

_RANKED = 200  # up to so many matches are ranked one by one
_FEW = 500  # so few rows pass the filters that reading them beats asking the index
_ROUNDS = (("name", "whole"), ("name", "start"), ("name ref path", "start"),
           ("name ref path", "anywhere"))  # fmt: skip

# rank, length of the id, order in the tree: what matches are sorted by; then the row
Match = tuple[int, int, int, Row]


def search_tree(db: IndexDb, tree: TreeInfo, query: Query, limit: int) -> list[Match]:
    """Return the `limit` best matches in one tree, best first.

    Few matches are ranked one by one. Where there are many, narrower searches follow, each of
    which ends as soon as it has enough, so that the time taken depends on `limit` and hardly on
    how common the words are.
    """
    rows = {row.seq: row for row in _candidates(db, tree, query, limit)}
    matches = [_ranked(tree, query, row) for row in rows.values()]
    return sorted(matches, key=lambda match: match[:3])[:limit]


def _ranked(tree: TreeInfo, query: Query, row: Row) -> Match:
    ref = fold(f"{tree.provider}/{row.ref}")
    if not query.terms:
        return 6, 0, row.seq, row
    place = rank(query, fold(row.path[-1]), ref, fold(" ".join(row.path[:-1])))
    return place, len(ref), row.seq, row


def _candidates(db: IndexDb, tree: TreeInfo, query: Query, limit: int) -> Iterator[Row]:
    where, values = _filters(tree, query)
    if query.type is not None or query.unit is not None:
        some = f"SELECT count(*) FROM (SELECT 1 FROM nodes n WHERE {where} LIMIT {_FEW})"
        if db.select(some, values)[0][0] < _FEW:
            few = db.select(f"SELECT {COLUMNS} FROM nodes n WHERE {where}", values)
            yield from _read_through(db, tree, query, _rows(tree, few))
            return
    if not query.terms:
        sql = f"SELECT {COLUMNS} FROM nodes n WHERE {where} ORDER BY n.seq LIMIT ?"
        yield from _rows(tree, db.select(sql, (*values, limit)))
        return
    enough = max(limit, _RANKED)
    wide = _match(db, tree, query.terms, "text", "anywhere", where, values, enough)
    yield from wide
    if len(wide) < enough:
        return
    found = 0
    for row in _named(db, tree, query, where, values, limit):
        found += 1
        yield row
    for columns, form in _ROUNDS:
        if found >= limit:
            return
        rows = _match(db, tree, query.terms, columns, form, where, values, limit)
        found = max(found, len(rows))  # each round holds the rows of the one before
        yield from rows


def _filters(tree: TreeInfo, query: Query) -> tuple[str, list[Any]]:
    conditions, values = ["n.tree = ?", "n.ref IS NOT NULL"], [tree.tree]
    if query.type is None:
        conditions.append("n.kind <> 'dataset'")
    tests: tuple[tuple[str, Any], ...] = (
        ("n.kind = ?", query.type),
        ("n.flat_unit = ?", query.unit),
        ("coalesce(n.stop > ?, 1)", query.start_ns),
        ("coalesce(n.start < ?, 1)", query.stop_ns),
    )
    chosen = [(test, value) for test, value in tests if value is not None]
    conditions += [test for test, _ in chosen]
    return " AND ".join(conditions), [*values, *(value for _, value in chosen)]


def _named(
    db: IndexDb, tree: TreeInfo, query: Query, where: str, values: Sequence[Any], limit: int
) -> list[Row]:
    """Return rows whose name begins with the whole query, shortest first."""
    start = query.phrase.rstrip()
    sql = (
        f"SELECT {COLUMNS} FROM nodes n WHERE {where} AND n.fold >= ? AND n.fold < ? "
        "ORDER BY n.fold LIMIT ?"
    )
    return _rows(tree, db.select(sql, (*values, start, f"{start}\U0010ffff", limit)))


def _match(
    db: IndexDb,
    tree: TreeInfo,
    terms: Sequence[Term],
    columns: str,
    form: str,
    where: str,
    values: Sequence[Any],
    limit: int,
) -> list[Row]:
    """Return rows in whose `columns` every term occurs in the given form."""
    table = f"texts_{tree.tree}" if columns == "text" else f"names_{tree.tree}"
    needles = [getattr(term, form) for term in terms]
    if db.indexed:
        wanted = " AND ".join(f'"{needle}"' for needle in needles)
        test, asked = f"{table} MATCH ?", [f"{{{columns}}} : ({wanted})"]
    else:
        text = " || ".join(f"s.{column}" for column in columns.split())
        test, asked = " AND ".join([f"instr({text}, ?) > 0"] * len(needles)), needles
    # CROSS keeps SQLite from walking the nodes first and asking the index once for each
    sql = (
        f"SELECT {COLUMNS} FROM {table} s CROSS JOIN nodes n ON n.seq = s.rowid "
        f"WHERE {test} AND {where} LIMIT ?"
    )
    return _rows(tree, db.select(sql, (*asked, *values, limit)))


def _read_through(db: IndexDb, tree: TreeInfo, query: Query, rows: list[Row]) -> Iterator[Row]:
    """Yield those of a few rows that hold every term, titles of the nodes above included."""
    above: dict[int, str] = {}
    for row in rows:
        if row.parent not in above:
            parent = db.row(tree, row.parent)
            above[row.parent] = parent.title if parent is not None else ""
        words = (tree.provider, row.ref or "", *row.path, row.title, row.unit, above[row.parent])
        text = fold(" ".join(words))
        if all(term.anywhere in text for term in query.terms):
            yield row


def _rows(tree: TreeInfo, found: list[tuple[Any, ...]]) -> list[Row]:
    return [row_of(tree.provider, cells) for cells in found]
