"""SpeasyVariable: samples on a time axis, with their labels, unit and origin.

Numpy's protocols are in `ufuncs` and `array_function` (with `handlers`, `linear_algebra`,
`joining`),
the checked slots in `core`, what several operations share in `alignment`.
"""

from __future__ import annotations

from .axis import Axis, Gap, Provenance
from .variable import SpeasyVariable, merge

__all__ = ["Axis", "Gap", "Provenance", "SpeasyVariable", "merge"]
