"""SciQLop's way of making virtual products."""

from __future__ import annotations

import enum
from collections.abc import Callable, Sequence
from typing import Any

from sciqlop_lab import virtual
from sciqlop_lab.virtual import MultiComponent, Scalar, Spectrogram, Vector
from speasy_core.errors import InvalidRequest

__all__ = [
    "MultiComponent",
    "Scalar",
    "Spectrogram",
    "Vector",
    "VirtualMultiComponent",
    "VirtualProduct",
    "VirtualProductType",
    "VirtualScalar",
    "VirtualSpectrogram",
    "VirtualVector",
    "create_virtual_product",
]

VirtualProduct = virtual.VirtualProduct


class VirtualProductType(enum.Enum):
    """What a virtual product returns."""

    Vector = 0
    Scalar = 1
    MultiComponent = 2
    Spectrogram = 3


def create_virtual_product(
    path: str,
    callback: Callable[..., Any],
    product_type: VirtualProductType | str | None = None,
    labels: Sequence[str] | None = None,
    debug: bool = False,
    cachable: bool = False,
    knobs_model: Any = None,
    knobs_kwarg_name: str = "knobs",
    *,
    cacheable: bool | None = None,
    **options: Any,
) -> VirtualProduct:
    """Make a product of `callback`; see :func:`sciqlop_lab.virtual.create`.

    Parameters
    ----------
    path : str
        Its place in the tree.
    callback : callable
        ``f(start, stop)``.
    product_type : VirtualProductType or str, optional
        By default what the function's annotation says, or what it returns.
    labels : sequence of str, optional
        One for a scalar, three for a vector, any number (but some) for several components.
    debug : bool
        Warn of what a test run finds odd; that is done anyway.
    cachable, cacheable : bool
        Keep results until code, knobs or inputs change.
    knobs_model, knobs_kwarg_name
        A Pydantic model of the knobs, and the parameter that takes it.
    **options
        The other options of :func:`sciqlop_lab.virtual.create`: ``locality``, ``margin``,
        ``process``, ``timeout``, ``unit``, ``test``, ``session``.

    Raises
    ------
    InvalidRequest
        The labels do not fit the type.
    VirtualProductError
        The test run showed what is wrong with the function.

    Examples
    --------
    >>> def ramp(start: float, stop: float):
    ...     return [start, stop - 1], [0.0, 1.0]
    >>> create_virtual_product("mine/ramp", ramp, VirtualProductType.Scalar, labels=["r"])
    <VirtualProduct vp/mine/ramp>
    """
    kind = _kind(product_type)
    if kind == "multicomponent" and not labels:
        raise InvalidRequest("a MultiComponent product needs the labels of its components")
    return virtual.virtual_product(
        path,
        product_type=kind,
        labels=None if kind == "spectrogram" else labels,
        cachable=cachable if cacheable is None else cacheable,
        knobs_model=knobs_model,
        knobs_kwarg_name=knobs_kwarg_name,
        **options,
    )(callback)


def _kind(product_type: VirtualProductType | str | None) -> str | None:
    if product_type is None:
        return None
    if isinstance(product_type, str):
        return product_type.lower()
    return VirtualProductType(product_type).name.lower()


def VirtualScalar(
    path: str, callback: Callable[..., Any], label: str, **options: Any
) -> VirtualProduct:
    """Make a product with one component."""
    return create_virtual_product(path, callback, VirtualProductType.Scalar, [label], **options)


def VirtualVector(
    path: str, callback: Callable[..., Any], labels: Sequence[str], **options: Any
) -> VirtualProduct:
    """Make a product with three components."""
    return create_virtual_product(path, callback, VirtualProductType.Vector, labels, **options)


def VirtualMultiComponent(
    path: str, callback: Callable[..., Any], labels: Sequence[str], **options: Any
) -> VirtualProduct:
    """Make a product with any number of components."""
    kind = VirtualProductType.MultiComponent
    return create_virtual_product(path, callback, kind, labels, **options)


def VirtualSpectrogram(path: str, callback: Callable[..., Any], **options: Any) -> VirtualProduct:
    """Make a spectrogram."""
    return create_virtual_product(path, callback, VirtualProductType.Spectrogram, **options)
