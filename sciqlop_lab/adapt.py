"""What a user's function may return, in terms of our types."""

from __future__ import annotations

import inspect
import typing
from collections.abc import Callable, Sequence
from typing import Any, Literal

import numpy as np

from speasy_core.calling import argument_form
from speasy_core.errors import SpeasyError, VirtualProductError, warn
from speasy_core.timerange import to_ns
from speasy_core.variable import Axis, SpeasyVariable

__all__ = ["KINDS", "TIMELESS", "Kind", "argument_form", "to_variable"]

Kind = Literal["auto", "scalar", "vector", "multicomponent", "spectrogram"]
KINDS = typing.get_args(Kind)
# in the metadata of pairs that came without times: theirs are no more than their order
TIMELESS = "TIMELESS"

_RETURNS = (
    "return a SpeasyVariable, an xarray DataArray, (time, values), (time, channels, values) "
    "for a spectrogram, or None"
)
# whole numbers below this are seconds (until the year 33,658), above it nanoseconds
_SECONDS_BELOW = 10**12
_MOST_SECONDS = 2**63 / 1e9  # what nanoseconds in 64 bits reach
_COARSE = 1e-3  # seconds; float64 has steps of 0.24 us today


def to_variable(
    value: Any,
    *,
    name: str = "",
    kind: Kind = "auto",
    labels: Sequence[str] | None = None,
    unit: str = "",
    grid: Callable[[int], Any] | None = None,
    pairs: bool = False,
) -> SpeasyVariable:
    """Return what a user's function returned as a variable.

    Parameters
    ----------
    value : Any
    name, kind, labels, unit
        Of the product.
    grid : callable, optional
        Gives the times that an array of so many samples alone stands for, or None.
    pairs : bool
        Whether it is for axes other than time: then ``(x, y)`` are values without times, and
        ``(time, x, y)`` is no spectrogram.

    Raises
    ------
    VirtualProductError
        Says what was wrong with it, and what to return instead.
    """
    if pairs and isinstance(value, (tuple, list)):
        value, kind = _from_pairs(value, name), "multicomponent"
    if value is None:
        return SpeasyVariable(np.zeros(0, "datetime64[ns]"), np.zeros(0), name=name, unit=unit)
    if hasattr(value, "dims") and hasattr(value, "to_dataset") and hasattr(value, "coords"):
        value = _from_dataarray(value)
    if isinstance(value, SpeasyVariable):
        if value.kind != "spectrogram" and (kind != "spectrogram" or value.ndim == 1):
            _check_width(value.values, kind, name)
        return _labelled(value, name, labels, unit)
    if isinstance(value, np.ndarray) and value.ndim and grid is not None:
        times = grid(len(value))
        value = value if times is None else (times, value)
    if not isinstance(value, (tuple, list)) or len(value) < 2:
        raise VirtualProductError(f"{name} returned {_what(value)}", hint=_instead_of(value))
    if isinstance(value[0], SpeasyVariable):
        raise VirtualProductError(
            f"{name} returned {len(value)} variables", hint="return one of them, or one made of all"
        )
    if kind not in ("auto", "spectrogram") and len(value) == 3 and np.ndim(value[2]) == 2:
        raise VirtualProductError(
            f"{name} returned (time, channels, values), which is no {kind}",
            hint="declare it as a Spectrogram",
        )
    try:
        value = [_without_mask(part) for part in value]
        if len(value) == 3 and kind in ("auto", "spectrogram"):
            return _spectrogram(*value, name=name, unit=unit)
        time, *parts = value
        samples = np.asarray(parts[0]) if len(parts) == 1 else np.stack(parts, axis=1)
        return _series(_times(time), samples, name=name, kind=kind, labels=labels, unit=unit)
    except VirtualProductError:
        raise
    except (SpeasyError, TypeError, ValueError) as error:
        raise VirtualProductError(
            f"{name} returned something that is not data: {error}", hint=_RETURNS
        ) from error


def _without_mask(part: Any) -> Any:
    """Return numbers with NaN, or NaT, where they are masked."""
    if not isinstance(part, np.ma.MaskedArray):
        return part
    if not np.ma.is_masked(part):
        return part.data
    if part.dtype.kind == "M":
        return part.filled(np.datetime64("NaT"))
    floats: np.ma.MaskedArray[Any, Any] = np.ma.asarray(
        part, dtype=part.dtype if part.dtype.kind == "f" else float
    )
    return floats.filled(np.nan)


