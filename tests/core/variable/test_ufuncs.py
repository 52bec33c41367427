"""Ufuncs, operators, units and time rules; the table of functions is in test_array_function."""

from __future__ import annotations

import operator
from datetime import timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from speasy_core.errors import TimeAxisMismatch, UnitMismatch, VariableError
from speasy_core.variable import Axis, SpeasyVariable
from tests.core.samples import seconds, spectrogram, vector

pytestmark = pytest.mark.filterwarnings("ignore::RuntimeWarning")
UFUNCS = [f for f in vars(np).values() if isinstance(f, np.ufunc) and f.signature is None]
NAMES = {f.__name__: f for f in UFUNCS}
INTEGERS_ONLY = {"gcd", "lcm", "left_shift", "right_shift", "invert", "bitwise_count"} | {
    n for n in NAMES if n.startswith("bitwise")
}


def sample(name: str) -> SpeasyVariable:
    values = np.arange(1, 16).reshape(5, 3)
    if name not in INTEGERS_ONLY:
        values = values / 16
    return SpeasyVariable(seconds(5), values, columns=["x", "y", "z"], unit="nT", name="b")


@pytest.mark.parametrize("name", sorted(n for n in NAMES if n != "isnat"))
def test_every_ufunc(name: str) -> None:
    ufunc, v = NAMES[name], sample(name)
    plain = np.array(v.values)
    if name == "ldexp":
        expected, result = ufunc(plain, 2), ufunc(v, 2)
    else:
        expected, result = ufunc(*[plain] * ufunc.nin), ufunc(*[v] * ufunc.nin)
    results = result if ufunc.nout > 1 else (result,)
    for r, e in zip(results, expected if ufunc.nout > 1 else (expected,), strict=True):
        assert isinstance(r, SpeasyVariable)
        np.testing.assert_array_equal(r.values, e)
        assert r.dtype == e.dtype
        assert r.columns == ["x", "y", "z"]
        assert r.name == "b"
        np.testing.assert_array_equal(r.time, v.time)


@pytest.mark.parametrize(
    "op",
    [
        operator.add, operator.sub, operator.mul, operator.truediv, operator.floordiv,
        operator.mod, operator.pow, operator.lt, operator.le, operator.gt, operator.ge,
        operator.eq, operator.ne, divmod,
    ],
)  # fmt: skip
def test_operators_both_ways(op) -> None:  # type: ignore[no-untyped-def]
    v = sample("add")
    plain = np.array(v.values)
    for other in (2, 2.5, np.float64(0.5), np.array([1.0, 2.0, 3.0]), [1.0, 2.0, 3.0]):
        for result, expected in (
            (op(v, other), op(plain, np.asarray(other))),
            (op(other, v), op(np.asarray(other), plain)),
        ):
            pairs = zip(result, expected, strict=True) if op is divmod else [(result, expected)]
            for a, b in pairs:
                assert isinstance(a, SpeasyVariable)
                # `array ** 0.5` may be sqrt, which np.power is not: the last bit differs
                np.testing.assert_allclose(a.values, b, rtol=0 if op is not operator.pow else 1e-15)
                assert a.shape == v.shape


def test_unary_and_bit_operators() -> None:
    v = sample("add")
    for op in (operator.neg, operator.pos, abs):
        np.testing.assert_array_equal(op(v).values, op(v.values))
        assert op(v).unit == "nT"
    w = sample("gcd").with_unit("")
    for op in (operator.and_, operator.or_, operator.xor, operator.lshift, operator.rshift):
        np.testing.assert_array_equal(op(w, 3).values, op(w.values, 3))
        np.testing.assert_array_equal(op(3, w).values, op(3, w.values))
    np.testing.assert_array_equal((~w).values, ~w.values)


def test_in_place_operators_make_a_new_variable() -> None:
    v = vector()
    kept, alias = v.values.copy(), v
    v += 1
    v *= 2
    np.testing.assert_array_equal(alias.values, kept)
    np.testing.assert_array_equal(v.values, (kept + 1) * 2)


