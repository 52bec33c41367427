"""Rotations between the geocentric coordinate systems of SSCWeb.

After M. A. Hapgood, "Space physics coordinate transformations: a user guide", Planetary and Space
Science 40 (1992) 711-717: good to some hundredths of a degree, with nutation left out. Precession
to J2000 is that of the IAU (1976). The dipole is a fixed one, the same as that of the synthetic
fields.
"""

from __future__ import annotations

import numpy as np

from .synthetic.noise import Floats, Times

__all__ = ["EARTH_RADIUS", "FRAMES", "convert", "days_since_2000", "spherical"]

#: km
EARTH_RADIUS = 6378.137

_J2000_NS = 946_728_000_000_000_000
# geographic position of the dipole's northern end, epoch 2020
_POLE_LAT, _POLE_LON = np.radians(80.7), np.radians(-72.7)

#: as SSCWeb names them, and `ecliptic` (mean ecliptic and equinox of date)
FRAMES = ("geo", "gm", "gse", "gsm", "sm", "geitod", "geij2000", "ecliptic")


def days_since_2000(t: Times) -> Floats:
    """Return days since 2000-01-01T12:00, the argument of all the angles here.

    Examples
    --------
    >>> days_since_2000(np.array([946_728_000_000_000_000]))
    array([0.])
    """
    return np.asarray((t - _J2000_NS) / 86_400e9)


def _sun_longitude(days: Floats) -> Floats:
    centuries = days / 36_525
    mean = np.radians(357.528 + 0.9856003 * days)
    longitude = 280.460 + 0.9856474 * days
    turn = (1.915 - 0.0048 * centuries) * np.sin(mean) + 0.020 * np.sin(2 * mean)
    return np.asarray(np.radians(longitude + turn))


def _about_x(angle: Floats) -> Floats:
    """Return matrices that give coordinates on axes turned by `angle` about x."""
    zero, one, cos, sin = np.zeros_like(angle), np.ones_like(angle), np.cos(angle), np.sin(angle)
    return _rows((one, zero, zero), (zero, cos, sin), (zero, -sin, cos))


def _about_z(angle: Floats) -> Floats:
    zero, one, cos, sin = np.zeros_like(angle), np.ones_like(angle), np.cos(angle), np.sin(angle)
    return _rows((cos, sin, zero), (-sin, cos, zero), (zero, zero, one))


def _about_y(angle: Floats) -> Floats:
    zero, one, cos, sin = np.zeros_like(angle), np.ones_like(angle), np.cos(angle), np.sin(angle)
    return _rows((cos, zero, -sin), (zero, one, zero), (sin, zero, cos))


def _rows(*rows: tuple[Floats, Floats, Floats]) -> Floats:
    return np.stack([np.stack(row, axis=-1) for row in rows], axis=-2)


def _axes(x: Floats, y: Floats, z: Floats) -> Floats:
    return np.stack([x, y, z], axis=-2)


def _unit(vectors: Floats) -> Floats:
    return np.asarray(vectors / np.linalg.norm(vectors, axis=-1, keepdims=True))


def _to_ecliptic(days: Floats) -> Floats:
    return _about_x(np.radians(23.439 - 0.013 * days / 36_525))


def _to_gse(days: Floats) -> Floats:
    return np.asarray(_about_z(_sun_longitude(days)) @ _to_ecliptic(days))


def _to_geo(days: Floats) -> Floats:
    return _about_z(np.radians((280.46061837 + 360.98564736629 * days) % 360))


def _to_j2000(days: Floats) -> Floats:
    centuries = days / 36_525
    zeta = np.radians(0.6406161 * centuries + 0.0000839 * centuries**2)
    z = np.radians(0.6406161 * centuries + 0.0003041 * centuries**2)
    theta = np.radians(0.5567530 * centuries - 0.0001185 * centuries**2)
    of_date = _about_z(-z) @ _about_y(theta) @ _about_z(-zeta)
    return np.asarray(np.swapaxes(of_date, -1, -2))


def _dipole(days: Floats) -> Floats:
    """Return the dipole's northern end as seen in the equatorial system of date."""
    at = np.array(
        [
            np.cos(_POLE_LAT) * np.cos(_POLE_LON),
            np.cos(_POLE_LAT) * np.sin(_POLE_LON),
            np.sin(_POLE_LAT),
        ]
    )
    return np.asarray(np.einsum("nji,j->ni", _to_geo(days), at))


def _to_gm(days: Floats) -> Floats:
    z = _dipole(days)
    y = _unit(np.cross(np.array([0.0, 0.0, 1.0]), z))
    return _axes(np.cross(y, z), y, z)


def _to_gsm(days: Floats) -> Floats:
    x = _to_gse(days)[:, 0]
    y = _unit(np.cross(_dipole(days), x))
    return _axes(x, y, np.cross(x, y))


def _to_sm(days: Floats) -> Floats:
    z = _dipole(days)
    y = _unit(np.cross(z, _to_gse(days)[:, 0]))
    return _axes(np.cross(y, z), y, z)


def _to_itself(days: Floats) -> Floats:
    return np.broadcast_to(np.eye(3), (len(days), 3, 3))


# from the equatorial system of date to each of them
_MATRICES = dict(
    zip(
        FRAMES,
        (_to_geo, _to_gm, _to_gse, _to_gsm, _to_sm, _to_itself, _to_j2000, _to_ecliptic),
        strict=True,
    )
)


def convert(t: Times, vectors: Floats, source: str, target: str) -> Floats:
    """Return vectors in another coordinate system.

    Parameters
    ----------
    t : int64 (n,)
        Nanoseconds since 1970.
    vectors : float (n, 3)
    source, target : str
        Two of :data:`FRAMES`.

    Examples
    --------
    >>> sun = convert(np.array([0]), np.array([[1.0, 0.0, 0.0]]), "gse", "gsm")
    >>> bool(np.allclose(sun, [[1, 0, 0]]))
    True
    """
    if source == target:
        return vectors
    days = days_since_2000(t)
    inertial = np.einsum("nji,nj->ni", _MATRICES[source](days), vectors)
    return np.asarray(np.einsum("nij,nj->ni", _MATRICES[target](days), inertial))


def spherical(t: Times, vectors: Floats, frame: str) -> tuple[Floats, Floats, Floats]:
    """Return latitude and longitude (degrees) and local time (hours).

    Parameters
    ----------
    t : int64 (n,)
    vectors : float (n, 3)
        In `frame`.
    frame : str
        One of :data:`FRAMES`.
    """
    radius = np.linalg.norm(vectors, axis=1)
    latitude = np.degrees(np.arcsin(np.clip(vectors[:, 2] / radius, -1, 1)))
    longitude = _degrees(vectors)
    noon = np.broadcast_to(np.array([1.0, 0.0, 0.0]), (len(t), 3))
    sun = convert(t, noon, "gse", frame)
    hours = (longitude - _degrees(sun)) / 15 + 12
    return latitude, longitude, np.asarray(hours % 24)


def _degrees(vectors: Floats) -> Floats:
    """Return longitudes in [0, 360), to 1e-9: what is a hair below zero is zero."""
    angle = np.degrees(np.arctan2(vectors[:, 1], vectors[:, 0]))
    return np.asarray(np.round(angle, 9) % 360)
