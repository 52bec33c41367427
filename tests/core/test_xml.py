"""XML of servers: what is read, and what is refused."""

from __future__ import annotations

import pytest

from speasy_core.errors import UnexpectedContent
from speasy_core.xml import iter_elements, walk


def read(data: bytes, tag: str = "d", **more: object):
    return list(iter_elements(data, tag, source="all.xml", **more))


def test_elements_come_with_what_is_above_and_inside():
    data = b"""<?xml version="1.0"?><s:sites xmlns:s="cdas"><s:site ID="A">
        <s:d n="1"><s:e>x&lt;</s:e></s:d></s:site>
        <s:site ID="B"><s:d n="2"/></s:site><s:d n="3"/></s:sites>"""
    found = read(data, context="site")
    assert [(e.get("n"), above.get("ID")) for e, above in found] == [
        ("1", "A"), ("2", "B"), ("3", None)
    ]  # fmt: skip
    assert found[0][0].findtext("e") == "x<"


@pytest.mark.parametrize(
    "data",
    [
        b'<!DOCTYPE x [<!ENTITY a "b">]><x><d>&a;</d></x>',
        b'<!DOCTYPE x SYSTEM "file:///etc/passwd"><x/>',
        '<?xml version="1.0" ?><!DOCTYPE x [<!ENTITY a ""> ]><x/>'.encode("utf-16"),
        b'<?xml version="1.0" encoding="utf-7"?><x/>',
        b"<d>" * 300 + b"</d>" * 300,
        b"<x><d></x>",
        b"<x><d/>",
        b"",
        b"not xml",
        b"<x>&undefined;</x>",
    ],
)
def test_hostile_and_damaged_documents_are_refused(data):
    with pytest.raises(UnexpectedContent, match="the XML is"):
        read(data)


def test_large_documents_are_read_in_pieces_and_can_be_stopped():
    data = b"<x>" + b"<d n='1'>" + b"t" * 3_000_000 + b"</d>" + b"</x>"
    assert len(read(data)[0][0].text) == 3_000_000
    calls = []

    def check() -> None:
        calls.append(1)
        if len(calls) > 2:
            raise TimeoutError

    with pytest.raises(TimeoutError):
        read(data, check=check)


def test_walk_calls_for_every_element_in_order():
    seen: list[object] = []
    walk(
        b"<a xml:id='1'>x<b/>y</a>", source="s", text=seen.append,
        start=lambda t, a: seen.append((t, a)), end=lambda t: seen.append(f"/{t}"),
    )  # fmt: skip
    assert seen == [("a", {"xml:id": "1"}), "x", ("b", {}), "/b", "y", "/a"]


@pytest.mark.parametrize(
    "data", [b"<!DOCTYPE a><a/>", b"<a>" * 300 + b"</a>" * 300, b"<a>", b"", b"<a>&x;</a>"]
)
def test_walk_refuses_the_same(data):
    with pytest.raises(UnexpectedContent, match="the XML is") as caught:
        walk(data, source="all.xml", start=lambda t, a: None, end=lambda t: None)
    assert caught.value.source == "all.xml"
