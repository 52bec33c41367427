"""A product as it is drawn: what is kept of a range, at any zoom, without loading its samples."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from speasy_core.errors import OfflineError, VariableError
from speasy_core.lod import (
    Cells,
    Image,
    ImageCells,
    LineCells,
    Lines,
    Mean,
    Reduced,
    cell_columns,
    column_edges,
    column_step,
    draw_image,
    draw_lines,
    empty_columns,
    kind_of,
    pyramid_of,
)
from speasy_core.timerange import MAX_NS, MIN_NS, TimeRange
from speasy_core.variable import Gap, Provenance, SpeasyVariable, merge

from . import fragments as frag
from .gather import Gather
from .keeper import part_of
from .pyramids import GoneError, Pyramids

__all__ = ["CachedPicture", "Ledger"]

_RAW_ROWS = 4  # rows per column up to which the rows themselves are the smaller answer
_EMPTY = SpeasyVariable([], np.zeros(0))


class Ledger(Gather):
    """A call that sees to it that a range is kept, and reads no sample of what was kept before."""

    def read_kept(self) -> None:
        """Note what the store has; what is past its lifetime is to be asked again."""
        ask = self._ask
        for fragment in frag.overlapping(self._keeper.fragments(ask.key), ask.range):
            if frag.expired(fragment, ask.started):
                self._old.append(part_of(fragment, _EMPTY, "stale"))
            else:
                self._parts.append(part_of(fragment, _EMPTY, "cached"))

    def assemble(self) -> SpeasyVariable:
        """Return a variable without rows, with the gaps and the origin of the range."""
        self._parts = [replace(part, variable=_EMPTY) for part in self._parts]
        self._kept = None
        return super().assemble()


class CachedPicture:
    """What is kept of a product in a range of time, ready to be drawn; thread-safe.

    Parameters
    ----------
    pyramids : Pyramids
    key : str
        The product.
    range : TimeRange
        What was asked for.
    head : SpeasyVariable
        Without rows; labels, gaps and origin.
    """

    def __init__(
        self, pyramids: Pyramids, key: str, range: TimeRange, head: SpeasyVariable
    ) -> None:
        self._pyramids, self._key = pyramids, key
        self.range, self.head = range, head
        self._kept = range.subtract([gap.range for gap in head.gaps])
        self.mean: Mean = "linear"

    @property
    def gaps(self) -> Sequence[Gap]:
        """What was asked for and not delivered."""
        return self.head.gaps

    @property
    def provenance(self) -> Sequence[Provenance]:
        """Where the samples came from."""
        return self.head.provenance

    @property
    def nbytes(self) -> int:
        """About how many bytes of samples the range has."""
        return self._pyramids.shelf(self._key).bytes_in(self.range.start_ns, self.range.stop_ns)

    def drawn_as(self, kind: str) -> bool:
        """Whether there are pictures of the samples as ``line``, ``image`` or ``auto``."""
        found = kind_of(self.head)
        return found is not None and kind in ("auto", "line" if found == "lines" else "image")

    def samples(self) -> SpeasyVariable:
        """Return the samples themselves; OfflineError when some have been deleted meanwhile."""
        span = self.range
        pieces: list[SpeasyVariable] = self._there(
            lambda: self._pyramids.samples(self._key, span.start_ns, span.stop_ns)
        )
        whole = merge(pieces) if pieces else self.head
        return whole.copy(gaps=self.gaps, provenance=self.provenance)

    @property
    def drawable(self) -> bool:
        """Whether there are pictures of this kind of samples."""
        return kind_of(self.head) is not None

    def reduce(self, columns: int, mean: Mean = "linear") -> Reduced:
        """Return the range in columns of time.

        Raises
        ------
        VariableError
            The samples have no minimum and maximum, or do not fit together.
        OfflineError
            What was kept has been deleted meanwhile.
        """
        start, stop = self.range.start_ns, self.range.stop_ns
        level, edges = column_edges(start, stop, columns)
        if not self.drawable and len(self.head.shape) and self.head.dtype.kind != "f":
            raise VariableError(f"{self._key}: these samples have no minimum and maximum")
        cells = self._cells(start, stop, level)
        labels: dict[str, Any] = {
            "unit": self.head.unit, "name": self.head.name, "columns": tuple(self.head.columns),
            "gaps": tuple(self.gaps), "provenance": tuple(self.provenance),
        }  # fmt: skip
        shape = self.head.shape[1:]
        if not isinstance(cells, (LineCells, ImageCells)):
            return empty_columns(edges, level, kind_of(self.head), shape, **labels)
        return cell_columns(cells, edges, level, mean, shape, **labels)

    def query(self, start_ns: int, stop_ns: int, columns: int) -> Lines | Image:
        """Return what to draw of ``[start_ns, stop_ns)``, which may go beyond the range.

        Raises
        ------
        OfflineError
            What was kept has been deleted meanwhile.
        """
        shelf = self._pyramids.shelf(self._key)
        each = 8 + int(np.prod(self.head.shape[1:], dtype=np.int64)) * self.head.dtype.itemsize
        if shelf.bytes_in(start_ns, stop_ns) // each <= _RAW_ROWS * columns:
            return self._from_rows(start_ns, stop_ns, columns)
        step = column_step(start_ns, stop_ns, columns)
        level = step.bit_length() - 1
        low = max(MIN_NS, start_ns // step * step)
        high = min(MAX_NS, -(-stop_ns // step) * step)
        cells = self._cells(low, high, level)
        if cells is None or int(cells.rows.sum()) <= _RAW_ROWS * columns:
            return self._from_rows(start_ns, stop_ns, columns)
        return self._draw(cells, low, high)

    def _draw(self, cells: Cells, low: int, high: int) -> Lines | Image:
        before = self._pyramids.edge(self._key, low, -1, cells.level)
        after = self._pyramids.edge(self._key, high, +1, cells.level)
        if isinstance(cells, ImageCells):
            left = before if isinstance(before, ImageCells) else None
            right = after if isinstance(after, ImageCells) else None
            return draw_image(cells, left, right, self.mean)
        assert isinstance(cells, LineCells)
        return draw_lines(
            cells,
            before if isinstance(before, LineCells) else None,
            after if isinstance(after, LineCells) else None,
        )

    def _cells(self, low: int, high: int, level: int) -> Cells | None:
        found: Cells | None = self._there(lambda: self._pyramids.cells(self._key, low, high, level))
        return found

    def _from_rows(self, start_ns: int, stop_ns: int, columns: int) -> Lines | Image:
        """Draw the few rows that a range has, with the nearest one on each side."""
        low = self._pyramids.edge(self._key, start_ns, -1, 0)
        high = self._pyramids.edge(self._key, stop_ns, +1, 0)
        first = start_ns if low is None else int(low.time[0])
        last = stop_ns if high is None else int(high.time[0]) + 1
        pieces: list[SpeasyVariable] = []
        for a, b in ((first, first + 1), (start_ns, stop_ns), (last - 1, last)):
            pieces += self._there(lambda a=a, b=b: self._pyramids.samples(self._key, a, b))
        rows = merge(pieces) if pieces else self.head
        return pyramid_of(rows, self.mean).query(start_ns, stop_ns, columns)

    def _there(self, read: Any) -> Any:
        """Read what is kept; an error when a part of it has been deleted."""
        gone: Exception | None = None
        try:
            found = read()
        except GoneError as error:
            gone = error
        if gone is not None or not self._pyramids.shelf(self._key).covers(self._kept):
            raise OfflineError(
                "a part of what was kept is there no more",
                product=self._key,
                range=self.range,
                hint="ask for it again",
            ) from gone
        return found
