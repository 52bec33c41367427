"""The talk of a panel with the pages that show it: messages checked, noted, handed on."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from typing import Any

from speasy_core import __version__
from speasy_core.errors import SpeasyError

from .asks import ask_in_background
from .linking import Linked
from .protocol import PROTOCOL_VERSION, ProtocolError, check_message
from .sources import Source
from .tiles import Engine
from .views import read_view

__all__ = ["KERNEL_VIEW", "Conversation"]

# the kernel's own view: computes while no browser shows the panel
KERNEL_VIEW = "~kernel"


class Conversation(Linked):
    """The part of a panel that takes messages and answers them.

    Nothing is computed here: a message is noted, and threads do the work.
    """

    _engine: Engine
    _lock: threading.RLock

    def _post(self, content: dict[str, Any], buffers: list[Any]) -> None:
        """Send a message to the pages."""
        raise NotImplementedError

    def _first(self, content: dict[str, Any], buffers: list[Any]) -> None:
        """Take what was computed while no view asked."""

    def _wanted(self) -> list[tuple[str, str, Source]]:
        """Return plot, graph and source of all that is shown."""
        raise NotImplementedError

    def command(self, command: Mapping[str, Any]) -> None:
        """Edit the panel."""
        raise NotImplementedError

    def _from_engine(self, content: dict[str, Any], buffers: list[Any]) -> None:
        if content["view"] != KERNEL_VIEW:
            self._post(content, buffers)
        elif content["type"] == "tiles" and content["items"]:
            self._first(content, buffers)

    def handle_message(self, content: Any) -> None:
        """Take a message of a view: check it, note it, return."""
        try:
            message = check_message(content)
            _HANDLERS[message["type"]](self, message)
        except ProtocolError as error:
            self._post(_message("notice", level="error", message=str(error)), [])

    def _on_hello(self, message: dict[str, Any]) -> None:
        view = message.get("view")
        if not isinstance(view, str) or not 0 < len(view) <= 200 or view == KERNEL_VIEW:
            raise ProtocolError("view is the name of a view")
        self._engine.open(view)
        self._post(_message("welcome", view=view, version=__version__), [])

    def _on_view(self, message: dict[str, Any]) -> None:
        request = read_view(message)
        if request.view == KERNEL_VIEW:
            raise ProtocolError("view is the name of a view")
        with self._lock:
            self._engine.request(request, self._wanted())

    def _on_stop(self, message: dict[str, Any]) -> None:
        self._engine.stop(str(message.get("view")), str(message.get("graph")))

    def _on_cancel(self, message: dict[str, Any]) -> None:
        self._engine.cancel(str(message.get("view")))

    def _on_command(self, message: dict[str, Any]) -> None:
        try:
            command = message.get("command")
            self.command(command if isinstance(command, Mapping) else {})
        except SpeasyError as error:
            refused = {"id": str(message.get("id")), "message": error.message, "hint": error.hint}
            self._post(_message("refused", **refused), [])

    def _on_ask(self, message: dict[str, Any]) -> None:
        ask_in_background(self, message, self._post)


_HANDLERS: dict[str, Callable[[Conversation, dict[str, Any]], None]] = {
    "hello": Conversation._on_hello,
    "view": Conversation._on_view,
    "views": Conversation._hand_on,
    "stop": Conversation._on_stop,
    "cancel": Conversation._on_cancel,
    "command": Conversation._on_command,
    "ask": Conversation._on_ask,
}


def _message(kind: str, **fields: Any) -> dict[str, Any]:
    return {"v": PROTOCOL_VERSION, "type": kind, **fields}
