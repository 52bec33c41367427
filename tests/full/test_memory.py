"""A month of 16 Hz data is read from the cache within 1.2 times its own size."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

COMMON = """
import json, sys
import numpy as np
from speasy_core import SpeasyVariable, TimeRange
from speasy_core.cache import Cache
from speasy_core.config import Settings
from speasy_core.http import Deadline
from speasy_core.provider import Fetched
from speasy_core.store import DiskStore
DAY, STEP, START = 86_400 * 10**9, 62_500_000, 1_546_300_800 * 10**9
folder, settle = sys.argv[1], sys.argv[2] == "joined"
def fetch(span, since):
    t = np.arange(-(-span.start_ns // STEP) * STEP, span.stop_ns, STEP)
    values = np.empty((len(t), 3), np.float32, order="F")
    for k in range(3):
        np.sin(t / 1e12 + k, out=values[:, k], casting="unsafe")
    return Fetched(SpeasyVariable(t, values, columns=list("xyz"), name="b", unit="nT"), "v1")
cache = Cache(DiskStore(folder, 2**34), Settings())
"""

FILL = """
for day in range(30):
    span = TimeRange.from_ns(START + day * DAY, START + (day + 1) * DAY)
    cache.get("p/b", span, fetch, deadline=Deadline(600))
if settle:
    assert cache.settle(600)
cache.close()
"""

READ = """
import resource
unit = 1 if sys.platform == "darwin" else 1024
def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
def refuse(*_):
    raise AssertionError("it is all in the cache")
cache.get("p/b", TimeRange.from_ns(START, START + 10**9), refuse, deadline=Deadline(60))
before = peak()
v = cache.get("p/b", TimeRange.from_ns(START, START + 30 * DAY), refuse, deadline=Deadline(600))
grown = peak() - before
size = v.time_ns.nbytes + v.values.nbytes
print(json.dumps({"rows": len(v), "size": size, "grown": grown,
                  "right": bool(v.time_ns[-1] == START + 30 * DAY - STEP)}))
cache.close()
"""


def run(code: str, *args: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", COMMON + code, *args],
        capture_output=True, text=True, timeout=900, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout


@pytest.mark.timeout(1800)
@pytest.mark.parametrize("how", ["as it came", "joined"])
def test_a_month_at_16_hz_takes_its_own_size(tmp_path: Path, how: str) -> None:
    run(FILL, str(tmp_path), how)
    found = json.loads(run(READ, str(tmp_path), how))
    assert found["rows"] == 30 * 86_400 * 16
    assert found["right"]
    assert found["grown"] <= 1.2 * found["size"]
