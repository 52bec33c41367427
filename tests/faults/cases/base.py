"""One fault, and how a module lists its own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tests.faults.world import Outcome, World

__all__ = ["Area", "Case"]

Play = Callable[[World], Outcome]


@dataclass(frozen=True)
class Case:
    """A fault.

    Parameters
    ----------
    name : str
        For people.
    area : str
        Where it strikes.
    expect : {"R", "P", "E", "S"}
        Class of the answer it must have.
    play : callable
        Makes the fault, asks, and returns what came.
    peer : str
        Class of the peer's answer to the same fault, empty where it was not measured.
    """

    name: str
    area: str
    expect: str
    play: Play
    peer: str = ""


@dataclass
class Area:
    """The faults of one module."""

    name: str
    cases: list[Case] = field(default_factory=list)

    def case(self, name: str, expect: str, peer: str = "") -> Callable[[Play], Play]:
        """Add the decorated function as a case."""

        def add(play: Play) -> Play:
            self.cases.append(Case(name, self.name, expect, play, peer))
            return play

        return add

    def fault(
        self, name: str, expect: str, peer: str = "", *, ask: dict[str, Any] | None = None,
        **fault: Any,
    ) -> None:  # fmt: skip
        """Add a case that is one switch of the local archive and one question."""

        def play(world: World) -> Outcome:
            world.fault(**fault)
            return world.ask(**(ask or {}))

        self.cases.append(Case(name, self.name, expect, play, peer))
