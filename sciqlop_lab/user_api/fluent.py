"""Panels in one breath: ``new_panel().plot(a).subplot().plot(b).log_y().time_range(t0, t1)``."""

from __future__ import annotations

from typing import Any

from speasy_core.errors import InvalidRequest

from ._time_range import TimeRange
from .enums import ScaleType
from .plot import PlotPanel, create_plot_panel, plot_panel

__all__ = ["FluentPanel", "new_panel", "panel"]


class FluentPanel:
    """A panel whose methods return it; `panel` is the PlotPanel."""

    def __init__(self, panel: PlotPanel) -> None:
        self.panel = panel
        self._index = len(panel.plots) - 1
        self._fresh = not panel.plots

    def _plot(self) -> Any:
        if not self.panel.plots:
            raise InvalidRequest("there is no plot yet", hint="plot something first")
        return self.panel.plots[self._index]

    def _went(self) -> FluentPanel:
        if self._fresh:
            self._index, self._fresh = len(self.panel.plots) - 1, False
        return self

    def plot(self, *args: Any, **options: Any) -> FluentPanel:
        """Show something in the present plot."""
        self.panel.plot(*args, plot_index=-1 if self._fresh else self._index, **options)
        return self._went()

    def histogram2d(self, *args: Any, **options: Any) -> FluentPanel:
        """Count pairs of values in two dimensions, in a plot of its own."""
        self._fresh = True
        self.panel.histogram2d(*args, **options)
        return self._went()

    def subplot(self) -> FluentPanel:
        """Let what follows be in a new plot below."""
        self._fresh = True
        return self

    def log_y(self) -> FluentPanel:
        """Make the left axis logarithmic."""
        self._plot().set_axis_scale("y", ScaleType.Logarithmic)
        return self

    def linear_y(self) -> FluentPanel:
        """Make the left axis linear."""
        self._plot().set_axis_scale("y", ScaleType.Linear)
        return self

    def y_range(self, low: float, high: float) -> FluentPanel:
        """Show values from `low` to `high`."""
        self._plot().set_y_range(low, high)
        return self

    def layer(self, function: Any, **knobs: Any) -> FluentPanel:
        """Let a layer mark the present plot."""
        self._plot()
        self.panel.add_layer(function, plot_index=self._index, **knobs)
        return self

    def time_range(self, start: Any, stop: Any = None) -> FluentPanel:
        """Show a range of time."""
        self.panel.time_range = start if stop is None else TimeRange(start, stop)
        return self

    def __repr__(self) -> str:
        return f"<fluent {self.panel!r}>"


def new_panel(name: str | None = None) -> FluentPanel:
    """Make a panel."""
    return FluentPanel(create_plot_panel(name))


def panel(name: str) -> FluentPanel:
    """Return a panel that there is.

    Raises
    ------
    InvalidRequest
        There is none of that name.
    """
    found = plot_panel(name)
    if found is None:
        raise InvalidRequest(f"there is no panel {name!r}", hint="new_panel() makes one")
    return FluentPanel(found)
