"""The cache: asks an archive only for what is missing, and never answers with a silent hole.

As ``speasy_core.cache`` this module is also the face of the default session's cache::

    spz.cache.info()                    place, size, products, fragments, hits and misses
    spz.cache.entries("cda/...")        what is kept, piece by piece
    spz.cache.pin("cda/...", t0, t1)    never deleted to make room; unpin()
    spz.cache.clear(older_than=86400)   evict(bytes)
    spz.cache.export("bundle.zip")      a data set to share and to cite; import_("bundle.zip")

Inside::

    cache      the one class that others use
    gather     one call: from what is kept and what is fetched to one variable
    flights    requests under way, shared by threads     fragments   what is known of a product
    keeper     between the cache and its store           serial      variables as JSON and arrays
    salvage    what a damaged piece still holds          failures    what failed a moment ago
    pieces     how answers are cut, and joined again     compaction  joining them
    slab       a long answer in memory once              gaps        what did not come
    stock      listing, counting, deleting               pins        what is never deleted
    bundle     a data set in one file                    unbundle    reading it
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from .cache import Cache
from .stock import Kept

__all__ = ["Cache", "Kept"]

_FACE = (
    "clear", "entries", "evict", "export", "import", "import_", "info", "pin", "settle", "unpin",
)  # fmt: skip

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    clear: Callable[..., None]
    entries: Callable[..., list[Kept]]
    evict: Callable[..., None]
    export: Callable[..., Path]
    import_: Callable[..., list[str]]
    info: Callable[[], dict[str, Any]]
    pin: Callable[..., None]
    settle: Callable[..., bool]
    unpin: Callable[..., None]


def __getattr__(name: str) -> Any:
    if name in _FACE:
        # of the session, which is above: bound when it is asked for, as in speasy_core itself
        session = import_module("speasy_core.session").default_session()
        return getattr(session.cache, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*__all__, *_FACE])
