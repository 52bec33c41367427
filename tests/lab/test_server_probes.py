"""Rule 23: whatever is sent to our endpoints is answered, refused, and never a fault of ours."""

from __future__ import annotations

import json
import logging
from itertools import product
from types import SimpleNamespace
from urllib.parse import quote

import pytest

pytest.importorskip("jupyter_server")
pytest.importorskip("pytest_jupyter")

from sciqlop_lab import server
from sciqlop_lab._inventory_service import InventoryService
from speasy_core.config import Settings
from speasy_core.inventory import Inventory
from speasy_core.product import ProductInfo, ProductRef
from speasy_core.provider import InventoryUpdate

pytest_plugins = ["pytest_jupyter.jupyter_server"]

GET, POST = ("nodes", "search", "product", "status"), ("refresh", "preview")
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
INSIDE = "http://169.254.169.254/latest/meta-data/"
DEEP = "[" * 100_000
VALUES = [
    "", " ", "0", "-1", "1", "1e9", "9" * 40, "0x10", "1.5", "nan", "inf", "true", "null", "[]",
    "{}", "toy", "toy/", "/toy", "toy/MAG/field", "toy//field", "nobody/x", "..",
    "../../etc/passwd",
    "/etc/passwd", "....//....//etc/passwd", "%2e%2e%2f", "%00", "\0", "a\0b", "a\r\nX-Evil: 1",
    INSIDE, "file:///etc/passwd", "https://evil.example/", "//evil.example",
    "<script>alert(1)</script>",
    "'; DROP TABLE nodes;--", '" OR 1=1', "NEAR(a b)", "a*", '"', "'", "(", ")", "^a", "a OR",
    "AND",
    "NOT", "-", ":", "provider:", "after:2020", "after:x", "type:\0", "%s%s%n", "{x.__class__}",
    "${7*7}", "é", "日本", "\u202e", "\ud83d\ude80", "x" * 500, "x" * 501, "x" * 20_000, "𝒳" * 200,
]  # fmt: skip
BODIES = [
    b"", b"{}", b"[]", b"null", b"0", b"true", b'"toy"', b"{", b"}", b"\xff\xfe", b"\x00", b"NaN",
    b'{"provider": NaN}', b'{"provider": []}', b'{"provider": {}}', b'{"provider": 7}',
    b'{"provider": true}', b'{"provider": ""}', b'{"provider": "nobody"}', b'{"provider": "toy"}',
    b'{"provider": null, "url": "http://169.254.169.254/"}', b'{"provider": "__class__"}',
    f'{{"provider": "{INSIDE}"}}'.encode(), b'{"provider": "../../etc/passwd"}',
    b'{"provider": "\\ud800"}', b'{"provider": "\\u0000"}', b"\xef\xbb\xbf{}",
    '{"provider": "toy"}'.encode("utf-16"), DEEP.encode(), b'{"a":' * 50_000,
    b'{"provider":' + DEEP.encode(),
    b'{"provider": ' + b"9" * 10_000 + b"}", b'{"provider": "' + b"x" * 900_000 + b'"}',
    b" " * (1 << 20) + b"{}", b"provider=toy", b"--x\r\nContent-Disposition: form-data\r\n\r\n",
]  # fmt: skip
TYPES = ["application/json", "text/plain", "application/x-www-form-urlencoded",
         "multipart/form-data; boundary=x", "application/json; charset=utf-16", "\t"]  # fmt: skip


class Toy:
    """An archive with one product, that says so when it is asked for anything."""

    name, title, max_request_ns, options, cachable = "toy", "Toy", None, frozenset(), True

    def inventory(self, *, deadline, since=None):
        record = ProductInfo(("MAG", "field"), ProductRef("toy", "MAG/field"), "vector")
        return InventoryUpdate("v1", [record])


@pytest.fixture(params=[True, False], ids=["default", "no-unauthenticated-access"])
def jp_server_config(request):
    return {"ServerApp": {"allow_unauthenticated_access": request.param}}


@pytest.fixture
def probe(jp_serverapp, http_server_client, jp_base_url, jp_auth_header):
    """Send anything; returns status, headers and body."""
    providers = {"toy": Toy()}
    inventory = Inventory(None, providers, Settings())
    inventory.refresh()
    nothing_kept = SimpleNamespace(entries=lambda product: [])
    session = SimpleNamespace(inventory=inventory, providers=providers, cache=nothing_kept)
    service = InventoryService(logging.getLogger(__name__), lambda: session)
    server._load_jupyter_server_extension(jp_serverapp, service)
    root = f"{jp_base_url}sciqlop-lab/api/"

    async def send(path, method="GET", body=None, headers=None, auth=True):
        given = {**(jp_auth_header if auth else {}), **(headers or {})}
        if body is None and method in ("POST", "PUT", "PATCH"):
            body = b""
        return await http_server_client.fetch(
            root + path,
            method=method,
            body=body,
            headers=given,
            follow_redirects=False,
            allow_nonstandard_methods=True,
            request_timeout=20,
            raise_error=False,
        )

    yield send
    inventory.close()


