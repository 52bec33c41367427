"""Exports of a panel with every kind of plot, wide and narrow: what is on the screen, uncut."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from speasy_core import Session, SpeasyVariable, TimeRange
from speasy_core.demo import LocalArchive
from speasy_core.variable import Axis

from .conftest import SCREENSHOTS
from .kernelpage import BUNDLE, PageKernel, open_page, pixels, plot_rect, serve, settle
from .waiting import new_context, until

# part of `make test-full`
pytestmark = pytest.mark.slow

SPAN = ("2019-01-02T12:00", "2019-01-02T22:00")
FIELD = "cda/MMS1_FGM_SRVY_L2/mms1_fgm_b_gse_srvy_l2"
# edges of texts and lines are smoothed in two ways, and of narrow plots much is edge
MOST_OFF = 0.04


class Kernel(PageKernel):
    """A panel with the data of a session."""

    def __init__(self, session: Session) -> None:
        self.posted = []
        self._setup(TimeRange(*SPAN), None, session)


@pytest.fixture(scope="module")
def session(synthetic_archive: LocalArchive, tmp_path_factory: Any) -> Iterator[Session]:
    """A session that asks the local archive."""
    made = Session(synthetic_archive.settings(tmp_path_factory.mktemp("cache")))
    yield made
    made.close()


@pytest.fixture(scope="module")
def site() -> Iterator[str]:
    """Address of the host page."""
    if not BUNDLE.is_file():
        pytest.skip("the panel's bundle is not built")
    with serve() as address:
        yield address


def broken(start: float, stop: float) -> None:
    """Fail, as a function does now and then."""
    raise ValueError("no <b>data</b> today")


def everything(session: Session) -> Kernel:
    """Return a panel with lines, colours, two axes, an error, nothing, marks and shapes."""
    kernel = Kernel(session)
    time = np.datetime64(SPAN[0], "ns") + np.arange(600) * np.timedelta64(1, "m")
    rng = np.random.default_rng(0)
    kernel.title = "θ <script>alert(1)</script>"
    kernel.plot(FIELD)
    positive = SpeasyVariable(time, np.exp(rng.normal(size=600)), name="n", unit="cm^-3")
    kernel.plot(positive, label="density")
    kernel.plots[1].set_axis(log=True)
    flux = SpeasyVariable(
        time, np.exp(rng.normal(size=(600, 8))), axes=(Axis(10.0 * 2.0 ** np.arange(8)),),
        name="flux", unit="1/(cm^2 s sr keV)", meta={"DISPLAY_TYPE": "spectrogram"},
    )  # fmt: skip
    kernel.plot(flux)
    kernel.plot(positive, 2, y_axis="y2", label="density over it")
    kernel.plot(broken)
    kernel.plot(positive[:0].copy(name="empty"))
    kernel.orbit("ssc/mms1", planes=("xy", "xz"))
    kernel.xy(FIELD, columns=(0, 1))
    kernel.histogram2d(FIELD, x_bins=20, y_bins=20)
    kernel.add_span("2019-01-02T14:00", "2019-01-02T15:00", label="a span")
    kernel.overlay([("2019-01-02T18:00", "2019-01-02T18:30", {"kind": "storm"})])
    return kernel


@pytest.mark.parametrize(("width", "height"), [(1000, 1500), (300, 2000)])
def test_the_drawing_is_the_screen(
    browser: Any, site: str, session: Session, width: int, height: int
) -> None:
    from PIL import Image

    kernel = everything(session)
    assert kernel.wait(60)
    context = new_context(browser, viewport={"width": width + 24, "height": 900})
    page = open_page(context, site, kernel)
    page.evaluate(
        "h => { document.querySelector('.sciqlop-panel').style.height = `${h}px`; }", height
    )
    settle(page)
    until(page, lambda: pixels(page).shape[0] > 0.8 * height, what="it is as high as asked")
    settle(page)
    with page.expect_download() as download:
        page.get_by_role("button", name="SVG").first.click()
    text = Path(download.value.path()).read_text(encoding="utf-8")
    assert "alert(1)&lt;/script&gt;" in text
    assert "<script" not in text
    screen = pixels(page)
    name = SCREENSHOTS / f"export-everything-{width}"
    Image.fromarray(screen).save(f"{name}-screen.png")
    other = context.new_page()
    other.set_viewport_size({"width": width + 24, "height": height + 100})
    other.set_content(f"<style>body{{margin:0}} svg{{display:block}}</style>{text}")
    until(other, lambda: other.locator("svg text").count() > 10, what="it has texts")
    other.screenshot(path=f"{name}-svg.png", full_page=True)
    drawn = np.asarray(Image.open(f"{name}-svg.png").convert("RGBA"))
    uncut(other)
    shift = offset(drawn, screen)
    for index in range(len(kernel.model.plots)):
        left, top, right, bottom = plot_rect(page, index)
        top += round(0.6 * (bottom - top))  # legends, remarks and errors lie above, on the page
        inside = np.s_[top : bottom - 2, left + 2 : right - 2]
        part = drawn[shift:][inside]
        off = np.abs(part[:, :, :3].astype(int) - screen[inside][:, :, :3]).max(axis=2)
        assert (off > 60).mean() < MOST_OFF, (index, (off > 60).mean())
    context.close()


def offset(drawn: np.ndarray[Any, Any], screen: np.ndarray[Any, Any]) -> int:
    """Return how many rows the title takes above what is on the screen."""
    rows = min(600, screen.shape[0])
    gray = screen[:rows, :, :3].astype(int).sum(axis=2)
    found = [
        np.abs(drawn[s : s + rows, : screen.shape[1], :3].astype(int).sum(axis=2) - gray).mean()
        for s in range(60)
    ]
    return int(np.argmin(found))


def uncut(page: Any) -> None:
    """Check that every text of a drawing lies within it."""
    outside = page.evaluate(
        """() => {
          const svg = document.querySelector('svg').getBoundingClientRect();
          return [...document.querySelectorAll('svg text')].map(node => {
            const r = node.getBoundingClientRect();
            return r.left < svg.left - 1 || r.right > svg.right + 1 || r.top < svg.top - 1
              || r.bottom > svg.bottom + 1
              ? `${node.textContent}: ${r.left} ${r.top} ${r.right} ${r.bottom}` : '';
          }).filter(Boolean);
        }"""
    )
    assert outside == [], outside
