"""A plot that takes long: it says so, it can be given up, and it does not hold up the others."""

from __future__ import annotations

import pytest

from .labpage import LabPage
from .steps import graphs, panel, wait_for_graphs
from .test_busy_and_storm import MAKE

SHOW = """
import threading
gate, started = threading.Event(), []

def slow(start, stop):
    started.append(time.monotonic())
    gate.wait(120)
    t = np.linspace(start, stop, 100)
    return t, np.sin(t)

panel = Panel(v.time[800_000], v.time[1_200_000])
panel.plot(v["x"])
panel.plot(slow)
panel
"""


@pytest.mark.parametrize("theme", ["Light", "Dark"])
def test_a_slow_plot_says_so_and_can_be_stopped(lab: LabPage, theme: str) -> None:
    lab.theme(f"JupyterLab {theme}")
    lab.notebook(f"slow-{theme}.ipynb", [MAKE, SHOW, "gate.set()"])
    lab.run(0)
    lab.run(1)
    root = panel(lab)
    stop = root.get_by_role("button", name="Stop loading")
    stop.first.wait_for(timeout=30_000)
    stop.first.scroll_into_view_if_needed()
    quick = "the quick plot does not wait for the slow one"
    lab.until(lambda: graphs(root)[0]["status"] == "ok", what=quick)
    lab.shot(f"slow-{theme.lower()}")
    stop.first.click()
    lab.until(lambda: graphs(root)[1]["status"] == "stopped", 30, "the slow plot is given up")
    stop.first.wait_for(state="hidden")
    lab.shot(f"stopped-{theme.lower()}")
    lab.run(2)
    lab.page.keyboard.press("Escape")
    root.locator("canvas").first.hover()
    lab.page.mouse.wheel(0, 100)
    assert wait_for_graphs(lab, root, 2)[1]["status"] == "ok", "the next view asks again"
