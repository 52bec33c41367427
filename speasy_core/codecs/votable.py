"""VOTable: time tables and catalogues of events, and tables of numbers over time."""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from speasy_core.errors import (
    CorruptFile,
    InvalidTime,
    SpeasyError,
    SpeasyWarning,
    UnknownProduct,
    VariableError,
)
from speasy_core.events import Catalog, Dataset, Event, TimeTable
from speasy_core.timerange import TimeRange, to_ns
from speasy_core.variable import SpeasyVariable

from ._votable_table import Field, Table, read_table
from ._votable_write import encode

__all__ = ["Field", "Table", "encode", "events_of", "read", "read_events", "read_table"]

_START = re.compile(r"(time[\s_]*interval[\s_]*)?(start|begin)([\s_]*(time|date))?", re.IGNORECASE)
_STOP = re.compile(r"(time[\s_]*interval[\s_]*)?(stop|end)([\s_]*(time|date))?", re.IGNORECASE)
_CLOCK = re.compile(r"\d{4}-?\d\d-?\d\d(?:[T ](\d\d)(:?\d\d)?(:?\d\d)?(?:[.,](\d+))?)?")
_SECOND = 1_000_000_000
# what AMDA writes, and what takes its files elsewhere
_STRICT_TYPES = frozenset({"char", "double", "int", "long", "boolean"})


def read_events(data: bytes, *, source: str, strict: bool = False) -> TimeTable | Catalog:
    """Read a time table or a catalogue of events.

    Parameters
    ----------
    data : bytes
        The whole document.
    source : str
        Its name, for messages.
    strict : bool
        Refuse what departs from AMDA's layout, as programs do that take its files: columns named
        ``Start Time`` and ``Stop Time``, and types char, double, int, long or boolean. Otherwise
        what departs from it in a file that has AMDA's columns is read, with a SpeasyWarning that
        names file, table and column.

    Returns
    -------
    TimeTable or Catalog
        A catalogue when there are columns besides the times; the columns' units are in
        ``meta["units"]``. Empty cells have no entry in an
        event's ``meta``. Where a table has one time per row, an event lasts as long as that time
        is precise: ``2007-04-19T13:30Z`` is a minute.

    Raises
    ------
    UnexpectedContent, UnsupportedFormat
        As `read_table`.
    CorruptFile
        No column of times, a time that cannot be read, an event that stops before it starts; row
        and column are named.

    Examples
    --------
    >>> table = TimeTable("storms", dt_ranges=[("2015-03-17", "2015-03-19")])
    >>> read_events(encode(table), source="storms.vot") == table
    True
    """
    table = read_table(data, source=source)
    found = events_of(table, strict=strict)
    # of other layouts, which are as good, nothing need be said
    if not strict and any(f.id.startswith("TimeInterval") for f in table.fields):
        for what, _ in _departures(table):
            warnings.warn(
                f"{source}, {_named(table)}: {what}; it is read all the same",
                SpeasyWarning,
                stacklevel=2,
            )
    return found


def events_of(table: Table, *, strict: bool = False) -> TimeTable | Catalog:
    """Return the events in a table that was read; parameters and errors as `read_events`."""
    for what, hint in _departures(table) if strict else ():
        raise CorruptFile(f"{_named(table)}: {what}", source=table.source, hint=hint)
    start, stop = _interval_fields(table)
    ranges = _ranges(table, start, stop)
    meta: dict[str, Any] = dict(table.meta)
    if table.description:
        meta.setdefault("description", table.description)
    name = table.name or table.source
    meta.pop("Name", None)
    units = {f.name: f.unit for f in table.fields if f.unit}
    if units:
        meta["units"] = units
    others = [f for f in table.fields if f not in (start, stop)]
    if not others:
        return TimeTable(name, meta, ranges)
    columns = {f.name: table.columns[f.name] for f in others}
    events = (
        Event.of((span.start, span.stop, {k: c[i] for k, c in columns.items() if c[i] is not None}))
        for i, span in enumerate(ranges)
    )
    return Catalog(name, meta, events)


def _interval_fields(table: Table) -> tuple[Field, Field | None]:
    """Return the columns of starts and of stops; the second None where rows are instants."""

    def first(ucd: Sequence[str], names: re.Pattern[str]) -> Field | None:
        texts = [f for f in table.fields if f.datatype in ("char", "unicodeChar")]
        for key in (
            lambda f: names.fullmatch(f.id),
            lambda f: f.ucd.lower() in ucd,
            lambda f: names.fullmatch(f.name),
        ):
            found = next((f for f in texts if key(f)), None)
            if found is not None:
                return found
        return None

    start = first(("time.start",), _START)
    stop = first(("time.end", "time.stop"), _STOP)
    if start is not None and stop is not None:
        _check_roles(table, start, stop)
        return start, stop
    instants = [f for f in table.fields if f.is_time]
    if start is None and stop is None and instants:
        return instants[0], None
    known = ", ".join(repr(f.name) for f in table.fields)
    what, ucd = ("starts", "time.start") if start is None else ("stops", "time.end")
    raise CorruptFile(
        f"{_named(table)} has no column of the events' {what} (ucd {ucd})",
        source=table.source,
        hint=f"its columns: {known}",
    )


