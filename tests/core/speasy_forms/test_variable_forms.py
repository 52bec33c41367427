"""Members of variables, ranges, tables and data sets under the names that Speasy gives them."""

from __future__ import annotations

from datetime import datetime, timedelta

import numpy as np
import pandas as pd
import pytest

import speasy_core as spz
from speasy_core import Catalog, Dataset, DateTimeRange, Event, SpeasyVariable, TimeTable
from speasy_core.errors import VariableError
from speasy_core.products.variable import (
    DataContainer,
    VariableAxis,
    VariableTimeAxis,
    from_dataframe,
    from_dictionary,
    merge,
    same_time_axis,
    to_dataframe,
    to_dictionary,
)

TIME = np.arange(6).astype("M8[s]").astype("M8[ns]")


@pytest.fixture
def v():
    meta = {"UNITS": "nT", "FILLVAL": [-1e31], "VALIDMIN": [-100.0], "VALIDMAX": [100.0]}
    values = np.arange(18.0).reshape(6, 3)
    return SpeasyVariable(TIME, values, columns=["bx", "by", "Bt"], name="b", meta=meta)


def test_built_from_axes_and_a_container():
    values = DataContainer(np.ones((6, 4)), {"UNITS": "eV", "FIELDNAM": "flux"}, "flux")
    energy = VariableAxis(np.arange(4.0), {"UNITS": "keV"}, "energy")
    v = SpeasyVariable(axes=[VariableTimeAxis(TIME), energy], values=values)
    assert (v.name, v.unit, v.shape) == ("flux", "eV", (6, 4))
    assert v.meta["FIELDNAM"] == "flux"
    assert (v.axes[0].name, v.axes[0].unit) == ("energy", "keV")
    varying = VariableAxis(np.arange(24.0).reshape(6, 4), None, "energy", is_time_dependent=True)
    assert (
        SpeasyVariable(axes=[VariableTimeAxis(TIME), varying], values=values).axes[0].time_varying
    )
    named = SpeasyVariable(
        axes=[VariableTimeAxis(TIME)], values=DataContainer(np.ones((6, 2))), columns=["a", "b"]
    )
    assert named.columns == ["a", "b"]
    for axes, held in (([], values), ([energy], values), ([VariableTimeAxis(TIME)], None)):
        with pytest.raises(VariableError):
            SpeasyVariable(axes=axes, values=held)
    with pytest.raises(ValueError):
        SpeasyVariable(axes=[VariableTimeAxis(TIME[:3])], values=values)
    with pytest.raises(VariableError):
        VariableTimeAxis(np.arange(3))


def test_what_a_variable_says_of_itself(v):
    assert np.array_equal(v.time, TIME)
    assert (v.unit, v.name, v.columns) == ("nT", "b", ["bx", "by", "Bt"])
    assert v.fill_value == -1e31
    assert v.valid_range == (-100.0, 100.0)
    assert (v.shape, v.ndim, v.dtype, v.nbytes, len(v)) == ((6, 3), 2, np.float64, 192, 6)
    assert v.axes_labels[0] == "time"


def test_views_copies_and_columns(v):
    part = v.view(slice(1, 3))
    assert part.equals(v[1:3])
    assert np.shares_memory(part.values, v.values)
    assert v.view(v.values[:, 0] > 3).equals(v[2:])
    assert v.copy().equals(v)
    assert not np.shares_memory(v.copy().values, v.values)
    assert v.copy("c").name == v.copy(name="c").name == "c"
    assert v.copy(name=None).equals(v)
    assert v.astype("f4").dtype == np.float32
    assert v.filter_columns(["Bt"]).values[:, 0].tolist() == v["Bt"].values.tolist()
    assert len(v["1970-01-01T00:00:02":"1970-01-01T00:00:04"]) == 2
    assert (v + np.timedelta64(1, "s")).time[0] == np.datetime64(1, "s")


def test_likes(v):
    for like, value in ((SpeasyVariable.zeros_like, 0.0), (SpeasyVariable.ones_like, 1.0)):
        made = like(v)
        assert (made.values == value).all()
        assert (made.columns, made.unit) == (v.columns, v.unit)
    assert SpeasyVariable.empty_like(v).shape == v.shape
    reserved = SpeasyVariable.reserve_like(v, 10)
    assert (reserved.shape, reserved.dtype, reserved.columns) == ((10, 3), v.dtype, v.columns)
    assert len(SpeasyVariable.reserve_like(v)) == 0
    spectrum = SpeasyVariable(TIME, np.ones((6, 2)), axes=[np.arange(12.0).reshape(6, 2)])
    assert SpeasyVariable.reserve_like(spectrum, 8).axes[0].values.shape == (8, 2)


def test_in_and_out(v):
    data = v.to_dictionary(array_to_list=True)
    assert set(data) >= {"axes", "values", "columns"}
    assert set(data["axes"][0]) >= {"values", "meta", "name", "is_time_dependent", "type"}
    assert isinstance(data["values"]["values"], list)
    assert SpeasyVariable.from_dictionary(data).equals(v)
    assert from_dictionary(to_dictionary(v)).equals(v)
    frame = v.to_dataframe()
    assert SpeasyVariable.from_dataframe(frame, meta={"UNITS": "nT"}, name="b").equals(v)
    assert from_dataframe(to_dataframe(v), name="q").name == "q"
    assert v.to_astropy_table().colnames == ["time", "bx", "by", "Bt"]
    assert v.unit_applied().unit.to_string() == "nT"
    assert v.unit_applied(unit="T", copy=True).value[0, 1] == pytest.approx(1e-9)


