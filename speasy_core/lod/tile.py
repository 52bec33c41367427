"""Tiles: pieces of a picture on an absolute grid, the same for every view, panel and session."""

from __future__ import annotations

from typing import Protocol

from speasy_core.errors import InvalidRequest
from speasy_core.timerange import MAX_NS, MIN_NS, TimeRange

from .grid import column_step
from .image import Image
from .lines import Lines

__all__ = ["MOST_LEVEL", "TILE_COLUMNS", "Drawable", "tile", "tile_level", "tile_range", "tiles_of"]

TILE_COLUMNS = 1024
MOST_LEVEL = 51  # a tile of 73 years


class Drawable(Protocol):
    """What tiles are cut from: a pyramid of a variable, or a product in the cache."""

    def query(self, start_ns: int, stop_ns: int, columns: int) -> Lines | Image:
        """Return what to draw of ``[start_ns, stop_ns)`` on at least `columns` columns."""
        ...


def tile_range(level: int, index: int) -> TimeRange:
    """Return the time that a tile covers: ``[index, index + 1) * 1024 * 2**level`` ns.

    Raises
    ------
    InvalidRequest
        There is no such tile between the years 1677 and 2262.

    Examples
    --------
    >>> tile_range(0, 2).start_ns
    2048
    """
    length = TILE_COLUMNS << level if 0 <= level <= MOST_LEVEL else 0
    start = max(MIN_NS, index * length)
    stop = min(MAX_NS, (index + 1) * length)
    if start >= stop:
        raise InvalidRequest(
            f"there is no tile {index} at level {level}", hint=f"levels are 0 to {MOST_LEVEL}"
        )
    return TimeRange.from_ns(start, stop)


def tile_level(duration_ns: int, pixels: int) -> int:
    """Return the coarsest level that has a column for each of `pixels`.

    Examples
    --------
    >>> tile_level(1_000_000, 1000)
    9
    """
    return min(MOST_LEVEL, column_step(0, duration_ns, pixels).bit_length() - 1)


def tiles_of(start_ns: int, stop_ns: int, level: int) -> range:
    """Return the indices of the tiles of a level that ``[start_ns, stop_ns)`` meets.

    Examples
    --------
    >>> list(tiles_of(1000, 3000, 0))
    [0, 1, 2]
    """
    length = TILE_COLUMNS << level
    return range(start_ns // length, -(-stop_ns // length))


def tile(source: Drawable, level: int, index: int) -> Lines | Image:
    """Return one tile: 1,024 columns of ``2**level`` ns each.

    Parameters
    ----------
    source : MinMaxPyramid, ImagePyramid or CachedPicture
        Whatever has ``query(start_ns, stop_ns, columns)``; thread-safe.
    level : int
        Two's logarithm of the width of a column in ns, 0 to 51.
    index : int
        The tile begins ``index * 1024 * 2**level`` ns after 1970; may be negative.

    Returns
    -------
    Lines
        Columns (``mode="m4"``, ``time`` their left edges, ``step == 2**level``), or the samples
        themselves (``"raw"``) where there are at most four to a column. One sample on each side
        of the tile comes too, so that lines of neighbouring tiles meet. ``rows == 0`` says
        that the tile is empty.
    Image
        Cells with their edges ``x0``, ``x1``, channels and means.

    Raises
    ------
    InvalidRequest
        There is no such tile.

    Examples
    --------
    >>> import numpy as np
    >>> from speasy_core.lod import MinMaxPyramid
    >>> seconds = np.arange(10**6) * 10**9
    >>> found = tile(MinMaxPyramid(seconds, np.sin(seconds / 1e13)), 36, 3)
    >>> found.mode, found.step == 2**36
    ('m4', True)
    """
    span = tile_range(level, index)
    return source.query(span.start_ns, span.stop_ns, TILE_COLUMNS)
