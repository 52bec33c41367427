"""A panel arranged by hand: search, drops, order, heights, time bar, crosshair, undo."""

from __future__ import annotations

import ast
from typing import Any

import pytest

from .labpage import LabPage
from .steps import search, view, wait_for_graphs
from .waiting import frames

SURVEY = "cda/MMS1_FGM_SRVY_L2/mms1_fgm_b_gse_srvy_l2"
DENSITY = "cda/MMS1_FPI_FAST_L2_DIS-MOMS/mms1_dis_numberdensity_fast"
SPECTRUM = "cda/MMS1_FPI_FAST_L2_DIS-MOMS/mms1_dis_energyspectr_omni_fast"

CELL = """
import numpy as np
import sciqlop_lab
from speasy_core import SpeasyVariable
panel = sciqlop_lab.Panel("2015-12-01T12", "2015-12-01T14")
panel
"""
OTHER = """
t = np.datetime64("2015-12-01T12", "ns") + np.arange(420) * np.timedelta64(60, "s")
other = sciqlop_lab.Panel("2015-12-01T12", "2015-12-01T14")
other.plot(SpeasyVariable(t, np.sin(np.arange(420) / 20), name="mine", unit="nT"))
sciqlop_lab.link(panel, other)
other
"""


class Hand:
    """What a person does to a panel, and what its kernel then has."""

    def __init__(self, lab: LabPage, root: Any, name: str) -> None:
        self.lab, self.root, self.name = lab, root, name

    def ask(self, expression: str) -> Any:
        return ast.literal_eval(self.lab.evaluate(expression.replace("PANEL", self.name)))

    def products(self) -> list[list[str]]:
        found = self.ask("[[g.product for g in p.graphs] for p in PANEL.model.plots]")
        return list(found)

    def heights(self) -> list[float]:
        return list(self.ask("[p.height for p in PANEL.model.plots]"))

    def becomes(self, expression: str, value: Any, what: str) -> None:
        self.lab.until(lambda: self.ask(expression) == value, what=what)

    def shows(self, *plots: list[str]) -> None:
        self.lab.until(lambda: self.products() == list(plots), 30, f"the plots are {plots}")

    def plot(self, index: int) -> dict[str, float]:
        box = self.root.locator(".sq-plot").nth(index).bounding_box()
        assert box is not None
        return dict(box)

    def point(self, index: int, fx: float, fy: float) -> None:
        box = self.plot(index)
        self.lab.page.mouse.move(box["x"] + fx * box["width"], box["y"] + fy * box["height"])

    def key(self, *keys: str) -> None:
        self.root.focus()
        for key in keys:
            self.lab.page.keyboard.press(key)

    def drag(self, source: Any, index: int, fx: float, fy: float, shot: str | None = None) -> None:
        mouse = self.lab.page.mouse
        source.hover(trial=True)  # waits until it stands still
        box = source.bounding_box()
        mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
        mouse.down()
        mouse.move(box["x"] + box["width"] / 2 + 9, box["y"] + 9, steps=3)
        target = self.plot(index)
        at = (target["x"] + fx * target["width"], target["y"] + fy * target["height"])
        mouse.move(at[0], at[1] - 3, steps=6)
        mouse.move(*at, steps=2)
        frames(self.lab.page)  # where it would go is shown
        if shot:
            self.lab.shot(shot)
        mouse.up()


@pytest.mark.timeout(300)
def test_a_panel_arranged_by_hand(lab: LabPage) -> None:
    lab.notebook("layout.ipynb", [CELL, OTHER])
    lab.run(0)
    page = lab.page
    root = page.locator(".sciqlop-panel").first
    root.wait_for()
    hand = Hand(lab, root, "panel")
    find_and_add(lab, hand)
    drop_rules(lab, hand)
    order_and_heights(lab, hand)
    time_bar(lab, hand)
    one_step_each(lab, hand)
    lab.run(1)
    second = page.locator(".sciqlop-panel").nth(1)
    second.wait_for()
    move_between(lab, hand, Hand(lab, second, "other"))
    lab.theme("JupyterLab Dark")
    hand.key("?")
    lab.shot("layout-help-dark")
    page.keyboard.press("Escape")
    hand.point(1, 0.4, 0.5)
    lab.until(lambda: root.locator(".sq-readout:visible").count() >= 2, 30, "values are shown")
    lab.shot("layout-dark")


