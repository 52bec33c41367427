"""Models of the Earth's magnetopause and bow shock: published shapes, their sections in a plane.

All are symmetric around the x axis of GSE and GSM coordinates; aberration by the Earth's motion
(some 4 degrees) is not applied. Lengths are in Earth radii, angles in radians from the direction
of the Sun.

>>> round(float(shue1998(0.0, pdyn=2.0, bz=0.0)), 2)  # the subsolar point
10.25
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from .errors import InvalidRequest

__all__ = [
    "BOW_SHOCKS",
    "FRAMES",
    "MAGNETOPAUSES",
    "MODELS",
    "PLANES",
    "Model",
    "fairfield1971",
    "farris_russell1994",
    "model",
    "section",
    "shue1997",
    "shue1998",
]

Array = npt.NDArray[np.float64]

FRAMES = ("gse", "gsm")  # whose x axis points at the Sun
PLANES = ("xy", "xz", "yz")
_MOST_ANGLE = math.radians(170)  # the tail is open: its radius has no bound towards 180 degrees
# of the bow shock of Farris et al. (1991), a conic with a focus in the Earth
_ECCENTRICITY = 0.81
_FAIRFIELD = (-0.0381, 45.644, -652.10)  # B, D and E of the conic


def _checked(pdyn: float, bz: float) -> tuple[float, float]:
    pdyn, bz = float(pdyn), float(bz)
    if not (math.isfinite(pdyn) and pdyn > 0):
        raise InvalidRequest(f"pdyn={pdyn!r}: the dynamic pressure is a number of nPa above zero")
    if not math.isfinite(bz):
        raise InvalidRequest(f"bz={bz!r}: the field of the solar wind is a number of nT")
    return pdyn, bz


def _flared(theta: npt.ArrayLike, r0: float, alpha: float) -> Array:
    """Return ``r0 (2 / (1 + cos theta))**alpha``; infinite at 180 degrees."""
    with np.errstate(divide="ignore"):
        r: Array = r0 * (2.0 / (1.0 + np.cos(np.asarray(theta, dtype=float)))) ** alpha
    return r


def shue1997(theta: npt.ArrayLike, pdyn: float = 2.0, bz: float = 0.0) -> Array:
    """Return the distance of the magnetopause after Shue et al. (1997).

    ``r = r0 (2 / (1 + cos theta))**alpha`` with ``r0 = (11.4 + k Bz) Pdyn**(-1/6.6)``, where k is
    0.013 for Bz >= 0 and 0.14 below, and ``alpha = (0.58 - 0.010 Bz) (1 + 0.010 Pdyn)``.

    Parameters
    ----------
    theta : array_like
        Angles from the direction of the Sun, in radians.
    pdyn : float
        Dynamic pressure of the solar wind in nPa.
    bz : float
        North-south field of the solar wind in GSM, in nT.

    Returns
    -------
    ndarray
        Distances from the Earth's centre in R_E, of the shape of `theta`.

    Raises
    ------
    InvalidRequest
        A pressure that is not above zero, or a number that is not finite.

    References
    ----------
    Shue et al., A new functional form to study the solar wind control of the magnetopause size
    and shape, J. Geophys. Res. 102, 9497 (1997).

    Examples
    --------
    >>> shue1997([0.0, np.pi / 2], pdyn=2.0).round(2)
    array([10.26, 15.47])
    """
    pdyn, bz = _checked(pdyn, bz)
    r0 = (11.4 + (0.013 if bz >= 0 else 0.14) * bz) * pdyn ** (-1 / 6.6)
    return _flared(theta, r0, (0.58 - 0.010 * bz) * (1 + 0.010 * pdyn))


def shue1998(theta: npt.ArrayLike, pdyn: float = 2.0, bz: float = 0.0) -> Array:
    """Return the distance of the magnetopause after Shue et al. (1998).

    As `shue1997`, with ``r0 = (10.22 + 1.29 tanh(0.184 (Bz + 8.14))) Pdyn**(-1/6.6)`` and
    ``alpha = (0.58 - 0.007 Bz) (1 + 0.024 ln Pdyn)``, which hold in extreme solar wind too.

    Parameters
    ----------
    theta, pdyn, bz
        As for `shue1997`.

    Returns
    -------
    ndarray
        Distances from the Earth's centre in R_E, of the shape of `theta`.

    Raises
    ------
    InvalidRequest
        A pressure that is not above zero, or a number that is not finite.

    References
    ----------
    Shue et al., Magnetopause location under extreme solar wind conditions, J. Geophys. Res. 103,
    17691 (1998).

    Examples
    --------
    >>> shue1998([0.0, np.pi / 2], pdyn=2.0).round(2)
    array([10.25, 15.43])
    """
    pdyn, bz = _checked(pdyn, bz)
    r0 = (10.22 + 1.29 * math.tanh(0.184 * (bz + 8.14))) * pdyn ** (-1 / 6.6)
    return _flared(theta, r0, (0.58 - 0.007 * bz) * (1 + 0.024 * math.log(pdyn)))


def farris_russell1994(
    theta: npt.ArrayLike,
    pdyn: float = 2.0,
    bz: float = 0.0,
    mach: float = 8.0,
    gamma: float = 5 / 3,
) -> Array:
    """Return the distance of the bow shock after Farris and Russell (1994).

    It stands off the magnetopause (here that of `shue1998`) by
    ``R = r0 (1 + 1.1 ((gamma - 1) M**2 + 2) / ((gamma + 1) (M**2 - 1)))`` and has the shape of
    Farris et al. (1991), ``r = R (1 + e) / (1 + e cos theta)`` with e = 0.81.

    Parameters
    ----------
    theta, pdyn, bz
        As for `shue1997`.
    mach : float
        Magnetosonic Mach number of the solar wind, above 1.
    gamma : float
        Ratio of specific heats.

    Returns
    -------
    ndarray
        Distances from the Earth's centre in R_E, of the shape of `theta`.

    Raises
    ------
    InvalidRequest
        A pressure that is not above zero, or a Mach number that is not above one.

    References
    ----------
    Farris and Russell, Determining the standoff distance of the bow shock: Mach number dependence
    and use of models, J. Geophys. Res. 99, 17681 (1994). Farris, Petrinec and Russell, The
    thickness of the magnetosheath: constraints on the polytropic index, Geophys. Res. Lett. 18,
    1821 (1991).

    Examples
    --------
    >>> farris_russell1994([0.0, np.pi / 2], pdyn=2.0).round(2)
    array([13.25, 23.98])
    """
    if not (math.isfinite(mach) and mach > 1):
        raise InvalidRequest(f"mach={mach!r}: a shock needs a Mach number above 1")
    if not (math.isfinite(gamma) and gamma > 1):
        raise InvalidRequest(f"gamma={gamma!r}: the ratio of specific heats is above 1")
    nose = float(shue1998(0.0, pdyn, bz))
    squared = mach**2
    nose *= 1 + 1.1 * ((gamma - 1) * squared + 2) / ((gamma + 1) * (squared - 1))
    return _conic(theta, nose)


def _conic(theta: npt.ArrayLike, nose: float) -> Array:
    cosine = np.cos(np.asarray(theta, dtype=float))
    r: Array = nose * (1 + _ECCENTRICITY) / (1 + _ECCENTRICITY * cosine)
    return r


def fairfield1971(theta: npt.ArrayLike, pdyn: float = 2.0, bz: float = 0.0) -> Array:
    """Return the distance of the mean bow shock after Fairfield (1971).

    The conic ``y**2 + B x**2 + D x + E = 0`` with B = -0.0381, D = 45.644, E = -652.10. The two
    terms by which dawn and dusk differ (0.0296 x y and -1.280 y) are left out.

    Parameters
    ----------
    theta : array_like
        As for `shue1997`.
    pdyn, bz : float
        Without effect: the model is a mean over all conditions.

    Returns
    -------
    ndarray
        Distances from the Earth's centre in R_E, of the shape of `theta`; infinite where a line
        in this direction never meets the shock.

    References
    ----------
    Fairfield, Average and unusual locations of the Earth's magnetopause and bow shock,
    J. Geophys. Res. 76, 6700 (1971).

    Examples
    --------
    >>> fairfield1971([0.0, np.pi / 2]).round(2)
    array([14.46, 25.54])
    """
    _checked(pdyn, bz)
    b, d, e = _FAIRFIELD
    angle = np.asarray(theta, dtype=float)
    # of a r**2 + h r + e = 0 the root above zero, in the form that stays exact where a is small
    a = np.sin(angle) ** 2 + b * np.cos(angle) ** 2
    h = d * np.cos(angle)
    root = h**2 - 4 * a * e
    with np.errstate(divide="ignore", invalid="ignore"):
        r = -2 * e / (h + np.sqrt(root))
    found: Array = np.where((root >= 0) & (r > 0), r, np.inf)
    return found


@dataclass(frozen=True, slots=True)
class Model:
    """A boundary that is symmetric around the x axis.

    Attributes
    ----------
    name, title : str
    radius : callable
        ``radius(theta, pdyn, bz)`` in R_E.
    source : str
        Authors and year.
    """

    name: str
    title: str
    radius: Callable[..., Array]
    source: str


MAGNETOPAUSES = {
    "shue1998": Model("shue1998", "magnetopause", shue1998, "Shue et al. 1998"),
    "shue1997": Model("shue1997", "magnetopause", shue1997, "Shue et al. 1997"),
}
BOW_SHOCKS = {
    "farris_russell1994": Model(
        "farris_russell1994", "bow shock", farris_russell1994, "Farris & Russell 1994"
    ),
    "fairfield1971": Model("fairfield1971", "bow shock", fairfield1971, "Fairfield 1971"),
}
MODELS: dict[str, Model] = {**MAGNETOPAUSES, **BOW_SHOCKS}
_DEFAULTS = {"magnetopause": "shue1998", "bow shock": "farris_russell1994"}


def model(name: Any) -> Model:
    """Return a model by its name; "magnetopause" and "bow shock" name the default ones.

    Raises
    ------
    InvalidRequest
        There is no such model; the hint names all.

    Examples
    --------
    >>> model("bow shock").source
    'Farris & Russell 1994'
    """
    key = name.strip().lower().replace("bow_shock", "bow shock") if isinstance(name, str) else ""
    found = MODELS.get(_DEFAULTS.get(key, key))
    if found is None:
        raise InvalidRequest(
            f"{name!r:.60} is not a model of a boundary",
            hint=f"models: {', '.join((*_DEFAULTS, *MODELS))}",
        )
    return found


def section(
    name: str,
    plane: str = "xy",
    *,
    pdyn: float = 2.0,
    bz: float = 0.0,
    tail: float = 100.0,
    points: int = 361,
) -> Array:
    """Return the line in which a boundary meets a plane through the Earth.

    In yz that is the circle in the plane of the terminator, x = 0.

    Parameters
    ----------
    name : str
        Of a model, see `model`.
    plane : {"xy", "xz", "yz"}
        Of GSE or GSM coordinates.
    pdyn, bz : float
        Dynamic pressure in nPa and north-south field in nT of the solar wind.
    tail : float
        R_E behind the Earth at which the line ends.
    points : int

    Returns
    -------
    ndarray, shape (n, 2)
        Coordinates in R_E, in the order of the letters of `plane`.

    Raises
    ------
    InvalidRequest
        Not a model, a plane or a state of the solar wind.

    Examples
    --------
    >>> line = section("magnetopause", "xy", pdyn=2.0)
    >>> round(float(line[:, 0].max()), 2)
    10.25
    """
    if plane not in PLANES:
        raise InvalidRequest(f"{plane!r:.40} is not a plane", hint=f"one of {', '.join(PLANES)}")
    radius = model(name).radius
    count = max(3, int(points))
    if plane == "yz":
        around = np.linspace(0, 2 * np.pi, count)
        r = radius(np.pi / 2, pdyn, bz)
        return np.stack([r * np.cos(around), r * np.sin(around)], axis=1)
    theta = np.linspace(-_MOST_ANGLE, _MOST_ANGLE, count | 1)  # odd: the nose itself is a point
    r = radius(np.abs(theta), pdyn, bz)
    with np.errstate(invalid="ignore"):
        line = np.stack([r * np.cos(theta), r * np.sin(theta)], axis=1)
    kept: Array = line[np.isfinite(r) & (line[:, 0] >= -abs(tail))]
    return kept
