"""What a function's result depends on besides its arguments, as a short text.

Its code; its defaults; what it closes over; and, of the globals that it names, functions with all
of this in turn, constants, arrays, and the version or the text of modules. What cannot be told
apart from what it was a moment ago (an open file, an object of a foreign class) is refused.
"""

from __future__ import annotations

import builtins
import dis
import enum
import functools
import hashlib
import inspect
import logging
import re
import sys
import sysconfig
import types
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from datetime import date, timedelta
from pathlib import Path, PurePath
from typing import Any

import numpy as np

from speasy_core.product import ProductRef
from speasy_core.session import Session
from speasy_core.timerange import TimeRange
from speasy_core.variable import SpeasyVariable

__all__ = ["NoFingerprint", "fingerprint", "states"]

_LIBRARIES = tuple(
    {sysconfig.get_path(name) for name in ("stdlib", "platstdlib", "purelib", "platlib")}
)
_OURS = ("speasy_core", "sciqlop_lab")
_PLAIN = (type(None), bool, int, float, complex, str, bytes, date, timedelta, PurePath, ProductRef,
          TimeRange, np.dtype, slice, range, type(Ellipsis))  # fmt: skip
_OF_EVERY_CLASS = frozenset({"__module__", "__doc__", "__firstlineno__", "__qualname__"})
_DEEPEST = 60
_WRITERS = frozenset({"append", "extend", "insert", "add", "update", "setdefault", "appendleft"})
_LARGE = 1_000_000  # bytes of an array that nobody counts with


class NoFingerprint(Exception):
    """Something that a function uses has no fingerprint; the text names it."""


