"""Construction, selection, merging, cleaning and showing of variables."""

from __future__ import annotations

import pickle
import sys
from datetime import UTC, datetime, timedelta, timezone
from subprocess import run

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from speasy_core.errors import SpeasyWarning, TimeAxisMismatch, UnitMismatch, VariableError
from speasy_core.timerange import TimeRange
from speasy_core.variable import Axis, Gap, Provenance, SpeasyVariable, merge
from tests.core.samples import T0, seconds, spectrogram, vector


class TestConstruction:
    def test_float32_and_integers_stay(self) -> None:
        for dtype in ("f4", "i2", "u1", "c8", "U3", "M8[ns]", "?"):
            v = SpeasyVariable([1, 2], np.zeros(2, dtype))
            assert v.dtype == np.dtype(dtype)

    def test_any_dimension(self) -> None:
        for shape in ((4,), (4, 3), (4, 3, 3), (4, 2, 3, 4)):
            assert SpeasyVariable(seconds(4), np.zeros(shape)).shape == shape

    def test_time_of_other_resolutions_and_kinds(self) -> None:
        expected = seconds(2)
        for time in (
            expected.astype("M8[s]"),
            expected.astype("M8[us]").tolist(),
            ["2018-01-01", "2018-01-01T00:00:01Z"],
            expected.astype(np.int64),
        ):
            np.testing.assert_array_equal(SpeasyVariable(time, [1, 2]).time, expected)

    @pytest.mark.parametrize(
        ("time", "values", "labels", "message"),
        [
            ([2, 1], [1, 2], {}, "strictly increase"),
            ([1, 1], [1, 2], {}, "strictly increase"),
            (np.array(["2018", "NaT"], "M8[ns]"), [1, 2], {}, "NaT|increase"),
            ([1, 2], [1, 2, 3], {}, "2 times do not go with"),
            ([1, 2], 3.0, {}, "do not go with"),
            ([1, 2], [[1, 2], [3, 4]], {"columns": ["a"]}, "1 column names for 2"),
            ([1, 2], [[1, 2], [3, 4]], {"axes": [[1, 2], [1, 2]]}, "take 1 axes"),
            ([1, 2], [[1, 2], [3, 4]], {"axes": [[1, 2, 3]]}, "fits neither"),
            (np.array(["1500"], "M8[Y]"), [1], {}, "1677"),
            ([1.5, 2.5], [1, 2], {}, "float64"),
        ],
    )
    def test_what_does_not_fit_is_refused(self, time, values, labels, message) -> None:  # type: ignore[no-untyped-def]
        with pytest.raises(VariableError, match=message):
            SpeasyVariable(time, values, **labels)

    def test_frozen(self) -> None:
        v = vector()
        for attribute in ("values", "time", "name", "unit", "meta", "anything"):
            with pytest.raises(AttributeError):
                setattr(v, attribute, 1)
        with pytest.raises(ValueError, match="read-only"):
            v.values[0] = 1
        with pytest.raises(ValueError, match="read-only"):
            v.time[0] = T0
        with pytest.raises(TypeError):
            v.meta["x"] = 1  # type: ignore[index]
        with pytest.raises(TypeError):
            v["bx"] = 1  # type: ignore[index]
        with pytest.raises(AttributeError):
            Axis([1]).name = "x"

    def test_unit_comes_from_the_metadata(self) -> None:
        assert SpeasyVariable([1], [1], meta={"UNITS": "nT"}).unit == "nT"
        assert SpeasyVariable([1], [1], meta={"UNITS": "nT"}, unit="T").meta["UNITS"] == "T"

    def test_masks_and_units_are_not_dropped(self) -> None:
        masked = np.ma.masked_array([1, 2], mask=[True, False], dtype="i2")
        v = SpeasyVariable([1, 2], masked)
        np.testing.assert_array_equal(v.values, [np.nan, 2])
        assert v.dtype == np.float32
        assert SpeasyVariable([1, 2], np.ma.masked_array([1, 2])).dtype.kind == "i"
        with pytest.raises(VariableError, match="filled"):
            SpeasyVariable([1, 2], np.ma.masked_array(["a", "b"], mask=[True, False]))
        assert SpeasyVariable([1, 2], v.with_unit("nT")).unit == "nT"
        assert SpeasyVariable([1, 2], v.with_unit("nT"), unit="pT").unit == "pT"
        units = pytest.importorskip("astropy.units")
        assert SpeasyVariable([1, 2], [1, 2] * units.nT).unit == "nT"

    def test_from_unsorted_repairs_and_counts(self) -> None:
        time = np.array(["2018-01-03", "2018-01-01", "2018-01-01", "NaT"], "M8[ns]")
        axis = np.arange(8).reshape(4, 2)
        v = SpeasyVariable.from_unsorted(time, [[3, 0], [1, 0], [2, 0], [9, 9]], axes=[axis])
        assert v.values[:, 0].tolist() == [1, 3]
        assert v.axes[0].values.tolist() == [[2, 3], [0, 1]]
        assert v.meta["time_repairs"] > 0
        assert "time_repairs" not in SpeasyVariable.from_unsorted([1, 2], [1, 2]).meta

    def test_kinds(self) -> None:
        assert vector().kind == "vector"
        assert vector()["bx"].kind == "scalar"
        assert vector()[["bx", "by"]].kind == "multicomponent"
        assert spectrogram().kind == spectrogram(varying=True).kind == "spectrogram"

    def test_axes_and_coordinate_grids(self) -> None:
        v = SpeasyVariable(seconds(2), np.zeros((2, 3, 4)), axes=[np.zeros((3, 4)), np.arange(4)])
        assert [a.time_varying for a in v.axes] == [False, False]
        w = SpeasyVariable(seconds(2), np.zeros((2, 3, 4)),
                           axes=[np.zeros((2, 3, 4)), np.zeros((2, 4))])  # fmt: skip
        assert [a.time_varying for a in w.axes] == [True, True]
        assert w[:1].axes[0].values.shape == (1, 3, 4)

    def test_names_as_in_xarray(self) -> None:
        v = spectrogram()
        assert v.dims == ("time", "energy")
        assert dict(v.sizes) == {"time": 6, "energy": 4}
        assert set(v.coords) == {"time", "energy"}
        assert v.attrs == v.meta
        assert vector().coords["component"].tolist() == ["bx", "by", "bz"]

    def test_pickle_and_copy(self) -> None:
        v = vector(gaps=[Gap(TimeRange("2018", "2019"), "x")], provenance=[Provenance("cda", "r")])
        again = pickle.loads(pickle.dumps(v))
        assert again.equals(v)
        assert again.gaps == v.gaps
        assert not np.shares_memory(v.copy().values, v.values)
        assert v.copy(name="c").name == "c"
        assert v.copy(values=np.zeros((10, 3))).columns == v.columns
        assert v.copy(values=np.zeros(10)).columns == ["b"]
        assert spectrogram().copy(values=np.zeros((6, 2))).axes == ()

    def test_import_is_light(self) -> None:
        code = (
            "import sys, speasy_core.variable as m\n"
            "assert not {'xarray', 'pandas', 'scipy', 'matplotlib', 'astropy'} & set(sys.modules)"
        )
        run([sys.executable, "-c", code], check=True)


