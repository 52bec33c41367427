"""Level of detail: pictures of long series at a cost that follows pixels, not samples.

A pyramid keeps reductions of blocks of rows: 256 rows (lines) or 64 (spectrograms), then four
times as many at each level. A query cuts the view into pixel columns on an absolute grid whose
step is a power of two of nanoseconds, finds the rows of each column by its exact times, and puts
each column together from some blocks of one level, and what is left at its ends.

Two rules keep the picture true. An edge between two columns may be moved to the end of a block,
but by at most half the rows of either neighbour: so no sample lands further than one
column from where it belongs, whatever the sampling, and no block is used across a gap, because the
columns of a gap have no rows at all. And every row goes into exactly one column: no extreme is
lost.

A *tile* is a piece of a picture on the absolute grid: 1,024 columns of ``2**level`` ns.
``tile(pyramid, level, index)`` answers one, for lines and for spectrograms, from a pyramid of a
variable or from a product in the cache (anything with ``query(start_ns, stop_ns, columns)``);
`tile_level`, `tiles_of` and `tile_range` say which ones a view needs and what they cover.
"""

from __future__ import annotations

from .cells import STRIDE, Cells, LineCells, base_level, inside
from .columns import Reduced, cell_columns, column_edges, empty_columns
from .drawing import draw_image, draw_lines
from .grid import column_step
from .image import Image, ImagePyramid
from .lines import Lines, MinMaxPyramid
from .series import (
    check_columns,
    check_mean,
    kind_of,
    levels_above,
    lod,
    pyramid_of,
    reduce_rows,
)
from .spectra import ImageCells, Mean
from .tile import TILE_COLUMNS, Drawable, tile, tile_level, tile_range, tiles_of

__all__ = [
    "STRIDE",
    "TILE_COLUMNS",
    "Cells",
    "Drawable",
    "Image",
    "ImageCells",
    "ImagePyramid",
    "LineCells",
    "Lines",
    "Mean",
    "MinMaxPyramid",
    "Reduced",
    "base_level",
    "cell_columns",
    "check_columns",
    "check_mean",
    "column_edges",
    "column_step",
    "draw_image",
    "draw_lines",
    "empty_columns",
    "inside",
    "kind_of",
    "levels_above",
    "lod",
    "pyramid_of",
    "reduce_rows",
    "tile",
    "tile_level",
    "tile_range",
    "tiles_of",
]
