"""What a panel shows, as plain data, and the commands that change it.

A :class:`PanelSpec` is one JSON value (twin of ``PanelSpec`` in js/src/protocol.ts). Every edit,
from the mouse or from Python, is a command on it (see `commands`), so that there is one place to
check it and one to undo it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Literal

from speasy_core.errors import InvalidRequest
from speasy_core.product import ProductRef
from speasy_core.timerange import TimeRange

from .protocol import ProtocolError, parse_ns

__all__ = [
    "AxisSpec",
    "ColorAxisSpec",
    "GraphSpec",
    "PanelSpec",
    "PlotSpec",
    "SpecError",
]

VERSION = 1
_KINDS = ("auto", "line", "image")
_MAX_TEXT = 4096
MOST_PLOTS = 256


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


def read_range(value: Any, where: str) -> tuple[float, float] | None:
    if value is None:
        return None
    if isinstance(value, (list, tuple)) and len(value) == 2:
        low, high = value
        numbers = all(isinstance(v, (int, float)) and not isinstance(v, bool) for v in value)
        if numbers and math.isfinite(low) and math.isfinite(high) and low != high:
            return (float(min(value)), float(max(value)))
    raise fail(where, f"expected two different finite numbers or null, got {value!r:.60}")


@dataclass(frozen=True, slots=True)
class AxisSpec:
    """A value axis; None means "as the product says"."""

    label: str | None = None
    log: bool | None = None
    range: tuple[float, float] | None = None

    @classmethod
    def from_json(cls, value: Any, where: str = "axis") -> AxisSpec:
        """Read what `asdict` wrote; missing fields take their defaults."""
        value = read_mapping(value, where)
        label = value.get("label")
        return cls(
            None if label is None else read_text(label, f"{where}.label"),
            read_flag(value.get("log"), f"{where}.log"),
            read_range(value.get("range"), f"{where}.range"),
        )


@dataclass(frozen=True, slots=True)
class ColorAxisSpec:
    """The colour axis of a plot."""

    label: str | None = None
    log: bool | None = None
    range: tuple[float, float] | None = None
    colormap: str = "viridis"

    @classmethod
    def from_json(cls, value: Any, where: str = "z") -> ColorAxisSpec:
        """Read what `asdict` wrote; missing fields take their defaults."""
        axis = AxisSpec.from_json(value, where)
        colormap = read_text(value.get("colormap", "viridis"), f"{where}.colormap")
        return cls(axis.label, axis.log, axis.range, colormap)


@dataclass(frozen=True, slots=True)
class GraphSpec:
    """One product in one plot."""

    id: str
    product: str
    kind: Literal["auto", "line", "image"] = "auto"
    label: str | None = None
    colors: tuple[str, ...] | None = None
    hidden: tuple[str, ...] = ()

    @classmethod
    def from_json(cls, value: Any, where: str = "graph") -> GraphSpec:
        """Read what `asdict` wrote; missing fields take their defaults."""
        value = read_mapping(value, where)
        kind, label, colors = value.get("kind", "auto"), value.get("label"), value.get("colors")
        if kind not in _KINDS:
            raise fail(f"{where}.kind", f"{kind!r:.40} is not one of {', '.join(_KINDS)}")
        return cls(
            read_text(value.get("id"), f"{where}.id"),
            read_product(value.get("product"), f"{where}.product"),
            kind,
            None if label is None else read_text(label, f"{where}.label"),
            None if colors is None else read_texts(colors, f"{where}.colors"),
            read_texts(value.get("hidden", ()), f"{where}.hidden"),
        )


@dataclass(frozen=True, slots=True)
class PlotSpec:
    """One plot of the stack: graphs that share their axes."""

    id: str
    height: float = 1.0
    y: AxisSpec = field(default_factory=AxisSpec)
    z: ColorAxisSpec = field(default_factory=ColorAxisSpec)
    graphs: tuple[GraphSpec, ...] = ()

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
        )


@dataclass(frozen=True, slots=True)
class PanelSpec:
    """A whole panel: stacked plots over one range of time."""

    start_ns: int
    stop_ns: int
    title: str = ""
    plots: tuple[PlotSpec, ...] = ()

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
        plots = value.get("plots", ())
        if not isinstance(plots, (list, tuple)) or len(plots) > MOST_PLOTS:
            raise fail("panel.plots", f"expected a list of at most {MOST_PLOTS}")
        spec = cls(
            start,
            stop,
            read_text(value.get("title", ""), "panel.title"),
            tuple(PlotSpec.from_json(p, f"panel.plots[{i}]") for i, p in enumerate(plots)),
        )
        ids = [p.id for p in spec.plots] + [g.id for _, g in spec.graphs]
        if len(set(ids)) != len(ids):
            raise fail("panel.plots", "two plots or graphs have the same id")
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
