"""Knobs: parameters of a function that a person may turn, as plain data.

A parameter with a default is a knob when its type is one that a widget can show: a number, a
flag, text, or a choice. ``Annotated[float, Knob(min=0, max=1)]`` says more.
"""

from __future__ import annotations

import enum
import functools
import hashlib
import json
import math
import re
import typing
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal

from speasy_core.calling import TOLD, annotation_of, further_parameters
from speasy_core.errors import InvalidRequest, UnknownOption

__all__ = [
    "Knob",
    "KnobSpec",
    "canonical_hash",
    "coerce_value",
    "defaults_for",
    "extract_specs_from_callback",
    "extract_specs_from_model",
    "spec_from_dict",
    "spec_to_dict",
    "usable",
    "validate_dict",
]

KnobType = Literal["int", "float", "bool", "str", "choice"]
_PLAIN: dict[Any, KnobType] = {bool: "bool", int: "int", float: "float", str: "str"}
_TRUE, _FALSE = ("true", "yes", "on", "1"), ("false", "no", "off", "0")


@dataclass(frozen=True, slots=True)
class Knob:
    """What an annotation says of a parameter.

    Parameters
    ----------
    min, max, step : float, optional
        A value outside is moved to the nearest inside.
    label, unit, description : str
        For people.
    apply : {"live", "manual"}
        Whether each move computes anew, or only the button.
    choices : sequence, optional
        The only values.
    pattern : str, optional
        A regular expression that text has to match as a whole.
    widget, color : str, optional
        How it is shown.

    Examples
    --------
    >>> from typing import Annotated
    >>> def f(start, stop, gain: Annotated[float, Knob(min=0, max=10, unit="dB")] = 1.0): ...
    >>> extract_specs_from_callback(f)[0].max
    10
    """

    min: float | None = None
    max: float | None = None
    step: float | None = None
    label: str = ""
    unit: str = ""
    description: str = ""
    apply: Literal["live", "manual"] = "live"
    choices: tuple[Any, ...] | list[Any] | None = None
    pattern: str | None = None
    widget: str | None = None
    color: str | None = None

    def __post_init__(self) -> None:
        if self.min is not None and self.max is not None and not self.min < self.max:
            raise InvalidRequest(f"a knob from {self.min} to {self.max} has no room")
        if self.step is not None and not self.step > 0:
            raise InvalidRequest(f"a knob with steps of {self.step} does not move")
        if self.apply not in ("live", "manual"):
            raise InvalidRequest(f"apply={self.apply!r}", hint="use 'live' or 'manual'")


@dataclass(frozen=True, slots=True)
class KnobSpec:
    """A knob as plain data: all that a widget needs, in a browser too.

    Attributes
    ----------
    name : str
        Of the parameter.
    type : {"int", "float", "bool", "str", "choice"}
    default : value
        Plain; of an Enum the name of the member.
    min, max, step, label, unit, description, apply, choices, pattern, widget, color
        As of :class:`Knob`; `choices` are plain as well.
    enum : class, optional
        What plain choices become for the function; it does not travel.
    """

    name: str
    type: KnobType
    default: Any
    min: float | None = None
    max: float | None = None
    step: float | None = None
    label: str = ""
    unit: str = ""
    description: str = ""
    apply: str = "live"
    choices: tuple[Any, ...] | None = None
    pattern: str | None = None
    widget: str | None = None
    color: str | None = None
    enum: Any = None

    def given(self, value: Any) -> Any:
        """Return what the function is given for a plain value."""
        return value if self.enum is None else self.enum[value]


def extract_specs_from_callback(function: Callable[..., Any]) -> tuple[KnobSpec, ...]:
    """Return the knobs of a function: its parameters with defaults, after the two times.

    Parameters whose default no widget can show keep it, and are no knobs.

    Examples
    --------
    >>> def f(start, stop, window: int = 5, mode: Literal["a", "b"] = "a", data=None): ...
    >>> [(k.name, k.type, k.default) for k in extract_specs_from_callback(f)]
    [('window', 'int', 5), ('mode', 'choice', 'a')]
    """
    found = []
    fixed = function.keywords if isinstance(function, functools.partial) else {}
    for parameter in further_parameters(function):
        if parameter.default is parameter.empty or parameter.name in TOLD:
            continue
        if parameter.name in fixed or parameter.kind is parameter.POSITIONAL_ONLY:
            continue
        spec = _spec(parameter.name, annotation_of(function, parameter), parameter.default)
        if spec is not None:
            found.append(spec)
    return tuple(found)


