"""Values read by our reader against cdflib, on every real file and on every type."""

from __future__ import annotations

import warnings
from pathlib import Path

import cdflib
import numpy as np
import pycdfpp
import pytest
from cdfs import TRUNCATED, Maker, real_files, times

from speasy_core.codecs._cdf_file import RawCdf
from speasy_core.codecs._cdf_values import read
from speasy_core.codecs.cdf import CdfFile


def test_every_value_of_every_real_file_is_what_cdflib_reads(shared_data: Path) -> None:
    compared = 0
    for path in real_files(shared_data):
        if path.name == TRUNCATED:
            continue
        raw, reference = RawCdf(path.read_bytes(), path.name), cdflib.CDF(path)
        for name in raw.names:
            described = raw.describe(name)
            if not described.records:
                continue
            mine = read(raw.layout, described)
            theirs = np.asarray(reference.varget(name))
            if mine.dtype.kind == "S":
                mine = np.char.strip(np.char.decode(mine, "latin-1"))
                theirs = np.char.strip(theirs.astype(str))
            if raw.type_name(name) == "CDF_EPOCH16":
                mine = mine[..., 0] + 1j * mine[..., 1]
            np.testing.assert_array_equal(
                np.squeeze(mine), np.squeeze(theirs), f"{path.name} {name}"
            )
            if mine.dtype.kind in "fiu":
                assert mine.dtype.itemsize == theirs.dtype.itemsize, name
            compared += 1
    assert compared > 300


def test_every_attribute_of_every_real_file_is_what_cdflib_reads(shared_data: Path) -> None:
    for path in real_files(shared_data):
        if path.name == TRUNCATED:
            continue
        file, reference = CdfFile(path.read_bytes(), path.name), cdflib.CDF(path)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            for name in file.names:
                theirs = {k.upper(): v for k, v in reference.varattsget(name).items()}
                mine = file.attributes(name)
                assert set(theirs) <= set(mine), (path.name, name)
                for key, value in theirs.items():
                    if isinstance(value, str) and isinstance(mine[key], str):
                        assert mine[key] == value.strip() or mine[key][:4].isdigit(), key
                    elif (
                        np.isscalar(value)
                        and not isinstance(value, str)
                        and not isinstance(mine[key], str)
                    ):
                        np.testing.assert_equal(np.asarray(mine[key], type(value)), value)


def test_times_of_every_real_file_are_what_pycdfpp_computes(shared_data: Path) -> None:
    for path in real_files(shared_data):
        if path.name == TRUNCATED:
            continue
        raw, reference = RawCdf(path.read_bytes(), path.name), pycdfpp.load(str(path))
        for name in raw.names:
            if raw.is_time(name) and raw.describe(name).records:
                theirs = np.asarray(pycdfpp.to_datetime64(reference[name])).ravel().astype(np.int64)
                # EPOCH16 is rounded to the nanosecond here and cut there
                assert np.abs(raw.values(name).ravel() - theirs).max() <= 1, name


@pytest.mark.parametrize("majority", [pycdfpp.Majority.row, pycdfpp.Majority.column])
@pytest.mark.parametrize("compressed", [False, True])
def test_dimensions_survive_both_majorities(majority: object, *, compressed: bool) -> None:
    make = Maker()
    make.cdf.majority = majority
    chosen = pycdfpp.CompressionType
    options = {"compression": chosen.gzip_compression if compressed else chosen.no_compression}
    arrays = {
        "scalar": np.arange(5.0), "vector": np.arange(15, dtype="f4").reshape(5, 3),
        "matrix": np.arange(30, dtype="i2").reshape(5, 3, 2),
        "cube": np.arange(120, dtype="u4").reshape(5, 2, 3, 4),
    }  # fmt: skip
    for name, array in arrays.items():
        make.put(name, array, options=options)
    file = CdfFile(make.bytes(), "x.cdf")
    for name, array in arrays.items():
        got = file.values(name)
        np.testing.assert_array_equal(got, array)
        assert got.dtype == array.dtype
        assert file.shape(name) == array.shape


@pytest.mark.parametrize("encoding", ["network", "IBMPC", "ARM_LITTLE", "SUN"])
@pytest.mark.parametrize("dtype", ["i1", "i2", "i4", "i8", "u1", "u2", "u4", "f4", "f8"])
def test_types_and_byte_orders(encoding: str, dtype: str) -> None:
    make = Maker()
    make.cdf.encoding = getattr(pycdfpp.Encoding, encoding)
    array = np.array([0, 1, 2, 100], dtype)
    limit = np.array([7], dtype)
    make.put("x", array, options=None, VALIDMAX=limit)
    file = CdfFile(make.bytes(), "x.cdf")
    got = file.values("x")
    np.testing.assert_array_equal(got, array)
    assert got.dtype == array.dtype
    assert got.dtype.isnative
    assert file.attributes("x")["VALIDMAX"] == 7


# the bit patterns of pi, 3.5 and -1 in VAX formats, as little-endian numbers
VAX_F = np.array([0x0FDB4149, 0x00004160, 0x0000C080, 0], "<u4")
VAX_D = np.array([0x68C2A2210FDA4149, 0x4160, 0xC080, 0], "<u8")
VAX_G = np.array([0x2D18544421FB4029, 0x402C, 0xC010, 0], "<u8")


@pytest.mark.parametrize(("encoding", "eight"), [(3, VAX_D), (14, VAX_D), (15, VAX_G), (21, VAX_G)])
def test_vax_floating_point(encoding: int, eight: np.ndarray) -> None:
    make = Maker()
    make.cdf.encoding = pycdfpp.Encoding.IBMPC
    make.put("f4", VAX_F.view("<f4"), VALIDMAX=VAX_F.view("<f4")[1:2])
    make.put("f8", eight.view("<f8"), VALIDMAX=eight.view("<f8")[1:2])
    make.put("i4", np.array([1, -2], "i4"))
    data = bytearray(make.bytes())
    data[8 + 28 : 8 + 32] = encoding.to_bytes(4, "big")
    file = CdfFile(bytes(data), "x.cdf")
    for name in ("f4", "f8"):
        want = np.array([np.pi, 3.5, -1.0, 0.0], name)
        np.testing.assert_array_max_ulp(file.values(name), want, 1)
        assert file.attributes(name)["VALIDMAX"] == 3.5
        assert file.values(name).dtype == want.dtype
    assert file.values("i4").tolist() == [1, -2]


def test_text_is_utf8_else_latin1() -> None:
    make = Maker(Note="Grüße")
    make.put("label", np.array(["Bx", "µT", "x"]), nrv=True)
    make.put("old", np.array([b"Gr\xfc\xdfe"]), kind="CDF_CHAR", nrv=True)
    file = CdfFile(make.bytes(), "x.cdf")
    assert file.values("label").tolist() == [["Bx", "µT", "x"]]
    assert file.values("old").tolist() == [["Grüße"]]
    assert file.global_attributes["Note"] == "Grüße"


def test_two_dimensional_values_have_contiguous_columns() -> None:
    make = Maker().put("Epoch", times(10)).put("b", np.ones((10, 3), "f4"), DEPEND_0="Epoch")
    assert CdfFile(make.bytes(), "x.cdf").values("b").flags.f_contiguous
