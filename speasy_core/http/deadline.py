"""One limit of time for a whole call, which is also the token that cancels it."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable

from speasy_core.errors import Cancelled, DeadlineExceeded

__all__ = ["Deadline"]


class Deadline:
    """The time that a whole call may take, handed down to every part of it.

    The clock is monotonic, so a change of the system's time moves nothing. Thread-safe.

    Parameters
    ----------
    seconds : float
        Time from now; ``math.inf`` for no limit.

    Examples
    --------
    >>> d = Deadline(60.0)
    >>> 59.0 < d.left() <= 60.0
    True
    >>> d.cancel()
    >>> d.cancelled
    True
    """

    def __init__(self, seconds: float) -> None:
        if math.isnan(seconds):
            raise ValueError("a deadline needs a number of seconds, not NaN")
        self.seconds = max(0.0, float(seconds))
        self._end = time.monotonic() + self.seconds
        self._cancelled = threading.Event()
        self._lock = threading.Lock()
        self._callbacks: dict[int, Callable[[], None]] = {}
        self._next_id = 0

    def __repr__(self) -> str:
        state = "cancelled" if self.cancelled else f"{self.left():.3f} s left"
        return f"<Deadline {self.seconds:g} s, {state}>"

    @property
    def cancelled(self) -> bool:
        """Whether `cancel` was called."""
        return self._cancelled.is_set()

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