class _Reader:
    """Feeds everything that a value is made of to one hash."""

    def __init__(self, ignored: frozenset[str] = frozenset()) -> None:
        self._hash = hashlib.blake2b(digest_size=16)
        self._ignored = ignored
        self._seen: dict[int, int] = {}
        self._alive: list[Any] = []
        self._depth = 0

    def digest(self) -> str:
        return self._hash.hexdigest()

    def put(self, *words: Any) -> None:
        for word in words:
            raw = word if isinstance(word, bytes) else str(word).encode("utf-8", "surrogatepass")
            self._hash.update(len(raw).to_bytes(8, "little") + raw)

    def take(self, value: Any, what: str) -> None:
        if isinstance(value, _PLAIN):
            self.put(type(value).__qualname__, repr(value))
            return
        if id(value) in self._seen:  # also what holds itself
            self.put("seen", self._seen[id(value)])
            return
        self._seen[id(value)] = len(self._seen)
        self._alive.append(value)  # or its id might be given to another
        self._depth += 1
        if self._depth > _DEEPEST:
            raise NoFingerprint(f"{what} is nested too deeply")
        self._take(value, what)
        self._depth -= 1

    def _take(self, value: Any, what: str) -> None:
        self.put(type(value).__qualname__)
        for kinds, read in _READERS:
            if isinstance(value, kinds):
                read(self, value, what)
                return
        if isinstance(getattr(value, "ref", None), ProductRef) and hasattr(value, "function"):
            self.take(value.function, what)  # a virtual product that is called as a function
            return
        if callable(value) and not isinstance(value, type) and _is_of_user(type(value)):
            self._instance(value, what)
            return
        raise NoFingerprint(f"{what} is a {type(value).__qualname__}")

    # -- code -------------------------------------------------------------------------------
    def _function(self, value: types.FunctionType, what: str) -> None:
        if not _is_of_user(value):
            self.put(value.__module__, value.__qualname__, _version(value.__module__))
            return
        self._code(value.__code__)
        self.take(value.__defaults__, f"a default of {value.__name__}")
        self.take(value.__kwdefaults__, f"a default of {value.__name__}")
        written = _written_by(value.__code__)
        for name, held in _names(value):
            self.put(name)
            if name not in written and f"{value.__qualname__}:{name}" not in self._ignored:
                self.take(held, name)

    def _code(self, code: types.CodeType) -> None:
        self.put(code.co_code, *code.co_names, *code.co_varnames, code.co_flags)
        for constant in code.co_consts:
            if isinstance(constant, types.CodeType):
                self._code(constant)
            else:
                self.put(type(constant).__qualname__, repr(constant) if not isinstance(
                    constant, frozenset) else sorted(map(repr, constant)))  # fmt: skip

    def _partial(self, value: functools.partial[Any], what: str) -> None:
        for part in (value.func, value.args, value.keywords):
            self.take(part, what)

    def _method(self, value: types.MethodType, what: str) -> None:
        self.take(value.__func__, what)
        self.take(value.__self__, f"the object of {what}")

    def _builtin(self, value: Any, what: str) -> None:
        owner = getattr(value, "__self__", None)
        if owner is not None and not isinstance(owner, (types.ModuleType, type)):
            self.take(owner, f"the object of {what}")
        self.put(getattr(value, "__module__", ""), getattr(value, "__qualname__", repr(value)))

    def _class(self, value: type, what: str) -> None:
        self.put(value.__module__, value.__qualname__)
        if not _is_of_user(value):
            self.put(_version(value.__module__))
            return
        for name in sorted(vars(value)):
            item = vars(value)[name]
            item = inspect.unwrap(getattr(item, "fget", None) or getattr(item, "__func__", item))
            if isinstance(item, (types.FunctionType, *_PLAIN)) and name not in _OF_EVERY_CLASS:
                self.put(name)
                self.take(item, f"{what}.{name}")

    def _module(self, value: types.ModuleType, what: str) -> None:
        self.put(value.__name__, _version(value.__name__))

    def _instance(self, value: Any, what: str) -> None:
        self.take(type(value), what)
        for name, held in getattr(value, "__dict__", {}).items():
            self.put(name)
            if f"{type(value).__qualname__}:{name}" not in self._ignored:
                self.take(held, f"{what}.{name}")

    # -- data -------------------------------------------------------------------------------
    def _array(self, value: Any, what: str) -> None:
        array = np.asarray(value)
        if array.dtype.hasobject:
            self.take(array.tolist(), what)
            return
        self.put(array.dtype.str, array.shape, np.ascontiguousarray(array).tobytes())

    def _variable(self, value: SpeasyVariable, what: str) -> None:
        self.put(value.name, value.unit, value.columns)
        for array in (value.time_ns, value.values, *(axis.values for axis in value.axes)):
            self._array(array, what)

    def _sequence(self, value: Any, what: str) -> None:
        self.put(len(value))
        for item in value:
            self.take(item, what)

    def _set(self, value: Any, what: str) -> None:
        parts = []
        for item in value:
            alone = _Reader(self._ignored)
            alone.take(item, what)
            parts.append(alone.digest())
        self.put(*sorted(parts))

    def _mapping(self, value: Mapping[Any, Any], what: str) -> None:
        self.put(len(value))
        for key, item in value.items():
            self.take(key, what)
            self.take(item, f"{what}[{key!r:.40}]")

    def _enum(self, value: enum.Enum, what: str) -> None:
        self.put(type(value).__module__, type(value).__qualname__, value.name, repr(value.value))

    def _pattern(self, value: re.Pattern[Any], what: str) -> None:
        self.put(repr(value.pattern), value.flags)

    def _nothing(self, value: Any, what: str) -> None:
        """Add nothing: what a session gives is noted when it is asked, and a log gives nothing."""


_READERS: list[tuple[Any, Callable[[_Reader, Any, str], None]]] = [
    (enum.Enum, _Reader._enum),
    ((np.ndarray, np.generic), _Reader._array),
    (SpeasyVariable, _Reader._variable),
    ((Session, logging.Logger), _Reader._nothing),
    (re.Pattern, _Reader._pattern),
    ((list, tuple), _Reader._sequence),
    ((set, frozenset), _Reader._set),
    (Mapping, _Reader._mapping),
    (types.FunctionType, _Reader._function),
    (functools.partial, _Reader._partial),
    (types.MethodType, _Reader._method),
    ((types.BuiltinFunctionType, np.ufunc, types.MethodWrapperType), _Reader._builtin),
    (type, _Reader._class),
    (types.ModuleType, _Reader._module),
]


def _names(function: types.FunctionType) -> Iterator[tuple[str, Any]]:
    """Yield what a function closes over and the globals that it names."""
    for name, cell in zip(function.__code__.co_freevars, function.__closure__ or (), strict=True):
        try:
            yield name, cell.cell_contents
        except ValueError:  # not given a value yet
            continue
    for name in sorted(set(_globals_of(function.__code__))):
        if name in function.__globals__:
            yield name, function.__globals__[name]
        elif not hasattr(builtins, name):
            yield name, None


