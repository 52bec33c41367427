"""A panel as a PNG, painted by Pillow from the items of ``tiles`` messages.

It is meant for a look: lines, spectrograms, ticks and names. Exports are drawn by the page.
"""

from __future__ import annotations

import io
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from speasy_core.timerange import format_ns

from .bq_axis import time_ticks
from .packing import unpacked

if TYPE_CHECKING:
    from PIL.ImageDraw import ImageDraw

    from .spec import PanelSpec, PlotSpec

__all__ = ["Item", "draw"]

Item = tuple[Mapping[str, Any], Mapping[str, bytes]]
Floats = NDArray[np.float64]

_WIDTH, _HEIGHT, _GAP = 880, 130, 10
_LEFT, _RIGHT, _TOP, _BOTTOM = 96, 96, 24, 24
_COLORS = ("#0072b2", "#009e73", "#d55e00", "#a8588a", "#b07d00", "#3a93c9", "#7a7a00")
_MOST_PLOTS, _MOST_COLUMNS = 12, 8
_TEXT, _FRAME = "#404040", "#9e9e9e"

# nine colours from low to high each
_MAPS = {
    "viridis": "440154 472d7b 3b528b 2c728e 21918c 28ae80 5ec962 addc30 fde725",
    "magma": "000004 1d1147 51127c 832681 b73779 e75263 fc8961 fec488 fcfdbf",
    "plasma": "0d0887 4c02a1 7e03a8 aa2395 cc4778 e66c5c f89540 fdc527 f0f921",
    "inferno": "000004 210c4a 57106e 8a226a bc3754 e45a31 f98e09 f9cb35 fcffa4",
    "cividis": "00224e 1a386f 434e6c 61656f 7d7c78 9b9476 bcae6c dec958 fee838",
    "turbo": "30123b 466be3 28bceb 32f298 a4fc3c eecf3a fb7e21 d02f05 7a0403",
    "jet": "000080 0000ff 0080ff 16ffe1 7dff7a e4ff13 ff9400 ff1e00 800000",
    "gray": "000000 202020 404040 606060 808080 a0a0a0 c0c0c0 e0e0e0 ffffff",
}


@dataclass
class _Canvas:
    """One plot: where it lies in the picture, and what its axes show."""

    draw: ImageDraw
    font: Any
    top: int
    span: tuple[int, int]
    low: float = 0.0
    high: float = 1.0
    log: bool = False

    @property
    def bottom(self) -> int:
        return self.top + _HEIGHT

    def x(self, ns: Any) -> Any:
        start, stop = self.span
        return _LEFT + (ns - start) / (stop - start) * (_WIDTH - _LEFT - _RIGHT)

    def y(self, values: Any) -> Any:
        part = (self._bent(values) - self._bent(self.low)) / self._height
        return self.bottom - np.clip(part, -4, 5) * _HEIGHT

    @property
    def _height(self) -> float:
        return float(self._bent(self.high) - self._bent(self.low)) or 1.0

    def _bent(self, values: Any) -> Any:
        if not self.log:
            return np.asarray(values, float)
        with np.errstate(all="ignore"):
            return np.log10(np.where(np.asarray(values) > 0, values, np.nan))

    def text(self, at: tuple[float, float], text: str, anchor: str, color: str = _TEXT) -> None:
        self.draw.text(at, text, fill=color, font=self.font, anchor=anchor)


