"""Time tables and catalogues over a panel: their ranges in sight, and the way to the next one."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from speasy_core.errors import InvalidRequest
from speasy_core.events import Catalog, TimeTable
from speasy_core.product import ProductRef
from speasy_core.timerange import MAX_NS, MIN_NS, TimeRange

from .overlayspec import MOST_KEPT, OverlaySpec
from .protocol import parse_ns
from .spec import PanelSpec

__all__ = ["CATALOG", "PALETTE", "Intervals", "OverlayEdits", "OverlayHandle", "spans_in_sight"]

CATALOG = "catalog"  # provider of lists that were made in Python
# Paul Tol's and Okabe and Ito's, apart for colour-blind eyes and on both grounds
PALETTE = (
    "#4477aa", "#ee6677", "#228833", "#ccbb44", "#66ccee", "#aa3377",
    "#e69f00", "#009e73", "#cc79a7", "#d55e00", "#8e7cc3", "#7f7f7f",
)  # fmt: skip
_SCALE = ("#440154", "#3b528b", "#21918c", "#5ec962", "#fde725")
_MOST_META = 12
_MOST_TEXT = 200
_MOST_SPANS = 2500  # of one list that are sent; closer ones are joined


Colors = Callable[[Mapping[str, Any]], str | None]


@dataclass(frozen=True, slots=True)
class Intervals:
    """Events sorted by start, as arrays, with what is known of each.

    `reach` is the longest of all stops so far: what a search by time needs where they overlap.
    """

    name: str
    start: NDArray[np.int64]
    stop: NDArray[np.int64]
    meta: tuple[Mapping[str, Any], ...]
    reach: NDArray[np.int64]

    @classmethod
    def of(cls, name: str, rows: Iterable[tuple[int, int, Mapping[str, Any]]]) -> Intervals:
        """Make them of rows in any order."""
        ordered = sorted(rows, key=lambda row: (row[0], row[1]))
        start = np.array([row[0] for row in ordered], np.int64)
        stop = np.array([row[1] for row in ordered], np.int64)
        meta = tuple(row[2] for row in ordered)
        return cls(name, start, stop, meta, np.maximum.accumulate(stop) if len(stop) else stop)

    def within(self, span: TimeRange) -> NDArray[np.intp]:
        """Return the numbers of those that touch a range."""
        first = int(np.searchsorted(self.reach, span.start_ns, "left"))
        last = int(np.searchsorted(self.start, span.stop_ns, "left"))
        rows = np.arange(first, max(first, last))
        return rows[self.stop[rows] >= span.start_ns]

    def beside(self, at: int, forward: bool) -> int | None:
        """Return the next one whose middle lies after (before) `at`; None where there is none."""
        middle = self.start + (self.stop - self.start) // 2
        rows = np.flatnonzero(middle > at if forward else middle < at)
        if not len(rows):
            return None
        return int(rows[np.argmin(middle[rows]) if forward else np.argmax(middle[rows])])


def color_of(product: str) -> str:
    """Return the colour of a list: always the same one for the same id."""
    digest = hashlib.blake2b(product.encode(), digest_size=4).digest()
    return PALETTE[int.from_bytes(digest, "big") % len(PALETTE)]


class OverlayHandle:
    """A list of events over a panel, as `panel.overlay` returns it."""

    def __init__(self, panel: Any, name: str) -> None:
        self.panel, self.id = panel, name

    @property
    def spec(self) -> OverlaySpec:
        """What is drawn, and how."""
        for overlay in self.panel.model.overlays:
            if overlay.id == self.id:
                found: OverlaySpec = overlay
                return found
        raise InvalidRequest(f"the overlay {self.id} was removed")

    def set(self, **changes: Any) -> None:
        """Change `color` or `color_by`; what is left out stays."""
        self.panel.command({"op": "set_overlay", "overlay": self.id, **changes})

    def remove(self) -> None:
        """Take it away."""
        self.panel.command({"op": "remove_overlay", "overlay": self.id})

    def next(self) -> TimeRange | None:
        """Show the next event; None where the last one is shown."""
        return jump_to(self.panel, self.panel.model.time_range, True, self.id)

    def previous(self) -> TimeRange | None:
        """Show the event before."""
        return jump_to(self.panel, self.panel.model.time_range, False, self.id)

    def __repr__(self) -> str:
        return f"<Overlay {self.id} of {self.spec.name or self.spec.product}>"


class OverlayEdits:
    """The part of a panel that marks the ranges of time tables and catalogues."""

    @property
    def overlays(self) -> list[OverlayHandle]:
        """The lists of events that are marked."""
        panel: Any = self
        return [OverlayHandle(self, overlay.id) for overlay in panel.model.overlays]

    def overlay(
        self, what: Any, color: str | None = None, color_by: str | None = None
    ) -> OverlayHandle:
        """Mark the ranges of a time table or catalogue in all plots.

        Parameters
        ----------
        what : Catalog, TimeTable, str, tree node or iterable of ranges
            The list itself, or the id of one in an archive. Up to 2,000 events of a list made in
            Python are saved with the panel; of longer ones a file keeps the name alone.
        color : str, optional
            A CSS colour; by default one of 12, chosen by the id.
        color_by : str, optional
            A key of the events' metadata that colours them: numbers along a scale, anything else
            by its value.

        Returns
        -------
        OverlayHandle

        Raises
        ------
        InvalidRequest
            It is no list of ranges of time, or holds more than a panel can.
        SpeasyError
            The archive did not give it.

        Examples
        --------
        >>> panel.overlay("amda/sharedtimeTable_0")  # doctest: +SKIP
        """
        panel: Any = self
        events: list[list[Any]] = []
        if isinstance(what, str) or hasattr(what, "ref"):
            product = str(ProductRef.parse(what))
            name = intervals(panel, OverlaySpec("", product)).name
        else:
            table = (
                what if isinstance(what, (Catalog, TimeTable)) else Catalog("events", None, what)
            )
            rows = _rows(table)
            product, name = _own_name(table, rows), table.name or "events"
            _kept(panel)[product] = Intervals.of(name, rows)
            if len(rows) <= MOST_KEPT:
                events = [[str(a), str(b), dict(meta)] for a, b, meta in rows]
        panel.command({
            "op": "add_overlay", "product": product, "name": name[:_MOST_TEXT], "color": color,
            "color_by": color_by, "events": events,
        })  # fmt: skip
        return self.overlays[-1]


_guard = threading.Lock()


def _kept(panel: Any) -> dict[str, Intervals]:
    """Return the lists that a panel has read."""
    with _guard:
        found: dict[str, Intervals] = panel.__dict__.setdefault("_intervals", {})
        return found


def _own_name(table: Any, rows: list[tuple[int, int, Mapping[str, Any]]]) -> str:
    """Return the id of a list without one; the same for the same content."""
    text = repr([table.name, [(a, b, sorted(m.items())) for a, b, m in rows]])
    return f"{CATALOG}/{hashlib.blake2b(text.encode(), digest_size=8).hexdigest()}"


def _rows(table: Any) -> list[tuple[int, int, Mapping[str, Any]]]:
    return [(e.start_ns, e.stop_ns, _plain_meta(getattr(e, "meta", {}))) for e in table]


def _plain_meta(meta: Mapping[str, Any]) -> dict[str, Any]:
    """Return what is known of an event as numbers and short texts."""
    plain: dict[str, Any] = {}
    for key, value in list(meta.items())[:_MOST_META]:
        value = value.item() if isinstance(value, np.generic) else value
        number = isinstance(value, (int, float)) and abs(value) < 1e300  # not NaN, not infinite
        plain[str(key)[:_MOST_TEXT]] = value if number else str(value)[:_MOST_TEXT]
    return plain


def intervals(panel: Any, overlay: OverlaySpec) -> Intervals:
    """Return the events of an overlay, read once.

    Raises
    ------
    InvalidRequest
        The product is no list of events, or was one of an earlier kernel.
    """
    kept = _kept(panel)
    found = kept.get(overlay.product)
    if found is not None:
        return found
    if overlay.product.startswith(f"{CATALOG}/"):
        if not overlay.events:
            raise InvalidRequest(
                f"{overlay.name or overlay.product} was a list of an earlier kernel",
                hint="run the cell that overlays it again",
            )
        found = Intervals.of(overlay.name, overlay.events)
    else:
        table = panel.session.get_data(overlay.product)
        if not isinstance(table, (Catalog, TimeTable)):
            raise InvalidRequest(
                f"{overlay.product} is no time table or catalogue", hint="plot it instead"
            )
        found = Intervals.of(table.name or overlay.product, _rows(table))
    kept[overlay.product] = found
    return found


# -- questions of a page ------------------------------------------------------------------------
def _span(args: Mapping[str, Any]) -> TimeRange:
    start, stop = parse_ns(args.get("start")), parse_ns(args.get("stop"))
    return TimeRange.from_ns(max(MIN_NS, start), min(MAX_NS, stop))


def spans_in_sight(panel: Any, args: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the ranges of each overlay that a view shows, with one view on either side.

    Returns
    -------
    list of dict
        ``id``, ``name``, ``color``, ``keys`` (that may colour it), ``error`` or None, and
        ``spans``: ``[start, stop, colour or None, text, number joined]``.
    """
    span = _span(args)
    length = span.duration_ns
    around = TimeRange.from_ns(
        max(MIN_NS, span.start_ns - length), min(MAX_NS, span.stop_ns + length)
    )
    return [_in_sight(panel, overlay, around) for overlay in panel.model.overlays]


