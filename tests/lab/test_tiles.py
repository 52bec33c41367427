"""The engine, with sources that stop where a test wants them to."""

from __future__ import annotations

import threading
import time

import numpy as np
import pytest

from sciqlop_lab.pool import FairLane, Lane
from sciqlop_lab.protocol import ProtocolError
from sciqlop_lab.tilecache import Result
from sciqlop_lab.tiles import FIRST_ANSWER, Engine
from sciqlop_lab.views import ViewRequest, read_view
from speasy_core.errors import UnknownProduct
from speasy_core.timerange import TimeRange

LONG = 5.0  # a test that waits this long has failed


class Source:
    """Answers at once, or when its gate opens; keeps what it was asked."""

    def __init__(self, *, slow=False, error=None, exact=False, tiled=False):
        self.label, self.timeout, self.tiled, self.lane = "source", 60.0, tiled, self
        self.slow, self.error, self.exact = slow, error, exact
        self.gate = threading.Event()
        self.started = threading.Semaphore(0)
        self.loads, self.cancelled, self.running, self.most = [], 0, 0, 0
        self.drafts = []

    def result(self, request):
        if self.error:
            raise self.error
        fields = {"status": "ok", "kind": "line", "n": 1, "label": "x"}
        arrays = {"t": np.zeros(1), "y": np.ones((1, 1), "f4")}
        if request.tiles is None:
            return [Result(fields, request.range, arrays)]
        return [
            Result({**fields, "level": key.level, "index": str(key.index)}, key.range, arrays)
            for key in request.tiles
        ]

    def ready(self, request):
        return None if self.slow else self.result(request)

    def draft(self, request):
        return self.drafts

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

    def abandon(self):
        self.gate.set()


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


def test_a_draft_goes_out_while_the_exact_picture_is_made(engine, sent):
    slow = Source(slow=True)
    slow.drafts = [Result({"status": "ok", "n": 7}, TimeRange.from_ns(0, 1000))]
    engine.request(want(1), graphs(a=slow))
    first = sent.wait(lambda found: found)[0]
    assert [item["n"] for item in first["items"]] == [7]
    assert first["items"][0]["draft"] is True
    assert first["pending"] == ["a"]
    slow.gate.set()
    last = sent.wait(lambda found: found[-1]["pending"] == [])[-1]
    assert [item["n"] for item in last["items"]] == [1]
    assert "draft" not in last["items"][0]


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
    assert sum(len(c["items"]) for c in sent.contents if c["type"] == "tiles") == 31


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


def test_a_fair_lane_runs_keys_in_turn_and_urgent_jobs_first():
    lane, gate, order = FairLane("fair", 1, per_key=1, patience=60), threading.Event(), []
    done = threading.Semaphore(0)

    def job(name):
        def run():
            if name == "first":
                gate.wait(LONG)
            order.append(name)
            done.release()

        return run

    lane.submit("a", job("first"))
    for name in ("a1", "a2"):
        lane.submit("a", job(name))
    lane.submit("b", job("later"), later=True)
    lane.submit("c", job("c1"))
    gate.set()
    assert all(done.acquire(timeout=LONG) for _ in range(5))
    assert order == ["first", "a1", "c1", "a2", "later"]


def test_jobs_that_hang_hold_nobody_up():
    lane, gate = FairLane("hang", 2, per_key=2, patience=0.05), threading.Event()
    for number in range(6):
        lane.submit(f"slow{number}", lambda: gate.wait(LONG))
    ran = threading.Event()
    lane.submit("quick", ran.set)
    assert ran.wait(LONG)
    gate.set()


def wish(gen, wants=None, ahead=None, start=0, stop=1000):
    """A request as the page makes it: tiles of level 0 by graph."""

    def keys(graphs):
        return {
            g: None if tiles is None else [[0, str(t)] for t in tiles]
            for g, tiles in graphs.items()
        }

    content = {
        "view": "v", "gen": gen, "start": str(start), "stop": str(stop), "width": 100,
        "wants": keys(wants or {}),
    }  # fmt: skip
    if ahead is not None:
        low, high, graphs_ahead = ahead
        content["ahead"] = {"start": str(low), "stop": str(high), "wants": keys(graphs_ahead)}
    return read_view(content)


def test_only_the_tiles_that_a_page_lacks_are_sent(engine, sent):
    sources = graphs(a=Source(tiled=True), b=Source(tiled=True), f=Source())
    engine.request(wish(1, {"a": [4, 5], "f": None}), sources)
    (content,) = sent.wait(len)
    items = [(item["graph"], item.get("level"), item.get("index")) for item in content["items"]]
    assert sorted(items, key=str) == [("a", 0, "4"), ("a", 0, "5"), ("f", None, None)]
    assert [(i["start"], i["stop"]) for i in content["items"] if i["graph"] == "a"] == [
        ("4096", "5120"), ("5120", "6144"),
    ]  # fmt: skip


def test_what_is_ahead_comes_later_marked_and_never_for_a_function(engine, sent):
    tiled, function = Source(tiled=True), Source(slow=True, exact=True)
    function.gate.set()
    sources = graphs(a=tiled, f=function)
    engine.request(wish(1, {"a": [0], "f": None}, (0, 1500, {"a": [1], "f": [1]})), sources)
    contents = sent.wait(lambda c: sum(len(m["items"]) for m in c) == 3)
    items = [item for content in contents for item in content["items"]]
    assert [(i["graph"], i["index"]) for i in items if i.get("ahead")] == [("a", "1")]
    assert function.loads == [TimeRange.from_ns(0, 1000)], "exactly the visible range, once"


