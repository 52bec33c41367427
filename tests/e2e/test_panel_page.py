"""The panel's bundle in a real browser without Jupyter: a model in the page answers it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from .conftest import SCREENSHOTS
from .kernelpage import BUNDLE, PANEL, serve, settle
from .waiting import frames, new_context, until

MIME = "application/vnd.sciqlop.product+json"

DROP = """([type, y, text, mime]) => {
  const stage = document.querySelector('.sq-stage');
  const box = stage.getBoundingClientRect();
  const at = {clientX: box.left + 300, clientY: box.top + y, bubbles: true, cancelable: true};
  const event = Object.assign(new MouseEvent(type, at), {
    mimeData: {hasData: m => m === mime, getData: m => m === mime ? text : undefined},
    proposedAction: 'copy', dropAction: 'none'});
  stage.querySelector('canvas').dispatchEvent(event);
  return event.dropAction;
}"""

COLORS = """() => {
  const canvas = document.querySelector('.sq-canvas');
  const {data} = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
  const counts = {};
  for (let i = 0; i < data.length; i += 4) {
    const key = data[i] + ',' + data[i + 1] + ',' + data[i + 2];
    counts[key] = (counts[key] || 0) + 1;
  }
  return counts;
}"""


@pytest.fixture(scope="module")
def site() -> Iterator[str]:
    """Address of the page that hosts a panel."""
    if not BUNDLE.is_file():
        pytest.skip("the panel's bundle is not built")
    with serve() as address:
        yield address


@pytest.fixture
def show(browser: Any, site: str) -> Iterator[Callable[..., Any]]:
    """Open the page with a query and wait until its panel is drawn; page errors fail the test."""
    context = new_context(browser, viewport={"width": 1000, "height": 760})
    errors: list[str] = []

    def opened(query: str = "") -> Any:
        page = context.new_page()
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.goto(f"{site}?{query}")
        settle(page)
        return page

    yield opened
    context.close()
    assert not errors, errors


def shown(page: Any) -> tuple[int, int]:
    """Return the range that the panel shows."""
    return tuple(int(page.evaluate(f"{PANEL}.dataset.{name}")) for name in ("start", "stop"))


def becomes(page: Any, path: str, wanted: Any) -> None:
    """Wait until a part of the spec has a value, or passes a check; gestures get there in time."""
    check = wanted if callable(wanted) else lambda value: value == wanted
    until(page, lambda: check(page.evaluate(f"model.spec.{path}")), what=f"{path} is {wanted}")


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_lines_and_spectrogram_are_drawn_in_their_colours(show: Any, theme: str) -> None:
    page = show(f"theme={theme}")
    page.mouse.move(420, 150)
    page.locator(".sq-readout-time:visible").first.wait_for()
    frames(page)
    page.screenshot(path=str(SCREENSHOTS / f"panel-page-{theme}.png"))
    colours = page.evaluate(COLORS)
    lines = ["0,114,178", "0,158,115", "213,94,0"]
    if theme == "dark":
        lines = ["86,180,233", "47,211,160", "255,133,82"]
    assert all(colours.get(line, 0) > 300 for line in lines)
    assert len(colours) > 200, "a spectrogram has many colours"
    page.locator(".sq-readout-time").first.get_by_text("2019-01-02 1").wait_for()
    page.locator(".sq-notes").first.get_by_text("synthetic data", exact=True).wait_for()


@pytest.mark.parametrize(
    ("start", "span", "label"),
    [
        (0, 50 * 365 * 86400 * 10**9, "50 yr"),
        (1546441200000000000, 10_000, "10 µs"),
        (1546441200000000000, 1_000, "1 µs"),
        (1546441200000000000, 7 * 3600 * 10**9, "7 h"),
    ],
)
def test_every_span_is_drawn(show: Any, start: int, span: int, label: str) -> None:
    page = show(f"start={start}&stop={start + span}")
    until(page, lambda: shown(page) == (start, start + span), what="the span is shown")
    page.locator(".sq-time").get_by_text(label).wait_for()
    page.screenshot(path=str(SCREENSHOTS / f"panel-page-span-{span}.png"))


def test_wheel_drag_and_keys_move_the_view(show: Any) -> None:
    page = show()
    start, stop = shown(page)
    page.mouse.move(488, 130)
    page.keyboard.down("Control")
    for _ in range(4):
        page.mouse.wheel(0, -100)
    page.keyboard.up("Control")
    settle(page)
    zoomed = shown(page)
    assert (zoomed[1] - zoomed[0]) / (stop - start) == pytest.approx(0.8**4, rel=1e-6)
    becomes(page, "time_range", {"start": str(zoomed[0]), "stop": str(zoomed[1])})
    page.mouse.wheel(0, 100)
    settle(page)
    panned = shown(page)
    assert (panned[0] - zoomed[0]) / (zoomed[1] - zoomed[0]) == pytest.approx(0.1, rel=1e-6)
    page.mouse.down()
    page.mouse.move(588, 130, steps=5)
    page.mouse.up()
    settle(page)
    until(page, lambda: shown(page)[0] < panned[0], what="it is moved by hand")
    page.locator(".sciqlop-panel").focus()
    page.keyboard.press("Home")
    until(page, lambda: shown(page) == (start, stop), what="it is back")


def test_value_axes(show: Any) -> None:
    page = show()
    page.mouse.move(488, 130)
    page.keyboard.down("Shift")
    page.mouse.wheel(0, -100)
    page.keyboard.up("Shift")
    becomes(page, "plots[0].y.range", lambda limits: limits and limits[0] < limits[1])
    page.mouse.dblclick(488, 130)
    becomes(page, "plots[0].y.range", None)
    page.mouse.move(909, 320)
    page.mouse.wheel(0, 100)
    becomes(page, "plots[1].z.range", lambda limits: limits and limits[0] > 0)
    page.mouse.move(488, 500)
    page.locator(".sciqlop-panel").focus()
    page.keyboard.press("l")
    becomes(page, "plots[2].y.log", False)
    page.get_by_role("button", name="Hide By").click()
    becomes(page, "plots[0].graphs[0].hidden", ["By"])
    page.get_by_role("button", name="Show By").press("Enter")
    becomes(page, "plots[0].graphs[0].hidden", [])


def test_drop_inserts_and_adds_and_undo_takes_back(show: Any) -> None:
    page = show()
    product = {"id": "fake/sparse", "name": "sparse", "kind": "scalar"}
    text = json.dumps({"v": 1, "products": [product]})

    products = "plots.map(plot => plot.graphs.map(graph => graph.product))"
    before = page.evaluate(f"model.spec.{products}")
    assert page.evaluate(DROP, ["lm-dragover", 100, text, MIME]) == "copy"
    page.screenshot(path=str(SCREENSHOTS / "panel-page-drop.png"))
    page.evaluate(DROP, ["lm-drop", 100, text, MIME])
    becomes(page, products, [[*before[0], "fake/sparse"], *before[1:]])
    page.evaluate(DROP, ["lm-drop", 182, text, MIME])
    becomes(page, products, lambda plots: plots[1] == ["fake/sparse"])
    settle(page)
    page.locator(".sciqlop-panel").focus()
    page.keyboard.press("Control+z")
    page.keyboard.press("Control+z")
    becomes(page, products, before)


def test_a_failing_graph_leaves_the_others_alone(show: Any) -> None:
    page = show("plots=vector,error,empty,slow")
    page.screenshot(path=str(SCREENSHOTS / "panel-page-errors.png"))
    graphs = json.loads(page.evaluate(f"{PANEL}.dataset.graphs"))
    assert [g["status"] for g in graphs.values()] == ["ok", "error", "empty", "ok"]
    page.locator(".sq-traceback pre", has_text="ZeroDivisionError").wait_for()
    page.locator(".sq-message", has_text="No data").get_by_text("covers 2015-09-01").wait_for()


def test_an_empty_panel_takes_a_product(show: Any) -> None:
    page = show("plots=")
    page.get_by_text("Drop products here").wait_for()
    text = json.dumps({"v": 1, "products": [{"id": "fake/vector", "name": "v", "kind": "vector"}]})
    page.evaluate(DROP, ["lm-drop", 150, text, MIME])
    page.get_by_role("button", name=re.compile("^Hide Bx")).wait_for()
    page.get_by_text("Drop products here").wait_for(state="hidden")


def test_a_storm_of_gestures_ends_in_the_last_view(show: Any) -> None:
    page = show("delay=20")
    page.evaluate(
        """async () => {
          const stage = document.querySelector('.sq-stage');
          const box = stage.getBoundingClientRect();
          const at = {clientX: box.left + 400, clientY: box.top + 100, bubbles: true,
                      cancelable: true, ctrlKey: true};
          for (let i = 0; i < 300; i++) {
            stage.dispatchEvent(new WheelEvent('wheel', {...at, deltaY: i % 2 ? -60 : 58}));
            if (i % 5 === 0) await new Promise(requestAnimationFrame);
          }
        }"""
    )
    settle(page)
    views = page.evaluate("model.sent.filter(m => m.type === 'view')")
    # five movements a frame: what is asked for is at most what a frame ends with, and then the last
    needed = [view for view in views if view["wants"]]
    assert len(needed) < 150, (len(needed), len(views))
    last = (int(views[-1]["start"]), int(views[-1]["stop"]))
    until(page, lambda: shown(page) == last, what="the last view is shown")
    gen = str(views[-1]["gen"])
    page.wait_for_function(f"gen => {PANEL}.dataset.gen === gen", arg=gen)


def test_a_silent_kernel_is_asked_again_and_a_dead_one_is_named(show: Any) -> None:
    page = show()
    page.evaluate("model.mute = true")
    page.locator(".sciqlop-panel").focus()
    page.keyboard.press("ArrowRight")
    asked = "model.sent.filter(message => message.type === 'view').length"
    before = page.evaluate(asked)
    until(page, lambda: page.evaluate(asked) > before, what="it is asked again")
    page.wait_for_function(f"{PANEL}.dataset.state === 'pending'")
    page.locator(".sq-busy").first.wait_for()
    page.evaluate("model.mute = false")
    settle(page)
    page.evaluate("model.emit('comm:close')")
    page.get_by_text("Disconnected").wait_for()
    page.wait_for_function(f"{PANEL}.dataset.state === 'disconnected'", timeout=30_000)
    page.evaluate("dispose()")
    page.locator(".sciqlop-panel").wait_for(state="detached")
