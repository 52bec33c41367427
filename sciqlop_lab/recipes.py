"""The ways to derive a product from a graph: what each asks for, and the Python that it writes."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from speasy_core.errors import InvalidRequest
from speasy_core.product import ProductRef
from speasy_core.timerange import TimeRange

from . import namespace
from .choosing import is_archive, options_of
from .graphdata import DATA
from .spec import GraphSpec

__all__ = ["RECIPES", "Param", "Recipe", "Subject", "quoted", "reading"]

_PRECISION = 2
_IRREGULAR = (("raise", "are refused"), ("resample", "are made equal"))


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
    """What is derived from: a graph, the others of its panel, and columns by graph as drawn.

    `pictures` are the ids of graphs that are drawn as spectrograms.
    """

    graph: GraphSpec
    names: Mapping[str, tuple[str, ...]]
    others: tuple[GraphSpec, ...]
    span: TimeRange
    pictures: frozenset[str] = frozenset()

    @property
    def is_picture(self) -> bool:
        """Whether the graph is a spectrogram, which has channels in place of components."""
        return self.graph.id in self.pictures

    def count(self, graph: GraphSpec | None = None) -> int | None:
        """Return how many components a graph has; None where that is not known."""
        one = graph or self.graph
        return None if one.id in self.pictures else len(self.names.get(one.id, ())) or None

    def with_others(self, fits: Callable[[Subject, GraphSpec], bool]) -> Subject:
        """Return the same with the other graphs that fit."""
        return replace(self, others=tuple(g for g in self.others if fits(self, g)))

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
    ``@virtual_product``; `refuse` says why there is nothing to derive, and `fits` which other
    graphs can be chosen.
    """

    title: str
    suffix: str
    write: Callable[[str, dict[str, Any], Subject], list[str]]
    params: Callable[[Subject], list[Param]] = lambda subject: []
    imports: tuple[str, ...] = ()
    numpy: bool = False
    options: Callable[[dict[str, Any]], str] = lambda values: ""
    needs_other: bool = field(default=False)
    refuse: Callable[[Subject], str | None] = lambda subject: None
    fits: Callable[[Subject, GraphSpec], bool] = lambda subject, other: True

    def of(self, subject: Subject) -> Subject:
        """Return what is derived from, with the graphs to choose from.

        Raises
        ------
        InvalidRequest
            Nothing can be derived in this way.
        """
        why = self.refuse(subject)
        if why is not None:
            raise InvalidRequest(f"{self.title}: {why}")
        fitting = subject.with_others(self.fits)
        if self.needs_other and not fitting.others:
            what = "that fits" if subject.others else "besides"
            raise InvalidRequest(
                f"{self.title}: the panel shows no second product {what}",
                hint="add it to the panel first",
            )
        return fitting


def _nice(value: float) -> float:
    """Return a round number near `value`."""
    if not value > 0 or not math.isfinite(value):
        return 1.0
    power = 10.0 ** math.floor(math.log10(value))
    step: float = next(s for s in (1, 2, 5, 10) if s * power * 1.001 >= value)
    return float(f"{step * power:.{_PRECISION}g}")


def _magnitude(name: str, values: dict[str, Any], subject: Subject) -> list[str]:
    if subject.count() == 1:
        return [f"np.abs({name})"]
    return [f"np.linalg.norm({subject.vector(name)}, axis=1)"]


def _no_components(subject: Subject) -> str | None:
    return "a spectrogram has no components" if subject.is_picture else None


def _no_vector(subject: Subject) -> str | None:
    count = subject.count()
    if count is not None and count < 3:
        return f"three components are needed, and this product has {count}"
    return _no_components(subject)


def _has_vector(subject: Subject, other: GraphSpec) -> bool:
    count = subject.count(other)
    return other.id not in subject.pictures and (count is None or count >= 3)


