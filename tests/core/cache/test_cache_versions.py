"""Old answers are asked again, and versions are not mixed."""

from __future__ import annotations

import threading
import time

import numpy as np
import pytest
from cache_tools import DAY, HOUR, Archive, days, get, same

from speasy_core import errors
from speasy_core.http import Deadline
from speasy_core.provider import Fetched
from speasy_core.timerange import TimeRange
from speasy_core.variable import SpeasyVariable

# --- rules 14, 15: versions and age ----------------------------------------


def test_rule_14_offline_versions_are_not_mixed_without_a_word(cache, archive):
    get(cache, archive, days(0, 1))
    archive.version, archive.scale = "v2", 2.0
    get(cache, archive, days(2, 3))
    with pytest.warns(errors.SpeasyWarning, match="offline.*older versions"):
        v = get(cache, archive, days(0, 3), offline=True)
    assert [(p.version, p.state) for p in v.provenance] == [("v1", "stale"), ("v2", "cached")]
    assert [gap.range for gap in v.gaps] == [days(1, 2)]
    same(get(cache, archive, days(2, 3), offline=True), archive, days(2, 3))


def test_rule_15_old_data_is_revalidated(cache, archive, later):
    get(cache, archive, days(0, 1))
    later(8 * 86_400)
    v = get(cache, archive, days(0, 1))
    assert archive.since == [None, "v1"]
    assert [p.state for p in v.provenance] == ["cached"]
    get(cache, archive, days(0, 1))
    assert len(archive.asked) == 2


def test_rule_15_changed_data_replaces_the_old(cache, archive, later):
    get(cache, archive, days(0, 1))
    later(8 * 86_400)
    archive.version, archive.scale = "v2", 2.0
    same(get(cache, archive, days(0, 1)), archive, days(0, 1))
    same(get(cache, archive, days(0, 1)), archive, days(0, 1))
    assert len(archive.asked) == 2


def test_rule_15_stale_data_is_flagged_when_the_server_fails(cache, archive, later):
    get(cache, archive, days(0, 1))
    later(8 * 86_400)
    archive.errors = [(days(0, 9), errors.ServerUnreachable("refused"))]
    with pytest.warns(errors.SpeasyWarning, match="out of date.*refused"):
        v = get(cache, archive, days(0, 1))
    same(v, archive, days(0, 1))
    assert [p.state for p in v.provenance] == ["stale"]


def test_rule_15_stale_data_comes_within_two_seconds(cache, archive, later):
    get(cache, archive, days(0, 1))
    later(8 * 86_400)
    archive.gate = threading.Event()
    started = time.monotonic()
    with pytest.warns(errors.SpeasyWarning, match="out of date"):
        v = get(cache, archive, days(0, 1), seconds=60)
    assert time.monotonic() - started < 2.5
    same(v, archive, days(0, 1))
    archive.gate.set()


def test_recent_data_is_asked_again_soon(cache, later):
    archive = Archive(step=60 * 10**9)
    now = time.time_ns()
    span = TimeRange.from_ns(now - 2 * HOUR, now + HOUR)
    get(cache, archive, span)
    get(cache, archive, span)
    assert len(archive.asked) == 1
    later(1000)
    get(cache, archive, span)
    assert archive.since == [None, "v1"]


def test_a_wrong_clock_does_not_keep_data_for_ever(cache, archive, later):
    later(400 * 86_400)
    get(cache, archive, days(0, 1))
    later(-400 * 86_400)
    get(cache, archive, days(0, 1))
    assert len(archive.asked) == 2


def test_rule_14_a_new_version_refetches_the_older_part(cache, archive):
    get(cache, archive, days(0, 1))
    archive.version, archive.scale = "v2", 2.0
    v = get(cache, archive, days(0, 2))
    same(v, archive, days(0, 2))
    assert {p.version for p in v.provenance} == {"v2"}
    archive.asked.clear()
    same(get(cache, archive, days(0, 2)), archive, days(0, 2))
    assert not archive.asked


def test_rule_14_a_version_change_within_one_call(cache, archive):
    def changing(span, since):
        if span == days(1, 2) and archive.version == "v1":
            time.sleep(0.2)
            archive.version, archive.scale = "v2", 2.0
        return archive(span, since)

    v = cache.get("p/x", days(0, 2), changing, deadline=Deadline(5), max_request_ns=DAY)
    same(v, archive, days(0, 2))


def test_rule_14_marks_of_single_files_are_asked_once(cache):
    archive = Archive()

    def per_file(span, since):
        mark = str(span.start_ns)
        archive.asked.append(span)
        return Fetched(None, mark) if since == mark else Fetched(archive.variable(span), mark)

    for _ in range(3):
        v = cache.get("p/x", days(0, 3), per_file, deadline=Deadline(5), max_request_ns=DAY)
        same(v, archive, days(0, 3))
    assert len(archive.asked) == 5


def test_rule_14_a_version_that_cannot_be_checked_is_flagged(cache, archive):
    get(cache, archive, days(0, 1))
    archive.version = "v2"
    archive.errors = [(days(0, 1), errors.ServerUnreachable("refused"))]
    with pytest.warns(errors.SpeasyWarning, match="out of date"):
        v = get(cache, archive, days(0, 2))
    assert {(p.version, p.state) for p in v.provenance} == {("v1", "stale"), ("v2", "fresh")}


def test_a_product_that_changed_its_shape_is_fetched_anew(cache, archive):
    get(cache, archive, days(0, 1))

    def three(span, since):
        t = archive.variable(span).time_ns
        return Fetched(SpeasyVariable(t, np.zeros((len(t), 3)), unit="nT", name="x"))

    v = cache.get("p/x", days(0, 2), three, deadline=Deadline(5))
    assert v.shape == (48, 3)
