"""The two scripts of the SciQLop poster, as people write them, against plain numpy."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import signal as scipy_signal

import speasy_core as spz
from speasy_core.demo import LocalArchive
from speasy_core.signal.filtering import sosfiltfilt
from speasy_core.signal.resampling import interpolate
from speasy_core.variable import SpeasyVariable

CASSINI = "cda/CO_MAG_1SEC/B_RTN"
MMS = "cda/MMS1_FPI_FAST_L2_DIS-MOMS/mms1_dis_"
E, MU0 = 1.602176634e-19, 4e-7 * np.pi


@pytest.fixture(scope="module")
def session(tmp_path_factory):
    folder = tmp_path_factory.mktemp("poster")
    with LocalArchive() as archive, spz.Session(archive.settings(cache_dir=folder)) as made:
        yield made


def check(result, expected, *, unit):
    assert isinstance(result, SpeasyVariable)
    assert result.name
    assert result.unit == unit
    assert np.allclose(result.values, expected, rtol=1e-6, atol=1e-6, equal_nan=True)


def test_mean_field_aligned_coordinates(session):
    B = session.get_data(CASSINI, "2009-01-02T00:00", "2009-01-02T06:00")
    sos = scipy_signal.butter(4, [1 / 600, 1 / 60], btype="bandpass", fs=1.0, output="sos")

    B0 = np.median(B, axis=0)
    delta = B - B0
    er = B0 / np.linalg.norm(B0)
    etheta = np.cross(er, (1, 0, 0))
    etheta = etheta / np.linalg.norm(etheta)
    ephi = np.cross(er, etheta)
    ephi = ephi / np.linalg.norm(ephi)
    M = np.array([er, etheta, ephi])
    B_mfa = np.einsum("kj,ij->ik", M, delta)
    filtered = sosfiltfilt(sos=sos, var=B_mfa)

    b = np.asarray(B.values, dtype=float)
    b0 = np.median(b, axis=0)
    m = np.array([np.asarray(er), np.asarray(etheta), np.asarray(ephi)], dtype=float)
    assert np.allclose(np.median(b, axis=0), B0, rtol=1e-6)
    plain = (b - b0) @ m.T
    check(B_mfa, plain, unit="nT")
    check(filtered, scipy_signal.sosfiltfilt(sos, plain, axis=0), unit="nT")
    assert np.array_equal(filtered.time, B.time)
    assert np.abs(m @ m.T - np.eye(3)).max() < 1e-6
    # along the mean field, and across it
    assert np.median(np.abs(B_mfa.values[:, 0])) < np.linalg.norm(b0)


def test_mirror_mode_threshold(session):
    start, stop = "2019-01-02T16:40", "2019-01-02T17:40"
    tpara, tperp, b, n = session.get_data(
        [
            MMS + "temppara_fast", MMS + "tempperp_fast",
            "cda/MMS1_FGM_SRVY_L2/mms1_fgm_b_gse_srvy_l2", MMS + "numberdensity_fast",
        ],
        start,
        stop,
    )  # fmt: skip
    b = interpolate(tperp, b)
    Bt = b["Bt"]
    beta_perp = n * 1e6 * tperp * E * 2 * MU0 / (Bt * 1e-9) ** 2
    mirror = beta_perp * (tperp / tpara - 1)
    # the factors above convert to SI without saying so: only their author knows that it cancels
    mirror = mirror.with_unit("")

    raw = session.get_data("cda/MMS1_FGM_SRVY_L2/mms1_fgm_b_gse_srvy_l2", start, stop)
    t0 = raw.time_ns[0]
    plain_b = np.interp(
        (tperp.time_ns - t0) / 1e9, (raw.time_ns - t0) / 1e9, raw.values[:, 3].astype(float),
        left=np.nan, right=np.nan,
    )  # fmt: skip
    plain_beta = (
        n.values.astype(float) * 1e6 * tperp.values.astype(float) * E * 2 * MU0
        / (plain_b * 1e-9) ** 2
    )  # fmt: skip
    plain = plain_beta * (tperp.values.astype(float) / tpara.values.astype(float) - 1)
    inside = np.isfinite(plain)
    assert inside.sum() > 700
    assert isinstance(mirror, SpeasyVariable)
    assert mirror.unit == ""
    assert np.allclose(mirror.values[inside], plain[inside], rtol=1e-6, atol=1e-6)
    # the threshold is passed where the trains of mirror modes are, and not all the time
    assert 0.005 < np.mean(mirror.values[inside] > 1) < 0.5


def test_the_script_as_it_stands_keeps_units_honest(session):
    """Without stripping units the numbers are the same, and the unit is what the algebra gives."""
    start, stop = "2019-01-02T16:40", "2019-01-02T16:45"
    tperp, n = session.get_data([MMS + "tempperp_fast", MMS + "numberdensity_fast"], start, stop)
    pressure = n * 1e6 * tperp * E
    assert isinstance(pressure, SpeasyVariable)
    assert pressure.unit not in ("", n.unit, tperp.unit)
