"""The panel's bundle on a plain page, with the kernel's half in this process and no Jupyter."""

from __future__ import annotations

import base64
import contextlib
import functools
import http.server
import json
import threading
from collections.abc import Iterator
from typing import Any

import numpy as np

from sciqlop_lab import spec as specs
from sciqlop_lab.basepanel import PanelCore
from speasy_core import TimeRange

from .conftest import REPOSITORY
from .waiting import frames

PANEL = "document.querySelector('.sciqlop-panel')"
BUNDLE = REPOSITORY / "sciqlop_lab" / "static" / "panel.js"
HOST = "js/tests/host/index.html"


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_args: Any) -> None:
        pass


@contextlib.contextmanager
def serve() -> Iterator[str]:
    """Serve the source tree; yields the address of the host page."""
    handler = functools.partial(_Quiet, directory=str(REPOSITORY))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/{HOST}"
        server.shutdown()


class PageKernel(PanelCore):
    """The kernel's half of a panel over a range in nanoseconds, as a function of the page."""

    def __init__(self, start: int, stop: int) -> None:
        self.posted: list[tuple[dict[str, Any], list[Any]]] = []
        self._setup(TimeRange.from_ns(int(start), int(stop)), None, None)

    def _publish(self, spec: specs.PanelSpec) -> None:
        pass

    def _post(self, content: dict[str, Any], buffers: list[Any]) -> None:
        self.posted.append((content, [bytes(buffer) for buffer in buffers]))

    def answer(self, text: str) -> str:
        """Take a message of the page; return everything that it is answered, as JSON."""
        message = json.loads(text)
        if message is not None:
            self.handle_message(message)
            assert self.wait(120)
        posted, self.posted = self.posted, []
        messages = []
        for content, buffers in posted:
            altered = self.alter(content, buffers)
            texts = [base64.b64encode(buffer).decode() for buffer in buffers]
            messages.append({"content": altered, "buffers": texts})
        return json.dumps({"spec": self.model.to_json(), "messages": messages})

    def alter(self, content: dict[str, Any], buffers: list[bytes]) -> dict[str, Any]:
        """Change an answer; a test's way to draw something else."""
        return content


class FullKernel(PageKernel):
    """Sends every sample of one variable, whatever the width of the picture."""

    def __init__(self, start: int, stop: int, time_ns: Any, values: Any) -> None:
        super().__init__(start, stop)
        self._time, self._values = time_ns, values

    def alter(self, content: dict[str, Any], buffers: list[bytes]) -> dict[str, Any]:
        """Replace the tiles by one item that holds all samples."""
        if content["type"] != "tiles" or not content["items"]:
            return content
        first = next(item for item in content["items"] if item["status"] == "ok")
        origin = int(self._time[0])
        item = {
            **{key: first[key] for key in ("graph", "plot", "status", "kind", "columns", "unit")},
            **{key: first[key] for key in ("label", "log", "gaps", "notes")},
            "mode": "raw", "t0": str(origin), "n": len(self._time), "t": 0, "y": 1,
            "start": content["start"], "stop": content["stop"],
        }  # fmt: skip
        seconds = (self._time - origin) / 1e9
        buffers[:] = [seconds.tobytes(), self._values.astype("f4").tobytes()]
        return {**content, "items": [item]}


def open_page(context: Any, address: str, kernel: PageKernel, query: str = "") -> Any:
    """Open the host page on `kernel` and wait for its picture."""
    page = context.new_page()
    page.expose_function("kernel", kernel.answer)
    page.goto(f"{address}?{query}")
    settle(page)
    return page


def settle(page: Any) -> None:
    """Wait until all answers for the present view are on the screen."""
    page.wait_for_function(f"{PANEL}?.dataset.gen !== undefined", timeout=120_000)
    frames(page, 3)  # what was done just before is under way by now
    page.wait_for_function(f"['idle', 'error'].includes({PANEL}.dataset.state)", timeout=120_000)
    frames(page)


def pixels(page: Any) -> np.ndarray[Any, Any]:
    """Return the canvas as (rows, columns, 4) bytes, in device pixels."""
    data = page.evaluate(
        """() => {
          const canvas = document.querySelector('.sq-canvas');
          const {data, width, height} = canvas.getContext('2d')
              .getImageData(0, 0, canvas.width, canvas.height);
          let text = '';
          for (let i = 0; i < data.length; i += 32768)
            text += String.fromCharCode(...data.subarray(i, i + 32768));
          return [btoa(text), width, height];
        }"""
    )
    flat = np.frombuffer(base64.b64decode(data[0]), dtype=np.uint8)
    return flat.reshape(data[2], data[1], 4)


def plot_rect(page: Any, index: int = 0) -> tuple[int, int, int, int]:
    """Return left, top, right and bottom of a plot in device pixels."""
    box, ratio = page.evaluate(
        """i => {
          const stage = document.querySelector('.sq-stage').getBoundingClientRect();
          const r = document.querySelectorAll('.sq-plot')[i].getBoundingClientRect();
          return [[r.left - stage.left, r.top - stage.top, r.right - stage.left,
                   r.bottom - stage.top], devicePixelRatio];
        }""",
        index,
    )
    left, top, right, bottom = (round(value * ratio) for value in box)
    return left, top, right, bottom


def ink(picture: np.ndarray[Any, Any], color: str, tolerance: int = 40) -> np.ndarray[Any, Any]:
    """Return where a picture has (nearly) a colour."""
    wanted = [int(color[i : i + 2], 16) for i in (1, 3, 5)]
    off: np.ndarray[Any, Any] = np.abs(picture[:, :, :3].astype(int) - wanted).max(axis=2)
    return off <= tolerance
