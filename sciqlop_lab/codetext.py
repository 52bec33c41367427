"""Pieces of Python that both scripts of a panel are made of."""

from __future__ import annotations

import json
from typing import Any

from speasy_core.timerange import format_ns

from .overlays import CATALOG, intervals

__all__ = ["events_text", "no_formula", "one_line", "text"]

_MOST_EVENTS = 2000


def text(value: Any) -> str:
    """Return a literal of Python, text in double quotes."""
    return json.dumps(value, ensure_ascii=False) if isinstance(value, str) else repr(value)


def no_formula(given: str) -> str:
    """Return a text that matplotlib draws as it is."""
    return given.replace("$", r"\$")


def one_line(given: str) -> str:
    """Return a text that fits behind a hash: a name must not end the remark and become code."""
    return " ".join(given.split())


def events_text(panel: Any, overlay: Any) -> str:
    """Return the id of a list, or the list itself where it has none."""
    if not overlay.product.startswith(f"{CATALOG}/"):
        return text(overlay.product)
    found = intervals(panel, overlay)
    chosen = range(len(found.meta))
    if len(chosen) > _MOST_EVENTS:  # of long lists those in sight
        chosen = found.within(panel.model.time_range).tolist()[:_MOST_EVENTS]
    rows = [
        f'    ("{format_ns(int(found.start[i]))}", "{format_ns(int(found.stop[i]))}", '
        f"{dict(found.meta[i])!r}),"
        for i in chosen
    ]
    return "[\n" + "\n".join(rows) + "\n]"
