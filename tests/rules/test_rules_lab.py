"""Rules 18 to 25: messages, panels, pages, the REST interface, secrets, functions of users."""

from __future__ import annotations

import json
import pickle
import re
import sys
import threading
import time
from types import SimpleNamespace

import numpy as np
import pytest

from sciqlop_lab import panel as panel_module
from sciqlop_lab import protocol, server, virtual
from sciqlop_lab.tilecache import Result
from sciqlop_lab.tiles import Engine
from sciqlop_lab.usercode import describe_error
from sciqlop_lab.views import ViewRequest
from speasy_core.errors import SpeasyError, VirtualProductError
from speasy_core.timerange import TimeRange
from speasy_core.variable import SpeasyVariable
from tests.faults.judge import judge
from tests.faults.world import REPOSITORY, SECRET

SPAN = TimeRange("2019-01-01", "2019-01-02")
SOURCES = sorted(
    path for path in (REPOSITORY / "js" / "src").rglob("*.ts") if "__tests__" not in path.parts
)


def code_of(path) -> str:
    """Return a source without its comments."""
    text = path.read_text("utf-8")
    return re.sub(r"/\*.*?\*/|(?<!:)//[^\n]*", "", text, flags=re.DOTALL)


# -- 18: messages --------------------------------------------------------------------------------
class Slow:
    """A source that takes a while, and counts."""

    label, timeout, tiled = "slow", 60.0, False

    def __init__(self):
        self.lane, self.running, self.most, self.loads = self, 0, 0, 0
        self.gate = threading.Event()

    def ready(self, request):
        return None

    def draft(self, request):
        return []

    def load(self, request, deadline):
        self.running, self.loads = self.running + 1, self.loads + 1
        self.most = max(self.most, self.running)
        try:
            while not self.gate.wait(0.005):
                deadline.check()
        finally:
            self.running -= 1
        fields = {"status": "ok", "kind": "line", "n": 1, "label": "x"}
        return [Result(fields, request.range, {"t": np.zeros(1), "y": np.ones((1, 1), "f4")})]

    def serves(self, running, wanted):
        return True

    def abandon(self):
        self.gate.set()


def test_rule_18_the_newest_generation_wins_and_one_works_at_a_time():
    sent: list[dict[str, object]] = []
    engine, source = Engine(lambda content, buffers: sent.append(content)), Slow()
    try:
        for gen in range(1, 2001):
            view = ViewRequest("v", gen, TimeRange.from_ns(gen, gen + 1000), 100)
            engine.request(view, [("p", "g", source)])
        source.gate.set()
        end = time.monotonic() + 10
        while not any(m["items"] for m in sent) and time.monotonic() < end:
            time.sleep(0.01)
        assert engine.wait(10)
    finally:
        engine.close()
    assert source.most <= 1
    assert source.loads <= 3
    filled = [m["gen"] for m in sent if m["items"]]
    assert filled[-1] == 2000
    assert len(filled) <= 3
    gens = [m["gen"] for m in sent]
    assert gens == sorted(gens)
    assert len(sent) < 1000


@pytest.mark.parametrize(
    "junk",
    [None, [], 7, {}, {"v": 1}, {"type": "view"}, {"type": "x" * 999}, {"type": ["view"]}],
    ids=str,
)
def test_rule_18_messages_are_checked(junk):
    with pytest.raises(protocol.ProtocolError):
        protocol.check_message(junk)
    if isinstance(junk, dict) and junk.get("type") != "view":
        with pytest.raises(protocol.ProtocolError):
            protocol.check_message({**junk, "v": protocol.PROTOCOL_VERSION})


# -- 19 to 22: the page --------------------------------------------------------------------------
def test_rule_19_no_kernel_connection_of_our_own_handles_comms():
    assert len(SOURCES) > 20
    for path in SOURCES:
        text = code_of(path)
        assert not re.search(r"kernels?\.connectTo\(|new KernelConnection|createComm\(", text), path
        assert not re.search(r"registerCommTarget|handleComms:\s*true", text), path


@pytest.fixture
def panel(world, monkeypatch):
    monkeypatch.setattr(panel_module, "_bundle", lambda name: "export default {}")
    made = panel_module.Panel("2019-01-02T15:00", "2019-01-02T16:00", session=world.session())
    yield made
    made.close()


def test_rule_20_a_panel_is_restored_from_ids_and_style(panel, world):
    panel.plot("amda/imf")
    panel.plot("cda/AC_H0_MFI/BGSEc")
    assert panel.wait(20)
    state = {name: value for name, value in panel.get_state().items() if not name.startswith("_")}
    text = json.dumps(state, default=lambda value: f"<{len(memoryview(value))} bytes>")
    assert "amda/imf" in text
    assert "cda/AC_H0_MFI/BGSEc" in text
    assert SECRET not in text
    assert len(text) < 100_000
    assert not re.search(r"__reduce__|<script|import os", text)


def test_rule_20_a_panel_outlives_its_errors(panel, world):
    world.archive.stop()
    panel.plot("cda/AC_H0_MFI/BGSEc")
    panel.wait(20)
    world.archive.start()
    panel.time_range = ("2019-01-02T16:00", "2019-01-02T17:00")
    panel.wait(20)
    assert panel.plots


