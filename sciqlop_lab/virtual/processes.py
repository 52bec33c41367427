"""Functions in a process of their own: heavy Python there never makes the kernel wait.

A child is started when the first call needs one, kept for the next, killed when its call is
cancelled or takes too long, and replaced.
"""

from __future__ import annotations

import atexit
import os
import subprocess
import sys
import threading
import warnings
from collections.abc import Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from speasy_core.errors import SpeasyWarning, VirtualProductError
from speasy_core.http import Deadline
from speasy_core.inputs import Computation, Input
from speasy_core.timerange import TimeRange
from speasy_core.variable import SpeasyVariable

from .sending import pack
from .wires import read_message, read_variable, write_message

if TYPE_CHECKING:
    from .product import VirtualProduct

__all__ = ["Children", "run_apart"]

_MOST_IDLE = 2


class _Child:
    """One process that waits for calls."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self.environ = dict(environ)
        self._process = subprocess.Popen(
            [sys.executable, "-m", "sciqlop_lab.virtual.child"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, **environ},
        )

    def ask(self, content: dict[str, Any], code: bytes) -> tuple[dict[str, Any], list[bytes]]:
        """Send a call and wait for its answer; EOFError or OSError when the child dies."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        write_message(self._process.stdin, content, [code])
        return read_message(self._process.stdout)

    def kill(self) -> None:
        """End what it does; whoever waits for its answer gets an EOFError."""
        self._process.kill()

    @property
    def pid(self) -> int:
        return self._process.pid

    def end(self) -> int:
        """Kill it and return how it ended."""
        self._process.kill()
        code = self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                with suppress(OSError):  # what is unsent is of no use
                    pipe.close()
        return code


class Children:
    """The children that wait for work."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._idle: list[_Child] = []

    def take(self, environ: Mapping[str, str]) -> _Child:
        """Return an idle child with these settings, or a new one."""
        with self._lock:
            for child in self._idle:
                if child.environ == dict(environ):
                    self._idle.remove(child)
                    return child
        return _Child(environ)

    def put_back(self, child: _Child) -> None:
        """Keep a child for the next call."""
        with self._lock:
            self._idle.append(child)
            over = self._idle[:-_MOST_IDLE]
            del self._idle[:-_MOST_IDLE]
        for old in over:
            old.end()

    def close(self) -> None:
        """End all that are idle."""
        with self._lock:
            idle, self._idle = self._idle, []
        for child in idle:
            child.end()


CHILDREN = Children()
atexit.register(CHILDREN.close)


def run_apart(
    product: VirtualProduct,
    span: TimeRange,
    values: Mapping[str, Any],
    told: Mapping[str, int],
    deadline: Deadline | None,
    work: Computation,
) -> SpeasyVariable:
    """Return what a product's function gives, called in another process.

    Raises
    ------
    VirtualProductError
        The function failed there, or the process was killed.
    Cancelled
        By the caller; the process is killed.
    """
    settings = getattr(product.session, "settings", None)
    environ: Mapping[str, str] = {} if settings is None else settings.to_env()
    code = pack(product.function, product.__name__)
    child = CHILDREN.take(environ)
    content = {
        "path": product.path, "range": [span.start_ns, span.stop_ns], "knobs": dict(values),
        "told": dict(told), "options": product.options_apart(), "sys_path": sys.path,
    }  # fmt: skip
    forget = deadline.on_cancel(child.kill) if deadline is not None else None
    try:
        answer, parts = child.ask(content, code)
    except (EOFError, OSError, ValueError) as error:
        status = child.end()
        if deadline is not None:
            deadline.check(f"computing {product.__name__}")
        raise VirtualProductError(
            f"the process that ran {product.__name__} ended ({_how(status)})",
            hint="it may have used too much memory; the next call starts another process",
        ) from error
    finally:
        if forget is not None:
            forget()
    CHILDREN.put_back(child)
    return _taken(product, answer, parts, work)


def _how(status: int) -> str:
    return f"signal {-status}" if status < 0 else f"exit status {status}"


def _taken(
    product: VirtualProduct, answer: Mapping[str, Any], parts: list[bytes], work: Computation
) -> SpeasyVariable:
    """Take in what a child says, as if it had happened here."""
    if answer["printed"]:
        sys.stdout.write(answer["printed"])
    for text in answer["warned"]:
        warnings.warn(text, SpeasyWarning, stacklevel=2)
    work.add(
        Input(key, None if span is None else TimeRange.from_ns(*span), version, samples)
        for key, span, version, samples in answer["inputs"]
    )
    if answer["ok"]:
        return read_variable(answer, parts)
    error = VirtualProductError(answer["message"], hint=answer["shown"]["hint"])
    if answer["own"]:
        raise error
    raise error from FailedThereError(answer["shown"])


class FailedThereError(Exception):
    """An error of the function in its own process.

    Attributes
    ----------
    shown : dict
        Type, title, message, hint and traceback, as `describe_error` gave them there.
    """

    def __init__(self, shown: dict[str, Any]) -> None:
        super().__init__(shown["message"])
        self.shown = shown
