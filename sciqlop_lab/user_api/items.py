"""SciQLop's names for what is drawn into a plot: lines, texts, ellipses."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import numpy as np

from speasy_core.timerange import to_ns

from ._parts import PlotItem, add_item, refuse
from .enums import CoordinateSystem

__all__ = ["CurvedLine", "Ellipse", "HorizontalLine", "Pixmap", "Text"]


def _x(value: Any) -> float:
    """Return a place along time: seconds since 1970."""
    if isinstance(value, (str, datetime, np.datetime64)):
        return to_ns(value) / 1e9
    return float(value)


def _in(system: CoordinateSystem) -> dict[str, str]:
    return {"in": "pixels" if system is CoordinateSystem.Pixel else "data"}


def HorizontalLine(
    plot: Any, value: float, *, color: str | None = None, movable: bool = False, **look: Any
) -> PlotItem:
    """Draw a horizontal line at a value."""
    if movable:
        refuse("a line that is moved by hand", "a knob of the function that uses the value")
    return add_item(plot, kind="hline", y=float(value), color=color, **_look(look))


def Text(
    plot: Any,
    text: str,
    x: Any,
    y: float,
    *,
    color: str | None = None,
    font_size: float | None = None,
    font_family: str | None = None,
    coordinate_system: CoordinateSystem = CoordinateSystem.Data,
) -> PlotItem:
    """Write into a plot, at a time and a value, or pixels from the upper left corner."""
    return add_item(
        plot, kind="text", text=text, x=_x(x), y=float(y), color=color, font_size=font_size,
        **_in(coordinate_system),
    )  # fmt: skip


def Ellipse(
    plot: Any,
    x: Any,
    y: float,
    w: float,
    h: float,
    *,
    line_color: str | None = None,
    line_width: float | None = None,
    line_style: Any = None,
    fill_color: str | None = None,
    coordinate_system: CoordinateSystem = CoordinateSystem.Data,
) -> PlotItem:
    """Draw an ellipse around a place; its width along time is in seconds."""
    return add_item(
        plot, kind="ellipse", x=_x(x), y=float(y), width=float(w), height=float(h),
        color=line_color, line_width=line_width, fill=fill_color, **_in(coordinate_system),
    )  # fmt: skip


def _look(look: dict[str, Any]) -> dict[str, Any]:
    return {key: look[key] for key in ("line_width", "text") if key in look}


def Pixmap(*_args: Any, **_options: Any) -> PlotItem:
    """Say that pictures in plots are not there."""
    refuse("Pixmap", "Text, Ellipse and HorizontalLine; pictures go into cells of the notebook")


def CurvedLine(*_args: Any, **_options: Any) -> PlotItem:
    """Say that curved lines in plots are not there."""
    refuse("CurvedLine", "Text, Ellipse and HorizontalLine, or panel.xy for a curve of data")
