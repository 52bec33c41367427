"""The solar system: planets, moons and spacecraft, as pure functions of absolute time.

Planets follow the Keplerian elements of E. M. Standish ("Keplerian elements for approximate
positions of the major planets", JPL; some arc minutes). Moons go round in circles of the right
size, time and plane, with an arbitrary phase. Spacecraft pass the planets on the right days; what
lies between and after are spirals, ellipses and straight lines, not the real paths. All positions
are heliocentric, in km, on the ecliptic and equinox of J2000.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from speasy_core.timerange import to_ns

from ._frames import days_since_2000
from ._orbits import ORBITS, Ellipse, solve_kepler
from .synthetic.noise import Floats, Times

__all__ = ["AU", "BODIES", "MOONS", "POLES", "equator", "place", "planet_of", "spin"]

#: km
AU = 149_597_870.7
_MU_SUN, _MU_JUPITER, _MU_SATURN = 1.32712440018e11, 1.26686534e8, 3.7931187e7
_OBLIQUITY = np.radians(23.4392911)
_YEAR_NS = 365.25 * 86_400e9

# semi-major axis (au), eccentricity, then degrees: inclination, mean longitude, longitude of
# perihelion, node; and the rate of the mean longitude (degrees a century)
_PLANETS = {
    "Mercury": (0.38709927, 0.20563593, 7.00497902, 252.25032350, 77.45779628, 48.33076593,
                149472.67411175),
    "Venus": (0.72333566, 0.00677672, 3.39467605, 181.97909950, 131.60246718, 76.67984255,
              58517.81538729),
    "Earth": (1.00000261, 0.01671123, -0.00001531, 100.46457166, 102.93768193, 0.0,
              35999.37244981),
    "Mars": (1.52371034, 0.09339410, 1.84969142, -4.55343205, -23.94362959, 49.55953891,
             19140.30268499),
    "Jupiter": (5.20288700, 0.04838624, 1.30439695, 34.39644051, 14.72847983, 100.47390909,
                3034.74612775),
    "Saturn": (9.53667594, 0.05386179, 2.48599187, 49.95424423, 92.59887831, 113.66242448,
               1222.49362201),
    "Uranus": (19.18916464, 0.04725744, 0.77263783, 313.23810451, 170.95427630, 74.01692503,
               428.48202785),
    "Neptune": (30.06992276, 0.00859048, 1.77004347, -55.12002969, 44.96476227, 131.78422574,
                218.45945325),
}  # fmt: skip
#: planet, distance (km) and period (days, negative against the planet's spin)
MOONS = {
    "Io": ("Jupiter", 421_800, 1.769138), "Europa": ("Jupiter", 671_100, 3.551181),
    "Ganymede": ("Jupiter", 1_070_400, 7.154553), "Callisto": ("Jupiter", 1_882_700, 16.689017),
    "Mimas": ("Saturn", 185_540, 0.942422), "Enceladus": ("Saturn", 238_040, 1.370218),
    "Tethys": ("Saturn", 294_670, 1.887802), "Dione": ("Saturn", 377_420, 2.736915),
    "Rhea": ("Saturn", 527_070, 4.518212), "Titan": ("Saturn", 1_221_870, 15.945421),
    "Hyperion": ("Saturn", 1_500_880, 21.276610), "Iapetus": ("Saturn", 3_560_840, 79.321500),
    "Phoebe": ("Saturn", 12_947_780, -550.31), "Methone": ("Saturn", 194_440, 1.009574),
    "Anthe": ("Saturn", 197_700, 1.036500), "Pallene": ("Saturn", 212_280, 1.153746),
    "Telesto": ("Saturn", 294_710, 1.887802), "Helene": ("Saturn", 377_420, 2.736915),
}  # fmt: skip
#: right ascension and declination of the pole of rotation, and the prime meridian at J2000 with
#: its rate a day; degrees (IAU)
POLES = {
    "Sun": (286.13, 63.87, 84.176, 14.1844), "Mercury": (281.01, 61.45, 329.55, 6.1385025),
    "Venus": (272.76, 67.16, 160.20, -1.4813688), "Earth": (0.0, 90.0, 190.147, 360.9856235),
    "Mars": (317.68, 52.89, 176.63, 350.89198226), "Jupiter": (268.06, 64.50, 284.95, 870.536),
    "Saturn": (40.59, 83.54, 38.90, 810.7939024), "Uranus": (257.31, -15.18, 203.81, -501.1600928),
    "Neptune": (299.36, 43.46, 253.18, 536.3128492),
}  # fmt: skip


def _planet(t: Times, name: str) -> Floats:
    axis, eccentricity, inclination, mean, perihelion, node, rate = _PLANETS[name]
    turned = mean + rate * days_since_2000(t) / 36_525 - perihelion
    return _on_ellipse(axis * AU, eccentricity, (inclination, node, perihelion - node), turned)


def _on_ellipse(
    axis: float, eccentricity: float, angles: tuple[float, float, float], mean: Floats
) -> Floats:
    anomaly = solve_kepler(np.radians(mean), eccentricity)
    along = axis * (np.cos(anomaly) - eccentricity)
    across = axis * np.sqrt(1 - eccentricity**2) * np.sin(anomaly)
    i, node, argument = np.radians(angles)
    x = along * np.cos(argument) - across * np.sin(argument)
    y = along * np.sin(argument) + across * np.cos(argument)
    return np.stack(
        [
            x * np.cos(node) - y * np.cos(i) * np.sin(node),
            x * np.sin(node) + y * np.cos(i) * np.cos(node),
            y * np.sin(i),
        ],
        axis=-1,
    )


def _to_ecliptic(vectors: Floats) -> Floats:
    """Turn vectors on the equator of J2000 to its ecliptic."""
    cos, sin = np.cos(_OBLIQUITY), np.sin(_OBLIQUITY)
    x, y, z = vectors[..., 0], vectors[..., 1], vectors[..., 2]
    return np.stack([x, y * cos + z * sin, z * cos - y * sin], axis=-1)


def equator(body: str) -> Floats:
    """Return the axes of a body's equator (rows x, y, z), on the ecliptic of J2000.

    x is where its equator rises through that of the Earth; moons have their planet's equator.
    """
    alpha, delta = np.radians(POLES[planet_of(body)][:2])
    pole = np.array([np.cos(alpha) * np.cos(delta), np.sin(alpha) * np.cos(delta), np.sin(delta)])
    node = np.array([-np.sin(alpha), np.cos(alpha), 0.0])
    return _to_ecliptic(np.stack([node, np.cross(pole, node), pole]))


def spin(t: Times, body: str) -> Floats:
    """Return the angle from `equator`'s x axis to the prime meridian, radians."""
    if body in MOONS:  # one side always faces the planet
        return np.asarray(_phase(t, body) + np.pi)
    _, _, start, rate = POLES[body]
    return np.asarray(np.radians((start + rate * days_since_2000(t)) % 360))


