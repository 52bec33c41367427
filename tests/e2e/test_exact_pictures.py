"""Small changes far from zero, and numbers beyond single floats, are drawn as they are."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from speasy_core import SpeasyVariable
from speasy_core.variable import Axis

from .conftest import SCREENSHOTS
from .kernelpage import BUNDLE, PageKernel, ink, open_page, pixels, plot_rect, serve
from .waiting import new_context, until

BLUE = "#0072b2"
START = 1_546_441_200_000_000_000
SECOND = 1_000_000_000
N = 200_000
TIME = START + np.arange(N, dtype="i8") * SECOND
TURNS = 2 * np.pi * np.arange(N) / (N / 4)


@pytest.fixture
def site() -> Iterator[str]:
    """Address of the host page."""
    if not BUNDLE.is_file():
        pytest.skip("the panel's bundle is not built")
    with serve() as address:
        yield address


def is_sine(page: Any, plot: int, start: int, stop: int) -> bool:
    """Whether a plot shows four turns in 200,000 seconds, to two pixels."""
    left, top, right, bottom = plot_rect(page, plot)
    line = ink(pixels(page)[top + 2 : bottom - 2, left + 2 : right - 2], BLUE, 180)
    height, width = line.shape
    filled = line.any(axis=0)
    if filled.mean() < 0.88:  # the legend covers some
        return False
    drawn = np.array([np.flatnonzero(column).mean() for column in line.T[filled]])
    at = (start - START + (np.arange(width)[filled] + 2.5) / (right - left) * (stop - start)) / 1e9
    exact = np.sin(2 * np.pi * at / (N / 4))
    # the axis has some air on either side: what is found is a straight function of what is true
    slope, shift = np.polyfit(exact, drawn, 1)
    off = np.abs(drawn - slope * exact - shift)
    return bool(-slope * np.ptp(exact) > 0.6 * height and np.quantile(off, 0.98) < 2)


SERIES = {
    "offset": 1e9 + 1e-3 * np.sin(TURNS),
    "counter": 2**40 + np.rint(1000 * np.sin(TURNS)).astype("i8"),
    "huge": 1e200 * np.sin(TURNS),
}


def kernel_with_all(start: int, stop: int) -> PageKernel:
    kernel = PageKernel(start, stop)
    for name, values in SERIES.items():
        kernel.plot(SpeasyVariable(TIME, values, columns=[name], name=name, unit="km"))
    kernel.plot(
        SpeasyVariable(
            TIME, 1e9 + 1e-3 * np.sin(TURNS)[:, None] + np.zeros(6), name="flux",
            axes=(Axis(1e9 + np.arange(6.0) / 10, name="energy", unit="eV"),),
            meta={"DISPLAY_TYPE": "spectrogram", "SCALETYP": "linear"},
        )
    )  # fmt: skip
    return kernel


def readout(page: Any, plot: int) -> str:
    box = page.locator(".sq-plot").nth(plot).bounding_box()
    page.mouse.move(box["x"] + 0.62 * box["width"], box["y"] + 0.5 * box["height"])
    return page.locator(".sq-readout").nth(plot).text_content() or ""


def test_a_sine_is_a_sine_at_any_offset_and_size(site: str, browser: Any) -> None:
    first = int(TIME[0])
    views = {
        "all": (first, int(TIME[-1])),
        "samples": (first + 60_000 * SECOND, first + 61_500 * SECOND),
    }
    context = new_context(browser, viewport={"width": 900, "height": 900})
    for view, (start, stop) in views.items():
        page = open_page(context, site, kernel_with_all(start, stop))
        for plot, name in enumerate(SERIES):
            if (name, view) != ("counter", "samples"):  # whole numbers are steps there
                until(
                    page, lambda p=plot, a=start, b=stop, g=page: is_sine(g, p, a, b),
                    what=f"{name} is a sine in the view of {view}",
                )  # fmt: skip
        digits = {0: r"(999999999|1000000000)\.\d{4}", 3: r" (999999999|1000000000)\.[1-9]"}
        for plot, wanted in digits.items():
            until(
                page, lambda g=page, p=plot, w=wanted: re.search(w, readout(g, p)),
                what=f"readout {plot} has the digits",
            )  # fmt: skip
        page.screenshot(path=str(SCREENSHOTS / f"exact-{view}.png"))
        page.close()
    context.close()
