"""What is on the screen, pixel by pixel: nothing lost, nothing invented, nothing moved."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

from speasy_core import SpeasyVariable
from speasy_core.variable import Axis

from .conftest import SCREENSHOTS
from .kernelpage import (
    BUNDLE,
    FullKernel,
    PageKernel,
    ink,
    open_page,
    pixels,
    plot_rect,
    serve,
    settle,
)  # fmt: skip
from .waiting import new_context, until

BLUE = "#0072b2"  # the first line on light ground
START = 1_546_441_200_000_000_000
SECOND = 1_000_000_000
RATIOS = [1, 1.5, 2]


@pytest.fixture(scope="module")
def site() -> Iterator[str]:
    """Address of the host page."""
    if not BUNDLE.is_file():
        pytest.skip("the panel's bundle is not built")
    with serve() as address:
        yield address


@pytest.fixture
def show(browser: Any, site: str) -> Iterator[Callable[..., Any]]:
    """Open a kernel's panel at a device pixel ratio; page errors fail the test."""
    contexts: list[Any] = []
    errors: list[str] = []

    def opened(kernel: PageKernel, ratio: float = 1, query: str = "") -> Any:
        context = new_context(
            browser, viewport={"width": 900, "height": 620}, device_scale_factor=ratio
        )
        contexts.append(context)
        page = open_page(context, site, kernel, query)
        page.on("pageerror", lambda error: errors.append(str(error)))
        return page

    yield opened
    for context in contexts:
        context.close()
    assert not errors, errors


def zoom(page: Any, anchor: float, notches: int) -> None:
    """Turn the wheel with Ctrl over a fraction of the plot's width; negative zooms in."""
    box = page.locator(".sq-plot").first.bounding_box()
    page.mouse.move(box["x"] + anchor * box["width"], box["y"] + 0.5 * box["height"])
    page.keyboard.down("Control")
    for _ in range(abs(notches)):
        page.mouse.wheel(0, 100 if notches > 0 else -100)
    page.keyboard.up("Control")
    settle(page)


def grown(mask: np.ndarray[Any, Any], columns: int, rows: int) -> np.ndarray[Any, Any]:
    """Widen a mask by some pixels to every side."""
    out = mask.copy()
    for dx in range(-columns, columns + 1):
        for dy in range(-rows, rows + 1):
            out |= np.roll(np.roll(mask, dx, axis=1), dy, axis=0)
    return out


def wave(n: int) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    """Return irregular times over a day and values with spikes, steps and holes."""
    rng = np.random.default_rng(7)
    time = START + np.sort(rng.choice(86_400_000, n, replace=False)).astype("i8") * 1_000_000
    x = np.linspace(0, 12, n)
    values = np.sin(x) * 20 + rng.normal(0, 1.5, n) + 15 * (np.floor(x) % 2)
    values[rng.choice(n, 12, replace=False)] += 45
    values[int(0.31 * n) : int(0.34 * n)] = np.nan
    return time, values.astype("f4")


@pytest.mark.parametrize("ratio", RATIOS)
def test_reduced_and_full_pictures_are_equal_but_for_one_column(
    show: Callable[..., Any], ratio: float
) -> None:
    time, values = wave(60_000)
    variable = SpeasyVariable(time, values, columns=["x"], name="x", unit="nT")
    stop = START + 86_400 * SECOND
    pictures = []
    for kernel in (
        PageKernel(START, stop),
        FullKernel(START, stop, time, values),
    ):
        kernel.plot(variable)
        kernel.command({"op": "set_axis", "plot": "p1", "axis": "y", "range": [-50, 80]})
        page = show(kernel, ratio)
        left, top, right, bottom = plot_rect(page)
        pictures.append(pixels(page)[top + 2 : bottom - 2, left + 2 : right - 2])
        page.screenshot(path=str(SCREENSHOTS / f"pixels-{type(kernel).__name__}-{ratio}.png"))
    # firmly drawn in one picture means drawn, if paler between two pixels, in the other
    (reduced, pale_reduced), (full, pale_full) = (
        (ink(picture, BLUE, 100), ink(picture, BLUE, 200)) for picture in pictures
    )
    assert 3000 < full.sum() < 0.5 * full.size
    # one column to each side, and the half pixel by which a stroke is thicker than a bar
    size = int(np.ceil(ratio))
    lost = full & ~grown(pale_reduced, size, size)
    invented = reduced & ~grown(pale_full, size, size)
    assert lost.sum() == 0, np.argwhere(lost)[:5]
    assert invented.sum() == 0, np.argwhere(invented)[:5]


