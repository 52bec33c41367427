"""What every renderer of a panel shares: the spec, its commands, the sources, the engine."""

from __future__ import annotations

import dataclasses
import itertools
import threading
import weakref
from collections.abc import Iterable, Mapping
from typing import Any

from speasy_core.errors import InvalidRequest, SpeasyError, UnknownProduct, UnknownProvider
from speasy_core.product import ProductRef
from speasy_core.session import default_session
from speasy_core.timerange import TimeRange
from speasy_core.variable import SpeasyVariable

from . import commands, defining, namespace, virtual
from . import spec as specs
from .adapt import to_variable
from .choosing import is_archive, options_of
from .computed import FunctionSource
from .conversation import KERNEL_VIEW, Conversation
from .handles import GraphHandle, PlotHandle, SpanEdits
from .plotkinds import SPACE_KINDS
from .projecting import KindEdits
from .settings_watch import watch
from .sources import MissingSource, ProductSource, Source, StaticSource
from .tiles import Engine
from .turning import KnobEdits, check_knobs
from .views import ViewRequest
from .workflows import Workflows

__all__ = ["KERNEL_VIEW", "PanelCore"]

_KERNEL_WIDTH = 1200
_DATA = "data"


class PanelCore(SpanEdits, KnobEdits, KindEdits, Workflows, Conversation):
    """The kernel's half of a panel, without a renderer.

    A renderer calls :meth:`_setup` and provides :meth:`_publish` (the spec has changed) and
    :meth:`_post` (a message for a view). It may take part in the picture that is made before any
    view asks: :meth:`_first` (a message for no view), :meth:`_gone` (graphs that left).
    """

    def _setup(self, start: Any, stop: Any, session: Any) -> None:
        span = start if stop is None and isinstance(start, TimeRange) else TimeRange(start, stop)
        self._lock = threading.RLock()
        self._session = session
        self._model = specs.PanelSpec(span.start_ns, span.stop_ns)
        self._history = commands.History()
        self._sources: dict[str, Source] = {}
        self._data: dict[str, SpeasyVariable] = {}
        self._count = itertools.count(1)
        self._kernel_gen = itertools.count()
        self._listening = False
        self._engine = Engine(self._from_engine)
        virtual.subscribe(self)

    def _publish(self, spec: specs.PanelSpec) -> None:
        raise NotImplementedError

    def _gone(self, graphs: list[str]) -> None:
        """Forget graphs that left; their names may be used again."""

    # -- the user's side ------------------------------------------------------------------
    @property
    def session(self) -> Any:
        """The session that data comes through."""
        if self._session is not None:
            return self._session
        watch(default_session())  # settings that are changed in JupyterLab count here too
        return default_session()

    @property
    def model(self) -> specs.PanelSpec:
        """What the panel shows, as a frozen value."""
        return self._model

    @property
    def title(self) -> str:
        """Its name, above the plots and on exports; set it to a text."""
        return self._model.title

    @title.setter
    def title(self, value: str) -> None:
        self.command({"op": "set_title", "title": value})

    @property
    def time_range(self) -> TimeRange:
        """The range that is shown; set it to a TimeRange or ``(start, stop)`` to move there."""
        return self._model.time_range

    @time_range.setter
    def time_range(self, value: Any) -> None:
        span = value if isinstance(value, TimeRange) else TimeRange(*value)
        self.command(
            {"op": "set_time_range", "start": str(span.start_ns), "stop": str(span.stop_ns)}
        )

    @property
    def plots(self) -> list[PlotHandle]:
        """The plots from top to bottom."""
        return [PlotHandle(self, plot.id) for plot in self._model.plots]

    @property
    def errors(self) -> dict[str, dict[str, Any]]:
        """By graph id, the error that its plot shows now."""
        return dict(self._engine.errors)

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
        """Show a product, a variable or a function.

        Parameters
        ----------
        what : str, tree node, ProductRef, SpeasyVariable, DataArray, function or list
            A function of ``(start, stop)`` is called again with the visible range whenever that
            changes; see :func:`sciqlop_lab.virtual_product` for what it may take and return.
            The members of a list share one plot.
        plot : str, int or PlotHandle, optional
            A plot to add to; by default a new one is made.
        index : int, optional
            Where in the stack the new plot goes; by default at the end.
        kind : {"auto", "line", "image", "orbit", "xy", "histogram2d"}
            How it is drawn; the last three have an axis of values in the place of time, and
            options of their own: see `orbit`, `xy` and `histogram2d`.
        label : str, optional
            Replaces the product's own label.
        style : {"line", "steps", "points"}
            How samples are joined.
        y_axis : {"y", "y2"}, optional
            Left or right axis; by default left, but right for lines over a spectrogram.
        **knobs
            How the knobs of a virtual product are turned.

        Returns
        -------
        GraphHandle or list of GraphHandle

        Raises
        ------
        InvalidRequest
            `what` is nothing that can be plotted, or names no provider.

        Examples
        --------
        >>> panel = Panel("2023-01-02", "2023-01-03")  # doctest: +SKIP
        >>> panel.plot("cda/AC_H0_MFI/BGSEc")  # doctest: +SKIP
        <Graph g1 of cda/AC_H0_MFI/BGSEc in plot p1>
        """
        target = self._plot_id(plot)
        looks: dict[str, Any] = {"kind": kind, "label": label, "style": style, "y_axis": y_axis}
        if isinstance(what, (list, tuple)):
            handles: list[GraphHandle] = []
            for item in what:
                target = handles[0].plot if handles and target is None else target
                handles.append(self.plot(item, target, index=index, **looks, **knobs))
            return handles
        if kind in SPACE_KINDS:
            with self._lock:
                looks.pop("y_axis")
                return self._plot_space(what, target, index=index, **looks, **knobs)
        with self._lock:
            product = self._product_of(what)
            before = {graph.id for _, graph in self._model.graphs}
            looks["knobs"] = check_knobs(ProductRef.parse(product), knobs, self.session)
            place = {"plot": target, "index": index}
            self.command({"op": "add_product", "product": product, **place, **looks})
            for plot_id, graph in self._model.graphs:
                if graph.id not in before:
                    return GraphHandle(self, plot_id, graph.id, graph.product)
        raise RuntimeError("the graph that was added is gone")

    def command(self, command: Mapping[str, Any]) -> None:
        """Edit the spec: ``{"op": name, ...}`` of `sciqlop_lab.commands`, undo or redo."""
        with self._lock:
            now, op = self._model, command.get("op")
            if op == "undo":
                changed = self._history.undo(now)
            elif op == "redo":
                changed = self._history.redo(now)
            else:
                changed = commands.apply(now, command)
                if changed != now:
                    self._history.record(now, command.get("gesture"))
            self._adopt(changed)
        if changed.functions != now.functions and op in ("undo", "redo"):
            defining.follow(self, now, changed)
        if changed.time_range != now.time_range:
            self._spread(changed.time_range)

    def _follow(self, span: TimeRange) -> None:
        with self._lock:
            if span != self._model.time_range:
                start, stop = span.start_ns, span.stop_ns
                self._adopt(dataclasses.replace(self._model, start_ns=start, stop_ns=stop))

    def _serves(self, view: Any) -> bool:
        return view in self._engine.views

    def undo(self) -> None:
        """Take back the last edit or zoom."""
        self.command({"op": "undo"})

    def redo(self) -> None:
        """Do again what `undo` took back."""
        self.command({"op": "redo"})

    def wait(self, timeout: float | None = None) -> bool:
        """Block until everything that was asked for is computed.

        Returns
        -------
        bool
            False when `timeout` seconds ran out before.
        """
        return self._engine.wait(timeout)

    def describe(self) -> str:
        """Return one line of text on what the panel shows."""
        plots = "; ".join(
            ", ".join(graph.product for graph in plot.graphs) for plot in self._model.plots
        )
        return f"<Panel {self.time_range} {plots or 'without plots'}>"

    # -- what may be plotted --------------------------------------------------------------
    def _plot_id(self, plot: Any) -> str | None:
        if plot is None or isinstance(plot, str):
            return plot
        if isinstance(plot, PlotHandle):
            return plot.id
        if isinstance(plot, int) and not isinstance(plot, bool):
            try:
                return self._model.plots[plot].id
            except IndexError:
                raise InvalidRequest(
                    f"there is no plot {plot}", hint=f"the panel has {len(self._model.plots)}"
                ) from None
        raise InvalidRequest(f"{plot!r:.60} does not name a plot of this panel")

    def _plot_any(self, what: Any, plot: Any, **options: Any) -> Any:
        return self.plot(what, plot, **options)

    def _product_of(self, what: Any, pairs: bool = False) -> str:
        """Return the product id that stands for `what`, keeping hold of what has none."""
        if isinstance(what, virtual.VirtualProduct):
            return str(what.ref)
        if isinstance(what, SpeasyVariable) or hasattr(what, "to_dataset"):
            name = f"{_DATA}/{next(self._count)}"
            self._data[name] = to_variable(what)
            return name
        if callable(what) and not hasattr(what, "ref"):
            return str(virtual.of_function(what, session=self._session, pairs=pairs).ref)
        ref = ProductRef.parse(what)
        known = self.session.list_providers()
        if ref.provider not in known:
            raise UnknownProvider(
                f"there is no provider {ref.provider!r}",
                product=str(ref),
                hint=f"providers: {', '.join(known)}",
            )
        return str(ref)

    def _make_source(self, graph: specs.GraphSpec, before: Source | None = None) -> Source:
        """Return what a graph is drawn from; `before` is its source with other knobs."""
        if isinstance(before, FunctionSource):
            return before.turned(graph.knobs)
        if graph.kind in SPACE_KINDS:
            return self._space_source(graph)
        ref = ProductRef.parse(graph.product)
        if ref.provider == _DATA:
            if graph.product in self._data:
                return StaticSource(self._data[graph.product], graph.kind, graph.mean)
            return MissingSource(
                UnknownProduct(
                    f"{graph.product} was a variable of an earlier kernel",
                    hint="run the cell that plots it again",
                ),
                graph.label or graph.product,
            )
        if ref.provider == namespace.PROVIDER:
            try:
                return StaticSource(namespace.variable(ref.path), graph.kind, graph.mean)
            except SpeasyError as error:
                return MissingSource(error, graph.label or ref.path)
        if ref.provider == virtual.PROVIDER:
            product = virtual.find(ref.path)
            if product is not None:
                return FunctionSource(product, graph.kind, graph.knobs, graph.mean)
            self._listen()
            registered = virtual.Registered(self.session.get_data, ref)
            return FunctionSource(registered, graph.kind, graph.knobs, graph.mean)
        session = self.session
        timeout = session.settings.view_timeout
        pictures = getattr(session, "get_picture", None)  # a session of another kind has none
        return ProductSource(
            session.get_data, session.info, ref, graph.kind, timeout, pictures,
            options_of(graph.knobs), graph.mean,
        )  # fmt: skip

    def _listen(self) -> None:
        """Hear of functions that are registered with the session itself."""
        if self._listening:
            return
        self._listening = True
        me = weakref.ref(self)

        def changed(path: str) -> None:
            panel = me()
            if panel is None:
                end()
            elif virtual.find(path) is None:
                panel.product_changed(f"{virtual.PROVIDER}/{path}")

        end = self.session.providers[virtual.PROVIDER].subscribe(changed)

    # -- changes --------------------------------------------------------------------------
    def _adopt(self, new: specs.PanelSpec) -> None:
        """Make `new` the spec: sources and engine follow, then the views are told."""
        old, self._model = self._model, new
        graphs = {graph.id: (plot, graph) for plot, graph in new.graphs}
        had = {graph.id: graph for _, graph in old.graphs}
        gone = [g for g, graph in had.items() if g not in graphs or not _same(graph, graphs[g][1])]
        for name in gone:
            self._sources.pop(name, None)
        self._engine.remove(gone)
        self._gone(gone)
        turned = [g for g, graph in had.items() if g in self._sources and g in graphs
                  and _turned(graph, graphs[g][1])]  # fmt: skip
        fresh = [name for name in graphs if name not in self._sources or name in turned]
        for name in fresh:  # of what was turned, the last picture stays until the next is there
            self._sources[name] = self._make_source(graphs[name][1], self._sources.get(name))
        if new != old:
            self._publish(new)
            self._knobs_changed()
        self._compute((graphs[n][0], n, self._sources[n]) for n in fresh)
        if fresh or new.time_range != old.time_range:
            self._work_ahead()

    def _wanted(self) -> list[tuple[str, str, Source]]:
        return [(plot, graph.id, self._sources[graph.id]) for plot, graph in self._model.graphs]

    def _compute(self, graphs: Iterable[tuple[str, str, Source]]) -> None:
        """Compute graphs for every view; the kernel's own is of no use beside that of a page."""
        if self._engine.views not in ([], [KERNEL_VIEW]):
            self._engine.cancel(KERNEL_VIEW)
        self._engine.add(graphs)

    def _work_ahead(self) -> None:
        """Compute while no view asks, so that the first one finds its picture ready."""
        if self._engine.views in ([], [KERNEL_VIEW]):
            span, gen = self._model.time_range, next(self._kernel_gen)
            request = ViewRequest(KERNEL_VIEW, gen, span, _KERNEL_WIDTH, grid=True)
            self._engine.request(request, self._wanted())

    def product_changed(self, product: str) -> None:
        """Draw anew what shows `product`, a function that was defined again."""
        with self._lock:
            changed = [
                (p, g) for p, g in self._model.graphs if product in (g.product, g.options.get("y"))
            ]
            for _, graph in changed:
                self._sources[graph.id] = self._make_source(graph)
            self._knobs_changed()
            self._compute((p, g.id, self._sources[g.id]) for p, g in changed)


def _turned(a: specs.GraphSpec, b: specs.GraphSpec) -> bool:
    return a.knobs != b.knobs or a.options != b.options


def _same(a: specs.GraphSpec, b: specs.GraphSpec) -> bool:
    """Whether two graphs are drawn from the same source, but for the knobs of a function."""
    turns = not is_archive(ProductRef.parse(a.product))
    return _drawn_as(a) == _drawn_as(b) and (turns or a.knobs == b.knobs)


def _drawn_as(graph: specs.GraphSpec) -> tuple[str | None, ...]:
    return graph.product, graph.kind, graph.mean or "linear"
