"""Panels that show the same time."""

from __future__ import annotations

import gc
import threading

import pytest

import sciqlop_lab
from speasy_core.errors import InvalidRequest
from speasy_core.timerange import TimeRange

PRODUCT = "cda/D/wave"


class Page:
    """The other end of a panel's comm."""

    def __init__(self, panel):
        self.panel, self.got, self.changed = panel, [], threading.Condition()
        panel.send = self._receive

    def _receive(self, content, buffers=None):
        with self.changed:
            self.got.append(content)
            self.changed.notify_all()

    def send(self, kind, **fields):
        self.panel._handle_custom_msg({"v": 3, "type": kind, **fields}, [])

    def wait(self, check):
        with self.changed:
            assert self.changed.wait_for(lambda: any(map(check, self.got)), 5), self.got
            return next(filter(check, self.got))


@pytest.fixture
def pair(session, day):
    made = [sciqlop_lab.Panel(day, session=session) for _ in range(2)]
    yield made
    for panel in made:
        panel.close()


def later(span, days=1):
    return span.shifted(days * 86_400 * 10**9)


def test_what_moves_one_moves_both(pair, day):
    one, two = pair
    two.time_range = later(day, 5)
    one.link(two)
    assert two.time_range == one.time_range == day
    assert one.group == two.group != ""
    two.time_range = later(day)
    assert one.time_range == later(day)
    assert one.spec["time_range"] == two.spec["time_range"]
    two.undo()
    assert two.time_range == one.time_range == day
    spec = two.spec | {"time_range": {"start": "0", "stop": "1000"}}
    two.spec = spec
    assert one.time_range == TimeRange.from_ns(0, 1000)
    one.unlink()
    one.time_range = later(day)
    assert two.time_range == TimeRange.from_ns(0, 1000)
    assert one.group == ""
    assert two.linked == []


def test_groups_join(pair, session, day):
    more = [sciqlop_lab.Panel(later(day, 9), session=session) for _ in range(2)]
    sciqlop_lab.link(*pair)
    sciqlop_lab.link(*more)
    sciqlop_lab.link(pair[1], more[0])
    assert len({panel.group for panel in [*pair, *more]}) == 1
    assert {panel.time_range for panel in [*pair, *more]} == {day}
    more[1].close()
    assert len(pair[0].linked) == 2
    more[0].close()


def test_other_renderers_take_part(pair, session, day):
    bq = sciqlop_lab.Panel(later(day, 3), renderer="bqplot", session=session)
    pair[0].link(bq)
    bq.time_range = later(day)
    assert pair[0].time_range == later(day)
    bq.close()
    assert pair[0].linked == []


def test_what_cannot_be_linked_is_refused(pair):
    with pytest.raises(InvalidRequest, match="alone"):
        sciqlop_lab.link(pair[0])
    with pytest.raises(InvalidRequest, match="is no panel"):
        pair[0].link("p2")


def test_one_message_asks_for_all_panels(pair, day):
    pages = [Page(panel) for panel in pair]
    for name, page in zip("ab", pages, strict=True):
        page.panel.plot(PRODUCT)
        page.send("hello", view=name)
    sciqlop_lab.link(*pair)
    ends = {"start": str(day.start_ns), "stop": str(day.stop_ns)}
    views = [
        {"v": 3, "type": "view", "view": name, "gen": 1, "width": 800, "plots": {}, **ends}
        for name in ("a", "b", "unknown")
    ]
    pages[1].send("views", views=views)
    for name, page in zip("ab", pages, strict=True):
        found = page.wait(lambda content: content["type"] == "tiles" and content["items"])
        assert (found["view"], found["items"][0]["status"]) == (name, "ok")
    pages[0].send("views", views=[{"v": 3, "type": "command", "id": "x", "command": {}}])
    assert pages[0].got[-1]["type"] == "notice"


def test_both_ends_may_move_at_once(pair, day):
    one, two = pair
    one.link(two)

    def move(panel, sign):
        for k in range(100):
            panel.time_range = later(day, sign * k)

    threads = [threading.Thread(target=move, args=pair_of) for pair_of in ((one, 1), (two, -1))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
        assert not thread.is_alive(), "the panels wait for each other"
    assert one.time_range == two.time_range


def test_a_panel_that_is_gone_leaves(pair, session, day):
    sciqlop_lab.link(pair[0], pair[1])
    pair[1].close()
    gc.collect()
    assert pair[0].linked == []
    pair[0].time_range = later(day)