def draw(model: PanelSpec, items: Mapping[str, Sequence[Item]]) -> bytes:
    """Return a PNG of a panel.

    Parameters
    ----------
    model : PanelSpec
    items : mapping of str to sequences
        By graph, items of a ``tiles`` message with the bytes of their arrays.
    """
    from PIL import Image, ImageDraw, ImageFont

    plots = model.plots[:_MOST_PLOTS]
    count = max(1, len(plots))
    height = _TOP + count * _HEIGHT + (count - 1) * _GAP + _BOTTOM
    picture = Image.new("RGB", (_WIDTH, height), "white")
    pen = ImageDraw.Draw(picture)
    font = ImageFont.load_default(11)
    span = (model.start_ns, model.stop_ns)
    ends = f"{format_ns(span[0])[:19]} to {format_ns(span[1])[:19]} UTC"
    pen.text((8, 5), f"{model.title} · {ends}" if model.title else ends, fill=_TEXT, font=font)
    for i in range(count):
        canvas = _Canvas(pen, font, _TOP + i * (_HEIGHT + _GAP), span)
        if i < len(plots):
            _plot(canvas, picture, plots[i], items)
        _frame(canvas, model, labels=i == count - 1)
    out = io.BytesIO()
    # exact colours: a palette takes longer, or makes bands of a colour map
    picture.save(out, format="png", compress_level=3)
    return out.getvalue()


def _plot(
    canvas: _Canvas, picture: Any, plot: PlotSpec, items: Mapping[str, Sequence[Item]]
) -> None:
    graphs = [(graph, _good(items.get(graph.id, ()))) for graph in plot.graphs]
    flat = [item for _, good in graphs for item in good]
    images = [item for item in flat if item[0]["kind"] == "image"]
    lines = [item for item in flat if item[0]["kind"] == "line"]
    labels = [_label(good[0][0]) if good else g.label or g.product for g, good in graphs]
    scale = plot.y.log if plot.y.log is not None else _is_log(images or lines, bool(images))
    canvas.log = scale is True
    values = [_channels(*item) for item in images] or [_values(*item) for item in lines]
    canvas.low, canvas.high = plot.y.range or _limits(values, canvas.log, edge=not images)
    colors = _ColorScale.of(plot, images)
    for fields, arrays in images:
        _image(canvas, picture, fields, arrays, colors)
    _ticks(canvas)
    names: list[str] = []
    for graph, good in graphs if not images else ():
        first = len(names)
        for fields, arrays in good:
            if fields["kind"] == "line":
                _lines(canvas, fields, arrays, first, graph.colors)
        named: list[str] = next((f["columns"] for f, _ in good if f["kind"] == "line"), [])
        names += named
    # what left the plot is cut off at its borders
    canvas.draw.rectangle((0, canvas.bottom + 1, _WIDTH, canvas.bottom + _GAP - 1), fill="white")
    for i, name in enumerate(names[:_MOST_COLUMNS] if len(names) > 1 else ()):
        canvas.text(
            (_WIDTH - _RIGHT + 6, canvas.top + 4 + 14 * i), name[:14], "la",
            _COLORS[i % len(_COLORS)],
        )  # fmt: skip
    for i, text in enumerate(_fold(", ".join(dict.fromkeys(labels)))):
        canvas.text((4, canvas.top + _HEIGHT / 2 - 14 + 14 * i), text, "la")


def _good(items: Sequence[Item]) -> list[Item]:
    good = [item for item in items if item[0].get("status") == "ok"]
    good = [
        item for item in good if item[0]["kind"] in ("line", "image") and "x_label" not in item[0]
    ]
    return [item for item in good if not item[0].get("draft")] or good


def _is_log(items: Sequence[Item], image: bool) -> bool:
    return bool(items) and bool(items[0][0].get("y_log" if image else "log"))


def _label(fields: Mapping[str, Any]) -> str:
    image = fields["kind"] == "image"
    name = fields.get("y_label" if image else "label") or ""
    unit = fields.get("y_unit" if image else "unit") or ""
    return f"{name} [{unit}]" if unit else str(name)


def _fold(text: str) -> list[str]:
    """Return at most three lines that fit beside a plot."""
    words, lines = text.split(), [""]
    for word in words:
        if lines[-1] and len(lines[-1]) + len(word) >= 11:
            lines.append("")
        lines[-1] = f"{lines[-1]} {word}".strip()[:12]
    return lines[:3]


