"""The knobs of a graph: read, turned from Python, and as widgets."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, MutableMapping
from typing import Any, Protocol

from speasy_core.errors import UnknownOption
from speasy_core.product import ProductRef

from . import virtual
from .choosing import chosen, is_archive
from .spec import GraphSpec, PanelSpec
from .virtual.knobs import KnobSpec, coerce_value, defaults_for, spec_to_dict, validate_dict

__all__ = ["GraphKnobs", "KnobEdits", "check_knobs", "knob_box"]


class Turnable(Protocol):
    """The panel as its knobs see it."""

    @property
    def model(self) -> PanelSpec:
        """What it shows."""
        ...

    def command(self, command: Mapping[str, Any]) -> None:
        """Edit it."""
        ...


def _specs(ref: ProductRef) -> tuple[KnobSpec, ...]:
    product = virtual.find(ref.path) if ref.provider == virtual.PROVIDER else None
    return () if product is None else product.knobs


def check_knobs(ref: ProductRef, knobs: Mapping[str, Any], session: Any = None) -> dict[str, Any]:
    """Return the plain values of the knobs that are given.

    Raises
    ------
    InvalidRequest
        The product has no such knob, or the knob does not take the value.
    """
    if not knobs:
        return {}
    if is_archive(ref):
        return chosen(session, ref, knobs)
    if ref.provider == virtual.PROVIDER and virtual.find(ref.path) is None:
        return dict(knobs)  # a function that the session alone knows says so itself
    whole = validate_dict(_specs(ref), knobs, where=str(ref))
    return {name: whole[name] for name in knobs}


class GraphKnobs(MutableMapping[str, Any]):
    """The knobs of one graph by name; setting one computes the graph anew.

    Parameters
    ----------
    panel : Panel
    plot, graph : str
        Their ids.

    Examples
    --------
    >>> graph = panel.plot("vp/mine/smoothed")  # doctest: +SKIP
    >>> graph.knobs["window"] = 5  # doctest: +SKIP
    """

    def __init__(self, panel: Turnable, plot: str, graph: str) -> None:
        self._panel, self._plot, self._graph = panel, plot, graph

    def _spec(self) -> GraphSpec:
        for _, graph in self._panel.model.graphs:
            if graph.id == self._graph:
                return graph
        raise UnknownOption(f"the graph {self._graph} is no longer in the panel")

    @property
    def specs(self) -> tuple[KnobSpec, ...]:
        """What each knob takes."""
        return _specs(ProductRef.parse(self._spec().product))

    def describe(self) -> list[dict[str, Any]]:
        """Return the knobs with their values as JSON types, for a page that draws them."""
        return [{**spec_to_dict(spec), "value": self[spec.name]} for spec in self.specs]

    def __getitem__(self, name: str) -> Any:
        values = {**defaults_for(self.specs), **self._spec().knobs}
        return values[name]

    def __setitem__(self, name: str, value: Any) -> None:
        self.turn(**{name: value})

    def __delitem__(self, name: str) -> None:
        """Give a knob its default."""
        self._command({name: None})

    def __iter__(self) -> Iterator[str]:
        return iter(self._names())

    def __len__(self) -> int:
        return len(self._names())

    def _names(self) -> list[str]:
        spec = self._spec()
        archive = is_archive(ProductRef.parse(spec.product))
        return list(spec.knobs) if archive else [knob.name for knob in self.specs]

    def turn(self, **values: Any) -> None:
        """Turn several at once, as one step of undo.

        Raises
        ------
        InvalidRequest
            There is no such knob, or it does not take the value.
        """
        session = getattr(self._panel, "session", None)
        self._command(check_knobs(ProductRef.parse(self._spec().product), values, session))

    def reset(self) -> None:
        """Give every knob its default."""
        self._command(dict.fromkeys(self._spec().knobs))

    def _command(self, values: Mapping[str, Any]) -> None:
        place = {"plot": self._plot, "graph": self._graph}
        self._panel.command({"op": "set_knobs", **place, "knobs": dict(values)})

    def __repr__(self) -> str:
        return f"<Knobs {', '.join(f'{name}={self[name]!r}' for name in self)}>"


def knob_box(panel: Turnable) -> Any:
    """Return a box of ipywidgets for the knobs of all graphs of a panel."""
    import ipywidgets  # type: ignore[import-untyped]

    parts = []
    for plot, graph in panel.model.graphs:
        knobs = GraphKnobs(panel, plot, graph.id)
        if not knobs.specs:
            continue
        title = ipywidgets.Label(value=graph.label or graph.product)
        parts.append(ipywidgets.VBox([title, *_widgets(knobs)]))
    return ipywidgets.VBox(parts)


def _widgets(knobs: GraphKnobs) -> list[Any]:
    import ipywidgets

    made = {spec.name: _widget(spec, knobs[spec.name]) for spec in knobs.specs}
    shown = list(made.values())
    late = [spec for spec in knobs.specs if spec.apply == "manual"]
    for spec in knobs.specs:
        if spec not in late:
            made[spec.name].observe(_turner(knobs, spec), names="value")
    if late:
        button = ipywidgets.Button(description="Apply")
        button.on_click(lambda _: knobs.turn(**{spec.name: made[spec.name].value for spec in late}))
        shown.append(button)
    return shown


def _turner(knobs: GraphKnobs, spec: KnobSpec) -> Any:
    def turned(change: Mapping[str, Any]) -> None:
        knobs[spec.name] = coerce_value(spec, change["new"])

    return turned


def _widget(spec: KnobSpec, value: Any) -> Any:
    import ipywidgets

    label = (spec.label or spec.name) + (f" [{spec.unit}]" if spec.unit else "")
    same = {"value": value, "description": label, "tooltip": spec.description or label,
            "style": {"description_width": "initial"}}  # fmt: skip
    if spec.type == "choice":
        return ipywidgets.Dropdown(options=list(spec.choices or ()), **same)
    if spec.type == "bool":
        return ipywidgets.Checkbox(**same)
    if spec.type == "str":
        return ipywidgets.Text(continuous_update=False, **same)
    kind = "Int" if spec.type == "int" else "Float"
    limits: dict[str, Any] = {} if spec.step is None else {"step": spec.step}
    if spec.min is None or spec.max is None:
        return getattr(ipywidgets, f"{kind}Text")(**same, **limits)
    limits |= {"min": spec.min, "max": spec.max, "continuous_update": False}
    if "step" not in limits and kind == "Float":
        limits["step"] = (spec.max - spec.min) / 100
    return getattr(ipywidgets, f"{kind}Slider")(**same, **limits)


class KnobEdits:
    """The part of a panel that shows its knobs."""

    @property
    def model(self) -> PanelSpec:
        """What the panel shows."""
        raise NotImplementedError

    def command(self, command: Mapping[str, Any]) -> None:
        """Edit the panel."""
        raise NotImplementedError

    def _knobs_changed(self) -> None:
        """Show the knobs that there are now, where the renderer does."""

    def describe_knobs(self) -> dict[str, list[dict[str, Any]]]:
        """Return the knobs of each graph that has some, as JSON types, by its id.

        Examples
        --------
        >>> panel.describe_knobs()["g1"][0]["name"]  # doctest: +SKIP
        'window'
        """
        found = {g.id: _specs(ProductRef.parse(g.product)) for _, g in self.model.graphs}
        return {graph: [spec_to_dict(s) for s in knobs] for graph, knobs in found.items() if knobs}

    def knobs(self) -> Any:
        """Return a box of widgets for the knobs of everything that is shown; display it."""
        return knob_box(self)
