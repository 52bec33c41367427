"""What a session owns: settings, http client, store, cache, providers and inventory."""

from __future__ import annotations

import threading
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from . import codecs
from . import providers as provider_table
from .config import Settings
from .errors import SpeasyError, SpeasyWarning
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
        self._providers: dict[str, Provider] | None = None
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

    def _make_providers(self) -> dict[str, Provider]:
        made = {name: self._make_provider(name) for name in provider_table.names()}
        return {name: provider for name, provider in made.items() if provider is not None}

    def _make_provider(self, name: str) -> Provider | None:
        if name in self.settings.disabled_providers:
            return None
        try:
            provider = provider_table.load(name, self.settings, self.http)
        except SpeasyError as error:
            warnings.warn(f"provider {name} left out: {error}", SpeasyWarning, stacklevel=4)
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
                    self._providers[provider] = made

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
