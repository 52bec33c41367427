"""Edits of what an inspector shows: names, looks, and in which plot a graph is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from .arranging import check_room, fresh, read_index
from .reading import SpecError, read_shown, read_text
from .spec import GraphSpec, PanelSpec, PlotSpec

__all__ = ["graph_of", "move_graph", "set_plot", "set_title"]


def graph_of(plot: PlotSpec, graph_id: Any) -> GraphSpec:
    """Return a graph of a plot by its id."""
    for graph in plot.graphs:
        if graph.id == graph_id:
            return graph
    raise SpecError(
        f"plot {plot.id} has no graph {graph_id!r:.60}",
        hint=f"its graphs: {', '.join(g.id for g in plot.graphs)}",
    )


def set_title(spec: PanelSpec, command: Mapping[str, Any]) -> PanelSpec:
    """Name the panel."""
    return replace(spec, title=read_text(command.get("title"), "set_title.title"))


def set_plot(spec: PanelSpec, command: Mapping[str, Any]) -> PanelSpec:
    """Show or hide the `grid` and the `legend` of a plot; fields left out stay as they are."""
    plot = spec.plot(command.get("plot"))
    shown: dict[str, Any] = {
        key: read_shown(command[key], f"set_plot.{key}")
        for key in ("grid", "legend")
        if key in command
    }
    return spec.with_plot(replace(plot, **shown))


def move_graph(spec: PanelSpec, command: Mapping[str, Any]) -> PanelSpec:
    """Move a graph to the place `index` (the end when None) of the plot `to`.

    With `to` None it gets a new plot, at `index` of the stack. A plot without graphs goes.
    """
    plot = spec.plot(command.get("plot"))
    graph = graph_of(plot, command.get("graph"))
    target = command.get("to")
    at = command.get("index")
    at = None if at is None else max(0, read_index(at, "move_graph.index"))
    left = replace(plot, graphs=tuple(g for g in plot.graphs if g.id != graph.id))
    if target is not None:
        other = left if target == plot.id else spec.plot(target)
        graphs = list(other.graphs)
        graphs.insert(len(graphs) if at is None else at, graph)
        moved = replace(other, graphs=tuple(graphs))
        return spec.with_plot(moved if target == plot.id else left).with_plot(moved)
    check_room(spec, "move_graph")
    new = PlotSpec(fresh("p", {p.id for p in spec.plots}), graphs=(graph,))
    plots = [left if p.id == plot.id else p for p in spec.plots]
    plots.insert(len(plots) if at is None else at, new)
    return replace(spec, plots=tuple(p for p in plots if p.graphs))