def _globals_of(code: types.CodeType) -> Iterator[str]:
    """Yield the names of globals that a code uses, those inside of it too."""
    for step in dis.get_instructions(code):
        if step.opname in ("LOAD_GLOBAL", "LOAD_NAME"):
            yield str(step.argval)
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            yield from _globals_of(constant)


def _written_by(code: types.CodeType) -> set[str]:
    """Return names that a code gives new values, or whose lists and sets it adds to.

    What a function notes for others is no input of it.
    """
    found: set[str] = set()
    last = None
    for step in dis.get_instructions(code):
        if step.opname in ("STORE_GLOBAL", "STORE_DEREF"):
            found.add(str(step.argval))
        elif step.opname in ("LOAD_ATTR", "LOAD_METHOD") and step.argval in _WRITERS and last:
            found.add(last)
        loads = step.opname in ("LOAD_GLOBAL", "LOAD_DEREF", "LOAD_NAME")
        last = str(step.argval) if loads else None
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            found |= _written_by(constant)
    return found


def _file(module: str) -> str:
    return str(getattr(sys.modules.get(module), "__file__", None) or "")


def _is_of_user(what: Any) -> bool:
    """Whether code is the user's own, rather than of an installed library."""
    module = str(getattr(what, "__module__", "") or "")
    if module.partition(".")[0] in (*_OURS, "builtins"):
        return False
    return not _file(module).startswith(_LIBRARIES)


@functools.lru_cache(maxsize=4096)
def _text(file: str, changed: float) -> str:
    return hashlib.blake2b(Path(file).read_bytes(), digest_size=16).hexdigest()


def _version(module: str) -> str:
    """Return what changes when a module does: its version, or the text of the user's own."""
    root = sys.modules.get(module.partition(".")[0])
    version = getattr(root, "__version__", None)
    if isinstance(version, str):
        return version
    file = _file(module)
    if not file or file.startswith(_LIBRARIES):
        return sys.version
    try:
        return _text(file, Path(file).stat().st_mtime)
    except OSError:
        return file


def states(function: Callable[..., Any]) -> dict[str, str]:
    """Return a digest of each value that a function and those below it hold, by its name.

    What differs after a call was written by the function: a count of its calls, a log. That is
    no input of it.
    """
    found: dict[str, str] = {}
    _collect(function, found, set())
    return found


def _collect(value: Any, found: dict[str, str], seen: set[int]) -> None:
    value = getattr(value, "func", value) if isinstance(value, functools.partial) else value
    value = getattr(value, "__func__", value)
    if id(value) in seen or not _is_of_user(value if isinstance(value, type) else type(value)
                                            if not isinstance(value, types.FunctionType)
                                            else value):  # fmt: skip
        return
    seen.add(id(value))
    if isinstance(value, types.FunctionType):
        held = list(_names(value))
    elif callable(value) and not isinstance(value, type):
        held = list(getattr(value, "__dict__", {}).items())
    else:
        return
    owner = (
        value.__qualname__ if isinstance(value, types.FunctionType) else type(value).__qualname__
    )
    for name, item in held:
        if callable(item):
            _collect(item, found, seen)
        elif not isinstance(item, types.ModuleType) and getattr(item, "nbytes", 0) < _LARGE:
            reader = _Reader()
            with suppress(NoFingerprint):
                reader.take(item, name)
                found[f"{owner}:{name}"] = reader.digest()


def fingerprint(function: Callable[..., Any], ignored: frozenset[str] = frozenset()) -> str:
    """Return a text that changes when what `function` computes may change.

    Parameters
    ----------
    function : callable
    ignored : set of str
        Names of `states` that do not count.

    Raises
    ------
    NoFingerprint
        It uses something that has none; the text says what.

    Examples
    --------
    >>> def scaled(factor):
    ...     return lambda start, stop: ([start], [factor])
    >>> two = fingerprint(scaled(2))  # doctest: +SKIP
    >>> two == fingerprint(scaled(2)), two == fingerprint(scaled(3))  # doctest: +SKIP
    (True, False)
    """
    reader = _Reader(ignored)
    reader.take(function, getattr(function, "__name__", "the function"))
    return reader.digest()
