"""What a panel shows, as plain data, and the commands that change it.

A :class:`PanelSpec` is one JSON value (twin of ``PanelSpec`` in js/src/protocol.ts). Every edit,
from the mouse or from Python, is a command on it (see `commands`), so that there is one place to
check it and one to undo it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from speasy_core.timerange import TimeRange

from .items import Item, read_items
from .overlayspec import OverlaySpec, read_functions, read_overlays
from .plotkinds import ASPECTS, PLANES, SPACE_KINDS, family, read_options, read_planes
from .reading import (
    Log,
    SpecError,
    fail,
    plain_log,
    read_choice,
    read_color,
    read_colormap,
    read_colors,
    read_knobs,
    read_log,
    read_mapping,
    read_number,
    read_percentiles,
    read_product,
    read_range,
    read_shown,
    read_text,
    read_texts,
    read_times,
)

__all__ = [
    "AxisSpec",
    "ColorAxisSpec",
    "GraphSpec",
    "PanelSpec",
    "PlotSpec",
    "SpanSpec",
    "SpecError",
]

VERSION = 1
_KINDS = ("auto", "line", "image", *SPACE_KINDS)
STYLES = ("line", "steps", "points")
MARKERS = ("none", "circle", "square", "diamond", "triangle", "cross", "plus")
MEANS = ("linear", "log")  # of the samples that share a cell of a spectrogram
WIDTHS = (0.5, 20.0)  # of lines, in pixels
VALUE_AXES = ("y", "y2")
MOST_PLOTS = 256
MOST_SPANS = 10_000


@dataclass(frozen=True, slots=True)
class AxisSpec:
    """A value axis; None means "as the product says".

    An automatic range leaves out values outside `percentiles`; None is all values, and of colours
    2 to 98. With ``log="symlog"`` values of both signs are drawn: logarithmic away from zero,
    linear within a thousandth of the largest.
    """

    label: str | None = None
    log: Log | None = None
    range: tuple[float, float] | None = None
    percentiles: tuple[float, float] | None = None

    @classmethod
    def from_json(cls, value: Any, where: str = "axis") -> AxisSpec:
        """Read what `asdict` wrote; missing fields take their defaults."""
        value = read_mapping(value, where)
        label = value.get("label")
        return cls(
            None if label is None else read_text(label, f"{where}.label"),
            read_log(value.get("log"), f"{where}.log"),
            read_range(value.get("range"), f"{where}.range"),
            read_percentiles(value.get("percentiles"), f"{where}.percentiles"),
        )


@dataclass(frozen=True, slots=True)
class ColorAxisSpec:
    """The colour axis of a plot; `colormap` None is the one of the viewer's settings."""

    label: str | None = None
    log: bool | None = None
    range: tuple[float, float] | None = None
    colormap: str | None = None
    percentiles: tuple[float, float] | None = None

    @classmethod
    def from_json(cls, value: Any, where: str = "z") -> ColorAxisSpec:
        """Read what `asdict` wrote; missing fields take their defaults."""
        axis = AxisSpec.from_json(value, where)
        colormap = read_colormap(value.get("colormap"), f"{where}.colormap")
        log = plain_log(axis.log, where)
        return cls(axis.label, log, axis.range, colormap, axis.percentiles)


