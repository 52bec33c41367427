"""The three CDF time types as nanoseconds UTC since 1970, vectorised.

`numpy.datetime64` counts no leap seconds: an instant within 23:59:60 becomes the last nanosecond
before it, 23:59:59.999999999.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["NAT", "epoch16_to_ns", "epoch_to_ns", "ns_to_tt2000", "to_ns", "tt2000_to_ns"]

NAT = np.iinfo(np.int64).min

_MS_1970 = 62_167_219_200_000  # 1970-01-01 in milliseconds since year 0
_LIMIT_MS = 9_223_372_036_854  # what int64 nanoseconds reach, in milliseconds
_J2000_NS = 946_728_000_000_000_000  # 2000-01-01T12:00:00, the zero of TT2000, on the TT scale
_TT_MINUS_TAI_NS = 32_184_000_000
_DAY_NS = 86_400_000_000_000
_MJD_1970 = 40_587

# TAI - UTC in seconds from each date on. Before 1972 it grew steadily: value at the reference
# day (MJD) and growth per day.
_DRIFT = (
    ("1960-01-01", 1.417818, 37300, 0.001296), ("1961-01-01", 1.422818, 37300, 0.001296),
    ("1961-08-01", 1.372818, 37300, 0.001296), ("1962-01-01", 1.845858, 37665, 0.0011232),
    ("1963-11-01", 1.945858, 37665, 0.0011232), ("1964-01-01", 3.24013, 38761, 0.001296),
    ("1964-04-01", 3.34013, 38761, 0.001296), ("1964-09-01", 3.44013, 38761, 0.001296),
    ("1965-01-01", 3.54013, 38761, 0.001296), ("1965-03-01", 3.64013, 38761, 0.001296),
    ("1965-07-01", 3.74013, 38761, 0.001296), ("1965-09-01", 3.84013, 38761, 0.001296),
    ("1966-01-01", 4.31317, 39126, 0.002592), ("1968-02-01", 4.21317, 39126, 0.002592),
)  # fmt: skip
_LEAPS = (
    "1972-01-01", "1972-07-01", "1973-01-01", "1974-01-01", "1975-01-01", "1976-01-01",
    "1977-01-01", "1978-01-01", "1979-01-01", "1980-01-01", "1981-07-01", "1982-07-01",
    "1983-07-01", "1985-07-01", "1988-01-01", "1990-01-01", "1991-01-01", "1992-07-01",
    "1993-07-01", "1994-07-01", "1996-01-01", "1997-07-01", "1999-01-01", "2006-01-01",
    "2009-01-01", "2012-07-01", "2015-07-01", "2017-01-01",
)  # fmt: skip

# UTC dates of the leap steps, and TAI - UTC from each on (10 s in 1972, then one more each time)
_LEAP_UTC = np.array(_LEAPS, dtype="datetime64[ns]").astype(np.int64)
_LEAP_NS = (np.arange(len(_LEAPS), dtype=np.int64) + 10) * 1_000_000_000
# the same steps on the TT scale
_LEAP_TT = _LEAP_UTC + _LEAP_NS + _TT_MINUS_TAI_NS


def to_ns(values: NDArray[Any], type_name: str) -> NDArray[np.int64]:
    """Convert CDF times of any type to nanoseconds since 1970 UTC.

    Parameters
    ----------
    values : ndarray
        As read from the file: float64 ``(n,)`` for CDF_EPOCH, float64 ``(n, 2)`` for CDF_EPOCH16,
        int64 ``(n,)`` for CDF_TIME_TT2000.
    type_name : str
        The CDF type.

    Returns
    -------
    ndarray of int64, shape (n,)
        Fill values, and times that int64 nanoseconds cannot hold, are ``NAT``.
    """
    if type_name == "CDF_TIME_TT2000":
        return tt2000_to_ns(values)
    if type_name == "CDF_EPOCH16":
        return epoch16_to_ns(values)
    return epoch_to_ns(values)


def epoch_to_ns(values: NDArray[np.float64]) -> NDArray[np.int64]:
    """Convert milliseconds since year 0; fill and unrepresentable values become ``NAT``.

    Examples
    --------
    >>> epoch_to_ns(np.array([62167219200000.5])).tolist()
    [500000]
    """
    since = np.asarray(values, dtype=np.float64) - _MS_1970
    good = np.abs(since) < _LIMIT_MS  # also False for NaN
    whole = np.floor(np.where(good, since, 0.0))
    part = np.where(good, since, 0.0) - whole
    ns = whole.astype(np.int64) * 1_000_000 + np.rint(part * 1e6).astype(np.int64)
    return np.where(good, ns, NAT)


def epoch16_to_ns(values: NDArray[np.float64]) -> NDArray[np.int64]:
    """Convert ``(n, 2)`` seconds since year 0 and picoseconds; fill becomes ``NAT``.

    What is less than a nanosecond is cut off, as NASA's ``EPOCH16breakdown`` and other readers do:
    an instant stays in its second, and times that are not before another do not pass it.

    Examples
    --------
    >>> epoch16_to_ns(np.array([[62167219200.0, 1999.0]])).tolist()
    [1]
    """
    pairs = np.asarray(values, dtype=np.float64).reshape(-1, 2)
    seconds, picos = pairs[:, 0] - _MS_1970 // 1000, pairs[:, 1]
    good = (np.abs(seconds) < _LIMIT_MS // 1000) & (picos >= 0) & (picos < 1e12)
    whole = np.where(good, seconds, 0.0).astype(np.int64)
    part = np.where(good, picos, 0.0).astype(np.int64) // 1000
    return np.where(good, whole * 1_000_000_000 + part, NAT)


def tt2000_to_ns(values: NDArray[np.int64]) -> NDArray[np.int64]:
    """Convert nanoseconds since J2000 on the TT scale, leap seconds taken out.

    Examples
    --------
    >>> tt2000_to_ns(np.array([0])).astype("datetime64[ns]").tolist() == [946727935816000000]
    True
    """
    raw = np.asarray(values, dtype=np.int64)
    shift = _one_shift(raw)
    if shift is not None:
        return raw + shift
    # the lowest three values are ISTP's fill, pad and their kin; the highest do not fit
    good = (raw > NAT + 3) & (raw < np.iinfo(np.int64).max - _J2000_NS)
    terrestrial = np.where(good, raw, 0) + _J2000_NS
    step = np.searchsorted(_LEAP_TT, terrestrial, side="right") - 1
    ns = terrestrial - _TT_MINUS_TAI_NS - _LEAP_NS[np.maximum(step, 0)]
    # an instant within 23:59:60 still counts with the old step and would spill into the next day
    following = _LEAP_UTC[np.minimum(step + 1, len(_LEAP_UTC) - 1)]
    spilled = (step >= 0) & (step + 1 < len(_LEAP_UTC)) & (ns >= following)
    ns = np.where(spilled, following - 1, ns)
    early = step < 0
    if early.any():
        ns = np.where(early, _before_1972(terrestrial), ns)
    return np.where(good, ns, NAT)


def _one_shift(raw: NDArray[np.int64]) -> np.int64 | None:
    """Return the one shift that holds for all times, when no leap second lies between them."""
    if not raw.size:
        return None
    low, high = raw.min(), raw.max()
    if low < _LEAP_TT[0] - _J2000_NS or high >= np.iinfo(np.int64).max - _J2000_NS - 10**10:
        return None
    # a second before the next step is the leap second itself, which needs its own treatment
    ends = np.array([low + _J2000_NS, high + _J2000_NS + 1_000_000_000])
    first, last = np.searchsorted(_LEAP_TT, ends, side="right") - 1
    if first != last:
        return None
    return np.int64(_J2000_NS - _TT_MINUS_TAI_NS - int(_LEAP_NS[first]))


def _before_1972(terrestrial: NDArray[np.int64]) -> NDArray[np.int64]:
    atomic = terrestrial - _TT_MINUS_TAI_NS
    dates = np.array([row[0] for row in _DRIFT], dtype="datetime64[ns]").astype(np.int64)
    base, reference, rate = np.array([row[1:] for row in _DRIFT]).T

    def without_offset(utc: NDArray[np.int64]) -> NDArray[np.int64]:
        step = np.clip(np.searchsorted(dates, utc, side="right") - 1, 0, len(dates) - 1)
        # NASA's library takes the drift of a whole day from its noon
        days = utc // _DAY_NS + _MJD_1970 + 0.5
        offset = np.where(utc < dates[0], 0.0, base[step] + (days - reference[step]) * rate[step])
        return np.asarray(atomic - (offset * 1e9).astype(np.int64))  # cut off, as NASA does

    # days and steps are those of UTC, which the first pass finds
    return without_offset(without_offset(atomic))


def ns_to_tt2000(ns: NDArray[np.int64]) -> NDArray[np.int64]:
    """Convert nanoseconds since 1970 UTC to TT2000; the inverse of `tt2000_to_ns` from 1972 on."""
    utc = np.asarray(ns, dtype=np.int64)
    step = np.maximum(np.searchsorted(_LEAP_UTC, utc, side="right") - 1, 0)
    return utc + _LEAP_NS[step] + _TT_MINUS_TAI_NS - _J2000_NS
