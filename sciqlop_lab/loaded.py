"""A variable at hand, fetched or in the cache, and the items that are made of it."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable
from typing import Any

import numpy as np

from speasy_core.lod import Drawable
from speasy_core.timerange import MAX_NS, MIN_NS, TimeRange, format_ns
from speasy_core.variable import SpeasyVariable

from . import marks
from .tilecache import Result
from .views import TileKey, ViewRequest

__all__ = ["Loaded", "widened"]


_DRAFT = 1 << 15  # rows


def widened(span: TimeRange, share: float = 0.5) -> TimeRange:
    """Return `span` with a share of its length on either side."""
    more = int(span.duration_ns * share)
    return TimeRange.from_ns(max(MIN_NS, span.start_ns - more), min(MAX_NS, span.stop_ns + more))


def _gaps(variable: SpeasyVariable, cover: TimeRange) -> list[dict[str, Any]]:
    return [
        {
            "start": str(gap.range.start_ns),
            "stop": str(gap.range.stop_ns),
            "reason": gap.reason,
            "retryable": gap.retryable,
        }
        for gap in variable.gaps
        if gap.range.overlaps(cover)
    ]


class Loaded:
    """A variable, the range it is known for, and its picture, made when first drawn.

    With `lod` the samples stay where they are, and the variable has the labels and gaps alone.
    A spectrogram is drawn as `mean` values, "linear" (None) or "log".
    """

    def __init__(
        self,
        variable: SpeasyVariable,
        span: TimeRange,
        kind: str,
        label: str,
        extent: str = "",
        lod: Drawable | None = None,
        mean: str | None = None,
    ) -> None:
        self.variable, self.span, self.label, self.lod = variable, span, label, lod
        self._extent = [extent] if extent else []
        self._kind, self._mean = kind, mean
        self._picture: marks.Picture | None = None
        self._lock = threading.Lock()
        self.since = time.monotonic()

    @property
    def retryable(self) -> bool:
        """Whether parts are missing that another try may bring."""
        return any(gap.retryable for gap in self.variable.gaps)

    @property
    def _filled(self) -> bool:
        """Whether there may be something to draw."""
        return self.lod is not None or len(self.variable) > 0

    def picture(self) -> marks.Picture:
        """Return the prepared picture."""
        with self._lock:
            if self._picture is None:
                mark = marks.choose(self.variable, self._kind)
                self._picture = mark.prepare(self.variable, self.lod, self._mean)
            return self._picture

    def thinned(self, span: TimeRange) -> Loaded | None:
        """Return some of the rows of a range, for a draft of its picture; None where few are."""
        ends = np.searchsorted(self.variable.time_ns, (span.start_ns, span.stop_ns))
        first, last = max(0, int(ends[0]) - 1), int(ends[1]) + 1
        step = (last - first) // _DRAFT
        if step < 2 or self.lod is not None:
            return None
        few = self.variable[first:last:step]
        return Loaded(few, self.span, self._kind, self.label, mean=self._mean)

    def draw(self, request: ViewRequest, cover: TimeRange, notes: list[str]) -> Result:
        """Return the item for `cover` at the resolution of `request`."""
        drawn = None
        if self._filled:
            scale = cover.duration_ns / request.range.duration_ns
            drawn = self.picture().draw(cover, max(1, round(request.width * scale)))
        gaps = _gaps(self.variable, cover)
        if drawn is not None:
            fields, arrays = drawn
            label = fields["label"] or self.label
            notes = [*fields["notes"], *notes]
            fields = {**fields, "status": "ok", "label": label, "gaps": gaps, "notes": notes}
            return Result(fields, cover, arrays)
        missing = request.range.subtract([gap.range for gap in self.variable.gaps])
        if gaps and not missing:
            return self._failed(cover)
        message = f"no data from {format_ns(cover.start_ns)} to {format_ns(cover.stop_ns)}"
        message = "; ".join([message, *self._extent, *notes])
        fields = {"status": "empty", "label": self.label, "message": message, "gaps": gaps}
        return Result(fields, cover)

    def tiles(self, request: ViewRequest, keys: Iterable[TileKey]) -> list[Result]:
        """Return an item for each tile; an error where nothing visible was delivered."""
        gaps = [gap.range for gap in self.variable.gaps]
        if gaps and not request.range.subtract(gaps):
            return [self._failed(request.range)]
        return [self._tile(key) for key in keys]

    def _tile(self, key: TileKey) -> Result:
        cover = key.range.intersect(self.span) or key.range
        drawn = self.picture().tile(key.level, key.index) if self._filled else None
        place = {"level": key.level, "index": str(key.index), "gaps": _gaps(self.variable, cover)}
        if drawn is None:
            message = "; ".join(self._extent)
            fields = {"status": "empty", "label": self.label, "message": message, **place}
            return Result(fields, cover)
        fields, arrays = drawn
        label = fields["label"] or self.label
        return Result({**fields, "status": "ok", "label": label, **place}, cover, arrays)

    def _failed(self, cover: TimeRange) -> Result:
        """Return the error of a range of which nothing was delivered."""
        gaps = [gap for gap in self.variable.gaps if gap.range.overlaps(cover)]
        reasons = list(dict.fromkeys(gap.reason for gap in gaps))
        hint = "move the view to ask again" if any(gap.retryable for gap in gaps) else None
        error = {
            "type": "DataNotDelivered", "title": "No data came", "message": "; ".join(reasons),
            "hint": hint, "traceback": None,
        }  # fmt: skip
        return Result({"status": "error", "label": self.label, "error": error}, cover)
