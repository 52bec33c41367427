"""Bodies that nothing in the transport proves whole: formats do, and such requests are repeated."""

from __future__ import annotations

import gzip
import time

import pytest
from fault_server import answer, get, raw

from speasy_core import codecs, errors
from speasy_core.config import Settings
from speasy_core.http import Deadline, HttpClient

HEAD = b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n"
CDF = bytes.fromhex("cdf300010000ffff") + bytes(400)


@pytest.fixture
def checked(monkeypatch):
    monkeypatch.setattr("random.uniform", lambda low, high: 0.01)
    client = HttpClient(Settings(), check=codecs.check)
    yield client
    client.close()


@pytest.mark.parametrize("start", [CDF, CDF[:1], b"\x89HDF\r\n\x1a\n\x00"])
def test_a_file_without_its_end_is_asked_for_again(checked, server, start):
    url = server.on("/f.cdf", raw(HEAD + start), answer(200, b"whole"))
    assert get(checked, url).body == b"whole"
    assert server.count("/f.cdf") == 2


def test_a_file_that_is_always_cut_is_an_error(checked, server):
    url = server.on("/f.cdf", *[raw(HEAD + CDF)] * 3)
    with pytest.raises(errors.IncompleteBody, match="was cut") as caught:
        get(checked, url)
    assert caught.value.attempts == 3


def test_a_gzip_file_without_its_end_is_asked_for_again(checked, server):
    whole = gzip.compress(b"x" * 1000)
    url = server.on("/f.tgz", raw(HEAD + whole[:-3]), raw(HEAD + whole))
    assert get(checked, url).body == whole


def test_what_has_no_end_of_its_own_passes_unproven(checked, server):
    url = server.on("/f.txt", raw(HEAD + b"some text"))
    assert not get(checked, url).proven


def test_a_body_that_stops_is_asked_for_again(checked, server):
    def stops(handler):
        handler.raw(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n12345")
        handler.wfile.flush()
        time.sleep(4)
        handler.close_connection = True

    url = server.on("/f", stops, answer(200, b"0123456789"))
    began = time.monotonic()
    assert checked.get(url, deadline=Deadline(3.5)).body == b"0123456789"
    assert time.monotonic() - began < 3
