"""The ephemeris tool of the University of Iowa: a form that is answered with a table of text."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import parse_qs

import numpy as np

from speasy_core.errors import SpeasyError
from speasy_core.timerange import TimeRange

from ._solar import BODIES, MOONS, equator, place, planet_of, spin
from .holdings import ArchiveError
from .parts import Handler, Stock
from .server import Reply, Request
from .synthetic.noise import Floats, Times

__all__ = ["serve"]

_TIME = re.compile(r"(\d{4})//(\d{3}) (\d{2}:\d{2}:\d{2})")
_SYSTEMS = {
    "ecli": "Ecliptic", "equa": "Equatorial", "geog": "Geographic", "khsm": "KSM",
    "crot": "Co-rotational",
}  # fmt: skip
_MAX_ROWS = 600_000
# what is told apart by more than the first four letters
_CODES = {
    "sat1": "Saturn", "sat2": "Saturn", "voy1": "Voyager 1", "voy2": "Voyager 2",
}  # fmt: skip


class BadRequest(ArchiveError):
    """A form that cannot be understood."""

    status = 400


class NotFound(ArchiveError):
    """No such resource."""

    status = 404


@dataclass(frozen=True)
class Form:
    """What was asked."""

    span: TimeRange
    step: int
    origin: str
    observer: str
    system: str
    name: str
    radius: float


def handle(request: Request) -> Reply:
    """Answer a request, its path below the host."""
    if request.segments != ["das", "casephem"]:
        raise NotFound("/" + "/".join(request.segments))
    if request.method != "POST":
        raise BadRequest("a form is expected")
    return Reply(200, "text/plain", _table(_parse(request.body)).encode())


def _parse(body: bytes) -> Form:
    fields = {k: v[0] for k, v in parse_qs(body.decode("latin-1"), keep_blank_values=True).items()}

    def get(name: str) -> str:
        if name not in fields:
            raise BadRequest(f"the field {name} is missing")
        return fields[name]

    try:
        span = TimeRange(_moment(get("StTime")), _moment(get("SpTime")))
        step, radius = int(get("TimeInterval")), float(get("OriginRadius"))
    except (SpeasyError, ValueError) as error:
        raise BadRequest(str(error)) from error
    if step <= 0 or not radius > 0 or span.duration_ns // (step * 10**9) > _MAX_ROWS:
        raise BadRequest("the interval, the radius or the number of rows is out of range")
    system = _SYSTEMS.get(get("coordinates"))
    if system is None:
        raise BadRequest(f"coordinates {get('coordinates')!r}: one of {', '.join(_SYSTEMS)}")
    origin, observer = _body(get("origin")), _body(get("observer"))
    if system == "Co-rotational" and origin not in MOONS:
        raise BadRequest(f"{origin} has no co-rotational coordinates")
    return Form(span, step, origin, observer, system, get("OriginName"), radius)


def _moment(text: str) -> str:
    match = _TIME.fullmatch(text.strip())
    if match is None:
        raise BadRequest(f"{text!r} is not of the form YYYY//DDD HH:MM:SS")
    return "{}-{}T{}".format(*match.groups())


def _body(code: str) -> str:
    wanted = code.strip()
    found = _CODES.get(wanted) or next(
        (name for name in BODIES if name != name.upper() and name.lower()[:4].startswith(wanted)),
        None,
    )
    if not wanted or found is None:
        raise BadRequest(f"there is no body {code!r}")
    return found


def _table(form: Form) -> str:
    step = form.step * 10**9
    t = np.arange(form.span.start_ns, form.span.stop_ns + 1, step, dtype=np.int64)
    unit = "AU" if form.origin == "Sun" else f"R{form.name[:1].lower()}"
    scale = f"1 {unit} = {form.radius} km"
    title = f"{form.system} Coordinate System, synthetic".center(147).rstrip()
    write = _geographic if form.system == "Geographic" else _cartesian
    heading, rows = write(form, t, unit, scale)
    stamps = _stamps(t)
    body = "\n".join(f"{stamp}{row}" for stamp, row in zip(stamps, rows, strict=True))
    return f"{title}\n\n{heading}\n{body}\n"


def _cartesian(form: Form, t: Times, unit: str, scale: str) -> tuple[str, list[str]]:
    axes = _axes(form, t)
    before, at, after = (_relative(form, t + k * 10**9) for k in (-1, 0, 1))
    position = np.einsum("nij,nj->ni", axes, at) / form.radius
    velocity = np.einsum("nij,nj->ni", axes, (after - before) / 2)
    numbers = np.column_stack(
        [position, np.linalg.norm(position, axis=1), velocity, np.linalg.norm(velocity, axis=1)]
    )
    names = [f"{name} ({unit})" for name in "XYZR"]
    names += ["X (km/s)", "Y (km/s)", "Z (km/s)", "Vmag (km/s)"]
    group = f"{'':25}+---------- Position ({scale}) ----------+    "
    group += f"+{'':-<20} Velocity {'':-<20}+"
    heading = f"      {'SCET (UT)':15}" + "".join(f"{name:>14}" for name in names)
    rule = "-" * 21 + ("    " + "-" * 10) * (len(names) - 1) + "   " + "-" * 11
    rows = ["".join(f" {value:13.3f}" for value in row) for row in numbers.tolist()]
    return f"{group}\n\n{heading}\n{rule}", rows


def _geographic(form: Form, t: Times, unit: str, scale: str) -> tuple[str, list[str]]:
    axes = np.broadcast_to(equator(form.origin), (len(t), 3, 3))
    there, sun = _relative(form, t), -place(t, form.origin)
    on_equator = np.einsum("nij,nj->ni", axes, there)
    sunward = np.einsum("nij,nj->ni", axes, sun)
    angle, noon = (np.arctan2(v[:, 1], v[:, 0]) for v in (on_equator, sunward))
    radius = np.linalg.norm(there, axis=1)
    numbers = [
        np.degrees(spin(t, form.origin) - angle) % 360,
        np.degrees(np.arcsin(on_equator[:, 2] / radius)),
        (np.degrees(angle - noon) / 15 + 12) % 24,
        radius - form.radius,
        radius / form.radius,
    ]
    heading = (
        f"      {'SCET (UT)':15}{'W Lon (deg)':>16}{'Lat (deg)':>16}{'LT (hrs)':>16}"
        f"{'npoint alt (km)':>21}{f'R ({unit})':>16}   {scale}"
    )
    rule = f"{'':-<21}     {'':-<11}      {'':-<10}      {'':-<10}      {'':-<15}      {'':-<10}"
    widths = (16, 16, 16, 21, 16)
    rows = [
        "".join(f" {value:{width - 1}.3f}" for value, width in zip(row, widths, strict=True))
        for row in np.column_stack(numbers).tolist()
    ]
    return f"{heading}\n{rule}", rows


def _relative(form: Form, t: Times) -> Floats:
    return place(t, form.observer) - place(t, form.origin)


def _axes(form: Form, t: Times) -> Floats:
    """Return the axes of the coordinate system, rows x, y, z, on the ecliptic of J2000."""
    if form.system == "Ecliptic":
        return np.broadcast_to(np.eye(3), (len(t), 3, 3))
    if form.system == "Equatorial":
        return np.broadcast_to(equator(form.origin), (len(t), 3, 3))
    if form.system == "KSM":  # Saturn's dipole is its axis
        x = _unit(-place(t, form.origin))
        y = _unit(np.cross(equator(form.origin)[2], x))
        return np.stack([x, y, np.cross(x, y)], axis=1)
    # along the flow of the plasma that turns with the planet, and to the planet
    y = _unit(place(t, planet_of(form.origin)) - place(t, form.origin))
    x = _unit(np.cross(y, equator(form.origin)[2]))
    return np.stack([x, y, np.cross(x, y)], axis=1)


def _unit(vectors: Floats) -> Floats:
    return np.asarray(vectors / np.linalg.norm(vectors, axis=-1, keepdims=True))


def _stamps(t: Times) -> list[str]:
    milliseconds = t // 1_000_000
    days = milliseconds // 86_400_000
    left = milliseconds - days * 86_400_000
    years = days.astype("M8[D]").astype("M8[Y]")
    of_year = days - years.astype("M8[D]").astype(np.int64) + 1
    seconds, thousandths = np.divmod(left, 1000)
    return [
        f"{year} {day:03d} {s // 3600:02d} {s % 3600 // 60:02d} {s % 60:02d}.{ms:03d}"
        for year, day, s, ms in zip(
            (years.astype(np.int64) + 1970).tolist(), of_year.tolist(), seconds.tolist(),
            thousandths.tolist(), strict=True,
        )
    ]  # fmt: skip


def serve(stock: Stock) -> Handler:
    """Return the handler of the tool's host; its tables are always computed."""
    return handle
