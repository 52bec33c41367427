"""Lines: one per component, as samples or as first, minimum, maximum and last per pixel column."""

from __future__ import annotations

import math

from sciqlop_lab.packing import pack_components
from speasy_core.lod import Drawable, Lines, MinMaxPyramid, tile, tile_range
from speasy_core.timerange import TimeRange
from speasy_core.variable import SpeasyVariable

from . import Drawn, relative_seconds
from ._common import is_log, label_of, notes_of

__all__ = ["MARK", "LineMark", "LinePicture"]

_MOST_LINES = 64


class LinePicture:
    """A variable with its min/max pyramid."""

    def __init__(self, variable: SpeasyVariable, lod: Drawable | None = None) -> None:
        self._lod = _pyramid(variable) if lod is None else lod
        names = list(variable.columns)
        count = math.prod(variable.shape[1:])
        if len(names) != count:
            stem = variable.name or "value"
            names = [stem] if count == 1 else [f"{stem}[{i}]" for i in range(count)]
        self._fields = {
            "kind": "line",
            "columns": names,
            "unit": variable.unit,
            "label": label_of(variable),
            "log": bool(is_log(variable.meta)),
            "notes": notes_of(variable),
        }

    def draw(self, range: TimeRange, width: int) -> Drawn | None:
        """Return the item for `range` on `width` pixels, or None when no sample lies in it."""
        lines = self._lod.query(range.start_ns, range.stop_ns, width)
        assert isinstance(lines, Lines)
        return self._item(lines, int(lines.time[0])) if lines.rows else None

    def tile(self, level: int, index: int) -> Drawn | None:
        """Return the item for a tile of the grid, or None when nothing is to be seen in it."""
        lines, span = tile(self._lod, level, index), tile_range(level, index)
        assert isinstance(lines, Lines)
        # a tile between two samples shows the line that joins them, unless that is lifted
        joined = len(lines.time) == 2 and lines.rows == 0
        return self._item(lines, span.start_ns) if lines.rows or joined else None

    def _item(self, lines: Lines, origin: int) -> Drawn:
        fields = {
            **self._fields, "mode": lines.mode, "t0": str(origin), "n": len(lines.time)
        }  # fmt: skip
        if lines.mode == "m4":
            fields["dt"] = lines.step / 1e9
        values, form = pack_components(lines.values)
        if form is not None:
            fields["y_form"] = form
        return fields, {"t": relative_seconds(lines.time, origin), "y": values}


class LineMark:
    """Anything whose samples are a few numbers."""

    kind, priority = "line", 0

    def fits(self, variable: SpeasyVariable) -> bool:
        """Whether the variable has few enough components."""
        numbers = variable.dtype.kind in "fiub"
        return numbers and math.prod(variable.shape[1:]) <= _MOST_LINES

    def prepare(
        self, variable: SpeasyVariable, lod: Drawable | None = None, mean: str | None = None
    ) -> LinePicture:
        """Make the variable ready to be drawn."""
        return LinePicture(variable, lod)


def _pyramid(variable: SpeasyVariable) -> MinMaxPyramid:
    clean = variable.fill_to_nan()
    return MinMaxPyramid(clean.time_ns, clean.values)


MARK = LineMark()
