"""Gaps of an answer: made of errors, and joined where they touch."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from speasy_core.errors import MissingCredentials, SpeasyError
from speasy_core.timerange import TimeRange
from speasy_core.variable import Gap

__all__ = ["gap_for", "joined_gaps"]


def gap_for(span: TimeRange, error: SpeasyError) -> Gap:
    """Return the gap that an error leaves."""
    reason = error.message + (f" [file: {error.source}]" if error.source else "")
    return Gap(span, reason, retryable=not isinstance(error, MissingCredentials))


def joined_gaps(gaps: Iterable[Gap]) -> list[Gap]:
    """Return gaps in order of time, those of one reason joined where they touch."""
    joined: list[Gap] = []
    for gap in sorted(gaps, key=lambda gap: gap.range):
        last = joined[-1] if joined else None
        if (
            last is not None
            and (last.reason, last.retryable) == (gap.reason, gap.retryable)
            and last.range.stop_ns == gap.range.start_ns
        ):
            whole = TimeRange.from_ns(last.range.start_ns, gap.range.stop_ns)
            joined[-1] = replace(last, range=whole)
        else:
            joined.append(gap)
    return joined
