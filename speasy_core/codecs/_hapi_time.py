"""HAPI's times, a subset of ISO 8601, to nanoseconds: whole columns at once."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
from numpy.typing import NDArray

from speasy_core.errors import InvalidTime
from speasy_core.timerange import to_ns

__all__ = ["NAT", "times_to_ns"]

NAT = np.iinfo(np.int64).min
_FORM = re.compile(
    rb"(?P<year>\d{4})(?:-(?:(?P<doy>\d{3})|(?P<month>\d{2})(?:-(?P<day>\d{2}))?))?"
    rb"(?:T(?P<hour>\d{2})(?::(?P<minute>\d{2})(?::(?P<second>\d{2})(?:\.(?P<part>\d*))?)?)?)?Z?"
)
_DAY_NS = 86_400_000_000_000
# whole years that datetime64[ns] holds
_FIRST_YEAR, _LAST_YEAR = 1678, 2261


def times_to_ns(cells: NDArray[np.bytes_]) -> NDArray[np.int64]:
    """Read times written as text.

    Parameters
    ----------
    cells : ndarray of bytes
        ``2020-01-31T12:30:00.5Z``, ``2020-031T12:30Z`` and all that is shorter; the Z may be
        missing; NUL and blanks at the end do not count.

    Returns
    -------
    ndarray of int64
        Nanoseconds since 1970 UTC, same shape; ``NAT`` where the text is no time, or one that
        64 bits of nanoseconds cannot hold.

    Examples
    --------
    >>> times_to_ns(np.array([b"1970-01-01T00:00:01Z", b"1970-002Z", b"?"])).tolist()[:2]
    [1000000000, 86400000000000]
    """
    flat = np.ascontiguousarray(cells).reshape(-1)
    width = flat.dtype.itemsize
    out = np.full(flat.size, NAT, np.int64)
    if not flat.size or not width:
        return out.reshape(cells.shape)
    matrix = flat.view(np.uint8).reshape(-1, width)
    blank = (matrix == 0) | (matrix == 32)
    lengths = np.where(blank.all(axis=1), 0, width - (~blank[:, ::-1]).argmax(axis=1))
    for length in np.unique(lengths):
        rows = np.flatnonzero(lengths == length)
        out[rows] = _of_one_length(matrix[rows, :length], int(length))
    return out.reshape(cells.shape)


def _of_one_length(matrix: NDArray[np.uint8], length: int) -> NDArray[np.int64]:
    out = np.full(len(matrix), NAT, np.int64)
    left = np.arange(len(matrix))
    # a column has one form, rarely two: a full date and a day of year of the same length
    for _ in range(2):
        form = _FORM.fullmatch(matrix[left[0]].tobytes()) if length else None
        if form is None:
            break
        like = _looks_like(matrix[left], form)
        ns, good = _read(matrix[left[like]], form)
        out[left[like]] = np.where(good, ns, NAT)
        left = np.concatenate([left[~like], left[like][~good]])
        if not left.size:
            return out
    texts, where = np.unique(matrix[left], axis=0, return_inverse=True)
    out[left] = np.array([_one(row.tobytes()) for row in texts], np.int64)[where.reshape(-1)]
    return out


def _looks_like(matrix: NDArray[np.uint8], form: re.Match[bytes]) -> NDArray[np.bool_]:
    """Return which rows have digits and marks where `form` has them."""
    model = np.frombuffer(form.string, np.uint8)
    digit = (model >= 48) & (model <= 57)
    same: NDArray[np.bool_] = (matrix[:, ~digit] == model[~digit]).all(axis=1)
    numbers = matrix[:, digit]
    return same & ((numbers >= 48) & (numbers <= 57)).all(axis=1)


def _read(
    matrix: NDArray[np.uint8], form: re.Match[bytes]
) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Return nanoseconds, and which rows are times that exist."""

    def number(name: str, default: int) -> NDArray[np.int64]:
        first, last = form.span(name)
        value = np.zeros(len(matrix), np.int64)
        if first == last:
            return value + default
        for column in range(first, last):
            value = value * 10 + (matrix[:, column].astype(np.int64) - 48)
        return value

    year = number("year", 0)
    good = (year >= _FIRST_YEAR) & (year <= _LAST_YEAR)
    january = (np.where(good, year, 1970) - 1970).astype("M8[Y]")
    if form["doy"]:
        doy = number("doy", 1)
        day = january.astype("M8[D]") + (doy - 1)
        good &= (doy >= 1) & (day.astype("M8[Y]") == january)
    else:
        month, of_month = number("month", 1), number("day", 1)
        first = january.astype("M8[M]") + (month - 1)
        day = first.astype("M8[D]") + (of_month - 1)
        good &= (month >= 1) & (month <= 12) & (of_month >= 1) & (day.astype("M8[M]") == first)
    hour, minute, second = number("hour", 0), number("minute", 0), number("second", 0)
    good &= (minute <= 59) & (second <= 59)
    seconds = hour * 3600 + minute * 60 + second
    part = _fraction(matrix, form)
    good &= (hour <= 23) | ((hour == 24) & (minute + second + part == 0))
    return day.astype(np.int64) * _DAY_NS + seconds * 1_000_000_000 + part, good


def _fraction(matrix: NDArray[np.uint8], form: re.Match[bytes]) -> NDArray[np.int64]:
    value = np.zeros(len(matrix), np.int64)
    first, last = form.span("part")
    if first < 0:
        return value
    last = min(last, first + 9)  # finer than nanoseconds is cut off
    for column in range(first, last):
        value = value * 10 + (matrix[:, column].astype(np.int64) - 48)
    scaled: NDArray[np.int64] = value * 10 ** (9 - (last - first))
    return scaled


def _one(text: bytes) -> Any:
    """Return what the general reader makes of it: leap seconds, offsets, compact forms."""
    try:
        return to_ns(text.decode("ascii"))
    except (InvalidTime, UnicodeDecodeError):
        return NAT
