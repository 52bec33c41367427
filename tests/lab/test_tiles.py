"""The engine, with sources that stop where a test wants them to."""

from __future__ import annotations

import threading
import time

import numpy as np
import pytest

from sciqlop_lab.pool import Lane
from sciqlop_lab.protocol import ProtocolError
from sciqlop_lab.sources import Result, ViewRequest
from sciqlop_lab.tiles import FIRST_ANSWER, Engine, read_view
from speasy_core.errors import UnknownProduct
from speasy_core.timerange import TimeRange

LONG = 5.0  # a test that waits this long has failed


class Source:
    """Answers at once, or when its gate opens; keeps what it was asked."""

    def __init__(self, *, slow=False, error=None, exact=False):
        self.label, self.timeout = "source", 60.0
        self.slow, self.error, self.exact = slow, error, exact
        self.gate = threading.Event()
        self.started = threading.Semaphore(0)
        self.loads, self.cancelled, self.running, self.most = [], 0, 0, 0

    def result(self, request):
        if self.error:
            raise self.error
        fields = {"status": "ok", "kind": "line", "n": 1, "label": "x"}
        return Result(fields, request.range, {"t": np.zeros(1), "y": np.ones((1, 1), "f4")})

    def ready(self, request):
        return None if self.slow else self.result(request)

    def load(self, request, deadline):
        self.loads.append(request.range)
        self.running += 1
        self.most = max(self.most, self.running)
        self.started.release()
        try:
            while not self.gate.wait(0.005):
                if deadline.cancelled:
                    self.cancelled += 1
                    deadline.check()
            return self.result(request)
        finally:
            self.running -= 1

    def serves(self, running, wanted):
        return not self.exact


class Sent:
    """What the engine sent."""

    def __init__(self):
        self.messages, self.changed = [], threading.Condition()

    def __call__(self, content, buffers):
        with self.changed:
            self.messages.append((time.monotonic(), content, buffers))
            self.changed.notify_all()

    def wait(self, check):
        with self.changed:
            assert self.changed.wait_for(lambda: check(self.contents), LONG), self.contents
        return self.contents

    @property
    def contents(self):
        return [content for _, content, _ in self.messages]


@pytest.fixture
def sent():
    return Sent()


@pytest.fixture
def engine(sent):
    engine = Engine(sent)
    yield engine
    engine.close()


def want(gen, start=0, stop=1000, view="v"):
    return ViewRequest(view, gen, TimeRange.from_ns(start, stop), 100)


def graphs(**sources):
    return [("p", name, source) for name, source in sources.items()]


def test_what_is_ready_goes_out_in_one_message(engine, sent):
    engine.request(want(1), graphs(a=Source(), b=Source()))
    (content,) = sent.wait(len)
    assert content["pending"] == []
    assert sorted(item["graph"] for item in content["items"]) == ["a", "b"]
    assert (content["gen"], content["start"], content["stop"]) == (1, "0", "1000")
    buffers = sent.messages[0][2]
    assert [len(b) for b in buffers] == [8, 4, 8, 4]
    assert all(item["y"] == item["t"] + 1 for item in content["items"])


def test_the_first_answer_does_not_wait_for_the_slow(engine, sent):
    slow = Source(slow=True)
    begin = time.monotonic()
    engine.request(want(1), graphs(a=Source(), b=slow))
    sent.wait(len)
    assert time.monotonic() - begin < FIRST_ANSWER + 0.5
    assert [i["graph"] for i in sent.contents[0]["items"]] == ["a"]
    assert sent.contents[0]["pending"] == ["b"]
    slow.gate.set()
    contents = sent.wait(lambda c: len(c) == 2)
    assert [i["graph"] for i in contents[1]["items"]] == ["b"]
    assert contents[1]["pending"] == []
    assert engine.wait(LONG)


def test_an_answer_comes_even_when_nothing_is_ready(engine, sent):
    slow = Source(slow=True)
    engine.request(want(1), graphs(b=slow))
    assert sent.wait(len)[0]["items"] == []
    slow.gate.set()
    engine.request(want(2), [])
    assert sent.wait(lambda c: c[-1]["gen"] == 2)[-1]["items"] == []


def test_one_runs_one_waits_and_the_newest_wins(engine, sent):
    source = Source(slow=True)
    engine.request(want(0), graphs(a=source))
    assert source.started.acquire(timeout=LONG)
    for gen in range(1, 50):
        engine.request(want(gen, gen * 10, gen * 10 + 1000), graphs(a=source))
    source.gate.set()
    contents = sent.wait(lambda c: any(m["items"] for m in c))
    assert engine.wait(LONG)
    assert len(source.loads) == 2
    assert source.most == 1
    assert [m["gen"] for m in contents if m["items"]] == [49]
    assert source.cancelled == 0


def test_what_is_of_no_use_is_cancelled(engine, sent):
    source = Source(slow=True, exact=True)
    engine.request(want(0), graphs(a=source))
    assert source.started.acquire(timeout=LONG)
    engine.request(want(1, 5000, 6000), graphs(a=source))
    assert source.started.acquire(timeout=LONG)
    assert source.cancelled == 1
    source.gate.set()
    sent.wait(lambda c: any(m["items"] for m in c))
    assert source.loads == [TimeRange.from_ns(0, 1000), TimeRange.from_ns(5000, 6000)]


def test_going_back_to_what_was_cancelled_computes_it_after_all(engine, sent):
    source = Source(slow=True, exact=True)
    engine.request(want(0), graphs(a=source))
    assert source.started.acquire(timeout=LONG)
    engine.request(want(1, 5000, 6000), graphs(a=source))
    engine.request(want(2), graphs(a=source))
    source.gate.set()
    contents = sent.wait(lambda c: any(m["items"] for m in c))
    assert [m["gen"] for m in contents if m["items"]] == [2]


