"""Work in a worker thread: its output and warnings kept, errors of user code told as its own."""

from __future__ import annotations

import io
import sys
import sysconfig
import threading
import traceback
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import Any, TextIO

from speasy_core.errors import ServerError, SpeasyError, VirtualProductError

__all__ = ["captured_output", "describe_error", "user_traceback"]

_MOST_OUTPUT = 10_000
_OURS = tuple(str(Path(__file__).parent.parent / name) for name in ("sciqlop_lab", "speasy_core"))
_LIBRARIES = tuple({sysconfig.get_path(name) for name in ("stdlib", "purelib", "platlib")})

_current: ContextVar[Captured | None] = ContextVar("sciqlop_captured", default=None)
_lock = threading.Lock()


class Captured:
    """What one call printed and warned.

    Attributes
    ----------
    warnings : list of Warning
    """

    def __init__(self) -> None:
        self.buffer = io.StringIO()
        self.warnings: list[Warning] = []

    @property
    def text(self) -> str:
        """What was printed."""
        return self.buffer.getvalue()


class _Router(io.TextIOBase):
    """Stands in for sys.stdout: text of a captured call goes to its buffer, the rest through."""

    def __init__(self, target: TextIO) -> None:
        self.target, self.users = target, 0

    def write(self, text: str) -> int:
        captured = _current.get()
        if captured is None:
            return self.target.write(text)
        if captured.buffer.tell() < _MOST_OUTPUT:
            captured.buffer.write(text)
        return len(text)

    def flush(self) -> None:
        if _current.get() is None:
            self.target.flush()

    def isatty(self) -> bool:
        return self.target.isatty()

    @property
    def encoding(self) -> str:  # type: ignore[override]
        return self.target.encoding


class _WarningRouter:
    """Stands in for warnings.showwarning in the same way."""

    def __init__(self, target: Any) -> None:
        self.target, self.users = target, 0

    def __call__(self, message: Any, *args: Any, **kwargs: Any) -> None:
        captured = _current.get()
        if captured is None:
            self.target(message, *args, **kwargs)
        else:
            captured.warnings.append(message)


def _install() -> list[Any]:
    """Put the routers in place, or count one more user of those that are."""
    streams: list[Any] = [sys.stdout, warnings.showwarning]
    kinds: list[Any] = [_Router, _WarningRouter]
    routers = [s if isinstance(s, k) else k(s) for s, k in zip(streams, kinds, strict=True)]
    sys.stdout, warnings.showwarning = routers
    for router in routers:
        router.users += 1
    return routers


def _remove(routers: list[Any]) -> None:
    out, warn = routers
    for router in routers:
        router.users -= 1
    # what somebody else has put in place meanwhile stays
    if out.users == 0:
        original: TextIO = out.target
        sys.stdout = original if sys.stdout is out else sys.stdout
    if warn.users == 0:
        ours = warnings.showwarning is warn
        warnings.showwarning = warn.target if ours else warnings.showwarning


@contextmanager
def captured_output() -> Iterator[Captured]:
    """Collect what this thread prints and warns; other threads are not touched."""
    with _lock:
        routers = _install()
    captured = Captured()
    token = _current.set(captured)
    try:
        yield captured
    finally:
        _current.reset(token)
        with _lock:
            _remove(routers)


def _of_user(filename: str) -> bool:
    return not filename.startswith(_OURS) and not filename.startswith(_LIBRARIES)


def user_traceback(error: BaseException) -> str:
    """Return the traceback of `error` with the frames of the user's own code alone."""
    lines: list[str] = []
    seen: set[int] = set()
    chain: list[BaseException] = []
    cause: BaseException | None = error
    while cause is not None and id(cause) not in seen:
        seen.add(id(cause))
        chain.append(cause)
        cause = cause.__cause__ or (None if cause.__suppress_context__ else cause.__context__)
    for one in reversed(chain):
        frames = traceback.extract_tb(one.__traceback__)
        own = [frame for frame in frames if _of_user(frame.filename)]
        if own:
            lines += ["Traceback (your code):\n", *traceback.format_list(own)]
        lines += traceback.format_exception_only(one)
    return "".join(lines).rstrip()


def describe_error(error: BaseException) -> dict[str, Any]:
    """Return the `error` field of an item: type, message, hint and, for user code, traceback."""
    while isinstance(error, VirtualProductError) and isinstance(
        error.__cause__, VirtualProductError
    ):
        error = error.__cause__
    cause = error.__cause__
    if isinstance(error, VirtualProductError):
        shown = cause if cause is not None and not isinstance(cause, SpeasyError) else error
        message = str(shown) or type(shown).__name__
        trace = user_traceback(cause) if cause is not None else None
        return {
            "type": type(shown).__name__,
            "message": message if shown is not error else error.message,
            "hint": error.hint,
            "traceback": trace,
        }
    if isinstance(error, SpeasyError):  # product and range are on the plot anyway
        url = error.url if isinstance(error, ServerError) else None
        fields = (("file", error.source), ("url", url), ("retry at", error.retry_at))
        places = [f"{name}: {value}" for name, value in fields if value]
        return {
            "type": type(error).__name__,
            "message": error.message + (f" [{'; '.join(places)}]" if places else ""),
            "hint": error.hint,
            "traceback": None,
        }
    return {
        "type": type(error).__name__,
        "message": str(error) or type(error).__name__,
        "hint": None,
        "traceback": user_traceback(error),
    }
