"""What the engine keeps of each view: a slot for each graph, what is ready, what is awaited."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from speasy_core.http import Deadline

from .sources import Source
from .tilecache import Result
from .views import ViewRequest
from .wire import Content

__all__ = ["Place", "Slot", "View", "placed", "places_of", "progress_of"]

# a graph in its part of the picture (False), or what is fetched ahead for it (True)
Place = tuple[str, bool]


@dataclass(eq=False, slots=True)
class Slot:
    """One graph in one view: what runs for it, and the newest that waits."""

    plot: str
    source: Source
    wanted: ViewRequest
    running: ViewRequest | None = None
    deadline: Deadline | None = None
    queued: ViewRequest | None = None
    since: float = 0.0


@dataclass(eq=False, slots=True)
class View:
    """One view: its newest request, what was not sent yet, and what begins thereafter."""

    request: ViewRequest | None = None
    slots: dict[Place, Slot] = field(default_factory=dict)
    pending: set[str] = field(default_factory=set)
    ready: list[Result] = field(default_factory=list)
    later: set[Place] = field(default_factory=set)
    answered: bool = True
    sending: bool = False
    watched: bool = False

    def holds_back(self, place: Place) -> bool:
        """Whether something is fetched ahead that must not compete with what is visible."""
        graph, ahead = place
        return ahead and (graph in self.pending or not self.answered)


def progress_of(graph: str, seconds: float, deadline: Deadline | None) -> Content:
    """Return how far a graph is that takes long."""
    received = 0 if deadline is None else deadline.received
    rate = received / seconds
    return {"graph": graph, "seconds": round(seconds, 2), "bytes": received, "rate": round(rate)}


def places_of(
    request: ViewRequest, graphs: Iterable[tuple[str, str, Source]]
) -> dict[Place, tuple[str, Source, ViewRequest]]:
    """Return what a request wants of each graph, what is visible first."""
    now: dict[Place, tuple[str, Source, ViewRequest]] = {}
    ahead: dict[Place, tuple[str, Source, ViewRequest]] = {}
    for plot, graph, source in graphs:
        want = request.of(graph, source.tiled)
        if want is not None:
            now[graph, False] = plot, source, want
        more = request.ahead_of(graph) if source.tiled else None
        if more is not None:
            ahead[graph, True] = plot, source, more
    return {**now, **ahead}


def placed(result: Result, graph: str, slot: Slot, mark: str = "") -> Result:
    """Return an item with its place in the panel, marked as no answer to a request by `mark`."""
    told = getattr(slot.source, "told", {})  # of functions: see computed.py
    fields = {"graph": graph, "plot": slot.plot, **told, **result.fields}
    return Result({**fields, mark: True} if mark else fields, result.range, result.arrays)
