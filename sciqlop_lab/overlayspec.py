"""Lists of events over a panel, and sources of its functions, as plain data."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from .reading import fail, read_color, read_mapping, read_product, read_text, read_times

__all__ = ["MOST_KEPT", "MOST_OVERLAYS", "OverlaySpec", "read_functions", "read_overlays"]

MOST_OVERLAYS = 64
MOST_KEPT = 2000  # events of one list that is no product: all of them travel with every edit
_MOST_FUNCTIONS = 256
_MOST_SOURCE = 200_000
_MOST_META = 64

Row = tuple[int, int, Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class OverlaySpec:
    """A time table or catalogue whose ranges are marked in all plots.

    `product` is where it comes from; one that was made in Python has its `events` here, each with
    start and stop in nanoseconds and what is known of it. `color_by` is a key of that.
    """

    id: str
    product: str
    name: str = ""
    color: str | None = None
    color_by: str | None = None
    events: tuple[Row, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Return the value that travels to the browser and into files."""
        return {
            "id": self.id, "product": self.product, "name": self.name, "color": self.color,
            "color_by": self.color_by,
            "events": [[str(start), str(stop), dict(meta)] for start, stop, meta in self.events],
        }  # fmt: skip

    @classmethod
    def from_json(cls, value: Any, where: str = "overlay") -> OverlaySpec:
        """Read what :meth:`to_json` wrote."""
        value = read_mapping(value, where)
        color, by = value.get("color"), value.get("color_by")
        rows = value.get("events", ())
        if not isinstance(rows, (list, tuple)) or len(rows) > MOST_KEPT:
            raise fail(f"{where}.events", f"expected a list of at most {MOST_KEPT}")
        return cls(
            read_text(value.get("id"), f"{where}.id"),
            read_product(value.get("product"), f"{where}.product"),
            read_text(value.get("name", ""), f"{where}.name"),
            None if color is None else read_color(color, f"{where}.color"),
            None if by is None else read_text(by, f"{where}.color_by"),
            tuple(_row(row, f"{where}.events[{i}]") for i, row in enumerate(rows)),
        )


def _row(row: Any, where: str) -> Row:
    if not isinstance(row, (list, tuple)) or len(row) != 3:
        raise fail(where, "expected start, stop and what is known of it")
    meta = read_mapping(row[2], where)
    if len(meta) > _MOST_META:
        raise fail(where, f"expected at most {_MOST_META} entries")
    known = {read_text(key, where): _plain(one, where) for key, one in meta.items()}
    if row[0] == row[1]:  # an instant
        start, _ = read_times({"start": row[0], "stop": str(int(row[0]) + 1)}, where)
        return start, start, known
    return *read_times({"start": row[0], "stop": row[1]}, where), known


def _plain(value: Any, where: str) -> Any:
    """Return a number, text or flag of what is known of an event."""
    if isinstance(value, str):
        return read_text(value, where)
    if value is None or (isinstance(value, (int, float)) and math.isfinite(value)):
        return value
    raise fail(where, f"expected a number or text, got {value!r:.60}")


def read_overlays(value: Any) -> tuple[OverlaySpec, ...]:
    """Return the overlays of a panel."""
    if not isinstance(value, (list, tuple)) or len(value) > MOST_OVERLAYS:
        raise fail("panel.overlays", f"expected a list of at most {MOST_OVERLAYS}")
    found = tuple(OverlaySpec.from_json(o, f"panel.overlays[{i}]") for i, o in enumerate(value))
    if len({overlay.id for overlay in found}) != len(found):
        raise fail("panel.overlays", "two overlays have the same id")
    return found


def read_functions(value: Any) -> dict[str, str]:
    """Return the sources of functions by the products that they define; nothing runs them."""
    found = read_mapping(value, "panel.functions")
    if len(found) > _MOST_FUNCTIONS:
        raise fail("panel.functions", f"expected at most {_MOST_FUNCTIONS}")
    return {read_product(key, "panel.functions"): _source(text) for key, text in found.items()}


def _source(value: Any) -> str:
    if not isinstance(value, str) or len(value) > _MOST_SOURCE:
        raise fail("panel.functions", "expected the text of a function")
    return value