def test_matmul() -> None:
    v = vector()
    turn = np.arange(9.0).reshape(3, 3)
    assert isinstance(v @ turn, SpeasyVariable)
    np.testing.assert_array_equal((v @ turn).values, v.values @ turn)
    assert (v @ np.ones(3)).shape == (10,)
    assert not isinstance(np.ones((2, 10)) @ v, SpeasyVariable)
    tensor = SpeasyVariable(seconds(4), np.arange(36.0).reshape(4, 3, 3), unit="nT")
    for result, expected in (
        (tensor @ turn, tensor.values @ turn),
        (turn @ tensor, turn @ tensor.values),
        (tensor @ tensor, tensor.values @ tensor.values),
        (tensor @ np.ones(3), tensor.values @ np.ones(3)),
    ):
        assert isinstance(result, SpeasyVariable)
        np.testing.assert_array_equal(result.values, expected)
    assert (tensor @ tensor).unit == "nT²"
    if hasattr(np, "vecdot"):
        assert np.vecdot(v, v).shape == (10,)
        assert np.vecdot(v, v).unit == "nT²"
        assert not isinstance(np.vecdot(v["bx"], v["bx"]), SpeasyVariable)


class TestMethods:
    def test_reduce_accumulate_outer_reduceat(self) -> None:
        v = vector()
        plain = np.array(v.values)
        for axis in (0, 1, None, (0, 1)):
            for keepdims in (False, True):
                result = np.add.reduce(v, axis=axis, keepdims=keepdims)
                np.testing.assert_array_equal(
                    result, np.add.reduce(plain, axis=axis, keepdims=keepdims)
                )
                assert isinstance(result, SpeasyVariable) == (axis == 1)
        assert np.add.reduce(v, axis=1).unit == "nT"
        assert np.multiply.reduce(v, axis=1).unit == ""
        for axis in (0, 1):
            result = np.add.accumulate(v, axis=axis)
            np.testing.assert_array_equal(result.values, np.add.accumulate(plain, axis=axis))
            # running sums over components are no longer the components
            assert result.columns == (v.columns if axis == 0 else ["b_0", "b_1", "b_2"])
        outer = np.multiply.outer(v, [1.0, 2.0])
        assert outer.shape == (10, 3, 2)
        assert outer.unit == "nT"
        assert not isinstance(np.multiply.outer(v["bx"], v["by"]), SpeasyVariable)
        assert not isinstance(np.multiply.outer([1.0], v), SpeasyVariable)
        result = np.add.reduceat(v, [0, 2], axis=1)
        np.testing.assert_array_equal(result.values, np.add.reduceat(plain, [0, 2], axis=1))
        assert not isinstance(np.add.reduceat(v, [0, 2]), SpeasyVariable)

    def test_reduce_where_and_initial(self) -> None:
        v = vector()
        result = np.add.reduce(v, axis=1, where=v > 3, initial=5.0)
        np.testing.assert_array_equal(
            result.values, np.add.reduce(v.values, axis=1, where=v.values > 3, initial=5.0)
        )

    def test_at_works_in_place_on_memory_that_may_be_written(self) -> None:
        values = np.zeros((3, 2))
        v = SpeasyVariable([1, 2, 3], values)
        np.add.at(v, [0, 0], 1)
        assert values[0].tolist() == [2, 2]
        values.flags.writeable = False
        with pytest.raises(VariableError, match="copy"):
            np.add.at(SpeasyVariable([1, 2, 3], values), [0], 1)

    def test_out(self) -> None:
        v = vector(3)
        into = np.empty((3, 3))
        assert np.sqrt(v, out=into) is into
        np.testing.assert_array_equal(into, np.sqrt(v.values))
        target = v.copy()
        assert np.sqrt(v, out=target) is target
        assert target.unit == "nT^(1/2)"
        np.testing.assert_array_equal(target.values, np.sqrt(v.values))
        assert np.add.reduce(v, axis=1, out=np.empty(3)).shape == (3,)
        assert np.add(np.ones((3, 3)), 1, out=target) is target
        with pytest.raises(TimeAxisMismatch):
            np.sqrt(v, out=(v + timedelta(seconds=1)).copy())
        a, b = np.modf(v, out=(None, into))
        assert isinstance(a, SpeasyVariable)
        assert b is into

    def test_where_and_dtype(self) -> None:
        v = vector(3)
        filled = np.sqrt(v, where=v > 2, out=np.zeros((3, 3)))
        assert (filled[0, :2] == 0).all()
        per_sample = np.sqrt(v, where=v["bx"] > 2, out=np.zeros((3, 3)))
        assert per_sample[0].sum() == 0
        assert np.add(v, 1, dtype="f4").dtype == np.float32
        assert np.add(v, 1, casting="unsafe", order="F").shape == (3, 3)


