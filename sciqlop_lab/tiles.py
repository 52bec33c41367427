"""Between the comm callback and the worker threads: which picture is computed next, and sent.

A callback only notes what a view wants. Per view and graph one computation runs and at most one,
the newest, waits. A computation that is of no use for the newest view is cancelled, and what
belongs to an older generation is not sent. What is ready 30 ms after the request goes out in one
message; what takes longer follows as it comes.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from speasy_core.http import Deadline
from speasy_core.timerange import TimeRange

from .pool import MEMORY, SLOW
from .protocol import PROTOCOL_VERSION, ProtocolError, parse_ns
from .sources import Result, Source, ViewRequest
from .usercode import describe_error

__all__ = ["Engine", "Send", "read_view"]

_log = logging.getLogger(__name__)

Send = Callable[[dict[str, Any], list[Any]], None]

FIRST_ANSWER = 0.03
_MOST_PIXELS = 20_000
_MOST_VIEWS = 64


def read_view(content: dict[str, Any]) -> ViewRequest:
    """Return the request that a ``view`` message makes.

    Raises
    ------
    ProtocolError
        A field is missing or of the wrong kind.
    """
    view, gen, width = (content.get(key) for key in ("view", "gen", "width"))
    if not isinstance(view, str) or not 0 < len(view) <= 200:
        raise ProtocolError("view is the name of a view")
    if isinstance(gen, bool) or not isinstance(gen, int) or gen < 0:
        raise ProtocolError("gen is a whole number from 0")
    if isinstance(width, bool) or not isinstance(width, (int, float)) or not width >= 0:
        raise ProtocolError("width is a number of pixels")
    start, stop = parse_ns(content.get("start")), parse_ns(content.get("stop"))
    if not start < stop:
        raise ProtocolError("a view stops after it starts")
    pixels = int(min(max(width, 1), _MOST_PIXELS))
    return ViewRequest(view, gen, TimeRange.from_ns(start, stop), pixels)


@dataclass(slots=True)
class _Slot:
    """One graph in one view: what runs for it, and the newest that waits."""

    plot: str
    source: Source
    running: ViewRequest | None = None
    deadline: Deadline | None = None
    queued: ViewRequest | None = None


@dataclass(slots=True)
class _View:
    request: ViewRequest | None = None
    slots: dict[str, _Slot] = field(default_factory=dict)
    pending: set[str] = field(default_factory=set)
    ready: list[tuple[str, Result]] = field(default_factory=list)
    answered: bool = True
    sending: bool = False


class Engine:
    """Serves the views of one panel.

    Parameters
    ----------
    send : callable
        ``send(content, buffers)``; called from worker threads, one call at a time.
    """

    def __init__(self, send: Send) -> None:
        self._send = send
        self._views: dict[str, _View] = {}
        self._lock = threading.RLock()
        self._sending = threading.Lock()
        self._calm = threading.Condition(self._lock)
        self.errors: dict[str, dict[str, Any]] = {}

    # -- what callbacks do: note and return -----------------------------------------------
    def request(self, request: ViewRequest, graphs: Iterable[tuple[str, str, Source]]) -> None:
        """Note what a view wants; an older generation than the view's newest is ignored.

        Parameters
        ----------
        request : ViewRequest
        graphs : iterable of (plot id, graph id, Source)
        """
        with self._lock:
            view = self._view(request.view)
            if view.request is not None and request.gen < view.request.gen:
                return
            wanted = {graph: (plot, source) for plot, graph, source in graphs}
            for gone in view.slots.keys() - wanted.keys():
                self._drop(view.slots.pop(gone))
            view.request, view.ready, view.answered = request, [], False
            view.pending = set(wanted)
            for graph, (plot, source) in wanted.items():
                self._want(view, graph, plot, source, request)
            if not wanted:
                MEMORY.submit(lambda: self._flush(view, request.gen))
                return
        timer = threading.Timer(FIRST_ANSWER, self._flush, (view, request.gen))
        timer.daemon = True
        timer.start()

    def add(self, graphs: Iterable[tuple[str, str, Source]]) -> None:
        """Compute some graphs (again) for what every view shows now."""
        graphs = list(graphs)
        with self._lock:
            for view in self._views.values():
                if view.request is None:
                    continue
                for plot, graph, source in graphs:
                    view.pending.add(graph)
                    self._want(view, graph, plot, source, view.request, again=True)

    def remove(self, graphs: Iterable[str]) -> None:
        """Forget graphs that are no longer shown."""
        with self._lock:
            for graph in graphs:
                self.errors.pop(graph, None)
                for view in self._views.values():
                    view.pending.discard(graph)
                    if graph in view.slots:
                        self._drop(view.slots.pop(graph))
            self._calm.notify_all()

    def open(self, name: str) -> None:
        """Note that a view is there; one that is known stays as it is."""
        with self._lock:
            self._view(name)

    def cancel(self, name: str) -> None:
        """Drop what is queued for a view, and the view."""
        with self._lock:
            view = self._views.pop(name, None)
            if view is not None:
                view.request = None
                for slot in view.slots.values():
                    self._drop(slot)
            self._calm.notify_all()

    def close(self) -> None:
        """Drop everything."""
        with self._lock:
            for name in list(self._views):
                self.cancel(name)

    @property
    def views(self) -> list[str]:
        """Names of the views that are served."""
        with self._lock:
            return list(self._views)

    def wait(self, timeout: float | None = None) -> bool:
        """Block until everything asked for is computed; False when `timeout` seconds ran out."""
        with self._calm:
            return self._calm.wait_for(self._is_calm, timeout)

    # -- under the lock -------------------------------------------------------------------
    def _is_calm(self) -> bool:
        return not any(view.pending or view.ready or view.sending for view in self._views.values())

    def _view(self, name: str) -> _View:
        if name not in self._views:
            while len(self._views) >= _MOST_VIEWS:
                self.cancel(next(iter(self._views)))
            self._views[name] = _View()
        return self._views[name]

    @staticmethod
    def _drop(slot: _Slot) -> None:
        slot.queued = None
        if slot.deadline is not None:
            slot.deadline.cancel()

    def _want(
        self,
        view: _View,
        graph: str,
        plot: str,
        source: Source,
        request: ViewRequest,
        *,
        again: bool = False,
    ) -> None:
        slot = view.slots.get(graph)
        if slot is not None and slot.source is not source:
            self._drop(slot)  # what still runs for it finds itself replaced
            slot = None
        if slot is None:
            slot = view.slots[graph] = _Slot(plot, source)
        slot.plot = plot
        if slot.running is None:
            self._start(view, graph, slot, request)
        elif slot.running.same_picture(request) and not again:
            slot.running, slot.queued = request, None
        else:
            slot.queued = request
            running = slot.running.range
            if slot.deadline is not None and not source.serves(running, request.range):
                slot.deadline.cancel()

    def _start(self, view: _View, graph: str, slot: _Slot, request: ViewRequest) -> None:
        slot.running, slot.queued, slot.deadline = request, None, None
        MEMORY.submit(lambda: self._from_memory(view, graph, slot))

    def _take_newest(self, slot: _Slot) -> ViewRequest:
        with self._lock:
            if slot.queued is not None:
                slot.running, slot.queued = slot.queued, None
            assert slot.running is not None
            return slot.running

    # -- in workers -----------------------------------------------------------------------
    def _from_memory(self, view: _View, graph: str, slot: _Slot) -> None:
        request = self._take_newest(slot)
        try:
            result = slot.source.ready(request)
        except Exception as error:  # noqa: BLE001 - whatever it is, it is shown on its plot
            result = _error(error, slot.source.label, request.range)
        if result is None:
            SLOW.submit(lambda: self._from_source(view, graph, slot))
        else:
            self._finish(view, graph, slot, request, result)

    def _from_source(self, view: _View, graph: str, slot: _Slot) -> None:
        with self._lock:
            request = self._take_newest(slot)
            deadline = Deadline(slot.source.timeout)
            if view.slots.get(graph) is not slot:  # removed while it waited in line
                deadline.cancel()
            slot.deadline = deadline
        result: Result | None
        try:
            result = slot.source.load(request, deadline)
        except Exception as error:  # noqa: BLE001 - whatever it is, it is shown on its plot
            result = None if deadline.cancelled else _error(error, slot.source.label, request.range)
        self._finish(view, graph, slot, request, result)

    def _finish(
        self, view: _View, graph: str, slot: _Slot, asked: ViewRequest, result: Result | None
    ) -> None:
        with self._lock:
            request = slot.running or asked  # a newer generation may have adopted this picture
            following = slot.queued
            slot.running = slot.deadline = None
            if view.slots.get(graph) is not slot:
                return
            if following is not None:
                self._start(view, graph, slot, following)
            elif result is None:
                if view.request is not None:
                    self._start(view, graph, slot, view.request)
                return
            current = view.request
            if current is None or not request.same_picture(current) or graph not in view.pending:
                return
            if result is None or following is not None:
                return
            self._note(graph, result)
            view.pending.discard(graph)
            fields = {"graph": graph, "plot": slot.plot, **result.fields}
            view.ready.append((graph, Result(fields, result.range, result.arrays)))
            if view.pending and not view.answered:
                return  # the timer, or the last of them, sends it
            gen = current.gen
        self._flush(view, gen)

    def _note(self, graph: str, result: Result) -> None:
        if result.fields["status"] == "error":
            self.errors[graph] = result.fields["error"]
        else:
            self.errors.pop(graph, None)

    def _flush(self, view: _View, gen: int) -> None:
        """Send what is ready, unless a newer generation has begun."""
        with self._sending:
            with self._lock:
                request = view.request
                if request is None or request.gen != gen:
                    return
                if not view.ready and view.answered:
                    return
                results = [result for _, result in view.ready]
                view.ready, view.answered, view.sending = [], True, True
                pending = sorted(view.pending)
            try:
                for content, buffers in _messages(request, results, pending):
                    self._send(content, buffers)
            except Exception:  # noqa: BLE001 - the view may have gone; others go on
                _log.exception("cannot send to the view")
            with self._calm:
                view.sending = False
                self._calm.notify_all()


def _error(error: BaseException, label: str, span: TimeRange) -> Result:
    fields = {"status": "error", "label": label, "error": describe_error(error)}
    return Result(fields, span)


def _messages(
    request: ViewRequest, results: list[Result], pending: list[str]
) -> Iterable[tuple[dict[str, Any], list[Any]]]:
    """Make one message for each range that results cover, at least one in all."""
    groups: dict[TimeRange, list[Result]] = {}
    for result in results:
        groups.setdefault(result.range, []).append(result)
    for span, members in (groups or {request.range: []}).items():
        items: list[dict[str, Any]] = []
        buffers: list[Any] = []
        for result in members:
            item = dict(result.fields)
            for name, array in result.arrays.items():
                item[name] = len(buffers)
                buffers.append(np.ascontiguousarray(array).reshape(-1).view(np.uint8).data)
            items.append(item)
        content = {
            "v": PROTOCOL_VERSION,
            "type": "tiles",
            "view": request.view,
            "gen": request.gen,
            "start": str(span.start_ns),
            "stop": str(span.stop_ns),
            "items": items,
            "pending": pending,
        }
        yield content, buffers
