"""Where spacecraft are in the synthetic files: where the copy of SSCWeb says that they are."""

from __future__ import annotations

import numpy as np

from .noise import Floats, Times

__all__ = ["position"]


def position(spacecraft: str, t: Times, *, with_distance: bool = False) -> Floats:
    """Return positions in GSE, km.

    Parameters
    ----------
    spacecraft : str
        SSCWeb's id.
    t : int64 (n,)
        Nanoseconds since 1970.
    with_distance : bool
        Whether a fourth column holds the distance from the Earth.

    Returns
    -------
    float (n, 3) or (n, 4)
    """
    # here and not above: orbits are made of this package's noise
    from speasy_core.demo._orbits import ORBITS

    found = ORBITS[spacecraft].positions(t, "gse")
    if not with_distance:
        return found
    return np.column_stack([found, np.linalg.norm(found, axis=1)])
