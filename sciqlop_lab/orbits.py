"""Positions of spacecraft as an orbit around a planet: in its radii, with its boundaries."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import numpy as np

from speasy_core import boundaries
from speasy_core.errors import SpeasyError, VariableError
from speasy_core.units import conversion
from speasy_core.variable import SpeasyVariable

from .plotkinds import planet_radius

__all__ = ["frame_of", "of_positions", "planet_of"]

DEFAULT_BOUNDARIES = ("magnetopause", "bow shock")
_EARTH = (
    "gse",
    "gsm",
    "sm",
    "geo",
    "gei",
    "gm",
    "mag",
    "gei_tod",
    "gei_j_2000",
    "gseq",
    "j2000gci",
)
# frames whose x axis points at the Sun
_SUNWARD = ("gse", "gsm", "gseq", "mso", "vso", "jso", "kso", "jsm", "ksm", "jse", "kse")
_BY_FRAME = {
    **dict.fromkeys(_EARTH, "earth"), "vso": "venus", "jso": "jupiter", "jsm": "jupiter",
    "jse": "jupiter", "kso": "saturn", "ksm": "saturn", "kse": "saturn",
}  # fmt: skip
_BY_UNIT = {"R_E": "earth", "R_J": "jupiter", "R_S": "saturn"}
_NAMED = ("COORDINATE_SYSTEM", "CoordinateSystem", "COORDINATE_FRAME", "FRAME")
_TOLD = ("CATDESC", "FIELDNAM", "LABLAXIS")
# words that mean nothing else in a name or a sentence, as "mag" and "sm" do
_CLEAR = ("gse", "gsm", "gseq", "gei", "mso", "vso", "jso", "kso", "jsm", "ksm", "jse", "kse")
_WORD = re.compile(rf"(?<![a-z0-9])({'|'.join(_CLEAR)})(?![a-z0-9])")
_PROFILE = 121  # points of a boundary, which is smooth


def frame_of(variable: SpeasyVariable) -> str:
    """Return the coordinate system that the metadata or a name tells, lower case, or an empty text.

    Examples
    --------
    >>> frame_of(SpeasyVariable([0], [[1.0, 2, 3]], name="mms1_fgm_r_gse_srvy_l2"))
    'gse'
    """
    for key in _NAMED:
        text = str(variable.meta.get(key) or "").strip().lower()
        if text:
            found = _WORD.search(text.replace("_", " "))
            return found.group(1) if found else text
    told = [variable.name, *variable.columns, *(str(variable.meta.get(key, "")) for key in _TOLD)]
    for text in told:
        found = _WORD.search(text.lower().replace("_", " "))
        if found:
            return found.group(1)
    return ""


def planet_of(unit: str, frame: str) -> str:
    """Return the planet that positions are counted from, or an empty text where nothing tells it.

    Examples
    --------
    >>> planet_of("km", "gse"), planet_of("R_J", ""), planet_of("km", "")
    ('earth', 'jupiter', '')
    """
    for radius, planet in _BY_UNIT.items():
        try:
            if unit and unit != "km" and conversion(unit, radius) == (1.0, 0.0):
                return planet
        except SpeasyError:
            break
    return _BY_FRAME.get(frame, "")


def of_positions(
    variable: SpeasyVariable, options: Mapping[str, Any]
) -> tuple[SpeasyVariable, dict[str, Any]]:
    """Return positions in radii of the planet, and what is drawn with them.

    Parameters
    ----------
    variable : SpeasyVariable, shape (n, 3) or more
        X, Y and Z, in a unit of length.
    options : mapping
        Of a graph of kind "orbit".

    Returns
    -------
    variable : SpeasyVariable, shape (n, 3)
    fields : dict
        ``frame``, ``unit``, ``planet`` (name, radius, whether the side of +x is lit) or None,
        ``shapes`` (boundaries as x and distance from the x axis), ``notes``.

    Raises
    ------
    VariableError
        Not three components of a length.
    """
    variable = _three(variable, options)
    frame = str(options.get("frame") or "").strip().lower() or frame_of(variable)
    told = options.get("planet")
    guess = planet_of(variable.unit, frame) if variable.unit else ""
    planet = "" if told == "none" else told or guess
    notes: list[str] = []
    radius = 0.0
    if planet:
        variable, radius = _in_radii(variable, planet)
    elif told != "none":
        if variable.unit:
            _check_length(variable)
        notes.append("no planet drawn: the data does not tell which one; name it with planet=")
    wanted = options.get("boundaries")
    asked = DEFAULT_BOUNDARIES if wanted is None else tuple(wanted)
    why = _refusal(planet, frame) if asked else ""
    shapes = [] if why else [_shape(name, options) for name in asked]
    if why and (wanted or planet == "earth"):
        notes.append(f"{' and '.join(asked)} not drawn: {why}")
    elif shapes:
        said = ", ".join(f"{shape['title']} {shape['source']}" for shape in shapes)
        wind = f"Pdyn {options.get('pdyn', 2.0):g} nPa, Bz {options.get('bz', 0.0):g} nT"
        notes.append(f"{said} ({wind})")
    lit = frame in _SUNWARD
    disc = {"name": planet, "radius": radius, "lit": lit} if planet else None
    fields = {"frame": frame.upper(), "planet": disc, "shapes": shapes, "notes": notes}
    return variable, {**fields, "unit": variable.unit}


def _refusal(planet: str, frame: str) -> str:
    """Say why models of the Earth's boundaries cannot be drawn, or nothing."""
    if planet != "earth":
        return "the models are of the Earth's"
    if frame in boundaries.FRAMES:
        return ""
    known = f"the positions are in {frame.upper()}" if frame else "the frame is not known"
    return (
        f"the models are of GSE and GSM, and {known} (frame= says it, coordinate_system= asks SSC)"
    )