def test_cleaning(v):
    holed = v.copy(values=np.where(v.values == 4, -1e31, v.values))
    assert np.isnan(holed.replace_fillval_by_nan(convert_to_float=True).values[1, 1])
    assert np.isnan(v.clamp_with_nan(valid_min=0, valid_max=10).values[5]).all()
    clean = holed.sanitized(
        drop_fill_values=True, drop_out_of_range_values=True, drop_nan_and_inf=True,
        valid_min=0, valid_max=12,
    )  # fmt: skip
    assert len(clean) == 3
    whole = SpeasyVariable(TIME, np.arange(6), meta={"FILLVAL": 3})
    with pytest.raises(ValueError):
        whole.replace_fillval_by_nan()
    assert np.isnan(whole.replace_fillval_by_nan(convert_to_float=True).values[3])


def test_merging_and_same_times(v):
    assert merge([v[3:], v[:4]]).equals(v)
    assert same_time_axis([v, v["bx"], 2 * v])
    assert not same_time_axis([v, v[1:]])


def test_drawing(v):
    plt = pytest.importorskip("matplotlib.pyplot")
    plt.switch_backend("agg")
    assert len(v.plot().lines) == 3
    for draw in (v.plot.line, v.plot["matplotlib"], v.plot["matplotlib"].line, v.plot[None]):
        plt.figure()
        assert len(draw().lines) == 3
    with pytest.raises(VariableError):
        _ = v.plot["plotly"]
    spectrum = SpeasyVariable(
        TIME, np.ones((6, 4)) * 2, axes=[np.arange(1.0, 5.0)],
        meta={"DISPLAY_TYPE": "spectrogram"}, unit="eV", name="flux",
    )  # fmt: skip
    for draw in (spectrum.plot, spectrum.plot.colormap):
        plt.figure()
        assert draw(logy=True, logz=True).get_yscale() == "log"
    maps = SpeasyVariable(
        TIME, np.arange(72.0).reshape(6, 3, 4), axes=[np.arange(3.0), np.arange(4.0)],
        meta={"DISPLAY_TYPE": "map_image"}, name="tec",
    )  # fmt: skip
    plt.figure()
    drawn = maps.plot.colormap(time_index=2).collections[0].get_array()
    assert np.array_equal(np.asarray(drawn).reshape(3, 4), maps.values[2])
    with pytest.raises(ValueError):
        maps.plot()
    axes = Dataset("both", {"b": v, "flux": spectrum}).plot()
    assert [len(ax.lines) for ax in axes] == [3, 0]
    with pytest.raises(VariableError):
        Dataset("none").plot()
    plt.close("all")


def test_ranges():
    r = DateTimeRange("2020-01-01", "2020-01-02")
    assert r.start_time.replace(tzinfo=None) == datetime(2020, 1, 1)
    assert r.stop_time.day == 2
    assert r.duration == np.timedelta64(1, "D")
    assert [p.start for p in r.split(timedelta(hours=12))] == list(
        np.array(["2020-01-01", "2020-01-01T12"], "M8[ns]")
    )
    assert r.intersect(DateTimeRange("2020-01-01T12", "2020-01-03")) == DateTimeRange(
        "2020-01-01T12", "2020-01-02"
    )
    assert datetime(2020, 1, 1, 3) in r
    assert DateTimeRange("2020-01-01T01", "2020-01-01T02") in r
    assert r == spz.TimeRange("2020-01-01", "2020-01-02")
    assert r + timedelta(days=1) == DateTimeRange("2020-01-02", "2020-01-03")
    assert r - np.timedelta64(1, "D") == DateTimeRange("2019-12-31", "2020-01-01")
    assert r - DateTimeRange("2020-01-01T06", "2020-01-01T12") == [
        DateTimeRange("2020-01-01", "2020-01-01T06"), DateTimeRange("2020-01-01T12", "2020-01-02"),
    ]  # fmt: skip
    assert r - r == []
    assert r * 2 == DateTimeRange("2019-12-31T12", "2020-01-02T12")
    assert (len(r), r[0], r[1]) == (2, r.start, r.stop)
    assert issubclass(Event, DateTimeRange)
    assert Event("2020-01-01", "2020-01-02", meta={"kind": "shock"}).meta["kind"] == "shock"


@pytest.mark.parametrize("kind", [TimeTable, Catalog])
def test_tables_are_like_lists(kind):
    keyword = "dt_ranges" if kind is TimeTable else "events"
    table = kind(name="mine", meta={"by": "me"}, **{keyword: [Event("2020-01-01", "2020-01-02")]})
    assert (table.name, table.meta["by"]) == ("mine", "me")
    table.append(DateTimeRange("2020-02-01", "2020-02-02"))
    table += [("2020-03-01", "2020-03-02")]
    assert [str(r.start)[:7] for r in table] == ["2020-01", "2020-02", "2020-03"]
    assert table.pop().start == np.datetime64("2020-03-01")
    assert len(table) == 2
    assert isinstance(table.to_dataframe(), pd.DataFrame)
    assert len(table.to_dataframe()) == 2


def test_data_sets(v):
    dataset = Dataset("d", {"b": v}, {"by": "me"})
    assert dataset["b"] is v
    assert list(dataset) == ["b"]
    assert dataset.time_range().start == TIME[0]
    with pytest.raises(ValueError):
        Dataset("d", {"b": None})
