"""Checked reading of JSON from files and pages; every error says which field is wrong."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Any, Literal

from speasy_core.errors import InvalidRequest
from speasy_core.product import ProductRef

from .protocol import ProtocolError, parse_ns

__all__ = [
    "COLORMAPS",
    "Log",
    "SpecError",
    "fail",
    "plain_log",
    "read_choice",
    "read_color",
    "read_colormap",
    "read_colors",
    "read_flag",
    "read_knobs",
    "read_log",
    "read_mapping",
    "read_percentiles",
    "read_product",
    "read_range",
    "read_text",
    "read_texts",
    "read_times",
]

Log = bool | Literal["symlog"]

COLORMAPS = ("viridis", "magma", "plasma", "inferno", "cividis", "turbo", "jet", "gray")
_COLOR = re.compile(r"#[0-9a-fA-F]{3,8}|[a-zA-Z]{3,24}|(?:rgb|hsl)a?\([0-9.,%/ deg]{1,60}\)")
_MAX_TEXT = 4096


class SpecError(InvalidRequest):
    """Not a spec of a panel, or a command that does not fit it; the text says where."""


def fail(where: str, what: str) -> SpecError:
    """Return the error of a field."""
    return SpecError(f"{where}: {what}")


def read_mapping(value: Any, where: str) -> Mapping[str, Any]:
    """Return an object of JSON."""
    if not isinstance(value, Mapping):
        raise fail(where, f"expected an object, got {type(value).__name__}")
    return value


def read_text(value: Any, where: str) -> str:
    """Return text of a sensible length."""
    if not isinstance(value, str) or len(value) > _MAX_TEXT:
        raise fail(where, f"expected text, got {value!r:.60}")
    return value


def read_texts(value: Any, where: str) -> tuple[str, ...]:
    """Return a list of texts."""
    if not isinstance(value, (list, tuple)):
        raise fail(where, f"expected a list of texts, got {value!r:.60}")
    return tuple(read_text(item, f"{where}[{i}]") for i, item in enumerate(value))


def read_flag(value: Any, where: str) -> bool | None:
    """Return true, false or nothing."""
    if value is not None and not isinstance(value, bool):
        raise fail(where, f"expected true, false or null, got {value!r:.60}")
    return value


def read_log(value: Any, where: str) -> Log | None:
    """Return whether a scale is logarithmic, or "symlog"."""
    return "symlog" if value == "symlog" else read_flag(value, where)


def read_choice(value: Any, where: str, choices: tuple[str, ...]) -> str:
    """Return one of several texts."""
    if value not in choices:
        raise fail(where, f"{value!r:.40} is not one of {', '.join(choices)}")
    return str(value)


def read_colormap(value: Any, where: str) -> str | None:
    """Return the name of a colour map, or nothing."""
    return None if value is None else read_choice(value, where, COLORMAPS)


def read_color(value: Any, where: str) -> str:
    """Return a CSS colour: hex digits, a name, rgb() or hsl()."""
    if not isinstance(value, str) or _COLOR.fullmatch(value) is None:
        raise fail(where, f"{value!r:.40} is not a colour such as '#0072b2' or 'teal'")
    return value


def read_colors(value: Any, where: str) -> tuple[str | None, ...] | None:
    """Return a colour for each component, None for those that have the palette's."""
    if value is None:
        return None
    if not isinstance(value, (list, tuple)):
        raise fail(where, f"expected a list of colours, got {value!r:.60}")
    return tuple(c if c is None else read_color(c, f"{where}[{i}]") for i, c in enumerate(value))


def read_number(value: Any, where: str, low: float, high: float) -> float:
    """Return a number between limits."""
    number = isinstance(value, (int, float)) and not isinstance(value, bool)
    if not number or not low <= value <= high:
        raise fail(where, f"expected a number from {low:g} to {high:g}, got {value!r:.40}")
    return float(value)


def read_shown(value: Any, where: str) -> bool:
    """Return whether something is shown."""
    if not isinstance(value, bool):
        raise fail(where, f"expected true or false, got {value!r:.60}")
    return value


def read_range(value: Any, where: str) -> tuple[float, float] | None:
    """Return two different numbers in order, or nothing."""
    if value is None:
        return None
    if isinstance(value, (list, tuple)) and len(value) == 2:
        low, high = value
        numbers = all(isinstance(v, (int, float)) and not isinstance(v, bool) for v in value)
        if numbers and math.isfinite(low) and math.isfinite(high) and low != high:
            return (float(min(value)), float(max(value)))
    raise fail(where, f"expected two different finite numbers or null, got {value!r:.60}")


def read_percentiles(value: Any, where: str) -> tuple[float, float] | None:
    """Return shares of the values, in percent, below which an automatic range begins and ends."""
    percents = read_range(value, where)
    if percents is not None and not 0 <= percents[0] < percents[1] <= 100:
        raise fail(where, f"expected two different numbers from 0 to 100, got {value!r:.60}")
    return percents


def read_knobs(value: Any, where: str) -> dict[str, Any]:
    """Return knobs: names, and values that are numbers, text, true or false."""
    knobs = dict(read_mapping(value, where))
    for name, knob in knobs.items():
        read_text(name, where)
        if isinstance(knob, str):
            read_text(knob, f"{where}.{name}")
        elif not isinstance(knob, (int, float)) or not math.isfinite(knob):
            raise fail(f"{where}.{name}", f"expected a number, text or a flag, got {knob!r:.60}")
    return knobs


def plain_log(value: Log | None, where: str) -> bool | None:
    """Return what a colour axis takes: colours have no symmetric scale."""
    if value == "symlog":
        raise fail(f"{where}.log", "expected true, false or null: colours have no 'symlog'")
    return bool(value) if value is not None else None


def read_product(value: Any, where: str) -> str:
    """Return the id of a product."""
    try:
        return str(ProductRef.parse(read_text(value, where)))
    except InvalidRequest as error:
        raise SpecError(f"{where}: {error.message}", hint=error.hint) from error


def read_times(value: Mapping[str, Any], where: str) -> tuple[int, int]:
    """Return `start` and `stop` in nanoseconds."""
    try:
        start, stop = parse_ns(value.get("start")), parse_ns(value.get("stop"))
    except ProtocolError as error:
        raise fail(where, str(error)) from error
    if not start < stop:
        raise fail(where, "the range stops before it starts")
    return start, stop
