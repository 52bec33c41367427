"""Bodies: whole, bounded, and what was asked for."""

from __future__ import annotations

import gzip
import zlib

import pytest
from fault_server import HTML, OK_HEAD, answer, get, raw

from speasy_core import errors
from speasy_core.http import Deadline

# --- whole answers ----------------------------------------


def test_whole_answer(client, server):
    url = server.on("/a", answer(200, b'{"x": 1}', Content_Type="application/json; charset=utf-8"))
    response = get(client, url, params={"q": "a b", "none": None})
    assert (response.status, response.body, response.proven) == (200, b'{"x": 1}', True)
    assert response.json() == {"x": 1}
    assert response.headers["CONTENT-TYPE"].startswith("application/json")
    assert response.content_type == "application/json"
    method, path, headers, _ = server.seen[0]
    assert (method, path) == ("GET", "/a?q=a%20b")
    assert headers["User-Agent"].startswith("sciqlop-lab/")
    assert "(speasy_core)" in headers["User-Agent"]


def test_connection_is_used_again(client, server):
    ports = []

    def note(handler):
        ports.append(handler.client_address[1])
        answer(200, b"x")(handler)

    url = server.on("/a", note)
    for _ in range(3):
        get(client, url)
    assert len(set(ports)) == 1


def test_head_and_post(client, server):
    url = server.on("/a", answer(200, b"abc", Last_Modified="yesterday"))
    head = client.head(url, deadline=Deadline(5))
    assert (head.body, head.headers["last-modified"]) == (b"", "yesterday")
    post = client.post(url, data={"a": "1 2"}, deadline=Deadline(5))
    assert post.body == b"abc"
    assert server.seen[-1][3] == b"a=1+2"
    assert server.seen[-1][2]["Content-Type"] == "application/x-www-form-urlencoded"


def test_chunked_answer_is_proven(client, server):
    head = OK_HEAD + b"Transfer-Encoding: chunked\r\n\r\n"
    url = server.on("/a", raw(head, b"3\r\nabc\r\n", b"2\r\nde\r\n", b"0\r\n\r\n"))
    response = get(client, url)
    assert (response.body, response.proven) == (b"abcde", True)


@pytest.mark.parametrize("coding", ["gzip", "deflate", "raw-deflate", "members"])
def test_compressed_answer(client, server, coding):
    plain = b"0.1,0.2\n" * 50_000
    squeeze = zlib.compressobj(wbits=-15)
    sent = {
        "gzip": gzip.compress(plain),
        "deflate": zlib.compress(plain),
        "raw-deflate": squeeze.compress(plain) + squeeze.flush(),
        "members": gzip.compress(plain[:1000]) + gzip.compress(plain[1000:]) + b"\0" * 7,
    }[coding]
    name = "gzip" if coding in ("gzip", "members") else "deflate"
    response = get(client, server.on("/a", answer(200, sent, Content_Encoding=name)))
    assert response.body == plain


def test_close_delimited_body_is_not_proven(client, server):
    response = get(client, server.on("/a", raw(OK_HEAD + b"\r\n1,2\n3,4\n")))
    assert not response.proven
    with pytest.raises(errors.IncompleteBody, match="proven whole"):
        response.require("csv")
    assert response.require("cdf") is response


def test_gzip_trailer_proves_a_close_delimited_body(client, server):
    sent = OK_HEAD + b"Content-Encoding: gzip\r\n\r\n" + gzip.compress(b"1,2\n")
    assert get(client, server.on("/a", raw(sent))).require("csv").body == b"1,2\n"


def test_empty_answers(client, server):
    with pytest.raises(errors.UnexpectedContent, match="empty answer"):
        get(client, server.on("/a", answer(200, b""))).require("cdf")
    url = server.on("/b", raw(b"HTTP/1.1 204 No Content\r\n\r\n"))
    assert get(client, url, ok=frozenset({200, 204})).status == 204


# --- rule 6: completeness, and limits on size ----------------------------------------


@pytest.mark.parametrize(
    "script",
    [
        raw(OK_HEAD + b"Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n"),
        raw(OK_HEAD + b"Transfer-Encoding: chunked\r\n\r\n9\r\nabc"),
        raw(OK_HEAD + b"Transfer-Encoding: chunked\r\n\r\nzz\r\nabc"),
        answer(200, gzip.compress(b"abc" * 999)[:-6], Content_Encoding="gzip"),
        answer(200, gzip.compress(b"abc" * 999)[:-1] + b"!", Content_Encoding="gzip"),
        answer(200, b"not gzip", Content_Encoding="gzip"),
        answer(200, zlib.compress(b"abc" * 999)[:-4], Content_Encoding="deflate"),
    ],
    ids=["no-last-chunk", "cut-chunk", "bad-chunk", "cut-gzip", "bad-crc", "no-gzip", "deflate"],
)
def test_rule_6_cut_or_damaged_bodies_are_found(client, server, script):
    with pytest.raises(errors.IncompleteBody):
        get(client, server.on("/a", script))


def test_rule_6_headers_without_bounds(client, server):
    endless = OK_HEAD + b"X: " + b"y" * 100_000 + b"\r\n\r\n"
    many = OK_HEAD + b"".join(b"X%d: y\r\n" % i for i in range(500)) + b"\r\n"
    for script in (raw(endless), raw(many), raw(b"SSH-2.0-OpenSSH_9\r\n")):
        with pytest.raises(errors.UnexpectedContent, match="not valid HTTP"):
            get(client, server.on("/a", script))


def test_size_limit(client, server):
    with pytest.raises(errors.RequestTooLarge, match="would be 1,000,000,000,000 bytes"):
        get(client, server.on("/a", answer(200, b"", Content_Length=str(10**12))))
    head = OK_HEAD + b"Transfer-Encoding: chunked\r\n\r\n"
    endless = raw(head, *[b"1000\r\n" + b"x" * 4096 + b"\r\n"] * 50)
    with pytest.raises(errors.RequestTooLarge, match="larger than the limit"):
        get(client, server.on("/b", endless), max_bytes=100_000)


def test_gzip_bomb_is_stopped(client, server):
    squeeze = zlib.compressobj(wbits=31)
    zeros = bytes(2**20)
    bomb = b"".join(squeeze.compress(zeros) for _ in range(300)) + squeeze.flush()
    with pytest.raises(errors.UnexpectedContent, match="grows more than"):
        get(client, server.on("/a", answer(200, bomb, Content_Encoding="gzip")), seconds=30)


def test_unasked_coding(client, server):
    with pytest.raises(errors.UnexpectedContent, match="'br'"):
        get(client, server.on("/a", answer(200, b"x", Content_Encoding="br")))


# --- rule 7: what the body is ----------------------------------------


@pytest.mark.parametrize("prefix", [b"", b"\xef\xbb\xbf \n", b"<?xml version='1.0'?><!-- x -->"])
def test_rule_7_html_is_quoted(client, server, prefix):
    response = get(client, server.on("/a", answer(200, prefix + HTML)))
    for kind in ("cdf", "json", "xml", "csv"):
        with pytest.raises(errors.UnexpectedContent, match="«Down for maintenance & tea»"):
            response.require(kind)
    with pytest.raises(errors.UnexpectedContent, match="HTML page"):
        response.json()


def test_rule_7_other_content(client, server):
    with pytest.raises(errors.UnexpectedContent, match="cannot be read"):
        get(client, server.on("/a", answer(200, b'{"a": '))).json()
    with pytest.raises(errors.UnexpectedContent, match="something else"):
        get(client, server.on("/b", answer(200, b"plain"))).require("xml")
