"""CEF-2: the recorded file, the syntax, and what is damaged."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
import pytest

from speasy_core import codecs
from speasy_core.codecs import cef
from speasy_core.demo._cef_write import to_cef
from speasy_core.errors import CorruptFile, UnknownProduct, UnsupportedFormat
from speasy_core.variable import SpeasyVariable

HEAD = """FILE_NAME = "x.cef"
FILE_FORMAT_VERSION = "CEF-2.0"
END_OF_RECORD_MARKER = "$"
START_META = DATASET_TITLE
  ENTRY = "first ! not a comment"   ! a comment
  ENTRY = "second"
END_META = DATASET_TITLE
START_VARIABLE = t
  VALUE_TYPE = ISO_TIME
  PARAMETER_TYPE = "Support_Data"
END_VARIABLE = t
START_VARIABLE = energy
  VALUE_TYPE = FLOAT
  SIZES = 3
  UNITS = "eV"
  PARAMETER_TYPE = "Support_Data"
  DATA = 1.5, \\
         2.5, 3.5
END_VARIABLE = energy
START_VARIABLE = flux
  Value_Type = FLOAT
  SIZES = 2, 3
  UNITS = "1/s"
  PARAMETER_TYPE = "Data"
  DEPEND_0 = t
  DEPEND_2 = energy
  FILLVAL = -1e30
END_VARIABLE = flux
START_VARIABLE = n
  VALUE_TYPE = INT
  PARAMETER_TYPE = "Data"
  DEPEND_0 = t
END_VARIABLE = n
START_VARIABLE = quality
  VALUE_TYPE = CHAR
  PARAMETER_TYPE = "Support_Data"
  DEPEND_0 = t
END_VARIABLE = quality
"""
BODY = """DATA_UNTIL = "END"
2001-01-01T00:00:00.000000001Z, 1,2,3,
   4,5,6, 7, "a, $ b" $   ! the first
