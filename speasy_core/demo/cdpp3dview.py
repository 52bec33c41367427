"""CDPP 3DView's web services: frames, bodies and trajectories."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from speasy_core.codecs.cdf import encode
from speasy_core.errors import SpeasyError
from speasy_core.timerange import TimeRange
from speasy_core.variable import SpeasyVariable

from ._frames import convert
from ._orbits import ORBITS
from ._solar import equator, place
from .holdings import ArchiveError
from .parts import Handler, Stock
from .server import Reply, Request
from .synthetic.noise import Floats, Times

__all__ = ["serve"]

_PLANETS = ("Mercury", "Venus", "Earth", "Mars", "Jupiter", "Saturn", "Uranus", "Neptune")
_ALWAYS = TimeRange("1970-01-01", "2040-01-01")
_BODIES: dict[str, tuple[str, str, TimeRange]] = {
    **{n.upper(): ("SPACECRAFT", n.upper(), o.coverage) for n, o in ORBITS.items() if n != "moon"},
    "CASSINI": ("SPACECRAFT", "Cassini", TimeRange("1997-10-16", "2017-09-15")),
    "GALILEO": ("SPACECRAFT", "Galileo", TimeRange("1989-10-19", "2003-09-21")),
    "ULYSSES": ("SPACECRAFT", "Ulysses", TimeRange("1990-10-07", "2009-06-30")),
    "VOYAGER1": ("SPACECRAFT", "Voyager 1", TimeRange("1977-09-06", "2030-01-01")),
    "VOYAGER2": ("SPACECRAFT", "Voyager 2", TimeRange("1977-08-21", "2030-01-01")),
    "SOLO": ("SPACECRAFT", "SOLO", TimeRange("2020-02-11", "2030-01-01")),
    "PSP": ("SPACECRAFT", "PSP", TimeRange("2018-08-13", "2030-01-01")),
    **{name.upper(): ("PLANET", name, _ALWAYS) for name in _PLANETS},
    "MOON": ("SATELLITE", "MOON", _ALWAYS),
    "CERES": ("ASTEROID", "CERES", _ALWAYS),
    "VESTA": ("ASTEROID", "VESTA", _ALWAYS),
    "67P": ("COMET", "67P", _ALWAYS),
    "HALLEY": ("COMET", "HALLEY", _ALWAYS),
}
_MODIFIED_NS = 1_704_067_200_000_000_000
_MAX_SAMPLES = 1_000_000


class BadRequest(ArchiveError):
    """A request that cannot be understood."""

    status = 400


class NotFound(ArchiveError):
    """No such thing, or no data."""

    status = 404


Turn = Callable[[Times, Floats], Floats]


def _same(t: Times, vectors: Floats) -> Floats:
    return vectors


def _on_earths_equator(t: Times, vectors: Floats) -> Floats:
    # the node of the Earth's equator is a quarter turn from the equinox
    node, other, pole = equator("Earth")
    return np.asarray(vectors @ np.stack([-other, node, pole]).T)


def _geocentric(frame: str) -> Turn:
    def turn(t: Times, vectors: Floats) -> Floats:
        return convert(t, _on_earths_equator(t, vectors), "geij2000", frame)

    return turn


def _towards_the_sun(planet: str) -> Turn:
    """Return x to the Sun, z to the north of the planet's orbit."""

    def turn(t: Times, vectors: Floats) -> Floats:
        at = place(t, planet)
        x = -at / np.linalg.norm(at, axis=1, keepdims=True)
        z = np.cross(at, place(t + 3_600_000_000_000, planet))
        z /= np.linalg.norm(z, axis=1, keepdims=True)
        axes = np.stack([x, np.cross(z, x), z], axis=1)
        return np.asarray(np.einsum("nij,nj->ni", axes, vectors))

    return turn