@pytest.mark.parametrize("ratio", RATIOS)
def test_gaps_are_gaps(show: Callable[..., Any], ratio: float) -> None:
    time, values = wave(60_000)
    keep = (time < START + 50_000 * SECOND) | (time > START + 55_000 * SECOND)
    variable = SpeasyVariable(time[keep], values[keep], columns=["x"], name="x")
    stop = START + 86_400 * SECOND
    kernel = PageKernel(START, stop)
    kernel.plot(variable)
    page = show(kernel, ratio)
    page.screenshot(path=str(SCREENSHOTS / f"pixels-gaps-{ratio}.png"))
    left, top, right, bottom = plot_rect(page)
    line = ink(pixels(page)[top + 2 : bottom - 2, left:right], BLUE, 100).any(axis=0)
    width = right - left
    nan = np.flatnonzero(np.isnan(values))
    before, after = time < START + 50_000 * SECOND, time > START + 55_000 * SECOND
    holes = [(time[nan[0] - 1], time[nan[-1] + 1]), (time[before][-1], time[after][0])]
    empty = np.zeros(width, dtype=bool)
    for begin, end in holes:
        a, b = ((t - START) / (stop - START) * width for t in (begin, end))
        # the hole's own first and last column may hold the samples beside it
        inner = slice(int(np.ceil(a)) + 2, int(b) - 2)
        assert not line[inner].any(), (a, b, np.flatnonzero(line[inner]))
        empty[int(a) - 2 : int(np.ceil(b)) + 3] = True
    assert line[5:-5][~empty[5:-5]].all(), "a column with samples is empty"


@pytest.mark.timeout(900)
def test_one_sample_in_a_hundred_million_is_seen_at_every_zoom(show: Callable[..., Any]) -> None:
    n, spike = 100_000_000, 61_803_399
    time = START + np.arange(n, dtype="i8") * 10_000_000
    values = np.zeros(n, dtype="f4")
    values[spike] = 1000.0
    variable = SpeasyVariable(time, values, columns=["x"], name="x")
    del values
    kernel = PageKernel(time[0], time[-1])
    kernel.plot(variable)
    kernel.command({"op": "set_axis", "plot": "p1", "axis": "y", "range": [-200, 1200]})
    page = show(kernel)
    at = int(time[spike])
    seen = []
    for _ in range(26):
        start, stop = (int(page.evaluate(f"document.querySelector('.sciqlop-panel').dataset.{k}"))
                       for k in ("start", "stop"))  # fmt: skip
        left, top, right, bottom = plot_rect(page)
        height = bottom - top
        line = ink(pixels(page)[top:bottom, left:right], BLUE, 100)
        fraction = (at - start) / (stop - start)
        # the spike, three quarters of the plot high, is where it belongs and nowhere else
        columns = np.flatnonzero(line[int(height * 0.2) : int(height * 0.7)].any(axis=0))
        assert columns.size, f"lost at {(stop - start) / 1e9} s"
        slope = 2 + 2 * (10_000_000 / (stop - start)) * (right - left)  # to its neighbours
        assert np.abs(columns - fraction * (right - left)).max() <= slope, (columns, fraction)
        seen.append(stop - start)
        if stop - start < 200_000_000:
            break
        zoom(page, fraction, -4)
    page.screenshot(path=str(SCREENSHOTS / "pixels-spike.png"))
    assert seen[0] > 9e14
    assert seen[-1] < 2e8, "the walk ends at single samples"


