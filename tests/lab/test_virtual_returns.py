"""What functions return: odd forms are taken as what they are, or refused with what to change."""

from __future__ import annotations

import numpy as np
import pytest

import speasy_core as spz
from sciqlop_lab.adapt import to_variable
from sciqlop_lab.virtual import virtual_product
from speasy_core.errors import VirtualProductError

SPAN = ("2020-01-01", "2020-01-02")
T = 1_577_836_800.0 + np.arange(4) * 3600
V = spz.SpeasyVariable((T * 1e9).astype("M8[ns]"), np.arange(4.0))


@pytest.fixture
def real(tmp_path):
    with spz.Session(spz.Settings(cache_dir=tmp_path, offline=True)) as made:
        yield made


def test_masked_samples_are_nan():
    for kind in (float, int, np.float32):
        values = np.ma.masked_greater(np.arange(4).astype(kind), 1)
        got = to_variable((T, values)).values
        assert got[:2].tolist() == [0, 1]
        assert np.isnan(got[2:]).all()
    stacked = to_variable((T, values, T * 0, T * 0))
    assert np.isnan(stacked.values[2:, 0]).all()
    alone = to_variable(values, grid=lambda n: (T * 1e9).astype("M8[ns]"))
    assert np.isnan(alone.values[2:]).all()
    assert to_variable((T, np.ma.array(np.arange(4)))).dtype.kind == "i"
    pairs = to_variable((np.arange(4), values), pairs=True)
    assert np.isnan(pairs.values[2:, 1]).all()


@pytest.mark.parametrize(
    ("value", "words", "advice"),
    [
        ([V, V], "returned 2 variables", "one of them"),
        ((T * 1000, T), "no seconds since 1970", "divide milliseconds"),
        ((np.arange(4).astype("m8[s]"), T), "durations", "add the start"),
        ((T, T * 1j), "complex128", "absolute values"),
        ((T, ["a"] * 4), "type <U1", "NaN where there is none"),
    ],
)
def test_what_is_refused_says_what_to_change(value, words, advice):
    with pytest.raises(VirtualProductError, match=words) as said:
        to_variable(value, name="f")
    assert advice in said.value.hint


def test_tables_of_pandas_and_xarray_are_told_what_to_return():
    pandas, xarray = pytest.importorskip("pandas"), pytest.importorskip("xarray")
    index = pandas.date_range("2020-01-01", periods=4, freq="h")
    for value in (pandas.Series(np.arange(4.0), index), pandas.DataFrame({"a": T}, index)):
        with pytest.raises(VirtualProductError) as said:
            to_variable(value)
        assert said.value.hint == "return its index and its values: (x.index, x.to_numpy())"
        assert len(to_variable((value.index, value.to_numpy()))) == 4
    with pytest.raises(VirtualProductError) as said:
        to_variable(xarray.Dataset({"a": ("time", T)}, coords={"time": index}))
    assert said.value.hint == "return one of its variables, a DataArray"


@pytest.mark.parametrize("cachable", [False, True])
def test_a_circle_of_three_is_said_once(real, cachable):
    """It closes when the last of them is defined again; that one stays as it was."""

    def asks(path):
        return lambda start, stop: real.get_data(path, start, stop)

    def define(path, function):
        options = {"test": SPAN, "cachable": cachable, "session": real}
        return virtual_product(path, **options)(function)

    define("c/c", lambda start, stop: ([start], [1.0]))
    define("c/b", asks("vp/c/c"))
    define("c/a", asks("vp/c/b"))
    assert real.get_data("vp/c/a", *SPAN).values.tolist() == [1.0]
    with pytest.raises(VirtualProductError) as said:
        define("c/c", asks("vp/c/a"))
    text = str(said.value)
    # what is kept knows what it came from, and does not ask the one in between
    between = "" if cachable else " -> vp/c/b"
    assert f"vp/c/c -> vp/c/a{between} -> vp/c/c" in text
    assert text.count("[product") == text.count("Hint") == 1
    assert "archives alone" in said.value.hint
    assert real.get_data("vp/c/a", *SPAN).values.tolist() == [1.0]
