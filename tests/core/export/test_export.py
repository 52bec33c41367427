"""Round trips: what goes out comes back the same, times, values, labels, gaps and origin."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from speasy_core.codecs import read_file
from speasy_core.errors import (
    CorruptFile,
    SpeasyError,
    TimeAxisMismatch,
    UnitMismatch,
    UnsupportedFormat,
    VariableError,
)
from speasy_core.export import from_dataset, to_dataset
from speasy_core.timerange import TimeRange
from speasy_core.variable import Axis, Gap, Provenance, SpeasyVariable, merge
from tests.core.samples import seconds, spectrogram, vector

V = SpeasyVariable
META = {
    "CATDESC": "Feld µ <b>", "UNITS": "nT", "FILLVAL": np.float32(-1e31), "VALIDMAX": [1.0, np.inf],
    "ARRAY": np.arange(3, dtype="i2"), "NOTHING": None, "FLAG": True, "TUPLE": (1, "a"),
    "NAN": float("nan"), "BYTES": b"\xff", "COMPLEX": 1 + 2j, "TIME": np.datetime64("2020-01-01"),
    "dataset": {"Acknowledgement": ["a", "b"], "DOI": "10.1/2", "deep": {"$x": 1, 3: "int key"}},
}  # fmt: skip


def _variables() -> dict[str, SpeasyVariable]:
    gaps = [Gap(TimeRange("2018-01-02", "2018-01-03"), "server said no", False)]
    origin = [Provenance("cda", "https://x/y?a=b", "stale", "v1", "2020-01-01T00:00:00Z")]
    rng = np.random.default_rng(1)
    odd = np.array([1.1, np.nan, np.inf, -np.inf, -0.0, 5e-324, 1.7976931348623157e308, 1 / 3])
    nanos = np.array([-1, 0, 1, 2**62], np.int64)
    grid = V(
        seconds(3), rng.normal(size=(3, 2, 4)),
        axes=[Axis(rng.normal(size=(3, 2, 4)), name="lat", unit="deg"),
              Axis(rng.normal(size=(2, 4)), name="lon", unit="deg")], name="map",
    )  # fmt: skip
    return {
        "vector": vector(meta=META, gaps=gaps, provenance=origin),
        "float32": V(seconds(6), odd[:6].astype("f4"), unit="km/s", name="v"),
        "float64": V(seconds(8), odd, columns=["speed"], name="v"),
        "nanoseconds": V(nanos, np.arange(4), name="i"),
        "int8": V(seconds(3), np.array([-128, 0, 127], "i1"), name="q"),
        "uint64": V(seconds(2), np.array([0, 2**64 - 1], "u8"), name="u"),
        "bool": V(seconds(2), [True, False], name="flag"),
        "text": V(seconds(3), ["a,b", 'c"\n', "µ"], name="t"),
        "seconds": V(seconds(2), [1.5, 2.5], unit="s", name="exposure"),
        "epoch unit": V(seconds(2), [1, 2], unit="sec since 1-1-70", name="t70"),
        "times": V(seconds(2), seconds(2), name="when"),
        "spectrogram": spectrogram(),
        "varying": spectrogram(varying=True),
        "tensor": V(seconds(4), rng.normal(size=(4, 3, 3)), name="p", unit="nPa"),
        "grid": grid,
        "empty": vector(0),
        "empty varying": spectrogram(varying=True)[:0],
        "one": spectrogram(varying=True)[:1],
        "no name": V(seconds(2), [[1, 2], [3, 4]]),
        "same names": V(seconds(2), [[1, 2], [3, 4]], columns=["a", "a"], name="n"),
        "unknown unit": vector(unit="blob/zog"),
        "complex": V(seconds(2), np.array([1 + 2j, complex(np.nan, np.inf)]), name="z"),
        "big endian": V(seconds(3), np.arange(9, dtype=">i4").reshape(3, 3), name="b"),
        "half": V(seconds(3), np.arange(3, dtype="f2"), name="h"),
        "named time": V(seconds(3), [1.0, 2, 3], name="time"),
        "columns named time": vector(columns=["time", "index", "name"]),
        "odd names": vector(columns=["β⊥", 'B, "q"', "a\nb"], name="été ∂B/∂t", unit="µV² m⁻¹"),
        "odd axis": V(seconds(2), np.ones((2, 2)), axes=[Axis([1.0, 2], name="a/b", unit="cm/s")],
                      name="x/y"),
        "axis named time": V(seconds(2), np.ones((2, 3)), axes=[Axis([1.0, 2, 3], name="time")]),
        "axis of its name": V(seconds(2), np.ones((2, 3)), axes=[Axis([1.0, 2, 3], name="b")],
                              name="b"),
        "twin axes": V(seconds(2), np.ones((2, 2, 2)), name="b",
                       axes=[Axis([1.0, 2], name="e"), Axis([3.0, 4], name="e")]),
        "twin varying axes": V(seconds(2), np.ones((2, 2, 2)), name="b",
                               axes=[Axis([[1.0, 2]] * 2, name="e", time_varying=True),
                                     Axis([[3.0, 4]] * 2, name="e", time_varying=True)]),
        "no width": V(seconds(2), np.ones((2, 0)), name="n"),
        "fortran": vector().copy(values=np.asfortranarray(vector().values)),
    }  # fmt: skip


VARIABLES = _variables()


def assert_same(a: SpeasyVariable, b: SpeasyVariable, meta: bool = True) -> None:
    assert type(a) is V
    np.testing.assert_array_equal(a.time_ns, b.time_ns)
    assert a.dtype == b.dtype
    np.testing.assert_array_equal(a.values, b.values)
    assert (
        np.array_equal(np.signbit(a.values), np.signbit(b.values)) if a.dtype.kind == "f" else True
    )
    assert (a.name, a.unit, a.columns) == (b.name, b.unit, b.columns)
    assert len(a.axes) == len(b.axes)
    for x, y in zip(a.axes, b.axes, strict=True):
        assert x.equals(y)
        assert x.values.dtype == y.values.dtype
        np.testing.assert_equal(dict(x.meta), dict(y.meta))
    assert a.gaps == b.gaps
    assert a.provenance == b.provenance
    if meta:
        np.testing.assert_equal(dict(a.meta), dict(b.meta))
        for key, value in b.meta.items():
            assert type(a.meta[key]) is type(value), key


TRIPS: dict[str, Callable[[SpeasyVariable, Path], SpeasyVariable]] = {
    "xarray": lambda v, p: V.from_xarray(v.to_xarray()),
    "dataframe": lambda v, p: V.from_dataframe(v.to_dataframe()),
    "astropy": lambda v, p: V.from_astropy_table(v.to_astropy_table()),
    "dictionary": lambda v, p: V.from_dictionary(v.to_dictionary()),
    "lists": lambda v, p: V.from_dictionary(v.to_dictionary(array_to_list=True)),
    "json": lambda v, p: V.from_json(v.to_json()),
    "netcdf": lambda v, p: V.from_netcdf(v.to_netcdf(p / "x.nc")),
    "csv": lambda v, p: V.from_csv(v.to_csv(p / "x.csv")),
    "parquet": lambda v, p: V.from_parquet(v.to_parquet(p / "x.parquet")),
    "npz": lambda v, p: V.from_npz(v.to_npz(p / "x.npz")),
}
NEEDS = {"xarray": "xarray", "dataframe": "pandas", "astropy": "astropy", "netcdf": "netCDF4",
         "parquet": "pyarrow"}  # fmt: skip


@pytest.mark.filterwarnings("ignore:numpy.ndarray size changed")
@pytest.mark.parametrize("which", list(VARIABLES))
@pytest.mark.parametrize("trip", list(TRIPS))
def test_round_trip(trip: str, which: str, tmp_path: Path) -> None:
    if trip in NEEDS:
        pytest.importorskip(NEEDS[trip])
    v = VARIABLES[which]
    if (trip, which) == ("netcdf", "complex"):
        with pytest.raises(VariableError, match="complex"):
            v.to_netcdf(tmp_path / "x.nc")
        return
    assert_same(TRIPS[trip](v, tmp_path), v)


@pytest.mark.filterwarnings("ignore:numpy.ndarray size changed")
@pytest.mark.parametrize("which", list(VARIABLES))
@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_read_file_reads_what_was_written(ending: str, which: str, tmp_path: Path) -> None:
    if ending == "parquet":
        pytest.importorskip("pyarrow")
    v = VARIABLES[which]
    path = getattr(v, f"to_{ending}")(tmp_path / f"mine.{ending}")
    found = read_file(path)
    name = v.name or "values"
    assert list(found) == [name]
    assert found.name == path.name
    assert_same(found[name], v.copy(name=name))
    assert list(read_file(path, name)) == [name]


@pytest.mark.parametrize("which", ["vector", "float32", "spectrogram", "varying", "tensor", "int8"])
def test_cdf(which: str, tmp_path: Path) -> None:
    from speasy_core.codecs import read_file

    v = VARIABLES[which]
    if which == "vector":
        v = v.copy(meta={"CATDESC": "field", "UNITS": "nT", "FILLVAL": -1e31})
    path = tmp_path / "x.cdf"
    assert v.to_cdf(path) == path.read_bytes()
    again = read_file(path)[v.name]
    np.testing.assert_array_equal(again.time_ns, v.time_ns)
    np.testing.assert_array_equal(again.values, v.values)
    assert (again.dtype, again.unit, again.name) == (v.dtype, v.unit, v.name)
    assert len(again.axes) == len(v.axes)
    for a, b in zip(again.axes, v.axes, strict=True):
        np.testing.assert_array_equal(a.values, b.values)
        assert (a.unit, a.time_varying) == (b.unit, b.time_varying)
    if which == "vector":
        assert again.columns == v.columns


class TestXarray:
    def test_layout(self) -> None:
        da = spectrogram(varying=True).to_xarray()
        assert da.dims == ("time", "energy_bin")
        assert da["energy"].dims == ("time", "energy_bin")
        assert da["energy"].attrs["units"] == "eV"
        assert da.attrs["units"] == "eV"
        flat = vector(meta={"CATDESC": "Magnetic field"}).to_xarray()
        assert flat.sel(component="by").values.tolist() == vector()["by"].values.tolist()
        assert flat.attrs["long_name"] == "Magnetic field"

    def test_changes_made_in_xarray_are_kept(self) -> None:
        da = vector(meta={"UNITS": "nT"}).to_xarray()
        part = V.from_xarray(da.isel(time=slice(2, 5), component=[0, 2]))
        assert part.columns == ["bx", "bz"]
        assert part.shape == (3, 2)
        other = V.from_xarray(da.assign_attrs(units="T").rename("c"))
        assert (other.unit, other.name, other.meta["UNITS"]) == ("T", "c", "T")
        varying = spectrogram(varying=True).to_xarray()[1:3, 2:]
        assert V.from_xarray(varying).axes[0].values.shape == (2, 2)
        one = V.from_xarray(spectrogram().to_xarray().isel(energy=0))
        assert one.shape == (6,)
        assert one.axes == ()

    def test_a_data_array_of_others(self) -> None:
        xr = pytest.importorskip("xarray")
        da = xr.DataArray(
            np.arange(6.0).reshape(3, 2).T,
            {"epoch": seconds(2).astype("M8[s]"), "e": ("e", [1.0, 2.0, 3.0], {"units": "eV"})},
            ["epoch", "e"], attrs={"units": "nT", "long_name": "Something"},
        )  # fmt: skip
        v = V.from_xarray(da.T)
        assert v.shape == (2, 3)
        assert (v.unit, v.axes[0].name, v.axes[0].unit) == ("nT", "e", "eV")
        assert v.meta["CATDESC"] == "Something"
        with pytest.raises(VariableError, match="no dimension of times"):
            V.from_xarray(da.drop_vars("epoch"))

    def test_dataset(self) -> None:
        pytest.importorskip("xarray")
        b, f, e = vector(), spectrogram(), spectrogram(varying=True)
        slow = vector()[::2].copy(name="slow")
        dataset = to_dataset([b, slow, f.copy(name="f"), e.copy(name="e")])
        assert dataset["b"].dims[0] == "time"
        assert dataset["slow"].dims[0] == "time_2"
        again = from_dataset(dataset, "d")
        assert_same(again["b"], b)
        assert_same(again["slow"], slow)
        np.testing.assert_array_equal(again["e"].axes[0].values, e.axes[0].values)
        with pytest.raises(VariableError, match="same name"):
            to_dataset([b, b])

    def test_accessor(self) -> None:
        da = vector().to_xarray()
        assert_same(da.spz.variable, vector())
        clamped = da.spz.clamp_with_nan(valid_max=5)
        assert type(clamped).__name__ == "DataArray"
        assert np.isnan(clamped.values).any()
        assert da.spz.unit == "nT"
        assert da.spz["bx"].identical(vector()["bx"].to_xarray())
        assert da.spz["2018-01-01T00:00:05":].sizes["time"] == 5
        assert "sanitized" in dir(da.spz)
        with pytest.raises(AttributeError):
            _ = da.spz.nonsense

    def test_functions_give_back_the_kind_they_got(self) -> None:
        xr = pytest.importorskip("xarray")
        from speasy_core.signal import interpolate, rolling_mean

        da = vector(20).to_xarray()
        assert isinstance(rolling_mean(da, 3), xr.DataArray)
        assert isinstance(merge([da[:5], da[3:]]), xr.DataArray)
        summed = vector(20) + da
        assert_same(summed, vector(20) * 2, meta=False)
        with pytest.raises(TimeAxisMismatch):
            vector(20)[1:] + da
        got = interpolate(da[::2], [da, vector(20)])
        assert isinstance(got[0], xr.DataArray)
        assert isinstance(got[1], V)


class TestTables:
    def test_dataframe_of_others(self) -> None:
        pd = pytest.importorskip("pandas")
        index = pd.date_range("2020-01-01T01:00", periods=3, freq="s", tz="Europe/Paris")
        v = V.from_dataframe(pd.DataFrame({"a": [1, 2, 3], "b": 1.0}, index), unit="nT", name="x")
        assert str(v.time[0]) == "2020-01-01T00:00:00.000000000"
        assert (v.columns, v.unit, v.name) == (["a", "b"], "nT", "x")
        with pytest.raises(VariableError, match="index"):
            V.from_dataframe(pd.DataFrame({"a": [1]}))

    def test_dataframe_changed_on_the_way(self) -> None:
        pytest.importorskip("pandas")
        frame = vector().to_dataframe()
        assert V.from_dataframe(frame[["bx"]]).columns == ["bx"]
        assert V.from_dataframe(frame.iloc[2:4]).shape == (2, 3)
        assert V.from_dataframe(spectrogram(varying=True).to_dataframe().iloc[1:]).shape == (5, 4)

    def test_quantities(self) -> None:
        u = pytest.importorskip("astropy.units")
        assert vector().to_quantity().unit == u.nT
        assert vector().unit_applied("T").to_value(u.nT)[1, 0] == pytest.approx(3.0)
        assert vector(unit="Re").to_quantity().to_value(u.km)[0, 1] == pytest.approx(6378.1)
        assert vector(unit="cts/s").to_quantity().unit.is_equivalent(u.ct / u.s)
        assert vector(unit="#/cc").to_quantity().unit.is_equivalent(u.m**-3)
        assert vector(unit="1/(cm2 sr s MeV/nuc)").to_quantity() is not None
        assert vector(unit="").to_quantity().unit == u.dimensionless_unscaled
        with pytest.raises(UnitMismatch, match="dimensionless"):
            vector(unit="blob").to_quantity()

    def test_table(self) -> None:
        u = pytest.importorskip("astropy.units")
        table = vector().to_astropy_table()
        assert table.colnames == ["time", "bx", "by", "bz"]
        assert table["bx"].unit == u.nT

    def test_speasy_dictionary(self) -> None:
        data: dict[str, Any] = vector().to_dictionary()
        data.pop("speasy_core")
        v = V.from_dictionary(data)
        assert v.columns == ["bx", "by", "bz"]
        one = {**data, "values": {**data["values"], "values": np.ones((10, 1))}, "columns": ["a"]}
        assert V.from_dictionary(one).shape == (10,)
        with pytest.raises(VariableError, match="layout"):
            V.from_dictionary({"axes": []})


class TestFiles:
    def test_csv_of_others(self, tmp_path: Path) -> None:
        path = tmp_path / "x.csv"
        path.write_text("# comment\ntime,a,b\n2020-01-01,1,\n2020-01-02T00:00:00.5Z,3,4e5\n")
        v = V.from_csv(path)
        assert v.columns == ["a", "b"]
        assert np.isnan(v.values[0, 1])

    @pytest.mark.parametrize(
        "content",
        [
            "",
            "time\n",
            "time,a\n2020,1,2\n",
            "time,a\n2020,x\n",
            "# speasy_core: {}\ntime,a\n2020,1\n",
        ],
    )
    def test_broken_csv(self, content: str, tmp_path: Path) -> None:
        path = tmp_path / "x.csv"
        path.write_text(content)
        with pytest.raises(CorruptFile):
            V.from_csv(path)

    def test_csv_of_a_spreadsheet(self, tmp_path: Path) -> None:
        v = vector()
        path = v.to_csv(tmp_path / "x.csv")
        path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes().replace(b"\n", b"\r\n"))
        assert_same(read_file(path)[v.name], v)

    @pytest.mark.parametrize("ending", ["csv", "parquet"])
    def test_what_is_missing_is_said(self, ending: str, tmp_path: Path) -> None:
        if ending == "parquet":
            pytest.importorskip("pyarrow")
        v = vector()
        path = getattr(v, f"to_{ending}")(tmp_path / f"x.{ending}")
        whole = path.read_bytes()
        for size in range(len(whole)):
            path.write_bytes(whole[:size])
            with pytest.raises(SpeasyError) as caught:
                read_file(path)
            assert caught.value.source == path.name

    def test_rows_that_were_taken_out_are_missed(self, tmp_path: Path) -> None:
        path = vector().to_csv(tmp_path / "x.csv")
        path.write_text("".join(path.read_text().splitlines(keepends=True)[:-2]))
        with pytest.raises(CorruptFile, match="8 samples are there, and the labels speak of 10"):
            read_file(path)
        path.write_text(path.read_text().replace('"rows": 10', '"rows": 8'))
        assert_same(read_file(path)["b"], vector()[:8])

    def test_a_file_of_before_has_no_number_of_rows(self, tmp_path: Path) -> None:
        path = vector().to_csv(tmp_path / "x.csv")
        path.write_text(path.read_text().replace('"rows": 10, ', ""))
        assert_same(read_file(path)["b"], vector())

    def test_parquet_of_others(self, tmp_path: Path) -> None:
        pd = pytest.importorskip("pandas")
        pytest.importorskip("pyarrow")
        path = tmp_path / "x.parquet"
        pd.DataFrame({"a": [1.0]}).to_parquet(path)
        with pytest.raises(UnsupportedFormat, match="no labels") as caught:
            read_file(path)
        assert "from_dataframe" in str(caught.value.hint)

    def test_parquet_without_pyarrow(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        pytest.importorskip("pyarrow")
        path = vector().to_parquet(tmp_path / "x.parquet")
        monkeypatch.setitem(sys.modules, "pyarrow", None)
        for use in (lambda: read_file(path), lambda: vector().to_parquet(path)):
            with pytest.raises(UnsupportedFormat, match="pyarrow") as caught:
                use()
            assert "sciqlop-lab[io]" in str(caught.value.hint)

    def test_broken_files(self, tmp_path: Path) -> None:
        path = tmp_path / "x"
        path.write_bytes(b"no such format")
        for read in (V.from_npz, V.from_parquet):
            with pytest.raises(CorruptFile):
                read(path)
        np.savez(tmp_path / "y.npz", a=np.array([{}], object))
        with pytest.raises(CorruptFile):
            V.from_npz(tmp_path / "y.npz")
        for text in ("", "[]", "{}", '{"speasy_core": {"version": 99}, "time": [], "values": []}'):
            with pytest.raises(CorruptFile):
                V.from_json(text)

    def test_what_is_no_data_is_refused(self, tmp_path: Path) -> None:
        v = V([1], np.array([object()], object))
        for write in (v.to_csv, v.to_npz, v.to_parquet):
            with pytest.raises(VariableError, match="objects"):
                write(tmp_path / "x")
        with pytest.raises(VariableError, match="CATDESC"):
            vector(meta={"CATDESC": object()}).to_npz(tmp_path / "x")


def test_cdf_of_names_and_times_that_it_does_not_have(tmp_path: Path) -> None:
    import cdflib

    from speasy_core.codecs import read_file

    early = np.array(["1708-01-01", "1965-03-01T00:00:00.000000007", "1970-01-01T00:00:00.1"])
    v = vector(3, name="été/∂B").copy(time=early.astype("M8[ns]"))
    path = tmp_path / "x.cdf"
    v.to_cdf(path)
    again = read_file(path)["_t_/_B"]
    np.testing.assert_array_equal(again.time_ns, v.time_ns)
    np.testing.assert_array_equal(again.values, v.values)
    other = cdflib.CDF(str(path))
    np.testing.assert_array_equal(other.varget("_t_/_B"), v.values)
    times = cdflib.cdfepoch.to_datetime(other.varget("Epoch"))
    np.testing.assert_array_equal(times.astype("M8[ns]"), v.time)
    assert vector(name="").to_cdf()
    with pytest.raises(VariableError, match="1708"):
        V(np.array(["1690-01-01"], "M8[ns]"), [1.0], name="x").to_cdf()
    with pytest.raises(VariableError, match="without values"):
        V(seconds(2), np.zeros((2, 0)), name="x").to_cdf()


POINTERS = {"DEPEND_0": "Epoch", "DEPEND_1": "Energy", "VAR_TYPE": "data"}  # of a file left behind


@pytest.mark.filterwarnings("ignore:numpy.ndarray size changed")
@pytest.mark.parametrize("ending", ["nc", "cdf"])
@pytest.mark.parametrize("which", ["scalar", "components", "fixed channels", "channels in time"])
def test_files_with_names_of_the_first_file_are_read_by_any_reader(
    which: str, ending: str, tmp_path: Path
) -> None:
    pytest.importorskip("netCDF4", reason="the extra 'io' is not installed")
    energies = np.arange(12.0).reshape(4, 3) + 1
    plain = {"SCALETYP": "log", "DEPEND_0": "Epoch"}
    drawn = {**POINTERS, "DISPLAY_TYPE": "spectrogram"}
    made = {
        "scalar": lambda: V(seconds(4), np.arange(4.0), unit="nT", name="b", meta=POINTERS),
        "components": lambda: V(seconds(4), energies, columns=list("xyz"), name="b", meta={
            **POINTERS, "LABL_PTR_1": list("xyz")}),
        "fixed channels": lambda: V(seconds(4), energies, name="b", meta=drawn, axes=[
            Axis([1.0, 2, 3], name="E", unit="eV")]),
        "channels in time": lambda: V(seconds(4), energies, name="b", meta=drawn, axes=[
            Axis(energies, name="E", unit="eV", meta=plain, time_varying=True)]),
    }[which]()  # fmt: skip
    path = tmp_path / f"x.{ending}"
    made.to_netcdf(path) if ending == "nc" else made.to_cdf(path)
    read = read_file(path)
    assert list(read) == ["b"]
    found = read["b"]
    np.testing.assert_array_equal(found.time_ns, made.time_ns)
    np.testing.assert_array_equal(found.values, made.values)
    assert (found.unit, found.columns, found.kind) == (made.unit, made.columns, made.kind)
    for mine, theirs in zip(found.axes, made.axes, strict=True):
        np.testing.assert_array_equal(mine.values, theirs.values)
        assert (mine.unit, mine.time_varying) == (theirs.unit, theirs.time_varying)


@pytest.mark.filterwarnings("ignore:numpy.ndarray size changed")
@pytest.mark.parametrize("name", ["../../x", "<b>" * 200, "é" * 300, " a", "1 b/"])
def test_netcdf_of_any_name(name: str, tmp_path: Path) -> None:
    pytest.importorskip("netCDF4", reason="the extra 'io' is not installed")
    path = V(seconds(2), np.arange(2.0), name=name).to_netcdf(tmp_path / "x.nc")
    assert V.from_netcdf(path).name == name
    assert len(read_file(path)) == 1
