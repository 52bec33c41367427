"""Synthetic data: deterministic, labelled as such, and physics that holds."""

from __future__ import annotations

import tracemalloc
from typing import Any

import numpy as np
import pycdfpp
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from speasy_core.codecs import cdf as codec
from speasy_core.demo.holdings import NoData, TooLarge, UnknownVariable
from speasy_core.demo.synthetic import SyntheticDataset, datasets, magnetopause, noise, solarwind
from speasy_core.demo.synthetic.solarwind import ELECTRON_TEMPERATURE, GAMMA, KB, MP, MU0
from speasy_core.timerange import TimeRange

ALL = {d.description.id: d for d in datasets()}
EVENING = TimeRange("2019-01-02T15:00", "2019-01-02T22:00")


def load(dataset: str, names: list[str], wanted: TimeRange) -> Any:
    answer = ALL[dataset].answer(names, wanted, mangled=False)
    body = b"".join(answer.chunks())
    assert len(body) == answer.size
    codec.check(body, answer.name)
    return pycdfpp.load(body)


def data_names(dataset: SyntheticDataset) -> list[str]:
    return [v.name for v in dataset.variables()]


@pytest.mark.parametrize("dataset", ALL.values(), ids=list(ALL))
def test_overlapping_requests_have_the_same_bits(dataset: SyntheticDataset) -> None:
    assert dataset.span is not None
    start = dataset.span.start_ns + 86_400_000_000_000 * 777
    names = data_names(dataset)
    long = load(dataset.description.id, names, TimeRange.from_ns(start, start + 2 * 10**11))
    short = load(
        dataset.description.id, names, TimeRange.from_ns(start + 5 * 10**10, start + 10**11)
    )
    for name in names:
        clock = long[name].attributes["DEPEND_0"].value
        inside = np.isin(pycdfpp.to_datetime64(long[clock]), pycdfpp.to_datetime64(short[clock]))
        assert inside.sum() == len(short[clock])
        assert long[name].values[inside].tobytes() == short[name].values.tobytes()


@pytest.mark.parametrize("dataset", ALL.values(), ids=list(ALL))
def test_metadata_is_complete_and_says_synthetic(dataset: SyntheticDataset) -> None:
    master = pycdfpp.load(dataset.master())
    for key in ("Synthetic", "TEXT", "Acknowledgement", "Rules_of_use", "Logical_source"):
        assert master.attributes[key][0]
    assert master.attributes["Synthetic"][0].startswith("yes")
    for name in data_names(dataset):
        attributes = master[name].attributes
        for key in (
            "CATDESC", "FIELDNAM", "UNITS", "FILLVAL", "VALIDMIN", "VALIDMAX", "DISPLAY_TYPE",
            "SCALETYP", "DEPEND_0", "VAR_TYPE", "FORMAT",
        ):  # fmt: skip
            assert key in attributes, (name, key)
        assert attributes["CATDESC"].value.endswith("(synthetic)")
        assert "LABLAXIS" in attributes or "LABL_PTR_1" in attributes
        for key in ("DEPEND_0", "DEPEND_1", "LABL_PTR_1"):
            assert key not in attributes or attributes[key].value in master


@pytest.mark.parametrize("dataset", ALL.values(), ids=list(ALL))
def test_values_are_valid(dataset: SyntheticDataset) -> None:
    assert dataset.span is not None
    start = dataset.span.start_ns + 86_400_000_000_000 * 1000
    names = data_names(dataset)
    got = load(dataset.description.id, names, TimeRange.from_ns(start, start + 3 * 10**11))
    for name in names:
        low, high = (got[name].attributes[k].value[0] for k in ("VALIDMIN", "VALIDMAX"))
        assert np.all((got[name].values >= low) & (got[name].values <= high)), name


@settings(max_examples=30, deadline=None)
@given(
    start=st.integers(min_value=0, max_value=2 * 10**18),
    count=st.integers(min_value=1, max_value=50),
    cut=st.integers(min_value=0, max_value=49),
)
def test_noise_depends_on_time_alone(start: int, count: int, cut: int) -> None:
    t = start + np.arange(count, dtype=np.int64) * 1_234_567_890
    whole = noise.turbulence(t, 300.0, 6, 3, 2)
    part = noise.turbulence(t[cut:], 300.0, 6, 3, 2)
    assert np.allclose(whole[cut:], part, rtol=0, atol=1e-12)


