"""SciQLop's way of making and filling plot panels."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any

from sciqlop_lab.adapt import to_variable
from sciqlop_lab.handles import GraphHandle, PlotHandle
from sciqlop_lab.panel import Panel
from speasy_core.errors import InvalidRequest

from ._time_range import TimeRange
from .enums import CoordinateSystem, GraphType, Orientation, PlotType, ScaleType

__all__ = [
    "CoordinateSystem", "GraphType", "Orientation", "PlotPanel", "PlotType", "ScaleType",
    "TimeRange", "create_plot_panel", "last_panel", "plot_panel",
]  # fmt: skip

_DAY = 86_400.0
_WHOLE_DATASET = frozenset({"cda", "csa"})  # ids of these name the data set and the variable
_panels: dict[str, PlotPanel] = {}


def product_id(path: str | Sequence[str]) -> str:
    """Return the product id for a SciQLop path such as ``speasy//cda//MMS//...//B``.

    An id (``cda/MMS1_FGM_SRVY_L2/mms1_fgm_b_gse_srvy_l2``) comes back as it is.
    """
    if isinstance(path, str):
        if "//" not in path:
            return path
        path = path.split("//")
    parts = [part for part in path if part and part not in ("root", "speasy")]
    if len(parts) < 2:
        raise InvalidRequest(f"{'//'.join(path)!r} is not the path of a product")
    keep = 2 if parts[0] in _WHOLE_DATASET else 1
    return "/".join([parts[0], *parts[1:][-keep:]])


class PlotPanel:
    """A panel under SciQLop's names; `panel` is the one of ours that it stands for."""

    def __init__(self, name: str, panel: Any) -> None:
        self.name, self.panel = name, panel

    def _add(self, what: Any, plot_index: int, **options: Any) -> tuple[PlotHandle, GraphHandle]:
        plots = self.panel.plots
        plot = plots[plot_index] if 0 <= plot_index < len(plots) else None
        graph = self.panel.plot(what, plot, **options)
        return PlotHandle(self.panel, graph.plot), graph

    def plot(
        self, *args: Any, plot_index: int = -1, **options: Any
    ) -> tuple[PlotHandle, GraphHandle]:
        """Show a product, a variable, a function, or arrays ``x, y[, z]``.

        Returns
        -------
        tuple of PlotHandle and GraphHandle
        """
        if len(args) > 1:
            arrays = to_variable(tuple(args), name="data")
            return self._add(arrays, plot_index, **_known(options))
        (what,) = args
        if isinstance(what, PlotPanel):
            raise InvalidRequest("a panel cannot be plotted")
        if isinstance(what, (str, list, tuple)):
            return self.plot_product(what, plot_index, **options)
        return self._add(what, plot_index, **options)

    def plot_product(
        self, product: Any, plot_index: int = -1, **options: Any
    ) -> tuple[PlotHandle, GraphHandle]:
        """Show a product, by id, by path or as the object itself."""
        what = product_id(product) if isinstance(product, (str, list, tuple)) else product
        return self._add(what, plot_index, **_known(options))

    def plot_function(
        self, f: Callable[..., Any], plot_index: int = -1, **options: Any
    ) -> tuple[PlotHandle, GraphHandle]:
        """Show what a function of ``(start, stop)`` gives."""
        return self._add(f, plot_index, **_known(options))

    def plot_data(
        self, x: Any, y: Any = None, z: Any = None, plot_index: int = -1, **options: Any
    ) -> tuple[PlotHandle, GraphHandle]:
        """Show a variable, or arrays of time and values (and channels in between)."""
        arrays = [a for a in (x, y, z) if a is not None]
        what = x if len(arrays) == 1 else to_variable(tuple(arrays), name="data")
        return self._add(what, plot_index, **_known(options))

    @property
    def time_range(self) -> TimeRange:
        """The range that is shown."""
        return TimeRange(*self.panel.time_range)

    @time_range.setter
    def time_range(self, value: Any) -> None:
        self.panel.time_range = tuple(value)

    def set_time_range(self, start: Any, stop: Any = None) -> None:
        """Show another range."""
        self.time_range = start if stop is None else (start, stop)

    @property
    def plots(self) -> list[PlotHandle]:
        """The plots from top to bottom."""
        plots: list[PlotHandle] = self.panel.plots
        return plots

    @property
    def duration(self) -> str:
        """Length of what is shown, as text."""
        return str(timedelta(microseconds=self.panel.time_range.duration_ns // 1000))

    def step_forward(self, n: int = 1) -> None:
        """Show what comes after; `n` lengths further."""
        span = self.panel.time_range
        self.panel.time_range = span.shifted(n * span.duration_ns)

    def step_backward(self, n: int = 1) -> None:
        """Show what comes before."""
        self.step_forward(-n)

    def knobs(self) -> Any:
        """Return widgets for the knobs of everything that is shown."""
        return self.panel.knobs()

    def remove_plot(self, index: int) -> None:
        """Take a plot out."""
        self.panel.plots[index].remove()

    def _repr_mimebundle_(self, **options: Any) -> Any:
        return self.panel._repr_mimebundle_(**options)

    def __repr__(self) -> str:
        return f"<PlotPanel {self.name} {self.panel!r}>"


# taken for the sake of notebooks that give them: types are found out from the data
_FOUND_OUT = frozenset({"plot_type", "graph_type", "name", "labels", "colors"})


def _known(options: dict[str, Any]) -> dict[str, Any]:
    """Return the options that have a meaning here: how it looks, and knobs."""
    return {key: value for key, value in options.items() if key not in _FOUND_OUT}


def create_plot_panel(name: str | None = None) -> PlotPanel:
    """Make a panel over the last day; in a notebook it appears below the cell."""
    now = float(int(time.time()))
    name = name or f"Panel{len(_panels)}"
    made = PlotPanel(name, Panel(now - _DAY, now))
    _panels[name] = made
    _show(made)
    return made


def _show(panel: PlotPanel) -> None:
    from IPython import get_ipython
    from IPython.display import display

    if get_ipython() is not None:
        display(panel.panel)  # type: ignore[no-untyped-call]


def last_panel() -> PlotPanel | None:
    """Return the panel that was made last, or None."""
    return next(reversed(_panels.values()), None)


def plot_panel(name: str) -> PlotPanel | None:
    """Return the panel of that name, or None."""
    return _panels.get(name)
