"""The local archive as a HAPI server: the rules of the standard, its schemas, its status codes."""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from demo_tools import Got, ask, hours, write_cdf

from speasy_core.codecs._hapi_file import read_answer
from speasy_core.demo import LocalArchive
from speasy_core.demo._hapi_bodies import VERSIONS, duration

DATASET = "MMS1_FPI_FAST_L2_DIS-MOMS"
SPECTRUM = "mms1_dis_energyspectr_omni_fast"
START, STOP = "2019-01-02T15:00:00Z", "2019-01-02T15:01:00Z"


@pytest.fixture(scope="module")
def archive() -> Iterator[LocalArchive]:
    with LocalArchive() as running:
        yield running


def root(archive: LocalArchive, version: str = "3.2") -> str:
    return f"{archive.url}/hapi" + ("" if version == "3.2" else f"/{version}/hapi")


def get(archive: LocalArchive, path: str, version: str = "3.2", **headers: str) -> Got:
    return ask(f"{root(archive, version)}{path}", **headers)


def data(
    archive: LocalArchive, more: str = "", version: str = "3.2", dataset: str = DATASET
) -> Got:
    old = version < "3"
    query = (f"id={dataset}&time.min={START}&time.max={STOP}" if old else
             f"dataset={dataset}&start={START}&stop={STOP}")  # fmt: skip
    return get(archive, f"/data?{query}{more}", version)


# -- documents -----------------------------------------------------------------------------------


def errors_by_schema(folder: Path, kind: str, version: str, document: Any) -> list[str]:
    jsonschema = pytest.importorskip("jsonschema")
    from referencing import Registry, Resource
    from referencing.jsonschema import DRAFT7

    schema = json.loads((folder / f"HAPI-data-access-schema-{version}.json").read_text())
    parts = {key: part for key, part in schema.items() if isinstance(part, dict)}
    known = Registry().with_resources(
        (f"/{key}", Resource(contents=part, specification=DRAFT7)) for key, part in parts.items()
    )
    top = {key: value for key, value in parts[kind].items() if key != "id"}
    validator = jsonschema.Draft7Validator(top, registry=known)
    return [f"{list(e.absolute_path)}: {e.message[:200]}" for e in validator.iter_errors(document)]


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("real", [False, True], ids=["synthetic", "real"])
def test_every_document_validates(shared_data, archive, version, real):
    schema = shared_data / "hapi" / "schema"
    folder = shared_data / "cda" / "AC_H0_MFI"
    with LocalArchive(folder) if real else LocalArchive() as served:
        for kind in ("capabilities", "about", "catalog"):
            got = get(served, f"/{kind}", version)
            if kind == "about" and version < "3":
                assert got.status == 404
                continue
            assert (got.status, errors_by_schema(schema, kind, version, got.json)) == (200, [])
        word = "id" if version < "3" else "dataset"
        for item in get(served, "/catalog", version).json["catalog"]:
            got = get(served, f"/info?{word}={item['id']}", version)
            assert got.status == 200
            assert errors_by_schema(schema, "info", version, got.json) == [], item["id"]
            broken = {**got.json, "parameters": [{"name": "x"}], "surprise": 1}
            assert len(errors_by_schema(schema, "info", version, broken)) >= 2
        if version >= "3.2":
            got = get(served, "/catalog?depth=all", version)
            assert errors_by_schema(schema, "catalog", version, got.json) == []


@pytest.mark.parametrize("version", VERSIONS)
def test_capabilities_and_landing(archive, version):
    got = get(archive, "/capabilities", version, Origin="http://elsewhere")
    assert got.json["HAPI"] == version
    assert got.json["status"] == {"code": 1200, "message": "OK"}
    assert got.json["outputFormats"] == ["csv", "binary", "json"]
    assert got.headers["content-type"] == "application/json"
    assert got.headers["access-control-allow-origin"] == "*"
    assert "GET" in got.headers["access-control-allow-methods"]
    page = get(archive, "", version)
    assert (page.status, page.headers["content-type"]) == (200, "text/html")
    assert b"HAPI" in page.body


def test_catalog_lists_every_time_axis(archive):
    ids = [item["id"] for item in get(archive, "/catalog").json["catalog"]]
    assert len(set(ids)) == len(ids)
    assert {"AC_H0_MFI", DATASET, "MMS1_FGM_SRVY_L2", "MMS1_FGM_SRVY_L2@1"} <= set(ids)


