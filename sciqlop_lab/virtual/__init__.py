"""Virtual products: a plain function of a time range that is a product like any other.

::

    registry      create, @virtual_product, find; who hears of a new definition
    trial         the test run at definition       locality    what may be computed in pieces
    product       how a function is called          kinds       -> Vector["x", "y", "z"]
    knobs         parameters that may be turned     guard       stopping a function
    kept          the cache of results              fingerprint what results depend on
    bytecode      what code reads and writes        processes   functions in a process of their own
"""

from __future__ import annotations

from .kinds import MultiComponent, Scalar, Spectrogram, Vector
from .knobs import Knob
from .product import PROVIDER, VirtualProduct
from .registered import Registered
from .registry import (
    attach,
    create,
    find,
    of_function,
    products,
    put,
    remove,
    subscribe,
    virtual_product,
)

__all__ = [
    "PROVIDER",
    "Knob",
    "MultiComponent",
    "Registered",
    "Scalar",
    "Spectrogram",
    "Vector",
    "VirtualProduct",
    "attach",
    "create",
    "find",
    "of_function",
    "products",
    "put",
    "remove",
    "subscribe",
    "virtual_product",
]
