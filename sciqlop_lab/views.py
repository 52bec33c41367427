"""What a view asks for: a range of time, and for each graph the tiles that the page lacks.

Tiles lie on the absolute grid of `speasy_core.lod`: 1,024 columns of a power of two of
nanoseconds. What depends on the visible range itself, a function as a rule, has no tiles.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from speasy_core.errors import InvalidRequest
from speasy_core.lod import tile_level, tile_range, tiles_of
from speasy_core.timerange import TimeRange

from .protocol import ProtocolError, parse_ns

__all__ = ["Ahead", "TileKey", "ViewRequest", "read_view", "tiles_for"]

_MOST_PIXELS = 20_000
_MOST_TILES = 64  # of one graph in one request; a page 4,096 pixels wide shows 10
_MOST_GRAPHS = 4096


@dataclass(frozen=True, slots=True)
class TileKey:
    """A place on the grid."""

    level: int
    index: int

    @property
    def range(self) -> TimeRange:
        """The time that the tile covers."""
        return tile_range(self.level, self.index)


def tiles_for(span: TimeRange, width: int) -> tuple[TileKey, ...]:
    """Return the tiles that show `span` with a column for each of `width` pixels.

    Examples
    --------
    >>> tiles_for(TimeRange.from_ns(0, 2_000_000), 1000)
    (TileKey(level=10, index=0), TileKey(level=10, index=1))
    """
    level = tile_level(span.duration_ns, width)
    return tuple(TileKey(level, i) for i in tiles_of(span.start_ns, span.stop_ns, level))


@dataclass(frozen=True, slots=True)
class Ahead:
    """Tiles that the next movement of the hand will probably need, and the range they serve."""

    range: TimeRange
    tiles: Mapping[str, tuple[TileKey, ...]]


@dataclass(frozen=True, slots=True)
class ViewRequest:
    """A picture that a view wants now.

    Parameters
    ----------
    view : str
    gen : int
    range : TimeRange
        What is visible.
    width : int
        In pixels.
    tiles : tuple of TileKey, optional
        What is wanted of one graph; None asks for a single item for the range and its margins.
    grid : bool
        Whether graphs that have tiles are asked for these.
    wants : mapping of str to tuple of TileKey or None, optional
        By graph, what the page lacks; None where it does not know of tiles. A graph that is not
        named needs nothing. Without the mapping everything is wanted.
    ahead : Ahead, optional
    early : TimeRange, optional
        Set on what is fetched ahead of one graph: the visible range that it runs ahead of.
    """

    view: str
    gen: int
    range: TimeRange
    width: int
    tiles: tuple[TileKey, ...] | None = None
    grid: bool = False
    wants: Mapping[str, tuple[TileKey, ...] | None] | None = None
    ahead: Ahead | None = None
    early: TimeRange | None = None

    def same_picture(self, other: ViewRequest) -> bool:
        """Whether both ask for the same of one graph."""
        mine, theirs = (self.range, self.width, self.tiles), (other.range, other.width, other.tiles)
        return mine == theirs

    def whole(self, tiled: bool) -> ViewRequest:
        """Return the request for all that one graph shows."""
        tiles = tiles_for(self.range, self.width) if tiled and self.grid else None
        return replace(self, tiles=tiles, wants=None, ahead=None)

    def of(self, graph: str, tiled: bool) -> ViewRequest | None:
        """Return the request for what the page lacks of one graph, if it lacks anything."""
        if self.wants is None:
            return self.whole(tiled)
        if graph not in self.wants:
            return None
        tiles = self.wants[graph]
        if not tiled or tiles is None:
            return self.whole(tiled)
        return replace(self, tiles=tiles, wants=None, ahead=None)

    def ahead_of(self, graph: str) -> ViewRequest | None:
        """Return the request for what is to be fetched ahead of one graph."""
        if self.ahead is None or not self.ahead.tiles.get(graph):
            return None
        span, tiles = self.ahead.range, self.ahead.tiles[graph]
        return replace(self, range=span, tiles=tiles, wants=None, ahead=None, early=self.range)

    def goes_on(self, running: ViewRequest) -> bool:
        """Whether what `running` fetches ahead lies in the direction of this movement too."""
        if self.early is None or running.early is None:
            return False
        beyond = running.range.subtract([running.early])
        mine = self.range.subtract([self.early])
        return any(a.overlaps(b) for a in beyond for b in mine)


def read_view(content: dict[str, Any]) -> ViewRequest:
    """Return the request that a ``view`` message makes.

    Raises
    ------
    ProtocolError
        A field is missing or of the wrong kind.
    """
    view, gen, width = (content.get(key) for key in ("view", "gen", "width"))
    if not isinstance(view, str) or not 0 < len(view) <= 200:
        raise ProtocolError("view is the name of a view")
    if isinstance(gen, bool) or not isinstance(gen, int) or gen < 0:
        raise ProtocolError("gen is a whole number from 0")
    if isinstance(width, bool) or not isinstance(width, (int, float)) or not width >= 0:
        raise ProtocolError("width is a number of pixels")
    pixels = int(min(max(width, 1), _MOST_PIXELS))
    wants, ahead = content.get("wants"), content.get("ahead")
    return ViewRequest(
        view,
        gen,
        _range(content),
        pixels,
        grid=True,
        wants=None if wants is None else _read_wants(wants),
        ahead=None if ahead is None else _read_ahead(ahead),
    )


def _range(content: dict[str, Any]) -> TimeRange:
    start, stop = parse_ns(content.get("start")), parse_ns(content.get("stop"))
    if not start < stop:
        raise ProtocolError("a view stops after it starts")
    return TimeRange.from_ns(start, stop)


def _read_wants(value: Any) -> dict[str, tuple[TileKey, ...] | None]:
    if not isinstance(value, dict) or len(value) > _MOST_GRAPHS:
        raise ProtocolError("wants says for each graph which tiles it lacks")
    return {str(graph): None if keys is None else _read_keys(keys) for graph, keys in value.items()}


def _read_keys(value: Any) -> tuple[TileKey, ...]:
    if not isinstance(value, list) or len(value) > _MOST_TILES:
        raise ProtocolError(f"tiles are a list of at most {_MOST_TILES} pairs")
    return tuple(_read_key(pair) for pair in value)


def _read_key(pair: Any) -> TileKey:
    if not isinstance(pair, list) or len(pair) != 2:
        raise ProtocolError("a tile is a level and an index")
    level, index = pair
    if isinstance(level, bool) or not isinstance(level, int):
        raise ProtocolError("the level of a tile is a whole number")
    key = TileKey(level, parse_ns(index))
    try:
        _ = key.range
    except InvalidRequest as error:
        raise ProtocolError(error.message) from error
    return key


def _read_ahead(value: Any) -> Ahead:
    if not isinstance(value, dict):
        raise ProtocolError("ahead is a range and the tiles that it needs")
    wants = _read_wants(value.get("wants"))
    return Ahead(_range(value), {graph: keys for graph, keys in wants.items() if keys})
