"""A server that misbehaves, and a client that does not wait long between tries."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from fault_server import FaultServer

from speasy_core.config import Settings
from speasy_core.http import HttpClient


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
