"""Functions that are derived from graphs, as the Python that a physicist would write."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from speasy_core.errors import InvalidRequest
from speasy_core.product import ProductRef
from speasy_core.timerange import TimeRange

from . import namespace, virtual
from .choosing import is_archive, options_of
from .graphdata import DATA, free_name, graph_named, variable_name
from .spec import GraphSpec

__all__ = ["RECIPES", "Param", "Recipe", "form", "source_of"]

_PRECISION = 2
_MOST_COLUMNS = 200


@dataclass(frozen=True, slots=True)
class Param:
    """One field of the dialog.

    `choices` are pairs of value and label; without them the value is a number above zero.
    """

    name: str
    label: str
    value: Any
    unit: str = ""
    choices: tuple[tuple[str, str], ...] | None = None
    whole: bool = False

    def to_json(self) -> dict[str, Any]:
        """Return what the page draws."""
        return {
            "name": self.name, "label": self.label, "value": self.value, "unit": self.unit,
            "choices": None if self.choices is None else [list(pair) for pair in self.choices],
        }  # fmt: skip

    def read(self, value: Any) -> Param:
        """Return the field with another value.

        Raises
        ------
        InvalidRequest
            Not one that it takes.
        """
        if self.choices is not None:
            if value not in [choice for choice, _ in self.choices]:
                raise InvalidRequest(f"{self.label}: {value!r:.60} is not one of the choices")
            return Param(self.name, self.label, value, self.unit, self.choices)
        try:
            number = float(value)
        except (TypeError, ValueError):
            number = math.nan
        if not (math.isfinite(number) and number > 0):
            raise InvalidRequest(f"{self.label}: {value!r:.60} is not a number above zero")
        if self.whole and number != int(number):
            raise InvalidRequest(f"{self.label}: {value!r:.60} is not a whole number")
        number = int(number) if number == int(number) and abs(number) < 1e15 else number
        return Param(self.name, self.label, number, self.unit, None, self.whole)


@dataclass(frozen=True, slots=True)
class Subject:
    """What is derived from: a graph, the others of its panel, and columns by graph as drawn."""

    graph: GraphSpec
    names: Mapping[str, tuple[str, ...]]
    others: tuple[GraphSpec, ...]
    span: TimeRange

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of the graph's columns; none where they are not known."""
        return self.names.get(self.graph.id, ())

    def vector(self, name: str, graph: GraphSpec | None = None) -> str:
        """Return an expression for the first three columns: a fourth is mostly the magnitude."""
        columns = self.names.get((graph or self.graph).id, ())
        return f"{name}[{_listed(columns[:3])}]" if len(columns) > 3 else name

    @property
    def seconds(self) -> float:
        """Length of what is seen."""
        return self.span.duration_ns / 1e9


@dataclass(frozen=True, slots=True)
class Recipe:
    """One way to derive a product.

    `write` returns the lines that follow the line that reads the data, of which the last is the
    value; `imports` the names that they need of `speasy_core.signal`; `options` what is said to
    ``@virtual_product``.
    """

    title: str
    suffix: str
    write: Callable[[str, dict[str, Any], Subject], list[str]]
    params: Callable[[Subject], list[Param]] = lambda subject: []
    imports: tuple[str, ...] = ()
    numpy: bool = False
    options: Callable[[dict[str, Any]], str] = lambda values: ""
    needs_other: bool = field(default=False)


def _nice(value: float) -> float:
    """Return a round number near `value`."""
    if not value > 0 or not math.isfinite(value):
        return 1.0
    power = 10.0 ** math.floor(math.log10(value))
    step: float = next(s for s in (1, 2, 5, 10) if s * power * 1.001 >= value)
    return float(f"{step * power:.{_PRECISION}g}")


def _columns(subject: Subject) -> Param:
    names = subject.columns or ("",)
    return Param("column", "Component", names[0], choices=tuple((n, n or "first") for n in names))


def _of_column(name: str, column: str) -> str:
    return f"{name}[{_quoted(column)}]" if column else name


def _listed(names: tuple[str, ...]) -> str:
    return f"[{', '.join(map(_quoted, names))}]"


def _others(subject: Subject, label: str) -> Param:
    pairs = [(g.id, g.label or ProductRef.parse(g.product).path) for g in subject.others]
    return Param("other", label, pairs[0][0] if pairs else "", choices=tuple(pairs))


def _read_other(name: str, values: dict[str, Any], subject: Subject) -> str:
    return f"{name} = {_reading(_other(values, subject))}"


def _other(values: dict[str, Any], subject: Subject) -> GraphSpec:
    return next(g for g in subject.others if g.id == values["other"])


