"""The parts of a variable and its core: arrays, labels, and nothing that computes.

:class:`VariableCore` holds the slots and checks them once, in the public constructor. Everything
made from a checked variable goes through :meth:`VariableCore._like`, which checks nothing and
costs about a microsecond. The functions of selection, numpy and cleaning are written against this
class; :class:`speasy_core.variable.SpeasyVariable` joins them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, Final, Self

import numpy as np
import numpy.typing as npt

from speasy_core.errors import VariableError
from speasy_core.timerange import format_ns, to_ns

from .axis import Array, Axis, Gap, Int64Array, Provenance, read_only, same_array
from .containers import unpack

__all__ = [
    "KEEP", "Array", "Axis", "Gap", "Int64Array", "Provenance", "VariableCore", "read_only",
    "same_array", "time_to_ns",
]  # fmt: skip

KEEP: Final[Any] = object()  # "as it was", where None is a value of its own
# what describes the numbers as the archive stored them, and no longer fits once they are changed
_RANGE_KEYS = frozenset({"VALIDMIN", "VALIDMAX", "SCALEMIN", "SCALEMAX"})
_EMPTY: Mapping[str, Any] = {}


def time_to_ns(time: Any) -> Int64Array:
    """Return any array of times as int64 nanoseconds; numbers are epoch nanoseconds already."""
    array = np.asarray(time)
    if array.dtype.kind == "M":
        if array.dtype != np.dtype("M8[ns]"):
            array = _to_ns_checked(array)
        return array.view(np.int64)
    if array.dtype.kind in "iu":
        return array.astype(np.int64, copy=False)
    if array.size == 0:
        return np.zeros(array.shape, np.int64)
    if array.dtype.kind in "OUS":
        flat = [to_ns(item.decode() if isinstance(item, bytes) else item) for item in array.flat]
        return np.array(flat, np.int64).reshape(array.shape)
    raise VariableError(
        f"a time axis cannot be made of {array.dtype}",
        hint="give datetime64, int64 nanoseconds since 1970 UTC, or a list of datetime or text",
    )


def plain_array(values: Any) -> Array:
    """Return an array; masked values become NaN, which makes floats of integers."""
    if not isinstance(values, np.ma.MaskedArray):
        return np.asarray(values)
    if not np.ma.is_masked(values):
        return np.asarray(values.data)
    if values.dtype.kind not in "fiubc":
        raise VariableError(
            f"masked values of {values.dtype} have no NaN to stand for them",
            hint="fill them first, values.filled(...)",
        )
    floats = values.dtype if values.dtype.kind in "fc" else np.result_type(values.dtype, "f4")
    filled: Any = values.astype(floats)
    return np.asarray(filled.filled(np.nan))


def _to_ns_checked(array: Array) -> Array:
    """Widen to nanoseconds; numpy wraps around silently outside 1677 to 2262."""
    wide = array.astype("M8[ns]")
    if not np.array_equal(wide.astype(array.dtype), array, equal_nan=True):
        raise VariableError("the time axis leaves 1677-09-21 to 2262-04-11, or is not exact in ns")
    return wide


def _check_time(ns: Int64Array) -> None:
    """Refuse NaT, and times that do not strictly increase."""
    if ns.ndim != 1:
        raise VariableError(f"the time axis must have one dimension, it has shape {ns.shape}")
    if ns.size and int(ns[0]) == np.iinfo(np.int64).min:
        raise VariableError("the time axis holds NaT", hint="use SpeasyVariable.from_unsorted")
    if ns.size > 1:
        rising = ns[1:] > ns[:-1]
        if not rising.all():
            at = int(np.argmin(rising))
            raise VariableError(
                "time must strictly increase, but sample "
                f"{at + 1} ({format_ns(int(ns[at + 1]))}) does not come after sample {at} "
                f"({format_ns(int(ns[at])) if ns[at] != np.iinfo(np.int64).min else 'NaT'})",
                hint="SpeasyVariable.from_unsorted(...) sorts and drops duplicates",
            )


def _check_axis(given: Any, position: int, shape: tuple[int, ...]) -> Axis:
    """Return the axis of dimension `position`, told apart from a grid; refuse a wrong shape."""
    axis: Axis = given if isinstance(given, Axis) else Axis(given)
    got, size, n = axis.values.shape, shape[position], shape[0]
    if got in ((n, size), shape) and axis.time_varying:
        return axis
    if got == (size,) or got == shape[1:]:
        return axis.replace(time_varying=False) if axis.time_varying else axis
    if got in ((n, size), shape):
        return axis.replace(time_varying=True)
    raise VariableError(
        f"the axis {axis.name!r} of dimension {position} has shape {got}, which fits neither "
        f"({size},), ({n}, {size}) nor a grid of the values' shape {shape}"
    )


class VariableCore:
    """Slots, constructor and plain properties of a variable; see SpeasyVariable."""

    __slots__ = (
        "__weakref__", "_axes", "_columns", "_derived", "_gaps", "_meta", "_name", "_ns",
        "_provenance", "_unit", "_values",
    )  # fmt: skip
    _ns: Int64Array
    _values: Array
    _axes: tuple[Axis, ...]
    _columns: tuple[str, ...] | None
    _unit: str
    _name: str
    _meta: Mapping[str, Any]
    _gaps: tuple[Gap, ...]
    _provenance: tuple[Provenance, ...]
    _derived: bool

    def __init__(
        self,
        time: Any = None,
        values: Any = None,
        *,
        axes: Sequence[Any] = (),
        columns: Iterable[str] | None = None,
        unit: str = "",
        name: str = "",
        meta: Mapping[str, Any] | None = None,
        gaps: Iterable[Gap] = (),
        provenance: Iterable[Provenance] = (),
    ) -> None:
        if time is None:  # Speasy's form: time is the first of the axes
            time, values, axes, name, meta = unpack(axes, values, name, meta)
        ns, array = time_to_ns(time), plain_array(values)
        _check_time(ns)
        if array.ndim == 0 or array.shape[0] != ns.size:
            raise VariableError(
                f"{name or 'the variable'}: {ns.size} times do not go with values of shape "
                f"{array.shape}; the first dimension is time"
            )
        if axes and len(axes) != array.ndim - 1:
            raise VariableError(
                f"{name or 'the variable'}: values of shape {array.shape} take "
                f"{array.ndim - 1} axes (time is not counted), {len(axes)} were given"
            )
        labels = None if columns is None else tuple(map(str, columns))
        if labels is None and array.ndim == 2 and not axes:
            labels = _labels_of(meta, array.shape[1])
        width = array.shape[1] if array.ndim > 1 else 1
        if labels and len(labels) != width:
            raise VariableError(
                f"{name or 'the variable'}: {len(labels)} column names for {width} columns"
            )
        self._ns = read_only(ns)
        self._values = array
        self._axes = tuple(_check_axis(a, i, array.shape) for i, a in enumerate(axes, 1))
        self._columns = labels
        # a Quantity or another variable brings its unit along
        own = unit or getattr(values, "unit", "")
        self._unit = ("" if own is None else str(own)) or _unit_of(meta)
        self._name = str(name)
        self._meta = dict(meta) if meta else _EMPTY
        self._gaps = tuple(gaps)
        self._provenance = tuple(provenance)
        self._derived = False

    def _like(
        self,
        values: Array,
        *,
        ns: Any = KEEP,
        axes: Any = KEEP,
        columns: Any = KEEP,
        unit: Any = KEEP,
        derived: bool | None = None,
    ) -> Self:
        """Return a variable around `values` with this one's labels; nothing is checked."""
        new = object.__new__(type(self))
        new._ns = self._ns if ns is KEEP else ns
        new._values = values
        new._axes = self._axes if axes is KEEP else axes
        new._columns = self._columns if columns is KEEP else columns
        new._unit = self._unit if unit is KEEP else unit
        new._name = self._name
        new._meta = self._meta
        new._gaps = self._gaps
        new._provenance = self._provenance
        new._derived = self._derived if derived is None else derived
        return new

    # -- arrays ---------------------------------------------------------------------------
    @property
    def time(self) -> npt.NDArray[np.datetime64]:
        """Times of the samples, ``datetime64[ns]`` UTC, shape ``(n,)``, strictly increasing."""
        return self._ns.view("M8[ns]")

    @property
    def time_ns(self) -> Int64Array:
        """Times as int64 nanoseconds since 1970 UTC."""
        return self._ns

    @property
    def values(self) -> Array:
        """The samples, shape ``(n, ...)``; a view that cannot be written to."""
        return read_only(self._values)

    @property
    def axes(self) -> tuple[Axis, ...]:
        """One :class:`Axis` per dimension after time; empty when only columns label them."""
        return self._axes

    @property
    def columns(self) -> list[str]:
        """Names of the components; empty for spectrograms and tensors without labels."""
        if self._columns is not None:
            return list(self._columns)
        return _default_columns(self)

    def _ipython_key_completions_(self) -> list[str]:
        return self.columns

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of the values; the first number counts samples."""
        return self._values.shape

    @property
    def ndim(self) -> int:
        """Number of dimensions, time included."""
        return self._values.ndim

    @property
    def dtype(self) -> np.dtype[Any]:
        """Type of the values; float32 stays float32."""
        return self._values.dtype

    @property
    def size(self) -> int:
        """Number of values."""
        return self._values.size

    @property
    def nbytes(self) -> int:
        """Bytes of time, values and axes."""
        return self._ns.nbytes + self._values.nbytes + sum(a.values.nbytes for a in self._axes)

    def __len__(self) -> int:
        return len(self._ns)

    # -- labels ---------------------------------------------------------------------------
    @property
    def unit(self) -> str:
        """Unit as text; empty when there is none."""
        return self._unit

    @property
    def name(self) -> str:
        """Name, as the archive writes it."""
        return self._name

    @property
    def meta(self) -> Mapping[str, Any]:
        """Attributes, read-only; ``meta["dataset"]`` holds those of the whole data set."""
        meta = self._meta
        stale_unit = "UNITS" in meta and meta["UNITS"] != self._unit
        if stale_unit or self._derived:
            drop = _RANGE_KEYS if self._derived else frozenset()
            if self._derived and not self._keeps_fill():
                drop |= {"FILLVAL"}
            if stale_unit or not drop.isdisjoint(meta):
                meta = {key: value for key, value in meta.items() if key not in drop}
                if stale_unit:
                    meta["UNITS"] = self._unit
        return MappingProxyType(meta) if isinstance(meta, dict) else MappingProxyType({**meta})

    def _keeps_fill(self) -> bool:
        """Whether no computed number is taken for the fill value: -1e31 is none, 0 may be one."""
        fill = np.asarray(self._meta.get("FILLVAL")).reshape(-1)
        huge = fill.size > 0 and fill.dtype.kind == "f" and not abs(float(fill[0])) < 1e20
        return self._values.dtype.kind == "f" and huge

    @property
    def gaps(self) -> tuple[Gap, ...]:
        """Ranges that were asked for and not delivered."""
        return self._gaps

    @property
    def provenance(self) -> tuple[Provenance, ...]:
        """Where the samples came from."""
        return self._provenance

    @property
    def dims(self) -> tuple[str, ...]:
        """Names of the dimensions: ``time`` first, then the axes' names."""
        return dimension_names(self)

    @property
    def kind(self) -> str:  # a Literal here ends jedi, and with it the tab completion
        """How it is best shown: ``scalar``, ``vector``, ``multicomponent`` or ``spectrogram``."""
        display = str(self._meta.get("DISPLAY_TYPE", "")).strip().lower()
        if self.ndim == 1:
            return "scalar"
        if self.ndim == 2 and (
            display.startswith("spectrogram")
            or (self._axes and not self._columns and self._axes[0].values.dtype.kind in "fiu")
        ):
            return "spectrogram"
        return "vector" if self._values.shape[1:] == (3,) else "multicomponent"


