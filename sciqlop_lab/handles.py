"""What `panel.plot` and `panel.plots` return: names of parts of a panel, with their edits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from speasy_core.timerange import TimeRange
from speasy_core.variable import SpeasyVariable

from .graphdata import graph_of, samples
from .spec import PanelSpec, SpanSpec
from .turning import GraphKnobs

__all__ = ["Editable", "GraphHandle", "PlotHandle", "SpanEdits", "SpanHandle"]


class Editable(Protocol):
    """The panel as its handles see it."""

    @property
    def model(self) -> PanelSpec:
        """What it shows."""
        ...

    def command(self, command: Mapping[str, Any]) -> None:
        """Edit it."""
        ...

    def plot(
        self,
        what: Any,
        plot: Any = None,
        *,
        index: int | None = None,
        kind: str = "auto",
        label: str | None = None,
        style: str = "line",
        y_axis: str | None = None,
        **knobs: Any,
    ) -> Any:
        """Add to it."""
        ...


@dataclass(frozen=True, slots=True)
class GraphHandle:
    """One product in a plot, as `panel.plot` returns it."""

    panel: Editable
    plot: str
    id: str
    product: str

    def set(self, **changes: Any) -> None:
        """Change how it looks; what is left out stays.

        Parameters
        ----------
        label : str or None
            Its name; None for the product's own.
        kind : str
            "auto", "line", "image", as of `Panel.plot`.
        style : {"line", "steps", "points"}
            With steps a sample holds until the next one.
        width : float or None
            Of lines, 0.5 to 20 pixels; None is thin.
        marker : {"none", "circle", "square", "diamond", "triangle", "cross", "plus"}
            Drawn at each sample.
        mean : {"linear", "log"} or None
            Of the samples that share a cell of a spectrogram; None is linear. That of the
            logarithms leaves out values of 0 and below, and is less swayed by bursts.
        colors : list of str or None
            One CSS colour per component; None in place of one is the palette's.
        y_axis : {"y", "y2"} or None
            The left or right axis; None lets the plot choose.
        """
        self.panel.command({"op": "set_graph", "plot": self.plot, "graph": self.id, **changes})

    def hide(self, *components: str) -> None:
        """Draw all components but these; without a name all of them."""
        place = {"plot": self.plot, "graph": self.id}
        self.panel.command({"op": "set_hidden", **place, "hidden": list(components)})

    def move(self, plot: PlotHandle | str | None = None, index: int | None = None) -> GraphHandle:
        """Move to another plot, or to another place in its own.

        Parameters
        ----------
        plot : PlotHandle, str or None
            None makes a new plot, at `index` of the stack.
        index : int, optional
            Its place among the graphs of the plot; the last by default.

        Returns
        -------
        GraphHandle
            Where it is now.
        """
        to = plot.id if isinstance(plot, PlotHandle) else plot
        place = {"plot": self.plot, "graph": self.id}
        self.panel.command({"op": "move_graph", **place, "to": to, "index": index})
        now = next(name for name, graph in self.panel.model.graphs if graph.id == self.id)
        return GraphHandle(self.panel, now, self.id, self.product)

    def remove(self) -> None:
        """Take it out of its plot; an empty plot goes too."""
        self.panel.command({"op": "remove_graph", "plot": self.plot, "graph": self.id})

    @property
    def data(self) -> SpeasyVariable:
        """All its samples in the visible range; a function is called with that range."""
        return samples(self.panel, graph_of(self.panel, self.plot, self.id))

    @property
    def knobs(self) -> GraphKnobs:
        """Its knobs, to be read and turned: ``graph.knobs["window"] = 5``."""
        return GraphKnobs(self.panel, self.plot, self.id)

    def __repr__(self) -> str:
        return f"<Graph {self.id} of {self.product} in plot {self.plot}>"


@dataclass(slots=True, unsafe_hash=True)  # a frozen one could not have a height to set
class PlotHandle:
    """One plot of a panel."""

    panel: Editable
    id: str

    @property
    def products(self) -> list[str]:
        """Ids of what it shows."""
        return [graph.product for graph in self.panel.model.plot(self.id).graphs]

    @property
    def graphs(self) -> list[GraphHandle]:
        """What it shows, each to be edited, and with its `data`."""
        graphs = self.panel.model.plot(self.id).graphs
        return [GraphHandle(self.panel, self.id, graph.id, graph.product) for graph in graphs]

    def plot(self, what: Any, **options: Any) -> Any:
        """Add to this plot; as `Panel.plot`."""
        return self.panel.plot(what, plot=self.id, **options)

    def set_axis(self, axis: str = "y", **changes: Any) -> None:
        """Change an axis; what is left out stays.

        Parameters
        ----------
        axis : {"y", "y2", "z"}
            Left axis, right axis or colour bar.
        log : bool, "symlog" or None
            "symlog" (not for z) shows values of both signs; None is as the product says. A plain
            logarithm leaves out values of 0 and below, and the plot says so.
        range : (float, float) or None
            None fits the visible data.
        percentiles : (float, float) or None
            Shares of the visible values, in percent, that a fitted range goes from and to, so
            that spikes do not set it; None is all values, and of colours 2 to 98.
        label : str or None
            None is as the product says.
        colormap : str or None
            Of z: viridis, magma, plasma, inferno, cividis, turbo, jet or gray. None is the one of
            JupyterLab's settings, viridis elsewhere.
        """
        self.panel.command({"op": "set_axis", "plot": self.id, "axis": axis, **changes})

    def set(self, **changes: bool) -> None:
        """Show or hide its `grid` and its `legend`; what is left out stays."""
        self.panel.command({"op": "set_plot", "plot": self.id, **changes})

    def move(self, index: int) -> None:
        """Move to another place in the stack."""
        self.panel.command({"op": "move_plot", "plot": self.id, "index": index})

    @property
    def height(self) -> float:
        """Its height, relative to the other plots; can be set."""
        return self.panel.model.plot(self.id).height

    @height.setter
    def height(self, value: float) -> None:
        self.panel.command({"op": "set_heights", "heights": {self.id: value}})

    def remove(self) -> None:
        """Take it out of the panel."""
        self.panel.command({"op": "remove_plot", "plot": self.id})

    def __repr__(self) -> str:
        return f"<Plot {self.id}: {', '.join(self.products)}>"


@dataclass(frozen=True, slots=True)
class SpanHandle:
    """A range of time that is marked in all plots of a panel."""

    panel: SpanEdits
    spec: SpanSpec

    @property
    def time_range(self) -> TimeRange:
        """What is marked."""
        return TimeRange.from_ns(self.spec.start_ns, self.spec.stop_ns)

    def remove(self) -> None:
        """Take the mark away."""
        self.panel.command({"op": "remove_span", "span": self.spec.id})

    def __repr__(self) -> str:
        return f"<Span {self.spec.label or self.spec.id}: {self.time_range}>"


class SpanEdits:
    """The part of a panel that marks ranges of time."""

    @property
    def model(self) -> PanelSpec:
        """What the panel shows."""
        raise NotImplementedError

    def command(self, command: Mapping[str, Any]) -> None:
        """Edit the panel."""
        raise NotImplementedError

    @property
    def spans(self) -> list[SpanHandle]:
        """The ranges of time that are marked."""
        return [SpanHandle(self, span) for span in self.model.spans]

    def add_span(
        self, start: Any, stop: Any = None, *, label: str = "", color: str | None = None
    ) -> SpanHandle:
        """Mark a range of time in all plots.

        Parameters
        ----------
        start, stop : str, datetime, numpy.datetime64, float or TimeRange
            The range; a TimeRange or an Event may stand for both.
        label : str
            Written into the band where it has room.
        color : str, optional
            A CSS colour.

        Returns
        -------
        SpanHandle

        Examples
        --------
        >>> panel.add_span("2019-01-02T17", "2019-01-02T18", label="cusp")  # doctest: +SKIP
        """
        span = start if stop is None and isinstance(start, TimeRange) else TimeRange(start, stop)
        times = {"start": str(span.start_ns), "stop": str(span.stop_ns)}
        self.command({"op": "add_span", **times, "label": label, "color": color})
        return self.spans[-1]
