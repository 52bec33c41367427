"""Helpers of the numpy handlers: finding variables in arguments, and labels that stay."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeVar

from .core import Array, Axis, VariableCore

__all__ = ["argument", "distinct", "raw", "raw_call", "remaining_labels", "variables_in"]

V = TypeVar("V", bound=VariableCore)
Handler = Callable[[Callable[..., Any], tuple[Any, ...], dict[str, Any]], Any]


def raw(item: Any) -> Any:
    """Return the argument with arrays in the place of variables, lists and tuples searched."""
    if isinstance(item, VariableCore):
        return item._values
    if type(item) is list:
        return [raw(part) for part in item]
    if type(item) is tuple:
        return tuple(raw(part) for part in item)
    return item


def raw_call(func: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """Call numpy on plain arrays."""
    return func(*[raw(arg) for arg in args], **{key: raw(arg) for key, arg in kwargs.items()})


def variables_in(items: Any) -> Iterator[VariableCore]:
    """Yield the variables among arguments, in order, lists and tuples searched."""
    for item in items:
        if isinstance(item, VariableCore):
            yield item
        elif isinstance(item, (list, tuple)):
            yield from variables_in(item)


def argument(
    args: tuple[Any, ...], kwargs: dict[str, Any], position: int, name: str, default: Any = None
) -> Any:
    """Return one argument, given by position or by name."""
    if len(args) > position:
        return args[position]
    return kwargs.get(name, default)


def remaining_labels(
    v: VariableCore, reduced: Sequence[int], keepdims: bool
) -> tuple[tuple[Axis, ...], tuple[str, ...] | None]:
    """Return axes and columns once some dimensions after time are reduced."""
    grids = any(axis.values.ndim - axis.time_varying > 1 for axis in v._axes)
    if keepdims or not v._axes or (grids and reduced):
        axes: tuple[Axis, ...] = ()
    else:
        axes = tuple(axis for i, axis in enumerate(v._axes, 1) if i not in reduced)
    left = v.ndim - len(reduced)
    columns = v._columns if 1 not in reduced and (left > 1 and not keepdims) else None
    return axes, columns


def distinct(labels: Sequence[str]) -> tuple[str, ...]:
    """Return the labels, repeats numbered: of two alike only the first could be selected."""
    taken: dict[str, int] = {}
    result: list[str] = []
    for label in labels:
        number = taken.get(label, 0) + 1
        taken[label] = number
        free = label if number == 1 else f"{label}_{number}"
        while number > 1 and free in labels:
            free += "_"
        result.append(free)
    return tuple(result)


def around(v: V, values: Array, unit: str, *, labels: bool = True) -> V:
    """Wrap values on the times of `v`; its labels stay when the shape is the same."""
    if labels and values.shape == v.shape:
        return v._like(values, unit=unit, derived=True)
    return v._like(values, axes=(), columns=None, unit=unit, derived=True)
