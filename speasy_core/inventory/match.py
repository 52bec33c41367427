"""The search itself: asks the index for candidates and puts the best first."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

from speasy_core.units import parse

from .db import IndexDb
from .query import TITLE_LENGTH, Query, Term, fold
from .ranking import rank
from .rows import Row, TreeInfo, row_of, select_rows
from .schema import DATASET, PRINCIPAL, kind_mark, unit_mark
from .vocabulary import any_of

__all__ = ["Match", "search_tree"]

_RANKED = 100  # up to so many matches are ranked one by one
_ROUNDS: tuple[tuple[str, str], ...] = (
    ("name", "whole"), ("name", "start"), ("name place", "start"), ("name place", "anywhere"),
)  # fmt: skip

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
    if not query.terms:
        return 0, 0, row.seq, row
    ref = f"{tree.provider}/{row.ref}"
    title = fold(row.title[:TITLE_LENGTH])
    place = rank(query, fold(row.path[-1]), ref, _fold_above(row.path[:-1]), title)
    return place, len(ref), row.seq, row


@lru_cache(4096)
def _fold_above(path: tuple[str, ...]) -> str:
    return fold(" ".join(path))  # the same for all products of a data set


def _candidates(db: IndexDb, tree: TreeInfo, query: Query, limit: int) -> Iterator[Row]:
    filters = _Filters.of(db, tree, query)
    if filters is None:
        return
    if not query.terms:
        yield from _match(db, tree, (), "name", "whole", filters, limit)
        return
    enough = max(limit, _RANKED)
    wide = _match(db, tree, query.terms, "name place text", "anywhere", filters, enough)
    if len(wide) < enough:
        yield from wide
        return
    found = 0
    for row in _named(db, tree, query, filters, limit):
        found += 1
        yield row
    rounds = _ROUNDS
    if db.indexed:
        principal = replace(filters, marks=(*filters.marks, PRINCIPAL))
        columns = "name place text"
        best = _match(db, tree, query.terms, columns, "whole", principal, enough)
        yield from best
        if len(best) >= limit:  # what has the words in its name may still be better
            rounds, wide = _ROUNDS[:2], []
    for columns, form in rounds:
        if found >= limit:
            return
        rows = _match(db, tree, query.terms, columns, form, filters, limit)
        found = max(found, len(rows))  # each round holds the rows of the one before
        yield from rows
    yield from wide


@dataclass(frozen=True, slots=True)
class _Filters:
    """What besides words a row must fulfil: in SQL, and what of it the index knows as well."""

    where: str
    values: tuple[Any, ...]
    marks: tuple[str, ...]
    places: tuple[Term, ...]

    @classmethod
    def of(cls, db: IndexDb, tree: TreeInfo, query: Query) -> _Filters | None:
        """Return the filters of a query; None when nothing here can pass them."""
        conditions: list[str] = ["n.ref IS NOT NULL"]
        values: list[int] = []
        marks: list[str] = []
        for cell, column, wanted, mark in (
            ("n.kind", "text", query.type, kind_mark),
            ("n.unit", "flat", query.unit, unit_mark),
        ):
            if wanted is None:
                continue
            labels = db.labels(column, wanted)
            if column == "flat":
                labels = list({*labels, *_same_units(db, query.spelt)})
            if not labels:
                return None
            conditions.append(f"{cell} IN ({', '.join('?' * len(labels))})")
            values += labels
            marks.append(any_of([mark(label) for label in labels]))
        if query.type is None:
            conditions.append(f"n.kind <> {DATASET}")
        for test, time in (
            ("coalesce(n.stop > ?, 1)", query.start_ns),
            ("coalesce(n.start < ?, 1)", query.stop_ns),
        ):
            if time is not None:
                conditions.append(test)
                values.append(time)
        return cls(" AND ".join(conditions), tuple(values), tuple(marks), query.places)

    def passes(self, row: Row) -> bool:
        """Whether the names above a row are those that were asked for."""
        above = _fold_above((row.provider, *row.path[:-1]))
        return all(term.start in above for term in self.places)


def _same_units(db: IndexDb, unit: str) -> list[int]:
    """Return the other spellings of a unit: ``km s-1`` of ``km/s``."""
    asked = parse(unit)
    if asked.si is None or not asked.dims:
        return []
    found = ((label, parse(text)) for label, text in db.all_labels())
    return [
        label for label, u in found
        if u.dims == asked.dims and u.si is not None
        and math.isclose(u.si, asked.si, rel_tol=1e-9) and u.offset == asked.offset
    ]  # fmt: skip


def _named(db: IndexDb, tree: TreeInfo, query: Query, filters: _Filters, limit: int) -> list[Row]:
    """Return rows whose name begins with the whole query, shortest first."""
    start = " ".join(query.phrase.split())
    inner = (
        "SELECT n.* FROM folds f CROSS JOIN nodes n ON n.seq = f.seq WHERE f.tree = ? AND "
        f"f.fold >= ? AND f.fold < ? AND {filters.where} ORDER BY f.fold LIMIT ?"
    )
    asked = (tree.tree, start, f"{start}\U0010ffff", *filters.values, limit)
    return _select(db, tree, inner, asked, filters)


def _match(
    db: IndexDb,
    tree: TreeInfo,
    terms: Sequence[Term],
    columns: str,
    form: str,
    filters: _Filters,
    limit: int,
) -> list[Row]:
    """Return rows in whose `columns` every term occurs in the given form, first ones first."""
    table = f"words_{tree.tree}"
    tests: list[str] = []
    asked: list[str | int] = []
    searches = [(columns, form, term) for term in terms]
    # a word of the name is not noted again for the names above it: `passes` tells them apart
    searches += [("name place", "start", term) for term in filters.places]
    if not db.indexed:
        for columns, form, term in searches:
            text = " || ".join(f"' ' || s.{column} || ' '" for column in columns.split())
            tests.append(f"instr({text}, ?) > 0")
            asked.append(getattr(term, form).replace("  ", " "))
    elif searches or filters.marks:
        vocabulary = db.vocabulary(tree)
        wanted = [(columns, vocabulary.expression(term, form)) for columns, form, term in searches]
        if not all(words for _, words in wanted):
            return []
        parts = [f"{{{columns}}} : {words}" for columns, words in wanted]
        parts += [f"{{marks}} : {mark}" for mark in filters.marks]
        tests, asked = [f"{table} MATCH ?"], [" AND ".join(parts)]
    # CROSS keeps SQLite from walking the nodes first and asking the index once for each
    source = f"{table} s CROSS JOIN nodes n ON n.seq = s.rowid"
    if not tests:
        source, tests = "nodes n", ["n.seq BETWEEN ? AND ?"]
        asked = [tree.first, tree.last]
    where = " AND ".join([*tests, filters.where])
    inner = f"SELECT n.* FROM {source} WHERE {where} LIMIT ?"
    return _select(db, tree, inner, (*asked, *filters.values, limit), filters)


def _select(
    db: IndexDb, tree: TreeInfo, inner: str, values: Sequence[Any], filters: _Filters
) -> list[Row]:
    rows = [row_of(tree.provider, cells) for cells in db.select(select_rows(inner), values)]
    return list(filter(filters.passes, rows)) if filters.places else rows
