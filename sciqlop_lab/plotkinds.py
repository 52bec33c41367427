"""Plots whose axes are not time: orbits, one value against another, two-dimensional histograms.

What such a graph shows is its kind and its `options`; every kind has a table of what it takes.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

from speasy_core import boundaries
from speasy_core.errors import InvalidRequest

__all__ = [
    "ASPECTS",
    "COLORED",
    "PLANES",
    "SPACE_KINDS",
    "family",
    "planet_radius",
    "read_options",
    "read_planes",
]

PLANES = boundaries.PLANES
ASPECTS = ("auto", "equal", "free")
COLORED = ("plain", "time")
# kind of a graph -> kind of the plots that it may stand in; all others stand over time
SPACE_KINDS = {"orbit": "orbit", "xy": "xy", "histogram2d": "xy"}
MOST_BINS = 2000
_MOST_TEXT = 4096

# names of planets and moons, and the unit of their radius; the table of units knows its length
_RADII = {
    "earth": "R_E", "jupiter": "R_J", "saturn": "R_S", "mercury": "2439.7 km",
    "venus": "6051.8 km", "mars": "3389.5 km", "uranus": "25559 km", "neptune": "24764 km",
    "moon": "1737.4 km", "titan": "2574.7 km",
}  # fmt: skip


def family(kind: str) -> str:
    """Return the kind of the plots that a graph may stand in: "time", "xy" or "orbit"."""
    return SPACE_KINDS.get(kind, "time")


def planet_radius(name: str) -> tuple[float, str]:
    """Return a planet's radius in km, and the unit that lengths around it are counted in.

    Examples
    --------
    >>> planet_radius("earth")
    (6378.1, 'R_E')
    """
    from speasy_core.units import conversion

    unit = _RADII[name]
    if " " in unit:
        return float(unit.split()[0]), f"R_{name.capitalize()}"
    return conversion(unit, "km")[0], unit


def _text(value: Any) -> str:
    if not isinstance(value, str) or len(value) > _MOST_TEXT:
        raise ValueError("expected text")
    return value


def _number(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
        raise ValueError("expected a finite number")
    return value


def _pressure(value: Any) -> float:
    if _number(value) <= 0:
        raise ValueError("expected a number above zero")
    return float(value)


def _bins(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= MOST_BINS:
        raise ValueError(f"expected a whole number from 1 to {MOST_BINS}")
    return value


def _flag(value: Any) -> bool:
    if not isinstance(value, bool):
        raise ValueError("expected true or false")  # noqa: TRY004 - told as one kind of error
    return value


def _column(value: Any) -> str | int:
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise ValueError("expected names of columns, or their numbers from 0")
    return value


def _list(item: Callable[[Any], Any], least: int, most: int) -> Callable[[Any], list[Any]]:
    def read(value: Any) -> list[Any]:
        if not isinstance(value, (list, tuple)) or not least <= len(value) <= most:
            count = str(least) if least == most else f"{least} to {most}"
            raise ValueError(f"expected a list of {count}")
        return [item(one) for one in value]

    return read


def _one_of(*choices: str) -> Callable[[Any], str]:
    def read(value: Any) -> str:
        if value not in choices:
            raise ValueError(f"expected one of {', '.join(choices)}")
        return str(value)

    return read


def _boundary(value: Any) -> str:
    try:
        boundaries.model(value)
    except InvalidRequest as error:
        raise ValueError(f"{error.message}; {error.hint}") from error
    return str(value)


_PAIR: dict[str, Callable[[Any], Any]] = {"y": _text, "columns": _list(_column, 2, 2)}
_OPTIONS: dict[str, dict[str, Callable[[Any], Any]]] = {
    "orbit": {
        "boundaries": _list(_boundary, 0, 8),
        "planet": _one_of("none", *_RADII),
        "frame": _text,
        "color": _one_of(*COLORED),
        "columns": _list(_column, 3, 3),
        "pdyn": _pressure,
        "bz": _number,
    },
    "xy": {**_PAIR, "color": _one_of(*COLORED)},
    "histogram2d": {
        **_PAIR,
        "x_bins": _bins,
        "y_bins": _bins,
        "log_x": _flag,
        "log_y": _flag,
        "normalise": _one_of("none", "column"),
    },
}  # fmt: skip


def option_names(kind: str) -> tuple[str, ...]:
    """Return the names of the options that a kind of graph takes."""
    return tuple(_OPTIONS.get(kind, ()))


def read_options(kind: str, value: Any, where: str) -> dict[str, Any]:
    """Return the options of a graph; those that are None are left out.

    Raises
    ------
    InvalidRequest
        The kind has no such option, or the option does not take the value.

    Examples
    --------
    >>> read_options("histogram2d", {"x_bins": 50, "normalise": None}, "graph")
    {'x_bins': 50}
    """
    if not isinstance(value, Mapping):
        raise InvalidRequest(f"{where}: expected an object, got {type(value).__name__}")
    table, found = _OPTIONS.get(kind, {}), {}
    for name, given in value.items():
        if name not in table:
            raise InvalidRequest(
                f"{where}: {name!r:.40} is not an option of a graph of kind {kind!r}",
                hint=f"its options: {', '.join(table) or 'none'}",
            )
        if given is not None:
            try:
                found[name] = table[name](given)
            except ValueError as error:
                raise InvalidRequest(f"{where}.{name}: {error}, got {given!r:.60}") from error
    return found


def read_planes(value: Any, where: str) -> tuple[str, ...]:
    """Return planes of projection, each once.

    Raises
    ------
    InvalidRequest
        Not a list of planes.
    """
    known = isinstance(value, (list, tuple)) and all(plane in PLANES for plane in value)
    if not known or not value or len(set(value)) != len(value):
        raise InvalidRequest(
            f"{where}: {value!r:.60} are not planes", hint=f"some of {', '.join(PLANES)}"
        )
    return tuple(value)
