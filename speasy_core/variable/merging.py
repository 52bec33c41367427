"""Joining variables in time: nothing lost, nothing doubled."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Any, TypeVar

import numpy as np

from speasy_core.errors import SpeasyWarning, UnitMismatch, VariableError
from speasy_core.timerange import TimeRange

from .axis import flat_samples
from .core import Array, Axis, Gap, Int64Array, VariableCore

__all__ = ["merge_parts", "repair_order", "union_gaps", "unique_in_order"]

V = TypeVar("V", bound=VariableCore)
NAT = np.iinfo(np.int64).min


def unique_in_order(items: Iterable[Any]) -> tuple[Any, ...]:
    """Return the items without repeats, first come first."""
    return tuple(dict.fromkeys(items))


def union_gaps(gaps: Iterable[Gap]) -> tuple[Gap, ...]:
    """Return the gaps in order of time, those of one reason joined where they touch."""
    joined: list[Gap] = []
    for gap in sorted(unique_in_order(gaps), key=lambda g: (g.reason, g.retryable, g.range)):
        last = joined[-1] if joined else None
        if (
            last is not None
            and (last.reason, last.retryable) == (gap.reason, gap.retryable)
            and gap.range.start_ns <= last.range.stop_ns
        ):
            stop = max(last.range.stop_ns, gap.range.stop_ns)
            whole = TimeRange.from_ns(last.range.start_ns, stop)
            joined[-1] = Gap(whole, gap.reason, gap.retryable)
        else:
            joined.append(gap)
    return tuple(sorted(joined, key=lambda g: g.range))


def repair_order(ns: Int64Array) -> tuple[Array | None, int]:
    """Return the rows to keep, in order, and how many were moved or dropped.

    The first of equal times is kept, as archives append repeats; NaT is dropped.
    None in place of the rows says that nothing had to be done.
    """
    if ns.size < 2:
        bad = ns.size == 1 and int(ns[0]) == NAT
        return (np.zeros(0, np.intp), 1) if bad else (None, 0)
    if bool((ns[1:] > ns[:-1]).all()) and int(ns[0]) != NAT:
        return None, 0
    order = np.argsort(ns, kind="stable")
    ordered = ns[order]
    keep = np.ones(ns.size, bool)
    np.not_equal(ordered[1:], ordered[:-1], out=keep[1:])
    keep &= ordered != NAT
    kept = order[keep]
    moved = int((np.diff(kept) < 0).sum())
    return kept, moved + int(ns.size - kept.size)


def merge_parts(parts: Sequence[V]) -> V:
    """Return the union of the rows of `parts`; see speasy_core.variable.merge."""
    if not parts:
        raise VariableError("there is nothing to merge", hint="give at least one variable")
    for part in parts:
        if not isinstance(part, VariableCore):
            raise VariableError(f"merge takes variables, one of the parts is {type(part).__name__}")
    _check_alike(parts)
    gaps = union_gaps(gap for part in parts for gap in part._gaps)
    provenance = unique_in_order(p for part in parts for p in part._provenance)
    filled = [part for part in parts if len(part)] or [parts[0]]
    one = filled[0]
    result = one._like(one._values) if len(filled) == 1 else _merge_filled(filled)
    result._gaps, result._provenance = gaps, provenance
    return result


def _check_alike(parts: Sequence[VariableCore]) -> None:
    # an empty answer of an archive often has no known width, unit or columns, and adds no row
    filled = [part for part in parts if len(part)] or list(parts[:1])
    first = filled[0]
    for part in filled[1:]:
        if part.shape[1:] != first.shape[1:]:
            raise VariableError(
                f"cannot merge samples of shape {part.shape[1:]} and {first.shape[1:]} "
                f"({part._name!r} and {first._name!r})"
            )
        if part._unit != first._unit:
            raise UnitMismatch(
                f"cannot merge {part._name!r} in {part._unit!r} with {first._name!r} in "
                f"{first._unit!r}",
                hint="convert with .to(unit), or relabel with .with_unit(unit)",
            )
        if part._columns != first._columns and part.columns != first.columns:
            raise VariableError(f"cannot merge columns {part.columns} with columns {first.columns}")
        if len(part._axes) != len(first._axes):
            raise VariableError("cannot merge variables with and without axes")


def _merge_filled(parts: Sequence[V]) -> V:
    disjoint = all(int(a._ns[-1]) < int(b._ns[0]) for a, b in pairwise(parts))
    if disjoint:
        ns = np.concatenate([part._ns for part in parts])
        values = _stack([part._values for part in parts])
        axes = _join_axes(parts, None)
    else:
        ns, values, axes = _merge_overlapping(parts)
    ns.flags.writeable = False
    derived = any(part._derived for part in parts)
    return parts[0]._like(values, ns=ns, axes=axes, derived=derived)


def _stack(arrays: Sequence[Array]) -> Array:
    """Concatenate, each component contiguous in memory where the parts are so."""
    if arrays[0].ndim != 2 or not all(a.flags.f_contiguous or a.shape[0] == 1 for a in arrays):
        return np.concatenate(arrays)
    total = sum(len(a) for a in arrays)
    dtype = np.result_type(*arrays)
    out = np.empty((total, arrays[0].shape[1]), dtype, order="F")
    return np.concatenate(arrays, out=out)


def _merge_overlapping(parts: Sequence[VariableCore]) -> tuple[Int64Array, Array, tuple[Axis, ...]]:
    ns = np.concatenate([part._ns for part in parts])
    values = _stack([part._values for part in parts])
    order = np.argsort(ns, kind="stable")
    ordered = ns[order]
    same = ordered[1:] == ordered[:-1]
    if same.any():
        (at,) = np.nonzero(same)
        _warn_if_different(parts[0], values, order[at], order[at + 1])
        keep = np.append(~same, True)  # the part given last wins
        order, ordered = order[keep], ordered[keep]
    picked = values[order]
    if values.flags.f_contiguous and values.ndim == 2:
        picked = np.empty((len(order), values.shape[1]), values.dtype, order="F")
        for i in range(values.shape[1]):
            picked[:, i] = values[order, i]
    return ordered, picked, _join_axes(parts, order)


def _warn_if_different(first: VariableCore, values: Array, a: Array, b: Array) -> None:
    one, two = values[a], values[b]
    differs = one != two
    if one.dtype.kind in "fc":
        differs &= ~(np.isnan(one) & np.isnan(two))
    count = int(flat_samples(differs).any(axis=1).sum())
    if count:
        warnings.warn(
            f"merging {first._name or 'variables'}: {count} samples have the same time and "
            "different values; the part given last was kept",
            SpeasyWarning,
            stacklevel=5,
        )


def _join_axes(parts: Sequence[VariableCore], order: Array | None) -> tuple[Axis, ...]:
    """Join axis by axis; one that differs between parts becomes an axis that varies with time."""
    joined = []
    for position, axis in enumerate(parts[0]._axes):
        versions = [part._axes[position] for part in parts]
        if not axis.time_varying and all(axis.equals(other) for other in versions[1:]):
            joined.append(axis)
            continue
        spread = [
            other.values
            if other.time_varying
            else np.broadcast_to(other.values, (len(part), *other.values.shape))
            for part, other in zip(parts, versions, strict=True)
        ]
        if any(other.unit != axis.unit for other in versions):
            raise UnitMismatch(f"the axis {axis.name!r} has different units in parts to merge")
        values = np.concatenate(spread)
        values = values if order is None else values[order]
        joined.append(axis.replace(values=values, time_varying=True))
    return tuple(joined)
