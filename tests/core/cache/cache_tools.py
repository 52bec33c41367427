"""An archive whose values tell time and version, and what the answers of a cache have to be."""

from __future__ import annotations

import threading
import time

import numpy as np

from speasy_core.http import Deadline
from speasy_core.provider import Fetched
from speasy_core.timerange import TimeRange
from speasy_core.variable import SpeasyVariable

HOUR = 3600 * 10**9
DAY = 24 * HOUR


def days(first: float, last: float) -> TimeRange:
    start = TimeRange("2020-01-01", "2020-01-02").start_ns
    return TimeRange.from_ns(start + round(first * DAY), start + round(last * DAY))


class Archive:
    """An archive whose values tell time and version; faults are set per day."""

    def __init__(self, step: int = HOUR) -> None:
        self.step = step
        self.version: str | None = "v1"
        self.scale = 1.0
        self.asked: list[TimeRange] = []
        self.since: list[str | None] = []
        self.errors: list[tuple[TimeRange, Exception]] = []
        self.delay = 0.0
        self.revalidates = True
        self.gate: threading.Event | None = None
        self.lock = threading.Lock()

    def __call__(self, span: TimeRange, since: str | None) -> Fetched:
        with self.lock:
            self.asked.append(span)
            self.since.append(since)
        if self.gate is not None:
            self.gate.wait(10)
        time.sleep(self.delay)
        for bad, error in self.errors:
            if bad.overlaps(span):
                raise error
        if self.revalidates and since is not None and since == self.version:
            return Fetched(None, self.version)
        return Fetched(self.variable(span), self.version, f"GET {span}")

    def variable(self, span: TimeRange) -> SpeasyVariable:
        first = -(-span.start_ns // self.step) * self.step
        ns = np.arange(first, span.stop_ns, self.step, dtype=np.int64)
        values = np.asfortranarray(np.stack([ns / 1e9 * self.scale, -ns / 1e9], axis=1))
        return SpeasyVariable(
            ns, values, columns=["a", "b"], unit="nT", name="x", meta={"FILLVAL": np.float32(-1e31)}
        )


def get(cache, archive, span, seconds=10.0, key="p/x", priority=0, **options):
    deadline = Deadline(seconds, priority=priority)
    return cache.get(key, span, archive, deadline=deadline, **options)


def same(got, archive, span):
    wanted = archive.variable(span)
    np.testing.assert_array_equal(got.time_ns, wanted.time_ns)
    np.testing.assert_array_equal(got.values, wanted.values)
    assert (got.unit, got.name, got.columns) == ("nT", "x", ["a", "b"])


def covers(variable, span):
    """Rule 1: fragments and gaps make up the range; no sample lies in a gap or outside."""
    for gap in variable.gaps:
        assert gap.range in span
        inside = (variable.time_ns >= gap.range.start_ns) & (variable.time_ns < gap.range.stop_ns)
        assert not inside.any()
    assert ((variable.time_ns >= span.start_ns) & (variable.time_ns < span.stop_ns)).all()
