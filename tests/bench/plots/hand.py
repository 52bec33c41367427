"""A hand on a plot: real mouse events, each followed by the page's own clock."""

from __future__ import annotations

import math
import random
import time
from typing import NamedTuple

from tests.e2e.labpage import LabPage

from .limit import Limit
from .patience import WAIT, Watch
from .peers import Peer

_NOTCHES = 400  # pixels of wheel: a panel zooms by 2.4
_REST = 250  # milliseconds between gestures: a hand's pause, in which a panel fetches ahead
_PATIENCE = 1000 * WAIT


class Zoom(NamedTuple):
    """Milliseconds from the event in the page to new pixels, bytes, milliseconds before that."""

    took: float
    down: float
    late: float


class Hand:
    """Zooms and drags one plot.

    Parameters
    ----------
    lab : LabPage
    peer : Peer
    limit : Limit, optional
        Measured before each zoom.
    watch : Watch, optional
        Told of each zoom.
    """

    def __init__(
        self, lab: LabPage, peer: Peer, limit: Limit | None = None, watch: Watch | None = None
    ) -> None:
        self._lab, self._page, self._peer, self._limit = lab, lab.page, peer, limit
        self._watch = watch or Watch()
        self._chance = random.Random(1)
        target = lab.page.locator(peer.target).first
        target.scroll_into_view_if_needed()
        box = target.bounding_box()
        assert box is not None
        self._box = box

    def _at(self, fx: float, fy: float) -> tuple[float, float]:
        box = self._box
        return box["x"] + fx * box["width"], box["y"] + fy * box["height"]

    def zoom(self, fx: float) -> Zoom:
        """Zoom in around a place."""
        page, peer = self._page, self._peer
        self._watch.step("it is zoomed")
        if self._limit is not None:
            self._limit.sample()
        page.evaluate("([peer, type]) => window.bench.arm(peer, type)", [peer.page, peer.event])
        if peer.event == "wheel":
            self._wheel(fx, -_NOTCHES)
        else:
            self._select(fx)
        page.wait_for_function("() => window.bench.took() !== null", timeout=_PATIENCE)
        took, down, late = page.evaluate("() => window.bench.clock()")
        page.wait_for_timeout(_REST)
        return Zoom(float(took), float(down), float(late))

    def _wheel(self, fx: float, delta: float) -> None:
        page = self._page
        page.mouse.move(*self._at(fx, 0.45))
        page.wait_for_timeout(60)
        if self._peer.page == "ours":
            page.keyboard.down("Control")
        page.mouse.wheel(0, delta)
        if self._peer.page == "ours":
            page.keyboard.up("Control")

    def _select(self, fx: float) -> None:
        mouse = self._page.mouse
        mouse.move(*self._at(fx - 0.2, 0.3))
        mouse.down()
        mouse.move(*self._at(fx + 0.2, 0.7), steps=4)
        self._page.wait_for_timeout(60)
        mouse.up()

    def zooms(self, count: int) -> list[Zoom]:
        """Zoom in step by step, as a hand does."""
        return [self.zoom(self._chance.uniform(0.35, 0.65)) for _ in range(count)]

    def jumps(self, count: int) -> list[Zoom]:
        """Zoom in at places and scales that nobody has seen: the kernel has to be asked."""
        found = []
        for _ in range(count):
            self._go_somewhere()
            found.append(self.zoom(self._chance.uniform(0.3, 0.7)))
        return found

    def _go_somewhere(self) -> None:
        """Show an unseen part of the data, of a random length, and wait for it."""
        lab = self._lab
        first, last, least = (int(lab.evaluate(name)) for name in ("first", "last", "least"))
        most = (last - first) / 3
        span = int(least * (most / least) ** self._chance.random())
        start = first + int(self._chance.random() * (last - first - span))
        ends = [f"np.datetime64({ns}, 'ns')" for ns in (start, start + span)]
        lab.evaluate(f"setattr(panel, 'time_range', ({ends[0]}, {ends[1]}))")
        lab.page.wait_for_function(
            """start => {
                const { dataset } = document.querySelector('.sciqlop-panel');
                return dataset.start === start && dataset.state === 'idle';
            }""",
            arg=str(start),
            timeout=_PATIENCE,
        )
        lab.page.wait_for_timeout(_REST)

    def drag(self, seconds: float) -> list[float]:
        """Drag to and fro; return the lengths of the frames meanwhile."""
        if self._peer.before_pan:
            self._lab.evaluate(self._peer.before_pan)
            self._page.wait_for_timeout(_REST)
        mouse = self._page.mouse
        mouse.move(*self._at(0.5, 0.5))
        mouse.down()
        self._page.evaluate("() => window.bench.record()")
        began = time.monotonic()
        while (passed := time.monotonic() - began) < seconds:
            mouse.move(*self._at(0.5 + 0.3 * math.sin(4 * passed), 0.5))
            time.sleep(0.008)
        frames = self._page.evaluate("() => window.bench.frames()")
        mouse.up()
        return [float(frame) for frame in frames]