def _in_sight(panel: Any, overlay: OverlaySpec, around: TimeRange) -> dict[str, Any]:
    told = {
        "id": overlay.id, "name": overlay.name or overlay.product, "total": 0, "keys": [],
        "color": overlay.color or color_of(overlay.product), "error": None, "spans": [],
    }  # fmt: skip
    try:
        found = intervals(panel, overlay)
    except InvalidRequest as error:
        return {**told, "error": error.message}
    colors = _palette(panel, overlay, found)
    rows = found.within(around)
    keys = list(dict.fromkeys(key for meta in found.meta[:200] for key in meta))
    name = overlay.name or found.name
    return {
        **told, "name": name, "total": len(found.start), "keys": keys[:_MOST_META],
        "spans": _joined(found, rows, colors, around),
    }  # fmt: skip


def _joined(
    found: Intervals, rows: NDArray[np.intp], color: Colors, around: TimeRange
) -> list[list[Any]]:
    """Return spans; where there are too many to be told apart, those of a grid cell as one."""
    if len(rows) <= _MOST_SPANS:
        return [
            [str(found.start[i]), str(found.stop[i]), color(found.meta[i]), _text(found, i), 1]
            for i in rows.tolist()
        ]
    cell = max(1, around.duration_ns // _MOST_SPANS)
    places = (found.start[rows] - around.start_ns) // cell
    firsts = np.flatnonzero(np.diff(places, prepend=places[0] - 1))
    ends = np.append(firsts[1:], len(rows))
    spans: list[list[Any]] = []
    for first, end in zip(firsts.tolist(), ends.tolist(), strict=True):
        i, count = int(rows[first]), end - first
        stop = int(found.stop[rows[first:end]].max())
        text = _text(found, i) if count == 1 else f"{count} events"
        spans.append([str(found.start[i]), str(stop), color(found.meta[i]), text, count])
    return spans


def _text(found: Intervals, i: int) -> str:
    """Return what a pointer over an event is told, one entry a line."""
    return "\n".join(f"{key}: {value}" for key, value in found.meta[i].items())


def _palette(panel: Any, overlay: OverlaySpec, found: Intervals) -> Colors:
    """Return what colours the events of an overlay; all of them are looked at once."""
    with _guard:
        known: dict[tuple[str, str | None], tuple[Intervals, Colors]]
        known = panel.__dict__.setdefault("_palettes", {})
        key = overlay.product, overlay.color_by
        if key not in known or known[key][0] is not found:
            known[key] = found, _colors(found, overlay.color_by)
        return known[key][1]


def _colors(found: Intervals, key: str | None) -> Colors:
    """Return the function from what is known of an event to its colour, None for the list's."""
    if key is None:
        return lambda _: None
    values = {meta[key] for meta in found.meta if meta.get(key) is not None}
    if all(isinstance(v, (int, float)) and not isinstance(v, bool) for v in values):
        low, high = min(values, default=0), max(values, default=0)
        return _unless_none(key, lambda v: _along((v - low) / ((high - low) or 1)))
    known = sorted({str(v) for v in values})
    places = {text: PALETTE[i % len(PALETTE)] for i, text in enumerate(known)}
    return _unless_none(key, lambda v: places[str(v)])


def _unless_none(key: str, color: Callable[[Any], str]) -> Colors:
    return lambda meta: None if meta.get(key) is None else color(meta[key])


def _along(share: float) -> str:
    """Return the colour at a share of the scale."""
    place = share * (len(_SCALE) - 1)
    low = min(int(place), len(_SCALE) - 2)
    a, b = ([int(c[i : i + 2], 16) for i in (1, 3, 5)] for c in _SCALE[low : low + 2])
    mixed = (round(x + (y - x) * (place - low)) for x, y in zip(a, b, strict=True))
    return "#" + "".join(f"{one:02x}" for one in mixed)


def jump(panel: Any, args: Mapping[str, Any]) -> dict[str, str] | None:
    """Return the range of the next (previous) event with some room; None where there is none.

    Parameters
    ----------
    args : mapping
        ``start`` and ``stop`` of the view, ``forward``, and ``overlay`` where one is meant.
    """
    overlay = args.get("overlay")
    found = _next(panel, _span(args), args.get("forward") is not False, overlay)
    return None if found is None else {"start": str(found.start_ns), "stop": str(found.stop_ns)}


def jump_to(panel: Any, seen: TimeRange, forward: bool, overlay: str) -> TimeRange | None:
    """Move a panel to the next event of a list; return that event with its room."""
    found = _next(panel, seen, forward, overlay)
    if found is not None:
        panel.time_range = found
    return found


def _next(panel: Any, seen: TimeRange, forward: bool, overlay: Any) -> TimeRange | None:
    model: PanelSpec = panel.model
    middle = seen.start_ns + seen.duration_ns // 2
    best: tuple[int, int] | None = None
    for one in model.overlays:
        if overlay is not None and one.id != overlay:
            continue
        found = intervals(panel, one)
        i = found.beside(middle, forward)
        if i is not None:
            row = int(found.start[i]), int(found.stop[i])
            if best is None or (sum(row) < sum(best)) == forward:
                best = row
    return None if best is None else _room(*best)


def _room(start: int, stop: int) -> TimeRange:
    """Return an event with 4.5 of its lengths on either side, an instant with half an hour."""
    room = (stop - start) * 9 // 2 or 1_800_000_000_000
    return TimeRange.from_ns(max(MIN_NS, start - room), min(MAX_NS, stop + room))
