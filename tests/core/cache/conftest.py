"""Caches on disk and in memory, an archive behind them, and a clock that can be put forward."""

from __future__ import annotations

import time

import pytest
from cache_tools import Archive

from speasy_core.cache import Cache
from speasy_core.config import Settings
from speasy_core.store import DiskStore, MemoryStore


@pytest.fixture
def archive():
    return Archive()


@pytest.fixture(params=["disk", "memory"])
def cache(request, tmp_path):
    store = DiskStore(tmp_path / "data", 10**9) if request.param == "disk" else MemoryStore()
    cache = Cache(store, Settings(cache_dir=tmp_path))
    yield cache
    cache.close()


@pytest.fixture
def disk(tmp_path):
    cache = Cache(DiskStore(tmp_path / "data", 10**9), Settings(cache_dir=tmp_path))
    yield cache
    cache.close()


@pytest.fixture
def later(monkeypatch):
    """Let wall-clock time pass."""
    real, shift = time.time, [0.0]
    monkeypatch.setattr(time, "time", lambda: real() + shift[0])

    def advance(seconds: float) -> None:
        shift[0] += seconds

    return advance
