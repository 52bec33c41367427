"""What of AMDA is not for everybody: private products, and the period after a date."""

from __future__ import annotations

from speasy_core.errors import InvalidTime
from speasy_core.product import ProductInfo
from speasy_core.timerange import TimeRange, to_ns

__all__ = ["PRIVATE_ROOTS", "closed_part", "takes_login"]

PRIVATE_ROOTS = ("DerivedParameters", "PrivateParameters")
_SECOND = 1_000_000_000


def takes_login(info: ProductInfo, span: TimeRange) -> bool:
    """Whether a login shows more of a product in a range."""
    return info.path[0] in PRIVATE_ROOTS or closed_part(info, span) is not None


def closed_part(info: ProductInfo | None, span: TimeRange) -> TimeRange | None:
    """Return the part of a range that only those see who log in; None where all see all of it."""
    after = str(info.meta.get("restricted_after", "")) if info is not None else ""
    try:
        # requests are of whole seconds: what shares one with the first closed sample is refused
        limit = to_ns(after) // _SECOND * _SECOND if after else None
    except InvalidTime:
        return None
    if limit is None or span.stop_ns <= limit:
        return None
    return TimeRange.from_ns(max(span.start_ns, limit), span.stop_ns)
