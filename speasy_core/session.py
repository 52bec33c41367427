"""The one owner of state: settings, http client, store, cache, providers and inventory."""

from __future__ import annotations

import threading
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import TYPE_CHECKING, Any

from . import providers as provider_table
from ._completion import allow_in_ipython
from .call import Call, OnError, run_request
from .config import Settings
from .errors import SpeasyError, SpeasyWarning, UnknownOption
from .http import Deadline, HttpClient
from .product import ProductInfo, ProductRef
from .provider import Provider, TakesLookup
from .request import Request

if TYPE_CHECKING:
    from .cache import Cache
    from .inventory import Inventory, Node, ProviderState

__all__ = ["Session", "default_session", "offline"]

# Speasy's keywords, accepted so that its scripts run: there is no proxy to disable here
_SPEASY_OPTIONS = ("disable_proxy", "disable_cache", "prefer_cache")

_offline: ContextVar[bool] = ContextVar("speasy_core_offline", default=False)


@contextmanager
def offline() -> Iterator[None]:
    """Answer every `get_data` inside the block from the cache alone.

    What the cache does not hold is declared in ``v.gaps``.

    Examples
    --------
    >>> import speasy_core as spz
    >>> with spz.offline():
    ...     pass
    """
    token = _offline.set(True)
    try:
        yield
    finally:
        _offline.reset(token)


