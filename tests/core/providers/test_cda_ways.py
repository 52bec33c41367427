"""Which way CDAWeb's data come: by its service or by files, and that both give the same."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import speasy_core as spz
from speasy_core.config import Settings
from speasy_core.demo import LocalArchive
from speasy_core.errors import (
    CorruptFile,
    HttpStatusError,
    InvalidRequest,
    SpeasyError,
    UnknownOption,
    UnknownProduct,
)
from speasy_core.http import Deadline, HttpClient
from speasy_core.product import ProductRef
from speasy_core.provider import Fetched
from speasy_core.providers.cda import CdaProvider
from speasy_core.timerange import TimeRange


def ask(
    provider: CdaProvider, start: str, stop: str, *, ref: ProductRef, method: object = "FILE"
) -> Fetched:
    return provider.fetch(
        ref, TimeRange(start, stop), deadline=Deadline(20), options={"method": method}
    )


@pytest.mark.parametrize("method", ["FIEL", "", "files", None, 3, ["FILE"]])
def test_another_method_is_an_error(http, method):
    provider = CdaProvider(Settings(), http)
    with pytest.raises(UnknownOption, match="'BEST', 'FILE' or 'API'"):
        ask(provider, "2020-01-01", "2020-01-02", ref=ProductRef("cda", "DS/B"), method=method)
    with pytest.raises(UnknownOption):
        provider.check_options({"method": method})


def test_spellings_of_a_method_are_one(http):
    provider = CdaProvider(Settings(), http)
    assert provider.check_options({"method": "file"}) == {"method": "FILE"}
    assert provider.check_options({"method": "Best"}) == provider.check_options({}) == {}


@pytest.fixture(scope="module")
def archive():
    with LocalArchive() as running:
        yield running


@pytest.fixture
def live(archive):
    settings = archive.settings()
    http = HttpClient(settings)
    archive.requests.clear()
    yield CdaProvider(settings, http)
    archive.faults.clear()
    http.close()


@pytest.mark.parametrize(
    ("ref", "start", "stop"),
    [
        ("AC_H0_MFI/BGSEc", "2018-12-31T22:00:05", "2019-01-01T01:00:00.5"),
        ("MMS1_FPI_FAST_L2_DES-MOMS/mms1_des_energyspectr_omni_fast", "2019-01-02T15",
         "2019-01-02T16"),
        ("CO_MAG_1SEC/B_RTN", "2009-01-02", "2009-01-02T01"),
    ],
)  # fmt: skip
def test_both_ways_give_the_same(live, ref, start, stop):
    product = ProductRef("cda", ref)
    by_file, by_service = (
        ask(live, start, stop, ref=product, method=m).variable for m in ("FILE", "API")
    )
    assert len(by_service)
    assert np.array_equal(by_file.time, by_service.time)
    assert np.array_equal(by_file.values, by_service.values, equal_nan=True)
    assert (by_file.unit, by_file.columns, by_file.kind) == (
        by_service.unit, by_service.columns, by_service.kind,
    )  # fmt: skip
    for ours, theirs in zip(by_file.axes, by_service.axes, strict=True):
        assert np.array_equal(ours.values, theirs.values)


def test_without_an_inventory_only_the_catalogue_is_asked_once(live, archive):
    for _ in range(2):
        ask(live, "2019-01-02", "2019-01-02T01", ref=ProductRef("cda", "AC_H0_MFI/BGSEc"))
    paths = [path for _, path in archive.requests]
    assert sum("all.xml" in path for path in paths) == 1
    assert not any("master.tar" in path or "/WS/" in path for path in paths)
    with pytest.raises(UnknownProduct, match="no data set 'NOPE'"):
        ask(live, "2019-01-02", "2019-01-03", ref=ProductRef("cda", "NOPE/x"))


def test_what_has_no_file_names_goes_by_the_service(live):
    ref = ProductRef("cda", "MMS1_SCM_BRST_L2_SCB/mms1_scm_acb_gse_scb_brst_l2")
    with pytest.raises(InvalidRequest, match="how its files are named"):
        ask(live, "2019-01-02T15", "2019-01-02T15:01", ref=ref)


def test_best_asks_the_service(live, archive):
    ask(live, "2019-01-02", "2019-01-03", ref=ProductRef("cda", "AC_H0_MFI/BGSEc"), method="best")
    assert all("/cdaweb/" in path for _, path in archive.requests)


@pytest.mark.parametrize("fault", [{"status": 500}, {"status": 503}, {"html": True}])
def test_best_reads_files_where_the_service_fails(live, archive, fault):
    live.inventory(deadline=Deadline(20))
    ref = ProductRef("cda", "AC_H0_MFI/BGSEc")
    expected = ask(live, "2019-01-02", "2019-01-03", ref=ref).variable
    with archive.faults.on(match="/WS/", **fault):
        v = ask(live, "2019-01-02", "2019-01-03", ref=ref, method="BEST").variable
        with pytest.raises(SpeasyError):
            ask(live, "2019-01-02", "2019-01-03", ref=ref, method="API")
    assert np.array_equal(v.values, expected.values)


def test_the_services_error_is_the_one_that_counts(live, archive):
    live.inventory(deadline=Deadline(20))
    ref = ProductRef("cda", "AC_H0_MFI/BGSEc")
    with archive.faults.on(status=500), pytest.raises(HttpStatusError) as caught:
        ask(live, "2019-01-02", "2019-01-03", ref=ref, method="BEST")
    assert "/WS/" in caught.value.url


def test_a_session_keeps_spellings_together_and_ways_apart(archive, tmp_path):
    with spz.Session(archive.settings(tmp_path)) as session:
        archive.requests.clear()
        job = ("cda/AC_H0_MFI/BGSEc", "2019-01-02", "2019-01-02T06")
        first = session.get_data(*job, method="file")
        count = len(archive.requests)
        again = session.get_data(*job, method="FILE")
        assert len(archive.requests) == count
        assert np.array_equal(first.values, again.values)
        session.get_data(*job)
        count = len(archive.requests)
        session.get_data(*job, method="BEST")
        assert len(archive.requests) == count
        with pytest.raises(UnknownOption, match="BEST"):
            session.get_data(*job, method="fiel")


def test_real_files(shared_data: Path, tmp_path):
    with LocalArchive(shared_data / "cda") as running:
        settings = running.settings(tmp_path)
        http = HttpClient(settings)
        provider = CdaProvider(settings, http)
        for ref, start, stop in (
            ("AC_H0_MFI/BGSEc", "2023-01-02T01", "2023-01-02T05"),
            ("SOLO_L2_MAG-RTN/B_RTN", "2021-07-11T01", "2021-07-11T02"),
            ("MMS1_FPI_FAST_L2_DIS-MOMS/mms1_dis_energyspectr_omni_fast", "2015-12-01T12:10",
             "2015-12-01T13"),
            ("OMNI_COHO1HR_MERGED_MAG_PLASMA/BR", "2024-09-10", "2024-09-20"),
        ):  # fmt: skip
            product = ProductRef("cda", ref)
            ours, theirs = (
                ask(provider, start, stop, ref=product, method=m).variable for m in ("FILE", "API")
            )
            assert len(ours), ref
            assert np.array_equal(ours.time, theirs.time)
            assert np.array_equal(ours.values, theirs.values, equal_nan=True)
        http.close()


def test_a_file_that_came_damaged_is_fetched_anew(archive, tmp_path):
    with spz.Session(archive.settings(cache_dir=tmp_path)) as session:
        asked = ("cda/AC_H0_SWE/Np", "2019-01-02", "2019-01-03")
        damage = {"match": r"ac_h0_swe_2019", "change": lambda body: body[:-40]}
        with archive.faults.on(**damage), pytest.raises(CorruptFile):
            session.get_data(*asked, method="FILE")
        assert len(session.get_data(*asked, method="FILE")) > 1000