def _shape(name: str, options: Mapping[str, Any]) -> dict[str, Any]:
    """Return a boundary as x and distance from the x axis, from the nose to the tail."""
    model = boundaries.model(name)
    wind = {"pdyn": options.get("pdyn", 2.0), "bz": options.get("bz", 0.0)}
    line = boundaries.section(name, "xy", points=2 * _PROFILE, **wind)
    half = line[line[:, 1] >= 0]
    around = float(model.radius(np.pi / 2, **wind))
    return {
        "name": model.name, "title": model.title, "source": model.source,
        "x": half[:, 0].round(3).tolist(), "rho": half[:, 1].round(3).tolist(),
        "terminator": round(around, 3),
    }  # fmt: skip


def _three(variable: SpeasyVariable, options: Mapping[str, Any]) -> SpeasyVariable:
    """Return the three components of the position."""
    name = variable.name or "the product"
    count = variable.shape[1] if variable.ndim == 2 else 1
    numbers = variable.dtype.kind in "fiu" and variable.kind != "spectrogram"
    if variable.ndim != 2 or count < 3 or not numbers:
        shape = " x ".join(map(str, variable.shape))
        raise VariableError(
            f"{name} ({shape}) is no position", hint="an orbit needs three components, X, Y and Z"
        )
    wanted = options.get("columns")
    if wanted is None:
        return variable if count == 3 else variable[list(variable.columns[:3])]
    columns = [variable.columns[c] if isinstance(c, int) and c < count else c for c in wanted]
    missing = [str(c) for c in columns if c not in variable.columns]
    if missing:
        raise VariableError(
            f"{name} has no component {', '.join(missing)}",
            hint=f"components: {', '.join(variable.columns)}",
        )
    chosen: SpeasyVariable = variable[columns]
    return chosen


def _in_radii(variable: SpeasyVariable, planet: str) -> tuple[SpeasyVariable, float]:
    """Return positions in radii of the planet, and its radius in their unit."""
    radius, unit = planet_radius(planet)
    factor = _check_length(variable)
    clean = variable.fill_to_nan()
    return clean.copy(values=clean.values * (factor / radius), unit=unit), 1.0


def _check_length(variable: SpeasyVariable) -> float:
    """Return how many km the unit is."""
    try:
        return conversion(variable.unit or "?", "km")[0]
    except SpeasyError as error:
        raise VariableError(
            f"{variable.name or 'the product'} in {variable.unit or 'no unit'} is no position: "
            "an orbit needs a length, such as km or R_E",
            hint="v.with_unit('km') says what they are, planet='none' draws them as they are",
        ) from error
