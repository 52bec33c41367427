"""The tree of a cell's output: what its page may ask, and what it is told."""

from __future__ import annotations

import importlib
import threading

import pytest

from speasy_core import Session, Settings
from speasy_core.errors import InvalidRequest, UnknownProduct

module = importlib.import_module("sciqlop_lab.treewidget")


class Panel:
    def __init__(self):
        self.plotted, self.overlaid = [], []

    def plot(self, ref):
        self.plotted.append(ref)

    def overlay(self, ref):
        self.overlaid.append(ref)


@pytest.fixture
def session(tmp_path):
    providers = ["amda", "ssc", "csa", "archive", "hapi", "uiowaephtool", "cdpp3dview"]
    settings = Settings(cache_dir=str(tmp_path), offline=True, disabled_providers=tuple(providers))
    with Session(settings) as made:
        yield made


@pytest.fixture
def tree(session, monkeypatch):
    monkeypatch.setattr(module, "_bundle", lambda name: "export default {}")
    made = module.ProductTree(Panel(), session=session)
    yield made
    made.close()


def test_the_providers_are_its_roots(tree):
    assert "cda" in [node["name"] for node in tree.ask({"type": "nodes", "parent": None})["nodes"]]
    assert tree.ask({"type": "search", "q": "nothing of this name"})["hits"] == []


def test_a_product_goes_to_the_panel(tree):
    assert tree.ask({"type": "add", "ref": " cda/AC_H0_MFI/BGSEc "}) == {
        "added": "cda/AC_H0_MFI/BGSEc"
    }
    assert tree._panel.plotted == ["cda/AC_H0_MFI/BGSEc"]


@pytest.mark.parametrize("kind", ["timetable", "catalog"])
def test_a_list_of_events_lies_over_the_panel(tree, kind):
    tree.ask({"type": "add", "ref": "amda/sharedtimeTable_0", "kind": kind})
    assert (tree._panel.plotted, tree._panel.overlaid) == ([], ["amda/sharedtimeTable_0"])


@pytest.mark.parametrize(
    "question",
    [
        {}, {"type": "exec"}, {"type": ["nodes"]}, {"type": "nodes", "parent": "1"},
        {"type": "nodes", "parent": -1}, {"type": "nodes", "parent": True},
        {"type": "nodes", "offset": 1e9}, {"type": "nodes", "parent": 2**60},
        {"type": "search"}, {"type": "search", "q": "x" * 501}, {"type": "search", "q": 3},
        {"type": "search", "q": "  "}, {"type": "add", "ref": None},
        {"type": "product", "ref": "a"},
    ],
)  # fmt: skip
def test_other_questions_are_refused(tree, question):
    with pytest.raises(InvalidRequest):
        tree.ask(question)


def test_an_answer_carries_its_token_and_an_error_is_told(tree, monkeypatch):
    told, came = [], threading.Event()

    def send(content, *_):
        told.append(content)
        came.set()

    monkeypatch.setattr(tree, "send", send)
    for junk in (None, "x", {"type": "nodes"}, {"type": "nodes", "token": "1"}):
        tree._take(tree, junk, [])
    tree._take(tree, {"type": "product", "ref": "cda/NO/SUCH", "token": 7}, [])
    assert came.wait(10)
    assert [(t["type"], t["token"]) for t in told] == [("answer", 7)]
    assert "cda/NO/SUCH" in told[0]["error"]


def test_without_a_panel_it_says_so(session, monkeypatch):
    monkeypatch.setattr(module, "_bundle", lambda name: "export default {}")
    tree = module.ProductTree(session=session)
    with pytest.raises(InvalidRequest, match="no panel"):
        tree.ask({"type": "add", "ref": "cda/A/b"})
    with pytest.raises(UnknownProduct):
        tree.ask({"type": "product", "ref": "cda/A/b"})
    tree.close()
    with pytest.raises(InvalidRequest, match="str is not a panel"):
        module.ProductTree("panel", session=session)