@pytest.mark.parametrize("ratio", RATIOS)
@pytest.mark.parametrize("shape", ["descending", "varying"])
def test_channels_of_a_spectrogram_are_where_they_belong(
    show: Callable[..., Any], ratio: float, shape: str
) -> None:
    n = 240
    time = START + np.arange(n, dtype="i8") * 60 * SECOND
    energies = np.array([10_000.0, 1000.0, 100.0, 10.0])
    table = energies if shape == "descending" else np.repeat(energies[None, ::-1], n, axis=0)
    flux = np.full((n, 4), 1.0, dtype="f4")
    row = 1 if shape == "descending" else 2  # the channel at 1000 eV
    flux[:, row] = 1e6
    flux[100:130] = np.nan
    if shape == "varying":
        table[n // 2 :] = [1000.0, 10_000.0, 100.0, 10.0]
        flux[n // 2 :] = 1.0
        flux[n // 2 :, 0] = 1e6
    flux[100:130] = np.nan
    variable = SpeasyVariable(
        time, flux, axes=(Axis(table, name="energy", unit="eV"),), unit="eV/cm^2", name="flux",
        meta={"DISPLAY_TYPE": "spectrogram", "SCALETYP": "log"},
    )  # fmt: skip
    kernel = PageKernel(time[0], time[-1])
    kernel.plot(variable)
    kernel.command({"op": "set_axis", "plot": "p1", "axis": "z", "range": [1, 1e6]})
    page = show(kernel, ratio)
    page.screenshot(path=str(SCREENSHOTS / f"pixels-{shape}-{ratio}.png"))
    left, top, right, bottom = plot_rect(page)
    part = pixels(page)[top:bottom, left:right]
    bright, dark = ink(part, "#fde725", 12), ink(part, "#440154", 12)
    height, width = bright.shape
    # half a decade above and below four decades of channels: one channel is a quarter
    for share in (0.1, 0.3, 0.45, 0.6, 0.9):
        column = int(share * width)
        if 0.42 < share < 0.54:
            assert not bright[:, column].any(), "a gap of NaN is blank"
            assert not dark[:, column].any(), "a gap of NaN is blank"
            continue
        rows = np.flatnonzero(bright[:, column])
        assert rows.size == pytest.approx(height / 4, abs=2 * ratio)
        assert rows[0] == pytest.approx(height / 4, abs=2 * ratio)
        assert dark[:, column].sum() == pytest.approx(3 * height / 4, abs=4 * ratio)


@pytest.mark.parametrize("ratio", RATIOS)
def test_an_exported_drawing_is_the_picture_on_the_screen(
    show: Callable[..., Any], ratio: float, browser: Any
) -> None:
    time, values = wave(20_000)
    stop = START + 86_400 * SECOND
    kernel = PageKernel(START, stop)
    kernel.plot(SpeasyVariable(time, values, columns=["<b>&x</b>"], name="x", unit="cm^-3"))
    slow = START + np.arange(500, dtype="i8") * 170 * SECOND
    rng = np.random.default_rng(3)
    kernel.plot(
        SpeasyVariable(
            slow, np.exp(rng.normal(size=(500, 8))), axes=(Axis(10.0 * 3.0 ** np.arange(8)),),
            name="flux", meta={"DISPLAY_TYPE": "spectrogram"},
        )
    )  # fmt: skip
    page = show(kernel, ratio)
    with page.expect_download() as info:
        page.get_by_role("button", name="Export SVG").click()
    path = info.value.path()
    text = path.read_text(encoding="utf-8")
    assert "&lt;b&gt;&amp;x&lt;/b&gt;" in text
    assert "<text" in text
    assert "data:image/png" in text
    assert "cm⁻³" in text
    context = new_context(
        browser, viewport={"width": 900, "height": 620}, device_scale_factor=ratio
    )
    other = context.new_page()
    other.set_content(f"<style>body{{margin:0}} svg{{display:block}}</style>{text}")
    until(other, lambda: other.locator("svg text").count() > 10, what="it has texts")
    shot = SCREENSHOTS / f"pixels-export-{ratio}.png"
    other.screenshot(path=str(shot))
    from PIL import Image

    drawn = np.asarray(Image.open(shot).convert("RGBA"))
    context.close()
    screen = pixels(page)
    shift = round(24 * ratio)  # the line with the title
    drawn = drawn[shift : shift + screen.shape[0], : screen.shape[1]]
    for index in (0, 1):
        left, top, right, bottom = plot_rect(page, index)
        inside = np.s_[top + round(30 * ratio) : bottom - 2, left + 2 : right - 2]
        off = np.abs(drawn[inside].astype(int) - screen[inside].astype(int)).max(axis=2)
        # antialiasing of clipped borders may differ; the drawing may not
        assert (off > 60).mean() < 0.02, (index, (off > 60).mean())
    with page.expect_download() as info:
        page.get_by_role("button", name="Export PNG").click()
    with Image.open(info.value.path()) as image:
        assert image.width == screen.shape[1] * 2 / ratio
        assert len(image.convert("RGB").getcolors(1 << 24)) > 50
