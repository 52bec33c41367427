"""A panel as Python: a script that draws the same figure, and one that makes the same panel."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from speasy_core.errors import InvalidRequest, SpeasyError
from speasy_core.product import ProductRef
from speasy_core.timerange import format_ns

from . import namespace, virtual
from .choosing import is_archive, options_of
from .codesource import Gathered, gather
from .codetext import events_text, no_formula, one_line, text
from .graphdata import DATA, samples, variable_name
from .overlays import CATALOG, color_of
from .panelscript import panel_lines
from .spacescript import imports_of, space_lines
from .spec import GraphSpec, PanelSpec, PlotSpec

__all__ = ["SCRIPTS", "copy_code", "script"]

SCRIPTS = ("matplotlib", "panel")
# the colours of lines in the panel on a light ground, twin of LIGHT in js/src/widget/theme.ts
COLORS = ("#0072b2", "#009e73", "#d55e00", "#a8588a", "#b07d00", "#3a93c9", "#7a7a00")

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
        product for p in chosen for g in p.graphs
        for product in (g.product, g.options.get("y", ""))
        if product.startswith(f"{virtual.PROVIDER}/")
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


# -- the panel again ----------------------------------------------------------------------------
def _panel(panel: Any, model: PanelSpec, plots: list[PlotSpec], found: Gathered) -> str:
    names = "Panel, virtual_product" if found.definitions else "Panel"
    own = f"from sciqlop_lab import {names}"
    lines = [*found.import_lines(own), "", _times(model), *_missing(found)]
    for definition in found.definitions:
        lines += ["", "", definition] if "\n" in definition else [definition]
    space = ["", ""] if found.definitions else []
    return "\n".join([*lines, *space, *panel_lines(panel, model, plots), ""])


# -- a figure -----------------------------------------------------------------------------------
def _figure(panel: Any, model: PanelSpec, plots: list[PlotSpec], found: Gathered) -> str:
    own = bool(found.definitions)
    body = _rows(panel, model, plots, found)
    heads = ["import matplotlib.pyplot as plt", "import numpy as np", "import speasy_core as spz"]
    more = ["from speasy_core.calling import argument_form"] if own else []
    imports = found.import_lines(*heads, *more, *imports_of(body))
    lines = [*imports, "", _times(model), *_missing(found)]
    if own:
        lines += ["", _STAND_IN]
        for definition in found.definitions:
            lines += ["", definition, ""] if "\n" in definition else [definition]
    if model.title:
        body.append(f"fig.suptitle({text(no_formula(model.title))})")
    return "\n".join([*lines, "", *body, "plt.show()", ""])


def _rows(panel: Any, model: PanelSpec, plots: list[PlotSpec], found: Gathered) -> list[str]:
    """Return the lines that make the figure, a row for each plot."""
    heights = [plot.height for plot in plots]
    high = sum(2.3 if plot.kind == "time" else 4.6 for plot in plots)
    lines = [
        f'plt.rcParams["axes.prop_cycle"] = plt.cycler(color={list(COLORS)!r})',
        f'fig = plt.figure(figsize=(11, {max(3.0, high + 0.6):g}), layout="constrained")',
        f"rows = fig.add_gridspec({max(1, len(plots))}, 1, height_ratios={heights or [1.0]!r})",
        "axes = []  # over time",
    ]
    for number, plot in enumerate(plots):
        row = f"rows[{number}, 0]"
        if plot.kind == "time":
            lines += ["", *_drawn(panel, row, plot, found)]
        else:
            lines += ["", *space_lines(panel, row, plot, found.missing)]
    if any(plot.kind == "time" for plot in plots):
        lines += _marked(panel, model)
        lines += [
            "for ax in axes[:-1]:",
            "    ax.tick_params(labelbottom=False)",
            "axes[-1].set_xlim(np.datetime64(start[:-1]), np.datetime64(stop[:-1]))",
        ]
    return lines


def _drawn(panel: Any, row: str, plot: PlotSpec, found: Gathered) -> list[str]:
    lines = [f"ax = fig.add_subplot({row}, sharex=axes[0] if axes else None)", "axes.append(ax)"]
    axis = "ax"
    images = [is_image(panel, graph) for graph in plot.graphs]
    twin = False
    for graph, image in sorted(zip(plot.graphs, images, strict=True), key=lambda p: not p[1]):
        ref = ProductRef.parse(graph.product)
        if ref.provider in (DATA, namespace.PROVIDER) or graph.product in found.missing:
            name = one_line(graph.label or graph.product)
            lines.append(f"# {name} is only in the notebook: left out")
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
    more = "".join(f", {key}={text(v)}" for key, v in chosen.items())
    lines = [f"{name} = spz.get_data({text(str(ref))}, start, stop{more})"]
    if image:
        looks: dict[str, Any] = {"cmap": plot.z.colormap or "viridis"}
        if plot.z.log is not None:
            looks["logz"] = plot.z.log
        if plot.z.range is not None:
            looks["vmin"], looks["vmax"] = plot.z.range
        given = "".join(f", {key}={text(v)}" for key, v in looks.items())
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
        lines.append(f"{axis}.set_ylabel({text(no_formula(graph.label))})")
    elif ref.provider == virtual.PROVIDER:  # under its own name, not that of what it is made of
        title = text(no_formula(ref.path.rpartition("/")[2]) + " [")
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
        lines.append(f"{axis}.set_ylabel({text(no_formula(given['label']))})")
    return lines


def _marked(panel: Any, model: PanelSpec) -> list[str]:
    """Return the lines that mark ranges of time in all plots."""
    lines: list[str] = []
    for span in model.spans:
        ends = ", ".join(
            f'np.datetime64("{format_ns(t)[:-1]}")' for t in (span.start_ns, span.stop_ns)
        )
        color = text(span.color or COLORS[1])
        lines += ["for ax in axes:", f"    ax.axvspan({ends}, color={color}, alpha=0.2)"]
    for overlay in model.overlays:
        color = text(overlay.color or color_of(overlay.product))
        if overlay.product.startswith(f"{CATALOG}/"):
            lines.append(f'events = spz.Catalog("events", events={events_text(panel, overlay)})')
        else:
            lines.append(f"events = spz.get_data({text(overlay.product)})")
        lines += [
            "for event in events.within(start, stop):",
            "    for ax in axes:",
            f"        ax.axvspan(event.start, event.stop, color={color}, alpha=0.2)",
        ]
    return ["", *lines] if lines else []


def is_image(panel: Any, graph: GraphSpec) -> bool:
    """Whether a graph is drawn as a spectrogram; where only its data tell, they are read."""
    if graph.kind != "auto":
        return graph.kind == "image"
    ref = ProductRef.parse(graph.product)
    if ref.provider in (DATA, namespace.PROVIDER):
        return False
    if ref.provider == virtual.PROVIDER:
        product = virtual.find(ref.path)
        told = "auto" if product is None else str(product.kind)
    else:
        info = panel.session.info(ref)
        told = "unknown" if info is None else str(info.kind)
    if told not in ("unknown", "auto"):
        return told in ("spectrogram", "image")
    try:
        return samples(panel, graph).kind == "spectrogram"
    except SpeasyError:  # the script will say so too
        return False
