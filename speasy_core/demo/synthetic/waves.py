"""A search-coil waveform: hiss, and rising whistlers, thousands of samples a second."""

from __future__ import annotations

import numpy as np

from .noise import Floats, Times, normal, smooth, turbulence, uniform

__all__ = ["waveform"]

_WHISTLER_NS = 2_000_000_000
_HALF_HOUR_NS = 1_800_000_000_000
# 8192 samples a second, to the nanosecond below
_STEP_NS = 122_070


def _steady(t: Times) -> Times:
    """Return times a whole number of nanoseconds apart, which the noise is quickest for."""
    burst = t // _HALF_HOUR_NS
    index = ((t - burst * _HALF_HOUR_NS) * 8192 + 500_000_000) // 1_000_000_000
    return (burst * (_HALF_HOUR_NS // _STEP_NS) + index) * _STEP_NS


def waveform(t: Times) -> Floats:
    """Return the fluctuating field in GSE, nT, (n, 3), at `t` (int64 ns, in order).

    Every 2 s there may be a right-handed packet about the z axis whose frequency rises by
    800 Hz a second through 300 to 420 Hz; below it lies turbulence, above it the sensor's noise.
    """
    steady = _steady(t)
    out = 0.08 * turbulence(steady, 1024 * _STEP_NS / 1e9, 7, 101, 3, slope=2.4)
    for component in range(3):
        out[:, component] += 0.002 * normal(steady // _STEP_NS, 110 + component)
    event = t // _WHISTLER_NS
    since = (t - event * _WHISTLER_NS) / 1e9
    first = int(event[0])
    numbers = np.arange(first, int(event[-1]) + 1, dtype=np.int64)
    chance, place, tone = (uniform(numbers, 120 + i)[event - first] for i in range(3))
    local = since - (0.3 + 1.0 * place)
    strength = np.where(chance < 0.45, np.exp(-((local / 0.12) ** 2)), 0.0)
    strength *= 0.15 + 0.05 * smooth(steady, 256 * _STEP_NS / 1e9, 130)
    middle = 300.0 + 120.0 * tone
    phase = 2 * np.pi * (middle * local + 800.0 * local**2 / 2)
    out[:, 0] += strength * np.cos(phase)
    out[:, 1] += strength * np.sin(phase)
    return out
