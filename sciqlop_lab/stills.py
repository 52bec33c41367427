"""A still picture of a panel for pages without a kernel: drawn of what was computed so far."""

from __future__ import annotations

import base64
import importlib
import io
import logging
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.util import find_spec
from textwrap import fill
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from speasy_core.timerange import format_ns

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from .spec import PanelSpec, PlotSpec

__all__ = ["Still", "draw", "warm_up"]

_log = logging.getLogger(__name__)

_WAIT = 0.6  # seconds that a cell's output may wait for data that is being computed
_DRAW = 1.0  # and for the drawing
_COLORS = ("#0072b2", "#009e73", "#d55e00", "#a8588a", "#b07d00", "#3a93c9", "#7a7a00")
_MOST_PLOTS = 12
_MOST_COLUMNS = 16

Item = tuple[Mapping[str, Any], Mapping[str, bytes]]


@cache
def warm_up() -> None:
    """Import what draws, in the background, when the first panel of a notebook is made."""
    ipython = sys.modules.get("IPython")
    shell = None if ipython is None else ipython.get_ipython()
    if getattr(shell, "kernel", None) is None or find_spec("matplotlib") is None:
        return

    def work() -> None:
        importlib.import_module("matplotlib.figure")
        importlib.import_module("matplotlib.backends.backend_agg")

    threading.Thread(target=work, name="sciqlop-still-import", daemon=True).start()


class Still:
    """The part of a panel that puts a picture beside it into the notebook.

    A panel has `_still_items`: the newest items that were computed while no view asked.
    """

    def _still_items(self) -> dict[str, list[Item]]:
        return {}

    def still(self) -> bytes | None:
        """Return the panel as PNG, from what is computed; None without matplotlib or in vain.

        Waits at most about a second.
        """
        panel: Any = self
        try:
            import matplotlib  # noqa: F401 - optional: found missing before anything waits
        except ImportError:
            return None
        panel.wait(_WAIT)
        done: list[bytes] = []

        def work() -> None:
            try:
                done.append(draw(panel.model, self._still_items()))
            except Exception:  # noqa: BLE001 - a picture less is no reason to show no panel
                _log.exception("no still picture of a panel")

        thread = threading.Thread(target=work, name="sciqlop-still", daemon=True)
        thread.start()
        thread.join(_DRAW)
        return done[0] if done else None

    def _repr_mimebundle_(self, **options: Any) -> Any:
        bundle = super()._repr_mimebundle_(**options)  # type: ignore[misc]
        data, metadata = bundle if isinstance(bundle, tuple) else (bundle, {})
        began = time.monotonic()
        picture = self.still() if data else None
        if picture is not None:
            data = {**data, "image/png": base64.b64encode(picture).decode()}
        _log.debug("still picture: %.2f s", time.monotonic() - began)
        return (data, metadata) if isinstance(bundle, tuple) else data