def test_info(archive):
    info = get(archive, f"/info?dataset={DATASET}").json
    time, *others = info["parameters"]
    assert time == {"name": "Time", "type": "isotime", "units": "UTC", "fill": None, "length": 30}
    by_name = {p["name"]: p for p in others}
    spectrum = by_name[SPECTRUM]
    assert (spectrum["type"], spectrum["size"]) == ("double", [32])
    assert spectrum["bins"] == [
        {"name": "mms1_dis_energy_fast", "units": "eV", "centers": "mms1_dis_energy_fast"}
    ]
    assert by_name["mms1_dis_energy_fast"]["size"] == [32]
    assert info["cadence"] == "PT4.5S"
    assert re.fullmatch(r"P.*[DS]", info["maxRequestDuration"])
    assert info["x_Synthetic"].startswith("yes")
    assert info["sampleStartDate"] < info["sampleStopDate"]
    sample = f"start={info['sampleStartDate']}&stop={info['sampleStopDate']}"
    assert get(archive, f"/data?dataset={DATASET}&{sample}").body.count(b"\n") > 3


def test_info_of_some_parameters(archive):
    got = get(archive, "/info?dataset=AC_H0_MFI&parameters=Time,BGSEc")
    assert [p["name"] for p in got.json["parameters"]] == ["Time", "BGSEc"]
    got = get(archive, "/info?id=AC_H0_MFI&parameters=BGSEc")
    assert [p["name"] for p in got.json["parameters"]] == ["Time", "BGSEc"]
    assert got.json["parameters"][1]["label"] == ["Bx GSE", "By GSE", "Bz GSE"]


# -- data ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("version", VERSIONS)
def test_csv(archive, version):
    got = data(archive, "&parameters=mms1_dis_bulkv_gse_fast", version)
    assert got.headers["content-type"] == "text/csv"
    lines = got.body.decode().split("\n")
    assert lines.pop() == ""
    assert len(lines) == 14
    for line in lines:
        time, *values = line.split(",")
        assert re.fullmatch(r"2019-01-02T15:00:\d\d\.\d{9}Z", time)
        assert len(values) == 3
        assert all(repr(float(v)) == v for v in values)
    times = [line[:30] for line in lines]
    assert times == sorted(set(times))
    assert START[:-1] <= times[0]
    assert times[-1] < STOP


def test_all_parameters_and_one_agree_in_all_formats(archive):
    names = [p["name"] for p in get(archive, f"/info?dataset={DATASET}").json["parameters"]]
    source = "f"
    whole = read_answer(data(archive, "&include=header").body, source, None, None)
    assert ["Time", *whole] == names
    for name in names[1:]:
        bins = "mms1_dis_energy_fast," if name == SPECTRUM else ""
        query = f"&parameters={bins}{name}"
        for form in ("csv", "binary"):
            body = data(archive, f"{query}&include=header&format={form}").body
            v = read_answer(body, source, [name], None)[name]
            assert np.array_equal(v.values, whole[name].values)
            assert np.array_equal(v.time_ns, whole[name].time_ns)
    document = data(archive, "&format=json").json
    assert len(document["data"]) == len(whole[SPECTRUM])
    assert document["data"][0][names.index(SPECTRUM)] == whole[SPECTRUM].values[0].tolist()
    assert document["format"] == "json"


def test_binary_records(archive):
    got = data(archive, f"&parameters={SPECTRUM}&format=binary")
    assert got.headers["content-type"] == "application/octet-stream"
    assert len(got.body) == 14 * (30 + 32 * 8)


def test_header_is_the_description_and_a_status(archive):
    body = data(archive, f"&parameters={SPECTRUM}&include=header").body
    head = json.loads(body.split(b"\n", 1)[0].removeprefix(b"#"))
    info = get(archive, f"/info?dataset={DATASET}&parameters={SPECTRUM}").json
    assert head.pop("format") == "csv"
    assert head == info


@pytest.mark.parametrize("form", ["csv", "binary", "json"])
def test_no_data_is_1201(tmp_path, form):
    times = np.concatenate([hours("2020-01-01", 0, 1), hours("2020-01-01", 5, 6)])
    write_cdf(tmp_path / "xx_h0_tst_20200101_v01.cdf", times)
    with LocalArchive(tmp_path) as archive:
        span = "start=2020-01-01T02:00Z&stop=2020-01-01T03:00Z"
        got = get(archive, f"/data?dataset=XX_H0_TST&{span}&format={form}")
        assert got.status == 200
        if form == "json":
            assert (got.json["status"]["code"], got.json["data"]) == (1201, [])
        else:
            assert got.body == b""
            full = get(archive, f"/data?dataset=XX_H0_TST&{span}&format={form}&include=header")
            assert json.loads(full.body[1:])["status"]["code"] == 1201


