"""A small TAP: tables of text, simple queries, answers as CSV and VOTable."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from xml.sax.saxutils import escape, quoteattr

from .holdings import ArchiveError

__all__ = ["QueryError", "Table", "error_votable", "run_query", "to_csv", "to_votable"]

Row = Mapping[str, str]
_Test = Callable[[Row], bool]

_SELECT = re.compile(
    r"\s*SELECT\s+(?:TOP\s+(?P<top>\d+)\s+)?(?P<what>\*|[\w\s,.]+?)\s+FROM\s+(?P<table>[\w.]+)"
    r"(?:\s+WHERE\s+(?P<where>.+?))?\s*;?\s*",
    re.IGNORECASE | re.DOTALL,
)
_TOKEN = re.compile(r"\s*(\(|\)|<>|!=|<=|>=|=|<|>|'(?:[^']|'')*'|[\w.]+)")


class QueryError(ArchiveError):
    """A query that cannot be answered."""

    status = 400


@dataclass(frozen=True)
class Table:
    """Columns and rows of text."""

    columns: Sequence[str]
    rows: Sequence[Row]


def run_query(adql: str, tables: Mapping[str, Table]) -> Table:
    """Answer ``SELECT [TOP n] columns FROM table [WHERE conditions]``.

    Parameters
    ----------
    adql : str
        Conditions compare a column with a text (``=``, ``<>``, ``<``, ``like`` ...), joined by AND,
        OR, NOT and parentheses.
    tables : mapping of str to Table
        By lower-case name.

    Raises
    ------
    QueryError
        Another form of query, no such table or column.
    """
    match = _SELECT.fullmatch(adql)
    if match is None:
        raise QueryError(f"cannot parse the query: {adql[:200]}")
    table = tables.get(match["table"].lower())
    if table is None:
        raise QueryError(f"no such table: {match['table']}")
    wanted = list(table.columns)
    if match["what"] != "*":
        wanted = [name.strip().lower() for name in match["what"].split(",")]
        unknown = [name for name in wanted if name not in table.columns]
        if unknown:
            raise QueryError(f"no such column: {', '.join(unknown)}")
    test = _Conditions(match["where"], table.columns).test if match["where"] else _anything
    rows = [row for row in table.rows if test(row)]
    if match["top"]:
        rows = rows[: int(match["top"])]
    return Table(wanted, rows)


def _anything(row: Row) -> bool:
    return True


class _Conditions:
    """Recursive descent over the tokens of a WHERE."""

    def __init__(self, text: str, columns: Sequence[str]) -> None:
        self._tokens: list[str] = []
        self._columns = columns
        at = 0
        text = text.rstrip()
        while at < len(text):
            match = _TOKEN.match(text, at)
            if match is None:
                raise QueryError(f"cannot parse {text[at : at + 40]!r}")
            self._tokens.append(match[1])
            at = match.end()
        self.test = self._any()
        if self._tokens:
            raise QueryError(f"cannot parse {self._tokens[0]!r}")

    def _next(self) -> str:
        if not self._tokens:
            raise QueryError("the query ends too early")
        return self._tokens.pop(0)

    def _takes(self, word: str) -> bool:
        if self._tokens and self._tokens[0].lower() == word:
            self._tokens.pop(0)
            return True
        return False

    def _any(self) -> _Test:
        tests = [self._all()]
        while self._takes("or"):
            tests.append(self._all())
        return lambda row: any(test(row) for test in tests)

    def _all(self) -> _Test:
        tests = [self._one()]
        while self._takes("and"):
            tests.append(self._one())
        return lambda row: all(test(row) for test in tests)

    def _one(self) -> _Test:
        if self._takes("not"):
            negated = self._one()
            return lambda row: not negated(row)
        if self._takes("("):
            inner = self._any()
            if not self._takes(")"):
                raise QueryError("a parenthesis is not closed")
            return inner
        return self._comparison()

    def _comparison(self) -> _Test:
        column, operator, value = self._next().lower(), self._next().lower(), self._next()
        if column not in self._columns:
            raise QueryError(f"no such column: {column}")
        text = value[1:-1].replace("''", "'") if value.startswith("'") else value
        if operator == "like":
            parts = (".*" if c == "%" else "." if c == "_" else re.escape(c) for c in text)
            pattern = re.compile("".join(parts), re.DOTALL)
            return lambda row: pattern.fullmatch(row.get(column, "")) is not None
        tests: dict[str, Callable[[str], bool]] = {
            "=": lambda v: v == text, "<>": lambda v: v != text, "!=": lambda v: v != text,
            "<": lambda v: v < text, ">": lambda v: v > text,
            "<=": lambda v: v <= text, ">=": lambda v: v >= text,
        }  # fmt: skip
        if operator not in tests:
            raise QueryError(f"no such operator: {operator}")
        compare = tests[operator]
        return lambda row: compare(row.get(column, ""))


def to_csv(table: Table) -> bytes:
    """Return a table as CSV with a line of names."""
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow(table.columns)
    writer.writerows([row.get(c, "") for c in table.columns] for row in table.rows)
    return out.getvalue().encode()


def to_votable(table: Table) -> bytes:
    """Return a table as VOTable 1.4, every column as text."""
    fields = "".join(
        f'<FIELD name={quoteattr(c)} ID={quoteattr(c)} datatype="char" arraysize="*"/>\n'
        for c in table.columns
    )
    rows = "".join(
        "<TR>" + "".join(f"<TD>{escape(row.get(c, ''))}</TD>" for c in table.columns) + "</TR>\n"
        for row in table.rows
    )
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        '<VOTABLE version="1.4" xmlns="http://www.ivoa.net/xml/VOTable/v1.3">\n'
        '<RESOURCE type="results">\n<INFO name="QUERY_STATUS" value="OK"/>\n'
        f"<TABLE>\n{fields}<DATA><TABLEDATA>\n{rows}</TABLEDATA></DATA>\n</TABLE>\n"
        "</RESOURCE>\n</VOTABLE>\n"
    ).encode()


def error_votable(message: str) -> bytes:
    """Return a failed query's answer."""
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        '<VOTABLE version="1.4" xmlns="http://www.ivoa.net/xml/VOTable/v1.3">\n'
        '<RESOURCE type="results">\n'
        f'<INFO name="QUERY_STATUS" value="ERROR">{escape(message)}</INFO>\n'
        "</RESOURCE>\n</VOTABLE>\n"
    ).encode()
