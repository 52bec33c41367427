"""The inventory: what every archive offers, from a snapshot on disk, refreshed in the background.

The snapshot answers at once, however old it is; one that is older than a day is refreshed by a
thread of its own, so a server that is down or slow delays neither another one nor the caller.
Only a script that walks into a provider of which nothing was ever loaded waits for it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from speasy_core.config import Settings
from speasy_core.errors import DeadlineExceeded, UnknownProvider, warn
from speasy_core.http import Deadline
from speasy_core.product import ProductInfo, ProductRef
from speasy_core.provider import Provider
from speasy_core.timerange import TimeRange

from .db import IndexDb, SnapshotError
from .keeper import LIFETIME, Keeper, ProviderState
from .match import search_tree
from .query import check_limit, parse_query
from .rows import Row, TreeInfo, node_id
from .snapshot import Snapshot
from .tree import Node

__all__ = ["Inventory", "Node", "ProviderState"]

_ROOT = 0  # id of the node above the providers


class Inventory:
    """The products of all providers: a tree, a search, and their upkeep. Thread-safe.

    Parameters
    ----------
    path : Path or None
        Folder of the snapshot, shared with other processes; None keeps it in memory. Nothing is
        opened before it is needed.
    providers : mapping of str to Provider
        In the order of the tree.
    settings : Settings
        `offline` keeps it from asking servers; `timeout` bounds a wait for a first load.
    lifetime : float
        Seconds after which a snapshot is refreshed in the background.

    Examples
    --------
    >>> inventory = Inventory(None, {}, Settings(offline=True))
    >>> inventory.find("mms1 b gse")
    []
    """

    def __init__(
        self,
        path: Path | str | None,
        providers: Mapping[str, Provider],
        settings: Settings,
        *,
        lifetime: float = LIFETIME,
    ) -> None:
        snapshot = Snapshot(None if path is None else Path(path))
        self._keeper = Keeper(snapshot, providers, settings, lifetime)
        self._providers = providers
        self._settings = settings

    # -- what people use -------------------------------------------------------------------------

    @property
    def tree(self) -> Node:
        """The root; its children are the providers."""
        return Node(self, id_=_ROOT, provider="", path=())

    @property
    def flat(self) -> Mapping[str, Node]:
        """Every product by its id, for example ``cda/AC_H0_MFI/BGSEc``."""
        return _Flat(self)

    def find(
        self,
        query: str,
        *,
        provider: str | None = None,
        type: str | None = None,
        unit: str | None = None,
        start: Any = None,
        stop: Any = None,
        limit: int = 50,
        wait: bool = False,
    ) -> list[Node]:
        """Return the products that match, best first: id, name, words of the path, description.

        Parameters
        ----------
        query : str
            Words that must all occur, also inside longer words; one or two letters mean the
            beginning of a word. ``provider: type: unit: after: before:`` filter, values with
            blanks in double quotes.
        provider, type, unit : str, optional
            The same filters. Data sets are found with ``type="dataset"`` only.
        start, stop : time, optional
            Only products whose coverage meets this range; unknown coverage passes.
        limit : int
            At most so many.
        wait : bool
            Wait for the first load of providers of which nothing is known yet, but for no
            server that has fallen silent; a warning names what could not be searched.

        Raises
        ------
        InvalidRequest
            A filter or the limit cannot be read.
        UnknownProvider
            `provider` is not one of ours.
        """
        asked = parse_query(query, provider=provider, type=type, unit=unit, start=start, stop=stop)
        limit = check_limit(limit)
        names = self._chosen(asked.provider, strict=provider is not None)
        if not asked.terms and not asked.has_filter:
            return []
        if wait and not self._settings.offline:
            self._keeper.load_first(names)
            for name in names:
                if self._keeper.tree(name) is None:
                    warn(f"not searched: {self._keeper.describe(name)}")
        matches: list[tuple[int, int, int, int, Row]] = []
        for order, name in enumerate(names):
            self._keeper.keep_fresh(name)
            found = self._keeper.read(name, lambda db, tree: search_tree(db, tree, asked, limit))
            matches += [(m[0], m[1], order, m[2], m[3]) for m in found or ()]
        matches.sort(key=lambda match: match[:4])
        return [self._node(match[4]) for match in matches[:limit]]

    def info(self, what: Any) -> ProductInfo | None:
        """Return what is known of a product id or node, None when nothing is; asks no server."""
        node = self.node(what)
        return None if node is None else node.info

    def node(self, what: Any) -> Node | None:
        """Return the node of a product id, None when it is not in the inventory."""
        ref = ProductRef.parse(what)
        if ref.provider not in self._providers:
            return None
        row = self._keeper.read(ref.provider, lambda db, tree: db.by_ref(tree, ref.path))
        return None if row is None else self._node(row)

    def children(
        self, parent_id: int | None = None, offset: int = 0, limit: int = 1000
    ) -> tuple[list[Node], int]:
        """Return a page of the nodes below one, and how many there are; never waits for a server.

        Parameters
        ----------
        parent_id : int or None
            `Node.id`; None stands for the root. An id that is not known has no children.
        offset, limit : int
            The page.
        """
        if parent_id in (None, _ROOT):
            nodes = self.node_children(self.tree)
            return nodes[offset : offset + limit], len(nodes)
        assert parent_id is not None
        for name in self._providers:
            if parent_id == node_id(name, ()):
                self._keeper.keep_fresh(name)
            elif self._keeper.read(name, lambda db, tree: db.row(tree, parent_id)) is None:
                continue
            page = self._keeper.read(
                name,
                lambda db, tree: (
                    db.children(tree, parent_id, offset, limit),
                    db.count_children(tree, parent_id),
                ),
            )
            rows, total = page or ([], 0)
            return [self._node(row) for row in rows], total
        return [], 0

    def products(self, name: str) -> list[Node]:
        """Return all nodes of a provider that have an id, in its order; loads what never was.

        Raises
        ------
        SpeasyError
            Nothing is known of it yet, and it cannot be asked.
        """
        self._keeper.ensure(name)
        rows = self._keeper.read(name, lambda db, tree: db.products(tree))
        return [self._node(row) for row in rows or ()]

    def units(self) -> list[str]:
        """Return the units that products have, the most common first; asks no server."""
        counts: Counter[str] = Counter()
        for name in self._providers:
            counts.update(dict(self._keeper.read(name, lambda db, tree: db.units(tree)) or ()))
        return [unit for unit, _ in counts.most_common()]

    def states(self) -> dict[str, ProviderState]:
        """Return the state of every provider's inventory; asks no server."""
        return {name: self._keeper.state(name) for name in self._providers}

    def refresh(
        self,
        names: Iterable[str] | None = None,
        *,
        deadline: Deadline | None = None,
        force: bool = False,
    ) -> dict[str, ProviderState]:
        """Load what is missing or old, all providers at once, and wait for them.

        Parameters
        ----------
        names : iterable of str, optional
            Providers; by default all.
        deadline : Deadline, optional
            How long to wait, by default `settings.timeout`; loads go on behind it.
        force : bool
            Ask servers also about an inventory that is young, and again after a load that
            began earlier and still runs.

        Returns
        -------
        dict of str to ProviderState
            What has come of it; a failure is in `error`, and an older inventory stays.
        """
        chosen = list(self._providers) if names is None else list(names)
        deadline = deadline or Deadline(self._settings.timeout)
        events = self._keeper.start(chosen, force=force, again=True)
        for name, event in events.items():
            try:
                self._keeper.wait(name, event, deadline)
            except DeadlineExceeded:
                break
        return {name: self._keeper.state(name) for name in chosen}

    def refresh_in_background(
        self, names: Iterable[str] | None = None, *, force: bool = False
    ) -> None:
        """Start to load what is missing or old, and return at once."""
        chosen = list(self._providers) if names is None else names
        self._keeper.start(chosen, force=force, again=True)

    def close(self) -> None:
        """Withdraw running loads and close the snapshot."""
        self._keeper.close()

    # -- what nodes ask --------------------------------------------------------------------------

    def node_children(self, node: Node) -> list[Node]:
        """Return the nodes below `node`; loads a provider of which nothing is known."""
        if not node.provider:
            return [self._provider_node(name) for name in self._providers]
        self._keeper.ensure(node.provider)
        rows = self._keeper.read(node.provider, lambda db, tree: _below(node, db, tree))
        return [self._node(row) for row in rows or ()]

    def node_meta(self, node: Node) -> dict[str, Any]:
        """Return the attributes of `node`."""
        if not node.provider:
            return {}
        return self._keeper.read(node.provider, lambda db, tree: db.meta(tree, node.id)) or {}

    def metas_above(self, node: Node) -> list[dict[str, Any]]:
        """Return the attributes of the nodes above, the nearest first."""
        ids = [node_id(node.provider, node.path[:n]) for n in range(len(node.path) - 1, 0, -1)]
        if not ids:
            return []
        read = self._keeper.read
        return read(node.provider, lambda db, tree: [db.meta(tree, id_) for id_ in ids]) or []

    def describe_provider(self, name: str) -> str:
        """Return one line on a provider and its inventory."""
        return self._keeper.describe(name)

    def _provider_node(self, name: str) -> Node:
        top = node_id(name, ())
        count = self._keeper.read(name, lambda db, tree: db.count_children(tree, top)) or 0
        title = self._providers[name].title
        return Node(self, id_=top, provider=name, path=(), title=title, child_count=count)

    def _node(self, row: Row) -> Node:
        span = None
        if row.start_ns is not None and row.stop_ns is not None:
            span = TimeRange.from_ns(row.start_ns, row.stop_ns)
        return Node(
            self,
            id_=row.id,
            provider=row.provider,
            path=row.path,
            kind=row.kind,
            ref=ProductRef(row.provider, row.ref) if row.ref is not None else None,
            title=row.title,
            unit=row.unit,
            coverage=span,
            cadence=row.cadence,
            child_count=row.children,
        )

    def _chosen(self, provider: str | None, *, strict: bool) -> list[str]:
        """Return the providers that a filter means: one, or all that begin so while it is typed."""
        if provider is None:
            return list(self._providers)
        name = ProductRef.parse(f"{provider}/any").provider
        if name in self._providers:
            return [name]
        if strict:
            known = ", ".join(self._providers)
            raise UnknownProvider(f"there is no provider {provider!r}", hint=f"providers: {known}")
        return [known for known in self._providers if known.startswith(name)]

    def _refs(self, name: str) -> list[str]:
        return self._keeper.read(name, lambda db, tree: db.refs(tree)) or []


def _below(node: Node, db: IndexDb, tree: TreeInfo) -> list[Row]:
    """Return the rows below a node; a damaged file must not lead in circles."""
    rows = db.children(tree, node.id)
    if any(row.path[:-1] != node.path for row in rows):
        raise SnapshotError("a node is not where it belongs", damaged=True)
    return rows


class _Flat(Mapping[str, Node]):
    """Products by id, read from the snapshot."""

    def __init__(self, inventory: Inventory) -> None:
        self._inventory = inventory

    def __getitem__(self, key: str) -> Node:
        node = self._inventory.node(key)
        if node is None:
            raise KeyError(key)
        return node

    def __iter__(self) -> Iterator[str]:
        for name in self._inventory._providers:
            for ref in self._inventory._refs(name):
                yield f"{name}/{ref}"

    def __len__(self) -> int:
        return sum(state.count for state in self._inventory.states().values())

    def __repr__(self) -> str:
        return f"<flat inventory: {len(self):,} products>"
