"""Every numpy function of the table against plain numpy: values, time, columns, unit."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import numpy.fft
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.testing.overrides import get_overridable_numpy_array_functions

from speasy_core.errors import VariableError
from speasy_core.variable import SpeasyVariable
from speasy_core.variable import array_function as table

V = SpeasyVariable
COLUMNS = ["bx", "by", "bz"]
NUMPY_2 = int(np.__version__.split(".")[0]) >= 2


@dataclass(frozen=True)
class Case:
    """One call; `gives` is "variable" with its unit and columns, or "array"."""

    functions: str
    call: Callable[..., Any]
    gives: str = "variable"
    unit: str = "nT"
    columns: str = "kept"  # kept | new | any
    shape: str = "vector"  # vector | scalar | tensor


def has(name: str) -> bool:
    found: Any = np
    for part in name.split("."):
        found = getattr(found, part, None)
    return found is not None


def each(names: str, call: Callable[..., Any], **more: Any) -> list[Case]:
    """One case for each name; `call` gets the function first."""

    def function(name: str) -> Callable[..., Any]:
        found: Any = np
        for part in name.split("."):
            found = getattr(found, part)
        return found

    return [
        Case(name, partial(call, function(name)), **more) for name in names.split() if has(name)
    ]


SAME = (
    "sum mean nansum nanmean amax amin max min ptp nanmax nanmin median nanmedian std nanstd "
    "average"
)
LOST = "prod nanprod argmax argmin nanargmax nanargmin all any count_nonzero"
CASES = [
    *each(SAME, lambda f, v: f(v, axis=1), columns="new"),
    *each(SAME, lambda f, v: f(v, axis=0), gives="array"),
    *each(SAME, lambda f, v: f(v), gives="array"),
    *each(LOST, lambda f, v: f(v, axis=1), columns="new", unit=""),
    *each(LOST, lambda f, v: f(v), gives="array"),
    *each("sum mean max prod all std", lambda f, v: f(v, 1, keepdims=True), columns="any",
          unit="*"),
    *each("sum mean", lambda f, v: f(v, axis=(1, 2)), shape="tensor", columns="new"),
    *each("sum mean", lambda f, v: f(v, axis=(0, 2)), shape="tensor", gives="array"),
    *each("var nanvar", lambda f, v: f(v, axis=1), columns="new", unit="nT²"),
    *each("var nanvar", lambda f, v: f(v, axis=0), gives="array"),
    *each("percentile nanpercentile", lambda f, v: f(v, 30, axis=1), columns="new"),
    *each("percentile nanpercentile", lambda f, v: f(v, [30, 60], axis=1), gives="array"),
    *each("quantile nanquantile", lambda f, v: f(v, 0.3, axis=1), columns="new"),
    *each("quantile nanquantile", lambda f, v: f(v, 0.3, axis=0), gives="array"),
    *each("trapezoid trapz", lambda f, v: f(v, axis=1), columns="new"),
    *each("trapezoid trapz", lambda f, v: f(v, axis=0), gives="array"),
    Case("linalg.norm", lambda v: np.linalg.norm(v, axis=1), columns="new"),
    Case("linalg.norm", lambda v: np.linalg.norm(v, axis=0), gives="array"),
    Case("linalg.norm", lambda v: np.linalg.norm(v, 0, axis=1), columns="new", unit=""),
    *each("linalg.vector_norm", lambda f, v: f(v, axis=1), columns="new"),
    *each("linalg.vector_norm", lambda f, v: f(v, axis=0), gives="array"),
    *each("linalg.matrix_norm", lambda f, v: f(v), shape="tensor", gives="array"),
    Case("clip", lambda v: np.clip(v, -1, 1)),
    Case("clip", lambda v: np.clip(v, None, a_max=1)),
    Case("clip", lambda v: np.clip(v, v - 1, v + 1)),
    Case("where", lambda v: np.where(v > 0, v, np.nan)),
    Case("where", lambda v: np.where(v > 0, 1, 0), unit=""),
    Case("where", lambda v: np.where(v > 0)[0], gives="array"),
    Case("select", lambda v: np.select([v > 1, v < -1], [v, -v], 0)),
    Case("choose", lambda v: np.choose(v > 0, [v, -v])),
    Case("piecewise", lambda v: np.piecewise(v, [v > 0, v <= 0], [1.0, lambda x: -x]), unit=""),
    *each("around round nan_to_num real imag copy fix real_if_close", lambda f, v: f(v)),
    *each("astype", lambda f, v: f(v, np.dtype("f4"))),
    *each("sinc i0 iscomplex isreal isneginf isposinf", lambda f, v: f(v), unit=""),
    *each("angle", lambda f, v: f(v), unit="rad"),
    Case("digitize", lambda v: np.digitize(v, [-1.0, 0.0, 1.0]), unit=""),
    *each("isin in1d", lambda f, v: f(v, [0.0, 1.0]), unit="", shape="scalar"),
    Case("isclose", lambda v: np.isclose(v, v + 1), unit=""),
    Case("isclose", lambda v: np.isclose(v, 0.0), unit=""),
    *each("lib.scimath.sqrt", lambda f, v: f(v), unit="nT^(1/2)"),
    *each("lib.scimath.log lib.scimath.log2 lib.scimath.log10 lib.scimath.arctanh",
          lambda f, v: f(np.abs(v) + 2), unit=""),
    *each("lib.scimath.arccos lib.scimath.arcsin", lambda f, v: f(v), unit="rad"),
    *each("cumsum nancumsum roll unwrap cumulative_sum",
          lambda f, v: f(v, *([1] if f.__name__ == "roll" else []), axis=0)),
    *each("cumprod nancumprod cumulative_prod", lambda f, v: f(v / 9, axis=1), unit="",
          columns="any"),
    *each("cumsum", lambda f, v: f(v), gives="array"),
    *each("sort argsort", lambda f, v: f(v, axis=0), gives="array"),
    *each("sort", lambda f, v: f(v, axis=1), columns="any"),
    *each("argsort", lambda f, v: f(v, axis=1), columns="any", unit=""),
    *each("msort", lambda f, v: f(v), gives="array"),
    *each("partition", lambda f, v: f(v, 1, axis=1), columns="any"),
    *each("argpartition", lambda f, v: f(v, 1, axis=1), columns="any", unit=""),
    Case("take_along_axis", lambda v: np.take_along_axis(v, np.argsort(np.asarray(v), 1), 1),
         columns="any"),
    Case("gradient", lambda v: np.gradient(v, axis=0)),
    Case("gradient", lambda v: np.gradient(v, 0.5, axis=0)),
    Case("gradient", lambda v: np.gradient(v)[1]),
    Case("diff", lambda v: np.diff(v, axis=1), columns="any"),
    Case("diff", lambda v: np.diff(v, axis=0, prepend=np.zeros((1, 3)))),
    *each("zeros_like ones_like", lambda f, v: f(v)),
    Case("empty_like", lambda v: np.empty_like(v) * 0 + 1),
    Case("full_like", lambda v: np.full_like(v, 3.0)),
    Case("interp", lambda v: np.interp(v, [-3.0, 3.0], [0.0, 1.0]), unit=""),
    Case("interp", lambda v: np.interp([0.5], [0.0, 1.0], v[:2]), gives="array", shape="scalar"),
    Case("polyval", lambda v: np.polyval([1.0, 2.0], v), unit=""),
    *each("convolve correlate", lambda f, v: f(v, [1.0, 2.0], mode="same"), shape="scalar"),
    *each("convolve correlate", lambda f, v: f(v, [1.0, 2.0]), shape="scalar", gives="array"),
    Case("apply_along_axis", lambda v: np.apply_along_axis(np.sum, 1, v), unit="", columns="new"),
    Case("cross", lambda v: np.cross(v, [0.0, 0.0, 1.0])),
    Case("cross", lambda v: np.cross([0.0, 0.0, 1.0], v)),
    Case("cross", lambda v: np.cross(v, v), unit="nT²"),
    *each("linalg.cross", lambda f, v: f(v, v[::-1] if isinstance(v, np.ndarray) else v * 1),
          unit="nT²", gives="any"),
    *each("dot inner", lambda f, v: f(v, np.eye(3)), columns="any"),
    *each("dot inner", lambda f, v: f(np.ones(3), v.T if isinstance(v, np.ndarray)
          and f is np.dot else (np.transpose(v) if f is np.dot else v)), gives="array"),
    Case("dot", lambda v: np.dot(v, 2.0)),
    *each("tensordot linalg.tensordot", lambda f, v: f(v, np.eye(3), axes=1), columns="any"),
    *each("tensordot", lambda f, v: f(v, np.ones(len(v)), axes=([0], [0])), gives="array"),
    Case("einsum", lambda v: np.einsum("kj,ij->ik", np.eye(3)[::-1], v), columns="any"),
    Case("einsum", lambda v: np.einsum("ij,ij->i", v, v), columns="new", unit="nT²"),
    Case("einsum", lambda v: np.einsum("ij->ji", v), gives="array"),
    Case("einsum", lambda v: np.einsum("ij->j", v), gives="array"),
    Case("einsum", lambda v: np.einsum("...j,jk->...k", v, np.eye(3)), columns="any"),
    Case("einsum", lambda v: np.einsum("ij,j", v, np.ones(3)), columns="new"),
    Case("einsum", lambda v: np.einsum(v, [0, 1], np.eye(3), [2, 1], [0, 2]), columns="any"),
    Case("einsum", lambda v: np.einsum("ij,kj->ik", v, v), gives="array"),
    *each("linalg.det linalg.cond linalg.matrix_rank", lambda f, v: f(v), shape="tensor", unit="",
          columns="new"),
    *each("linalg.slogdet linalg.qr linalg.eig linalg.eigh linalg.svd",
          lambda f, v: f(_spd(v))[0], shape="tensor", unit="", columns="any"),
    *each("linalg.eigvals linalg.eigvalsh linalg.svdvals", lambda f, v: f(_spd(v)), shape="tensor",
          unit="*", columns="any"),
    *each("linalg.cholesky", lambda f, v: f(_spd(v)), shape="tensor", unit="", columns="any"),
    *each("linalg.matrix_power", lambda f, v: f(v, 2), shape="tensor", unit="", columns="any"),
    *each("linalg.solve", lambda f, v: f(_spd(v), np.ones((len(v), 3, 1))), shape="tensor", unit="",
          columns="any"),
    *each("linalg.inv linalg.pinv", lambda f, v: f(_spd(v)), shape="tensor", unit="*",
          columns="any"),
    *each("matrix_transpose linalg.matrix_transpose tril triu", lambda f, v: f(v), shape="tensor",
          columns="any"),
    *each("trace diagonal", lambda f, v: f(v, 0, 1, 2), shape="tensor", columns="any"),
    *each("trace diagonal", lambda f, v: f(v), shape="tensor", gives="array"),
    *each("linalg.trace linalg.diagonal", lambda f, v: f(v), shape="tensor", columns="any"),
    Case("concatenate", lambda v: np.concatenate([v[:2], v[2:]])),
    Case("concatenate", lambda v: np.concatenate([v, v], axis=1), columns="any"),
    Case("concatenate", lambda v: np.concatenate([v, v], axis=None), gives="array"),
    Case("stack", lambda v: np.stack([v[:, 0], v[:, 1]], axis=1), columns="any"),
    Case("stack", lambda v: np.stack([v, v]), gives="array"),
    Case("hstack", lambda v: np.hstack([v, v]), columns="any"),
    *each("vstack row_stack", lambda f, v: f([v[:1], v[1:]])),
    Case("vstack", lambda v: np.vstack([v, v]), gives="array", shape="scalar"),
    Case("column_stack", lambda v: np.column_stack([v[:, 0], v]), columns="any"),
    Case("dstack", lambda v: np.dstack([v, v]), columns="any"),
    Case("append", lambda v: np.append(v[:2], v[2:], axis=0)),
    Case("append", lambda v: np.append(v, v), gives="array"),
    Case("split", lambda v: np.split(v, [1])[1], gives="part"),
    *each("array_split vsplit", lambda f, v: f(v, [1])[1], gives="part"),
    Case("hsplit", lambda v: np.hsplit(v, [1])[1], columns="any"),
    Case("dsplit", lambda v: np.dsplit(v, [1])[1], shape="tensor", columns="any"),
    *each("unstack", lambda f, v: f(v, axis=1)[1], columns="any"),
    *each("unstack", lambda f, v: f(v)[1], gives="array"),
    *each("reshape", lambda f, v: f(v, (len(v), -1)), shape="tensor", columns="any"),
    *each("reshape", lambda f, v: f(v, -1), gives="array"),
    *each("squeeze atleast_1d", lambda f, v: f(v)),
    *each("expand_dims", lambda f, v: f(v, 1), columns="any"),
    *each("expand_dims", lambda f, v: f(v, 0), gives="array"),
    *each("transpose", lambda f, v: f(v), gives="array"),
    *each("transpose", lambda f, v: f(v, (0, 2, 1)), shape="tensor", columns="any"),
    *each("swapaxes moveaxis", lambda f, v: f(v, 1, 2), shape="tensor", columns="any"),
    *each("swapaxes moveaxis", lambda f, v: f(v, 0, 1), gives="array"),
    *each("rollaxis", lambda f, v: f(v, 2, 1), shape="tensor", columns="any"),
    *each("take", lambda f, v: f(v, [2, 0], axis=1), columns="any"),
    *each("take", lambda f, v: f(v, [2, 0], axis=0), gives="array"),
    *each("repeat", lambda f, v: f(v, 2, axis=1), columns="any"),
    *each("repeat", lambda f, v: f(v, 2), gives="array"),
    *each("delete", lambda f, v: f(v, 1, axis=1), columns="any"),
    *each("delete", lambda f, v: f(v, 1, axis=0), gives="array"),
    *each("insert", lambda f, v: f(v, 1, 5.0, axis=1), columns="any"),
    *each("compress", lambda f, v: f([True, False, True], v, axis=1), columns="any"),
    *each("flip", lambda f, v: f(v, axis=1), columns="any"),
    *each("flip", lambda f, v: f(v, axis=0), gives="array"),
]  # fmt: skip


def _spd(v: Any) -> Any:
    """Return matrices that every decomposition takes, made with operations of both kinds."""
    array = np.asarray(v)
    fit = array @ np.swapaxes(array, 1, 2) + 5 * np.eye(3)
    return fit if isinstance(v, np.ndarray) else v.copy(values=fit)


@st.composite
def variables(draw: st.DrawFn, shape: str) -> SpeasyVariable:
    n = draw(st.integers(4, 8))
    size = {"scalar": (n,), "vector": (n, 3), "tensor": (n, 3, 3)}[shape]
    count = int(np.prod(size))
    # quarters: exact in sums and products, so that values can be compared for equality
    numbers = draw(st.lists(st.integers(-12, 12), min_size=count, max_size=count))
    steps = draw(st.lists(st.integers(1, 10**12), min_size=n, max_size=n))
    labels = COLUMNS if shape == "vector" else None
    values = np.array(numbers, float).reshape(size) / 4
    return V(np.cumsum(steps), values, columns=labels, unit="nT", name="b", meta={"CATDESC": "c"})


@pytest.mark.parametrize("case", CASES, ids=[f"{i}-{c.functions}" for i, c in enumerate(CASES)])
@settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_function_gives_what_numpy_gives(case: Case, data: st.DataObject) -> None:
    v = data.draw(variables(case.shape))
    plain = np.array(v.values)
    expected = case.call(plain)
    result = case.call(v)
    values = np.asarray(result)
    assert values.dtype == np.asarray(expected).dtype
    if case.functions == "linalg.cross":
        return  # the plain call differs on purpose: only the kind of result is looked at
    np.testing.assert_allclose(values, expected, rtol=1e-9, atol=1e-12)
    if case.gives == "array":
        assert not isinstance(result, V)
        return
    assert isinstance(result, V), f"{case.functions} gave a {type(result).__name__}"
    if case.gives == "part":
        np.testing.assert_array_equal(result.time, v.time[1:])
        return
    np.testing.assert_array_equal(result.time, v.time)
    assert result.name == ("b" if result.name != "by" else "by")
    assert result.meta["CATDESC"] == "c"
    if case.unit != "*":
        assert result.unit == case.unit
    if case.columns == "kept":
        assert result.columns == v.columns
    elif case.columns == "new":
        assert result.shape == (len(v),)
        assert result.columns == ["b"]
    assert len(result.columns) in (0, result.shape[1] if result.ndim > 1 else 1)


def test_every_function_of_the_variable_class_has_a_case() -> None:
    available = {name for name in table._VARIABLE if has(name)}
    deprecated = {"product", "alltrue", "sometrue", "cumproduct", "round_"}
    assert available - {case.functions for case in CASES} <= deprecated


ARRAY_CALLS: dict[str, Callable[..., Any]] = {
    **{name: lambda f, v: f(v, v) for name in [
        "allclose", "array_equal", "array_equiv", "may_share_memory", "shares_memory",
        "result_type", "can_cast", "outer", "kron", "vdot", "union1d", "intersect1d",
        "setdiff1d", "setxor1d", "polyadd", "polydiv", "polymul", "polysub", "linalg.outer",
        "linalg.matmul", "linalg.vecdot", "corrcoef", "cov", "linalg.multi_dot", "histogram2d"
    ]},
    "can_cast": lambda f, v: f(v.dtype, np.complex128),
    "linalg.multi_dot": lambda f, v: f([np.ones((2, len(v))), v, np.eye(3)]),
    "linalg.outer": lambda f, v: f(v[:, 0], v[:, 1]),
    "linalg.matmul": lambda f, v: f(np.ones((2, len(v))), v),
    "einsum_path": lambda f, v: f("ij,ij->i", v, v)[0],
    "histogram2d": lambda f, v: f(np.ravel(v), np.ravel(v), bins=3)[0],
    "histogram": lambda f, v: f(v, bins=4)[0],
    "histogramdd": lambda f, v: f(v, bins=2)[0],
    "searchsorted": lambda f, v: f([-1.0, 0.0, 1.0], v),
    "resize": lambda f, v: f(v, (2, 2)),
    "broadcast_to": lambda f, v: f(v, (2, *v.shape)),
    "broadcast_arrays": lambda f, v: f(v, 1.0)[1],
    "tile": lambda f, v: f(v, 2),
    "pad": lambda f, v: f(v, 1),
    "rot90": lambda f, v: f(v),
    "trim_zeros": lambda f, v: f(v[:, 0]),
    "extract": lambda f, v: f(v > 0, v),
    "meshgrid": lambda f, v: f(v[:, 0], [1.0, 2.0])[0],
    "lib.stride_tricks.sliding_window_view": lambda f, v: f(v, 2, axis=0),
    "apply_over_axes": lambda f, v: f(np.sum, v, [0]),
    "lexsort": lambda f, v: f((v[:, 0], v[:, 1])),
    "unique_all": lambda f, v: f(v)[0],
    "unique_counts": lambda f, v: f(v)[0],
    "unique_inverse": lambda f, v: f(v)[0],
    "bincount": lambda f, v: f(np.abs(v[:, 0] * 4).astype(int)),
    "tril_indices_from": lambda f, v: f(v)[0],
    "triu_indices_from": lambda f, v: f(v)[0],
    "diag_indices_from": lambda f, v: f(v[:3])[0],
    "ix_": lambda f, v: f(v[:, 0].astype(int), [0, 1])[0],
    "ravel_multi_index": lambda f, v: f((np.abs(v[:, 0] * 4).astype(int), [1] * len(v)), (99, 2)),
    "unravel_index": lambda f, v: f(np.abs(v[:, 0] * 4).astype(int), (9, 99))[0],
    "vander": lambda f, v: f(v[:, 0]),
    "ediff1d": lambda f, v: f(v),
    "packbits": lambda f, v: f((v > 0)[:, 0]),
    "unpackbits": lambda f, v: f((v[:, 0] * 4).astype(np.uint8)),
    "poly": lambda f, v: f(v[:, 0]),
    "polyder": lambda f, v: f(v[:, 0]),
    "polyint": lambda f, v: f(v[:, 0]),
    "polyfit": lambda f, v: f(np.arange(len(v)), v, 1),
    "roots": lambda f, v: f(np.abs(v[:, 0]) + 1),
    "array2string": lambda f, v: len(f(v)) > 0,
    "array_repr": lambda f, v: len(f(v)) > 0,
    "array_str": lambda f, v: len(f(v)) > 0,
    "linalg.lstsq": lambda f, v: f(v, np.ones(len(v)), rcond=None)[0],
    "linalg.tensorinv": lambda f, v: f(v[:3] * 0 + np.eye(3), ind=1),
    "linalg.tensorsolve": lambda f, v: f(v[:3] * 0 + np.eye(3), np.ones(3)),
    "lib.scimath.logn": lambda f, v: f(2, np.abs(v) + 1),
    "lib.scimath.power": lambda f, v: f(v, 2),
    "sort_complex": lambda f, v: f(v[:, 0]),
    "polyadd": lambda f, v: f(v[:, 0], v[:, 0]),
    "polydiv": lambda f, v: f(np.abs(v[:, 0]) + 1, np.abs(v[:, 0]) + 1)[0],
    "polymul": lambda f, v: f(v[:, 0], v[:, 0]),
    "polysub": lambda f, v: f(v[:, 0], v[:, 0]),
    "corrcoef": lambda f, v: f(v + np.arange(3.0)),
    "common_type": lambda f, v: f(v) is np.float64,
    "min_scalar_type": lambda f, v: f(v),
    "fft.fft2": lambda f, v: f(v),
    "fft.ifft2": lambda f, v: f(v),
    "fft.irfft2": lambda f, v: f(v),
    "fft.rfft2": lambda f, v: f(v),
}  # fmt: skip
CREATORS = [
    "array", "asarray", "asanyarray", "asarray_chkfinite", "ascontiguousarray",
    "asfortranarray", "asfarray", "require", "arange", "empty", "eye", "frombuffer",
    "fromfile", "fromfunction", "fromiter", "fromstring", "full", "genfromtxt", "geomspace",
    "identity", "linspace", "loadtxt", "logspace", "ones", "tri", "zeros"
]  # fmt: skip


def function_of(name: str) -> Any:
    found: Any = np
    for part in name.split("."):
        found = getattr(found, part)
    return found


@pytest.mark.parametrize(
    "name", sorted(n for n in table._ARRAY if has(n) and n not in CREATORS), ids=str
)
@settings(max_examples=6, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_function_of_the_array_class_gives_numpys_array(name: str, data: st.DataObject) -> None:
    v = data.draw(variables("vector"))
    plain = np.array(v.values)
    function = function_of(name)
    call = ARRAY_CALLS.get(name, lambda f, x: f(x))
    expected, result = call(function, plain), call(function, v)
    assert not isinstance(result, V)
    if isinstance(expected, (tuple, list)) and not isinstance(expected, np.ndarray):
        assert len(result) == len(expected)
        for a, b in zip(result, expected, strict=True):
            assert not isinstance(a, V)
            np.testing.assert_array_equal(a, b)
    else:
        np.testing.assert_array_equal(result, expected)


def test_creators_take_a_variable_as_like() -> None:
    v = V([1, 2], [1.0, 2.0])
    assert type(np.zeros(3, like=v)) is np.ndarray
    assert type(np.asarray([1], like=v)) is np.ndarray


@pytest.mark.parametrize(
    "call",
    [
        lambda v: np.save("x", v),
        lambda v: np.savez("x", a=v),
        lambda v: np.savetxt("x", v),
        lambda v: np.copyto(v, 0),
        lambda v: np.place(v, v > 0, 0),
        lambda v: np.put(v, 0, 0),
        lambda v: np.putmask(v, v > 0, 0),
        lambda v: np.fill_diagonal(v, 0),
        lambda v: np.put_along_axis(v, np.zeros((2, 1), int), 0, 1),
        lambda v: np.block([v, v]),
        lambda v: np.datetime_as_string(v),
        lambda v: np.is_busday(v),
    ],
)
def test_what_would_lose_labels_or_write_is_refused_with_a_hint(call: Any) -> None:
    v = V([1, 2], [[1.0, 2.0], [3.0, 4.0]])
    with pytest.raises(VariableError, match="Hint"):
        call(v)


def test_every_function_of_the_protocol_is_in_one_class() -> None:
    unknown = [
        f"{f.__module__}.{f.__name__}"
        for f in get_overridable_numpy_array_functions()
        if table.classify(f) is None
    ]
    assert unknown == []
    assert not table._VARIABLE.keys() & table._ARRAY
    assert not table._REFUSED.keys() & (table._ARRAY | table._VARIABLE.keys())


def test_other_containers_get_their_own_turn() -> None:
    class Other:
        def __array_function__(self, func: Any, types: Any, args: Any, kwargs: Any) -> str:
            return "other"

    v = V([1, 2], [1.0, 2.0])
    assert np.concatenate([v, Other()]) == "other"
