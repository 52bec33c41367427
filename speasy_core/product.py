"""Product references and the records that an inventory keeps of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from .errors import InvalidRequest
from .timerange import TimeRange

__all__ = ["ALIASES", "Kind", "ProductInfo", "ProductRef", "provider_name"]

Kind = Literal[
    "folder", "dataset", "scalar", "vector", "multicomponent", "spectrogram",
    "timetable", "catalog", "unknown",
]  # fmt: skip

#: other names of providers, which ids may begin with in any case
ALIASES = {
    "cdaweb": "cda",
    "sscweb": "ssc",
    "generic_archive": "archive",
    "file": "archive",
    "uiowa": "uiowaephtool",
    "UiowaEphTool": "uiowaephtool",
    "3DView": "cdpp3dview",
}
_NAMES = {alias.lower(): name for alias, name in ALIASES.items()}


def provider_name(name: str) -> str:
    """Return the lower-case name of a provider, of which aliases are known.

    Examples
    --------
    >>> provider_name("CDAWeb"), provider_name("amda")
    ('cda', 'amda')
    """
    return _NAMES.get(name.lower(), name.lower())


@dataclass(frozen=True, slots=True, order=True)
class ProductRef:
    """A product's address: ``provider/path``, where only the first ``/`` separates.

    Needs no inventory: an id that no tree knows can still be asked for.

    Parameters
    ----------
    provider : str
        Lower-case name, for example ``cda``.
    path : str
        What the provider calls the product, for example ``AC_H0_MFI/BGSEc``.

    Examples
    --------
    >>> ref = ProductRef.parse("cdaweb/AC_H0_MFI/BGSEc")
    >>> ref.provider, ref.path, str(ref)
    ('cda', 'AC_H0_MFI/BGSEc', 'cda/AC_H0_MFI/BGSEc')
    """

    provider: str
    path: str

    @classmethod
    def parse(cls, what: Any) -> ProductRef:
        """Return the reference that `what` stands for.

        Parameters
        ----------
        what : str, ProductRef, or an object with a `ref` attribute (a tree node, a ProductInfo)

        Raises
        ------
        InvalidRequest
            `what` is not of the form ``provider/path``.
        """
        if isinstance(what, ProductRef):
            return what
        if isinstance(what, str):
            provider, slash, path = what.strip().partition("/")
            if not (provider and slash and path.strip("/")):
                raise InvalidRequest(
                    f"{what!r} is not a product id",
                    hint="ids look like 'cda/AC_H0_MFI/BGSEc'; find_product('words') finds them",
                )
            name = provider_name(provider)
            if name == "vp":  # as SciQLop writes them, "mine//b_total" is the same product
                path = "/".join(part for part in path.split("/") if part)
            return cls(name, path)
        ref = getattr(what, "ref", None)
        if isinstance(ref, ProductRef):
            return ref
        raise InvalidRequest(
            f"{type(what).__name__} {what!r:.80} does not name a product",
            hint="give an id such as 'cda/AC_H0_MFI/BGSEc' or a leaf of inventories.tree",
        )

    def __str__(self) -> str:
        return f"{self.provider}/{self.path}"


@dataclass(frozen=True, slots=True)
class ProductInfo:
    """What an inventory knows of one node; a provider's `inventory()` yields these.

    Parameters
    ----------
    path : tuple of str
        Names from the provider's root down to this node, as the archive writes them,
        for example ``("ACE", "ACE", "MFI", "AC_H0_MFI", "BGSEc")``. Folders need no record.
    ref : ProductRef or None
        Address for `get_data`; None for a node that only groups others.
    kind : Kind
        What `get_data` would return for it.
    title : str
        One line for people (CATDESC).
    unit : str
        As the archive writes it; empty when unknown.
    coverage : TimeRange or None
        First to last sample, where the archive says.
    cadence : float or None
        Seconds between samples, where the archive says.
    meta : mapping
        Everything else (ISTP attributes, upper case keys), JSON values only.
    """

    path: tuple[str, ...]
    ref: ProductRef | None = None
    kind: Kind = "unknown"
    title: str = ""
    unit: str = ""
    coverage: TimeRange | None = None
    cadence: float | None = None
    meta: Mapping[str, Any] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """Last element of `path`, as the archive writes it."""
        return self.path[-1]
