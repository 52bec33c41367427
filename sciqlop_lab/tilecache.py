"""Finished tiles, kept in the kernel for every view and panel that shows the same source."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from speasy_core.timerange import TimeRange

from .views import TileKey, ViewRequest

__all__ = ["TILES", "Result", "TileCache"]

_FIELDS = 500  # bytes that the fields of a tile take, about


@dataclass(frozen=True, slots=True)
class Result:
    """One finished item: its fields, its arrays by field, and the range that it covers."""

    fields: dict[str, Any]
    range: TimeRange
    arrays: dict[str, np.ndarray[Any, Any]] = field(default_factory=dict)

    @property
    def nbytes(self) -> int:
        """Bytes that it takes in memory and on the way."""
        return _FIELDS + sum(array.nbytes for array in self.arrays.values())


class TileCache:
    """Tiles by source and place; those that were not used for longest go first.

    What names a source is equal for two of them only where their tiles are.

    Parameters
    ----------
    limit : int
        Bytes that all tiles together may take.
    lifetime : float
        Seconds after which a tile is made again: an archive may have more by then.

    Examples
    --------
    >>> TileCache(1 << 20).nbytes
    0
    """

    def __init__(self, limit: int, lifetime: float = 600.0) -> None:
        self._limit, self._lifetime = limit, lifetime
        self._lock = threading.Lock()
        self._tiles: OrderedDict[tuple[Hashable, TileKey], tuple[float, Result]] = OrderedDict()
        self.nbytes = 0

    def find(self, source: Hashable, request: ViewRequest) -> list[Result] | None:
        """Return the tiles of a request, when all are there as far as it needs them."""
        found = [self._get(source, key, request.range) for key in request.tiles or ()]
        return None if None in found else [result for result in found if result is not None]

    def serve(
        self,
        source: Hashable,
        request: ViewRequest,
        make: Callable[[ViewRequest, list[TileKey]], list[Result]],
    ) -> list[Result]:
        """Return the tiles of a request, those that are not kept from `make`, and keep them."""
        keys = request.tiles or ()
        kept = {key: self._get(source, key, request.range) for key in keys}
        made = make(request, [key for key in keys if kept[key] is None])
        for result in made:
            if "level" in result.fields:
                key = TileKey(result.fields["level"], int(result.fields["index"]))
                self._put(source, key, result)
        return [result for result in kept.values() if result is not None] + made

    def _get(self, source: Hashable, key: TileKey, needed: TimeRange) -> Result | None:
        place = source, key
        with self._lock:
            made, result = self._tiles.get(place, (0.0, None))
            if result is None or time.monotonic() - made > self._lifetime:
                return None
            visible = key.range.intersect(needed)
            if visible is not None and visible not in result.range:
                return None
            self._tiles.move_to_end(place)
            return result

    def _put(self, source: Hashable, key: TileKey, result: Result) -> None:
        place = source, key
        with self._lock:
            if place in self._tiles:
                self.nbytes -= self._tiles.pop(place)[1].nbytes
            self._tiles[place] = time.monotonic(), result
            self.nbytes += result.nbytes
            while self.nbytes > self._limit:
                _, (_, dropped) = self._tiles.popitem(last=False)
                self.nbytes -= dropped.nbytes


TILES = TileCache(8 << 20)
