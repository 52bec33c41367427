"""The comm path without a browser: messages in, messages out."""

from __future__ import annotations

import subprocess
import sys
import threading
import time

import numpy as np
import pytest
import traitlets
import xarray

import sciqlop_lab
from sciqlop_lab import panel as panel_module
from sciqlop_lab.basepanel import KERNEL_VIEW
from speasy_core.errors import ConfigError, InvalidRequest, UnknownProvider
from speasy_core.product import ProductRef
from speasy_core.timerange import TimeRange
from speasy_core.variable import SpeasyVariable

PRODUCT = "cda/D/wave"


class Browser:
    """The other end of a panel's comm."""

    def __init__(self, panel):
        self.panel, self.got, self.changed = panel, [], threading.Condition()
        panel.send = self._receive
        self.gen = 0

    def _receive(self, content, buffers=None):
        with self.changed:
            self.got.append((content, buffers))
            self.changed.notify_all()

    def send(self, kind, **fields):
        self.panel._handle_custom_msg({"v": 3, "type": kind, **fields}, [])

    def look(self, span, view="v"):
        self.gen += 1
        self.send(
            "view", view=view, gen=self.gen, start=str(span.start_ns), stop=str(span.stop_ns),
            width=800, plots={},
        )  # fmt: skip
        return self.items(self.gen)

    def items(self, gen):
        """Return the items of a generation when all are there."""

        def complete():
            mine = [c for c, _ in self.got if c["type"] == "tiles" and c["gen"] == gen]
            return mine and not mine[-1]["pending"] and mine

        with self.changed:
            assert self.changed.wait_for(complete, 5), self.got
            return {i["graph"]: (c, i) for c in complete() for i in c["items"]}

    def last(self, kind):
        with self.changed:
            find = lambda: [c for c, _ in self.got if c["type"] == kind]  # noqa: E731
            assert self.changed.wait_for(find, 5), self.got
            return find()[-1]


@pytest.fixture(autouse=True)
def bundle(monkeypatch):
    monkeypatch.setattr(panel_module, "_bundle", lambda name: "export default {}")


@pytest.fixture
def panel(session, day):
    panel = sciqlop_lab.Panel(*day, session=session)
    yield panel
    panel.close()


@pytest.fixture
def browser(panel):
    return Browser(panel)


