"""The call forms of `get_data`, turned into products and time ranges."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sized
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np

from .errors import InvalidRequest, InvalidTimeRange
from .product import ProductRef
from .timerange import TimeRange

__all__ = ["Request"]

_FORMS = (
    "get_data takes (product, start, stop), (product, [start, stop]), (product, [[start, stop], "
    "...]), a list of products in place of one, or product=, start_time=, stop_time=, time_range="
)
_TIME_TYPES = (str, date, np.datetime64, int, float, np.integer, np.floating)


@dataclass(frozen=True, slots=True)
class Request:
    """Which products over which ranges, and in what nesting the answer is due.

    Attributes
    ----------
    products : tuple of ProductRef
    ranges : tuple of TimeRange
    many_products, many_ranges : bool
        Whether the caller gave a list, and so gets one.
    """

    products: tuple[ProductRef, ...]
    ranges: tuple[TimeRange, ...]
    many_products: bool
    many_ranges: bool

    @classmethod
    def parse(cls, args: tuple[Any, ...], keywords: dict[str, Any]) -> Request:
        """Read positional arguments and take `product`, `start_time`... out of `keywords`.

        Raises
        ------
        InvalidRequest
            Not one of the call forms; the message lists them.
        """
        args = _positional(args, keywords)
        if len(args) not in (2, 3):
            raise InvalidRequest(f"cannot read {len(args)} positional arguments", hint=_FORMS)
        what = args[0]
        many = _is_list(what)
        products = tuple(ProductRef.parse(item) for item in (what if many else [what]))
        if not products:
            raise InvalidRequest("the list of products is empty", hint=_FORMS)
        if len(args) == 3:
            return cls(products, (TimeRange(args[1], args[2]),), many, False)
        single = as_range(args[1])
        if single is not None:
            return cls(products, (single,), many, False)
        return cls(products, tuple(_ranges(args[1])), many, True)

    def jobs(self) -> Iterator[tuple[ProductRef, TimeRange]]:
        """Every product over every range, products outermost."""
        return ((product, span) for product in self.products for span in self.ranges)

    def nest(self, results: list[Any]) -> Any:
        """Give the results of `jobs` the nesting of the call."""
        width = len(self.ranges)
        rows = [results[i * width : (i + 1) * width] for i in range(len(self.products))]
        per_product = rows if self.many_ranges else [row[0] for row in rows]
        return per_product if self.many_products else per_product[0]


def _positional(args: tuple[Any, ...], keywords: dict[str, Any]) -> tuple[Any, ...]:
    out = list(args)
    if "product" in keywords:
        out.insert(0, keywords.pop("product"))
    if "time_range" in keywords:
        out.append(keywords.pop("time_range"))
    times = [name for name in ("start_time", "stop_time") if name in keywords]
    return (*out, *map(keywords.pop, times))


def _is_list(what: Any) -> bool:
    """Whether `what` is several products: any iterable that is not itself a product."""
    return (
        not isinstance(what, (str, ProductRef))
        and getattr(what, "ref", None) is None
        and (isinstance(what, Iterable))
    )


def as_range(value: Any) -> TimeRange | None:
    """Return `value` as one range, or None when it is a list of ranges."""
    if isinstance(value, TimeRange):
        return value
    inner = getattr(value, "range", None)  # an Event
    if isinstance(inner, TimeRange):
        return inner
    if isinstance(value, (str, Mapping)) or not isinstance(value, Iterable):
        raise InvalidTimeRange(f"{value!r:.80} is not a time range", hint=_FORMS)
    items = list(value) if not isinstance(value, Sized) or len(value) == 2 else []
    if len(items) == 2 and all(isinstance(item, _TIME_TYPES) for item in items):
        return TimeRange(items[0], items[1])
    return None


def _ranges(values: Iterable[Any]) -> Iterator[TimeRange]:
    for number, value in enumerate(values):
        span = as_range(value)
        if span is None:
            raise InvalidTimeRange(
                f"entry {number} of the list of ranges, {value!r:.80}, is not [start, stop]",
                hint=_FORMS,
            )
        yield span