def draw(model: PanelSpec, items: Mapping[str, Sequence[Item]]) -> bytes:
    """Return a PNG of a panel.

    Parameters
    ----------
    model : PanelSpec
    items : mapping of str to sequences
        By graph, items of a ``tiles`` message with the bytes of their arrays.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.dates import AutoDateLocator, ConciseDateFormatter
    from matplotlib.figure import Figure

    plots = model.plots[:_MOST_PLOTS]
    count = max(1, len(plots))
    figure = Figure(figsize=(9, min(20, 0.7 + 1.7 * count)), dpi=80)
    FigureCanvasAgg(figure)
    height = figure.get_figheight()
    grid = figure.subplots(count, 1, sharex=True, squeeze=False)[:, 0]
    # no automatic layout: it would draw everything twice
    figure.subplots_adjust(
        left=0.09, right=0.9, bottom=0.35 / height, top=1 - 0.32 / height, hspace=0.12
    )
    for ax, plot in zip(grid, plots, strict=False):
        _plot(ax, plot, items)
        for span in model.spans:
            ax.axvspan(
                _date(span.start_ns), _date(span.stop_ns), color=span.color or "C1", alpha=0.2
            )
    last = grid[-1]
    last.set_xlim(_date(model.start_ns), _date(model.stop_ns))
    locator = AutoDateLocator()  # type: ignore[no-untyped-call]
    last.xaxis.set_major_locator(locator)
    last.xaxis.set_major_formatter(ConciseDateFormatter(locator))  # type: ignore[no-untyped-call]
    ends = f"{format_ns(model.start_ns)[:19]} – {format_ns(model.stop_ns)[:19]} UTC"
    title = _plain(f"{model.title} · {ends}" if model.title else ends)
    figure.suptitle(title, fontsize=9, x=0.01, y=1 - 0.06 / height, ha="left", va="top")
    out = io.BytesIO()
    figure.savefig(out, format="png")
    return out.getvalue()


def _date(ns: Any) -> Any:
    return np.asarray(ns, np.int64).astype("datetime64[ns]")


def _plain(text: str) -> str:
    return text.replace("$", r"\$")


def _plot(ax: Axes, plot: PlotSpec, items: Mapping[str, Sequence[Item]]) -> None:
    drawn, labels = 0, []
    names: list[str] = []
    for graph in plot.graphs:
        good = [item for item in items.get(graph.id, ()) if item[0].get("status") == "ok"]
        good = [item for item in good if not item[0].get("draft")] or good
        for fields, arrays in good:
            if fields["kind"] == "image":
                _image(ax, fields, arrays, plot)
            elif fields["kind"] == "line":
                _lines(ax, fields, arrays, drawn, graph.colors)
        lines = next((f for f, _ in good if f["kind"] == "line"), None)
        if lines is not None:
            names += lines["columns"]
            drawn += len(lines["columns"])
        labels += [_label(good[0][0])] if good else [graph.label or graph.product]
    ax.set_ylabel(_plain(fill(", ".join(dict.fromkeys(labels))[:75], 25)), fontsize=7)
    ax.tick_params(labelsize=7)
    scale = plot.y.log
    if scale:
        ax.set_yscale("symlog" if scale == "symlog" else "log")
    if plot.y.range is not None:
        ax.set_ylim(*plot.y.range)
    for i, name in enumerate(names[:_MOST_COLUMNS] if len(names) > 1 else ()):
        ax.annotate(
            _plain(name), (1.005, 0.95 - 0.11 * i), xycoords="axes fraction", fontsize=7,
            color=_COLORS[i % len(_COLORS)], va="top", annotation_clip=False,
        )  # fmt: skip


def _label(fields: Mapping[str, Any]) -> str:
    image = fields["kind"] == "image"
    name = fields.get("y_label" if image else "label") or ""
    unit = fields.get("y_unit" if image else "unit") or ""
    return f"{name} [{unit}]" if unit else str(name)


def _times(fields: Mapping[str, Any], seconds: NDArray[Any]) -> Any:
    return _date(int(fields["t0"]) + np.rint(seconds * 1e9).astype(np.int64))


def _lines(
    ax: Axes, fields: Mapping[str, Any], arrays: Mapping[str, bytes], first: int, colors: Any
) -> None:
    seconds = np.frombuffer(arrays["t"], np.float64)
    values = np.frombuffer(arrays["y"], np.float32)
    columns = len(fields["columns"])
    if fields["mode"] == "m4":
        # first, minimum, maximum and last of a pixel column, from left to right in it
        quarters = seconds[:, None] + fields["dt"] * np.array([0.125, 0.375, 0.625, 0.875])
        times = _times(fields, quarters.ravel())
        values = values.reshape(columns, 4, -1).transpose(0, 2, 1).reshape(columns, -1)
    else:
        times, values = _times(fields, seconds), values.reshape(columns, -1)
    for i, line in enumerate(values[:_MOST_COLUMNS]):
        given = colors[i] if colors and i < len(colors) and colors[i].startswith("#") else None
        ax.plot(times, line, color=given or _COLORS[(first + i) % len(_COLORS)], linewidth=0.7)


def _image(
    ax: Axes, fields: Mapping[str, Any], arrays: Mapping[str, bytes], plot: PlotSpec
) -> None:
    from matplotlib.colors import LogNorm

    n, m = fields["n"], fields["m"]
    scale = fields.get("z_scale")
    kind = np.float32 if scale is None else np.float16
    values = np.frombuffer(arrays["z"], kind).reshape(n, m).astype(np.float32) * (scale or 1)
    y = np.frombuffer(arrays["y"], np.float32)
    y = (y.reshape(n, m)[n // 2] if fields.get("y_varying") else y).astype(float)
    order = np.argsort(y)
    good = order[np.isfinite(y[order]) & ((y[order] > 0) | (not fields["y_log"]))]
    if not len(good) or not n:
        return
    log = fields["log"] if plot.z.log is None else plot.z.log
    seen = values[np.isfinite(values) & ((values > 0) | (not log))]
    if not seen.size:
        return
    low, high = plot.z.range or np.percentile(seen, (2, 98))
    left = _times(fields, np.frombuffer(arrays["x0"], np.float64))
    name = plot.z.colormap or "viridis"
    how: dict[str, Any] = (
        {"norm": LogNorm(low, max(high, low * 1.01))} if log else {"vmin": low, "vmax": high}
    )
    ax.pcolormesh(
        left, y[good], np.ma.masked_invalid(values[:, good].T), shading="nearest", cmap=name, **how
    )
    if fields["y_log"]:
        ax.set_yscale("log")
