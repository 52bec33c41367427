"""The solar wind at L1: streams, Parker spiral, Alfvenic fluctuations, interplanetary shocks."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

import numpy as np

from .noise import Floats, Times, smooth, turbulence, uniform

__all__ = ["DECAY", "REACH_NS", "Shock", "Wind", "shocks", "wind"]

MU0, MP, KB = 4e-7 * np.pi, 1.67262e-27, 1.380649e-23
GAMMA = 5 / 3
ELECTRON_TEMPERATURE = 1.3e5
_DAY = 86_400.0
# at most one shock in each of these
_SHOCK_BLOCK_NS = 9 * 86_400_000_000_000
#: what a shock brought fades over this many seconds, and is gone after this many nanoseconds
DECAY, REACH_NS = 10 * 3600.0, 5 * 86_400_000_000_000


class Wind(NamedTuple):
    """Plasma and field: n (cm-3), speed and velocity (km/s), proton T (K), B GSE (nT)."""

    density: Floats
    velocity: Floats
    temperature: Floats
    field: Floats


@dataclass(frozen=True)
class Shock:
    """A fast forward shock that moves away from the Sun.

    Parameters
    ----------
    time_ns : int
        When it passes, nanoseconds since 1970.
    compression : float
        Ratio of densities, and of the field along the shock.
    speed_jump : float
        km/s.
    temperature_ratio : float
        Of the protons.
    shock_speed : float
        km/s, in the frame of the Sun.
    """

    time_ns: int
    compression: float
    speed_jump: float
    temperature_ratio: float
    shock_speed: float

    @property
    def speed_before(self) -> float:
        """Speed of the wind that it runs into, km/s."""
        return self.shock_speed - self.speed_jump / (1 - 1 / self.compression)


def _quiet(t: Times) -> Wind:
    """Return the wind without shocks and without fluctuations."""
    stream = 1.0 / (1.0 + np.exp(-1.8 * smooth(t, 2.2 * _DAY, 11)))
    speed = 310.0 + 330.0 * stream + 9.0 * turbulence(t, 4 * 3600.0, 3, 12)
    density = 6.2 * (400.0 / speed) ** 1.9 * np.exp(0.3 * turbulence(t, 9 * 3600.0, 5, 13))
    temperature = 7.5e4 * (speed / 400.0) ** 2.8 * np.exp(0.22 * turbulence(t, 6 * 3600.0, 5, 14))
    strength = 5.0 * (density / 6.0) ** 0.3 * np.exp(0.2 * turbulence(t, 10 * 3600.0, 4, 15))
    # the spiral's angle at 0.99 AU, and a sector polarity that turns through the north
    angle = np.arctan(2.865e-6 * 1.481e8 / speed)
    sector = np.tanh(5.0 * smooth(t, 3.8 * _DAY, 16))
    north = 0.12 * turbulence(t, 5 * 3600.0, 3, 17) + np.sqrt(1.0 - sector**2)
    direction = np.stack([-np.cos(angle) * sector, np.sin(angle) * sector, north], axis=-1)
    direction /= np.linalg.norm(direction, axis=1)[:, None]
    velocity = np.stack([-speed, np.zeros_like(speed), np.zeros_like(speed)], axis=-1)
    return Wind(density, velocity, temperature, direction * strength[:, None])


@lru_cache(maxsize=512)
def _shock(block: int) -> Shock | None:
    chance, when, strong = (float(uniform(block, 40 + i)[0]) for i in range(3))
    if chance > 0.7:
        return None
    time_ns = int(block * _SHOCK_BLOCK_NS + (0.1 + 0.8 * when) * _SHOCK_BLOCK_NS)
    before = _quiet(np.array([time_ns], dtype=np.int64))
    return _perpendicular_shock(time_ns, 1.6 + 1.3 * strong, before)


def _perpendicular_shock(time_ns: int, x: float, before: Wind) -> Shock:
    """Solve Rankine and Hugoniot's conditions for a perpendicular shock of compression `x`."""
    n, proton_t = before.density[0] * 1e6, before.temperature[0]
    rho, pressure = n * MP, n * KB * (proton_t + ELECTRON_TEMPERATURE)
    b_squared = float(np.sum(before.field[0, 1:] ** 2)) * 1e-18
    beta = pressure / (b_squared / (2 * MU0))
    # mach: sonic, from the quadratic for the compression, solved for the Mach number instead
    mach_squared = (2 * (2 - GAMMA) * x**2 + 2 * GAMMA * (1 + beta) * x) / (
        GAMMA * beta * ((GAMMA + 1) - (GAMMA - 1) * x)
    )
    inflow = np.sqrt(mach_squared * GAMMA * pressure / rho)
    behind = pressure + rho * inflow**2 * (1 - 1 / x) + b_squared * (1 - x**2) / (2 * MU0)
    # electrons are heated by compression alone, the protons take the rest
    protons = behind / (x * n * KB) - ELECTRON_TEMPERATURE * x ** (GAMMA - 1)
    speed = -before.velocity[0, 0]
    return Shock(
        time_ns, x, float(inflow * (1 - 1 / x)) / 1e3, max(1.0, float(protons / proton_t)),
        float(speed + inflow / 1e3),
    )  # fmt: skip


def shocks(start_ns: int, stop_ns: int) -> list[Shock]:
    """Return the shocks that pass L1 in a range, in order."""
    blocks = range(start_ns // _SHOCK_BLOCK_NS, stop_ns // _SHOCK_BLOCK_NS + 1)
    found = (_shock(block) for block in blocks)
    return [s for s in found if s is not None and start_ns <= s.time_ns < stop_ns]


def wind(t: Times) -> Wind:
    """Return the solar wind at the times `t`, int64 nanoseconds since 1970, in order."""
    density, velocity, temperature, field = _quiet(t)
    for shock in shocks(int(t[0]) - REACH_NS, int(t[-1]) + 1):
        since = (t - shock.time_ns) / 1e9
        level = np.where(since >= 0, np.exp(-np.maximum(since, 0.0) / DECAY), 0.0)
        factor = 1.0 + (shock.compression - 1.0) * level
        density = density * factor
        field[:, 1:] *= factor[:, None]
        temperature = temperature * (1.0 + (shock.temperature_ratio - 1.0) * level)
        velocity[:, 0] -= shock.speed_jump * level
    return Wind(density, velocity, temperature, field)._replace(
        **_alfvenic(t, density, velocity, field)
    )


def _alfvenic(t: Times, density: Floats, velocity: Floats, field: Floats) -> dict[str, Floats]:
    """Turn the field without changing its strength, and the velocity with it (Walen)."""
    strength = np.linalg.norm(field, axis=1)[:, None]
    unit = field / strength
    kick = 0.42 * turbulence(t, 2 * 3600.0, 10, 21, 3)
    kick -= np.sum(kick * unit, axis=1)[:, None] * unit
    turned = unit + kick
    turned *= strength / np.linalg.norm(turned, axis=1)[:, None]
    alfven = 21.8 / np.sqrt(density)[:, None]
    # waves that leave the Sun: against the field where it points to the Sun, else along it
    outward = np.sign(unit[:, :1])
    return {"field": turned, "velocity": velocity + outward * alfven * (turned - field)}
