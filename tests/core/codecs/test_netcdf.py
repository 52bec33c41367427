"""NetCDF: ISTP and CF metadata, times, packed values, damage, and a missing library."""

from __future__ import annotations

import signal
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from speasy_core import codecs
from speasy_core.codecs import _netcdf_apart, netcdf
from speasy_core.codecs._cdf_time import ns_to_tt2000
from speasy_core.codecs._netcdf_file import _iso
from speasy_core.errors import CorruptFile, UnsupportedFormat

netCDF4 = pytest.importorskip("netCDF4", reason="the extra 'io' is not installed")

FORMS = ["NETCDF4", "NETCDF4_CLASSIC", "NETCDF3_CLASSIC", "NETCDF3_64BIT_OFFSET",
         "NETCDF3_64BIT_DATA"]  # fmt: skip


def make(path: Path, form: str = "NETCDF4", **units: Any) -> bytes:
    with netCDF4.Dataset(path, "w", format=form) as file:
        file.title = "a title"
        file.createDimension("time", None)
        for name, size in (("energy", 4), ("text", 8), ("axis", 3)):
            file.createDimension(name, size)
        time = file.createVariable("time", "f8", ("time",))
        time.units = units.get("time", "seconds since 2000-01-01 12:00:00")
        time[:] = np.arange(100.0) + 0.5
        energy = file.createVariable("energy", "f4", ("energy",))
        energy.units, energy[:] = "eV", [1, 2, 4, 8]
        flux = file.createVariable("flux", "f4", ("time", "energy"), fill_value=-1e31)
        flux.units, flux.long_name = "1/cm2", "Flux"
        flux[:] = np.arange(400.0).reshape(100, 4)
        flux[3, 1] = -1e31
        packed = file.createVariable("b", "i2", ("time", "axis"), fill_value=-999)
        packed.setncatts({"units": "nT", "scale_factor": 0.5, "add_offset": 1.0,
                          "LABL_PTR_1": "label_b"})  # fmt: skip
        packed.set_auto_scale(False)
        packed[:] = 2
        packed[0, 0] = -999
        label = file.createVariable("label_b", "S1", ("axis", "text"))
        label[:] = netCDF4.stringtochar(np.array(["bx", "by", "bz"], "S8"))
    return path.read_bytes()


@pytest.mark.parametrize("form", FORMS)
def test_cf_conventions(tmp_path: Path, form: str) -> None:
    dataset = codecs.read(make(tmp_path / "x.nc", form), source="x.nc")
    assert list(dataset) == ["flux", "b"]
    assert dataset.meta["title"] == "a title"
    flux = dataset["flux"]
    assert flux.unit == "1/cm2"
    assert flux.meta["CATDESC"] == "Flux"
    assert str(flux.time[0]) == "2000-01-01T12:00:00.500000000"
    assert flux.axes[0].values.tolist() == [1, 2, 4, 8]
    assert flux.axes[0].unit == "eV"
    assert np.isnan(flux.fill_to_nan().values[3, 1])
    b = dataset["b"]
    assert b.columns == ["bx", "by", "bz"]
    assert b.values[1].tolist() == [2.0, 2.0, 2.0]
    assert np.isnan(b.fill_to_nan().values).sum() == 1


def test_istp_conventions(tmp_path: Path) -> None:
    path = tmp_path / "i.nc"
    with netCDF4.Dataset(path, "w") as file:
        file.createDimension("record", 3)
        epoch = file.createVariable("Epoch", "i8", ("record",))
        epoch.setncatts({"Var_Type": "support_data", "Units": "ns"})
        times = np.array(["2016-12-31T23:59:59", "2017-01-01", "2017-01-01T00:00:01"], "M8[ns]")
        epoch[:] = ns_to_tt2000(times.astype("i8"))
        field = file.createVariable("n", "f4", ("record",))
        field.setncatts({"Var_Type": "data", "Depend_0": "Epoch", "Units": "cm-3"})
        field[:] = [1, 2, 3]
        other = file.createVariable("flag", "i4", ("record",))
        other.setncatts({"Var_Type": "support_data", "Depend_0": "Epoch"})
        other[:] = 0
    dataset = codecs.read_file(path)
    assert list(dataset) == ["n"]
    assert dataset["n"].time.tolist() == times.tolist()


