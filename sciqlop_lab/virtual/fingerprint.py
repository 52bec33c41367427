"""What a function's result depends on besides its arguments, as a short text.

Its code; its defaults; what it closes over; and, of the globals that it names, functions with all
of this in turn, constants, arrays, and the version or the text of modules. What cannot be told
apart from what it was a moment ago (an open file, an object of a foreign class) is refused.
"""

from __future__ import annotations

import abc
import builtins
import enum
import functools
import hashlib
import inspect
import logging
import re
import sys
import sysconfig
import threading
import types
import typing
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from datetime import date, timedelta
from pathlib import Path, PurePath
from typing import Any

import numpy as np

from speasy_core.product import ProductRef
from speasy_core.session import Session
from speasy_core.timerange import TimeRange
from speasy_core.variable import SpeasyVariable

from .bytecode import Uses, attribute_is_written, uses_of

__all__ = ["NoFingerprint", "fingerprint"]

_LIBRARIES = tuple(
    {sysconfig.get_path(name) for name in ("stdlib", "platstdlib", "purelib", "platlib")}
)
_OURS = ("speasy_core", "sciqlop_lab")
_PLAIN = (type(None), bool, int, float, complex, str, bytes, date, timedelta, PurePath, ProductRef,
          TimeRange, np.dtype, slice, range, type(Ellipsis))  # fmt: skip
_OF_EVERY_CLASS = frozenset({"_abc_impl"})
_DEEPEST = 60
_STATELESS = (object, abc.ABC, typing.Generic, typing.Protocol)
_SLOT = (types.MemberDescriptorType, types.GetSetDescriptorType)
_LOCKS = (type(threading.Lock()), type(threading.RLock()))
# names of what brings in data that nothing tells the version of
_OUTSIDE = frozenset({
    "environ", "fromfile", "genfromtxt", "getenv", "loadtxt", "open", "open_dataarray",
    "open_dataset", "read_bytes", "read_csv", "read_file", "read_parquet", "read_text", "urlopen",
})  # fmt: skip


class NoFingerprint(Exception):
    """Something that a function uses has no fingerprint; the text names it."""


class _Reader:
    """Feeds everything that a value is made of to one hash.

    Parameters
    ----------
    uses : list of Uses
        Of all code that is known to run; what is found is added.
    """

    def __init__(self, uses: list[Uses]) -> None:
        self._hash = hashlib.blake2b(digest_size=16)
        self._uses = uses
        self.ignored: list[tuple[str, Any]] = []
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
        if _is_plain_object(type(value)):
            self._instance(value, what)
            return
        raise NoFingerprint(f"{what} is a {type(value).__qualname__}")

    # -- code -------------------------------------------------------------------------------
    def _function(self, value: types.FunctionType, what: str) -> None:
        if not _runs_users_code(value):
            self.put(value.__module__, value.__qualname__, _version(value.__module__))
            return
        uses = uses_of(value.__code__)
        if uses.any_name:
            raise NoFingerprint(f"{value.__name__} uses {uses.any_name}(), which may read anything")
        outside = sorted(_OUTSIDE & {*uses.names, *uses.attributes})
        if outside:
            raise NoFingerprint(f"{value.__name__} uses {outside[0]}: what it reads may change")
        self._uses.append(uses)
        self._code(value.__code__)
        self.take(value.__defaults__, f"a default of {value.__name__}")
        self.take(value.__kwdefaults__, f"a default of {value.__name__}")
        for name, held in _names(value, uses):
            self.put(name)
            if uses.only_writes(name, held):
                continue
            if isinstance(held, types.ModuleType):
                self._parts(held, uses.words, name, [])
            self.take(held, name)

    def _parts(
        self, module: types.ModuleType, words: frozenset[str], what: str, within: list[Any]
    ) -> None:
        """Take what code uses of a module of the user: it can be changed there, or loaded anew."""
        if not _is_users_module(module.__name__) or any(module is one for one in within):
            return
        for name in sorted(words & vars(module).keys()):
            held = vars(module)[name]
            self.put(name)
            if isinstance(held, types.ModuleType):
                self._parts(held, words, f"{what}.{name}", [*within, module])
            elif not (name.startswith("__") and name.endswith("__")):
                self.take(held, f"{what}.{name}")

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
        for base in value.__mro__:
            self.put(base.__module__, base.__qualname__)
            if not _is_of_user(base):
                self.put(_version(base.__module__))
            elif issubclass(base, enum.Enum):
                self.put(*(f"{member.name}={member.value!r}" for member in base))
                self._members(base, what, functions_alone=True)
            else:
                self._members(base, what, functions_alone=False)

    def _members(self, owner: type, what: str, functions_alone: bool) -> None:
        for name in sorted(vars(owner)):
            item = vars(owner)[name]
            item = getattr(item, "fget", None) or getattr(item, "func", item)
            item = inspect.unwrap(getattr(item, "__func__", item))
            function = isinstance(item, types.FunctionType)
            hidden = name.startswith("__") or name in _OF_EVERY_CLASS
            if hidden and "__dataclass_fields__" in vars(owner) and _is_generated(item):
                continue  # made of the fields
            if not function and (hidden or functions_alone or isinstance(item, _SLOT)):
                continue
            self.put(name)
            self.take(item, f"{what}.{name}")

    def _module(self, value: types.ModuleType, what: str) -> None:
        self.put(value.__name__, _version(value.__name__))

    def _instance(self, value: Any, what: str) -> None:
        self.take(type(value), what)
        for name, held in _attributes(value):
            self.put(name)
            if attribute_is_written(self._uses, name, held):
                self.ignored.append((name, held))
            else:
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

    def _own(self, value: Any, what: str) -> None:
        """Take what the user's own class adds to a list, a dict or an array."""
        if _is_of_user(type(value)):
            self._instance(value, what)

    def _sequence(self, value: Any, what: str) -> None:
        self._own(value, what)
        self.put(len(value))
        for item in value:
            self.take(item, what)

    def _set(self, value: Any, what: str) -> None:
        self._own(value, what)
        parts = []
        for item in value:
            alone = _Reader(self._uses)
            alone.take(item, what)
            parts.append(alone.digest())
        self.put(*sorted(parts))

    def _mapping(self, value: Mapping[Any, Any], what: str) -> None:
        self._own(value, what)
        self.put(len(value))
        for key, item in list(value.items()):
            self.take(key, what)
            self.take(item, f"{what}[{key!r:.40}]")

    def _enum(self, value: enum.Enum, what: str) -> None:
        self.put(type(value).__module__, type(value).__qualname__, value.name, repr(value.value))

    def _pattern(self, value: re.Pattern[Any], what: str) -> None:
        self.put(repr(value.pattern), value.flags)

    def _namespace(self, value: types.SimpleNamespace, what: str) -> None:
        self.take(vars(value), what)

    def _wrapped(self, value: Any, what: str) -> None:
        self.take(value.__wrapped__, what)

    def _nothing(self, value: Any, what: str) -> None:
        """Add nothing: what a session gives is noted when it is asked, and a log gives nothing."""


