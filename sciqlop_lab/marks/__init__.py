"""How a variable becomes what a panel draws: one mark per module, each with a `MARK`.

To add a mark, add a module here (and its twin in js/src/marks). It is found by itself.
"""

from __future__ import annotations

import importlib
import pkgutil
from functools import cache
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from speasy_core.errors import InvalidRequest
from speasy_core.lod import Drawable
from speasy_core.timerange import TimeRange
from speasy_core.variable import SpeasyVariable

__all__ = ["Drawn", "Mark", "Picture", "all_marks", "choose"]

# the fields of an item, and the arrays that its fields name
Drawn = tuple[dict[str, Any], dict[str, NDArray[Any]]]


class Picture(Protocol):
    """A variable made ready to be drawn at any zoom."""

    def draw(self, range: TimeRange, width: int) -> Drawn | None:
        """Return the item for `range` on `width` pixels, or None when no sample lies in it."""
        ...

    def tile(self, level: int, index: int) -> Drawn | None:
        """Return the item for a tile of the grid, or None when nothing is to be seen in it."""
        ...


class Mark(Protocol):
    """A way of drawing.

    Attributes
    ----------
    kind : str
        Name in specs and items.
    priority : int
        Of several marks that fit a variable the highest is taken.
    """

    kind: str
    priority: int

    def fits(self, variable: SpeasyVariable) -> bool:
        """Whether the variable can be drawn in this way."""
        ...

    def prepare(
        self, variable: SpeasyVariable, lod: Drawable | None = None, mean: str | None = None
    ) -> Picture:
        """Make the variable ready; may take long, is called once per variable.

        With `lod`, the samples are drawn from there, as it averages them, and `variable` has the
        labels alone. Else `mean` says how those that share a cell are: "linear" (None) or "log".
        """
        ...


@cache
def all_marks() -> tuple[Mark, ...]:
    """Return the marks of every module here, highest priority first."""
    names = sorted(module.name for module in pkgutil.iter_modules(__path__))
    found = [importlib.import_module(f"{__name__}.{name}") for name in names if name[0] != "_"]
    marks: list[Mark] = [module.MARK for module in found]
    return tuple(sorted(marks, key=lambda mark: -mark.priority))


def choose(variable: SpeasyVariable, kind: str = "auto") -> Mark:
    """Return the mark that draws `variable`.

    Raises
    ------
    InvalidRequest
        `kind` is unknown, or cannot show this variable.
    """
    for mark in all_marks():
        if kind in ("auto", mark.kind) and mark.fits(variable):
            return mark
    shape = " x ".join(map(str, variable.shape))
    raise InvalidRequest(
        f"{variable.name or 'a variable'} ({shape}, {variable.dtype}) cannot be drawn"
        + ("" if kind == "auto" else f" as {kind!r}"),
        hint=f"known kinds: auto, {', '.join(mark.kind for mark in all_marks())}",
    )


def relative_seconds(ns: NDArray[np.int64], origin: int) -> NDArray[np.float64]:
    """Return times as float64 seconds after `origin`; exact to 1 ns within 100 days of it."""
    whole, rest = np.divmod(ns - origin, 1_000_000_000)
    seconds: NDArray[np.float64] = whole + rest / 1e9
    return seconds
