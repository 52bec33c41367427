"""Work in a worker thread: its output and warnings kept, errors of user code told as its own."""

from __future__ import annotations

import io
import sys
import sysconfig
import threading
import traceback
import warnings
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import Any, TextIO

from speasy_core import errors
from speasy_core.errors import ServerError, SpeasyError, VirtualProductError

__all__ = ["captured_output", "describe_error", "user_traceback"]

_MOST_OUTPUT = 10_000
_OURS = tuple(str(Path(__file__).parent.parent / name) for name in ("sciqlop_lab", "speasy_core"))
_LIBRARIES = tuple({sysconfig.get_path(name) for name in ("stdlib", "purelib", "platlib")})

_current: ContextVar[Captured | None] = ContextVar("sciqlop_captured", default=None)
_lock = threading.Lock()
_routers: deque[Any] = deque(maxlen=256)


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
    """Stands in for sys.stdout: text of a captured call goes to its buffer, the rest through.

    All else is the stream's own: a kernel tells it by `set_parent` which cell is printing, and a
    router that did not hand that on would put what a cell prints below an earlier one.
    """

    def __init__(self, target: TextIO) -> None:
        self.target, self.users = target, 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self.target, name)

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

    def close(self) -> None:
        """Leave the stream open: it is not ours, and Python closes what it lets go of."""

    def fileno(self) -> int:
        return self.target.fileno()

    def writable(self) -> bool:
        return True

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


def _router(stream: Any, kind: Any) -> Any:
    """Return the router in front of a stream, the same one each time.

    `print` holds its stream without a reference: a router that is taken away while another thread
    prints must not be freed.
    """
    if isinstance(stream, kind):
        return stream
    for known in _routers:
        if isinstance(known, kind) and known.target is stream:
            return known
    made = kind(stream)
    _routers.append(made)
    return made


def _install() -> list[Any]:
    """Put the routers in place, or count one more user of those that are."""
    routers: list[Any] = [_router(sys.stdout, _Router)]
    routers.append(_router(warnings.showwarning, _WarningRouter))
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


def _frame_text(frame: traceback.FrameSummary) -> str:
    """Return a frame as Python writes it, but a cell of a notebook under the number it shows."""
    text = traceback.format_list([frame])[0]
    shell = sys.modules.get("IPython")
    running = None if shell is None else shell.get_ipython()
    named = getattr(getattr(running, "compile", None), "format_code_name", None)
    cell = None if named is None else named(frame.filename)
    if cell is None or len(cell) != 2:
        return text
    return text.replace(f'File "{frame.filename}"', " ".join(cell), 1)


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
            lines += ["Traceback (your code):\n", *map(_frame_text, own)]
        lines += traceback.format_exception_only(one)
    return "".join(lines).rstrip()


# what a person reads above the message; the nearest class counts
_TITLES: dict[type[BaseException], str] = {
    errors.UnknownProduct: "Unknown product",
    errors.UnknownProvider: "Unknown archive",
    errors.MissingCredentials: "Login needed",
    errors.RequestTooLarge: "Too much data",
    errors.InvalidRequest: "Request refused",
    errors.ServerUnreachable: "No connection",
    errors.DeadlineExceeded: "Out of time",
    errors.HttpStatusError: "The server refused",
    errors.IncompleteBody: "The answer was cut",
    errors.UnexpectedContent: "Not the answer that was asked for",
    errors.ServerError: "Trouble with the server",
    errors.OfflineError: "Offline",
    errors.CorruptFile: "Damaged file",
    errors.UnsupportedFormat: "Unknown format",
    errors.VariableError: "Data that do not fit together",
    errors.VirtualProductError: "The function gave no data",
    errors.ConfigError: "Wrong setting",
    errors.Cancelled: "Cancelled",
    errors.SpeasyError: "No data",
}


def _title(error: BaseException) -> str:
    for kind in type(error).__mro__:
        if kind in _TITLES:
            return _TITLES[kind]
    return f"{type(error).__name__} in the function"


def describe_error(error: BaseException) -> dict[str, Any]:
    """Return the `error` field of an item: see :mod:`sciqlop_lab.protocol`.

    Examples
    --------
    >>> from speasy_core.errors import IncompleteBody
    >>> shown = describe_error(IncompleteBody("5 of 9 bytes arrived"))
    >>> shown["title"], shown["message"], shown["hint"]
    ('The answer was cut', '5 of 9 bytes arrived', 'the connection broke off: ask again')
    """
    while isinstance(error, VirtualProductError) and isinstance(
        error.__cause__, VirtualProductError
    ):
        error = error.__cause__
    cause = error.__cause__
    if (elsewhere := getattr(cause, "shown", None)) is not None:  # it happened in another process
        return dict(elsewhere)
    if isinstance(error, VirtualProductError):
        shown = cause if cause is not None and not isinstance(cause, SpeasyError) else error
        message = str(shown) or type(shown).__name__
        trace = user_traceback(cause) if cause is not None else None
        if trace is not None and error.range is not None:
            trace += f"\nIt was asked for {error.range}"
        return {
            "type": type(shown).__name__,
            "title": _title(shown),
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
            "title": _title(error),
            "message": error.message + (f" [{'; '.join(places)}]" if places else ""),
            "hint": error.hint,
            "traceback": None,
        }
    return {
        "type": type(error).__name__,
        "title": _title(error),
        "message": str(error) or type(error).__name__,
        "hint": None,
        "traceback": user_traceback(error),
    }