def _departures(table: Table) -> Iterator[tuple[str, str | None]]:
    """Yield what departs from AMDA's layout, and what to do about it."""
    for name, ident in (("Start Time", "TimeIntervalStart"), ("Stop Time", "TimeIntervalStop")):
        found = next((f for f in table.fields if f.name == name), None)
        if found is None:
            other = next((f for f in table.fields if f.id == ident), None)
            named = f"; the one with the ID {ident} is called {other.name!r}" if other else ""
            yield f"the required column {name!r} is missing{named}", None
        elif not found.is_time:
            yield f"the column {name!r} does not hold times", None
    for one in table.fields:
        if one.datatype not in _STRICT_TYPES:
            what = f"the column {one.name!r} is of the type {one.datatype!r}, which catalogues do"
            yield f"{what} not have", f"types are {', '.join(sorted(_STRICT_TYPES))}"


def _named(table: Table) -> str:
    return f"table {table.name!r}" if table.name else "the table"


def _check_roles(table: Table, start: Field, stop: Field) -> None:
    """Refuse columns of which one part of the description says starts and another stops."""
    for field, own, other, ucd in (
        (start, _START, _STOP, ("time.end", "time.stop")),
        (stop, _STOP, _START, ("time.start",)),
    ):
        claims = [text for text in (field.id, field.name) if other.fullmatch(text)]
        claims += [field.ucd] if field.ucd.lower() in ucd else []
        if claims or start is stop:
            role = "starts" if own is _START else "stops"
            raise CorruptFile(
                f"{_named(table)}: the column {field.name!r} is that of the events' {role} by one "
                f"part of its description, and not by another ({', '.join(claims) or 'both'})",
                source=table.source,
            )


def _ranges(table: Table, start: Field, stop: Field | None) -> list[TimeRange]:
    out = []
    starts = table.columns[start.name]
    stops = starts if stop is None else table.columns[stop.name]
    for row, (begin, end) in enumerate(zip(starts, stops, strict=True)):
        where = f"{_named(table)}, row {row + 1}"
        name = (start if not begin else stop or start).name
        if not begin or not end:
            raise CorruptFile(f"{where}, column {name!r}: no time", source=table.source)
        name = start.name
        try:
            first = to_ns(begin)
            name = (stop or start).name
            last = to_ns(end)
            # a range is never empty: what is one instant lasts as long as it is precise
            last = last + _precision(end) if last == first else last
            out.append(TimeRange.from_ns(first, last))
        except InvalidTime as error:
            raise CorruptFile(
                f"{where}, column {name!r}: {error.message}", source=table.source
            ) from error
        except SpeasyError as error:
            raise CorruptFile(
                f"{where}, column {name!r}: the event from {begin} to {end} stops before it starts",
                source=table.source,
            ) from error
    return out


def _precision(text: str) -> int:
    """Return the nanoseconds that a time as written stands for."""
    match = _CLOCK.match(text)
    hour, minute, second, fraction = match.groups() if match else (None, None, None, None)
    if fraction:
        return int(10 ** max(0, 9 - len(fraction)))
    if second or (match is None):
        return _SECOND
    return 60 * _SECOND if minute else 3600 * _SECOND if hour else 86_400 * _SECOND


def read(data: bytes, *, source: str, variables: Sequence[str] | None = None) -> Dataset:
    """Decode the columns of numbers of a VOTable, over its first column of times.

    Parameters
    ----------
    data : bytes
        The whole document.
    source : str
        Its name, for messages and as the name of the result.
    variables : sequence of str, optional
        Names of columns; all that hold one number per row without it.

    Returns
    -------
    Dataset
        Rows are sorted by time, and of several at one time the first stays; how many were moved
        or dropped is in ``meta["time_repairs"]``. `read_events` keeps every row.

    Raises
    ------
    UnexpectedContent, UnsupportedFormat, CorruptFile
        As `read_table`.
    UnknownProduct
        A column that is not there, or holds text.
    VariableError
        No column of times.
    """
    table = read_table(data, source=source)
    clock = next((f for f in table.fields if f.is_time), None)
    if clock is None:
        raise VariableError(
            "the table has no column of times",
            source=source,
            hint="codecs.votable.read_table gives the columns of any table",
        )
    numbers = [f.name for f in table.fields if f.is_number]
    time = table.array(clock.name)
    meta = {**table.meta, **({"description": table.description} if table.description else {})}
    found: dict[str, SpeasyVariable] = {}
    for wanted in numbers if variables is None else variables:
        described = table.field(wanted)
        if described.name not in numbers:
            raise UnknownProduct(
                f"the column {wanted!r} holds no numbers",
                source=source,
                hint=f"those that do: {', '.join(numbers) or 'none'}",
            )
        found[wanted] = _variable(table, described, time, meta, wanted)
    return Dataset(source, found, meta)


def _variable(
    table: Table, described: Field, time: Any, dataset: dict[str, Any], name: str
) -> SpeasyVariable:
    known = {
        "FIELDNAM": described.name,
        "CATDESC": described.description,
        "UNITS": described.unit,
        "UCD": described.ucd,
    }
    values = table.array(described.name)
    if values.dtype == np.bool_:
        values = values.astype(np.int8)
    return SpeasyVariable.from_unsorted(
        time,
        values,
        name=name,
        unit=described.unit,
        meta={key: value for key, value in known.items() if value} | {"dataset": dataset},
    )
