"""Type stubs of the tree: valid Python, one file a mission, and what editors make of them."""

from __future__ import annotations

import ast
import time
from pathlib import Path

import pytest

import speasy_core
from speasy_core.config import Settings
from speasy_core.errors import ConfigError, ServerUnreachable
from speasy_core.inventory import Inventory
from speasy_core.inventory import stubs as module
from speasy_core.inventory.stubs import PACKAGE, write_stubs
from speasy_core.product import ProductInfo, ProductRef
from speasy_core.provider import InventoryUpdate

HOSTILE = "a\"\"\"; import os\n''' \\ é ∞ \x00"


class Toy:
    """A provider with the products that the test gives it."""

    max_request_ns, options, cachable = None, frozenset(), True

    def __init__(self, name: str, *paths: tuple[str, ...], title: str = "", error=None) -> None:
        self.name, self.title, self.error = name, name.upper(), error
        self.records = [
            ProductInfo(path, ProductRef(name, "/".join(path)), "scalar", title, "nT")
            for path in paths
        ]

    def inventory(self, *, deadline, since=None):
        if self.error is not None:
            raise self.error
        return InventoryUpdate("1", self.records)

    def fetch(self, ref, range, *, deadline, since=None, options=None):
        raise NotImplementedError


@pytest.fixture
def write():
    """Return ``write(folder, *providers)``, which gives what came of it and the tree."""
    opened = []

    def do(folder: Path, *providers: Toy):
        inventory = Inventory(None, {p.name: p for p in providers}, Settings())
        opened.append(inventory)
        return write_stubs(inventory.tree, folder), inventory.tree

    yield do
    for inventory in opened:
        inventory.close()


def classes(path: Path) -> dict[str, dict[str, str]]:
    """Return the attributes of each class, and the class that each has."""
    return {
        node.name: {
            item.target.id: item.annotation.id
            for item in node.body
            if isinstance(item, ast.AnnAssign)
        }
        for node in ast.parse(path.read_text(encoding="utf-8")).body
        if isinstance(node, ast.ClassDef)
    }


ACE = [("ACE", "MFI", "AC_H0", name) for name in ("B", "B-x", "B_x", "class", "_y", "children")]


def test_one_file_a_mission(write, tmp_path):
    written, _ = write(tmp_path, Toy("cda", *ACE, ("Wind", "3DP", "W", "n")), Toy("ssc", ("ace",)))
    trees = tmp_path / PACKAGE / "trees"
    found = {str(p.relative_to(trees)) for p in trees.rglob("*.pyi")}
    assert found == {
        "__init__.pyi", "cda/__init__.pyi", "cda/ace.pyi", "cda/wind.pyi", "ssc/__init__.pyi",
    }  # fmt: skip
    assert written.products == 8
    assert written.files == len(found) + 1
    assert written.left_out == {}
    assert (tmp_path / PACKAGE / "py.typed").read_text() == "partial\n"
    assert (tmp_path / PACKAGE / ".gitignore").read_text() == "*\n"


def test_attributes_are_those_of_the_tree(write, tmp_path):
    _, tree = write(tmp_path, Toy("cda", *ACE, ("Wind", "3DP", "W", "n")))
    folder = tmp_path / PACKAGE / "trees"
    known = {}
    for path in folder.rglob("*.pyi"):
        known |= classes(path)

    def compare(node, kind):
        for attribute, inner in known[kind].items():
            child = getattr(node, attribute)
            assert child.path[: len(node.path)] == node.path
            assert not attribute.startswith("_")
            if inner != "Node":
                compare(child, inner)

    compare(tree, "Tree")
    assert len(known["AC_H0_Node"]) == len(ACE)
    assert set(known["AC_H0_Node"]) == {"B", "B_x", "B_x_2", "class_", "n_y", "children_"}


def test_nothing_begins_with_an_underscore(write, tmp_path):
    write(tmp_path, Toy("cda", ("_A", "__b", "_"), ("_A", "__b", "__init__"), ("⊙", "a b", "c")))
    for path in (tmp_path / PACKAGE / "trees").rglob("*.pyi"):
        for kind, attributes in classes(path).items():
            assert not any(name.startswith("_") for name in (kind, *attributes))


def test_names_that_differ_in_case_alone_and_names_like_our_own(write, tmp_path):
    paths = [("ACE", "a"), ("Ace", "a"), ("ace", "a"), ("Node", "Node"), ("os", "a"),
             ("Tree", "x", "x", "x_Node")]  # fmt: skip
    write(tmp_path, Toy("cda", *paths))
    folder = tmp_path / PACKAGE / "trees" / "cda"
    names = sorted(p.name.lower() for p in folder.glob("*.pyi"))
    assert len(set(names)) == len(names) == 7
    for path in folder.glob("*.pyi"):
        found = classes(path)
        for attributes in found.values():
            assert not set(attributes) & set(attributes.values())
        assert "Node" not in found


