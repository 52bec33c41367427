"""A panel as the Python that makes the same panel, with all that can be set of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from speasy_core.product import ProductRef
from speasy_core.timerange import format_ns

from . import namespace
from .choosing import options_of
from .codetext import events_text, one_line, text
from .graphdata import DATA
from .items import Item
from .spec import AxisSpec, ColorAxisSpec, GraphSpec, PanelSpec, PlotSpec

__all__ = ["panel_lines"]

_AXES = ("y", "y2", "x", "depth", "z")
_LOOKS = ("colors", "mean", "width", "marker")


def panel_lines(panel: Any, model: PanelSpec, plots: list[PlotSpec]) -> list[str]:
    """Return the lines that make `plots` of a panel again, with its marks and lists of events."""
    lines = ["panel = Panel(start, stop)"]
    if model.title:
        lines.append(f"panel.title = {text(model.title)}")
    made = 0
    for plot in plots:
        again = _plot(made, plot)
        made += any(line.startswith("graph = ") for line in again)
        lines += again
    for span in model.spans:
        ends = f'"{format_ns(span.start_ns)}", "{format_ns(span.stop_ns)}"'
        more = _keywords({"label": span.label or None, "color": span.color})
        lines.append(f"panel.add_span({ends}{more})")
    for overlay in model.overlays:
        looks = _keywords({"color": overlay.color, "color_by": overlay.color_by})
        lines.append(f"panel.overlay({events_text(panel, overlay)}{looks})")
    return [*lines, "panel"]


def _keywords(given: Mapping[str, Any]) -> str:
    return "".join(f", {key}={text(v)}" for key, v in given.items() if v is not None)


def _plot(number: int, plot: PlotSpec) -> list[str]:
    lines: list[str] = []
    begun = False
    for graph in plot.graphs:
        if ProductRef.parse(graph.product).provider == DATA:
            lines.append(f"# {one_line(graph.label or graph.product)}: a variable without a name")
            continue
        lines += _graph(graph, f", plot={number}" if begun else _shape(plot))
        begun = True
    return [*lines, *_dressed(f"panel.plots[{number}]", plot)] if begun else lines


def _shape(plot: PlotSpec) -> str:
    """Return what a plot that is not over time is made with."""
    plain = PlotSpec("")
    return _keywords({
        "planes": None if plot.planes == plain.planes else list(plot.planes),
        "aspect": None if plot.aspect == plain.aspect else plot.aspect,
    })  # fmt: skip


def _graph(graph: GraphSpec, place: str) -> list[str]:
    looks = {
        "kind": graph.kind if graph.kind != "auto" else None, "label": graph.label,
        "style": graph.style if graph.style != "line" else None, "y_axis": graph.y_axis,
    }  # fmt: skip
    given = {**looks, **options_of(graph.knobs), **graph.options}
    lines = [f"graph = panel.plot({_target(graph)}{place}{_keywords(given)})"]
    plain = GraphSpec("", graph.product)
    changed = {
        name: _plain(getattr(graph, name)) for name in _LOOKS
        if getattr(graph, name) != getattr(plain, name)
    }  # fmt: skip
    if changed:
        lines.append(f"graph.set({_keywords(changed)[2:]})")
    if graph.hidden:
        lines.append(f"graph.hide({', '.join(map(text, graph.hidden))})")
    return lines


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value


def _target(graph: GraphSpec) -> str:
    ref = ProductRef.parse(graph.product)
    return ref.path if ref.provider == namespace.PROVIDER else text(graph.product)


def _dressed(name: str, plot: PlotSpec) -> list[str]:
    """Return the lines that set the axes and the rest of a plot."""
    lines = []
    for axis in _AXES:
        spec: AxisSpec | ColorAxisSpec = getattr(plot, axis)
        given = {k: v for k, v in asdict(spec).items() if v is not None}
        if given:
            lines.append(f'{name}.set_axis("{axis}"{_keywords(given)})')
    shown = {key: False for key in ("grid", "legend") if not getattr(plot, key)}
    if shown:
        lines.append(f"{name}.set({_keywords(shown)[2:]})")
    if plot.height != (1.0 if plot.kind == "time" else 2.0):
        lines.append(f"{name}.height = {plot.height!r}")
    return [*lines, *_drawn(name, plot.items)]


def _drawn(name: str, items: tuple[Item, ...]) -> list[str]:
    """Return the lines that draw the items of a plot, layer by layer."""
    return [
        f'panel.command({{"op": "add_item", "plot": {name}.id, "item": {_item(item)!r}}})'
        for item in items
    ]


def _item(item: Item) -> dict[str, Any]:
    return {key: value for key, value in item.items() if key != "id"}