def planet_of(body: str) -> str:
    """Return the planet of a moon, and any other body itself."""
    return MOONS[body][0] if body in MOONS else body


def _phase(t: Times, moon: str) -> Floats:
    period = MOONS[moon][2]
    start = list(MOONS).index(moon) * 0.381966
    return np.asarray(2 * np.pi * (start + (days_since_2000(t) / period) % 1))


def _moon(t: Times, name: str) -> Floats:
    planet, distance, _ = MOONS[name]
    phase = _phase(t, name)
    x, y, _ = equator(planet)
    turning = np.cos(phase)[:, None] * x + np.sin(phase)[:, None] * y
    return np.asarray(_planet(t, planet) + distance * turning)


@dataclass(frozen=True)
class _Cruise:
    """A path past bodies at given times, then what comes last.

    Parameters
    ----------
    stations : tuple of (str, str)
        Time and body; at least two.
    last : str
        ``orbit`` about the last body, ``sun`` for an ellipse over the Sun's poles, ``out`` for a
        straight line.
    ellipse : Ellipse, optional
        The orbit, on the body's equator.
    direction : (float, float)
        Ecliptic longitude and latitude of the straight line, degrees.
    speed : float
        On it, au a year.
    """

    stations: tuple[tuple[str, str], ...]
    last: str
    ellipse: Ellipse | None = None
    direction: tuple[float, float] = (0.0, 0.0)
    speed: float = 3.5

    def __call__(self, t: Times) -> Floats:
        times = [to_ns(time) for time, _ in self.stations]
        found = np.empty((len(t), 3))
        after = t >= times[-1]
        found[after] = self._afterwards(t[after], times[-1])
        for (start, stop), ((_, a), (_, b)) in zip(
            pairwise(times), pairwise(self.stations), strict=True
        ):
            here = (t >= start) & (t < stop) if start > times[0] else t < stop
            found[here & ~after] = _between(t[here & ~after], (start, a), (stop, b))
        return found

    def _afterwards(self, t: Times, since: int) -> Floats:
        body = self.stations[-1][1]
        if self.last == "orbit" and self.ellipse is not None:
            return np.asarray(_planet(t, body) + self.ellipse(t) @ equator(body))
        start = _planet(np.array([since]), body)[0]
        if self.last == "out":
            lon, lat = np.radians(self.direction)
            way = np.array([np.cos(lon) * np.cos(lat), np.sin(lon) * np.cos(lat), np.sin(lat)])
            years = (t - since) / _YEAR_NS
            return np.asarray(start + (years * self.speed * AU)[:, None] * way)
        # aphelion where it began, at the node of a steep orbit
        lon, far = np.arctan2(start[1], start[0]), float(np.linalg.norm(start))
        steep = Ellipse(1.35 * AU, far, 80.0, float(np.degrees(lon)), 180.0, since, _MU_SUN)
        return steep(t)


