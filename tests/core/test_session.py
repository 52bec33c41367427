"""What `get_data` promises, over a provider that the test can break at will."""

from __future__ import annotations

import threading

import numpy as np
import pytest

import speasy_core as spz
from speasy_core.errors import (
    CorruptFile,
    InvalidRequest,
    InvalidTimeRange,
    OfflineError,
    ServerUnreachable,
    SpeasyError,
    SpeasyWarning,
    UnknownOption,
    UnknownProduct,
    UnknownProvider,
)
from speasy_core.product import ProductInfo, ProductRef
from speasy_core.provider import Fetched, InventoryUpdate
from speasy_core.timerange import TimeRange
from speasy_core.variable import SpeasyVariable

T0, T1 = "2015-01-02", "2015-01-02T01"
COVERAGE = TimeRange("2015-01-01", "2015-02-01")
SECOND = 10**9


class Clock:
    """A product `toy/DS/seconds`: at each whole second, the second's number."""

    name = "toy"
    title = "Toy"
    max_request_ns = None
    options = frozenset({"factor"})
    cachable = True

    def __init__(self):
        self.asked = []
        self.failure = None
        self.lock = threading.Lock()

    def inventory(self, *, deadline, since=None):
        if since == "1":
            return None
        names = ("seconds", "minutes")
        return InventoryUpdate(
            "1",
            [
                ProductInfo(("DS",), ProductRef("toy", "DS"), "dataset"),
                *(
                    ProductInfo(
                        ("DS", n), ProductRef("toy", f"DS/{n}"), "scalar", "", "s", COVERAGE
                    )
                    for n in names
                ),
            ],
        )

    def fetch(self, ref, range, *, deadline, since=None, options=None):
        with self.lock:
            self.asked.append(range)
        if self.failure is not None:
            raise self.failure
        if ref.path.strip("/") == "DS":
            raise InvalidRequest(f"{ref} is a data set", hint="ask for DS/VARIABLE")
        if ref.path not in ("DS/seconds", "DS/minutes"):
            return Fetched(SpeasyVariable([], np.empty(0), name=ref.path))
        inside = range.intersect(COVERAGE)
        if inside is None:
            return Fetched(SpeasyVariable([], np.empty(0), name="seconds"))
        first = -(-inside.start_ns // SECOND)
        seconds = np.arange(first, -(-inside.stop_ns // SECOND))
        factor = (options or {}).get("factor", 1)
        return Fetched(
            SpeasyVariable(
                (seconds * SECOND).astype("datetime64[ns]"), seconds * float(factor),
                name="seconds", unit="s",
            ),
            request=f"toy {range}",
        )  # fmt: skip


class ToySession(spz.Session):
    def _make_providers(self):
        return {"toy": Clock()}


@pytest.fixture
def session(tmp_path):
    with ToySession(spz.Settings(cache_dir=tmp_path)) as made:
        yield made


@pytest.fixture
def clock(session):
    return session.providers["toy"]


def test_the_range_is_half_open_and_whole(session):
    v = session.get_data("toy/DS/seconds", T0, T1)
    assert len(v) == 3600
    assert v.time[0] == np.datetime64(T0)
    assert v.time[-1] < np.datetime64(T1)
    assert v.gaps == ()
    assert (v.name, v.unit) == ("seconds", "s")


def test_what_is_cached_is_not_asked_again(session, clock):
    session.get_data("toy/DS/seconds", T0, T1)
    session.get_data("toy/DS/seconds", "2015-01-02T00:10", "2015-01-02T00:20")
    assert len(clock.asked) == 1
    v = session.get_data("toy/DS/seconds", "2015-01-02T00:30", "2015-01-02T01:30")
    assert clock.asked[1:] == [TimeRange(T1, "2015-01-02T01:30")]
    assert np.array_equal(np.diff(v.values), np.ones(3599))


def test_refresh_asks_again_and_keeps_the_answer(session, clock):
    session.get_data("toy/DS/seconds", T0, T1)
    session.get_data("toy/DS/seconds", T0, T1, refresh=True)
    session.get_data("toy/DS/seconds", T0, T1)
    assert len(clock.asked) == 2


def test_dataset_without_a_variable_names_its_variables(session):
    with pytest.raises(InvalidRequest, match=r"Hint: ask for DS/VARIABLE$"):
        session.get_data("toy/DS", T0, T1)
    session.inventory.refresh()
    for id_ in ("toy/DS", "toy/DS/"):
        with pytest.raises(InvalidRequest) as caught:
            session.get_data(id_, T0, T1)
        assert caught.value.hint == (
            "ask for DS/VARIABLE; its variables: toy/DS/seconds, toy/DS/minutes"
        )


def test_options_are_part_of_the_key(session):
    one = session.get_data("toy/DS/seconds", T0, T1)
    two = session.get_data("toy/DS/seconds", T0, T1, factor=2)
    assert np.array_equal(2 * one.values, two.values)
    with pytest.raises(UnknownOption, match="its options: factor"):
        session.get_data("toy/DS/seconds", T0, T1, factro=2)


def test_lists_of_products_and_ranges(session):
    a, b = session.get_data(["toy/DS/seconds", "toy/DS/minutes"], T0, T1)
    assert len(a) == len(b) == 3600
    pieces = session.get_data("toy/DS/seconds", [[T0, T1], [T1, "2015-01-02T01:00:10"]])
    assert [len(p) for p in pieces] == [3600, 10]


def test_a_node_of_the_tree_is_a_product(session):
    session.update_inventories()
    node = session.inventories.tree["toy"]["DS"]["seconds"]
    assert len(session.get_data(node, T0, T1)) == 3600
    (found,) = session.find_product("seconds")
    assert str(found.ref) == "toy/DS/seconds"


def test_speasy_keywords_are_mapped(session, clock):
    session.get_data("toy/DS/seconds", T0, T1, disable_proxy=True)
    session.get_data("toy/DS/seconds", T0, T1, prefer_cache=True)
    assert len(clock.asked) == 1
    session.get_data("toy/DS/seconds", T0, T1, disable_cache=True)
    assert len(clock.asked) == 2


def test_offline_answers_from_the_cache_and_declares_the_rest(session, clock):
    session.get_data("toy/DS/seconds", T0, T1)
    clock.failure = AssertionError("asked though offline")
    with pytest.warns(SpeasyWarning, match="not all of the range is in the cache"):
        v = session.get_data("toy/DS/seconds", T0, "2015-01-02T02", offline=True)
    assert len(v) == 3600
    assert [g.range for g in v.gaps] == [TimeRange(T1, "2015-01-02T02")]
    with spz.offline():
        assert len(session.get_data("toy/DS/seconds", T0, T1)) == 3600


def test_offline_with_nothing_cached_is_an_error(session):
    with pytest.raises(OfflineError, match="toy/DS/seconds"):
        session.get_data("toy/DS/seconds", T0, T1, offline=True)
    with pytest.warns(SpeasyWarning, match="not all of the range"):
        v = session.get_data("toy/DS/seconds", T0, T1, offline=True, on_error="gaps")
    assert not len(v)
    assert [(g.range, g.reason) for g in v.gaps] == [(TimeRange(T0, T1), "offline")]


def test_a_failure_is_an_error_with_product_and_range(session, clock):
    clock.failure = ServerUnreachable("refused", url="http://127.0.0.1:1/")
    with pytest.raises(ServerUnreachable) as caught:
        session.get_data("toy/DS/seconds", T0, T1)
    assert caught.value.product == "toy/DS/seconds"
    assert str(TimeRange(T0, T1)) in str(caught.value)


def test_a_failed_piece_can_be_a_declared_gap(session, clock):
    session.get_data("toy/DS/seconds", T0, T1)
    clock.failure = CorruptFile("cut", source="x.cdf")
    with pytest.warns(SpeasyWarning, match="see v.gaps"):
        v = session.get_data("toy/DS/seconds", T0, "2015-01-02T02", on_error="gaps")
    assert len(v) == 3600
    (gap,) = v.gaps
    assert gap.range == TimeRange(T1, "2015-01-02T02")
    assert "x.cdf" in gap.reason


@pytest.mark.parametrize(
    ("args", "error"),
    [
        (("nowhere/x", T0, T1), UnknownProvider),
        (("toy/DS/secnds", T0, T1), UnknownProduct),
        (("toy/DS/seconds", T1, T0), InvalidTimeRange),
        (("toy/DS/seconds", T0, T0), InvalidTimeRange),
        (("toy", T0, T1), InvalidRequest),
    ],
)
def test_mistakes_have_their_own_errors(session, args, error):
    session.update_inventories()
    with pytest.raises(error) as caught:
        session.get_data(*args)
    assert isinstance(caught.value, SpeasyError)


def test_a_misspelt_product_gets_a_suggestion(session):
    session.update_inventories()
    with pytest.raises(UnknownProduct, match="did you mean toy/DS/seconds"):
        session.get_data("toy/DS/second", T0, T1)


def test_outside_the_coverage_is_empty_and_says_so(session):
    session.update_inventories()
    with pytest.warns(SpeasyWarning, match="has data from 2015-01-01"):
        v = session.get_data("toy/DS/seconds", "2016-01-01", "2016-01-02")
    assert (len(v), v.unit) == (0, "s")


def test_on_error_is_checked(session):
    with pytest.raises(UnknownOption, match="on_error"):
        session.get_data("toy/DS/seconds", T0, T1, on_error="ignore")


def test_closing_twice_and_using_again(session):
    session.get_data("toy/DS/seconds", T0, T1)
    session.close()
    session.close()
    assert len(session.get_data("toy/DS/seconds", T0, T1, offline=True)) == 3600
