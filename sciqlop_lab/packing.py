"""Numbers as they are sent: few bytes, and no step that an eye could see at any zoom.

Numbers travel as half, single or double floats, as short as shows them truly. What lies close
together and far from zero (a distance of 1.5e8 km, a counter) is sent as differences from an offset
in its middle, which the page adds back in double precision; what is beyond the range of a float, as
multiples of a power of two. An item says so beside the array, in `y_form` or `z_form`::

    {"type": "f2" | "f4" | "f8", "offset": [...], "scale": [...]}

with an offset and a scale for each component (one for all of a picture):
``value = offset + scale * number``. Without a form, numbers are float32 as they are.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["Form", "pack_components", "pack_picture", "unpacked"]

Form = dict[str, Any]
Array = NDArray[Any]
Packed = tuple[Array, Form | None]

_FEW = 1 << 10  # numbers of lines up to which all digits are sent
_FEW_CELLS = 1 << 14  # of pictures
_LOST = 0.05  # share of a step from number to number by which it may be off
_MOST_LOST = 1 / 256  # of all steps
_SHADES = 256  # of a picture, which nobody tells apart
_LOOKED_AT = 1 << 13  # numbers that tell what those of a picture are like
_MOST_PIXELS = (0.02, 0.98)  # shares of them between which the page chooses its colours
_TYPES: dict[str, np.dtype[Any]] = {
    "f2": np.dtype(np.float16), "f4": np.dtype(np.float32), "f8": np.dtype(np.float64)
}  # fmt: skip
_DIGITS = {"f2": 11, "f4": 24}  # binary ones
_POWERS = {"f2": (-14, 15), "f4": (-126, 127)}  # of two, between which a type has all of them


def pack_components(values: Array) -> Packed:
    """Return the components of lines as they are sent, and their form.

    Parameters
    ----------
    values : ndarray
        ``(k, n)`` floats, or ``(k, 4, n)`` with first, minimum, maximum and last of columns.

    Returns
    -------
    ndarray
        Contiguous, of the same shape.
    dict or None
        Its form; None for float32 as they are.

    Examples
    --------
    >>> sent, form = pack_components(1e9 + np.arange(2000.0)[None] / 1000)
    >>> sent.dtype.name, form["offset"]
    ('float32', [1000000000.9995])
    """
    values = np.ascontiguousarray(values)
    single = _as_single(values)
    if single is not None:
        return single, None
    if values.size > _FEW:
        parts = [_shortened(one, "f4", _offset(*_limits(one))) for one in values]
        sent = np.stack([part for part, _, _ in parts])
        form = _form("f4", [offset for _, offset, _ in parts], [scale for _, _, scale in parts])
        found = unpacked({"y_form": form}, "y", sent).reshape(values.shape)
        if all(map(_keeps_steps, values, found)):
            return sent, form
    return values, _form("f8", [0.0] * len(values), [1.0] * len(values))


def pack_picture(values: Array) -> Packed:
    """Return the cells of a picture as they are sent, and their form.

    Half floats are half as long on the way; they are off by less than a step of the colours, and
    the page's readout says so. Few cells are sent with all digits.

    Parameters
    ----------
    values : ndarray
        ``(n, m)`` floats.

    Returns
    -------
    ndarray
        Contiguous, of the same shape.
    dict or None
        Its form; None for float32 as they are.

    Examples
    --------
    >>> sent, form = pack_picture(5e7 + np.arange(20_000.0).reshape(200, 100))
    >>> sent.dtype.name, form["offset"]
    ('float16', [50009999.5])
    """
    values = np.ascontiguousarray(values)
    low, high = _limits(values)
    many = values.size > _FEW_CELLS and np.isfinite(low)
    shifts = dict.fromkeys((0.0, _offset(low, high))) if many else ()
    dark, bright = _seen(values) if many else (0.0, 0.0)
    fine = (bright / _SHADES - dark / _SHADES) or (high / _SHADES - low / _SHADES)
    for kind in ("f2", "f4"):
        single = _as_single(values) if kind == "f4" else None
        if single is not None:
            return single, None
        for shift in shifts:
            if max(abs(dark - shift), abs(bright - shift)) * 2.0 ** -_DIGITS[kind] > fine:
                continue
            sent, offset, scale = _shortened(values, kind, shift)
            if offset or _holds(values, kind, scale):
                return sent, _form(kind, [offset], [scale])
    return values, _form("f8", [0.0], [1.0])


def unpacked(item: Mapping[str, Any], name: str, sent: Any) -> Array:
    """Return the numbers of an item's array, in one dimension.

    Parameters
    ----------
    item : mapping
        With the array's form, if it has one.
    name : str
        Of the array: "y" or "z".
    sent : bytes-like
        What was sent.

    Examples
    --------
    >>> sent, form = pack_components(1e9 + np.arange(2000.0)[None] / 1000)
    >>> (unpacked({"y_form": form}, "y", sent)[:3] - 1e9).round(6)
    array([0.   , 0.001, 0.002])
    """
    form = item.get(f"{name}_form")
    raw = sent if isinstance(sent, np.ndarray) else np.frombuffer(sent, np.uint8)
    if form is None:
        return raw.reshape(-1).view(np.float32)
    numbers = raw.reshape(-1).view(_TYPES[form["type"]])
    parts = numbers.reshape(len(form["scale"]), -1).astype(np.float64)
    scale, offset = (np.array(form[key])[:, None] for key in ("scale", "offset"))
    with np.errstate(over="ignore"):
        found: Array = (offset + scale * parts).reshape(-1)
    return found


def _form(kind: str, offset: Sequence[float], scale: Sequence[float]) -> Form | None:
    if kind == "f4" and not any(offset) and all(one == 1 for one in scale):
        return None
    return {"type": kind, "offset": [float(o) for o in offset], "scale": [float(s) for s in scale]}


def _as_single(values: Array) -> Array | None:
    """Return floats of 32 bits, None where these do not hold all digits."""
    if values.dtype == np.float32:
        return values
    with np.errstate(over="ignore", invalid="ignore"):
        single = values.astype(np.float32)
    return single if np.array_equal(single, values, equal_nan=True) else None


def _limits(values: Array) -> tuple[float, float]:
    """Return the least and the largest finite number, NaN where there is none."""
    finite = np.isfinite(values)
    some = values if finite.all() else values[finite]
    return (float(some.min()), float(some.max())) if some.size else (np.nan, np.nan)


def _offset(low: float, high: float) -> float:
    """Return the middle of numbers that are closer together than to zero, else 0."""
    near, far = sorted((abs(low), abs(high)))
    return low / 2 + high / 2 if (low > 0 or high < 0) and far / 2 <= near else 0.0


def _size(numbers: Array) -> tuple[float, float]:
    """Return the least and the largest size of the finite numbers but zero; 1 without any."""
    size = np.abs(numbers[np.isfinite(numbers) & (numbers != 0)])
    return (float(size.min()), float(size.max())) if size.size else (1.0, 1.0)


def _shortened(values: Array, kind: str, offset: float) -> tuple[Array, float, float]:
    """Return numbers of a type, and the offset and the scale of these."""
    numbers = values - offset if offset else values
    least, most = _size(numbers)
    low, high = _POWERS[kind]
    scale = 1.0
    if kind == "f2" or least < 2.0**low or most >= 2.0**high:
        # the largest of all powers, above what the type has no number for
        scale = float(np.ldexp(1.0, max(-1000, int(np.frexp(most)[1]) - high)))
    with np.errstate(over="ignore", invalid="ignore"):
        return (numbers / scale).astype(_TYPES[kind]), offset, scale


def _holds(values: Array, kind: str, scale: float) -> bool:
    """Whether even the least number has all digits of a type."""
    return _size(values)[0] >= scale * 2.0 ** _POWERS[kind][0]


def _seen(values: Array) -> tuple[float, float]:
    """Return the ends of the numbers of a picture that the page gives colours to, about."""
    flat = values.reshape(-1)
    some = flat[:: max(1, flat.size // _LOOKED_AT) | 1]  # odd: channels are mostly even in number
    some = np.sort(some[np.isfinite(some)])
    if not some.size:
        return 0.0, 0.0
    dark, bright = (float(some[int(share * (some.size - 1))]) for share in _MOST_PIXELS)
    return dark, bright


def _keeps_steps(values: Array, found: Array) -> bool:
    """Whether (nearly) all steps of a component from number to number are what they were."""
    # those of a pixel column lie beside each other, as they are drawn
    if not np.array_equal(np.isfinite(values), np.isfinite(found)):
        return False
    drawn, sent = (one.reshape(-1, one.shape[-1]).T.reshape(-1) for one in (values, found))
    with np.errstate(invalid="ignore", over="ignore"):
        steps = np.diff(drawn)
        there = np.isfinite(steps) & (steps != 0)
        lost = np.abs(np.diff(sent) - steps) > _LOST * np.abs(steps)
    return bool(np.count_nonzero(lost & there) <= _MOST_LOST * np.count_nonzero(there))