def _between(t: Times, start: tuple[int, str], stop: tuple[int, str]) -> Floats:
    """Return a spiral from one body to another."""
    part = ((t - start[0]) / (stop[0] - start[0]))[:, None]
    first, last = (_planet(np.array([ns]), body)[0] for ns, body in (start, stop))
    (r0, lon0, z0), (r1, lon1, z1) = (
        (np.hypot(p[0], p[1]), np.arctan2(p[1], p[0]), p[2]) for p in (first, last)
    )
    # the short way round, forwards, and once more round where there is a lot of time
    years = (stop[0] - start[0]) / _YEAR_NS
    turn = (lon1 - lon0) % (2 * np.pi) + (2 * np.pi if years > 5 else 0.0)
    radius = r0 ** (1 - part) * r1**part
    lon = lon0 + part * turn
    return np.concatenate([radius * np.cos(lon), radius * np.sin(lon), z0 + part * (z1 - z0)], 1)


def _about(low: float, high: float, inclination: float, pericentre: str, mu: float) -> Ellipse:
    half = np.pi * np.sqrt(((low + high) / 2) ** 3 / mu)
    return Ellipse(low, high, inclination, 40.0, 200.0, to_ns(pericentre) + int(half * 1e9), mu)


_CRUISES = {
    "Cassini": _Cruise(
        (("1997-10-15", "Earth"), ("2000-12-30", "Jupiter"), ("2004-07-01T02:00", "Saturn")),
        "orbit", _about(80_000, 2.4e6, 17.0, "2004-07-01T02:40", _MU_SATURN),
    ),
    "Galileo": _Cruise(
        (("1989-10-18", "Earth"), ("1995-12-07T18:00", "Jupiter")),
        "orbit", _about(650_000, 7.0e6, 5.0, "1995-12-07T22:00", _MU_JUPITER),
    ),
    "Ulysses": _Cruise((("1990-10-06", "Earth"), ("1992-02-08", "Jupiter")), "sun"),
    "Voyager 1": _Cruise(
        (("1977-09-05", "Earth"), ("1979-03-05", "Jupiter"), ("1980-11-12", "Saturn")),
        "out", direction=(255.0, 35.0), speed=3.6,
    ),
    "Voyager 2": _Cruise(
        (("1977-08-20", "Earth"), ("1979-07-09", "Jupiter"), ("1981-08-25", "Saturn"),
         ("1986-01-24", "Uranus"), ("1989-08-25", "Neptune")),
        "out", direction=(290.0, -48.0), speed=3.3,
    ),
}  # fmt: skip
#: small bodies and spacecraft about the Sun, on the ecliptic
_ELLIPSES = {
    "SOLO": Ellipse(0.29 * AU, 0.91 * AU, 7.0, 20.0, 60.0, to_ns("2022-06-20"), _MU_SUN),
    "PSP": Ellipse(0.07 * AU, 0.76 * AU, 3.4, 76.0, 350.0, to_ns("2021-06-20"), _MU_SUN),
    "CERES": Ellipse(2.55 * AU, 2.98 * AU, 10.6, 80.3, 73.6, to_ns("2020-07-20"), _MU_SUN),
    "VESTA": Ellipse(2.15 * AU, 2.57 * AU, 7.1, 103.8, 151.2, to_ns("2020-01-01"), _MU_SUN),
    "67P": Ellipse(1.24 * AU, 5.68 * AU, 7.0, 50.1, 12.8, to_ns("2018-11-01"), _MU_SUN),
    "HALLEY": Ellipse(0.59 * AU, 35.1 * AU, 162.3, 58.4, 111.3, to_ns("2023-12-09"), _MU_SUN),
}
#: every name that :func:`place` takes
BODIES = ("Sun", *_PLANETS, *MOONS, *_CRUISES, *_ELLIPSES, *(n.upper() for n in ORBITS))


def place(t: Times, body: str) -> Floats:
    """Return the positions of a body, km, (n, 3).

    Parameters
    ----------
    t : int64 (n,)
        Nanoseconds since 1970.
    body : str
        One of :data:`BODIES`.

    Examples
    --------
    >>> earth = place(np.array([946_728_000_000_000_000]), "Earth")
    >>> bool(0.98 < np.linalg.norm(earth) / AU < 0.99)
    True
    """
    if body == "Sun":
        return np.zeros((len(t), 3))
    if body in _PLANETS:
        return _planet(t, body)
    if body in MOONS:
        return _moon(t, body)
    if body in _CRUISES:
        return _CRUISES[body](t)
    if body in _ELLIPSES:
        return _ELLIPSES[body](t)
    near = ORBITS[body.lower()].positions(t, "geij2000")
    return np.asarray(_planet(t, "Earth") + _to_ecliptic(near))