@pytest.mark.parametrize("form", FORMS)
def test_every_cut_is_found(tmp_path: Path, form: str) -> None:
    data = make(tmp_path / "x.nc", form)
    for length in [*range(200), *range(200, len(data) - 8, 97), len(data) - 8]:
        with pytest.raises(CorruptFile) as caught:
            netcdf.read(data[:length], source="cut.nc")
        assert caught.value.source == "cut.nc"


def test_noise_after_a_sound_beginning(tmp_path: Path) -> None:
    rng = np.random.default_rng(5)
    for form in ("NETCDF3_CLASSIC", "NETCDF4"):
        data = bytearray(make(tmp_path / "x.nc", form))
        for _ in range(20):
            spoilt = bytes(data[:64]) + rng.bytes(len(data) - 64)
            with pytest.raises(CorruptFile):
                netcdf.read(spoilt, source="noise.nc")


@pytest.mark.parametrize(
    ("text", "iso"),
    [
        ("2000-1-1 0:0:0.0", "2000-01-01T00:00:00.0Z"),
        ("2000-01-01", "2000-01-01T00:00:00Z"),
        ("1970-01-01T00:00:00 UTC", "1970-01-01T00:00:00Z"),
        ("1970-01-01 06:00:00 +01:00", "1970-01-01T06:00:00+01:00"),
    ],
)
def test_reference_times(text: str, iso: str) -> None:
    assert _iso(text) == iso


def test_reference_that_is_no_time(tmp_path: Path) -> None:
    data = make(tmp_path / "x.nc", time="seconds since launch")
    with pytest.raises(CorruptFile, match="launch"):
        netcdf.read(data, source="x.nc")


@pytest.mark.parametrize(
    ("unit", "ns"), [("hours", 3600e9), ("milliseconds", 1e6), ("days", 864e11)]
)
def test_units_of_time(tmp_path: Path, unit: str, ns: float) -> None:
    data = make(tmp_path / "x.nc", time=f"{unit} since 2000-01-01")
    steps = np.diff(netcdf.read(data, source="x.nc")["flux"].time_ns)
    assert set(steps.tolist()) == {int(ns)}


def test_without_the_library_the_extra_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = make(tmp_path / "x.nc")
    monkeypatch.setitem(sys.modules, "netCDF4", None)
    with pytest.raises(UnsupportedFormat, match=r"sciqlop-lab\[io\]"):
        codecs.read(data, source="x.nc")


# --- the library in a process of its own ------------------------------------


def test_a_library_that_crashes_or_hangs_is_an_error_and_the_next_file_reads(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = make(tmp_path / "x.nc")
    netcdf.read(data, source="x.nc")
    child = _netcdf_apart._ready()
    monkeypatch.setattr(_netcdf_apart, "PATIENCE", 0.5)
    child._process.send_signal(signal.SIGSTOP)  # as good as an endless loop
    with pytest.raises(CorruptFile, match="did not come to an end") as caught:
        netcdf.read(data, source="bad.nc")
    assert caught.value.source == "bad.nc"
    monkeypatch.undo()
    assert list(netcdf.read(data, source="x.nc")) == ["flux", "b"]
    crashed = _netcdf_apart._ready()
    assert crashed is not child
    crashed._process.kill()
    crashed._process.wait()
    assert list(netcdf.read(data, source="x.nc")) == ["flux", "b"]


def test_values_belong_to_the_caller(tmp_path: Path) -> None:
    with _netcdf_apart.open_file(make(tmp_path / "x.nc"), "x.nc") as file:
        values = file.variables["flux"].read()
        values[0] = 0


def test_a_variable_larger_than_its_file_can_hold_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "huge.nc"
    with netCDF4.Dataset(path, "w") as file:
        file.createDimension("time", 2**33)
        time = file.createVariable("time", "f8", ("time",), chunksizes=(2**20,))
        time.units = "s since 2000-01-01"
    with pytest.raises(CorruptFile, match="more than the file can"):
        netcdf.read(path.read_bytes(), source="huge.nc", variables=["time"])
