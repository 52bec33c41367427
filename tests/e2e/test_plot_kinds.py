"""Orbits, hodograms and histograms in a real browser, beside plots over time."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest

from speasy_core import Session, TimeRange
from speasy_core.demo import LocalArchive

from .conftest import SCREENSHOTS
from .kernelpage import BUNDLE, PageKernel, open_page, pixels, serve, settle
from .waiting import frames, new_context, until

FIELD = "cda/MMS1_FGM_SRVY_L2/mms1_fgm_b_gse_srvy_l2"
SPOTS = ".sq-spot:not([hidden])"


class Kernel(PageKernel):
    """A panel over a range given as text, with the data of a session."""

    def __init__(self, start: str, stop: str, session: Session) -> None:
        self.posted = []
        self._setup(TimeRange(start, stop), None, session)


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


def center(page: Any, index: int, fx: float = 0.5, fy: float = 0.5) -> tuple[float, float]:
    box = page.locator(".sq-plot").nth(index).bounding_box()
    return box["x"] + fx * box["width"], box["y"] + fy * box["height"]


def choose(page: Any, index: int, *labels: str) -> None:
    """Pick an entry of the menu of a plot."""
    page.mouse.click(*center(page, index), button="right")
    for label in labels:
        page.locator(".sq-menu-item", has_text=label).first.click()
    settle(page)


def kinds(page: Any, kernel: Kernel, *wanted: str) -> None:
    """Wait until the plots are of these kinds."""
    until(page, lambda: tuple(p.kind for p in kernel.model.plots) == wanted, what=f"{wanted}")


def says(page: Any, text: str) -> None:
    """Wait until the panel is described with these words, which it is once it rests."""
    page.wait_for_function(
        "text => document.querySelector('.sq-canvas').ariaLabel?.includes(text)",
        arg=text, timeout=30_000,
    )  # fmt: skip


@pytest.mark.timeout(300)
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_orbits_hodograms_and_histograms(
    browser: Any, site: str, session: Session, theme: str
) -> None:
    kernel = Kernel("2019-01-02T12:00", "2019-01-02T22:00", session)
    kernel.plot("ssc/mms1")
    kernel.orbit("ssc/mms1")
    kernel.plot(FIELD)
    assert kernel.wait(60)
    context = new_context(browser, viewport={"width": 1000, "height": 1100})
    errors: list[str] = []
    page = open_page(context, site, kernel, f"theme={theme}")
    page.on("pageerror", lambda error: errors.append(str(error)))
    says(page, "orbit of mms1 GSE in xy, xz, yz")

    # pointing at a time marks the place on the orbit in each plane, and the other way round
    page.mouse.move(*center(page, 0, 0.6))
    until(page, lambda: page.locator(SPOTS).count() == 3, what="it is marked in three planes")
    frames(page)
    dot = page.locator(SPOTS).first.bounding_box()
    page.mouse.move(dot["x"] + 5, dot["y"] + 5)
    readout = page.locator(".sq-plot").nth(1).locator(".sq-readout")
    until(
        page,
        lambda: re.search(r"2019-01-02 1(8:0|7:5).*R", readout.inner_text(), re.DOTALL),
        what="time and place are told",
    )
    line = page.locator(".sq-cursor")
    until(
        page,
        lambda: abs(line.bounding_box()["x"] - center(page, 0, 0.6)[0]) < 12,
        what="the cursor is at that time",
    )
    page.screenshot(path=SCREENSHOTS / f"kinds-orbit-{theme}.png")

    # the wheel zooms both axes of the orbit, and neither it nor a drag moves time
    before = kernel.time_range
    page.mouse.move(*center(page, 1, 0.15, 0.4))
    page.mouse.wheel(0, -300)

    def orbit() -> Any:
        return kernel.model.plots[1]

    until(page, lambda: orbit().x.range, what="the orbit is zoomed")
    settle(page)
    x, y, depth = (getattr(kernel.model.plots[1], axis).range for axis in ("x", "y", "depth"))
    length = x[1] - x[0]
    assert (y[1] - y[0], depth[1] - depth[0]) == (pytest.approx(length), pytest.approx(length))
    page.mouse.down()
    page.mouse.move(*center(page, 1, 0.2, 0.45), steps=4)
    page.mouse.up()
    until(page, lambda: orbit().x.range[0] < x[0], what="the orbit is moved")
    settle(page)
    moved = orbit()
    assert moved.y.range[0] > y[0]
    assert moved.depth.range == pytest.approx(depth)
    assert kernel.time_range == before
    page.mouse.dblclick(*center(page, 1, 0.15, 0.4))
    until(page, lambda: orbit().x.range is None, what="the orbit is fitted")
    settle(page)

    # the menu turns plots; undo turns them back
    choose(page, 1, "Planes", "YZ")
    until(page, lambda: orbit().planes == ("xy", "xz"), what="YZ is off")
    choose(page, 1, "Colour by time")
    choose(page, 0, "Show as orbit")
    kinds(page, kernel, "orbit", "orbit", "time")
    kernel.undo()
    kernel.time_range = ("2019-01-02T17:00", "2019-01-02T17:10")
    kernel.plot(FIELD)
    page.reload()
    settle(page)
    choose(page, 2, "Show as hodogram", "By GSE over Bx GSE")
    choose(page, 3, "Show as 2-D histogram", "Bz GSE over By GSE")
    kinds(page, kernel, "time", "orbit", "xy", "xy")
    says(page, "2-D histogram")
    page.screenshot(path=SCREENSHOTS / f"kinds-pairs-{theme}.png")
    dark = theme == "dark"
    until(page, lambda: (pixels(page)[5, 5, 0] < 128) == dark, what="it has the theme's ground")
    context.close()
    assert not errors, errors


def test_an_export_is_the_same_drawing(browser: Any, site: str, session: Session) -> None:
    kernel = Kernel("2019-01-02T12:00", "2019-01-02T22:00", session)
    kernel.orbit("ssc/mms1", planes=("xy",))
    kernel.histogram2d(FIELD, x_bins=10, y_bins=10)
    assert kernel.wait(60)
    context = new_context(browser, viewport={"width": 900, "height": 900})
    page = open_page(context, site, kernel)
    with page.expect_download() as download:
        page.get_by_role("button", name="SVG").first.click()
    text = download.value.path().read_text(encoding="utf-8")
    for label in ("X GSE [R_E]", "magnetopause", "bow shock", "counts", "18:00"):
        assert f">{label}</text>" in text, label
    assert text.count("<image") >= 1
    context.close()
