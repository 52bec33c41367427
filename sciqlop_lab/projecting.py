"""The part of a panel that adds plots whose x axis is not time."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from speasy_core.errors import SpeasyError, UnknownProduct
from speasy_core.http import Deadline
from speasy_core.product import ProductRef
from speasy_core.timerange import TimeRange
from speasy_core.variable import SpeasyVariable

from . import namespace, virtual
from .adapt import TIMELESS, to_variable
from .choosing import options_of
from .computed import Computed
from .graphdata import DATA
from .handles import GraphHandle
from .plotkinds import option_names
from .sources import MissingSource, Source
from .spaces import Fetch, SpaceSource
from .spec import GraphSpec, PanelSpec
from .turning import check_knobs
from .virtual.guard import bounded
from .virtual.knobs import usable

__all__ = ["KindEdits", "asks_function", "asks_session", "keeps"]

_OF_PLOT = ("planes", "aspect")


class KindEdits:
    """Orbits, x-y plots and histograms; see `plot` for what all of them take."""

    @property
    def model(self) -> PanelSpec:
        """What the panel shows."""
        raise NotImplementedError

    def command(self, command: Mapping[str, Any]) -> None:
        """Edit the panel."""
        raise NotImplementedError

    _data: dict[str, SpeasyVariable]

    @property
    def session(self) -> Any:
        """The session that data comes through."""
        raise NotImplementedError

    def _product_of(self, what: Any, pairs: bool = False) -> str:
        raise NotImplementedError

    def _listen(self) -> None:
        raise NotImplementedError

    def orbit(self, product: Any, plot: Any = None, **options: Any) -> Any:
        """Show an orbit in planes side by side, which follows the time of the panel.

        Parameters
        ----------
        product : str, tree node, ProductRef, SpeasyVariable, DataArray, function or list
            Positions: X, Y and Z in a unit of length. A function of ``(start, stop)`` may return
            ``(time, x, y, z)``.
        plot : str, int or PlotHandle, optional
            An orbit to add to; by default a new one.
        planes : sequence of {"xy", "xz", "yz"}
            By default all three.
        boundaries : sequence of str
            Models of `speasy_core.boundaries`; by default the magnetopause of Shue et al. (1998)
            and the bow shock of Farris and Russell (1994). They are drawn in GSE and GSM alone;
            the plot says why where they are not. In yz they are the circle at the terminator.
        pdyn, bz : float
            Dynamic pressure (nPa) and north-south field (nT) of the solar wind for the models, by
            default 2 and 0.
        planet : {"earth", "jupiter", ..., "none"}
            In whose radii lengths are given; by default the one that unit or frame tell. With
            "none" the unit of the product is kept.
        frame : str
            Of SSC the coordinate system that is asked for; of other products the one that they
            are in, where their metadata does not tell it.
        color : {"plain", "time"}
            One colour, or the colour map from the start of the range to its end.
        columns : sequence of three str or int
            Which components are X, Y and Z; by default the first three.
        **options
            And those of `plot`: ``index``, ``label``.

        Returns
        -------
        GraphHandle or list of GraphHandle

        Raises
        ------
        InvalidRequest
            `product` cannot be plotted, or an option does not take its value.

        Examples
        --------
        >>> panel.orbit("ssc/mms1", planes=("xy", "xz"), pdyn=3.5)  # doctest: +SKIP
        <Graph g1 of ssc/mms1 in plot p1>
        """
        return self._plot_any(product, plot, kind="orbit", **options)

    def xy(self, x: Any, y: Any = None, plot: Any = None, **options: Any) -> Any:
        """Show one value against another: a hodogram, a scatter plot.

        Parameters
        ----------
        x : str, tree node, ProductRef, SpeasyVariable, DataArray, function or array
            What is on the x axis; without `y` a product of several components. A function of
            ``(start, stop)`` may return ``(x, y)`` or ``(time, x, y)``. Two arrays of numbers
            have no times: all of them are shown, whatever the range.
        y : as `x`, optional
            What is on the y axis, interpolated at the times of `x`.
        plot : str, int or PlotHandle, optional
            An x-y plot to add to; by default a new one.
        columns : sequence of two str or int
            Which components are shown; by default the first two of `x`, or the first of each.
        aspect : {"auto", "equal", "free"}
            Whether a unit is as long on both axes; by default where both have the same unit.
        style : {"line", "points"}
            Joined, or points alone.
        color : {"plain", "time"}
            One colour, or the colour map from the start of the range to its end.
        **options
            And those of `plot`: ``index``, ``label``.

        Returns
        -------
        GraphHandle

        Raises
        ------
        InvalidRequest
            Something cannot be plotted, or an option does not take its value.

        Examples
        --------
        >>> panel.xy("cda/AC_H0_MFI/BGSEc", columns=("Bx", "By"), color="time")  # doctest: +SKIP
        """
        x, options = _with_second(x, y, options)
        return self._plot_any(x, plot, kind="xy", **options)

    def histogram2d(self, x: Any, y: Any = None, plot: Any = None, **options: Any) -> Any:
        """Show how often two values occur together, counted anew when the panel moves in time.

        Parameters
        ----------
        x, y, plot
            As for `xy`.
        columns : sequence of two str or int
            Which components are counted; by default the first two of `x`, or the first of each.
        x_bins, y_bins : int
            By default 100.
        log_x, log_y : bool
            Bins that are equally wide in the logarithm.
        log_z : bool
            A logarithmic scale of colours.
        normalise : {None, "column"}
            With "column" the counts of each column are divided by their sum.
        **options
            And those of `plot`: ``index``, ``label``.

        Returns
        -------
        GraphHandle

        Raises
        ------
        InvalidRequest
            Something cannot be plotted, or an option does not take its value.

        Examples
        --------
        >>> panel.histogram2d("amda/imf", columns=(1, 2), normalise="column")  # doctest: +SKIP
        """
        log_z = options.pop("log_z", None)
        x, options = _with_second(x, y, options)
        handle = self._plot_any(x, plot, kind="histogram2d", **options)
        if log_z is not None:
            self.command({"op": "set_axis", "plot": handle.plot, "axis": "z", "log": bool(log_z)})
        return handle

    def _space_source(self, graph: GraphSpec) -> Source:
        """Return the source of a graph that has no axis of time."""
        refs = [(ProductRef.parse(graph.product), graph.knobs)]
        if graph.options.get("y"):
            refs.append((ProductRef.parse(graph.options["y"]), {}))
        try:
            fetches = [self._fetch_of(ref, knobs) for ref, knobs in refs]
        except SpeasyError as error:
            return MissingSource(error, graph.label or graph.product)
        computed = any(ref.provider == virtual.PROVIDER for ref, _ in refs)
        seconds = float("inf") if computed else self.session.settings.view_timeout
        return SpaceSource(graph, fetches, seconds, None if computed else refs[0][0])

    def _fetch_of(self, ref: ProductRef, knobs: Mapping[str, Any]) -> Fetch:
        """Return what fetches the samples of a product."""
        if ref.provider == DATA:
            if str(ref) not in self._data:
                raise UnknownProduct(
                    f"{ref} was a variable of an earlier kernel",
                    hint="run the cell that plots it again",
                )
            return keeps(self._data[str(ref)])
        if ref.provider == namespace.PROVIDER:
            return keeps(namespace.variable(ref.path))
        if ref.provider == virtual.PROVIDER:
            product = virtual.find(ref.path)
            if product is not None:
                return asks_function(product, knobs)
            self._listen()
            return asks_function(virtual.Registered(self.session.get_data, ref), knobs)
        return asks_session(self.session.get_data, ref, options_of(knobs))

    def plot(self, what: Any, plot: Any = None, **options: Any) -> Any:
        """Add to the panel."""
        raise NotImplementedError

    def _plot_any(self, what: Any, plot: Any, **options: Any) -> Any:
        """Add as `plot` does, which finds its way back to `_plot_space`."""
        raise NotImplementedError

    def _plot_space(
        self, what: Any, plot: str | None, *, kind: str, index: int | None, style: str,
        label: str | None, **given: Any,
    ) -> GraphHandle:  # fmt: skip
        """Add one graph of a kind that has no axis of time."""
        product = self._product_of(what, pairs=True)
        known = option_names(kind)
        options = {name: _plain(given.pop(name)) for name in known if name in given}
        if options.get("y") is not None:
            options["y"] = self._product_of(options["y"])
        of_plot = {name: _plain(given.pop(name)) for name in _OF_PLOT if name in given}
        before = {graph.id for _, graph in self.model.graphs}
        ref = ProductRef.parse(product)
        if ref.provider == "ssc" and options.get("frame"):  # which computes it in any
            given["coordinate_system"] = options.pop("frame")
        knobs = check_knobs(ref, given, self.session)
        self.command(
            {
                "op": "add_product", "product": product, "plot": plot, "index": index,
                "kind": kind, "label": label, "style": style, "options": options, "knobs": knobs,
                **of_plot,
            }
        )  # fmt: skip
        for plot_id, graph in self.model.graphs:
            if graph.id not in before:
                return GraphHandle(self, plot_id, graph.id, graph.product)
        raise RuntimeError("the graph that was added is gone")


def _with_second(x: Any, y: Any, options: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
    """Return what is plotted and its options: two arrays are one variable without times."""
    if y is None:
        return x, options
    if isinstance(x, (list, tuple, np.ndarray)) and isinstance(y, (list, tuple, np.ndarray)):
        return to_variable((x, y), name="data", pairs=True), options
    return x, {**options, "y": y}


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value


def keeps(variable: SpeasyVariable) -> Fetch:
    """Return what gives the part of a variable that lies in a range."""

    def fetch(span: TimeRange, deadline: Deadline, pixels: int) -> SpeasyVariable:
        return _timed(variable, span) if variable.meta.get(TIMELESS) else variable[span]

    return fetch


def asks_function(product: Computed, knobs: Mapping[str, Any]) -> Fetch:
    """Return what calls a function of the user."""
    taken = usable(product.knobs, knobs)

    def fetch(span: TimeRange, deadline: Deadline, pixels: int) -> SpeasyVariable:
        def call(own: Deadline) -> SpeasyVariable:
            return product.compute(span, knobs=taken, deadline=own, pixels=pixels)

        found = bounded(call, deadline, product.timeout, product.__name__)
        return _timed(found, span) if found.meta.get(TIMELESS) else found

    return fetch


def _timed(variable: SpeasyVariable, span: TimeRange) -> SpeasyVariable:
    """Return what came without times evenly over the range, in the order in which it came."""
    count = len(variable)
    step = span.duration_ns / max(count, 1)
    times = span.start_ns + (np.arange(count) * step).astype(np.int64)
    return variable.copy(time=times.view("M8[ns]"))


def asks_session(get_data: Callable[..., Any], ref: ProductRef, how: Mapping[str, Any]) -> Fetch:
    """Return what asks an archive."""

    def fetch(span: TimeRange, deadline: Deadline, pixels: int) -> SpeasyVariable:
        found: SpeasyVariable = get_data(
            ref, span.start, span.stop, timeout=deadline, on_error="gaps", **how
        )
        return found

    return fetch
