"""Edits of how a panel's plots are stacked: order, heights, plots that come from another panel."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from .reading import SpecError, fail, read_mapping
from .spec import MOST_PLOTS, PanelSpec, PlotSpec

__all__ = ["add_plot", "check_room", "fresh", "move_plot", "read_index", "set_heights"]

# provider of variables that were plotted without a name
DATA = "data"
# beside which a plot of the other end would be thinner than a pixel
_MOST = 1e4


def fresh(prefix: str, taken: set[str]) -> str:
    """Return a name that is not taken: the prefix with the first free number."""
    number = 1
    while f"{prefix}{number}" in taken:
        number += 1
    return f"{prefix}{number}"


def read_index(value: Any, where: str) -> int:
    """Return a place in the stack."""
    if isinstance(value, bool) or not isinstance(value, int):
        raise fail(where, f"expected a whole number, got {value!r:.40}")
    return value


def check_room(spec: PanelSpec, where: str) -> None:
    """Refuse one plot more than a panel holds."""
    if len(spec.plots) >= MOST_PLOTS:
        raise fail(where, f"a panel holds at most {MOST_PLOTS} plots")


def move_plot(spec: PanelSpec, command: Mapping[str, Any]) -> PanelSpec:
    """Move a plot to another place in the stack."""
    plot, at = spec.plot(command.get("plot")), read_index(command.get("index"), "move_plot.index")
    plots = [p for p in spec.plots if p.id != plot.id]
    plots.insert(max(0, at), plot)
    return replace(spec, plots=tuple(plots))


def set_heights(spec: PanelSpec, command: Mapping[str, Any]) -> PanelSpec:
    """Set heights of plots, relative to each other; `heights` maps ids of plots to numbers."""
    heights = read_mapping(command.get("heights"), "set_heights.heights")
    wanted: dict[str, float] = {}
    for name, height in heights.items():
        where = f"set_heights.heights.{spec.plot(name).id}"
        number = isinstance(height, (int, float)) and not isinstance(height, bool)
        if not number or not math.isfinite(height) or not 1 / _MOST <= height <= _MOST:
            raise fail(
                where, f"expected a number from {1 / _MOST} to {_MOST:g}, got {height!r:.40}"
            )
        wanted[name] = float(height)
    plots = tuple(replace(p, height=wanted.get(p.id, p.height)) for p in spec.plots)
    return replace(spec, plots=plots)


def add_plot(spec: PanelSpec, command: Mapping[str, Any]) -> PanelSpec:
    """Add the plot `plot`, a PlotSpec as JSON, at `index` (the end when None).

    It and its graphs get names of this panel: the spec may come from another one.
    """
    check_room(spec, "add_plot")
    given = PlotSpec.from_json(command.get("plot"), "add_plot.plot")
    if not given.graphs:
        raise fail("add_plot.plot.graphs", "a plot shows at least one product")
    for graph in given.graphs:
        if graph.product.startswith(DATA + "/"):
            raise SpecError(
                f"{graph.label or graph.product} is a variable that only its own panel holds",
                hint="plot it here with panel.plot(variable)",
            )
    taken = {graph.id for _, graph in spec.graphs}
    graphs = []
    for graph in given.graphs:
        name = fresh("g", taken)
        taken.add(name)
        graphs.append(replace(graph, id=name))
    name = fresh("p", {plot.id for plot in spec.plots})
    at = command.get("index")
    at = len(spec.plots) if at is None else read_index(at, "add_plot.index")
    plots = list(spec.plots)
    plots.insert(max(0, at), replace(given, id=name, graphs=tuple(graphs)))
    return replace(spec, plots=tuple(plots))