_READERS: list[tuple[Any, Callable[[_Reader, Any, str], None]]] = [
    (enum.Enum, _Reader._enum),
    ((np.ndarray, np.generic), _Reader._array),
    (SpeasyVariable, _Reader._variable),
    ((Session, logging.Logger, *_LOCKS), _Reader._nothing),
    (types.SimpleNamespace, _Reader._namespace),
    (functools._lru_cache_wrapper, _Reader._wrapped),
    (re.Pattern, _Reader._pattern),
    ((list, tuple, deque), _Reader._sequence),
    ((set, frozenset), _Reader._set),
    (Mapping, _Reader._mapping),
    (types.FunctionType, _Reader._function),
    (functools.partial, _Reader._partial),
    (types.MethodType, _Reader._method),
    ((types.BuiltinFunctionType, np.ufunc, types.MethodWrapperType), _Reader._builtin),
    (type, _Reader._class),
    (types.ModuleType, _Reader._module),
]


def _names(function: types.FunctionType, uses: Uses) -> Iterator[tuple[str, Any]]:
    """Yield what a function closes over and the globals that it names."""
    for name, cell in zip(function.__code__.co_freevars, function.__closure__ or (), strict=True):
        try:
            yield name, cell.cell_contents
        except ValueError:  # not given a value yet
            continue
    for name in uses.names:
        if name in function.__globals__:
            yield name, function.__globals__[name]
        elif not hasattr(builtins, name):
            yield name, None


def _attributes(value: Any) -> list[tuple[str, Any]]:
    """Return what an object holds, in its dict and in slots."""
    found = list(getattr(value, "__dict__", {}).items())
    for base in type(value).__mro__:
        slots = vars(base).get("__slots__", ())
        for name in (slots,) if isinstance(slots, str) else slots:
            if name.startswith("__") and not name.endswith("__"):
                name = f"_{base.__name__.lstrip('_')}{name}"
            if name not in ("__dict__", "__weakref__") and hasattr(value, name):
                found.append((name, getattr(value, name)))
    return found


def _is_generated(item: Any) -> bool:
    return isinstance(item, types.FunctionType) and item.__code__.co_filename == "<string>"


def _is_plain_object(kind: type) -> bool:
    """Whether all that an object of the class is shows in its attributes."""
    return all(_is_of_user(base) or base in _STATELESS for base in kind.__mro__) and (
        not issubclass(kind, type)
    )


def _file(module: str) -> str:
    return str(getattr(sys.modules.get(module), "__file__", None) or "")


def _is_of_user(what: Any) -> bool:
    """Whether code is the user's own, rather than of an installed library."""
    return _is_users_module(str(getattr(what, "__module__", "") or ""))


def _runs_users_code(function: types.FunctionType) -> bool:
    # not by `__module__`, which wraps() takes from what is wrapped
    return _is_users_module(str(function.__globals__.get("__name__") or ""))


def _is_users_module(module: str) -> bool:
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


def fingerprint(function: Callable[..., Any]) -> str:
    """Return a text that changes when what `function` computes may change.

    Parameters
    ----------
    function : callable

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
    uses: list[Uses] = []
    while True:
        reader = _Reader(uses)
        reader.take(function, getattr(function, "__name__", "the function"))
        # code that was found later may read what was left out
        if all(attribute_is_written(uses, *one) for one in reader.ignored):
            return reader.digest()
