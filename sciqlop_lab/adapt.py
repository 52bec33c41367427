"""What a user's function is given, and what it may return, in terms of our types."""

from __future__ import annotations

import functools
import inspect
import typing
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, Literal

import numpy as np

from speasy_core.errors import InvalidRequest, SpeasyError, VirtualProductError
from speasy_core.timerange import TimeRange
from speasy_core.variable import Axis, SpeasyVariable

__all__ = ["KINDS", "Kind", "argument_form", "to_variable"]

Kind = Literal["auto", "scalar", "vector", "multicomponent", "spectrogram"]
KINDS = typing.get_args(Kind)

_RETURNS = (
    "return a SpeasyVariable, an xarray DataArray, (time, values), (time, channels, values) "
    "for a spectrogram, or None"
)
# whole numbers below this are seconds (until the year 33,658), above it nanoseconds
_SECONDS_BELOW = 10**12


def _seconds(asked: TimeRange) -> tuple[float, float]:
    return asked.start_ns / 1e9, asked.stop_ns / 1e9


def _datetimes(asked: TimeRange) -> tuple[datetime, datetime]:
    return asked.start_time, asked.stop_time


def _datetime64s(asked: TimeRange) -> tuple[np.datetime64, np.datetime64]:
    return asked.start, asked.stop


_FORMS: dict[Any, Callable[[TimeRange], tuple[Any, Any]]] = {
    float: _seconds,
    datetime: _datetimes,
    np.datetime64: _datetime64s,
}


def argument_form(
    function: Callable[..., Any], name: str
) -> Callable[[TimeRange], tuple[Any, Any]]:
    """Return what turns a range into the two arguments that `function` wants.

    The annotations of its first two positional parameters decide; without any they are floats.

    Raises
    ------
    InvalidRequest
        It does not take two positional arguments, or they are annotated as something else.
    """
    try:
        signature = inspect.signature(function)
    except (TypeError, ValueError):  # a builtin without one
        return _seconds
    positional = [
        p
        for p in signature.parameters.values()
        if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD, p.VAR_POSITIONAL)
    ]
    if any(p.kind is p.VAR_POSITIONAL for p in positional[:2]):
        return _seconds
    needed = [p for p in signature.parameters.values() if p.default is p.empty]
    extra = [p.name for p in needed if p.kind is p.KEYWORD_ONLY or p in positional[2:]]
    if len(positional) < 2 or extra:
        raise InvalidRequest(
            f"virtual product {name!r}: the function must take (start, stop), not {signature}",
            hint="give further parameters a default value",
        )
    notes = {_annotation(function, p) for p in positional[:2]} - {None}
    form = notes.pop() if notes else float
    if notes or form not in _FORMS:
        shown = ", ".join(str(p) for p in positional[:2])
        raise InvalidRequest(
            f"virtual product {name!r}: cannot give a time as ({shown})",
            hint="annotate both as float, datetime.datetime or numpy.datetime64, or neither",
        )
    return _FORMS[form]


def _annotation(function: Callable[..., Any], parameter: inspect.Parameter) -> Any:
    note = parameter.annotation
    if note is parameter.empty:
        return None
    if isinstance(note, str):
        target: Any = function
        while isinstance(target, functools.partial):
            target = target.func
        target = target if hasattr(target, "__annotations__") else type(target).__call__
        try:
            note = typing.get_type_hints(target).get(parameter.name, note)
        except NameError:  # a name that only a type checker sees
            return note
    return note


def to_variable(
    value: Any,
    *,
    name: str = "",
    kind: Kind = "auto",
    labels: Sequence[str] | None = None,
    unit: str = "",
) -> SpeasyVariable:
    """Return what a user's function returned as a variable.

    Raises
    ------
    VirtualProductError
        Says what was wrong with it, and what to return instead.
    """
    if value is None:
        return SpeasyVariable(np.zeros(0, "datetime64[ns]"), np.zeros(0), name=name, unit=unit)
    if hasattr(value, "dims") and hasattr(value, "to_dataset") and hasattr(value, "coords"):
        value = _from_dataarray(value)
    if isinstance(value, SpeasyVariable):
        return _labelled(value, name, labels, unit)
    if not isinstance(value, (tuple, list)) or len(value) < 2:
        raise VirtualProductError(f"{name} returned {_what(value)}", hint=_RETURNS)
    try:
        if len(value) == 3 and kind in ("auto", "spectrogram"):
            return _spectrogram(*value, name=name, unit=unit)
        time, *parts = value
        samples = np.asarray(parts[0]) if len(parts) == 1 else np.stack(parts, axis=1)
        return _series(_times(time), samples, name=name, labels=labels, unit=unit)
    except VirtualProductError:
        raise
    except (SpeasyError, TypeError, ValueError) as error:
        raise VirtualProductError(
            f"{name} returned something that is not data: {error}", hint=_RETURNS
        ) from error


def _what(value: Any) -> str:
    if isinstance(value, np.ndarray):
        return f"an array of shape {value.shape} without times"
    return f"a {type(value).__name__}"


def _times(time: Any) -> np.ndarray[Any, Any]:
    """Return times as datetime64[ns]; what is not finite becomes NaT and is dropped later."""
    array = np.asarray(time)
    if array.ndim != 1:
        raise VirtualProductError(f"time has shape {array.shape}: give one time per sample")
    if array.dtype.kind == "f":
        good = np.isfinite(array)
        seconds = np.where(good, array, 0).astype(np.float64)
        whole = np.floor(seconds)
        ns = whole.astype(np.int64) * 10**9 + np.rint((seconds - whole) * 1e9).astype(np.int64)
        out = ns.view("datetime64[ns]")
        out[~good] = np.datetime64("NaT")
        return out
    if array.dtype.kind in "iu":
        small = not array.size or int(np.abs(array).max()) < _SECONDS_BELOW
        return (array.astype(np.int64) * (10**9 if small else 1)).view("datetime64[ns]")
    return array.astype("datetime64[ns]")


def _check_lengths(time: Any, samples: Any, name: str) -> None:
    if samples.ndim < 1 or len(samples) != len(time):
        hint = None
        if samples.ndim == 2 and samples.shape[1] == len(time):
            hint = "give (samples, components): return values.T"
        raise VirtualProductError(
            f"{name} returned {len(time)} times, but values of shape {samples.shape}", hint=hint
        )
    if samples.dtype.kind not in "fiub":
        raise VirtualProductError(f"{name} returned values of type {samples.dtype}: give numbers")


def _series(
    time: Any, samples: Any, *, name: str, labels: Sequence[str] | None, unit: str
) -> SpeasyVariable:
    if samples.ndim == 2 and samples.shape[1] == 1:
        samples = samples[:, 0]
    _check_lengths(time, samples, name)
    width = samples.shape[1] if samples.ndim == 2 else 1
    columns = list(labels) if labels is not None and samples.ndim <= 2 else None
    if columns is not None and len(columns) != width:
        raise VirtualProductError(
            f"{name} returned {width} components, but has {len(columns)} labels",
            hint=f"labels: {', '.join(columns)}",
        )
    return SpeasyVariable.from_unsorted(time, samples, columns=columns, unit=unit, name=name)


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
    if labels is not None and variable.ndim <= 2 and variable.kind != "spectrogram":
        changes["columns"] = list(labels)
    return variable.copy(**changes) if changes else variable
