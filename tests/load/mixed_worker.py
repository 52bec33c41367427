"""Does mixed work on one cache until it is killed; says what it has done, one line for each.

Usage: mixed_worker.py FOLDER SEED ; lines ``put KEY DAY``, ``info``, ``get KEY DAY``, ``drop DAY``.
"""

from __future__ import annotations

import random
import sys

import numpy as np

from speasy_core.cache import Cache
from speasy_core.config import Settings
from speasy_core.http import Deadline
from speasy_core.provider import Fetched
from speasy_core.store import DiskStore
from speasy_core.timerange import TimeRange
from speasy_core.variable import SpeasyVariable

DAY = 86_400 * 10**9
FIRST = TimeRange("2020-01-01", "2020-01-02").start_ns
STEP = 20 * 10**9
#: days of the keys that several processes write; those of its own a process names by its seed
SHARED_DAYS = 12


def day(number: int) -> TimeRange:
    return TimeRange.from_ns(FIRST + number * DAY, FIRST + (number + 1) * DAY)


def made(key: str, span: TimeRange) -> SpeasyVariable:
    """Return samples of which each value tells the key and the time."""
    time = np.arange(span.start_ns, span.stop_ns, STEP)
    values = (time // STEP).astype(np.float64) + sum(key.encode())
    return SpeasyVariable(time, np.stack([values, -values], axis=1), columns=["a", "b"], name="x")


def check(key: str, span: TimeRange, found: SpeasyVariable) -> None:
    wanted = made(key, span)
    assert np.array_equal(found.time_ns, wanted.time_ns), (key, span)
    assert np.array_equal(found.values, wanted.values), (key, span)
    assert not found.gaps, (key, span)


def main(folder: str, seed: str) -> None:
    rng = random.Random(seed)
    own = f"p/own-{seed}"
    cache = Cache(DiskStore(folder, 10**9), Settings(cache_dir=folder))

    def ask(key: str, number: int, **options: bool) -> None:
        def fetch(span: TimeRange, since: str | None) -> Fetched:
            return Fetched(made(key, span), "v1")

        check(
            key, day(number), cache.get(key, day(number), fetch, deadline=Deadline(60), **options)
        )

    number = 0
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    while True:
        action = rng.random()
        if action < 0.5:
            ask(own, number)
            said = f"put {own} {number}"
            number += 1
        elif action < 0.8:
            ask("p/shared", rng.randrange(SHARED_DAYS))
            said = "get"
        elif action < 0.9:
            ask("p/shared", rng.randrange(SHARED_DAYS), refresh=True)
            said = "refresh"
        else:
            cache.info()
            said = "info"
        sys.stdout.write(said + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main(*sys.argv[1:])
