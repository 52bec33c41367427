"""The chain from a file to a variable, over the local archive's real wire format."""

from __future__ import annotations

import numpy as np
import pytest

import speasy_core as spz
from speasy_core.demo import LocalArchive
from speasy_core.errors import (
    CorruptFile,
    InvalidTimeRange,
    OfflineError,
    ServerError,
    ServerUnreachable,
    SpeasyError,
    SpeasyWarning,
    UnexpectedContent,
    UnknownProduct,
    UnknownProvider,
)

FIELD = "cda/AC_H0_MFI/BGSEc"
MOMENTS = "cda/MMS1_FPI_FAST_L2_DIS-MOMS"
CUT = "mms1_fpi_fast_l2_dis-moms_20151201000000_v3.3.0.cdf"


@pytest.fixture(scope="module")
def real_archive(shared_data):
    with LocalArchive(data=shared_data / "cda") as archive:
        yield archive


@pytest.fixture
def real(real_archive, tmp_path):
    real_archive.requests.clear()
    with spz.Session(real_archive.settings(cache_dir=tmp_path)) as session:
        yield session


@pytest.fixture(scope="module")
def archive():
    with LocalArchive() as served:
        yield served


@pytest.fixture
def session(archive, tmp_path):
    with spz.Session(archive.settings(cache_dir=tmp_path)) as made:
        yield made


def test_a_real_day_of_ace(real, shared_data):
    v = real.get_data(FIELD, "2023-01-02", "2023-01-03")
    direct = spz.read_file(shared_data / "cda/AC_H0_MFI/ac_h0_mfi_20230102_v07.cdf")["BGSEc"]
    assert v.shape == (5400, 3)
    assert v.unit == "nT"
    assert v.dtype == np.float32
    assert np.array_equal(v.time, direct.time)
    assert np.array_equal(v.values, direct.values, equal_nan=True)
    assert v.gaps == ()


def test_real_moments_and_their_spectrogram(real):
    density, spectrum = real.get_data(
        [f"{MOMENTS}/mms1_dis_numberdensity_fast", f"{MOMENTS}/mms1_dis_energyspectr_omni_fast"],
        "2015-12-01T12:00",
        "2015-12-01T13:00",
    )
    assert density.shape == (800,)
    assert density.unit == "cm^-3"
    assert spectrum.kind == "spectrogram"
    assert spectrum.shape == (800, 32)
    assert spectrum.axes[0].unit == "eV"


@pytest.mark.parametrize(
    ("product", "day", "rows"),
    [
        ("cda/MMS1_FGM_BRST_L2/mms1_fgm_b_gse_brst_l2", "2016-12-09", 15360),
        ("cda/PSP_FLD_L2_MAG_RTN_1MIN/psp_fld_l2_mag_RTN_1min", "2020-01-04", 118),
        ("cda/SOLO_L2_MAG-RTN/B_RTN", "2021-07-11", 1440),
    ],
)
def test_other_missions(real, product, day, rows):
    day = np.datetime64(day)
    assert len(real.get_data(product, day, "P1D")) == rows


def test_the_truncated_file_is_an_error_that_names_it(real):
    with pytest.raises(CorruptFile, match=CUT):
        real.get_data(f"{MOMENTS}/mms1_dis_tempperp_fast", "2015-12-01", "2015-12-01T01")


def test_the_truncated_file_on_disk_too(shared_data):
    with pytest.raises(CorruptFile, match=CUT):
        spz.read_file(shared_data / "cda/MMS1_FPI_FAST_L2_DIS-MOMS" / CUT)


def test_everything_works_again_with_the_archive_stopped(tmp_path):
    start, stop = "2019-01-02T15:00", "2019-01-02T16:00"
    product = "cda/MMS1_FGM_SRVY_L2/mms1_fgm_b_gse_srvy_l2"
    with LocalArchive() as archive:
        settings = archive.settings(cache_dir=tmp_path)
        with spz.Session(settings) as session:
            session.update_inventories()
            first = session.get_data(product, start, stop)
    with spz.Session(settings) as session:  # as after a new start, and nobody answers
        again = session.get_data(product, start, stop)
        assert np.array_equal(again.values, first.values)
        assert "MMS1_FGM_SRVY_L2" in str(session.find_product("mms1 fgm gse"))
        assert len(session.inventories.tree.cda) > 0
        with pytest.raises(ServerUnreachable):
            session.get_data(product, stop, "2019-01-02T16:10")
        with pytest.warns(SpeasyWarning, match="see v.gaps"):
            part = session.get_data(product, start, "2019-01-02T16:10", on_error="gaps")
        assert np.array_equal(part.values, first.values)
        assert [str(g.range) for g in part.gaps] == ["2019-01-02T16:00:00Z/2019-01-02T16:10:00Z"]


