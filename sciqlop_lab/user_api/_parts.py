"""Plots and graphs of a panel under SciQLop's names."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NoReturn

from sciqlop_lab import virtual
from sciqlop_lab.adapt import to_variable
from sciqlop_lab.handles import GraphHandle, PlotHandle
from sciqlop_lab.reading import COLORMAPS
from speasy_core.errors import InvalidRequest
from speasy_core.variable import SpeasyVariable

from ._time_range import TimeRange
from .enums import (
    GraphType,
    OverlayLevel,
    OverlayPosition,
    OverlaySizeMode,
    PlotType,
    ScaleType,
)

__all__ = [
    "Graph", "Overlay", "PlotItem", "TimeSeriesPlot", "add_histogram", "known_options",
    "product_id",
]  # fmt: skip

_WHOLE_DATASET = frozenset({"cda", "csa"})  # ids of these name the data set and the variable
# taken for the sake of notebooks that give them: others are found out from the data
_FOUND_OUT = frozenset({"plot_type", "graph_type"})
_KINDS = {PlotType.Projection: "orbit", PlotType.XY: "xy"}
_AXES = ("y", "y2", "z")


def product_id(path: str | Sequence[str]) -> str:
    """Return the product id for a SciQLop path such as ``speasy//cda//MMS//...//B``.

    An id (``cda/MMS1_FGM_SRVY_L2/mms1_fgm_b_gse_srvy_l2``) comes back as it is; a virtual product
    may be named by its path alone.
    """
    given = path
    if isinstance(path, str):
        path = path.split("//")
    parts = [part for part in path if part and part not in ("root", "speasy")]
    own = virtual.find("/".join(parts))
    if own is not None:
        return str(own.ref)
    if isinstance(given, str) and "//" not in given:
        return given
    if len(parts) < 2:
        raise InvalidRequest(f"{'//'.join(path)!r} is not the path of a product")
    keep = 2 if parts[0] in _WHOLE_DATASET else 1
    return "/".join([parts[0], *parts[1:][-keep:]])


def known_options(options: dict[str, Any]) -> dict[str, Any]:
    """Return the options as ours are called: a name is a label."""
    known = {key: value for key, value in options.items() if key not in _FOUND_OUT}
    kind = _KINDS.get(options.get("plot_type"))  # type: ignore[arg-type]
    if kind is not None:
        known.setdefault("kind", kind)
    if options.get("graph_type") is GraphType.Scatter:
        known.setdefault("style", "points")
    name = known.pop("name", None)
    if name is not None:
        known.setdefault("label", str(name))
    return known


def refuse(what: str, instead: str) -> NoReturn:
    """Say that something of SciQLop is not there, and what is.

    Raises
    ------
    InvalidRequest
        Always.
    """
    raise InvalidRequest(f"{what} is not there in sciqlop_lab", hint=instead)


@dataclass(frozen=True, slots=True)
class PlotItem:
    """Something that was drawn in a plot."""

    plot: PlotHandle
    id: str

    def set(self, **changes: Any) -> None:
        """Change fields: ``x``, ``y``, ``width``, ``height``, ``text``, ``color``..."""
        panel = self.plot.panel
        panel.command({"op": "set_item", "plot": self.plot.id, "item": self.id, "changes": changes})

    def remove(self) -> None:
        """Take it away."""
        self.plot.panel.command({"op": "remove_item", "plot": self.plot.id, "item": self.id})


def add_item(plot: PlotHandle, **item: Any) -> PlotItem:
    """Draw something in a plot; fields that are None are left out."""
    before = {known["id"] for known in plot.panel.model.plot(plot.id).items}
    given = {key: value for key, value in item.items() if value is not None}
    plot.panel.command({"op": "add_item", "plot": plot.id, "item": given})
    now = plot.panel.model.plot(plot.id).items
    return PlotItem(plot, next(known["id"] for known in now if known["id"] not in before))


class Graph(GraphHandle):
    """A graph under SciQLop's names."""

    __slots__ = ()
    # frozen with slots refuses properties that can be set, in classes below as well
    __setattr__ = object.__setattr__

    @property
    def _spec(self) -> Any:
        plot = self.panel.model.plot(self.plot)
        return next(graph for graph in plot.graphs if graph.id == self.id)

    @property
    def data(self) -> SpeasyVariable:
        """Its samples over the range that is shown."""
        panel: Any = self.panel
        if self.product in panel._data:
            variable: SpeasyVariable = panel._data[self.product]
            return variable
        span, knobs = panel.time_range, dict(self._spec.knobs)
        found: SpeasyVariable = panel.session.get_data(self.product, span.start, span.stop, **knobs)
        return found

    def set_data(self, x: Any, y: Any, z: Any = None) -> None:
        """Show other samples in its place; only for what was plotted as arrays."""
        panel: Any = self.panel
        if self.product not in panel._data:
            raise InvalidRequest(
                f"{self.product} is computed: its samples cannot be set",
                hint="define the function again, and every plot of it is drawn anew",
            )
        arrays = tuple(a for a in (x, y, z) if a is not None)
        panel._data[self.product] = to_variable(arrays, name="data")
        panel.product_changed(self.product)

    @property
    def visible(self) -> bool:
        """Whether it is drawn; can be set."""
        return "*" not in self._spec.hidden and not self._all_hidden()

    @visible.setter
    def visible(self, value: bool) -> None:
        names = [] if value else self._columns()
        place = {"plot": self.plot, "graph": self.id}
        self.panel.command({"op": "set_hidden", **place, "hidden": names})

    def _columns(self) -> list[str]:
        data = self.data
        return list(data.columns or [data.name])

    def _all_hidden(self) -> bool:
        return bool(self._spec.hidden) and set(self._columns()) <= set(self._spec.hidden)

    @property
    def name(self) -> str:
        """Its name in the legend; can be set."""
        return self._spec.label or self.product

    @name.setter
    def name(self, value: str) -> None:
        self.set(label=value)

    @property
    def y_axis(self) -> str:
        """``y`` or ``y2``; can be set."""
        return self._spec.y_axis or "y"

    @y_axis.setter
    def y_axis(self, value: str) -> None:
        self.set(y_axis=value)


