"""One plot of one size, from the cell that makes it to the last gesture."""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import Error as PlaywrightError

from tests.e2e.conftest import SCREENSHOTS, TOKEN, Server
from tests.e2e.labpage import LabPage

from .environment import new_context
from .hand import Hand, Zoom
from .limit import PROBE, Limit
from .memory import Memory
from .patience import WAIT, NotMeasured, Watch, run_cell
from .peers import Peer

Figures = dict[str, Any]
_GESTURE = 1.5
_JUMPS = 36  # of fewer, one that another program disturbed would be the slowest twentieth


def percentile(values: Sequence[float], share: float) -> float:
    """Return the least value that a share of all do not exceed."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]


class Case:
    """Opens pages, measures on them, closes them.

    Parameters
    ----------
    launched : playwright browser
    server : Server
    python : Path
        The interpreter of the server.
    """

    def __init__(self, launched: Any, server: Server, python: Path) -> None:
        self.browser, self.server, self.python = launched, server, python
        self.watch = Watch()

    def measure(self, peer: Peer, samples: float, **fill: Any) -> Figures:
        """Return the figures of one plot; `fill` goes into the cell that loads its data."""
        name = f"{peer.page}-{samples:.0e}"
        cells = [PROBE, peer.load.format(**fill), peer.show]
        with open_page(self, f"{name}.ipynb", cells) as lab:
            run_cell(lab, 0)
            limit = Limit(lab)
            self.watch.step("its data is loaded")
            run_cell(lab, 1)
            with Memory(int(lab.evaluate("os.getpid()")), lab.page) as memory:
                figures = self._first(lab, peer)
                hand = Hand(lab, peer, limit, self.watch)
                steps = hand.zooms(peer.zooms)
                self.watch.step("the browser's memory is read")
                figures |= memory.browser()
                asked = self._asked(hand, peer, steps)
                self.watch.step("it is dragged")
                figures |= self._gestures(hand, steps, asked)
                figures |= memory.kernel()
            lab.shot(f"plots-{peer.name.replace(' ', '-').replace(',', '')}-{samples:.0e}")
        return {
            "peer": peer.name,
            "samples": samples,
            **figures,
            **limit.figures(),
        }

    def _first(self, lab: LabPage, peer: Peer) -> Figures:
        before = lab.page.evaluate("() => window.bench.net.down")
        lab.page.evaluate("peer => { void window.bench.firstPaint(peer); }", peer.page)
        self.watch.step("the first picture is drawn")
        run_cell(lab, 2)
        lab.page.wait_for_function("() => window.bench.first() !== null", timeout=1000 * WAIT)
        first = lab.page.evaluate("() => window.bench.first()")
        began = float(lab.evaluate("began")) * 1e3
        lab.page.wait_for_timeout(600)
        return {
            "first ms": first["begun"] - began,
            "complete ms": first["whole"] - began,
            "first bytes": lab.page.evaluate("() => window.bench.net.down") - before,
        }

    @staticmethod
    def _asked(hand: Hand, peer: Peer, steps: list[Zoom]) -> list[Zoom]:
        """Return zooms for which the kernel had to be asked; other plots fetch nothing ahead."""
        if peer.page != "ours":
            return steps
        return [zoom for zoom in hand.jumps(_JUMPS) if zoom.down > 0]

    @staticmethod
    def _gestures(hand: Hand, steps: list[Zoom], asked: list[Zoom]) -> Figures:
        took = [zoom.took for zoom in asked]
        frames = hand.drag(_GESTURE)
        return {
            "step ms": statistics.median(zoom.took for zoom in steps),
            "zoom ms": statistics.median(took),
            "zoom p95 ms": percentile(took, 0.95),
            "zooms": len(took),
            "before the page ms": statistics.median(zoom.late for zoom in asked),
            "zoom bytes": statistics.median(zoom.down for zoom in asked),
            "frame p95 ms": percentile(frames, 0.95),
            "frame ms": statistics.median(frames),
        }


@contextmanager
def open_page(case: Case, notebook: str, cells: Sequence[str]) -> Iterator[LabPage]:
    """Open a notebook in a window of its own; its kernel ends with it."""
    server = case.server
    case.watch.step("JupyterLab opens")
    context = new_context(case.browser, case.python)
    lab = LabPage(context.new_page(), server.url, TOKEN, server.root, SCREENSHOTS)
    try:
        lab.open()
        lab.notebook(notebook, cells)
        yield lab
        lab.command("docmanager:save")
        lab.shutdown_kernels()
    except (AssertionError, PlaywrightError) as late:
        shot = lab.shot(f"plots-{Path(notebook).stem}-not-measured")
        said = "; ".join(lab.errors[-3:]) or "nothing"
        raise NotMeasured(f"{late}\nits page is in {shot}; its console said {said}") from late
    finally:
        context.close()
        case.watch.stop()
