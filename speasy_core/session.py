"""The one owner of state: settings, http client, store, cache, providers and inventory."""

from __future__ import annotations

import json
import threading
import warnings
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from . import providers as provider_table
from .config import Settings
from .errors import (
    InvalidRequest,
    OfflineError,
    SpeasyError,
    SpeasyWarning,
    UnknownOption,
    UnknownProduct,
    UnknownProvider,
)
from .http import Deadline, HttpClient
from .product import ProductInfo, ProductRef
from .provider import Fetched, Provider
from .request import Request
from .timerange import TimeRange
from .variable import SpeasyVariable

if TYPE_CHECKING:
    from .cache import Cache
    from .inventory import Inventory, Node, ProviderState

__all__ = ["Session", "default_session", "offline"]

OnError = Literal["raise", "gaps"]

# Speasy's keywords, accepted so that its scripts run: there is no proxy to disable here
_SPEASY_OPTIONS = ("disable_proxy", "disable_cache", "prefer_cache")
_PARALLEL_JOBS = 8

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
                made[name] = provider_table.load(name, self.settings, self.http)
            except SpeasyError as error:
                warnings.warn(f"provider {name} left out: {error}", SpeasyWarning, stacklevel=3)
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
        type: str | None = None,  # noqa: A002 - the field's name in the search box
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
            query, provider=provider, type=type, unit=unit, start=start, stop=stop, limit=limit
        )

    def get_data(
        self,
        *args: Any,
        progress: bool = False,
        offline: bool | None = None,
        refresh: bool = False,
        timeout: float | None = None,
        on_error: OnError = "raise",
        **options: Any,
    ) -> Any:
        """Return the samples of one or several products over one or several time ranges.

        Parameters
        ----------
        *args
            ``(product, start, stop)``, ``(product, [start, stop])``,
            ``(product, [[start, stop], ...])``; a list of products in place of one. A product is
            an id (``"cda/AC_H0_MFI/BGSEc"``) or a node of the tree. Times are UTC; ranges are
            half-open.
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
        SpeasyVariable or list
            Lists of products or ranges give lists in the same nesting, products outermost. An
            empty variable says that the archive has no data there.

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
        deadline = Deadline(self.settings.timeout if timeout is None else timeout)
        call = _Call(
            deadline=deadline,
            offline=self._is_offline(offline),
            refresh=refresh or bool(speasy.get("disable_cache")),
            prefer_cache=bool(speasy.get("prefer_cache")),
            on_error=on_error,
            options=options,
        )
        jobs = list(request.jobs())
        for ref in request.products:  # a mistake in one is said before anything is fetched
            self._provider(ref, options)
        return request.nest(_run(jobs, lambda job: self._get_one(*job, call), progress))

    def _is_offline(self, asked: bool | None) -> bool:
        if asked is not None:
            return asked
        return _offline.get() or self.settings.offline

    def _provider(self, ref: ProductRef, options: Mapping[str, Any]) -> Provider:
        provider = self.providers.get(ref.provider)
        if provider is None:
            raise UnknownProvider(
                f"there is no provider {ref.provider!r}",
                product=str(ref),
                hint=f"providers: {', '.join(self.providers)}",
            )
        unknown = sorted(set(options) - provider.options)
        if unknown:
            known = ", ".join(sorted(provider.options)) or "none"
            raise UnknownOption(
                f"{ref.provider} does not take the option {', '.join(unknown)}",
                product=str(ref),
                hint=f"its options: {known}",
            )
        return provider

    def _get_one(self, ref: ProductRef, span: TimeRange, call: _Call) -> SpeasyVariable:
        provider = self._provider(ref, call.options)

        def fetch(part: TimeRange, since: str | None) -> Fetched:
            return provider.fetch(
                ref, part, deadline=call.deadline, since=since, options=call.options
            )

        try:
            if provider.cachable:
                variable = self._from_cache(ref, span, fetch, provider, call)
            else:
                variable = _present(fetch(span, None), ref)
        except UnknownProduct as error:
            error.hint = error.hint or self._suggest(ref)
            raise error.locate(product=str(ref), range=span) from error.__cause__
        except SpeasyError as error:
            raise error.locate(product=str(ref), range=span) from error.__cause__
        if not len(variable) and not variable.gaps:
            self._explain_empty(ref, span)
        return variable

    def _from_cache(
        self,
        ref: ProductRef,
        span: TimeRange,
        fetch: Callable[[TimeRange, str | None], Fetched],
        provider: Provider,
        call: _Call,
    ) -> SpeasyVariable:
        key = str(ref)
        if call.options:
            key += "?" + json.dumps(dict(call.options), sort_keys=True, default=str)

        def ask(offline: bool) -> SpeasyVariable:
            return self.cache.get(
                key,
                span,
                fetch,
                deadline=call.deadline,
                max_request_ns=provider.max_request_ns,
                offline=offline,
                refresh=call.refresh,
                on_error="gaps" if offline else call.on_error,
            )

        if call.prefer_cache and not call.offline:
            try:
                kept = ask(offline=True)
            except OfflineError:
                return ask(offline=False)
            if not kept.gaps:
                return kept
        return ask(offline=call.offline)

    def _explain_empty(self, ref: ProductRef, span: TimeRange) -> None:
        """Say why there is nothing, where the inventory knows."""
        info = self.inventory.info(ref)
        state = self.inventory.states().get(ref.provider)
        if info is None:
            if state is not None and state.loaded and ref.provider != "vp":
                raise UnknownProduct(
                    f"{ref.provider} has no product {ref.path!r}",
                    product=str(ref),
                    hint=self._suggest(ref),
                )
        elif info.coverage is not None and not info.coverage.overlaps(span):
            warnings.warn(
                f"{ref} has data from {info.coverage.start} to {info.coverage.stop} only, "
                f"none in {span}",
                SpeasyWarning,
                stacklevel=5,
            )

    def _suggest(self, ref: ProductRef) -> str:
        words = ref.path.replace("/", " ").replace("_", " ")
        for query in (ref.path.rpartition("/")[2], words, words.partition(" ")[0]):
            try:
                hits = self.inventory.find(query, provider=ref.provider, limit=3)
            except InvalidRequest:
                continue
            names = [str(hit.ref) for hit in hits if hit.ref is not None and hit.ref != ref]
            if names:
                return f"did you mean {', '.join(names)}?"
        return "find_product('words') searches all inventories"

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


class _Call:
    """What all pieces of one `get_data` call share."""

    __slots__ = ("deadline", "offline", "on_error", "options", "prefer_cache", "refresh")

    def __init__(
        self,
        *,
        deadline: Deadline,
        offline: bool,
        refresh: bool,
        prefer_cache: bool,
        on_error: OnError,
        options: Mapping[str, Any],
    ) -> None:
        self.deadline = deadline
        self.offline = offline
        self.refresh = refresh
        self.prefer_cache = prefer_cache
        self.on_error: OnError = on_error
        self.options = options


class Inventories:
    """The inventories under the names that Speasy gives them."""

    def __init__(self, inventory: Inventory) -> None:
        self._inventory = inventory

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


def _present(answer: Fetched, ref: ProductRef) -> SpeasyVariable:
    if answer.variable is None:
        raise SpeasyError("the provider said 'not changed' though nothing was kept", product=str(ref))
    return answer.variable


def _run(jobs: list[Any], work: Callable[[Any], SpeasyVariable], progress: bool) -> list[Any]:
    if len(jobs) == 1 and not progress:
        return [work(jobs[0])]
    with ThreadPoolExecutor(min(_PARALLEL_JOBS, len(jobs)), "get_data") as pool:
        futures = [pool.submit(work, job) for job in jobs]
        try:
            return [future.result() for future in _with_progress(futures, progress)]
        except BaseException:
            for future in futures:
                future.cancel()
            raise


def _with_progress(futures: list[Any], progress: bool) -> Any:
    if not progress:
        return futures
    from tqdm.auto import tqdm

    return tqdm(futures, unit="piece")


_default: Session | None = None
_default_lock = threading.Lock()


def default_session() -> Session:
    """Return the session that the functions of `speasy_core` use."""
    global _default
    with _default_lock:
        if _default is None:
            _default = Session()
        return _default
