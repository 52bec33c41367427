"""A folder of files, served."""

from __future__ import annotations

import io
import tarfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory
from xml.etree import ElementTree

import numpy as np
import pycdfpp
import pytest
from demo_tools import SERVICE, ask, data, fetch, hours, write_cdf
from hypothesis import given, settings
from hypothesis import strategies as st

from speasy_core import codecs
from speasy_core.codecs import cdf as codec
from speasy_core.demo import LocalArchive, _filenames, catalog
from speasy_core.demo.holdings import ArchiveError
from speasy_core.session import Session
from speasy_core.timerange import TimeRange


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_cdf(tmp_path / "a" / "xx_h0_tst_20200101_v01.cdf", hours("2020-01-01", 0, 24))
    write_cdf(tmp_path / "b" / "xx_h0_tst_20200102_v01.cdf", hours("2020-01-02", 0, 24), offset=7)
    whole = write_cdf(tmp_path / "tmp.cdf", hours("2020-01-03", 0, 24)).read_bytes()
    (tmp_path / "tmp.cdf").unlink()
    (tmp_path / "xx_h0_tst_20200104_v01.cdf").write_bytes(whole[:-5000])
    (tmp_path / "notes.txt").write_text("not a CDF")
    return tmp_path


@pytest.fixture
def archive(folder: Path) -> Iterator[LocalArchive]:
    with LocalArchive(folder) as running:
        yield running


def test_values_are_cut_in_time_and_joined_over_files(archive: LocalArchive) -> None:
    got = fetch(archive.url, "XX_H0_TST", "b", "20200101T120000Z", "20200102T120000Z")
    times = pycdfpp.to_datetime64(got["Epoch"])
    assert times[0] == np.datetime64("2020-01-01T12:00")
    assert times[-1] == np.datetime64("2020-01-02T12:00")
    assert len(times) == 24 * 60 + 1
    first = np.arange(3 * 1440, dtype="f4").reshape(-1, 3)
    expected = np.concatenate([first[720:], first[:721] + 7])
    assert got["b"].values.tobytes() == expected.tobytes()


def test_what_a_variable_points_to_comes_along_and_nothing_else(archive: LocalArchive) -> None:
    got = fetch(archive.url, "XX_H0_TST", "b", "20200101T000000Z", "20200101T010000Z")
    assert set(got) == {"b", "Epoch", "b_label", "b_error"}
    assert got["b_label"].is_nrv
    fill = got["b"].attributes["FILLVAL"]
    assert (fill.type(), fill.value) == (pycdfpp.DataType.CDF_REAL4, [np.float32(-1e31)])


def test_two_time_axes_in_one_answer(archive: LocalArchive) -> None:
    got = fetch(archive.url, "XX_H0_TST", "b,r", "20200101T000000Z", "20200101T010000Z")
    assert got["b"].shape == (61, 3)
    assert got["r"].shape == got["Epoch_slow"].shape == (7,)


def test_a_file_that_is_cut_answers_with_its_own_bytes(archive: LocalArchive, folder: Path) -> None:
    got = data(archive.url, "XX_H0_TST", "b", "20200104T000000Z", "20200104T010000Z")
    (described,) = got.json["FileDescription"]
    assert described["Name"].endswith("/xx_h0_tst_20200104_v01.cdf")
    body = ask(described["Name"]).body
    assert body == (folder / "xx_h0_tst_20200104_v01.cdf").read_bytes()


def test_gap_between_files_has_no_data(archive: LocalArchive) -> None:
    got = data(archive.url, "XX_H0_TST", "b", "20200103T000000Z", "20200103T230000Z")
    assert got.status == 404
    assert "No data available" in got.json["Message"][0]


