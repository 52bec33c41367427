"""Functions in panels: knobs, limits, cancelling, processes, and the same numbers as a script."""

from __future__ import annotations

import contextlib
import enum
import os
import threading
import time
from typing import Annotated, Literal

import numpy as np
import pytest

import speasy_core as spz
from sciqlop_lab import panel as panel_module
from sciqlop_lab import virtual
from sciqlop_lab.packing import unpacked
from sciqlop_lab.panel import Panel
from sciqlop_lab.virtual import Knob, virtual_product
from sciqlop_lab.virtual.guard import bounded
from speasy_core.errors import Cancelled, InvalidRequest, UnknownOption, VirtualProductError
from speasy_core.http import Deadline

SPAN = ("2020-01-01", "2020-01-02")


@pytest.fixture(autouse=True)
def no_bundle(monkeypatch):
    monkeypatch.setattr(panel_module, "_bundle", lambda name: "export default {}")


@pytest.fixture
def real(tmp_path):
    with spz.Session(spz.Settings(cache_dir=tmp_path, offline=True)) as made:
        yield made


@pytest.fixture
def panel(real):
    made = Panel(*SPAN, session=real)
    yield made
    made.close()


class Page:
    """A view that keeps what it is sent."""

    def __init__(self, panel):
        self.panel, self.sent, self.gen = panel, [], 0
        panel._post = lambda content, buffers: self.sent.append((content, buffers))
        panel.handle_message({"v": 3, "type": "hello", "view": "page"})

    def ask(self, start, stop, width=800):
        span = spz.TimeRange(start, stop)
        self.gen += 1
        self.panel.handle_message(
            {"v": 3, "type": "view", "view": "page", "gen": self.gen,
             "start": str(span.start_ns), "stop": str(span.stop_ns), "width": width, "plots": {}}
        )  # fmt: skip

    def items(self, gen=None):
        wanted = self.gen if gen is None else gen
        return [
            (item, buffers)
            for content, buffers in self.sent
            if content["type"] == "tiles" and content["gen"] == wanted
            for item in content["items"]
        ]

    def item(self):
        assert self.panel.wait(20)
        return self.items()[-1]


class Mode(enum.Enum):
    LOW, HIGH = 1, 10


def times(start, stop, count=100):
    return np.linspace(start, stop, count, endpoint=False)


def turned(
    start,
    stop,
    gain: Annotated[float, Knob(min=0, max=10, label="Gain", unit="dB")] = 1.0,
    n: int = 2,
    mode: Literal["plus", "minus"] = "plus",
    level=Mode.LOW,
    on: bool = True,
    name="x",
    data=None,
):
    sign = 1 if mode == "plus" else -1
    return times(start, stop), np.full(100, sign * gain * n * level.value * on)


def shown(panel):
    assert panel.wait(20)
    (item,) = panel.first["items"]
    y = unpacked(item, "y", panel.first["buffers"][item["y"]])
    return float(y[0])


def test_knobs_of_a_graph(panel, real):
    graph = panel.plot(virtual_product("t/knobs", test=False, session=real)(turned), gain=3)
    assert shown(panel) == 6
    assert dict(graph.knobs) == {
        "gain": 3.0, "n": 2, "mode": "plus", "level": "LOW", "on": True, "name": "x"
    }  # fmt: skip
    graph.knobs["mode"] = "minus"
    assert shown(panel) == -6
    graph.knobs.turn(gain=99, level=Mode.HIGH)
    assert shown(panel) == -200
    assert panel.spec["plots"][0]["graphs"][0]["knobs"] == {
        "gain": 10.0, "mode": "minus", "level": "HIGH"
    }  # fmt: skip
    panel.undo()
    assert shown(panel) == -6
    del graph.knobs["mode"]
    assert shown(panel) == 6
    graph.knobs.reset()
    assert shown(panel) == 2
    described = {row["name"]: row for row in graph.knobs.describe()}
    assert described["gain"]["max"] == 10
    assert described["gain"]["unit"] == "dB"
    assert described["level"]["choices"] == ["LOW", "HIGH"]
    for wrong in ({"n": 1.5}, {"mode": "times"}, {"gain": "much"}, {"gain": float("nan")}):
        with pytest.raises(InvalidRequest, match="cannot be"):
            graph.knobs.turn(**wrong)
    with pytest.raises(UnknownOption, match="no knob data"):
        graph.knobs["data"] = 3
    with pytest.raises(UnknownOption):
        panel.plot("vp/t/knobs", nothing=1)


