"""The virtual products of this process: defined, found, defined again."""

from __future__ import annotations

import itertools
import threading
import weakref
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol, overload

from sciqlop_lab.adapt import Kind
from speasy_core.errors import InvalidRequest
from speasy_core.http import Deadline
from speasy_core.product import ProductRef
from speasy_core.timerange import TimeRange
from speasy_core.variable import SpeasyVariable

from .guard import bounded
from .product import PROVIDER, Function, VirtualProduct
from .trial import check_definition

__all__ = ["attach", "create", "find", "of_function", "products", "subscribe", "virtual_product"]


class Listener(Protocol):
    """What hears of products that are defined again: a panel."""

    def product_changed(self, product: str) -> None:
        """Draw anew what shows it."""


_lock = threading.Lock()
_products: dict[str, VirtualProduct] = {}
_listeners: list[weakref.ref[Any]] = []


class _Answers:
    """A product as its provider calls it."""

    def __init__(self, product: VirtualProduct) -> None:
        self._product = product
        self.options = frozenset(spec.name for spec in product.knobs)
        self.__name__, self.__doc__ = product.__name__, product.__doc__
        self.__module__ = getattr(product.function, "__module__", "") or ""
        self.__qualname__ = getattr(product.function, "__qualname__", product.__name__)

    def __call__(self, asked: TimeRange) -> SpeasyVariable:
        return self._product.compute(asked)

    def answer(
        self, range: TimeRange, *, deadline: Deadline, options: Mapping[str, Any]
    ) -> SpeasyVariable:
        """Return the samples, within the limit of the caller and of the product."""
        product = self._product

        def call(own: Deadline) -> SpeasyVariable:
            return product.compute(range, knobs=options, deadline=own)

        return bounded(call, deadline, product.limit, product.__name__)


def attach(product: VirtualProduct, session: Any = None) -> None:
    """Make `product` known to a session, so that its `get_data` and tree have it."""
    session = _default(session)
    product.attached(session, find)
    session.providers[PROVIDER].register(
        product.path,
        _Answers(product),
        kind={"auto": "unknown", "image": "spectrogram"}.get(product.kind, product.kind),
        unit=product.unit,
        title=(product.__doc__ or "").strip().partition("\n")[0],
        columns=product.labels,
    )


def _default(session: Any) -> Any:
    if session is not None:
        return session
    from speasy_core.session import default_session

    return default_session()


def create(
    path: str,
    function: Function,
    *,
    kind: Kind | None = None,
    labels: Sequence[str] | None = None,
    unit: str = "",
    locality: str = "range",
    margin: Any = None,
    cachable: bool = False,
    process: bool = False,
    timeout: float | None = None,
    test: Any = False,
    session: Any = None,
    **knobs_from: Any,
) -> VirtualProduct:
    """Register `function` as the product ``vp/<path>``, in place of one of that path.

    Parameters
    ----------
    path : str
        Where it stands in the tree; folders are separated by ``/``.
    function : callable
        ``f(start, stop)``. Both arguments annotated `datetime` (UTC), `numpy.datetime64` (ns) or
        `float`; without annotation they are floats, seconds since 1970 UTC. It returns a
        SpeasyVariable, an xarray DataArray, ``(time, values)``, a spectrogram ``(time, channels,
        values)``, an array on the times of what it asked for, or None for no data; time is
        ``datetime64`` or float seconds since 1970. Further parameters with defaults are knobs,
        see :mod:`sciqlop_lab.virtual.knobs`; one that is named ``pixels`` or ``max_points`` is
        told how much is worth computing.
    kind : {"auto", "scalar", "vector", "multicomponent", "spectrogram"}
        What it returns; by default what its annotation says: ``-> Vector["x", "y", "z"]``.
    labels : sequence of str, optional
        Names of the components.
    unit : str
        Where the returned value does not say.
    locality : {"range", "pointwise"}
        By default the function is called with exactly the range that is asked for, since its
        answer may depend on the whole of it (a median, a filter). "pointwise" says that each
        sample depends on its own time alone, so that a range may be computed in pieces.
    margin : str, timedelta or seconds, optional
        In place of "pointwise": each sample depends on what lies so far around it, ``"10min"``.
        The function is asked for as much more on either side, and its answer is cut.
    cachable : bool
        Keep what it computes until its code, its knobs or what it was computed from change.
    process : bool
        Run it in a process of its own, so that it never makes the kernel wait.
    timeout : float, optional
        Seconds that one call may take, wherever it is made. Without it a panel gives 60, and
        `get_data` what its own ``timeout=`` leaves.
    test : bool or range
        Whether the function is called once now, to see that it gives data and that its locality
        is as declared: over a given range, or over one that is found (see `trial`).
    session : Session, optional
        By default the session of ``speasy_core.get_data``.
    **knobs_from
        ``knobs_model``, a Pydantic model whose fields are the knobs, given to the function as
        the parameter that ``knobs_kwarg_name`` names.

    Returns
    -------
    VirtualProduct

    Raises
    ------
    InvalidRequest
        The function cannot be called with a range, or an option does not make sense.
    VirtualProductError
        The test showed what is wrong; a product of that path stays as it was.

    Examples
    --------
    >>> def ramp(start: float, stop: float):
    ...     t = np.linspace(start, stop, 100)
    ...     return t, t - start
    >>> create("tests/ramp", ramp, unit="s")  # doctest: +SKIP
    <VirtualProduct vp/tests/ramp>
    """
    product = VirtualProduct(
        path, function, kind=kind, labels=labels, unit=unit, locality=locality, margin=margin,
        cachable=cachable, process=process, timeout=timeout, **knobs_from,
    )  # fmt: skip
    product.attached(_default(session), find)
    if test is not False and test is not None:
        check_definition(product, None if test is True else test, _shown_range())
    put(product, session)
    return product


