"""Threads, sessions and processes that ask for the same: the server is asked once."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from speasy_core import Session
from speasy_core.demo import LocalArchive
from speasy_core.timerange import TimeRange

PRODUCT = "ssc/ace"
START = TimeRange("2016-01-01", "2016-01-02").start_ns
HOUR = 3600 * 10**9
THREADS, PROCESSES = 64, 8


@pytest.fixture(scope="module")
def archive() -> Iterator[LocalArchive]:
    with LocalArchive() as running:
        yield running


@pytest.fixture
def session(archive: LocalArchive, tmp_path: Path) -> Iterator[Session]:
    archive.requests.clear()
    archive.faults.clear()
    with Session(archive.settings(cache_dir=tmp_path / "cache")) as made:
        made.get_data(PRODUCT, *span(-100))  # what the provider asks once is asked
        archive.requests.clear()
        yield made


def span(number: int) -> tuple[str, str]:
    first = START + number * 24 * HOUR
    return str(np.datetime64(first, "ns")), str(np.datetime64(first + 20 * HOUR, "ns"))


def fetches(archive: LocalArchive) -> list[str]:
    return [path for _, path in archive.requests if "/locations/" in path]


def together(calls: list[Callable[[], object]]) -> list[object]:
    gate = threading.Barrier(len(calls))

    def run(call: Callable[[], object]) -> object:
        gate.wait(30)
        return call()

    with ThreadPoolExecutor(len(calls)) as pool:
        return [f.result(60) for f in [pool.submit(run, call) for call in calls]]


def test_64_threads_on_one_range_make_one_fetch(session, archive):
    archive.faults.add(match="/locations/", delay=0.3)
    found = together([lambda: session.get_data(PRODUCT, *span(0))] * THREADS)
    assert len(fetches(archive)) == 1
    assert all(np.array_equal(v.values, found[0].values) and len(v) for v in found)
    started = time.monotonic()
    together([lambda: session.get_data(PRODUCT, *span(0))] * THREADS)
    assert time.monotonic() - started < 2.0 * 5  # two seconds, on a machine that others use, too
    assert len(fetches(archive)) == 1


def test_64_threads_on_64_ranges_get_their_own(session, archive):
    found = together([lambda n=n: session.get_data(PRODUCT, *span(n)) for n in range(THREADS)])
    for number, v in enumerate(found):
        first = np.datetime64(span(number)[0], "ns")
        assert first <= v.time[0] < first + np.timedelta64(1, "h")
        assert not v.gaps
        np.testing.assert_array_equal(v.values, session.get_data(PRODUCT, *span(number)).values)
    assert len(fetches(archive)) == THREADS


def test_two_sessions_on_one_folder_make_one_fetch(session, archive, tmp_path):
    archive.faults.add(match="/locations/", delay=0.3)
    with Session(archive.settings(cache_dir=tmp_path / "cache")) as other:
        sessions = [session, other] * 8
        found = together([lambda s=s: s.get_data(PRODUCT, *span(0)) for s in sessions])
        assert all(np.array_equal(v.values, found[0].values) for v in found)
        # sessions of one process share no locks of files: each may ask, none more than once
        assert len(fetches(archive)) <= 2
        before = len(fetches(archive))
        other.get_data(PRODUCT, *span(1))
        session.get_data(PRODUCT, *span(1))
        assert len(fetches(archive)) == before + 1


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork on this system")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_fork_with_an_open_session(session, archive):
    session.get_data(PRODUCT, *span(0))
    before = len(fetches(archive))
    children = []
    for number in range(4):
        child = os.fork()
        if child == 0:
            good = False
            try:
                kept = session.get_data(PRODUCT, *span(0))
                new = session.get_data(PRODUCT, *span(number + 1))
                good = bool(len(kept) and len(new) and not new.gaps)
            finally:
                os._exit(0 if good else 1)
        children.append(child)
    assert [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children] == [0] * 4
    assert len(fetches(archive)) == before + 4
    for number in range(4):  # what the children stored is there
        assert len(session.get_data(PRODUCT, *span(number + 1)))
    assert len(fetches(archive)) == before + 4


ASKER = """
import sys
from speasy_core import Session
from speasy_core.config import Settings
product, start, stop = sys.argv[1:]
with Session(Settings.load(path="/nowhere/settings.toml")) as session:
    session.get_data(product, "2015-06-01", "2015-06-01T20:00:00")
    print("ready", flush=True)
    sys.stdin.readline()
    v = session.get_data(product, start, stop)
    print(len(v), len(v.gaps), float(v.values.sum()), flush=True)
"""


class Asker:
    """A process with a session of its own, which asks when it is told to."""

    def __init__(self, environ: dict[str, str], number: int) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", ASKER, PRODUCT, *span(number)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
            env={**os.environ, **environ},
        )  # fmt: skip
        assert self._line() == "ready"

    def _line(self) -> str:
        assert self.process.stdout is not None
        return self.process.stdout.readline().strip()

    def go(self) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write("\n")
        self.process.stdin.flush()

    def answer(self) -> str:
        line = self._line()
        self.process.communicate(timeout=30)
        return line


def test_8_cold_processes_make_one_fetch(session, archive, tmp_path):
    environ = archive.environ(cache_dir=tmp_path / "cold")
    askers = [Asker(environ, 7) for _ in range(PROCESSES)]
    archive.requests.clear()
    archive.faults.add(match="/locations/", delay=0.5)
    for asker in askers:
        asker.go()
    answers = {asker.answer() for asker in askers}
    assert len(answers) == 1, answers
    rows, gaps, _ = answers.pop().split()
    assert int(rows) > 0
    assert gaps == "0"
    assert len(fetches(archive)) == 1


def test_rule_13_takeover_after_kill_9_within_a_second(session, archive, tmp_path):
    environ = archive.environ(cache_dir=tmp_path / "cold")
    first, heir = Asker(environ, 7), Asker(environ, 7)
    archive.requests.clear()
    archive.faults.add(match="/locations/", times=1, delay=30.0)
    first.go()
    while not fetches(archive):
        time.sleep(0.01)
    heir.go()
    time.sleep(0.5)
    assert len(fetches(archive)) == 1, "it waits for the one that is at work"
    killed = time.monotonic()
    first.process.kill()
    while len(fetches(archive)) < 2:
        assert time.monotonic() - killed < 1.0
        time.sleep(0.005)
    assert heir.answer().split()[1] == "0"
    first.process.communicate()
