"""What a session owns: settings, http client, store, cache, providers and inventory."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from . import codecs
from . import providers as provider_table
from .config import Settings
from .errors import SpeasyError, warn
from .http import HttpClient
from .provider import Provider, TakesLookup

if TYPE_CHECKING:
    from .cache import Cache
    from .inventory import Inventory
    from .kept_events import KeptEvents

__all__ = ["Resources", "offline"]

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


class Resources:
    """The state of a session; each part is made when it is first used.

    Parameters
    ----------
    settings : Settings, optional
        By default :meth:`Settings.load`.
    """

    def __init__(self, settings: Settings | None = None) -> None:
        self.settings = settings if settings is not None else Settings.load()
        self._lock = threading.RLock()
        self._http: HttpClient | None = None
        self._cache: Cache | None = None
        self._providers: _Providers | None = None
        self._inventory: Inventory | None = None

    @property
    def http(self) -> HttpClient:
        """The http client that all providers share."""
        with self._lock:
            if self._http is None:
                self._http = HttpClient(self.settings, check=codecs.check)
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
    def kept_events(self) -> KeptEvents:
        """Time tables and catalogues on disk."""
        from .kept_events import KeptEvents

        return KeptEvents(Path(self.settings.cache_dir) / "events")

    @property
    def is_offline(self) -> bool:
        """Whether no server is asked: by the settings, or inside of :func:`offline`."""
        return _offline.get() or self.settings.offline

    def _make_providers(self) -> _Providers:
        left_out = self.settings.disabled_providers
        own = [name for name in provider_table.own_names() if name not in left_out]
        return _Providers(self._make_provider, own, self._lock)

    def _make_provider(self, name: str) -> Provider | None:
        if name in self.settings.disabled_providers:
            return None
        try:
            provider = provider_table.load(name, self.settings, self.http)
        except SpeasyError as error:
            warn(f"provider {name} left out: {error}")
            return None
        if isinstance(provider, TakesLookup):
            provider.inform(lambda ref: self.inventory.info(ref))
        return provider

    def change(self, provider: str, **settings: Any) -> None:
        """Change settings of one provider, which is made anew; the others go on as they are.

        Parameters
        ----------
        provider : str
            Its name; empty for none.
        **settings
            As for :meth:`Settings.with_`.

        Raises
        ------
        ConfigError
            A setting that cannot be used; nothing is changed.
        """
        with self._lock:
            self.settings = self.settings.with_(**settings)
            if self._providers is not None and provider in self._providers:
                made = self._make_provider(provider)
                if made is not None:
                    self._providers.replace(provider, made)

    def close(self) -> None:
        """Close connections and the cache; a later call opens them again."""
        with self._lock:
            for part in (self._inventory, self._cache, self._http):
                if part is not None:
                    part.close()
            self._http = self._cache = self._inventory = self._providers = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()


class _Providers(Mapping[str, Provider]):
    """Providers, each made when it is first asked for: a call of one archive imports that one.

    Those of other packages may fail, so they are made before anybody counts the names.
    """

    def __init__(
        self, make: Callable[[str], Provider | None], own: Sequence[str], lock: threading.RLock
    ) -> None:
        self._make, self._lock = make, lock
        self._names, self._foreign_are_made = list(own), False
        self._made: dict[str, Provider] = {}

    def __getitem__(self, name: str) -> Provider:
        made = self._made.get(name)
        if made is not None:
            return made
        with self._lock:
            known = name in self._names or name in self._all()
            if not known or not (name in self._made or self._add(name)):
                raise KeyError(name)
            return self._made[name]

    def __iter__(self) -> Iterator[str]:
        return iter(list(self._all()))

    def __len__(self) -> int:
        return len(self._all())

    def replace(self, name: str, provider: Provider) -> None:
        """Put another in the place of one; a new name is one more."""
        if name not in self._names:
            self._names.append(name)
        self._made[name] = provider

    def _all(self) -> list[str]:
        with self._lock:
            if not self._foreign_are_made:
                self._foreign_are_made = True
                foreign = provider_table.foreign_names()
                self._names += [name for name in foreign if self._add(name)]
            return self._names

    def _add(self, name: str) -> bool:
        made = self._make(name)
        if made is not None:
            self._made[name] = made
        elif name in self._names:
            self._names.remove(name)  # said once
        return made is not None
