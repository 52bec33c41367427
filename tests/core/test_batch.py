"""Products that share requests: who waits for whom, and for how long."""

from __future__ import annotations

import threading
import time

import numpy as np
import pytest

from speasy_core import batch as batch_module
from speasy_core.batch import Batch, plan
from speasy_core.errors import Cancelled, HttpStatusError, ServerUnreachable, UnknownProduct
from speasy_core.http import Deadline
from speasy_core.product import ProductRef
from speasy_core.provider import Fetched
from speasy_core.timerange import TimeRange
from speasy_core.variable import SpeasyVariable

A, B, C = (ProductRef("toy", f"DS/{name}") for name in "abc")
OTHER = ProductRef("toy", "DS2/a")
DAY = TimeRange("2020-01-01", "2020-01-02")
NEXT = TimeRange("2020-01-02", "2020-01-03")


class Toy:
    """A provider that notes what it is asked for together."""

    name, title, max_request_ns, options, cachable = "toy", "Toy", None, frozenset(), True

    def __init__(self):
        self.asked: list[set[ProductRef]] = []
        self.failure: Exception | None = None
        self.missing: set[ProductRef] = set()

    def inventory(self, *, deadline, since=None):
        return None

    def fetch(self, ref, range, *, deadline, since=None, options=None):
        raise NotImplementedError

    def together(self, ref):
        return None if ref.path.endswith("alone") else ref.path.partition("/")[0]

    def fetch_many(self, refs, range, *, deadline, since=None, options=None):
        self.asked.append(set(refs))
        if self.failure is not None:
            raise self.failure
        return {
            ref: Fetched(SpeasyVariable([], np.empty(0), name=ref.path), str(since))
            for ref in refs
            if ref not in self.missing
        }


# long enough that a busy machine does not come late
WINDOW, GRACE = 2.0, 0.5


@pytest.fixture(autouse=True)
def patience(monkeypatch):
    monkeypatch.setattr(batch_module, "WINDOW", WINDOW)
    monkeypatch.setattr(batch_module, "GRACE", GRACE)


@pytest.fixture
def toy():
    return Toy()


def make(toy: Toy, *refs: ProductRef, deadline: Deadline | None = None) -> Batch:
    return Batch(toy, refs, deadline=deadline or Deadline(5), options={})


def run(batch: Batch, *jobs: tuple[ProductRef, TimeRange, str | None]) -> dict[ProductRef, object]:
    """Fetch in a thread each, and leave, as a call does."""
    results: dict[ProductRef, object] = {}

    def work(ref, span, since):
        try:
            results[ref] = batch.fetch(ref, span, since)
        except Exception as error:  # noqa: BLE001 - looked at by the test
            results[ref] = error
        finally:
            batch.leave(ref)

    threads = [threading.Thread(target=work, args=job) for job in jobs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(5)
    return results


def test_the_same_range_is_one_request(toy):
    batch = make(toy, A, B, C)
    found = run(batch, *((ref, DAY, None) for ref in (A, B, C)))
    assert toy.asked == [{A, B, C}]
    assert {ref: f.variable.name for ref, f in found.items()} == {r: r.path for r in (A, B, C)}


def test_one_that_needs_nothing_holds_nobody_up(toy):
    batch = make(toy, A, B)
    batch.leave(B)
    start = time.monotonic()
    assert batch.fetch(A, DAY, None) is None, "alone, it is asked for as ever"
    assert time.monotonic() - start < WINDOW / 2
    assert toy.asked == []


def test_one_that_never_comes_is_waited_for_no_longer_than_the_window(toy):
    batch = make(toy, A, B)
    start = time.monotonic()
    assert batch.fetch(A, DAY, None) is None
    assert WINDOW * 0.9 < time.monotonic() - start < 10 * WINDOW


def test_other_ranges_and_versions_are_other_requests(toy):
    batch = make(toy, A, B, C)
    found = run(batch, (A, DAY, None), (B, NEXT, None), (C, DAY, "v1"))
    assert found == {A: None, B: None, C: None}
    assert toy.asked == []


def test_what_is_left_out_is_asked_for_alone(toy):
    toy.missing = {B}
    found = run(make(toy, A, B), (A, DAY, None), (B, DAY, None))
    assert isinstance(found[A], Fetched)
    assert found[B] is None


@pytest.mark.parametrize(
    "error", [UnknownProduct("no b"), HttpStatusError("no", status=400),
              HttpStatusError("no", status=500)],
)  # fmt: skip
def test_an_error_that_one_may_have_caused_sends_each_alone(toy, error):
    toy.failure = error
    found = run(make(toy, A, B), (A, DAY, None), (B, DAY, None))
    assert found == {A: None, B: None}


@pytest.mark.parametrize(
    "error",
    [ServerUnreachable("down", url="http://h/"), HttpStatusError("busy", status=503, body=b"x"),
     Cancelled("withdrawn")],
)  # fmt: skip
def test_an_error_of_the_server_is_for_all_each_its_own(toy, error):
    toy.failure = error
    found = run(make(toy, A, B), (A, DAY, None), (B, DAY, None))
    assert {type(e) for e in found.values()} == {type(error)}
    assert found[A] is not found[B]
    found[A].locate(product="toy/a")
    assert found[B].product is None
    assert (found[A].message, vars(found[B])) == (error.message, vars(error))


def test_a_fault_in_the_provider_leaves_nobody_waiting(toy):
    toy.failure = RuntimeError("bug")
    found = run(make(toy, A, B), (A, DAY, None), (B, DAY, None))
    assert sorted(type(e).__name__ for e in found.values()) == ["NoneType", "RuntimeError"]


def test_a_cancelled_call_waits_for_nobody(toy):
    deadline = Deadline(5)
    deadline.cancel()
    start = time.monotonic()
    make(toy, A, B, deadline=deadline).fetch(A, DAY, None)
    assert time.monotonic() - start < WINDOW


def test_only_siblings_are_planned(toy):
    alone = ProductRef("toy", "DS/alone")
    jobs = [(A, DAY), (B, DAY), (B, DAY), (OTHER, DAY), (A, NEXT), (alone, DAY)]
    planned = plan({"toy": toy}, jobs, deadline=Deadline(5), options={})
    assert set(planned) == {(A, DAY), (B, DAY)}
    assert planned[A, DAY] is planned[B, DAY]
    assert plan({}, jobs, deadline=Deadline(5), options={}) == {}
