"""Four plots of four components, 5 million samples each: how smoothly one hand moves them all."""

from __future__ import annotations

import statistics

from tests.e2e.labpage import LabPage

from .report import report

MAKE = """
import numpy as np
from sciqlop_lab import Panel
import speasy_core as spz
n, start = 5_000_000, np.datetime64("2020-01-01", "ns")
time = start + np.arange(n) * np.timedelta64(1_000_000, "ns")
rng = np.random.default_rng(1)
panel = Panel(time[2_000_000], time[3_000_000])
for plot in range(4):
    values = np.empty((n, 4), np.float32, order="F")
    for k in range(4):
        np.cumsum(rng.standard_normal(n, np.float32), out=values[:, k])
    panel.plot(spz.SpeasyVariable(time, values, columns=list("abcd"), unit="nT", name=f"w{plot}"))
panel
"""

# One movement a frame, as a hand on a touch pad gives: frames, and bytes that came meanwhile.
PAN = """async ([seconds, turn, options]) => {
    const root = document.querySelector('.sciqlop-panel');
    const canvas = root.querySelector('canvas');
    const box = canvas.getBoundingClientRect();
    const frames = [];
    let last = await new Promise(requestAnimationFrame);
    const began = last;
    for (let i = 0; last - began < seconds * 1000; i++) {
        canvas.dispatchEvent(new WheelEvent('wheel', {
            deltaY: Math.floor(i / turn) % 2 ? -8 : 8, bubbles: true, cancelable: true,
            clientX: box.x + box.width * 0.45, clientY: box.y + box.height * 0.4, ...options,
        }));
        const now = await new Promise(requestAnimationFrame);
        frames.push(now - last);
        last = now;
    }
    return frames;
}"""


def test_four_plots_pan_together(lab: LabPage) -> None:
    lab.notebook("pan.ipynb", [MAKE])
    lab.run(0, 120)
    root = lab.page.locator(".sciqlop-panel").first
    root.wait_for(timeout=30_000)
    lab.until(lambda: root.get_attribute("data-state") == "idle", 60, "the first picture")
    rows = []
    gestures = {
        "pan": (120, {}),
        "pan to and fro": (20, {}),
        "zoom": (60, {"ctrlKey": True}),
    }
    for name, (turn, options) in gestures.items():
        frames = sorted(float(f) for f in lab.page.evaluate(PAN, [4, turn, options]))
        lab.until(lambda: root.get_attribute("data-state") == "idle", 20, "the last picture")
        rate = 1000 * len(frames) / sum(frames)
        rows.append((name, rate, statistics.median(frames), frames[int(0.95 * len(frames))]))
    lab.shot("bench-pan")
    lab.command("docmanager:save")
    report(
        "four plots of 5e6 x 4",
        ["gesture", "frames a second", "median ms", "p95 ms"],
        rows,
        "one movement a frame for 4 s, headless Chromium; all plots move together",
    )
    slowest = min(rate for _, rate, _, _ in rows)
    assert slowest > 30, "a gesture stutters"  # the figure to look at is in the report
