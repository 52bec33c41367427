"""Patterns of addresses: a few fixed fields for the date, and nothing else."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from speasy_core.timerange import TimeRange

__all__ = ["FREQUENCIES", "Template", "natural_key", "periods"]

FREQUENCIES = ("daily", "monthly", "yearly", "none")
_PART = re.compile(
    r"(?P<open>\{\{)|(?P<close>\}\})|(?P<quantifier>\{\d+(?:,\d*)?\})"
    r"|\{(?P<field>[A-Za-z]+)(?::(?P<zero>0?)(?P<width>\d)d?)?\}|(?P<odd>[{}])"
)
_FIELDS = ("Y", "y", "M", "D", "j", "H", "I", "p")
_PERIOD_FIELDS = {"daily": ({"D", "j"},), "monthly": ({"M", "D", "j"},), "yearly": ({"Y", "y"},)}
_WIDTHS = {"y": 2}
_MAX_PERIODS = 40_000
_EPOCH = date(1970, 1, 1)
_DAY_NS = 86_400_000_000_000


@dataclass(frozen=True, slots=True)
class Template:
    """A pattern cut into texts and fields.

    Parameters
    ----------
    parts : tuple of (str, str)
        ``("text", literal)`` or ``(field, format)``.

    Examples
    --------
    >>> Template.parse("https://h/{Y}/f_{Y}{M:02d}{D:02d}.cdf").fill(date(2020, 1, 2))
    'https://h/2020/f_20200102.cdf'
    """

    parts: tuple[tuple[str, str], ...]

    @classmethod
    def parse(cls, pattern: str) -> Template:
        r"""Cut a pattern.

        Parameters
        ----------
        pattern : str
            Fields are ``{Y} {y} {M:02d} {D:02d} {j:03d} {H:02d} {I:02d} {p}``; doubled braces
            stand for themselves, and so do the braces of ``\d{4}``.

        Raises
        ------
        ValueError
            Another field, or a brace alone.
        """
        parts: list[tuple[str, str]] = []
        at = 0
        for match in _PART.finditer(pattern):
            parts.append(("text", pattern[at : match.start()]))
            at = match.end()
            if match["odd"] or (match["field"] and match["field"] not in _FIELDS):
                raise ValueError(
                    f"{match[0]!r} at character {match.start() + 1} is not a field; there are "
                    + ", ".join(f"{{{name}}}" for name in _FIELDS)
                )
            if match["field"]:
                parts.append((match["field"], f"{match['zero'] or ''}{match['width'] or ''}"))
            else:
                literal = match["quantifier"] or ("{" if match["open"] else "}")
                parts.append(("text", literal))
        parts.append(("text", pattern[at:]))
        return cls(tuple(p for p in parts if p != ("text", "")))

    @property
    def fields(self) -> set[str]:
        """Names of the fields that it has."""
        return {name for name, _ in self.parts if name != "text"}

    def fits(self, frequency: str) -> bool:
        """Whether the fields tell the periods of `frequency` apart."""
        return all(self.fields & needed for needed in _PERIOD_FIELDS.get(frequency, ()))

    def fill(self, day: date) -> str:
        """Return the address for the period that begins with `day`."""
        values: dict[str, Any] = {
            "Y": day.year, "y": day.year % 100, "M": day.month, "D": day.day,
            "j": day.timetuple().tm_yday, "H": 0, "I": 12, "p": "AM",
        }  # fmt: skip
        return "".join(
            text if name == "text" else _number(values[name], text, name)
            for name, text in self.parts
        )


def _number(value: Any, form: str, name: str) -> str:
    if isinstance(value, str):
        return value
    width = int(form) if form else _WIDTHS.get(name, 0)
    text = str(value)
    return text.rjust(width, "0" if form.startswith("0") or not form else " ")


def periods(span: TimeRange, frequency: str) -> Iterator[tuple[date, TimeRange]]:
    """Yield the first day and the range of each day, month or year that `span` touches.

    Raises
    ------
    ValueError
        More of them than anybody means to ask for.
    """
    if frequency == "none":
        yield _EPOCH, span
        return
    day = _begin(_EPOCH + timedelta(days=span.start_ns // _DAY_NS), frequency)
    for _ in range(_MAX_PERIODS):
        after = _next(day, frequency)
        whole = TimeRange.from_ns((day - _EPOCH).days * _DAY_NS, (after - _EPOCH).days * _DAY_NS)
        if whole.start_ns >= span.stop_ns:
            return
        yield day, whole
        day = after
    raise ValueError(f"the range holds more than {_MAX_PERIODS:,} files")


def _begin(day: date, frequency: str) -> date:
    if frequency == "yearly":
        return day.replace(month=1, day=1)
    return day.replace(day=1) if frequency == "monthly" else day


def _next(day: date, frequency: str) -> date:
    if frequency == "yearly":
        return date(day.year + 1, 1, 1)
    if frequency == "monthly":
        return date(day.year + day.month // 12, day.month % 12 + 1, 1)
    return day + timedelta(days=1)


def natural_key(text: str) -> list[tuple[int, int, str]]:
    """Return a key under which ``v10`` comes after ``v9``.

    Examples
    --------
    >>> max(["f_v9.cdf", "f_v10.cdf"], key=natural_key)
    'f_v10.cdf'
    """
    # at most 4,000 digits are a number in Python; no version has more
    return [
        (1, int(part), "") if part.isdigit() and len(part) < 1000 else (0, 0, part)
        for part in re.split(r"(\d+)", text)
        if part
    ]
