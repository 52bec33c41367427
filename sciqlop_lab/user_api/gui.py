"""What notebooks ask of SciQLop's main window, as far as a notebook has one."""

from __future__ import annotations

from . import plot

__all__ = ["MainWindow", "get_main_window"]


class MainWindow:
    """Stands in for SciQLop's main window: it makes and finds panels."""

    def create_plot_panel(self, name: str | None = None) -> plot.PlotPanel:
        """Make a panel; in a notebook it appears below the cell."""
        return plot.create_plot_panel(name)

    new_plot_panel = create_plot_panel

    def plot_panel(self, name: str) -> plot.PlotPanel | None:
        """Return the panel of that name, or None."""
        return plot.plot_panel(name)

    @property
    def plot_panels(self) -> list[str]:
        """Names of the panels."""
        return list(plot._panels)

    def remove_panel(self, name: str) -> None:
        """Close a panel."""
        gone = plot._panels.pop(name, None)
        if gone is not None:
            gone.panel.close()


_window = MainWindow()


def get_main_window() -> MainWindow:
    """Return the one main window."""
    return _window
