"""The session underneath: places, proxies, certificates, nothing sent unasked."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time

import pytest
from fault_server import FaultServer, answer, get, stall

from speasy_core import errors
from speasy_core.config import Settings
from speasy_core.http import Deadline, HttpClient

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
    from speasy_core.http.transport import _proxy_for

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
