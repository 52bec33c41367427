"""Variables and the functions on them, under the names of Speasy's module ``products.variable``."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from speasy_core.variable import SpeasyVariable, merge
from speasy_core.variable.containers import DataContainer, VariableAxis, VariableTimeAxis

__all__ = [
    "DataContainer",
    "SpeasyVariable",
    "VariableAxis",
    "VariableTimeAxis",
    "from_dataframe",
    "from_dictionary",
    "merge",
    "same_time_axis",
    "to_dataframe",
    "to_dictionary",
]


def same_time_axis(variables: Iterable[SpeasyVariable]) -> bool:
    """Whether all variables have the same times.

    Examples
    --------
    >>> v = SpeasyVariable([0, 1], [1.0, 2.0])
    >>> same_time_axis([v, 2 * v]), same_time_axis([v, v[:1]])
    (True, False)
    """
    first, *rest = variables
    return all(np.array_equal(first.time_ns, other.time_ns) for other in rest)


def to_dictionary(variable: SpeasyVariable, array_to_list: bool = False) -> dict[str, Any]:
    """Return plain data, as ``variable.to_dictionary()``.

    Examples
    --------
    >>> to_dictionary(SpeasyVariable([0], [1.0]), array_to_list=True)["values"]["values"]
    [1.0]
    """
    return variable.to_dictionary(array_to_list)


def from_dictionary(data: Mapping[str, Any]) -> SpeasyVariable:
    """Make a variable of what `to_dictionary` gave.

    Examples
    --------
    >>> from_dictionary(to_dictionary(SpeasyVariable([0], [1.0], unit="nT"))).unit
    'nT'
    """
    return SpeasyVariable.from_dictionary(data)


def to_dataframe(variable: SpeasyVariable) -> Any:
    """Return a pandas DataFrame, as ``variable.to_dataframe()``.

    Examples
    --------
    >>> to_dataframe(SpeasyVariable([0], [1.0], columns=["bx"]))["bx"].tolist()
    [1.0]
    """
    return variable.to_dataframe()


def from_dataframe(
    frame: Any, meta: Mapping[str, Any] | None = None, name: str = ""
) -> SpeasyVariable:
    """Make a variable of a pandas DataFrame with an index of times.

    Examples
    --------
    >>> from_dataframe(to_dataframe(SpeasyVariable([0], [1.0], columns=["bx"])), name="b").name
    'b'
    """
    return SpeasyVariable.from_dataframe(frame, meta, name)
