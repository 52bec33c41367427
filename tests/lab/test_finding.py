"""The search box of a panel."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from sciqlop_lab import asks
from speasy_core.errors import InvalidRequest
from speasy_core.product import ProductRef

HOSTILE = "<img src=x onerror=alert(1)>"


def _node(path, kind="vector", name=HOSTILE, ref=True):
    found = ProductRef.parse(path) if ref else None
    steps = tuple(path.split("/")[1:])
    return SimpleNamespace(
        ref=found, kind=kind, name=name, unit="nT", title="", provider="cda", path=steps
    )


class _Session:
    def __init__(self, nodes):
        self.nodes, self.asked = nodes, []

    def find_product(self, query, *, limit):
        self.asked.append((query, limit))
        return self.nodes[:limit]


def _search(nodes, query):
    session = _Session(nodes)
    found = asks.answer(SimpleNamespace(session=session), "search", {"query": query}).value
    return found, session


def test_hits_can_be_plotted_and_are_plain_text():
    nodes = [
        _node("cda/a/b"),
        _node("amda/table", kind="timetable"),
        _node("cda/folder", kind="folder", ref=False),
        _node("cda/a/c", kind="spectrogram", name="flux"),
    ]
    found, session = _search(nodes, "  mms  ")
    assert [hit["id"] for hit in found["hits"]] == ["cda/a/b", "cda/a/c"]
    assert found["hits"][0]["name"] == HOSTILE
    assert found["hits"][1]["path"] == ["cda", "a", "c"]
    assert found["more"] is False
    assert session.asked[0][0] == "mms"


def test_at_most_fifty_are_told():
    found, _ = _search([_node(f"cda/a/{i}") for i in range(300)], "mms")
    assert len(found["hits"]) == 50
    assert found["more"] is True


@pytest.mark.parametrize("query", ["", " a ", None, 3, "x" * 401])
def test_a_query_that_is_none_is_refused(query):
    with pytest.raises(InvalidRequest, match="letters"):
        _search([], query)