def test_titles_are_text_and_nothing_else(write, tmp_path):
    write(tmp_path, Toy("cda", ("ACE", "x"), title=HOSTILE))
    text = (tmp_path / PACKAGE / "trees" / "cda" / "ace.pyi").read_text(encoding="ascii")
    body = ast.parse(text).body
    assert [type(node).__name__ for node in body] == ["ImportFrom", "ClassDef"]
    said = body[1].body[1].value.value
    assert said == " ".join(f"{HOSTILE} [nT]".split())


def test_a_large_mission_gets_more_files(write, tmp_path, monkeypatch):
    monkeypatch.setattr(module, "_LARGE", 20)
    paths = [("MMS", part, f"v{i}") for part in ("FGM", "FPI") for i in range(12)]
    write(tmp_path, Toy("cda", *paths))
    folder = tmp_path / PACKAGE / "trees" / "cda" / "mms"
    assert sorted(p.name for p in folder.iterdir()) == ["__init__.pyi", "fgm.pyi", "fpi.pyi"]


def test_the_public_names_are_all_there(write, tmp_path):
    write(tmp_path, Toy("cda", *ACE))
    body = ast.parse((tmp_path / PACKAGE / "__init__.pyi").read_text()).body
    names = {
        alias.asname for node in body if isinstance(node, ast.ImportFrom) for alias in node.names
    }
    names |= {node.target.id for node in body if isinstance(node, ast.AnnAssign)}
    assert set(speasy_core.__all__) <= names


def test_a_provider_that_is_down_is_left_out_and_named(write, tmp_path):
    down = Toy("ssc", error=ServerUnreachable("refused"))
    written, _ = write(tmp_path, Toy("cda", *ACE), down)
    assert list(written.left_out) == ["ssc"]
    assert "refused" in str(written.left_out["ssc"])
    assert classes(tmp_path / PACKAGE / "trees" / "__init__.pyi") == {"Tree": {"cda": "cda_Node"}}


def test_a_second_run_replaces_the_first(write, tmp_path):
    write(tmp_path, Toy("cda", *ACE))
    write(tmp_path, Toy("cda", ("Wind", "n")))
    assert [p.name for p in tmp_path.iterdir()] == [PACKAGE]
    assert {p.name for p in (tmp_path / PACKAGE / "trees" / "cda").iterdir()} == {
        "__init__.pyi", "wind.pyi",
    }  # fmt: skip


def test_what_is_not_ours_is_left_alone(write, tmp_path):
    (tmp_path / PACKAGE).mkdir()
    (tmp_path / PACKAGE / "__init__.pyi").write_text("x: int\n")
    with pytest.raises(ConfigError, match="not written by this command"):
        write(tmp_path, Toy("cda", *ACE))
    assert (tmp_path / PACKAGE / "__init__.pyi").read_text() == "x: int\n"
    assert [p.name for p in tmp_path.iterdir()] == [PACKAGE]


def test_a_folder_that_cannot_be_written(write, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigError, match="cannot be written"):
        write(tmp_path / "file", Toy("cda", *ACE))


def test_an_editor_completes_products(write, tmp_path):
    jedi = pytest.importorskip("jedi")
    write(tmp_path, Toy("cda", *ACE, ("Wind", "3DP", "W", "n")))
    project = jedi.Project(tmp_path, added_sys_path=[str(tmp_path)])

    def complete(code: str) -> set[str]:
        return {
            c.name
            for c in jedi.Script(f"import speasy_core as spz\n{code}", project=project).complete()
        }

    assert {"ACE", "Wind"} <= complete("spz.inventories.tree.cda.")
    assert {"B", "B_x_2", "class_"} <= complete("spz.inventories.tree.cda.ACE.MFI.AC_H0.")
    assert "coverage" in complete("spz.inventories.tree.cda.ACE.MFI.AC_H0.B.")
    assert "SpeasyVariable" in complete("spz.SpeasyV")


def test_a_whole_inventory_takes_seconds(write, tmp_path):
    paths = [(f"M{m}", f"I{i}", f"D{d}", f"v{v}") for m in range(20) for i in range(5)
             for d in range(5) for v in range(12)]  # fmt: skip
    start = time.monotonic()
    written, _ = write(tmp_path, Toy("cda", *paths))
    assert written.products == 6000
    assert time.monotonic() - start < 30