class Session:
    """Everything that `get_data` needs, made when it is first used.

    Parameters
    ----------
    settings : Settings, optional
        By default :meth:`Settings.load`.

    Examples
    --------
    >>> import tempfile
    >>> session = Session(Settings(cache_dir=tempfile.mkdtemp(), offline=True))
    >>> "cda" in session.list_providers()
    True
    >>> session.close()
    """

    def __init__(self, settings: Settings | None = None) -> None:
        self.settings = settings if settings is not None else Settings.load()
        self._lock = threading.RLock()
        self._http: HttpClient | None = None
        self._cache: Cache | None = None
        self._providers: dict[str, Provider] | None = None
        self._inventory: Inventory | None = None

    @property
    def http(self) -> HttpClient:
        """The http client that all providers share."""
        with self._lock:
            if self._http is None:
                self._http = HttpClient(self.settings)
            return self._http

    @property
    def cache(self) -> Cache:
        """The data cache; its folder is touched at first use."""
        with self._lock:
            if self._cache is None:
                from .cache import Cache
                from .store import DiskStore

                folder = Path(self.settings.cache_dir) / "data"
                store = DiskStore(folder, self.settings.cache_size)
                self._cache = Cache(store, self.settings)
            return self._cache

    @property
    def providers(self) -> Mapping[str, Provider]:
        """Providers by name; one that cannot be made is named in a warning and left out."""
        with self._lock:
            if self._providers is None:
                self._providers = self._make_providers()
            return self._providers

    @property
    def inventory(self) -> Inventory:
        """The product tree of all providers."""
        with self._lock:
            if self._inventory is None:
                from .inventory import Inventory

                folder = Path(self.settings.cache_dir) / "inventory"
                self._inventory = Inventory(folder, self.providers, self.settings)
            return self._inventory

    @property
    def inventories(self) -> Inventories:
        """`tree`, `data_tree` and `flat_inventories`, as in Speasy."""
        return Inventories(self.inventory)

    def _make_providers(self) -> dict[str, Provider]:
        made: dict[str, Provider] = {}
        for name in provider_table.names():
            if name in self.settings.disabled_providers:
                continue
            try:
                provider = provider_table.load(name, self.settings, self.http)
            except SpeasyError as error:
                warnings.warn(f"provider {name} left out: {error}", SpeasyWarning, stacklevel=3)
                continue
            if isinstance(provider, TakesLookup):
                provider.inform(lambda ref: self.inventory.info(ref))
            made[name] = provider
        return made

    def list_providers(self) -> list[str]:
        """Names of the providers in use."""
        return list(self.providers)

    def update_inventories(self) -> Mapping[str, ProviderState]:
        """Ask every server for its inventory now; returns what each one said."""
        return self.inventory.refresh(force=True)

    def find_product(
        self,
        query: str,
        *,
        provider: str | None = None,
        type: str | None = None,
        unit: str | None = None,
        start: Any = None,
        stop: Any = None,
        limit: int = 50,
    ) -> list[Node]:
        """Search all inventories, best match first.

        Parameters
        ----------
        query : str
            Words that must all occur; ``provider:cda type:vector after:2015`` filter.
        provider, type, unit : str, optional
            The same filters as keywords.
        start, stop : time, optional
            Only products whose coverage meets this range.
        limit : int
            At most so many.

        Returns
        -------
        list of Node
            Each can be given to `get_data`.
        """
        return self.inventory.find(
            query,
            provider=provider,
            type=type,
            unit=unit,
            start=start,
            stop=stop,
            limit=limit,
            wait=not self._is_offline(None),  # the very first search waits for an inventory
        )

    def get_data(
        self,
        *args: Any,
        progress: bool = False,
        offline: bool | None = None,
        refresh: bool = False,
        timeout: float | Deadline | None = None,
        on_error: OnError = "raise",
        **options: Any,
    ) -> Any:
        """Return the samples of one or several products over one or several time ranges.

        Parameters
        ----------
        *args
            ``(product, start, stop)``, ``(product, [start, stop])``,
            ``(product, [[start, stop], ...])``, ``(product, table)`` with a TimeTable, a Catalog
            or the id of one; a list of products in place of one, nested at will. A product is an
            id (``"cda/AC_H0_MFI/BGSEc"``) or a node of the tree. Times are UTC; ranges are
            half-open. ``("amda/sharedtimeTable_0",)`` alone gives the table itself.
        progress : bool
            Show a progress bar over products and ranges.
        offline : bool, optional
            Answer from the cache alone and declare the rest in ``v.gaps``.
        refresh : bool
            Fetch again what the cache holds, and keep the new answer.
        timeout : float, optional
            Seconds for the whole call; by default ``settings.timeout``.
        on_error : {"raise", "gaps"}
            What a failed piece does: raise, or leave a declared gap in the result.
        **options
            What the provider takes, for example ``coordinate_system`` for SSCWeb.

        Returns
        -------
        SpeasyVariable, Dataset, TimeTable, Catalog, or list
            A data set of AMDA gives a Dataset. Lists of products or ranges give lists in the same
            nesting, products outermost. An empty variable says that the archive has no data there.

        Raises
        ------
        InvalidRequest
            Not a call form, an unknown product, a range that stops before it starts.
        ServerError, CorruptFile, OfflineError
            What went wrong, where, and what to do.

        Examples
        --------
        >>> import speasy_core as spz
        >>> b = spz.get_data("cda/AC_H0_MFI/BGSEc", "2023-01-02", "2023-01-03")  # doctest: +SKIP
        """
        if on_error not in ("raise", "gaps"):
            raise UnknownOption(f"on_error={on_error!r}", hint="use 'raise' or 'gaps'")
        request = Request.parse(args, options)
        speasy = {name: options.pop(name) for name in _SPEASY_OPTIONS if name in options}
        if isinstance(timeout, Deadline):  # of a caller that may cancel it, as a panel does
            deadline = timeout
        else:
            deadline = Deadline(self.settings.timeout if timeout is None else timeout)
        call = Call(
            state=self,
            deadline=deadline,
            offline=self._is_offline(offline),
            refresh=refresh or bool(speasy.get("disable_cache")),
            prefer_cache=bool(speasy.get("prefer_cache")),
            on_error=on_error,
            options=options,
        )
        for ref in request.products:  # a mistake in one is said before anything is fetched
            call.provider(ref)
        if request.table is not None:
            call.provider(request.table, for_data=False)
        return run_request(call, request, progress)

    def _is_offline(self, asked: bool | None) -> bool:
        if asked is not None:
            return asked
        return _offline.get() or self.settings.offline

    def info(self, what: Any) -> ProductInfo | None:
        """Return what the inventory knows of a product, without a request."""
        return self.inventory.info(ProductRef.parse(what))

    def close(self) -> None:
        """Close connections and the cache; a later call opens them again."""
        with self._lock:
            for part in (self._inventory, self._cache, self._http):
                if part is not None:
                    part.close()
            self._http = self._cache = self._inventory = self._providers = None

    def __enter__(self) -> Session:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()


class Inventories:
    """The inventories under the names that Speasy gives them."""

    def __init__(self, inventory: Inventory) -> None:
        from .inventory import Node

        self._inventory = inventory
        allow_in_ipython(Inventories, Node)

    @property
    def tree(self) -> Node:
        """Root of the tree; ``tree.cda`` completes with the tab key."""
        return self._inventory.tree

    data_tree = tree

    @property
    def flat(self) -> Mapping[str, Node]:
        """Every product by its id."""
        return self._inventory.flat

    flat_inventories = flat

    def __repr__(self) -> str:
        return repr(self.tree)


_default: Session | None = None
_default_lock = threading.Lock()


def default_session() -> Session:
    """Return the session that the functions of `speasy_core` use."""
    global _default
    with _default_lock:
        if _default is None:
            _default = Session()
        return _default
