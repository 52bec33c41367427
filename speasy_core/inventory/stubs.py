"""The inventory as type stubs, so that editors complete products without running anything.

A package ``speasy_core-stubs`` (PEP 561, partial) that gives ``speasy_core.inventories.tree`` its
branches. One file per mission: editors read only those that are typed.
"""

from __future__ import annotations

import ast
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from speasy_core.errors import ConfigError, SpeasyError

from .tree import Node, attribute_names

__all__ = ["Written", "write_stubs"]

PACKAGE = "speasy_core-stubs"
_MARK = "# Written by `sciqlop-lab stubs`; the next run replaces it.\n"
# a mission with more products than this gets a file for each of its parts
_LARGE = 1500
_MAX_TEXT = 200
_INVENTORIES = """
class Inventories:
    tree: Tree
    data_tree: Tree
    flat: Flat
    flat_inventories: Flat
"""


@dataclass(frozen=True, slots=True)
class Written:
    """What came of it.

    Attributes
    ----------
    folder : Path
        Where editors should look: the parent of the package.
    files, products : int
        How many there are.
    left_out : mapping of str to SpeasyError
        Providers without an inventory, and why.
    """

    folder: Path
    files: int
    products: int
    left_out: Mapping[str, SpeasyError]


@dataclass(slots=True)
class _Branch:
    """A node in memory, by the attributes that it has at run time."""

    node: Node
    children: dict[str, _Branch] = field(default_factory=dict)
    size: int = 1

    def walk(self) -> Iterator[_Branch]:
        """Yield itself and everything below."""
        yield self
        for child in self.children.values():
            yield from child.walk()


def write_stubs(tree: Node, folder: Path | str) -> Written:
    """Write the stub package of a tree.

    Parameters
    ----------
    tree : Node
        The root, ``inventories.tree``; a provider that was never loaded is loaded.
    folder : Path
        Made where it is missing. A package that an earlier run wrote there is replaced, once the
        new one is whole.

    Raises
    ------
    ConfigError
        The folder cannot be written, or holds a package of that name that is not ours.

    Examples
    --------
    >>> import speasy_core as spz
    >>> write_stubs(spz.inventories.tree, "typings").files  # doctest: +SKIP
    214
    """
    left_out: dict[str, SpeasyError] = {}
    root = _Branch(tree)
    for attribute, node in _children(tree):
        try:
            root.children[attribute] = _load(node)
        except SpeasyError as error:
            left_out[node.provider] = error
    target = Path(folder).expanduser()
    try:
        target.mkdir(parents=True, exist_ok=True)
        _check_ours(target / PACKAGE)
        made = Path(tempfile.mkdtemp(prefix=".stubs-", dir=target))
        try:
            files = _write_package(root, made)
            _replace(made, target / PACKAGE)
        finally:
            shutil.rmtree(made, ignore_errors=True)
    except OSError as error:
        raise ConfigError(
            f"the stubs cannot be written: {error.strerror or error}",
            source=str(target),
            hint="name another folder",
        ) from error
    products = sum(1 for branch in root.walk() if branch.node.ref is not None)
    return Written(target, files, products, left_out)


def _children(node: Node) -> list[tuple[str, Node]]:
    nodes = {child.name: child for child in node.children()}
    return [(attribute, nodes[name]) for attribute, name in attribute_names(list(nodes)).items()]


def _load(node: Node) -> _Branch:
    branch = _Branch(node)
    # a provider's children are loaded with it; of a leaf it is known that there are none
    if node.has_children or not node.path:
        branch.children = {attribute: _load(child) for attribute, child in _children(node)}
    branch.size += sum(child.size for child in branch.children.values())
    return branch


def _check_ours(package: Path) -> None:
    start = package / "__init__.pyi"
    if package.exists() and not (
        start.is_file() and start.read_text(encoding="utf-8").startswith(_MARK)
    ):
        raise ConfigError(
            f"{package.name} is there already, and was not written by this command",
            source=str(package),
            hint="name another folder",
        )


def _replace(made: Path, package: Path) -> None:
    made.chmod(0o755)  # temporary folders are for their owner alone
    if package.exists():
        old = made.with_name(made.name + "-old")
        os.replace(package, old)
        shutil.rmtree(old, ignore_errors=True)
    os.replace(made, package)