def find_and_add(lab: LabPage, hand: Hand) -> None:
    """An empty panel offers a search; one with plots has it behind a button and a key."""
    page = lab.page
    field = hand.root.locator(".sq-empty .sq-finder-field")
    field.click()
    page.keyboard.type("mms1 fgm gse srvy provider:cda")
    hits = hand.root.locator(".sq-empty .sq-finder-hit")
    hits.first.wait_for(timeout=30_000)
    lab.shot("layout-search-light")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowUp")
    while (
        hits.locator("xpath=self::*[@aria-selected='true']").get_attribute("data-product") != SURVEY
    ):
        page.keyboard.press("ArrowDown")
        frames(page)
    page.keyboard.press("Enter")
    hand.shows([SURVEY])
    wait_for_graphs(lab, hand.root, 1)
    hand.key("a")
    page.keyboard.type("energyspectr omni fast dis provider:cda")
    row = hand.root.locator(f'.sq-popup [data-product="{SPECTRUM}"]')
    row.wait_for(timeout=30_000)
    lab.shot("layout-add-light")
    row.click()
    hand.shows([SURVEY], [SPECTRUM])
    wait_for_graphs(lab, hand.root, 2)
    hand.root.locator(".sq-finder-popup").wait_for(state="hidden")


def drop_rules(lab: LabPage, hand: Hand) -> None:
    """Edges insert, the middle adds, a second spectrogram on a plot is refused with a reason."""
    hand.drag(search(lab, "numberdensity fast", DENSITY), 1, 0.5, 0.06, "layout-drop-light")
    hand.shows([SURVEY], [DENSITY], [SPECTRUM])
    wait_for_graphs(lab, hand.root, 3)
    hand.drag(search(lab, "numberdensity fast", DENSITY), 0, 0.5, 0.5)
    hand.shows([SURVEY, DENSITY], [DENSITY], [SPECTRUM])
    hand.drag(search(lab, "energyspectr omni fast", SPECTRUM), 2, 0.5, 0.5)
    hand.root.get_by_text("a plot shows one spectrogram").wait_for(timeout=30_000)
    hand.shows([SURVEY, DENSITY], [DENSITY], [SPECTRUM])
    hand.key("Control+z")
    hand.shows([SURVEY], [DENSITY], [SPECTRUM])


def order_and_heights(lab: LabPage, hand: Hand) -> None:
    """Plots move by keys and by their handle; borders by the mouse and by arrow keys."""
    mouse = lab.page.mouse
    hand.point(0, 0.5, 0.5)
    hand.key("Alt+ArrowDown")
    hand.shows([DENSITY], [SURVEY], [SPECTRUM])
    hand.drag(hand.root.locator(".sq-handle").nth(2), 0, 0.3, 0.2, "layout-move-light")
    hand.shows([SPECTRUM], [DENSITY], [SURVEY])
    hand.key("Control+z")
    hand.shows([DENSITY], [SURVEY], [SPECTRUM])
    border = hand.root.locator(".sq-border").first.bounding_box()
    mouse.move(border["x"] + 90, border["y"] + 6)
    mouse.down()
    mouse.move(border["x"] + 90, border["y"] + 56, steps=4)
    mouse.up()
    lab.until(lambda: hand.heights()[0] > 1.1, 30, "the upper plot is higher")
    lab.until(lambda: sum(hand.heights()) == pytest.approx(3), what="the others share the rest")
    hand.key("o")
    hand.becomes("[p.height for p in PANEL.model.plots]", [1.0, 1.0, 1.0], "heights are equal")
    hand.key("Control+z")
    lab.until(lambda: hand.heights()[0] > 1.1, 30, "undone")
    hand.key("Control+Shift+Z")
    hand.becomes("[p.height for p in PANEL.model.plots]", [1.0, 1.0, 1.0], "redone")


