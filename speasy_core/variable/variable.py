"""SpeasyVariable: samples on a time axis, with their labels, unit and origin."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from . import selection as _select
from . import text as _text
from .conversions import InOut
from .coordinates import Coordinates
from .core import Axis, Gap, Provenance, VariableCore, same_array, time_to_ns
from .delegates import delegate, is_data_array
from .merging import merge_parts, repair_order
from .operators import NumpyProtocols
from .tidying import Tidying

__all__ = ["Axis", "Gap", "Provenance", "SpeasyVariable", "merge"]


class SpeasyVariable(NumpyProtocols, Tidying, InOut):
    """Samples on a strictly increasing time axis.

    A thin, frozen wrapper: nothing can be assigned, slices share memory, numpy functions take it
    and give it back.

    Parameters
    ----------
    time : array_like, shape (n,)
        datetime64, int64 nanoseconds since 1970 UTC, or a list of datetime or text.
    values : array_like, shape (n, ...)
        The samples; the type is kept.
    axes : sequence of Axis, optional
        One for each dimension after time.
    columns : sequence of str, optional
        Names of the components.
    unit : str, optional
        Without it ``meta["UNITS"]`` is taken.
    name : str, optional
    meta : mapping, optional
        ISTP attributes; those of the whole data set under ``"dataset"``.
    gaps : sequence of Gap, optional
        Ranges that were asked for and not delivered.
    provenance : sequence of Provenance, optional

    Raises
    ------
    VariableError
        Shapes do not fit, or time does not strictly increase.

    Examples
    --------
    >>> v = SpeasyVariable(["2020-01-01", "2020-01-02"], [[1, 2, 3], [4, 5, 6]],
    ...                    columns=["bx", "by", "bz"], unit="nT", name="b")
    >>> v["2020-01-02":]["by"].values
    array([5])
    >>> v.shape, v.unit, v.kind
    ((2, 3), 'nT', 'vector')
    """

    __slots__ = ()

    @classmethod
    def from_unsorted(cls, time: Any, values: Any, **labels: Any) -> Self:
        """Make a variable of samples in any order, with repeats or NaT in time.

        Samples are sorted, repeats of a time dropped (the first stays), NaT dropped; how many
        were moved or dropped is kept in ``meta["time_repairs"]``.

        Parameters
        ----------
        time, values, **labels
            As for the constructor.

        Examples
        --------
        >>> v = SpeasyVariable.from_unsorted([3, 1, 1], [30, 10, 11])
        >>> v.values, v.meta["time_repairs"]
        (array([10, 30]), 2)
        """
        ns = time_to_ns(time)
        rows, repairs = repair_order(ns)
        if rows is None:
            return cls(ns, values, **labels)
        array = np.asarray(values)
        axes = [_take_unsorted(axis, rows, array) for axis in labels.pop("axes", ())]
        meta = {**(labels.pop("meta", None) or {}), "time_repairs": repairs}
        return cls(ns[rows], array[rows], axes=axes, meta=meta, **labels)

    def copy(self, name: str | None = None, **changes: Any) -> Self:
        """Return a variable of its own memory, or with some of the parameters replaced.

        Parameters
        ----------
        name : str, optional
        **changes
            Parameters of the constructor to replace; memory is then shared where it can be.

        Examples
        --------
        >>> v = SpeasyVariable([0], [1.0], unit="nT")
        >>> v.copy(name="bx").name, v.name
        ('bx', '')
        """
        if name is not None:
            changes["name"] = name
        if not changes:
            return self._like(self._values.copy(order="K"))
        if changes.keys() <= {"name", "unit", "gaps", "provenance"}:
            new = self._like(self._values)
            new._name = str(changes.get("name", self._name))
            new._unit = str(changes.get("unit", self._unit))
            new._gaps = tuple(changes.get("gaps", self._gaps))
            new._provenance = tuple(changes.get("provenance", self._provenance))
            return new
        kept: dict[str, Any] = {
            "time": self._ns, "values": self._values, "axes": self._axes,
            "columns": self._columns, "unit": self._unit, "name": self._name,
            "meta": self.meta, "gaps": self._gaps, "provenance": self._provenance,
        }  # fmt: skip
        if "values" in changes and np.shape(changes["values"])[1:] != self.shape[1:]:
            kept["axes"], kept["columns"] = (), None  # they name what is no longer there
        return type(self)(**{**kept, **changes})

    # -- selection ------------------------------------------------------------------------
    def __getitem__(self, key: Any) -> Any:
        """Select samples or components.

        ``v["2020-01-01":"2020-01-02"]`` (half-open; text, datetime, datetime64 or Timestamp, UTC
        unless they say otherwise), ``v[time_range]``, ``v[::10]``, ``v[mask]``, ``v["bx"]``,
        ``v[["bx", "by"]]``, ``v[:, 0]`` give variables; ``v[3]`` gives one sample as numpy does.
        """
        return _select.getitem(self, key)

    def view(self, index: Any) -> Self:
        """Return the samples that a slice or a mask picks; a slice shares memory.

        Examples
        --------
        >>> SpeasyVariable([0, 1, 2], [1.0, 2.0, 3.0]).view(slice(1, None)).values
        array([2., 3.])
        """
        found: Self = self[index]
        return found

    def __iter__(self) -> Iterator[Any]:
        return iter(self._values.copy() if self._values.ndim > 1 else self._values)

    def isel(self, indexers: Mapping[str, Any] | None = None, **kwargs: Any) -> Any:
        """Select by number along named dimensions, as in xarray.

        Examples
        --------
        >>> v = SpeasyVariable(["2020-01-01", "2020-01-02"], [1.0, 2.0])
        >>> v.isel(time=slice(0, 1)).values
        array([1.])
        """
        return _select.isel(self, indexers, **kwargs)

    def sel(
        self,
        indexers: Mapping[str, Any] | None = None,
        method: str | None = None,
        **kwargs: Any,
    ) -> Any:
        """Select by label along named dimensions, as in xarray: a slice includes its end.

        Parameters
        ----------
        indexers : mapping, optional
            Dimension to label, list of labels or slice; or as keywords.
        method : {None, "nearest"}
            How a label that is not there is met.

        Examples
        --------
        >>> v = SpeasyVariable(["2020-01-01", "2020-01-02"], [1.0, 2.0])
        >>> float(v.sel(time="2020-01-02T06:00", method="nearest"))
        2.0
        """
        return _select.sel(self, indexers, method, **kwargs)

    @property
    def coords(self) -> Mapping[str, npt.NDArray[Any]]:
        """Time, and the values or names along the other dimensions.

        Examples
        --------
        >>> v = SpeasyVariable(["2020-01-01", "2020-01-02"], [[1.0, 2.0], [3.0, 4.0]],
        ...                    columns=["x", "y"], unit="nT", name="b")
        >>> list(v.coords)
        ['time', 'component']
        """
        return Coordinates(self)

    @property
    def attrs(self) -> Mapping[str, Any]:
        """The same as `meta`, by xarray's name."""
        return self.meta

    @property
    def sizes(self) -> Mapping[str, int]:
        """Length of each dimension.

        Examples
        --------
        >>> dict(SpeasyVariable([0, 1], [[1, 2, 3], [4, 5, 6]]).sizes)
        {'time': 2, 'component': 3}
        """
        return MappingProxyType(dict(zip(self.dims, self.shape, strict=True)))

    @property
    def axes_labels(self) -> list[str]:
        """The same as `dims`, by Speasy's name."""
        return list(self.dims)

    # -- arrays ---------------------------------------------------------------------------
    def astype(self, dtype: npt.DTypeLike) -> Self:
        """Return the values as another type.

        Examples
        --------
        >>> SpeasyVariable([0, 1], [1, 2]).astype("f4").dtype
        dtype('float32')
        """
        return self._like(self._values.astype(dtype))

    @staticmethod
    def zeros_like(other: SpeasyVariable) -> SpeasyVariable:
        """Return a variable of the same times and labels that is zero, as ``np.zeros_like``."""
        return np.zeros_like(other)  # type: ignore[return-value]

    @staticmethod
    def ones_like(other: SpeasyVariable) -> SpeasyVariable:
        """Return a variable of the same times and labels that is one, as ``np.ones_like``."""
        return np.ones_like(other)  # type: ignore[return-value]

    @staticmethod
    def empty_like(other: SpeasyVariable) -> SpeasyVariable:
        """Return a variable of the same times and labels, its values not set."""
        return np.empty_like(other)  # type: ignore[return-value]

    @staticmethod
    def reserve_like(other: SpeasyVariable, length: int = 0) -> SpeasyVariable:
        """Return a variable with the labels of another, of `length` samples that are not set.

        Times go on from the other's first in steps of its cadence.

        Examples
        --------
        >>> v = SpeasyVariable([0, 10], [[1.0, 2.0], [3.0, 4.0]], columns=["x", "y"])
        >>> SpeasyVariable.reserve_like(v, 3).shape
        (3, 2)
        """
        step = 10**9 if other.cadence is None else int(other.cadence.astype(np.int64))
        first = int(other.time_ns[0]) if len(other) else 0
        rows = np.resize(np.arange(len(other)), length)  # of axes that vary with time
        return other.copy(
            time=first + step * np.arange(length),
            values=np.empty((length, *other.shape[1:]), other.dtype),
            axes=[axis.take_time(rows) for axis in other.axes],
            gaps=(), provenance=(),
        )  # fmt: skip

    def filter_columns(self, columns: Iterable[str]) -> Self:
        """Return some components, by name.

        Examples
        --------
        >>> v = SpeasyVariable(["2020-01-01", "2020-01-02"], [[1.0, 2.0], [3.0, 4.0]],
        ...                    columns=["x", "y"], unit="nT", name="b")
        >>> v.filter_columns(["y"]).values
        array([[2.],
               [4.]])
        """
        return _select.columns(self, list(columns))

    def equals(self, other: Any) -> bool:
        """Whether times, values (NaN equal to NaN), axes, columns, unit and name are the same.

        Examples
        --------
        >>> v = SpeasyVariable([0, 1], [1.0, np.nan])
        >>> v.equals(v.copy()), v.equals(v.with_unit("nT"))
        (True, False)
        """
        return (
            isinstance(other, VariableCore)
            and self._values.dtype == other._values.dtype
            and (self._unit, self._name) == (other._unit, other._name)
            and self.columns == other.columns
            and same_array(self._ns, other._ns)
            and same_array(self._values, other._values)
            and len(self._axes) == len(other._axes)
            and all(a.equals(b) for a, b in zip(self._axes, other._axes, strict=True))
        )

    # -- showing --------------------------------------------------------------------------
    def citation(self) -> str:
        """Return acknowledgement, DOI, SPASE id and rules of use, from the metadata.

        Examples
        --------
        >>> v = SpeasyVariable([0], [1.0], meta={"dataset": {"DOI": "10.48322/e0dc-0h53"}})
        >>> v.citation()
        'DOI: 10.48322/e0dc-0h53'
        """
        return _text.citation(self)

    def __repr__(self) -> str:
        return _text.text(self)

    def _repr_html_(self) -> str:
        return _text.html(self)

    def __reduce__(self) -> tuple[Any, ...]:
        state = {
            "axes": self._axes, "columns": self._columns, "unit": self._unit, "name": self._name,
            "meta": dict(self.meta), "gaps": self._gaps, "provenance": self._provenance,
        }  # fmt: skip
        return (_from_state, (self._ns, self._values, state))


