"""The inventory as the page gets it: plain JSON values. Knows nothing of tornado; thread-safe."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

from speasy_core.errors import SpeasyError, UnknownProduct, UnknownProvider
from speasy_core.product import ProductRef

from ._field_values import field_values
from ._preview import preview
from ._settings_service import change_settings, written_settings
from .settings_watch import watch

if TYPE_CHECKING:
    from logging import Logger

    from speasy_core import Session
    from speasy_core.inventory import Node

__all__ = ["InventoryService"]


def _default_session() -> Session:
    import speasy_core

    return speasy_core.default_session()


class InventoryService:
    """The product tree of one session.

    Every method may take as long as the disk does and belongs in a worker thread; only `preview`
    may wait for an archive.

    Parameters
    ----------
    log : logging.Logger
    make_session : callable
        Called at first use; by default gives speasy_core's default session. Its failure is told
        by `status` and tried again at the next use.

    Examples
    --------
    >>> import logging
    >>> service = InventoryService(logging.getLogger(__name__))  # touches nothing yet
    """

    def __init__(self, log: Logger, make_session: Callable[[], Session] = _default_session) -> None:
        self._log = log
        self._make_session = make_session
        self._session: Session | None = None
        self._lock = threading.Lock()
        self._fields: tuple[str, dict[str, Any]] = ("", {})

    def session(self) -> Session:
        """Return the session, made at first use."""
        with self._lock:
            if self._session is None:
                self._session = self._make_session()
            return self._session

    def nodes(self, parent: int | None, offset: int, limit: int) -> dict[str, Any]:
        """Return one page of the children of a node; without a parent, of the providers.

        A provider that is known to have nothing is left out: virtual products live in kernels,
        and this process has none.
        """
        inventory = self.session().inventory
        nodes, total = inventory.children(parent, offset, limit)
        if parent is None:
            states = inventory.states()
            nodes = [n for n in nodes if n.has_children or not _is_empty(states.get(n.name))]
            total = offset + len(nodes) if len(nodes) < limit else total
        return {"nodes": [_node(node) for node in nodes], "total": total}

    def search(self, query: str, limit: int, provider: str | None) -> dict[str, Any]:
        """Return the best matches of a query, best first.

        Raises
        ------
        InvalidRequest
            A filter in the query cannot be read.
        """
        begin = time.perf_counter()
        found = self.session().inventory.find(query, provider=provider, limit=limit)
        hits = [
            {**_node(node), "path": [node.provider, *node.path], "score": 1.0 - i / len(found)}
            for i, node in enumerate(found)
        ]
        return {"hits": hits, "took_ms": round((time.perf_counter() - begin) * 1e3, 3)}

    def product(self, ref: str) -> dict[str, Any]:
        """Return all that is known of a product.

        Raises
        ------
        InvalidRequest
            `ref` is not of the form provider/path.
        UnknownProduct
            No inventory has it.
        """
        parsed = ProductRef.parse(ref)
        node = self.session().inventory.node(parsed)
        if node is None:
            raise UnknownProduct("no inventory has this product", product=str(parsed))
        return _details(parsed, node)

    def preview(self, ref: str, fetch: bool = False) -> dict[str, Any]:
        """Return a small picture of a product; asks its archive only with `fetch`.

        The one method that may wait for an archive, for some seconds.

        Raises
        ------
        InvalidRequest, UnknownProduct
            As `product`; or the product lists events, or nothing says when it has data.
        """
        parsed = ProductRef.parse(ref)
        session = self.session()
        info = session.inventory.info(parsed)
        if info is None:
            raise UnknownProduct("no inventory has this product", product=str(parsed))
        return preview(session, parsed, info, fetch=fetch)

    def fields(self) -> dict[str, Any]:
        """Return the filters that a search takes, and the values that occur."""
        inventory = self.session().inventory
        key = str([(n, s.version, s.count) for n, s in inventory.states().items()])
        if self._fields[0] != key:
            self._fields = key, {"fields": field_values(inventory)}
        return self._fields[1]

    def activity(self) -> dict[str, Any]:
        """Return what this process downloads now: requests, bytes a second, hosts."""
        now = self.session().http.activity()
        busy = {n: h for n, h in now.hosts.items() if h.active or h.waiting}
        return {
            "active": now.active,
            "waiting": now.waiting,
            "received": now.received,
            "rate": now.rate,
            "hosts": [
                {"name": n, "active": h.active, "waiting": h.waiting, "rate": h.rate}
                for n, h in busy.items()
            ],
        }

    def cancel(self) -> dict[str, Any]:
        """Cancel all downloads of this process; returns `activity`."""
        self.session().http.cancel()
        return self.activity()

    def settings(self, changes: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """Return the settings, after writing `changes` to the file."""
        if not changes:
            return written_settings()
        answer = change_settings(changes)
        watch(self.session(), reopen=True).look()
        return answer

    def status(self) -> dict[str, Any]:
        """Return how each provider's inventory stands; a session that fails is told, not raised."""
        from speasy_core import __version__

        try:
            states = self.session().inventory.states()
        except (SpeasyError, ImportError, OSError) as error:
            self._log.error("the product inventory is not available: %s", error)
            return {"providers": {}, "version": __version__, "error": str(error)}
        providers = {
            name: {
                "title": state.title or name,
                "loaded": state.loaded,
                "refreshing": state.loading,
                "count": state.count,
                "version": state.version,
                "updated": state.updated or None,
                "age": state.age,
                "error": None if state.error is None else str(state.error),
            }
            for name, state in states.items()
        }
        return {"providers": _plain(providers), "version": __version__, "error": None}

    def refresh(self, names: Iterable[str] | None = None) -> dict[str, Any]:
        """Have archives asked again behind this call's back; returns `status`.

        Raises
        ------
        UnknownProvider
            A name is not that of a provider in use.
        """
        session = self.session()
        known = list(session.providers)
        wanted = known if names is None else list(names)
        for name in wanted:
            if name not in known:
                raise UnknownProvider(f"there is no provider {name!r}", hint=", ".join(known))
        session.inventory.refresh_in_background(wanted, force=True)
        return self.status()

    def start(self) -> None:
        """Begin to read what is missing or old, so that the tree is there before any kernel."""
        try:
            session = self.session()
            watch(session, reopen=True)
            session.inventory.refresh_in_background()
        except (SpeasyError, ImportError, OSError) as error:
            self._log.error("the product inventory is not available: %s", error)


