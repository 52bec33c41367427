"""Two-dimensional histograms: how often two components have which values together."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from sciqlop_lab.packing import pack_components
from speasy_core.lod import Drawable
from speasy_core.timerange import TimeRange
from speasy_core.variable import SpeasyVariable

from . import Drawn
from ._common import notes_of

__all__ = ["MARK", "HistogramMark", "HistogramPicture", "binned"]

Array = NDArray[np.float64]


def _edges(values: Array, bins: int, log: bool) -> Array:
    """Return edges of bins that hold all values, equally wide on the axis."""
    low, high = float(values.min()), float(values.max())
    if log:
        low, high = np.log10(low), np.log10(high)
    if not high - low > 1e-12 * max(abs(low), abs(high)):  # one value: a bin on either side of it
        half = 0.5 if log or low == 0 else abs(low) * 0.05
        low, high = low - half, high + half
    edges: Array = np.linspace(low, high, bins + 1)
    return 10.0**edges if log else edges


def binned(
    x: Array,
    y: Array,
    bins: tuple[int, int] = (100, 100),
    log: tuple[bool, bool] = (False, False),
    normalise: str = "none",
) -> tuple[Array, Array, Array] | None:
    """Return a histogram of pairs.

    Parameters
    ----------
    x, y : ndarray, shape (n,)
        Pairs of which one is not finite (or not above zero on a log axis) are left out.
    bins : (int, int)
        Along x and along y.
    log : (bool, bool)
        Whether bins are equally wide in the logarithm.
    normalise : {"none", "column"}
        With "column" the counts of each column are divided by their sum.

    Returns
    -------
    tuple of x edges (nx + 1,), y edges (ny + 1,), counts (nx, ny), or None
        NaN where a bin is empty; None where no pair is left.

    Examples
    --------
    >>> _, _, counts = binned(np.array([0.0, 1, 1]), np.array([0.0, 1, 1]), (2, 2))
    >>> counts
    array([[ 1., nan],
           [nan,  2.]])
    """
    good = np.isfinite(x) & np.isfinite(y)
    for values, logarithmic in zip((x, y), log, strict=True):
        if logarithmic:
            good &= values > 0
    x, y = x[good], y[good]
    if not len(x):
        return None
    x_edges, y_edges = (_edges(v, n, s) for v, n, s in zip((x, y), bins, log, strict=True))
    columns = _bin_of(x, x_edges) * bins[1] + _bin_of(y, y_edges)
    counts = np.bincount(columns, minlength=bins[0] * bins[1]).reshape(bins).astype(np.float64)
    if normalise == "column":
        counts /= np.maximum(counts.sum(axis=1, keepdims=True), 1)
    counts[counts == 0] = np.nan
    return x_edges, y_edges, counts


def _bin_of(values: Array, edges: Array) -> NDArray[np.intp]:
    """Return the bin of each value; the last one holds its upper edge too."""
    found = np.searchsorted(edges, values, side="right") - 1
    return np.clip(found, 0, len(edges) - 2)


class HistogramPicture:
    """Pairs of values, counted anew for each range of time.

    Parameters
    ----------
    variable : SpeasyVariable, shape (n, 2)
    options : mapping
        Bins, scales and normalisation; ``x`` and ``y`` may hold labels and units of the axes.
    """

    def __init__(self, variable: SpeasyVariable, options: dict[str, Any] | None = None) -> None:
        self._variable, self._options = variable, dict(options or {})

    def draw(self, range: TimeRange, width: int) -> Drawn | None:
        """Return the item for `range`, or None when no pair lies in it."""
        options, variable = self._options, self._variable
        first, last = np.searchsorted(variable.time_ns, (range.start_ns, range.stop_ns))
        values = variable[int(first) : int(last)].fill_to_nan().values.astype(np.float64)
        log = bool(options.get("log_x")), bool(options.get("log_y"))
        bins = int(options.get("x_bins", 100)), int(options.get("y_bins", 100))
        normalise = options.get("normalise", "none")
        made = binned(values[:, 0], values[:, 1], bins, log, normalise)
        if made is None:
            return None
        x, y, counts = made
        middle = np.sqrt(y[:-1] * y[1:]) if log[1] else (y[:-1] + y[1:]) / 2
        fields: dict[str, Any] = {
            "kind": "image", "unit": "",
            "label": "share of column" if normalise == "column" else "counts", "log": False,
            "y_unit": variable.unit, "y_label": variable.columns[1], "y_log": log[1],
            "x_unit": variable.unit, "x_label": variable.columns[0], "x_log": log[0],
            "notes": notes_of(variable), "t0": "0", "n": bins[0], "m": bins[1],
            "y_varying": False,
        }  # fmt: skip
        channels, form = pack_components(middle[None])
        if form is not None:
            fields["y_form"] = form
        arrays: dict[str, NDArray[Any]] = {
            "x0": x[:-1].copy(),
            "x1": x[1:].copy(),
            "y": channels,
            "z": counts.astype("f4"),
        }
        return fields, arrays

    def tile(self, level: int, index: int) -> Drawn | None:
        """Return nothing: a histogram has no tiles, as it counts all that is visible at once."""
        return None


class HistogramMark:
    """Counts of pairs."""

    kind, priority = "histogram2d", -20

    def fits(self, variable: SpeasyVariable) -> bool:
        """Whether the variable has two components."""
        return variable.dtype.kind in "fiub" and variable.ndim == 2 and variable.shape[1] == 2

    def prepare(
        self, variable: SpeasyVariable, lod: Drawable | None = None, mean: str | None = None
    ) -> HistogramPicture:
        """Make the variable ready to be drawn."""
        return HistogramPicture(variable)


MARK = HistogramMark()
