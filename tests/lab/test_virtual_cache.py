"""The cache of what functions computed."""

from __future__ import annotations

import logging
import re
import threading

import numpy as np
import pytest

import speasy_core as spz
from sciqlop_lab.virtual import virtual_product
from sciqlop_lab.virtual.fingerprint import NoFingerprint, fingerprint
from speasy_core.errors import SpeasyWarning
from speasy_core.provider import Fetched, InventoryUpdate
from speasy_core.variable import SpeasyVariable

T0 = 1_577_836_800.0  # 2020-01-01
HOUR = 3600.0


class Archive:
    """One product, a sample a second, whose version can be changed."""

    name, title, max_request_ns, options, cachable = "cda", "test", None, frozenset(), True

    def __init__(self):
        self.version, self.factor, self.asked = "1", 1.0, []

    def inventory(self, *, deadline, since=None):
        return InventoryUpdate("1", [])

    def fetch(self, ref, range, *, deadline, since=None, options=None):
        self.asked.append(range)
        t = np.arange(-(-range.start_ns // 10**9), -(-range.stop_ns // 10**9)) * 10**9
        return Fetched(SpeasyVariable(t, self.factor * np.sin(t / 1e12), unit="nT"), self.version)


@pytest.fixture
def archive():
    return Archive()


@pytest.fixture
def real(tmp_path, archive, monkeypatch):
    with spz.Session(spz.Settings(cache_dir=tmp_path)) as made:
        made._providers = {"vp": made.providers["vp"], "cda": archive}
        yield made


def define(session, function, path="t/x", **options):
    return virtual_product(path, test=False, session=session, cachable=True, **options)(function)


ASKED: list[tuple[float, float]] = []


def tally(start, stop):
    """Count a call; what a function writes does not count as its input."""
    ASKED.append((start, stop))


@pytest.fixture(autouse=True)
def fresh():
    ASKED.clear()
    return ASKED


def make(session, gain=1.0):
    def scaled(start: float, stop: float, offset: float = 0.0):
        tally(start, stop)
        return session.get_data("cda/a/b", start, stop) * gain + offset

    return scaled


def ask(session, a, b, **knobs):
    return session.get_data("vp/t/x", T0 + a * HOUR, T0 + b * HOUR, **knobs)


def test_the_same_range_is_computed_once(real, fresh):
    define(real, make(real))
    first, again = ask(real, 0, 1), ask(real, 0, 1)
    assert fresh == [(T0, T0 + HOUR)]
    assert np.array_equal(first.values, again.values)
    assert np.array_equal(first.time, again.time)
    assert (first.unit, first.name) == (again.unit, again.name)
    ask(real, 0, 0.5)
    assert fresh[1:] == [(T0, T0 + HOUR / 2)], "another range is another result"


def test_across_sessions_and_processes(real, fresh, tmp_path, archive):
    define(real, make(real))
    before = ask(real, 0, 1)
    real.close()
    with spz.Session(spz.Settings(cache_dir=tmp_path)) as other:
        other._providers = {"vp": other.providers["vp"], "cda": archive}
        define(other, make(other))
        assert np.array_equal(ask(other, 0, 1).values, before.values)
    assert len(fresh) == 1


def test_code_closure_knobs_and_globals_count(real, fresh):
    define(real, make(real))
    ask(real, 0, 1)
    define(real, make(real, gain=2.0))
    assert ask(real, 0, 1).values[5] == pytest.approx(2 * ask(real, 0, 1, offset=0).values[5] / 2)
    assert len(fresh) == 2
    changed = ask(real, 0, 1, offset=1.5)
    assert len(fresh) == 3
    assert changed.values[0] - ask(real, 0, 1).values[0] == pytest.approx(1.5)
    ask(real, 0, 1, offset=1.5)
    assert len(fresh) == 3
    define(real, make(real))
    ask(real, 0, 1)
    assert len(fresh) == 3, "the first function is still known"


def test_a_changed_input_counts(real, fresh, archive):
    define(real, make(real))
    before = ask(real, 0, 1)
    archive.version, archive.factor = "2", 3.0
    real.get_data("cda/a/b", T0, T0 + HOUR, refresh=True)
    after = ask(real, 0, 1)
    assert len(fresh) == 2
    assert np.allclose(after.values, before.values * 3)
    ask(real, 0, 1)
    assert len(fresh) == 2


def test_a_pan_over_a_pointwise_product_computes_the_new_half_only(real, fresh):
    define(real, make(real), locality="pointwise")
    ask(real, 0, 2)
    fresh.clear()
    v = ask(real, 1, 3)
    (call,) = fresh
    assert T0 + 2 * HOUR - 1 <= call[0] <= T0 + 2.1 * HOUR
    assert call[1] <= T0 + 3.1 * HOUR
    assert call[1] - call[0] <= 1.1 * HOUR
    truth = np.sin((np.arange(7200) + T0 + HOUR) * 1e9 / 1e12)
    assert np.allclose(v.values, truth)
    assert v.time_ns[0] == int((T0 + HOUR) * 1e9)
    fresh.clear()
    ask(real, 1.2, 2.7)
    assert fresh == [], "a zoom inside computes nothing"


def test_pieces_with_a_margin_are_like_the_whole(real, fresh):
    def smooth(start: float, stop: float):
        tally(start, stop)
        v = real.get_data("cda/a/b", start, stop)
        return v.time, np.convolve(v.values, np.ones(61) / 61, mode="same")

    define(real, smooth, margin="1min")
    ask(real, 0, 2)
    v = ask(real, 1, 3)
    assert len(fresh) == 2
    whole = np.sin((np.arange(-60, 3 * 3600 + 60) + T0) * 1e9 / 1e12)
    truth = np.convolve(whole, np.ones(61) / 61, mode="same")[60 + 3600 : -60]
    assert np.allclose(v.values, truth)


def test_products_that_build_on_each_other(real, fresh, archive):
    virtual_product("t/below", test=False, session=real, cachable=True)(make(real))

    def above(start, stop):
        tally(0, 0)
        return real.get_data("vp/t/below", start, stop) + 1

    define(real, above)
    ask(real, 0, 1)
    assert len(fresh) == 2
    ask(real, 0, 1)
    assert len(fresh) == 2
    virtual_product("t/below", test=False, session=real, cachable=True)(make(real, 5.0))
    v = ask(real, 0, 1)
    assert len(fresh) == 4
    assert v.values[100] == pytest.approx(5 * np.sin((T0 + 100) / 1e3) + 1)
    archive.version = "2"
    real.get_data("cda/a/b", T0, T0 + HOUR, refresh=True)
    ask(real, 0, 1)
    assert len(fresh) == 6


def test_what_has_no_fingerprint_is_computed_each_time_and_said_once(real, fresh):
    gate, lock = threading.Event(), threading.Lock()

    def f(start: float, stop: float):
        with lock:  # holds nothing
            tally(start, stop)
        return [start], [float(gate.is_set())]

    define(real, f)
    with pytest.warns(SpeasyWarning, match="gate is a Event") as said:
        ask(real, 0, 1)
    assert len(said) == 1
    ask(real, 0, 1)
    assert len(fresh) == 2


def test_what_failed_or_has_gaps_is_not_kept(real, fresh, archive):
    define(real, make(real))
    good, archive.fetch = archive.fetch, None
    with pytest.raises(spz.errors.SpeasyError):
        ask(real, 0, 1)
    archive.fetch = good
    assert len(ask(real, 0, 1)) == 3600


def test_clearing_the_cache_clears_results(real, fresh):
    define(real, make(real))
    ask(real, 0, 1)
    real.cache.clear("vp/t/x")
    ask(real, 0, 1)
    assert len(fresh) == 2


# ---------------------------------------------------------------------------- fingerprints

CONSTANT = 3


def uses_constant(start, stop):
    return CONSTANT


def uses_function(start, stop):
    return uses_constant(start, stop)


def test_a_global_constant_counts_also_of_functions_below(monkeypatch):
    before = fingerprint(uses_constant), fingerprint(uses_function)
    assert before == (fingerprint(uses_constant), fingerprint(uses_function))
    monkeypatch.setitem(globals(), "CONSTANT", 4)
    after = fingerprint(uses_constant), fingerprint(uses_function)
    assert before[0] != after[0]
    assert before[1] != after[1]


def test_arrays_and_objects_count():
    def over(value):
        return lambda start, stop: value

    class Own:
        def __init__(self, x):
            self.x = x

        def __call__(self, start, stop):
            return self.x

    def same(a, b):
        return fingerprint(over(a)) == fingerprint(over(b))

    assert same(np.arange(3), np.arange(3))
    assert not same(np.arange(3), np.arange(4))
    assert not same(1, 1.0)
    assert not same(0.0, -0.0)
    assert same({"a": [1, {2}]}, {"a": [1, {2}]})
    assert not same({"a": [1]}, {"a": [2]})
    assert same(Own(1), Own(1))
    assert not same(Own(1), Own(2))
    assert fingerprint(Own(1)) != fingerprint(Own(2))
    loop = []
    loop.append(loop)
    assert same(loop, loop)
    with pytest.raises(NoFingerprint, match="value is a generator"):
        fingerprint(over(x for x in []))


def test_counts_of_calls_do_not_count(real):
    calls, number = [], 0

    class Log:
        def __init__(self):
            self.lines = []

        def __call__(self, *words):
            self.lines.append(words)

    log = Log()

    def f(start: float, stop: float):
        nonlocal number
        number += 1
        calls.append((start, stop))
        log(start, stop)
        return real.get_data("cda/a/b", start, stop)

    define(real, f)
    ask(real, 0, 1)
    ask(real, 0, 1)
    assert (number, len(calls), len(log.lines)) == (1, 1, 1)


def test_recursion_ends():
    def fact(n, stop=0):
        return 1 if n == 0 else n * fact(n - 1)

    assert fingerprint(fact) == fingerprint(fact)


def test_what_functions_commonly_name_has_a_fingerprint(real):
    pattern, log = re.compile("x+"), logging.getLogger("x")
    product = define(real, uses_constant, path="t/called")

    def f(start, stop):
        log.info("computing")
        return product(start, stop), pattern.match("x"), np.pi, spz.get_data, real

    assert fingerprint(f) == fingerprint(f)
    before, pattern = fingerprint(f), re.compile("y+")
    assert fingerprint(f) != before
