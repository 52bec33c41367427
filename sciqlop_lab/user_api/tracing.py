"""Tracing: how long what took, as a file that Perfetto or Chrome's tracing shows.

``SCIQLOP_TRACE=path`` in the environment turns it on when this module is imported.
"""

from __future__ import annotations

import atexit
import functools
import json
import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

from speasy_core.errors import InvalidRequest

__all__ = [
    "async_begin", "async_end", "counter", "disable", "enable", "flush", "is_enabled", "session",
    "traced", "zone",
]  # fmt: skip

F = TypeVar("F", bound=Callable[..., Any])
_MOST = 1_000_000  # events that are kept before they are written
_lock = threading.Lock()
_events: list[dict[str, Any]] = []
_path: Path | None = None


def enable(path: str | os.PathLike[str]) -> None:
    """Begin to trace; the file is written by `flush`, `disable` and at the end of the process."""
    global _path
    target = Path(path).expanduser()
    if not target.parent.is_dir():
        raise InvalidRequest(f"there is no folder {target.parent} for a trace")
    with _lock:
        _events.clear()
        _path = target


def is_enabled() -> bool:
    """Say whether events are kept."""
    return _path is not None


def flush() -> None:
    """Write what was kept so far."""
    with _lock:
        if _path is None:
            return
        document = {"traceEvents": list(_events), "displayTimeUnit": "ms"}
        part = _path.with_name(f".{_path.name}.part")
        part.write_text(json.dumps(document, default=repr), encoding="utf-8")
        part.replace(_path)


def disable() -> None:
    """Write the trace and end it."""
    global _path
    flush()
    with _lock:
        _path = None
        _events.clear()


def _note(phase: str, name: str, at: int | None = None, **more: Any) -> None:
    event = {
        "ph": phase, "name": name, "ts": (time.perf_counter_ns() if at is None else at) / 1e3,
        "pid": os.getpid(), "tid": threading.get_ident(), **more,
    }  # fmt: skip
    with _lock:
        if _path is not None and len(_events) < _MOST:
            _events.append(event)


@contextmanager
def zone(name: str, cat: str = "user", **args: Any) -> Iterator[None]:
    """Measure what happens inside."""
    began = time.perf_counter_ns()
    try:
        yield
    finally:
        if is_enabled():
            took = (time.perf_counter_ns() - began) / 1e3
            _note("X", name, began, cat=cat, dur=took, args=args)


@contextmanager
def session(path: str | os.PathLike[str]) -> Iterator[None]:
    """Trace what happens inside, into a file."""
    enable(path)
    try:
        yield
    finally:
        disable()


def traced(name: Any = None) -> Any:
    """Measure every call of the function below."""

    def decorate(function: F) -> F:
        label = name if isinstance(name, str) else function.__qualname__

        @functools.wraps(function)
        def call(*args: Any, **kwargs: Any) -> Any:
            with zone(label):
                return function(*args, **kwargs)

        return call  # type: ignore[return-value]

    return decorate(name) if callable(name) else decorate


def counter(name: str, value: float | None = None, **values: float) -> None:
    """Note numbers that change."""
    shown = values if value is None else {**values, "value": value}
    _note("C", name, args=shown)


def async_begin(name: str, id: Any, cat: str = "user", **args: Any) -> None:
    """Note the begin of what may end in another thread."""
    _note("b", name, id=str(id), cat=cat, args=args)


def async_end(name: str, id: Any, cat: str = "user", **args: Any) -> None:
    """Note its end."""
    _note("e", name, id=str(id), cat=cat, args=args)


if os.environ.get("SCIQLOP_TRACE"):
    enable(os.environ["SCIQLOP_TRACE"])
atexit.register(flush)
