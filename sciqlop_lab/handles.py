"""What `panel.plot` and `panel.plots` return: names of parts of a panel, with their edits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from .spec import PanelSpec

__all__ = ["Editable", "GraphHandle", "PlotHandle"]


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

    def remove(self) -> None:
        """Take it out of its plot; an empty plot goes too."""
        self.panel.command({"op": "remove_graph", "plot": self.plot, "graph": self.id})

    def __repr__(self) -> str:
        return f"<Graph {self.id} of {self.product} in plot {self.plot}>"


@dataclass(frozen=True, slots=True)
class PlotHandle:
    """One plot of a panel."""

    panel: Editable
    id: str

    @property
    def products(self) -> list[str]:
        """Ids of what it shows."""
        return [graph.product for graph in self.panel.model.plot(self.id).graphs]

    def plot(self, what: Any, **options: Any) -> Any:
        """Add to this plot; as `Panel.plot`."""
        return self.panel.plot(what, plot=self.id, **options)

    def set_axis(self, axis: str = "y", **changes: Any) -> None:
        """Change ``log`` (True, False, None) or ``range`` ((low, high), None) of y or z."""
        self.panel.command({"op": "set_axis", "plot": self.id, "axis": axis, **changes})

    def move(self, index: int) -> None:
        """Move to another place in the stack."""
        self.panel.command({"op": "move_plot", "plot": self.id, "index": index})

    def remove(self) -> None:
        """Take it out of the panel."""
        self.panel.command({"op": "remove_plot", "plot": self.id})

    def __repr__(self) -> str:
        return f"<Plot {self.id}: {', '.join(self.products)}>"
