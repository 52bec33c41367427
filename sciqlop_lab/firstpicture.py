"""What was computed before any page asked, or is drawn by the kernel: newest items by graph."""

from __future__ import annotations

import threading
from typing import Any

__all__ = ["FirstPicture"]

_ARRAYS = ("t", "x0", "x1", "y", "z")  # fields of items that name a buffer


class FirstPicture:
    """The newest items of each graph, with the bytes of their arrays."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._content: dict[str, Any] = {}
        self._items: dict[str, list[tuple[dict[str, Any], dict[str, bytes]]]] = {}

    def take(self, content: dict[str, Any], buffers: list[Any]) -> dict[str, Any]:
        """Take a ``tiles`` message in; return the value of the trait."""
        fresh: dict[str, list[tuple[dict[str, Any], dict[str, bytes]]]] = {}
        for item in content["items"]:
            arrays = {name: bytes(buffers[item[name]]) for name in _ARRAYS if name in item}
            fresh.setdefault(item["graph"], []).append((item, arrays))
        with self._lock:
            self._content = {key: content[key] for key in ("v", "type", "start", "stop")}
            self._items.update(fresh)
        return self.state()

    def drop(self, graphs: list[str]) -> bool:
        """Forget graphs; return whether any of them was there."""
        with self._lock:
            return bool([self._items.pop(graph) for graph in graphs if graph in self._items])

    def items(self) -> dict[str, list[tuple[dict[str, Any], dict[str, bytes]]]]:
        """Return the items of each graph with the bytes of their arrays."""
        with self._lock:
            return dict(self._items)

    def state(self) -> dict[str, Any]:
        """Return everything as one message, with its buffers inside."""
        items: list[dict[str, Any]] = []
        buffers: list[bytes] = []
        with self._lock:
            for item, arrays in (pair for pairs in self._items.values() for pair in pairs):
                first = len(buffers)
                buffers += arrays.values()
                items.append({**item, **{name: first + i for i, name in enumerate(arrays)}})
            content = dict(self._content)
        return {**content, "items": items, "pending": [], "buffers": buffers}
