"""The tree that people walk: lazy nodes with tab completion, safe names and helpful reprs."""

from __future__ import annotations

import keyword
import re
import unicodedata
from collections.abc import Iterator, Sequence
from typing import Any, Protocol

from speasy_core.errors import SpeasyError
from speasy_core.product import Kind, ProductInfo, ProductRef
from speasy_core.timerange import TimeRange

from .about import about

__all__ = ["Node", "NodeSource", "attribute_name", "attribute_names"]

_DROPPED = re.compile(r"[(){}/]")
_REPR_CHILDREN = 8


def attribute_name(name: str) -> str:
    """Return `name` as a Python attribute, by the rules that Speasy's trees follow.

    Examples
    --------
    >>> attribute_name("3DP"), attribute_name("MMS1 (FGM)"), attribute_name("class")
    ('n_3DP', 'MMS1_FGM', 'class_')
    """
    # Python reads every identifier in this normal form
    text = unicodedata.normalize("NFKC", _DROPPED.sub("", name).replace("⊙", "o"))
    text = "".join(c if f"a{c}".isidentifier() else "_" for c in text)
    if not text or text.startswith("_"):  # Python and IPython look for such names on any object
        text = f"n{text or '_'}"
    elif not text.isidentifier():
        text = f"n_{text}"
    if keyword.iskeyword(text) or keyword.issoftkeyword(text) or text in _reserved():
        text += "_"
    return text


def attribute_names(names: Sequence[str]) -> dict[str, str]:
    """Return attribute to original name for all children of a node; no two share an attribute.

    Examples
    --------
    >>> attribute_names(["B-x", "B_x", "B x"])
    {'B_x': 'B_x', 'B_x_2': 'B-x', 'B_x_3': 'B x'}
    """
    out: dict[str, str] = {}
    # a name that needs no change keeps itself, whatever comes before it
    for name in sorted(names, key=lambda n: attribute_name(n) != n):
        wanted = free = attribute_name(name)
        number = 2
        while free in out:
            free, number = f"{wanted}_{number}", number + 1
        out[free] = name
    return out


class NodeSource(Protocol):
    """What a node needs from its inventory."""

    def node_children(self, node: Node) -> list[Node]:
        """Return the children; a provider that was never loaded is loaded, or its error raised."""
        ...

    def node_meta(self, node: Node) -> dict[str, Any]:
        """Return the attributes."""
        ...

    def metas_above(self, node: Node) -> list[dict[str, Any]]:
        """Return the attributes of the nodes above, the nearest first."""
        ...

    def describe_provider(self, name: str) -> str:
        """Return one line on a provider's state."""
        ...


