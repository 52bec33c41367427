"""A time range with the methods that SciQLop's has."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import numpy as np

import speasy_core.timerange as core

__all__ = ["TimeRange"]


class TimeRange:
    """A range of UTC time.

    Parameters
    ----------
    start, stop : float, datetime, str
        Seconds since 1970, datetime, or ISO 8601.

    Examples
    --------
    >>> TimeRange("1970-01-01", "1970-01-02").stop()
    86400.0
    """

    def __init__(self, start: Any, stop: Any) -> None:
        self.range = core.TimeRange(start, stop)

    def start(self) -> float:
        """Return the start in seconds since 1970."""
        return self.range.start_ns / 1e9

    def stop(self) -> float:
        """Return the stop in seconds since 1970."""
        return self.range.stop_ns / 1e9

    def datetime_start(self) -> datetime:
        """Return the start as an aware datetime."""
        return self.range.start_time

    def datetime_stop(self) -> datetime:
        """Return the stop as an aware datetime."""
        return self.range.stop_time

    def __iter__(self) -> Iterator[np.datetime64]:
        return iter(self.range)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, TimeRange) and self.range == other.range

    def __hash__(self) -> int:
        return hash(self.range)

    def __repr__(self) -> str:
        return repr(self.range)
