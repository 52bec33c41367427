"""Stopping a function: between what it asks for, and in the middle of a loop.

An asynchronous exception ends a loop of Python within milliseconds; a call into C ends first. It
is raised only while the thread is in the user's own code: in ours it might leave a lock taken.
"""

from __future__ import annotations

import ctypes
import threading
from collections.abc import Callable
from contextvars import copy_context
from typing import TypeVar

from speasy_core.errors import Cancelled, DeadlineExceeded, VirtualProductError
from speasy_core.http import Deadline
from speasy_core.inputs import Computation

__all__ = ["LimitPassed", "StopFunction", "bounded", "stoppable"]

T = TypeVar("T")
_GRACE = 0.3  # seconds that a function past its limit has to end by itself
_raise_in = ctypes.pythonapi.PyThreadState_SetAsyncExc


class StopFunction(BaseException):
    """Ends a function whose answer nobody wants; not an error that it should handle."""


class LimitPassed(VirtualProductError):
    """A function took longer than it may."""


class _Guard:
    """Raises StopFunction in one thread, while that is allowed."""

    def __init__(self) -> None:
        self._thread = threading.get_ident()
        self._lock = threading.Lock()
        self._held = 0
        self._over = False
        self._sent = False

    def stop(self) -> None:
        """Stop the function, if it runs its own code now."""
        with self._lock:
            if not self._held and not self._over and not self._sent:
                self._sent = True
                _raise_in(ctypes.c_ulong(self._thread), ctypes.py_object(StopFunction))

    def hold(self) -> None:
        with self._lock:
            self._held += 1
            self._recall()

    def release(self) -> None:
        with self._lock:
            self._held -= 1

    def _recall(self) -> None:
        """Take back what was sent and has not arrived; the caller checks the deadline itself."""
        if self._sent and threading.get_ident() == self._thread:
            _raise_in(ctypes.c_ulong(self._thread), None)
            self._sent = False

    def leave(self) -> None:
        """Let nothing arrive any more."""
        while True:
            try:
                with self._lock:
                    self._over = True
                    self._recall()
            except StopFunction:  # it arrived here, at the last moment
                continue
            return


def stoppable(work: Computation, deadline: Deadline | None, name: str, call: Callable[[], T]) -> T:
    """Return what `call` does, and end it when its deadline is cancelled.

    Raises
    ------
    Cancelled
        It was.
    """
    if deadline is None:
        return call()
    guard = work.guard = _Guard()
    forget = _nothing
    try:
        # not a context manager: the exception may come between any two steps until `leave` is done
        try:
            forget = deadline.on_cancel(guard.stop)
            return call()
        finally:
            guard.leave()
    except StopFunction:
        raise Cancelled(f"{name} was stopped") from None
    finally:
        forget()


def _nothing() -> None:
    """Forget nothing."""


def bounded(work: Callable[[Deadline], T], deadline: Deadline, limit: float, name: str) -> T:
    """Run `work` in a thread of its own, and wait no longer than `limit` seconds for it.

    Parameters
    ----------
    work : callable
        Is given the deadline that it has to keep.
    deadline : Deadline
        Of the caller. After a cancellation this waits until `work` has ended: a function that
        does not notice must not run any number of times at once.
    limit : float
    name : str
        For messages.

    Raises
    ------
    LimitPassed
        It took longer.
    DeadlineExceeded
        The caller's own limit came first.
    Cancelled
        The caller withdrew.
    """
    own = Deadline(limit, within=deadline)
    done = threading.Event()
    results: list[T] = []
    errors: list[BaseException] = []

    def run() -> None:
        try:
            results.append(work(own))
        except BaseException as error:  # noqa: BLE001 - raised where it is waited for
            errors.append(error)
        finally:
            done.set()

    context = copy_context()
    thread = threading.Thread(target=context.run, args=(run,), name=f"vp {name}", daemon=True)
    try:
        thread.start()
        own.wait_for(done, f"computing {name}")
    except DeadlineExceeded:
        of_caller = deadline.left() <= 0
        own.cancel()
        done.wait(_GRACE)
        if of_caller:
            raise
        raise LimitPassed(
            f"{name} took longer than its limit of {limit:g} s, and was stopped",
            hint="ask for a shorter range, make it faster, or allow more with timeout=",
        ) from None
    except Cancelled:
        done.wait(own.left())
        raise
    except BaseException:  # Ctrl-C: nobody waits any more
        own.cancel()
        done.wait(_GRACE)
        raise
    if errors:
        raise errors[0]
    return results[0]
