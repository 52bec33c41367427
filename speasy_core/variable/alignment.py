"""What operations on several variables share: time axes, units and labels that must agree."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NoReturn, TypeVar

import numpy as np

from speasy_core import units
from speasy_core.errors import TimeAxisMismatch, UnitMismatch, VariableError
from speasy_core.timerange import format_ns

from .core import Array, VariableCore, same_array
from .merging import union_gaps, unique_in_order

__all__ = ["align", "check_times", "common_unit", "join_origin", "wrap"]

V = TypeVar("V", bound=VariableCore)


def cadence_ns(v: VariableCore) -> int | None:
    """Return the median time between samples, in nanoseconds; None below two samples."""
    ns = v._ns
    if ns.size < 2:
        return None
    return int(np.median(np.diff(ns[:100_001])))


def describe_axis(v: VariableCore) -> str:
    """Return one line on the time axis of a variable, for messages."""
    if not len(v):
        return f"{v._name or 'a variable'} has no samples"
    step = cadence_ns(v)
    every = f" every {np.timedelta64(step, 'ns') / np.timedelta64(1, 's'):g} s" if step else ""
    return f"{v._name or 'a variable'} has {len(v)} samples{every} from {format_ns(int(v._ns[0]))}"


def check_times(first: VariableCore, others: Iterable[VariableCore]) -> None:
    """Refuse variables on different time axes.

    Raises
    ------
    TimeAxisMismatch
    """
    for other in others:
        if other._ns is not first._ns and not same_array(other._ns, first._ns):
            raise TimeAxisMismatch(
                f"the time axes differ: {describe_axis(first)}; {describe_axis(other)}",
                hint="speasy_core.signal.resampling.interpolate(ref, var) puts var on ref's times",
            )


def common_unit(a: str, b: str, what: str) -> tuple[str, float]:
    """Return the unit of ``a + b``, and the factor that brings b's numbers to it.

    A unit that is not known is never converted: its text goes into the result.

    Raises
    ------
    UnitMismatch
        Both are known, and measure different things.
    """
    if a == b or not b:
        return a, 1.0
    if not a:
        return b, 1.0
    fit = units.fits(a, b)
    if fit is None:
        return f"{a} + {b}", 1.0
    if fit:
        factor, offset = units.conversion(b, a)
        if offset == 0.0:
            return a, factor
    raise UnitMismatch(
        f"{what} of {a!r} and {b!r} has no meaning",
        hint="convert with v.to(unit), or drop a unit with v.with_unit('')",
    )


def join_origin(result: VariableCore, sources: Sequence[VariableCore]) -> None:
    """Give a new variable the gaps and provenance of all its sources."""
    first = sources[0]
    if all(s._gaps is first._gaps and s._provenance is first._provenance for s in sources):
        return
    result._gaps = union_gaps(gap for source in sources for gap in source._gaps)
    result._provenance = unique_in_order(p for source in sources for p in source._provenance)


def refuse_shape(name: str, v: VariableCore, shape: tuple[int, ...]) -> NoReturn:
    """Say that an array does not keep the time dimension first."""
    raise VariableError(
        f"{name}: an array of shape {shape} and a variable of shape {v.shape} do not keep time "
        "as the first dimension",
        hint="give one value per sample as array[:, None], or work on np.asarray(v)",
    )


def align(name: str, operands: Sequence[Any]) -> tuple[list[Any], VariableCore]:
    """Return plain operands that broadcast on time, and the variable that labels the result.

    ``(n,)`` meets ``(n, k)`` sample by sample; arrays broadcast as in numpy, from the last
    dimension on.

    Raises
    ------
    TimeAxisMismatch, VariableError
    """
    variables = [op for op in operands if isinstance(op, VariableCore)]
    lead = max(variables, key=lambda v: v.ndim)  # the first one, of those
    if len(variables) > 1:
        check_times(variables[0], variables[1:])
    ndim, n = lead.ndim, len(lead)
    plain: list[Any] = []
    for op in operands:
        if isinstance(op, VariableCore):
            array = op._values
            if array.ndim < ndim:
                array = array.reshape(n, *(1,) * (ndim - array.ndim), *array.shape[1:])
            plain.append(array)
            continue
        shape = np.shape(op)
        if len(shape) > ndim or (len(shape) == ndim and shape[0] not in (1, n)):
            refuse_shape(name, lead, shape)
        if shape == (n,) and ndim > 1 and lead.shape[-1] not in (1, n) and n > 1:
            refuse_shape(name, lead, shape)  # one value per sample, which numpy lines up otherwise
        plain.append(op)
    if len(variables) > 1:
        _check_axes(variables)
    return plain, lead


def _check_axes(variables: Sequence[VariableCore]) -> None:
    """Refuse spectrograms whose energies, say, are not the same."""
    with_axes = [v for v in variables if v._axes]
    for v in with_axes[1:]:
        for a, b in zip(with_axes[0]._axes, v._axes, strict=False):
            if a is not b and a.values.shape == b.values.shape and not (
                same_array(a.values, b.values)
            ):  # fmt: skip
                raise VariableError(
                    f"the axes {a.name!r} of {with_axes[0]._name!r} and {b.name!r} of {v._name!r} "
                    "have different values",
                    hint="regrid one of them, or work on np.asarray(v)",
                )


def wrap(lead: V, sources: Sequence[VariableCore], values: Any, unit: str) -> V:
    """Put a result that kept time first, but maybe not its other dimensions, around `lead`."""
    columns, axes = lead._columns, lead._axes
    if values.shape != lead.shape:
        alike = next((s for s in sources if s.shape == values.shape), None)
        columns = alike._columns if alike is not None else None
        axes = alike._axes if alike is not None else ()
    result = lead._like(values, axes=axes, columns=columns, unit=unit, derived=True)
    result._name = sources[0]._name
    if len(sources) > 1:
        join_origin(result, sources)
    return result


def shift_time(v: V, by: Any, sign: int) -> V:
    """Return the variable with its time axis moved."""
    from .core import Gap, read_only

    step = sign * int(np.timedelta64(by).astype("timedelta64[ns]").astype(np.int64))
    result = v._like(v._values, ns=read_only(v._ns + np.int64(step)))
    result._gaps = tuple(Gap(g.range.shifted(step), g.reason, g.retryable) for g in v._gaps)
    return result


def scaled(array: Array, factor: float) -> Array:
    """Return the numbers times a factor, floats keeping their width."""
    return array if factor == 1.0 else np.asarray(array * factor)