def extract_specs_from_model(model: Any) -> tuple[KnobSpec, ...]:
    """Return the knobs of a Pydantic model's class, one for each field with a default."""
    found = []
    for name, field in model.model_fields.items():
        if field.is_required():
            raise InvalidRequest(f"the field {name!r} of {model.__name__} needs a default")
        default = field.get_default(call_default_factory=True)
        spec = _spec(name, field.annotation, default)
        if spec is None:
            continue
        limits: dict[str, Any] = {"description": field.description or ""}
        limits["label"] = field.title or ""
        for rule in field.metadata:
            if isinstance(rule, Knob):
                spec = _with_knob(spec, rule)
            for ours, theirs in (("min", "ge"), ("min", "gt"), ("max", "le"), ("max", "lt"),
                                 ("step", "multiple_of"), ("pattern", "pattern")):  # fmt: skip
                value = getattr(rule, theirs, None)
                if value is not None:
                    limits[ours] = value
        found.append(replace(spec, **{key: value for key, value in limits.items() if value}))
    return tuple(found)


def _spec(name: str, note: Any, default: Any) -> KnobSpec | None:
    knob = None
    if typing.get_origin(note) is typing.Annotated:
        knob = next((extra for extra in note.__metadata__ if isinstance(extra, Knob)), None)
        note = typing.get_args(note)[0]
    spec = _typed(name, note, default)
    if knob is None:
        return spec
    if spec is None:
        if not knob.choices:
            raise InvalidRequest(
                f"the knob {name} has the default {default!r:.40}, which no widget can show",
                hint="make it a number, a flag, text or one of choices",
            )
        spec = KnobSpec(name, "choice", default)
    return _with_knob(spec, knob)


def _with_knob(spec: KnobSpec, knob: Knob) -> KnobSpec:
    said = {key: value for key, value in asdict(knob).items() if value not in (None, "")}
    if knob.choices:
        said |= {
            "choices": tuple(_plain(spec, choice) for choice in knob.choices),
            "type": "choice",
        }
    made = replace(spec, **said)
    coerce_value(made, made.default)  # a default outside of its own limits is a mistake
    if made.type in ("int", "float") and coerce_value(made, made.default) != made.default:
        raise InvalidRequest(
            f"the default of the knob {spec.name}, {made.default}, lies outside of "
            f"{made.min} to {made.max}"
        )
    return made


def _plain(spec: KnobSpec, choice: Any) -> Any:
    """Return a choice as a page can show it; numbers of numpy become plain ones."""
    value = choice.item() if hasattr(choice, "item") else choice
    if isinstance(value, (bool, int, float, str)):
        return value
    raise InvalidRequest(
        f"the knob {spec.name} cannot have the choice {choice!r:.40}",
        hint="choices are numbers, text or flags; members of an Enum stand for anything else",
    )


def _typed(name: str, note: Any, default: Any) -> KnobSpec | None:
    if typing.get_origin(note) is Literal:
        return KnobSpec(name, "choice", default, choices=typing.get_args(note))
    kind = note if isinstance(note, type) else type(default)
    if isinstance(default, enum.Enum):
        members = type(default)
        return KnobSpec(
            name, "choice", default.name, choices=tuple(members.__members__), enum=members
        )
    if kind in (int, float) and isinstance(default, (int, float)) and not isinstance(default, bool):
        return KnobSpec(name, _PLAIN[kind], kind(default))
    if isinstance(default, (bool, str)):
        return KnobSpec(name, _PLAIN[type(default)], default)
    return None


def coerce_value(spec: KnobSpec, value: Any) -> Any:
    """Return `value` as the plain value of a knob: of its type, within its limits.

    Raises
    ------
    InvalidRequest
        It cannot be one.

    Examples
    --------
    >>> coerce_value(KnobSpec("n", "int", 3, min=1, max=9), "12")
    9
    """
    if spec.type == "choice":
        return _choice(spec, value)
    if spec.type == "bool":
        return _flag(spec, value)
    if spec.type == "str":
        if not isinstance(value, str):
            raise _refused(spec, value, "text")
        if spec.pattern is not None and re.fullmatch(spec.pattern, value) is None:
            raise _refused(spec, value, f"text like {spec.pattern}")
        return value
    return _number(spec, value)


