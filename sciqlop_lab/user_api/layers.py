"""Layers: functions that mark what they find in what is visible.

A layer is called with the visible range, or with the data of a graph, whenever the panel has come
to rest at another range; what it returns is drawn over the plots.
"""

from __future__ import annotations

import inspect
import threading
import warnings
import weakref
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from sciqlop_lab import commands
from sciqlop_lab.virtual import MultiComponent, Scalar, Spectrogram, Vector
from sciqlop_lab.virtual.knobs import extract_specs_from_callback, validate_dict
from speasy_core.calling import argument_form
from speasy_core.errors import InvalidRequest, SpeasyWarning
from speasy_core.timerange import TimeRange, to_ns
from speasy_core.variable import SpeasyVariable

__all__ = [
    "HLine", "Layer", "Marker", "MultiComponent", "Scalar", "Span", "Spectrogram", "Vector",
    "attach_layer", "layers", "register_layer",
]  # fmt: skip

_SCOPES = ("auto", "panel", "plot")
_KINDS = ("scalar", "vector", "multicomponent", "spectrogram")
_MOST = 2000
_QUIET = 0.15  # seconds without another movement after which a layer is called


def _seconds(value: Any) -> float:
    return float(value) if isinstance(value, (int, float)) else to_ns(value) / 1e9


@dataclass(frozen=True)
class Marker:
    """An instant."""

    time: Any
    value: float | None = None
    label: str = ""
    color: str = "#e74c3c"
    meta: Mapping[str, Any] = field(default_factory=dict)

    def _items(self) -> list[dict[str, Any]]:
        look = {"text": self.label, "color": self.color}
        if self.value is None:
            return [{"kind": "vline", "x": _seconds(self.time), "dashed": True, **look}]
        return [{"kind": "text", "x": _seconds(self.time), "y": float(self.value), **look,
                 "text": f"▾ {self.label}".strip()}]  # fmt: skip


@dataclass(frozen=True)
class Span:
    """A range of time."""

    start: Any
    stop: Any
    label: str = ""
    color: str = "#3498db"
    meta: Mapping[str, Any] = field(default_factory=dict)

    def _items(self) -> list[dict[str, Any]]:
        x, x1 = _seconds(self.start), _seconds(self.stop)
        return [{"kind": "band", "x": x, "x1": x1, "text": self.label, "color": self.color}]


@dataclass(frozen=True)
class HLine:
    """A value."""

    value: float
    label: str = ""
    color: str = "#2ecc71"
    meta: Mapping[str, Any] = field(default_factory=dict)

    def _items(self) -> list[dict[str, Any]]:
        return [{"kind": "hline", "y": float(self.value), "text": self.label, "color": self.color}]


@dataclass(frozen=True)
class Layer:
    """A function as a layer; it stays callable.

    Attributes
    ----------
    path : str
    function : callable
        ``f(start, stop, **knobs)`` or ``f(data: Vector, **knobs)``.
    scope : {"auto", "panel", "plot"}
        All plots, or one: by default one where it is given data, else all.
    """

    path: str
    function: Callable[..., Any]
    scope: str = "auto"

    @property
    def wants(self) -> str | None:
        """The kind of data that it is given; None for one that is given a range."""
        for parameter in inspect.signature(self.function, eval_str=True).parameters.values():
            kind = getattr(parameter.annotation, "kind", None)
            return kind if isinstance(kind, str) and kind in _KINDS else None
        raise InvalidRequest(f"the layer {self.path} takes no arguments")

    def __call__(self, *args: Any, **knobs: Any) -> Any:
        """Call the function."""
        return self.function(*args, **knobs)


layers: dict[str, Layer] = {}


def register_layer(path: Any = None, scope: str = "auto") -> Any:
    """Make a layer of the function below.

    Parameters
    ----------
    path : str, optional
        Its name; the function's when left out (also as bare decorator).
    scope : {"auto", "panel", "plot"}

    Examples
    --------
    >>> @register_layer("marks/middle")
    ... def middle(start: float, stop: float):
    ...     return [Marker((start + stop) / 2, label="middle")]
    >>> middle.path
    'marks/middle'
    """
    if scope not in _SCOPES:
        raise InvalidRequest(f"scope={scope!r}", hint=f"one of {', '.join(_SCOPES)}")

    def decorate(function: Callable[..., Any]) -> Layer:
        name = path if isinstance(path, str) else getattr(function, "__name__", "layer")
        layers[name] = Layer(name, function, scope)
        for running in list(_running):
            if running.path == name:
                running.call_soon()
        return layers[name]

    return decorate(path) if callable(path) else decorate


_running: weakref.WeakSet[AttachedLayer] = weakref.WeakSet()