class TestSelection:
    def test_one_time_as_text_and_epoch_seconds(self) -> None:
        v = vector()
        np.testing.assert_array_equal(v["2018-01-01T00:00:02"], v[2])
        with pytest.raises(KeyError, match="no sample at"):
            v["2018-01-01T00:00:02.5"]
        with pytest.raises(KeyError, match="no column"):
            v["2018 field"]
        epoch = float(v.time_ns[0] // 10**9)
        assert v[epoch + 2 : epoch + 5].equals(v[2:5])

    @pytest.mark.parametrize(
        "key",
        [
            "2018-01-01T00:00:05",
            np.datetime64("2018-01-01T00:00:05"),
            datetime(2018, 1, 1, 0, 0, 5),
            datetime(2018, 1, 1, 0, 0, 5, tzinfo=UTC),
            datetime(2018, 1, 1, 2, 0, 5, tzinfo=timezone(timedelta(hours=2))),
        ],
    )
    def test_time_slices(self, key: object, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("TZ", "America/New_York")
        v = vector()
        assert len(v[key:]) == 5
        assert len(v[:key]) == 5
        assert len(v[key::2]) == 3
        assert np.shares_memory(v[key:].values, v.values)

    def test_pandas_timestamp(self) -> None:
        pd = pytest.importorskip("pandas")
        v = vector()
        assert len(v[pd.Timestamp("2018-01-01T00:00:05") :]) == 5
        assert len(v[: pd.Timestamp("2018-01-01T01:00:05+01:00")]) == 5
        np.testing.assert_array_equal(v[pd.Timestamp("2018-01-01T00:00:05")], v.values[5])

    def test_ranges_are_half_open(self) -> None:
        v = vector()
        assert len(v["2018-01-01T00:00:02":"2018-01-01T00:00:04"]) == 2
        assert len(v[TimeRange("2018-01-01T00:00:02", "2018-01-01T00:00:04")]) == 2
        assert len(v["2019":]) == len(v[:"2017"]) == len(v["2018-01-02":"2018-01-01"]) == 0

    def test_rows(self) -> None:
        v = vector()
        assert v[3].tolist() == [9, 10, 11]
        assert v[-1].tolist() == v.values[-1].tolist()
        assert v["bx"][3] == 9.0
        assert [row.tolist() for row in v] == v.values.tolist()
        assert list(v["bx"]) == v.values[:, 0].tolist()
        with pytest.raises(IndexError, match="row 10"):
            v[10]
        np.testing.assert_array_equal(v[T0], v.values[0])
        with pytest.raises(KeyError, match="no sample"):
            v[np.datetime64("2018-01-01T00:00:00.5")]

    def test_steps_masks_and_numbers(self) -> None:
        v = vector()
        assert v[::3].time.tolist() == v.time[::3].tolist()
        assert len(v[v["bx"] > 10]) == 6
        assert len(v[np.arange(10) > 3]) == 6
        assert v[[1, 3, -1]].values[:, 0].tolist() == [3, 9, 27]
        assert len(v[(v > 1).all(axis=1)]) == 9
        with pytest.raises(VariableError, match="any"):
            v[v > 3]
        with pytest.raises(VariableError, match="turn time around"):
            v[::-1]
        with pytest.raises(VariableError, match="increase"):
            v[[3, 1]]
        with pytest.raises(VariableError, match="resample"):
            v[:: timedelta(seconds=2)]
        with pytest.raises(TimeAxisMismatch):
            v[v["bx"][1:] > 3]

    def test_columns(self) -> None:
        v = vector()
        assert v["by"].name == "by"
        assert v["by"].unit == "nT"
        assert v["by"].shape == (10,)
        assert v[["bz", "bx"]].columns == ["bz", "bx"]
        assert np.shares_memory(v[["bx", "bz"]].values, v.values)
        assert v[:, 0].columns == ["bx"]
        assert v[2:4, "by"].shape == (2,)
        assert v[..., 1].values.tolist() == v["by"].values.tolist()
        assert v.filter_columns(["bx"]).shape == (10, 1)
        with pytest.raises(KeyError, match="Did you mean 'bx'"):
            v["Bx"]

    def test_axes_follow(self) -> None:
        v = spectrogram(varying=True)
        assert v[2:4].axes[0].values.shape == (2, 4)
        assert v[:, 1:3].axes[0].values.shape == (6, 2)
        assert v[:, 1].axes == ()
        assert spectrogram()[2:4, ::2].axes[0].values.shape == (2,)

    def test_isel_and_sel(self) -> None:
        v = spectrogram()
        assert v.isel(time=slice(1, 3), energy=2).shape == (2,)
        assert v.sel(energy=10.0).values.tolist() == v.values[:, 0].tolist()
        assert v.sel(energy=11, method="nearest").values.tolist() == v.values[:, 0].tolist()
        assert v.sel(energy=slice(10, 100)).shape == (6, 2)
        assert len(v.sel(time=slice("2018-01-01T00:00:01", "2018-01-01T00:00:03"))) == 3
        assert v.sel(time="2018-01-01T00:00:01").tolist() == v.values[1].tolist()
        assert vector().sel(component="by").columns == ["by"]
        assert vector().sel(component=["bx", "bz"]).columns == ["bx", "bz"]
        with pytest.raises(KeyError):
            v.sel(energy=11)
        with pytest.raises(VariableError, match="no dimension"):
            v.isel(pitch=1)

    def test_isel_and_sel_agree_with_xarray(self) -> None:
        pytest.importorskip("xarray")
        v = spectrogram()
        da = v.to_xarray()
        np.testing.assert_array_equal(v.isel(time=2), da.isel(time=2))
        np.testing.assert_array_equal(v.sel(energy=slice(20, 500)), da.sel(energy=slice(20, 500)))
        window = slice("2018-01-01T00:00:01", "2018-01-01T00:00:04")
        np.testing.assert_array_equal(v.sel(time=window), da.sel(time=window))


class TestMerge:
    def test_nested_pieces_lose_nothing(self) -> None:
        v = vector()
        assert merge([v[0:10], v[2:4], v[4:6], v[5:7]]).equals(v)

    @settings(max_examples=60, deadline=None)
    @given(
        st.lists(st.tuples(st.integers(0, 20), st.integers(0, 20)), min_size=1, max_size=6),
        st.booleans(),
        st.booleans(),
    )
    def test_union_of_rows(self, cuts: list[tuple[int, int]], fortran: bool, varying: bool) -> None:
        v = spectrogram(20, varying=varying)
        if fortran:
            v = v.copy(values=np.asfortranarray(v.values))
        parts = [v[min(c) : max(c)] for c in cuts]
        rows = sorted({i for c in cuts for i in range(min(c), max(c))})
        merged = merge(parts)
        np.testing.assert_array_equal(merged.time, v.time[rows])
        np.testing.assert_array_equal(merged.values, v.values[rows])
        if rows:
            expected = v.axes[0].take_time(rows)
            assert merged.axes[0].equals(expected)
            assert merge([merged, merged]).equals(merged)
            assert merge(parts[::-1]).equals(merged)

    def test_the_last_part_wins_and_says_so(self) -> None:
        v = vector()
        with pytest.warns(SpeasyWarning, match="3 samples have the same time"):
            merged = merge([v, v[2:5] * 0])
        assert merged.values[2:5].sum() == 0

    def test_nan_is_equal_to_nan(self) -> None:
        v = SpeasyVariable([1, 2], [np.nan, 1.0])
        assert merge([v, v]).equals(v)

    def test_static_axes_that_differ_become_varying(self) -> None:
        a, b = spectrogram(4)[:2], spectrogram(4)[2:]
        b = b.copy(axes=[b.axes[0].replace(values=b.axes[0].values * 2)])
        merged = merge([a, b])
        assert merged.axes[0].time_varying
        np.testing.assert_array_equal(merged.axes[0].values[3], b.axes[0].values)

    def test_gaps_and_provenance_are_joined(self) -> None:
        v = vector()
        gap = Gap(TimeRange("2018-01-01T01", "2018-01-01T02"), "late")
        next_gap = Gap(TimeRange("2018-01-01T02", "2018-01-01T03"), "late")
        empty = v[:0].copy(gaps=[next_gap], provenance=[Provenance("cda", "r")])
        merged = merge([v.copy(gaps=[gap]), empty])
        assert [str(g.range) for g in merged.gaps] == ["2018-01-01T01:00:00Z/2018-01-01T03:00:00Z"]
        assert merged.provenance == (Provenance("cda", "r"),)
        assert len(merged) == 10

    def test_an_empty_part_of_unknown_shape_is_nothing(self) -> None:
        v = vector()
        empty = SpeasyVariable(np.zeros(0, np.int64), np.zeros(0))
        assert merge([empty, v]).equals(v)

    def test_what_does_not_fit_is_refused(self) -> None:
        v = vector()
        with pytest.raises(VariableError, match="shape"):
            merge([v, v["bx"]])
        with pytest.raises(UnitMismatch):
            merge([v, v.with_unit("pT")])
        with pytest.raises(VariableError, match="columns"):
            merge([v, v.copy(columns=["x", "y", "z"])])
        with pytest.raises(VariableError, match="nothing"):
            merge([])

    def test_components_stay_contiguous(self) -> None:
        v = vector().copy(values=np.asfortranarray(vector().values))
        assert merge([v[:5], v[5:]])._values.flags.f_contiguous
        assert merge([v[3:], v[:6]])._values.flags.f_contiguous


class TestCleaning:
    def test_fill_and_range_become_nan(self) -> None:
        meta = {"FILLVAL": [np.float32(-1e31)], "VALIDMIN": -5, "VALIDMAX": [5, 6, 7]}
        values = np.array([[-1e31, 0, 1], [6, 6, 8]], "f4")
        v = SpeasyVariable([1, 2], values, meta=meta)
        assert v.fill_value == np.float32(-1e31)
        clean = v.fill_to_nan()
        assert clean.dtype == np.float32
        np.testing.assert_array_equal(np.isnan(clean.values), [[1, 0, 0], [1, 0, 1]])
        assert v.values[0, 0] == np.float32(-1e31)

    def test_integers(self) -> None:
        v = SpeasyVariable([1, 2, 3], np.array([1, -32768, 3], "i2"), meta={"FILLVAL": -32768})
        assert np.isnan(v.fill_to_nan().values).tolist() == [False, True, False]
        assert v.fill_to_nan().dtype == np.float32
        assert v[:1].fill_to_nan().dtype == np.int16
        with pytest.raises(VariableError, match="convert_to_float"):
            v.replace_fillval_by_nan()
        with pytest.raises(VariableError, match="frozen"):
            v.replace_fillval_by_nan(inplace=True)
        assert np.isnan(v.replace_fillval_by_nan(convert_to_float=True).values[1])

    @pytest.mark.parametrize("fill", ["text", None, 99999, 1e400, 10**400, [], True, np.nan])
    def test_a_fill_value_that_cannot_be_one_is_left(self, fill: object) -> None:
        v = SpeasyVariable([1, 2], np.array([1, 2], "i2"), meta={"FILLVAL": fill})
        assert v.fill_to_nan() is v
        assert v.sanitized() is v

    @pytest.mark.parametrize("fill", ["text", None, 10**400, [], np.nan, True, -1e31])
    @pytest.mark.parametrize("dtype", ["f4", "f8", "c16"])
    def test_floats_that_are_clean_are_given_back(self, fill: object, dtype: str) -> None:
        v = SpeasyVariable([1, 2], np.array([1, 2], dtype), meta={"FILLVAL": fill})
        assert v.fill_to_nan() is v
        nan = SpeasyVariable([1, 2], np.array([np.nan, np.inf], "f4"), meta={"FILLVAL": fill})
        assert nan.fill_to_nan() is nan

    def test_text_and_times_are_left(self) -> None:
        for values in (["a", "b"], seconds(2), [True, False]):
            v = SpeasyVariable([1, 2], values, meta={"FILLVAL": -1, "VALIDMIN": 0})
            assert v.fill_to_nan() is v

    def test_a_float32_limit_keeps_its_own_value(self) -> None:
        v = SpeasyVariable([1], np.array([0.1], "f4"), meta={"VALIDMIN": 0.1, "VALIDMAX": 0.1})
        assert v.fill_to_nan() is v

    def test_clamp(self) -> None:
        v = vector()
        assert np.isnan(v.clamp_with_nan(valid_min=3, valid_max=20).values).sum() == 3 + 9
        assert np.isnan(v.clamp_with_nan(valid_max=[0, 100, 100]).values).sum() == 9
        with pytest.raises(VariableError, match="does not fit"):
            v.clamp_with_nan(valid_max=[1, 2])

    def test_sanitized(self) -> None:
        meta = {"FILLVAL": -1.0, "VALIDMIN": [0, 0], "VALIDMAX": [10, 20]}
        values = [[1, 2], [-1, 2], [1, 21], [11, 2], [np.nan, 1], [np.inf, 1], [10, 20]]
        v = SpeasyVariable(np.arange(7), values, meta=meta)
        assert v.sanitized().time_ns.tolist() == [0, 6]
        assert len(v.sanitized(drop_out_of_range_values=False, drop_nan_and_inf=False)) == 6
        assert v.sanitized(valid_max=11).time_ns.tolist() == [0, 3]
        assert spectrogram(m=20).sanitized(valid_max=100).shape == (5, 20)

    def test_repeats(self) -> None:
        v = SpeasyVariable(np.arange(5), [1.0, 1.0, np.nan, np.nan, 1.0])
        assert v.drop_duplicates().time_ns.tolist() == [0, 2, 4]

    def test_gaps_of_the_sampling(self) -> None:
        v = vector(10)[[0, 1, 2, 6, 7, 9]]
        assert v.cadence == np.timedelta64(1, "s")
        (gap,) = v.find_gaps(3)
        assert (gap.start, gap.stop) == (v.time[2], v.time[3])
        assert len(v.find_gaps(1.5)) == 2
        assert [len(p) for p in v.split_at_gaps(3)] == [3, 3]
        assert v[:1].find_gaps() == []
        assert v[:0].split_at_gaps() == []
        assert v[:1].cadence is None
        with pytest.raises(VariableError, match="above 1"):
            v.find_gaps(0.5)


class TestOrigin:
    def test_gaps_and_provenance_survive_and_unite(self) -> None:
        one, two = (
            Gap(TimeRange("2018-01-01T01", "2018-01-01T02"), "a"),
            Gap(TimeRange("2018-01-01T03", "2018-01-01T04"), "b"),
        )
        a = vector(gaps=[one], provenance=[Provenance("cda", "1")])
        b = vector(gaps=[two], provenance=[Provenance("amda", "2")])
        for result in (a[2:5], a * 2, np.sqrt(a), a["bx"], np.cumsum(a, axis=0), a.to("T")):
            assert result.gaps == (one,)
            assert result.provenance == a.provenance
        for result in (a + b, np.cross(a, b), np.where(a > 0, a, b)):
            assert result.gaps == (one, two)
            assert [p.server for p in result.provenance] == ["cda", "amda"]


class TestShowing:
    def test_twelve_lines(self) -> None:
        axis = Axis(np.zeros((10, 3)), name="e", unit="eV")
        gaps = [Gap(TimeRange("2018", "2019"), "server said no")]
        v = vector(axes=[axis], meta={"CATDESC": "x" * 500}, gaps=gaps,
                   provenance=[Provenance("cda", "r")])  # fmt: skip
        text = repr(v)
        assert len(text.splitlines()) <= 12
        assert max(map(len, text.splitlines())) <= 100
        assert "server said no" in text
        assert "nT" in text
        for small in (vector(0), vector(1), vector(2)["bx"], SpeasyVariable([1], ["a"])):
            assert repr(small)
            assert small._repr_html_()

    def test_html_is_escaped_and_small(self) -> None:
        bad = "<script>alert(1)</script>"
        meta = {bad: bad, **{f"K{i}": bad * 50 for i in range(500)}, "dataset": {bad: [bad] * 90}}
        v = vector(5000, name=bad, unit=bad, columns=[bad, "b", "c"], meta=meta)
        html = v._repr_html_()
        assert "<script" not in html
        assert len(html) < 20_000
        assert "--jp-" in html
        assert "<svg" in html

    def test_sparkline_keeps_the_extreme(self) -> None:
        values = np.zeros(10_000)
        values[5000] = 7.5
        assert "to 7.5" in SpeasyVariable(seconds(10_000), values)._repr_html_()

    def test_citation(self) -> None:
        dataset = {"Acknowledgement": ["Thank", "us"], "DOI": "10.1/2", "Rules_of_use": "ask",
                   "spase_DatasetResourceID": "spase://x", "PI_name": "P. I."}  # fmt: skip
        v = vector(
            meta={"dataset": dataset}, provenance=[Provenance("cda", "r", date="2020-01-01")]
        )
        text = v.citation()
        for part in ("Thank us", "10.1/2", "ask", "spase://x", "P. I.", "cda on 2020-01-01"):
            assert part in text
        assert "ask the archive" in vector().citation()


def test_merge_says_what_it_cannot_take() -> None:
    v = vector()
    assert merge(v).equals(v)  # one variable is one part, not a list of rows
    with pytest.raises(VariableError, match="int"):
        merge([v, 1])  # type: ignore[list-item]


def test_html_stays_small_and_escaped_whatever_the_metadata() -> None:
    evil = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)> &"
    meta = {f"{evil}{i}": evil * 50 for i in range(200)}
    v = SpeasyVariable(
        seconds(6), np.random.default_rng(0).random((6, 3)), name=evil * 3, unit=evil,
        columns=[f"{evil}{i}" for i in range(3)],
        meta={**meta, "CATDESC": "line\n" * 100, "dataset": {k: [a] * 30 for k, a in meta.items()}},
        gaps=[Gap(TimeRange("2020", "2021"), evil)], provenance=[Provenance(evil, evil)],
    )  # fmt: skip
    html = v._repr_html_()
    assert len(html.encode()) < 20_000
    assert "<script" not in html
    assert "<img" not in html
    lines = repr(v).splitlines()
    assert len(lines) <= 12
    assert max(map(len, lines)) < 120
