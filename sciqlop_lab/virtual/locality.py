"""What part of time a function's answer depends on, and whether that is so."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import numpy as np

from speasy_core.errors import InvalidRequest, VirtualProductError
from speasy_core.timerange import MAX_NS, MIN_NS, TimeRange, format_ns, to_duration_ns
from speasy_core.variable import SpeasyVariable

__all__ = ["check_claim", "cut", "padded", "read_locality"]

_LOCALITIES = ("range", "pointwise")
_DURATION = re.compile(r"\s*(\d+(?:\.\d+)?)\s*(ns|us|ms|s|sec|min|m|h|d)\s*", re.IGNORECASE)
_UNIT_NS = {
    "ns": 1, "us": 10**3, "ms": 10**6, "s": 10**9, "sec": 10**9, "min": 60 * 10**9,
    "m": 60 * 10**9, "h": 3600 * 10**9, "d": 86_400 * 10**9,
}  # fmt: skip
_CLOSE = 1e-9  # of the largest value: sums in another order differ by less


def read_locality(locality: str, margin: Any) -> int | None:
    """Return the margin in nanoseconds; None where the answer depends on the whole range.

    Parameters
    ----------
    locality : {"range", "pointwise"}
    margin : str, timedelta, numpy.timedelta64 or seconds, optional
        ``"10min"``, ``"30s"``, ``"PT1H"``.

    Examples
    --------
    >>> read_locality("range", None), read_locality("pointwise", None), read_locality("range", "1s")
    (None, 0, 1000000000)
    """
    if locality not in _LOCALITIES:
        raise InvalidRequest(
            f"locality={locality!r}", hint="use 'range' or 'pointwise', or margin='10min'"
        )
    if margin is None:
        return 0 if locality == "pointwise" else None
    ns = _duration_ns(margin)
    if ns is None or ns < 0:
        raise InvalidRequest(
            f"margin={margin!r} is not a duration", hint="for example '10min', '30s', 'PT1H'"
        )
    return ns


def _duration_ns(value: Any) -> int | None:
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return round(value * 1e9) if math.isfinite(value) else None
    if isinstance(value, str):
        match = _DURATION.fullmatch(value)
        if match is not None:
            return round(float(match[1]) * _UNIT_NS[match[2].lower()])
    if isinstance(value, (str, timedelta, np.timedelta64)):
        return to_duration_ns(value)
    return None


def padded(span: TimeRange, margin_ns: int) -> TimeRange:
    """Return `span` with the margin on either side."""
    return TimeRange.from_ns(
        max(MIN_NS, span.start_ns - margin_ns), min(MAX_NS, span.stop_ns + margin_ns)
    )


def cut(variable: SpeasyVariable, span: TimeRange) -> SpeasyVariable:
    """Return the samples inside of the half-open `span`."""
    first, last = np.searchsorted(variable.time_ns, [span.start_ns, span.stop_ns])
    if (first, last) == (0, len(variable)):
        return variable
    inside: SpeasyVariable = variable[int(first) : int(last)]
    return inside


def check_claim(
    whole: SpeasyVariable, span: TimeRange, compute: Callable[[TimeRange], SpeasyVariable]
) -> bool:
    """Compare a range computed in halves with the same range computed at once.

    Returns
    -------
    bool
        False when there are too few samples to say.

    Raises
    ------
    VirtualProductError
        They differ; the message has the numbers.
    """
    whole = cut(whole, span)
    if len(whole) < 4:
        return False
    middle = int(whole.time_ns[len(whole) // 2])
    halves = [TimeRange.from_ns(span.start_ns, middle), TimeRange.from_ns(middle, span.stop_ns)]
    parts = [cut(compute(half), half) for half in halves]
    times = np.concatenate([part.time_ns for part in parts])
    if not np.array_equal(times, whole.time_ns):
        raise _refused(_where_times_differ(whole, times))
    values = np.concatenate([np.asarray(part.values, float) for part in parts])
    _compare(np.asarray(whole.values, float), values, whole)
    return True


def _where_times_differ(whole: SpeasyVariable, times: Any) -> str:
    count = f"{len(whole)} samples in the whole, {len(times)} in its halves"
    odd = np.setxor1d(whole.time_ns, times)
    return f"{count}; the first that is in one of them only is at {format_ns(int(odd[0]))}"


def _compare(whole: Any, halves: Any, labels: SpeasyVariable) -> None:
    finite = whole[np.isfinite(whole)]
    scale = float(np.abs(finite).max()) if finite.size else 1.0
    # sums in another order, rounded to what the answer is made of: float32 has 7 digits
    kind = labels.values.dtype
    last_digits = 4 * float(np.finfo(kind).eps) if kind.kind == "f" else 0.0
    same = np.isclose(
        halves, whole, rtol=max(1e-7, last_digits), atol=max(_CLOSE, last_digits) * scale,
        equal_nan=True,
    )  # fmt: skip
    if same.all():
        return
    row, *rest = np.argwhere(~same)[0]
    at = (row, *rest)
    rows = int((~same.reshape(len(same), -1).all(axis=1)).sum())
    raise _refused(
        f"at {format_ns(int(labels.time_ns[row]))} it gives {whole[at]:.6g} when asked for the "
        f"whole range, and {halves[at]:.6g} when asked for half of it ({rows} of {len(same)} "
        "samples differ)"
    )


def _refused(what: str) -> VirtualProductError:
    return VirtualProductError(
        f"its answer depends on the range it is asked for: {what}",
        hint="leave locality and margin out, or give a larger margin",
    )