#: centre, description, and the rotation from the ecliptic of J2000
_FRAMES: dict[str, tuple[str, str, Turn]] = {
    "J2000": ("Earth", "Equator and equinox of J2000", _on_earths_equator),
    "ECLIPJ2000": ("Sun", "Ecliptic and equinox of J2000", _same),
    "GEO": ("Earth", "Geographic", _geocentric("geo")),
    "GSE": ("Earth", "Geocentric solar ecliptic", _geocentric("gse")),
    "GSM": ("Earth", "Geocentric solar magnetospheric", _geocentric("gsm")),
    "SM": ("Earth", "Solar magnetic", _geocentric("sm")),
    "MESO": ("Mercury", "Mercury solar orbital", _towards_the_sun("Mercury")),
    "VSO": ("Venus", "Venus solar orbital", _towards_the_sun("Venus")),
    "MSO": ("Mars", "Mars solar orbital", _towards_the_sun("Mars")),
    "JSO": ("Jupiter", "Jupiter solar orbital", _towards_the_sun("Jupiter")),
    "KSO": ("Saturn", "Saturn solar orbital", _towards_the_sun("Saturn")),
}


def handle(request: Request) -> Reply:
    """Answer a request, its path below the host."""
    match request.segments:
        case ["webresources", "get_frames"]:
            return _json({"frames": [
                {"name": name, "center": center, "desc": text}
                for name, (center, text, _) in _FRAMES.items()
            ]})  # fmt: skip
        case ["webresources", "get_bodies"]:
            return _json({"bodies": [
                {"name": name, "type": kind, "coverage": [_iso(span.start_ns), _iso(span.stop_ns)]}
                for name, (kind, _, span) in _BODIES.items()
            ]})  # fmt: skip
        case ["webresources", "get_trajectory"]:
            return _trajectory(request)
    raise NotFound("/" + "/".join(request.segments))


def _trajectory(request: Request) -> Reply:
    def get(name: str, default: str | None = None) -> str:
        found = request.query.get(name, [default] if default is not None else [])
        if not found:
            raise BadRequest(f"the parameter {name} is missing")
        return found[0]

    if get("format", "cdf") != "cdf":
        raise BadRequest("only the format cdf is offered here")
    body, frame = get("body"), get("frame")
    if frame not in _FRAMES:
        raise BadRequest(f"there is no frame {frame!r}")
    if body not in _BODIES:
        raise NotFound(f"there is no body {body!r}")
    try:
        wanted, step = TimeRange(get("start"), get("stop")), int(get("sampling", "600"))
    except (SpeasyError, ValueError) as error:
        raise BadRequest(str(error)) from error
    if step <= 0 or wanted.duration_ns // (step * 10**9) > _MAX_SAMPLES:
        raise BadRequest("the sampling or the number of samples is out of range")
    t = np.arange(wanted.start_ns, wanted.stop_ns, step * 10**9, dtype=np.int64)
    _, name, span = _BODIES[body]
    t = t[(t >= span.start_ns) & (t < span.stop_ns)]
    if not len(t):
        raise NotFound("no data")
    return Reply(200, "application/x-cdf", _file(body, frame, name, t), modified_ns=_MODIFIED_NS)


def _file(body: str, frame: str, name: str, t: Times) -> bytes:
    center, text, turn = _FRAMES[frame]
    seen = turn(t, place(t, name) - place(t, center))
    meta = {"CATDESC": f"Position of {body}, {text}, from {center}", "FIELDNAM": "pos",
            "DISPLAY_TYPE": "time_series"}  # fmt: skip
    variable = SpeasyVariable(
        t.astype("M8[ns]"), seen, name="pos", unit="km", columns=["x", "y", "z"], meta=meta
    )
    attributes = {"Project": "3DView", "Source_name": body, "Logical_source": f"{body}_{frame}",
                  "Synthetic": "yes, computed by the local archive"}  # fmt: skip
    return encode([variable], attributes=attributes)


def _json(content: Mapping[str, Any]) -> Reply:
    return Reply(200, "application/json", json.dumps(content).encode())


def _iso(ns: int) -> str:
    return str(np.datetime64(ns, "ns").astype("M8[s]"))


def serve(stock: Stock) -> Handler:
    """Return the handler of 3DView's host; its trajectories are always computed."""
    return handle
