"""SciQLop's way of making virtual products."""

from __future__ import annotations

import enum
from collections.abc import Callable, Sequence
from typing import Any

from sciqlop_lab import virtual
from speasy_core.errors import InvalidRequest

__all__ = [
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


_LABELS = {VirtualProductType.Scalar: 1, VirtualProductType.Vector: 3}


def create_virtual_product(
    path: str,
    callback: Callable[..., Any],
    product_type: VirtualProductType,
    labels: Sequence[str] | None = None,
    debug: bool = False,
    cachable: bool = False,
    cacheable: bool | None = None,
) -> VirtualProduct:
    """Make a product of `callback`; see :func:`sciqlop_lab.virtual.create`.

    Parameters
    ----------
    path : str
        Its place in the tree.
    callback : callable
        ``f(start, stop)``.
    product_type : VirtualProductType
    labels : sequence of str, optional
        One for a scalar, three for a vector, any number (but some) for several components.
    debug, cachable, cacheable : bool
        Taken for the sake of notebooks that give them. Results are not cached: the function is
        called with exactly the visible range.

    Raises
    ------
    InvalidRequest
        The labels do not fit the type.
    """
    kind = VirtualProductType(product_type)
    count = 0 if labels is None else len(labels)
    if labels is not None and count != _LABELS.get(kind, count):
        raise InvalidRequest(f"a {kind.name} has {_LABELS[kind]} labels, not {count}")
    if kind is VirtualProductType.MultiComponent and not count:
        raise InvalidRequest("a MultiComponent product needs the labels of its components")
    return virtual.create(
        path,
        callback,
        kind=kind.name.lower(),  # type: ignore[arg-type]
        labels=None if kind is VirtualProductType.Spectrogram else labels,
    )


def VirtualScalar(path: str, callback: Callable[..., Any], label: str) -> VirtualProduct:
    """Make a product with one component."""
    return create_virtual_product(path, callback, VirtualProductType.Scalar, [label])


def VirtualVector(path: str, callback: Callable[..., Any], labels: Sequence[str]) -> VirtualProduct:
    """Make a product with three components."""
    return create_virtual_product(path, callback, VirtualProductType.Vector, labels)


def VirtualMultiComponent(
    path: str, callback: Callable[..., Any], labels: Sequence[str]
) -> VirtualProduct:
    """Make a product with any number of components."""
    return create_virtual_product(path, callback, VirtualProductType.MultiComponent, labels)


def VirtualSpectrogram(path: str, callback: Callable[..., Any]) -> VirtualProduct:
    """Make a spectrogram."""
    return create_virtual_product(path, callback, VirtualProductType.Spectrogram)
