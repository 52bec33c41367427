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

IMPORT = "import time; t = time.perf_counter(); import {name}; print(time.perf_counter() - t)"

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
print(json.dumps({{"cold": first, "warm": sorted(warm)[3], "minute": sorted(small)[7], "rows": rows}}))
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
    for name, python, module in (
        ("speasy_core", sys.executable, "speasy_core"),
        ("speasy 1.9.1", speasy_python, "speasy"),
        ("numpy alone", sys.executable, "numpy"),
    ):
        times = [float(run(python, IMPORT.format(name=module), quiet)) for _ in range(6)][1:]
        rows.append((name, statistics.median(times) * 1e3))
    report(
        "import",
        ["package", "ms", "times ours"],
        [(name, ms, ms / rows[0][1]) for name, ms in rows],
        "median of 5, warm disk",
    )


def test_get_data(speasy_python: str, tmp_path: Path) -> None:
    with LocalArchive() as archive:
        ours = {"PATH": "", "HOME": str(tmp_path), **archive.environ(cache_dir=str(tmp_path / "o"))}
        theirs = {
            "PATH": "",
            "HOME": str(tmp_path),
            **speasy_environment(archive.url, tmp_path / "s"),
        }
        load = "spz.update_inventories() if hasattr(spz, 'update_inventories') else None"
        args = (START, STOP, MINUTE)
        a = json.loads(run(sys.executable, FETCH.format(module="speasy_core", prepare=load), ours,
                           f"cda/{PRODUCT}", *args))  # fmt: skip
        b = json.loads(run(speasy_python, FETCH.format(module="speasy", prepare="spz.inventories.tree.cda"),
                           theirs, f"cda/{PRODUCT}", *args))  # fmt: skip
    assert a["rows"] == b["rows"] > 0
    report(
        "get_data",
        ["what", "speasy_core ms", "speasy 1.9.1 ms", "ratio"],
        [
            (label, a[key] * 1e3, b[key] * 1e3, b[key] / a[key])
            for label, key in (
                ("one day of MMS field, cold", "cold"),
                ("the same, warm", "warm"),
                ("one minute of it, warm", "minute"),
            )
        ],
        f"{a['rows']} rows of 4 float32; same local archive; warm: medians",
    )
