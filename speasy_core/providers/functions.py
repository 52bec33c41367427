"""Python functions as products: the provider ``vp``.

What a function is and how it is called is the business of whoever registers it; here it is a
callable of a time range that gives a variable. Nothing of it is kept here: a function belongs to
one process, and its answer may depend on the whole range.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

from speasy_core import inputs
from speasy_core.config import Settings
from speasy_core.errors import (
    Cancelled,
    InvalidRequest,
    UnknownProduct,
    VirtualProductError,
)
from speasy_core.http import Deadline, HttpClient
from speasy_core.product import Kind, ProductInfo, ProductRef
from speasy_core.provider import Fetched, InventoryUpdate
from speasy_core.timerange import TimeRange
from speasy_core.variable import SpeasyVariable

from ._common import trim

__all__ = ["FunctionProvider", "Knowing", "ProductFunction"]

ProductFunction = Callable[[TimeRange], SpeasyVariable]
Listener = Callable[[str], None]


@runtime_checkable
class Knowing(Protocol):
    """What a registered function may have besides being called: options, and a limit of time."""

    options: frozenset[str]

    def answer(
        self, range: TimeRange, *, deadline: Deadline, options: Mapping[str, Any]
    ) -> SpeasyVariable:
        """Return the samples; it notes by itself what it computes from, see `inputs`."""
        ...


@dataclass(frozen=True, slots=True)
class _Entry:
    function: ProductFunction
    info: ProductInfo


class FunctionProvider:
    """The registry of virtual products; product ids are ``vp/PATH``. Thread-safe.

    Parameters
    ----------
    settings, http : optional
        As every provider takes them; neither is used.

    Examples
    --------
    >>> provider = FunctionProvider()
    >>> def ramp(range):
    ...     return SpeasyVariable([range.start], [1.0], unit="nT")
    >>> ref = provider.register("demo/ramp", ramp, kind="scalar", unit="nT")
    >>> answer = provider.fetch(ref, TimeRange("2020-01-01", "2020-01-02"), deadline=Deadline(1))
    >>> str(ref), answer.variable.name
    ('vp/demo/ramp', 'ramp')
    """

    name = "vp"
    title = "Virtual products"
    max_request_ns: int | None = None
    options: frozenset[str] = frozenset()
    cachable = False
    live = True  # the inventory is this process's own and changes at any moment
    source = ""

    def __init__(self, settings: Settings | None = None, http: HttpClient | None = None) -> None:
        self._lock = threading.Lock()
        self._entries: dict[str, _Entry] = {}
        self._listeners: list[Listener] = []
        self._changes = 0

    def register(
        self,
        path: str,
        function: ProductFunction,
        *,
        kind: Kind,
        title: str = "",
        unit: str = "",
        columns: Sequence[str] | None = None,
        replace: bool = True,
    ) -> ProductRef:
        """Make a function a product; it is in the tree at once.

        Parameters
        ----------
        path : str
            Folders and name with ``/`` between, for example ``"magnetopause/b_rotated"``.
        function : callable
            Takes a TimeRange, returns a SpeasyVariable. One that is `Knowing` takes options.
        kind : {"scalar", "vector", "multicomponent", "spectrogram"}
            What it returns.
        title, unit : str
            For people; by default the first line of the function's docstring.
        columns : sequence of str, optional
            Names of the components.
        replace : bool
            Whether it may take the place of a function registered before.

        Returns
        -------
        ProductRef
            What `get_data` takes.

        Raises
        ------
        InvalidRequest
            Not a path, not a function, or taken and `replace` is False.
        """
        path = _checked_path(path)
        if not callable(function):
            raise InvalidRequest(f"{function!r:.80} is not a function", product=f"vp/{path}")
        doc = next(iter((getattr(function, "__doc__", None) or "").strip().splitlines()), "")
        where = ".".join(
            str(getattr(function, key, "")) for key in ("__module__", "__qualname__")
        ).strip(".")
        meta: dict[str, Any] = {"function": where or type(function).__name__}
        if columns is not None:
            meta["columns"] = [str(column) for column in columns]
        ref = ProductRef(self.name, path)
        info = ProductInfo(tuple(path.split("/")), ref, kind, title or doc, unit, meta=meta)
        with self._lock:
            if not replace and path in self._entries:
                raise InvalidRequest(
                    f"there is a virtual product {path!r} already", hint="use replace=True"
                )
            self._entries[path] = _Entry(function, info)
            self._changes += 1
        self._tell(path)
        return ref

    def unregister(self, path: str) -> None:
        """Remove a function.

        Raises
        ------
        UnknownProduct
            There is none of that path.
        """
        with self._lock:
            if self._entries.pop(path.strip("/"), None) is None:
                raise self._unknown(path)
            self._changes += 1
        self._tell(path.strip("/"))

    def subscribe(self, callback: Listener) -> Callable[[], None]:
        """Call `callback(path)` after each change of the registry; returns what ends that."""
        with self._lock:
            self._listeners.append(callback)

        def end() -> None:
            with self._lock:
                if callback in self._listeners:
                    self._listeners.remove(callback)

        return end

    def inventory(self, *, deadline: Deadline, since: str | None = None) -> InventoryUpdate | None:
        """Return the registered functions, or None when nothing changed since `since`."""
        with self._lock:
            if since == str(self._changes):
                return None
            records = [entry.info for entry in self._entries.values()]
            return InventoryUpdate(str(self._changes), records)

    def options_of(self, ref: ProductRef) -> frozenset[str]:
        """Return the options that a product takes."""
        with self._lock:
            entry = self._entries.get(ref.path.strip("/"))
        function = None if entry is None else entry.function
        return function.options if isinstance(function, Knowing) else self.options

    def fetch(
        self,
        ref: ProductRef,
        range: TimeRange,
        *,
        deadline: Deadline,
        since: str | None = None,
        options: Mapping[str, Any] | None = None,
    ) -> Fetched:
        """Call the function with exactly `range`, and cut its answer to it.

        Raises
        ------
        UnknownProduct
            No function of that path.
        VirtualProductError
            The function failed (`cause` is its exception), asks for itself, or returned something
            else than a variable.
        Cancelled, DeadlineExceeded
            The caller's limit, before the function is called.
        """
        path = ref.path.strip("/")
        inputs.refuse_circle(f"{self.name}/{path}")
        with self._lock:
            entry = self._entries.get(path)
            if entry is None:
                raise self._unknown(path)
        deadline.check(f"calling {ref}")
        variable = _call(entry.function, ref, range, deadline, options or {})
        return Fetched(
            trim(_named(variable, ref), range), None, f"{ref} = {entry.info.meta['function']}"
        )

    def _unknown(self, path: str) -> UnknownProduct:
        known = ", ".join(list(self._entries)[:8])
        return UnknownProduct(
            f"there is no virtual product {path!r}",
            product=f"vp/{path}",
            hint=f"registered: {known}" if known else "none is registered in this process",
        )

    def _tell(self, path: str) -> None:
        with self._lock:
            listeners = list(self._listeners)
        for listener in listeners:
            listener(path)


def _checked_path(path: str) -> str:
    text = path.strip("/") if isinstance(path, str) else ""
    if not text or not all(part.strip() for part in text.split("/")):
        raise InvalidRequest(
            f"{path!r:.80} is not a path", hint="write 'name' or 'folder/name', no part empty"
        )
    return text


def _call(
    function: ProductFunction,
    ref: ProductRef,
    range: TimeRange,
    deadline: Deadline,
    options: Mapping[str, Any],
) -> SpeasyVariable:
    if isinstance(function, Knowing):
        return function.answer(range, deadline=deadline, options=options)
    with inputs.computing(str(ref), deadline):
        answer = _plain(function, ref, range)
    # of what a plain function computes nothing is known
    inputs.note(str(ref), range, answer, None)
    return answer


def _plain(function: ProductFunction, ref: ProductRef, range: TimeRange) -> SpeasyVariable:
    try:
        answer = function(range)
    except (Cancelled, VirtualProductError):  # the second names the function that failed
        raise
    except (Exception, SystemExit) as error:
        text = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
        raise VirtualProductError(
            f"the function of {ref} failed: {text}", product=str(ref), range=range
        ) from error
    if not isinstance(answer, SpeasyVariable):
        raise VirtualProductError(
            f"the function of {ref} returned {type(answer).__name__}, not a SpeasyVariable",
            product=str(ref),
            range=range,
        )
    return answer


def _named(variable: SpeasyVariable, ref: ProductRef) -> SpeasyVariable:
    return variable if variable.name else variable.copy(name=ref.path.rpartition("/")[2])
