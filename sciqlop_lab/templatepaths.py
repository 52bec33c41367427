"""Product ids as paths of SciQLop's tree, and back."""

from __future__ import annotations

from speasy_core.errors import InvalidRequest
from speasy_core.product import ProductRef

__all__ = ["path_of", "product_of"]

_WHOLE_DATASET = frozenset({"cda", "csa"})  # ids of these name the data set and the variable
_ROOTS = ("root", "speasy")


def product_of(path: str) -> str:
    """Return the product id for a path of SciQLop.

    Examples
    --------
    >>> product_of("speasy//cda//MMS//MMS1//FGM//DATA//b_gse"), product_of("amda/imf")
    ('cda/DATA/b_gse', 'amda/imf')
    """
    if "//" not in path:
        parts = path.split("/")
        return "/".join(parts[1:] if parts[0] in _ROOTS and len(parts) > 2 else parts)
    parts = [part for part in path.split("//") if part and part not in _ROOTS]
    if len(parts) < 2:
        raise InvalidRequest(f"{path!r} is not the path of a product")
    keep = 2 if parts[0] in _WHOLE_DATASET else 1
    return "/".join([parts[0], *parts[1:][-keep:]])


def path_of(product: str) -> str:
    """Return a product id as a path of SciQLop.

    Examples
    --------
    >>> path_of("cda/DATA/b_gse"), path_of("vp/mine/b")
    ('speasy//cda//DATA//b_gse', 'mine//b')
    """
    ref = ProductRef.parse(product)
    parts = ref.path.split("/")
    if ref.provider == "vp":
        return "//".join(parts)
    return "//".join(["speasy", ref.provider, *parts])
