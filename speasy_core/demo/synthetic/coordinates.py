"""Rotations between GSE and GSM."""

from __future__ import annotations

import numpy as np

from .noise import Floats, Times

__all__ = ["gse_to_gsm"]

_J2000_NS = 946_728_000_000_000_000
# geographic position of the dipole's northern end, epoch 2020
_POLE_LAT, _POLE_LON = np.radians(80.7), np.radians(-72.7)


def _dipole_angle(t: Times) -> Floats:
    """Return the angle about the x axis between GSE's z and the dipole's projection, radians."""
    days = (t - _J2000_NS) / 86_400e9
    mean = np.radians(357.528 + 0.9856003 * days)
    sun = np.radians(280.460 + 0.9856474 * days + 1.915 * np.sin(mean))
    tilt = np.radians(23.439)
    right_ascension = np.radians(280.46062 + 360.9856473 * days) + _POLE_LON
    x = np.cos(_POLE_LAT) * np.cos(right_ascension)
    y = np.cos(_POLE_LAT) * np.sin(right_ascension)
    z = np.full_like(x, np.sin(_POLE_LAT))
    # equatorial to ecliptic, then about the ecliptic's pole until x points to the Sun
    y_ecliptic, z_gse = y * np.cos(tilt) + z * np.sin(tilt), z * np.cos(tilt) - y * np.sin(tilt)
    y_gse = y_ecliptic * np.cos(sun) - x * np.sin(sun)
    return np.asarray(np.arctan2(y_gse, z_gse))


def gse_to_gsm(t: Times, vectors: Floats) -> Floats:
    """Rotate vectors about the x axis, which the two systems share.

    Parameters
    ----------
    t : int64 (n,)
        Nanoseconds since 1970.
    vectors : float (n, 3)
    """
    angle = _dipole_angle(t)
    cos, sin = np.cos(angle), np.sin(angle)
    x, y, z = vectors.T
    return np.stack([x, y * cos - z * sin, y * sin + z * cos], axis=-1)
