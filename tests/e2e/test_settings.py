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
    lab.command("settingeditor:open", {"query": "Space Physics"})
    lab.page.locator(".jp-PluginList-entry", has_text="Space Physics").first.click()
    form = lab.page.locator(".jp-SettingsEditor form, .jp-SettingsForm form").first
    form.wait_for(timeout=15_000)
    return form


def field(lab: LabPage, title: str) -> Any:
    return lab.page.locator(".jp-SettingsEditor").get_by_label(title, exact=True)


def maps(root: Any) -> list[str]:
    return [box.input_value() for box in root.get_by_role("combobox", name="Colour map").all()]


def test_colour_map_and_mouse_mode(lab: LabPage) -> None:
    lab.notebook("settings.ipynb", [CELL])
    lab.run(0)
    root = panel(lab)
    wait_for_graphs(lab, root, 2)
    assert maps(root) == ["viridis", "gray"]
    open_editor(lab)
    lab.shot("settings-editor")


"""Dump."""
