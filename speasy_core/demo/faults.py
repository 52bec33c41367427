"""Make the local archive misbehave on purpose, the ways real servers do."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

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
    skip : int
        How many requests pass before the first that is spoilt.
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
    body : bytes or None
        Answer with these bytes; with `status`, they are its page.
    content_type : str or None
        Say that the body is of this type.
    change : callable or None
        Turns the true body into another one; what was compressed is sent plain.
    headers : mapping of str to str
        Sent besides the others, or in their place.
    reset : bool
        Close the connection without an answer; with `cut`, in the middle of the body.
    cut : int or None
        Send this many bytes of the body, then close; ``Content-Length`` tells the whole length.
    cut_silently : bool
        With `cut`: send no ``Content-Length``, so that nothing tells that bytes are missing.
    stall : float
        With `cut`: keep the connection open for this many seconds before closing it.
    lie : int
        ``Content-Length`` is wrong by this many bytes.
    chunked : bool
        Send the body in chunks; with `cut`, without the chunk that ends it.
    bad_chunk : bool
        With `chunked`: the second chunk's size is no number.
    drip : float
        Seconds between pieces of 64 bytes of the body.
    slow_headers : float
        Seconds before each header.
    endless : bool
        Send the body again and again, without a length.
    redirect : str or None
        Answer 302 to this URL.
    encoding : str or None
        Declare this ``Content-Encoding`` although the body is plain.
    """

    match: str = ""
    times: int | None = None
    skip: int = 0
    delay: float = 0.0
    status: int | None = None
    retry_after: str | None = None
    html: bool = False
    empty: bool = False
    body: bytes | None = None
    content_type: str | None = None
    change: Callable[[bytes], bytes] | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    reset: bool = False
    cut: int | None = None
    cut_silently: bool = False
    stall: float = 0.0
    lie: int = 0
    chunked: bool = False
    bad_chunk: bool = False
    drip: float = 0.0
    slow_headers: float = 0.0
    endless: bool = False
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

    @contextmanager
    def off(self) -> Iterator[None]:
        """Behave for the length of a ``with`` block, and misbehave as before after it."""
        with self._lock:
            kept, self._faults = self._faults, []
        try:
            yield
        finally:
            with self._lock:
                self._faults = kept + self._faults

    def pick(self, path: str) -> Fault | None:
        """Return the first fault that spoils a request for `path`, and count it."""
        with self._lock:
            for fault in self._faults:
                if fault.times == 0 or not re.search(fault.match, path):
                    continue
                if fault.skip:
                    fault.skip -= 1
                    continue
                if fault.times is not None:
                    fault.times -= 1
                return fault
        return None
