"""Traps that users of earlier tools fell into; each must stay closed."""

from __future__ import annotations

from datetime import datetime

import numpy as np
import pytest

from speasy_core.errors import SpeasyWarning, UnitMismatch, VariableError
from speasy_core.signal import interpolate, resample
from speasy_core.variable import SpeasyVariable, merge
from tests.core.samples import seconds, vector

V = SpeasyVariable


def test_1_text_keys_steps_and_naive_times(monkeypatch: pytest.MonkeyPatch) -> None:
    import time

    monkeypatch.setenv("TZ", "America/New_York")
    time.tzset()
    v = vector()
    assert len(v["2018-01-01T00:00:05":]) == 5
    assert len(v[::2]) == 5
    assert len(v[datetime(2018, 1, 1, 0, 0, 5) :]) == 5
    monkeypatch.delenv("TZ")
    time.tzset()


def test_2_rows_and_iteration() -> None:
    v = vector()
    assert v[3].tolist() == [9, 10, 11]
    assert v[-1].tolist() == [27, 28, 29]
    assert v[:, 0].shape == (10,)
    assert len(list(v)) == 10


def test_3_comparisons_are_elementwise() -> None:
    v = vector()
    for result in (v > 3, v == 3, np.isnan(v), v >= v):
        assert isinstance(result, V)
        assert result.shape == v.shape
        assert result.dtype == bool
        assert result.unit == ""


def test_4_labels_survive_and_units_follow() -> None:
    v = vector()
    for result in (np.sqrt(v), v + 1, v * v, np.clip(v, 0, 1), np.cross(v, v)):
        assert result.columns == ["bx", "by", "bz"]
        assert result.name == "b"
    assert (v * v).unit == "nT²"
    for result in (np.linalg.norm(v, axis=1), v.sum(axis=1), np.cumsum(v, axis=0),
                   np.diff(v, axis=0), np.gradient(v, axis=0), np.roll(v, 1, axis=0), v @ np.eye(3),
                   np.einsum("kj,ij->ik", np.eye(3), v), np.dot(v, np.eye(3))):  # fmt: skip
        assert isinstance(result, V)
        assert result.name == "b"
        assert not any("built-in" in c or "column" in c for c in result.columns)


def test_5_operators_keywords_and_methods() -> None:
    v = vector()
    x = np.array(v.values)
    np.testing.assert_array_equal(-v, -x)
    np.testing.assert_array_equal(abs(-v), x)
    np.testing.assert_array_equal(v // 2, x // 2)
    np.testing.assert_array_equal(v % 2, x % 2)
    np.testing.assert_array_equal(2 ** v.with_unit(""), 2**x)
    np.testing.assert_array_equal(v.astype(int).with_unit("") & 1, x.astype(int) & 1)
    np.testing.assert_array_equal(np.add.reduce(v), np.add.reduce(x))
    np.testing.assert_array_equal(np.add.accumulate(v), np.add.accumulate(x))
    np.testing.assert_array_equal(np.concatenate([v[:3], v[3:]]), x)
    np.testing.assert_array_equal(np.stack([v, v]), np.stack([x, x]))
    np.testing.assert_array_equal(np.asarray(v), x)
    out = v.copy()
    assert isinstance(np.sqrt(v, out=out), V)
    np.testing.assert_array_equal(np.sqrt(v, where=x > 2, out=np.zeros_like(x))[0], [0, 0, 0])


def test_6_merge_loses_nothing() -> None:
    v = vector()
    assert merge([v[0:10], v[2:4], v[4:6], v[5:7]]).equals(v)


def test_7_versions_are_not_mixed_in_silence() -> None:
    v = vector()
    with pytest.warns(SpeasyWarning, match="different values"):
        merge([v, v + 1])


def test_8_unsorted_and_repeated_times() -> None:
    with pytest.raises(VariableError, match="from_unsorted"):
        V(seconds(3)[::-1], [1, 2, 3])
    with pytest.raises(VariableError, match="from_unsorted"):
        V(seconds(3)[[0, 0, 1]], [1, 2, 3])
    v = V.from_unsorted(seconds(3)[[2, 0, 0]], [3, 1, 9])
    assert v.values.tolist() == [1, 3]
    assert len(v["2018-01-01T00:00:01":]) == 1
    assert v.meta["time_repairs"] == 2


def test_views_do_not_share_a_dict_that_can_be_changed() -> None:
    v = vector(meta={"CATDESC": "x"})
    with pytest.raises(TypeError):
        v[2:].meta["CATDESC"] = "y"  # type: ignore[index]


def test_26_a_unit_that_is_not_known_is_never_dimensionless() -> None:
    pytest.importorskip("astropy")
    v = vector(unit="blob")
    with pytest.raises(UnitMismatch):
        v.unit_applied()
    with pytest.raises(UnitMismatch):
        v.to("nT")


def test_27_resampling() -> None:
    keep = np.r_[0:10, 20:30]
    hole = vector(30)[keep]
    assert np.isnan(interpolate(vector(30), hole).values[10:20]).all()  # gap limit
    filled = V(seconds(5), [0.0, -1e31, -1e31, -1e31, 4.0], meta={"FILLVAL": -1e31})
    assert np.nanmin(interpolate(seconds(9, 0.5), filled, max_gap=None).values) == 0.0  # fill
    assert np.isnan(interpolate(seconds(30), vector(10)).values[10:]).all()  # extrapolation
    assert resample(V(seconds(2), [0, 1]), 0.5).values.tolist() == [0, 0.5, 1]  # integers
    base = 1_700_000_000_000_000_000
    close = V(base + np.array([0, 2]), [0.0, 2.0])
    assert interpolate((base + np.array([1])).view("M8[ns]"), close).values.tolist() == [1.0]
