"""A panel that is closed while it waits, and one panel that is shown twice."""

from __future__ import annotations

import pytest

from .labpage import LabPage
from .steps import graphs
from .test_busy_and_storm import MAKE

SHOW = """
import threading
gate, started, ended = threading.Event(), [], []

def slow(start, stop):
    started.append(time.monotonic())
    gate.wait(120)
    ended.append(time.monotonic())
    t = np.linspace(start, stop, 100)
    return t, np.sin(t)

panel = Panel(v.time[800_000], v.time[1_200_000])
panel.plot(v["x"])
panel.plot(slow)
panel
"""
VIEWS = "sum(name != '~kernel' for name in panel._engine.views)"

# drags to and fro for some seconds; resolves to the comm messages that went each way
DRAG = """async (seconds) => {
    const kernel = window.jupyterapp.shell.currentWidget.sessionContext.session.kernel;
    const count = {send: 0, recv: 0};
    const listen = (_, {msg, direction}) => {
        if (msg.header.msg_type === 'comm_msg') count[direction] += 1;
    };
    kernel.anyMessage.connect(listen);
    const stage = document.querySelector('.sq-stage');
    const box = stage.getBoundingClientRect();
    const fire = (type, x) => stage.dispatchEvent(new PointerEvent(type, {
        bubbles: true, cancelable: true, pointerId: 1, isPrimary: true, button: 0, buttons: 1,
        clientX: box.left + x, clientY: box.top + box.height / 3,
    }));
    fire('pointerdown', 300);
    const end = performance.now() + 1000 * seconds;
    for (let i = 0; performance.now() < end; i++) {
        for (let k = 0; k < 20; k++) fire('pointermove', 300 + 200 * Math.sin((20 * i + k) / 90));
        await new Promise(resolve => setTimeout(resolve, 4));
    }
    fire('pointerup', 300);
    kernel.anyMessage.disconnect(listen);
    return count;
}"""


@pytest.mark.slow
def test_a_panel_ends_while_it_waits_and_may_be_shown_twice(lab: LabPage) -> None:
    lab.notebook("ends.ipynb", [MAKE, SHOW, "gate.set()", "panel", "panel"])
    lab.run(0)
    lab.run(1)
    roots = lab.page.locator(".sciqlop-panel")
    roots.first.get_by_role("button", name="Stop loading").first.wait_for()
    lab.until(lambda: lab.evaluate("len(started)") == "1", what="the function runs")
    # its output is taken away in the middle
    lab.command("notebook:clear-all-cell-outputs")
    roots.first.wait_for(state="detached")
    lab.until(lambda: lab.evaluate(VIEWS) == "0", what="the kernel knows of no view")
    lab.run(2)
    lab.until(lambda: lab.evaluate("len(ended)") == "1", what="the function returns")
    assert lab.evaluate("len(started)") == "1", "nobody asked again"
    # twice on one page
    lab.run(3)
    lab.run(4)
    lab.until(lambda: roots.count() == 2, what="two views of one panel")
    for i in range(2):
        root = roots.nth(i)
        lab.until(
            lambda r=root: [g["status"] for g in graphs(r)] == ["ok", "ok"],
            60,
            f"view {i} shows all",
        )
    lab.shot("two-views")
    lab.until(lambda: lab.evaluate(VIEWS) == "2", what="the kernel serves both")
    count = lab.page.evaluate(DRAG, 5)
    assert 0 < count["send"] < 5000, count
    assert 0 < count["recv"] < 5000, count
    assert count["send"] < 500, f"{count}: more than 100 a second"
    lab.until(
        lambda: (
            roots.nth(0).get_attribute("data-start") == roots.nth(1).get_attribute("data-start")
        ),
        what="both views show one range",
    )
    for i in range(2):
        root = roots.nth(i)
        lab.until(
            lambda r=root: [g["status"] for g in graphs(r)] == ["ok", "ok"], 60, f"view {i} goes on"
        )
    lab.command("notebook:delete-cell")
    lab.until(lambda: roots.count() == 1, what="one view is left")
    lab.until(lambda: lab.evaluate(VIEWS) == "1", what="the kernel serves it alone")
