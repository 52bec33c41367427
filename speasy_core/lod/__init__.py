"""Level of detail: pictures of long series at a cost that follows pixels, not samples.

A pyramid keeps reductions of blocks of rows: 256 rows (lines) or 16 (spectrograms), then four
times as many at each level. A query cuts the view into pixel columns on an absolute grid whose
step is a power of two of nanoseconds, finds the rows of each column by its exact times, and puts
each column together from the largest blocks that lie inside it.

Two rules keep the picture true. An edge between two columns may be moved to the end of a block,
but by at most half the rows of either neighbour: so no sample lands further than one
column from where it belongs, whatever the sampling, and no block is used across a gap, because the
columns of a gap have no rows at all. And every row goes into exactly one column: no extreme is
lost.
"""

from __future__ import annotations

from .grid import column_step
from .image import Image, ImagePyramid
from .lines import Lines, MinMaxPyramid

__all__ = ["Image", "ImagePyramid", "Lines", "MinMaxPyramid", "column_step"]