def time_bar(lab: LabPage, hand: Hand) -> None:
    """A range is typed; a mistake is said and keeps what was typed."""
    before = view(hand.root)
    field = hand.root.locator(".sq-timebar-field")
    hand.key("g")
    lab.page.keyboard.type("2019-02-30/PT1H")
    lab.page.keyboard.press("Enter")
    hand.root.get_by_text("2019-02 has days 1 to 28").wait_for()
    lab.shot("layout-timebar-light")
    typed = field.input_value()
    assert (typed, view(hand.root)) == ("2019-02-30/PT1H", before), "nothing moves"
    field.fill("2015-12-01T12:30/PT30M")
    lab.page.keyboard.press("Enter")
    hand.becomes("str(PANEL.model.time_range.stop_ns)", "1448974800000000000", "half an hour")
    hand.root.locator(".sq-timebar").get_by_role("button", name="Forward by what").click()
    hand.becomes("str(PANEL.model.time_range.start_ns)", "1448974800000000000", "one step on")
    hand.key("Control+z", "Control+z")
    lab.until(lambda: view(hand.root) == before, 30, "both steps are undone")


def one_step_each(lab: LabPage, hand: Hand) -> None:
    """A box, and one line left alone, are one step each."""
    page, before = lab.page, view(hand.root)
    page.evaluate("document.documentElement.dataset.sciqlopMouse = 'plain'")
    hand.point(1, 0.3, 0.3)
    page.mouse.down()
    hand.point(1, 0.6, 0.7)
    page.mouse.up()
    lab.until(lambda: hand.ask("PANEL.model.plots[1].y.range") is not None, 30, "zoomed")
    lab.until(lambda: view(hand.root) != before, what="so is the time")
    hand.key("Control+z")
    lab.until(lambda: hand.ask("PANEL.model.plots[1].y.range") is None, 30, "values are back")
    lab.until(lambda: view(hand.root) == before, 30, "so is the time")
    page.evaluate("delete document.documentElement.dataset.sciqlopMouse")
    entry = hand.root.locator(".sq-plot").nth(1).locator(".sq-legend-entry").nth(1)
    entry.dblclick()
    lab.until(lambda: len(hand.ask("PANEL.model.plots[1].graphs[0].hidden")) >= 2, 30, "alone")
    entry.click(button="right")
    hand.root.get_by_role("menuitem", name="Colour").click()
    lab.shot("layout-legend-light")
    hand.root.get_by_role("menuitemcheckbox", name="Purple").click()
    lab.until(lambda: "#cc79a7" in str(hand.ask("PANEL.model.plots[1].graphs[0].colors")), 30, "")
    hand.key("Control+z", "Control+z")
    hand.becomes("PANEL.model.plots[1].graphs[0].hidden", (), "all lines are back")


def move_between(lab: LabPage, hand: Hand, other: Hand) -> None:
    """A plot is dragged from panel to panel, and the crosshair shows in both."""
    page = lab.page
    # Both panels in sight: the notebook would not scroll while a plot is dragged.
    page.set_viewport_size({"width": 1440, "height": 1500})
    hand.root.evaluate("node => node.scrollIntoView()")
    wait_for_graphs(lab, hand.root, 3)
    wait_for_graphs(lab, other.root, 1)
    other.drag(hand.root.locator(".sq-handle").nth(0), 0, 0.5, 0.9, "layout-between-light")
    other.shows(["data/1"], [DENSITY])
    hand.shows([SURVEY], [SPECTRUM])
    hand.drag(other.root.locator(".sq-handle").nth(0), 0, 0.5, 0.9)
    hand.root.get_by_text("which only its own panel holds").wait_for(timeout=30_000)
    other.shows(["data/1"], [DENSITY])
    wait_for_graphs(lab, other.root, 2)
    hand.point(0, 0.4, 0.5)
    lab.until(lambda: other.root.locator(".sq-cursor").is_visible(), 30, "the crosshair follows")
    other.root.locator(".sq-readout:visible").first.wait_for()
    other.root.locator(".sq-cursor-y").wait_for(state="hidden")
    lab.shot("layout-crosshair-light")
    hand.key("Control+Shift+H")
    lab.until(lambda: hand.root.locator(".sq-cursor").is_hidden(), 30, "switched off")
    hand.key("Control+Shift+H")