def test_knobs_are_options_of_get_data(real):
    virtual_product("t/knobs", test=False, session=real)(turned)
    assert real.get_data("vp/t/knobs", *SPAN, n=5).values[0] == 5
    assert real.get_data("vp/t/knobs", *SPAN).values[0] == 2
    with pytest.raises(UnknownOption, match="does not take the option"):
        real.get_data("vp/t/knobs", *SPAN, nothing=5)


def test_knobs_as_widgets(panel, real):
    graph = panel.plot(virtual_product("t/knobs", test=False, session=real)(turned))
    box = panel.knobs()
    (part,) = box.children
    gain = part.children[1]
    assert (type(gain).__name__, gain.max, gain.description) == ("FloatSlider", 10, "Gain [dB]")
    gain.value = 4
    assert shown(panel) == 8
    assert graph.knobs["gain"] == 4
    names = [type(widget).__name__ for widget in part.children[2:]]
    assert names == ["IntText", "Dropdown", "Dropdown", "Checkbox", "Text"]


def test_knobs_of_a_pydantic_model(real):
    pydantic = pytest.importorskip("pydantic")

    class Settings(pydantic.BaseModel):
        gain: float = pydantic.Field(2.0, ge=0, le=10, description="how much")
        kind: Literal["a", "b"] = "a"

    def f(start, stop, knobs):
        assert isinstance(knobs, Settings)
        return times(start, stop), np.full(100, knobs.gain * (1 if knobs.kind == "a" else -1))

    product = virtual.create("t/model", f, knobs_model=Settings, session=real)
    assert [spec.name for spec in product.knobs] == ["gain", "kind"]
    assert (product.knobs[0].max, product.knobs[0].description) == (10, "how much")
    assert real.get_data(product, *SPAN, kind="b").values[0] == -2


def test_redefinition_redraws_at_once_and_keeps_knobs(panel, real):
    graph = panel.plot(virtual_product("t/again", test=False, session=real)(turned), gain=3)
    assert shown(panel) == 6

    @virtual_product("t/again", test=False, session=real)
    def other(start, stop, gain: float = 1.0):
        return times(start, stop), np.full(100, 100 * gain)

    assert shown(panel) == 300
    assert graph.knobs["gain"] == 3


# ---------------------------------------------------------------------------- stopping


def test_a_loop_is_broken_when_its_view_moves_on(panel, real):
    entered, left = threading.Event(), []

    def forever(start: float, stop: float):
        if stop - start > 40_000:
            entered.set()
            try:
                while True:
                    pass
            finally:
                left.append(1)
        return times(start, stop), np.ones(100)

    page = Page(panel)
    panel.plot(forever)
    page.ask(*SPAN)
    assert entered.wait(10)
    page.ask("2020-01-01", "2020-01-01T01:00")
    item, _ = page.item()
    assert item["status"] == "ok"
    assert left, "nothing of it runs on"


def test_a_stopped_function_asks_for_nothing_more(real):
    deadline, asked = Deadline(20), []

    def greedy(start, stop):
        for _ in range(100):
            with contextlib.suppress(spz.errors.VirtualProductError):
                real.get_data("vp/t/part", start, stop)

    def part(start: float, stop: float):
        asked.append(1)
        if len(asked) == 3:
            deadline.cancel()
        return [start], [1.0]

    virtual_product("t/part", test=False, session=real)(part)
    product = virtual_product("t/greedy", test=False, session=real)(greedy)
    with pytest.raises(Cancelled):
        product.compute(spz.TimeRange(*SPAN), deadline=deadline)
    assert len(asked) == 3


