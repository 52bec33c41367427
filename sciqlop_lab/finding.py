"""The search box of a panel: products that match a few words, for hosts without the tree."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from speasy_core.errors import InvalidRequest

if TYPE_CHECKING:
    from speasy_core.inventory import Node

__all__ = ["search"]

LEAST = 2
MOST_TEXT = 400
MOST_HITS = 50


def search(panel: Any, args: Mapping[str, Any]) -> dict[str, Any]:
    """Answer the question ``search`` of a page: what could be plotted, best match first.

    Parameters
    ----------
    panel : PanelCore
        Whose session is searched.
    args : mapping
        ``query``: words, and filters as `speasy_core.Session.find_product` takes them.

    Returns
    -------
    dict
        ``hits``: a list of ``id``, ``name``, ``kind``, ``unit``, ``title`` and ``path``;
        ``more``: whether there are others.

    Raises
    ------
    InvalidRequest
        The query is too short or too long, or a filter in it cannot be read.

    Examples
    --------
    >>> search(panel, {"query": "ace magnetic"})["hits"][0]["id"]  # doctest: +SKIP
    'cda/AC_H0_MFI/Magnitude'
    """
    query = args.get("query")
    if not isinstance(query, str) or len(query) > MOST_TEXT:
        raise InvalidRequest(f"a search takes at most {MOST_TEXT} letters")
    if len(query.strip()) < LEAST:
        raise InvalidRequest(f"a search takes at least {LEAST} letters")
    # Some of what matches cannot be plotted: folders, data sets, lists of events.
    found = panel.session.find_product(query.strip(), limit=2 * MOST_HITS)
    hits = [_hit(node) for node in found if _plottable(node)]
    return {"hits": hits[:MOST_HITS], "more": len(hits) > MOST_HITS}


_OTHERS = frozenset({"folder", "dataset", "timetable", "catalog", "provider"})


def _plottable(node: Node) -> bool:
    return node.ref is not None and node.kind not in _OTHERS


def _hit(node: Node) -> dict[str, Any]:
    return {
        "id": str(node.ref),
        "name": node.name,
        "kind": node.kind,
        "unit": node.unit,
        "title": node.title,
        "path": [node.provider, *node.path],
    }
