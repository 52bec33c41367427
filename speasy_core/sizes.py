"""How much memory a request would take: said before the first byte, not by a dead kernel."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import prod
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

from .config import Settings
from .errors import RequestTooLarge
from .product import ProductInfo, ProductRef
from .timerange import TimeRange
from .variable import SpeasyVariable

if TYPE_CHECKING:
    from .cache import Cache
    from .inventory import Inventory

__all__ = ["Ask", "check_sizes", "estimate", "memory_cap"]

# values of a sample where the inventory does not say; low, as nobody is to be refused by a guess
_WIDTH = {"vector": 3, "multicomponent": 3, "spectrogram": 16}
_WIDTH_KEYS = ("size", "sizes", "DIM_SIZES", "shape")
# no instrument fills the memory in so short a time, and such calls should cost nothing
_SHORT = 3600 * 10**9
_MANY = 100
# samples a second that hardly any product has for long: below that nobody is asked for samples
_FAST = 32.0
# of what nothing is known, pieces are fetched at these shares of the range; no two differ by a
# simple fraction, so that bursts at the same hour of each day do not meet all of them
_PLACES = (0.1459, 0.2361, 0.382, 0.618, 0.8541)
_SHORTEST, _LONGEST = 60 * 10**9, 600 * 10**9

Job: TypeAlias = tuple[ProductRef, TimeRange]
# fetches pieces: what is no variable could not be had
Ask: TypeAlias = Callable[[Sequence[Job]], Sequence[Any]]


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
    inside = _covered(info, span)
    if inside is None:
        return 0
    seconds = inside.duration_ns / 1e9
    if rate is not None:
        return int(rate * seconds)
    if info is None or not info.cadence or not info.cadence > 0:
        return None
    return int(seconds / info.cadence * (8 + 4 * _width(info)))


def _width(info: ProductInfo | None) -> int:
    if info is None:
        return 1
    for key in _WIDTH_KEYS:
        told = info.meta.get(key)
        sizes = told if isinstance(told, (list, tuple)) else [told]
        if sizes and all(type(n) is int and n > 0 for n in sizes):
            return prod(sizes)
    return _WIDTH.get(info.kind, 1)


def check_sizes(state: State, jobs: Sequence[Job], ask: Ask | None = None) -> None:
    """Refuse a call that would bring more than memory can hold, before it is asked for.

    Parameters
    ----------
    state : State
        Of the session.
    jobs : sequence of (ProductRef, TimeRange)
        The call.
    ask : callable, optional
        Fetches short pieces, where nobody knows the size of what may be large. Only a product
        that is as dense in each of them counts: how much a burst brings remains unknown.

    Raises
    ------
    RequestTooLarge
        Names the estimate, the limit, and what to do.
    """
    if len(jobs) < _MANY and all(span.duration_ns <= _SHORT for _, span in jobs):
        return
    cap, why = memory_cap(state.settings)
    infos = {ref: state.inventory.info(ref) for ref in dict.fromkeys(ref for ref, _ in jobs)}
    known: list[tuple[int, Job]] = []
    unknown: list[Job] = []
    for ref, span in jobs:
        size = estimate(infos[ref], span, state.cache.rate(str(ref), span))
        if size is None:
            unknown.append((ref, _covered(infos[ref], span) or span))
        else:
            known.append((size, (ref, span)))
    at_most = sum(
        int(span.duration_ns / 1e9 * _FAST * (8 + 4 * _width(infos[ref]))) for ref, span in unknown
    )
    if ask is not None and at_most + sum(size for size, _ in known) > cap:
        rates = _sampled(unknown, ask)
        known += [(int(rates[ref] * span.duration_ns / 1e9), (ref, span))
                  for ref, span in unknown if ref in rates]  # fmt: skip
    total = sum(size for size, _ in known)
    if total <= cap:
        return
    ref, span = max(known, key=lambda item: item[0])[1]
    share = cap / total
    raise RequestTooLarge(
        f"about {_gigabytes(total)} would come, more than the {_gigabytes(cap)} that one call may "
        f"bring ({why})",
        product=str(ref),
        range=span,
        hint=f"ask for {share:.2g} of it at a time, or raise the setting max_memory",
    )


def _covered(info: ProductInfo | None, span: TimeRange) -> TimeRange | None:
    return span if info is None or info.coverage is None else span.intersect(info.coverage)


def _sampled(jobs: Sequence[Job], ask: Ask) -> dict[ProductRef, float]:
    """Return the bytes per second of products that are equally dense all over their ranges."""
    longest: dict[ProductRef, TimeRange] = {}
    for ref, span in jobs:
        if ref not in longest or span.duration_ns > longest[ref].duration_ns:
            longest[ref] = span
    pieces = [(ref, _piece(span, at)) for ref, span in longest.items() for at in _PLACES]
    found = ask(pieces)
    rates: dict[ProductRef, float] = {}
    for number, ref in enumerate(longest):
        mine = slice(number * len(_PLACES), (number + 1) * len(_PLACES))
        seen = [_rate(v, piece) for v, (_, piece) in zip(found[mine], pieces[mine], strict=True)]
        if 0 < max(seen) <= 2 * min(seen):
            rates[ref] = min(seen)
    return rates


def _piece(span: TimeRange, at: float) -> TimeRange:
    length = min(max(span.duration_ns // 1000, _SHORTEST), _LONGEST)
    start = (span.start_ns + int(span.duration_ns * at)) // 10**9 * 10**9
    return TimeRange.from_ns(start, start + length)


def _rate(found: Any, piece: TimeRange) -> float:
    """Return the bytes per second of a piece; 0 where it tells nothing."""
    if not isinstance(found, SpeasyVariable) or found.gaps or len(found) < 2:
        return 0.0
    fixed = sum(axis.values.nbytes for axis in found.axes if not axis.time_varying)
    return (found.nbytes - fixed) / piece.duration_ns * 1e9


def _gigabytes(count: int) -> str:
    return f"{count / 1e9:,.1f} GB" if count >= 1e8 else f"{count / 1e6:,.1f} MB"
