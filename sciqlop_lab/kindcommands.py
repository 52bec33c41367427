"""Edits of plots whose x axis is not time: made, turned into others, their options."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from .inspecting import graph_of
from .plotkinds import ASPECTS, SPACE_KINDS, family, option_names, read_options, read_planes
from .reading import read_choice, read_mapping
from .spec import AxisSpec, ColorAxisSpec, PanelSpec, PlotSpec

__all__ = ["fields_of_plot", "fitted_to", "set_kind", "set_options"]

_HEIGHT = 2.0  # of plots over time: shapes need room
_KINDS = ("auto", *SPACE_KINDS)


def fitted_to(plot: PlotSpec, command: Mapping[str, Any]) -> dict[str, Any]:
    """Return what an ``add_product`` leaves open of a graph in `plot`: as the others there.

    A product that is dropped on an orbit is another orbit.
    """
    first = plot.graphs[0] if plot.graphs else None
    if first is None or plot.kind == "time" or command.get("kind", "auto") != "auto":
        return {}
    shared = {k: v for k, v in first.options.items() if k not in ("y", "columns")}
    return {"kind": first.kind, "style": first.style, "options": shared}


def fields_of_plot(kind: str, command: Mapping[str, Any], where: str) -> dict[str, Any]:
    """Return the fields of a new plot for a graph of a kind."""
    if family(kind) == "time":
        return {}
    fields: dict[str, Any] = {"height": _HEIGHT}
    if command.get("planes") is not None:
        fields["planes"] = read_planes(command["planes"], f"{where}.planes")
    if command.get("aspect") is not None:
        fields["aspect"] = read_choice(command["aspect"], f"{where}.aspect", ASPECTS)
    return fields


def set_kind(spec: PanelSpec, command: Mapping[str, Any]) -> PanelSpec:
    """Show all graphs of a plot as `kind`: "auto" (over time), "orbit", "xy" or "histogram2d".

    Its axes start anew: their limits were those of something else. `options`, `planes` and
    `aspect` say how.
    """
    plot = spec.plot(command.get("plot"))
    kind = read_choice(command.get("kind"), "set_kind.kind", _KINDS)
    options = read_options(kind, command.get("options", {}), "set_kind.options")
    known = option_names(kind)
    graphs = []
    for graph in plot.graphs:
        alike = family(kind) == plot.kind  # pairs stay pairs when they are counted
        kept = {k: v for k, v in graph.options.items() if alike and k in known}
        graphs.append(replace(graph, kind=kind, options={**kept, **options}))
    fields = fields_of_plot(kind, command, "set_kind")
    before, after = ((_HEIGHT if k != "time" else 1.0) for k in (plot.kind, family(kind)))
    fields["height"] = plot.height * after / before
    if family(kind) != plot.kind:
        fields |= {name: AxisSpec() for name in ("y", "y2", "x", "depth")}
        fields["z"] = ColorAxisSpec(colormap=plot.z.colormap)
    return spec.with_plot(replace(plot, graphs=tuple(graphs), **fields))


def set_options(spec: PanelSpec, command: Mapping[str, Any]) -> PanelSpec:
    """Change `options` of a graph, and `planes` and `aspect` of its plot.

    What is left out stays; an option of null is the default again.
    """
    plot = spec.plot(command.get("plot"))
    graph = graph_of(plot, command.get("graph", plot.graphs[0].id))
    given = read_mapping(command.get("options", {}), "set_options.options")
    options = read_options(graph.kind, {**graph.options, **given}, "set_options.options")
    changed = replace(graph, options=options)
    fields = fields_of_plot(graph.kind, command, "set_options")
    fields["height"] = plot.height
    graphs = tuple(changed if g.id == graph.id else g for g in plot.graphs)
    return spec.with_plot(replace(plot, graphs=graphs, **fields))