@pytest.mark.parametrize(
    ("dataset", "names", "times", "status", "says"),
    [
        ("NO_SUCH", "b", "20200101T000000Z,20200102T000000Z", 404, "NO_SUCH"),
        ("XX_H0_TST", "nope", "20200101T000000Z,20200102T000000Z", 404, "nope"),
        ("XX_H0_TST", "b", "20200102T000000Z,20200101T000000Z", 400, "stops before"),
        ("XX_H0_TST", "b", "yesterday,20200101T000000Z", 400, "yesterday"),
        ("XX_H0_TST", "b", "20200101T000000Z", 400, "start,stop"),
    ],
)
def test_refusals_are_pages(
    archive: LocalArchive, dataset: str, names: str, times: str, status: int, says: str
) -> None:
    got = ask(f"{archive.url}{SERVICE}/datasets/{dataset}/data/{times}/{names}?format=cdf")
    assert got.status == status
    assert got.headers["content-type"] == "application/xhtml+xml"
    page = ElementTree.fromstring(got.body)
    texts = {p.get("class"): p.text or "" for p in page.iter("{http://www.w3.org/1999/xhtml}p")}
    assert set(texts) == {"ErrorMessage", "ErrorDescription"}
    assert says in texts["ErrorMessage"] + texts["ErrorDescription"]


def test_masters_are_made_without_records(archive: LocalArchive) -> None:
    got = ask(archive.url + "/spdf/pub/software/cdawlib/0MASTERS/master.tar")
    with tarfile.open(fileobj=io.BytesIO(got.body)) as tar:
        (name,) = tar.getnames()
        member = tar.extractfile(name)
        assert member is not None
        master = pycdfpp.load(member.read())
    assert name == "xx_h0_tst_00000000_v01.cdf"
    assert master["b"].shape == (0, 3)
    assert master["b_label"].shape[0] == 1
    assert master["b"].attributes["UNITS"].value == "nT"


def test_a_master_in_the_folder_is_used_as_it_is(folder: Path) -> None:
    master = write_cdf(folder / "m" / "xx_h0_tst_00000000_v01.cdf", hours("2020-01-01", 0, 1)[:0])
    with LocalArchive(folder) as archive:
        url = archive.url + "/spdf/pub/software/cdawlib/0MASTERS/xx_h0_tst_00000000_v01.cdf"
        assert ask(url).body == master.read_bytes()
        assert archive.datasets == ["XX_H0_TST"]


def test_catalogue_and_tree(archive: LocalArchive) -> None:
    xml = ElementTree.fromstring(ask(archive.url + "/spdf/pub/catalogs/all.xml").body)
    (dataset,) = xml.iter("{cdas}dataset")
    assert dataset.get("serviceprovider_ID") == "XX_H0_TST"
    assert dataset.get("timerange_start") == "2020-01-01 00:00:00"
    assert dataset.find("{cdas}mission_group").get("serviceprovider_ID") == "Testing"  # type: ignore[union-attr]
    access = dataset.find("{cdas}access")
    assert access is not None
    assert access.get("filenaming") == "xx_h0_tst_%Y%m%d_%Q.cdf"
    listing = ask(f"{access.findtext('{cdas}URL')}/")
    assert b'href="xx_h0_tst_20200101_v01.cdf"' in listing.body
    file = ask(f"{access.findtext('{cdas}URL')}/xx_h0_tst_20200101_v01.cdf")
    assert file.headers["content-type"] == "application/x-cdf"
    assert ask(archive.url + "/spdf/pub/data/testing/").status == 200
    assert ask(archive.url + "/spdf/pub/data/testing/xx_h0_tst/nothing.cdf").status == 404


def test_original_files(archive: LocalArchive) -> None:
    url = f"{archive.url}{SERVICE}/datasets/XX_H0_TST/orig_data/20200101T000000Z,20200101T120000Z"
    (described,) = ask(url, Accept="application/json").json["FileDescription"]
    assert described["Name"].startswith(archive.url + "/cdaweb/sp_phys/data/")
    assert len(ask(described["Name"]).body) == described["Length"]


def test_names_with_odd_characters_may_be_mangled(tmp_path: Path) -> None:
    write_cdf(tmp_path / "xx_h0_tst_20200101_v01.cdf", hours("2020-01-01", 0, 2), odd_name=True)
    with LocalArchive(tmp_path, mangle_names=True) as archive:
        got = fetch(archive.url, "XX_H0_TST", "b-field%2Fx", "20200101T000000Z", "20200101T010000Z")
        assert "b$field$x" in got
    with LocalArchive(tmp_path) as archive:
        got = fetch(archive.url, "XX_H0_TST", "b-field%2Fx", "20200101T000000Z", "20200101T010000Z")
        assert "b-field/x" in got


