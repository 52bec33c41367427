"""One limit of time for a whole call, which is also the token that cancels it."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable

from speasy_core.errors import Cancelled, DeadlineExceeded

__all__ = ["BACKGROUND", "VIEW", "Deadline"]

VIEW, BACKGROUND = 1, -1


class Deadline:
    """The time that a whole call may take, handed down to every part of it.

    The clock is monotonic, so a change of the system's time moves nothing. Thread-safe.

    Parameters
    ----------
    seconds : float
        Time from now; ``math.inf`` for no limit.
    priority : int
        Of two calls that wait for one host the higher goes first: `VIEW` for what somebody looks
        at now, 0 for scripts, `BACKGROUND` for what can wait.
    within : Deadline, optional
        The call that this one is a part of: it ends no later, is cancelled with it, and counts
        as the same caller where callers share a host.

    Examples
    --------
    >>> d = Deadline(60.0)
    >>> 59.0 < d.left() <= 60.0
    True
    >>> d.cancel()
    >>> d.cancelled
    True
    """

    def __init__(
        self, seconds: float, *, priority: int = 0, within: Deadline | None = None
    ) -> None:
        if math.isnan(seconds):
            raise ValueError("a deadline needs a number of seconds, not NaN")
        self.seconds = max(0.0, float(seconds))
        self._end = time.monotonic() + self.seconds
        self._cancelled = threading.Event()
        self._lock = threading.Lock()
        self._callbacks: dict[int, Callable[[], None]] = {}
        self._next_id = 0
        self._received = 0
        self.priority = priority
        self.caller: object = self
        self._work: Deadline | None = None
        self._waiting: set[Deadline] = set()
        if within is not None:
            if within._end < self._end:  # messages name the limit that holds
                self._end, self.seconds = within._end, within.seconds
            self.priority, self.caller = max(priority, within.priority), within.caller
            within.on_cancel(self.cancel)

    def __repr__(self) -> str:
        state = "cancelled" if self.cancelled else f"{self.left():.3f} s left"
        return f"<Deadline {self.seconds:g} s, {state}>"

    @property
    def cancelled(self) -> bool:
        """Whether `cancel` was called."""
        return self._cancelled.is_set()

    def work(self) -> Deadline:
        """Return the limit of what is done for this call, and may be of use to others.

        Who does the work goes by it: it ends when this call is cancelled, unless others wait for
        the same (`join`); then it goes on as long as one of them does.
        """
        with self._lock:
            if self._work is not None:
                return self._work
            work = self._work = Deadline(self.seconds, priority=self.priority)
            work._end, work.caller = self._end, self.caller
        work.join(self)
        return work

    def join(self, other: Deadline) -> None:
        """Let another call wait for this work, too: it may take as long, and is as urgent."""
        with self._lock:
            self._waiting.add(other)
            self._end = max(self._end, other._end)
            self.priority = max(self.priority, other.priority)
        other.on_cancel(lambda: self._leave(other))

    def _leave(self, other: Deadline) -> None:
        with self._lock:
            self._waiting.discard(other)
            deserted = not self._waiting
        if deserted:
            self.cancel()

    @property
    def received(self) -> int:
        """Bytes that came from servers for this call so far."""
        return self._received

    def count(self, size: int) -> None:
        """Note that `size` bytes came, for this call and for the one that it is a part of."""
        with self._lock:
            self._received += size
        if isinstance(self.caller, Deadline) and self.caller is not self:
            self.caller.count(size)

    def left(self) -> float:
        """Return the seconds left, 0.0 when there are none."""
        return max(0.0, self._end - time.monotonic())

    def check(self, what: str = "") -> None:
        """Raise when the call has to stop.

        Parameters
        ----------
        what : str
            What was going on, for the message.

        Raises
        ------
        Cancelled
            The caller withdrew the request.
        DeadlineExceeded
            There is no time left.
        """
        during = f" while {what}" if what else ""
        if self._cancelled.is_set():
            raise Cancelled(f"the request was cancelled{during}")
        if self.left() <= 0.0:
            raise DeadlineExceeded(
                f"no answer within {self.seconds:g} s{during}",
                hint="ask for a shorter range, or allow more time with timeout=",
            )

    def wait(self, seconds: float, what: str = "waiting") -> None:
        """Sleep, but not past the end of time or a cancellation; those raise as in `check`."""
        self._cancelled.wait(min(max(0.0, seconds), self.left(), threading.TIMEOUT_MAX))
        self.check(what)

    def wait_for(self, event: threading.Event, what: str = "") -> None:
        """Wait until `event` is set; raises as `check` does.

        Raises
        ------
        Cancelled
            The caller withdrew the request.
        DeadlineExceeded
            The event was not set in time.
        """
        # an Event cannot wait for two things: a slice bounds how late a cancellation is noticed
        while not event.wait(min(self.left(), 0.05)):
            self.check(what)

    def cancel(self) -> None:
        """Withdraw the call: every wait ends, and open connections of the call are closed."""
        with self._lock:
            if self._cancelled.is_set():
                return
            self._cancelled.set()
            callbacks = list(self._callbacks.values())
            self._callbacks.clear()
        for callback in callbacks:
            callback()

    def on_cancel(self, callback: Callable[[], None]) -> Callable[[], None]:
        """Call `callback` at cancellation (at once if it was); returns what unregisters it."""
        with self._lock:
            if not self._cancelled.is_set():
                self._next_id += 1
                key = self._next_id
                self._callbacks[key] = callback

                def remove() -> None:
                    with self._lock:
                        self._callbacks.pop(key, None)

                return remove
        callback()
        return lambda: None
