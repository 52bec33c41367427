"""What a script pays: import, and `get_data` cold and warm, beside speasy 1.9.1."""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
from pathlib import Path

import pytest

from speasy_core.demo import LocalArchive
from tests.full.clients import client_python, speasy_environment

from .report import report

PRODUCT = "MMS1_FGM_SRVY_L2/mms1_fgm_b_gse_srvy_l2"
START, STOP = "2019-01-02T00:00:00", "2019-01-03T00:00:00"
MINUTE = "2019-01-02T00:01:00"

IMPORT = "import time; t = time.perf_counter(); {code}; print(time.perf_counter() - t)"

FETCH = """
import json, sys, time
import {module} as spz
product, start, stop, minute = sys.argv[1:]
def timed(*args):
    t = time.perf_counter()
    v = spz.get_data(*args)
    return time.perf_counter() - t, len(v)
{prepare}
first, rows = timed(product, start, stop)
warm = [timed(product, start, stop)[0] for _ in range(7)]
small = [timed(product, start, minute)[0] for _ in range(15)]
middle = lambda times: sorted(times)[len(times) // 2]
print(json.dumps({{"cold": first, "warm": middle(warm), "minute": middle(small), "rows": rows}}))
"""


def run(python: str, script: str, environment: dict[str, str], *args: str) -> str:
    done = subprocess.run(
        [python, "-c", script, *args], capture_output=True, text=True, env=environment, check=False
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout.strip().splitlines()[-1]


@pytest.fixture(scope="module")
def speasy_python() -> str:
    return str(client_python("speasy"))


def test_import(speasy_python: str, tmp_path: Path) -> None:
    quiet = {"HOME": str(tmp_path), "PATH": ""}
    rows = []
    for name, python, code in (
        ("import speasy_core; .get_data ready", sys.executable,
         "import speasy_core; speasy_core.get_data"),
        ("import speasy_core alone (lazy)", sys.executable, "import speasy_core"),
        ("import speasy 1.9.1", speasy_python, "import speasy"),
        ("import numpy", sys.executable, "import numpy"),
    ):  # fmt: skip
        times = [float(run(python, IMPORT.format(code=code), quiet)) for _ in range(6)][1:]
        rows.append((name, statistics.median(times) * 1e3))
    report(
        "import",
        ["what", "ms", "times ours"],
        [(name, ms, ms / rows[0][1]) for name, ms in rows],
        "median of 5, warm disk",
    )


def test_get_data(speasy_python: str, tmp_path: Path) -> None:
    base = {"PATH": "", "HOME": str(tmp_path)}
    args = (f"cda/{PRODUCT}", START, STOP, MINUTE)
    with LocalArchive() as archive:
        ours = json.loads(
            run(
                sys.executable,
                # the inventory is loaded first, as speasy does: only fetching is compared
                FETCH.format(module="speasy_core", prepare="spz.update_inventories()"),
                base | archive.environ(cache_dir=str(tmp_path / "ours")),
                *args,
            )
        )
        theirs = json.loads(
            run(
                speasy_python,
                FETCH.format(module="speasy", prepare="spz.inventories.tree.cda"),
                base | speasy_environment(archive.url, tmp_path / "theirs"),
                *args,
            )
        )
    assert ours["rows"] == theirs["rows"] > 0
    report(
        "get_data",
        ["what", "speasy_core ms", "speasy 1.9.1 ms", "ratio"],
        [
            (label, ours[key] * 1e3, theirs[key] * 1e3, theirs[key] / ours[key])
            for label, key in (
                ("one day of MMS field, cold", "cold"),
                ("the same, warm", "warm"),
                ("one minute of it, warm", "minute"),
            )
        ],
        f"{ours['rows']} rows of 4 float32; same local archive; warm: medians",
    )
