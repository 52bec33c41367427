"""Failures are remembered a short while, with their cause, and say so."""

from __future__ import annotations

import time
from datetime import UTC, datetime

import pytest
from cache_tools import DAY, days, get, same

from speasy_core import errors
from speasy_core.cache import Cache
from speasy_core.config import Settings
from speasy_core.http import VIEW
from speasy_core.store import DiskStore


def down(archive, error=None):
    archive.errors = [(days(0, 99), error or errors.ServerUnreachable("refused", url="http://h/x"))]


def fails(cache, archive, span, kind=errors.SpeasyError, priority=VIEW, **options):
    """Ask as a panel does, unless told otherwise."""
    with pytest.raises(kind) as caught:
        get(cache, archive, span, priority=priority, **options)
    return caught.value


def test_a_server_in_trouble_is_not_asked_at_every_view(cache, archive):
    down(archive)
    fails(cache, archive, days(0, 1))
    for _ in range(20):
        again = fails(cache, archive, days(0.2, 0.4), errors.ServerUnreachable)
    assert len(archive.asked) == 1
    assert "remembered from 20" in str(again)
    assert "refresh=True" in again.hint
    assert again.url == "http://h/x"


def test_a_script_that_asks_again_is_not_put_off(cache, archive):
    down(archive)
    fails(cache, archive, days(0, 1), priority=0)
    fails(cache, archive, days(0, 1), priority=0)
    assert len(archive.asked) == 2
    archive.errors = []
    same(get(cache, archive, days(0, 1)), archive, days(0, 1))


def test_refresh_asks_anyway_and_forgets(cache, archive):
    down(archive)
    fails(cache, archive, days(0, 1))
    fails(cache, archive, days(0, 1), refresh=True)
    assert len(archive.asked) == 2
    archive.errors = []
    same(get(cache, archive, days(0, 1), refresh=True), archive, days(0, 1))
    same(get(cache, archive, days(0, 1)), archive, days(0, 1))
    assert len(archive.asked) == 3


def test_it_is_asked_again_soon_and_then_less_often(cache, archive, later):
    down(archive)
    waits = []
    for _ in range(8):
        fails(cache, archive, days(0, 1))
        asked, waited = len(archive.asked), 0
        while len(archive.asked) == asked:
            later(1)
            waited += 1
            fails(cache, archive, days(0, 1))
        waits.append(waited)
    assert waits[0] <= 3
    assert waits == sorted(waits)
    assert 55 <= waits[-1] <= 61


def test_what_is_not_there_is_remembered_some_minutes(cache, archive, later):
    down(archive, errors.HttpStatusError("not found", status=404))
    fails(cache, archive, days(0, 1), priority=0)
    fails(cache, archive, days(0, 1), priority=0)  # said twice, it is believed
    assert len(archive.asked) == 2
    later(200)
    again = fails(cache, archive, days(0, 1), errors.HttpStatusError, priority=0)
    assert (again.status, len(archive.asked)) == (404, 2)
    later(200)
    fails(cache, archive, days(0, 1))
    assert len(archive.asked) == 3


@pytest.mark.parametrize(("seconds", "held"), [(100, 99), (10**9, 3500)])
def test_the_servers_own_time_is_honoured_up_to_an_hour(cache, archive, later, seconds, held):
    when = datetime.fromtimestamp(time.time() + min(seconds, 10**8), UTC).isoformat()
    down(archive, errors.HttpStatusError("busy", status=503, retry_at=when))
    fails(cache, archive, days(0, 1))
    later(held)
    fails(cache, archive, days(0, 1))
    assert len(archive.asked) == 1
    later(200)
    fails(cache, archive, days(0, 1))
    assert len(archive.asked) == 2


@pytest.mark.parametrize(
    "error",
    [
        errors.Cancelled("withdrawn"),
        errors.DeadlineExceeded("no time left"),
        errors.MissingCredentials("log in"),
        errors.HttpStatusError("log in", status=401),
        errors.UnknownProduct("no such product"),
        errors.CorruptFile("damaged"),
        errors.SpeasyError("the provider failed"),
    ],
)
def test_what_lies_with_the_caller_or_the_data_is_not_remembered(cache, archive, error):
    down(archive, error)
    fails(cache, archive, days(0, 1))
    fails(cache, archive, days(0, 1))
    assert len(archive.asked) == 2


def test_only_the_range_and_the_product_that_failed(cache, archive):
    archive.errors = [(days(1, 2), errors.ServerUnreachable("refused"))]
    with pytest.warns(errors.SpeasyWarning):
        get(cache, archive, days(0, 3), on_error="gaps", max_request_ns=DAY)
    archive.errors = []
    archive.asked.clear()
    same(get(cache, archive, days(2, 4)), archive, days(2, 4))
    same(get(cache, archive, days(1, 2), key="p/y"), archive, days(1, 2))
    with pytest.warns(errors.SpeasyWarning, match="remembered"):
        v = get(cache, archive, days(0, 5), on_error="gaps", priority=VIEW)
    assert [gap.range for gap in v.gaps] == [days(1, 2)]
    assert "remembered" in v.gaps[0].reason
    assert v.gaps[0].retryable


def test_old_data_stands_in_at_once(cache, archive, later):
    get(cache, archive, days(0, 1))
    later(8 * 86_400)
    down(archive)
    for _ in range(3):
        with pytest.warns(errors.SpeasyWarning, match="out of date.*refused"):
            v = get(cache, archive, days(0, 1))
        same(v, archive, days(0, 1))
        assert {p.state for p in v.provenance} == {"stale"}
    assert len(archive.asked) == 2


def test_other_processes_know(tmp_path, archive):
    down(archive)
    for n in range(2):
        cache = Cache(DiskStore(tmp_path / "data", 10**9), Settings(cache_dir=tmp_path))
        fails(cache, archive, days(0, 1), errors.ServerUnreachable)
        assert len(archive.asked) == 1, n
        cache.close()


def test_planted_failures_do_not_last(disk, archive):
    key = "#failed/p/x"
    good = {
        "start": days(0, 1).start_ns, "stop": days(0, 1).stop_ns, "since": time.time(),
        "until": time.time() + 50, "count": 1, "kind": "ServerUnreachable", "message": "m",
        "details": {},
    }  # fmt: skip
    for bad in (
        {"until": time.time() + 1e9}, {"kind": "eval"}, {"details": {"x": 1}}, {"count": "many"},
        {"start": 9, "stop": 3}, {"kind": "HttpStatusError"}, {"message": None},
    ):  # fmt: skip
        disk._store.update(key, lambda _, bad=bad: [{**good, **bad}])
        same(get(disk, archive, days(0, 1), refresh=True), archive, days(0, 1))
        disk.clear()
        disk._store.update(key, lambda _, bad=bad: [{**good, **bad}])
        same(get(disk, archive, days(0, 1)), archive, days(0, 1))
        disk.clear()
    disk._store.update(key, lambda _: [good])
    fails(disk, archive, days(0, 1), errors.ServerUnreachable)
