"""What the filters of a search can be set to, for a completion popup."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from speasy_core.inventory import Inventory, Node

__all__ = ["field_values"]

_TYPES = ("scalar", "vector", "multicomponent", "spectrogram", "dataset", "timetable", "catalog")
_MOST = 2000  # values of one field
_PAGE = 5000


def field_values(inventory: Inventory) -> list[dict[str, Any]]:
    """Return the filters of `Inventory.find` and the values that occur.

    Parameters
    ----------
    inventory : Inventory

    Returns
    -------
    list of dict
        ``name``, and ``values``: a list of ``{"value", "title"}``. Times have none.

    Examples
    --------
    >>> from speasy_core import Settings
    >>> from speasy_core.inventory import Inventory
    >>> [field["name"] for field in field_values(Inventory(None, {}, Settings()))][:2]
    ['provider', 'type']
    """
    states = inventory.states()
    missions, instruments = _places(inventory)
    fields = {
        "provider": {n: s.title for n, s in states.items() if s.count or not s.loaded},
        "type": dict.fromkeys(_TYPES, ""),
        "unit": dict.fromkeys(inventory.units(), ""),
        "mission": missions,
        "instrument": instruments,
        "after": {},
        "before": {},
    }
    return [
        {
            "name": name,
            "values": [{"value": v, "title": t} for v, t in list(values.items())[:_MOST]],
        }
        for name, values in fields.items()
    ]


def _places(inventory: Inventory) -> tuple[dict[str, str], dict[str, str]]:
    """Return the names of the first two levels below the providers, with where each is found."""
    first: dict[str, str] = {}
    second: dict[str, str] = {}
    for provider in _folders(inventory, None):
        for mission in _folders(inventory, provider.id):
            first.setdefault(mission.name, provider.name)
            for instrument in _folders(inventory, mission.id):
                second.setdefault(instrument.name, f"{provider.name} › {mission.name}")
    return dict(sorted(first.items())), dict(sorted(second.items()))


def _folders(inventory: Inventory, parent: int | None) -> list[Node]:
    nodes, _ = inventory.children(parent, 0, _PAGE)
    return [node for node in nodes if node.ref is None and node.has_children]
