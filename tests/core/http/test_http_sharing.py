"""Many callers and one host: who goes first, who leaves the line, and what a status bar sees."""

from __future__ import annotations

import threading
import time

import pytest
from fault_server import OK_HEAD, answer, drip, get, stall

from speasy_core import errors
from speasy_core.config import Settings
from speasy_core.http import BACKGROUND, VIEW, Deadline, HttpClient


class Held:
    """A path whose answers wait until they are let go, one by one; keeps the order of requests."""

    def __init__(self, server, path="/held"):
        self.server, self.path = server, path
        self.order, self.gate, self.lock = [], threading.Semaphore(0), threading.Lock()
        self.url = server.on(path, self.script)

    def script(self, handler):
        with self.lock:
            self.order.append(handler.path.partition("?")[2])
        while not self.gate.acquire(timeout=0.05):
            if handler.server.stopping.is_set():
                return
        answer(200, b"x")(handler)

    def wait_for(self, count):
        until(lambda: len(self.order) >= count)

    def let_go(self, count):
        for _ in range(count):
            self.gate.release()


def until(condition, seconds=20):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it never came to that"
        time.sleep(0.005)


@pytest.fixture
def held(server):
    return Held(server)


@pytest.fixture
def ask(client, held):
    """Start a request in a thread; returns the thread and where its outcome goes."""
    threads = []

    def start(name, deadline, using=client):
        outcome = []

        def work():
            try:
                outcome.append(using.get(f"{held.url}?{name}", deadline=deadline).body)
            except errors.SpeasyError as error:
                outcome.append(error)

        thread = threading.Thread(target=work)
        thread.start()
        threads.append(thread)
        return outcome

    yield start
    held.let_go(500)
    for thread in threads:
        thread.join(20)
        assert not thread.is_alive()


def waiting(client):
    return client.activity().waiting


def test_a_long_list_does_not_starve_a_single_request(client, held, ask):
    many = Deadline(60)
    for i in range(40):
        ask(f"many{i}", many)
    held.wait_for(5)
    until(lambda: waiting(client) == 35)
    single = ask("single", Deadline(60))
    until(lambda: waiting(client) == 36)
    held.let_go(1)
    held.wait_for(6)
    assert held.order[5] == "single"
    held.let_go(40)
    until(lambda: single)
    assert single == [b"x"]


def test_two_long_lists_share_the_places(client, held, ask):
    first, second = Deadline(60), Deadline(60)
    for i in range(20):
        ask(f"a{i}", first)
    until(lambda: waiting(client) == 15)
    for i in range(20):
        ask(f"b{i}", second)
    until(lambda: waiting(client) == 35)
    for count in range(6, 16):
        held.let_go(1)
        held.wait_for(count)
    later = [name[0] for name in held.order[5:15]]
    # first come, first served would give none
    assert 2 <= later.count("b") <= 8


def test_a_view_goes_first_and_what_can_wait_last(client, held, ask):
    for i in range(5):
        ask(f"busy{i}", Deadline(60))
    held.wait_for(5)
    line = [("script", 0), ("refresh", BACKGROUND), ("view", VIEW)]
    for place, (name, priority) in enumerate(line, 1):
        ask(name, Deadline(60, priority=priority))
        until(lambda n=place: waiting(client) == n)
    for count in (6, 7, 8):
        held.let_go(1)
        held.wait_for(count)
    assert held.order[5:] == ["view", "script", "refresh"]


def test_a_cancelled_request_leaves_the_line_and_its_connection(client, held, ask):
    running, queued = Deadline(60), Deadline(60)
    outcomes = [ask(f"running{i}", running) for i in range(5)]
    held.wait_for(5)
    outcomes += [ask(f"queued{i}", queued) for i in range(20)]
    until(lambda: waiting(client) == 20)
    queued.cancel()
    until(lambda: waiting(client) == 0)
    running.cancel()
    until(lambda: all(outcomes))
    assert all(isinstance(o[0], errors.Cancelled) for o in outcomes)
    assert len(held.order) == 5
    assert client.activity().active == 0


def test_five_places_serve_all_sessions_of_a_process(client, server, held, ask, tmp_path):
    other = HttpClient(Settings(cache_dir=tmp_path))
    for i in range(8):
        ask(f"a{i}", Deadline(60))
        ask(f"b{i}", Deadline(60), using=other)
    held.wait_for(5)
    until(lambda: waiting(client) + waiting(other) == 11)
    assert server.most == 5
    held.let_go(16)
    until(lambda: len(held.order) == 16)
    assert server.most == 5
    other.close()


def test_a_part_of_a_call_ends_with_it_and_counts_as_its_caller():
    call = Deadline(10, priority=VIEW)
    part = Deadline(1000, within=call)
    assert part.left() <= 10
    assert (part.priority, part.caller) == (VIEW, call)
    call.cancel()
    assert part.cancelled
    assert Deadline(5, within=call).cancelled


# --- what a status bar sees ----------------------------------------


def test_activity_counts_requests_and_bytes(client, server):
    assert not client.activity().busy
    noted = []
    stop = client.on_activity(lambda: noted.append(client.activity()))
    get(client, server.on("/a", answer(200, b"x" * 100_000)))
    stop()
    host = server.url.removeprefix("http://")
    now = client.activity()
    assert (now.active, now.waiting, now.received) == (0, 0, 100_000)
    assert now.hosts[host].rate > 0
    assert max(seen.active for seen in noted) == 1
    told = len(noted)
    get(client, server.url + "/a")
    assert len(noted) == told


def test_activity_follows_a_slow_body_and_cancel_ends_it(client, server):
    url = server.on("/a", drip(OK_HEAD + b"Content-Length: 100000\r\n\r\n", b"x" * 100, every=0.02))
    outcome = []

    def work():
        with pytest.raises(errors.Cancelled):
            client.get(url, deadline=Deadline(60))
        outcome.append("cancelled")

    thread = threading.Thread(target=work)
    thread.start()
    until(lambda: client.activity().received >= 500)
    assert client.activity().active == 1
    assert client.cancel("somebody.else:80") == 0
    assert client.cancel() == 1
    thread.join(10)
    assert outcome == ["cancelled"]
    assert not client.activity().busy


def test_activity_tells_which_host_is_left_alone(client, server):
    url = server.on("/a", answer(503))
    for _ in range(3):
        with pytest.raises(errors.HttpStatusError):
            get(client, url)
    host = server.url.removeprefix("http://")
    assert client.activity().hosts[host].retry_at is not None


def test_a_listener_that_fails_breaks_nothing(client, server, caplog):
    client.on_activity(lambda: 1 / 0)
    assert get(client, server.on("/a", answer(200, b"x"))).body == b"x"
    assert "a listener to http activity failed" in caplog.text


def test_a_request_past_its_deadline_frees_its_place(client, server):
    url = server.on("/a", stall)
    for _ in range(2):
        with pytest.raises(errors.DeadlineExceeded):
            get(client, url, seconds=0.2)
    assert not client.activity().busy
