"""The session underneath: places, proxies, certificates, nothing sent unasked."""

from __future__ import annotations

import gzip
import os
import shutil
import socket
import ssl
import subprocess
import sys
import threading
import time
import traceback

import pytest
from fault_server import OK_HEAD, FaultServer, answer, drip, get, raw, reset, stall

from speasy_core import errors
from speasy_core.config import Settings
from speasy_core.http import Deadline, HttpClient
from speasy_core.http.session import Session

SECRET = "canary"  # by name, since tracebacks quote the lines of this file

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
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    monkeypatch.setenv("no_proxy", "inside.example")
    assert get(client, server.on("/a", answer(200, b"x"))).body == b"x"
    assert get(client, server.url.replace("127.0.0.1", "localhost") + "/a").body == b"x"
    with pytest.raises(errors.ServerUnreachable, match=r"the proxy on the way to archive\.example"):
        get(client, "http://archive.example/x")
    with Session(1) as session:
        assert session.environment("http://inside.example/", direct=False)["proxies"] == {}
        assert session.environment("http://archive.example/", direct=False)["proxies"]["http"]
        assert session.environment("http://archive.example/", direct=True)["proxies"] == {}


def test_requests_go_through_the_proxy(client, monkeypatch):
    with FaultServer() as proxy:
        proxy.scripts["http://archive.example/x"] = [answer(200, b"by proxy")]
        monkeypatch.setenv("http_proxy", proxy.url.replace("http://", "http://me:pw@"))
        assert get(client, "http://archive.example/x").body == b"by proxy"
        assert "proxy-authorization" in {name.lower() for name in proxy.seen[0][2]}
        monkeypatch.setenv("https_proxy", proxy.url.removeprefix("http://"))
        with pytest.raises(errors.ServerUnreachable, match=r"proxy.*501"):
            get(client, "https://archive.example/x")


def test_a_proxy_of_another_kind_is_named(client, monkeypatch):
    monkeypatch.setenv("http_proxy", "gopher://127.0.0.1:1")
    with pytest.raises(errors.ConfigError, match=r"not supported.*http_proxy"):
        get(client, "http://archive.example/x")


def test_nothing_is_sent_unasked(client, server, tmp_path, monkeypatch):
    """Neither what ~/.netrc holds nor a cookie, and no header of a library."""
    (tmp_path / ".netrc").write_text("machine 127.0.0.1 login bob password canary\n")
    monkeypatch.setenv("NETRC", str(tmp_path / ".netrc"))
    url = server.on("/a", answer(200, b"x", Set_Cookie="tracked=1"))
    for _ in range(2):
        get(client, url)
    for _, _, headers, _ in server.seen:
        assert set(headers) == {"Host", "User-Agent", "Accept-Encoding"}
        assert headers["Accept-Encoding"] == "gzip"


def test_the_body_of_a_redirect_is_bounded(client, server):
    server.on("/b", answer(200, b"there"))
    zeros = gzip.compress(bytes(2**24))
    head = b"HTTP/1.1 302 Found\r\nLocation: /b\r\nContent-Encoding: gzip\r\n\r\n"
    assert get(client, server.on("/a", raw(head, zeros))).body == b"there"


def test_no_secret_in_the_causes_of_an_error(client, server):
    server.on("/a", reset)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        refusing = f"http://127.0.0.1:{free.getsockname()[1]}/"
    for url in (refusing, server.url + "/a", "http://*.127.0.0.1/"):
        with pytest.raises(errors.SpeasyError) as caught:
            get(client, url, params={"password": SECRET})
        text = "".join(traceback.format_exception(caught.value))
        assert SECRET not in text
    with pytest.raises(errors.InvalidRequest, match="header") as caught:
        get(client, server.url + "/b", headers={"X-Key": SECRET + "\n"})
    assert SECRET not in "".join(traceback.format_exception(caught.value))


# --- certificates ------------------------------------------------------------------------


@pytest.fixture
def tls(tmp_path):
    """A server with a certificate of its own making, and the path of that."""
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("openssl, which makes the certificate, is not installed")
    certificate, key = tmp_path / "server.pem", tmp_path / "key.pem"
    subprocess.run(
        [
            openssl, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2",
            "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1",
            "-keyout", str(key), "-out", str(certificate),
        ],
        check=True, capture_output=True,
    )  # fmt: skip
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    with FaultServer() as running:
        running.socket = context.wrap_socket(
            running.socket, server_side=True, do_handshake_on_connect=False
        )
        running.url = running.url.replace("http://", "https://")
        running.on("/a", answer(200, b"secret"))
        yield running, certificate


@pytest.fixture(autouse=True)
def no_bundle(monkeypatch):
    for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE"):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.parametrize("name", ["REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE"])
def test_certificates_are_checked_against_the_bundle(client, tls, monkeypatch, name):
    server, certificate = tls
    with pytest.raises(errors.ServerUnreachable, match=f"no secure connection.*{name}"):
        get(client, server.url + "/a")
    monkeypatch.setenv(name, str(certificate))
    assert get(client, server.url + "/a").body == b"secret"


def test_a_tls_request_ends_at_the_deadline(client, tls, monkeypatch):
    server, certificate = tls
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    server.on("/slow", drip(OK_HEAD + b"Content-Length: 1000\r\n\r\n"))
    with pytest.raises(errors.DeadlineExceeded):
        get(client, server.url + "/slow", seconds=0.5)
    end = time.monotonic() + 2
    while any(t.name == "speasy-http" for t in threading.enumerate()):
        assert time.monotonic() < end, "the thread of an abandoned try goes on"
        time.sleep(0.02)


def test_a_missing_bundle_is_named(client, monkeypatch, tmp_path):
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / "none.pem"))
    with pytest.raises(errors.ConfigError, match=r"none\.pem does not exist.*REQUESTS_CA_BUNDLE"):
        get(client, "https://127.0.0.1:1/")


# --- what may be asked for, and when anything is opened ----------------------------------


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
        "from speasy_core.config import Settings\n"
        "h.HttpClient(Settings())\n"
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


def test_no_secret_in_the_fields_of_a_cause():
    """Errors of urllib3 keep the whole URL."""
    from urllib3.exceptions import ReadTimeoutError

    from speasy_core.http.session import _cleaned

    error = _cleaned(ReadTimeoutError(None, "/x?password=canary&a=1", "late"))
    assert error.url == "/x?password=***&a=1"
    assert "canary" not in repr(vars(error))