@pytest.mark.parametrize(
    ("product", "start", "stop", "error", "words"),
    [
        ("cda/AC_H0_MFI/BGSEx", "2019-01-02", "2019-01-03", UnknownProduct, "BGSEx"),
        ("cda/NO_SUCH_SET/B", "2019-01-02", "2019-01-03", UnknownProduct, "NO_SUCH_SET"),
        ("nasa/AC_H0_MFI/B", "2019-01-02", "2019-01-03", UnknownProvider, "nasa"),
        (FIELD, "2019-01-03", "2019-01-02", InvalidTimeRange, "stops before it starts"),
        (FIELD, "2019-01-03", "2019-01-03", InvalidTimeRange, "is empty"),
    ],
)
def test_a_mistake_is_named(session, product, start, stop, error, words):
    with pytest.raises(error, match=words):
        session.get_data(product, start, stop)


@pytest.mark.parametrize(
    ("product", "said"),
    [
        ("ssc/acee", r"did you mean ssc/ace\?"),
        ("cda/AC_H0_MFI/NOTHING", r"its variables: cda/AC_H0_MFI/Magnitude, .*BGSEc"),
    ],
)
def test_what_is_near_is_named(session, product, said):
    session.inventory.refresh(["ssc", "cda"])
    with pytest.raises(UnknownProduct, match=said):
        session.get_data(product, "2023-01-02", "2023-01-02T01")


def test_a_misspelt_variable_gets_a_suggestion(session):
    session.update_inventories()
    with pytest.raises(UnknownProduct, match=r"did you mean .*BGSEc"):
        session.get_data("cda/AC_H0_MFI/BGSE", "2019-01-02", "2019-01-03")


def test_outside_the_coverage_is_empty(session):
    session.update_inventories()
    with pytest.warns(SpeasyWarning, match="has data from"):
        assert len(session.get_data(FIELD, "1970-01-02", "1970-01-03")) == 0


@pytest.mark.parametrize("where", ["/WS/cdasr", "/tmp/ws"])
def test_html_in_place_of_data_quotes_its_title(archive, session, where):
    with (
        archive.faults.on(html=True, match=where),
        pytest.raises((UnexpectedContent, ServerError), match="HTML"),
    ):
        session.get_data(FIELD, "2019-01-02", "2019-01-03")


@pytest.mark.parametrize(
    "fault",
    [
        {"status": 404, "match": "/tmp/ws"}, {"status": 500},
        {"status": 503, "retry_after": "3600"},
        {"empty": True}, {"reset": True}, {"cut": 500, "match": "/tmp/ws"},
        {"cut": 500, "cut_silently": True, "match": "/tmp/ws"},
        {"encoding": "gzip", "match": "/tmp/ws"}, {"redirect": "file:///etc/passwd"},
        {"delay": 5.0},
    ],
    ids=str,
)  # fmt: skip
def test_no_fault_gives_wrong_data_or_none(archive, session, fault):
    with archive.faults.on(**fault), pytest.raises(SpeasyError) as caught:
        session.get_data(FIELD, "2019-01-02", "2019-01-03", timeout=3)
    assert FIELD in str(caught.value)
    assert len(session.get_data(FIELD, "2019-01-02", "2019-01-03")) == 5400


def test_a_passing_fault_is_not_seen(archive, session):
    with archive.faults.on(status=503, retry_after="0", times=1, match="/tmp/ws"):
        assert len(session.get_data(FIELD, "2019-01-02", "2019-01-03")) == 5400


def test_offline_before_anything_was_fetched(session):
    with spz.offline(), pytest.raises(OfflineError, match="AC_H0_MFI"):
        session.get_data(FIELD, "2019-01-02", "2019-01-03")


def test_synthetic_data_says_so(session):
    v = session.get_data(FIELD, "2019-01-02", "2019-01-02T01")
    assert "yes" in str(v.meta["dataset"]["Synthetic"])
