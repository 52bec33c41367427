"""The samples behind a graph: all of those in a range, not the picture of them."""

from __future__ import annotations

import builtins
import keyword
import re
import unicodedata
from collections.abc import Mapping, MutableMapping
from typing import Any

from speasy_core.errors import InvalidRequest, UnknownProduct
from speasy_core.http import Deadline
from speasy_core.product import ProductRef
from speasy_core.timerange import TimeRange
from speasy_core.variable import SpeasyVariable

from . import namespace, virtual
from .adapt import to_variable
from .choosing import options_of
from .reading import SpecError
from .spec import GraphSpec

__all__ = [
    "DATA",
    "free_name",
    "graph_named",
    "graph_of",
    "samples",
    "to_notebook",
    "variable_name",
]

DATA = "data"  # provider of variables that were plotted and have no name
_MOST_NAME = 60


def samples(
    panel: Any, graph: GraphSpec, span: TimeRange | None = None, deadline: Deadline | None = None
) -> SpeasyVariable:
    """Return all samples of a graph in a range, by default the visible one.

    Parts that a server did not deliver are declared in the variable's `gaps`.

    Raises
    ------
    SpeasyError
        Nothing could be fetched or computed; as the plot itself would say.
    """
    span = panel.model.time_range if span is None else span
    ref = ProductRef.parse(graph.product)
    if ref.provider == DATA:
        return _cut(_plotted(panel, graph.product), span)
    if ref.provider == namespace.PROVIDER:
        return _cut(namespace.variable(ref.path), span)
    if ref.provider == virtual.PROVIDER:
        product = virtual.find(ref.path)
        if product is not None:
            return product.compute(span, knobs=graph.knobs, deadline=deadline)
        options = dict(graph.knobs)
    else:
        options = dict(options_of(graph.knobs))
    if deadline is not None:
        options["timeout"] = deadline
    found = panel.session.get_data(ref, span.start, span.stop, on_error="gaps", **options)
    if isinstance(found, SpeasyVariable):
        return found
    return to_variable(found, name=ref.path)


def _plotted(panel: Any, product: str) -> SpeasyVariable:
    found: SpeasyVariable | None = panel._data.get(product)
    if found is None:
        raise UnknownProduct(
            f"{product} was a variable of an earlier kernel",
            hint="run the cell that plots it again",
        )
    return found


def _cut(variable: SpeasyVariable, span: TimeRange) -> SpeasyVariable:
    first, stop = variable.time_ns.searchsorted([span.start_ns, span.stop_ns])
    cut: SpeasyVariable = variable[int(first) : int(stop)]
    return cut


def graph_of(panel: Any, plot: Any, graph: Any) -> GraphSpec:
    """Return a graph of a plot by their ids."""
    for one in panel.model.plot(plot).graphs:
        if one.id == graph:
            found: GraphSpec = one
            return found
    raise SpecError(f"plot {plot!r:.40} has no graph {graph!r:.60}")


def graph_named(panel: Any, args: Mapping[str, Any]) -> GraphSpec:
    """Return the graph that a question of the page is about."""
    return graph_of(panel, args.get("plot"), args.get("graph"))


# -- into the notebook ------------------------------------------------------------------------
def variable_name(text: str) -> str:
    """Return a name of Python for a product: its last part, in lower case.

    Examples
    --------
    >>> variable_name("cda/AC_H0_MFI/BGSEc"), variable_name("ssc/1 µ-sat"), variable_name("a/class")
    ('bgsec', 'v1_μ_sat', 'class_')
    """
    last = text.rstrip("/").rpartition("/")[2]
    name = re.sub(r"\W+", "_", last.lower()).strip("_")[:_MOST_NAME] or "data"
    name = name if name.isidentifier() else f"v{name}"
    if not name.isidentifier():
        name = "data"
    name = unicodedata.normalize("NFKC", name)  # as Python itself reads names
    return f"{name}_" if keyword.iskeyword(name) or keyword.issoftkeyword(name) else name


def free_name(wanted: str, names: Mapping[str, Any]) -> str:
    """Return `wanted`, with a number behind it where that is taken.

    Examples
    --------
    >>> free_name("b", {"b": 1, "b_2": 2}), free_name("sum", {})
    ('b_3', 'sum_2')
    """
    name, number = wanted, 2
    while name in names or hasattr(builtins, name):
        name, number = f"{wanted}_{number}", number + 1
    return name


def to_notebook(panel: Any, args: Mapping[str, Any]) -> dict[str, Any]:
    """Put the visible samples of a graph into a variable of the kernel, under a free name.

    Returns
    -------
    dict
        ``name``, ``samples`` and ``text``, one line to be shown.
    """
    graph = graph_named(panel, args)
    variable = samples(panel, graph)
    names = namespace.user_names()
    if not isinstance(names, MutableMapping):
        raise InvalidRequest("this kernel's variables cannot be set from here")
    name = free_name(variable_name(_title(graph)), names)
    names[name] = variable
    text = f"{name} = {len(variable):,} samples"
    if variable.gaps:
        text += f", {len(variable.gaps)} gaps that were not delivered"
    return {"name": name, "samples": len(variable), "text": text}


def _title(graph: GraphSpec) -> str:
    ref = ProductRef.parse(graph.product)
    if ref.provider == DATA:
        return graph.label or "data"
    return ref.path
