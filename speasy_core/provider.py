"""What an archive is to the rest of the package: a name, an inventory, and a fetch.

A provider is one class in one file of :mod:`speasy_core.providers`. It is made with the settings
and the http client, and sees neither cache, session nor other providers. How time is cut, what is
kept and when it is asked again is the cache's affair.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

from speasy_core.variable import SpeasyVariable

from .events import Catalog, TimeTable
from .http import Deadline
from .product import ProductInfo, ProductRef
from .timerange import TimeRange

__all__ = [
    "AsksAgain",
    "ChecksOptions",
    "Fetched",
    "FetchesMany",
    "InventoryUpdate",
    "KnowsDatasets",
    "KnowsEvents",
    "ProductInput",
    "Provider",
    "TakesLookup",
    "TakesOptionsEach",
    "TellsInParts",
    "TellsInputs",
]


@dataclass(frozen=True, slots=True)
class Fetched:
    """One answer of an archive.

    Parameters
    ----------
    variable : SpeasyVariable or None
        The samples, cut to the range asked for. An empty variable says that the archive has no
        data there. None says "not changed since", and only when `since` was given.
    version : str or None
        The archive's own mark of this answer (Last-Modified, ETag, a version), given back later
        as `since`.
    request : str
        What was asked, scrubbed of secrets, for `v.provenance`.
    """

    variable: SpeasyVariable | None
    version: str | None = None
    request: str = ""


@dataclass(frozen=True, slots=True)
class InventoryUpdate:
    """A whole inventory.

    Parameters
    ----------
    version : str
        The archive's own mark of freshness, given back later as `since`.
    records : sequence of ProductInfo
        Leaves and data sets, in the order in which people should see them.
    warnings : sequence of str
        What was left out, and why.
    kept : sequence of paths
        Parts that did not answer this time: what the inventory before had at these paths and
        below stays.
    """

    version: str
    records: Sequence[ProductInfo]
    warnings: Sequence[str] = ()
    kept: Sequence[tuple[str, ...]] = ()


@runtime_checkable
class Provider(Protocol):
    """The protocol that every archive follows.

    Attributes
    ----------
    name : str
        Lower case, first part of product ids.
    title : str
        For people.
    max_request_ns : int or None
        The longest range that one request may ask for.
    options : frozenset of str
        Keyword options that `fetch` takes.
    cachable : bool
        Whether answers may be kept.
    """

    name: str
    title: str
    max_request_ns: int | None
    options: frozenset[str]
    cachable: bool

    def inventory(self, *, deadline: Deadline, since: str | None = None) -> InventoryUpdate | None:
        """Return the whole inventory, or None when it has not changed since `since`."""
        ...

    def fetch(
        self,
        ref: ProductRef,
        range: TimeRange,
        *,
        deadline: Deadline,
        since: str | None = None,
        options: Mapping[str, Any] | None = None,
    ) -> Fetched:
        """Return the samples; a failure raises, "no data" is an empty variable."""
        ...


@runtime_checkable
class ChecksOptions(Protocol):
    """What a provider has besides, where options have few values and several spellings."""

    def check_options(self, options: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return options in the one form under which answers are kept, or raise UnknownOption."""
        ...


@runtime_checkable
class FetchesMany(Protocol):
    """What a provider has besides, where one request can bring several products."""

    def together(self, ref: ProductRef) -> str | None:
        """Return a name that all products share which one request can bring; None for alone."""
        ...

    def fetch_many(
        self,
        refs: Sequence[ProductRef],
        range: TimeRange,
        *,
        deadline: Deadline,
        since: str | None = None,
        options: Mapping[str, Any] | None = None,
    ) -> Mapping[ProductRef, Fetched]:
        """Return the samples of several, as `fetch` does; what is left out is asked for alone."""
        ...


@runtime_checkable
class KnowsDatasets(Protocol):
    """What a provider has besides, where a data set can be asked for as a whole."""

    def dataset(
        self, ref: ProductRef, *, deadline: Deadline | None = None
    ) -> Sequence[ProductRef] | None:
        """Return the variables of a data set, None for what is not one; no `deadline`: at once."""
        ...


@runtime_checkable
class KnowsEvents(Protocol):
    """What a provider has besides, where the archive holds time tables or catalogues."""

    def events(self, ref: ProductRef, *, deadline: Deadline) -> TimeTable | Catalog:
        """Return one of them, to be changed at will; anything else is an InvalidRequest."""
        ...


@runtime_checkable
class TellsInParts(Protocol):
    """What a provider has besides, where its inventory comes from several servers."""

    def inventory_parts(self, *, deadline: Deadline) -> Iterator[InventoryUpdate]:
        """Yield the inventory once most servers have answered, and at last the whole of it."""
        ...


@runtime_checkable
class AsksAgain(Protocol):
    """What a provider has besides, where one of its servers can be asked without the others."""

    def inventory_again(
        self, paths: Sequence[tuple[str, ...]], *, deadline: Deadline, since: str
    ) -> InventoryUpdate | None:
        """Ask again those servers that did not answer, and no other.

        Parameters
        ----------
        paths : sequence of paths
            What was `kept` of the inventory at hand.
        deadline : Deadline
            For all of it.
        since : str
            Version of the inventory at hand.

        Returns
        -------
        InventoryUpdate or None
            What answers now; everything else is in its `kept`. None when nothing does.
        """
        ...


@runtime_checkable
class TakesLookup(Protocol):
    """What a provider has besides, where it needs to know what the inventory says of a product."""

    def inform(self, lookup: Callable[[ProductRef], ProductInfo | None]) -> None:
        """Take a function that tells it without a request; it may be called from any thread."""
        ...


@runtime_checkable
class TakesOptionsEach(Protocol):
    """What a provider has besides, where each product takes options of its own.

    Such a provider computes; what its products are made of is noted by whoever computes them.
    """

    def options_of(self, ref: ProductRef) -> frozenset[str]:
        """Return the keyword options that a product takes; none for one that is unknown."""
        ...


@dataclass(frozen=True, slots=True)
class ProductInput:
    """What people can choose of a product beside its range, as a form shows it.

    Parameters
    ----------
    name : str
        The option of `get_data`; ``product_inputs.side`` is the entry ``side`` of the option
        ``product_inputs``.
    label : str
        For people.
    kind : {"choice", "int", "float", "bool", "text"}
        What it takes.
    default : str
        What holds where nothing is given.
    choices : tuple of (value, label)
        Of a "choice".
    low, high : float or None
        Limits of a number.
    """

    name: str
    label: str
    kind: str = "text"
    default: str = ""
    choices: tuple[tuple[str, str], ...] = ()
    low: float | None = None
    high: float | None = None


@runtime_checkable
class TellsInputs(Protocol):
    """What a provider has besides, where a product can be had in several forms."""

    def inputs(self, ref: ProductRef, *, deadline: Deadline) -> Sequence[ProductInput]:
        """Return what can be chosen of a product; may ask the server."""
        ...
