"""Panels that show the same time: moved together, from Python and by the hand."""

from __future__ import annotations

import threading
import uuid
import weakref
from typing import Any

from speasy_core.errors import InvalidRequest
from speasy_core.timerange import TimeRange

from .protocol import ProtocolError, check_message

__all__ = ["Linked", "link"]

_MOST_AT_ONCE = 256


class Group:
    """Linked panels. It holds none of them: a panel that nobody keeps is gone from it."""

    def __init__(self) -> None:
        self.name = uuid.uuid4().hex
        self._lock = threading.RLock()
        self._panels: weakref.WeakSet[Linked] = weakref.WeakSet()

    @property
    def panels(self) -> list[Linked]:
        """Its members, in no particular order."""
        with self._lock:
            return list(self._panels)

    def add(self, panel: Linked) -> None:
        with self._lock:
            self._panels.add(panel)
        panel._group = self
        panel._joined(self.name)

    def remove(self, panel: Linked) -> None:
        with self._lock:
            self._panels.discard(panel)
        panel._group = None
        panel._joined("")

    def spread(self, span: TimeRange) -> None:
        """Bring all members to a range; of two at once the last one holds for all."""
        with self._lock:
            for panel in self._panels:
                panel._follow(span)


class Linked:
    """The part of a panel that moves it together with others."""

    _group: Group | None = None

    def _follow(self, span: TimeRange) -> None:
        """Show a range that another panel of the group shows."""
        raise NotImplementedError

    def _joined(self, name: str) -> None:
        """Tell the page which group the panel is in, "" for none."""

    def _serves(self, view: Any) -> bool:
        """Whether a view of the page is this panel's."""
        raise NotImplementedError

    def handle_message(self, content: Any) -> None:
        """Take a message of a view."""
        raise NotImplementedError

    def link(self, *others: Any) -> None:
        """Show the same time as other panels from now on; see :func:`sciqlop_lab.link`.

        Examples
        --------
        >>> field.link(plasma)  # doctest: +SKIP
        """
        link(self, *others)

    def unlink(self) -> None:
        """Move alone again; does nothing where the panel is not linked."""
        if self._group is not None:
            self._group.remove(self)

    @property
    def linked(self) -> list[Any]:
        """The other panels that show the same time."""
        return [] if self._group is None else [p for p in self._group.panels if p is not self]

    def _spread(self, span: TimeRange) -> None:
        """Take the others along; never called with a panel's lock held."""
        if self._group is not None:
            self._group.spread(span)

    def _hand_on(self, message: dict[str, Any]) -> None:
        """Give each panel of the group its part of a message that is for several."""
        parts = message.get("views")
        if not isinstance(parts, list) or len(parts) > _MOST_AT_ONCE:
            raise ProtocolError(f"views are a list of at most {_MOST_AT_ONCE} requests")
        panels = [self] if self._group is None else self._group.panels
        for part in parts:
            asked = check_message(part)
            if asked["type"] != "view":
                raise ProtocolError("views are requests of views")
            for panel in panels:
                if panel._serves(asked.get("view")):
                    panel.handle_message(asked)


def link(*panels: Any) -> None:
    """Make panels show the same time, in whatever cell, tab or notebook output they are.

    What moves one moves all: the wheel and the mouse in the same frame on the page, Python with
    the next message. Panels that were linked before bring theirs along. The first one's range is
    shown from now on; the histories stay apart, and an undone zoom of one is undone for all.

    Parameters
    ----------
    *panels : CanvasPanel or BqPanel
        At least two.

    Raises
    ------
    InvalidRequest
        Fewer than two, or something that is no panel.

    Examples
    --------
    >>> field, plasma = Panel("2019-01-02", "2019-01-03"), Panel("2019", "2020")  # doctest: +SKIP
    >>> sciqlop_lab.link(field, plasma)  # doctest: +SKIP
    >>> field.time_range = "2019-01-02T15:00", "2019-01-02T22:00"  # doctest: +SKIP
    >>> plasma.time_range == field.time_range  # doctest: +SKIP
    True
    """
    strangers = [panel for panel in panels if not isinstance(panel, Linked)]
    if strangers:
        raise InvalidRequest(f"{strangers[0]!r:.60} is no panel", hint="link(panel, other)")
    if len({id(panel) for panel in panels}) < 2:
        raise InvalidRequest("one panel alone cannot be linked", hint="name the others too")
    first = panels[0]
    group = Group() if first._group is None else first._group
    members = {id(p): p for panel in panels for p in (panel, *panel.linked)}
    for panel in members.values():
        if panel._group is not group:
            panel.unlink()
            group.add(panel)
    group.spread(first.time_range)