def _limits(values: Sequence[Floats], log: bool, *, edge: bool) -> tuple[float, float]:
    seen = [v[np.isfinite(v) & ((v > 0) | (not log))] for v in values]
    seen = [v for v in seen if v.size]
    if not seen:
        return (1.0, 10.0) if log else (0.0, 1.0)
    low, high = min(float(v.min()) for v in seen), max(float(v.max()) for v in seen)
    if low == high:
        return (low / 2, high * 2) if log else (low - 1, high + 1)
    if not edge:
        return low, high
    if log:
        room = (high / low) ** 0.05
        return low / room, high * room
    return low - (high - low) * 0.05, high + (high - low) * 0.05


def _values(fields: Mapping[str, Any], arrays: Mapping[str, bytes]) -> Floats:
    return unpacked(fields, "y", arrays["y"]).astype(float)


def _channels(fields: Mapping[str, Any], arrays: Mapping[str, bytes]) -> Floats:
    y = unpacked(fields, "y", arrays["y"]).astype(float)
    varying = y.reshape(fields["n"], fields["m"]) if fields.get("y_varying") else None
    return y if varying is None else varying[len(varying) // 2]


def _times(fields: Mapping[str, Any], seconds: NDArray[Any]) -> NDArray[np.int64]:
    return int(fields["t0"]) + np.rint(seconds * 1e9).astype(np.int64)


def _lines(
    canvas: _Canvas, fields: Mapping[str, Any], arrays: Mapping[str, bytes], first: int, colors: Any
) -> None:
    seconds = np.frombuffer(arrays["t"], np.float64)
    columns = len(fields["columns"])
    values = unpacked(fields, "y", arrays["y"]).reshape(columns, -1)
    if fields["mode"] == "m4":
        # first, minimum, maximum and last of a pixel column, from left to right in it
        quarters = seconds[:, None] + fields["dt"] * np.array([0.125, 0.375, 0.625, 0.875])
        seconds = quarters.ravel()
        values = values.reshape(columns, 4, -1).transpose(0, 2, 1).reshape(columns, -1)
    xs = canvas.x(_times(fields, seconds))
    inside = (xs >= _LEFT) & (xs <= _WIDTH - _RIGHT)
    for i, line in enumerate(values[:_MOST_COLUMNS]):
        given = colors[i] if colors and i < len(colors) else None
        color = given if given and given.startswith("#") else _COLORS[(first + i) % len(_COLORS)]
        ys = np.clip(canvas.y(line), canvas.top, canvas.bottom)
        good = inside & np.isfinite(ys)
        for run in np.split(np.arange(len(xs)), np.flatnonzero(np.diff(good)) + 1):
            if len(run) > 1 and good[run[0]]:
                points = np.column_stack([xs[run], ys[run]]).ravel().tolist()
                canvas.draw.line(points, fill=color[:7], width=1)
            elif len(run) and good[run[0]]:
                canvas.draw.point((float(xs[run[0]]), float(ys[run[0]])), fill=color[:7])


def _cells(fields: Mapping[str, Any], arrays: Mapping[str, bytes]) -> Floats:
    return unpacked(fields, "z", arrays["z"]).reshape(fields["n"], fields["m"]).astype(float)


@dataclass
class _ColorScale:
    """Values to colours, the same for all tiles of a plot."""

    low: float
    high: float
    log: bool
    table: NDArray[np.uint8]

    @classmethod
    def of(cls, plot: PlotSpec, images: Sequence[Item]) -> _ColorScale:
        log = plot.z.log if plot.z.log is not None else _is_log_color(images)
        low, high = plot.z.range or _limits([_cells(*i) for i in images], log, edge=False)
        return cls(low, high, log, _table(plot.z.colormap or "viridis"))

    def _bent(self, values: Any) -> Any:
        with np.errstate(all="ignore"):
            return np.log10(np.where(values > 0, values, np.nan)) if self.log else values

    def paint(self, values: Floats) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
        """Return (rows, columns, 3) colours, and where there are any: 255, else 0."""
        low, high = (float(self._bent(np.float64(v))) for v in (self.low, self.high))
        part = (self._bent(values) - low) / ((high - low) or 1.0)
        index = np.nan_to_num(np.clip(part, 0, 1) * 255).astype(np.uint8)
        return self.table[index], np.where(np.isfinite(part), 255, 0).astype(np.uint8)


def _is_log_color(images: Sequence[Item]) -> bool:
    return bool(images) and bool(images[0][0]["log"])


def _image(
    canvas: _Canvas, picture: Any, fields: Mapping[str, Any], arrays: Mapping[str, bytes],
    colors: _ColorScale,
) -> None:  # fmt: skip
    from PIL import Image

    n, z = fields["n"], _cells(fields, arrays)
    channels = canvas.y(_channels(fields, arrays))
    left = canvas.x(_times(fields, np.frombuffer(arrays["x0"], np.float64)))
    right = canvas.x(_times(fields, np.frombuffer(arrays["x1"], np.float64)))
    if not n or not np.isfinite(channels).any():
        return
    # nearest column and nearest channel of each pixel
    across = np.arange(_LEFT, _WIDTH - _RIGHT) + 0.5
    down = np.arange(canvas.top, canvas.bottom) + 0.5
    column = np.clip(np.searchsorted(left, across, "right") - 1, 0, n - 1)
    known = (across >= left[column]) & (across < np.maximum(right[column], left[column] + 1))
    filled = np.where(np.isfinite(channels), channels, np.inf)
    row = np.abs(filled[None, :] - down[:, None]).argmin(axis=1)
    pixels = z[np.ix_(column, row)].T
    pixels = np.where(known[None, :], pixels, np.nan)
    rgb, known_here = colors.paint(pixels)
    # tiles lie side by side: each leaves alone what it does not know
    picture.paste(Image.fromarray(rgb), (_LEFT, canvas.top), Image.fromarray(known_here))


def _table(name: str) -> NDArray[np.uint8]:
    marks = np.array([list(bytes.fromhex(c)) for c in _MAPS.get(name, _MAPS["viridis"]).split()])
    at = np.linspace(0, len(marks) - 1, 256)
    return np.column_stack(
        [np.interp(at, np.arange(len(marks)), marks[:, c]) for c in range(3)]
    ).astype(np.uint8)


def _ticks(canvas: _Canvas) -> None:
    if canvas.log:
        ends = math.ceil(math.log10(canvas.low)), math.floor(math.log10(canvas.high))
        step = max(1, (ends[1] - ends[0]) // 4)
        marks = [10.0**e for e in range(ends[0], ends[1] + 1, step)]
    else:
        rough = (canvas.high - canvas.low) / 4
        power = 10.0 ** math.floor(math.log10(rough)) if rough > 0 else 1.0
        step_size = next(k for k in (1, 2, 5, 10) if k * power >= rough) * power
        first = math.ceil(canvas.low / step_size)
        marks = [k * step_size for k in range(first, first + 6) if k * step_size <= canvas.high]
    for mark in marks:
        y = float(canvas.y(mark))
        canvas.draw.line((_LEFT - 4, y, _LEFT, y), fill=_FRAME)
        canvas.text((_LEFT - 6, y), f"{mark:.4g}", "rm")


def _frame(canvas: _Canvas, model: PanelSpec, *, labels: bool) -> None:
    for ns, text in time_ticks(model.time_range, 8).items():
        x = float(canvas.x(ns))
        canvas.draw.line((x, canvas.bottom, x, canvas.bottom + 4), fill=_FRAME)
        if labels:
            canvas.text((x, canvas.bottom + 6), text, "ma")
    for span in model.spans:
        ends = (float(canvas.x(span.start_ns)), float(canvas.x(span.stop_ns)))
        left, right = max(ends[0], _LEFT), min(ends[1], _WIDTH - _RIGHT)
        if left <= right:
            canvas.draw.rectangle((left, canvas.top, right, canvas.top + 3), fill="#2aa198")
    box = (_LEFT, canvas.top, _WIDTH - _RIGHT, canvas.bottom)
    canvas.draw.rectangle(box, outline=_FRAME)
