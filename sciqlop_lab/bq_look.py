"""How the lines of a bqplot figure look, as the spec says."""

from __future__ import annotations

from typing import Any

from .spec import GraphSpec

__all__ = ["MARKERS", "dress"]

# readable on light and on dark ground
_COLORS = ["#3b8fd9", "#e8862e", "#3aa655", "#d9534f", "#9b7fd1", "#a97c5f", "#d977b8", "#8a8f98"]
# bqplot's names; its cross stands upright, and it has none that is turned
MARKERS = {
    "none": None, "circle": "circle", "square": "square", "diamond": "diamond",
    "triangle": "triangle-up", "plus": "cross",
}  # fmt: skip
_MARKER_SIZE = 40


def dress(mark: Any, graph: GraphSpec, before: int) -> None:
    """Give a Lines mark colours, width, marker and components of `graph`.

    Parameters
    ----------
    mark : bqplot.Lines
    graph : GraphSpec
    before : int
        How many lines of the plot come before, which take colours of the palette.
    """
    columns, own = list(mark.labels), graph.colors or ()
    colors = [
        (own[i] if i < len(own) else None) or _COLORS[(before + i) % len(_COLORS)]
        for i in range(len(columns))
    ]
    shown = [i for i, name in enumerate(columns) if name not in graph.hidden]
    with mark.hold_sync():
        mark.colors = colors
        mark.stroke_width = 1 if graph.width is None else graph.width
        mark.marker, mark.marker_size = MARKERS.get(graph.marker), _MARKER_SIZE
        mark.visible = bool(shown)
        # an empty subset is all of them
        mark.curves_subset = shown if len(shown) < len(columns) else []