def _filtered(low: bool, high: bool) -> Callable[[str, dict[str, Any], Subject], list[str]]:
    def write(name: str, values: dict[str, Any], subject: Subject) -> list[str]:
        corners = ([f"low={values['low']!r}"] if low else []) + (
            [f"high={values['high']!r}"] if high else []
        )
        return [f"butterworth({name}, {values['order']}, {', '.join(corners)})"]

    return write


def _corners(low: bool, high: bool) -> Callable[[Subject], list[Param]]:
    def params(subject: Subject) -> list[Param]:
        found = []
        if low:
            found.append(Param("low", "Keep above", _nice(10 / subject.seconds), "Hz"))
        if high:
            found.append(Param("high", "Keep below", _nice(50 / subject.seconds), "Hz"))
        return [*found, Param("order", "Order", 4, whole=True)]

    return params


def _around(values: dict[str, Any]) -> str:
    """Say how far a filter sees: three periods of its lowest corner."""
    corner = values["low"] if "low" in values else values["high"]
    return f", margin={_nice(3 / corner):g}"


def _aligned(name: str, values: dict[str, Any], subject: Subject) -> list[str]:
    field = subject.vector("field", _other(values, subject))
    return [
        _read_other("field", values, subject),
        f"background = rolling_mean(interpolate({name}, {field}), {values['window']!r})",
        f"field_aligned({subject.vector(name)}, background)",
    ]


def _difference(name: str, values: dict[str, Any], subject: Subject) -> list[str]:
    other = _other(values, subject)
    mine, theirs = len(subject.columns), len(subject.names.get(other.id, ()))
    a, b = name, "other"
    if mine != theirs and min(mine, theirs) == 3:
        a, b = subject.vector(name), subject.vector("other", other)
    return [_read_other("other", values, subject), f"{a} - interpolate({name}, {b})"]


def _window(label: str, share: float) -> Callable[[Subject], list[Param]]:
    return lambda subject: [Param("window", label, _nice(subject.seconds * share), "s")]


RECIPES: dict[str, Recipe] = {
    "magnitude": Recipe(
        "Magnitude", "magnitude",
        lambda name, values, subject: [f"np.linalg.norm({subject.vector(name)}, axis=1)"],
        numpy=True, options=lambda values: ', locality="pointwise"',
    ),
    "component": Recipe(
        "Component", "component",
        lambda name, values, subject: [_of_column(name, values["column"])],
        lambda subject: [_columns(subject)], options=lambda values: ', locality="pointwise"',
    ),
    "difference": Recipe(
        "Difference of two products", "difference",
        _difference,
        lambda subject: [_others(subject, "Subtract")], ("interpolate",), needs_other=True,
    ),
    "low_pass": Recipe(
        "Low-pass filter", "low_pass", _filtered(False, True), _corners(False, True),
        ("butterworth",), options=_around,
    ),
    "high_pass": Recipe(
        "High-pass filter", "high_pass", _filtered(True, False), _corners(True, False),
        ("butterworth",), options=_around,
    ),
    "band_pass": Recipe(
        "Band-pass filter", "band_pass", _filtered(True, True), _corners(True, True),
        ("butterworth",), options=_around,
    ),
    "resample": Recipe(
        "Resample", "resampled",
        lambda name, values, subject: [f"resample({name}, {values['step']!r}, average=True)"],
        lambda subject: [Param("step", "Step", _nice(subject.seconds / 500), "s")], ("resample",),
    ),
    "rolling_mean": Recipe(
        "Rolling mean", "mean",
        lambda name, values, subject: [f"rolling_mean({name}, {values['window']!r})"],
        _window("Window", 0.02), ("rolling_mean",),
        options=lambda values: f", margin={values['window']:g}",
    ),
    "spectrum": Recipe(
        "Spectrum", "spectrum",
        lambda name, values, subject: [
            f"spectrogram({_of_column(name, values['column'])}, nperseg={values['samples']})"
        ],
        lambda subject: [
            _columns(subject), Param("samples", "Samples in a window", 256, whole=True),
        ],
        ("spectrogram",), options=lambda values: ', product_type="spectrogram"',
    ),
    "field_aligned": Recipe(
        "Field-aligned coordinates", "fac", _aligned,
        lambda subject: [
            _others(subject, "Magnetic field"), *_window("Background: mean over", 0.05)(subject),
        ],
        ("field_aligned", "interpolate", "rolling_mean"),
        options=lambda values: f", margin={values['window']:g}", needs_other=True,
    ),
}  # fmt: skip