@dataclass(frozen=True, slots=True)
class GraphSpec:
    """One product in one plot.

    `style` says how samples are joined; a `width` of None is as thin as can be. `y_axis` None is
    the left one, but the right one for lines of another unit over a spectrogram. `knobs` are those
    of a function, or what is chosen of an archive's product. The cells of a spectrogram are `mean`
    values: None is "linear"; "log" is the mean of the logarithms of what is above zero.
    """

    id: str
    product: str
    kind: str = "auto"
    label: str | None = None
    colors: tuple[str | None, ...] | None = None
    hidden: tuple[str, ...] = ()
    style: str = "line"
    y_axis: str | None = None
    knobs: Mapping[str, Any] = field(default_factory=dict)
    options: Mapping[str, Any] = field(default_factory=dict)  # of its kind, see plotkinds
    width: float | None = None
    marker: str = "none"
    mean: str | None = None

    @classmethod
    def from_json(cls, value: Any, where: str = "graph") -> GraphSpec:
        """Read what `asdict` wrote; missing fields take their defaults."""
        value = read_mapping(value, where)
        kind, label = value.get("kind", "auto"), value.get("label")
        y_axis, width, mean = value.get("y_axis"), value.get("width"), value.get("mean")
        if kind not in _KINDS:
            raise fail(f"{where}.kind", f"{kind!r:.40} is not one of {', '.join(_KINDS)}")
        return cls(
            read_text(value.get("id"), f"{where}.id"),
            read_product(value.get("product"), f"{where}.product"),
            kind,
            None if label is None else read_text(label, f"{where}.label"),
            read_colors(value.get("colors"), f"{where}.colors"),
            read_texts(value.get("hidden", ()), f"{where}.hidden"),
            read_choice(value.get("style", "line"), f"{where}.style", STYLES),
            None if y_axis is None else read_choice(y_axis, f"{where}.y_axis", VALUE_AXES),
            read_knobs(value.get("knobs", {}), f"{where}.knobs"),
            read_options(kind, value.get("options", {}), f"{where}.options"),
            None if width is None else read_number(width, f"{where}.width", *WIDTHS),
            read_choice(value.get("marker", "none"), f"{where}.marker", MARKERS),
            None if mean is None else read_choice(mean, f"{where}.mean", MEANS),
        )


@dataclass(frozen=True, slots=True)
class PlotSpec:
    """One plot of the stack: graphs that share their axes.

    Over time, unless its graphs are of a kind that has an `x` axis of values. An orbit is seen in
    `planes`, with coordinates on `x`, `y` and `depth`.
    """

    id: str
    height: float = 1.0
    y: AxisSpec = field(default_factory=AxisSpec)
    z: ColorAxisSpec = field(default_factory=ColorAxisSpec)
    graphs: tuple[GraphSpec, ...] = ()
    y2: AxisSpec = field(default_factory=AxisSpec)
    x: AxisSpec = field(default_factory=AxisSpec)
    depth: AxisSpec = field(default_factory=AxisSpec)
    planes: tuple[str, ...] = PLANES
    aspect: str = "auto"
    grid: bool = True
    legend: bool = True
    items: tuple[Item, ...] = ()

    def __post_init__(self) -> None:
        """Refuse graphs that have no axis in common."""
        if len({family(graph.kind) for graph in self.graphs}) > 1:
            raise fail(f"plot {self.id}", "graphs over time and others cannot share a plot")

    @property
    def kind(self) -> str:
        """Say what its axes are: "time", "xy" or "orbit"."""
        return family(self.graphs[0].kind) if self.graphs else "time"

    @classmethod
    def from_json(cls, value: Any, where: str = "plot") -> PlotSpec:
        """Read what `asdict` wrote; missing fields take their defaults."""
        value = read_mapping(value, where)
        height, graphs = value.get("height", 1.0), value.get("graphs", ())
        if isinstance(height, bool) or not isinstance(height, (int, float)) or not height > 0:
            raise fail(f"{where}.height", f"expected a number above zero, got {height!r:.40}")
        if not isinstance(graphs, (list, tuple)):
            raise fail(f"{where}.graphs", "expected a list")
        return cls(
            read_text(value.get("id"), f"{where}.id"),
            float(height),
            AxisSpec.from_json(value.get("y", {}), f"{where}.y"),
            ColorAxisSpec.from_json(value.get("z", {}), f"{where}.z"),
            tuple(GraphSpec.from_json(g, f"{where}.graphs[{i}]") for i, g in enumerate(graphs)),
            AxisSpec.from_json(value.get("y2", {}), f"{where}.y2"),
            AxisSpec.from_json(value.get("x", {}), f"{where}.x"),
            AxisSpec.from_json(value.get("depth", {}), f"{where}.depth"),
            read_planes(value.get("planes", PLANES), f"{where}.planes"),
            read_choice(value.get("aspect", "auto"), f"{where}.aspect", ASPECTS),
            read_shown(value.get("grid", True), f"{where}.grid"),
            read_shown(value.get("legend", True), f"{where}.legend"),
            read_items(value.get("items", ()), f"{where}.items"),
        )


