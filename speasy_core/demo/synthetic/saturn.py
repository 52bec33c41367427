"""A field like Cassini's near Saturn: a turning mean field with waves across and along it."""

from __future__ import annotations

import numpy as np

from .noise import Floats, Times, smooth, turbulence

__all__ = ["field_ksm", "ksm_to_rtn"]

_WAVE_NS = 27_000_000_000
_SLOW_NS = 400_000_000_000


def field_ksm(t: Times) -> Floats:
    """Return B in Kronocentric Solar Magnetospheric coordinates, nT, at `t` (int64 ns, in order).

    The mean field turns over hours. Across it: Alfvenic turbulence, and packets of left-handed
    ion cyclotron waves of 27 s; along it: compressions of 400 s. Field-aligned coordinates
    separate the three.
    """
    azimuth = 0.9 * turbulence(t, 6 * 3600.0, 4, 81, slope=2.2) + 0.4
    elevation = 0.7 * turbulence(t, 5 * 3600.0, 4, 82, slope=2.2) - 0.6
    mean = 5.5 * np.exp(0.25 * turbulence(t, 4 * 3600.0, 5, 83))
    along = np.stack(
        [np.cos(elevation) * np.cos(azimuth), np.cos(elevation) * np.sin(azimuth),
         np.sin(elevation)], axis=-1,
    )  # fmt: skip
    first = np.stack([-np.sin(azimuth), np.cos(azimuth), np.zeros_like(azimuth)], axis=-1)
    second = np.cross(along, first)
    packet = np.clip(smooth(t, 1200.0, 84), 0.0, None) * 0.35
    phase = 2 * np.pi * ((t % (_WAVE_NS * 10_000)) / _WAVE_NS) + 0.8 * smooth(t, 300.0, 85)
    eddies = 0.32 * turbulence(t, 2048.0, 9, 86, 2)
    compression = 0.22 * np.sin(2 * np.pi * (t % (_SLOW_NS * 1_000)) / _SLOW_NS)
    compression = compression * (1.0 + smooth(t, 3600.0, 87)) + 0.06 * turbulence(t, 512.0, 7, 88)
    across = eddies + packet[:, None] * np.stack([np.cos(phase), -np.sin(phase)], axis=-1)
    return np.asarray(
        along * (mean + compression)[:, None] + first * across[:, :1] + second * across[:, 1:]
    )


def ksm_to_rtn(vectors: Floats) -> Floats:
    """Return vectors in RTN: R away from the Sun, N northward, T to complete.

    Saturn's equator is taken as the plane of the orbit, so that only signs change.
    """
    return np.asarray(vectors * np.array([-1.0, -1.0, 1.0]))
