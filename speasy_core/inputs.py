"""What a function asks for while it computes: noted, and under the limit of the function itself.

A virtual product is a function that calls `get_data`. What it computed holds as long as what it
was computed from; it ends when its caller cancels; and it must not ask for itself. All three go
along with the function's context: see :func:`computing`.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from speasy_core.variable import SpeasyVariable

from .errors import VirtualProductError
from .http import Deadline
from .timerange import TimeRange

__all__ = [
    "Computation", "Input", "asking", "circle", "computing", "current", "limit", "note",
    "refuse_circle", "running",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Input:
    """One thing that a result was computed from.

    Parameters
    ----------
    key : str
        A product, with its options, as the cache names it.
    range : TimeRange or None
        What was asked of it; None for the function of a virtual product.
    version : str or None
        Changes when its samples do; None where that cannot be told.
    samples : int
        How many came; -1 when that is not known.
    """

    key: str
    range: TimeRange | None
    version: str | None
    samples: int = -1


class Guard(Protocol):
    """What may stop a function from outside; not while it waits for `get_data`."""

    def hold(self) -> None:
        """Stop nothing until `release`."""

    def release(self) -> None:
        """Stop again what is to be stopped."""


class Computation:
    """A function that runs now.

    Attributes
    ----------
    name : str
        Id of its product.
    inputs : list of Input
        What it has asked for so far, and what that has asked for.
    guard : Guard or None
        Set by whoever can stop it.
    """

    def __init__(
        self,
        name: str,
        deadline: Deadline | None,
        parent: Computation | None,
        part: bool = False,
    ) -> None:
        self.name, self.deadline, self.parent, self.part = name, deadline, parent, part
        self.inputs: list[Input] = []
        self.guard: Guard | None = None
        self._grids: list[npt.NDArray[np.int64]] = []
        self._lock = threading.Lock()

    def add(self, inputs: Iterable[Input]) -> None:
        """Note inputs here, and with all that wait for this."""
        inputs = list(inputs)
        one: Computation | None = self
        while one is not None:
            with one._lock:
                one.inputs += inputs
            one = one.parent

    def add_grid(self, time_ns: npt.NDArray[np.int64]) -> None:
        """Note the times of what the function was given."""
        with self._lock:
            self._grids.append(time_ns)

    def grid(self, samples: int) -> npt.NDArray[np.int64] | None:
        """Return the one time axis of so many samples that the function was given, if it is one."""
        with self._lock:
            fitting = [grid for grid in self._grids if len(grid) == samples]
        if not fitting or any(not np.array_equal(fitting[0], other) for other in fitting[1:]):
            return None
        return fitting[0]


_now: ContextVar[Computation | None] = ContextVar("speasy_core_computation", default=None)


def running() -> list[str]:
    """Return the ids of the products whose functions run here, the innermost last."""
    names = []
    one = _now.get()
    while one is not None:
        names += [] if one.part else [one.name]
        one = one.parent
    return names[::-1]


def refuse_circle(name: str) -> None:
    """Raise VirtualProductError when a product is being computed already: it asks for itself."""
    if name in running():
        raise circle(name)


def circle(name: str) -> VirtualProductError:
    """Return the error of a product that asks for itself, with the names of those in between."""
    names = running()
    first = names.index(name) if name in names else 0
    return VirtualProductError(
        f"virtual products ask for each other: {' -> '.join([*names[first:], name])}",
        product=name,
        hint="let one of them ask for archives alone",
    )


@contextmanager
def computing(
    name: str, deadline: Deadline | None = None, *, part: bool = False
) -> Iterator[Computation]:
    """Note what is asked for inside the block.

    Parameters
    ----------
    name : str
        Id of the product that is computed.
    deadline : Deadline, optional
        What is asked for inside ends with it.
    part : bool
        Whether it is a piece of a product that is being computed already.

    Raises
    ------
    VirtualProductError
        The product is being computed already: it asks for itself.

    Examples
    --------
    >>> with computing("vp/a") as work, computing("vp/b"):
    ...     running()
    ['vp/a', 'vp/b']
    """
    if not part:
        refuse_circle(name)
    work = Computation(name, deadline, _now.get(), part)
    token = _now.set(work)
    try:
        yield work
    finally:
        _now.reset(token)


def limit() -> Deadline | None:
    """Return the limit of the function that runs here."""
    one = _now.get()
    while one is not None and one.deadline is None:
        one = one.parent
    return None if one is None else one.deadline


def note(key: str, span: TimeRange, variable: SpeasyVariable, version: str | None) -> None:
    """Note what the function that runs here was given, if one does."""
    work = _now.get()
    if work is not None:
        work.add_grid(variable.time_ns)
        work.add([Input(key, span, version, len(variable))])


@contextmanager
def asking() -> Iterator[Any]:
    """Let nothing but its own checks stop `get_data`, and stop a cancelled function after it."""
    work = _now.get()
    guard = None if work is None else work.guard
    if guard is None:
        yield
        return
    guard.hold()
    try:
        yield
    finally:
        guard.release()
    ends = limit()
    if ends is not None:
        ends.check("computing")


def current() -> Computation | None:
    """Return the function that runs here, if one does."""
    return _now.get()
