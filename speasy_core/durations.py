"""Lengths of time, in nanoseconds."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import numpy as np

from .errors import InvalidTime

__all__ = ["NS_PER_SECOND", "to_duration_ns"]

NS_PER_SECOND = 1_000_000_000

_AMOUNT = r"\d{1,15}(?:[.,]\d+)?"
_DURATION = re.compile(
    rf"""\s*P(?:(?P<w>{_AMOUNT})W)?(?:(?P<d>{_AMOUNT})D)?
    (?:T(?=\d)(?:(?P<h>{_AMOUNT})H)?(?:(?P<m>{_AMOUNT})M)?(?:(?P<s>{_AMOUNT})S)?)?\s*""",
    re.VERBOSE | re.IGNORECASE,
)
_UNIT_NS = {
    unit: seconds * NS_PER_SECOND
    for unit, seconds in {"w": 604_800, "d": 86_400, "h": 3_600, "m": 60, "s": 1}.items()
}

_NUMPY_NS = {"ms": 1_000_000, "us": 1_000, "ns": 1} | {
    unit: _UNIT_NS[unit.lower()] for unit in ("W", "D", "h", "m", "s")
}


def to_duration_ns(value: Any) -> int | None:
    """Return a duration in nanoseconds; None for what is none.

    Parameters
    ----------
    value : timedelta, numpy.timedelta64, pandas.Timedelta or str
        Text is ISO 8601: ``"PT1H30M"``, ``"P2D"``; a year and a month have no fixed length.

    Examples
    --------
    >>> to_duration_ns("PT1.5S"), to_duration_ns(timedelta(hours=1)), to_duration_ns("2020")
    (1500000000, 3600000000000, None)
    """
    if isinstance(value, np.timedelta64):
        if np.isnat(value):
            raise InvalidTime("NaT is not a duration")
        unit, step = np.datetime_data(value.dtype)
        if unit in _NUMPY_NS:  # numpy wraps silently when it narrows to ns
            return int(value.astype(np.int64)) * step * _NUMPY_NS[unit]
        if unit in "YM":
            raise InvalidTime(f"{value!r} has no fixed length", hint="give days")
        return int(value.astype("timedelta64[ns]").astype(np.int64))
    if isinstance(value, timedelta):
        whole = (value.days * 86_400 + value.seconds) * 1_000_000 + value.microseconds
        return whole * 1_000 + int(getattr(value, "nanoseconds", 0))  # pandas.Timedelta
    match = _DURATION.fullmatch(value) if isinstance(value, str) else None
    if match is None or not any(match.groups()):
        return None
    return sum(
        round(float(amount.replace(",", ".")) * _UNIT_NS[unit])
        for unit, amount in match.groupdict().items()
        if amount
    )