def test_only_the_highest_version_counts(tmp_path: Path) -> None:
    for version in ("v9", "v10"):
        write_cdf(
            tmp_path / f"xx_h0_tst_20200101_{version}.cdf", hours("2020-01-01", 0, 1),
            offset=int(version[1:]),
        )  # fmt: skip
    with LocalArchive(tmp_path) as archive:
        got = fetch(archive.url, "XX_H0_TST", "b", "20200101T000000Z", "20200101T010000Z")
        assert got["b"].values[0, 0] == 10


def test_parts_of_one_day_and_same_names_in_other_folders_are_all_served(tmp_path: Path) -> None:
    write_cdf(tmp_path / "xx_20200101_a.cdf", hours("2020-01-01", 0, 1))
    write_cdf(tmp_path / "xx_20200101_b.cdf", hours("2020-01-01", 1, 2))
    write_cdf(tmp_path / "2" / "plain.cdf", hours("2020-01-01", 2, 3))
    write_cdf(tmp_path / "3" / "plain.cdf", hours("2020-01-01", 3, 4))
    with LocalArchive(tmp_path) as archive:
        got = fetch(archive.url, "XX_H0_TST", "b", "20200101T000000Z", "20200102T000000Z")
        assert len(got["Epoch"].values) == 240


def test_a_variable_without_depend_0_comes_with_its_time(tmp_path: Path) -> None:
    cdf = pycdfpp.CDF()
    times = pycdfpp.to_tt2000(hours("2020-01-01", 0, 2))
    cdf.add_variable("Epoch", times, pycdfpp.DataType.CDF_TIME_TT2000)
    cdf.add_variable("x,y", np.arange(120.0)).add_attribute("VAR_TYPE", "data")
    (tmp_path / "xx_20200101.cdf").write_bytes(bytes(pycdfpp.save(cdf)))
    with LocalArchive(tmp_path) as archive:
        got = fetch(archive.url, "XX", "x%2Cy", "20200101T010000Z", "20200101T010200Z")
        assert got["x,y"].values.tolist() == [60.0, 61.0, 62.0]
        assert len(got["Epoch"].values) == 3


def test_a_file_that_may_not_be_opened_is_listed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_cdf(tmp_path / "xx_20200101_v01.cdf", hours("2020-01-01", 0, 1))
    plain = Path.read_bytes

    def refuse(path: Path) -> bytes:
        if path.parent == tmp_path:
            raise PermissionError(13, "Permission denied", str(path))
        return plain(path)

    monkeypatch.setattr(Path, "read_bytes", refuse)
    with LocalArchive(tmp_path) as archive:
        assert archive.datasets == ["XX"]
        got = data(archive.url, "XX", "b", "20200101T000000Z", "20200101T010000Z")
        (described,) = got.json["FileDescription"]
        assert described["Name"].endswith("/xx_20200101_v01.cdf")
        assert ask(described["Name"]).body == b""


def test_files_out_of_order_are_sorted_by_time(tmp_path: Path) -> None:
    late, early = hours("2020-01-01", 1, 3), hours("2020-01-01", 0, 2)
    write_cdf(tmp_path / "xx_h0_tst_20200101000000_v1.cdf", late)
    write_cdf(tmp_path / "xx_h0_tst_20200101010000_v1.cdf", early)
    with LocalArchive(tmp_path) as archive:
        got = fetch(archive.url, "XX_H0_TST", "b", "20200101T000000Z", "20200102T000000Z")
        assert np.all(np.diff(pycdfpp.to_datetime64(got["Epoch"])) == np.timedelta64(60, "s"))
        assert len(got["b"].values) == 180, "what both files hold comes once"


