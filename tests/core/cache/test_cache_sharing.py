"""Threads and processes share what is under way."""

from __future__ import annotations

import subprocess
import sys
import threading
import time

import pytest
from cache_tools import days, get, same

from speasy_core import errors
from speasy_core.http import Deadline
from speasy_core.variable import SpeasyVariable

# --- rule 13: shared flights ----------------------------------------


def run_threads(jobs):
    results = [None] * len(jobs)

    def work(i, job):
        try:
            results[i] = job()
        except errors.SpeasyError as error:
            results[i] = error

    threads = [threading.Thread(target=work, args=(i, job)) for i, job in enumerate(jobs)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    return results


def test_rule_13_64_threads_make_one_fetch(cache, archive):
    archive.delay = 0.3
    results = run_threads([lambda: get(cache, archive, days(0, 1))] * 64)
    for v in results:
        same(v, archive, days(0, 1))
    assert len(archive.asked) == 1


def test_rule_13_overlapping_ranges_are_shared(cache, archive):
    archive.gate = threading.Event()
    spans = [days(0, 2), days(1, 3), days(0.5, 2.5)]
    threading.Timer(0.4, archive.gate.set).start()
    results = run_threads([lambda s=span: get(cache, archive, s) for span in spans])
    for v, span in zip(results, spans, strict=True):
        same(v, archive, span)
    total = sum(span.duration_ns for span in archive.asked)
    assert total == days(0, 3).duration_ns


def test_rule_13_a_waiter_has_its_own_deadline(cache, archive):
    archive.gate = threading.Event()
    threading.Timer(0.6, archive.gate.set).start()
    started = time.monotonic()
    slow, fast = run_threads(
        [
            lambda: get(cache, archive, days(0, 1)),
            lambda: get(cache, archive, days(0, 1), seconds=0.2),
        ]
    )
    assert isinstance(fast, errors.DeadlineExceeded) or isinstance(slow, errors.DeadlineExceeded)
    assert sum(isinstance(r, SpeasyVariable) for r in (slow, fast)) == 1
    assert time.monotonic() - started < 3


def test_rule_13_a_waiter_takes_over_from_a_caller_that_gave_up(cache, archive):
    first, calls = Deadline(20), []

    def fetch(span, since):
        calls.append(span)
        if len(calls) == 1:
            while True:
                first.wait(0.05)
        return archive(span, since)

    def give_up():
        with pytest.raises(errors.Cancelled):
            cache.get("p/x", days(0, 1), fetch, deadline=first)

    owner = threading.Thread(target=give_up)
    owner.start()
    while not calls:
        time.sleep(0.01)
    threading.Timer(0.2, first.cancel).start()
    v = cache.get("p/x", days(0, 1), fetch, deadline=Deadline(10))
    owner.join()
    same(v, archive, days(0, 1))
    assert len(calls) == 2


def test_rule_13_waiters_get_the_error_of_the_server(cache, archive):
    archive.gate = threading.Event()
    archive.errors = [(days(0, 9), errors.HttpStatusError("status 404", status=404))]
    threading.Timer(0.3, archive.gate.set).start()
    results = run_threads([lambda: get(cache, archive, days(0, 1))] * 8)
    assert all(isinstance(r, errors.HttpStatusError) for r in results)
    assert len(archive.asked) == 1


PROCESS = """
import sys, time
import numpy as np
from pathlib import Path
from speasy_core.cache import Cache
from speasy_core.config import Settings
from speasy_core.http import Deadline
from speasy_core.provider import Fetched
from speasy_core.store import DiskStore
from speasy_core.timerange import TimeRange
from speasy_core.variable import SpeasyVariable
folder, log, delay = sys.argv[1:4]
def fetch(span, since):
    with open(log, "a") as out:
        out.write(str(span) + "\\n")
    time.sleep(float(delay))
    t = np.arange(span.start_ns, span.stop_ns, 10**9)
    return Fetched(SpeasyVariable(t, t.astype(float), name="x"), "v1")
cache = Cache(DiskStore(folder, 10**9), Settings(cache_dir=folder))
print("ready", flush=True)
sys.stdin.readline()
v = cache.get("p/x", TimeRange("2020-01-01", "2020-01-02"), fetch, deadline=Deadline(20))
assert len(v) == 86400 and (np.diff(v.values) == 1e9).all() and not v.gaps
print("done", flush=True)
"""


def start(tmp_path, delay):
    process = subprocess.Popen(
        [sys.executable, "-c", PROCESS, str(tmp_path / "c"), str(tmp_path / "log"), str(delay)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stdout.readline() == "ready\n"
    return process


def finish(process):
    out, _ = process.communicate(timeout=30)
    return out


def test_rule_13_processes_make_one_fetch(tmp_path):
    processes = [start(tmp_path, 0.5) for _ in range(4)]
    for process in processes:
        process.stdin.write("\n")
        process.stdin.flush()
    assert [finish(process) for process in processes] == ["done\n"] * 4
    assert len((tmp_path / "log").read_text().splitlines()) == 1


def test_rule_13_takeover_after_kill_9(tmp_path):
    killed = start(tmp_path, 30)
    heir = start(tmp_path, 0)
    killed.stdin.write("\n")
    killed.stdin.flush()
    while not (tmp_path / "log").exists():
        time.sleep(0.02)
    heir.stdin.write("\n")
    heir.stdin.flush()
    time.sleep(0.3)
    killed.kill()
    started = time.monotonic()
    assert finish(heir) == "done\n"
    assert time.monotonic() - started < 5
    finish(killed)


class Slow:
    """An archive that answers when it is let, unless its caller's work is cancelled."""

    def __init__(self, archive, call):
        self.archive, self.call = archive, call
        self.gate, self.asked, self.outcome = threading.Event(), [], []

    def __call__(self, span, since):
        self.asked.append(span)
        try:
            self.call.work().wait_for(self.gate, "held")
        except errors.SpeasyError as error:
            self.outcome.append(error)
            raise
        return self.archive(span, since)


def in_thread(work):
    result = []

    def run():
        try:
            result.append(work())
        except errors.SpeasyError as error:
            result.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    return thread, result


def until(condition):
    end = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < end, "it never came to that"
        time.sleep(0.005)


def test_rule_13_a_flight_goes_on_while_somebody_waits(cache, archive):
    owner, waiter = Deadline(60), Deadline(60)
    slow = Slow(archive, owner)
    first, given_up = in_thread(lambda: cache.get("p/x", days(0, 1), slow, deadline=owner))
    until(lambda: slow.asked)
    second, got = in_thread(lambda: cache.get("p/x", days(0, 1), slow, deadline=waiter))
    until(lambda: len(owner.work()._waiting) == 2)
    owner.cancel()
    first.join(10)
    assert isinstance(given_up[0], errors.Cancelled)
    assert not slow.outcome
    slow.gate.set()
    second.join(10)
    same(got[0], archive, days(0, 1))
    assert len(slow.asked) == 1


def test_rule_13_a_flight_that_nobody_waits_for_is_cancelled(cache, archive):
    owner, waiter = Deadline(60), Deadline(60)
    slow = Slow(archive, owner)
    first, _ = in_thread(lambda: cache.get("p/x", days(0, 1), slow, deadline=owner))
    until(lambda: slow.asked)
    second, _ = in_thread(lambda: cache.get("p/x", days(0, 1), slow, deadline=waiter))
    until(lambda: len(owner.work()._waiting) == 2)
    waiter.cancel()
    second.join(10)
    assert not slow.outcome
    owner.cancel()
    first.join(10)
    until(lambda: slow.outcome)
    assert isinstance(slow.outcome[0], errors.Cancelled)


def test_rule_13_what_is_still_in_line_for_a_caller_that_left_is_not_asked(cache, archive):
    owner, waiter = Deadline(60), Deadline(60)
    slow = Slow(archive, owner)
    day = days(0, 1).duration_ns
    first, _ = in_thread(
        lambda: cache.get("p/x", days(0, 20), slow, deadline=owner, max_request_ns=day)
    )
    until(lambda: len(slow.asked) == 5)
    second, got = in_thread(lambda: cache.get("p/x", days(0, 1), slow, deadline=waiter))
    until(lambda: len(owner.work()._waiting) == 2)
    owner.cancel()
    first.join(10)
    slow.gate.set()
    second.join(10)
    same(got[0], archive, days(0, 1))
    assert len(slow.asked) == 5


def test_rule_13_a_waiter_lends_its_urgency_and_its_time():
    owner, waiter = Deadline(1), Deadline(50, priority=1)
    owner.work().join(waiter)
    assert owner.work().left() > 40
    assert owner.work().priority == 1
    assert owner.left() <= 1