def _from_pairs(value: Sequence[Any], name: str) -> Any:
    """Return values with times: those of ``(x, y)`` count its points."""
    if len(value) != 2:
        return value
    x, y = (np.asarray(_without_mask(part)) for part in value)
    if x.dtype.kind not in "fiub" or y.ndim != 1 or y.dtype.kind not in "fiub":
        return value
    if x.shape != y.shape:
        raise VirtualProductError(
            f"{name} returned x of shape {x.shape} and y of shape {y.shape}",
            hint="give as many of one as of the other",
        )
    time = np.arange(len(x)).view("datetime64[ns]")
    columns, meta = ["x", "y"], {TIMELESS: True}
    return SpeasyVariable(time, np.stack([x, y], axis=1), columns=columns, name=name, meta=meta)


def _what(value: Any) -> str:
    if isinstance(value, np.ndarray):
        return f"an array of shape {value.shape} without times"
    return f"a {type(value).__name__}"


def _instead_of(value: Any) -> str:
    """Say what to return; a coroutine is closed, since nobody will wait for it."""
    if inspect.iscoroutine(value):
        value.close()
        return "write def in place of async def: it runs in a thread of its own, and may wait"
    if inspect.isasyncgen(value):
        return "write def in place of async def, and return in place of yield"
    if inspect.isgenerator(value):
        return "return all samples at once: return in place of yield"
    if hasattr(value, "data_vars"):
        return "return one of its variables, a DataArray"
    if hasattr(value, "index") and hasattr(value, "to_numpy"):
        return "return its index and its values: (x.index, x.to_numpy())"
    return _RETURNS


def _times(time: Any) -> np.ndarray[Any, Any]:
    """Return times as datetime64[ns]; what is not finite becomes NaT and is dropped later."""
    array = np.asarray(time)
    if array.ndim != 1:
        raise VirtualProductError(f"time has shape {array.shape}: give one time per sample")
    if array.dtype.kind == "m":
        raise VirtualProductError("time is given as durations", hint="add the start to them")
    if array.dtype.kind == "f":
        _check_steps(array)
        good = np.isfinite(array)
        _check_seconds(array[good])
        seconds = np.where(good, array, 0).astype(np.float64)
        whole = np.floor(seconds)
        ns = whole.astype(np.int64) * 10**9 + np.rint((seconds - whole) * 1e9).astype(np.int64)
        out = ns.view("datetime64[ns]")
        out[~good] = np.datetime64("NaT", "ns")
        return out
    if array.dtype.kind in "iu":
        small = not array.size or int(np.abs(array).max()) < _SECONDS_BELOW
        return (array.astype(np.int64) * (10**9 if small else 1)).view("datetime64[ns]")
    if any(getattr(one, "tzinfo", None) is not None for one in array):
        return np.array([to_ns(one) for one in array], np.int64).view("datetime64[ns]")
    return array.astype("datetime64[ns]")


def _check_seconds(seconds: np.ndarray[Any, Any]) -> None:
    largest = float(np.abs(seconds).max()) if seconds.size else 0.0
    if largest >= _MOST_SECONDS:
        raise VirtualProductError(
            f"times as large as {largest:.4g} are no seconds since 1970",
            hint="divide milliseconds by 1e3, nanoseconds by 1e9, or give datetime64",
        )


def _check_steps(seconds: np.ndarray[Any, Any]) -> None:
    """Say that times come in steps of minutes, as seconds since 1970 do in single precision."""
    good = np.abs(seconds[np.isfinite(seconds)])
    step = float(np.spacing(good.max())) if good.size else 0.0
    if step > _COARSE:
        warn(
            f"times of type {seconds.dtype} come in steps of {step:g} s: make them float64 or "
            "datetime64 before they are computed with"
        )


