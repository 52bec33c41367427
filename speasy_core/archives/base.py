"""What every archive has: data, lists of products, and what is known of one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Protocol

from speasy_core.config import Settings
from speasy_core.errors import InvalidRequest, OfflineError, UnknownProduct
from speasy_core.http import Deadline
from speasy_core.inventory import Inventory, Node, ProviderState
from speasy_core.product import ProductRef, provider_name
from speasy_core.provider import Provider
from speasy_core.timerange import TimeRange

__all__ = ["Archive", "Session"]

# kinds of nodes that are no variables
_NO_PARAMETERS = frozenset({"folder", "dataset", "timetable", "catalog"})


class Session(Protocol):
    """What an archive needs of its session; see :class:`speasy_core.Session`."""

    @property
    def settings(self) -> Settings:
        """Settings."""

    @property
    def providers(self) -> Mapping[str, Provider]:
        """Providers by name."""

    @property
    def inventory(self) -> Inventory:
        """What is known of products."""

    @property
    def is_offline(self) -> bool:
        """Whether no server is asked."""

    def get_data(self, *args: Any, **options: Any) -> Any:
        """Return data."""

    def change(self, provider: str, **settings: Any) -> None:
        """Change settings of one provider."""


class Archive:
    """One archive, as a session sees it.

    Products are given by id, with or without the archive's name (``"imf"``, ``"amda/imf"``), or as
    nodes of the tree.

    Parameters
    ----------
    session : Session
    name : str
        Of the provider.

    Examples
    --------
    >>> import speasy_core as spz
    >>> spz.cda.get_data("AC_H0_MFI/BGSEc", "2023-01-02", "2023-01-03")  # doctest: +SKIP
    >>> spz.cda.list_datasets()[:2]  # doctest: +SKIP
    """

    def __init__(self, session: Session, name: str) -> None:
        self._session = session
        self.name = name

    @property
    def title(self) -> str:
        """Name for people."""
        return self._provider.title

    @property
    def tree(self) -> Node:
        """The archive's branch of the tree."""
        return self._session.inventory.tree[self.name]

    def get_data(
        self, product: Any, start_time: Any = None, stop_time: Any = None, **options: Any
    ) -> Any:
        """Return the samples of products of this archive, as the session's `get_data`.

        Parameters
        ----------
        product : str, Node, or a list of them
            For example ``"imf"``.
        start_time, stop_time : time
            Both, or a range (or several) as the first.
        **options
            As for the session's `get_data`.
        """
        times = [time for time in (start_time, stop_time) if time is not None]
        return self._session.get_data(self._refs(product), *times, **options)

    def update_inventory(self) -> ProviderState:
        """Ask the server for its inventory now; returns what has come of it."""
        return self._session.inventory.refresh([self.name], force=True)[self.name]

    # -- lists -----------------------------------------------------------------------------------

    def list_datasets(self) -> list[Node]:
        """Return all data sets, in the archive's order.

        Raises
        ------
        ServerError, OfflineError
            Nothing is known of the archive yet, and it cannot be asked.
        """
        return [node for node in self._nodes() if node.kind == "dataset"]

    def list_parameters(self, dataset_id: Any = None) -> list[Node]:
        """Return the parameters (variables) of a data set, or of the whole archive.

        Parameters
        ----------
        dataset_id : str or Node, optional

        Raises
        ------
        UnknownProduct
            No such data set.
        ServerError, OfflineError
            Nothing is known of the archive yet, and it cannot be asked.
        """
        if dataset_id is None:
            return [node for node in self._nodes() if is_parameter(node)]
        dataset = self._dataset(dataset_id)
        return [node for node in dataset.children() if is_parameter(node)]

    # -- one product -----------------------------------------------------------------------------

    def to_index(self, product: Any) -> Node:
        """Return the node of a product.

        Raises
        ------
        UnknownProduct
            The inventory does not have it.
        """
        ref = self._ref(product)
        node = find(self._session.inventory, ref)
        if node is None:
            raise UnknownProduct(
                f"{self.name} has no product {ref.path!r}", product=str(ref),
                hint="find_product('words') searches all inventories",
            )  # fmt: skip
        return node

    def parameter_range(self, parameter_id: Any) -> TimeRange | None:
        """Return the range over which a parameter has samples; None where the archive is silent.

        Raises
        ------
        UnknownProduct
            No such parameter.
        InvalidRequest
            A data set, or something else without samples.
        """
        node = self.to_index(parameter_id)
        if node.kind in _NO_PARAMETERS:
            raise InvalidRequest(f"{node.ref} is not a parameter", product=str(node.ref))
        if node.coverage is not None:
            return node.coverage
        above = self._dataset_above(node)
        return None if above is None else above.coverage

    def dataset_range(self, dataset_id: Any) -> TimeRange | None:
        """Return the range over which a data set has samples; None where the archive is silent.

        Raises
        ------
        UnknownProduct
            No such data set.
        InvalidRequest
            Not a data set.
        """
        return self._dataset(dataset_id).coverage

    # -- for those below -------------------------------------------------------------------------

    @property
    def _provider(self) -> Provider:
        return self._session.providers[self.name]

    def _deadline(self) -> Deadline:
        return Deadline(self._session.settings.timeout)

    def _ask(self, what: str) -> Deadline:
        """Return the time that a question to the server itself may take; raises when offline."""
        if self._session.is_offline:
            raise OfflineError(f"offline: {self.title} is not asked for {what}")
        return self._deadline()

    def _ref(self, product: Any) -> ProductRef:
        """Return the reference of a product of this archive."""
        if isinstance(product, str):
            text = product.strip().strip("/")
            first, slash, rest = text.partition("/")
            if not text:
                raise InvalidRequest("the id of the product is empty")
            return ProductRef(
                self.name, rest if slash and provider_name(first) == self.name else text
            )
        ref = ProductRef.parse(product)
        if ref.provider != self.name:
            raise InvalidRequest(f"{ref} is not a product of {self.name}", product=str(ref))
        return ref

    def _refs(self, product: Any) -> Any:
        """Return what `get_data` takes for a product, or for a list of them."""
        if isinstance(product, (str, ProductRef)) or getattr(product, "ref", None) is not None:
            return self._ref(product)
        if isinstance(product, Iterable):
            return [self._refs(item) for item in product]
        return self._ref(product)

    def _dataset(self, dataset_id: Any) -> Node:
        node = self.to_index(dataset_id)
        if node.kind != "dataset":
            raise InvalidRequest(f"{node.ref} is not a data set", product=str(node.ref))
        return node

    def _dataset_above(self, node: Node) -> Node | None:
        """Return the data set that a product is in."""
        found, here = None, self.tree
        for name in node.path[:-1]:
            here = here[name]
            found = here if here.kind == "dataset" else found
        return found

    def _nodes(self) -> list[Node]:
        """Return everything that has an id, but no components of parameters."""
        return whole(self._session.inventory.products(self.name))

    def __repr__(self) -> str:
        state = ", offline" if self._session.is_offline else ""
        return f"<{type(self).__name__}: {self.title}{state}>"


def find(inventory: Inventory, ref: ProductRef) -> Node | None:
    """Return the node of a product; loads the inventory of an archive that never was."""
    node = inventory.node(ref)
    if node is None and ref.provider in inventory.tree:
        inventory.tree[ref.provider].children()
        node = inventory.node(ref)
    return node


def is_parameter(node: Node) -> bool:
    """Whether `get_data` gives samples of a node."""
    return node.ref is not None and node.kind not in _NO_PARAMETERS


def whole(nodes: Iterable[Node]) -> list[Node]:
    """Return nodes without the components of parameters, which are below them."""
    listed = list(nodes)
    parameters = {node.path for node in listed if is_parameter(node)}
    return [node for node in listed if node.path[:-1] not in parameters]