def test_importing_the_package_imports_no_widgets():
    code = (
        "import sys, sciqlop_lab; assert sciqlop_lab._jupyter_labextension_paths();"
        "assert not {'ipywidgets', 'anywidget', 'bqplot', 'jupyter_server'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


def test_hello_is_welcomed(browser):
    browser.send("hello", view="v")
    assert browser.last("welcome")["version"] == sciqlop_lab.__version__


def test_a_product_is_drawn_and_a_zoom_is_finer(panel, browser, session, day):
    graph = panel.plot(PRODUCT)
    content, item = browser.look(day)[graph.id]
    assert (item["plot"], item["status"], item["mode"]) == (graph.plot, "ok", "m4")
    assert int(content["start"]) <= day.start_ns
    assert int(content["stop"]) >= day.stop_ns
    zoomed = TimeRange.from_ns(day.start_ns, day.start_ns + 60 * 10**9)
    _, item = browser.look(zoomed)[graph.id]
    assert item["mode"] == "raw"
    assert len(session.asked) == 1


def test_a_function_is_called_again_with_exactly_the_new_range(panel, browser, day):
    asked = []

    def total(start: np.datetime64, stop: np.datetime64):
        asked.append(TimeRange(start, stop))
        return np.array([start, stop]), [1.0, 2.0]

    graph = panel.plot(total)
    zoomed = TimeRange.from_ns(day.start_ns + 1, day.stop_ns - 1)
    for span in (day, zoomed):
        content, item = browser.look(span)[graph.id]
        assert item["status"] == "ok"
        assert (content["start"], content["stop"]) == (str(span.start_ns), str(span.stop_ns))
    assert asked == [day, zoomed]


def test_an_error_stays_on_its_plot(panel, browser, day):
    def fails(start, stop):
        raise KeyError("bx")

    good, bad = panel.plot(PRODUCT), panel.plot(fails)
    items = browser.look(day)
    assert items[good.id][1]["status"] == "ok"
    error = items[bad.id][1]["error"]
    assert error["type"] == "KeyError"
    assert 'raise KeyError("bx")' in error["traceback"]
    assert panel.errors[bad.id] == error


def test_a_callback_never_computes(panel, browser, session, day):
    session.hold.clear()

    def slow(start, stop):
        session.hold.wait(5)
        return [start], [1.0]

    panel.plot(PRODUCT)
    panel.plot(slow)
    begin = time.monotonic()
    browser.send("hello", view="v")
    browser.send(
        "view", view="v", gen=1, start=str(day.start_ns), stop=str(day.stop_ns), width=9, plots={}
    )
    panel.time_range = ("2020-01-01", "2020-01-02")
    assert time.monotonic() - begin < 2  # the function takes five
    session.hold.set()
    assert panel.wait(5)


def test_work_begins_before_a_view_is_there(panel, browser, session, day):
    graph = panel.plot(PRODUCT)
    assert panel.wait(5)
    assert len(session.asked) == 1
    assert browser.look(day)[graph.id][1]["status"] == "ok"
    assert len(session.asked) == 1
    assert all(content.get("view") != KERNEL_VIEW for content, _ in browser.got)


def test_commands_of_the_browser_edit_the_spec(panel, browser):
    browser.send("command", id="1", command={"op": "add_product", "product": PRODUCT, "plot": None})
    assert panel.spec["plots"][0]["graphs"][0]["product"] == PRODUCT
    browser.send("command", id="2", command={"op": "undo"})
    assert panel.spec["plots"] == []
    browser.send("command", id="3", command={"op": "redo"})
    assert panel.plots[0].products == [PRODUCT]
    browser.send("command", id="4", command={"op": "remove_plot", "plot": "nope"})
    refused = browser.last("refused")
    assert refused["id"] == "4"
    assert "no plot 'nope'" in refused["message"]
    assert "p1" in refused["hint"]
    browser.send("command", id="5", command=None)
    assert browser.last("refused")["id"] == "5"


def test_a_dropped_product_of_an_unknown_provider_shows_its_error(panel, browser, session, day):
    def refuse(span):
        raise UnknownProvider("there is no provider 'nasa'", hint="providers: cda")

    session.answer = refuse
    browser.send("command", id="1", command={"op": "add_product", "product": "nasa/x"})
    (_, item), = browser.look(day).values()  # fmt: skip
    assert (item["error"]["type"], item["error"]["hint"]) == ("UnknownProvider", "providers: cda")


@pytest.mark.parametrize(
    ("message", "words"),
    [
        ({"v": 3, "type": "dance"}, "not a message"),
        ({"v": 3, "type": ["view"]}, "not a message"),
        ("text", "not a message"),
        ({"v": 99, "type": "hello", "view": "v"}, "protocol 99"),
        ({"v": 3, "type": "hello"}, "name of a view"),
        ({"v": 3, "type": "hello", "view": KERNEL_VIEW}, "name of a view"),
        ({"v": 3, "type": "view", "view": "v", "gen": 0}, "width"),
    ],
)
def test_a_message_that_makes_no_sense_is_answered(browser, message, words):
    browser.panel._handle_custom_msg(message, [])
    notice = browser.last("notice")
    assert notice["level"] == "error"
    assert words in notice["message"]


def test_a_redefined_function_is_drawn_again(panel, browser, session, day):
    def steps(start, stop):
        return [start], [1.0]

    graph = panel.plot(steps)
    browser.look(day)

    def steps_two(start, stop):
        return [start, start + 1], [1.0, 2.0]

    steps_two.__qualname__ = steps.__qualname__
    before = len(browser.got)
    panel.plot(steps_two)
    assert panel.wait(5)
    again = [i for c, _ in browser.got[before:] for i in c["items"] if i["graph"] == graph.id]
    assert again[-1]["n"] == 2


def test_what_may_be_plotted(panel, session, day):
    v = session.seconds(TimeRange.from_ns(day.start_ns, day.start_ns + 10**10))
    node = type("Node", (), {"ref": ProductRef("cda", "D/node")})()
    assert panel.plot(v).product == "data/1"
    assert panel.plot(node).product == "cda/D/node"
    assert panel.plot(ProductRef("cda", "D/x")).product == "cda/D/x"
    pair = panel.plot(["cda/D/a", "cda/D/b"])
    assert pair[0].plot == pair[1].plot
    assert panel.plot("cda/D/c", plot=0).plot == panel.plots[0].id
    assert panel.plots[-1].plot("cda/D/d").plot == panel.plots[-1].id
    assert panel.plot("cda/D/e", index=0).plot == panel.plots[0].id
    if hasattr(SpeasyVariable, "from_xarray"):
        data = xarray.DataArray([1.0], dims="time", coords={"time": v.time[:1]}, name="q")
        assert panel.plot(data).product == "data/2"


@pytest.mark.parametrize(
    ("what", "options", "error"),
    [
        ("nasa/x", {}, UnknownProvider),
        ("no-slash", {}, InvalidRequest),
        (3.5, {}, InvalidRequest),
        (PRODUCT, {"plot": 7}, InvalidRequest),
        (PRODUCT, {"plot": 1.5}, InvalidRequest),
        (PRODUCT, {"plot": "p7"}, InvalidRequest),
        (PRODUCT, {"kind": "pie"}, InvalidRequest),
        (lambda start: 0, {}, InvalidRequest),
    ],
)
def test_what_may_not_be_plotted_is_refused_at_once(panel, what, options, error):
    with pytest.raises(error):
        panel.plot(what, **options)
    assert panel.plots == []


def test_handles_edit_what_they_name(panel):
    graph = panel.plot(PRODUCT)
    panel.plot("cda/D/other")
    first, second = panel.plots
    second.move(0)
    first.set_axis("y", log=True)
    assert [p.id for p in panel.plots] == [second.id, first.id]
    assert panel.model.plot(first.id).y.log is True
    graph.remove()
    second.remove()
    assert panel.plots == []
    panel.undo()
    assert repr(panel.plots) == "[<Plot p2: cda/D/other>]"
    panel.redo()
    assert "without plots" in repr(panel)


def test_time_range_by_text_and_object(panel, day):
    assert panel.time_range == day
    panel.time_range = ("2020-01-01", "2020-01-02")
    assert panel.spec["time_range"]["start"] == str(TimeRange("2020-01-01", "2020-01-02").start_ns)
    panel.time_range = day
    assert panel.time_range == day
    with pytest.raises(InvalidRequest):
        panel.time_range = ("2020-01-02", "2020-01-01")


def test_a_spec_can_be_assigned_and_is_checked(panel, browser, session, day):
    panel.plot(PRODUCT)
    saved = panel.spec
    other = sciqlop_lab.Panel("2000-01-01", "2000-01-02", session=session)
    other.spec = saved
    assert other.time_range == day
    assert other.plots[0].products == [PRODUCT]
    other.undo()
    assert other.plots == []
    with pytest.raises(traitlets.TraitError, match=r"panel\.version"):
        other.spec = {"version": 99}
    other.close()


def test_a_variable_of_an_earlier_kernel_is_said_to_be_gone(panel, browser, day):
    panel.command({"op": "add_product", "product": "data/77", "plot": None})
    (_, item), = browser.look(day).values()  # fmt: skip
    assert item["error"]["type"] == "UnknownProduct"
    assert "run the cell" in item["error"]["hint"]


def test_a_missing_bundle_is_said_clearly(session, monkeypatch, tmp_path):
    monkeypatch.undo()
    monkeypatch.setattr(panel_module, "_STATIC", tmp_path)
    panel_module._bundle.cache_clear()
    with pytest.raises(ConfigError, match="not built"):
        sciqlop_lab.Panel("2020-01-01", "2020-01-02", session=session)
    panel_module._bundle.cache_clear()


def test_an_unknown_renderer_is_refused():
    with pytest.raises(InvalidRequest, match="'svg'"):
        sciqlop_lab.Panel("2020-01-01", "2020-01-02", renderer="svg")


def test_a_storm_of_views_ends_with_the_last(panel, browser, day):
    calls = []

    def function(start: np.datetime64, stop: np.datetime64):
        calls.append(TimeRange(start, stop))
        time.sleep(0.02)
        return [start], [1.0]

    graph = panel.plot(function)
    panel.wait(5)
    calls.clear()
    for step in range(300):
        span = day.shifted(step * 10**9)
        browser.gen += 1
        browser.send(
            "view", view="v", gen=browser.gen, start=str(span.start_ns), stop=str(span.stop_ns),
            width=800, plots={},
        )  # fmt: skip
    content, _ = browser.items(browser.gen)[graph.id]
    assert content["start"] == str(span.start_ns)
    assert calls[-1] == span
    assert len(calls) < 60


def test_a_view_that_left_is_forgotten(panel, browser, day):
    panel.plot(PRODUCT)
    browser.look(day)
    browser.send("cancel", view="v")
    assert "v" not in panel._engine.views


def first_items(panel):
    """What the trait holds, as the page reads it."""
    first = panel.first
    return [
        (item["graph"], item["status"], np.frombuffer(first["buffers"][item["t"]]).size)
        for item in first["items"]
    ]


def test_the_first_picture_is_made_before_any_view_asks(panel, browser, session, day):
    graph = panel.plot(PRODUCT)
    assert panel.wait(5)
    assert {(g, status) for g, status, _ in first_items(panel)} == {(graph.id, "ok")}
    assert all(n > 100 for _, _, n in first_items(panel))
    other = panel.plot("cda/D/other")
    assert panel.wait(5)
    assert {g for g, _, _ in first_items(panel)} == {graph.id, other.id}
    graph.remove()
    assert {g for g, _, _ in first_items(panel)} == {other.id}
    assert browser.got == [], "messages to nobody"


def test_a_view_can_give_up_waiting(panel, browser, session, day):
    stop = threading.Event()

    def hangs(start: np.datetime64, stop_: np.datetime64):
        stop.wait(30)
        return [start], [1.0]

    graph = panel.plot(hangs)
    browser.gen += 1
    browser.send(
        "view", view="v", gen=browser.gen, start=str(day.start_ns), stop=str(day.stop_ns), width=9,
        plots={}, wants={graph.id: None}, ahead=None,
    )  # fmt: skip
    told = browser.last("progress")
    assert told["items"][0]["graph"] == graph.id
    browser.send("stop", view="v", graph=graph.id)
    assert browser.items(browser.gen)[graph.id][1]["status"] == "stopped"
    stop.set()
    span = day.shifted(10**9)
    assert browser.look(span)[graph.id][1]["status"] == "ok"


def test_half_a_view_is_fetched_ahead(panel, browser, session, day):
    graph = panel.plot(PRODUCT)
    browser.look(day)
    session.asked.clear()
    half = day.duration_ns // 2
    level = 36
    index = day.stop_ns // (1024 << level)
    browser.gen += 1
    browser.send(
        "view", view="v", gen=browser.gen, start=str(day.start_ns), stop=str(day.stop_ns),
        width=800, plots={}, wants={},
        ahead={
            "start": str(day.start_ns), "stop": str(day.stop_ns + half),
            "wants": {graph.id: [[level, str(index)]]},
        },
    )  # fmt: skip
    with browser.changed:
        assert browser.changed.wait_for(
            lambda: any(i.get("ahead") for c, _ in browser.got for i in c.get("items", ())), 5
        )
    assert session.asked == [(PRODUCT, TimeRange.from_ns(day.start_ns, day.stop_ns + half))]
    # the pan that follows finds its data there
    session.asked.clear()
    assert browser.look(day.shifted(half))[graph.id][1]["status"] == "ok"
    assert session.asked == []