def _reading(graph: GraphSpec) -> str:
    """Return the expression that reads the samples of a graph."""
    ref = ProductRef.parse(graph.product)
    if ref.provider == namespace.PROVIDER:
        return f"{ref.path}[start:stop].fill_to_nan()"
    if ref.provider == DATA:
        raise InvalidRequest(
            "this graph shows a variable without a name",
            hint="put it into the notebook first, and plot that variable",
        )
    chosen = options_of(graph.knobs) if is_archive(ref) else graph.knobs
    more = "".join(f", {name}={value!r}" for name, value in sorted(chosen.items()))
    return f"spz.get_data({_quoted(str(ref))}, start, stop{more}).fill_to_nan()"


def source_of(op: str, subject: Subject, values: dict[str, Any], path: str) -> str:
    """Return the Python of a derived product.

    Parameters
    ----------
    op : str
        One of RECIPES.
    subject : Subject
    values : dict
        Of the recipe's parameters.
    path : str
        Of the product below ``vp/``.
    """
    recipe = RECIPES[op]
    name = variable_name(path)
    read = "data"
    *lines, value = recipe.write(read, values, subject)
    graphs = [subject.graph, *(g for g in subject.others if g.id == values.get("other"))]
    at_hand = any(ProductRef.parse(g.product).provider == namespace.PROVIDER for g in graphs)
    body = [f"{read} = {_reading(subject.graph)}", *lines, f"return {value}"]
    numpy = recipe.numpy or at_hand
    given = "start: np.datetime64, stop: np.datetime64" if at_hand else "start, stop"
    head = [
        *(["import numpy as np"] if numpy else []),
        "import speasy_core as spz",
        "from sciqlop_lab import virtual_product",
        *(
            [f"from speasy_core.signal import {', '.join(recipe.imports)}"]
            if recipe.imports
            else []
        ),
    ]
    about = f"{recipe.title}: {_plain(subject.graph.product)}."
    return "\n".join([
        *head, "", "",
        f"@virtual_product({_quoted(path)}{recipe.options(values)}, test=False)",
        f"def {name}({given}):",
        f'    """{about}"""',
        *(f"    {line}" for line in body),
    ]) + "\n"  # fmt: skip


def _quoted(text: str) -> str:
    quoted = repr(text)
    return quoted if '"' in quoted else f'"{quoted[1:-1]}"'


def _plain(text: str) -> str:
    """Return text that cannot end a docstring."""
    return re.sub(r'["\\\r\n]', " ", text)


def form(panel: Any, args: Mapping[str, Any]) -> dict[str, Any]:
    """Return the dialog of a recipe for a graph: fields, a free name, and the Python.

    Parameters
    ----------
    args : mapping
        ``op``, ``plot``, ``graph``, ``columns`` by graph as the page knows them; ``params`` and
        ``name`` where they were changed.

    Raises
    ------
    InvalidRequest
        No such recipe, a value that it does not take, or nothing to derive from.
    """
    op, graph = args.get("op"), graph_named(panel, args)
    if not isinstance(op, str) or op not in RECIPES:
        raise InvalidRequest(f"{op!r:.40} is not a recipe", hint=", ".join(RECIPES))
    recipe, subject = RECIPES[op], _subject(panel, graph, args.get("columns"))
    if recipe.needs_other and not subject.others:
        raise InvalidRequest(
            f"{recipe.title}: the panel shows no second product", hint="add it to the panel first"
        )
    given = args.get("params")
    given = given if isinstance(given, Mapping) else {}
    params = [p.read(given[p.name]) if p.name in given else p for p in recipe.params(subject)]
    values = {p.name: p.value for p in params}
    path = _path(args.get("name"), graph, recipe)
    return {
        "title": recipe.title, "name": path, "params": [p.to_json() for p in params],
        "source": source_of(op, subject, values, path),
    }  # fmt: skip


def _subject(panel: Any, graph: GraphSpec, columns: Any) -> Subject:
    given = columns if isinstance(columns, Mapping) else {}
    names = {
        str(name): tuple(str(c) for c in of[:_MOST_COLUMNS])
        for name, of in given.items() if isinstance(of, list)
    }  # fmt: skip
    others = tuple(
        g for _, g in panel.model.graphs
        if g.id != graph.id and ProductRef.parse(g.product).provider != DATA
    )  # fmt: skip
    return Subject(graph, names, others, panel.model.time_range)


def _path(given: Any, graph: GraphSpec, recipe: Recipe) -> str:
    """Return the name that was chosen, else a free one."""
    if isinstance(given, str) and given.strip():
        path = "/".join(part.strip() for part in given.split("/") if part.strip())
        if not path or len(path) > 200 or not path.isprintable():
            raise InvalidRequest(f"{given!r:.60} is not a name", hint="for example derived/b_total")
        return path
    names = namespace.user_names()
    name = f"{variable_name(graph.product)}_{recipe.suffix}"
    while virtual.find(f"derived/{free_name(name, names)}") is not None:
        name += "_2"
    return f"derived/{free_name(name, names)}"
