"""Plots without an axis of time as Python for matplotlib: orbits, x-y plots, histograms."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from speasy_core.errors import SpeasyError
from speasy_core.product import ProductRef
from speasy_core.units import conversion
from speasy_core.variable import SpeasyVariable

from . import namespace, orbits, spaces
from .choosing import is_archive, options_of
from .codetext import no_formula, one_line, text
from .graphdata import DATA, samples, variable_name
from .plotkinds import planet_radius
from .spec import AxisSpec, GraphSpec, PlotSpec

__all__ = ["imports_of", "space_lines"]

_LETTERS = "xyz"
# what the lines may need, by how they use it
_IMPORTS = {
    "interpolate(": "from speasy_core.signal import interpolate",
    "boundaries.section(": "from speasy_core import boundaries",
}
_TAKEN = ("ax", "axes", "right", "rows", "start", "stop", "fig", "x", "y", "counts", "place")


def imports_of(lines: Sequence[str]) -> list[str]:
    """Return the imports that lines of `space_lines` need."""
    return [line for use, line in _IMPORTS.items() if any(use in one for one in lines)]


def space_lines(panel: Any, row: str, plot: PlotSpec, missing: Sequence[str]) -> list[str]:
    """Return the lines that draw a plot into a row of the figure.

    Its data are read once now, for only they tell units, frames and names of components.
    """
    lines = [f"panes = {row}.subgridspec(1, {len(plot.planes) if plot.kind == 'orbit' else 1})"]
    for number, graph in enumerate(plot.graphs):
        products = [graph.product, *([graph.options["y"]] if graph.options.get("y") else [])]
        refs = [ProductRef.parse(product) for product in products]
        name = one_line(graph.label or graph.product)
        if any(r.provider in (DATA, namespace.PROVIDER) or str(r) in missing for r in refs):
            lines.append(f"# {name} is only in the notebook: left out")
            continue
        try:
            found = [samples(panel, _of(graph, product)) for product in products]
            lines += _DRAWN[graph.kind](plot, graph, found, number)
        except SpeasyError as error:
            lines.append(f"# {name} is left out: {one_line(error.message)}")
    return lines


def _of(graph: GraphSpec, product: str) -> GraphSpec:
    """Return what reads one of the products of a graph: knobs are those of the first."""
    return graph if product == graph.product else GraphSpec(graph.id, product)


def _read(graph: GraphSpec, product: str) -> tuple[str, str]:
    """Return the name of a variable, and the line that reads it."""
    ref = ProductRef.parse(product)
    name = variable_name(product)
    name = f"{name}_data" if name in _TAKEN else name
    chosen = options_of(graph.knobs) if is_archive(ref) and product == graph.product else {}
    more = "".join(f", {key}={text(v)}" for key, v in chosen.items())
    return name, f"{name} = spz.get_data({text(product)}, start, stop{more}).fill_to_nan()"


# -- orbits ---------------------------------------------------------------------------------------
def _orbit(
    plot: PlotSpec, graph: GraphSpec, found: Sequence[SpeasyVariable], number: int
) -> list[str]:
    chosen, fields = orbits.of_positions(found[0], graph.options)
    name, line = _read(graph, graph.product)
    factor = 1.0
    if fields["planet"]:
        radius, _ = planet_radius(fields["planet"]["name"])
        factor = conversion(found[0].unit, "km")[0] / radius
    columns = list(chosen.columns)
    times = f" * {factor!r}  # {chosen.unit}" if factor != 1.0 else ""
    lines = [line, f"place = {name}[{columns!r}].values{times}"]
    label = text(no_formula(graph.label or name))
    frame = f" {fields['frame']}" if fields["frame"] else ""
    for pane, plane in enumerate(plot.planes):
        i, j = (_LETTERS.index(letter) for letter in plane)
        lines += _pane(number, pane)
        lines += _curve(f"place[:, {i}]", f"place[:, {j}]", name, graph, label)
        if number:
            continue
        if fields["planet"]:
            radius = fields["planet"]["radius"]
            lines.append(f'ax.add_patch(plt.Circle((0, 0), {radius!r}, color="0.6"))')
        for shape in fields["shapes"]:
            wind = {key: graph.options[key] for key in ("pdyn", "bz") if key in graph.options}
            more = "".join(f", {key}={value!r}" for key, value in wind.items())
            section = f'boundaries.section({text(shape["name"])}, "{plane}"{more})'
            lines.append(f'ax.plot(*{section}.T, color="0.4", lw=0.8)')
        lines.append(_equal(plot))
        for which, k in (("x", i), ("y", j)):
            axis: AxisSpec = getattr(plot, ("x", "y", "depth")[k])
            said = axis.label or f"{_LETTERS[k].upper()}{frame} [{chosen.unit}]"
            lines += _limits(which, axis, said)
    return lines


def _pane(number: int, pane: int) -> list[str]:
    """Return the line that takes a pane; a second graph is drawn into those of the first."""
    if number:
        return [f"ax = shown[{pane}]"]
    first = ["shown = []"] if pane == 0 else []
    return [*first, f"ax = fig.add_subplot(panes[{pane}])", "shown.append(ax)"]


def _curve(x: str, y: str, name: str, graph: GraphSpec, label: str) -> list[str]:
    if graph.options.get("color") == "time":
        return [f"ax.scatter({x}, {y}, s=2, c={name}.time.astype(float), label={label})"]
    style = ', ls="", marker="."' if graph.style == "points" else ""
    color = next((c for c in graph.colors or () if c), None)
    more = f", color={text(color)}" if color else ""
    more += f", lw={graph.width!r}" if graph.width else ""
    return [f"ax.plot({x}, {y}{style}{more}, label={label})"]


# -- pairs ----------------------------------------------------------------------------------------
def _pair(
    plot: PlotSpec, graph: GraphSpec, found: Sequence[SpeasyVariable], number: int
) -> tuple[list[str], Mapping[str, Any], str]:
    """Return the lines that make x and y, what their axes are called, and the first name."""
    _, fields = spaces.paired(found, graph.options)
    name, line = _read(graph, graph.product)
    lines = [line]
    if len(found) == 1:
        first, second = (_column(found[0], c) for c in graph.options.get("columns") or (0, 1))
        lines.append(f"x, y = {name}.values[:, {first}], {name}.values[:, {second}]")
    else:
        other, line = _read(graph, graph.options["y"])
        if other == name:
            other, line = f"{other}_2", line.replace(other, f"{other}_2", 1)
        lines.append(line)
        which = [_column(v, c) for v, c in
                 zip(found, graph.options.get("columns") or (0, 0), strict=True)]  # fmt: skip
        parts = [n if v.ndim == 1 else f"{n}[:, {c}]"
                 for n, v, c in zip((name, other), found, which, strict=True)]  # fmt: skip
        lines.append(f"x, y = {parts[0]}.values, interpolate({name}, {parts[1]}).values")
    return lines, fields, name


def _column(variable: SpeasyVariable, which: str | int) -> int:
    if isinstance(which, int):
        return which
    return spaces.index_named(which, variable.columns, variable.name)


def _axes(plot: PlotSpec, fields: Mapping[str, Any], log: tuple[bool, bool]) -> list[str]:
    lines = []
    for which, of_data in zip("xy", log, strict=True):
        axis: AxisSpec = getattr(plot, which)
        unit = fields[f"{which}_unit"]
        said = axis.label or fields[f"{which}_label"] + (f" [{unit}]" if unit else "")
        lines += _limits(which, axis, said)
        if axis.log or (axis.log is None and of_data):
            scale = "symlog" if axis.log == "symlog" else "log"
            lines.append(f'ax.set_{which}scale("{scale}")')
    alike = fields["x_unit"] == fields["y_unit"] and plot.aspect == "auto"
    if plot.aspect == "equal" or alike:
        lines.append(_equal(plot))
    return lines


def _equal(plot: PlotSpec) -> str:
    """Return the line that makes a unit as long on both axes; limits that were set stay."""
    given = any(axis.range for axis in (plot.x, plot.y, plot.depth))
    return f'ax.set_aspect("equal", adjustable="{"box" if given else "datalim"}")'


def _limits(which: str, axis: AxisSpec, said: str) -> list[str]:
    lines = [f"ax.set_{which}label({text(no_formula(said))})"]
    if axis.range is not None:
        lines.append(f"ax.set_{which}lim({axis.range[0]!r}, {axis.range[1]!r})")
    return lines


def _xy(
    plot: PlotSpec, graph: GraphSpec, found: Sequence[SpeasyVariable], number: int
) -> list[str]:
    lines, fields, name = _pair(plot, graph, found, number)
    label = text(no_formula(graph.label or name))
    lines += [*_pane(number, 0), *_curve("x", "y", name, graph, label)]
    return lines if number else lines + _axes(plot, fields, (False, False))


def _histogram(
    plot: PlotSpec, graph: GraphSpec, found: Sequence[SpeasyVariable], number: int
) -> list[str]:
    lines, fields, _ = _pair(plot, graph, found, number)
    options = graph.options
    log = bool(options.get("log_x")), bool(options.get("log_y"))
    good = [
        "np.isfinite(x)",
        "np.isfinite(y)",
        *(f"({n} > 0)" for n, s in zip("xy", log, strict=True) if s),
    ]
    lines.append(f"good = {' & '.join(good)}")
    edges = []
    for which, logarithmic in zip("xy", log, strict=True):
        space, bins = "geomspace" if logarithmic else "linspace", options.get(f"{which}_bins", 100)
        ends = f"{which}[good].min(), {which}[good].max()"
        edges.append(f"np.{space}({ends}, {bins + 1})" if logarithmic else repr(bins))
    lines.append(
        f"counts, x_edges, y_edges = np.histogram2d(x[good], y[good], bins=[{', '.join(edges)}])"
    )
    if options.get("normalise") == "column":
        lines.append("counts /= np.maximum(counts.sum(axis=1, keepdims=True), 1)")
    looks = f", cmap={text(plot.z.colormap or 'viridis')}"
    low, high = plot.z.range or (None, None)
    if plot.z.log:
        looks += f", norm=plt.matplotlib.colors.LogNorm({low!r}, {high!r})"
    elif plot.z.range:
        looks += f", vmin={low!r}, vmax={high!r}"
    said = plot.z.label or ("share of column" if options.get("normalise") == "column" else "counts")
    lines += [
        *_pane(number, 0),
        f"image = ax.pcolormesh(x_edges, y_edges, np.where(counts > 0, counts, np.nan).T{looks})",
        f"fig.colorbar(image, ax=ax, label={text(no_formula(said))})",
    ]
    return lines if number else lines + _axes(plot, fields, log)


_DRAWN: dict[str, Callable[..., list[str]]] = {
    "orbit": _orbit, "xy": _xy, "histogram2d": _histogram,
}  # fmt: skip
