"""Answers recorded from real HAPI servers: counts, names, units and values."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from speasy_core import codecs
from speasy_core.codecs._hapi_file import read_answer
from speasy_core.codecs._hapi_info import parse_info
from speasy_core.errors import SpeasyError


@pytest.fixture
def folder(shared_data: Path) -> Path:
    return shared_data / "hapi"


def test_amda_imf(folder):
    found = codecs.read_file(folder / "amda_imf_all.binary")
    assert list(found) == ["imf_mag", "imf"]
    v = found["imf"]
    assert (v.shape, v.unit, v.kind) == ((48, 3), "nT", "vector")
    assert v.time[0] == np.datetime64("1997-09-02T17:01:00")
    assert v.time[-1] == np.datetime64("1997-09-02T17:13:32")
    assert v.values[0].tolist() == [-0.594, -0.476, -2.984]
    assert found["imf_mag"].values[0] == 3.0796
    assert v.meta["dataset"]["resourceID"].endswith("ace-imf-all")


def test_csv_and_binary_of_the_same_spectrogram_agree(folder):
    text = codecs.read_file(folder / "HAPI_ndData_TimeIndependent_Axis.csv")["ace_epam_de_e"]
    packed = codecs.read_file(folder / "HAPI_ndData_TimeIndependent_Axis.binary")["ace_epam_de_e"]
    assert (text.shape, packed.shape) == ((19, 4), (1106, 4))
    assert np.array_equal(text.time_ns, packed.time_ns[:19])
    assert np.array_equal(text.values, packed.values[:19])
    for v in (text, packed):
        assert (v.kind, v.unit) == ("spectrogram", "1/(cm² s sr MeV)")
        assert v.axes[0].values.tolist() == [0.0455, 0.078, 0.139, 0.245]
        assert (v.axes[0].name, v.axes[0].unit) == ("Energy", "MeV")


def test_pretty_printed_header(folder):
    v = codecs.read_file(folder / "HAPI_sample_csv.csv")["Magnitude"]
    assert (len(v), v.unit, v.values[0], v.values[-1]) == (48, "nT", 2.658, 14.743)
    assert v.time[-1] == np.datetime64("1997-09-03T23:00")


def test_test_data(folder):
    v = codecs.read_file(folder / "HAPI_sample_TestData3.3.binary")["vector parameter"]
    assert (v.shape, v.unit) == ((60, 3), "m")
    assert v.values[0].tolist() == [0.0, -0.7071067811865475, -1.0]


def part(path: Path, info: str, names: list[str]) -> Any:
    document = json.loads((path.parent / info).read_text())
    first, *others = document["parameters"]
    document["parameters"] = [first, *(p for p in others if p["name"] in names)]
    return read_answer(path.read_bytes(), path.name, None, parse_info(document, info))


@pytest.mark.parametrize(
    ("file", "info", "names", "count", "first", "unit"),
    [
        ("AC_K0_EPM_H_lo-Electron_lo-Electron_hi_20211125T000000_20211205T000000.bin",
         "AC_K0_EPM___.json", ["H_lo", "Electron_lo", "Electron_hi"], 2880,
         [0.6169999837875366, 1029.761962890625, 30.399999618530273], "1/(cm2 s ster MeV)"),
        ("OMNI2_H0_MRG1HR_DST1800-Proton_QI1800_20211125T000000_20211205T000000.bin",
         "OMNI2_H0_MRG1HR___.json", ["DST1800", "Proton_QI1800"], 240,
         [4, 0.012799999676644802], "nT"),
        ("WI_EHSP_3DP_FLUX_20211125T000000_20211205T000000.bin", "WI_EHSP_3DP___.json", ["FLUX"],
         8558, [-0.008634761907160282], "#/cm2-ster-sec-eV"),
    ],
)  # fmt: skip
def test_cdaweb(folder, file, info, names, count, first, unit):
    path = folder / "summer_school_2022" / "cdaweb.gsfc.nasa.gov_hapi" / file
    found = part(path, info, names)
    assert list(found) == names
    assert [len(v) for v in found.values()] == [count] * len(names)
    assert [v.values.flat[0] for v in found.values()] == first
    assert found[names[0]].unit == unit
    assert found[names[0]].time[0] < np.datetime64("2021-11-25T00:31")


def test_cdaweb_integers_and_vectors(folder):
    below = folder / "summer_school_2022" / "cdaweb.gsfc.nasa.gov_hapi"
    omni = next(below.glob("OMNI2*.bin"))
    v = part(omni, "OMNI2_H0_MRG1HR___.json", ["DST1800", "Proton_QI1800"])["DST1800"]
    assert (v.dtype, v.fill_value) == (np.int32, 99999)
    wind = part(next(below.glob("WI_*.bin")), "WI_EHSP_3DP___.json", ["FLUX"])["FLUX"]
    assert wind.shape == (8558, 15)
    with pytest.raises(SpeasyError):
        part(omni, "OMNI2_H0_MRG1HR___.json", ["DST1800"])


def test_every_recorded_description_is_understood(shared_data):
    files = [*(shared_data / "hapi" / "summer_school_2022").rglob("*.json"),
             *(shared_data / "cda" / "hapi_meta").glob("hapi_*_info_*.json")]  # fmt: skip
    assert len(files) > 10
    for path in files:
        info = parse_info(json.loads(path.read_text()), path.name)
        assert info.names, path
        assert info.time.type == "isotime"


@pytest.mark.parametrize("version", ["2.0", "2.1", "3.0", "3.1", "3.2", "3.3"])
def test_descriptions_of_the_reference_server(folder, version):
    catalog = json.loads((folder / "server-nodejs" / f"TestData{version}.json").read_text())
    listed = catalog.get("catalog") or catalog.get("catalog_inline")
    if not isinstance(listed, list):
        pytest.skip("the list is elsewhere")
    described = [item["info"] for item in listed if isinstance(item.get("info"), dict)]
    for document in described:
        info = parse_info(document, version)
        for p in info.parameters:
            assert p.columns >= 1
