"""A session without servers, and a panel without a browser."""

from __future__ import annotations

import threading
import warnings
from types import SimpleNamespace

import numpy as np
import pytest

from speasy_core.timerange import TimeRange
from speasy_core.variable import SpeasyVariable

with warnings.catch_warnings():  # bqscales warns of itself when it is first imported
    warnings.simplefilter("ignore", DeprecationWarning)
    import bqplot  # noqa: F401

DAY = 86_400 * 10**9
START = 1_672_617_600 * 10**9  # 2023-01-02


class FakeSession:
    """Gives one sample a second, and keeps what it was asked."""

    def __init__(self):
        self.settings = SimpleNamespace(view_timeout=5.0)
        self.asked = []
        self.known = None
        self.registered = {}
        self.providers = {
            "vp": SimpleNamespace(register=self._register, unregister=self._unregister)
        }
        self.answer = self.seconds
        self.hold = threading.Event()
        self.hold.set()

    def _register(self, path, function, **options):
        self.registered[path] = (function, options)

    def _unregister(self, path):
        self.registered.pop(path, None)

    def info(self, ref):
        return self.known

    def list_providers(self):
        return ["cda", "vp"]

    def get_data(self, ref, start, stop, *, timeout=None, on_error="raise"):
        span = TimeRange(start, stop)
        self.asked.append((str(ref), span))
        while not self.hold.wait(0.01):
            timeout.check("held")
        return self.answer(span)

    @staticmethod
    def seconds(span):
        time = np.arange(-(-span.start_ns // 10**9), -(-span.stop_ns // 10**9)) * 10**9
        values = np.stack([np.sin(time / 1e13), np.cos(time / 1e13)], axis=1)
        return SpeasyVariable(time, values, columns=["a", "b"], unit="nT", name="wave")


@pytest.fixture
def session():
    return FakeSession()


@pytest.fixture
def day():
    return TimeRange.from_ns(START, START + DAY)
