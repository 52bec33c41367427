"""Virtual products: a plain function of a time range that is a product like any other."""

from __future__ import annotations

import itertools
import threading
import weakref
from collections.abc import Callable, Sequence
from typing import Any, overload

from speasy_core.errors import InvalidRequest, VirtualProductError
from speasy_core.product import ProductRef
from speasy_core.timerange import TimeRange

from .adapt import Kind, argument_form, to_variable

__all__ = ["VirtualProduct", "create", "find", "of_function", "subscribe", "virtual_product"]

PROVIDER = "vp"
Function = Callable[..., Any]

_lock = threading.Lock()
_products: dict[str, VirtualProduct] = {}
_listeners: weakref.WeakSet[Any] = weakref.WeakSet()


class VirtualProduct:
    """A function that takes part as a product; the function itself stays callable.

    Made by :func:`virtual_product` or :func:`create`.

    Attributes
    ----------
    ref : ProductRef
        ``vp/path``; what `get_data` and `panel.plot` take.
    function : callable
        The user's function.
    """

    def __init__(
        self,
        path: str,
        function: Function,
        *,
        kind: Kind = "auto",
        labels: Sequence[str] | None = None,
        unit: str = "",
    ) -> None:
        path = path.replace("//", "/").strip("/ ")
        if not path:
            raise InvalidRequest(
                "a virtual product needs a path",
                hint='for example @virtual_product("mine/b_total")',
            )
        if not callable(function):
            raise InvalidRequest(f"virtual product {path!r}: {function!r:.60} is not a function")
        self.ref = ProductRef(PROVIDER, path)
        self.function = function
        self.kind: Kind = kind
        self.labels = None if labels is None else [str(label) for label in labels]
        self.unit = unit
        self._arguments = argument_form(function, path)
        self.__name__ = getattr(function, "__name__", path)
        self.__doc__ = getattr(function, "__doc__", None)

    @property
    def path(self) -> str:
        """The path below the provider ``vp``."""
        return self.ref.path

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Call the function itself."""
        return self.function(*args, **kwargs)

    def __repr__(self) -> str:
        return f"<VirtualProduct {self.ref}>"

    def compute(self, asked: TimeRange) -> Any:
        """Call the function with exactly `asked` and return a SpeasyVariable.

        Raises
        ------
        VirtualProductError
            The function raised (the error is its cause), or returned what is not data.
        """
        start, stop = self._arguments(asked)
        try:
            value = self.function(start, stop)
        except (Exception, SystemExit) as error:  # sys.exit() must not end a worker thread
            raise VirtualProductError(
                f"{self.__name__} raised {type(error).__name__}: {error}",
                product=str(self.ref),
                range=asked,
            ) from error
        try:
            return to_variable(
                value, name=self.__name__, kind=self.kind, labels=self.labels, unit=self.unit
            )
        except VirtualProductError as error:
            raise error.locate(product=str(self.ref), range=asked) from error.__cause__


def attach(product: VirtualProduct, session: Any = None) -> None:
    """Make `product` known to a session, so that its `get_data` and tree have it."""
    if session is None:
        from speasy_core.session import default_session

        session = default_session()
    session.providers[PROVIDER].register(
        product.path,
        product.compute,
        kind={"auto": "unknown", "image": "spectrogram"}.get(product.kind, product.kind),
        unit=product.unit,
        title=(product.__doc__ or "").strip().partition("\n")[0],
        columns=product.labels,
    )


def create(
    path: str,
    function: Function,
    *,
    kind: Kind = "auto",
    labels: Sequence[str] | None = None,
    unit: str = "",
    session: Any = None,
) -> VirtualProduct:
    """Register `function` as the product ``vp/<path>``, in place of one of that path.

    Parameters
    ----------
    path : str
        Where it stands in the tree; folders are separated by ``/``.
    function : callable
        ``f(start, stop)``. Both arguments annotated `datetime` (UTC), `numpy.datetime64` (ns) or
        `float`; without annotation they are floats, seconds since 1970 UTC. It is called with
        exactly the range that is asked for. It returns a SpeasyVariable, an xarray DataArray,
        ``(time, values)``, a spectrogram ``(time, channels, values)``, or None for no data; time
        is ``datetime64`` or float seconds since 1970.
    kind : {"auto", "scalar", "vector", "multicomponent", "spectrogram"}
        What it returns.
    labels : sequence of str, optional
        Names of the components.
    unit : str
        Where the returned value does not say.
    session : Session, optional
        By default the session of ``speasy_core.get_data``.

    Returns
    -------
    VirtualProduct

    Examples
    --------
    >>> def ramp(start: float, stop: float):
    ...     t = np.linspace(start, stop, 100)
    ...     return t, t - start
    >>> create("tests/ramp", ramp, unit="s")  # doctest: +SKIP
    <VirtualProduct vp/tests/ramp>
    """
    product = VirtualProduct(path, function, kind=kind, labels=labels, unit=unit)
    with _lock:
        _products[product.path] = product
    attach(product, session)
    with _lock:
        listeners = list(_listeners)
    for listener in listeners:
        listener.product_changed(str(product.ref))
    return product


@overload
def virtual_product(path: Function, /) -> VirtualProduct: ...
@overload
def virtual_product(
    path: str | None = None,
    *,
    product_type: Any = "auto",
    labels: Sequence[str] | None = None,
    unit: str = "",
    session: Any = None,
) -> Callable[[Function], VirtualProduct]: ...
def virtual_product(
    path: Any = None,
    *,
    product_type: Any = "auto",
    labels: Sequence[str] | None = None,
    unit: str = "",
    session: Any = None,
) -> Any:
    """Make a product of the function below; see :func:`create` for what it may take and return.

    Parameters
    ----------
    path : str, optional
        Its place in the tree; the function's name when left out (also as bare decorator).
    product_type : str
        ``scalar``, ``vector``, ``multicomponent``, ``spectrogram``; found out when left out.
    labels, unit, session
        As in :func:`create`.

    Examples
    --------
    >>> @virtual_product("mine/b_total", unit="nT")  # doctest: +SKIP
    ... def b_total(start, stop):
    ...     b = spz.get_data("cda/AC_H0_MFI/BGSEc", start, stop)
    ...     return np.linalg.norm(b, axis=1)
    """
    if callable(path):
        return create(path.__name__, path, session=session)

    def decorate(function: Function) -> VirtualProduct:
        where = path or function.__name__
        kind = str(getattr(product_type, "name", product_type)).lower()
        return create(where, function, kind=kind, labels=labels, unit=unit, session=session)  # type: ignore[arg-type]

    return decorate


def of_function(function: Function, *, session: Any = None) -> VirtualProduct:
    """Return the product of a function that was given none: ``vp/<its name>``.

    A function that was written anew takes the place of the one of its name, as when a cell runs
    again. Closures of one definition, lambdas and other callables stand beside each other.
    """
    name = getattr(function, "__qualname__", type(function).__name__)
    name = name.replace("<locals>.", "").replace("<lambda>", "lambda")
    for number in itertools.count(1):
        path = name if number == 1 else f"{name}-{number}"
        known = find(path)
        if known is not None and known.function is function:
            return known
        if known is None or _rewritten(known.function, function):
            return create(path, function, session=session)
    raise AssertionError("there is always a next number")


def _rewritten(old: Function, new: Function) -> bool:
    code = getattr(new, "__code__", None)
    named = getattr(new, "__name__", "") != "<lambda>"
    return code is not None and named and getattr(old, "__code__", None) is not code


def find(path: str) -> VirtualProduct | None:
    """Return the product of that path below ``vp``, or None."""
    with _lock:
        return _products.get(path)


def subscribe(listener: Any) -> None:
    """Call ``listener.product_changed("vp/...")`` whenever a product is defined again.

    The listener is held weakly.
    """
    with _lock:
        _listeners.add(listener)
