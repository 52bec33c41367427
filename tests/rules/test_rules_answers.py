"""Rules 1 to 9: what an answer is, how it is asked for, and what it is made of."""

from __future__ import annotations

import shutil
import time
import warnings
from contextlib import suppress

import numpy as np
import pytest

from speasy_core import codecs
from speasy_core.errors import (
    CorruptFile,
    DeadlineExceeded,
    HttpStatusError,
    IncompleteBody,
    ServerUnreachable,
    SpeasyError,
    UnexpectedContent,
)
from speasy_core.timerange import TimeRange
from tests.core import test_no_dangerous_calls as search
from tests.faults.cases import caches
from tests.faults.cases.bodies import bomb
from tests.faults.cases.transport import BODY, LIST
from tests.faults.judge import judge
from tests.faults.world import CDA, START, STOP

WEEKS = ("2019-01-01", "2019-01-22")
SECOND_WEEK = LIST + "20190108"


def test_rule_01_no_silent_hole(world):
    world.fault(match=SECOND_WEEK, status=500)
    asked = world.ask(CDA, *WEEKS, timeout=20.0, on_error="gaps")
    v, span = asked.result, TimeRange(*WEEKS)
    (gap,) = v.gaps
    assert gap.range == TimeRange("2019-01-08", "2019-01-15")
    assert "500" in gap.reason
    assert gap.retryable
    # what came and what is declared make up what was asked for
    for piece in span.subtract([gap.range]):
        inside = v[piece]
        assert len(inside) == len(asked.truth[piece])
    assert len([w for w in asked.warned if "v.gaps" in w]) == 1


def test_rule_02_none_is_never_an_error(world):
    for fault in ({"status": 404}, {"empty": True}, {"html": True}, {"body": b"[]"}):
        world.fault(match=LIST, **fault)
        asked = world.ask(session=world.session(cache_dir=world.folder / str(fault)[2:6]))
        assert isinstance(asked.error, SpeasyError), fault
    # empty means that the server said so
    empty = world.session().get_data(CDA, "1990-01-01", "1990-01-02")
    assert len(empty) == 0
    assert empty.gaps == ()


def test_rule_03_one_root_with_product_range_url_cause_attempts_retry_at(world):
    world.fault(match=LIST, status=503, retry_after="3600")
    error = world.ask().error
    assert isinstance(error, SpeasyError)
    assert error.product == CDA
    assert error.range == TimeRange(START, STOP)
    assert error.url.startswith(world.archive.url)
    assert error.attempts == 1
    assert error.retry_at is not None
    assert error.hint
    world.fault(match=LIST, reset=True)
    broken = world.ask(session=world.session(cache_dir=world.folder / "other")).error
    assert isinstance(broken, ServerUnreachable)
    assert broken.attempts == 3
    assert broken.cause is not None
    # whatever a provider stumbles over is said as one of ours
    for junk in (b"[" * 100_000, b'{"FileDescription": 7}', b'{"FileDescription": [{"Name": 3}]}'):
        world.fault(match=LIST, body=junk, content_type="application/json")
        asked = world.ask(session=world.session(cache_dir=world.folder / str(len(junk))))
        assert isinstance(asked.error, UnexpectedContent), asked.error


@pytest.mark.parametrize(
    "fault",
    [
        {"delay": 5.0},
        {"slow_headers": 0.4},
        {"drip": 0.2},
        {"cut": 500, "stall": 5.0},
        {"status": 503},
    ],
    ids=str,
)
def test_rule_04_one_deadline_over_everything(world, fault):
    world.fault(match=BODY, **fault)
    asked = world.ask(timeout=1.0)
    assert isinstance(asked.error, (DeadlineExceeded, HttpStatusError))
    assert asked.seconds <= 1.5


def test_rule_04_bytes_are_capped_before_they_are_decoded(world):
    world.fault(match=BODY, body=bomb(), encoding="gzip")
    asked = world.ask_elsewhere()
    assert "grows more than" in str(asked.error)
    assert asked.memory < 400 * 2**20


def test_rule_05_three_tries_and_a_breaker(world):
    session = world.session()
    for tries, fault in ((3, {"status": 500}), (3, {"reset": True}), (1, {"status": 404})):
        before = len(world.archive.requests)
        world.fault(match=LIST, **fault)
        with pytest.raises(SpeasyError):
            session.get_data(CDA, START, STOP, refresh=True)
        world.mend()
        asked = [path for _, path in world.archive.requests[before:] if LIST in path]
        assert len(asked) == tries, fault
    for _ in range(3):
        world.fault(match=LIST, reset=True)
        failed = world.ask(session=session, refresh=True)
    assert isinstance(failed.error, ServerUnreachable)
    before = len(world.archive.requests)
    began = time.monotonic()
    with pytest.raises(ServerUnreachable, match="left alone for a while") as caught:
        session.get_data(CDA, START, STOP, refresh=True)
    assert time.monotonic() - began < 0.5
    assert caught.value.retry_at is not None
    assert len(world.archive.requests) == before, "an open breaker asks nobody"


def test_rule_06_a_body_counts_when_it_is_proven_whole(world):
    whole = world.truths.get(CDA, START, STOP)
    asked = 0
    for cut in (1, 300, 4000, 21_000):
        world.fault(match=BODY, cut=cut, cut_silently=True)
        outcome = world.ask(session=world.session(cache_dir=world.folder / str(cut)))
        assert isinstance(outcome.error, (IncompleteBody, UnexpectedContent)), outcome.result
        assert not isinstance(outcome.error, CorruptFile)
        asked += 1
    world.fault(match=BODY, times=2, cut=4000, cut_silently=True)
    again = world.ask()
    assert judge("R", again, world)[0] == "R"
    assert asked == 4
    assert len(whole) == len(again.result)


def test_rule_07_content_is_sniffed_and_html_has_its_own_error(world):
    for place in (LIST, BODY):
        world.fault(match=place, html=True, content_type="application/x-cdf")
        asked = world.ask(session=world.session(cache_dir=world.folder / place.strip("/")[:4]))
        assert isinstance(asked.error, UnexpectedContent)
        assert "HTML page «Scheduled maintenance»" in str(asked.error)


def test_rule_08_decoding_is_bounds_checked_and_its_memory_capped(world):
    import tracemalloc

    body = codecs.get("cdf").load().encode([world.truths.get(CDA, START, STOP)])
    random = np.random.default_rng(1)
    tracemalloc.start()
    for _ in range(300):
        damaged = bytearray(body)
        for at in random.integers(0, len(body), 4):
            damaged[at] = random.integers(0, 256)
        with warnings.catch_warnings(), suppress(SpeasyError):
            warnings.simplefilter("ignore")
            codecs.decode(bytes(damaged), source="x.cdf")
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < 64 * 2**20


@pytest.mark.parametrize("package", ["speasy_core", "sciqlop_lab"])
def test_rule_09_nothing_turns_data_into_code(package):
    files = [path for path in search.FILES if package in path.parts]
    assert len(files) > 10
    for path in files:
        search.test_rule_9_no_pickle_eval_exec_or_unpacking(path)


def test_rule_09_what_is_planted_is_not_executed(world):
    for case in caches.area.cases:
        if "pickle planted" in case.name:
            shutil.rmtree(world.cache, ignore_errors=True)
            assert judge("R", case.play(world), world)[0] == "R", case.name
    assert not world.canary.exists()
