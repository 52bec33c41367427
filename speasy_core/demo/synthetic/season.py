"""A month in which the magnetopause is harder to tell: the data that detectors are trained on.

On all other days both plasmas are the same from day to day and every moment is exact, which makes
the boundary a matter of one threshold. In this month they vary as the wind does, the boundary
moves faster and is thicker or thinner, cold plasma comes up inside it, and the moments of the ions
carry the noise of counting them.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from speasy_core.timerange import TimeRange

from .noise import Floats, Times, normal, smooth, turbulence

__all__ = ["MONTH", "Variety", "noisy", "variety"]

MONTH = TimeRange("2017-11-01", "2017-12-01")
_EDGE = 6 * 3600.0  # seconds over which it begins and ends
_HOUR = 3600.0
# relative deviation of a density of one particle in a cm3, and of its velocity in km/s
_COUNTING, _JITTER = 0.06, 30.0


class Variety(NamedTuple):
    """How the month differs; each (n,).

    Attributes
    ----------
    density, pressure : float
        Of what stands outside, over those of other days.
    warmth_out, warmth_in : float
        Temperatures of magnetosheath and magnetosphere, over those of other days.
    plume : float
        Density of cold plasma inside the boundary, cm-3.
    motion : float
        Added to the distance from the boundary, Earth radii.
    thickness : float
        Factor.
    """

    density: Floats
    pressure: Floats
    warmth_out: Floats
    warmth_in: Floats
    plume: Floats
    motion: Floats
    thickness: Floats


def _share(t: Times) -> Floats:
    """Return 1 in the month, 0 outside, with soft edges."""
    inside = np.minimum(t - MONTH.start_ns, MONTH.stop_ns - t) / 1e9
    u = np.clip(inside / _EDGE, 0.0, 1.0)
    return np.asarray(u * u * (3.0 - 2.0 * u))


def _outside(t: Times) -> bool:
    return not len(t) or int(t[-1]) <= MONTH.start_ns or int(t[0]) >= MONTH.stop_ns


def variety(t: Times) -> Variety | None:
    """Return how the month differs at the times `t`, int64 ns in order; None outside of it."""
    if _outside(t):
        return None
    share = _share(t)
    restless = np.clip(0.5 + smooth(t, 2 * _HOUR, 141), 0.0, 2.0)
    density = np.exp(share * 0.45 * turbulence(t, 5 * _HOUR, 4, 142))
    warmth_out = np.exp(share * (0.5 + 0.35 * turbulence(t, 4 * _HOUR, 4, 143)))
    return Variety(
        density=density,
        pressure=density * warmth_out,
        warmth_out=warmth_out,
        warmth_in=np.exp(share * (0.35 * turbulence(t, 2 * _HOUR, 5, 144) - 0.2)),
        plume=share * 4.0 * np.clip(turbulence(t, 1200.0, 4, 145) - 0.6, 0.0, None),
        motion=share * 0.16 * restless * turbulence(t, 240.0, 3, 146, slope=2.0),
        thickness=np.exp(share * 0.4 * smooth(t, 1200.0, 147)),
    )


def noisy(moments: dict[str, Floats], t: Times, step_ns: int) -> dict[str, Floats]:
    """Return moments with the noise of counting: the fewer particles, the more of it.

    Parameters
    ----------
    moments : mapping
        ``density`` (cm-3), ``velocity`` (km/s) and temperatures.
    t : int64 (n,)
    step_ns : int
        Cadence: each sample draws numbers of its own.
    """
    if _outside(t):
        return moments
    share, sample, density = _share(t), t // step_ns, moments["density"]
    few = share / np.sqrt(np.maximum(density, 0.1))
    noisy = {}
    for number, (name, values) in enumerate(moments.items()):
        columns = values.reshape(len(t), -1)
        drawn = [normal(sample, 150 + 8 * number + i) for i in range(columns.shape[1])]
        deviation = np.stack(drawn, axis=-1) * few[:, None]
        if name == "velocity":
            made = columns + _JITTER * deviation
        else:
            made = columns * (1.0 + _COUNTING * deviation)
        noisy[name] = made.reshape(values.shape)
    return noisy