class TestTimeRules:
    def test_background_field_broadcasts(self) -> None:
        v = vector()
        centred = v - np.median(v, axis=0)
        assert isinstance(np.median(v, axis=0), np.ndarray)
        np.testing.assert_array_equal(centred.values, v.values - np.median(v.values, axis=0))
        assert centred.unit == "nT"

    def test_one_value_a_sample_broadcasts_on_time(self) -> None:
        v = vector(3)  # as many samples as components: the case that numpy gets wrong
        norm = np.linalg.norm(v, axis=1)
        np.testing.assert_allclose((v / norm).values, v.values / norm.values[:, None])
        np.testing.assert_allclose((norm * v).values, norm.values[:, None] * v.values)
        assert (norm * v).columns == v.columns
        f = spectrogram(3)
        assert (f * norm).axes[0].equals(f.axes[0])

    def test_other_times_are_refused_with_both_cadences(self) -> None:
        v = vector()
        with pytest.raises(TimeAxisMismatch, match=r"every 1 s.*every 2 s.*interpolate"):
            v + v[::2]
        with pytest.raises(TimeAxisMismatch):
            _ = v == v[:5]
        with pytest.raises(TimeAxisMismatch):
            np.where(v[1:] > 0, v[:-1], 0)
        with pytest.raises(TimeAxisMismatch):
            np.cross(v, v[::2])
        with pytest.raises(TimeAxisMismatch):
            np.einsum("ij,ij->i", v, v + timedelta(seconds=1))
        with pytest.raises(TimeAxisMismatch):
            np.stack([v["bx"], v["by"][1:]], axis=1)

    def test_equal_times_in_other_memory_are_the_same(self) -> None:
        assert (vector() + vector()).shape == (10, 3)

    def test_arrays_that_would_displace_time_are_refused(self) -> None:
        v = vector(3)["bx"]
        for other in (np.ones((3, 1)), np.ones((2, 3)), np.ones(4)):
            with pytest.raises(VariableError, match="time"):
                v + other
        with pytest.raises(VariableError):
            vector(1) + np.ones((5, 3))

    def test_axes_that_differ_are_refused(self) -> None:
        f = spectrogram()
        other = f.copy(axes=[Axis(f.axes[0].values * 2, name="energy")])
        with pytest.raises(VariableError, match="different values"):
            f + other

    def test_a_duration_moves_time(self) -> None:
        v = vector()
        for moved in (
            v + np.timedelta64(1, "s"), np.timedelta64(1, "s") + v, v + timedelta(seconds=1),
        ):  # fmt: skip
            np.testing.assert_array_equal(moved.time, v.time + np.timedelta64(1, "s"))
            np.testing.assert_array_equal(moved.values, v.values)
        np.testing.assert_array_equal((v - timedelta(seconds=1)).time[1:], v.time[:-1])

    def test_diff_stands_at_the_later_sample(self) -> None:
        v = vector()
        d = np.diff(v, axis=0)
        np.testing.assert_array_equal(d.time, v.time[1:])
        np.testing.assert_array_equal(np.diff(v, 2, axis=0).time, v.time[2:])
        assert np.diff(v, axis=0, append=np.zeros((1, 3))).shape == v.shape
        with pytest.raises(VariableError, match="prepend"):
            np.diff(v, axis=0, prepend=np.zeros((2, 3)))

    def test_concatenate_in_time(self) -> None:
        v = vector()
        assert np.concatenate([v[:4], v[4:]]).equals(v)
        with pytest.raises(VariableError, match="merge"):
            np.concatenate([v, v])
        with pytest.raises(VariableError, match="plain array"):
            np.concatenate([v, np.zeros((1, 3))])
        stacked = np.stack([v["bx"], v["by"]], axis=1)
        assert stacked.columns == ["bx", "by"]


