"""Templated parameters of AMDA: from arguments to the name that the server knows."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from speasy_core.errors import UnknownOption
from speasy_core.provider import ProductInput

__all__ = ["inputs_of", "resolve"]

_PLACE = re.compile(r"##(\w+)##")
_TRUE, _FALSE = frozenset({"1", "true", "yes"}), frozenset({"0", "false", "no"})
Argument = Mapping[str, Any]


def resolve(
    ident: str,
    template: str,
    arguments: Sequence[Argument],
    inputs: Mapping[str, Any],
    *,
    predefined: bool = False,
) -> tuple[str, dict[str, str]]:
    """Return the server's name of a templated parameter, and the value of each argument.

    Parameters
    ----------
    ident : str
        Id in the tree.
    template : str
        Name with ``##key##`` in the place of each argument.
    arguments : sequence of mapping
        As the tree describes them: key, name, type, default, ``items`` or minkey and maxkey.
    inputs : mapping
        Values by key; the rest have their defaults.
    predefined : bool
        Whether `ident` is the template with some values in it; they are the defaults then.

    Raises
    ------
    UnknownOption
        An argument that the parameter does not have, or a value it cannot have; those that it can
        are named.

    Examples
    --------
    >>> side = {"key": "side", "type": "generated-list", "minkey": "0", "maxkey": "3",
    ...         "default": "0"}
    >>> resolve("sixp_p", "sixp_p_##side##", [side], {"side": 2})
    ('sixp_p_2', {'side': '2'})
    """
    known = {str(a["key"]): a for a in arguments}
    unknown = [str(key) for key in inputs if key not in known]
    if unknown:
        listed = "; ".join(f"{key} ({a.get('name', key)})" for key, a in known.items())
        raise UnknownOption(
            f"{ident} has no argument {', '.join(unknown)}",
            hint=f"its arguments: {listed}" if listed else "it takes none",
        )
    values = {key: str(a.get("default", "")) for key, a in known.items()}
    if predefined:
        values |= _values_in(ident, template, known)
    values |= {key: _value(ident, known[key], value) for key, value in inputs.items()}
    if predefined and not inputs:
        return ident, values
    return _PLACE.sub(lambda place: values.get(place[1], place[0]), template), values


def _values_in(ident: str, template: str, known: Mapping[str, Argument]) -> dict[str, str]:
    """Return the values that a predefined parameter's id holds, none where it is not clear."""
    pattern = "".join(
        _pattern(part, known) if index % 2 else re.escape(part)
        for index, part in enumerate(_PLACE.split(template))
    )
    match = re.fullmatch(pattern, ident)
    return match.groupdict() if match is not None else {}


def _pattern(key: str, known: Mapping[str, Argument]) -> str:
    argument = known.get(key, {})
    items = argument.get("items")
    if items:
        choices = sorted(map(re.escape, items), key=len, reverse=True)
        return f"(?P<{key}>{'|'.join(choices)})"
    is_number = argument.get("type") in ("float", "int", "generated-list")
    return f"(?P<{key}>{'-?[0-9.]+' if is_number else '.+?'})"


def _value(ident: str, argument: Argument, value: Any) -> str:
    """Return an argument's value as the server writes it."""
    kind, text = argument.get("type", ""), str(value).strip()
    if kind == "list":
        items: Mapping[str, str] = argument.get("items", {})
        if text in items:
            return text
        named = [key for key, name in items.items() if name == text]
        if len(named) == 1:
            return named[0]
        allowed = ", ".join(f"{key!r} ({name})" for key, name in items.items())
    elif kind == "generated-list":
        low, high = int(argument.get("minkey", 0)), int(argument.get("maxkey", 0))
        number = _number(value)
        # the highest is one of them: it is the default of some arguments
        if number is not None and number.is_integer() and low <= number <= high:
            return str(int(number))
        allowed = f"{low} to {high}"
    elif kind == "bool":
        if text.lower() in _TRUE | _FALSE:
            return "1" if text.lower() in _TRUE else "0"
        allowed = "true or false"
    elif kind in ("int", "float"):
        number = _number(value)
        if number is not None and (kind == "float" or number.is_integer()):
            return str(int(number)) if number.is_integer() else repr(number)
        allowed = "a whole number" if kind == "int" else "a number"
    elif text:
        return text
    else:
        allowed = "a text"
    raise UnknownOption(
        f"{ident} does not take {argument.get('key')}={value!r}", hint=f"it takes {allowed}"
    )


def _number(value: Any) -> float | None:
    try:
        number = float(value)
    except (TypeError, ValueError):
        return None
    return number if abs(number) < 1e15 else None


def inputs_of(
    ident: str, template: str, arguments: Sequence[Argument], *, predefined: bool = False
) -> list[ProductInput]:
    """Return the arguments of a templated parameter as a form shows them."""
    _, values = resolve(ident, template, arguments, {}, predefined=predefined)
    return [_input(argument, values[str(argument["key"])]) for argument in arguments]


def _input(argument: Argument, default: str) -> ProductInput:
    key, told = str(argument["key"]), argument.get("type", "")
    kinds = {"list": "choice", "generated-list": "int", "bool": "bool", "int": "int"}
    kind = "float" if told == "float" else kinds.get(told, "text")
    low, high = None, None
    if told == "generated-list":
        low, high = float(argument.get("minkey", 0)), float(argument.get("maxkey", 0))
    items: Mapping[str, str] = argument.get("items", {})
    choices = tuple((str(value), str(name) or str(value)) for value, name in items.items())
    label = str(argument.get("name") or key)
    return ProductInput(f"product_inputs.{key}", label, kind, default, choices, low, high)
