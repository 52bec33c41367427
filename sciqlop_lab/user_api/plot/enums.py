"""SciQLop's names for kinds of plots, graphs and scales, where its notebooks look for them."""

from __future__ import annotations

from sciqlop_lab.user_api.enums import (
    CoordinateSystem,
    GraphType,
    Orientation,
    OverlayLevel,
    OverlayPosition,
    OverlaySizeMode,
    PlotType,
    ScaleType,
)

__all__ = [
    "CoordinateSystem", "GraphType", "Orientation", "OverlayLevel", "OverlayPosition",
    "OverlaySizeMode", "PlotType", "ScaleType",
]  # fmt: skip
