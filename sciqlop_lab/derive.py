"""Functions that are derived from graphs, as the Python that a physicist would write."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from speasy_core.errors import InvalidRequest
from speasy_core.product import ProductRef

from . import namespace, virtual
from .graphdata import DATA, free_name, graph_named, variable_name
from .recipes import RECIPES, Recipe, Subject, quoted, reading
from .spec import GraphSpec

__all__ = ["form", "source_of"]

_MOST_COLUMNS = 200


def source_of(op: str, subject: Subject, values: dict[str, Any], path: str) -> str:
    """Return the Python of a derived product.

    Parameters
    ----------
    op : str
        One of RECIPES.
    subject : Subject
    values : dict
        Of the recipe's parameters.
    path : str
        Of the product below ``vp/``.
    """
    recipe = RECIPES[op]
    # what the notebook has of this name stays
    name = free_name(variable_name(path), namespace.user_names())
    read = "data"
    *lines, value = recipe.write(read, values, subject)
    graphs = [subject.graph, *(g for g in subject.others if g.id == values.get("other"))]
    at_hand = any(ProductRef.parse(g.product).provider == namespace.PROVIDER for g in graphs)
    body = [f"{read} = {reading(subject.graph)}", *lines, f"return {value}"]
    numpy = recipe.numpy or at_hand
    given = "start: np.datetime64, stop: np.datetime64" if at_hand else "start, stop"
    head = [
        *(["import numpy as np"] if numpy else []),
        "import speasy_core as spz",
        "from sciqlop_lab import virtual_product",
        *(
            [f"from speasy_core.signal import {', '.join(recipe.imports)}"]
            if recipe.imports
            else []
        ),
    ]
    about = f"{recipe.title}: {_plain(subject.graph.product)}."
    return "\n".join([
        *head, "", "",
        f"@virtual_product({quoted(path)}{recipe.options(values)}, test=False)",
        f"def {name}({given}):",
        f'    """{about}"""',
        *(f"    {line}" for line in body),
    ]) + "\n"  # fmt: skip


def _plain(text: str) -> str:
    """Return text that cannot end a docstring."""
    return re.sub(r'["\\\r\n]', " ", text)


def form(panel: Any, args: Mapping[str, Any]) -> dict[str, Any]:
    """Return the dialog of a recipe for a graph: fields, a free name, and the Python.

    Parameters
    ----------
    args : mapping
        ``op``, ``plot``, ``graph``, ``columns`` by graph and ``pictures``, the graphs that are
        spectrograms, as the page knows them; ``params`` and ``name`` where they were changed.

    Raises
    ------
    InvalidRequest
        No such recipe, a value that it does not take, or nothing to derive from.
    """
    op, graph = args.get("op"), graph_named(panel, args)
    if not isinstance(op, str) or op not in RECIPES:
        raise InvalidRequest(f"{op!r:.40} is not a recipe", hint=", ".join(RECIPES))
    recipe = RECIPES[op]
    subject = recipe.of(_subject(panel, graph, args.get("columns"), args.get("pictures")))
    given = args.get("params")
    given = given if isinstance(given, Mapping) else {}
    params = [p.read(given[p.name]) if p.name in given else p for p in recipe.params(subject)]
    values = {p.name: p.value for p in params}
    path = _path(args.get("name"), graph, recipe)
    return {
        "title": recipe.title, "name": path, "params": [p.to_json() for p in params],
        "source": source_of(op, subject, values, path),
    }  # fmt: skip


def _subject(panel: Any, graph: GraphSpec, columns: Any, pictures: Any) -> Subject:
    given = columns if isinstance(columns, Mapping) else {}
    names = {
        str(name): tuple(str(c) for c in of[:_MOST_COLUMNS])
        for name, of in given.items() if isinstance(of, list)
    }  # fmt: skip
    others = tuple(
        g for _, g in panel.model.graphs
        if g.id != graph.id and ProductRef.parse(g.product).provider != DATA
    )  # fmt: skip
    drawn = frozenset(map(str, pictures)) if isinstance(pictures, list) else frozenset()
    return Subject(graph, names, others, panel.model.time_range, drawn)


def _path(given: Any, graph: GraphSpec, recipe: Recipe) -> str:
    """Return the name that was chosen, else a free one."""
    if isinstance(given, str) and given.strip():
        path = "/".join(part.strip() for part in given.split("/") if part.strip())
        if not path or len(path) > 200 or not path.isprintable():
            raise InvalidRequest(f"{given!r:.60} is not a name", hint="for example derived/b_total")
        if virtual.find(path) is not None:
            raise InvalidRequest(
                f"there is a function {path} already",
                hint="choose another name, or Edit function in the menu of its plot",
            )
        return path
    names = namespace.user_names()
    name = f"{variable_name(graph.product)}_{recipe.suffix}"
    while virtual.find(f"derived/{free_name(name, names)}") is not None:
        name += "_2"
    return f"derived/{free_name(name, names)}"
