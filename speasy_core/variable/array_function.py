"""The table of numpy functions: what each gives for a variable.

Every function of the ``__array_function__`` protocol is in one of three classes:

``variable``
    A variable with time, wherever time stays the first dimension; where the call sums over time
    or moves it, the result is what numpy gives (``np.median(B, axis=0)`` is an array).
``array``
    Always what numpy gives for the arrays.
``refused``
    Raises VariableError, with what to write in its place.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, Literal

import numpy as np

from speasy_core.errors import VariableError
from speasy_core.units import power

from . import handlers as h
from . import joining as j
from . import linear_algebra as p
from .arguments import Handler
from .core import VariableCore
from .delegates import is_data_array
from .operands import refuse_quantities, with_variables

__all__ = ["array_function", "classify"]


def _to_minus_one(unit: str) -> str:
    return power(unit, -1)


def _table(rows: dict[str, Handler]) -> dict[str, Handler]:
    return {name: handler for names, handler in rows.items() for name in names.split()}


_VARIABLE: Final = _table(
    {
        "sum mean nansum nanmean amax amin max min ptp nanmax nanmin median nanmedian std nanstd":
            h.reduction(h.same),
        "var nanvar": h.reduction(h.squared),
        "prod nanprod product argmax argmin nanargmax nanargmin all any alltrue sometrue "
        "count_nonzero": h.reduction(h.lost),
        "average": h.reduction(h.same),
        "percentile quantile nanpercentile nanquantile": h.reduction(h.same, position=2),
        "trapezoid trapz": h.reduction(h.same, position=3),
        "linalg.norm": h.norm,
        "linalg.vector_norm linalg.matrix_norm": h.vector_norm,
        "clip": h.clip,
        "where": h.where,
        "select": h.select,
        "choose": h.choose,
        "piecewise": h.piecewise,
        "around round round_ real imag real_if_close nan_to_num fix copy astype":
            h.elementwise(h.same),
        "sinc i0 iscomplex isreal isneginf isposinf lib.scimath.log lib.scimath.log2 "
        "lib.scimath.log10 lib.scimath.arctanh": h.elementwise(h.lost),
        "lib.scimath.sqrt": h.elementwise(h.root),
        "angle lib.scimath.arccos lib.scimath.arcsin": h.elementwise(h.radian),
        "digitize isin in1d": h.elementwise(h.lost),
        "isclose": h.elementwise(None, 2),
        "cumsum nancumsum cumulative_sum": h.cumulative(h.same),
        "unwrap": h.cumulative(h.same, default=-1, mixes=False),
        "roll": h.roll,
        "cumprod nancumprod cumproduct cumulative_prod": h.cumulative(h.lost),
        "sort partition": h.along(h.same, default=-1),
        "msort": h.along(h.same, default=0),
        "argsort argpartition": h.along(h.lost, default=-1),
        "take_along_axis": h.along(h.same, position=2, default=-1),
        "gradient": h.gradient,
        "diff": h.difference,
        "zeros_like ones_like empty_like full_like": h.like,
        "interp": h.interp,
        "polyval": h.polyval,
        "convolve correlate": h.convolve,
        "apply_along_axis": h.apply_along,
        "cross linalg.cross": p.cross,
        "dot inner tensordot linalg.tensordot": p.dot,
        "einsum": p.einsum,
        "linalg.det linalg.slogdet linalg.cond linalg.matrix_rank linalg.qr linalg.svd "
        "linalg.eig linalg.eigh linalg.cholesky linalg.matrix_power linalg.solve":
            p.stacked(h.lost),
        "linalg.eigvals linalg.eigvalsh linalg.svdvals": p.stacked(h.same),
        "linalg.inv linalg.pinv": p.stacked(_to_minus_one),
        "matrix_transpose linalg.matrix_transpose tril triu": p.stacked(h.same),
        "trace diagonal linalg.trace linalg.diagonal": p.diagonal,
        "concatenate": j.concatenate,
        "stack hstack vstack row_stack column_stack dstack": j.stack,
        "append": j.append,
        "split array_split hsplit vsplit dsplit": j.split,
        "unstack": j.unstack,
        "reshape squeeze expand_dims atleast_1d transpose swapaxes moveaxis rollaxis":
            j.reshaped,
        "take repeat delete insert compress flip": j.rearranged,
    }
)  # fmt: skip

_ARRAY_NAMES: Final = """
    allclose array_equal array_equiv may_share_memory shares_memory shape ndim size result_type
    can_cast common_type min_scalar_type iscomplexobj isrealobj
    array array2string array_repr array_str asarray asanyarray asarray_chkfinite ascontiguousarray
    asfortranarray asfarray require atleast_2d atleast_3d ravel resize broadcast_to
    broadcast_arrays fliplr flipud rot90 tile pad trim_zeros extract meshgrid
    lib.stride_tricks.sliding_window_view apply_over_axes
    arange empty eye frombuffer fromfile fromfunction fromiter fromstring full genfromtxt geomspace
    identity linspace loadtxt logspace ones tri zeros
    argwhere flatnonzero nonzero searchsorted lexsort unique unique_all unique_counts
    unique_inverse unique_values union1d intersect1d setdiff1d setxor1d sort_complex ediff1d
    bincount histogram histogram2d histogram_bin_edges histogramdd corrcoef cov
    diag diagflat diag_indices_from tril_indices_from triu_indices_from ix_ ravel_multi_index
    unravel_index vander outer kron vdot einsum_path packbits unpackbits
    poly polyadd polyder polydiv polyfit polyint polymul polysub roots
    linalg.lstsq linalg.multi_dot linalg.tensorinv linalg.tensorsolve linalg.outer linalg.matmul
    linalg.vecdot lib.scimath.logn lib.scimath.power
    fft.fft fft.fft2 fft.fftn fft.fftshift fft.hfft fft.ifft fft.ifft2 fft.ifftn fft.ifftshift
    fft.ihfft fft.irfft fft.irfft2 fft.irfftn fft.rfft fft.rfft2 fft.rfftn
