"""The edits of a panel's spec: functions from spec to spec, and the way back."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from .arranging import add_plot, check_room, fresh, move_plot, read_index, set_heights
from .inspecting import graph_of, move_graph, set_plot, set_title
from .items import add_item, remove_item, set_item, set_items
from .kindcommands import fields_of_plot, fitted_to, set_kind, set_options
from .overlaycommands import add_overlay, remove_overlay, set_function, set_overlay
from .reading import (
    SpecError,
    fail,
    plain_log,
    read_choice,
    read_colormap,
    read_knobs,
    read_log,
    read_mapping,
    read_percentiles,
    read_product,
    read_range,
    read_text,
    read_texts,
    read_times,
)
from .spec import MOST_SPANS, VALUE_AXES, GraphSpec, PanelSpec, PlotSpec, SpanSpec

__all__ = ["COMMANDS", "History", "apply"]


# of a graph that is added, besides what it must have
_GIVEN = ("style", "y_axis", "colors", "knobs", "width", "marker", "mean", "options")
_LOOKS = ("kind", "label", "style", "width", "marker", "mean", "colors", "y_axis")

MOST_AT_ONCE = 1000


def add_product(spec: PanelSpec, command: Mapping[str, Any]) -> PanelSpec:
    """Add a graph: to the plot `plot`, or in a new plot at `index` (the end when None)."""
    product = read_product(command.get("product"), "add_product.product")
    into = None if command.get("plot") is None else spec.plot(command["plot"])
    command = command if into is None else {**command, **fitted_to(into, command)}
    kind, label = command.get("kind", "auto"), command.get("label")
    graph = GraphSpec.from_json(
        {
            "id": fresh("g", {g.id for _, g in spec.graphs}),
            "product": product,
            "kind": kind,
            "label": label,
            **{key: command[key] for key in _GIVEN if key in command},
        },
        "add_product",
    )
    if into is not None:
        return spec.with_plot(replace(into, graphs=(*into.graphs, graph)))
    check_room(spec, "add_product")
    at = command.get("index")
    at = len(spec.plots) if at is None else read_index(at, "add_product.index")
    fields = fields_of_plot(graph.kind, command, "add_product")
    new = PlotSpec(fresh("p", {p.id for p in spec.plots}), graphs=(graph,), **fields)
    plots = list(spec.plots)
    plots.insert(max(0, at), new)
    return replace(spec, plots=tuple(plots))


def remove_plot(spec: PanelSpec, command: Mapping[str, Any]) -> PanelSpec:
    """Remove a plot with its graphs."""
    gone = spec.plot(command.get("plot"))
    return replace(spec, plots=tuple(p for p in spec.plots if p.id != gone.id))


def remove_graph(spec: PanelSpec, command: Mapping[str, Any]) -> PanelSpec:
    """Remove a graph; a plot without graphs goes too."""
    plot = spec.plot(command.get("plot"))
    gone = graph_of(plot, command.get("graph"))
    return spec.with_plot(replace(plot, graphs=tuple(g for g in plot.graphs if g != gone)))


def set_time_range(spec: PanelSpec, command: Mapping[str, Any]) -> PanelSpec:
    """Show another range of time."""
    start, stop = read_times(command, "set_time_range")
    return replace(spec, start_ns=start, stop_ns=stop)


def set_axis(spec: PanelSpec, command: Mapping[str, Any]) -> PanelSpec:
    """Change an axis of a plot, such as `y`, `z` or `x`; fields left out stay as they are."""
    plot = spec.plot(command.get("plot"))
    name = read_choice(command.get("axis"), "set_axis.axis", (*VALUE_AXES, "x", "depth", "z"))
    changes: dict[str, Any] = {}
    if "log" in command:
        changes["log"] = read_log(command["log"], "set_axis.log")
    if "range" in command:
        changes["range"] = read_range(command["range"], "set_axis.range")
    if "percentiles" in command:
        changes["percentiles"] = read_percentiles(command["percentiles"], "set_axis.percentiles")
    if "label" in command:
        changes["label"] = _label(command["label"], "set_axis.label")
    if name == "z":
        plain_log(changes.get("log"), "set_axis")
        if "colormap" in command:
            changes["colormap"] = read_colormap(command["colormap"], "set_axis.colormap")
        return spec.with_plot(replace(plot, z=replace(plot.z, **changes)))
    axis: dict[str, Any] = {name: replace(getattr(plot, name), **changes)}
    return spec.with_plot(replace(plot, **axis))


def _label(value: Any, where: str) -> str | None:
    return None if value is None else read_text(value, where)


def set_graph(spec: PanelSpec, command: Mapping[str, Any]) -> PanelSpec:
    """Change how a graph is drawn; fields left out stay as they are.

    They are `kind`, `label`, `style`, `width`, `marker`, `mean`, `colors` and `y_axis`, as of a
    GraphSpec.
    """
    plot = spec.plot(command.get("plot"))
    graph = graph_of(plot, command.get("graph"))
    given = {key: command[key] for key in _LOOKS if key in command}
    options = {"kind": graph.kind, "options": graph.options}
    known = {"id": graph.id, "product": graph.product, **options, **given}
    read = GraphSpec.from_json(known, "set_graph")
    return _with_graph(spec, plot, replace(graph, **{key: getattr(read, key) for key in given}))


def _with_graph(spec: PanelSpec, plot: PlotSpec, changed: GraphSpec) -> PanelSpec:
    graphs = tuple(changed if g.id == changed.id else g for g in plot.graphs)
    return spec.with_plot(replace(plot, graphs=graphs))


def set_knobs(spec: PanelSpec, command: Mapping[str, Any]) -> PanelSpec:
    """Turn knobs of a graph; those that are not named stay as they are, null is the default."""
    plot = spec.plot(command.get("plot"))
    graph = graph_of(plot, command.get("graph"))
    turned = {**graph.knobs, **read_mapping(command.get("knobs"), "set_knobs.knobs")}
    kept = {name: value for name, value in turned.items() if value is not None}
    return _with_graph(spec, plot, replace(graph, knobs=read_knobs(kept, "set_knobs.knobs")))


def add_span(spec: PanelSpec, command: Mapping[str, Any]) -> PanelSpec:
    """Mark the time from `start` to `stop` in all plots, with a `label` and a `color`."""
    if len(spec.spans) >= MOST_SPANS:
        raise fail("add_span", f"a panel holds at most {MOST_SPANS} spans")
    name = fresh("s", {span.id for span in spec.spans})
    span = SpanSpec.from_json({**command, "id": name}, "add_span")
    return replace(spec, spans=(*spec.spans, span))


def remove_span(spec: PanelSpec, command: Mapping[str, Any]) -> PanelSpec:
    """Take a mark away."""
    name = command.get("span")
    if all(span.id != name for span in spec.spans):
        raise SpecError(f"the panel has no span {name!r:.60}")
    return replace(spec, spans=tuple(span for span in spec.spans if span.id != name))


def set_hidden(spec: PanelSpec, command: Mapping[str, Any]) -> PanelSpec:
    """Say which columns of a graph are not drawn."""
    plot = spec.plot(command.get("plot"))
    graph = graph_of(plot, command.get("graph"))
    hidden = read_texts(command.get("hidden"), "set_hidden.hidden")
    return _with_graph(spec, plot, replace(graph, hidden=hidden))


def several(spec: PanelSpec, command: Mapping[str, Any]) -> PanelSpec:
    """Carry out all of `commands`, or none: one edit to the user, and one step to undo."""
    commands = command.get("commands")
    if not isinstance(commands, (list, tuple)) or len(commands) > MOST_AT_ONCE:
        raise fail("several.commands", f"expected a list of at most {MOST_AT_ONCE}")
    for one in commands:
        if isinstance(one, Mapping) and one.get("op") == "several":
            raise fail("several.commands", "commands cannot be nested")
        spec = apply(spec, one)
    return spec


def show_spec(_spec: PanelSpec, command: Mapping[str, Any]) -> PanelSpec:
    """Show something else: all of `spec`, as a file or template has it."""
    return PanelSpec.from_json(command.get("spec"))


COMMANDS: dict[str, Callable[[PanelSpec, Mapping[str, Any]], PanelSpec]] = {
    f.__name__: f
    for f in (
        add_product, remove_plot, remove_graph, move_plot, set_time_range, set_axis, set_graph,
        set_hidden, set_knobs, add_span, remove_span, add_plot, set_heights, several,
        set_title, set_plot, move_graph, set_kind, set_options,
        add_overlay, remove_overlay, set_overlay, set_function,
        add_item, set_item, remove_item, set_items, show_spec,
    )
}  # fmt: skip


def apply(spec: PanelSpec, command: Any) -> PanelSpec:
    """Return `spec` after `command`, ``{"op": name, ...}``.

    Raises
    ------
    SpecError
        The command is unknown, or does not fit the panel as it is now.
    """
    command = read_mapping(command, "command")
    op = command.get("op")
    if not isinstance(op, str) or op not in COMMANDS:
        raise SpecError(f"{op!r:.40} is not a command", hint=f"commands: {', '.join(COMMANDS)}")
    return COMMANDS[op](spec, command)


class History:
    """The specs before and after the present one.

    Parameters
    ----------
    limit : int
        How many steps back are kept.
    """

    def __init__(self, limit: int = 200) -> None:
        self._past: list[PanelSpec] = []
        self._future: list[PanelSpec] = []
        self._limit = limit
        self._gesture: object = None

    def record(self, before: PanelSpec, gesture: object = None) -> None:
        """Note what a command is about to change; what was undone is forgotten.

        Commands that follow each other with the same `gesture`, a name, are one step.
        """
        if gesture is None or gesture != self._gesture:
            self._past = [*self._past, before][-self._limit :]
        self._gesture, self._future = gesture, []

    def undo(self, now: PanelSpec) -> PanelSpec:
        """Return the spec before the last command, or `now` when there is none."""
        self._gesture = None
        if not self._past:
            return now
        self._future.append(now)
        return self._past.pop()

    def redo(self, now: PanelSpec) -> PanelSpec:
        """Return the spec that `undo` left, or `now` when there is none."""
        self._gesture = None
        if not self._future:
            return now
        self._past.append(now)
        return self._future.pop()
