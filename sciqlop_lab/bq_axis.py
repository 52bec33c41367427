"""UTC ticks for an axis that counts seconds from a reference, and ticks of log axes."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import numpy as np

from speasy_core.timerange import NS_PER_SECOND, TimeRange, format_ns

__all__ = ["log_ticks", "time_ticks"]

_S = NS_PER_SECOND
_SMALL = [m * 10**e for e in range(9) for m in (1, 2, 5)]
_LARGE = [
    *(n * _S for n in (1, 2, 5, 10, 15, 30)),
    *(n * 60 * _S for n in (1, 2, 5, 10, 15, 30)),
    *(n * 3600 * _S for n in (1, 2, 3, 6, 12)),
    *(n * 86_400 * _S for n in (1, 2, 5, 10)),
]
_MONTHS = [1, 2, 3, 6, 12, 24, 60, 120, 240, 600]


def _month_starts(span: TimeRange, step: int) -> list[int]:
    first = span.start_time.year * 12 // step * step
    last = (span.stop_time.year + 1) * 12
    ticks = []
    for month in range(first, last + 1, step):
        year = month // 12
        if 1678 <= year <= 2261:
            stamp = datetime(year, month % 12 + 1, 1, tzinfo=UTC)
            ticks.append(int(stamp.timestamp()) * _S)
    return [t for t in ticks if span.start_ns <= t <= span.stop_ns]


def _label(ns: int, step: int) -> str:
    text = format_ns(ns)[:-1]
    day, _, clock = text.partition("T")
    if step >= 86_400 * _S or clock == "00:00:00":
        return day
    head, _, fraction = clock.partition(".")
    if step >= 60 * _S:
        return head[:5]
    digits = max(0, 9 - (len(str(step)) - 1)) if step < _S else 0
    return f"{head}.{fraction:0<9}"[: len(head) + 1 + digits] if digits else head


def time_ticks(span: TimeRange, most: int = 8) -> dict[int, str]:
    """Return labels by time in ns, at most about `most` of them, at round UTC times.

    Examples
    --------
    >>> time_ticks(TimeRange("2020-01-01", "2020-01-01T04:00"), most=4)[1577840400000000000]
    '01:00'
    """
    for step in (*_SMALL, *_LARGE):
        if span.duration_ns <= step * most:
            first = -(-span.start_ns // step) * step
            return {t: _label(t, step) for t in range(first, span.stop_ns + 1, step)}
    for months in _MONTHS:
        if span.duration_ns <= months * 30 * 86_400 * _S * most or months == _MONTHS[-1]:
            return {t: _label(t, 86_400 * _S) for t in _month_starts(span, months)}
    return {}


def log_ticks(values: Any) -> Any:
    """Return round values inside the range of the positive `values`, or None when too few.

    Examples
    --------
    >>> log_ticks(np.array([0.3, 40.0])).tolist()
    [0.5, 1.0, 2.0, 5.0, 10.0, 20.0]
    """
    good = values[np.isfinite(values) & (values > 0)]
    if not good.size:
        return None
    low, high = float(good.min()), float(good.max())
    decades = np.arange(np.floor(np.log10(low)), np.ceil(np.log10(high)) + 1)
    if len(decades) > 4:
        ticks = 10.0 ** decades[:: max(1, len(decades) // 6)]
    else:
        ticks = np.multiply.outer(10.0**decades, [1.0, 2.0, 5.0]).reshape(-1)
    ticks = ticks[(ticks >= low) & (ticks <= high)]
    return ticks if len(ticks) > 1 else None
