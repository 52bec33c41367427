"""The call forms of `get_data`, turned into products and time ranges."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence, Sized
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any, TypeAlias

import numpy as np

from .errors import InvalidRequest, InvalidTimeRange
from .product import ProductRef
from .timerange import TimeRange, is_array_of_one, to_duration_ns, to_ns

__all__ = ["Request", "as_range", "between"]

Shape: TypeAlias = "int | tuple[Shape, ...]"

_FORMS = (
    "get_data takes (product, start, stop), (product, [start, stop]), (product, [[start, stop], "
    "...]), (product, time table or catalogue), a list of products in place of one, or product=, "
    "start_time=, stop_time=, time_range=; a time table or catalogue goes alone"
)
_TABLE_ID = re.compile(r"\s*[A-Za-z]\w*/")
_DEEPEST = 100  # lists inside lists
_TIME_TYPES = (str, date, timedelta, np.datetime64, int, float, np.integer, np.floating)


@dataclass(frozen=True, slots=True)
class Request:
    """Which products over which ranges, and in what nesting the answer is due.

    Attributes
    ----------
    products : tuple of ProductRef
        All of them, in order.
    ranges : tuple of TimeRange
        Empty while they are in `table`, and when none was given.
    many_products, many_ranges : bool
        Whether the caller gave a list, and so gets one.
    table : ProductRef or None
        The time table or catalogue whose ranges are meant; see `over`.
    shape : nested tuple of int
        Places in `products`, nested as the caller nested them.
    """

    products: tuple[ProductRef, ...]
    ranges: tuple[TimeRange, ...]
    many_products: bool
    many_ranges: bool
    table: ProductRef | None = None
    shape: Shape = 0

    @classmethod
    def parse(cls, args: tuple[Any, ...], keywords: dict[str, Any]) -> Request:
        """Read positional arguments and take `product`, `start_time`... out of `keywords`.

        Raises
        ------
        InvalidRequest
            Not one of the call forms; the message lists them.
        """
        args = _positional(args, keywords)
        if len(args) not in (1, 2, 3):
            raise InvalidRequest(f"cannot read {len(args)} positional arguments", hint=_FORMS)
        products: list[ProductRef] = []
        shape = _read_products(args[0], products)
        if not products:
            raise InvalidRequest("the list of products is empty", hint=_FORMS)
        one = cls(tuple(products), (), isinstance(shape, tuple), False, shape=shape)
        try:
            return one._at(args[1:])
        except InvalidRequest as error:  # a time, of which only the call knows what it was for
            raise error.locate(product=", ".join(map(str, products[:3]))) from error.__cause__

    def _at(self, times: tuple[Any, ...]) -> Request:
        """Return the request with the ranges or the table that were given."""
        if not times:
            return self
        if len(times) == 2:
            return replace(self, ranges=(between(*times),))
        table = _as_table(times[0])
        if table is not None:
            return replace(self, table=table, many_ranges=True)
        # what can be gone through only once is looked at twice
        given = list(times[0]) if isinstance(times[0], Iterator) else times[0]
        single = as_range(given)
        if single is not None:
            return replace(self, ranges=(single,))
        return replace(self, ranges=tuple(_ranges(given)), many_ranges=True)

    @property
    def is_for_tables(self) -> bool:
        """Whether no time was given: the products are time tables and catalogues themselves."""
        return not self.ranges and not self.many_ranges

    def over(self, ranges: Iterable[Any]) -> Request:
        """Return the request with the ranges of its table in place of the table."""
        return replace(self, ranges=tuple(_ranges(ranges)), table=None)

    def jobs(self) -> Iterator[tuple[ProductRef, TimeRange]]:
        """Every product over every range, products outermost."""
        return ((product, span) for product in self.products for span in self.ranges)

    def nest(self, results: Sequence[Any]) -> Any:
        """Give the results of `jobs` the nesting of the call; without ranges, one a product."""
        width = len(self.ranges)
        per_product: list[Any]
        if self.is_for_tables:
            per_product = list(results)
        else:
            rows = [list(results[i * width : (i + 1) * width]) for i in range(len(self.products))]
            per_product = rows if self.many_ranges else [row[0] for row in rows]
        return _nested(self.shape, per_product)


def _nested(shape: Shape, items: Sequence[Any]) -> Any:
    return [_nested(s, items) for s in shape] if isinstance(shape, tuple) else items[shape]


def _positional(args: tuple[Any, ...], keywords: dict[str, Any]) -> tuple[Any, ...]:
    out = list(args)
    if "product" in keywords:
        out.insert(0, keywords.pop("product"))
    if "time_range" in keywords:
        out.append(keywords.pop("time_range"))
    times = [name for name in ("start_time", "stop_time") if name in keywords]
    return (*out, *map(keywords.pop, times))


def _read_products(what: Any, found: list[ProductRef], above: tuple[int, ...] = ()) -> Shape:
    """Add the products in `what` to `found`, and return their places, nested as in `what`."""
    # below the top a node of the tree stands for itself: nobody means all that is inside a folder
    is_node = above and hasattr(what, "ref")
    if is_node or not _is_list(what):
        found.append(ProductRef.parse(what))
        return len(found) - 1
    if id(what) in above:
        raise InvalidRequest("the list of products holds itself", hint=_FORMS)
    if len(above) >= _DEEPEST:
        raise InvalidRequest(f"lists of products lie {_DEEPEST} deep in each other", hint=_FORMS)
    return tuple(_read_products(item, found, (*above, id(what))) for item in what)


def _as_table(value: Any) -> ProductRef | None:
    """Return the time table or catalogue that `value` names; None for ranges themselves."""
    if isinstance(value, str):
        return ProductRef.parse(value) if _TABLE_ID.match(value) else None
    ref = value if isinstance(value, ProductRef) else getattr(value, "ref", None)
    return ref if isinstance(ref, ProductRef) else None


def _is_list(what: Any) -> bool:
    """Whether `what` is several products: any iterable that is not itself a product."""
    return (
        not isinstance(what, (str, bytes, ProductRef))
        and getattr(what, "ref", None) is None
        and isinstance(what, Iterable)
    )


def between(start: Any, stop: Any) -> TimeRange:
    """Return the range between two times, one of which may be a duration.

    Examples
    --------
    >>> str(between("2015-10-22", "PT1H"))
    '2015-10-22T00:00:00Z/2015-10-22T01:00:00Z'
    """
    before, after = to_duration_ns(start), to_duration_ns(stop)
    if after is not None:
        begin = to_ns(start)
        return TimeRange.from_ns(begin, begin + after)
    if before is not None:
        end = to_ns(stop)
        return TimeRange.from_ns(end - before, end)
    return TimeRange(start, stop)


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
    if len(items) == 2 and all(map(_may_be_time, items)):
        return between(*items)
    return None


def _may_be_time(value: Any) -> bool:
    return isinstance(value, _TIME_TYPES) or is_array_of_one(value)


def _ranges(values: Iterable[Any]) -> Iterator[TimeRange]:
    for number, value in enumerate(values):
        span = as_range(value)
        if span is None:
            raise InvalidTimeRange(
                f"entry {number} of the list of ranges, {value!r:.80}, is not [start, stop]",
                hint=_FORMS,
            )
        yield span