def wrong_with(answer, allowed):
    """Return what is wrong with an answer, None when nothing is."""
    if answer.code not in allowed:
        return f"status {answer.code}"
    if answer.code in (204, 302, 405) or answer.request.method in ("HEAD", "OPTIONS"):
        return None
    if answer.headers.get("Content-Type") != "application/json":
        return f"type {answer.headers.get('Content-Type')}"
    if answer.headers.get("X-Content-Type-Options") != "nosniff":
        return "may be sniffed"
    if "X-Evil" in answer.headers:
        return "a header of the client's"
    text = answer.body.decode("utf-8")
    json.loads(text, parse_constant=lambda name: pytest.fail(name))
    if "root:x:" in text or "Traceback" in text or 'File "' in text:
        return "shows more than it should"
    return None


async def test_rule_23_no_probe_finds_a_fault(probe):
    answered, failures = 0, []

    def judge(what, answer, *allowed):
        nonlocal answered
        answered += 1
        wrong = wrong_with(answer, allowed)
        if wrong:
            failures.append(f"{what}: {wrong}")

    names = {"nodes": ("parent", "offset", "limit"), "search": ("q", "limit", "provider"),
             "product": ("ref",), "preview": ("ref",), "status": ("x",)}  # fmt: skip
    for path, arguments in names.items():
        for argument, value in product(arguments, VALUES):
            query = f"{path}?{argument}={quote(value, safe='', errors='surrogatepass')}"
            if path == "search" and argument != "q":
                query += "&q=field"
            judge(query[:80], await probe(query), 200, 400, 404)
    for path in (*GET, *POST):
        for method in METHODS:
            judge(f"{method} {path}", await probe(path, method), 200, 204, 400, 405)
        for raw in ("%ff%fe", "%c0%af", "%", "%zz", "&&&&", "=", "a=1&a=2", "parent=1&parent=2"):
            judge(f"{path}?{raw}", await probe(f"{path}?{raw}"), 200, 400, 405)
            judge(f"{path}?q={raw}", await probe(f"{path}?q={raw}"), 200, 400, 404, 405)
    for body in BODIES:
        for kind in TYPES[: 2 if len(body) > 10_000 else None]:
            answer = await probe("refresh", "POST", body, {"Content-Type": kind})
            judge(f"POST {body[:40]!r} as {kind!r}", answer, 200, 400, 404, 413)
    assert answered >= 500
    assert failures == []


@pytest.mark.parametrize("headers", [
    {}, {"Authorization": "token wrong"}, {"Authorization": "Basic YTpi"}, {"Cookie": "a=b"},
    {"Authorization": "token "}, {"Authorization": "Bearer \u00e9"},
])  # fmt: skip
async def test_rule_23_strangers_are_told_nothing(probe, headers):
    for path in (*GET, *POST):
        method = "POST" if path in POST else "GET"
        answer = await probe(path, method, headers=headers, auth=False)
        assert answer.code == 403, path
        assert b"toy" not in answer.body


async def test_rule_23_other_pages_and_hosts_are_refused(probe):
    cookie = {"Cookie": "_xsrf=1"}
    for headers in ({"Origin": "https://evil.example"}, {"Referer": "https://evil.example/x"}):
        answer = await probe("refresh", "POST", b"{}", {**headers, **cookie}, auth=False)
        assert answer.code in (403, 404)
        assert b"toy" not in answer.body
    answer = await probe("status", headers={"Host": "evil.example"})
    assert answer.code == 403


async def test_rule_23_no_address_of_a_client_is_asked(probe, monkeypatch):
    import socket

    asked = []
    real = socket.getaddrinfo
    monkeypatch.setattr(
        socket, "getaddrinfo", lambda host, *a, **k: asked.append(host) or real(host, *a, **k)
    )
    for path in (f"product?ref={INSIDE}", f"search?q=x&provider={INSIDE}", f"nodes?url={INSIDE}"):
        await probe(path)
    await probe("refresh", "POST", json.dumps({"provider": INSIDE, "url": INSIDE}).encode())
    assert not [host for host in asked if "169" in str(host)]


async def test_rule_23_paths_lead_nowhere_else(probe):
    for path in (
        "../../etc/passwd",
        "nodes/../../x",
        "%2e%2e/%2e%2e/etc/passwd",
        "nodes%00",
    ):
        answer = await probe(path)
        assert answer.code in (400, 403, 404), path
        assert b"root:x:" not in answer.body
