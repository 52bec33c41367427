"""Numpy's products and stacked linear algebra."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from speasy_core import units

from .alignment import check_times, join_origin, wrap
from .arguments import Handler, argument, around, raw, raw_call, variables_in
from .core import VariableCore
from .handlers import UnitRule

__all__ = ["cross", "diagonal", "dot", "einsum", "stacked"]

Call = Callable[..., Any]
Args = tuple[Any, ...]
Kwargs = dict[str, Any]


def _unit(item: Any) -> str:
    return item._unit if isinstance(item, VariableCore) else ""


def cross(func: Call, args: Args, kwargs: Kwargs) -> Any:
    """np.cross: on time when the vectors are in the last dimension."""
    a, b = args[0], args[1]
    sources = list(variables_in([a, b]))
    if len(sources) == 2:
        check_times(sources[0], sources[1:])
    values = raw_call(func, args, kwargs)
    lead = sources[0]
    moved = len(args) > 2 or any(
        kwargs.get(key, -1) not in (-1, np.ndim(b) - 1)
        for key in ("axis", "axisa", "axisb", "axisc")
    )
    other = max(np.ndim(a), np.ndim(b))
    if moved or lead.ndim < max(other, 2) or np.shape(values)[:1] != lead.shape[:1]:
        return values
    unit = units.multiply(_unit(a), _unit(b))
    return wrap(lead, sources, values, unit)


def dot(func: Call, args: Args, kwargs: Kwargs) -> Any:
    """np.dot, np.inner, np.tensordot: a variable where the first one's time is not summed over."""
    a, b = args[0], args[1]
    out = kwargs.get("out")
    both = isinstance(a, VariableCore) and isinstance(b, VariableCore)
    first_is_time = func.__name__ == "dot" or np.ndim(b) == 1
    if both and a.ndim == 1 and first_is_time:  # summed over the times of both
        check_times(a, [b])
    values = raw_call(func, args, kwargs)
    if out is not None:
        return out
    number = np.ndim(b) == 0 or np.ndim(a) == 0
    unit = units.multiply(_unit(a), _unit(b))
    if number:
        v = a if isinstance(a, VariableCore) else b
        return around(v, values, unit)
    if func.__name__ == "tensordot":
        keeps = 0 not in _contracted(argument(args, kwargs, 2, "axes", 2), np.ndim(a))
    else:
        keeps = np.ndim(a) >= 2
    if not keeps or not isinstance(a, VariableCore) or isinstance(b, VariableCore):
        return values
    return around(a, values, unit, labels=False)


def _contracted(axes: Any, ndim: int) -> list[int]:
    """Return which dimensions of the first argument tensordot sums over."""
    if np.ndim(axes) == 0 and not isinstance(axes, (list, tuple)):
        return list(range(ndim - int(axes), ndim))
    first = axes[0]
    return [int(item) % ndim for item in ([first] if np.ndim(first) == 0 else first)]


def einsum(func: Call, args: Args, kwargs: Kwargs) -> Any:
    """np.einsum: a variable where a variable's first letter is the first of the result.

    The component names stay when their letter stays in its place.
    """
    if isinstance(args[0], str):
        subscripts, operands = args[0].replace(" ", ""), list(args[1:])
    else:
        subscripts, operands = _letters(args)
    inputs, result = _split_subscripts(subscripts)
    out = kwargs.get("out")
    values = func(subscripts, *map(raw, operands), **{k: raw(a) for k, a in kwargs.items()})
    if out is not None:
        return out
    timed = [
        (item, _tokens(text))
        for item, text in zip(operands, inputs, strict=True)
        if isinstance(item, VariableCore)
    ]
    unit = ""
    for item in operands:
        unit = units.multiply(unit, _unit(item))
    tokens = _tokens(result)
    # two time axes under one letter must be the same, in the result or not
    leads = [(v, text) for v, text in timed if tokens and text[:1] == tokens[:1]]
    for v, text in timed:
        check_times(v, [w for w, other in timed if other[:1] == text[:1] and w is not v])
    others_left = any(text[:1] != tokens[:1] and text[0] in tokens for _, text in timed)
    if not leads or others_left:
        return values
    lead, text = max(leads, key=lambda pair: pair[0].ndim)
    if tokens[0] == "..." and lead.ndim <= len(text) - 1:
        return values
    sources = [v for v, _ in timed]
    new = lead._like(values, unit=unit, derived=True)
    if text != tokens or values.shape != lead.shape:
        new._axes, new._columns = (), None
    if len(sources) > 1:
        join_origin(new, sources)
    return new


def _tokens(subscripts: str) -> list[str]:
    """Split ``...ij`` into its ellipsis and letters."""
    dots = subscripts.find("...")
    if dots < 0:
        return list(subscripts)
    return [*subscripts[:dots], "...", *subscripts[dots + 3 :]]


def _split_subscripts(subscripts: str) -> tuple[list[str], str]:
    left, arrow, result = subscripts.partition("->")
    if not arrow:  # numpy's rule: letters that come once, in order of the alphabet
        letters = left.replace(".", "").replace(",", "")
        result = ("..." if "..." in left else "") + "".join(
            sorted(letter for letter in set(letters) if letters.count(letter) == 1)
        )
    return left.split(","), result


def _letters(args: Args) -> tuple[str, list[Any]]:
    """Turn ``einsum(a, [0, 1], b, [1, 2], [0, 2])`` into subscripts and operands."""
    has_result = len(args) % 2 == 1
    pairs = args[:-1] if has_result else args
    operands, lists = list(pairs[0::2]), list(pairs[1::2])

    def text(items: Sequence[Any]) -> str:
        return "".join("..." if i is Ellipsis else chr(ord("a") + int(i)) for i in items)

    subscripts = ",".join(map(text, lists))
    return (f"{subscripts}->{text(args[-1])}" if has_result else subscripts), operands


def stacked(rule: UnitRule) -> Handler:
    """Linear algebra on ``(n, k, k)``: one matrix a sample; a plain ``(n, k)`` gives arrays."""

    def handler(func: Call, args: Args, kwargs: Kwargs) -> Any:
        v = args[0] if args else kwargs.get("a", kwargs.get("x"))
        values = raw_call(func, args, kwargs)
        if not isinstance(v, VariableCore) or v.ndim < 3:
            return values

        def finish(one: Any) -> Any:
            fits = isinstance(one, np.ndarray) and one.shape[:1] == v.shape[:1]
            return around(v, one, rule(v._unit), labels=False) if fits else one

        if isinstance(values, tuple):
            parts = [finish(one) for one in values]
            return type(values)(*parts) if hasattr(values, "_fields") else tuple(parts)
        return finish(values)

    return handler


def diagonal(func: Call, args: Args, kwargs: Kwargs) -> Any:
    """np.trace and np.diagonal: over two dimensions, of which time must not be one."""
    v = args[0] if args else kwargs.get("a", kwargs.get("x"))
    values = raw_call(func, args, kwargs)
    if not isinstance(v, VariableCore) or v.ndim < 3:
        return values
    if "linalg" not in func.__module__:
        touched = (argument(args, kwargs, 2, "axis1", 0), argument(args, kwargs, 3, "axis2", 1))
        if 0 in [axis % v.ndim for axis in touched]:
            return values
    return around(v, values, v._unit, labels=False)
