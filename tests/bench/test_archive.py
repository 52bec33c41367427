"""A month of several products, cold, from an archive 150 ms away, beside speasy's two methods."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from speasy_core.demo import LocalArchive
from tests.full.clients import client_python, speasy_environment

from .report import report
from .test_scripts import run

MOMENTS = [
    f"cda/MMS1_FPI_FAST_L2_DIS-MOMS/mms1_dis_{name}_fast"
    for name in ("numberdensity", "temppara", "tempperp", "bulkv_gse")
]
FIELD = [f"cda/CO_MAG_1SEC/{name}" for name in ("B_KSM", "B_RTN", "B_TOTAL")]
LATENCY = 0.15

COLD = """
import json, sys, time
import {module} as spz
products, start, stop, options = json.loads(sys.argv[1])
{prepare}
t = time.perf_counter()
found = spz.get_data(products, start, stop, **options)
print(json.dumps([time.perf_counter() - t, [len(v) for v in found]]))
"""


@pytest.mark.parametrize(
    ("what", "products", "span"),
    [
        ("month of four products", MOMENTS, ("2019-01-01", "2019-01-31")),
        ("month at 1 Hz of three products", FIELD, ("2010-01-01", "2010-01-31")),
    ],
)
def test_a_month(tmp_path: Path, what: str, products: list[str], span: tuple[str, str]) -> None:
    rows, counts = [], []
    for name, python, module, prepare, options in (
        ("speasy_core", sys.executable, "speasy_core", "spz.update_inventories()", {}),
        ("speasy 1.9.1, API", str(client_python("speasy")), "speasy", "spz.inventories.tree.cda",
         {"method": "API"}),
        ("speasy 1.9.1, FILE", str(client_python("speasy")), "speasy", "spz.inventories.tree.cda",
         {"method": "FILE"}),
    ):  # fmt: skip
        folder = tmp_path / name.replace(" ", "_")
        folder.mkdir()
        with LocalArchive() as archive:
            archive.faults.add(delay=LATENCY)
            environment = {
                "PATH": "", "HOME": str(folder),
                **archive.environ(cache_dir=str(folder / "cache")),
                **speasy_environment(archive.url, folder),
            }  # fmt: skip
            seconds, lengths = json.loads(
                run(
                    python,
                    COLD.format(module=module, prepare=prepare),
                    environment,
                    json.dumps([products, *span, options]),
                )
            )
            asked = sum("/data/" in path or path.endswith(".cdf") for _, path in archive.requests)
        rows.append((name, seconds, asked))
        counts.append(lengths)
    assert counts[0] == counts[1] == counts[2]
    report(
        what,
        ["what", "s", "requests", "times ours"],
        [(*row, row[1] / rows[0][1]) for row in rows],
        f"30 days x {len(products)} products of one data set, {counts[0][0]} samples each, cold, "
        f"{LATENCY * 1e3:.0f} ms before each answer",
    )
