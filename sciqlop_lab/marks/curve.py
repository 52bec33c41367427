"""Curves: the components of a variable against each other, with the points that a screen needs."""

from __future__ import annotations

import heapq
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sciqlop_lab.packing import pack_components
from speasy_core.lod import Drawable
from speasy_core.timerange import TimeRange
from speasy_core.variable import SpeasyVariable

from . import Drawn, relative_seconds
from ._common import label_of, notes_of

__all__ = ["MARK", "CurveMark", "CurvePicture", "thinned"]

Array = NDArray[np.float64]

_MOST_POINTS = 6000
_MOST_LOOKED_AT = 40_000  # points, beyond which only the extremes of short pieces are looked at
_EVEN = 1000  # points that are kept whatever they add to the shape: they tell the time
_SCREEN = 4000  # parts of the whole size that nobody can tell apart
_HOLE = 5.0  # cadences between two samples that are not joined


def _extremes(points: Array, pieces: int) -> NDArray[np.intp]:
    """Return the rows that are first, or extreme in a component, in each of so many pieces."""
    edges = np.linspace(0, len(points), pieces + 1).astype(np.intp)
    width = int(np.diff(edges).max())
    rows = np.minimum(edges[:-1, None] + np.arange(width), edges[1:, None] - 1)
    found = [edges[:-1]]
    for column in points.T:
        part = column[rows]
        found += [rows[np.arange(pieces), pick(part, axis=1)] for pick in (np.argmin, np.argmax)]
    return np.unique(np.concatenate([*found, [len(points) - 1]]))


def _farthest(points: Array, first: int, last: int) -> tuple[float, int]:
    """Return how far the farthest row between two lies from the line that joins them, and which."""
    if last - first < 2:
        return 0.0, -1
    along = points[last] - points[first]
    inner = points[first + 1 : last] - points[first]
    size = float(along @ along)
    if size > 0:
        share = np.clip(inner @ along / size, 0.0, 1.0)
        inner = inner - share[:, None] * along
    away = np.einsum("ij,ij->i", inner, inner)
    row = int(away.argmax())
    return float(away[row]), first + 1 + row


def _shape(points: Array, tolerance: float, most: int) -> NDArray[np.intp]:
    """Return rows whose polyline is within `tolerance` of all points (Douglas-Peucker).

    What is farthest from the line so far is added, until nothing is far or `most` are there.
    """
    last = len(points) - 1
    away, row = _farthest(points, 0, last)
    kept, heap = {0, last}, [(-away, row, 0, last)]
    while heap and len(kept) < most:
        away, row, first, stop = heapq.heappop(heap)
        if -away <= tolerance**2:
            break
        kept.add(row)
        for a, b in ((first, row), (row, stop)):
            far, at = _farthest(points, a, b)
            if at >= 0:
                heapq.heappush(heap, (-far, at, a, b))
    return np.array(sorted(kept), dtype=np.intp)


