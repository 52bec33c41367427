"""Pictures of products: the calls of `get_data`, answered from pyramids in place of samples."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from .cache.picture import CachedPicture
from .call import Call, State
from .errors import InvalidRequest, OfflineError
from .lod import Reduced, check_columns, check_mean
from .lod import lod as lod_of
from .product import ProductRef
from .provider import Provider
from .timerange import TimeRange
from .variable import SpeasyVariable

if TYPE_CHECKING:
    from .cache import Cache
    from .config import Settings
    from .inventory import Inventory
    from .kept_events import KeptEvents

__all__ = ["picture", "reduced"]

_TRIES = 3


class _Pictured:
    """A session whose cache gives pictures, and variables without rows."""

    def __init__(self, state: State) -> None:
        self._state = state
        self.found: CachedPicture | None = None

    @property
    def providers(self) -> Mapping[str, Provider]:
        return self._state.providers

    @property
    def inventory(self) -> Inventory:
        return self._state.inventory

    @property
    def settings(self) -> Settings:
        return self._state.settings

    @property
    def kept_events(self) -> KeptEvents:
        return self._state.kept_events

    @property
    def cache(self) -> Cache:
        shown: Any = self  # it has the one method of a cache that a call uses
        return shown  # type: ignore[no-any-return]

    def get(self, key: str, range: TimeRange, fetch: Any, **how: Any) -> SpeasyVariable:
        """Note the picture, and return its labels, gaps and origin."""
        self.found = self._state.cache.picture(key, range, fetch, **how)
        return self.found.head


def picture(call: Call, ref: ProductRef, span: TimeRange) -> CachedPicture | SpeasyVariable:
    """Return a product over a range, ready to be drawn.

    Returns
    -------
    CachedPicture
        Samples that were kept before are not read.
    SpeasyVariable
        The samples themselves, of a provider that is not cached.
    """
    pictured = _Pictured(call.state)
    answer = replace(call, state=pictured).answer(ref, span)
    if pictured.found is not None:
        return pictured.found
    if answer is None:
        raise InvalidRequest("if_newer_than goes with get_data", product=str(ref))
    return answer


def reduced(call: Call, ref: ProductRef, span: TimeRange, columns: int, mean: str) -> Reduced:
    """Return a product in columns of time; see `Session.get_lod`."""
    how = check_mean(mean)
    check_columns(columns)
    for _ in range(_TRIES):
        found = picture(call, ref, span)
        if not isinstance(found, CachedPicture):
            break
        try:
            return found.reduce(columns, how)
        except OfflineError:  # deleted to make room, a moment after it was seen to be there
            if call.offline:
                raise
    else:
        found = call.answer(ref, span) or SpeasyVariable([], [])
    return lod_of(found, span.start, span.stop, columns, mean=how)
