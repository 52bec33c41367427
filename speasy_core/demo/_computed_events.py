"""Lists of what happens in the synthetic data: computed from what the data are computed from."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from speasy_core.events import Catalog, TimeTable
from speasy_core.timerange import TimeRange, format_ns

from .synthetic import arrivals, magnetopause, season, solarwind

__all__ = ["boundary_layers", "crossings", "crossings_catalog", "shocks"]

_STEP = 30 * 10**9
_FPI_STEP = 4_500_000_000
_DAY = TimeRange("2019-01-02", "2019-01-03")
_TWO_WEEKS = TimeRange("2017-11-02", "2017-11-16")
_YEARS = TimeRange("2020-01-01", "2026-01-01")
_HOUR = 3_600_000_000_000
_RADIUS = 6371.2  # km


def _layers(sheath: NDArray[np.float64]) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Return where each run of samples of mixed plasma begins, and the sample after its last."""
    inside = np.concatenate([[False], (sheath > 0.05) & (sheath < 0.95), [False]])
    edges = np.flatnonzero(np.diff(inside.astype(np.int8)))
    return edges[::2], edges[1::2]


def crossings() -> TimeTable:
    """Return the crossings of the magnetopause by MMS1 on one day."""
    name = "MMS1_magnetopause_2019_01_02"
    text = "Crossings of the magnetopause by MMS1 on 2019-01-02 (synthetic)."
    return TimeTable(name, {"description": text}, _crossings())


def _crossings() -> list[TimeRange]:
    t = np.arange(_DAY.start_ns, _DAY.stop_ns, _STEP)
    return [
        TimeRange.from_ns(_DAY.start_ns + int(a) * _STEP, _DAY.start_ns + int(b) * _STEP)
        for a, b in zip(*_layers(magnetopause.crossing(t).sheath), strict=True)
    ]


def crossings_catalog() -> Catalog:
    """Return the same crossings with what happens in each."""
    events = []
    for span in _crossings():
        ends = np.array([span.start_ns, span.stop_ns])
        state = magnetopause.crossing(ends)
        way = "outward" if state.sheath[1] > state.sheath[0] else "inward"
        meta = {"direction": way, "density": round(float(state.density.max()), 3)}
        events.append((span.start, span.stop, meta))
    about = {"units": {"density": "cm^-3"}}
    return Catalog("MMS1_magnetopause_2019_01_02", about, events)


@lru_cache(maxsize=1)
def boundary_layers() -> Catalog:
    """Return where MMS1 is in the layer of mixed plasma, in two weeks of the varied month.

    Each event says where the spacecraft comes from and goes to (``full`` where these are two
    plasmas, ``partial`` where it turns back), and how fast the boundary moves.
    """
    t = np.arange(_TWO_WEEKS.start_ns, _TWO_WEEKS.stop_ns, _FPI_STEP)
    distance, sheath = magnetopause.boundary(t, arrivals.push(t, "mms1"), season.variety(t))
    speed = np.abs(np.gradient(distance)) * _RADIUS / (_FPI_STEP / 1e9)
    events = []
    for a, b in zip(*_layers(sheath), strict=True):
        if a == 0 or b == len(t):
            continue
        before, after = (
            "magnetosheath" if sheath[i] > 0.5 else "magnetosphere" for i in (a - 1, b)
        )
        meta: dict[str, Any] = {
            "kind": "partial" if before == after else "full",
            "before": before,
            "after": after,
            "speed": round(float(np.median(speed[a:b])), 2),
        }
        events.append((*TimeRange.from_ns(int(t[a]), int(t[b])), meta))
    about = {"units": {"speed": "km/s"}}
    return Catalog("MMS1_boundary_layer_2017_11", about, events)


def shocks() -> Catalog:
    """Return the shocks that pass ACE in some years: two hours with the shock in their middle."""
    events = []
    for shock in solarwind.shocks(_YEARS.start_ns, _YEARS.stop_ns):
        middle = shock.time_ns // 10**9 * 10**9
        span = TimeRange.from_ns(middle - _HOUR, middle + _HOUR)
        meta = {
            "time": format_ns(shock.time_ns),
            "compression": round(shock.compression, 3),
            "speed": round(shock.shock_speed, 1),
        }
        events.append((span.start, span.stop, meta))
    return Catalog("ACE_shocks_2020_2025", {"units": {"speed": "km/s"}}, events)