def _unit_of(meta: Mapping[str, Any] | None) -> str:
    unit = (meta or {}).get("UNITS", "")
    return unit.strip() if isinstance(unit, str) else ""


def _labels_of(meta: Mapping[str, Any] | None, width: int) -> tuple[str, ...] | None:
    """Return the names that the metadata gives the components, when it names each."""
    display = str((meta or {}).get("DISPLAY_TYPE", "")).strip().lower()
    labels = (meta or {}).get("LABL_PTR_1")
    if display.startswith("spectrogram") or not isinstance(labels, (list, tuple)):
        return None
    return tuple(str(label).strip() for label in labels) if len(labels) == width else None


def _default_columns(v: VariableCore) -> list[str]:
    """Numbered names; none for what is not a set of components."""
    if v.ndim == 1:
        return [v._name or "value"]
    if v.ndim > 2 or v.kind == "spectrogram":
        return []
    return [f"{v._name or 'column'}_{i}" for i in range(v.shape[1])]


def dimension_names(v: VariableCore) -> tuple[str, ...]:
    """Return one distinct name per dimension."""
    if v._axes:
        return distinct_dimensions(axis.name for axis in v._axes)
    return distinct_dimensions(["component"] if v.ndim == 2 else [""] * (v.ndim - 1))


def distinct_dimensions(axis_names: Iterable[str]) -> tuple[str, ...]:
    """Return ``time`` and a name for each axis, no two alike."""
    names = ["time"]
    for i, axis_name in enumerate(axis_names, 1):
        name = axis_name or f"axis_{i}"
        names.append(f"{name}_{i}" if name in names else name)
    return tuple(names)
