"""The http client against a server that misbehaves: deadlines, tries, redirects."""

from __future__ import annotations

import logging
import socket
import threading
import time
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from fault_server import HTML, OK_HEAD, FaultServer, answer, drip, get, reset, stall

from speasy_core import errors
from speasy_core.http import Deadline

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
    assert time.monotonic() - started < 4


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
    assert time.monotonic() - started < 5


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
    assert time.monotonic() - started < 5
    assert server.count("/a") == 1
    retry_at = datetime.fromisoformat(caught.value.retry_at)
    assert retry_at > datetime.now(UTC) + timedelta(minutes=50)


@pytest.mark.parametrize("value", ["-5", "soon", "nan", "inf", "Mon, 99 Foo 2020", "0", ""])
def test_rule_5_odd_retry_after_does_no_harm(client, server, value):
    url = server.on("/a", answer(503, Retry_After=value), answer(200, b"x"))
    started = time.monotonic()
    assert get(client, url).body == b"x"
    assert time.monotonic() - started < 5


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
    monkeypatch.setattr("speasy_core.http.limits.time.monotonic", lambda: later)
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
    from speasy_core.http.redirect import make_request, redirected

    outside = make_request("GET", "https://example.org/x", None, None, None)
    for target in ("http://example.org/", "http://10.0.0.1/", "https://127.0.0.1/"):
        with pytest.raises(errors.UnexpectedContent, match="not followed"):
            redirected(outside, 302, target)
    assert redirected(outside, 302, "/y").url == "https://example.org/y"
    post = make_request("POST", "https://example.org/x", None, None, b"data")
    assert redirected(post, 303, "/y").method == "GET"
    assert redirected(post, 307, "/y").data == b"data"


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1", "localhost", "localhost.", "x.localhost", "10.1.2.3", "172.16.0.1",
        "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0", "127.1", "0x7f000001",
        "2130706433", "0177.0.0.1", "[::1]", "[::ffff:127.0.0.1]", "[::ffff:10.0.0.1]",
        "[fe80::1]", "[fd00::1]", "router", "nas.local", "db.internal", "printer.lan",
    ],
)  # fmt: skip
def test_redirect_into_a_private_network_is_refused(host):
    from speasy_core.http.redirect import make_request, redirected

    outside = make_request("GET", "https://example.org/x", None, None, None)
    with pytest.raises(errors.UnexpectedContent, match="a private address"):
        redirected(outside, 302, f"https://{host}/")
    # between two of them it is nobody's business but theirs
    inside = make_request("GET", "https://10.9.9.9/x", None, None, None)
    assert redirected(inside, 302, f"https://{host}/").url.startswith("https://")


@pytest.mark.parametrize("host", ["example.com", "1.1.1.1", "[2606:4700::1111]", "a.b.example"])
def test_redirect_to_another_public_host_is_followed(host):
    from speasy_core.http.redirect import make_request, redirected

    outside = make_request("GET", "https://example.org/x", {"Cookie": "a"}, None, None)
    moved = redirected(outside, 302, f"https://{host}/")
    assert moved.url == f"https://{host}/"
    assert "Cookie" not in moved.headers


def test_cookies_are_not_kept(client, server):
    server.on("/b", answer(200, b"x"))
    get(client, server.on("/a", answer(302, Location="/b", Set_Cookie="id=canary; Path=/")))
    get(client, server.url + "/b")
    assert not any("Cookie" in headers for _, _, headers, _ in server.seen)


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