def _from_state(ns: Any, values: Any, state: dict[str, Any]) -> SpeasyVariable:
    return SpeasyVariable(ns, values, **state)


def _take_unsorted(axis: Any, rows: Any, values: Any) -> Any:
    array = axis.values if isinstance(axis, Axis) else np.asarray(axis)
    per_sample = array.ndim > 1 and array.shape[0] == values.shape[0]
    varies = per_sample and array.shape != values.shape[1:]
    if not varies:
        return axis
    return axis.replace(values=array[rows]) if isinstance(axis, Axis) else array[rows]


def merge(parts: Iterable[SpeasyVariable]) -> SpeasyVariable:
    """Return the union of the rows of overlapping, nested or reversed pieces.

    Rows are sorted by time; of rows of the same time the part given last wins, with a
    SpeasyWarning when their values differ. Gaps and provenance are joined. Empty parts add
    their gaps only.

    Parameters
    ----------
    parts : iterable of SpeasyVariable
        At least one; same unit, columns and sample shape. Of DataArrays a DataArray is made.

    Raises
    ------
    VariableError, UnitMismatch
        The parts do not fit together.

    Examples
    --------
    >>> v = SpeasyVariable(np.arange(10), np.arange(10.0))
    >>> len(merge([v[0:10], v[2:4], v[4:6], v[5:7]]))
    10
    """
    one = isinstance(parts, SpeasyVariable)  # whose rows are not parts
    sequence: Sequence[SpeasyVariable] = [parts] if one else list(parts)  # type: ignore[list-item]
    if any(map(is_data_array, sequence)):
        convert = delegate("from_xarray")
        whole: list[SpeasyVariable] = [
            convert(SpeasyVariable, p) if is_data_array(p) else p for p in sequence
        ]
        array: SpeasyVariable = delegate("to_xarray")(merge_parts(whole))
        return array
    return merge_parts(sequence)
