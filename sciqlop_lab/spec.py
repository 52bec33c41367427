"""What a panel shows, as plain data, and the commands that change it.

A :class:`PanelSpec` is one JSON value (twin of ``PanelSpec`` in js/src/protocol.ts). Every edit,
from the mouse or from Python, is a command on it (see `commands`), so that there is one place to
check it and one to undo it.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Literal

from speasy_core.errors import InvalidRequest
from speasy_core.product import ProductRef
from speasy_core.timerange import TimeRange

from .protocol import ProtocolError, parse_ns

Log = bool | Literal["symlog"]

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
_KINDS = ("auto", "line", "image")
STYLES = ("line", "steps", "points")
VALUE_AXES = ("y", "y2")
COLORMAPS = ("viridis", "magma", "plasma", "inferno", "cividis", "turbo", "jet", "gray")
_COLOR = re.compile(r"#[0-9a-fA-F]{3,8}|[a-zA-Z]{3,24}|(?:rgb|hsl)a?\([0-9.,%/ deg]{1,60}\)")
_MAX_TEXT = 4096
MOST_PLOTS = 256
MOST_SPANS = 10_000


class SpecError(InvalidRequest):
    """Not a spec of a panel, or a command that does not fit it; the text says where."""


def fail(where: str, what: str) -> SpecError:
    return SpecError(f"{where}: {what}")


def read_mapping(value: Any, where: str) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise fail(where, f"expected an object, got {type(value).__name__}")
    return value


def read_text(value: Any, where: str) -> str:
    if not isinstance(value, str) or len(value) > _MAX_TEXT:
        raise fail(where, f"expected text, got {value!r:.60}")
    return value


def read_texts(value: Any, where: str) -> tuple[str, ...]:
    if not isinstance(value, (list, tuple)):
        raise fail(where, f"expected a list of texts, got {value!r:.60}")
    return tuple(read_text(item, f"{where}[{i}]") for i, item in enumerate(value))


def read_flag(value: Any, where: str) -> bool | None:
    if value is not None and not isinstance(value, bool):
        raise fail(where, f"expected true, false or null, got {value!r:.60}")
    return value


def read_log(value: Any, where: str) -> Log | None:
    return "symlog" if value == "symlog" else read_flag(value, where)


def read_choice(value: Any, where: str, choices: tuple[str, ...]) -> str:
    if value not in choices:
        raise fail(where, f"{value!r:.40} is not one of {', '.join(choices)}")
    return str(value)


def read_colormap(value: Any, where: str) -> str | None:
    return None if value is None else read_choice(value, where, COLORMAPS)


def read_color(value: Any, where: str) -> str:
    """Return a CSS colour: hex digits, a name, rgb() or hsl()."""
    if not isinstance(value, str) or _COLOR.fullmatch(value) is None:
        raise fail(where, f"{value!r:.40} is not a colour such as '#0072b2' or 'teal'")
    return value


def read_colors(value: Any, where: str) -> tuple[str, ...] | None:
    if value is None:
        return None
    colors = read_texts(value, where)
    return tuple(read_color(color, f"{where}[{i}]") for i, color in enumerate(colors))


def read_range(value: Any, where: str) -> tuple[float, float] | None:
    if value is None:
        return None
    if isinstance(value, (list, tuple)) and len(value) == 2:
        low, high = value
        numbers = all(isinstance(v, (int, float)) and not isinstance(v, bool) for v in value)
        if numbers and math.isfinite(low) and math.isfinite(high) and low != high:
            return (float(min(value)), float(max(value)))
    raise fail(where, f"expected two different finite numbers or null, got {value!r:.60}")


def read_knobs(value: Any, where: str) -> dict[str, Any]:
    """Return knobs: names, and values that are numbers, text, true or false."""
    knobs = dict(read_mapping(value, where))
    for name, knob in knobs.items():
        read_text(name, where)
        if isinstance(knob, str):
            read_text(knob, f"{where}.{name}")
        elif not isinstance(knob, (int, float)) or not math.isfinite(knob):
            raise fail(f"{where}.{name}", f"expected a number, text or a flag, got {knob!r:.60}")
    return knobs


@dataclass(frozen=True, slots=True)
class AxisSpec:
    """A value axis; None means "as the product says".

    With ``log="symlog"`` values of both signs are drawn: logarithmic away from zero, linear within
    a thousandth of the largest.
    """

    label: str | None = None
    log: Log | None = None
    range: tuple[float, float] | None = None

    @classmethod
    def from_json(cls, value: Any, where: str = "axis") -> AxisSpec:
        """Read what `asdict` wrote; missing fields take their defaults."""
        value = read_mapping(value, where)
        label = value.get("label")
        return cls(
            None if label is None else read_text(label, f"{where}.label"),
            read_log(value.get("log"), f"{where}.log"),
            read_range(value.get("range"), f"{where}.range"),
        )


@dataclass(frozen=True, slots=True)
class ColorAxisSpec:
    """The colour axis of a plot; `colormap` None is the one of the viewer's settings."""

    label: str | None = None
    log: bool | None = None
    range: tuple[float, float] | None = None
    colormap: str | None = None

    @classmethod
    def from_json(cls, value: Any, where: str = "z") -> ColorAxisSpec:
        """Read what `asdict` wrote; missing fields take their defaults."""
        axis = AxisSpec.from_json(value, where)
        colormap = read_colormap(value.get("colormap"), f"{where}.colormap")
        return cls(axis.label, plain_log(axis.log, where), axis.range, colormap)


@dataclass(frozen=True, slots=True)
class GraphSpec:
    """One product in one plot.

    `style` says how samples are joined. `y_axis` None is the left one, but the right one for lines
    of another unit over a spectrogram.
    """

    id: str
    product: str
    kind: Literal["auto", "line", "image"] = "auto"
    label: str | None = None
    colors: tuple[str, ...] | None = None
    hidden: tuple[str, ...] = ()
    style: str = "line"
    y_axis: str | None = None
    knobs: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def from_json(cls, value: Any, where: str = "graph") -> GraphSpec:
        """Read what `asdict` wrote; missing fields take their defaults."""
        value = read_mapping(value, where)
        kind, label = value.get("kind", "auto"), value.get("label")
        y_axis = value.get("y_axis")
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
        )


@dataclass(frozen=True, slots=True)
class PlotSpec:
    """One plot of the stack: graphs that share their axes."""

    id: str
    height: float = 1.0
    y: AxisSpec = field(default_factory=AxisSpec)
    z: ColorAxisSpec = field(default_factory=ColorAxisSpec)
    graphs: tuple[GraphSpec, ...] = ()
    y2: AxisSpec = field(default_factory=AxisSpec)

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


def plain_log(value: Log | None, where: str) -> bool | None:
    """Return what a colour axis takes: colours have no symmetric scale."""
    if value == "symlog":
        raise fail(f"{where}.log", "expected true, false or null: colours have no 'symlog'")
    return bool(value) if value is not None else None


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {k: _plain(v) for k, v in value.items()}
    return [_plain(v) for v in value] if isinstance(value, (list, tuple)) else value


def read_product(value: Any, where: str) -> str:
    try:
        return str(ProductRef.parse(read_text(value, where)))
    except InvalidRequest as error:
        raise SpecError(f"{where}: {error.message}", hint=error.hint) from error


def read_times(value: Mapping[str, Any], where: str) -> tuple[int, int]:
    try:
        start, stop = parse_ns(value.get("start")), parse_ns(value.get("stop"))
    except ProtocolError as error:
        raise fail(where, str(error)) from error
    if not start < stop:
        raise fail(where, "the range stops before it starts")
    return start, stop
