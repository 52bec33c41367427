"""One event from L1 to the magnetopause, and the labelled passages through the boundary layer."""

from __future__ import annotations

import numpy as np
import pytest

from speasy_core.demo import _computed_events as computed
from speasy_core.demo._orbits import ORBITS
from speasy_core.demo.synthetic import arrivals, magnetopause, season
from speasy_core.demo.synthetic.solarwind import shocks, wind
from speasy_core.timerange import to_ns

FPI = 4_500_000_000
MU0 = 4e-7 * np.pi


def times(start: str, count: int, step: int = FPI) -> np.ndarray:
    return to_ns(start) + np.arange(count, dtype=np.int64) * step


def the_shock():
    (shock,) = shocks(to_ns("2020-01-01"), to_ns("2020-01-02"))
    return shock


# -- the wind's shocks ---------------------------------------------------------------------------
@pytest.mark.parametrize("spacecraft", ["mms1", "cluster1", "cluster4", "themisa"])
def test_the_delay_is_distance_over_speed(spacecraft):
    shock = the_shock()
    at = arrivals.arrival_ns(shock, spacecraft)
    from_x = ORBITS["ace"].positions(np.array([shock.time_ns]), "gse")[0, 0]
    to_x = ORBITS[spacecraft].positions(np.array([at]), "gse")[0, 0]
    assert (at - shock.time_ns) / 1e9 == pytest.approx(
        (from_x - to_x) / shock.shock_speed, rel=1e-6
    )
    assert 25 * 60 < (at - shock.time_ns) / 1e9 < 40 * 60


@pytest.mark.parametrize("spacecraft", ["mms1", "cluster1"])
def test_the_boundary_is_pushed_over_each_spacecraft_when_the_shock_is_there(spacecraft):
    at = arrivals.arrival_ns(the_shock(), spacecraft)
    t = at + np.arange(-600, 600, dtype=np.int64) * 10**9
    state = magnetopause.crossing(t, spacecraft)
    before, after = t < at, t > at + 60 * 10**9
    assert state.sheath[before].max() < 0.01
    assert state.sheath[after].min() > 0.99
    # the field is squeezed in the very sample in which the shock comes
    jump = state.strength[1:] / state.strength[:-1]
    assert t[1:][np.argmax(jump)] == t[np.searchsorted(t, at)]
    assert jump.max() > 1.5


def test_the_push_is_that_of_the_wind_that_ace_saw():
    shock = the_shock()
    at = arrivals.arrival_ns(shock, "mms1")
    since = np.arange(0, 3 * 3600, 60, dtype=np.int64) * 10**9
    push = arrivals.push(at + since, "mms1")
    assert push is not None
    assert push.density[0] == pytest.approx(shock.compression)
    upstream = wind(np.array([shock.time_ns - 10**9, shock.time_ns + 10**9]))
    pressure = upstream.density * upstream.velocity[:, 0] ** 2
    assert push.pressure[0] == pytest.approx(pressure[1] / pressure[0], rel=0.1)
    assert np.all(np.diff(push.pressure) < 0)  # it fades
    assert push.inward[5] == pytest.approx(10 * (1 - push.pressure[5] ** (-1 / 6.6)), rel=1e-6)


def test_pressures_balance_behind_the_shock_and_in_the_month():
    at = arrivals.arrival_ns(the_shock(), "mms1")
    for t in (at + np.arange(0, 4000, 5) * 10**9, times("2017-11-05T06:00", 8000)):
        push, variety = arrivals.push(t, "mms1"), season.variety(t)
        state = magnetopause.crossing(t)
        thermal = sum(
            n * heat[0] for kind in ("ion", "electron") for n, heat in state.plasmas(kind)
        )
        magnetic = (state.strength * 1e-9) ** 2 / (2 * MU0)
        total = magnetic + thermal * 1e6 * magnetopause.E_CHARGE
        factor = np.ones(1) if push is None else push.pressure
        if variety is not None:
            factor = factor * variety.pressure
        balanced = np.isclose(total, magnetopause.TOTAL_PRESSURE * 1e-9 * factor, rtol=1e-6)
        assert balanced.mean() > 0.98  # but for peaks of mirror modes, where the field is smallest
        assert np.all(magnetic >= 2e-11 * 0.999)