"""
_ARRAY: Final = frozenset(_ARRAY_NAMES.split())
# of these, those that go through two arrays side by side
_PAIRED_NAMES: Final = """
    allclose corrcoef cov histogram2d polyfit vdot lexsort linalg.vecdot linalg.lstsq
"""
_PAIRED: Final = frozenset(_PAIRED_NAMES.split())

_IN_PLACE = "a variable is frozen: write the result as a new one, np.where(...) or v.copy(...)"
_TO_FILE = "it would drop times and labels: use v.to_npz(path), v.to_csv(path) or v.to_cdf(path)"
_REFUSED: Final = {
    **dict.fromkeys(
        ("copyto", "place", "put", "put_along_axis", "putmask", "fill_diagonal"), _IN_PLACE
    ),
    **dict.fromkeys(("save", "savez", "savez_compressed", "savetxt"), _TO_FILE),
    "block": "join variables with np.concatenate or np.stack",
    **dict.fromkeys(
        ("busday_count", "busday_offset", "is_busday", "datetime_as_string"),
        "it works on times: give it v.time",
    ),
}
_REFUSED_MODULES: Final = {
    "char": "it works on text: give it v.values",
    "strings": "it works on text: give it v.values",
    "lib.recfunctions": "it works on records: give it v.values",
}


def _key(func: Callable[..., Any]) -> str:
    module = func.__module__.removeprefix("numpy").removeprefix(".")
    # before 2.0 some functions name the private module that they live in
    module = module.replace("core.multiarray", "").replace("lib.function_base", "")
    return f"{module}.{func.__name__}".lstrip(".")


def _gives_array(key: str) -> bool:
    return key in _ARRAY or key.startswith("polynomial.")  # evaluation on grids


def classify(func: Callable[..., Any]) -> Literal["variable", "array", "refused"] | None:
    """Return the class of a numpy function, None for one that the table does not have.

    Examples
    --------
    >>> classify(np.median), classify(np.histogram), classify(np.save)
    ('variable', 'array', 'refused')
    """
    key = _key(func)
    if key in _VARIABLE:
        return "variable"
    if _gives_array(key):
        return "array"
    if key in _REFUSED or key.rpartition(".")[0] in _REFUSED_MODULES:
        return "refused"
    return None


_found: dict[Callable[..., Any], Handler] = {}


def _refuse(func: Callable[..., Any], args: Any, kwargs: Any) -> Any:
    key = _key(func)
    hint = _REFUSED.get(key) or _REFUSED_MODULES.get(key.rpartition(".")[0])
    raise VariableError(
        f"np.{key} cannot take a variable",
        hint=hint or "work on np.asarray(v) and put the result back with v.copy(values=...)",
    )


def _handler(func: Callable[..., Any]) -> Handler:
    key = _key(func)
    found = _VARIABLE.get(key)
    if found is None:
        side_by_side = h.paired if key in _PAIRED else h.plain
        found = side_by_side if _gives_array(key) else _refuse
    _found[func] = found
    return found


def array_function(
    func: Callable[..., Any], types: Any, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> Any:
    """Apply a numpy function; see numpy's NEP 18 for the parameters."""
    for kind in types:
        if not issubclass(kind, (VariableCore, np.ndarray)):
            return NotImplemented
    if any(not issubclass(kind, VariableCore) and kind is not np.ndarray for kind in types):
        refuse_quantities(_key(func), [*args, *kwargs.values()])
    if any(map(is_data_array, args)) or any(type(arg) in (list, tuple) for arg in args):
        args = tuple(with_variables(args, next(k for k in types if issubclass(k, VariableCore))))
    return (_found.get(func) or _handler(func))(func, args, kwargs)
