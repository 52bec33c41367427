"""Written CDFs: ISTP-valid, and the same in cdflib and in our own reader."""

from __future__ import annotations

import warnings
from pathlib import Path

import cdflib
import numpy as np
import pytest
from cdflib.xarray import cdf_to_xarray
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from speasy_core.codecs.cdf import CdfFile, encode, read
from speasy_core.errors import VariableError
from speasy_core.variable import Axis, SpeasyVariable

TYPES = [np.dtype(t) for t in ("f4", "f8", "i1", "i2", "i4", "u1", "u2", "u4", "i8")]
TIME = np.datetime64("2016-12-31T23:59:57", "ns") + np.arange(6) * np.timedelta64(1, "s")
REQUIRED = {
    "CATDESC", "DEPEND_0", "DISPLAY_TYPE", "FIELDNAM", "FILLVAL", "FORMAT", "UNITS", "VALIDMIN",
    "VALIDMAX", "VAR_TYPE",
}  # fmt: skip


def vector() -> SpeasyVariable:
    return SpeasyVariable(
        TIME, np.arange(18, dtype="f4").reshape(6, 3), columns=["bx", "by", "bz"], unit="nT",
        name="b", meta={"FILLVAL": -1e31, "CATDESC": "field", "VALIDMIN": [-1, -2, -3],
                        "dataset": {"PI_name": "A. Person", "Keys": ["a", "b"], "n": 3}},
    )  # fmt: skip


def spectrum() -> SpeasyVariable:
    energy = Axis(np.linspace(1, 60, 24).reshape(6, 4), name="energy", unit="eV")
    return SpeasyVariable(TIME, np.ones((6, 4)), axes=[energy], unit="1/cm2", name="flux")


def round_trip(v: SpeasyVariable) -> SpeasyVariable:
    return CdfFile(encode([v]), "x.cdf").variable(v.name)


def test_what_is_written_comes_back() -> None:
    b, flux = vector(), spectrum()
    file = read(encode([b, flux]), source="x.cdf")
    assert list(file) == ["b", "flux"]
    for original in (b, flux):
        got = file[original.name]
        np.testing.assert_array_equal(got.values, original.values)
        assert got.time.tolist() == original.time.tolist()
        assert (got.unit, got.columns, got.kind) == (original.unit, original.columns, original.kind)
        assert got.dtype == original.dtype
        assert len(got.axes) == len(original.axes)
    assert file["flux"].axes[0].equals(flux.axes[0])
    assert file["b"].meta["VALIDMIN"] == [-1, -2, -3]
    assert file["b"].meta["CATDESC"] == "field"
    assert file["b"].meta["dataset"]["PI_name"] == "A. Person"
    assert file["b"].meta["dataset"]["Keys"] == ["a", "b"]


def test_cdflib_reads_the_same(tmp_path: Path) -> None:
    path = tmp_path / "x.cdf"
    path.write_bytes(encode([vector(), spectrum()]))
    reference = cdflib.CDF(path)
    np.testing.assert_array_equal(reference.varget("b"), vector().values)
    np.testing.assert_array_equal(reference.varget("energy"), spectrum().axes[0].values)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        back = cdflib.cdfepoch.to_datetime(reference.varget("Epoch"))
        dataset = cdf_to_xarray(path, to_datetime=True)
    assert np.asarray(back, "M8[ns]").tolist() == TIME.tolist()
    assert dataset["b"].dims[0] == "Epoch"
    assert dataset["flux"].shape == (6, 4)