def _alike(subject: Subject, other: GraphSpec) -> bool:
    """Whether the components of two graphs can be subtracted."""
    if subject.is_picture != (other.id in subject.pictures):
        return False
    counts = subject.count(), subject.count(other)
    # of four, the fourth is mostly the magnitude of the other three
    return None in counts or counts[0] == counts[1] or counts in ((3, 4), (4, 3))


def _component(name: str, values: dict[str, Any], subject: Subject) -> list[str]:
    if subject.is_picture:
        return [f"{name}[:, {values['channel'] - 1}]"]
    return [_of_column(name, values["column"])]


def _which(subject: Subject) -> list[Param]:
    if subject.is_picture:
        return [Param("channel", "Channel, the first is 1", 1, whole=True)]
    return [_columns(subject)]


def _columns(subject: Subject) -> Param:
    names = subject.columns or ("",)
    return Param("column", "Component", names[0], choices=tuple((n, n or "first") for n in names))


def _of_column(name: str, column: str) -> str:
    return f"{name}[{quoted(column)}]" if column else name


def _listed(names: tuple[str, ...]) -> str:
    return f"[{', '.join(map(quoted, names))}]"


def _others(subject: Subject, label: str) -> Param:
    pairs = [(g.id, g.label or ProductRef.parse(g.product).path) for g in subject.others]
    return Param("other", label, pairs[0][0] if pairs else "", choices=tuple(pairs))


def _read_other(name: str, values: dict[str, Any], subject: Subject) -> str:
    return f"{name} = {reading(_other(values, subject))}"


def _other(values: dict[str, Any], subject: Subject) -> GraphSpec:
    return next(g for g in subject.others if g.id == values["other"])


def _filtered(low: bool, high: bool) -> Callable[[str, dict[str, Any], Subject], list[str]]:
    def write(name: str, values: dict[str, Any], subject: Subject) -> list[str]:
        corners = ([f"low={values['low']!r}"] if low else []) + (
            [f"high={values['high']!r}"] if high else []
        )
        steps = (
            "" if values["irregular"] == "raise" else f", irregular={quoted(values['irregular'])}"
        )
        return [f"butterworth({name}, {values['order']}, {', '.join(corners)}{steps})"]

    return write


def _corners(low: bool, high: bool) -> Callable[[Subject], list[Param]]:
    def params(subject: Subject) -> list[Param]:
        found = []
        if low:
            found.append(Param("low", "Keep above", _nice(10 / subject.seconds), "Hz"))
        if high:
            found.append(Param("high", "Keep below", _nice(50 / subject.seconds), "Hz"))
        return [
            *found,
            Param("order", "Order", 4, whole=True),
            Param("irregular", "Steps that differ", "raise", choices=_IRREGULAR),
        ]

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
        "Magnitude", "magnitude", _magnitude,
        numpy=True, options=lambda values: ', locality="pointwise"', refuse=_no_components,
    ),
    "component": Recipe(
        "Component", "component", _component, _which,
        options=lambda values: ', locality="pointwise"',
    ),
    "difference": Recipe(
        "Difference of two products", "difference",
        _difference,
        lambda subject: [_others(subject, "Subtract")], ("interpolate",), needs_other=True,
        fits=_alike,
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
            f"spectrogram({_of_column(name, values.get('column', ''))}, "
            f"nperseg={values['samples']})"
        ],
        lambda subject: [
            *([] if subject.is_picture else [_columns(subject)]),
            Param("samples", "Samples in a window", 256, whole=True),
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
        refuse=_no_vector, fits=_has_vector,
    ),
}  # fmt: skip


def reading(graph: GraphSpec) -> str:
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
    return f"spz.get_data({quoted(str(ref))}, start, stop{more}).fill_to_nan()"


def quoted(text: str) -> str:
    """Return a text as Python writes it, in double quotes where that is simple."""
    found = repr(text)
    return found if '"' in found else f'"{found[1:-1]}"'
