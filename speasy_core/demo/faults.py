"""Make the local archive misbehave on purpose, the ways real servers do."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

__all__ = ["Fault", "Faults"]


@dataclass(eq=False)
class Fault:
    """One way to misbehave; several may be combined.

    Parameters
    ----------
    match : str
        Regular expression searched in the path; the empty one matches every request.
    times : int or None
        How many requests it spoils; None for all.
    delay : float
        Seconds before the first byte of the answer.
    status : int or None
        Answer this status with an error page.
    retry_after : str or None
        Value of the ``Retry-After`` header that goes with `status`.
    html : bool
        Answer 200 with an HTML page, whatever was asked for.
    empty : bool
        Answer 200 with no body.
    reset : bool
        Close the connection without an answer.
    cut : int or None
        Send this many bytes of the body, then close; ``Content-Length`` tells the whole length.
    cut_silently : bool
        With `cut`: send no ``Content-Length``, so that nothing tells that bytes are missing.
    stall : float
        With `cut`: keep the connection open for this many seconds before closing it.
    redirect : str or None
        Answer 302 to this URL.
    encoding : str or None
        Declare this ``Content-Encoding`` although the body is plain.
    """

    match: str = ""
    times: int | None = None
    delay: float = 0.0
    status: int | None = None
    retry_after: str | None = None
    html: bool = False
    empty: bool = False
    reset: bool = False
    cut: int | None = None
    cut_silently: bool = False
    stall: float = 0.0
    redirect: str | None = None
    encoding: str | None = None


class Faults:
    """The faults that are on.

    Examples
    --------
    >>> faults = Faults()
    >>> with faults.on(status=503, retry_after="1", match="/data/", times=1):
    ...     faults.pick("/cdaweb/data/x").status, faults.pick("/cdaweb/data/x")
    (503, None)
    """

    def __init__(self) -> None:
        self._faults: list[Fault] = []
        self._lock = threading.Lock()

    def add(self, **options: object) -> Fault:
        """Switch a fault on; options as for :class:`Fault`."""
        fault = Fault(**options)  # type: ignore[arg-type]
        with self._lock:
            self._faults.append(fault)
        return fault

    def remove(self, fault: Fault) -> None:
        """Switch one fault off."""
        with self._lock:
            self._faults = [f for f in self._faults if f is not fault]

    def clear(self) -> None:
        """Behave again."""
        with self._lock:
            self._faults.clear()

    @contextmanager
    def on(self, **options: object) -> Iterator[Fault]:
        """Switch a fault on for the length of a ``with`` block."""
        fault = self.add(**options)
        try:
            yield fault
        finally:
            self.remove(fault)

    def pick(self, path: str) -> Fault | None:
        """Return the first fault that spoils a request for `path`, and count it."""
        with self._lock:
            for fault in self._faults:
                if fault.times == 0 or not re.search(fault.match, path):
                    continue
                if fault.times is not None:
                    fault.times -= 1
                return fault
        return None
