"""The same panel drawn by bqplot: figures that take part in other widgets.

Every picture comes reduced from the same engine as the canvas panel's, at most some 4,000 points a
line: bqplot rebuilds an SVG path whenever it changes.
"""

from __future__ import annotations

import json
import math
import threading
from pathlib import Path
from typing import Any

import anywidget
import bqplot  # type: ignore[import-untyped]
import ipywidgets  # type: ignore[import-untyped]
import numpy as np
import traitlets

from speasy_core.errors import SpeasyError
from speasy_core.timerange import MAX_NS, MIN_NS, TimeRange, format_ns

from . import spec as specs
from .basepanel import PanelCore
from .bq_axis import log_ticks, time_ticks
from .bq_look import MARKERS, dress
from .firstpicture import FirstPicture
from .packing import unpacked
from .protocol import MIME_PRODUCT
from .stills import Still
from .views import ViewRequest

__all__ = ["BqPanel"]

_HERE = Path(__file__).parent
_VIEW = "bqplot"
_WIDTH = 500  # columns: a power of two above it, twice it for the margins, and two points each
_HEIGHT = 260  # pixels
_SETTLE = 0.02  # PanZoom sets min and max one after the other
_MOST_PAYLOAD = 65_536


class _DropZone(anywidget.AnyWidget):
    """Listens on the box around the figures, and shows messages."""

    _esm = traitlets.Unicode((_HERE / "bq_drop.js").read_text(encoding="utf-8")).tag(sync=True)
    _css = traitlets.Unicode((_HERE / "bq_drop.css").read_text(encoding="utf-8")).tag(sync=True)
    messages: Any = traitlets.List().tag(sync=True)


def _array(item: dict[str, Any], buffers: list[Any], name: str, dtype: str) -> Any:
    return np.frombuffer(buffers[item[name]], dtype=dtype)


class _Plot:
    """One figure: its scales, and one mark per graph."""

    def __init__(self, x: Any, spec: specs.PlotSpec) -> None:
        self.log = bool(spec.y.log)
        self.y = bqplot.LogScale() if self.log else bqplot.LinearScale()
        self.x_axis = bqplot.Axis(scale=x, num_ticks=6, grid_lines="solid", grid_color="#8884")
        self.y_axis = bqplot.Axis(
            scale=self.y, side="left", grid_lines="solid", grid_color="#8884",
            label_offset="4em",
        )  # fmt: skip
        self.marks: dict[str, Any] = {}
        self.status: dict[str, str] = {}
        self.figure = bqplot.Figure(
            axes=[self.x_axis, self.y_axis],
            interaction=bqplot.PanZoom(scales={"x": [x]}),
            fig_margin={"top": 16, "bottom": 44, "left": 72, "right": 24},
            legend_location="top-left",
            animation_duration=0,
            layout=ipywidgets.Layout(width="100%", height=f"{_HEIGHT}px", min_width="0"),
        )
        self.figure.add_class(f"sciqlop-bq-plot-{spec.id}")

    def scales(self, x: Any) -> dict[str, Any]:
        return {"x": x, "y": self.y}

    def use_log(self, log: bool) -> None:
        if log == self.log:
            return
        self.log = log
        make = bqplot.LogScale if log else bqplot.LinearScale
        self.y = make(min=self.y.min, max=self.y.max)
        self.y_axis.scale = self.y
        for mark in self.marks.values():
            mark.scales = {**mark.scales, "y": self.y}

    def label_y(self, values: Any) -> None:
        """Put ticks of a log axis at round values of what it shows; linear ones are found."""
        ticks = log_ticks(values) if self.log else None
        with self.y_axis.hold_sync():
            self.y_axis.tick_values = ticks
            self.y_axis.tick_format = "~g" if ticks is not None else None

    def dress(self, spec: specs.PlotSpec) -> None:
        """Make it look as the spec says."""
        found = [(g, self.marks[g.id]) for g in spec.graphs if g.id in self.marks]
        lines = [(graph, mark) for graph, mark in found if isinstance(mark, bqplot.Lines)]
        before = 0
        for graph, mark in lines:
            dress(mark, graph, before)
            before += len(mark.labels)
            # a single line is named by its axis
            mark.display_legend = spec.legend and (len(lines) > 1 or len(mark.labels) > 1)
        grid = "solid" if spec.grid else "none"
        self.x_axis.grid_lines = self.y_axis.grid_lines = grid
        self.figure.layout.height = f"{max(80, round(_HEIGHT * spec.height))}px"

    def show_range(self, low_high: tuple[float, float] | None) -> None:
        low, high = low_high or (None, None)
        with self.y.hold_sync():
            self.y.min, self.y.max = low, high


