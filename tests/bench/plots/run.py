"""The parts of the measurement, one after the other, and the tables at the end."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from tests.bench import test_pan
from tests.bench.report import report
from tests.full.clients import REPOSITORY

from .case import Case, Figures, open_page, percentile
from .environment import browser, environment, jupyter_server, peers_python
from .hand import Hand
from .patience import NotMeasured, run_cell
from .peers import KEPT, OTHERS, OURS, PEERS
from .targets import judge
from .warm import prepare

PARTS = ("ours", "plotly-resampler", "hvplot", "bqplot", "scans", "spectrogram", "four plots")
_COLUMNS = (
    "peer", "samples", "first ms", "complete ms", "step ms", "zoom ms", "zoom p95 ms",
    "limit ms", "limit p95 ms", "frame p95 ms", "zoom bytes", "kernel MB", "kernel peak MB",
    "browser MB",
)  # fmt: skip
_MOST = {"plotly-resampler": 10**8, "hvplot": 10**7, "scans": 10**8}
_PATIENCE = 180  # seconds for one plot of one size
_KEPT = 10**9  # more would not fit into memory: the pyramids of the cache stand for the samples


def everything(sizes: Sequence[int], parts: Sequence[str]) -> bool:
    """Measure, print and keep; return whether all targets are met."""
    peers_python()
    found: list[Figures] = []
    for name, n in _jobs(sizes, parts):
        sys.stderr.write(f"{name}, {n:.0e}\n")
        figures = _apart(name, n)
        if figures is not None:
            found.append(figures)
            _keep(found)
    return _tell(found)


def _jobs(sizes: Sequence[int], parts: Sequence[str]) -> list[tuple[str, int]]:
    """Return what is measured of which size, in order."""
    jobs = []
    for n in sizes:
        if "ours" in parts:
            jobs.append(("ours", n))
        for part in ("plotly-resampler", "hvplot"):
            if part in parts and n <= _MOST[part]:
                jobs += [(name, n) for name in OTHERS[part]]
    if "bqplot" in parts:
        jobs.append(("bqplot", 10**5))
    if "spectrogram" in parts:
        jobs.append(("spectrogram", min(4_000_000, max(sizes))))
    if "four plots" in parts:
        jobs.append(("four plots", 5_000_000))
    if "scans" in parts:
        jobs.append(("scans", min(_MOST["scans"], max(sizes))))
    return jobs


def _apart(name: str, n: int) -> Figures | None:
    """Measure in a process, a server and a browser of its own; say why where that fails."""
    with tempfile.TemporaryDirectory(prefix="plots-", ignore_cleanup_errors=True) as folder:
        result = Path(folder) / "figures.json"
        command = [sys.executable, "-m", "tests.bench.plots", "--one", name, "--size", str(n)]
        command += ["--result", str(result)]
        with subprocess.Popen(command, cwd=REPOSITORY, start_new_session=True) as child:
            try:
                child.wait(_PATIENCE)
            except subprocess.TimeoutExpired:
                sys.stderr.write(f"it took more than {_PATIENCE} s\n")
            with contextlib.suppress(ProcessLookupError):
                os.killpg(child.pid, signal.SIGKILL)  # what is left: a server, a browser
        if result.exists():
            figures: Figures = json.loads(result.read_text())
            return figures
    sys.stderr.write(f"{name}, {n:.0e}: not measured\n")
    return None


def one(name: str, n: int, result: Path) -> None:
    """Measure one plot of one size and write its figures."""
    python = peers_python()
    if name == "scans":
        figures = _scan(python, n)
    else:
        with tempfile.TemporaryDirectory(prefix="plots-") as folder:
            place = Path(folder)
            with jupyter_server(place / "lab", python) as server, browser() as launched:
                try:
                    figures = _figures(Case(launched, server, python), name, n, place)
                except NotMeasured as why:
                    sys.exit(str(why))
    result.write_text(json.dumps(figures))


def _figures(case: Case, name: str, n: int, folder: Path) -> Figures:
    if name == "four plots":
        return _four_plots(case)
    if name == "ours" and n >= _KEPT:
        return _kept(case, folder / "kept")
    return case.measure(PEERS[name], n, n=n)


def _kept(case: Case, folder: Path) -> Figures:
    prepare(folder)
    from tests.bench.test_lod import START

    return case.measure(KEPT, _KEPT, folder=str(folder), start=START)


def _four_plots(case: Case) -> Figures:
    name = "first, last, least = (int(time[i].astype('i8')) for i in (0, -1, 50_000))"
    ends = name.replace("50_000))", "50_000)); least -= first")
    with open_page(case, "four.ipynb", [test_pan.MAKE, ends]) as lab:
        lab.page.evaluate("() => { void window.bench.firstPaint('ours'); }")
        run_cell(lab, 0)
        lab.page.wait_for_function("() => window.bench.first() !== null", timeout=60_000)
        run_cell(lab, 1)
        lab.page.wait_for_timeout(500)
        frames = [float(f) for f in lab.page.evaluate(test_pan.PAN, [4, 120, {}])]
        lab.page.wait_for_timeout(500)
        jumps = Hand(lab, OURS, watch=case.watch).jumps(8)
        lab.shot("plots-four")
    return {
        "peer": "four plots", "samples": 80e6,
        "frames a second": 1000 * len(frames) / sum(frames),
        "frame p95 ms": percentile(frames, 0.95),
        "zoom ms": statistics.median(jump.took for jump in jumps),
        "zoom bytes": statistics.median(jump.down for jump in jumps),
    }  # fmt: skip


def _scan(python: Path, n: int) -> Figures:
    command = [str(python), "-m", "tests.bench.plots.scans", str(n)]
    env = {**os.environ, **environment()}
    ran = subprocess.run(
        command, env=env, cwd=REPOSITORY, check=True, capture_output=True, text=True
    )
    figures: dict[str, Any] = json.loads(ran.stdout)
    return figures


def _tell(found: list[Figures]) -> bool:
    plots = [figures for figures in found if figures["peer"] != "scan"]
    rows = [[_cell(figures.get(column)) for column in _COLUMNS] for figures in plots]
    note = (
        "three components of float32; zoom: a real wheel or mouse event to new data of the kernel "
        "drawn and a frame more (ours at places never seen; step: zooming on, as all peers do it); "
        "the limit is an empty message there and back and two frames, on the same page meanwhile; "
        "memory above the loaded samples, the browser's after the steps; imports are not counted"
    )
    if rows:
        report("plots beside peers", _COLUMNS, rows, note)
    for figures in found:
        if figures["peer"] == "scan":
            names = [name for name in figures if name != "peer"]
            report(
                "scans", names, [[figures[name] for name in names]], "3,600 columns, 3 components"
            )
    targets = judge(found)
    if targets:
        columns = ["target", "measured", "wanted", ""]
        report("targets", columns, [target.row() for target in targets])
    return all(target.met for target in targets)


def _keep(found: list[Figures]) -> None:
    """Write what is known so far."""
    judged = [{**asdict(target), "met": target.met} for target in judge(found)]
    path = REPOSITORY / "build" / "bench" / "plots.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({"figures": found, "targets": judged}, indent=1))


def _cell(value: Any) -> Any:
    if value is None:
        return "-"
    return f"{value:.0e}" if isinstance(value, int) and value >= 10**5 else value
