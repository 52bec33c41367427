"""What a shock in the solar wind does near the Earth, when it gets there."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from speasy_core.timerange import to_ns

from .noise import Floats, Times
from .positions import position
from .solarwind import DECAY, REACH_NS, Shock, shocks

__all__ = ["SINCE", "Push", "arrival_ns", "push"]

#: days before keep the numbers that they had before the boundary answered to the wind
SINCE = to_ns("2020-01-01")
# the boundary stands where the wind's pressure to this power says (Shue et al., 1998)
_POWER = -1 / 6.6
_STANDOFF = 10.0  # Earth radii
_RISE = 20.0  # seconds: the boundary needs a while for what the pressure does at once
_SLOWEST_NS = 3 * 3_600_000_000_000


class Push(NamedTuple):
    """The wind behind shocks, over the wind without them.

    Attributes
    ----------
    density, pressure : float (n,)
        Factors; the pressure is the dynamic one.
    inward : float (n,)
        How far the magnetopause has come in, Earth radii.
    """

    density: Floats
    pressure: Floats
    inward: Floats


def arrival_ns(shock: Shock, spacecraft: str) -> int:
    """Return when a shock gets to a spacecraft, nanoseconds since 1970.

    It stands across the x axis and keeps its speed, from where ACE was when it passed to where
    the spacecraft is when it comes.

    Examples
    --------
    >>> from speasy_core.demo.synthetic.solarwind import shocks
    >>> (shock,) = shocks(to_ns("2020-01-01"), to_ns("2020-01-02"))
    >>> round((arrival_ns(shock, "mms1") - shock.time_ns) / 60e9)  # minutes
    31
    """
    passed = np.array([shock.time_ns], dtype=np.int64)
    from_x = float(position("ace", passed)[0, 0])
    arrival = passed
    for _ in range(3):  # a spacecraft moves little meanwhile
        distance = from_x - float(position(spacecraft, arrival)[0, 0])
        arrival = passed + round(distance / shock.shock_speed * 1e9)
    return int(arrival[0])


def push(t: Times, spacecraft: str) -> Push | None:
    """Return what shocks do at a spacecraft at the times `t`; None where there are none.

    Parameters
    ----------
    t : int64 (n,)
        Nanoseconds since 1970, in order.
    spacecraft : str
        SSCWeb's id.
    """
    first, last = int(t[0]), int(t[-1])
    found = shocks(max(first - REACH_NS - _SLOWEST_NS, SINCE), max(last, SINCE))
    density, pressure, inward = np.ones(len(t)), np.ones(len(t)), np.ones(len(t))
    touched = False
    for shock in found:
        at = arrival_ns(shock, spacecraft)
        if at > last or at + REACH_NS < first:
            continue
        touched = True
        since = (t - at) / 1e9
        there = (since >= 0) & (since < REACH_NS / 1e9)
        level = np.where(there, np.exp(-np.maximum(since, 0.0) / DECAY), 0.0)
        compressed = 1.0 + (shock.compression - 1.0) * level
        faster = 1.0 + shock.speed_jump / shock.speed_before * level
        density *= compressed
        pressure *= compressed * faster**2
        slow = 1.0 - np.exp(-np.maximum(since, 0.0) / _RISE)
        inward *= (compressed * faster**2) ** (_POWER * slow)
    return Push(density, pressure, _STANDOFF * (1.0 - inward)) if touched else None
