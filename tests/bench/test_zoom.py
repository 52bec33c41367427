"""From the wheel to the pixels, in JupyterLab, at 1e6, 1e7 and 1e8 samples of three components."""

from __future__ import annotations

import statistics

from tests.e2e.labpage import LabPage

from .report import report

MAKE = """
import time, numpy as np
from sciqlop_lab import Panel
import speasy_core as spz
n = {n}
rng = np.random.default_rng(1)
values = np.empty((n, 3), np.float32, order="F")
for k in range(3):
    np.cumsum(rng.standard_normal(n, np.float32), out=values[:, k])
start = np.datetime64("2020-01-01", "ns")
v = spz.SpeasyVariable(start + np.arange(n) * np.timedelta64(1_000_000, "ns"), values,
                       columns=["x", "y", "z"], unit="nT", name="walk")
del values
"""
SHOW = """
began = time.time()
panel = Panel(v.time[0], v.time[-1])
panel.plot(v)
panel
"""

ZOOM = """async () => {
    const root = document.querySelector('.sciqlop-panel');
    const canvas = root.querySelector('canvas');
    const box = canvas.getBoundingClientRect();
    const before = Number(root.dataset.gen);
    const began = performance.now();
    canvas.dispatchEvent(new WheelEvent('wheel', {
        deltaY: -100, ctrlKey: true, bubbles: true, cancelable: true,
        clientX: box.x + box.width * 0.45, clientY: box.y + box.height * 0.4,
    }));
    while (Number(root.dataset.gen) <= before || root.dataset.state !== 'idle') {
        if (performance.now() - began > 20000) throw new Error('no answer in 20 s');
        await new Promise(requestAnimationFrame);
    }
    await new Promise(requestAnimationFrame);
    return performance.now() - began;
}"""


def test_zoom_to_pixels(lab: LabPage) -> None:
    rows = []
    for n in (10**6, 10**7, 10**8):
        lab.notebook(f"zoom-{n}.ipynb", [MAKE.format(n=n), SHOW])
        lab.run(0, 240)
        lab.run(1)
        root = lab.page.locator(".sciqlop-panel").first
        root.wait_for(timeout=30_000)
        lab.until(
            lambda root=root: root.get_attribute("data-state") == "idle", 60, "the first picture"
        )
        first = lab.page.evaluate("Date.now()") - float(lab.evaluate("began")) * 1e3
        times = []
        for _ in range(12):
            times.append(float(lab.page.evaluate(ZOOM)))
            lab.page.wait_for_timeout(250)
        times = sorted(times[2:])
        rows.append((f"{n:.0e} x 3", first, statistics.median(times), times[-1]))
        lab.command("docmanager:save")
        lab.shutdown_kernels()
        lab.command("application:close-all")
    report(
        "zoom to pixels",
        ["samples", "first paint ms", "zoom median ms", "zoom worst of 10 ms"],
        rows,
        "Ctrl+wheel to new kernel data drawn, headless Chromium, canvas renderer; "
        "first paint from the start of the cell",
    )
