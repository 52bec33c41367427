"""Level of detail of a variable: which kind fits it, its cells, its pyramid, its columns."""

from __future__ import annotations

import math
import threading
import weakref
from typing import Any, Literal

import numpy as np

from speasy_core.errors import InvalidRequest, VariableError
from speasy_core.timerange import TimeRange
from speasy_core.variable import SpeasyVariable

from .cells import STRIDE, Cells, LineCells
from .columns import Reduced, column_edges, empty_columns, image_columns, line_columns
from .grid import F64, Any_
from .image import ImagePyramid
from .lines import MinMaxPyramid, native
from .spectra import ImageCells, Mean
from .tables import ChannelTables

__all__ = [
    "channels_of",
    "check_columns",
    "check_mean",
    "kind_of",
    "levels_above",
    "lod",
    "pyramid_of",
    "reduce_rows",
]

_MOST_COMPONENTS = 64
_FEW = 4  # cells of the highest level that is worth keeping

_kept: dict[tuple[int, str], tuple[weakref.ref[Any], MinMaxPyramid | ImagePyramid]] = {}
_lock = threading.Lock()


def kind_of(variable: SpeasyVariable) -> Literal["lines", "image"] | None:
    """Return which pictures there are of a variable; None for text and for large tensors."""
    if variable.dtype.kind not in "fiub":
        return None
    if variable.kind == "spectrogram":
        return "image"
    return "lines" if math.prod(variable.shape[1:]) <= _MOST_COMPONENTS else None


def channels_of(variable: SpeasyVariable) -> Any_:
    """Return the channels of a spectrogram, ``(m,)`` or ``(n, m)``; numbers where unknown."""
    if variable.axes and variable.axes[0].values.dtype.kind in "fiu":
        return variable.axes[0].values
    return np.arange(variable.shape[1], dtype=np.float64)


def reduce_rows(variable: SpeasyVariable, level: int, reference: F64 | None = None) -> Cells:
    """Return the cells of the rows of a variable; what is fill or out of range does not count.

    Parameters
    ----------
    variable : SpeasyVariable
        `kind_of` knows it.
    level : int
    reference : ndarray, optional
        ``(1, m)`` channels to bring rows to, where every row has others.
    """
    clean = variable.fill_to_nan()
    if kind_of(variable) == "image":
        tables = ChannelTables(channels_of(variable))
        if reference is not None and tables.moving:
            tables.tables = reference
        return ImageCells.of_rows(clean.time_ns, clean.values, tables, level)
    table = clean.values.reshape(len(clean), math.prod(clean.shape[1:]))
    columns = [native(table[:, i]) for i in range(table.shape[1])]
    return LineCells.of_rows(clean.time_ns, columns, level)


def levels_above(base: Any) -> list[Any]:
    """Return cells and all coarser levels of them that are worth keeping, finest first."""
    levels, level = [base], base.level
    while len(levels[-1].time) > _FEW and level < 60:
        level += STRIDE
        coarser = levels[-1].fold(level)
        if len(coarser.time) < len(levels[-1].time):
            levels.append(coarser)
    return levels


def check_columns(columns: Any) -> None:
    """Raise InvalidRequest for what is no number of columns."""
    whole = isinstance(columns, (int, np.integer)) and not isinstance(columns, bool)
    if not whole or columns < 1:
        raise InvalidRequest(f"columns={columns!r}", hint="a whole number, one at least")


def check_mean(mean: str) -> Mean:
    """Return `mean` if it is one.

    Raises
    ------
    InvalidRequest
        It is neither "linear" nor "log".
    """
    known: tuple[Mean, ...] = ("linear", "log")
    for one in known:
        if mean == one:
            return one
    raise InvalidRequest(f"mean={mean!r}", hint="use 'linear' or 'log'")


def pyramid_of(variable: SpeasyVariable, mean: Mean = "linear") -> MinMaxPyramid | ImagePyramid:
    """Return the pyramid of a variable, made once for as long as the variable lives.

    Raises
    ------
    VariableError
        Nothing of it can be drawn.

    Examples
    --------
    >>> v = SpeasyVariable(np.arange(1000) * 10**9, np.ones(1000))
    >>> pyramid_of(v) is pyramid_of(v)
    True
    """
    kind = kind_of(variable)
    if kind is None:
        raise VariableError(
            f"{variable.name or 'the variable'} ({variable.dtype}, {variable.shape}) has no "
            "minimum and maximum",
            hint=f"numbers with at most {_MOST_COMPONENTS} components, and spectrograms, have",
        )
    key = id(variable), mean if kind == "image" else ""
    with _lock:
        kept = _kept.get(key)
        if kept is not None and kept[0]() is variable:
            return kept[1]
    clean = variable.fill_to_nan()
    made: MinMaxPyramid | ImagePyramid
    if kind == "image":
        made = ImagePyramid(clean.time_ns, clean.values, channels_of(clean), mean=mean)
    else:
        made = MinMaxPyramid(clean.time_ns, clean.values)
    with _lock:
        kept = _kept.get(key)
        if kept is not None and kept[0]() is variable:  # another thread was first
            return kept[1]
        _kept[key] = weakref.ref(variable, lambda _: _kept.pop(key, None)), made
    return made


def lod(
    variable: SpeasyVariable,
    start: Any = None,
    stop: Any = None,
    columns: int = 1000,
    *,
    mean: str = "linear",
) -> Reduced:
    """Return a variable in columns of time; see `SpeasyVariable.lod`."""
    how = check_mean(mean)
    check_columns(columns)
    labels: dict[str, Any] = {
        "unit": variable.unit, "name": variable.name, "columns": tuple(variable.columns),
        "gaps": variable.gaps, "provenance": variable.provenance,
    }  # fmt: skip
    if (start is None or stop is None) and not len(variable):
        raise InvalidRequest("an empty variable has no range of its own", hint="give start, stop")
    # the range of all samples ends just after the last
    first = variable.time[0] if start is None else start
    last = variable.time[-1] + np.timedelta64(1, "ns") if stop is None else stop
    span = TimeRange(first, last)
    level, edges = column_edges(span.start_ns, span.stop_ns, columns)
    pyramid = pyramid_of(variable, how)
    if not len(variable):
        return empty_columns(edges, level, kind_of(variable), variable.shape[1:], **labels)
    if isinstance(pyramid, ImagePyramid):
        return image_columns(edges, level, *pyramid.columns(edges, 1 << level), **labels)
    return line_columns(pyramid.cells(edges, level), edges, level, variable.shape[1:], **labels)