def thinned(points: Array, most: int = _MOST_POINTS) -> NDArray[np.intp]:
    """Return the rows of a curve that show it on a screen.

    Parameters
    ----------
    points : ndarray, shape (n, k)
        Finite, in the order in which they are joined.
    most : int
        How many rows may be kept, about.

    Returns
    -------
    ndarray of int, shape (m,)
        Increasing, with the first row and the last. The curve through them differs from the whole
        by no more than a pixel of a screen that is 4,000 of them wide, as long as `most` suffice;
        with more detail than that, what lies farthest out is kept.

    Examples
    --------
    >>> line = np.stack([np.arange(5000.0), np.zeros(5000)], axis=1)
    >>> len(thinned(line)) < 1100
    True
    """
    count = len(points)
    if count <= _EVEN:
        return np.arange(count)
    size = np.ptp(points, axis=0)
    scaled = points / np.where(size > 0, size, 1.0)
    looked_at = np.arange(count)
    if count > _MOST_LOOKED_AT:
        looked_at = _extremes(scaled, _MOST_LOOKED_AT // (2 * points.shape[1] + 1))
    rows = looked_at[_shape(scaled[looked_at], 1 / _SCREEN, most)]
    even = np.linspace(0, count - 1, _EVEN).astype(np.intp)
    return np.union1d(rows, even)


def _joined(ns: NDArray[np.int64]) -> list[slice]:
    """Return the stretches without a hole in time."""
    if len(ns) < 3:
        return [slice(0, len(ns))]
    steps = np.diff(ns)
    edges = np.flatnonzero(steps > _HOLE * np.median(steps)) + 1
    if len(edges) > len(ns) // 4:  # bursts: no hole is one
        return [slice(0, len(ns))]
    bounds = [0, *edges.tolist(), len(ns)]
    return [slice(a, b) for a, b in pairwise(bounds)]


class CurvePicture:
    """The points of a variable, in its own order."""

    def __init__(self, variable: SpeasyVariable) -> None:
        self._variable = variable
        self._fields = {
            "kind": "curve",
            "columns": list(variable.columns),
            "unit": variable.unit,
            "label": label_of(variable),
            "log": False,
            "notes": notes_of(variable),
        }

    def draw(self, range: TimeRange, width: int) -> Drawn | None:
        """Return the item for `range`, or None when no sample lies in it."""
        ns = self._variable.time_ns
        first, last = np.searchsorted(ns, (range.start_ns, range.stop_ns))
        clean = self._variable[int(first) : int(last)].fill_to_nan()
        points = np.asarray(clean.values, dtype=np.float64)
        good: NDArray[np.bool_] = np.asarray(np.isfinite(points).all(axis=1))
        if not good.any():
            return None
        times, points, holes = _with_holes(clean.time_ns, points, good)
        origin = range.start_ns
        fields: dict[str, Any] = {
            **self._fields,
            "t0": str(origin),
            "n": len(times),
            "rows": int(good.sum()),
        }
        t = relative_seconds(times, origin)
        values, form = pack_components(np.where(holes, np.nan, points.T))
        if form is not None:
            fields["y_form"] = form
        return fields, {"t": t, "y": values}

    def tile(self, level: int, index: int) -> Drawn | None:
        """Return nothing: a curve has no tiles, as it needs all that is visible at once."""
        return None


def _with_holes(
    ns: NDArray[np.int64], points: Array, good: NDArray[np.bool_]
) -> tuple[NDArray[np.int64], Array, NDArray[np.bool_]]:
    """Return thinned times and points, with a point to be lifted over in each hole."""
    # samples without a value lift the pen as well: the good ones on either side stay apart
    stretches = _joined(ns)
    label: NDArray[np.int64] = np.cumsum(~good, dtype=np.int64)
    for number, part in enumerate(stretches):
        label[part] += number * (len(ns) + 1)
    ns, points, label = ns[good], points[good], label[good]
    starts = np.concatenate([[0], np.flatnonzero(np.diff(label)) + 1])
    if len(starts) > _MOST_POINTS // 4:  # more holes than a screen can show
        starts = starts[:1]
    kept = np.union1d(thinned(points), np.concatenate([starts, starts[1:] - 1]))
    before = np.searchsorted(kept, starts[1:])
    times = np.insert(ns[kept], before, ns[starts[1:]])
    out = np.insert(points[kept], before, points[starts[1:]], axis=0)
    holes = np.zeros(len(times), dtype=np.bool_)
    holes[before + np.arange(len(before))] = True
    return times, out, holes


class CurveMark:
    """Two or more components against each other."""

    kind, priority = "curve", -10

    def fits(self, variable: SpeasyVariable) -> bool:
        """Whether the variable has two or three components."""
        numbers = variable.dtype.kind in "fiub"
        return numbers and variable.ndim == 2 and variable.shape[1] in (2, 3)

    def prepare(
        self, variable: SpeasyVariable, lod: Drawable | None = None, mean: str | None = None
    ) -> CurvePicture:
        """Make the variable ready to be drawn."""
        return CurvePicture(variable)


MARK = CurveMark()