def _is_empty(state: Any) -> bool:
    return state is not None and state.loaded and state.count == 0 and not state.loading


def _node(node: Any) -> dict[str, Any]:
    return {
        "id": node.id,
        "name": node.name,
        "kind": node.kind,
        "ref": None if node.ref is None else str(node.ref),
        "title": node.title,
        "unit": node.unit,
        "has_children": node.has_children,
    }


#: what `Node.about` says besides what the page has anyway
_FACTS = (
    "shape", "coordinates", "processing", "acknowledgement", "rules_of_use", "citation", "contact",
    "links",
)  # fmt: skip


def _details(ref: ProductRef, node: Node) -> dict[str, Any]:
    info, about = node.info, node.about
    span = info.coverage
    details: dict[str, Any] = _plain(
        {
            "ref": str(ref),
            "name": info.name,
            "kind": info.kind,
            "title": info.title,
            "unit": info.unit,
            "path": [ref.provider, *info.path],
            "coverage": span and {"start": f"{span.start}Z", "stop": f"{span.stop}Z"},
            "cadence": info.cadence,
            "about": {fact: about[fact] for fact in _FACTS if fact in about},
            "meta": info.meta,
        }
    )
    return details


def _plain(value: Any) -> Any:
    """Return a value that every JSON reader takes: no NaN, no infinity, keys that are text."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if value is None or isinstance(value, (str, bool, int)):
        return value
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    return str(value)