def _refused(spec: KnobSpec, value: Any, wanted: str) -> InvalidRequest:
    return InvalidRequest(
        f"the knob {spec.name} cannot be {value!r:.60}", hint=f"it takes {wanted}"
    )


def _choice(spec: KnobSpec, value: Any) -> Any:
    plain = value.name if spec.enum is not None and isinstance(value, spec.enum) else value
    for choice in spec.choices or ():
        if choice == plain and isinstance(choice, bool) == isinstance(plain, bool):
            return choice
    if spec.enum is not None:
        for member in spec.enum:
            if member.value == plain:
                return member.name
    raise _refused(spec, value, "one of " + ", ".join(map(repr, spec.choices or ())))


def _flag(spec: KnobSpec, value: Any) -> bool:
    text = str(value).strip().lower()
    if text in _TRUE or text in _FALSE:
        return text in _TRUE
    raise _refused(spec, value, "True or False")


def _number(spec: KnobSpec, value: Any) -> int | float:
    if isinstance(value, bool):
        raise _refused(spec, value, "a number")
    try:
        number = float(value)
    except (TypeError, ValueError):
        raise _refused(spec, value, "a number") from None
    if not math.isfinite(number):
        raise _refused(spec, value, "a finite number")
    if spec.min is not None:
        number = max(number, spec.min)
    if spec.max is not None:
        number = min(number, spec.max)
    if spec.type == "float":
        return float(number)
    if number != int(number):
        raise _refused(spec, value, "a whole number")
    return int(value) if isinstance(value, int) and int(value) == number else int(number)


def defaults_for(specs: Iterable[KnobSpec]) -> dict[str, Any]:
    """Return the plain default of each knob."""
    return {spec.name: spec.default for spec in specs}


def validate_dict(
    specs: Iterable[KnobSpec], values: Mapping[str, Any], *, where: str = "the function"
) -> dict[str, Any]:
    """Return a plain value for every knob, those that `values` leaves out at their default.

    Raises
    ------
    UnknownOption
        There is no such knob.
    InvalidRequest
        A value that the knob does not take.
    """
    known = {spec.name: spec for spec in specs}
    unknown = sorted(set(values) - known.keys())
    if unknown:
        raise UnknownOption(
            f"{where} has no knob {', '.join(unknown)}",
            hint=f"its knobs: {', '.join(known) or 'none'}",
        )
    return {
        name: coerce_value(spec, values[name]) if name in values else spec.default
        for name, spec in known.items()
    }


def usable(specs: Iterable[KnobSpec], values: Mapping[str, Any]) -> dict[str, Any]:
    """Return those of `values` that knobs go by that name for, and take.

    A panel may have been saved, or its knobs turned, before the function was written anew.
    """
    found = {}
    for spec in specs:
        if spec.name in values:
            value = values[spec.name]
            try:
                found[spec.name] = coerce_value(spec, value)
            except InvalidRequest:
                if isinstance(value, str) and spec.type == "str":
                    found[spec.name] = value  # the call says why this text does not fit
    return found


def canonical_hash(values: Mapping[str, Any]) -> str:
    """Return a text that is the same for equal values, whatever their order."""
    text = json.dumps(dict(values), sort_keys=True, default=repr)
    return hashlib.blake2b(text.encode(), digest_size=12).hexdigest()


def spec_to_dict(spec: KnobSpec) -> dict[str, Any]:
    """Return a knob as JSON types."""
    plain = asdict(replace(spec, enum=None))
    del plain["enum"]
    for limit in ("min", "max"):  # JSON has no infinity, and none is no limit
        if plain[limit] is not None and not math.isfinite(plain[limit]):
            plain[limit] = None
    if plain["choices"] is not None:
        plain["choices"] = list(plain["choices"])
    return plain


def spec_from_dict(value: Mapping[str, Any]) -> KnobSpec:
    """Return the knob that `spec_to_dict` wrote; of an Enum its names."""
    choices = value.get("choices")
    return KnobSpec(**{**value, "choices": None if choices is None else tuple(choices)})