def test_the_same_picture_asked_again_is_computed_once(engine, sent):
    source = Source(slow=True, exact=True)
    engine.request(want(0), graphs(a=source))
    assert source.started.acquire(timeout=LONG)
    engine.request(want(1), graphs(a=source))
    source.gate.set()
    contents = sent.wait(lambda c: any(m["items"] for m in c))
    assert [m["gen"] for m in contents if m["items"]] == [1]
    assert len(source.loads) == 1


def test_an_older_generation_is_ignored(engine, sent):
    engine.request(want(5), graphs(a=Source()))
    sent.wait(len)
    engine.request(want(4), graphs(a=Source()))
    assert engine.wait(LONG)
    time.sleep(2 * FIRST_ANSWER)
    assert [c["gen"] for c in sent.contents] == [5]


def test_errors_are_items_of_their_own_graph(engine, sent):
    wrong = UnknownProduct("no such product", hint="look in the tree")
    engine.request(want(1), graphs(a=Source(), b=Source(error=wrong)))
    (content,) = sent.wait(len)
    items = {item["graph"]: item for item in content["items"]}
    assert items["a"]["status"] == "ok"
    assert items["b"]["error"]["type"] == "UnknownProduct"
    assert items["b"]["error"]["hint"] == "look in the tree"
    assert items["b"]["label"] == "source"
    assert engine.errors["b"]["message"] == "no such product"
    engine.request(want(2), graphs(a=Source(), b=Source()))
    sent.wait(lambda c: c[-1]["gen"] == 2)
    assert engine.errors == {}


def test_slow_products_do_not_hold_up_those_in_memory(engine, sent):
    slow = {f"s{i}": Source(slow=True) for i in range(30)}
    engine.request(want(1), graphs(a=Source(), **slow))
    assert [i["graph"] for i in sent.wait(len)[0]["items"]] == ["a"]
    for source in slow.values():
        source.gate.set()
    assert engine.wait(LONG)
    assert sum(len(c["items"]) for c in sent.contents) == 31


def test_a_new_graph_is_computed_for_every_view(engine, sent):
    for view in ("v", "w"):
        engine.request(want(1, view=view), graphs(a=Source()))
    sent.wait(lambda c: len(c) == 2)
    engine.add(graphs(b=Source()))
    contents = sent.wait(lambda c: len(c) == 4)
    assert {(c["view"], c["items"][0]["graph"]) for c in contents[2:]} == {("v", "b"), ("w", "b")}


def test_a_replaced_source_is_asked_and_the_old_is_not_heard(engine, sent):
    old, new = Source(slow=True), Source()
    engine.request(want(1), graphs(a=old))
    assert old.started.acquire(timeout=LONG)
    engine.add(graphs(a=new))
    sent.wait(lambda c: any(m["items"] for m in c))
    old.gate.set()
    assert engine.wait(LONG)
    assert sum(len(c["items"]) for c in sent.contents) == 1


def test_removed_graphs_and_views_are_forgotten(engine, sent):
    source = Source(slow=True)
    engine.request(want(1), graphs(a=source))
    assert source.started.acquire(timeout=LONG)
    engine.remove(["a"])
    assert engine.wait(LONG)
    source.gate.set()
    engine.request(want(2), graphs(b=Source(slow=True)))
    engine.cancel("v")
    assert engine.wait(LONG)
    assert engine.views == []


def test_a_view_that_cannot_be_reached_does_not_stop_others(caplog):
    reached = Sent()

    def send(content, buffers):
        if content["view"] == "gone":
            raise OSError("closed")
        reached(content, buffers)

    engine = Engine(send)
    engine.request(want(1, view="gone"), graphs(a=Source()))
    engine.request(want(1, view="here"), graphs(a=Source()))
    reached.wait(len)
    assert engine.wait(LONG)
    assert "cannot send" in caplog.text


def test_views_are_bounded(engine):
    for number in range(200):
        engine.open(f"v{number}")
    assert len(engine.views) <= 64
    assert engine.views[-1] == "v199"


VIEW = {"view": "v", "gen": 3, "start": "1", "stop": "2", "width": 800.5, "plots": {}}


def test_a_view_message_is_read():
    request = read_view(VIEW)
    assert (request.gen, request.width, request.range) == (3, 800, TimeRange.from_ns(1, 2))
    assert read_view({**VIEW, "width": 0}).width == 1
    assert read_view({**VIEW, "width": 1e9}).width == 20_000


@pytest.mark.parametrize(
    "change",
    [
        {"view": None}, {"view": ""}, {"view": "x" * 300}, {"gen": -1}, {"gen": True}, {"gen": 1.5},
        {"width": "wide"}, {"width": float("nan")}, {"start": 1}, {"start": "2"}, {"stop": "1e9"},
        {"stop": str(2**70)},
    ],
)  # fmt: skip
def test_a_view_message_of_another_shape_is_refused(change):
    with pytest.raises(ProtocolError):
        read_view({**VIEW, **change})


def test_a_lane_survives_a_failing_job_and_bounds_its_threads(caplog):
    lane, gate, done = Lane("test", 2), threading.Event(), threading.Semaphore(0)
    names = set()

    def fail():
        raise RuntimeError("a bug")

    def work():
        names.add(threading.current_thread().name)
        gate.wait(LONG)
        done.release()

    lane.submit(fail)
    for _ in range(10):
        lane.submit(work)
    gate.set()
    assert all(done.acquire(timeout=LONG) for _ in range(10))
    assert names <= {"test-1", "test-2"}
    end = time.monotonic() + LONG
    while "a job of test failed" not in caplog.text:
        assert time.monotonic() < end
        time.sleep(0.01)
