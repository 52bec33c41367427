"""Lists of thousands of events over a panel: how smoothly it moves."""

from __future__ import annotations

import statistics

from tests.e2e.labpage import LabPage

from .report import report
from .test_pan import PAN

MAKE = """
import numpy as np
from sciqlop_lab import Panel
import speasy_core as spz
rng = np.random.default_rng(1)
day = np.datetime64("2023-01-01", "ns")
minute = np.timedelta64(60, "s")
time = day + np.arange(365 * 1440) * minute
panel = Panel(day + 100 * 1440 * minute, day + 110 * 1440 * minute)
for name in ("first", "second"):
    panel.plot(spz.SpeasyVariable(time, rng.standard_normal(len(time)).cumsum(), name=name))
starts = np.sort(rng.integers(0, 365 * 1440, {count}))
lengths = rng.integers(1, {longest}, {count})
events = [spz.Event(day + a * minute, day + (a + n) * minute, {{"minutes": float(n)}})
          for a, n in zip(starts, lengths)]
panel.overlay(spz.Catalog("many", events=events), color_by="minutes")
panel
"""


def test_a_panel_under_many_events_pans(lab: LabPage) -> None:
    rows = []
    for count, longest in ((0, 2), (5_000, 120), (5_000, 20_000), (100_000, 120)):
        name = f"overlay-{count}-{longest}.ipynb"
        lab.notebook(name, [MAKE.format(count=count, longest=longest)])
        lab.run(0, 120)
        root = lab.page.locator(".sciqlop-panel:visible").first
        root.wait_for(timeout=30_000)
        lab.until(lambda root=root: root.get_attribute("data-state") == "idle", 60, "a picture")
        if count:
            lab.until(lambda root=root: int(root.get_attribute("data-overlaid") or 0) > 0, 30)
        frames = sorted(float(f) for f in lab.page.evaluate(PAN, [4, 60, {}]))
        lab.until(lambda root=root: root.get_attribute("data-state") == "idle", 20, "the last")
        lab.shot(f"bench-overlay-{count}-{longest}")
        rate = 1000 * len(frames) / sum(frames)
        middle, late = statistics.median(frames), frames[int(0.95 * len(frames))]
        rows.append((f"{count:,} events up to {longest} min", rate, middle, late))
        lab.command("docmanager:save")
        lab.command("application:close")
        lab.shutdown_kernels()
    report(
        "events over two plots of 5e5",
        ["pan under", "frames a second", "median ms", "p95 ms"],
        rows,
        "one movement a frame for 4 s over 10 days of a year, headless Chromium",
    )
    slowest = min(rate for _, rate, _, _ in rows)
    assert slowest > 30, "a pan stutters"  # the figure to look at is in the report
