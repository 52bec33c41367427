"""What every provider must do, whoever wrote it: each one found is put through this.

A new provider passes without a change here when the local archive speaks for its server.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pytest

from speasy_core import providers
from speasy_core.config import Settings
from speasy_core.demo import LocalArchive
from speasy_core.errors import (
    Cancelled,
    DeadlineExceeded,
    InvalidRequest,
    ServerError,
    SpeasyError,
)
from speasy_core.http import Deadline, HttpClient
from speasy_core.inventory import Inventory
from speasy_core.product import ProductInfo, ProductRef
from speasy_core.provider import Fetched, InventoryUpdate, Provider
from speasy_core.timerange import TimeRange
from speasy_core.variable import SpeasyVariable

_KINDS = ("folder", "dataset", "scalar", "vector", "multicomponent", "spectrogram", "timetable",
          "catalog", "unknown")  # fmt: skip
_DATA = ("scalar", "vector", "multicomponent", "spectrogram")


@dataclass
class Case:
    """A provider with the local archive as its server."""

    provider: Provider
    settings: Settings
    update: InventoryUpdate

    @property
    def products(self) -> list[ProductInfo]:
        return [record for record in self.update.records if record.kind in _DATA]


def _register_something(provider: object) -> None:
    """Give the registry of functions something to list."""

    def clock(range: TimeRange) -> SpeasyVariable:
        time = np.arange(range.start_ns, range.stop_ns, 60 * 10**9)
        return SpeasyVariable(time, np.ones(len(time)), unit="s")

    provider.register("test/clock", clock, kind="scalar", unit="s", title="a clock")


@pytest.fixture(scope="module")
def archive() -> Iterator[LocalArchive]:
    with LocalArchive() as running:
        yield running


@pytest.fixture(scope="module", params=providers.names())
def case(request: pytest.FixtureRequest, archive: LocalArchive) -> Iterator[Case]:
    settings = archive.settings()
    http = HttpClient(settings)
    provider = providers.load(request.param, settings, http)
    if request.param == "vp":
        _register_something(provider)
    update = provider.inventory(deadline=Deadline(60))
    assert update is not None, "without `since` there is always an answer"
    yield Case(provider, settings, update)
    http.close()


def test_it_follows_the_protocol(case):
    provider = case.provider
    assert isinstance(provider, Provider)
    assert provider.name in providers.names()
    assert provider.name == provider.name.lower()
    assert provider.title.strip()
    assert provider.max_request_ns is None or provider.max_request_ns > 0
    assert all(isinstance(option, str) for option in provider.options)


def test_its_inventory_is_well_formed(case):
    assert isinstance(case.update.version, str)
    assert case.products, "the local archive must have something for it"
    refs = [record.ref for record in case.update.records if record.ref is not None]
    paths = [record.path for record in case.update.records]
    assert len(set(refs)) == len(refs)
    assert len(set(paths)) == len(paths)
    for record in case.update.records:
        assert record.kind in _KINDS
        assert record.path
        assert all(isinstance(name, str) and name for name in record.path)
        json.dumps(dict(record.meta), allow_nan=False)
        assert record.cadence is None or 0 < record.cadence < float("inf")
    for product in case.products:
        assert product.ref is not None
        assert product.ref.provider == case.provider.name
        assert product.name == product.path[-1]
        assert ProductRef.parse(str(product.ref)) == product.ref


def test_its_inventory_says_when_nothing_changed(case):
    again = case.provider.inventory(deadline=Deadline(60), since=case.update.version)
    assert again is None


def test_its_tree_and_search_find_every_product(case):
    inventory = Inventory(None, {case.provider.name: case.provider}, case.settings)
    inventory.refresh()
    for product in case.products[:20]:
        node = inventory.tree[case.provider.name]
        for name in product.path:
            node = node[name]
        assert node.ref == product.ref
        assert inventory.find(str(product.ref))[0].ref == product.ref
    inventory.close()


def _span(product: ProductInfo) -> TimeRange:
    start = TimeRange("2019-01-02T15", "2019-01-02T15:10").start_ns
    coverage = product.coverage
    if coverage is not None and not coverage.start_ns <= start < coverage.stop_ns:
        start = (coverage.start_ns + coverage.stop_ns) // 2
    return TimeRange.from_ns(start, start + 600 * 10**9)


def test_it_delivers_what_its_inventory_promises(case):
    delivered = 0
    for product in case.products[:6]:
        span = _span(product)
        answer = case.provider.fetch(product.ref, span, deadline=Deadline(60))
        assert isinstance(answer, Fetched)
        variable = answer.variable
        assert variable is not None, "'not changed' needs a condition"
        assert variable.name
        if len(variable):
            delivered += 1
            assert variable.time_ns[0] >= span.start_ns
            assert variable.time_ns[-1] < span.stop_ns
            assert variable.kind == product.kind
    assert delivered


def test_product_that_does_not_exist(case):
    ref = ProductRef(case.provider.name, "NO_SUCH_DATASET/no_such_variable")
    with pytest.raises((InvalidRequest, ServerError)):
        case.provider.fetch(ref, TimeRange("2019-01-01", "2019-01-02"), deadline=Deadline(60))


def test_withdrawn_and_late_calls_end(case):
    product = case.products[0]
    withdrawn = Deadline(60)
    withdrawn.cancel()
    with pytest.raises(Cancelled):
        case.provider.fetch(product.ref, _span(product), deadline=withdrawn)
    with pytest.raises(DeadlineExceeded):
        case.provider.fetch(product.ref, _span(product), deadline=Deadline(0))


@pytest.mark.parametrize("name", providers.names())
def test_server_that_is_down_is_an_error_of_ours(name):
    urls = {
        field: "http://127.0.0.1:9" for field in Settings.__dataclass_fields__
        if field.endswith("_url")
    }  # fmt: skip
    hapi = {"hapi_servers": {"down": "http://127.0.0.1:9/hapi"}, "hapi_public": False}
    settings = Settings(**urls, **hapi)
    provider = providers.load(name, settings, HttpClient(settings))
    down = None
    try:
        down = provider.inventory(deadline=Deadline(20))
    except SpeasyError as error:
        said = str(error)
    else:
        said = "a provider without a server has its own"
        assert isinstance(down, InventoryUpdate)
    assert said