def _write_package(root: _Branch, folder: Path) -> int:
    (folder / "py.typed").write_text("partial\n", encoding="utf-8")
    (folder / ".gitignore").write_text("*\n", encoding="utf-8")
    (folder / "__init__.pyi").write_text(_MARK + _public_names(), encoding="utf-8")
    return 1 + _write_branch(root, folder, "trees", "Tree", depth=0)


def _public_names() -> str:
    """Return the stub of ``speasy_core`` itself: what it tells type checkers, and the tree."""
    source = Path(__file__).parents[1].joinpath("__init__.py").read_text(encoding="utf-8")
    told = next(
        node.body
        for node in ast.parse(source).body
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"
    )
    lines = ["from typing import Any", "from speasy_core.trees import Tree", "__version__: str"]
    for node in told:
        if isinstance(node, ast.ImportFrom):
            node.names = [
                ast.alias(alias.name, alias.asname or alias.name)
                for alias in node.names
                if alias.name != "Inventories"
            ]
            if not node.names:
                continue
            if node.level:
                node.module = ".".join(filter(None, ("speasy_core", node.module)))
                node.level = 0
        lines.append(ast.unparse(node))
    return "\n".join(lines) + "\n" + _INVENTORIES


def _write_branch(branch: _Branch, folder: Path, module: str, kind: str, depth: int) -> int:
    """Write a node with all that is below; returns the number of files."""
    if depth >= 2 and branch.size <= _LARGE:
        (folder / f"{module}.pyi").write_text(_MARK + _one_file(branch, kind), encoding="utf-8")
        return 1
    package = folder / module
    package.mkdir()
    taken = {kind, *branch.children}
    base = _free("Node", taken)
    modules: set[str] = set()
    lines: list[str] = []
    imports: list[str] = []
    files = 1
    for attribute, child in branch.children.items():
        if not child.children:
            lines += _attribute(attribute, base, child.node)
            continue
        inner = _free(f"{attribute}_Node", taken)
        # files of some systems do not tell capitals from small letters
        below = _free(attribute.lower(), modules)
        files += _write_branch(child, package, below, inner, depth + 1)
        imports.append(f"from .{below} import {inner}")
        lines += _attribute(attribute, inner, child.node)
    text = "\n".join([_import_of(base), *imports, "", *_class(kind, base, lines)])
    (package / "__init__.pyi").write_text(_MARK + text, encoding="utf-8")
    return files


def _one_file(top: _Branch, kind: str) -> str:
    """Return one class per node that has children; the outermost one is called `kind`."""
    everything = list(top.walk())
    # inside a class its attributes hide classes of the same name
    taken = {kind}.union(*(branch.children for branch in everything))
    base = _free("Node", taken)
    kinds = {id(top): kind}
    for branch in everything:
        for attribute, child in branch.children.items():
            kinds[id(child)] = _free(f"{attribute}_Node", taken) if child.children else base
    out = [_import_of(base), ""]
    for branch in everything:
        if branch.children or branch is top:
            lines = [
                line
                for attribute, child in branch.children.items()
                for line in _attribute(attribute, kinds[id(child)], child.node)
            ]
            out += _class(kinds[id(branch)], base, lines)
    return "\n".join(out)


def _free(wanted: str, taken: set[str]) -> str:
    name, number = wanted, 2
    while name in taken:
        name, number = f"{wanted}_{number}", number + 1
    taken.add(name)
    return name


def _import_of(base: str) -> str:
    return "from speasy_core.inventory import Node" + (f" as {base}" if base != "Node" else "")


def _class(name: str, base: str, lines: list[str]) -> list[str]:
    return [f"class {name}({base}):", *(f"    {line}" for line in lines or ["..."]), ""]


def _attribute(name: str, kind: str, node: Node) -> list[str]:
    """Return the lines of one attribute; what is said of it is a literal, whatever it holds."""
    unit = f" [{node.unit}]" if node.unit.strip() else ""
    text = " ".join(f"{node.title}{unit}".split())[:_MAX_TEXT]
    return [f"{name}: {kind}", ascii(text)] if text else [f"{name}: {kind}"]
