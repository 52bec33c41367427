"""Random-looking numbers that depend on absolute time alone.

Every value is a pure function of (seed, time), so that any two requests agree where they overlap,
whatever their limits. Nothing here keeps state.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

__all__ = ["Floats", "Times", "normal", "smooth", "turbulence", "uniform"]

Floats = NDArray[np.float64]
Times = NDArray[np.int64]

# one standard deviation of a cubic B-spline through knots of unit variance
_SPLINE_SIGMA = 0.6924


def _mix(index: NDArray[np.int64], seed: int) -> NDArray[np.uint64]:
    """Scramble integers (splitmix64's finalizer)."""
    step = (seed * 0x9E3779B97F4A7C15 + 0x632BE59BD9B4E019) % (1 << 64)
    x = index.astype(np.uint64) * np.uint64(0xD1342543DE82EF95) + np.uint64(step)
    x ^= x >> np.uint64(30)
    x *= np.uint64(0xBF58476D1CE4E5B9)
    x ^= x >> np.uint64(27)
    x *= np.uint64(0x94D049BB133111EB)
    x ^= x >> np.uint64(31)
    return x


def uniform(index: NDArray[np.int64] | int, seed: int) -> Floats:
    """Return one number in [0, 1) for each integer."""
    mixed = _mix(np.atleast_1d(np.asarray(index, dtype=np.int64)), seed)
    return np.asarray((mixed >> np.uint64(11)).astype(np.float64) * 2.0**-53)


def normal(index: NDArray[np.int64], seed: int) -> Floats:
    """Return one number of zero mean and unit variance, nearly Gaussian, for each integer."""
    x = _mix(index, seed)
    low = np.uint64(0xFFFF)
    total = (x & low) + ((x >> np.uint64(16)) & low) + ((x >> np.uint64(32)) & low)
    total += x >> np.uint64(48)
    return np.asarray((total.astype(np.float64) * 2.0**-16 - 2.0) * np.sqrt(3.0))


def smooth(t: Times, spacing: float, seed: int, components: int = 1) -> Floats:
    """Return smooth noise of unit variance: a cubic B-spline through random knots.

    Parameters
    ----------
    t : int64 (n,)
        Nanoseconds since 1970, in order.
    spacing : float
        Seconds between knots; structure is about twice as long.
    seed : int
    components : int
        How many independent columns.

    Returns
    -------
    float64 (n,) or (n, components)
    """
    step = round(spacing * 1e9)
    if not len(t):
        return np.zeros((0, components) if components > 1 else 0)
    first = int(t[0]) // step
    index = np.arange(first - 1, int(t[-1]) // step + 3, dtype=np.int64)
    knots = np.stack([normal(index, seed * 64 + c) for c in range(components)], axis=-1)
    knots /= _SPLINE_SIGMA
    local = t - first * step
    pace = _pace(local, step)
    out = _spline(local, step, knots) if pace is None else _regular(local, step, pace, knots)
    return out if components > 1 else out[:, 0]


def _weights(u: Floats) -> Floats:
    """Return the (4, n) weights of the knots around each place `u` between two of them."""
    v = 1.0 - u
    uu, vv = u * u, v * v
    weights = (vv * v, 4 + uu * (3 * u - 6), 4 + vv * (3 * v - 6), uu * u)
    return np.stack(weights) / 6.0


def _spline(local: Times, step: int, knots: Floats) -> Floats:
    at = local // step
    weights = _weights((local - at * step) / step)
    out = np.zeros((knots.shape[1], len(local)))
    for component, column in enumerate(knots.T):
        for offset in range(4):
            out[component] += column[at + offset] * weights[offset]
    return out.T


def _pace(local: Times, step: int) -> int | None:
    """Return the sampling step when it is regular and hits every knot, else None."""
    if len(local) < 64:
        return None
    pace = int(local[1] - local[0])
    if pace <= 0 or step % pace or int(local[0]) % pace or step < 4 * pace:
        return None
    return pace if bool(np.all(np.diff(local) == pace)) else None


@lru_cache(maxsize=64)
def _table(count: int) -> Floats:
    return np.ascontiguousarray(_weights(np.arange(count) / count).T)


def _regular(local: Times, step: int, pace: int, knots: Floats) -> Floats:
    """Do as `_spline` does, ten times faster: the same weights serve every knot interval."""
    count, lead, n = step // pace, int(local[0]) // pace, len(local)
    table = _table(count)
    intervals = -(-(lead + n) // count)
    if intervals > 8:
        windows = np.lib.stride_tricks.sliding_window_view(knots, 4, axis=0)[:intervals]
        filled = np.matmul(windows, table.T)
        return np.asarray(filled.transpose(0, 2, 1).reshape(-1, knots.shape[1])[lead : lead + n])
    out = np.empty((n, knots.shape[1]))
    for i in range(intervals):
        low, high = max(i * count, lead), min((i + 1) * count, lead + n)
        rows = table[low - i * count : high - i * count]
        out[low - lead : high - lead] = rows @ knots[i : i + 4]
    return out


@lru_cache(maxsize=64)
def _amplitudes(octaves: int, slope: float) -> tuple[float, ...]:
    # a power law f^-slope holds f^(1-slope) in each octave
    raw = 2.0 ** (-np.arange(octaves) * (slope - 1) / 2)
    return tuple(raw / np.sqrt(np.sum(raw**2)))


def turbulence(
    t: Times, longest: float, octaves: int, seed: int, components: int = 1, slope: float = 5 / 3
) -> Floats:
    """Return noise of unit variance whose power falls with frequency as ``f**-slope``.

    Parameters
    ----------
    longest : float
        Knot spacing of the slowest octave, seconds; the fastest has ``longest / 2**(octaves-1)``.
    """
    out = np.zeros((len(t), components) if components > 1 else len(t))
    for octave, amplitude in enumerate(_amplitudes(octaves, slope)):
        out += amplitude * smooth(t, longest / 2**octave, seed * 31 + octave, components)
    return out
