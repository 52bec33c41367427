"""Two lanes of worker threads that all panels share.

What is answered from memory takes milliseconds and never waits behind what asks a server or calls
a user's function. Threads are daemons: a function that never returns must not keep the
interpreter from ending.
"""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Callable

__all__ = ["MEMORY", "SLOW", "Lane"]

_log = logging.getLogger(__name__)


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
        self._jobs: deque[Callable[[], None]] = deque()
        self._wake = threading.Condition()
        self._idle = self._threads = 0

    def submit(self, job: Callable[[], None]) -> None:
        """Run `job` in a worker; it must deal with its own errors."""
        with self._wake:
            self._jobs.append(job)
            if self._idle < len(self._jobs) and self._threads < self._most:
                self._threads += 1
                name = f"{self._name}-{self._threads}"
                threading.Thread(target=self._work, name=name, daemon=True).start()
            self._wake.notify()

    def _work(self) -> None:
        while True:
            with self._wake:
                while not self._jobs:
                    self._idle += 1
                    self._wake.wait()
                    self._idle -= 1
                job = self._jobs.popleft()
            try:
                job()
            except Exception:  # noqa: BLE001 - a job's bug must not cost the lane a thread
                _log.exception("a job of %s failed", self._name)


MEMORY = Lane("sciqlop-memory", 2)
SLOW = Lane("sciqlop-slow", 8)