class TestUnits:
    def test_algebra(self) -> None:
        v = vector()
        assert (v * v).unit == "nT²"
        assert np.sqrt(v).unit == "nT^(1/2)"
        assert np.sqrt(v * v).unit == "nT"
        assert (v / v).unit == ""
        assert (1 / v).unit == "nT⁻¹"
        assert (v**2).unit == np.square(v).unit == "nT²"
        assert (v**0.5).unit == "nT^(1/2)"
        assert np.power(v, [1, 2, 3]).unit == ""
        assert (2 ** v.with_unit("")).unit == ""
        assert np.sin(v).unit == np.exp(v).unit == (v > 1).unit == np.isnan(v).unit == ""
        assert np.arctan2(v, v).unit == "rad"
        assert np.rad2deg(v.with_unit("rad")).unit == "deg"
        assert (v * vector(unit="km/s")).unit in ("nT km s⁻¹", "nT km/s", "nT km s⁻¹")
        assert np.cbrt(v).unit == "nT^(1/3)"
        assert (v * 2 + 1).unit == (3 - v).unit == (v % 2).unit == "nT"

    def test_metadata_follows_the_unit_and_drops_the_old_range(self) -> None:
        v = vector(meta={"UNITS": "nT", "VALIDMIN": -1.0, "VALIDMAX": 1.0, "CATDESC": "B"})
        square = v * v
        assert square.meta["UNITS"] == "nT²"
        assert "VALIDMAX" not in square.meta
        assert square.meta["CATDESC"] == "B"
        assert v.meta["VALIDMAX"] == 1.0

    def test_units_that_fit_are_converted(self) -> None:
        v = vector()
        tesla = v.to("T")
        np.testing.assert_allclose((v + tesla).values, 2 * v.values)
        np.testing.assert_allclose((tesla + v).values, 2e-9 * v.values)
        assert (v + tesla).unit == "nT"
        assert (tesla + v).unit == "T"
        assert not (v * 2 < tesla).values[1:].any()
        np.testing.assert_allclose(np.maximum(v, tesla * 2).values, 2 * v.values)
        np.testing.assert_allclose(np.where(v > 1e9, v, tesla * 2).values, v.values * 2)
        np.testing.assert_allclose(np.clip(v, None, tesla).values, v.values)
        np.testing.assert_allclose((v // tesla).values[1:], 1.0, atol=1)

    @pytest.mark.parametrize(
        "op", [operator.add, operator.sub, operator.lt, operator.ge, operator.eq, np.hypot]
    )
    def test_units_that_do_not_fit_raise(self, op) -> None:  # type: ignore[no-untyped-def]
        with pytest.raises(UnitMismatch, match="with_unit"):
            op(vector(), vector(unit="km"))

    def test_an_unknown_unit_is_carried(self) -> None:
        v, w = vector(), vector(unit="blob")
        assert (w * 2).unit == "blob"
        assert (w * w).unit == "blob²"
        assert (v * w).unit == "nT blob"
        assert (w + w).unit == "blob"
        assert (v + w).unit == "nT + blob"
        with pytest.raises(UnitMismatch, match="not known"):
            w.to("nT")

    def test_to_and_with_unit(self) -> None:
        v = vector(meta={"FILLVAL": 4.0, "UNITS": "nT"})
        tesla = v.to("T")
        assert tesla.unit == tesla.meta["UNITS"] == "T"
        assert np.isnan(tesla.values[1, 1])  # the fill value is no quantity
        assert v.to("nanotesla").values[1, 1] == 4.0
        assert v.with_unit("").unit == ""
        assert vector(unit="degC").to("K").values[0, 0] == 273.15
        v32 = v.astype("f4")
        assert v32.to("T").dtype == np.float32
        with pytest.raises(UnitMismatch):
            v.to("km")


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 6), st.integers(1, 4), st.integers(1, 4), st.data())
def test_broadcasting_is_numpys_except_on_time(n: int, k: int, m: int, data: st.DataObject) -> None:
    """(n,) and (n, k) meet on time, everything else as numpy does."""
    full = SpeasyVariable(np.arange(n), np.arange(float(n * k * m)).reshape(n, k, m))
    scalar = SpeasyVariable(np.arange(n), np.arange(float(n)))
    np.testing.assert_array_equal(
        (full + scalar).values, full.values + scalar.values.reshape(n, 1, 1)
    )
    shape = data.draw(st.sampled_from([(), (m,), (k, m), (1, m), (k, 1), (1, k, m), (n, k, m)]))
    array = np.ones(shape)
    np.testing.assert_array_equal((full * array).values, full.values * array)
    np.testing.assert_array_equal((array - full).values, array - full.values)


