"""What the cache holds: listing, counting, pinning, deleting."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from speasy_core.errors import InvalidRequest
from speasy_core.product import ProductRef
from speasy_core.timerange import TimeRange, to_ns

from . import fragments as frag
from .failures import PREFIX
from .fragments import Fragment
from .keeper import Keeper
from .pins import ALWAYS, Pins, product_of

__all__ = ["Kept", "Stock", "as_products", "as_span"]

_MOMENTS = 32 * 2**20  # bytes that are read in the time that it takes to hand work to a thread


@dataclass(frozen=True, slots=True)
class Kept:
    """One piece of what the cache holds.

    Parameters
    ----------
    product : str
        ``provider/path``, with ``?`` and the options it was asked for with, if any.
    range : TimeRange
    state : {"data", "empty", "provisional", "failed"}
        Empty: the archive has nothing there. Provisional: so recent when received that the archive
        may have added to it. Failed: remembered for a moment.
    bytes : int
    received, checked : str
        When it came, and when the archive last said that it still holds; ISO 8601.
    version : str or None
        The archive's own mark.
    request : str
        What was asked; for a failure, what went wrong.
    pinned : bool
        Whether it is never deleted to make room.
    """

    product: str
    range: TimeRange
    state: str
    bytes: int
    received: str
    checked: str
    version: str | None
    request: str
    pinned: bool


def as_products(what: Any) -> list[str] | None:
    """Return ids of one product or several; None for None."""
    if what is None:
        return None
    several = isinstance(what, Iterable) and not isinstance(what, str) and not hasattr(what, "ref")
    return [str(ProductRef.parse(item)) for item in (what if several else [what])]


def as_span(start: Any, stop: Any) -> TimeRange:
    """Return a range; all of time where there is no start and no stop."""
    if start is None and stop is None:
        return ALWAYS
    low = ALWAYS.start_ns if start is None else to_ns(start)
    return TimeRange.from_ns(low, ALWAYS.stop_ns if stop is None else to_ns(stop))


def _as_date(older_than: Any) -> float:
    """Return seconds since 1970 for an age or a date."""
    if isinstance(older_than, timedelta):
        return time.time() - older_than.total_seconds()
    if isinstance(older_than, (int, float)):
        if not older_than >= 0:
            raise InvalidRequest(
                f"older_than={older_than!r}", hint="give seconds, a timedelta, or a date"
            )
        return time.time() - older_than
    return to_ns(older_than) / 1e9


class Stock:
    """Everything in a store, product by product.

    Parameters
    ----------
    keeper : Keeper
    pins : Pins
    """

    def __init__(self, keeper: Keeper, pins: Pins) -> None:
        self._keeper, self._pins = keeper, pins

    def keys(self, products: list[str] | None = None) -> list[str]:
        """Return the keys of products, those of one product with other options too."""
        keys = sorted(key for key in self._keeper.store.all_keys() if not key.startswith("#"))
        return [k for k in keys if products is None or product_of(k) in products or k in products]

    def kept(self, products: list[str] | None = None) -> Iterator[Kept]:
        """Return the pieces, in order of product and time."""
        pins = self._pins.all()
        for key in self.keys(products):
            pinned = pins.get(product_of(key), ())
            for f in self._keeper.fragments(key):
                state = "provisional" if f.provisional else f.state
                stays = any(span.overlaps(f.range) for span in pinned)
                received, checked = frag.iso(f.received), frag.iso(f.checked)
                yield Kept(
                    key, f.range, state, f.size, received, checked, f.version, f.request, stays
                )
        for key in self._failed_keys(products):
            for failure in self._keeper.failures.current(key):
                when = frag.iso(failure.since)
                yield Kept(
                    key, failure.range, "failed", 0, when, when, None, failure.message, False
                )

    def _failed_keys(self, products: list[str] | None) -> list[str]:
        found = (k.removeprefix(PREFIX) for k in self._keeper.store.all_keys()
                 if k.startswith(PREFIX))  # fmt: skip
        return sorted(k for k in found if products is None or product_of(k) in products)

    def info(self) -> dict[str, Any]:
        """Return counts, and the date of the oldest answer."""
        states: Counter[str] = Counter({"data": 0, "empty": 0, "provisional": 0, "failed": 0})
        blobs: dict[str, int] = {}
        oldest: float | None = None
        pins = self._pins.all()
        keys = self.keys()
        for key in keys:
            spans = pins.get(product_of(key), ())
            for f in self._keeper.fragments(key):
                states["provisional" if f.provisional else f.state] += 1
                oldest = f.received if oldest is None else min(oldest, f.received)
                if any(span.overlaps(f.range) for span in spans):
                    blobs[f.blob] = f.size
        for key in self._failed_keys(None):
            states["failed"] += len(self._keeper.failures.current(key))
        return {
            "products": len(keys),
            "fragments": states["data"] + states["empty"] + states["provisional"],
            "states": dict(states),
            "pinned": sum(blobs.values()),
            "oldest": None if oldest is None else frag.iso(oldest),
        }

    def rate(self, key: str, least_ns: float) -> float | None:
        """Return the bytes per second of a key of which at least so much is kept, else None."""
        longest: dict[str, Fragment] = {}
        for f in self._keeper.fragments(key):
            known = longest.get(f.blob)
            if known is None or f.stop - f.start > known.stop - known.start:
                longest[f.blob] = f
        ns = sum(f.stop - f.start for f in longest.values())
        if not ns or ns < least_ns:
            return None
        return sum(f.size for f in longest.values()) / ns * 1e9

    def is_at_hand(self, key: str, span: TimeRange) -> bool:
        """Whether all of a range is kept and holds, and reading it takes but moments."""
        kept = self._keeper.fragments(key)
        if not frag.settled(kept, span, time.time()):
            return False
        shares = (
            f.size * common.duration_ns / (f.stop - f.start)
            for f in kept
            if (common := f.range.intersect(span)) is not None
        )
        return sum(shares) <= _MOMENTS

    def clear(self, products: list[str] | None, older_than: Any, pinned: bool) -> list[str]:
        """Delete what was received before a date; returns keys of which nothing is left."""
        emptied = []
        before = None if older_than is None else _as_date(older_than)
        pins = {} if pinned else self._pins.all()
        for key in self.keys(products):
            spans = pins.get(product_of(key), [])

            def change(known: list[Fragment], spans: list[TimeRange] = spans) -> list[Fragment]:
                stays = [f for f in known if before is not None and f.received >= before]
                for span in spans:
                    stays += frag.overlapping([f for f in known if f not in stays], span)
                return stays

            self._keeper.change(key, change)
            if not self._keeper.fragments(key):
                emptied.append(key)
        if before is None:
            for key in self._failed_keys(products):
                self._keeper.store.update(PREFIX + key, lambda _: [])
        return emptied