def test_what_is_ahead_begins_when_what_is_visible_has_been_sent(engine, sent):
    source = Source(slow=True, tiled=True)
    engine.request(wish(1, {"a": [0]}, (0, 1500, {"a": [1]})), graphs(a=source))
    assert source.started.acquire(timeout=LONG)
    time.sleep(0.1)
    assert source.loads == [TimeRange.from_ns(0, 1000)], "held back after an answer without it"
    source.gate.set()
    contents = sent.wait(lambda c: any(i.get("ahead") for m in c for i in m["items"]))
    items = [(i["index"], bool(i.get("ahead"))) for m in contents for i in m["items"]]
    assert items == [("0", False), ("1", True)]
    assert source.most == 1


def test_what_is_ahead_of_a_view_that_went_never_begins(engine, sent):
    source = Source(slow=True, tiled=True)
    engine.request(wish(1, {"a": [0]}, (0, 1500, {"a": [1]})), graphs(a=source))
    assert source.started.acquire(timeout=LONG)
    engine.cancel("v")
    source.gate.set()
    time.sleep(0.1)
    assert source.loads == [TimeRange.from_ns(0, 1000)]


def test_what_is_ahead_is_cancelled_when_the_hand_turns(engine, sent):
    source = Source(slow=True, tiled=True)
    engine.request(wish(1, {}, (0, 1500, {"a": [1]})), graphs(a=source))
    assert source.started.acquire(timeout=LONG)
    engine.request(wish(2, {}, (10, 1510, {"a": [1]}), start=10, stop=1010), graphs(a=source))
    time.sleep(0.05)
    assert source.cancelled == 0, "the hand goes on"
    engine.request(wish(3, {}, (-490, 1010, {"a": [-1]}), start=10, stop=1010), graphs(a=source))
    assert source.started.acquire(timeout=LONG)
    assert source.cancelled == 1
    engine.request(wish(4, {}), graphs(a=source))
    end = time.monotonic() + LONG
    while source.cancelled < 2:
        assert time.monotonic() < end
        time.sleep(0.005)


def test_a_failure_ahead_is_not_shown(engine, sent):
    source = Source(tiled=True, error=UnknownProduct("no"))
    engine.request(wish(1, {}, (0, 1500, {"a": [1]})), graphs(a=source))
    sent.wait(len)
    assert engine.wait(LONG)
    time.sleep(0.05)
    assert [c["items"] for c in sent.contents] == [[]]
    assert engine.errors == {}


def test_what_takes_long_says_so_and_can_be_stopped(engine, sent):
    slow, quick = Source(slow=True), Source()
    engine.request(want(1), graphs(a=slow, b=quick))
    contents = sent.wait(lambda c: any(m["type"] == "progress" for m in c))
    (told,) = [m for m in contents if m["type"] == "progress"][-1]["items"]
    assert told["graph"] == "a"
    assert told["seconds"] >= 0.4
    assert told["bytes"] == 0
    engine.stop("v", "a")
    contents = sent.wait(lambda c: c[-1]["type"] == "tiles" and c[-1]["items"])
    assert [(i["graph"], i["status"]) for i in contents[-1]["items"]] == [("a", "stopped")]
    assert contents[-1]["pending"] == []
    assert engine.wait(LONG)
    engine.stop("v", "a")
    engine.stop("gone", "a")
    engine.request(want(2), graphs(a=Source()))
    sent.wait(lambda c: c[-1]["gen"] == 2)


class Counting(Source):
    """A function that takes some time, and cannot be cancelled."""

    running = most = 0
    lock = threading.Lock()

    def __init__(self):
        super().__init__(slow=True, exact=True)
        self.lane = None

    def load(self, request, deadline):
        cls = type(self)
        with cls.lock:
            cls.running += 1
            cls.most = max(cls.most, cls.running)
        time.sleep(0.01)
        self.loads.append(request.range)
        with cls.lock:
            cls.running -= 1
        return self.result(request)


def test_a_storm_of_requests(engine, sent):
    """10,000 views, as fast as they come: two computations at once, and the last one is drawn."""
    before = threading.active_count()  # other tests may have left some behind
    sources = graphs(**{f"f{i}": Counting() for i in range(4)}, a=Source(tiled=True))
    wants = {"a": [0], **{f"f{i}": None for i in range(4)}}
    for gen in range(10_000):
        engine.request(wish(gen, wants, (gen, gen + 1500, {"a": [1]}), gen, gen + 1000), sources)
        if gen % 50 == 0:
            time.sleep(0.001)
    ended = time.monotonic()
    assert engine.wait(LONG)
    assert time.monotonic() - ended < 3  # 1 s on a machine that has nothing else to do
    assert Counting.most <= 2
    last = [c for c in sent.contents if c["gen"] == 9999]
    assert {i["graph"] for c in last for i in c["items"]} == {"f0", "f1", "f2", "f3", "a"}
    for _, name, source in sources:
        if name != "a":
            assert source.loads[-1] == TimeRange.from_ns(9999, 10_999)
    assert threading.active_count() < before + 50
