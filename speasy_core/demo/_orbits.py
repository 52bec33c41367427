"""Where spacecraft and the Moon are: pure functions of absolute time.

Ellipses about the Earth have the sizes and inclinations of the real orbits and an arbitrary phase;
nothing disturbs them. What stays about L1 follows a Lissajous figure. The Moon is the real one, by
the short series of the Astronomical Almanac (0.3 degrees).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np

from speasy_core.timerange import TimeRange, to_ns

from ._frames import EARTH_RADIUS, convert, days_since_2000
from .synthetic.noise import Floats, Times

__all__ = ["ORBITS", "Ellipse", "Orbit", "moon", "solve_kepler"]

_MU_EARTH = 398_600.4418  # km3 s-2
_DAY = 86_400 * 1_000_000_000


def solve_kepler(mean: Floats, eccentricity: float) -> Floats:
    """Return the eccentric anomaly, radians.

    Examples
    --------
    >>> anomaly = solve_kepler(np.array([1.0]), 0.9)
    >>> bool(np.allclose(anomaly - 0.9 * np.sin(anomaly), 1.0))
    True
    """
    wrapped = (mean + np.pi) % (2 * np.pi) - np.pi
    found = np.where(wrapped < 0, -np.pi, np.pi) if eccentricity > 0.8 else wrapped
    for _ in range(40):  # from the far side Newton's steps never overshoot
        found = found - (found - eccentricity * np.sin(found) - wrapped) / (
            1 - eccentricity * np.cos(found)
        )
    return np.asarray(found)


@dataclass(frozen=True)
class Ellipse:
    """An undisturbed orbit.

    Parameters
    ----------
    perigee, apogee : float
        Distances from the centre, km.
    inclination, node, argument : float
        Degrees, on the equator of J2000: inclination, right ascension of the ascending node,
        argument of perigee.
    apogee_at : int
        A time at apogee, nanoseconds since 1970.
    mu : float
        Of the central body, km3 s-2.
    """

    perigee: float
    apogee: float
    inclination: float
    node: float
    argument: float
    apogee_at: int
    mu: float = _MU_EARTH

    @property
    def period(self) -> float:
        """Seconds."""
        return float(2 * np.pi * np.sqrt(((self.perigee + self.apogee) / 2) ** 3 / self.mu))

    def __call__(self, t: Times) -> Floats:
        """Return positions in km, (n, 3), on the axes that the angles refer to."""
        axis = (self.perigee + self.apogee) / 2
        eccentricity = (self.apogee - self.perigee) / (self.apogee + self.perigee)
        turns = (t - self.apogee_at) / 1e9 / self.period + 0.5
        anomaly = solve_kepler(2 * np.pi * turns, eccentricity)
        along = axis * (np.cos(anomaly) - eccentricity)
        across = axis * np.sqrt(1 - eccentricity**2) * np.sin(anomaly)
        i, node, argument = np.radians([self.inclination, self.node, self.argument])
        cos, sin = np.cos(argument), np.sin(argument)
        x, y = along * cos - across * sin, along * sin + across * cos
        return np.stack(
            [
                x * np.cos(node) - y * np.cos(i) * np.sin(node),
                x * np.sin(node) + y * np.cos(i) * np.cos(node),
                y * np.sin(i),
            ],
            axis=-1,
        )


def _lissajous(t: Times, days: float, middle: float, width: Floats) -> Floats:
    period = days * _DAY
    phase = 2 * np.pi * (t % int(period)) / period
    turning = np.stack([np.sin(phase), np.cos(phase), np.sin(phase)], axis=-1)
    return np.asarray(np.array([middle, 0.0, 0.0]) + turning * width)


def moon(t: Times) -> Floats:
    """Return the Moon's position in km, mean ecliptic of date, by the Almanac's short series."""
    century = days_since_2000(t) / 36_525

    def sine(amplitude: float, phase: float, rate: float) -> Floats:
        return np.asarray(amplitude * np.sin(np.radians(phase + rate * century)))

    longitude = 218.32 + 481_267.881 * century + (
        sine(6.29, 135.0, 477_198.87) + sine(-1.27, 259.3, -413_335.36)
        + sine(0.66, 235.7, 890_534.22) + sine(0.21, 269.9, 954_397.74)
        + sine(-0.19, 357.5, 35_999.05) + sine(-0.11, 186.5, 966_404.03)
    )  # fmt: skip
    latitude = (
        sine(5.13, 93.3, 483_202.02) + sine(0.28, 228.2, 960_400.89)
        + sine(-0.28, 318.3, 6_003.15) + sine(-0.17, 217.6, -407_332.21)
    )  # fmt: skip
    # a quarter turn on, the sines of the parallax are the cosines of the series
    parallax = 0.9508 + (
        sine(0.0518, 225.0, 477_198.87) + sine(0.0095, 349.3, -413_335.36)
        + sine(0.0078, 325.7, 890_534.22) + sine(0.0028, 359.9, 954_397.74)
    )  # fmt: skip
    radius = EARTH_RADIUS / np.sin(np.radians(parallax))
    lon, lat = np.radians(longitude), np.radians(latitude)
    return np.stack(
        [
            radius * np.cos(lat) * np.cos(lon),
            radius * np.cos(lat) * np.sin(lon),
            radius * np.sin(lat),
        ],
        axis=-1,
    )


@dataclass(frozen=True)
class Orbit:
    """One spacecraft or body of the list.

    Attributes
    ----------
    title : str
    frame : str
        In which `place` gives positions, one of `_frames.FRAMES`.
    place : callable
        Nanoseconds since 1970 (n,) to km (n, 3).
    resolution : int
        Seconds between the samples that are served.
    coverage : TimeRange
    spase_id : str
    """

    title: str
    frame: str
    place: Callable[[Times], Floats]
    resolution: int
    coverage: TimeRange
    spase_id: str = ""

    def positions(self, t: Times, frame: str) -> Floats:
        """Return positions in km, (n, 3), in a coordinate system of `_frames.FRAMES`."""
        return convert(t, self.place(t), self.frame, frame)


_MMS = TimeRange("2015-09-01", "2030-01-01")
_THEMIS = TimeRange("2007-03-01", "2030-01-01")
_CLUSTER = TimeRange("2001-02-01", "2024-09-01")
# near the Sun's direction then, so that MMS is at the dayside magnetopause on that afternoon
_MMS_APOGEE = to_ns("2019-01-02T17:00")


def _ellipse(
    title: str, radii: tuple[float, float], angles: tuple[float, float, float], apogee: int,
    coverage: TimeRange, spase: str = "",
) -> Orbit:  # fmt: skip
    low, high = (EARTH_RADIUS * r for r in radii)
    place = Ellipse(low, high, *angles, apogee)
    return Orbit(title, "geij2000", place, 60, coverage, spase and f"spase://SMWG/{spase}")


def _mms(number: int, node: float, inclination: float, late: int) -> Orbit:
    # a tetrahedron of about 10 km at apogee
    angles = (28.5 + inclination, 51.4 + node, 55.0)
    apogee = _MMS_APOGEE + late * 1_000_000_000
    return _ellipse(
        f"MMS {number}", (1.2, 12.0), angles, apogee, _MMS, f"Observatory/MMS/MMS-{number}"
    )


def _themis(letter: str, probe: int, apogee: float, hours: float) -> Orbit:
    return _ellipse(
        f"THEMIS-{letter.upper()} (P{probe})", (1.5, apogee), (9.0, 300.0, 180.0),
        to_ns("2019-01-02T12:00") + int(hours * 3.6e12), _THEMIS,
        f"Observatory/THEMIS/{letter.upper()}",
    )  # fmt: skip


def _cluster(number: int, name: str, node: float, late: int) -> Orbit:
    return _ellipse(
        f"Cluster-{number} ({name})", (4.0, 19.6), (90.0, 105.0 + node, 0.0),
        to_ns("2005-02-14T06:00") + late * 1_000_000_000, _CLUSTER,
        f"Observatory/Cluster-{name}",
    )  # fmt: skip


def _at_l1(title: str, place: Callable[[Times], Floats], start: str, spase: str) -> Orbit:
    return Orbit(title, "gse", place, 720, TimeRange(start, "2030-01-01"), f"spase://SMWG/{spase}")


#: by the ids of SSCWeb
ORBITS = {
    # the same figure as in the synthetic files of ACE
    "ace": _at_l1("ACE", partial(_lissajous, days=178, middle=1.49e6,
                                 width=np.array([4e4, 2.6e5, 1.5e5])),
                  "1997-09-01", "Observatory/ACE"),
    "cluster1": _cluster(1, "Rumba", 0.0, 0),
    "cluster2": _cluster(2, "Salsa", 0.2, 0),
    "cluster3": _cluster(3, "Samba", -0.2, 30),
    "cluster4": _cluster(4, "Tango", 0.1, 90),
    "geotail": _ellipse("Geotail", (9.0, 30.0), (7.0, 80.0, 10.0), to_ns("2005-06-01"),
                        TimeRange("1995-01-01", "2022-06-28"), "Observatory/Geotail"),
    "mms1": _mms(1, 0.0, 0.0, 0),
    "mms2": _mms(2, 0.008, 0.0, 0),
    "mms3": _mms(3, 0.0, 0.008, 0),
    "mms4": _mms(4, 0.004, 0.004, 10),
    "moon": Orbit("Moon", "ecliptic", moon, 60, TimeRange("1959-01-01", "2040-01-01")),
    "themisa": _themis("a", 5, 12.0, 0.0),
    "themisd": _themis("d", 3, 11.9, 0.7),
    "themise": _themis("e", 4, 12.1, -0.7),
    "wind": _at_l1("Wind", partial(_lissajous, days=172, middle=1.5e6,
                                   width=np.array([6e4, 6.5e5, 1.1e5])),
                   "2004-06-01", "Observatory/Wind"),
}  # fmt: skip
