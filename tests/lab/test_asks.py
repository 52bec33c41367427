"""Questions of a page are answered once, from a thread, errors as errors."""

from __future__ import annotations

import threading

import pytest

from sciqlop_lab import asks
from sciqlop_lab.protocol import ProtocolError
from speasy_core.errors import InvalidRequest


def _double(panel, args):
    return {"twice": 2 * args["x"]}


def _bytes(panel, args):
    return asks.Answer({"n": 3}, [b"abc"])


def _refuse(panel, args):
    raise InvalidRequest("no", hint="say yes")


@pytest.fixture
def questions(monkeypatch):
    class Module:
        double, bytes_, refuse = map(staticmethod, (_double, _bytes, _refuse))

    monkeypatch.setattr(asks.importlib, "import_module", lambda *a: Module)
    names = {"double": ".m:double", "bytes": ".m:bytes_", "refuse": ".m:refuse"}
    monkeypatch.setattr(asks, "QUESTIONS", names)


def _ask(what, args=None, **changes):
    got, done = [], threading.Event()

    def post(content, buffers):
        got.append((content, buffers, threading.current_thread()))
        done.set()

    message = {"view": "v", "id": "v?1", "what": what, "args": args or {}, **changes}
    asks.ask_in_background(None, message, post)
    assert done.wait(10)
    return got[0]


def test_an_answer_comes_from_another_thread_with_the_id_of_the_question(questions):
    content, buffers, thread = _ask("double", {"x": 21})
    assert content["id"] == "v?1"
    assert content["view"] == "v"
    assert content["type"] == "answer"
    assert content["value"] == {"twice": 42}
    assert buffers == []
    assert thread is not threading.current_thread()


def test_bytes_travel_beside_the_answer(questions):
    content, buffers, _ = _ask("bytes")
    assert (content["value"], buffers) == ({"n": 3}, [b"abc"])


@pytest.mark.parametrize(
    ("what", "says"),
    [("refuse", ("no", "say yes")), ("double", ("KeyError: 'x'", None))],
)
def test_what_is_raised_is_told(questions, what, says):
    error = _ask(what)[0]["error"]
    assert (error["message"], error["hint"]) == says


def test_an_unknown_question_is_an_error_that_names_the_others(questions):
    assert "double" in _ask("nonsense")[0]["error"]["hint"]


@pytest.mark.parametrize("changes", [{"what": 3}, {"id": None}, {"args": [1]}])
def test_a_message_that_is_no_question_is_refused(questions, changes):
    message = {"view": "v", "id": "v?1", "what": "double", "args": {}, **changes}
    with pytest.raises(ProtocolError):
        asks.ask_in_background(None, message, lambda *a: None)


def test_every_question_has_its_function():
    for place in asks.QUESTIONS.values():
        module, _, name = place.partition(":")
        found = getattr(asks.importlib.import_module(f"sciqlop_lab.{module}"), name)
        assert callable(found)
