"""What a user's function of a time range is given: floats, datetimes or datetime64."""

from __future__ import annotations

import functools
import inspect
import typing
from collections.abc import Callable
from datetime import datetime
from types import SimpleNamespace
from typing import Any

import numpy as np

from .errors import InvalidRequest
from .timerange import TimeRange

__all__ = [
    "TOLD",
    "annotation_of",
    "argument_form",
    "form_named",
    "further_parameters",
    "signature_of",
]

# parameters of these names are told how much is worth computing
TOLD = ("pixels", "max_points")


def signature_of(function: Callable[..., Any]) -> inspect.Signature | None:
    """Return the signature of a function; None of a builtin that has none."""
    try:
        return inspect.signature(function)
    except (TypeError, ValueError):
        return None


def further_parameters(function: Callable[..., Any]) -> list[inspect.Parameter]:
    """Return the parameters after the two times that have a name.

    Examples
    --------
    >>> def f(start, stop, gain=2.0, *, smooth=True): ...
    >>> [p.name for p in further_parameters(f)]
    ['gain', 'smooth']
    """
    signature = signature_of(function)
    if signature is None:
        return []
    named = [
        p for p in signature.parameters.values()
        if p.kind in (p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY, p.POSITIONAL_ONLY)
    ]  # fmt: skip
    return [p for number, p in enumerate(named) if number >= 2 or p.kind is p.KEYWORD_ONLY]


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


def form_named(name: str) -> Callable[[TimeRange], tuple[Any, Any]]:
    """Return the form of that ``__name__``: in another process it cannot always be found again."""
    return next(form for form in _FORMS.values() if form.__name__ == name)


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
    signature = signature_of(function)
    if signature is None:
        return _seconds
    positional = [
        p
        for p in signature.parameters.values()
        if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD, p.VAR_POSITIONAL)
    ]
    if any(p.kind is p.VAR_POSITIONAL for p in positional[:2]):
        return _seconds
    needed = [p for p in signature.parameters.values() if p.default is p.empty]
    told = [p for p in needed if p.name in TOLD]
    extra = [p for p in needed if p not in told and p.kind is p.KEYWORD_ONLY]
    extra += [p for p in needed if p not in told and p in positional[2:]]
    if len(positional) < 2 or extra:
        raise InvalidRequest(
            f"virtual product {name!r}: the function must take (start, stop), not {signature}",
            hint="give further parameters a default value",
        )
    notes = {annotation_of(function, p) for p in positional[:2]} - {None}
    form = notes.pop() if notes else float
    if notes or form not in _FORMS:
        shown = ", ".join(str(p) for p in positional[:2])
        raise InvalidRequest(
            f"virtual product {name!r}: cannot give a time as ({shown})",
            hint="annotate both as float, datetime.datetime or numpy.datetime64, or neither",
        )
    return _FORMS[form]


def annotation_of(function: Callable[..., Any], parameter: inspect.Parameter) -> Any:
    """Return the annotation of a parameter, also of one written as text; None without one."""
    note = parameter.annotation
    if note is parameter.empty:
        return None
    if isinstance(note, str):
        target: Any = function
        while isinstance(target, functools.partial):
            target = target.func
        target = target if hasattr(target, "__annotations__") else type(target).__call__
        around = getattr(inspect.unwrap(target), "__globals__", {})
        # of this one alone: the others may name what is not there
        alone = SimpleNamespace(__annotations__={parameter.name: note})
        try:
            hints = typing.get_type_hints(alone, globalns=around, include_extras=True)
        except NameError:  # a name that only a type checker sees
            return note
        return hints[parameter.name]
    return note
