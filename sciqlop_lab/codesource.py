"""The Python of a user's function with what it needs, so that it runs in a file of its own."""

from __future__ import annotations

import ast
import inspect
import textwrap
import types
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from speasy_core.product import ProductRef

from . import virtual

__all__ = ["Gathered", "gather"]

_SIMPLE = (int, float, complex, str, bytes, bool, type(None))
_MOST_DEPTH = 12


@dataclass
class Gathered:
    """Imports, definitions in the order in which they are needed, and what could not be had."""

    imports: dict[str, None] = field(default_factory=dict)
    definitions: dict[str, None] = field(default_factory=dict)
    missing: list[str] = field(default_factory=list)

    def import_lines(self, *more: str) -> list[str]:
        """Return the imports, of each module what is taken from it in one line."""
        plain: list[str] = []
        named: dict[str, list[str]] = {}
        for text in dict.fromkeys([*self.imports, *more]):
            head, _, names = text.partition(" import ")
            if head.startswith("from "):
                named.setdefault(head, []).append(names)
            else:
                plain.append(text)
        return [
            *sorted(plain),
            *sorted(f"{k} import {', '.join(sorted(v))}" for k, v in named.items()),
        ]


def gather(products: list[str], written: dict[str, str]) -> Gathered:
    """Return the Python of virtual products.

    Parameters
    ----------
    products : list of str
        Ids ``vp/...``.
    written : dict of str to str
        Sources that are known by product, before those of the functions themselves.
    """
    found = Gathered()
    for product in dict.fromkeys(products):
        _product(product, written, found, 0)
    return found


def _product(product: str, written: dict[str, str], found: Gathered, depth: int) -> None:
    path = ProductRef.parse(product).path
    known = virtual.find(path)
    if depth > _MOST_DEPTH:
        return
    if product in written:
        for other in _products_in(written[product]):
            if other != product:
                _product(other, written, found, depth + 1)
        _split(written[product], found)
    elif known is None or not _function(known.function, found, depth, path):
        found.missing.append(product)


def _products_in(source: str) -> Iterator[str]:
    """Yield ids of virtual products that a text names."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Constant) and str(node.value).startswith("vp/"):
            yield str(node.value)


def _split(source: str, found: Gathered) -> None:
    """Sort the statements of a text into imports and definitions."""
    lines = source.splitlines()
    for node in ast.parse(source).body:
        first = min([node.lineno, *(d.lineno for d in getattr(node, "decorator_list", []))])
        text = "\n".join(lines[first - 1 : node.end_lineno])
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            if isinstance(node, ast.ImportFrom) and not node.level:
                if node.module != "sciqlop_lab":
                    for alias in node.names:
                        found.imports[ast.unparse(ast.ImportFrom(node.module, [alias], 0))] = None
            else:
                found.imports[text] = None
        else:
            found.definitions[text] = None


def _function(
    function: Callable[..., Any], found: Gathered, depth: int, path: str | None = None
) -> bool:
    """Gather a function and what it uses; false where its text is not to be had."""
    try:
        source = textwrap.dedent(inspect.getsource(function))
        body = ast.parse(source).body
    except (OSError, TypeError, SyntaxError):
        return False
    if depth > _MOST_DEPTH or len(body) != 1 or not isinstance(body[0], ast.FunctionDef):
        return False
    if inspect.getclosurevars(function).nonlocals:
        return False
    for name in _names(function.__code__):
        if name in function.__globals__:
            _value(name, function.__globals__[name], found, depth + 1)
    found.definitions[source.rstrip()] = None
    if path is not None and "virtual_product" not in source.partition("def ")[0]:
        found.definitions[f"virtual_product({path!r})({body[0].name})"] = None
    return True


def _names(code: types.CodeType) -> Iterator[str]:
    yield from code.co_names
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            yield from _names(constant)


def _value(name: str, value: Any, found: Gathered, depth: int) -> None:
    """Gather what stands behind a name of a function's module."""
    if isinstance(value, types.ModuleType):
        renamed = "" if value.__name__ == name else f" as {name}"
        found.imports[f"import {value.__name__}{renamed}"] = None
    elif isinstance(value, virtual.VirtualProduct):
        _function(value.function, found, depth)
    elif getattr(value, "__module__", "__main__") not in ("__main__", "builtins", None) and (
        getattr(value, "__name__", None) == name and not isinstance(value, types.CodeType)
    ):
        if not value.__module__.startswith("sciqlop_lab"):
            found.imports[f"from {value.__module__} import {name}"] = None
    elif isinstance(value, types.FunctionType):
        _function(value, found, depth)
    elif isinstance(value, _SIMPLE):
        found.definitions[f"{name} = {value!r}"] = None