class AttachedLayer:
    """A layer in a panel; `remove` takes it away."""

    def __init__(
        self, panel: Any, layer: Layer, plot: str | None, knobs: Mapping[str, Any]
    ) -> None:
        self.path, self._plot, self._given = layer.path, plot, dict(knobs)
        self._layer, self._panel = layer, weakref.ref(panel)
        self._timer: threading.Timer | None = None
        self._span: TimeRange | None = None
        self.error: Exception | None = None
        panel.observe(self._moved, names="spec")
        _running.add(self)
        self.call_soon()

    def _moved(self, _change: Any) -> None:
        panel = self._panel()
        if panel is not None and panel.time_range != self._span:
            self.call_soon()

    def call_soon(self) -> None:
        """Call the function once the panel rests."""
        if self._timer is not None:
            self._timer.cancel()
        self._timer = threading.Timer(_QUIET, self.update)
        self._timer.daemon = True
        self._timer.start()

    def update(self) -> None:
        """Call the function now, and draw what it returns."""
        panel = self._panel()
        if panel is None:
            return
        self._span = panel.time_range
        try:
            found = _items_of(self._call(panel, self._span), self.path)
            self.error = None
        except Exception as error:  # noqa: BLE001 - a function of the user's may raise anything
            self.error, found = error, [_told(error, self.path)]
        self._draw(panel, found)

    def _call(self, panel: Any, span: TimeRange) -> Any:
        layer = layers.get(self.path, self._layer)
        specs = extract_specs_from_callback(layer.function)
        knobs = validate_dict(specs, self._given, where=layer.path)
        if layer.wants is None:
            return layer.function(*argument_form(layer.function, layer.path)(span), **knobs)
        return layer.function(self._data(panel, layer, span), **knobs)

    def _data(self, panel: Any, layer: Layer, span: TimeRange) -> SpeasyVariable:
        wanted = layer.wants
        for plot, graph in panel.model.graphs:
            if self._plot not in (None, plot):
                continue
            known = panel._data.get(graph.product)
            v: SpeasyVariable
            if known is None:
                how = dict(graph.knobs)
                v = panel.session.get_data(graph.product, span.start, span.stop, **how)
            else:
                v = known[span.start : span.stop]
            if v.kind == wanted:
                return v
        raise InvalidRequest(f"no {wanted} is plotted where the layer {layer.path} looks")

    def _draw(self, panel: Any, found: list[dict[str, Any]]) -> None:
        shown = [plot.id for plot in panel.model.plots]
        for plot in shown if self._plot is None else [p for p in shown if p == self._plot]:
            command = {"op": "set_items", "plot": plot, "layer": self.path, "items": found}
            with panel._lock:  # not a step of undo: the function did it, not the user
                panel._adopt(commands.apply(panel.model, command))

    def remove(self) -> None:
        """Take it away."""
        _running.discard(self)
        if self._timer is not None:
            self._timer.cancel()
        panel = self._panel()
        if panel is not None:
            panel.unobserve(self._moved, names="spec")
            self._draw(panel, [])


def _told(error: Exception, path: str) -> dict[str, Any]:
    text = f"{path}: {type(error).__name__}: {error}"[:300]
    return {"kind": "text", "in": "pixels", "x": 8.0, "y": 34.0, "text": text, "color": "#d32f2f"}


def _items_of(found: Any, path: str) -> list[dict[str, Any]]:
    marks = [found] if isinstance(found, (Marker, Span, HLine)) else list(found or ())
    for mark in marks:
        if not isinstance(mark, (Marker, Span, HLine)):
            raise InvalidRequest(
                f"the layer {path} returned a {type(mark).__name__}",
                hint="it returns a list of Marker, Span and HLine",
            )
    if len(marks) > _MOST:
        warnings.warn(f"{path}: {len(marks)} marks, {_MOST} are drawn", SpeasyWarning, stacklevel=2)
    return [item for mark in marks[:_MOST] for item in mark._items()]


def attach_layer(
    panel: Any,
    layer: Any,
    *,
    plot_index: int = 0,
    scope: str = "auto",
    knobs: Mapping[str, Any] | None = None,
) -> AttachedLayer:
    """Let a layer mark a panel.

    Parameters
    ----------
    panel : Panel
    layer : Layer, function or str
        One that is registered may be named.
    plot_index : int
        Where it looks for data, and draws when its scope is a plot.
    scope : {"auto", "panel", "plot"}
        Replaces that of the layer.
    knobs : mapping, optional

    Raises
    ------
    InvalidRequest
        There is no such layer or plot, or the renderer has none.
    """
    if isinstance(layer, str):
        if layer not in layers:
            raise InvalidRequest(f"there is no layer {layer!r}", hint=", ".join(layers) or None)
        layer = layers[layer]
    made = layer if isinstance(layer, Layer) else Layer(layer.__name__, layer, scope)
    where = made.scope if scope == "auto" else scope
    one = where == "plot" or (where == "auto" and made.wants is not None)
    if not hasattr(panel, "observe"):
        raise InvalidRequest("layers need the canvas renderer")
    plots = panel.model.plots
    if one and not -len(plots) <= plot_index < len(plots):
        raise InvalidRequest(f"there is no plot {plot_index}", hint=f"there are {len(plots)}")
    return AttachedLayer(panel, made, plots[plot_index].id if one else None, knobs or {})
