"""The text tables of Iowa's ephemeris tool, in both their layouts."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from speasy_core.errors import UnexpectedContent

__all__ = ["Table", "read_table"]

_HEAD_LINES = 12
_COLUMN = re.compile(r"(\S.*?) \(([^()]+)\)")
_RADIUS = re.compile(r"\b1 (\w+) = ([0-9.]+) km\b")
# numbers too wide for their column touch the one before, or are stars
_TOUCHING, _STARS = re.compile(r"(?<=\d)-(?=\d)"), re.compile(r"\*+")
_TIME_FIELDS = 5  # year, day of year, hour, minute, second


@dataclass(frozen=True, slots=True)
class Table:
    """One table.

    Attributes
    ----------
    title : str
        Its first line, for example ``Ecliptic Coordinate System``.
    time : datetime64[ns] (n,)
    values : float64 (n, k)
    columns, units : tuple of str
        As in the row of headings.
    radius_unit : str
        Name of the unit of length, for example ``Rs``; empty when the table does not say.
    radius_km : float or None
        How long it is.
    """

    title: str
    time: NDArray[np.datetime64]
    values: NDArray[np.float64]
    columns: tuple[str, ...]
    units: tuple[str, ...]
    radius_unit: str = ""
    radius_km: float | None = None


def read_table(text: str, *, source: str) -> Table:
    """Read a table.

    Parameters
    ----------
    text : str
        The whole answer.
    source : str
        Where it came from, for messages.

    Raises
    ------
    UnexpectedContent
        There is no row of headings, or a row that does not fit it.
    """
    lines = text.splitlines()
    at = next((i for i, line in enumerate(lines[:_HEAD_LINES]) if "SCET" in line), None)
    if at is None:
        said = " ".join(" ".join(lines[:5]).split())[:200]
        raise UnexpectedContent(
            f"the answer is not a table of positions: {said or 'nothing'}", source=source
        )
    found = [_COLUMN.fullmatch(part) for part in re.split(r"\s{2,}", lines[at].strip())]
    headings = [match.groups() for match in found if match][1:]  # without the time's own
    title = next((line.strip() for line in lines[:at] if line.strip()), "")
    radius = _RADIUS.search("\n".join(lines[: at + 1]))
    rows = [
        _STARS.sub(" nan ", _TOUCHING.sub(" -", line))
        for line in lines[at + 1 :]
        if line.strip() and not line.startswith("---")
    ]
    time, values = _read_rows(rows, len(headings), source)
    return Table(
        title,
        time,
        values,
        tuple(name for name, _ in headings),
        tuple(unit for _, unit in headings),
        radius.group(1) if radius else "",
        float(radius.group(2)) if radius else None,
    )


def _read_rows(
    rows: list[str], columns: int, source: str
) -> tuple[NDArray[np.datetime64], NDArray[np.float64]]:
    if not rows:
        return np.empty(0, "M8[ns]"), np.empty((0, columns))
    try:
        numbers = np.loadtxt(rows, dtype=np.float64, ndmin=2, comments=None)
        if numbers.shape[1] != _TIME_FIELDS + columns:
            raise ValueError(f"{numbers.shape[1] - _TIME_FIELDS} values under {columns} headings")
        year, day, hour, minute = numbers[:, :4].astype(np.int64).T
        if not ((year > 1677) & (year < 2262) & (day > 0) & (day < 367)).all():
            raise ValueError("a date that is none")
    except ValueError as error:
        raise UnexpectedContent(f"the table is damaged: {error}", source=source) from error
    days = (year - 1970).astype("M8[Y]").astype("M8[D]").astype(np.int64) + day - 1
    seconds = days * 86_400 + hour * 3600 + minute * 60
    # thousandths are all that is printed: rounded, so that no noise of the fraction is left
    milliseconds = np.rint(numbers[:, 4] * 1000).astype(np.int64)
    time = (seconds * 1000 + milliseconds).astype("M8[ms]").astype("M8[ns]")
    return time, numbers[:, _TIME_FIELDS:]
