"""The http client against a server that misbehaves."""

from __future__ import annotations

import gzip
import logging
import os
import socket
import subprocess
import sys
import threading
import time
import zlib
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from speasy_core import errors
from speasy_core.config import Settings
from speasy_core.http import Deadline, HttpClient

from .fault_server import FaultServer, answer, drip, raw, reset, stall

HTML = b"<!DOCTYPE html>\n<html><head><title>Down for\n maintenance &amp; tea</title></head></html>"
OK_HEAD = b"HTTP/1.1 200 OK\r\n"


@pytest.fixture
def server() -> Iterator[FaultServer]:
    with FaultServer() as running:
        yield running


@pytest.fixture
def client(tmp_path, monkeypatch) -> Iterator[HttpClient]:
    monkeypatch.setattr("random.uniform", lambda low, high: 0.01)
    client = HttpClient(Settings(cache_dir=tmp_path))
    yield client
    client.close()


def get(client: HttpClient, url: str, seconds: float = 5.0, **options):
    return client.get(url, deadline=Deadline(seconds), **options)


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


# --- rule 4: the deadline ----------------------------------------


@pytest.mark.parametrize(
    "script",
    [
        stall,
        drip(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n"),
        drip(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffff\r\n"),
        drip(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"1"),
        drip(b"HTTP/1.1 200 OK\r\nX-Slow: "),
        drip(b"HTTP/1.1 200 "),
        answer(200, b"half", Content_Length="100"),
        answer(503),
    ],
    ids=["stall", "body", "chunk", "chunk-size", "headers", "status", "cut", "503"],
)
def test_rule_4_every_fault_ends_at_the_deadline(client, server, script):
    started = time.monotonic()
    with pytest.raises(errors.ServerError):
        get(client, server.on("/a", script), seconds=0.6)
    assert time.monotonic() - started < 1.1


def test_rule_4_stopped_connections_do_not_linger(client, server):
    with pytest.raises(errors.DeadlineExceeded, match=r"within 0\.3 s") as caught:
        get(client, server.on("/a", drip(OK_HEAD + b"X: ")), seconds=0.3)
    assert caught.value.url.endswith("/a")
    end = time.monotonic() + 2
    while any(t.name == "speasy-http" for t in threading.enumerate()):
        assert time.monotonic() < end, "the thread of an abandoned try goes on"
        time.sleep(0.02)


def test_cancel_ends_a_request_at_once(client, server):
    deadline = Deadline(30)
    threading.Timer(0.2, deadline.cancel).start()
    started = time.monotonic()
    with pytest.raises(errors.Cancelled):
        client.get(server.on("/a", stall), deadline=deadline)
    assert time.monotonic() - started < 1


def test_no_time_left_sends_nothing(client, server):
    with pytest.raises(errors.DeadlineExceeded):
        get(client, server.on("/a", answer()), seconds=0)
    assert not server.seen


# --- rule 5: retries ----------------------------------------


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
def test_rule_5_passing_trouble_is_retried(client, server, status):
    url = server.on("/a", answer(status), answer(status), answer(200, b"x"))
    assert get(client, url).body == b"x"
    assert server.count("/a") == 3


@pytest.mark.parametrize("script", [reset, answer(200, b"ab", Content_Length="3")])
def test_rule_5_broken_connection_is_retried(client, server, script):
    assert get(client, server.on("/a", script, answer(200, b"abc"))).body == b"abc"


def test_rule_5_at_most_three_tries(client, server):
    with pytest.raises(errors.HttpStatusError, match="status 503") as caught:
        get(client, server.on("/a", answer(503, b"busy")))
    assert (server.count("/a"), caught.value.attempts) == (3, 3)
    assert (caught.value.status, caught.value.body) == (503, b"busy")
    with pytest.raises(errors.IncompleteBody, match=r"2 of 3 bytes|cut") as cut:
        get(client, server.on("/b", answer(200, b"ab", Content_Length="3")))
    assert (server.count("/b"), cut.value.attempts) == (3, 3)


def test_rule_5_other_statuses_raise_at_once(client, server):
    with pytest.raises(errors.HttpStatusError, match="404 «Down for maintenance & tea»") as caught:
        get(client, server.on("/a", answer(404, HTML)))
    assert server.count("/a") == 1
    assert caught.value.body == HTML
    assert get(client, server.url + "/a", ok=frozenset({200, 404})).status == 404


def test_rule_5_post_is_tried_once(client, server):
    with pytest.raises(errors.HttpStatusError):
        client.post(server.on("/a", answer(503)), data=b"x", deadline=Deadline(5))
    assert server.count("/a") == 1


def test_rule_5_retry_after_is_honoured(client, server):
    url = server.on("/a", answer(503, Retry_After="1"), answer(200, b"x"))
    started = time.monotonic()
    assert get(client, url).body == b"x"
    assert 0.9 < time.monotonic() - started < 2.5


@pytest.mark.parametrize("value", ["3600", "1e9", "999999999999999999999", "date"])
def test_rule_5_retry_after_beyond_reach_is_an_error_now(client, server, value):
    if value == "date":
        value = format_datetime(datetime.now(UTC) + timedelta(hours=1), usegmt=True)
    started = time.monotonic()
    with pytest.raises(errors.HttpStatusError) as caught:
        get(client, server.on("/a", answer(503, Retry_After=value)), seconds=60)
    assert time.monotonic() - started < 1
    assert server.count("/a") == 1
    retry_at = datetime.fromisoformat(caught.value.retry_at)
    assert retry_at > datetime.now(UTC) + timedelta(minutes=50)


@pytest.mark.parametrize("value", ["-5", "soon", "nan", "inf", "Mon, 99 Foo 2020", "0", ""])
def test_rule_5_odd_retry_after_does_no_harm(client, server, value):
    url = server.on("/a", answer(503, Retry_After=value), answer(200, b"x"))
    started = time.monotonic()
    assert get(client, url).body == b"x"
    assert time.monotonic() - started < 1


def test_rule_5_breaker_opens_and_half_opens(client, server, monkeypatch):
    url = server.on("/a", answer(503))
    for _ in range(3):
        with pytest.raises(errors.HttpStatusError):
            get(client, url)
    before = server.count("/a")
    with pytest.raises(errors.ServerUnreachable, match="left alone") as caught:
        get(client, url)
    assert caught.value.retry_at is not None
    assert server.count("/a") == before
    server.on("/a", answer(200, b"x"))
    later = time.monotonic() + 31
    monkeypatch.setattr("speasy_core._limits.time.monotonic", lambda: later)
    assert get(client, url, seconds=60).body == b"x"
    assert get(client, url, seconds=60).body == b"x"


def test_a_bad_product_does_not_close_the_host(client, server):
    bad, good = server.on("/bad", answer(404)), server.on("/good", answer(200, b"x"))
    for _ in range(5):
        with pytest.raises(errors.HttpStatusError):
            get(client, bad)
    assert get(client, good).body == b"x"


def test_refused_connection_says_so(client):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    for _ in range(4):
        with pytest.raises(errors.ServerUnreachable, match=r"cannot connect to 127\.0\.0\.1"):
            get(client, f"http://127.0.0.1:{port}/")


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


# --- redirects ----------------------------------------


def test_redirects_are_followed(client, server):
    server.on("/b", answer(200, b"there"))
    response = get(client, server.on("/a", answer(302, Location="/b")))
    assert (response.body, response.url) == (b"there", server.url + "/b")


def test_redirect_loop_ends(client, server):
    with pytest.raises(errors.UnexpectedContent, match="more than 5 times"):
        get(client, server.on("/a", answer(301, Location="/a")))
    assert server.count("/a") == 6


@pytest.mark.parametrize(
    "target", ["file:///etc/passwd", "ftp://127.0.0.1/", "http://[::1", "gopher:x"]
)
def test_redirect_to_another_scheme_is_refused(client, server, target):
    with pytest.raises(errors.UnexpectedContent, match="not followed"):
        get(client, server.on("/a", answer(302, Location=target)))


def test_redirect_rules():
    from speasy_core._redirect import make_request, redirected

    outside = make_request("GET", "https://example.org/x", None, None, None)
    for target in ("http://example.org/", "http://10.0.0.1/", "https://127.0.0.1/"):
        with pytest.raises(errors.UnexpectedContent, match="not followed"):
            redirected(outside, 302, target)
    assert redirected(outside, 302, "/y").url == "https://example.org/y"
    post = make_request("POST", "https://example.org/x", None, None, b"data")
    assert redirected(post, 303, "/y").method == "GET"
    assert redirected(post, 307, "/y").data == b"data"


def test_rule_24_authorization_is_dropped_on_another_host(client, server):
    with FaultServer() as other:
        other.on("/b", answer(200, b"x"))
        url = server.on("/a", answer(302, Location=other.url + "/b"))
        get(client, url, headers={"Authorization": "Bearer canary"})
        assert server.seen[0][2]["Authorization"] == "Bearer canary"
        assert "Authorization" not in other.seen[0][2]


def test_rule_24_no_secret_in_errors_and_logs(client, server, caplog):
    caplog.set_level(logging.DEBUG)
    server.on("/a", answer(503))
    url = server.url.replace("http://", "http://bob:canary@") + "/a"
    with pytest.raises(errors.HttpStatusError) as caught:
        get(client, url, params={"password": "canary"})
    assert server.seen[0][2]["Authorization"].startswith("Basic ")
    assert "canary" not in str(caught.value) + repr(caught.value) + caplog.text
    assert caplog.records


# --- limits per host, environment, laziness ----------------------------------------


def test_at_most_max_connections_run_at_once(tmp_path, server):
    client = HttpClient(Settings(cache_dir=tmp_path, max_connections=3))

    def slow(handler):
        time.sleep(0.05)
        answer(200, b"x")(handler)

    url = server.on("/a", slow)
    threads = [threading.Thread(target=get, args=(client, url)) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (server.count("/a"), server.most) == (12, 3)


def test_waiting_for_a_place_is_bounded(tmp_path, server):
    client = HttpClient(Settings(cache_dir=tmp_path, max_connections=1))
    first = Deadline(30)
    url = server.on("/a", stall)

    def hold():
        with pytest.raises(errors.Cancelled):
            client.get(url, deadline=first)

    holder = threading.Thread(target=hold)
    holder.start()
    while not server.seen:
        time.sleep(0.01)
    with pytest.raises(errors.DeadlineExceeded, match="other requests"):
        get(client, server.on("/b", answer(200, b"x")), seconds=0.2)
    first.cancel()
    holder.join()
    assert get(client, server.url + "/b").body == b"x"


def test_loopback_never_uses_a_proxy_and_others_do(client, server, monkeypatch):
    from speasy_core._transport import _proxy_for

    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    monkeypatch.setenv("https_proxy", "proxy.example:3128")
    monkeypatch.setenv("no_proxy", "inside.example")
    assert get(client, server.on("/a", answer(200, b"x"))).body == b"x"
    assert _proxy_for("http://[::1]:8/") == _proxy_for("http://localhost/") == ""
    assert _proxy_for("https://cdaweb.gsfc.nasa.gov/") == "http://proxy.example:3128"
    assert _proxy_for("https://inside.example/") == ""


def test_requests_go_through_the_proxy(client, monkeypatch):
    with FaultServer() as proxy:
        proxy.scripts["http://archive.example/x"] = [answer(200, b"by proxy")]
        monkeypatch.setenv("http_proxy", proxy.url.replace("http://", "http://me:pw@"))
        assert get(client, "http://archive.example/x").body == b"by proxy"
        assert "proxy-authorization" in {name.lower() for name in proxy.seen[0][2]}
    monkeypatch.setenv("http_proxy", "socks5://127.0.0.1:1")
    with pytest.raises(errors.ConfigError, match="not supported"):
        get(HttpClient(Settings()), "http://archive.example/x")


@pytest.mark.parametrize("url", ["ftp://x/", "file:///etc/passwd", "http://", "x", "http://h:0/"])
def test_only_web_addresses(client, url):
    with pytest.raises(errors.InvalidRequest):
        get(client, url)


def test_transport_can_be_replaced(tmp_path):
    class Canned:
        status, headers = 200, {"content-length": "2"}

        def send(self, request, timeout):
            assert timeout <= 5
            return self

        def chunks(self):
            yield b"ok"

        def close(self):
            pass

    client = HttpClient(Settings(cache_dir=tmp_path), transport=Canned())
    assert get(client, "http://anything/").body == b"ok"


def test_import_is_light_and_opens_no_socket():
    code = (
        "import socket, sys\n"
        "def refuse(*a, **k): raise AssertionError('socket')\n"
        "socket.socket.__init__ = refuse\n"
        "import speasy_core.http as h\n"
        "h.HttpClient(h.Settings())\n"
        "assert not {'urllib3', 'requests', 'http.client'} & set(sys.modules)\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork on this system")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_forked_process_opens_its_own_connections(client, server):
    ports = []

    def note(handler):
        ports.append(handler.client_address[1])
        answer(200, b"x")(handler)

    url = server.on("/a", note)
    get(client, url)
    child = os.fork()
    if child == 0:
        os._exit(0 if get(client, url).body == b"x" else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    get(client, url)
    assert ports[0] != ports[1]
    assert ports[0] == ports[2]
