"""Spectrograms: one coloured cell per channel and per pixel column."""

from __future__ import annotations

from typing import Any

import numpy as np

from sciqlop_lab.packing import pack_components, pack_picture
from speasy_core.lod import Drawable, Image, ImagePyramid, Mean, check_mean, tile, tile_range
from speasy_core.timerange import TimeRange
from speasy_core.variable import SpeasyVariable

from . import Drawn, relative_seconds
from ._common import is_log, label_of, notes_of

__all__ = ["MARK", "ImageMark", "ImagePicture"]

_GLANCE = 16  # columns
_LOOKED_AT = 256  # rows that tell what the values are like
_MOST_NEGATIVE = 0.2  # of all values: noise around no counts has fewer as a rule
_LOG_FROM = 20.0  # positive channels that span more than this are read best on a log scale


def _channels(variable: SpeasyVariable) -> np.ndarray[Any, Any]:
    if variable.axes and variable.axes[0].values.dtype.kind in "fiu":
        return variable.axes[0].values
    return np.arange(variable.shape[1], dtype=np.float64)


def _pyramid(variable: SpeasyVariable, mean: Mean) -> tuple[ImagePyramid, np.ndarray[Any, Any]]:
    clean = variable.fill_to_nan()
    made = ImagePyramid(clean.time_ns, clean.values, _channels(clean), mean=mean)
    return made, made.tables.tables


def _tables(variable: SpeasyVariable, lod: Drawable) -> np.ndarray[Any, Any]:
    """Return the channels of what is drawn from elsewhere; those that vary are seen in a glance."""
    channels = _channels(variable)
    span = getattr(lod, "range", None)
    if channels.ndim == 1 or span is None:
        return channels
    glance = lod.query(span.start_ns, span.stop_ns, _GLANCE)
    assert isinstance(glance, Image)
    return glance.channels


def _signed(variable: SpeasyVariable) -> bool:
    """Whether so many values are below zero that a log scale would hide the picture."""
    rows = variable[:: max(1, len(variable) // _LOOKED_AT)].fill_to_nan().values
    known = rows[np.isfinite(rows)]
    return bool(np.count_nonzero(known < 0) > _MOST_NEGATIVE * known.size)


class ImagePicture:
    """A spectrogram with its pyramid."""

    def __init__(
        self, variable: SpeasyVariable, lod: Drawable | None = None, mean: str | None = None
    ) -> None:
        self._lod: Drawable
        if lod is None:
            self._lod, tables = _pyramid(variable, check_mean(mean or "linear"))
        else:
            self._lod, tables = lod, _tables(variable, lod)
        axis = variable.axes[0] if variable.axes else None
        y_log = is_log(axis.meta) if axis is not None else None
        if y_log is None:
            good = tables[np.isfinite(tables)]
            y_log = bool(good.size and good.min() > 0 and good.max() > _LOG_FROM * good.min())
        z_log = is_log(variable.meta)
        self._fields = {
            "kind": "image",
            "unit": variable.unit,
            "label": label_of(variable),
            "log": not _signed(variable) if z_log is None else z_log,
            "y_unit": axis.unit if axis is not None else "",
            "y_label": self._axis_label(axis),
            "y_log": y_log,
            "notes": notes_of(variable),
        }

    @staticmethod
    def _axis_label(axis: Any) -> str:
        if axis is None:
            return "channel"
        label = axis.meta.get("LABLAXIS")
        return label.strip() if isinstance(label, str) and label.strip() else axis.name

    def draw(self, range: TimeRange, width: int) -> Drawn | None:
        """Return the item for `range` on `width` pixels, or None when no sample lies in it."""
        image = self._lod.query(range.start_ns, range.stop_ns, width)
        assert isinstance(image, Image)
        there = image.rows and len(image.x0)
        return self._item(image, int(image.x0[0])) if there else None

    def tile(self, level: int, index: int) -> Drawn | None:
        """Return the item for a tile of the grid, or None when nothing is to be seen in it."""
        image, span = tile(self._lod, level, index), tile_range(level, index)
        assert isinstance(image, Image)
        # one long cell may fill a tile in which no sample lies
        seen = (image.x0 < span.stop_ns) & (image.x1 > span.start_ns)
        return self._item(image, span.start_ns) if seen.any() else None

    def _item(self, image: Image, origin: int) -> Drawn:
        channels, y_form = pack_components(image.channels.reshape(1, -1))
        values, z_form = pack_picture(image.values)
        fields: dict[str, Any] = {
            **self._fields,
            "t0": str(origin),
            "n": len(image.x0),
            "m": image.values.shape[1],
            "y_varying": image.channels.ndim == 2,
        }
        forms = {"y_form": y_form, "z_form": z_form}
        fields.update({name: form for name, form in forms.items() if form is not None})
        arrays: dict[str, np.ndarray[Any, Any]] = {
            "x0": relative_seconds(image.x0, origin),
            "x1": relative_seconds(image.x1, origin),
            "y": channels,
            "z": values,
        }
        return fields, arrays


class ImageMark:
    """Spectra against a numeric axis."""

    kind, priority = "image", 10

    def fits(self, variable: SpeasyVariable) -> bool:
        """Whether the variable is a spectrogram (or a table of numbers, when asked for)."""
        return variable.kind == "spectrogram" and variable.dtype.kind in "fiub"

    def prepare(
        self, variable: SpeasyVariable, lod: Drawable | None = None, mean: str | None = None
    ) -> ImagePicture:
        """Make the variable ready to be drawn."""
        return ImagePicture(variable, lod, mean)


MARK = ImageMark()