class Node:
    """A place in the inventory: a provider, a folder, a data set or a product.

    Children are attributes (with tab completion) and items: ``tree.cda.ACE``, ``tree["cda"]``.
    An attribute is the name made fit for Python; an item is the name as the archive writes it.
    What is known of the node itself is in the attributes below; a child of the same name gets a
    ``_`` at its end.

    Attributes
    ----------
    id : int
        The same in every process and after every refresh.
    name, title, unit : str
        As the archive writes them.
    provider : str
        Empty for the root.
    path : tuple of str
        From the provider's root to here.
    kind : str
        ``folder``, ``dataset``, ``vector``, ...
    ref : ProductRef or None
        What `get_data` takes; None for a node that only groups others.
    coverage : TimeRange or None
        First to last sample.
    cadence : float or None
        Seconds between samples.

    Examples
    --------
    >>> import speasy_core as spz
    >>> spz.inventories.tree.cda.ACE.MFI.AC_H0_MFI.BGSEc.unit  # doctest: +SKIP
    'nT'
    """

    __slots__ = (
        "_source", "cadence", "child_count", "coverage", "id", "kind", "name", "path",
        "provider", "ref", "title", "unit",
    )  # fmt: skip

    def __init__(
        self,
        source: NodeSource,
        *,
        id_: int,
        provider: str,
        path: tuple[str, ...],
        name: str = "",
        kind: Kind = "folder",
        ref: ProductRef | None = None,
        title: str = "",
        unit: str = "",
        coverage: TimeRange | None = None,
        cadence: float | None = None,
        child_count: int = 0,
    ) -> None:
        self._source = source
        self.id = id_
        self.provider = provider
        self.path = path
        self.name = name or (path[-1] if path else provider or "inventories")
        self.kind: Kind = kind
        self.ref = ref
        self.title = title
        self.unit = unit
        self.coverage = coverage
        self.cadence = cadence
        self.child_count = child_count

    @property
    def meta(self) -> dict[str, Any]:
        """Everything else that the archive says of it, ISTP attributes in upper case."""
        return self._source.node_meta(self)

    @property
    def has_children(self) -> bool:
        """Whether there is anything below, as far as is known."""
        return self.child_count > 0

    @property
    def info(self) -> ProductInfo:
        """All that is known, as one record."""
        return ProductInfo(
            self.path, self.ref, self.kind, self.title, self.unit, self.coverage, self.cadence,
            self.meta,
        )  # fmt: skip

    @property
    def about(self) -> dict[str, Any]:
        """What it is, in the same words for every archive, with what is said of its data set.

        ``description``, ``unit``, ``shape``, ``cadence``, ``coverage``, ``coordinates``,
        ``acknowledgement``, ``rules_of_use``, ``links`` and more, as far as they are known.
        """
        return about(self.info, self._source.metas_above(self))

    def children(self) -> list[Node]:
        """Return the nodes below, in the archive's order.

        Raises
        ------
        SpeasyError
            The provider has no inventory yet, and loading it failed; the error says why.
        """
        return self._source.node_children(self)

    def __getitem__(self, name: str) -> Node:
        for child in self.children():
            if child.name == name:
                return child
        raise KeyError(f"{self._where} has no {name!r}")

    def __getattr__(self, name: str) -> Node:
        if name.startswith("_"):  # probes of Python and IPython must cost nothing
            raise AttributeError(name)
        try:
            children = {child.name: child for child in self.children()}
        except SpeasyError as error:
            raise AttributeError(f"{self._where} is not loaded: {error}") from error
        original = attribute_names(list(children)).get(name)
        if original is None and name in children:
            original = name
        if original is None:
            raise AttributeError(f"{self._where} has no {name!r}")
        return children[original]

    def __dir__(self) -> list[str]:
        own = [name for name in super().__dir__() if not name.startswith("_")]
        try:
            names = [child.name for child in self.children()]
        except SpeasyError:
            return own
        return sorted(attribute_names(names)) + own

    def _ipython_key_completions_(self) -> list[str]:
        """Names for completion inside brackets; none when there is nothing to show."""
        try:
            return [child.name for child in self.children()]
        except SpeasyError:
            return []

    def __iter__(self) -> Iterator[Node]:
        return iter(self.children())

    def __len__(self) -> int:
        return len(self.children())

    def __bool__(self) -> bool:
        return True

    def __contains__(self, name: object) -> bool:
        return any(child.name == name for child in self.children())

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Node):
            return NotImplemented
        return (self.provider, self.path) == (other.provider, other.path)

    def __hash__(self) -> int:
        return hash((self.provider, self.path))

    @property
    def _where(self) -> str:
        return "/".join((self.provider, *self.path)) if self.provider else "the inventory"

    def __repr__(self) -> str:
        if not self.provider:
            lines = [self._source.describe_provider(child.provider) for child in self.children()]
            return "\n".join(["<inventories>", *(f"  {line}" for line in lines)])
        if not self.path:
            return f"<{self._source.describe_provider(self.provider)}>"
        if self.ref is not None and not self.has_children:
            return f"<{self._product_line()}>"
        names = self._ipython_key_completions_()
        more = ", ..." if len(names) > _REPR_CHILDREN else ""
        title = f" {self.title}" if self.title else ""
        shown = ", ".join(names[:_REPR_CHILDREN])
        return f"<{self.kind} {self._where}:{title} ({len(names)}: {shown}{more})>"

    def _product_line(self) -> str:
        unit = f" [{self.unit}]" if self.unit.strip() else ""
        parts = [f"{self.ref}: {self.title or self.name}{unit}", self.kind]
        if self.coverage is not None:
            start, stop = (str(t)[:16] for t in self.coverage)
            parts.append(f"{start} to {stop}")
        if self.cadence is not None:
            parts.append(f"every {self.cadence:g} s")
        return ", ".join(parts)


def _reserved() -> frozenset[str]:
    """Names that a node uses for itself."""
    return _RESERVED


_RESERVED = frozenset(name for name in dir(Node) if not name.startswith("_"))