def add_histogram(
    panel: Any,
    into: Any,
    x: Any,
    y: Any = None,
    *,
    name: str | None = None,
    x_bins: int = 100,
    y_bins: int = 100,
    z_log_scale: bool = False,
    gradient: str | None = None,
    **options: Any,
) -> Graph:
    """Count pairs of values in two dimensions, in a plot or in a new one where `into` is None."""
    made = panel.histogram2d(
        x, y, into, x_bins=x_bins, y_bins=y_bins, log_z=z_log_scale, label=name, **options
    )
    if isinstance(gradient, str) and gradient.lower() in COLORMAPS:
        PlotHandle(panel, made.plot).set_axis("z", colormap=gradient.lower())
    return Graph(panel, made.plot, made.id, made.product)


class Overlay:
    """A message over a plot: ``plot.overlay.show_message("half done")``."""

    def __init__(self, plot: TimeSeriesPlot) -> None:
        self._plot = plot

    def show_message(
        self,
        text: str,
        level: OverlayLevel = OverlayLevel.Info,
        size: OverlaySizeMode = OverlaySizeMode.Compact,
        position: OverlayPosition = OverlayPosition.Top,
        **_look: Any,
    ) -> PlotItem:
        """Write a message into the plot, in place of the last one."""
        self.clear_message()
        colors = {OverlayLevel.Warning: "#d97706", OverlayLevel.Error: "#d32f2f"}
        low = position is OverlayPosition.Bottom
        return add_item(
            self._plot, kind="text", text=text, x=10.0, y=120.0 if low else 36.0,
            color=colors.get(level), font_size=13.0, layer="message", **{"in": "pixels"},
        )  # fmt: skip

    def clear_message(self) -> None:
        """Take the message away."""
        plot = self._plot
        plot.panel.command({"op": "set_items", "plot": plot.id, "layer": "message", "items": []})


