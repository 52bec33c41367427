"""Between the comm callback and the worker threads: what is computed next, and sent.

A callback only notes what a view wants. Per view and graph one computation runs and at most one,
the newest, waits. A computation that is of no use for the newest view is cancelled, and what
belongs to an older generation is not sent. What is ready 30 ms after the request goes out in one
message; what takes longer follows as it comes. What is to be fetched ahead begins after the first
answer, when the page has what is visible of that graph, and is dropped with the request that named
it.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterable
from typing import Any

from speasy_core.http import BACKGROUND, VIEW, Deadline

from .pool import MEMORY, SLOW
from .slots import Place, Slot, View, placed, places_of, progress_of
from .sources import Source
from .tilecache import Result
from .views import ViewRequest
from .wire import Content, error_item, progress_message, stopped_item, tiles_message

__all__ = ["Engine", "Send"]

_log = logging.getLogger(__name__)

Send = Callable[[Content, list[Any]], None]
FIRST_ANSWER = 0.03
AHEAD_AFTER = 0.03  # in which the page draws what it got: both need the processor
PROGRESS_AFTER, PROGRESS_EVERY = 0.5, 0.25
_MOST_VIEWS = 64


class Engine:
    """Serves the views of one panel.

    Parameters
    ----------
    send : callable
        ``send(content, buffers)``; called from worker threads, one call at a time.
    """

    def __init__(self, send: Send) -> None:
        self._send = send
        self._views: dict[str, View] = {}
        self._lock = threading.RLock()
        self._sending = threading.Lock()
        self._calm = threading.Condition(self._lock)
        self.errors: dict[str, Content] = {}

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
            wanted = places_of(request, graphs)
            for gone in view.slots.keys() - wanted.keys():
                self._drop(view.slots.pop(gone))
            view.request, view.ready, view.answered = request, [], False
            view.pending = {graph for graph, ahead in wanted if not ahead}
            for place, (plot, source, want) in wanted.items():
                self._want(view, place, plot, source, want)
            if not view.pending:
                MEMORY.submit(lambda: self._flush(view, request.gen))
                return
        _later(FIRST_ANSWER, self._flush, view, request.gen)

    def add(self, graphs: Iterable[tuple[str, str, Source]]) -> None:
        """Compute some graphs (again) for what every view shows now."""
        graphs = list(graphs)
        with self._lock:
            for view in self._views.values():
                if view.request is None:
                    continue
                for plot, graph, source in graphs:
                    view.pending.add(graph)
                    whole = view.request.whole(source.tiled)
                    self._want(view, (graph, False), plot, source, whole, again=True)

    def remove(self, graphs: Iterable[str]) -> None:
        """Forget graphs that are no longer shown."""
        with self._lock:
            for graph in graphs:
                self.errors.pop(graph, None)
                for view in self._views.values():
                    view.pending.discard(graph)
                    for place in ((graph, False), (graph, True)):
                        if place in view.slots:
                            self._drop(view.slots.pop(place))
            self._calm.notify_all()

    def stop(self, name: str, graph: str) -> None:
        """Give up what a graph of a view is waiting for; the view is told."""
        with self._lock:
            view = self._views.get(name)
            slot = None if view is None else view.slots.pop((graph, False), None)
            if view is None or slot is None or view.request is None:
                return
            self._drop(slot)
            slot.source.abandon()
            view.pending.discard(graph)
            item = stopped_item(slot.source.label, slot.wanted.range)
            view.ready.append(placed(item, graph, slot))
            gen = view.request.gen
        self._flush(view, gen)

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
                view.later.clear()
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

    def _view(self, name: str) -> View:
        if name not in self._views:
            while len(self._views) >= _MOST_VIEWS:
                self.cancel(next(iter(self._views)))
            self._views[name] = View()
        return self._views[name]

    @staticmethod
    def _drop(slot: Slot) -> None:
        slot.queued = None
        if slot.deadline is not None:
            slot.deadline.cancel()

    def _want(
        self,
        view: View,
        place: Place,
        plot: str,
        source: Source,
        request: ViewRequest,
        *,
        again: bool = False,
    ) -> None:
        slot = view.slots.get(place)
        if slot is not None and slot.source is not source:
            self._drop(slot)  # what still runs for it finds itself replaced
            slot = None
        if slot is None:
            slot = view.slots[place] = Slot(plot, source, request)
        slot.plot, slot.wanted = plot, request
        if slot.running is None:
            self._start(view, place, slot, request)
        elif slot.running.same_picture(request) and not again:
            slot.running, slot.queued = request, None
        else:
            slot.queued = request
            running = slot.running
            ahead = place[1]
            of_use = source.serves(running.range, request.range)
            if slot.deadline is not None and not (request.goes_on(running) if ahead else of_use):
                slot.deadline.cancel()

    def _start(self, view: View, place: Place, slot: Slot, request: ViewRequest) -> None:
        slot.running = slot.queued = slot.deadline = None
        if view.holds_back(place):
            view.later.add(place)
            return
        slot.running = request
        slot.since = time.monotonic()
        MEMORY.submit(lambda: self._from_memory(view, place, slot), later=place[1])

    def _start_later(self, view: View) -> None:
        """Start what was held back and need not be any more."""
        with self._lock:
            free = {place for place in view.later if not view.holds_back(place)}
            view.later -= free
            for place in free:
                slot = view.slots.get(place)
                if slot is not None and slot.running is None:
                    self._start(view, place, slot, slot.wanted)

    def _take_newest(self, slot: Slot) -> ViewRequest:
        with self._lock:
            if slot.queued is not None:
                slot.running, slot.queued = slot.queued, None
            assert slot.running is not None
            return slot.running

    # -- in workers -----------------------------------------------------------------------
    def _from_memory(self, view: View, place: Place, slot: Slot) -> None:
        request = self._take_newest(slot)
        draft: list[Result] = []
        try:
            results = slot.source.ready(request)
            if results is None and not place[1]:
                draft = slot.source.draft(request)
        except Exception as error:  # noqa: BLE001 - whatever it is, it is shown on its plot
            results = [error_item(error, slot.source.label, request.range)]
        if results is not None:
            self._finish(view, place, slot, results)
            return
        self._show_draft(view, place, slot, draft)
        lane = self if slot.source.lane is None else slot.source.lane
        SLOW.submit(lane, lambda: self._from_source(view, place, slot), later=place[1])
        if not place[1]:
            self._watch(view)

    def _show_draft(self, view: View, place: Place, slot: Slot, results: list[Result]) -> None:
        """Send what stands in while the graph stays pending."""
        with self._lock:
            wanted = place[0] in view.pending and view.slots.get(place) is slot
            if not results or not wanted or slot.queued is not None or view.request is None:
                return
            view.ready += [placed(result, place[0], slot, "draft") for result in results]
            gen = view.request.gen
        self._flush(view, gen)

    def _from_source(self, view: View, place: Place, slot: Slot) -> None:
        with self._lock:
            request = self._take_newest(slot)
            priority = BACKGROUND if place[1] else VIEW
            deadline = Deadline(slot.source.timeout, priority=priority)
            if view.slots.get(place) is not slot:  # removed while it waited in line
                deadline.cancel()
            slot.deadline = deadline
        results: list[Result] | None
        try:
            results = slot.source.load(request, deadline)
        except Exception as error:  # noqa: BLE001 - whatever it is, it is shown on its plot
            failed = error_item(error, slot.source.label, request.range)
            results = None if deadline.cancelled else [failed]
        self._finish(view, place, slot, results)

    def _finish(self, view: View, place: Place, slot: Slot, results: list[Result] | None) -> None:
        graph, ahead = place
        with self._lock:
            following = slot.queued
            slot.running = slot.deadline = None
            if view.slots.get(place) is not slot:
                return
            if following is None and results is None:  # cancelled, and wanted after all
                following = slot.wanted
            if following is not None:
                self._start(view, place, slot, following)
                return
            current = view.request
            if current is None or results is None:
                return
            if not ahead:
                if graph not in view.pending:
                    return
                self._note(graph, results)
                view.pending.discard(graph)
            elif any(result.fields["status"] == "error" for result in results):
                return  # if it is needed after all it is asked for, and the error shown then
            mark = "ahead" if ahead else ""
            view.ready += [placed(result, graph, slot, mark) for result in results]
            if view.pending and not view.answered:
                return  # the timer, or the last of them, sends it
            gen = current.gen
        self._flush(view, gen)

    def _note(self, graph: str, results: list[Result]) -> None:
        failed = [result for result in results if result.fields["status"] == "error"]
        if failed:
            self.errors[graph] = failed[0].fields["error"]
        else:
            self.errors.pop(graph, None)

    def _flush(self, view: View, gen: int) -> None:
        """Send what is ready, unless a newer generation has begun."""
        with self._sending:
            with self._lock:
                request = view.request
                if request is None or request.gen != gen:
                    return
                if not view.ready and view.answered:
                    return
                results = view.ready
                view.ready, view.answered, view.sending = [], True, True
                pending = sorted(view.pending)
            self._post(*tiles_message(request, results, pending))
            with self._calm:
                view.sending = False
                self._calm.notify_all()
                held = bool(view.later)
        if held:
            _later(AHEAD_AFTER, self._start_later, view)

    def _post(self, content: Content, buffers: list[Any]) -> None:
        try:
            self._send(content, buffers)
        except Exception:  # noqa: BLE001 - the view may have gone; others go on
            _log.exception("cannot send to the view")

    # -- what takes long --------------------------------------------------------------------
    def _watch(self, view: View) -> None:
        """See to it that the view hears of what takes longer than half a second."""
        with self._lock:
            if view.watched:
                return
            view.watched = True
        _later(PROGRESS_AFTER, self._tell_progress, view)

    def _tell_progress(self, view: View) -> None:
        now = time.monotonic()
        with self._lock:
            request, slow = view.request, []
            for (graph, ahead), slot in view.slots.items():
                if not ahead and graph in view.pending and slot.running is not None:
                    slow.append((graph, now - slot.since, slot.deadline))
            view.watched = bool(slow) and request is not None
        items = [
            progress_of(graph, seconds, deadline)
            for graph, seconds, deadline in slow
            if seconds > 0.8 * PROGRESS_AFTER
        ]
        if slow and request is not None:
            if items:
                with self._sending:
                    self._post(progress_message(request, items), [])
            _later(PROGRESS_EVERY, self._tell_progress, view)


def _later(seconds: float, run: Callable[..., None], *args: Any) -> None:
    timer = threading.Timer(seconds, run, args)
    timer.daemon = True
    timer.start()
