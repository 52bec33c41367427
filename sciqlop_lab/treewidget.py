"""The product tree in a cell's output, for hosts that have no side panel."""

from __future__ import annotations

import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import anywidget
import traitlets

from speasy_core.errors import InvalidRequest, SpeasyError

from ._inventory_service import InventoryService
from .panel import _bundle

__all__ = ["ProductTree"]

_log = logging.getLogger(__name__)

_PAGE = 200
_MOST_TEXT = 500
_LISTS = ("timetable", "catalog")


class ProductTree(anywidget.AnyWidget):
    """Search box and tree of all products.

    A double click, Enter or a drag puts a product on a panel: on `panel` where one is given, else
    on the panel of the page that was used last. The ranges of time tables and catalogues are marked
    in all plots.

    Parameters
    ----------
    panel : Panel, optional
        What products are added to. Needed where each output is a page of its own, as in Colab.
    session : Session, optional
        Whose products; by default those of ``speasy_core.get_data``.

    Raises
    ------
    InvalidRequest
        `panel` is not a panel.

    Examples
    --------
    >>> from sciqlop_lab import Panel, ProductTree  # doctest: +SKIP
    >>> panel = Panel("2019-01-02T15:00", "2019-01-02T22:00")  # doctest: +SKIP
    >>> ProductTree(panel)  # doctest: +SKIP
    """

    # None until it is made: what is refused is closed too
    _pool: ThreadPoolExecutor | None = None

    _esm = traitlets.Unicode().tag(sync=True)
    _css = traitlets.Unicode().tag(sync=True)
    has_panel = traitlets.Bool(help="products go to the kernel's own panel").tag(sync=True)

    def __init__(self, panel: Any = None, *, session: Any = None) -> None:
        if panel is not None and not callable(getattr(panel, "plot", None)):
            raise InvalidRequest(
                f"{type(panel).__name__} is not a panel",
                hint="give what sciqlop_lab.Panel(start, stop) returned",
            )
        make = {} if session is None else {"make_session": lambda: session}
        self._service = InventoryService(_log, **make)
        self._panel = panel
        # Archives and disks are slow, and all widgets of a kernel share the callbacks' thread.
        self._pool = ThreadPoolExecutor(max_workers=2, thread_name_prefix="sciqlop-tree")
        super().__init__(
            _esm=_bundle("tree.js"), _css=_bundle("tree.css"), has_panel=panel is not None
        )
        self.on_msg(self._take)
        self._submit(self._service.start)

    def _take(self, _widget: Any, content: Any, _buffers: Any) -> None:
        if isinstance(content, dict) and isinstance(content.get("token"), int):
            self._submit(self._answer, content)

    def _submit(self, call: Callable[..., None], *args: Any) -> None:
        if self._pool is not None:
            self._pool.submit(call, *args)

    def _answer(self, question: dict[str, Any]) -> None:
        answer: dict[str, Any]
        try:
            answer = self.ask(question)
        except (SpeasyError, ImportError, OSError) as error:
            answer = {"error": str(error) or type(error).__name__}
        self.send({"type": "answer", "token": question["token"], **answer})

    def ask(self, question: dict[str, Any]) -> dict[str, Any]:
        """Return the answer to a question of the page.

        Parameters
        ----------
        question : dict
            ``type`` is ``nodes`` (with ``parent``, ``offset``), ``search`` (with ``q``),
            ``product`` or ``add`` (with ``ref``, and ``kind`` as a node has it), or ``status``.

        Returns
        -------
        dict
            As of the server extension's handler of the same name.

        Raises
        ------
        InvalidRequest
            It is none of these questions.
        """
        asks: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {
            "nodes": self._nodes,
            "search": lambda q: self._service.search(_text(q, "q"), _PAGE, None),
            "product": lambda q: self._service.product(_text(q, "ref")),
            "status": lambda _: self._service.status(),
            "add": self._add,
        }
        kind = question.get("type")
        if not isinstance(kind, str) or kind not in asks:
            raise InvalidRequest(f"{kind!r:.60} is no question", hint=", ".join(asks))
        return asks[kind](question)

    def _nodes(self, question: dict[str, Any]) -> dict[str, Any]:
        parent, offset = question.get("parent"), question.get("offset", 0)
        for value in (0 if parent is None else parent, offset):
            if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < 2**53:
                raise InvalidRequest(f"{value!r:.60} is not the number of a node")
        return self._service.nodes(parent, offset, _PAGE)

    def _add(self, question: dict[str, Any]) -> dict[str, Any]:
        ref = _text(question, "ref")
        if self._panel is None:
            raise InvalidRequest(
                "this tree has no panel of its own", hint="make it with ProductTree(panel)"
            )
        if question.get("kind") in _LISTS and callable(getattr(self._panel, "overlay", None)):
            self._panel.overlay(ref)  # its ranges lie over all plots
        else:
            self._panel.plot(ref)
        return {"added": ref}

    def close(self) -> None:
        """Remove the tree from the page."""
        if self._pool is not None:
            self._pool.shutdown(wait=False, cancel_futures=True)
            self._pool = None
        super().close()

    def __repr__(self) -> str:
        return "<ProductTree>"


def _text(question: dict[str, Any], name: str) -> str:
    value = question.get(name)
    if not isinstance(value, str) or not 0 < len(value.strip()) <= _MOST_TEXT:
        raise InvalidRequest(f"{name} is not a text of 1 to {_MOST_TEXT} characters")
    return value.strip()