class TimeSeriesPlot(PlotHandle):
    """A plot under SciQLop's names."""

    __slots__ = ()
    # frozen with slots refuses properties that can be set, in classes below as well
    __setattr__ = object.__setattr__

    def plot(self, *args: Any, **options: Any) -> Any:
        """Add a product, a variable, a function, or arrays ``x, y[, z]``."""
        (what,) = args if len(args) == 1 else (to_variable(tuple(args), name="data"),)
        if isinstance(what, (str, list, tuple)):
            what = product_id(what)
        handle = PlotHandle.plot(self, what, **known_options(options))
        return Graph(self.panel, handle.plot, handle.id, handle.product)

    def scatter(self, *args: Any, **options: Any) -> Any:
        """Add points."""
        return self.plot(*args, **{**options, "style": "points"})

    def histogram2d(self, x: Any, y: Any = None, name: str | None = None, **options: Any) -> Graph:
        """Count pairs of values in two dimensions; options as of `PlotPanel.histogram2d`."""
        return add_histogram(self.panel, self, x, y, name=name, **options)

    @property
    def graphs(self) -> list[Any]:
        """What it shows: a Graph each."""
        spec = self.panel.model.plot(self.id)
        return [Graph(self.panel, self.id, graph.id, graph.product) for graph in spec.graphs]

    def remove_graph(self, graph: Any) -> None:
        """Take a graph out."""
        graph.remove()

    def add_hline(self, value: float, color: str | None = None, movable: bool = False) -> PlotItem:
        """Draw a horizontal line."""
        if movable:
            refuse("a line that is moved by hand", "a knob of the function that uses the value")
        return add_item(self, kind="hline", y=float(value), color=color)

    def rescale_axes(self) -> None:
        """Fit all values to what is visible."""
        for axis in _AXES:
            self.set_axis(axis, range=None)

    def set_axis_label(self, axis: str, label: str, unit: str = "") -> None:
        """Name an axis."""
        if axis == "x":
            refuse("a label of the axis of time", "set_axis_label of y, y2 or z")
        self.set_axis(axis, label=f"{label} [{unit}]" if unit else label)

    def set_axis_scale(self, axis: str, scale: ScaleType) -> None:
        """Make an axis linear or logarithmic."""
        if axis == "x":
            refuse("a scale of the axis of time", "set_axis_scale of y, y2 or z")
        self.set_axis(axis, log=scale is ScaleType.Logarithmic)

    def set_axis_range(self, axis: str, low: Any, high: Any) -> None:
        """Show values from `low` to `high`, in either order; of x, times."""
        if low == high:
            raise ValueError(f"an axis from {low} to {high} has no room")
        if axis == "x":
            self.time_range = TimeRange(min(low, high), max(low, high))
        else:
            self.set_axis(axis, range=(min(low, high), max(low, high)))

    def set_x_range(self, start: Any, stop: Any) -> None:
        """Move the panel to a range of time."""
        self.set_axis_range("x", start, stop)

    def set_y_range(self, low: float, high: float) -> None:
        """Show values from `low` to `high` on the left axis."""
        self.set_axis_range("y", low, high)

    def set_y2_range(self, low: float, high: float) -> None:
        """Show values from `low` to `high` on the right axis."""
        self.set_axis_range("y2", low, high)

    def _scale(self, axis: str) -> ScaleType:
        log = getattr(self.panel.model.plot(self.id), axis).log
        return ScaleType.Logarithmic if log else ScaleType.Linear

    @property
    def y_scale_type(self) -> ScaleType:
        """How the left axis is divided; can be set."""
        return self._scale("y")

    @y_scale_type.setter
    def y_scale_type(self, value: ScaleType) -> None:
        self.set_axis_scale("y", value)

    @property
    def y2_scale_type(self) -> ScaleType:
        """How the right axis is divided; can be set."""
        return self._scale("y2")

    @y2_scale_type.setter
    def y2_scale_type(self, value: ScaleType) -> None:
        self.set_axis_scale("y2", value)

    @property
    def y2_visible(self) -> bool:
        """Whether a graph has the right axis."""
        return any(graph.y_axis == "y2" for graph in self.graphs)

    @property
    def time_range(self) -> TimeRange:
        """The range that the panel shows; can be set."""
        panel: Any = self.panel
        return TimeRange(*panel.time_range)

    @time_range.setter
    def time_range(self, value: Any) -> None:
        panel: Any = self.panel
        panel.time_range = tuple(value)

    def replot(self) -> None:
        """Ask for everything again; functions are called anew."""
        panel: Any = self.panel
        for product in dict.fromkeys(self.products):
            panel.product_changed(product)

    def apply_hints(self, hints: Any) -> None:
        """Say that hints are not taken here."""
        refuse("apply_hints", "set_axis_label and set_axis_scale; what products say is used anyway")

    @property
    def overlay(self) -> Overlay:
        """Messages over the plot."""
        return Overlay(self)
