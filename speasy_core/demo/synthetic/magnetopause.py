"""A spacecraft near the dayside magnetopause, which moves across it again and again."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from . import arrivals, season
from .noise import Floats, Times, smooth, turbulence

__all__ = ["TOTAL_PRESSURE", "Crossing", "boundary", "crossing", "energy_flux", "field"]

MU0, E_CHARGE = 4e-7 * np.pi, 1.602177e-19
ION_MASS, ELECTRON_MASS = 1.67262e-27, 9.10938e-31
#: nPa, plasma across the field and magnetic together, before a shock or another wind changes it;
#: the same on both sides
TOTAL_PRESSURE = 1.5
_THICKNESS = 0.06  # Earth radii

_SHEATH_FLOW = np.array([-55.0, 105.0, 35.0])
_SPHERE_FLOW = np.array([-5.0, 12.0, 3.0])
_JET = np.array([-30.0, 40.0, 230.0])
_SHEATH_FIELD = np.array([0.12, 0.74, -0.66])
_SPHERE_FIELD = np.array([0.16, -0.2, 0.97])
# eV: (across, along) the field, for ions and electrons
_SHEATH_ION, _SPHERE_ION = (245.0, 185.0), (3900.0, 3500.0)
_SHEATH_ELECTRON, _SPHERE_ELECTRON = (36.0, 38.0), (340.0, 380.0)
_PLUME_ION, _PLUME_ELECTRON = (60.0, 45.0), (12.0, 12.0)


class Crossing(NamedTuple):
    """State at each time.

    Attributes
    ----------
    sheath : float (n,)
        1 in the magnetosheath, 0 in the magnetosphere.
    cold, hot : float (n,)
        Density of magnetosheath and magnetosphere plasma, cm-3.
    velocity : float (n, 3)
        km/s, GSE.
    strength : float (n,)
        |B|, nT, from the balance of pressure.
    variety : season.Variety or None
        In the month that has it.
    """

    sheath: Floats
    cold: Floats
    hot: Floats
    velocity: Floats
    strength: Floats
    variety: season.Variety | None = None

    @property
    def density(self) -> Floats:
        """All plasmas, cm-3."""
        both = self.cold + self.hot
        return both if self.variety is None else both + self.plume

    @property
    def plume(self) -> Floats:
        """Density of the cold plasma inside the boundary, cm-3."""
        if self.variety is None:
            return np.zeros_like(self.sheath)
        return (1.0 - self.sheath) * self.variety.plume

    def temperature(self, species: str, along: bool) -> Floats:
        """Return the temperature of the mixture, eV, along or across the field."""
        pressure = sum(n * heat[along] for n, heat in self.plasmas(species))
        return np.asarray(pressure / self.density)

    def plasmas(self, species: str) -> list[tuple[Floats, tuple[Floats, Floats]]]:
        """Return density, and temperature across and along the field, of each plasma."""
        return _plasmas(self.cold, self.hot, self.plume, self.variety, species)


def _plasmas(
    cold: Floats, hot: Floats, plume: Floats, variety: season.Variety | None, species: str
) -> list[tuple[Floats, tuple[Floats, Floats]]]:
    ions = species == "ion"
    out, inside = (_SHEATH_ION, _SPHERE_ION) if ions else (_SHEATH_ELECTRON, _SPHERE_ELECTRON)
    if variety is None:
        one = np.ones(1)
        return [(cold, _times(out, one)), (hot, _times(inside, one))]
    return [
        (cold, _times(out, variety.warmth_out)),
        (hot, _times(inside, variety.warmth_in)),
        (plume, _times(_PLUME_ION if ions else _PLUME_ELECTRON, np.ones(1))),
    ]


def _times(pair: tuple[float, float], factor: Floats) -> tuple[Floats, Floats]:
    return pair[0] * factor, pair[1] * factor


def boundary(
    t: Times, push: arrivals.Push | None, variety: season.Variety | None
) -> tuple[Floats, Floats]:
    """Return how far out of the boundary the spacecraft is, Earth radii, and the sheath's share."""
    hour = (t % 86_400_000_000_000) / 3.6e12
    # the orbit takes the spacecraft out in the afternoon; the boundary swings about it
    distance = 1.2 * np.sin(2 * np.pi * (hour - 18.0) / 24.0)
    distance += 0.75 * turbulence(t, 2400.0, 5, 61, slope=2.0)
    thickness: float | Floats = _THICKNESS
    if push is not None:
        distance += push.inward
    if variety is not None:
        distance += variety.motion
        thickness = _THICKNESS * variety.thickness
    return distance, 0.5 * (1.0 + np.tanh(distance / thickness))


