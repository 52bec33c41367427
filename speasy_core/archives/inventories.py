"""What ``spz.inventories`` is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from speasy_core._completion import allow_in_ipython

from .flat import Flat

if TYPE_CHECKING:
    from speasy_core.inventory import Inventory, Node

__all__ = ["Inventories"]


class Inventories:
    """The inventories under the names that Speasy gives them."""

    def __init__(self, inventory: Inventory) -> None:
        from speasy_core.inventory import Node

        self._inventory = inventory
        allow_in_ipython(Inventories, Node)

    @property
    def tree(self) -> Node:
        """Root of the tree; ``tree.cda`` completes with the tab key."""
        return self._inventory.tree

    data_tree = tree

    @property
    def flat(self) -> Flat:
        """Every product by its id; ``flat.amda.parameters`` are those of one archive."""
        return Flat(self._inventory)

    flat_inventories = flat

    def __repr__(self) -> str:
        return repr(self.tree)