def test_asarray_and_scipy() -> None:
    scipy_signal = pytest.importorskip("scipy.signal")
    v = vector(100)
    assert np.asarray(v).shape == (100, 3)
    assert np.array(v).flags.writeable
    assert np.asarray(v, dtype="f4").dtype == np.float32
    np.testing.assert_array_equal(
        scipy_signal.detrend(v, axis=0), scipy_signal.detrend(v.values, axis=0)
    )
    assert float(vector(1)["bx"]) == 0.0
    assert int(vector(1)["by"]) == 1
    with pytest.raises(TypeError):
        float(v)
    with pytest.raises(ValueError, match="ambiguous"):
        bool(v > 1)


def test_statistics_as_methods() -> None:
    v = vector()
    for name in ("mean", "sum", "min", "max", "std", "any", "all"):
        np.testing.assert_array_equal(getattr(v, name)(axis=0), getattr(np, name)(v.values, axis=0))


def test_a_foreign_type_gets_its_own_turn() -> None:
    class Other:
        __array_ufunc__ = None

        def __radd__(self, other: object) -> str:
            return "other"

    assert vector() + Other() == "other"


class TestForeignOperands:
    def test_quantities_bring_their_unit(self) -> None:
        u = pytest.importorskip("astropy.units")
        v, q = vector(), 3 * u.uT
        assert (v * q).unit == "nT uT" or (v * q).unit == (q * v).unit
        assert (v * (2 * u.nT)).unit == "nT²"
        np.testing.assert_allclose((v + q).values, v.values + 3000.0)
        np.testing.assert_allclose((q - v).values, 3.0 - v.values / 1000)
        assert ((v + q).unit, (q - v).unit) == ("nT", "uT")
        assert (v > q).values.sum() == 0
        assert (v / u.s).unit == "nT s⁻¹"
        with pytest.raises(UnitMismatch):
            v + 1 * u.km
        with pytest.raises(VariableError, match="Quantity"):
            np.cross(v, [1, 0, 0] * u.nT)

    def test_data_arrays_are_taken_with_times_and_unit(self) -> None:
        pytest.importorskip("xarray")
        v = vector()
        da = v.to_xarray()
        late = v.copy(time=v.time + np.timedelta64(1, "s")).to_xarray()
        for call in (np.add, np.cross, lambda a, b: np.where(a > 1, a, b),
                     lambda a, b: np.stack([a, b], axis=-1),
                     lambda a, b: np.einsum("ij,ij->i", a, b)):  # fmt: skip
            assert isinstance(call(v, da), SpeasyVariable)
            with pytest.raises(TimeAxisMismatch):
                call(v, late)
        assert np.cross(v, da).unit == "nT²"
        background = da.mean("time", keep_attrs=True)
        assert (v - background).unit == "nT"
        assert (v * background).unit == "nT²"
        with pytest.raises(TypeError, match="to_xarray"):
            da + v

    def test_masked_values_become_nan(self) -> None:
        v = vector(4)
        masked = np.ma.array(np.ones((4, 3)), mask=[[True, False, False]] * 4)
        result = v * masked
        assert type(result.values) is np.ndarray
        assert np.isnan(result.values[:, 0]).all()
        assert np.isfinite(result.values[:, 1:]).all()


