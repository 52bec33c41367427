"""The search itself: asks the index for candidates and puts the best first."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from .db import IndexDb
from .query import TITLE_LENGTH, Query, Term, fold, rank
from .rows import Row, TreeInfo, row_of, select_rows
from .schema import DATASET

__all__ = ["Match", "search_tree"]

_RANKED = 200  # up to so many matches are ranked one by one
_FEW = 500  # so few rows pass the filters that reading them beats asking the index
_ROUNDS = (("name", "whole"), ("name", "start"), ("name place", "start"),
           ("name place", "anywhere"))  # fmt: skip

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
            few = _select(db, tree, f"SELECT n.* FROM nodes n WHERE {where}", values)
            yield from _read_through(db, tree, query, few)
            return
    if not query.terms:
        inner = f"SELECT n.* FROM nodes n WHERE {where} ORDER BY n.seq LIMIT ?"
        yield from _select(db, tree, inner, (*values, limit))
        return
    enough = max(limit, _RANKED)
    wide = _match(db, tree, query.terms, "name place text", "anywhere", where, values, enough)
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
        conditions.append(f"n.kind <> {DATASET}")
    tests: tuple[tuple[str, Any], ...] = (
        ("n.kind IN (SELECT label FROM labels WHERE text = ?)", query.type),
        ("n.unit IN (SELECT label FROM labels WHERE flat = ?)", query.unit),
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
    start = " ".join(query.phrase.split())
    inner = (
        "SELECT n.* FROM folds f CROSS JOIN nodes n ON n.seq = f.seq WHERE f.tree = ? AND "
        f"f.fold >= ? AND f.fold < ? AND {where} ORDER BY f.fold LIMIT ?"
    )
    asked = (tree.tree, start, f"{start}\U0010ffff", *values, limit)
    return _select(db, tree, inner, asked)


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
    table = f"words_{tree.tree}"
    test: str
    asked: list[str]
    if db.indexed:
        vocabulary = db.vocabulary(tree)
        wanted = [vocabulary.expression(term, form) for term in terms]
        if not all(wanted):
            return []
        test, asked = f"{table} MATCH ?", [f"{{{columns}}} : ({' AND '.join(wanted)})"]
    else:
        text = " || ".join(f"' ' || s.{column} || ' '" for column in columns.split())
        test = " AND ".join([f"instr({text}, ?) > 0"] * len(terms))
        asked = [getattr(term, form).replace("  ", " ") for term in terms]
    # CROSS keeps SQLite from walking the nodes first and asking the index once for each
    inner = (
        f"SELECT n.* FROM {table} s CROSS JOIN nodes n ON n.seq = s.rowid "
        f"WHERE {test} AND {where} LIMIT ?"
    )
    return _select(db, tree, inner, (*asked, *values, limit))


def _read_through(db: IndexDb, tree: TreeInfo, query: Query, rows: list[Row]) -> Iterator[Row]:
    """Yield those of a few rows that hold every term, titles of the nodes above included."""
    titles: dict[int, str] = {0: ""}

    def above(row: Row) -> str:
        if row.up not in titles:
            up = db.above(tree, row)
            titles[row.up] = "" if up is None else f"{up.title[:TITLE_LENGTH]} {above(up)}"
        return titles[row.up]

    for row in rows:
        title = row.title[:TITLE_LENGTH]
        words = (tree.provider, row.ref or "", *row.path, title, row.unit, above(row))
        text = fold(" ".join(words))
        if all(term.anywhere in text for term in query.terms):
            yield row


def _select(db: IndexDb, tree: TreeInfo, inner: str, values: Sequence[Any]) -> list[Row]:
    return [row_of(tree.provider, cells) for cells in db.select(select_rows(inner), values)]
