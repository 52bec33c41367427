"""SciQLop's names for kinds of plots, graphs and scales; types are found out from the data."""

from __future__ import annotations

import enum

__all__ = [
    "CoordinateSystem", "GraphType", "Orientation", "OverlayLevel", "OverlayPosition",
    "OverlaySizeMode", "PlotType", "ScaleType",
]  # fmt: skip


class PlotType(enum.Enum):
    """What a plot shows."""

    TimeSeries = 0
    Projection = 1
    XY = 2


class GraphType(enum.Enum):
    """How a graph is drawn."""

    Line = 0
    Curve = 1
    ColorMap = 2
    Scatter = 3


class ScaleType(enum.Enum):
    """How an axis is divided."""

    Linear = 0
    Logarithmic = 1


class CoordinateSystem(enum.Enum):
    """What positions of items mean."""

    Pixel = 0
    Data = 1


class Orientation(enum.Enum):
    """Which way a stack goes."""

    Horizontal = 0
    Vertical = 1


class OverlayLevel(enum.Enum):
    """How much a message matters."""

    Info = 0
    Warning = 1
    Error = 2


class OverlaySizeMode(enum.Enum):
    """How wide a message is."""

    Compact = 0
    FitContent = 1
    FullWidget = 2


class OverlayPosition(enum.Enum):
    """Where a message stands."""

    Top = 0
    Bottom = 1
    Left = 2
    Right = 3