def test_cancelling_never_reaches_past_the_function(real):
    """The moment of the cancellation is swept over the end of the call."""

    def short(start, stop):
        for _ in range(300):
            pass
        return [start], [1.0]

    product = virtual_product("t/short", test=False, session=real)(short)
    ended = {"whole": 0, "stopped": 0}
    for step in range(150):
        deadline = Deadline(20)
        timer = threading.Timer(step * 4e-6, deadline.cancel)
        timer.start()
        try:
            product.compute(spz.TimeRange(*SPAN), deadline=deadline)
            ended["whole"] += 1
        except Cancelled:
            ended["stopped"] += 1
        timer.join()
        for _ in range(200):  # what is still under way would arrive here
            pass
    assert sum(ended.values()) == 150


def test_a_call_past_its_limit_is_said_and_stops_nobody_else(panel, real):
    asleep = threading.Event()

    @virtual_product("t/sleeps", test=False, timeout=0.4, session=real)
    def sleeps(start, stop):
        asleep.wait(30)

    page = Page(panel)
    panel.plot(sleeps)
    panel.plot(lambda start, stop: (times(start, stop), np.ones(100)))
    page.ask(*SPAN)
    assert panel.wait(20)
    by_graph = {item["graph"]: item for item, _ in page.items()}
    assert by_graph["g2"]["status"] == "ok"
    assert "longer than its limit of 0.4 s" in by_graph["g1"]["error"]["message"]
    assert "timeout=" in by_graph["g1"]["error"]["hint"]
    asleep.set()


def test_ten_fast_zooms_run_at_most_two_calls_at_once(panel, real):
    now, most, lock = [0], [0], threading.Lock()

    def heavy(start, stop):
        with lock:
            now[0] += 1
            most[0] = max(most[0], now[0])
        try:
            time.sleep(0.15)  # as numpy does: it cannot be interrupted
        finally:
            with lock:
                now[0] -= 1
        return times(start, stop), np.ones(100)

    page = Page(panel)
    panel.plot(heavy)
    for hour in range(10):
        page.ask("2020-01-01", f"2020-01-01T{hour + 1:02d}")
        time.sleep(0.03)
    item, _ = page.item()
    assert item["status"] == "ok"
    assert item["stop"] == str(spz.TimeRange("2020-01-01", "2020-01-01T10").stop_ns)
    assert most[0] <= 2


def test_bounded_passes_errors_and_results_on():
    assert bounded(lambda own: own.seconds, Deadline(9), 5, "x") == 5
    with pytest.raises(KeyError):
        bounded(lambda own: {}["a"], Deadline(9), 5, "x")


def test_an_error_says_where_and_for_which_range(panel):
    def fails(start, stop):
        numbers = [1, 2]
        return numbers[5]

    panel.plot(fails)
    assert panel.wait(20)
    error = panel.errors["g1"]
    assert error["type"] == "IndexError"
    assert "return numbers[5]" in error["traceback"]
    assert "asked for 2020-01-01T00:00:00Z/2020-01-02T00:00:00Z" in error["traceback"]
    assert "sciqlop_lab/" not in error["traceback"]


# ---------------------------------------------------------------------------- processes


def apart(session, function, path="t/apart", **options):
    pytest.importorskip("cloudpickle")
    return virtual_product(path, test=False, process=True, session=session, **options)(function)


def test_a_function_in_its_own_process(real, capsys):
    gain = np.arange(3.0)

    def f(start, stop, factor: float = 1.0):
        print("from", "there")  # noqa: T201
        return times(start, stop), np.full((100, 3), gain * factor + os.getpid() * 0)

    product = apart(real, f)
    v = real.get_data(product, *SPAN, factor=2)
    assert v.values[0].tolist() == [0, 2, 4]
    assert capsys.readouterr().out == "from there\n"

    def where(start: np.datetime64, stop: np.datetime64):
        return [start], [float(os.getpid())]

    first = apart(real, where).compute(spz.TimeRange(*SPAN)).values[0]
    assert first != os.getpid()


