"""Questions that a page asks its kernel: searches, exports, code; each answered once.

A question is a function of ``(panel, args)`` that returns JSON, or an :class:`Answer` with binary
buffers beside it. Functions run in a thread of their own lane, never in the callback of a message,
so that one may take seconds. What one raises as a SpeasyError is told to the page as it is.
"""

from __future__ import annotations

import importlib
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from speasy_core.errors import InvalidRequest, SpeasyError

from .pool import FairLane
from .protocol import PROTOCOL_VERSION, ProtocolError

__all__ = ["QUESTIONS", "Answer", "answer", "ask_in_background"]

_log = logging.getLogger(__name__)
_lane = FairLane("sciqlop-asks", 4)

# name of a question -> "module:function" of this package, imported when it is first asked
QUESTIONS: dict[str, str] = {
    "to_notebook": "graphdata:to_notebook",
    "derive": "derive:form",
    "define": "defining:define_and_show",
    "source": "defining:source_of_graph",
    "overlays": "overlays:spans_in_sight",
    "jump": "overlays:jump",
    "pdf": "svgpdf:pdf_for_page",
    "data": "dataexport:export_for_page",
    "code": "codegen:copy_code",
    "inputs": "choosing:inputs",
    "search": "finding:search",
    "templates": "templatepages:listed",
    "open_template": "templatepages:opened",
    "save_template": "templatepages:saved",
}


@dataclass(frozen=True, slots=True)
class Answer:
    """JSON, and bytes that go beside it.

    Parameters
    ----------
    value : JSON
    buffers : list of bytes
    """

    value: Any = None
    buffers: list[bytes] = field(default_factory=list)


def answer(panel: Any, what: str, args: Mapping[str, Any]) -> Answer:
    """Answer a question, here and now.

    Raises
    ------
    InvalidRequest
        There is no such question.
    """
    place = QUESTIONS.get(what)
    if place is None:
        raise InvalidRequest(f"{what!r:.40} is not a question", hint=", ".join(QUESTIONS))
    module, _, name = place.partition(":")
    function: Callable[[Any, Mapping[str, Any]], Any] = getattr(
        importlib.import_module(f".{module}", __package__), name
    )
    found = function(panel, args)
    return found if isinstance(found, Answer) else Answer(found)


def ask_in_background(
    panel: Any, message: Mapping[str, Any], post: Callable[[dict[str, Any], list[Any]], None]
) -> None:
    """Answer an ``ask`` message of a page by an ``answer`` message, from a thread."""
    what, args, name = message.get("what"), message.get("args"), message.get("id")
    if not isinstance(what, str) or not isinstance(name, str) or not isinstance(args, Mapping):
        raise ProtocolError("a question has an id, a name and arguments")
    view = str(message.get("view"))

    def work() -> None:
        head = {"v": PROTOCOL_VERSION, "type": "answer", "view": view, "id": name}
        try:
            found = answer(panel, what, args)
        except SpeasyError as error:
            post({**head, "error": {"message": error.message, "hint": error.hint}}, [])
        except Exception as error:  # noqa: BLE001 - the page waits for an answer, whatever it is
            _log.exception("the question %r failed", what)
            text = f"{type(error).__name__}: {error}"
            post({**head, "error": {"message": text, "hint": None}}, [])
        else:
            post({**head, "value": found.value}, list(found.buffers))

    _lane.submit((view, what), work)