@dataclass(frozen=True, slots=True)
class SpanSpec:
    """A range of time marked in all plots."""

    id: str
    start_ns: int
    stop_ns: int
    label: str = ""
    color: str | None = None

    def to_json(self) -> dict[str, Any]:
        """Return the value that travels to the browser."""
        times = {"start": str(self.start_ns), "stop": str(self.stop_ns)}
        return {"id": self.id, **times, "label": self.label, "color": self.color}

    @classmethod
    def from_json(cls, value: Any, where: str = "span") -> SpanSpec:
        """Read what :meth:`to_json` wrote."""
        value = read_mapping(value, where)
        color = value.get("color")
        return cls(
            read_text(value.get("id"), f"{where}.id"),
            *read_times(value, where),
            read_text(value.get("label", ""), f"{where}.label"),
            None if color is None else read_color(color, f"{where}.color"),
        )


@dataclass(frozen=True, slots=True)
class PanelSpec:
    """A whole panel: stacked plots over one range of time."""

    start_ns: int
    stop_ns: int
    title: str = ""
    plots: tuple[PlotSpec, ...] = ()
    spans: tuple[SpanSpec, ...] = ()
    overlays: tuple[OverlaySpec, ...] = ()
    functions: Mapping[str, str] = field(default_factory=dict)

    @property
    def time_range(self) -> TimeRange:
        """The range that is shown."""
        return TimeRange.from_ns(self.start_ns, self.stop_ns)

    @property
    def graphs(self) -> list[tuple[str, GraphSpec]]:
        """Every graph with the id of its plot, from top to bottom."""
        return [(plot.id, graph) for plot in self.plots for graph in plot.graphs]

    def to_json(self) -> dict[str, Any]:
        """Return the value that travels to the browser; JSON types only."""
        return {
            "version": VERSION,
            "title": self.title,
            "time_range": {"start": str(self.start_ns), "stop": str(self.stop_ns)},
            "plots": [_plain(asdict(plot)) for plot in self.plots],
            "spans": [span.to_json() for span in self.spans],
            "overlays": [overlay.to_json() for overlay in self.overlays],
            "functions": dict(self.functions),
        }

    @classmethod
    def from_json(cls, value: Any) -> PanelSpec:
        """Read what :meth:`to_json` wrote.

        Raises
        ------
        SpecError
            Says which field is wrong, and how.
        """
        value = read_mapping(value, "panel")
        if value.get("version") != VERSION:
            raise SpecError(
                f"panel.version: {value.get('version')!r:.40} is not {VERSION}",
                hint="the panel was written by another version of sciqlop-lab",
            )
        start, stop = read_times(read_mapping(value.get("time_range"), "panel.time_range"), "panel")
        plots, spans = value.get("plots", ()), value.get("spans", ())
        if not isinstance(plots, (list, tuple)) or len(plots) > MOST_PLOTS:
            raise fail("panel.plots", f"expected a list of at most {MOST_PLOTS}")
        if not isinstance(spans, (list, tuple)) or len(spans) > MOST_SPANS:
            raise fail("panel.spans", f"expected a list of at most {MOST_SPANS}")
        spec = cls(
            start,
            stop,
            read_text(value.get("title", ""), "panel.title"),
            tuple(PlotSpec.from_json(p, f"panel.plots[{i}]") for i, p in enumerate(plots)),
            tuple(SpanSpec.from_json(s, f"panel.spans[{i}]") for i, s in enumerate(spans)),
            read_overlays(value.get("overlays", ())),
            read_functions(value.get("functions", {})),
        )
        ids = [p.id for p in spec.plots] + [g.id for _, g in spec.graphs]
        ids += [span.id for span in spec.spans]
        if len(set(ids)) != len(ids):
            raise fail("panel.plots", "two plots, graphs or spans have the same id")
        return spec

    def plot(self, plot_id: Any) -> PlotSpec:
        """Return a plot by its id."""
        for plot in self.plots:
            if plot.id == plot_id:
                return plot
        raise SpecError(
            f"the panel has no plot {plot_id!r:.60}",
            hint=f"its plots: {', '.join(p.id for p in self.plots) or 'none'}",
        )

    def with_plot(self, changed: PlotSpec) -> PanelSpec:
        """Return the panel with the plot of that id replaced, or dropped when it has no graph."""
        keep = (changed if p.id == changed.id else p for p in self.plots)
        return replace(self, plots=tuple(p for p in keep if p.graphs))


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {k: _plain(v) for k, v in value.items()}
    return [_plain(v) for v in value] if isinstance(value, (list, tuple)) else value