def test_noise_has_unit_variance() -> None:
    t = np.arange(200_000, dtype=np.int64) * 1_000_000_000
    assert abs(noise.smooth(t, 10.0, 5).std() - 1.0) < 0.05
    assert abs(noise.normal(t, 9).std() - 1.0) < 0.02
    assert abs(noise.uniform(t, 9).mean() - 0.5) < 0.01


def test_shocks_obey_rankine_and_hugoniot() -> None:
    year = TimeRange("2023-01-01", "2024-01-01")
    found = solarwind.shocks(year.start_ns, year.stop_ns)
    assert 8 <= len(found) <= 40
    for shock in found[:12]:
        t = np.array([shock.time_ns - 1_000_000, shock.time_ns + 1_000_000], dtype=np.int64)
        state = solarwind.wind(t)
        n = state.density * 1e6
        speed = (shock.shock_speed + state.velocity[:, 0]) * 1e3
        # the waves turn the field and keep its strength; the component along the motion is kept too
        along = solarwind._quiet(t).field[:, 0]
        b = np.sqrt(np.sum(state.field**2, axis=1) - along**2) * 1e-9
        assert n[1] / n[0] == pytest.approx(shock.compression, rel=0.05)
        assert b[1] / b[0] == pytest.approx(shock.compression, rel=0.05)
        mass = n * MP * speed
        assert mass[1] == pytest.approx(mass[0], rel=0.35)
        electrons = ELECTRON_TEMPERATURE * np.array([1.0, shock.compression ** (GAMMA - 1)])
        pressure = n * KB * (state.temperature + electrons) + b**2 / (2 * MU0) + mass * speed
        assert pressure[1] == pytest.approx(pressure[0], rel=0.35)
        assert state.temperature[1] > state.temperature[0]
        assert shock.speed_jump > 0


def test_fluctuations_are_alfvenic() -> None:
    t = (
        TimeRange("2023-03-01", "2023-03-02").start_ns
        + np.arange(1000, dtype=np.int64) * 64 * 10**9
    )
    state = solarwind.wind(t)
    magnitude = np.linalg.norm(state.field, axis=1)
    # components vary far more than the strength does
    assert state.field.std(axis=0).max() > 2 * (magnitude - np.convolve(
        magnitude, np.ones(50) / 50, "same"))[50:-50].std()  # fmt: skip
    correlation = abs(np.corrcoef(state.field[:, 2], state.velocity[:, 2])[0, 1])
    assert correlation > 0.6


def test_pressure_balance_across_the_magnetopause() -> None:
    ions = load(
        "MMS1_FPI_FAST_L2_DIS-MOMS", ["mms1_dis_numberdensity_fast", "mms1_dis_tempperp_fast"],
        EVENING,
    )  # fmt: skip
    electrons = load("MMS1_FPI_FAST_L2_DES-MOMS", ["mms1_des_tempperp_fast"], EVENING)
    field = load("MMS1_FGM_SRVY_L2", ["mms1_fgm_b_gse_srvy_l2"], EVENING)
    fast, slow = pycdfpp.to_datetime64(field["Epoch"]), pycdfpp.to_datetime64(ions["Epoch"])
    b = field["mms1_fgm_b_gse_srvy_l2"].values.astype("f8")
    assert np.allclose(np.linalg.norm(b[:, :3], axis=1), b[:, 3], rtol=1e-5)
    strength = b[np.searchsorted(fast, slow), 3]
    n = ions["mms1_dis_numberdensity_fast"].values.astype("f8")
    heat = ions["mms1_dis_tempperp_fast"].values + electrons["mms1_des_tempperp_fast"].values
    total = (strength * 1e-9) ** 2 / (2 * MU0) + n * 1e6 * heat * magnetopause.E_CHARGE
    assert np.allclose(total * 1e9, magnetopause.TOTAL_PRESSURE, rtol=0.02)
    # the afternoon of the examples crosses the boundary more than once
    assert np.count_nonzero(np.diff(n > 5.0)) >= 4
    assert n.min() < 1.0 < 10.0 < n.max()


