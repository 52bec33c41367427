"""Axes, styles, spans, themes and files of a panel in JupyterLab, as a person sees them."""

from __future__ import annotations

import re

import pytest

from .labpage import LabPage
from .waiting import frames

CELL = """
import numpy as np
import sciqlop_lab
from speasy_core import SpeasyVariable
from speasy_core.variable import Axis

rng = np.random.default_rng(5)
t = np.datetime64("2019-01-02T15", "ns") + np.arange(4000) * np.timedelta64(6_300_000_000, "ns")
x = np.linspace(0, 9, 4000)
bz = np.sinh(np.sin(x) * 9) + rng.normal(0, 2, 4000)
density = 5e6 * (2 + np.sin(x)) + rng.normal(0, 2e5, 4000)
energies = 10.0 * 1.3 ** np.arange(28)
peak = 6 + 2 * np.sin(x / 2)
flux = np.exp(-(np.log(energies)[None] - peak[:, None]) ** 2) * 1e7 + 1e3
many = np.sin(x[:, None] + np.arange(12)) * 3

panel = sciqlop_lab.Panel("2019-01-02T15", "2019-01-02T22")
panel.plot(SpeasyVariable(t, bz, name="Bz", unit="nT"))
panel.plots[0].set_axis("y", log="symlog")
panel.plot(SpeasyVariable(t, flux, axes=(Axis(energies, name="Energy", unit="eV"),), name="flux",
                          unit="keV/(cm^2 s sr keV)", meta={"DISPLAY_TYPE": "spectrogram"}))
panel.plots[1].plot(SpeasyVariable(t, density, name="n", unit="m^-3"), style="steps")
panel.plots[1].set_axis("z", colormap="inferno")
panel.plot(SpeasyVariable(t, many, columns=[f"c{i}" for i in range(12)], name="V", unit="km s^-1"))
panel.plot(SpeasyVariable(t[::80], x[::80] % 2, name="flag"), style="points")
panel.add_span("2019-01-02T17:10", "2019-01-02T18:00", label="cusp")
panel
"""


@pytest.mark.timeout(300)
def test_axes_styles_spans_and_files(lab: LabPage) -> None:
    lab.notebook("looks.ipynb", [CELL])
    lab.run(0)
    panel = lab.page.locator(".sciqlop-panel")
    panel.wait_for()
    lab.until(lambda: panel.get_attribute("data-state") == "idle", 30, "the panel is drawn")
    lab.page.evaluate("document.querySelector('.sciqlop-panel').scrollIntoView()")
    frames(lab.page)
    lab.shot("looks-light")

    # what screen readers are told, once the picture rests
    spoken = panel.locator(".sq-spoken")
    lab.until(lambda: "4 plots" in (spoken.text_content() or ""), 30, "the view is described")
    for pattern in (
        "Bz \\[nT\\], axis from −", "symmetric logarithmic",
        r"right axis, n \[m⁻³\], from .*×10⁶", r"n from \S+ to \S+ m⁻³",
    ):  # fmt: skip
        lab.until(
            lambda pattern=pattern: re.search(pattern, spoken.text_content() or ""),
            what=f"{pattern} is said",
        )

    # a long list of lines opens on demand
    legend = panel.locator(".sq-legend").nth(2)
    entries = legend.locator("button")
    lab.until(lambda: entries.count() == 1, what="the list is closed")
    legend.get_by_text("▸ c0 … c11").click()
    lab.until(lambda: entries.count() == 13, what="the list is open")
    legend.get_by_text("▾ c0 … c11").click()

    # the right axis has a wheel of its own
    plot = panel.locator(".sq-plot").nth(1)
    box = plot.bounding_box()
    assert box is not None
    lab.page.mouse.move(box["x"] + box["width"] + 20, box["y"] + box["height"] / 2)
    lab.page.mouse.wheel(0, -200)
    lab.until(lambda: lab.evaluate("panel.model.plots[1].y2.range") != "None", 30, "y2 is zoomed")
    assert lab.evaluate("panel.model.plots[1].y.range") == "None"
    lab.page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    plot.get_by_role("combobox", name="Colour map").select_option("magma")
    lab.until(lambda: lab.evaluate("panel.model.plots[1].z.colormap") == "'magma'", 30, "magma")

    lab.evaluate("panel.save('looks.svg')")
    lab.evaluate("panel.save('looks.png')")
    for name in ("looks.svg", "looks.png"):
        lab.until((lab.root / name).is_file, what=f"{name} is saved")
    drawing = (lab.root / "looks.svg").read_text(encoding="utf-8")
    assert ">n [m⁻³]</text>" in drawing
    assert ">×10⁶</text>" in drawing or ">×10⁷</text>" in drawing
    assert ">cusp</text>" in drawing

    lab.theme("JupyterLab Dark")
    frames(lab.page)
    lab.shot("looks-dark")
