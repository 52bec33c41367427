"""Loading inventories in threads: one load per provider at a time, here and in other processes."""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from speasy_core.errors import Cancelled, DeadlineExceeded, SpeasyError
from speasy_core.http import BACKGROUND, Deadline

__all__ = ["Refresher", "refresh_lock"]

LOAD_SECONDS = 600.0  # an inventory may be a hundred megabytes
RETRY_SECONDS = 30.0  # after a failure, before an access tries again by itself
JOIN_SECONDS = 1.0  # a load that began no longer ago answers who wants to know how it is now
SILENT_SECONDS = 5.0  # nothing came for so long: who waits for several loads goes on without
_POLL_SECONDS = 0.2


@contextmanager
def refresh_lock(file: Path | None, deadline: Deadline) -> Iterator[None]:
    """Hold the lock of one provider's refresh against other processes; waits for its turn.

    The lock is SQLite's own on an empty file: the operating system drops it with the process.
    Where the file cannot be made there is nothing to share, and so nothing to lock.
    """
    try:
        db = None if file is None else sqlite3.connect(file, timeout=0.0, isolation_level=None)
    except sqlite3.OperationalError:
        db = None
    if db is None:
        yield
        return
    with closing(db):
        while True:
            try:
                db.execute("BEGIN EXCLUSIVE")
                break
            except sqlite3.OperationalError as error:
                if "locked" not in str(error):
                    break
            deadline.wait(_POLL_SECONDS)
        yield


class _Job:
    """One load, and the one that is to follow it."""

    def __init__(self) -> None:
        self.begin()
        self.shown, self.done = threading.Event(), threading.Event()
        self.thread: threading.Thread | None = None
        self.next: _Job | None = None

    def begin(self) -> None:
        self.deadline = Deadline(LOAD_SECONDS, priority=BACKGROUND)
        self.began = time.monotonic()
        self._received, self._moved = 0, self.began

    @property
    def silent(self) -> bool:
        """Whether nothing came from the server for a while."""
        if self.deadline.received != self._received:
            self._received, self._moved = self.deadline.received, time.monotonic()
        return time.monotonic() - self._moved > SILENT_SECONDS


class Refresher:
    """Runs loads in daemon threads, at most one per provider.

    Parameters
    ----------
    load : callable
        ``load(name, force, deadline)`` asks the server and stores the answer; raises on failure.
    """

    def __init__(self, load: Callable[[str, bool, Deadline], None]) -> None:
        self._load = load
        self._lock = threading.Lock()
        self._jobs: dict[str, _Job] = {}
        self._errors: dict[str, SpeasyError] = {}
        self._retry_at: dict[str, float] = {}
        self._closed = False

    def error(self, name: str) -> SpeasyError | None:
        """Return why the last load failed; None when it succeeded, or there was none."""
        with self._lock:
            return self._errors.get(name)

    def loading(self, name: str) -> bool:
        """Whether a load is running."""
        with self._lock:
            return name in self._jobs

    def show(self, name: str) -> None:
        """Tell those who wait for a load that there is something to show already."""
        with self._lock:
            job = self._jobs.get(name)
        if job is not None:
            job.shown.set()

    def start(
        self, name: str, *, force: bool = False, again: bool = True
    ) -> threading.Event | None:
        """Start a load, or join the one that runs; a forced one follows what began before it.

        Parameters
        ----------
        name : str
            Provider.
        force : bool
            Ask the server also when what is stored is young.
        again : bool
            When False, not within 30 s after a failure.

        Returns
        -------
        threading.Event or None
            Set at the end; None when nothing was started.
        """
        with self._lock:
            job = self._jobs.get(name)
            if job is not None and job.thread is not None and job.thread.is_alive():
                # (a thread that is not alive was left behind by a fork)
                if not force or time.monotonic() - job.began < JOIN_SECONDS or self._closed:
                    return job.done
                job.next = job.next or _Job()
                return job.next.done
            too_soon = time.monotonic() < self._retry_at.get(name, 0.0)
            if self._closed or (too_soon and not again):
                return None
            job = self._jobs[name] = _Job()
            job.thread = threading.Thread(
                target=self._run, args=(name, force, job), daemon=True, name=f"inventory-{name}"
            )
            job.thread.start()
            return job.done

    def _run(self, name: str, force: bool, job: _Job) -> None:
        """Run a load and those that follow it."""
        following: _Job | None = job
        while following is not None:
            job = following
            error = self._try(name, force, job)
            with self._lock:
                self._jobs.pop(name, None)
                self._errors.pop(name, None)
                self._retry_at.pop(name, None)
                if error is not None and not isinstance(error, Cancelled):
                    self._errors[name] = error
                    self._retry_at[name] = time.monotonic() + RETRY_SECONDS
                following, force = job.next, True
                if following is not None and self._closed:
                    following.shown.set()
                    following.done.set()
                    following = None
                if following is not None:
                    following.begin()
                    following.thread = job.thread
                    self._jobs[name] = following
            job.shown.set()
            job.done.set()

    def _try(self, name: str, force: bool, job: _Job) -> SpeasyError | None:
        """Run one load; returns why it failed."""
        try:
            self._load(name, force, job.deadline)
        except SpeasyError as failure:
            return failure
        except Exception as failure:  # noqa: BLE001 - a provider may be anybody's code
            error = SpeasyError(f"the inventory of {name} failed: {failure!r}")
            error.__cause__ = failure
            return error
        return None

    def wait(self, name: str, event: threading.Event, deadline: Deadline) -> None:
        """Wait for a load, which goes on in the background when `deadline` comes first.

        Raises
        ------
        DeadlineExceeded, Cancelled
            The caller's limit.
        """
        try:
            deadline.wait_for(event, f"loading the inventory of {name}")
        except DeadlineExceeded as error:
            error.hint = "loading goes on in the background; ids given directly work all the same"
            raise

    def wait_for_first(self, name: str, deadline: Deadline) -> None:
        """Wait until a running load has something to show, or has ended; raises as `wait`."""
        with self._lock:
            job = self._jobs.get(name)
        if job is not None:
            self.wait(name, job.shown, deadline)

    def wait_for_moving(self, names: Iterable[str], deadline: Deadline) -> None:
        """Wait for loads of several providers, but for none from whose server nothing comes."""
        with self._lock:
            jobs = [self._jobs[name] for name in names if name in self._jobs]
        while deadline.left() and not all(job.shown.is_set() or job.silent for job in jobs):
            time.sleep(min(deadline.left(), 0.02))

    def close(self) -> None:
        """Withdraw running loads and wait a moment for them."""
        with self._lock:
            self._closed = True
            jobs = list(self._jobs.values())
        for job in jobs:
            job.deadline.cancel()
        for job in jobs:
            if job.thread is not None and job.thread is not threading.current_thread():
                job.thread.join(2.0)
