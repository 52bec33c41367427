"""SciQLop's way of making and filling plot panels."""

from __future__ import annotations

import importlib
import itertools
import time
import weakref
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

from sciqlop_lab.adapt import to_variable
from sciqlop_lab.panel import Panel
from sciqlop_lab.templates import PanelTemplate
from sciqlop_lab.templates import save as keep_template
from sciqlop_lab.user_api._parts import (
    Graph,
    PlotItem,
    TimeSeriesPlot,
    add_histogram,
    known_options,
    product_id,
    refuse,
)
from sciqlop_lab.user_api._time_range import TimeRange
from sciqlop_lab.user_api.items import CurvedLine, Ellipse, HorizontalLine, Pixmap, Text
from sciqlop_lab.user_api.layers import HLine, Marker, Span, attach_layer
from sciqlop_lab.virtual import MultiComponent, Scalar, Spectrogram, Vector
from speasy_core.errors import InvalidRequest
from speasy_core.timerange import TimeRange as CoreRange

from .enums import (
    CoordinateSystem,
    GraphType,
    Orientation,
    OverlayLevel,
    OverlayPosition,
    OverlaySizeMode,
    PlotType,
    ScaleType,
)

__all__ = [
    "CoordinateSystem", "CurvedLine", "Ellipse", "Graph", "GraphType", "HLine", "HorizontalLine",
    "Marker", "MultiComponent", "Orientation", "OverlayLevel", "OverlayPosition",
    "OverlaySizeMode", "Pixmap", "PlotPanel", "PlotType", "Scalar", "ScaleType", "Span",
    "Spectrogram", "Text", "TimeRange", "TimeSeriesPlot", "Vector", "create_plot_panel", "fluent",
    "last_panel", "panel_names", "plot_panel",
]  # fmt: skip

_DAY = 86_400.0
_panels: dict[str, PlotPanel] = {}


