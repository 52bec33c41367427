"""A kernel that computes, and a hand that does not rest: the picture goes on."""

from __future__ import annotations

import json
import statistics
from typing import Any

import pytest

from .conftest import REPOSITORY
from .labpage import LabPage
from .steps import graphs, panel, wait_for_graphs

# part of `make test-full`
pytestmark = pytest.mark.slow

MAKE = """
import time
from pathlib import Path
door = Path("door")
door.unlink(missing_ok=True)
began = Path("began")
began.unlink(missing_ok=True)
import numpy as np
import speasy_core as spz
from sciqlop_lab import Panel
n = 2_000_000
start = np.datetime64("2020-01-01", "ns")
values = np.cumsum(np.random.default_rng(1).standard_normal((3, n), np.float32), axis=1).T
v = spz.SpeasyVariable(start + np.arange(n) * np.timedelta64(1_000_000, "ns"), values,
                       columns=["x", "y", "z"], unit="nT", name="walk")
calls, running, most = [], 0, 0
"""
SHOW = """
panel = Panel(v.time[800_000], v.time[1_200_000])
panel.plot(v)
panel
"""
# cells that end when the story opens the door, however long that takes
SLEEP = """
began.touch()
end = time.monotonic() + 200
while time.monotonic() < end and not door.exists():
    time.sleep(0.2)
"""
SPIN = """
began.touch()
end = time.monotonic() + 200
while time.monotonic() < end and not door.exists():
    for _ in range(10_000):
        sum(range(1000))
"""
FUNCTION = """
import threading
lock = threading.Lock()

def wave(start, stop):
    global running, most
    try:  # one that nobody waits for any more is stopped in the middle
        with lock:
            running += 1
            most = max(most, running)
        time.sleep(0.03)
        calls.append((start, stop))
    finally:
        with lock:
            running -= 1
    t = np.linspace(start, stop, 500)
    return t, np.sin(t / 20)

for k in range(3):
    panel.plot(eval("lambda start, stop: wave(start, stop)"))
"""

# Pans to and fro, one movement a frame; counts frames in which nothing was drawn where the view is.
GESTURE = """async (seconds) => {
    const root = document.querySelector('.sciqlop-panel');
    const canvas = root.querySelector('canvas');
    const box = canvas.getBoundingClientRect();
    const frames = [], drawn = [];
    let last = await new Promise(requestAnimationFrame);
    const began = last;
    for (let i = 0; last - began < seconds * 1000; i++) {
        canvas.dispatchEvent(new WheelEvent('wheel', {
            deltaY: Math.floor(i / 30) % 2 ? -10 : 10, ctrlKey: Math.floor(i / 60) % 2 === 1,
            bubbles: true, cancelable: true,
            clientX: box.x + box.width * 0.45, clientY: box.y + box.height * 0.4,
        }));
        const now = await new Promise(requestAnimationFrame);
        frames.push(now - last);
        drawn.push(Object.values(JSON.parse(root.dataset.graphs)).every(g => g.n > 0));
        last = now;
    }
    return [frames, drawn.filter(yes => !yes).length, root.dataset.state];
}"""

# Frames a second that the page has with nothing to do: what the machine can give now.
IDLE = """async (seconds) => {
    const began = await new Promise(requestAnimationFrame);
    let last = began, frames = 0;
    for (; last - began < seconds * 1000; frames++) last = await new Promise(requestAnimationFrame);
    return 1000 * frames / (last - began);
}"""

# A jump to data that nobody has seen: milliseconds until it is drawn, null if that takes longer.
JUMP = """async (patience) => {
    const root = document.querySelector('.sciqlop-panel');
    const canvas = root.querySelector('canvas');
    const box = canvas.getBoundingClientRect();
    const began = performance.now();
    for (let i = 0; i < 14; i++) {
        canvas.dispatchEvent(new WheelEvent('wheel', {
            deltaY: -100, ctrlKey: true, bubbles: true, cancelable: true,
            clientX: box.x + box.width * 0.7, clientY: box.y + box.height * 0.4,
        }));
    }
    do {
        await new Promise(requestAnimationFrame);
        if (performance.now() - began > patience) return null;
    } while (root.dataset.state !== 'idle');
    return performance.now() - began;
}"""

STORM = """async ([events, seconds]) => {
    const root = document.querySelector('.sciqlop-panel');
    const canvas = root.querySelector('canvas');
    const box = canvas.getBoundingClientRect();
    const lost = [];
    window.addEventListener('unhandledrejection', event => lost.push(String(event.reason)));
    const heap = () => performance.memory ? performance.memory.usedJSHeapSize : 0;
    const before = heap();
    const began = performance.now();
    let sent = 0;
    while (sent < events) {
        const due = Math.min(events, (performance.now() - began) / seconds / 1000 * events);
        for (; sent < due; sent++) {
            canvas.dispatchEvent(new WheelEvent('wheel', {
                deltaY: (sent * 7919) % 13 < 6 ? -40 : 38, ctrlKey: sent % 3 > 0, bubbles: true,
                cancelable: true, clientX: box.x + box.width * (0.2 + (sent % 100) / 170),
                clientY: box.y + box.height * 0.4,
            }));
        }
        await new Promise(requestAnimationFrame);
    }
    const ended = performance.now();
    while (root.dataset.state !== 'idle') {
        if (performance.now() - ended > 60000) throw new Error('not drawn in 60 s');
        await new Promise(requestAnimationFrame);
    }
    return [performance.now() - ended, lost, heap() - before];
}"""


def no_subshells(lab: LabPage) -> None:
    """Do for this page what JupyterLab's setting of that name does."""
    lab.page.evaluate(
        "() => { window.jupyterapp.serviceManager.kernels.commsOverSubshells = 'disabled'; }"
    )