def test_errors_there_are_like_errors_here(panel, real):
    def fails(start, stop):
        return 1 / 0

    panel.plot(apart(real, fails))
    assert panel.wait(30)
    error = panel.errors["g1"]
    assert error["type"] == "ZeroDivisionError"
    assert "return 1 / 0" in error["traceback"]


def test_a_killed_child_is_said_and_replaced(real):
    def dies(start: float, stop: float):
        if stop - start > 86_000:
            os.kill(os.getpid(), 9)
        return times(start, stop), np.ones(100)

    product = apart(real, dies)
    with pytest.raises(VirtualProductError, match="signal 9"):
        real.get_data(product, *SPAN)
    assert len(real.get_data(product, "2020-01-01", "2020-01-01T01")) == 100


def test_a_cancelled_child_ends(real):
    product = apart(real, lambda start, stop: time.sleep(60))
    deadline = Deadline(60)
    threading.Timer(0.5, deadline.cancel).start()
    began = time.monotonic()
    with pytest.raises(Cancelled):
        product.compute(spz.TimeRange(*SPAN), deadline=deadline)
    assert time.monotonic() - began < 20


def test_what_cannot_be_sent_is_said(real):
    lock = threading.Lock()

    def f(start, stop):
        with lock:
            return [start], [1.0]

    with pytest.raises(VirtualProductError, match="cannot be sent"):
        real.get_data(apart(real, f), *SPAN)


# ---------------------------------------------------------------------------- the poster's product


@pytest.mark.filterwarnings("ignore::speasy_core.errors.SpeasyWarning")
def test_the_poster_on_screen_equals_the_script(tmp_path):
    from scipy import signal

    from speasy_core.demo import LocalArchive
    from speasy_core.signal.filtering import sosfiltfilt

    with LocalArchive() as archive, spz.Session(archive.settings(cache_dir=tmp_path)) as session:
        asked = []

        @virtual_product("poster/mfa", test=False, session=session)
        def vect_to_mfa_delta(start, stop):
            asked.append((start, stop))
            field = session.get_data("cda/CO_MAG_1SEC/B_RTN", start, stop)
            sos = signal.butter(4, [1 / 600, 1 / 60], btype="bandpass", fs=1.0, output="sos")
            mean = np.median(field, axis=0)
            er = mean / np.linalg.norm(mean)
            et = np.cross(er, (1, 0, 0))
            et = et / np.linalg.norm(et)
            ep = np.cross(er, et)
            matrix = np.array([er, et, ep / np.linalg.norm(ep)])
            return sosfiltfilt(sos=sos, var=np.einsum("kj,ij->ik", matrix, field - mean))

        panel = Panel("2009-01-02T00:00", "2009-01-02T06:00", session=session)
        page = Page(panel)
        panel.plot(vect_to_mfa_delta)
        start, stop = "2009-01-02T01:00:00.25", "2009-01-02T01:20:00"
        assert panel.wait(60)
        asked.clear()
        page.ask(start, stop, width=4000)
        item, buffers = page.item()
        panel.close()
        script = session.get_data("vp/poster/mfa", start, stop)
        assert asked[0] == asked[-1], "on screen as in the script, exactly the range"
    assert item["status"] == "ok", item
    assert item["mode"] == "raw"
    times_ns = int(item["t0"]) + np.rint(
        np.frombuffer(buffers[item["t"]], np.float64) * 1e9
    ).astype(np.int64)
    drawn = unpacked(item, "y", buffers[item["y"]]).reshape(3, -1).T
    assert len(script) > 1000
    assert np.array_equal(times_ns, script.time_ns)
    np.testing.assert_allclose(drawn, script.values, rtol=1e-7, atol=1e-6)