def test_istp_attributes_are_all_there_and_typed(tmp_path: Path) -> None:
    path = tmp_path / "x.cdf"
    path.write_bytes(encode([vector(), spectrum()]))
    reference = cdflib.CDF(path)
    for name in ("b", "flux"):
        attributes = reference.varattsget(name)
        assert set(attributes) >= REQUIRED
        assert {"LABLAXIS", "LABL_PTR_1"} & set(attributes)
        dtype = reference.varget(name).dtype
        for key in ("FILLVAL", "VALIDMIN", "VALIDMAX"):
            assert np.asarray(attributes[key]).dtype == dtype, (name, key)
    assert reference.varattsget("b")["LABL_PTR_1"] == "b_label_1"
    assert reference.varget("b_label_1").tolist() == ["bx", "by", "bz"]
    assert reference.varattsget("Epoch")["VAR_TYPE"] == "support_data"
    assert reference.varattsget("energy")["DEPEND_0"] == "Epoch"
    for key in ("Project", "Source_name", "Discipline", "Logical_source", "Mission_group", "TEXT"):
        assert key in reference.globalattsget()


def test_equal_times_and_axes_are_written_once() -> None:
    late = spectrum().copy(name="late", time=TIME + np.timedelta64(1, "h"))
    file = CdfFile(encode([spectrum(), spectrum().copy(name="again"), late]), "x.cdf")
    assert sorted(file.names) == ["Epoch", "Epoch_2", "again", "energy", "energy_2", "flux", "late"]
    assert file.attributes("again")["DEPEND_1"] == file.attributes("flux")["DEPEND_1"]
    assert file.attributes("late")["DEPEND_0"] == "Epoch_2"
    assert file.attributes(file.attributes("late")["DEPEND_1"])["DEPEND_0"] == "Epoch_2"
    assert file.variable("late").time.tolist() == late.time.tolist()
    assert file.variable("late").axes[0].values.tolist() == late.axes[0].values.tolist()


def test_real_file_survives(shared_data: Path) -> None:
    path = next(shared_data.rglob("mms1_fpi_brst_l2_dis-moms_20151201101704_v3.3.0.cdf"))
    original = read(path.read_bytes(), source=path.name)
    again = read(encode(original), source="again.cdf")
    assert set(again) == set(original)
    for name, v in original.items():
        np.testing.assert_array_equal(again[name].values, v.values)
        assert again[name].time.tolist() == v.time.tolist()
        assert (again[name].unit, again[name].columns) == (v.unit, v.columns)
        assert again[name].fill_value == v.fill_value
        assert all(a.equals(b) for a, b in zip(again[name].axes, v.axes, strict=True))


def test_empty_and_odd_types() -> None:
    assert round_trip(vector()[0:0]).shape == (0, 3)
    flags = SpeasyVariable(TIME, np.array([True, False] * 3), name="flag")
    assert round_trip(flags).values.tolist() == [1, 0] * 3
    big = SpeasyVariable(TIME, np.arange(6, dtype=np.uint64), name="count")
    assert round_trip(big).values.tolist() == list(range(6))
    half = SpeasyVariable(TIME, np.ones(6, np.float16), name="half")
    assert round_trip(half).dtype == np.float32


def test_what_cdf_cannot_hold_is_refused() -> None:
    with pytest.raises(VariableError, match="complex"):
        encode([SpeasyVariable(TIME, np.ones(6, complex), name="c")])
    with pytest.raises(VariableError, match="uint64"):
        encode([SpeasyVariable(TIME, np.full(6, 2**64 - 1, np.uint64), name="c")])
    with pytest.raises(VariableError, match="nothing"):
        encode([])
    with pytest.raises(VariableError, match="names that differ"):
        encode([vector(), vector()])
    with pytest.raises(VariableError, match="names that differ"):
        encode([vector().copy(name="")])


@given(
    values=hnp.arrays(
        dtype=st.sampled_from(TYPES), shape=st.sampled_from([(6,), (6, 2), (6, 2, 3)])
    )
)
def test_any_numbers_come_back_bit_for_bit(values: np.ndarray) -> None:
    got = round_trip(SpeasyVariable(TIME, values, name="x"))
    assert got.values.dtype == values.dtype
    assert np.ascontiguousarray(got.values).tobytes() == np.ascontiguousarray(values).tobytes()