@pytest.mark.parametrize(
    ("start", "density", "strength", "velocity"),
    [
        ("2019-01-02T18:30", 24896.8615, 90010.087, 297028.221),
        ("2020-01-01T05:00", 39875.6288, 78727.6262, 384692.225),
        ("2005-02-14", 33706.0032, 83048.8899, 331523.266),
    ],
)
def test_days_without_either_have_the_numbers_that_they_always_had(
    start, density, strength, velocity
):
    """Sums that were recorded before there were shocks at MMS and the varied month."""
    state = magnetopause.crossing(times(start, 2048))
    sums = state.density.sum(), state.strength.sum(), np.abs(state.velocity).sum()
    assert sums == pytest.approx((density, strength, velocity), rel=1e-8)


def test_they_are_told_apart_by_their_dates():
    assert arrivals.push(times("2019-01-02T18:00", 4000), "mms1") is None  # a shock before 2020
    assert season.variety(times("2017-10-31", 19_200)) is None
    assert season.variety(times("2017-12-01", 100)) is None
    assert season.variety(times("2017-11-30", 100)) is not None


# -- the varied month ----------------------------------------------------------------------------
def test_the_month_is_the_same_however_it_is_asked_for():
    t = times("2017-11-08T03:00", 9000)
    whole, part = magnetopause.crossing(t), magnetopause.crossing(t[3000:3500])
    assert np.allclose(whole.density[3000:3500], part.density, rtol=1e-9)
    assert np.allclose(whole.strength[3000:3500], part.strength, rtol=1e-9)
    moments = {"density": whole.density, "velocity": whole.velocity}
    some = {"density": part.density, "velocity": part.velocity}
    noisy, some = season.noisy(moments, t, FPI), season.noisy(some, t[3000:3500], FPI)
    assert np.allclose(noisy["density"][3000:3500], some["density"], rtol=1e-9)
    assert np.allclose(noisy["velocity"][3000:3500], some["velocity"], rtol=1e-6, atol=1e-6)


def test_the_noise_of_counting():
    t = times("2017-11-08", 19_200)
    state = magnetopause.crossing(t)
    noisy = season.noisy({"density": state.density, "velocity": state.velocity}, t, FPI)
    relative = noisy["density"] / state.density - 1
    thin, dense = state.density < 1, state.density > 15
    assert relative[thin].std() == pytest.approx(0.06 / np.sqrt(0.75), rel=0.25)
    assert relative[dense].std() < 0.02
    assert abs(np.corrcoef(relative[1:], relative[:-1])[0, 1]) < 0.05
    assert (noisy["density"] > 0).all()
    assert not np.array_equal(noisy["velocity"], state.velocity)
    quiet = times("2019-01-02", 100)
    moments = {"density": np.ones(100)}
    assert season.noisy(moments, quiet, FPI) is moments


def test_labels_are_where_the_plasmas_are_mixed():
    events = computed.boundary_layers()
    assert 500 < len(events) < 800
    kinds = [event.meta["kind"] for event in events]
    assert 0.2 < kinds.count("partial") / len(kinds) < 0.5
    speeds = np.array([event.meta["speed"] for event in events])
    assert np.percentile(speeds, 90) > 5 * np.percentile(speeds, 10)
    for event in events[::25]:
        t = np.arange(event.start_ns - FPI, event.stop_ns + FPI, FPI)
        sheath = magnetopause.crossing(t).sheath
        mixed = (sheath > 0.05) & (sheath < 0.95)
        assert mixed[1:-1].all()
        assert not mixed[0]
        assert not mixed[-1]
        crosses = (sheath[0] > 0.5) != (sheath[-1] > 0.5)
        assert event.meta["kind"] == ("full" if crosses else "partial")
        assert event.meta["before"] == ("magnetosheath" if sheath[0] > 0.5 else "magnetosphere")


def test_the_list_of_shocks_is_what_passes_ace():
    events = computed.shocks()
    assert len(events) == len(shocks(to_ns("2020-01-01"), to_ns("2026-01-01"))) > 100
    for event in events[::20]:
        middle = to_ns(event.meta["time"])
        assert event.start_ns < middle < event.stop_ns
        density = wind(np.array([middle - 10**9, middle + 10**9])).density
        assert density[1] / density[0] == pytest.approx(event.meta["compression"], rel=0.01)
