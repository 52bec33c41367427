"""What is never deleted to make room: ranges of products that somebody pinned."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np

from speasy_core.store import Entry, Store
from speasy_core.timerange import MAX_NS, MIN_NS, TimeRange

from . import fragments as frag

__all__ = ["ALWAYS", "KEY", "Pins", "joined_spans", "product_of"]

# keys of products start with the name of a provider
KEY = "#pins"
ALWAYS = TimeRange.from_ns(MIN_NS, MAX_NS)


def product_of(key: str) -> str:
    """Return the product of a key, without its options."""
    return key.partition("?")[0]


class Pins:
    """Pinned ranges by product, kept in the store: all processes respect them.

    What is stored later in a pinned range is pinned, too.

    Parameters
    ----------
    store : Store
    """

    def __init__(self, store: Store) -> None:
        self._store = store

    def all(self) -> dict[str, list[TimeRange]]:
        """Return the pinned ranges of every product."""
        found: dict[str, list[TimeRange]] = {}
        for entry in self._store.entries(KEY):
            try:
                span = TimeRange.from_ns(entry["start"], entry["stop"])
                found.setdefault(str(entry["product"]), []).append(span)
            except (KeyError, TypeError, ValueError):
                continue  # not made by us
        return found

    def add(self, products: Iterable[str], span: TimeRange) -> None:
        """Pin a range of products."""
        self._change(
            products, lambda ranges: [*(r for s in ranges for r in s.subtract([span])), span]
        )

    def remove(self, products: Iterable[str], span: TimeRange) -> None:
        """Undo `add` for a range."""
        self._change(products, lambda ranges: [r for s in ranges for r in s.subtract([span])])

    def _change(
        self, products: Iterable[str], change: Callable[[list[TimeRange]], list[TimeRange]]
    ) -> None:
        pins = self.all()
        for product in products:
            pins[product] = joined_spans(change(pins.get(product, [])))
        entries: list[Entry] = [
            {"product": product, "start": span.start_ns, "stop": span.stop_ns}
            for product, spans in pins.items()
            for span in spans
        ]
        before = {str(entry.get("blob")) for entry in self._store.entries(KEY)}
        # also in a blob, so that an index that is made again has them
        meta = {"key": KEY, "entries": entries}
        blob = self._store.write(meta, {"time": np.zeros(0, np.int64)})
        self._store.update(KEY, lambda _: [{**entry, "blob": blob} for entry in entries])
        for old in before - {blob}:
            self._store.discard(old)

    def covers(self, key: str, start: int, stop: int) -> bool:
        """Whether any of a window is pinned."""
        pinned = self.all().get(product_of(key), [])
        return any(span.start_ns < stop and start < span.stop_ns for span in pinned)

    def blobs(self) -> frozenset[str]:
        """Return the names of blobs that must stay."""
        pins = self.all()
        kept = {str(entry.get("blob")) for entry in self._store.entries(KEY)}
        for key in self._store.all_keys() if pins else ():
            for span in pins.get(product_of(key), ()):
                known = frag.from_entries(self._store.entries(key))
                kept.update(fragment.blob for fragment in frag.overlapping(known, span))
        return frozenset(kept)


def joined_spans(spans: Iterable[TimeRange]) -> list[TimeRange]:
    """Return ranges that do not overlap in order, those that touch joined."""
    joined: list[TimeRange] = []
    for span in sorted(spans):
        if joined and joined[-1].stop_ns == span.start_ns:
            joined[-1] = TimeRange.from_ns(joined[-1].start_ns, span.stop_ns)
        else:
            joined.append(span)
    return joined