def _check_lengths(time: Any, samples: Any, name: str) -> None:
    if samples.ndim < 1 or len(samples) != len(time):
        hint = "give one value, or one row of them, for each time"
        if samples.ndim == 2 and samples.shape[1] == len(time):
            hint = "give (samples, components): return values.T"
        raise VirtualProductError(
            f"{name} returned {len(time)} times, but values of shape {samples.shape}", hint=hint
        )
    if samples.dtype.kind not in "fiub":
        raise VirtualProductError(
            f"{name} returned values of type {samples.dtype}: give numbers",
            hint="their absolute values, or real and imaginary parts as two components"
            if samples.dtype.kind == "c"
            else "integers, floats or booleans, and NaN where there is none",
        )
    if len(time) and not samples.size:
        raise VirtualProductError(
            f"{name} returned values of shape {samples.shape}, which have no components",
            hint="return None where there is nothing",
        )


def _series(
    time: Any, samples: Any, *, name: str, kind: Kind, labels: Sequence[str] | None, unit: str
) -> SpeasyVariable:
    if samples.ndim == 2 and samples.shape[1] == 1:
        samples = samples[:, 0]
    _check_lengths(time, samples, name)
    width = samples.shape[1] if samples.ndim == 2 else 1
    _check_width(samples, kind, name)
    columns = list(labels) if labels is not None and samples.ndim <= 2 else None
    if columns is not None and len(columns) != width:
        raise VirtualProductError(
            f"{name} returned {width} components, but has {len(columns)} labels",
            hint=f"labels: {', '.join(columns)}",
        )
    return SpeasyVariable.from_unsorted(time, samples, columns=columns, unit=unit, name=name)


def _check_width(samples: Any, kind: Kind, name: str) -> None:
    """Refuse a number of components that the declared kind does not have."""
    if kind == "spectrogram" and len(samples):
        raise VirtualProductError(
            f"{name} returned values of shape {samples.shape} without channels, which are no "
            "spectrogram",
            hint="return (time, channels, values), with values (n, m)",
        )
    wanted = {"scalar": 1, "vector": 3}.get(kind)
    width = samples.shape[1] if samples.ndim == 2 else 1
    if wanted is None or width == wanted or not len(samples):
        return
    raise VirtualProductError(
        f"{name} returned values of shape {samples.shape}, which are no {kind}",
        hint=f"return shape (n, {wanted}), or declare it as what it is"
        if wanted > 1
        else "return shape (n,), or declare a Vector or MultiComponent with a label for each",
    )


def _spectrogram(time: Any, channels: Any, values: Any, *, name: str, unit: str) -> SpeasyVariable:
    time, channels, values = _times(time), np.asarray(channels), np.asarray(values)
    _check_lengths(time, values, name)
    if values.ndim != 2 or channels.shape not in (values.shape, values.shape[1:]):
        raise VirtualProductError(
            f"{name} returned a spectrogram of shape {values.shape} with channels of shape "
            f"{channels.shape}",
            hint="give times (n,), channels (m,) or (n, m), and values (n, m)",
        )
    axis = Axis(channels, name="channel")
    meta = {"DISPLAY_TYPE": "spectrogram"}
    return SpeasyVariable.from_unsorted(time, values, axes=[axis], meta=meta, unit=unit, name=name)


def _from_dataarray(value: Any) -> SpeasyVariable:
    try:
        return SpeasyVariable.from_xarray(value)
    except (SpeasyError, TypeError, ValueError) as error:
        raise VirtualProductError(
            f"the DataArray {value.name or ''!r} is not a series in time: {error}",
            hint="its first dimension must be a coordinate of datetime64",
        ) from error


def _labelled(
    variable: SpeasyVariable, name: str, labels: Sequence[str] | None, unit: str
) -> SpeasyVariable:
    changes: dict[str, Any] = {}
    if unit and not variable.unit:
        changes["unit"] = unit
    if not variable.name and name:
        changes["name"] = name
    width = variable.shape[1] if variable.ndim == 2 else 1
    if labels is not None and variable.ndim <= 2 and variable.kind != "spectrogram":
        if len(labels) != width and len(variable):
            raise VirtualProductError(
                f"{name} returned {width} components, but has {len(labels)} labels",
                hint=f"labels: {', '.join(labels)}",
            )
        if len(labels) == width:
            changes["columns"] = list(labels)
    return variable.copy(**changes) if changes else variable
