"""How answers are cut into pieces, and which pieces are joined again.

An answer that is longer than one file should be is cut at the ends of epoch-aligned durations of
2^k nanoseconds, halving until a piece has few enough bytes: so the length of a piece follows from
the bytes in it, and two answers that overlap are cut at the same places. Short answers are kept
exactly as they were asked for, and joined with their neighbours when they have become many.
"""

from __future__ import annotations

from collections.abc import Sequence

from speasy_core.timerange import TimeRange
from speasy_core.variable import SpeasyVariable

from .fragments import Fragment, expired

__all__ = ["cut", "joinable"]

# of a joined piece, at most this share comes from one file: so a byte is rewritten seldom
_LARGEST_SHARE = 2 / 3


def cut(variable: SpeasyVariable, span: TimeRange, most: int) -> list[TimeRange]:
    """Return `span` in pieces that hold at most `most` bytes of a variable each.

    Parameters
    ----------
    variable : SpeasyVariable
        Its samples lie in `span`.
    span : TimeRange
    most : int
        Bytes.

    Examples
    --------
    >>> import numpy as np
    >>> v = SpeasyVariable(np.arange(0, 64), np.zeros(64))
    >>> span = TimeRange.from_ns(3, 60)
    >>> [piece.stop_ns for piece in cut(v[span], span, 20 * 16)]
    [16, 32, 48, 60]
    """
    rows = len(variable)
    if variable.nbytes <= most or rows < 2:
        return [span]
    width = variable.nbytes / rows
    time = variable.time_ns
    found: list[TimeRange] = []

    def halve(start: int, length: int) -> None:
        low, high = max(start, span.start_ns), min(start + length, span.stop_ns)
        if low >= high:
            return
        first, last = time.searchsorted([low, high])
        if length > 1 and last - first > 1 and (last - first) * width > most:
            halve(start, length // 2)
            halve(start + length // 2, length // 2)
        else:
            found.append(TimeRange.from_ns(low, high))

    length = 1 << (span.stop_ns - span.start_ns - 1).bit_length()
    first = span.start_ns // length * length
    for start in range(first, span.stop_ns, length):
        halve(start, length)
    return found


def joinable(fragments: Sequence[Fragment], now: float, least: int, most: int) -> list[Fragment]:
    """Return the longest run of neighbours worth joining into one file; empty for none.

    Parameters
    ----------
    fragments : sequence of Fragment
        In order of time.
    now : float
        Seconds since 1970; what is old or may still change is left as it is.
    least : int
        So many at least.
    most : int
        Bytes of the whole at most.
    """
    best: list[Fragment] = []
    for run in _runs(fragments, now, most):
        balanced = _balanced(run, least)
        if len(balanced) > len(best):
            best = balanced
    return best


def _runs(fragments: Sequence[Fragment], now: float, most: int) -> list[list[Fragment]]:
    runs: list[list[Fragment]] = []
    size = 0
    for fragment in fragments:
        if fragment.provisional or expired(fragment, now):
            runs.append([])
            continue
        last = runs[-1][-1] if runs and runs[-1] else None
        fits = (
            last is not None
            and last.stop == fragment.start
            and (last.version, last.state) == (fragment.version, fragment.state)
            and size + fragment.size <= most
        )
        if not fits:
            runs.append([])
            size = 0
        runs[-1].append(fragment)
        size += fragment.size
    return runs


def _balanced(run: Sequence[Fragment], least: int) -> list[Fragment]:
    """Return a part of a run in which no file outweighs the rest."""
    if len(run) < max(2, least):
        return []
    total = sum(fragment.size for fragment in run)
    largest = max(range(len(run)), key=lambda i: run[i].size)
    if run[largest].size <= _LARGEST_SHARE * total or not total:
        return list(run)
    sides = (_balanced(run[:largest], least), _balanced(run[largest + 1 :], least))
    return max(sides, key=len)
