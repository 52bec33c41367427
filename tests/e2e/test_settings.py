"""JupyterLab's settings of panels, and those that server and kernels share in a file."""

from __future__ import annotations

import tomllib
from typing import Any

import pytest

from .labpage import LabPage
from .steps import panel, view, wait_for_graphs, wheel

CELL = """
import numpy as np
from sciqlop_lab import Panel
from speasy_core import SpeasyVariable
from speasy_core.variable import Axis

t = np.datetime64("2019-01-02", "ns") + np.arange(600) * np.timedelta64(60_000_000_000, "ns")
energies = 10.0 * 1.3 ** np.arange(24)
flux = 1e3 + 1e6 * np.exp(-(np.log(energies)[None] - 5 - np.sin(np.arange(600) / 60)[:, None]) ** 2)
panel = Panel("2019-01-02T01", "2019-01-02T09")
for name in ("first", "second"):
    panel.plot(SpeasyVariable(t, flux, axes=(Axis(energies, name="Energy", unit="eV"),), name=name,
                              unit="1/s", meta={"DISPLAY_TYPE": "spectrogram"}))
panel.plots[1].set_axis("z", colormap="gray")
panel
"""


def open_editor(lab: LabPage) -> Any:
    """JupyterLab's settings editor at our settings."""
    # what is changed before ours are loaded is taken for what an earlier page left
    lab.page.wait_for_selector("html[data-sciqlop-mouse]", state="attached")
    lab.command("settingeditor:open", {"query": "Space Physics"})
    lab.page.locator(".jp-PluginList-entry", has_text="Space Physics").first.click()
    form = lab.page.locator(".jp-SettingsEditor form, .jp-SettingsForm form").first
    form.wait_for(timeout=30_000)
    return form


def field(lab: LabPage, name: str) -> Any:
    """The input of a setting; the form's labels are not tied to their inputs."""
    return lab.page.locator(f'[id^="jp-SettingsEditor"][id$="_{name}"]')


def maps(root: Any) -> list[str]:
    return [box.input_value() for box in root.locator('select[aria-label="Colour map"]').all()]


def plot_box(root: Any) -> dict[str, float]:
    box: dict[str, float] = root.locator(".sq-plot").first.bounding_box()
    return box


def drag_over(lab: LabPage, root: Any, *, keys: str = "", shot: str = "") -> None:
    """Drag over the middle of the first plot: half its width, half its height."""
    box, mouse = plot_box(root), lab.page.mouse
    if keys:
        lab.page.keyboard.down(keys)
    mouse.move(box["x"] + 0.25 * box["width"], box["y"] + 0.25 * box["height"])
    mouse.down()
    mouse.move(box["x"] + 0.75 * box["width"], box["y"] + 0.75 * box["height"], steps=6)
    if shot:
        lab.shot(shot)
    mouse.up()
    if keys:
        lab.page.keyboard.up(keys)


@pytest.mark.parametrize("theme", ["Light", "Dark"])
def test_colour_map_and_mouse_mode(lab: LabPage, theme: str) -> None:
    lab.theme(f"JupyterLab {theme}")
    lab.notebook("settings.ipynb", [CELL])
    lab.run(0)
    root = panel(lab)
    wait_for_graphs(lab, root, 2)
    lab.until(lambda: maps(root) == ["viridis", "gray"], 30, "the second has a map of its own")
    open_editor(lab)
    field(lab, "mouseMode").wait_for()
    lab.shot(f"settings-editor-{theme.lower()}")
    field(lab, "colormap").select_option("plasma")
    field(lab, "mouseMode").select_option("plain")
    lab.page.wait_for_selector('html[data-sciqlop-mouse="plain"]', state="attached", timeout=30_000)
    lab.page.get_by_role("tab", name="settings.ipynb").click()
    try:
        lab.until(lambda: maps(root) == ["plasma", "gray"], 30, "the map is taken over")
        before = view(root)
        wheel(lab, root, -300)
        lab.until(lambda: span(root) < 0.9 * (before[1] - before[0]), 30, "the wheel zooms")
        wait_for_graphs(lab, root, 2)
        start, stop = view(root)
        drag_over(lab, root, shot=f"mouse-box-{theme.lower()}")
        lab.until(lambda: 0.4 < span(root) / (stop - start) < 0.6, 30, "the box is zoomed to")
        assert start < view(root)[0] < view(root)[1] < stop
        y_range = "panel.model.plots[0].y.range"
        lab.until(lambda: lab.evaluate(y_range) != "None", what="values are zoomed")
        wait_for_graphs(lab, root, 2)
        start, stop = view(root)
        drag_over(lab, root, keys="Shift")
        lab.until(lambda: view(root)[0] < start, 30, "Shift and a drag move")
        assert abs(span(root) / (stop - start) - 1) < 1e-6, "as long as before"
        root.locator(".sq-stage").dblclick(position={"x": 300, "y": 100})
        lab.until(lambda: lab.evaluate(y_range) == "None", what="values are fitted")
        wait_for_graphs(lab, root, 2)
        lab.shot(f"mouse-plain-{theme.lower()}")
    finally:
        open_editor(lab)
        field(lab, "colormap").select_option("viridis")
        field(lab, "mouseMode").select_option("sciqlop")
        # the editor saves after a pause, and the panels hear of it then
        lab.page.wait_for_selector('html[data-sciqlop-mouse="sciqlop"]', state="attached")
        lab.page.wait_for_selector('html[data-sciqlop-colormap="viridis"]', state="attached")


def span(root: Any) -> int:
    start, stop = view(root)
    return stop - start


def test_the_editor_writes_the_file_of_server_and_kernels(lab: LabPage) -> None:
    file = lab.root.parent / "settings.toml"

    def written() -> dict[str, Any]:
        return tomllib.loads(file.read_text()) if file.is_file() else {}

    open_editor(lab)
    field(lab, "cacheSize").fill("7.5")
    field(lab, "cacheSize").press("Tab")
    lab.until(lambda: _find(written(), "cache_size") == 7_500_000_000, 30, "the size is written")
    field(lab, "offline").check()
    try:
        lab.until(lambda: _find(written(), "offline") is True, 30, "offline is written")
        lab.page.get_by_text("Settings written to").first.wait_for(timeout=30_000)
        lab.shot("settings-written")
        lab.notebook(
            "told.ipynb", ["import speasy_core as spz; s = spz.default_session().settings"]
        )
        lab.run(0)
        told = "(s.cache_size, s.offline)"
        lab.until(lambda: lab.evaluate(told) == "(7500000000, True)", what="kernels are told")
        lab.open()
        open_editor(lab)
        lab.until(lambda: field(lab, "cacheSize").input_value() == "7.5", what="the size is kept")
        lab.until(field(lab, "offline").is_checked, what="offline is kept")
    finally:
        open_editor(lab)
        field(lab, "offline").uncheck()
        field(lab, "cacheSize").fill("20")
        field(lab, "cacheSize").press("Tab")
        lab.until(lambda: not _find(written(), "offline"), 30, "it is online again")
        lab.until(lambda: _find(written(), "cache_size") != 7.5e9, 30, "the size is back")


def _find(tables: dict[str, Any], name: str) -> Any:
    """A setting, in whichever table of the file it is."""
    for key, value in tables.items():
        found = _find(value, name) if isinstance(value, dict) else value if key == name else None
        if found is not None:
            return found
    return None