def _line_points(item: dict[str, Any], buffers: list[Any], origin: int) -> tuple[Any, Any]:
    """Return x (p,) in seconds after `origin` and y (k, p)."""
    n, k = item["n"], len(item["columns"])
    t = _array(item, buffers, "t", "f8") + (int(item["t0"]) - origin) / 1e9
    y = unpacked(item, "y", buffers[item["y"]])
    if item["mode"] == "raw":
        return t, y.reshape(k, n)
    # minimum and maximum in the order in which the line passes them
    first, low, high, last = np.moveaxis(y.reshape(k, 4, n), 1, 0)
    up = first <= last
    pair = np.stack([np.where(up, low, high), np.where(up, high, low)], axis=2)
    x = np.stack([t + item["dt"] * 0.25, t + item["dt"] * 0.75], axis=1)
    return x.reshape(-1), pair.reshape(k, -1)


def _lacking(spec: specs.PanelSpec) -> list[str]:
    """Name what the spec asks for and these figures do not have."""
    graphs = [graph for _, graph in spec.graphs]
    maps = {plot.z.colormap for plot in spec.plots if plot.z.colormap} - {"viridis"}
    asked = {
        "a second value axis": any(graph.y_axis == "y2" for graph in graphs),
        "steps": any(graph.style == "steps" for graph in graphs),
        "points": any(graph.style == "points" for graph in graphs),
        "crosses": any(graph.marker not in MARKERS for graph in graphs),
        "a symmetric logarithm": any("symlog" in (p.y.log, p.y2.log) for p in spec.plots),
        f"the colour map {', '.join(sorted(maps))}": bool(maps),
        "spans": bool(spec.spans),
        "orbits, x-y plots and 2-D histograms": any(p.kind != "time" for p in spec.plots),
    }
    return [what for what, wanted in asked.items() if wanted]


