"""1e9 samples whose pyramids are on disk: the samples themselves are not, no view needs them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from speasy_core import Session
from speasy_core.config import Settings
from speasy_core.errors import ServerError

DAYS = 724  # at 16 Hz, 1.0e9 samples


class Kept:
    """A provider whose answers are all in the cache."""

    name, title = "p", "Kept"
    max_request_ns = None
    options: frozenset[str] = frozenset()
    cachable = True

    def inventory(self, **_: Any) -> None:
        """Return that nothing is new."""

    def fetch(self, ref: Any, range: Any, **_: Any) -> Any:
        """Refuse: a view that needs samples is a mistake of the measurement."""
        raise ServerError(f"samples of {ref} over {range} were asked for")


def prepare(folder: Path) -> None:
    """Write the pyramids of all days below `folder`."""
    from speasy_core.cache import Cache
    from speasy_core.store import DiskStore
    from tests.bench.test_lod import fill

    settings = Settings(cache_dir=folder)
    cache = Cache(DiskStore(folder / "data", settings.cache_size), settings)
    fill(cache, DAYS)
    cache.close()


def kept_session(folder: str) -> Session:
    """Return a session over what `prepare` has written."""
    session = Session(Settings(cache_dir=Path(folder), offline=True))
    providers: Any = session.providers
    providers.replace("p", Kept())
    return session
