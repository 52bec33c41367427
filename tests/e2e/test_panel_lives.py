"""What becomes of an open panel: other screens, other data, a second view, an end in the middle."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from speasy_core import SpeasyVariable

from .kernelpage import BUNDLE, PageKernel, open_page, serve
from .waiting import new_context, until

START = 1_546_441_200_000_000_000
SECOND = 1_000_000_000
N = 3000
TIME = START + np.arange(N, dtype="i8") * SECOND
WAVE = np.sin(np.arange(N) / 100)
CANVAS = """() => {
  const canvas = document.querySelector('.sq-canvas');
  return [devicePixelRatio, canvas.width / canvas.clientWidth, canvas.height / canvas.clientHeight];
}"""


@pytest.fixture
def site() -> Iterator[str]:
    """Address of the host page."""
    if not BUNDLE.is_file():
        pytest.skip("the panel's bundle is not built")
    with serve() as address:
        yield address


def test_a_picture_is_as_sharp_as_the_screen_that_it_is_moved_to(site: str, browser: Any) -> None:
    kernel = PageKernel(TIME[0], TIME[-1])
    kernel.plot(SpeasyVariable(TIME, WAVE, name="x"))
    context = new_context(browser, viewport={"width": 800, "height": 500})
    page = open_page(context, site, kernel)
    screen = context.new_cdp_session(page)

    def sharp(ratio: float) -> bool:
        # a screen of the same size tells nobody: who points at the panel sees it mended
        page.mouse.move(300, 200 if page.evaluate("performance.now() % 2 < 1") else 12)
        found = page.evaluate(CANVAS)
        return all(abs(one - ratio) < 0.01 for one in found)

    for ratio, width in ((2, 800), (1.5, 800), (1, 800), (3, 600), (1, 900)):
        screen.send(
            "Emulation.setDeviceMetricsOverride",
            {"width": width, "height": 500, "deviceScaleFactor": ratio, "mobile": False},
        )
        until(page, lambda r=ratio: sharp(r), what=f"the canvas has {ratio} pixels to each")
    context.close()