def crossing(t: Times, spacecraft: str = "mms1") -> Crossing:
    """Return the state at the times `t`, int64 nanoseconds since 1970, in order.

    The boundary swings at the same instants for every spacecraft; a shock in the wind comes to
    each when it has run the distance from ACE, and pushes the boundary over it.
    """
    push, variety = arrivals.push(t, spacecraft), season.variety(t)
    _, sheath = boundary(t, push, variety)
    cold = sheath * 21.0 * np.exp(0.06 * turbulence(t, 900.0, 6, 62)) * (1.0 + _mirror(t))
    hot = (1.0 - sheath) * 0.55 * np.exp(0.08 * turbulence(t, 1800.0, 5, 63))
    total = np.asarray(TOTAL_PRESSURE * 1e-9)
    if push is not None:
        cold, hot, total = _compressed(cold, hot, total, push.density, push.pressure)
    if variety is not None:
        cold, hot, total = _compressed(cold, hot, total, variety.density, variety.pressure)
    layer = 4.0 * sheath * (1.0 - sheath) * np.tanh(3.0 * smooth(t, 5400.0, 64))
    velocity = (
        sheath[:, None] * _SHEATH_FLOW
        + (1.0 - sheath)[:, None] * _SPHERE_FLOW
        + layer[:, None] * _JET
        + (6.0 + 14.0 * sheath)[:, None] * turbulence(t, 300.0, 6, 65, 3)
    )
    state = Crossing(sheath, cold, hot, velocity, np.zeros(0), variety)
    magnetic = np.maximum(total - _thermal(state) * 1e6 * E_CHARGE, 2e-11)
    return state._replace(strength=np.sqrt(2 * MU0 * magnetic) * 1e9)


def _compressed(
    cold: Floats, hot: Floats, total: Floats, density: Floats, pressure: Floats
) -> tuple[Floats, Floats, Floats]:
    # the magnetosphere's plasma is squeezed as a gas of three degrees of freedom
    return cold * density, hot * pressure**0.6, total * pressure


def _thermal(state: Crossing) -> Floats:
    """Return the plasma's pressure across the field, eV cm-3."""
    ions, electrons = state.plasmas("ion"), state.plasmas("electron")
    parts = [n * (i[0] + e[0]) for (n, i), (_, e) in zip(ions, electrons, strict=True)]
    return np.asarray(sum(parts[1:], start=parts[0]))


def _mirror(t: Times) -> Floats:
    """Return the trains of mirror modes: relative change of density, periods near 14 s."""
    envelope = np.clip(smooth(t, 600.0, 66), 0.0, 1.0)
    phase = 2 * np.pi * ((t % 14_000_000_000_000) / 14e9) + 2.5 * smooth(t, 90.0, 67)
    return np.asarray(0.3 * envelope * np.sin(phase))


def field(t: Times, state: Crossing, fastest: float = 0.25) -> Floats:
    """Return B in GSE, nT; its strength is `state.strength`.

    Parameters
    ----------
    fastest : float
        Seconds between the knots of the quickest turning.
    """
    across = state.sheath[:, None]
    direction = across * _SHEATH_FIELD + (1.0 - across) * _SPHERE_FIELD
    octaves = max(1, round(np.log2(256.0 / fastest)) + 1)
    direction = direction + (0.04 + 0.16 * across) * turbulence(t, 256.0, octaves, 68, 3)
    return np.asarray(direction * (state.strength / np.linalg.norm(direction, axis=1))[:, None])


def energy_flux(state: Crossing, energies: Floats, species: str) -> Floats:
    """Return the omnidirectional energy flux of the plasmas, keV/(cm^2 s sr keV).

    Parameters
    ----------
    state : Crossing
    energies : float (n, m)
        eV.
    species : str
        ``"ion"`` or ``"electron"``.

    Returns
    -------
    float (n, m)
        E times the differential flux of drifting Maxwellians, averaged over directions; its
        moments are the density and, nearly, the temperature of `state`.
    """
    mass = ION_MASS if species == "ion" else ELECTRON_MASS
    speed = np.linalg.norm(state.velocity, axis=1)[:, None] * 1e3
    drift = 0.5 * mass * speed**2 / E_CHARGE
    flux = np.zeros_like(energies)
    for density, (across, along) in state.plasmas(species):
        thermal = ((2 * across + along) / 3)[:, None]
        # sinh(x)/x of the average over directions, written so that it cannot overflow
        x = np.maximum(2 * np.sqrt(energies * drift) / thermal, 1e-9)
        spread = -np.expm1(-2 * x) / (2 * x)
        exponent = -((np.sqrt(energies) - np.sqrt(drift)) ** 2) / thermal
        peak = density[:, None] * (mass / (2 * np.pi * thermal * E_CHARGE)) ** 1.5 * 1e6
        phase_space = peak * spread * np.exp(exponent)
        # 2 (E/m)^2 f, from m-2 to cm-2
        flux += 2 * (energies * E_CHARGE / mass) ** 2 * phase_space * 1e-4
    return flux + 1e2