class BqPanel(Still, PanelCore, ipywidgets.VBox):  # type: ignore[misc]
    """Stacked bqplot figures over one axis of time; made by :func:`sciqlop_lab.Panel`."""

    spec = traitlets.Dict(help="PanelSpec as JSON")

    def __init__(self, start: Any, stop: Any = None, *, session: Any = None) -> None:
        self._pictures = FirstPicture()
        self._setup(start, stop, session)
        self._origin = self._model.start_ns
        self._labels: dict[str, str] = {}  # of the ticks shown, and of those before
        self._faded: dict[str, str] = {}
        self._plots: dict[str, _Plot] = {}
        self._gen = 0
        self._timer: threading.Timer | None = None
        self._x = bqplot.LinearScale(allow_padding=False)
        self._zone = _DropZone()
        super().__init__(layout=ipywidgets.Layout(width="100%"))
        self.add_class("sciqlop-bq")
        self._zone.on_msg(self._dropped)
        self._show_range(self._model.time_range)
        self._x.observe(self._moved, ["min", "max"])
        self.spec = self._model.to_json()
        self._arrange()

    @property
    def figures(self) -> list[Any]:
        """The bqplot figures from top to bottom, to be put among other widgets."""
        return [plot.figure for plot in self._plots.values()]

    # -- from the spec to the figures -----------------------------------------------------
    def _publish(self, spec: specs.PanelSpec) -> None:
        self.spec = spec.to_json()
        self._arrange()
        if spec.time_range != self._seen():
            self._show_range(spec.time_range)
        self._ask(spec.time_range)

    def _arrange(self) -> None:
        """Make the figures those of the spec."""
        wanted = {plot.id: plot for plot in self._model.plots if plot.kind == "time"}
        self._plots = {
            name: self._plots.get(name) or _Plot(self._x, plot) for name, plot in wanted.items()
        }
        for name, plot in self._plots.items():
            graphs = {graph.id: graph for graph in wanted[name].graphs}
            plot.marks = {g: mark for g, mark in plot.marks.items() if g in graphs}
            plot.status = {g: text for g, text in plot.status.items() if g in graphs}
            plot.figure.marks = list(plot.marks.values())
            if wanted[name].y.log is not None:
                plot.use_log(wanted[name].y.log is True)
            plot.show_range(wanted[name].y.range)
            plot.dress(wanted[name])
        for i, plot in enumerate(self._plots.values()):
            plot.figure.title = "" if i else self._model.title
        hint = [] if self._plots else [{"level": "info", "text": "Drop products here"}]
        self._zone.messages = hint or self._messages()
        self._zone.layout = ipywidgets.Layout(min_height="24px" if self._plots else "160px")
        self.children = (*(plot.figure for plot in self._plots.values()), self._zone)

    def _messages(self) -> list[dict[str, str]]:
        lacking = _lacking(self._model)
        said = f"Only renderer='canvas' draws {', '.join(lacking)}"
        return ([{"level": "info", "text": said}] if lacking else []) + [
            {"level": "error" if text.startswith("!") else "info", "text": text.lstrip("!")}
            for plot in self._plots.values()
            for text in plot.status.values()
            if text
        ]

    # -- time -----------------------------------------------------------------------------
    def _seen(self) -> TimeRange:
        """Return the range that the scale shows; the model's own where it is the same."""
        ends = (self._model.start_ns, self._model.stop_ns)
        found = []
        for value, known in zip((self._x.min, self._x.max), ends, strict=True):
            if value is None or value == (known - self._origin) / 1e9:
                found.append(known)  # exact, where seconds in a float may not be
            else:
                found.append(self._origin + round(value * 1e9))
        start, stop = (min(max(ns, MIN_NS), MAX_NS) for ns in sorted(found))
        return TimeRange.from_ns(start, max(stop, start + 1))

    def _show_range(self, span: TimeRange) -> None:
        with self._x.hold_sync():
            self._x.min = (span.start_ns - self._origin) / 1e9
            self._x.max = (span.stop_ns - self._origin) / 1e9
        self._label(span)

    def _label(self, span: TimeRange) -> None:
        ticks = {(t - self._origin) / 1e9: text for t, text in time_ticks(span).items()}
        day = f"UTC, from {format_ns(span.start_ns)[:10]}"
        labels = {_key(value): text for value, text in ticks.items()}
        if labels != self._labels:
            self._faded, self._labels = self._labels, labels
        for plot in self._plots.values():
            axis = plot.x_axis
            axis.label = day
            # In two messages, the labels first: bqplot draws new ticks with the labels it has.
            # Those of ticks that are fading out stay for one more change.
            axis.tick_labels = {**self._faded, **labels}
            axis.tick_values = np.array(list(ticks), dtype=float)

    def _moved(self, _change: Any) -> None:
        """Wait for the other end of the scale to follow, then ask for the new range."""
        with self._lock:
            if self._timer is None:
                self._timer = threading.Timer(_SETTLE, self._settled)
                self._timer.daemon = True
                self._timer.start()

    def _settled(self) -> None:
        with self._lock:
            self._timer = None
            seen = self._seen()
            if seen != self._model.time_range:
                ends = {"start": str(seen.start_ns), "stop": str(seen.stop_ns)}
                self.command({"op": "set_time_range", **ends})

    def _ask(self, span: TimeRange) -> None:
        self._label(span)
        self._gen += 1
        drawn = [one for one in self._wanted() if one[0] in self._plots]
        self._engine.request(ViewRequest(_VIEW, self._gen, span, _WIDTH), drawn)

    def _work_ahead(self) -> None:
        """Do nothing: the figures are filled whether they are shown or not."""

    # -- tiles ----------------------------------------------------------------------------
    def _post(self, content: dict[str, Any], buffers: list[Any]) -> None:
        with self._lock:
            if content.get("items"):
                self._pictures.take(content, buffers)
            for item in content.get("items", ()):
                plot = self._plots.get(item["plot"])
                if plot is not None:
                    self._draw(plot, item, buffers)
            self._zone.messages = self._messages()

    def _draw(self, plot: _Plot, item: dict[str, Any], buffers: list[Any]) -> None:
        name = item["graph"]
        if item["status"] == "error":
            error = item["error"]
            parts = [f"!{item['label']}: {error['title']}: {error['message']}"]
            parts += [error[key] for key in ("hint", "traceback") if error[key]]
            plot.status[name] = "\n".join(parts)
            return
        printed = item.get("output")
        notes = [*item.get("notes", []), *([f"printed: {printed}"] if printed else [])]
        plot.status[name] = f"{item['label']}: {'; '.join(notes)}" if notes else ""
        if item["status"] == "empty":
            plot.status[name] = f"{item['label']}: {item['message']}"
            plot.marks.pop(name, None)
            plot.figure.marks = list(plot.marks.values())
        elif item["kind"] == "line":
            self._draw_line(plot, name, item, buffers)
        else:
            self._draw_image(plot, name, item, buffers)

    def _draw_line(self, plot: _Plot, name: str, item: dict[str, Any], buffers: list[Any]) -> None:
        x, y = _line_points(item, buffers, self._origin)
        spec = self._model.plot(item["plot"])
        plot.use_log(item["log"] if spec.y.log is None else spec.y.log is True)
        if plot.log:
            y = np.where(y > 0, y, np.nan)
        plot.label_y(y)
        mark = plot.marks.get(name)
        if isinstance(mark, bqplot.Lines):
            with mark.hold_sync():
                mark.x, mark.y, mark.labels = x, y, item["columns"]
            plot.dress(spec)
            return
        plot.marks[name] = bqplot.Lines(
            x=x, y=y, scales=plot.scales(self._x), labels=item["columns"],
        )  # fmt: skip
        plot.dress(spec)
        plot.figure.marks = list(plot.marks.values())
        plot.y_axis.label = f"{item['label']} [{item['unit']}]" if item["unit"] else item["label"]

    def _draw_image(self, plot: _Plot, name: str, item: dict[str, Any], buffers: list[Any]) -> None:
        n, m = item["n"], item["m"]
        shift = (int(item["t0"]) - self._origin) / 1e9
        x0, x1 = (_array(item, buffers, key, "f8") + shift for key in ("x0", "x1"))
        z = unpacked(item, "z", buffers[item["z"]]).reshape(n, m).T
        y = unpacked(item, "y", buffers[item["y"]])
        y = y.reshape(n, m)[0] if item["y_varying"] else y  # a heat map has one table
        order = np.argsort(y)
        if item["log"]:
            with np.errstate(divide="ignore", invalid="ignore"):
                z = np.where(z > 0, np.log10(z), np.nan)
        plot.use_log(item["y_log"])
        plot.label_y(y)
        color = bqplot.ColorScale(scheme="viridis")
        fields = {"x": (x0 + x1) / 2, "y": y[order].astype(float), "color": z[order]}
        mark = plot.marks.get(name)
        if isinstance(mark, bqplot.HeatMap):
            with mark.hold_sync():
                for key, value in fields.items():
                    setattr(mark, key, value)
            return
        plot.marks[name] = bqplot.HeatMap(
            **fields, scales={**plot.scales(self._x), "color": color}, null_color="transparent"
        )
        plot.figure.marks = list(plot.marks.values())
        plot.y_axis.label = f"{item['y_label']} [{item['y_unit']}]"

    def _gone(self, graphs: list[str]) -> None:
        self._pictures.drop(graphs)

    # -- drops ----------------------------------------------------------------------------
    def _dropped(self, _widget: Any, content: Any, _buffers: Any) -> None:
        try:
            self._add_dropped(content)
        except (SpeasyError, ValueError) as error:
            text = f"what was dropped cannot be shown: {error}"
            self._zone.messages = [*self._messages(), {"level": "error", "text": text}]

    def _add_dropped(self, content: Any) -> None:
        payload = content.get("payload") if isinstance(content, dict) else None
        if not isinstance(payload, str) or len(payload) > _MOST_PAYLOAD:
            raise ValueError(f"it carries no {MIME_PRODUCT}")
        value = json.loads(payload)
        products = value.get("products") if isinstance(value, dict) else None
        if not isinstance(products, list) or value.get("v") != 1:
            raise ValueError("it is not a product of the product tree")
        place, target = content.get("side"), content.get("plot")
        ids = [plot.id for plot in self._model.plots]
        index = None if target not in ids else ids.index(target) + (place == "below")
        plot = target if place == "on" and target in ids else None
        for product in products:
            name = product.get("id") if isinstance(product, dict) else None
            self.command({"op": "add_product", "product": name, "plot": plot, "index": index})
            if plot is None:  # the others of this drop go to the same new plot
                plot = next(p.id for p in self._model.plots if p.id not in ids)

    def close(self) -> None:
        """Stop computing and remove the panel from the page."""
        self.unlink()
        self._engine.close()
        super().close()

    def __repr__(self) -> str:
        return self.describe()


def _key(value: float) -> str:
    """Return the key under which JavaScript looks for the label of `value`."""
    return str(int(value)) if math.isfinite(value) and value == int(value) else repr(value)