def start_cell(lab: LabPage, index: int) -> None:
    """Run a cell and do not wait for it."""
    lab.page.evaluate(
        """index => {
            const panel = window.jupyterapp.shell.currentWidget;
            panel.content.activeCellIndex = index;
            void window.jupyterapp.commands.execute('notebook:run-cell');
        }""",
        index,
    )


def open_door(lab: LabPage) -> None:
    """Let the computing cell end."""
    (lab.root / "door").touch()
    lab.until(lambda: lab.execution_count(2) is not None, what="the cell ends")


def is_busy(lab: LabPage) -> None:
    """Wait until the computing cell runs.

    The page's kernel status cannot tell: an answer on a subshell sets it to idle.
    """
    lab.until((lab.root / "began").exists, what="the cell runs")


def note(name: str, figures: dict[str, Any]) -> None:
    """Keep figures for the record."""
    path = REPOSITORY / "build" / "bench" / "busy.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    known = json.loads(path.read_text()) if path.is_file() else {}
    path.write_text(json.dumps({**known, name: figures}, indent=1))


@pytest.mark.parametrize("on", [True, False], ids=["subshells", "no-subshells"])
@pytest.mark.parametrize("work", [SLEEP, SPIN], ids=["sleep", "spin"])
def test_a_busy_kernel_leaves_the_gesture_alone(lab: LabPage, work: str, on: bool) -> None:
    if not on:
        no_subshells(lab)
    name = f"{'sleep' if work == SLEEP else 'spin'}, subshells {'on' if on else 'off'}"
    lab.notebook(f"busy-{name.replace(', ', '-').replace(' ', '-')}.ipynb", [MAKE, SHOW, work])
    lab.run(0)
    lab.run(1)
    root = panel(lab)
    wait_for_graphs(lab, root, 1)
    lab.page.wait_for_timeout(800)  # what is fetched ahead
    idle = lab.page.evaluate(IDLE, 1)
    start_cell(lab, 2)
    is_busy(lab)
    frames, blank, _ = lab.page.evaluate(GESTURE, 3)
    jump = lab.page.evaluate(JUMP, 30_000 if on else 1500)
    frames = sorted(float(frame) for frame in frames)
    busy = lab.execution_count(2) is None
    lab.shot(f"busy-{'on' if on else 'off'}")
    rate = 1000 * len(frames) / sum(frames)
    open_door(lab)
    wait_for_graphs(lab, root, 1)
    note(
        name,
        {
            "frames a second": round(rate, 1), "of a resting page": round(idle, 1),
            "median ms": statistics.median(frames),
            "p95 ms": round(frames[int(0.95 * len(frames))], 1), "blank frames": blank,
            "kernel still busy at the end": busy, "unseen data after ms": jump and round(jump),
        },
    )  # fmt: skip
    assert busy
    assert blank == 0, "what is known is drawn"
    # the figure is noted above; the bound leaves room for whatever else the machine does
    assert rate > min(50, 0.4 * idle), "the gesture stutters"
    # without subshells nothing new can come before the cell ends, and that must be all
    assert (jump is not None) == on


@pytest.mark.parametrize("on", [True, False], ids=["subshells", "no-subshells"])
def test_the_first_picture_does_not_wait_for_the_next_cell(lab: LabPage, on: bool) -> None:
    if not on:
        no_subshells(lab)
    lab.notebook(f"first-{on}.ipynb", [MAKE, SHOW, SLEEP])
    lab.run(0)
    start_cell(lab, 1)
    start_cell(lab, 2)
    root = panel(lab)
    is_busy(lab)
    lab.until(lambda: any(g["n"] > 100 for g in graphs(root)), what="the first picture is there")
    assert lab.execution_count(2) is None, "the next cell still runs"
    lab.shot(f"first-{'on' if on else 'off'}")
    if on:  # a panel made by "Run All" is as alive as any other
        lab.page.wait_for_timeout(600)
        assert lab.page.evaluate(JUMP, 30_000) is not None
        assert lab.execution_count(2) is None, "the next cell still runs"
    open_door(lab)
    wait_for_graphs(lab, root, 1)


def test_a_storm_ends_with_the_last_view(lab: LabPage) -> None:
    lab.notebook("storm.ipynb", [MAKE, SHOW, FUNCTION, "calls.clear(); most = 0"])
    for cell in range(4):
        lab.run(cell)
    root = panel(lab)
    wait_for_graphs(lab, root, 4)
    usual = lab.page.evaluate(JUMP, 60_000)
    wait_for_graphs(lab, root, 4)
    lab.run(3)
    before = int(lab.evaluate("__import__('resource').getrusage(0).ru_maxrss"))
    waited, lost, grown = lab.page.evaluate(STORM, [10_000, 10])
    after = int(lab.evaluate("__import__('resource').getrusage(0).ru_maxrss"))
    figures = {
        "last view after ms": round(waited), "a single jump ms": round(usual),
        "most computations at once": lab.evaluate("most"),
        "calls": lab.evaluate("len(calls)"), "browser MB": round(grown / 1e6, 1),
        "kernel MB": round((after - before) / 1024, 1),
    }  # fmt: skip
    note("storm of 10,000 in 10 s", figures)
    assert lost == []
    assert int(lab.evaluate("most")) <= 2
    # the kernel refused nothing: the page would wait for the answer to that
    refused = root.locator(".sq-notice-error").all_inner_texts()
    assert refused == []
    # the goal is 1 s on a machine at rest, where a jump takes 0.1 s; the figure is noted above
    assert waited < max(5000, 8 * usual), figures
    assert after - before < 50 * 1024, figures
    assert grown < 50e6, figures