def test_no_damaged_file_stops_the_archive(tmp_path: Path) -> None:
    whole = write_cdf(tmp_path / "w.cdf", hours("2020-01-01", 0, 24)).read_bytes()
    (tmp_path / "w.cdf").unlink()
    cuts = (0, 3, 8, 20, 400, 2000, len(whole) // 2, len(whole) - 1)
    for number, cut in enumerate(cuts):
        (tmp_path / f"xx_d{number}_20200101_v1.cdf").write_bytes(whole[:cut])
    (tmp_path / "page.cdf").write_bytes(b"<html>not found</html>")
    with LocalArchive(tmp_path) as archive:
        assert len(archive.datasets) == len(cuts) + 1
        for number, cut in enumerate(cuts):
            got = data(archive.url, f"XX_D{number}", "b", "20200101T000000Z", "20200101T010000Z")
            (described,) = got.json["FileDescription"]
            assert described["Length"] == cut
        assert data(archive.url, "PAGE", "b", "20200101T000000Z", "20200102T000000Z").status == 200
        assert ask(archive.url + "/spdf/pub/catalogs/all.xml").status == 200


def test_unknown_variable_is_unknown_beside_a_damaged_file_too(tmp_path: Path) -> None:
    whole = write_cdf(
        tmp_path / "xx_h0_tst_20200101_v1.cdf", hours("2020-01-01", 0, 24)
    ).read_bytes()
    (tmp_path / "xx_h0_tst_20200102_v1.cdf").write_bytes(whole[: len(whole) // 2])
    span = ("20200101T000000Z", "20200103T000000Z")
    with LocalArchive(tmp_path) as archive:
        dataset = "XX_H0_TST"
        got = data(archive.url, dataset, "b", *span)
        assert got.json["FileDescription"][0]["Name"].endswith("/xx_h0_tst_20200102_v1.cdf")
        got = data(archive.url, dataset, "none", *span)
        assert got.status == 404
        assert b"none not found" in got.body


@pytest.mark.parametrize(
    ("name", "dataset", "start", "hours_long"),
    [
        ("mms1_fpi_fast_l2_dis-moms_20151201000000_v3.3.0.cdf", "MMS1_FPI_FAST_L2_DIS-MOMS",
         "2015-12-01", 2),
        ("ac_h0_mfi_20230102_v07.cdf", "AC_H0_MFI", "2023-01-02", 24),
        ("solo_L1_swa-pas-mom_20200706_V01.cdf", "SOLO_L1_SWA-PAS-MOM", "2020-07-06", 24),
        ("x_20200101T12_v1.cdf", "X", "2020-01-01T12", 2),
        ("plain.cdf", "PLAIN", None, 0),
        ("odd_99999999_v1.cdf", "ODD", None, 0),
    ],
)  # fmt: skip
def test_file_names(name: str, dataset: str, start: str | None, hours_long: int) -> None:
    parsed = _filenames.parse(name)
    assert parsed.dataset == dataset
    span = parsed.until(None)
    if start is None:
        assert span is None
    else:
        assert span is not None
        assert span.start == np.datetime64(start)
        assert span.duration == np.timedelta64(hours_long, "h")


def test_a_range_in_a_file_name() -> None:
    name = "C4_CP_EFW_L1_P34__20010226_051830_20010226_051836_V110503.cdf"
    parsed = _filenames.parse(name)
    assert parsed.dataset == "C4_CP_EFW_L1_P34"
    span = parsed.until(None)
    assert span is not None
    assert span.duration == np.timedelta64(6, "s")


# --- real files -----------------------------------------------------------------------------


@pytest.fixture(scope="module")
def real(shared_data: Path) -> Iterator[LocalArchive]:
    with LocalArchive(shared_data) as running:
        yield running


REAL = [
    ("AC_H0_MFI", "cda/AC_H0_MFI/ac_h0_mfi_20230102_v07.cdf", "BGSEc"),
    ("MMS1_FPI_FAST_L2_DIS-MOMS",
     "cda/MMS1_FPI_FAST_L2_DIS-MOMS/mms1_fpi_fast_l2_dis-moms_20151201120000_v3.3.0.cdf",
     "mms1_dis_energyspectr_omni_fast"),
    ("MMS1_FGM_BRST_L2", "cda/MMS_FGM_BRST_L2/mms1_fgm_brst_l2_20161209090304_v5.87.0.cdf",
     "mms1_fgm_r_gse_brst_l2"),
    ("PSP_FLD_L2_MAG_RTN_1MIN", "cda/PSP/psp_fld_l2_mag_rtn_1min_20200104_v02.cdf",
     "psp_fld_l2_mag_RTN_1min"),
    ("ELA_L1_FGS", "cda/ELFIN/ela_l1_fgs_20201001_v01.cdf", "ela_fgs"),
    ("GE_K0_CPI", "cda/MISC/ge_k0_cpi_19921231_v02.cdf", "SW_P_Den"),
    ("AC_H2_SIS", "cda/MISC/ac_h2_sis_20101105_v06.cdf", "flux_He"),
    ("C4_CP_EFW_L1_P34", "csa/C4_CP_EFW_L1_P34__20010226_051830_20010226_051836_V110503.cdf",
     "P34__C4_CP_EFW_L1_P34"),
    ("SOLO_L2_MAG-RTN", "cda/SOLO/solo_l2_mag-rtn-normal-1-minute_20210711_v01.cdf", "B_RTN"),
]  # fmt: skip


@pytest.mark.parametrize(("dataset", "path", "name"), REAL, ids=[r[0] for r in REAL])
def test_real_values_bit_for_bit(
    real: LocalArchive, shared_data: Path, dataset: str, path: str, name: str
) -> None:
    original = pycdfpp.load((shared_data / path).read_bytes())
    clock = next(a.value for k, a in original[name].attributes.items() if k == "DEPEND_0")
    times = pycdfpp.to_datetime64(original[clock])
    start, stop = (str(t.astype("datetime64[s]")) for t in (times.min(), times.max()))
    got = fetch(real.url, dataset, name, start, stop)
    kept = (times.ravel() >= np.datetime64(start)) & (times.ravel() <= np.datetime64(stop))
    expected = np.ascontiguousarray(original[name].values[kept])
    assert got[name].values.tobytes() == expected.tobytes()
    assert got[name].type == original[name].type
    assert got[clock].type == original[clock].type
    described = data(real.url, dataset, name, start, stop).json["FileDescription"][0]
    codec.check(ask(described["Name"]).body, described["Name"])


def test_real_truncated_file(real: LocalArchive, shared_data: Path) -> None:
    got = data(
        real.url, "MMS1_FPI_FAST_L2_DIS-MOMS", "mms1_dis_numberdensity_fast",
        "20151201T003000Z", "20151201T010000Z",
    )  # fmt: skip
    (described,) = got.json["FileDescription"]
    assert described["Name"].endswith("mms1_fpi_fast_l2_dis-moms_20151201000000_v3.3.0.cdf")
    two_files = fetch(
        real.url, "MMS1_FPI_FAST_L2_DIS-MOMS", "mms1_dis_numberdensity_fast",
        "20151201T100000Z", "20151201T140000Z",
    )  # fmt: skip
    assert two_files["mms1_dis_numberdensity_fast"].shape == (3089,)


def test_real_file_without_records(real: LocalArchive) -> None:
    got = data(real.url, "SOLO_L1_SWA-PAS-MOM", "density", "20200706T000000Z", "20200707T000000Z")
    assert (got.status, got.json["FileDescription"]) == (404, [])


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_mutated_files_are_served_or_reported(draw: st.DataObject) -> None:
    with TemporaryDirectory() as name:
        path = write_cdf(Path(name) / "xx_h0_tst_20200101_v01.cdf", hours("2020-01-01", 0, 4))
        body = bytearray(path.read_bytes())
        for _ in range(draw.draw(st.integers(1, 20))):
            place = draw.draw(st.integers(0, len(body) - 1))
            body[place] = draw.draw(st.integers(0, 255))
        path.write_bytes(body)
        for dataset in catalog.scan(Path(name)):
            for variable in dataset.variables():
                wanted = dataset.span or TimeRange("2020-01-01", "2020-01-02")
                try:
                    answer = dataset.answer([variable.name], wanted, mangled=False)
                except ArchiveError:
                    continue
                assert len(b"".join(answer.chunks())) == answer.size


def test_many_requests_at_once(archive: LocalArchive) -> None:
    def one(_: int) -> bytes:
        got = fetch(archive.url, "XX_H0_TST", "b", "20200101T000000Z", "20200102T120000Z")
        return bytes(got["b"].values.tobytes())

    with ThreadPoolExecutor(16) as pool:
        assert len(set(pool.map(one, range(48)))) == 1


def test_attributes_keep_their_types(shared_data: Path) -> None:
    path = shared_data / "cda" / "AC_H0_MFI" / "ac_h0_mfi_20230102_v07.cdf"
    original = pycdfpp.load(path.read_bytes())
    with LocalArchive(path.parent) as archive:
        got = fetch(archive.url, "AC_H0_MFI", "BGSEc", "20230102T010000Z", "20230102T020000Z")
    for name in got:
        for key, value in original[name].attributes.items():
            copy = got[name].attributes[key]
            assert (str(copy), copy.type()) == (str(value), value.type()), (name, key)
    assert set(got.attributes) == set(original.attributes)


_VOTABLE = b"""<?xml version="1.0"?>
<VOTABLE version="1.3"><RESOURCE><TABLE name="mine">
<FIELD name="Start Time" ID="TimeIntervalStart" datatype="char" arraysize="*" xtype="dateTime"
 ucd="time.start"/>
<FIELD name="Stop Time" ID="TimeIntervalStop" datatype="char" arraysize="*" xtype="dateTime"
 ucd="time.end"/>
<DATA><TABLEDATA><TR><TD>2020-01-01T00:00:00</TD><TD>2020-01-01T01:00:00</TD></TR></TABLEDATA>
</DATA></TABLE></RESOURCE></VOTABLE>"""


_HAPI = b"""#{"HAPI": "3.0", "status": {"code": 1200, "message": "OK"}, "format": "csv",
#"startDate": "2020-01-01T00:00:00Z", "stopDate": "2020-01-02T00:00:00Z", "parameters": [
#{"name": "Time", "type": "isotime", "length": 20, "units": "UTC", "fill": null},
#{"name": "x", "type": "double", "units": "nT", "fill": null}]}
2020-01-01T00:00:00Z,1
2020-01-01T01:00:00Z,2
"""


def test_files_are_known_by_their_content_whatever_their_names(
    tmp_path: Path, shared_data: Path, caplog: pytest.LogCaptureFixture
) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    whole = write_cdf(tmp_path / "tmp.cdf", hours("2020-01-01", 0, 24)).read_bytes()
    (folder / "xx_h0_tst_20200101_v01").write_bytes(whole)
    (folder / "xx_h0_tst_20200102_v01.dat").write_bytes(whole[:-5000])
    cef = next((shared_data / "csa").glob("*.cef"))
    (folder / "cluster.txt").write_bytes(b"! a remark\n\n! and one more\n" + cef.read_bytes())
    (folder / "events").write_bytes(_VOTABLE)
    (folder / "recorded").write_bytes(_HAPI)
    (folder / "other.vot").write_bytes(b"no table")
    (folder / "bad.cef").write_bytes(b"FILE_NAME = x\n")
    (folder / "grid.old").write_bytes(b"CDF\x01" + bytes(100))
    (folder / "notes").write_bytes(b"# A title\n")
    with LocalArchive(folder) as running:
        assert "XX_H0_TST" in running.datasets
        got = fetch(running.url, "XX_H0_TST", "b", "20200101T000000Z", "20200101T010000Z")
        assert len(got["b"]) == 61
        settings = running.settings(tmp_path / "cache")
        with Session(settings) as session:
            session.inventory.refresh(["amda", "csa", "hapi"])
            x = session.get_data("hapi/local/recorded/x", "2020-01-01", "2020-01-02")
            assert x.values.tolist() == [1, 2]
            lists = [ref for ref in session.inventory.flat if "sharedcatalog" in ref]
            assert len(session.get_data(lists[0])) == 1
            name = codecs.read_file(cef).meta["DATASET_ID"]
            name = name[0] if isinstance(name, list) else name
            assert any(ref.startswith(f"csa/{name}/") for ref in session.inventory.flat)
    for bad in ("xx_h0_tst_20200102_v01.dat", "other.vot", "bad.cef", "grid.old"):
        assert bad in caplog.text
    assert "notes" not in caplog.text