class TestLabelsThatNoLongerFit:
    def test_a_grid_of_coordinates_does_not_outlive_its_dimension(self) -> None:
        grid = [Axis(np.arange(20.0).reshape(4, 5), name=n) for n in ("lat", "lon")]
        v = SpeasyVariable(seconds(6), np.ones((6, 4, 5)), axes=grid)
        for result in (np.linalg.norm(v, axis=1), np.sum(v, axis=2), np.mean(v, axis=(1, 2))):
            assert result.axes == ()
        assert len(np.cumsum(v, axis=0).axes) == 2

    def test_rolled_components_lose_their_names(self) -> None:
        v = vector()
        assert np.roll(v, 1, axis=1).columns == ["b_0", "b_1", "b_2"]
        assert np.roll(v, 1, axis=0).columns == v.columns
        assert isinstance(np.roll(v, 1), np.ndarray)
        assert np.roll(spectrogram(), 1, axis=1).axes == ()

    def test_names_of_the_metadata_do_not_come_back(self) -> None:
        v = SpeasyVariable(seconds(4), np.ones((4, 3)), meta={"LABL_PTR_1": ["x", "y", "z"]})
        assert v.columns == ["x", "y", "z"]
        assert (v + 1).columns == ["x", "y", "z"]
        assert (v @ np.eye(3)).columns == ["column_0", "column_1", "column_2"]

    def test_no_two_columns_have_one_name(self) -> None:
        v = vector()
        assert np.hstack([v, v]).columns == ["bx", "by", "bz", "bx_2", "by_2", "bz_2"]
        assert np.repeat(v, 2, axis=1).columns == ["bx", "bx_2", "by", "by_2", "bz", "bz_2"]
        assert np.column_stack([v["bx"], v["bx"] * 2]).columns == ["bx", "bx_2"]

    def test_a_small_fill_value_is_not_found_in_results(self) -> None:
        v = SpeasyVariable(seconds(3), [1.0, 2.0, 3.0], meta={"FILLVAL": 0.0})
        assert np.isfinite((v - 1).fill_to_nan().values).all()
        w = SpeasyVariable(seconds(3), [1.0, 2.0, -1e31], meta={"FILLVAL": -1e31})
        assert np.isnan((w + 1).fill_to_nan().values[2])
        listed = w.copy(meta={"FILLVAL": [-1e31]})  # as many files have it
        assert np.isnan((listed + 1).fill_to_nan().values[2])


class TestTimesOfPairs:
    def test_functions_that_go_through_two_variables(self) -> None:
        a, b = vector(), vector().copy(time=seconds(10, 2.0))
        for call in (
            np.allclose, lambda a, b: np.corrcoef(a["bx"], b["bx"]), np.vdot,
            lambda a, b: np.average(a, axis=1, weights=b),
            lambda a, b: np.mean(a, axis=1, where=b > 1),
            lambda a, b: np.add.reduce(a, axis=1, where=b > 1),
            lambda a, b: np.dot(a["bx"], b), lambda a, b: np.inner(a["bx"], b["bx"]),
            lambda a, b: a[(b > 1).any(axis=1)], lambda a, b: np.histogram2d(a["bx"], b["by"]),
        ):  # fmt: skip
            with pytest.raises(TimeAxisMismatch, match=r"every 1 s.*every 2 s.*interpolate"):
                call(a, b)

    def test_one_number_per_sample_needs_a_dimension_of_its_own(self) -> None:
        with pytest.raises(VariableError, match=r"array\[:, None\]"):
            vector() * np.arange(10)


def test_small_things_of_arrays() -> None:
    v = vector()
    assert (v == "text").values.sum() == 0
    assert (v != "text").shape == v.shape
    assert 3.0 in v
    assert 1e9 not in v
    assert v.T.shape == (3, 10)
    assert (v.var(axis=1).unit, v.cumsum(axis=0).unit) == ("nT²", "nT")
    assert v.clip(1, 2).values.max() == 2
    assert (v / 3).round(1).values[0, 1] == 0.3
    with pytest.raises(TypeError, match="frozen"):
        v["bx"] = 1  # type: ignore[index]
    with pytest.raises(np.exceptions.AxisError):
        np.concatenate([v["bx"], v["by"]], axis=1)
