"""Lanes of worker threads that all panels share.

What is answered from memory takes milliseconds and never waits behind what asks a server or calls
a user's function; and among the latter no product waits behind another that is slow. Threads are
daemons: a function that never returns must not keep the interpreter from ending.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Hashable
from dataclasses import dataclass

__all__ = ["MEMORY", "SLOW", "FairLane", "Lane"]

_log = logging.getLogger(__name__)

Job = Callable[[], None]


def _run(name: str, job: Job) -> None:
    try:
        job()
    except Exception:  # noqa: BLE001 - a job's bug must not cost the lane a thread
        _log.exception("a job of %s failed", name)


class Lane:
    """Jobs run in the order of their submission by at most `workers` threads.

    Parameters
    ----------
    name : str
        Of the threads.
    workers : int
        Threads at most; they start when they are first needed.
    """

    def __init__(self, name: str, workers: int) -> None:
        self._name, self._most = name, workers
        self._jobs: deque[Job] = deque()
        self._later: deque[Job] = deque()
        self._wake = threading.Condition()
        self._idle = self._threads = 0

    def submit(self, job: Job, *, later: bool = False) -> None:
        """Run `job` in a worker; `later` when no other job waits."""
        with self._wake:
            (self._later if later else self._jobs).append(job)
            waiting = len(self._jobs) + len(self._later)
            if self._idle < waiting and self._threads < self._most:
                self._threads += 1
                name = f"{self._name}-{self._threads}"
                threading.Thread(target=self._work, name=name, daemon=True).start()
            self._wake.notify()

    def _work(self) -> None:
        while True:
            with self._wake:
                while not self._jobs and not self._later:
                    self._idle += 1
                    self._wake.wait()
                    self._idle -= 1
                job = (self._jobs or self._later).popleft()
            _run(self._name, job)


@dataclass(eq=False, slots=True)
class _Running:
    key: Hashable
    since: float


class FairLane:
    """Jobs that may take long: a few at once of each key, keys in turn.

    A job counts towards the limits while it is young. One that has run for `patience` seconds
    waits for something, a server or a function that hangs, and holds nobody else up any more.

    Parameters
    ----------
    name : str
        Of the threads.
    most, per_key : int
        Young jobs at once, in all and of one key.
    patience : float
        Seconds.

    Examples
    --------
    >>> done = threading.Event()
    >>> FairLane("example", 4).submit("cda/AC_H0_MFI/BGSEc", done.set)
    >>> done.wait(5)
    True
    """

    def __init__(self, name: str, most: int, per_key: int = 2, patience: float = 1.0) -> None:
        self._name, self._most, self._per_key = name, most, per_key
        self._patience = patience
        self._lock = threading.Lock()
        self._waiting: tuple[dict[Hashable, deque[Job]], dict[Hashable, deque[Job]]] = ({}, {})
        self._running: set[_Running] = set()
        self._alarm: threading.Timer | None = None

    def submit(self, key: Hashable, job: Job, *, later: bool = False) -> None:
        """Run `job` when its key's turn comes; `later` after all that are not."""
        with self._lock:
            self._waiting[later].setdefault(key, deque()).append(job)
            self._dispatch()

    def _dispatch(self) -> None:
        """Start what may start; the lock is held."""
        now = time.monotonic()
        young = [run for run in self._running if now - run.since < self._patience]
        while len(young) < self._most and (found := self._next(young)) is not None:
            key, job = found
            young.append(_Running(key, now))
            self._begin(young[-1], job)
        if any(self._waiting) and young and self._alarm is None:
            wait = min(run.since for run in young) + self._patience - now
            self._alarm = threading.Timer(max(wait, 0.01), self._again)
            self._alarm.daemon = True
            self._alarm.start()

    def _next(self, young: list[_Running]) -> tuple[Hashable, Job] | None:
        """Take the job whose turn it is out of the line."""
        for queues in self._waiting:
            for key in queues:
                if sum(run.key == key for run in young) < self._per_key:
                    jobs = queues.pop(key)
                    job = jobs.popleft()
                    if jobs:
                        queues[key] = jobs  # at the end: the other keys come first
                    return key, job
        return None

    def _begin(self, run: _Running, job: Job) -> None:
        self._running.add(run)

        def work() -> None:
            _run(self._name, job)
            with self._lock:
                self._running.discard(run)
                self._dispatch()

        threading.Thread(target=work, name=self._name, daemon=True).start()

    def _again(self) -> None:
        with self._lock:
            self._alarm = None
            self._dispatch()


MEMORY = Lane("sciqlop-memory", 2)
SLOW = FairLane("sciqlop-slow", 16)