2001-01-01T00:00:01Z,1,2,-1e30,4,5,6,-8,"c"$
END
"""
SMALL = (HEAD + BODY).encode()


def read(data: bytes, *names: str) -> dict[str, SpeasyVariable]:
    return dict(cef.read(data, source="x.cef", variables=names or None))


def test_recorded_file(shared_data: Path) -> None:
    name = "C4_CP_FGM_SPIN__20010706_211607_20010709_062406_V01.cef"
    began = time.perf_counter()
    dataset = codecs.read_file(shared_data / "csa" / name)
    assert time.perf_counter() - began < 5
    assert list(dataset) == [
        "B_vec_xyz_gse__C4_CP_FGM_SPIN", "B_mag__C4_CP_FGM_SPIN", "sc_pos_xyz_gse__C4_CP_FGM_SPIN",
    ]  # fmt: skip
    b = dataset["B_vec_xyz_gse__C4_CP_FGM_SPIN"]
    assert b.shape == (14772, 3)
    assert b.unit == "nT"
    assert b.columns == ["Bx", "By", "Bz"]
    assert b.kind == "vector"
    assert b.fill_value == pytest.approx(-1e30)
    assert b.values[0].tolist() == np.array([-304.844, -516.558, 29.454], "f4").tolist()
    assert b.values[-1].tolist() == np.array([-210.833, -400.505, 193.057], "f4").tolist()
    assert str(b.time[0]) == "2001-07-06T21:16:10.814000000"
    assert str(b.time[-1]) == "2001-07-09T06:24:01.171000000"
    strength = np.linalg.norm(b.values, axis=1)
    assert np.allclose(strength, dataset["B_mag__C4_CP_FGM_SPIN"].values, atol=0.02)
    assert dataset.meta["DATASET_ID"] == "C4_CP_FGM_SPIN"
    # its headers are not beside it
    assert dataset.meta["INCLUDE"] == ["CL_CH_MISSION.ceh", "C4_CH_OBS.ceh", "CL_CH_FGM_EXP.ceh"]


def test_syntax() -> None:
    found = read(SMALL)
    assert list(found) == ["flux", "n"]
    flux = found["flux"]
    assert flux.values.tolist() == [
        [[1, 2, 3], [4, 5, 6]], [[1, 2, np.float32(-1e30)], [4, 5, 6]],
    ]  # fmt: skip
    assert flux.dtype == np.float32
    assert flux.axes[1].values.tolist() == [1.5, 2.5, 3.5]
    assert flux.axes[1].unit == "eV"
    assert str(flux.time[0]) == "2001-01-01T00:00:00.000000001"
    assert found["n"].values.tolist() == [7, -8]
    assert found["n"].dtype == np.int32
    assert found["n"].meta["dataset"]["DATASET_TITLE"] == ["first ! not a comment", "second"]


def test_names_with_dashes_and_unknown_ones() -> None:
    data = SMALL.replace(b"flux", b"CIS-flux")
    assert read(data, "CIS_flux")["CIS_flux"].shape == (2, 2, 3)
    with pytest.raises(UnknownProduct, match="CIS-flux"):
        read(data, "CIS-fluxx")


def test_records_on_lines_of_their_own() -> None:
    data = (
        HEAD.replace('END_OF_RECORD_MARKER = "$"\n', "").replace("2, 3\n  UNITS", "1\n  UNITS")
        + "DATA_UNTIL = EOF\n2001-01-01T00:00:00Z, 1, 2, a\n\n2001-01-01T00:00:01Z, 3, 4, b\n"
    ).replace("  DEPEND_2 = energy\n", "")
    found = read(data.encode())
    assert found["flux"].values.tolist() == [1.0, 3.0]
    assert found["n"].values.tolist() == [2, 4]


def test_leap_seconds_and_fill_times() -> None:
    data = SMALL.replace(b"2001-01-01T00:00:01Z", b"2016-12-31T23:59:60.5Z")
    assert str(read(data)["n"].time[1]) == "2016-12-31T23:59:59.999999999"
    data = SMALL.replace(b"2001-01-01T00:00:01Z", b"9999-12-31T23:59:59Z")
    assert len(read(data)["n"]) == 1


def test_no_records() -> None:
    empty = (HEAD + 'DATA_UNTIL = "END"\nEND\n').encode()
    assert read(empty)["flux"].shape == (0, 2, 3)
    assert read((HEAD + "DATA_UNTIL = EOF\n").encode())["n"].shape == (0,)


def test_every_cut_is_found() -> None:
    # without its very last byte, the end of a line, nothing is missing
    for length in range(len(SMALL) - 1):
        with pytest.raises(CorruptFile) as caught:
            cef.read(SMALL[:length], source="cut.cef")
        assert caught.value.source == "cut.cef"


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (b"4,5,6,-8", b"4,5,-8", "record 2 has 8 entries, the header describes 9"),
        (b"4,5,6,-8", b"4,x,6,-8", "not FLOAT"),
        (b"-8,", b"1.5,", "n: an entry is not INT"),
        (b"SIZES = 3", b"SIZES = 4", "3 values where SIZES = 4"),
        (b"SIZES = 3", b"SIZES = -1", "is not a shape"),
        (b"END_VARIABLE = t\n", b"END_VARIABLE = u\n", "line 11: END_VARIABLE"),
        (b"START_VARIABLE = n\n", b"START_VARIABLE = flux\n", "is there twice"),
        (b'UNITS = "eV"', b'UNITS = "eV', "line 15"),
        (b'= "$"', b'= "!!"', "cannot end a record"),
    ],
)
def test_damage_is_named(old: bytes, new: bytes, message: str) -> None:
    assert old in SMALL
    with pytest.raises(CorruptFile, match=message) as caught:
        read(SMALL.replace(old, new))
    assert caught.value.source == "x.cef"


def test_other_version() -> None:
    with pytest.raises(UnsupportedFormat, match="CEF-1"):
        read(SMALL.replace(b"CEF-2.0", b"CEF-1.0"))


def test_headers_are_read_beside_a_local_file_only(tmp_path: Path) -> None:
    head, _, variable = HEAD.partition("START_VARIABLE = n\n")
    text = head + 'INCLUDE = "n.ceh"\n' + variable.split("END_VARIABLE = n\n")[1] + BODY
    (tmp_path / "n.ceh").write_text("START_VARIABLE = n\n" + variable.split("START")[0])
    file = tmp_path / "x.cef"
    file.write_text(text)
    assert codecs.read_file(file)["n"].values.tolist() == [7, -8]
    with pytest.raises(CorruptFile, match=r"headers that it includes were not read: n\.ceh"):
        codecs.read(text.encode(), source="x.cef")


@pytest.mark.parametrize("name", ["../n.ceh", "/etc/n.ceh", "n.txt", ".hidden.ceh", "link.ceh"])
def test_headers_elsewhere_are_never_read(tmp_path: Path, name: str) -> None:
    below = tmp_path / "below"
    below.mkdir()
    (tmp_path / "n.ceh").write_text('START_META = SECRET\nENTRY = "x"\nEND_META = SECRET\n')
    (below / "n.txt").write_text((tmp_path / "n.ceh").read_text())
    (below / "link.ceh").symlink_to(tmp_path / "n.ceh")
    file = below / "x.cef"
    file.write_text(f'INCLUDE = "{name}"\n' + HEAD + BODY)
    meta = codecs.read_file(file).meta
    assert meta["INCLUDE"] == [name]
    assert "SECRET" not in meta


def test_header_that_includes_itself_ends(tmp_path: Path) -> None:
    (tmp_path / "a.ceh").write_text('INCLUDE = "a.ceh"\n')
    (tmp_path / "x.cef").write_text('INCLUDE = "a.ceh"\n' + HEAD + BODY)
    with pytest.raises(CorruptFile, match="more included headers"):
        codecs.read_file(tmp_path / "x.cef")


def test_what_the_writer_writes_reads_back_bit_for_bit() -> None:
    rng = np.random.default_rng(3)
    clock = np.datetime64("2003-03-03", "ns") + np.arange(5000) * np.timedelta64(123456789, "ns")
    made = [
        SpeasyVariable(clock, rng.normal(size=(5000, 3)).astype("f4"), columns=["x", "y", "z"],
                       name="b", unit="nT"),
        SpeasyVariable(clock, rng.normal(size=5000), name="d"),
        SpeasyVariable(clock, rng.integers(-9, 9, 5000).astype("i4"), name="i"),
    ]  # fmt: skip
    found = cef.read(to_cef(made, "D", "d.cef"), source="d.cef")
    for v in made:
        assert np.array_equal(found[v.name].values, v.values)
        assert found[v.name].dtype == v.dtype
        assert np.array_equal(found[v.name].time_ns, v.time_ns)
    assert found["b"].columns == ["x", "y", "z"]