def put(product: VirtualProduct, session: Any = None) -> None:
    """Make a product the one of its path, and tell who shows that."""
    with _lock:
        _products[product.path] = product
    attach(product, session)
    for listener in _live():
        listener.product_changed(str(product.ref))


def _live() -> list[Any]:
    """Return the listeners that are left, the newest last."""
    with _lock:
        _listeners[:] = [ref for ref in _listeners if ref() is not None]
        return [one for ref in _listeners if (one := ref()) is not None]


def _shown_range() -> TimeRange | None:
    """Return the range of the panel that was made last."""
    spans = [getattr(listener, "time_range", None) for listener in _live()]
    return next((span for span in reversed(spans) if isinstance(span, TimeRange)), None)


@overload
def virtual_product(path: Function, /) -> VirtualProduct: ...
@overload
def virtual_product(
    path: str | None = None,
    *,
    product_type: Any = None,
    labels: Sequence[str] | None = None,
    unit: str = "",
    test: Any = True,
    session: Any = None,
    **options: Any,
) -> Callable[[Function], VirtualProduct]: ...
def virtual_product(
    path: Any = None,
    *,
    product_type: Any = None,
    labels: Sequence[str] | None = None,
    unit: str = "",
    test: Any = True,
    session: Any = None,
    cacheable: bool | None = None,
    **options: Any,
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
    test : bool or range
        As in :func:`create`; here the function is tested unless this is False.
    cacheable : bool, optional
        Another spelling of `cachable`.
    **options
        The other options of :func:`create`.

    Examples
    --------
    >>> @virtual_product("mine/b_total", unit="nT")  # doctest: +SKIP
    ... def b_total(start, stop):
    ...     b = spz.get_data("cda/AC_H0_MFI/BGSEc", start, stop)
    ...     return np.linalg.norm(b, axis=1)
    """
    if cacheable is not None:
        options["cachable"] = cacheable
    if callable(path):
        return create(path.__name__, path, test=test, session=session)
    kind = None if product_type is None else _kind_name(product_type)

    def decorate(function: Function) -> VirtualProduct:
        return create(
            path or function.__name__, function, kind=kind, labels=labels, unit=unit, test=test,
            session=session, **options,
        )  # fmt: skip

    return decorate


def _kind_name(product_type: Any) -> Any:
    name = getattr(product_type, "kind", getattr(product_type, "name", product_type))
    if not isinstance(name, str):
        raise InvalidRequest(f"product_type={product_type!r:.60} is no type of a product")
    return name.lower()


def of_function(function: Function, *, session: Any = None, pairs: bool = False) -> VirtualProduct:
    """Return the product of a function that was given none: ``vp/<its name>``.

    A function that was written anew takes the place of the one of its name, as when a cell runs
    again. Closures of one definition, lambdas and other callables stand beside each other.
    """
    name = getattr(function, "__qualname__", type(function).__name__)
    name = name.replace("<locals>.", "").replace("<lambda>", "lambda")
    for number in itertools.count(1):
        path = name if number == 1 else f"{name}-{number}"
        known = find(path)
        if known is not None and known.function is function and known.pairs == pairs:
            return known
        if known is None or _rewritten(known.function, function):
            return create(path, function, session=session, pairs=pairs)
    raise AssertionError("there is always a next number")


def _rewritten(old: Function, new: Function) -> bool:
    code = getattr(new, "__code__", None)
    named = getattr(new, "__name__", "") != "<lambda>"
    return code is not None and named and getattr(old, "__code__", None) is not code


def find(path: str) -> VirtualProduct | None:
    """Return the product of that path below ``vp``, or None."""
    with _lock:
        return _products.get(path)


def products() -> list[VirtualProduct]:
    """Return all of them, in the order of their definition."""
    with _lock:
        return list(_products.values())


def remove(product: str | ProductRef | VirtualProduct) -> None:
    """Take a product out of the tree."""
    path = product if isinstance(product, str) else ProductRef.parse(product).path
    with _lock:
        gone = _products.pop(path.removeprefix(f"{PROVIDER}/"), None)
    if gone is not None:
        _default(gone.session).providers[PROVIDER].unregister(gone.path)


def subscribe(listener: Listener) -> None:
    """Call ``listener.product_changed("vp/...")`` whenever a product is defined again.

    The listener is held weakly.
    """
    with _lock:
        _listeners.append(weakref.ref(listener))
