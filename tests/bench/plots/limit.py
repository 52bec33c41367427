"""The limit of what a plot in a page can do: an empty message there and back, and two frames."""

from __future__ import annotations

import statistics

from tests.e2e.labpage import LabPage

PROBE = '''
import anywidget

class Probe(anywidget.AnyWidget):
    _esm = """
    export default {
      render({ model, el }) {
        el.textContent = "probe";
        window.benchPing = () => new Promise(done => {
          const began = performance.now();
          const back = () => {
            model.off("msg:custom", back);
            done(performance.now() - began);
          };
          model.on("msg:custom", back);
          model.send({});
        });
      },
    };
    """

probe = Probe()
probe.on_msg(lambda widget, content, buffers: widget.send({}))
probe
'''

_TRIPS = """async times => {
    const trips = [];
    const rest = (ms, value) => new Promise(done => setTimeout(done, ms, value));
    // the first messages of a widget can get lost while its kernel prepares for them
    for (let i = 0; trips.length < times && i < 3 * times; i++) {
        const trip = await Promise.race([window.benchPing(), rest(1000, null)]);
        if (trip !== null) {
            trips.push(trip);
        }
        await rest(25);
    }
    return trips;
}"""

_FRAMES = """async () => {
    const frames = [];
    const frame = () => new Promise(requestAnimationFrame);
    let last = await frame();
    for (let i = 0; i < 30; i++) {
        const now = await frame();
        frames.push(now - last);
        last = now;
    }
    return frames;
}"""


class Limit:
    """Measures the limit on a page that shows the probe, whenever it is asked to.

    Parameters
    ----------
    lab : LabPage
    """

    def __init__(self, lab: LabPage) -> None:
        self._page = lab.page
        self._page.wait_for_function("() => window.benchPing !== undefined", timeout=30_000)
        if not self._page.evaluate(_TRIPS, 4):
            raise AssertionError("the kernel does not answer")
        self._trips: list[float] = []
        self._frame = statistics.median(self._page.evaluate(_FRAMES))

    def sample(self, times: int = 2) -> None:
        """Send some messages: between gestures, so that both meet the same machine."""
        self._trips += self._page.evaluate(_TRIPS, times)

    def figures(self) -> dict[str, float]:
        """Return milliseconds: of a round trip, and of a round trip and two frames."""
        trips, frames = sorted(self._trips), 2 * self._frame
        trip, late = statistics.median(trips), trips[int(0.95 * len(trips))]
        return {"round trip ms": trip, "limit ms": trip + frames, "limit p95 ms": late + frames}
