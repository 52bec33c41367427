"""A month at 16 Hz, warm: seconds and memory beside speasy's two methods."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from speasy_core.demo import LocalArchive
from tests.full.clients import client_python, speasy_environment

from .report import report
from .test_scripts import run

PRODUCT = "cda/MMS1_FGM_SRVY_L2/mms1_fgm_b_gse_srvy_l2"
START, STOP, MINUTE = "2019-01-01", "2019-01-31", "2019-01-01T00:01:00"

FILL = """
import json, sys
import {module} as spz
product, start, stop, minute, options = json.loads(sys.argv[1])
{prepare}
import numpy as np
days = np.arange(np.datetime64(start), np.datetime64(stop))
for day in days:
    spz.get_data(product, str(day), str(day + 1), **options)
{settle}
print(len(days))
"""

WARM = """
import gc, json, resource, sys, threading, time
import {module} as spz
product, start, stop, minute, options = json.loads(sys.argv[1])
{prepare}
def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
def middle(times):
    return sorted(times)[len(times) // 2]
def timed(*args):
    t = time.perf_counter()
    v = spz.get_data(*args, **options)
    return time.perf_counter() - t, v
small = [timed(product, start, minute)[0] for _ in range(30)]
before = peak()
first, v = timed(product, start, stop)
grown = peak() - before
size = v.values.nbytes + v.time.nbytes
rows = len(v)
month = [first]
for _ in range(6):
    del v
    gc.collect()
    seconds, v = timed(product, start, stop)
    month.append(seconds)
print(json.dumps({{"minute": middle(small), "month": middle(month), "rows": rows,
                   "memory": grown / size, "size": size}}))
"""


def test_a_month_at_16_hz(tmp_path: Path) -> None:
    theirs = str(client_python("speasy"))
    found = {}
    for name, python, module, prepare, settle, options in (
        ("speasy_core", sys.executable, "speasy_core", "spz.update_inventories()",
         "spz.default_session().cache.settle()", {}),
        ("speasy 1.9.1, API", theirs, "speasy", "spz.inventories.tree.cda", "",
         {"method": "API"}),
        ("speasy 1.9.1, FILE", theirs, "speasy", "spz.inventories.tree.cda", "",
         {"method": "FILE"}),
    ):  # fmt: skip
        folder = tmp_path / name.replace(" ", "_")
        folder.mkdir()
        with LocalArchive() as archive:
            environment = {
                "PATH": "", "HOME": str(folder),
                **archive.environ(cache_dir=str(folder / "cache")),
                **speasy_environment(archive.url, folder),
            }  # fmt: skip
            arguments = json.dumps([PRODUCT, START, STOP, MINUTE, options])
            run(
                python,
                FILL.format(module=module, prepare=prepare, settle=settle),
                environment,
                arguments,
            )
            script = WARM.format(module=module, prepare=prepare)
            found[name] = json.loads(run(python, script, environment, arguments))
    ours = found["speasy_core"]
    assert len({one["rows"] for one in found.values()}) == 1
    report(
        "month at 16 Hz warm",
        ["what", "month s", "times ours", "minute ms", "memory / result"],
        [
            (n, f["month"], f["month"] / ours["month"], f["minute"] * 1e3, f["memory"])
            for n, f in found.items()
        ],
        f"{ours['rows']} rows, {ours['size'] / 1e6:.0f} MB; medians of 7 and 30; memory is what "
        "the first answer added to the peak, over its own size",
    )
