"""What the signal functions share: kinds of input, steps of time, segments between gaps."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from itertools import pairwise
from typing import Any

import numpy as np

from speasy_core.errors import VariableError
from speasy_core.variable import SpeasyVariable
from speasy_core.variable.axis import Array, Int64Array, flat_samples
from speasy_core.variable.cleaning import clean_and_finite
from speasy_core.variable.delegates import delegate, is_data_array

__all__ = [
    "all_finite", "as_floats", "as_variable", "columns_of", "each", "finite_floats",
    "is_data_array", "median_step", "regular_step", "segment_edges", "step_ns", "step_range",
]  # fmt: skip

_CHUNK = 262_144


def as_variable(item: Any) -> SpeasyVariable:
    """Return the variable that `item`, a variable or an xarray DataArray, stands for."""
    if isinstance(item, SpeasyVariable):
        return item
    if is_data_array(item):
        found: SpeasyVariable = delegate("from_xarray")(SpeasyVariable, item)
        return found
    raise VariableError(
        f"a variable or a DataArray is needed, not a {type(item).__name__}",
        hint="make one with SpeasyVariable(time, values)",
    )


def each(func: Callable[[SpeasyVariable], Any], item: Any) -> Any:
    """Apply to a variable, a DataArray, or a list of them; the kind given is the kind returned."""
    if isinstance(item, (list, tuple)):
        return [each(func, part) for part in item]
    result = func(as_variable(item))
    if is_data_array(item) and isinstance(result, SpeasyVariable):
        return delegate("to_xarray")(result)
    return result


def step_ns(step: Any, what: str = "the time step") -> int:
    """Return a duration in nanoseconds; numbers are seconds.

    Raises
    ------
    VariableError
        It is not a duration, or not longer than zero.
    """
    if isinstance(step, np.timedelta64):
        ns = int(step.astype("timedelta64[ns]").astype(np.int64))
    elif isinstance(step, timedelta):
        ns = ((step.days * 86_400 + step.seconds) * 1_000_000 + step.microseconds) * 1_000
    elif isinstance(step, (int, float, np.integer, np.floating)) and not isinstance(step, bool):
        ns = round(float(step) * 1e9) if np.isfinite(step) else 0
    else:
        raise VariableError(f"{what} must be seconds or a timedelta, not {step!r}")
    if ns <= 0:
        raise VariableError(f"{what} must be longer than zero, not {step!r}")
    return ns


def median_step(ns: Int64Array) -> int:
    """Return the median time between samples in nanoseconds; zero below two samples."""
    return int(np.median(np.diff(ns[:100_001]))) if ns.size > 1 else 0


def segment_edges(
    ns: Int64Array, max_gap: float | None, steps: tuple[int, int] | None = None
) -> list[tuple[int, int]]:
    """Return ``(first, past last)`` of the runs without a step wider than `max_gap` cadences."""
    if max_gap is not None and not max_gap > 1:
        raise VariableError(f"max_gap counts cadences and must be above 1, not {max_gap!r}")
    if ns.size < 3 or max_gap is None:
        return [(0, len(ns))] if ns.size else []
    limit = max_gap * median_step(ns)
    if (steps or step_range(ns))[1] <= limit:
        return [(0, len(ns))]
    breaks = np.flatnonzero(np.diff(ns) > limit) + 1
    return list(pairwise([0, *map(int, breaks), len(ns)]))


def regular_step(ns: Int64Array, steps: tuple[int, int] | None = None) -> tuple[int, float]:
    """Return the median step, and by what share of it the steps differ from it at most."""
    step = median_step(ns)
    shortest, longest = steps or step_range(ns)
    spread = max(longest - step, step - shortest) if ns.size > 1 else 0
    return step, spread / max(step, 1)


def step_range(ns: Int64Array) -> tuple[int, int]:
    """Return the shortest and the longest step, with no array as long as the time axis."""
    shortest, longest = np.iinfo(np.int64).max, 0
    for at in range(0, len(ns) - 1, _CHUNK):
        part = ns[at : at + _CHUNK + 1]
        steps = part[1:] - part[:-1]
        shortest, longest = min(shortest, int(steps.min())), max(longest, int(steps.max()))
    return shortest, longest


def all_finite(values: Array) -> bool:
    """Whether there is no NaN and no infinity; a finite sum says so without a temporary."""
    with np.errstate(over="ignore", invalid="ignore"):
        return bool(np.isfinite(values.sum()) or np.isfinite(values).all())


def as_floats(v: SpeasyVariable) -> SpeasyVariable:
    """Return the samples as `finite_floats` does, without looking for NaN."""
    return finite_floats(v)[0]


def finite_floats(v: SpeasyVariable) -> tuple[SpeasyVariable, bool]:
    """Return the samples as floats, fill values as NaN, and whether none is NaN or infinite.

    Integers become float64.

    Raises
    ------
    VariableError
        They are not numbers.
    """
    kind = v.dtype.kind
    if kind in "biu":
        clean = v.fill_to_nan() if kind != "b" else v
        return clean.astype(np.float64), all_finite(clean._values)
    if kind not in "fc":
        raise VariableError(f"{v.name or 'the variable'} holds {v.dtype}, not numbers")
    clean, finite = clean_and_finite(v)
    return clean, finite or all_finite(clean._values)


def columns_of(values: Array) -> Array:
    """Return ``(n, ...)`` as ``(n, k)``."""
    return flat_samples(values)
