"""Nothing that turns data into code, and no printing from the library."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
FORBIDDEN_CALLS = {"eval", "exec", "compile", "__import__"}
FORBIDDEN_ATTRIBUTES = {"extractall", "extract", "format_map", "system", "popen"}
FORBIDDEN_MODULES = {"pickle", "cPickle", "dill", "marshal", "shelve", "joblib"}

FILES = sorted(
    path
    for package in ("speasy_core", "sciqlop_lab")
    for path in (REPOSITORY / package).rglob("*.py")
)


def offences(tree: ast.AST) -> list[str]:
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found += [a.name for a in node.names if a.name.split(".")[0] in FORBIDDEN_MODULES]
        elif isinstance(node, ast.ImportFrom):
            if (node.module or "").split(".")[0] in FORBIDDEN_MODULES:
                found.append(str(node.module))
        elif isinstance(node, ast.Call):
            function = node.func
            if isinstance(function, ast.Name) and function.id in FORBIDDEN_CALLS:
                found.append(f"{function.id}() in line {node.lineno}")
            elif isinstance(function, ast.Attribute):
                if function.attr in FORBIDDEN_ATTRIBUTES:
                    found.append(f".{function.attr}() in line {node.lineno}")
                owner = getattr(function.value, "id", "")
                if owner == "yaml" and function.attr in (
                    "load",
                    "load_all",
                    "unsafe_load",
                    "full_load",
                ):
                    found.append(f"yaml.{function.attr}() in line {node.lineno}")
                if owner in ("np", "numpy") and any(
                    k.arg == "allow_pickle" and getattr(k.value, "value", None) is not False
                    for k in node.keywords
                ):
                    found.append(f"allow_pickle in line {node.lineno}")
    return found


def test_the_search_finds_what_it_looks_for():
    code = "import pickle\neval('1')\ntar.extractall()\nyaml.load(x)\nnp.load(f, allow_pickle=True)"
    assert len(offences(ast.parse(code))) == 5


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(REPOSITORY)))
def test_no_pickle_eval_exec_or_unpacking(path):
    assert offences(ast.parse(path.read_text(encoding="utf-8"))) == []


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(REPOSITORY)))
def test_files_stay_readable(path):
    lines = path.read_text(encoding="utf-8").count("\n")
    assert lines <= 420, f"{path.name} has {lines} lines: two files would tell the story better"
