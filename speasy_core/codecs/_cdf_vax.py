"""VAX floating point, in which some CDFs of the 1990s are written, to IEEE 754."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["to_ieee"]

# exponent bits, fraction bits, and the exponent of 1.0
_FORMATS = {"F": (8, 23, 129), "D": (8, 55, 129), "G": (11, 52, 1025)}


def to_ieee(raw: NDArray[Any], style: str) -> NDArray[Any]:
    """Convert numbers as they lie in the file.

    Parameters
    ----------
    raw : ndarray
        float32 (always F format) or float64 (D or G), bytes untouched.
    style : {"D", "G"}
        What eight bytes mean.

    Returns
    -------
    ndarray
        Native numbers of the same width; VAX's reserved operand becomes NaN.

    Examples
    --------
    >>> to_ieee(np.frombuffer(bytes([0x80, 0x40, 0, 0]), "f4"), "D").tolist()
    [1.0]
    """
    width = raw.dtype.itemsize
    exponent_bits, fraction_bits, one = _FORMATS["F" if width == 4 else style]
    # 16-bit words lie little-endian, the most significant word first
    words = np.ascontiguousarray(raw).view("<u2").reshape(*raw.shape, width // 2).astype(np.uint64)
    bits = np.zeros(raw.shape, np.uint64)
    for i in range(width // 2):
        bits = (bits << np.uint64(16)) | words[..., i]
    fraction = bits & np.uint64((1 << fraction_bits) - 1)
    exponent = (bits >> np.uint64(fraction_bits)) & np.uint64((1 << exponent_bits) - 1)
    negative = (bits >> np.uint64(8 * width - 1)).astype(bool)
    mantissa = 1.0 + fraction.astype(np.float64) / float(1 << fraction_bits)
    values = np.ldexp(mantissa, exponent.astype(np.intc) - np.intc(one))
    values = np.where(exponent == 0, np.where(negative, np.nan, 0.0), values)
    return np.where(negative, -values, values).astype(f"f{width}")