class PlotPanel:
    """A panel under SciQLop's names; `panel` is the one of ours that it stands for."""

    def __init__(self, name: str, panel: Any) -> None:
        self.name, self.panel = name, panel
        self._limit, self._limited = 0.0, False

    def _add(self, what: Any, plot_index: int, **options: Any) -> tuple[TimeSeriesPlot, Graph]:
        plots = self.panel.plots
        plot = plots[plot_index] if 0 <= plot_index < len(plots) else None
        options, colors = known_options(options), options.get("colors")
        options = {k: v for k, v in options.items() if k not in ("labels", "colors")}
        graph = self.panel.plot(what, plot, **options)
        if colors is not None:
            graph.set(colors=[str(color) for color in colors])
        return self._named(graph)

    def _named(self, graph: Any) -> tuple[TimeSeriesPlot, Graph]:
        plot = TimeSeriesPlot(self.panel, graph.plot)
        return plot, Graph(self.panel, graph.plot, graph.id, graph.product)

    def plot(self, *args: Any, plot_index: int = -1, **options: Any) -> tuple[Any, Any]:
        """Show a product, a variable, a function, or arrays ``x, y[, z]``.

        Returns
        -------
        tuple of TimeSeriesPlot and Graph
        """
        if len(args) > 1:
            apart = options.get("plot_type") is PlotType.XY
            return self._add(to_variable(args, name="data", pairs=apart), plot_index, **options)
        (what,) = args
        if isinstance(what, PlotPanel):
            raise InvalidRequest("a panel cannot be plotted")
        if isinstance(what, (str, list, tuple)):
            return self.plot_product(what, plot_index, **options)
        return self._add(what, plot_index, **options)

    def plot_product(
        self, product: Any, plot_index: int = -1, **options: Any
    ) -> tuple[TimeSeriesPlot, Graph]:
        """Show a product, by id, by path or as the object itself."""
        what = product_id(product) if isinstance(product, (str, list, tuple)) else product
        return self._add(what, plot_index, **options)

    def plot_function(
        self, f: Callable[..., Any], plot_index: int = -1, **options: Any
    ) -> tuple[TimeSeriesPlot, Graph]:
        """Show what a function of ``(start, stop)`` gives."""
        return self._add(f, plot_index, **options)

    def plot_data(
        self, x: Any, y: Any = None, z: Any = None, plot_index: int = -1, **options: Any
    ) -> tuple[TimeSeriesPlot, Graph]:
        """Show a variable, or arrays of time and values (and channels in between)."""
        arrays = [a for a in (x, y, z) if a is not None]
        return self.plot(*arrays, plot_index=plot_index, **options)

    def histogram2d(
        self,
        x: Any,
        y: Any = None,
        name: str | None = None,
        x_bins: int = 100,
        y_bins: int = 100,
        z_log_scale: bool = False,
        gradient: str | None = None,
        plot_index: int = -1,
        **options: Any,
    ) -> tuple[TimeSeriesPlot, Graph]:
        """Count pairs of values in two dimensions, over what is visible."""
        plots = self.panel.plots
        into = plots[plot_index] if 0 <= plot_index < len(plots) else None
        graph = add_histogram(
            self.panel, into, x, y, name=name, x_bins=x_bins, y_bins=y_bins,
            z_log_scale=z_log_scale, gradient=gradient, **options,
        )  # fmt: skip
        return TimeSeriesPlot(self.panel, graph.plot), graph

    def projection(self, product: Any, **options: Any) -> tuple[TimeSeriesPlot, Graph]:
        """Show a trajectory in planes."""
        what = product_id(product) if isinstance(product, (str, list, tuple)) else product
        return self._named(self.panel.orbit(what, **options))

    def add_layer(
        self, func: Callable[..., Any], plot_index: int = 0, scope: str = "auto", **knobs: Any
    ) -> Any:
        """Draw what a function finds in what is visible: see `layers.register_layer`."""
        return attach_layer(self.panel, func, plot_index=plot_index, scope=scope, knobs=knobs)

    def add_sub_panel(self, orientation: Any = None) -> Any:
        """Say that panels hold no panels."""
        refuse("add_sub_panel", "more plots in this panel, or a panel of its own beside it")

    def add_hline(self, value: float, plot_index: int = 0, color: str | None = None) -> PlotItem:
        """Draw a horizontal line in a plot."""
        return self.plots[plot_index].add_hline(value, color)

    @property
    def time_range(self) -> TimeRange:
        """The range that is shown."""
        return TimeRange(*self.panel.time_range)

    @time_range.setter
    def time_range(self, value: Any) -> None:
        self.panel.time_range = tuple(value)

    def set_time_range(self, start: Any, stop: Any = None) -> None:
        """Show another range."""
        self.time_range = start if stop is None else (start, stop)

    @property
    def plots(self) -> list[TimeSeriesPlot]:
        """The plots from top to bottom."""
        return [TimeSeriesPlot(self.panel, plot.id) for plot in self.panel.plots]

    @property
    def duration(self) -> str:
        """Length of what is shown, as text."""
        return str(timedelta(microseconds=self.panel.time_range.duration_ns // 1000))

    @property
    def zoom_limit_seconds(self) -> float:
        """The longest range that is shown, 0 for any; can be set."""
        return self._limit

    @zoom_limit_seconds.setter
    def zoom_limit_seconds(self, value: float) -> None:
        if not value >= 0:
            raise InvalidRequest(f"a limit of {value!r} s", hint="0 is none")
        self._limit = float(value)
        if value and not self._limited:
            self._limited = True
            _keep_within(self)
        self._shorten()

    def _shorten(self) -> None:
        """Show the middle of a range that is longer than the limit."""
        span, most = self.panel.time_range, round(self._limit * 1e9)
        if most and span.duration_ns > most:
            start = span.start_ns + (span.duration_ns - most) // 2
            self.panel.time_range = CoreRange.from_ns(start, start + most)

    def save(self, path: str | Path) -> None:
        """Save the picture as it is on the screen, as PNG, SVG or PDF."""
        self.panel.save(path)

    def save_template(self, name_or_path: str | Path) -> Path:
        """Keep the panel as a template: under a name, or in a file (.json, .yaml)."""
        path = Path(name_or_path)
        template = PanelTemplate.from_panel(self.panel, path.stem or str(name_or_path))
        if path.suffix in (".json", ".yaml", ".yml"):
            return template.save(path)
        return keep_template(template)

    def step_forward(self, n: int = 1) -> None:
        """Show what comes after; `n` lengths further."""
        span = self.panel.time_range
        self.panel.time_range = span.shifted(n * span.duration_ns)

    def step_backward(self, n: int = 1) -> None:
        """Show what comes before."""
        self.step_forward(-n)

    def knobs(self) -> Any:
        """Return widgets for the knobs of everything that is shown."""
        return self.panel.knobs()

    def remove_plot(self, index: int) -> None:
        """Take a plot out."""
        self.panel.plots[index].remove()

    def _repr_mimebundle_(self, **options: Any) -> Any:
        return self.panel._repr_mimebundle_(**options)

    def __repr__(self) -> str:
        return f"<PlotPanel {self.name} {self.panel!r}>"


def _keep_within(panel: PlotPanel) -> None:
    """Hold a panel to its limit whatever moves it; it is not kept alive by that."""
    held = weakref.ref(panel)

    def moved(_change: Any) -> None:
        alive = held()
        if alive is not None:
            alive._shorten()

    if not hasattr(panel.panel, "observe"):
        refuse("zoom_limit_seconds of this renderer", "the canvas renderer")
    panel.panel.observe(moved, names="spec")


def __getattr__(name: str) -> Any:
    """Bring `fluent`, which itself is made of this module, when it is asked for."""
    if name == "fluent":
        return importlib.import_module("sciqlop_lab.user_api.fluent")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def create_plot_panel(name: str | None = None, *, session: Any = None) -> PlotPanel:
    """Make a panel over the last day; in a notebook it appears below the cell."""
    now = float(int(time.time()))
    name = name or next(n for n in map("Panel{}".format, itertools.count()) if n not in _panels)
    made = PlotPanel(name, Panel(now - _DAY, now, session=session))
    _panels[name] = made
    _show(made)
    return made


def _show(panel: PlotPanel) -> None:
    from IPython import get_ipython
    from IPython.display import display

    if get_ipython() is not None:
        display(panel.panel)  # type: ignore[no-untyped-call]


def last_panel() -> PlotPanel | None:
    """Return the panel that was made last, or None."""
    return next(reversed(_panels.values()), None)


def panel_names() -> list[str]:
    """Return the names of the panels, in the order in which they were made."""
    return list(_panels)


def plot_panel(name: str) -> PlotPanel | None:
    """Return the panel of that name, or None."""
    return _panels.get(name)
