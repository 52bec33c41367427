from __future__ import annotations

from datetime import datetime, timedelta

import numpy as np
import pandas as pd
import pytest

from speasy_core.errors import InvalidRequest, InvalidTimeRange
from speasy_core.events import Catalog, Event, TimeTable
from speasy_core.product import ProductRef
from speasy_core.request import Request
from speasy_core.timerange import TimeRange

A, B = "2015-01-02", "2015-01-03"
DAY = TimeRange(A, B)
NEXT = TimeRange(B, "2015-01-04")


def parse(*args, **keywords):
    return Request.parse(args, keywords)


@pytest.mark.parametrize(
    "args",
    [
        (A, B), ([A, B],), ((A, B),), (DAY,), (datetime(2015, 1, 2), datetime(2015, 1, 3)),
        ([np.datetime64(A), np.datetime64(B)],), ([pd.Timestamp(A), pd.Timestamp(B)],),
        ([DAY.start_ns // 10**9, DAY.stop_ns // 10**9],),
        (np.array([A, B], dtype="datetime64[ns]"),),
    ],
)  # fmt: skip
def test_one_range_gives_one_result(args):
    request = parse("cda/a/b", *args)
    assert list(request.jobs()) == [(ProductRef("cda", "a/b"), DAY)]
    assert request.nest(["x"]) == "x"


def test_keywords():
    for request in (
        parse(product="cda/a", start_time=A, stop_time=B),
        parse(product="cda/a", time_range=[A, B]),
        parse("cda/a", time_range=DAY),
        parse("cda/a", start_time=A, stop_time=B),
    ):
        assert request.ranges == (DAY,)
        assert request.products == (ProductRef("cda", "a"),)


def test_keywords_that_are_not_of_the_form_stay():
    keywords = {"product": "cda/a", "time_range": DAY, "method": "API"}
    Request.parse((), keywords)
    assert keywords == {"method": "API"}


@pytest.mark.parametrize("ranges", [[[A, B], [B, "2015-01-04"]], [DAY, NEXT], ((A, B), NEXT)])
def test_a_list_of_ranges_gives_a_list(ranges):
    request = parse("cda/a", ranges)
    assert request.ranges == (DAY, NEXT)
    assert request.nest([1, 2]) == [1, 2]


def test_a_list_of_one_range_gives_a_list():
    assert parse("cda/a", [[A, B]]).nest(["x"]) == ["x"]
    assert parse("cda/a", [DAY]).nest(["x"]) == ["x"]


def test_products_are_outermost():
    request = parse(["cda/a", "cda/b"], [DAY, NEXT])
    assert [str(p) for p, _ in request.jobs()] == ["cda/a", "cda/a", "cda/b", "cda/b"]
    assert request.nest([1, 2, 3, 4]) == [[1, 2], [3, 4]]
    first, second = parse(("cda/a", "cda/b"), A, B).nest([1, 2])
    assert (first, second) == (1, 2)
    assert parse(["cda/a"], A, B).nest([1]) == [1]


def test_mistakes_are_named():
    with pytest.raises(InvalidRequest, match="cannot read 0 positional"):
        parse()
    with pytest.raises(InvalidRequest, match="cannot read 4"):
        parse("cda/a", A, B, B)
    with pytest.raises(InvalidRequest, match="is empty"):
        parse([], A, B)
    with pytest.raises(InvalidTimeRange, match="stops before it starts"):
        parse("cda/a", B, A)
    with pytest.raises(InvalidTimeRange, match="not a time range"):
        parse("cda/a", 7)
    with pytest.raises(InvalidTimeRange, match="entry 1"):
        parse("cda/a", [DAY, [A, B, B]])


def test_a_time_that_cannot_be_read_says_what_it_was_for():
    for times in ((B, A), ("yesterday", B), ([[A, B], [B, A]],), (A,)):
        with pytest.raises(InvalidRequest, match=r"product: cda/a/b, cda/c/d\b"):
            parse(["cda/a/b", "cda/c/d"], *times)


def test_nested_products_keep_their_nesting():
    request = parse(["cda/a", ["cda/b", ("cda/c",)]], A, B)
    assert [str(p) for p in request.products] == ["cda/a", "cda/b", "cda/c"]
    assert request.nest([1, 2, 3]) == [1, [2, [3]]]
    request = parse([["cda/a"], ["cda/b"]], [DAY, NEXT])
    assert request.nest([1, 2, 3, 4]) == [[[1, 2]], [[3, 4]]]
    assert [str(p) for p in parse({"cda/a": 1, "cda/b": 2}, A, B).products] == ["cda/a", "cda/b"]
    endless: list[object] = ["cda/a"]
    endless.append(endless)
    with pytest.raises(InvalidRequest, match="holds itself"):
        parse(endless, A, B)


def test_products_without_a_time_are_lists_of_events():
    request = parse("amda/sharedtimeTable_0")
    assert request.is_for_tables
    assert list(request.jobs()) == []
    assert request.nest(["table"]) == "table"
    assert parse(["amda/x", "amda/y"]).nest([1, 2]) == [1, 2]
    assert parse(product="amda/x").is_for_tables


class Leaf:
    """As a node of the tree."""

    ref = ProductRef("amda", "sharedtimeTable_0")


@pytest.mark.parametrize("table", ["amda/sharedtimeTable_0", Leaf(), Leaf.ref])
def test_a_table_stands_for_its_ranges(table):
    request = parse(["cda/a", "cda/b"], table)
    assert request.table == Leaf.ref
    assert not request.is_for_tables
    request = request.over(TimeTable("t", dt_ranges=[DAY, NEXT]))
    assert (request.table, request.ranges) == (None, (DAY, NEXT))
    assert request.nest([1, 2, 3, 4]) == [[1, 2], [3, 4]]
    assert parse("cda/a", table).over([]).nest([]) == []


@pytest.mark.parametrize("kind", [TimeTable, Catalog])
def test_a_table_in_hand_gives_a_list(kind):
    request = parse("cda/a", kind("t", None, [(A, B), (B, "2015-01-04")]))
    assert [(r.start_ns, r.stop_ns) for r in request.ranges] == [
        (r.start_ns, r.stop_ns) for r in (DAY, NEXT)
    ]
    assert request.nest([1, 2]) == [1, 2]
    assert parse("cda/a", kind("one", None, [(A, B)])).nest(["x"]) == ["x"]
    assert parse("cda/a", kind("empty")).nest([]) == []


def test_an_event_is_one_range():
    assert parse("cda/a", Event(A, B, {"k": 1})).nest(["x"]) == "x"


def test_ranges_that_can_be_gone_through_once():
    spans = [[A, B], NEXT, (B, "P1D")]
    assert parse("cda/a", iter(spans)).ranges == (DAY, NEXT, NEXT)
    assert parse("cda/a", (span for span in spans)).ranges == (DAY, NEXT, NEXT)
    assert parse("cda/a", zip([A], [B], strict=True)).nest([1]) == [1]
    assert parse("cda/a", iter([A, B])).ranges == (DAY,)


def test_arrays_of_one_time():
    start, stop = np.array(A, "M8[ns]"), np.array(B, "M8[ns]")
    assert parse("cda/a", start, stop).ranges == parse("cda/a", [start, stop]).ranges == (DAY,)


def test_a_range_beyond_all_time_is_refused():
    for far in (np.timedelta64(2**40, "D"), timedelta.max, "P999999999D", "P" + "9" * 400 + "D"):
        with pytest.raises(InvalidRequest):
            parse("cda/a", A, far)


def test_what_is_no_product_is_named_whole():
    with pytest.raises(InvalidRequest, match="bytes b'cda/a'"):
        parse(b"cda/a", A, B)
    deep: list[object] = ["cda/a"]
    for _ in range(5_000):
        deep = [deep]
    with pytest.raises(InvalidRequest, match="deep"):
        parse(deep, A, B)
