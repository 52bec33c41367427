"""What a kernel tells the tree of its own variables, and what a panel gets of them."""

from __future__ import annotations

import json

import numpy as np
import pytest
import xarray

from sciqlop_lab import namespace
from speasy_core import SpeasyVariable
from speasy_core.errors import UnknownProduct

TIME = np.arange("2023-01-02", "2023-01-03", 3600, dtype="datetime64[s]").astype("datetime64[ns]")
VECTOR = SpeasyVariable(TIME, np.ones((24, 3)), unit="nT", name="<b>")
ARRAY = xarray.DataArray(
    np.ones(24), coords={"time": TIME}, dims="time", name="n", attrs={"units": "cm^-3"}
)
PAIR = (TIME, np.arange(24.0))


def listed(names):
    return {entry["name"]: entry for entry in json.loads(namespace.listing(names))["variables"]}


def test_series_in_time_are_listed_and_nothing_else():
    names = {
        "b": VECTOR,
        "n": ARRAY,
        "pair": PAIR,
        "_hidden": VECTOR,
        "x": 3,
        "array": np.ones(24),
        "space": xarray.DataArray(np.ones(3), coords={"x": [1, 2, 3]}, dims="x"),
        "uneven": (TIME, np.ones(3)),
        "not a name": VECTOR,
    }
    found = listed(names)
    assert sorted(found) == ["b", "n", "pair"]
    assert found["b"] == {
        "ref": "kernel/b",
        "name": "b",
        "kind": "vector",
        "title": "<b> (24 × 3)",
        "unit": "nT",
        "start": "2023-01-02T00:00:00.000Z",
        "stop": "2023-01-02T23:00:00.000Z",
    }
    assert (found["n"]["kind"], found["n"]["unit"]) == ("scalar", "cm^-3")


def test_tables_of_pandas_with_a_time_zone():
    pandas = pytest.importorskip("pandas")
    index = pandas.DatetimeIndex(TIME, tz="UTC")
    table = pandas.DataFrame({"x": np.arange(24.0), "y": np.ones(24)}, index=index)
    assert listed({"t": table, "plain": table.reset_index()})["t"]["kind"] == "multicomponent"
    variable = namespace.variable("t", {"t": table})
    assert variable.columns == ["x", "y"]
    assert np.array_equal(variable.time, TIME)


@pytest.mark.parametrize("value", [VECTOR, ARRAY, PAIR])
def test_a_panel_gets_the_samples(value):
    variable = namespace.variable("v", {"v": value})
    assert len(variable) == 24
    assert np.array_equal(variable.time, TIME)


@pytest.mark.parametrize("names", [{}, {"v": 3}, {"v": np.ones(3)}])
def test_what_is_gone_is_named(names):
    with pytest.raises(UnknownProduct, match="'v'"):
        namespace.variable("v", names)


def test_an_empty_series_has_no_coverage():
    empty = SpeasyVariable(TIME[:0], np.zeros(0))
    assert "start" not in listed({"e": empty})["e"]