SINKS = (
    r"\.(innerHTML|outerHTML|srcdoc)\s*=",
    r"insertAdjacentHTML|createContextualFragment|setHTMLUnsafe|dangerouslySetInnerHTML",
    r"document\.write\(",
    r"\beval\(|new Function\(",
    r"set(Timeout|Interval)\(\s*['\"`]",
    r"setAttribute\(\s*['\"]on",
    r"href\s*=\s*['\"]javascript:",
)


def test_rule_21_text_enters_the_page_as_text():
    for path in SOURCES:
        text = code_of(path)
        for sink in SINKS:
            assert not re.search(sink, text), f"{path.name}: {sink}"
    rules = (REPOSITORY / "js" / "eslint.config.mjs").read_text("utf-8")
    for rule in ("no-eval", "no-implied-eval", "no-new-func", "innerHTML", "insertAdjacentHTML"):
        assert rule in rules
    for path in (REPOSITORY / "sciqlop_lab").glob("*.js"):
        for sink in SINKS:
            assert not re.search(sink, code_of(path)), path


def test_rule_22_what_is_dropped_has_a_type_and_a_shape_of_its_own(panel):
    mime = (REPOSITORY / "js" / "src" / "mime.ts").read_text("utf-8")
    assert "application/vnd.sciqlop.product+json" in mime
    assert re.search(r"MAX_PAYLOAD = 65536\b", mime)
    # what has not the shape of an id is refused; an id is looked up, and nothing else
    for evil in ('x"); import os #', "__class__", "{0.__class__}", "nobody/x"):
        with pytest.raises(SpeasyError):
            panel.plot(evil)
    panel.plot("cda/../../etc/passwd")
    assert panel.wait(20)
    (error,) = panel.errors.values()
    assert "etc" in error["message"]


# -- 23: REST ------------------------------------------------------------------------------------
def test_rule_23_every_handler_is_authenticated_and_takes_no_address():
    from jupyter_server.base.handlers import APIHandler

    classes = [
        value for value in vars(server).values()
        if isinstance(value, type) and issubclass(value, server._Handler)
        and value is not server._Handler
    ]  # fmt: skip
    assert len(classes) >= 5
    for handler in classes:
        assert issubclass(handler, APIHandler)
        for name in ("get", "post", "put", "delete", "patch"):
            method = vars(handler).get(name)
            if method is not None:
                assert getattr(method, "__wrapped__", None), f"{handler.__name__}.{name}"
                assert getattr(method, "__allow_unauthenticated", False) is False
    source = (REPOSITORY / "sciqlop_lab" / "server.py").read_text("utf-8")
    methods = len(re.findall(r"async def (get|post|put|delete|patch)\(", source))
    assert methods >= 5
    assert source.count("@web.authenticated\n    @authorized\n") == methods
    assert not re.search(r"urlopen|requests\.|http\.client\b.*request|AsyncHTTPClient", source)


@pytest.mark.parametrize("body", [b"[]", b"7", b"\xff\xfe", b"[" * 100_000, b"{", b" " * 2**21])
def test_rule_23_bodies_are_checked(body):
    from tornado.web import HTTPError

    asked = SimpleNamespace(request=SimpleNamespace(body=body))
    with pytest.raises(HTTPError) as refused:
        server._Handler.body(asked)
    assert refused.value.status_code in (400, 413)


# -- 24: secrets ---------------------------------------------------------------------------------
def test_rule_24_the_password_shows_nowhere(world):
    session = world.session()
    world.fault(
        match="/amda/php/rest/getParameter",
        body=json.dumps({"success": False, "message": f"bad password={SECRET}"}).encode(),
        content_type="application/json",
    )
    asked = world.ask("amda/imf", session=session)
    assert judge("E", asked, world)[0] == "E"
    shown = [repr(world.settings), str(world.settings), repr(session), str(vars(asked.error))]
    shown.append(json.dumps(describe_error(asked.error)))
    assert SECRET not in "".join(shown)
    assert SECRET not in world.said.getvalue()
    for file in world.cache.rglob("*"):
        assert not file.is_file() or SECRET.encode() not in file.read_bytes(), file
    with pytest.raises((TypeError, AttributeError, pickle.PicklingError, SpeasyError)):
        assert SECRET.encode() in pickle.dumps(session)


# -- 25: functions of users ----------------------------------------------------------------------
def broken(start: float, stop: float):
    raise ValueError("my own mistake")


def leaves(start: float, stop: float):
    sys.exit(3)


def forever(start: float, stop: float):
    return forever(start, stop)


def words(start: float, stop: float):
    return ["not", "data"]


def shape(start: float, stop: float):
    return np.zeros(3), np.zeros((5, 2))


@pytest.mark.parametrize("function", [broken, leaves, forever, words, shape])
def test_rule_25_functions_of_users_fail_alone_and_in_their_own_words(world, function):
    session = world.session()
    virtual.create(f"rules/{function.__name__}", function, session=session)
    with pytest.raises(VirtualProductError) as caught:
        session.get_data(f"vp/rules/{function.__name__}", SPAN.start, SPAN.stop)
    said = describe_error(caught.value)
    assert said["message"]
    if function is broken:
        assert "my own mistake" in said["message"]
        assert "test_rules_lab" in said["traceback"]
        assert "speasy_core/" not in said["traceback"]


def test_rule_25_inputs_are_read_only():
    v = SpeasyVariable(np.arange(3), np.ones(3))
    with pytest.raises(ValueError, match="read-only"):
        v.values[0] = 5
    with pytest.raises(ValueError, match="read-only"):
        v.time_ns[0] = 5
