"""Cut variables and times out of CDF files and join them, value for value and type for type."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import numpy as np
import pycdfpp
from numpy.typing import NDArray

from speasy_core.timerange import TimeRange

from ._source import Source
from .holdings import mangle

__all__ = ["Joined", "cut", "empty_copy"]

# which records to take, and of how many; all of them where it is None
_Order: TypeAlias = tuple[NDArray[np.intp] | None, int]
_POINTER = re.compile(
    r"DEPEND_(\d+|TIME)|\w*_PTR(_\d+)?|DELTA_(PLUS|MINUS)(_VAR)?|COMPONENT_\d+", re.IGNORECASE
)


def _closure(source: Source, names: Iterable[str]) -> list[str]:
    """Return `names` and all that their attributes point to, pointed-to first."""
    seen: dict[str, None] = {}
    stack = [n for n in names if n in source]
    while stack:
        name = stack.pop()
        if name not in seen:
            seen[name] = None
            texts = source.texts(name).items()
            stack += [t for key, t in texts if _POINTER.fullmatch(key) and t in source]
    return list(reversed(seen))


def _time_of(source: Source, name: str, times: Sequence[str]) -> str | None:
    """Return the time variable that the records of `name` follow."""
    if name in times:
        return name
    depend = source.texts(name).get("DEPEND_0", "")
    if depend in times:
        return depend
    # files without DEPEND_0 exist: a time axis of the same length is the one that is meant
    records = source.describe(name).records
    return next((t for t in times if source.describe(t).records == records), None)


@dataclass
class _Column:
    template: Source
    time: str | None
    parts: list[NDArray[Any]] = field(default_factory=list)


@dataclass
class Joined:
    """The records of several files, cut to one range.

    Attributes
    ----------
    rows : dict of str to int
        Number of records of each variable asked for.
    span : TimeRange or None
        First to last time kept.
    warnings : list of str
        What did not fit together.
    """

    rows: dict[str, int] = field(default_factory=dict)
    span: TimeRange | None = None
    warnings: list[str] = field(default_factory=list)
    cdf: Any = None

    def to_bytes(self) -> bytes:
        """Return the file."""
        return bytes(pycdfpp.save(self.cdf))


def _collect(
    sources: Sequence[Source], names: Sequence[str], wanted: TimeRange, out: Joined
) -> tuple[dict[str, _Column], dict[str, list[NDArray[np.int64]]]]:
    columns: dict[str, _Column] = {}
    stamps: dict[str, list[NDArray[np.int64]]] = {}
    for source in sources:
        times = source.time_names()
        masks = {}
        for clock in times:
            ns, good = source.times(clock)
            masks[clock] = good & (ns >= wanted.start_ns) & (ns <= wanted.stop_ns)
        here = [n for n in names if n in source and source.describe(n).record_varying]
        clocks = [_time_of(source, n, times) for n in here]
        members = _closure(source, [*names, *(c for c in clocks if c is not None)])
        for name in members:
            described = source.describe(name)
            follows = _time_of(source, name, times) if described.record_varying else None
            column = columns.setdefault(name, _Column(source, follows))
            if not described.record_varying:
                continue
            first = column.template.describe(name)
            if (described.dims, described.data_type) != (first.dims, first.data_type):
                out.warnings.append(f"{name} of {source.name} has another shape or type, left out")
                continue
            values = source.values(name)
            if follows is not None and len(values):
                mask = masks[follows]
                short = min(len(mask), len(values))
                values = values[:short][mask[:short]]
            column.parts.append(values)
        for clock in times:
            if clock in members:
                stamps.setdefault(clock, []).append(source.times(clock)[0][masks[clock]])
    return columns, stamps


def cut(
    sources: Sequence[Source], names: Sequence[str], wanted: TimeRange, *, mangled: bool
) -> Joined:
    """Return one CDF of `names` and of all that they point to, records inside `wanted`.

    Parameters
    ----------
    sources : sequence of Source
        Files of one data set, in time order.
    names : sequence of str
        Variables asked for.
    wanted : TimeRange
        Both ends are included.
    mangled : bool
        Spell names as :func:`~speasy_core.demo.holdings.mangle` does.
    """
    out = Joined(cdf=pycdfpp.CDF())
    columns, stamps = _collect(sources, names, wanted, out)
    orders: dict[str, _Order] = {}
    for clock, pieces in stamps.items():
        ns = np.concatenate(pieces)
        orders[clock] = (_order(ns, pieces), len(ns))
        if len(ns):
            low, high = int(ns.min()), int(ns.max()) + 1
            if out.span is not None:
                low, high = min(low, out.span.start_ns), max(high, out.span.stop_ns)
            out.span = TimeRange.from_ns(low, high)
    sources[0].copy_globals(out.cdf)
    renamed = {name: mangle(name) for name in columns} if mangled else {}
    for name, column in columns.items():
        values = _values(name, column, orders)
        if name in names:
            out.rows[name] = len(values)
        column.template.copy_variable(
            out.cdf, name, values, renamed=renamed.get(name), replace=renamed
        )
    return out


def _order(ns: NDArray[np.int64], pieces: Sequence[NDArray[np.int64]]) -> NDArray[np.intp] | None:
    """Return which records to take, in time order; None when it is all of them as they are."""
    if not np.any(np.diff(ns) <= 0):
        return None
    order = np.argsort(ns, kind="stable")
    file = np.repeat(np.arange(len(pieces)), [len(p) for p in pieces])[order]
    # a time that two files hold comes once; what one file says twice is passed on
    again = (np.diff(ns[order]) == 0) & (np.diff(file) != 0)
    kept: NDArray[np.intp] = order[np.concatenate([[True], ~again])]
    return kept


def _values(name: str, column: _Column, orders: dict[str, _Order]) -> NDArray[Any]:
    if not column.parts:
        return column.template.values(name)
    values = np.concatenate(column.parts)
    order, total = orders.get(column.time or "", (None, 0))
    return values[order] if order is not None and len(values) == total else values


def empty_copy(source: Source) -> bytes:
    """Return a master: all variables and attributes, values only where they never vary."""
    out = pycdfpp.CDF()
    source.copy_globals(out)
    for name in source:
        values = source.values(name)
        source.copy_variable(
            out, name, values[:0] if source.describe(name).record_varying else values
        )
    return bytes(pycdfpp.save(out))
