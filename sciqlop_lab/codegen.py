"""A panel as Python: a script that draws the same figure, and one that makes the same panel."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from speasy_core.errors import InvalidRequest
from speasy_core.product import ProductRef
from speasy_core.timerange import format_ns

from . import namespace, virtual
from .choosing import is_archive, options_of
from .codesource import Gathered, gather
from .graphdata import DATA, variable_name
from .overlays import CATALOG, color_of, intervals
from .spec import GraphSpec, PanelSpec, PlotSpec

__all__ = ["SCRIPTS", "copy_code", "script"]

SCRIPTS = ("matplotlib", "panel")
# the colours of lines in the panel on a light ground, twin of LIGHT in js/src/widget/theme.ts
COLORS = ("#0072b2", "#009e73", "#d55e00", "#a8588a", "#b07d00", "#3a93c9", "#7a7a00")
_MOST_EVENTS = 2000

_STAND_IN = '''
def virtual_product(path, **options):
    """Make a product of the function below, as sciqlop_lab does."""
    if callable(path):
        return virtual_product(path.__name__)(path)

    def register(function):
        form = argument_form(function, path)

        def answer(span):
            found = function(*form(span))
            if isinstance(found, spz.SpeasyVariable):
                return found
            time, *_, values = found
            time = np.asarray(time)
            if time.dtype.kind != "M":
                time = (time * 1e9).astype("datetime64[ns]")
            return spz.SpeasyVariable.from_unsorted(time, values, name=function.__name__)

        spz.default_session().providers["vp"].register(path, answer, kind="unknown")
        return function

    return register
'''


def script(panel: Any, kind: str = "matplotlib", plots: list[str] | None = None) -> str:
    """Return Python that shows what a panel shows.

    Parameters
    ----------
    kind : {"matplotlib", "panel"}
        A figure of matplotlib, made with speasy_core alone, or a panel.
    plots : list of str, optional
        Ids of the plots that are meant, by default all.
    """
    if kind not in SCRIPTS:
        raise InvalidRequest(f"{kind!r:.40} is no kind of code", hint=", ".join(SCRIPTS))
    model: PanelSpec = panel.model
    chosen = [p for p in model.plots if plots is None or p.id in plots]
    products = [
        g.product for p in chosen for g in p.graphs
        if g.product.startswith(f"{virtual.PROVIDER}/")
    ]  # fmt: skip
    found = gather(products, dict(model.functions))
    make = _figure if kind == "matplotlib" else _panel
    return make(panel, model, chosen, found)


def copy_code(panel: Any, args: Mapping[str, Any]) -> str:
    """Answer a page: the code of the panel, or of one `plot`."""
    plot = args.get("plot")
    return script(panel, args.get("kind", ""), None if plot is None else [str(plot)])


def _missing(found: Gathered) -> list[str]:
    return [
        f"# {product} is a function whose Python is not known: define it here" for product
        in found.missing
    ]  # fmt: skip


def _times(model: PanelSpec) -> str:
    return f'start, stop = "{format_ns(model.start_ns)}", "{format_ns(model.stop_ns)}"'


def _text(value: Any) -> str:
    """Return a literal of Python, text in double quotes."""
    return json.dumps(value, ensure_ascii=False) if isinstance(value, str) else repr(value)


# -- the panel again ----------------------------------------------------------------------------
def _panel(panel: Any, model: PanelSpec, plots: list[PlotSpec], found: Gathered) -> str:
    names = "Panel, virtual_product" if found.definitions else "Panel"
    own = f"from sciqlop_lab import {names}"
    lines = [*found.import_lines(own), "", _times(model), *_missing(found)]
    for text in found.definitions:
        lines += ["", "", text] if "\n" in text else [text]
    lines += [*(["", ""] if found.definitions else []), "panel = Panel(start, stop)"]
    if model.title:
        lines.append(f'panel.command({{"op": "set_title", "title": {_text(model.title)}}})')
    for number, plot in enumerate(plots):
        lines += _plot_again(number, plot)
    for span in model.spans:
        more = f", label={_text(span.label)}" if span.label else ""
        more += f", color={_text(span.color)}" if span.color else ""
        ends = f'"{format_ns(span.start_ns)}", "{format_ns(span.stop_ns)}"'
        lines.append(f"panel.add_span({ends}{more})")
    for overlay in model.overlays:
        looks = {"color": overlay.color, "color_by": overlay.color_by}
        more = "".join(f", {key}={_text(v)}" for key, v in looks.items() if v is not None)
        lines.append(f"panel.overlay({_events_text(panel, overlay)}{more})")
    return "\n".join([*lines, "panel", ""])


def _plot_again(number: int, plot: PlotSpec) -> list[str]:
    lines: list[str] = []
    for graph in plot.graphs:
        if ProductRef.parse(graph.product).provider == DATA:
            lines.append(f"# {graph.label or graph.product}: a variable without a name")
            continue
        into = f", plot={number}" if lines and lines[-1].startswith("graph") else ""
        looks = {
            "kind": graph.kind if graph.kind != "auto" else None, "label": graph.label,
            "style": graph.style if graph.style != "line" else None, "y_axis": graph.y_axis,
        }  # fmt: skip
        more = "".join(f", {key}={_text(v)}" for key, v in looks.items() if v is not None)
        options = {**options_of(graph.knobs), **graph.options}
        more += "".join(f", {key}={_text(v)}" for key, v in options.items())
        lines.append(f"graph = panel.plot({_target(graph)}{into}{more})")
        if graph.colors:
            lines.append(f"graph.set(colors={list(graph.colors)!r})")
        if graph.mean:
            lines.append(f"graph.set(mean={graph.mean!r})")
    for name in ("y", "y2", "z"):
        given = {k: v for k, v in asdict(getattr(plot, name)).items() if v is not None}
        if given and lines:
            more = "".join(f", {key}={_text(v)}" for key, v in given.items())
            lines.append(f'panel.plots[{number}].set_axis("{name}"{more})')
    return lines


def _target(graph: GraphSpec) -> str:
    ref = ProductRef.parse(graph.product)
    return ref.path if ref.provider == namespace.PROVIDER else _text(graph.product)


def _events_text(panel: Any, overlay: Any) -> str:
    """Return the id of a list, or the list itself where it has none."""
    if not overlay.product.startswith(f"{CATALOG}/"):
        return _text(overlay.product)
    found = intervals(panel, overlay)
    chosen = range(len(found.meta))
    if len(chosen) > _MOST_EVENTS:  # of long lists those in sight
        chosen = found.within(panel.model.time_range).tolist()[:_MOST_EVENTS]
    rows = [
        f'    ("{format_ns(int(found.start[i]))}", "{format_ns(int(found.stop[i]))}", '
        f"{dict(found.meta[i])!r}),"
        for i in chosen
    ]
    return "[\n" + "\n".join(rows) + "\n]"


# -- a figure -----------------------------------------------------------------------------------
def _figure(panel: Any, model: PanelSpec, plots: list[PlotSpec], found: Gathered) -> str:
    plots = [plot for plot in plots if plot.kind == "time"]
    own = bool(found.definitions)
    heads = ["import matplotlib.pyplot as plt", "import numpy as np", "import speasy_core as spz"]
    more = ["from speasy_core.calling import argument_form"] if own else []
    lines = [*found.import_lines(*heads, *more), "", _times(model), *_missing(found)]
    if own:
        lines += ["", _STAND_IN]
        for text in found.definitions:
            lines += ["", text, ""] if "\n" in text else [text]
    heights = [plot.height for plot in plots]
    size = f"(11, {max(3.0, 2.3 * len(plots) + 0.6):g})"
    lines += [
        "",
        f'plt.rcParams["axes.prop_cycle"] = plt.cycler(color={list(COLORS)!r})',
        "fig, axes = plt.subplots(",
        f"    {max(1, len(plots))}, 1, sharex=True, squeeze=False, figsize={size},",
        f'    layout="constrained", height_ratios={heights or [1.0]!r},',
        ")",
        "axes = axes[:, 0]",
    ]
    for number, plot in enumerate(plots):
        lines += ["", *_drawn(panel, number, plot, found)]
    lines += _marked(panel, model)
    if model.title:
        lines.append(f"fig.suptitle({_text(_no_formula(model.title))})")
    lines += ["axes[-1].set_xlim(np.datetime64(start[:-1]), np.datetime64(stop[:-1]))"]
    others = sum(plot.kind != "time" for plot in model.plots)
    if others:
        lines.append(f"# {others} plots that are not over time are left out")
    return "\n".join([*lines, "plt.show()", ""])


def _no_formula(text: str) -> str:
    return text.replace("$", r"\$")


def _drawn(panel: Any, number: int, plot: PlotSpec, found: Gathered) -> list[str]:
    lines, axis = [f"ax = axes[{number}]"], "ax"
    images = [is_image(panel, graph) for graph in plot.graphs]
    twin = False
    for graph, image in sorted(zip(plot.graphs, images, strict=True), key=lambda p: not p[1]):
        ref = ProductRef.parse(graph.product)
        if ref.provider in (DATA, namespace.PROVIDER) or graph.product in found.missing:
            lines.append(f"# {graph.label or graph.product} is only in the notebook: left out")
            continue
        right = graph.y_axis == "y2" or (graph.y_axis is None and any(images) and not image)
        if right and not twin:
            lines.append("right = ax.twinx()")
            twin = True
        axis = "right" if right else "ax"
        lines += _graph(graph, image, axis, plot)
    for name, axis in (("y", "ax"), ("y2", "right")):
        if name == "y" or twin:
            lines += _axis(asdict(getattr(plot, name)), axis)
    return lines


def _graph(graph: GraphSpec, image: bool, axis: str, plot: PlotSpec) -> list[str]:
    ref = ProductRef.parse(graph.product)
    name = variable_name(graph.product)
    name = f"{name}_data" if name in ("ax", "axes", "right", "start", "stop", "fig") else name
    chosen = options_of(graph.knobs) if is_archive(ref) else {}
    more = "".join(f", {key}={_text(v)}" for key, v in chosen.items())
    lines = [f"{name} = spz.get_data({_text(str(ref))}, start, stop{more})"]
    if image:
        looks: dict[str, Any] = {"cmap": plot.z.colormap or "viridis"}
        if plot.z.log is not None:
            looks["logz"] = plot.z.log
        if plot.z.range is not None:
            looks["vmin"], looks["vmax"] = plot.z.range
        given = "".join(f", {key}={_text(v)}" for key, v in looks.items())
        return [*lines, f"{name}.plot.colormap({axis}{given})"]
    if graph.hidden:
        lines.append(f"hidden = {list(graph.hidden)!r}")
        lines.append(f"{name} = {name}[[c for c in {name}.columns if c not in hidden]]")
    style = {"steps": ', drawstyle="steps-post"', "points": ', linestyle="", marker="."'}
    lines.append(f"{name}.plot.line({axis}{style.get(graph.style, '')})")
    if graph.colors:
        lines.append(f"for line, color in zip({axis}.lines, {list(graph.colors)!r}):")
        lines.append("    line.set_color(color)")
    if graph.label:
        lines.append(f"{axis}.set_ylabel({_text(_no_formula(graph.label))})")
    elif ref.provider == virtual.PROVIDER:  # under its own name, not that of what it is made of
        title = _text(_no_formula(ref.path.rpartition("/")[2]) + " [")
        lines.append(f'{axis}.set_ylabel({title} + {name}.unit + "]")')
    return lines


def _axis(given: Mapping[str, Any], axis: str) -> list[str]:
    lines = []
    if given["log"] == "symlog":
        lines.append(
            f'{axis}.set_yscale("symlog", linthresh=1e-3 * max(map(abs, {axis}.get_ylim())))'
        )
    elif given["log"] is not None:
        lines.append(f'{axis}.set_yscale("{"log" if given["log"] else "linear"}")')
    if given["range"] is not None:
        low, high = given["range"]
        lines.append(f"{axis}.set_ylim({low!r}, {high!r})")
    if given["label"] is not None:
        lines.append(f"{axis}.set_ylabel({_text(_no_formula(given['label']))})")
    return lines


def _marked(panel: Any, model: PanelSpec) -> list[str]:
    """Return the lines that mark ranges of time in all plots."""
    lines: list[str] = []
    for span in model.spans:
        ends = ", ".join(
            f'np.datetime64("{format_ns(t)[:-1]}")' for t in (span.start_ns, span.stop_ns)
        )
        color = _text(span.color or COLORS[1])
        lines += ["for ax in axes:", f"    ax.axvspan({ends}, color={color}, alpha=0.2)"]
    for overlay in model.overlays:
        color = _text(overlay.color or color_of(overlay.product))
        if overlay.product.startswith(f"{CATALOG}/"):
            lines.append(f'events = spz.Catalog("events", events={_events_text(panel, overlay)})')
        else:
            lines.append(f"events = spz.get_data({_text(overlay.product)})")
        lines += [
            "for event in events.within(start, stop):",
            "    for ax in axes:",
            f"        ax.axvspan(event.start, event.stop, color={color}, alpha=0.2)",
        ]
    return ["", *lines] if lines else []


def is_image(panel: Any, graph: GraphSpec) -> bool:
    """Whether a graph is drawn as a spectrogram, as far as that is known without its data."""
    if graph.kind != "auto":
        return graph.kind == "image"
    ref = ProductRef.parse(graph.product)
    if ref.provider == virtual.PROVIDER:
        product = virtual.find(ref.path)
        return product is not None and product.kind == "spectrogram"
    if ref.provider in (DATA, namespace.PROVIDER):
        return False
    info = panel.session.info(ref)
    return info is not None and info.kind == "spectrogram"