@pytest.mark.parametrize("kind", ["dis", "des"])
def test_moments_of_the_spectrogram(kind: str) -> None:
    p = f"mms1_{kind}"
    got = load(
        f"MMS1_FPI_FAST_L2_{kind.upper()}-MOMS",
        [f"{p}_energyspectr_omni_fast", f"{p}_numberdensity_fast", f"{p}_temppara_fast",
         f"{p}_tempperp_fast", f"{p}_bulkv_gse_fast"],
        EVENING,
    )  # fmt: skip
    energy = got[f"{p}_energy_fast"].values.astype("f8")
    assert energy.shape[1] == 32
    assert not np.array_equal(energy[0], energy[1])
    assert np.array_equal(energy[0], energy[2])
    mass = magnetopause.ION_MASS if kind == "dis" else magnetopause.ELECTRON_MASS
    flux = got[f"{p}_energyspectr_omni_fast"].values.astype("f8")
    joule = energy * magnetopause.E_CHARGE
    density = flux * 1e4 / (2 * (joule / mass) ** 2)
    speed = np.sqrt(2 * joule / mass)
    shell = 4 * np.pi * density * speed**2
    moment = _integrate(shell, speed)
    n = got[f"{p}_numberdensity_fast"].values
    assert np.percentile(abs(moment * 1e-6 / n - 1), 95) < 0.1
    mean_energy = _integrate(shell * joule, speed) / moment / magnetopause.E_CHARGE
    drift = 0.5 * mass * np.sum((got[f"{p}_bulkv_gse_fast"].values * 1e3) ** 2, axis=1)
    expected = (2 * got[f"{p}_tempperp_fast"].values + got[f"{p}_temppara_fast"].values) / 2
    expected = expected + drift / magnetopause.E_CHARGE
    assert np.percentile(abs(mean_energy / expected - 1), 95) < 0.25


def _integrate(values: Any, x: Any) -> Any:
    return np.sum((values[:, 1:] + values[:, :-1]) / 2 * np.diff(x, axis=1), axis=1)


def test_the_fast_product_is_large_and_needs_little_memory() -> None:
    dataset, name = ALL["MMS1_SCM_BRST_L2_SCB"], ["mms1_scm_acb_gse_scb_brst_l2"]
    day = dataset.answer(name, TimeRange("2019-01-02", "2019-01-03"), mangled=False)
    assert day.size > 1e9
    tracemalloc.start()
    try:
        received = 0
        for chunk in day.chunks():
            received += len(chunk)
            if received > 60_000_000:
                break
        assert tracemalloc.get_traced_memory()[1] < 150_000_000
    finally:
        tracemalloc.stop()
    with pytest.raises(TooLarge, match="GB"):
        dataset.answer(name, TimeRange("2019-01-02", "2019-01-05"), mangled=False)
    with pytest.raises(TooLarge):
        dataset.answer(name, TimeRange("2016-01-01", "2026-01-01"), mangled=False)


def test_bursts_are_apart() -> None:
    half_hour = TimeRange("2019-01-02T15:10", "2019-01-02T15:20")
    with pytest.raises(NoData):
        ALL["MMS1_SCM_BRST_L2_SCB"].answer(
            ["mms1_scm_acb_gse_scb_brst_l2"], half_hour, mangled=False
        )


def test_outside_of_coverage_and_unknown_names() -> None:
    with pytest.raises(NoData):
        ALL["MMS1_FGM_SRVY_L2"].answer(
            ["mms1_fgm_b_gse_srvy_l2"], TimeRange("2010-01-01", "2010-01-02"), mangled=False
        )
    with pytest.raises(UnknownVariable, match="nope"):
        ALL["AC_H0_MFI"].answer(["nope"], EVENING, mangled=False)


def test_two_time_axes() -> None:
    got = load(
        "MMS1_FGM_SRVY_L2", ["mms1_fgm_b_gse_srvy_l2", "mms1_fgm_r_gse_srvy_l2"],
        TimeRange("2019-01-02T15:00", "2019-01-02T15:10"),
    )  # fmt: skip
    assert got["Epoch"].shape == (9601,)
    assert got["Epoch_state"].shape == (21,)


def test_a_daily_file_is_what_the_service_says() -> None:
    dataset = ALL["AC_H0_SWE"]
    (file,) = dataset.files(TimeRange("2023-01-02T03:00", "2023-01-02T04:00"))
    chunks = dataset.read_file(file.name)
    assert chunks is not None
    body = b"".join(chunks())
    assert len(body) == file.size
    assert pycdfpp.load(body)["Np"].shape == (1350,)
