"""Browser stories wait: nothing in them reads the page once, right after it was changed."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import REPOSITORY

STORIES = sorted((REPOSITORY / "tests" / "e2e").glob("*.py"))
HOSTS = REPOSITORY / "tests" / "full" / "test_hosts.py"
# what a page is read by; `count` of a text or list takes an argument
READS = {
    "all_inner_texts", "all_text_contents", "bounding_box", "count", "get_attribute", "inner_html",
    "inner_text", "input_value", "is_checked", "is_disabled", "is_editable", "is_enabled",
    "is_hidden", "is_visible", "text_content",
}  # fmt: skip
SHORTEST = 20  # seconds that a busy machine is given


def read_once(tree: ast.AST) -> Iterator[int]:
    """Lines of assertions that read the page themselves."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Assert):
            calls = (each for each in ast.walk(node.test) if isinstance(each, ast.Call))
            for call in calls:
                name = call.func.attr if isinstance(call.func, ast.Attribute) else ""
                if name in READS and not (name == "count" and call.args):
                    yield node.lineno


def _number(node: ast.AST | None) -> float | None:
    value = node.value if isinstance(node, ast.Constant) else None
    return value if isinstance(value, (int, float)) else None


def impatient(tree: ast.AST) -> Iterator[int]:
    """Lines of waits that give up early."""
    for call in ast.walk(tree):
        if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Attribute):
            continue
        named = {each.arg: each.value for each in call.keywords}
        seconds = None
        if call.func.attr == "until":
            seconds = _number(named.get("timeout", call.args[1] if len(call.args) > 1 else None))
        elif call.func.attr.startswith(("wait_for", "expect_")):
            milliseconds = _number(named.get("timeout"))
            seconds = None if milliseconds is None else milliseconds / 1000
        if seconds is not None and seconds < SHORTEST:
            yield call.lineno


@pytest.mark.parametrize("path", [*STORIES, HOSTS], ids=lambda path: path.stem)
def test_a_story_waits_for_the_page(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    assert list(read_once(tree)) == [], "wait: lab.until(...) or locator.wait_for(...)"
    assert list(impatient(tree)) == [], f"give it {SHORTEST} s at least"


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("assert not panel.locator('.x').first.is_visible()", ([1], [])),
        ("assert rows.count() == 1", ([1], [])),
        ("assert names.count('x') == 1", ([], [])),
        ("lab.until(lambda: rows.count() == 1, 30, 'one')", ([], [])),
        ("lab.until(lambda: rows.count() == 1, 5, 'one')", ([], [1])),
        ("row.wait_for(timeout=5_000)", ([], [1])),
        ("row.wait_for(timeout=30_000)", ([], [])),
    ],
)
def test_what_counts_as_waiting(line: str, found: tuple[list[int], list[int]]) -> None:
    tree = ast.parse(line)
    assert (list(read_once(tree)), list(impatient(tree))) == found