def test_the_status_line_says_it_too(archive):
    import http.client
    from urllib.parse import urlsplit

    connection = http.client.HTTPConnection(urlsplit(archive.url).netloc, timeout=10)
    connection.request("GET", "/hapi/info?dataset=NOPE")
    answer = connection.getresponse()
    assert (answer.status, answer.reason) == (404, "HAPI 1406 unknown dataset id")
    connection.close()


OK = f"dataset={DATASET}&start={START}&stop={STOP}"


@pytest.mark.parametrize(
    ("path", "code", "status"),
    [
        ("/data", 1400, 400), ("/nothing", 1400, 404), ("/capabilities?x=1", 1401, 400),
        ("/catalog?id=x", 1401, 400), (f"/info?dataset={DATASET}&start=2020Z", 1401, 400),
        (f"/data?{OK}&depth=1", 1401, 400), (f"/data?dataset={DATASET}&stop={STOP}", 1402, 400),
        (f"/data?dataset={DATASET}&start=soon&stop={STOP}", 1402, 400),
        (f"/data?dataset={DATASET}&start={START}&stop=1", 1403, 400),
        (f"/data?dataset={DATASET}&start={START}&stop=2019-13-01Z", 1403, 400),
        (f"/data?dataset={DATASET}&start={STOP}&stop={START}", 1404, 400),
        (f"/data?dataset={DATASET}&start={STOP}&stop={STOP}", 1404, 400),
        (f"/data?dataset={DATASET}&start=1999-01-01Z&stop={STOP}", 1405, 400),
        ("/info?dataset=NOPE", 1406, 404), (f"/info?dataset={DATASET}&parameters=nope", 1407, 404),
        (f"/data?dataset={DATASET}&start=2016Z&stop=2020Z", 1408, 400),
        (f"/data?{OK}&format=xml", 1409, 400), (f"/data?{OK}&include=all", 1410, 400),
        (f"/data?{OK}&parameters={SPECTRUM},mms1_dis_energy_fast", 1411, 400),
        (f"/data?{OK}&parameters={SPECTRUM},{SPECTRUM}", 1411, 400),
        (f"/info?dataset={DATASET}&resolve_references=perhaps", 1412, 400),
        ("/catalog?depth=none", 1413, 400), (f"/data?{OK}&id={DATASET}", 1400, 400),
        ("/2.0/hapi/info?dataset=AC_H0_MFI", 1401, 400),
        (f"/2.0/hapi/data?id={DATASET}&start={START}&stop={STOP}", 1401, 400),
    ],
)  # fmt: skip
def test_status_codes(archive, path, code, status):
    got = get(archive, path)
    assert (got.status, got.json["status"]["code"]) == (status, code)
    assert got.headers["content-type"] == "application/json"
    assert got.json["status"]["message"].startswith(f"HAPI error {code}: ")


def test_other_forms_of_time_mean_the_same(archive):
    wanted = data(archive, "&parameters=mms1_dis_energy_fast").body
    for start, stop in (("2019-002T15:00Z", "2019-002T15:01Z"),
                        ("2019-01-02T15Z", "2019-01-02T15:01:00.000000000"),
                        ("2019-01-02T15:00:00.Z", "2019-002T15:01:00")):  # fmt: skip
        query = f"id={DATASET}&parameters=mms1_dis_energy_fast&time.min={start}&time.max={stop}"
        assert get(archive, f"/data?{query}").body == wanted


def test_damaged_file_is_1500_and_not_less_data(tmp_path):
    write_cdf(tmp_path / "xx_h0_tst_20200101_v01.cdf", hours("2020-01-01", 0, 24))
    bad = write_cdf(tmp_path / "xx_h0_tst_20200102_v01.cdf", hours("2020-01-02", 0, 24))
    bad.write_bytes(bad.read_bytes()[:-500])
    with LocalArchive(tmp_path) as archive:
        query = "dataset=XX_H0_TST&start=2020-01-01T12:00Z&stop=2020-01-02T12:00Z"
        got = get(archive, f"/data?{query}")
        assert (got.status, got.json["status"]["code"]) == (500, 1500)
        good = get(archive, "/data?dataset=XX_H0_TST&start=2020-01-01T12Z&stop=2020-01-01T13Z")
        assert good.body.count(b"\n") == 60
        slow = get(archive, "/info?dataset=XX_H0_TST@1").json
        assert [p["name"] for p in slow["parameters"]] == ["Time", "r"]


def test_head_and_post(archive):
    got = ask(f"{archive.url}/hapi/capabilities", "HEAD")
    assert (got.status, got.body) == (200, b"")
    assert ask(f"{archive.url}/hapi/capabilities", "POST", b"x").json["status"]["code"] == 1400


