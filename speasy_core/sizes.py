"""How much memory a request would take: said before the first byte, not by a dead kernel."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from .config import Settings
from .errors import RequestTooLarge
from .product import ProductInfo, ProductRef
from .timerange import TimeRange

if TYPE_CHECKING:
    from .cache import Cache
    from .inventory import Inventory

__all__ = ["check_sizes", "estimate", "memory_cap"]

# values of a sample where the inventory does not say; low, as nobody is to be refused by a guess
_WIDTH = {"vector": 3, "multicomponent": 3, "spectrogram": 16}
_WIDTH_KEYS = ("size", "sizes", "DIM_SIZES", "shape")
# no instrument fills the memory in so short a time, and such calls should cost nothing
_SHORT = 3600 * 10**9
_MANY = 100


class State(Protocol):
    """What is asked: all of it answers at once."""

    @property
    def settings(self) -> Settings: ...
    @property
    def cache(self) -> Cache: ...
    @property
    def inventory(self) -> Inventory: ...


def memory_cap(settings: Settings) -> tuple[int, str]:
    """Return how many bytes a call may bring, and what set that.

    The setting `max_memory` counts as it is where it was changed; its default is meant for large
    machines, and on others three quarters of the memory that is free count.
    """
    free = _free_memory()
    default: Any = Settings.__dataclass_fields__["max_memory"].default
    if settings.max_memory != default or "max_memory" in settings.sources or free is None:
        return settings.max_memory, "the setting max_memory"
    usable = free // 4 * 3
    if usable < default:
        return usable, "three quarters of the free memory"
    return default, "the setting max_memory"


def _free_memory() -> int | None:
    """Return the bytes that programs can still have, None where the system does not say."""
    try:
        text = Path("/proc/meminfo").read_text(encoding="ascii")
    except (OSError, UnicodeDecodeError):
        return None
    for line in text.splitlines():
        name, _, rest = line.partition(":")
        if name == "MemAvailable":
            return int(rest.split()[0]) * 1024
    return None


def estimate(info: ProductInfo | None, span: TimeRange, rate: float | None = None) -> int | None:
    """Return how many bytes a product has in a range, None when nobody knows.

    Parameters
    ----------
    info : ProductInfo or None
        Its cadence, kind and coverage count.
    span : TimeRange
    rate : float, optional
        Bytes per second where they were counted.

    Examples
    --------
    >>> info = ProductInfo(("B",), kind="vector", cadence=0.0625)
    >>> estimate(info, TimeRange("2000-01-01", "2000-01-02"))
    27648000
    """
    inside: TimeRange | None = span
    if info is not None and info.coverage is not None:
        inside = span.intersect(info.coverage)
    if inside is None:
        return 0
    seconds = inside.duration_ns / 1e9
    if rate is not None:
        return int(rate * seconds)
    if info is None or not info.cadence or not info.cadence > 0:
        return None
    return int(seconds / info.cadence * (8 + 4 * _width(info)))


def _width(info: ProductInfo) -> int:
    for key in _WIDTH_KEYS:
        told = info.meta.get(key)
        sizes = told if isinstance(told, (list, tuple)) else [told]
        if sizes and all(type(n) is int and n > 0 for n in sizes):
            return prod(sizes)
    return _WIDTH.get(info.kind, 1)


def check_sizes(state: State, jobs: Sequence[tuple[ProductRef, TimeRange]]) -> None:
    """Refuse a call that would bring more than memory can hold, before anything is asked.

    Raises
    ------
    RequestTooLarge
        Names the estimate, the limit, and what to do.
    """
    if len(jobs) < _MANY and all(span.duration_ns <= _SHORT for _, span in jobs):
        return
    infos: dict[ProductRef, ProductInfo | None] = {}
    total, largest, most = 0, None, 0
    for ref, span in jobs:
        if ref not in infos:
            infos[ref] = state.inventory.info(ref)
        size = estimate(infos[ref], span, state.cache.rate(str(ref), span)) or 0
        total += size
        if size > most:
            largest, most = (ref, span), size
    cap, why = memory_cap(state.settings)
    if total <= cap or largest is None:
        return
    ref, span = largest
    share = cap / total
    raise RequestTooLarge(
        f"about {_gigabytes(total)} would come, more than the {_gigabytes(cap)} that one call may "
        f"bring ({why})",
        product=str(ref),
        range=span,
        hint=f"ask for {share:.2g} of it at a time, or raise the setting max_memory",
    )


def _gigabytes(count: int) -> str:
    return f"{count / 1e9:,.1f} GB" if count >= 1e8 else f"{count / 1e6:,.1f} MB"
