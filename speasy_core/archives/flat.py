"""Products by id: ``inventories.flat``, and ``inventories.flat.amda.parameters`` as in Speasy."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping

from speasy_core.inventory import Inventory, Node
from speasy_core.product import ProductRef, provider_name

from .base import find, is_parameter, whole

__all__ = ["Flat", "FlatProvider"]


class Flat(Mapping[str, Node]):
    """Every product of every archive by its id; an archive's own below its name.

    Parameters
    ----------
    inventory : Inventory

    Examples
    --------
    >>> import speasy_core as spz
    >>> spz.inventories.flat["cda/AC_H0_MFI/BGSEc"].unit  # doctest: +SKIP
    'nT'
    >>> spz.inventories.flat_inventories.amda.parameters["imf"].unit  # doctest: +SKIP
    'nT'
    """

    def __init__(self, inventory: Inventory) -> None:
        self._inventory = inventory
        self._all = inventory.flat

    def __getitem__(self, key: str) -> Node:
        node = find(self._inventory, ProductRef.parse(key)) if "/" in key else None
        if node is None:
            raise KeyError(key)
        return node

    def __iter__(self) -> Iterator[str]:
        return iter(self._all)

    def __len__(self) -> int:
        return len(self._all)

    def __getattr__(self, name: str) -> FlatProvider:
        if name.startswith("_"):
            raise AttributeError(name)
        try:
            return FlatProvider(self._inventory, self._inventory.tree[provider_name(name)])
        except KeyError:
            raise AttributeError(f"there is no provider {name!r}") from None

    def __dir__(self) -> list[str]:
        return [*(node.provider for node in self._inventory.tree), "get", "items", "keys", "values"]

    def __repr__(self) -> str:
        return repr(self._all)


class FlatProvider(Mapping[str, Node]):
    """The products of one archive by their ids, which are without its name.

    Parameters
    ----------
    inventory : Inventory
    top : Node
        The archive's branch of it.
    """

    def __init__(self, inventory: Inventory, top: Node) -> None:
        self._inventory, self._top = inventory, top

    def _all(self) -> list[Node]:
        return self._inventory.products(self._top.provider)

    @property
    def parameters(self) -> dict[str, Node]:
        """What `get_data` gives samples of."""
        return _by_id(whole(self._all()), is_parameter)

    @property
    def datasets(self) -> dict[str, Node]:
        """Data sets."""
        return _by_id(whole(self._all()), lambda node: node.kind == "dataset")

    @property
    def components(self) -> dict[str, Node]:
        """Single components of parameters, where the archive lists them."""
        listed = self._all()
        no_parts = set(whole(listed))
        return _by_id(listed, lambda node: node not in no_parts)

    @property
    def timetables(self) -> dict[str, Node]:
        """Time tables."""
        return _by_id(whole(self._all()), lambda node: node.kind == "timetable")

    @property
    def catalogs(self) -> dict[str, Node]:
        """Catalogues."""
        return _by_id(whole(self._all()), lambda node: node.kind == "catalog")

    def __getitem__(self, key: str) -> Node:
        node = find(self._inventory, ProductRef(self._top.provider, key))
        if node is None:
            raise KeyError(key)
        return node

    def __iter__(self) -> Iterator[str]:
        return iter(_by_id(self._all(), lambda node: True))

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def __repr__(self) -> str:
        return f"<flat inventory of {self._top.provider}>"


def _by_id(nodes: Iterable[Node], wanted: Callable[[Node], bool]) -> dict[str, Node]:
    return {node.ref.path: node for node in nodes if node.ref is not None and wanted(node)}