@pytest.mark.parametrize(
    ("ns", "text"), [(10**9, "PT1S"), (62_500_000, "PT0.0625S"), (3 * 86_400 * 10**9, "P3D")]
)
def test_durations(ns, text):
    assert duration(ns) == text


def test_what_clients_like_to_see(archive):
    for path in ("/capabilities", "/about", "/catalog", f"/info?dataset={DATASET}"):
        assert "last-modified" in get(archive, path).headers
    plain, packed = data(archive), ask(
        f"{root(archive)}/data?{OK}", Accept_Encoding="gzip"
    )  # fmt: skip
    assert packed.headers["content-encoding"] == "gzip"
    assert gzip.decompress(packed.body) == plain.body
    since = plain.headers["last-modified"]
    assert ask(f"{root(archive)}/data?{OK}", If_Modified_Since=since).status == 304


@pytest.mark.parametrize("real", [False, True], ids=["synthetic", "real"])
def test_samples_and_bins_and_fills_are_as_the_verifier_wants_them(shared_data, real):
    with LocalArchive(shared_data / "cda") if real else LocalArchive() as served:
        for item in get(served, "/catalog?depth=all").json["catalog"]:
            info = item["info"]
            by_name = {p["name"]: p for p in info["parameters"]}
            for p in info["parameters"][1:]:
                for bins, size in zip(p.get("bins", []), p.get("size", []), strict=False):
                    centers = bins["centers"]
                    if isinstance(centers, str):
                        assert "bins" not in by_name[centers], centers
                        assert not isinstance(by_name[centers].get("label"), list)
                        assert by_name[centers]["size"] == [size]
                if p["type"] == "double" and p["fill"]:
                    assert not re.search(r"\.[1-9][1-9]", p["fill"])
            if "cadence" not in info:
                continue  # it has no records that can be read
            span = f"start={info['sampleStartDate']}&stop={info['sampleStopDate']}"
            got = get(served, f"/data?dataset={item['id']}&{span}")
            lines = got.body.decode().splitlines()
            few = "@" in item["id"] or "SCM" in item["id"]  # of a millisecond, one record is shown
            assert len(lines) > (0 if few else 10), item["id"]
            assert lines[-1][:23] < info["sampleStopDate"]
            assert "nan" not in lines[0]


# -- recorded answers ----------------------------------------------------------------------------


def test_recorded_answers_are_served_again(shared_data):
    folder = shared_data / "hapi"
    with LocalArchive(folder) as archive:
        ids = {item["id"] for item in get(archive, "/catalog").json["catalog"]}
        assert {"ace-imf-all", "ace-epam-de", "AC_K0_EPM", "WI_EHSP_3DP", "dataset1"} <= ids
        info = get(archive, "/info?dataset=ace-epam-de").json
        assert errors_by_schema(folder / "schema", "info", "3.2", info) == []
        (bins,) = info["parameters"][1]["bins"]
        assert bins["centers"] == [0.0455, 0.078, 0.139, 0.245]
        span = "start=1997-08-30T17:06:00Z&stop=1997-08-30T18:40:00.001Z"
        got = get(archive, f"/data?dataset=ace-epam-de&{span}&include=header").body
        ours = read_answer(got, "f", None, None)["ace_epam_de_e"]
        original = folder / "HAPI_ndData_TimeIndependent_Axis.csv"
        recorded = read_answer(original.read_bytes(), "f", None, None)["ace_epam_de_e"]
        assert np.array_equal(ours.values, recorded.values)
        assert np.array_equal(ours.time_ns, recorded.time_ns)
        span = "start=2021-11-25T01:00Z&stop=2021-11-25T02:00Z"
        got = get(archive, f"/data?dataset=WI_EHSP_3DP&{span}&format=binary")
        assert len(got.body) % (30 + 15 * 8) == 0
        assert len(got.body) > 0


def test_other_text_files_of_the_folder_are_passed_over(tmp_path):
    write_cdf(tmp_path / "xx_h0_tst_20200101_v01.cdf", hours("2020-01-01", 0, 1))
    (tmp_path / "list.csv").write_text("begin,end\n")
    (tmp_path / "notes.csv").write_text("# notes\n1,2\n")
    (tmp_path / "x.bin").write_bytes(b"\0" * 100)
    (tmp_path / "empty.csv").write_bytes(b"")
    with LocalArchive(tmp_path) as archive:
        ids = [item["id"] for item in get(archive, "/catalog").json["catalog"]]
        assert ids == ["XX_H0_TST", "XX_H0_TST@1"]
