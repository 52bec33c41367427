"""To xarray and back, with nothing lost; importing this registers the accessor ``da.spz``."""

from __future__ import annotations

import json
from collections.abc import Hashable, Iterable, Mapping
from typing import Any, TypeVar

import numpy as np
import xarray as xr

from speasy_core.variable import SpeasyVariable
from speasy_core.variable.axis import Array, Axis, same_array
from speasy_core.variable.core import distinct_dimensions
from speasy_core.variable.record import KEY, record_text, restore

from .errors import VariableError
from .events import Dataset
from .timerange import format_ns

__all__ = ["SpzAccessor", "from_dataset", "from_xarray", "to_dataset", "to_xarray"]

V = TypeVar("V", bound=SpeasyVariable)

_LOWER = {  # CF and discovery names, from what archives call them
    "acknowledgement": ("Acknowledgement", "ACKNOWLEDGEMENT", "acknowledgement"),
    "doi": ("DOI", "doi"),
    "spase_id": ("spase_DatasetResourceID", "SPASE_ID", "ResourceID"),
    "source": ("Source_name", "SOURCE_NAME"),
    "version": ("Data_version", "DATA_VERSION"),
}
_OURS = frozenset({"units", "long_name", "time_coverage_start", "time_coverage_end", *_LOWER, KEY})


def to_xarray(v: SpeasyVariable) -> xr.DataArray:
    """Return a DataArray; see SpeasyVariable.to_xarray.

    Upper-case attributes are the archive's, lower-case ones follow CF. What xarray has no place
    for is in the attribute ``speasy_core``, as JSON, so that NetCDF takes it too.
    """
    dims = ["time", *(_dimension(v, i) for i in range(1, v.ndim))]
    coords: dict[Hashable, Any] = {"time": ("time", v.time)}
    for i, axis in enumerate(v.axes, 1):
        coords[_coordinate(v, i)] = (_axis_dims(axis, i, dims, v), axis.values, _axis_attrs(axis))
    if not v.axes and v.ndim == 2 and v.columns:
        coords[dims[1]] = (dims[1], np.array(v.columns))
    return xr.DataArray(v.values, coords, dims, v.name or None, _attributes(v))


def _coordinate(v: SpeasyVariable, i: int) -> str:
    """Return the name of an axis's coordinate."""
    return v.dims[i]


def _dimension(v: SpeasyVariable, i: int) -> str:
    """Return the name of a dimension: not its coordinate's, where that has several dimensions."""
    several = bool(v.axes) and v.axes[i - 1].values.ndim > 1
    return f"{v.dims[i]}_bin" if several else v.dims[i]


def _axis_dims(axis: Axis, i: int, dims: list[str], v: SpeasyVariable) -> tuple[str, ...]:
    lead = ("time",) if axis.time_varying else ()
    spatial = axis.values.ndim - len(lead)
    return (*lead, dims[i]) if spatial == 1 else (*lead, *dims[1:])


def _axis_attrs(axis: Axis) -> dict[str, Any]:
    attrs = {k: a for k, a in axis.meta.items() if _plain(a)}
    if axis.unit:
        attrs["units"] = axis.unit
    return attrs


def _plain(value: Any) -> bool:
    """Whether NetCDF takes it as an attribute."""
    if isinstance(value, bool):
        return False
    if isinstance(value, (str, int, float, np.integer, np.floating)):
        return True
    if isinstance(value, (list, tuple)):
        kinds = {type(item) for item in value}
        return bool(value) and (kinds <= {int, float} or kinds == {str})
    return isinstance(value, np.ndarray) and value.dtype.kind in "fiu" and value.ndim == 1


def _attributes(v: SpeasyVariable) -> dict[str, Any]:
    meta = v.meta
    attrs: dict[str, Any] = {k: a for k, a in meta.items() if _plain(a)}
    if v.unit:
        attrs["units"] = v.unit
    title = meta.get("CATDESC") or meta.get("FIELDNAM")
    if isinstance(title, str):
        attrs["long_name"] = title
    if len(v):
        attrs["time_coverage_start"] = format_ns(int(v.time_ns[0]))
        attrs["time_coverage_end"] = format_ns(int(v.time_ns[-1]))
    dataset = meta.get("dataset")
    if isinstance(dataset, Mapping):
        for name, keys in _LOWER.items():
            found = next((dataset[k] for k in keys if dataset.get(k)), None)
            if found is not None and _plain(found):
                attrs[name] = found
    attrs[KEY] = record_text(v)
    return attrs


def from_xarray(cls: type[V], array: xr.DataArray) -> V:
    """Make a variable of a DataArray; see SpeasyVariable.from_xarray.

    Of a DataArray that `to_xarray` made everything comes back; units, name and values are as they
    are now, where they were changed on the way.
    """
    dim = _time_dim(array)
    ordered = array.transpose(dim, ...)
    kept = _kept_labels(ordered)
    unit = str(ordered.attrs.get("units", ordered.attrs.get("UNITS", "")))
    axes, columns = _axes_and_columns(ordered, dim, kept)
    meta = {str(k): a for k, a in ordered.attrs.items() if k not in _OURS}
    if kept is not None:
        meta = {**kept["meta"], **{k: a for k, a in meta.items() if k not in kept["meta"]}}
    elif isinstance(title := ordered.attrs.get("long_name"), str):
        meta.setdefault("CATDESC", title)
    return cls(
        ordered[dim].values,
        ordered.values,
        axes=axes,
        columns=columns,
        unit=unit,
        name="" if ordered.name is None else str(ordered.name),
        meta=meta,
        gaps=() if kept is None else kept["gaps"],
        provenance=() if kept is None else kept["provenance"],
    )


def _time_dim(array: xr.DataArray) -> Hashable:
    timed = [d for d in array.dims if d in array.coords and array[d].dtype.kind == "M"]
    if "time" in timed:
        return "time"
    if len(timed) == 1:
        return timed[0]
    found = f"{len(timed)} dimensions of times" if timed else "no dimension of times"
    raise VariableError(
        f"the DataArray {array.name!r} has {found} among {', '.join(map(str, array.dims))}",
        hint="give it one coordinate 'time' of datetime64, on a dimension of that name",
    )


def _kept_labels(array: xr.DataArray) -> dict[str, Any] | None:
    """Return the labels that to_xarray left, as keywords of the constructor."""
    text = array.attrs.get(KEY)
    if not isinstance(text, str):
        return None
    record = json.loads(text)
    kept = restore(record, [np.zeros(1)] * len(record["axes"]))
    kept["shape"] = tuple(record["shape"])
    return kept


def _axes_and_columns(
    array: xr.DataArray, time: Hashable, kept: dict[str, Any] | None
) -> tuple[list[Axis], list[str] | None]:
    """Return what the coordinates after time say; names and units of axes as they were kept."""
    dims = [d for d in array.dims if d != time]
    old = kept["axes"] if kept is not None and kept["shape"] == array.shape[1:] else []
    if old:
        coordinates = distinct_dimensions(axis.name for axis in old)[1:]
        return [
            _axis_of(array, time, d, axis, name)
            for d, axis, name in zip(dims, old, coordinates, strict=True)
        ], (kept["columns"] if kept else None)
    columns = kept["columns"] if kept is not None and kept["shape"] == array.shape[1:] else None
    if not dims:
        return [], columns
    if len(dims) == 1 and dims[0] in array.coords and array[dims[0]].dtype.kind in "OUT":
        return [], [str(item) for item in array[dims[0]].values]
    if kept is not None and not any(_find_coordinate(array, time, d) is not None for d in dims):
        return [], columns
    if all(_find_coordinate(array, time, d) is None for d in dims):
        return [], columns
    return [_axis_of(array, time, d, None) for d in dims], columns


def _find_coordinate(array: xr.DataArray, time: Hashable, dim: Hashable) -> xr.DataArray | None:
    if dim in array.coords:
        found: xr.DataArray = array.coords[dim]
        return found
    coord: xr.DataArray
    for coord in array.coords.values():
        if coord.dims in ((time, dim), (dim,)) and coord.name != time:
            return coord
    return None


def _axis_of(
    array: xr.DataArray, time: Hashable, dim: Hashable, old: Axis | None, name: str = ""
) -> Axis:
    coord = array.coords[name] if old is not None and name in array.coords else None
    if coord is None:
        coord = _find_coordinate(array, time, dim)
    if coord is None:
        return Axis(np.arange(array.sizes[dim]), name=str(dim))
    varies = time in coord.dims
    spread = coord.transpose(time, ...) if varies else coord
    if old is not None:
        return old.replace(values=spread.values, time_varying=varies)
    meta = {str(k): a for k, a in coord.attrs.items() if k != "units"}
    return Axis(
        spread.values,
        name=str(coord.name),
        unit=str(coord.attrs.get("units", "")),
        meta=meta,
        time_varying=varies,
    )


def to_dataset(variables: Mapping[str, SpeasyVariable] | Iterable[SpeasyVariable]) -> xr.Dataset:
    """Return an xarray Dataset of several variables.

    Variables on the same times share the dimension ``time``; others get ``time_2`` and so on, as
    nothing is aligned in silence. So do other coordinates of one name and different values.

    Parameters
    ----------
    variables : mapping of str to SpeasyVariable, or iterable of them
        Without a mapping their names are used, which must differ.

    Raises
    ------
    VariableError
        Two have the same name.

    Examples
    --------
    >>> a = SpeasyVariable([0, 1], [1.0, 2.0], name="a")
    >>> dict(to_dataset([a]).sizes)
    {'time': 2}
    """
    if isinstance(variables, Mapping):
        named = {str(k): v for k, v in variables.items()}
    else:
        items = list(variables)
        named = {v.name or f"variable_{i}": v for i, v in enumerate(items)}
        if len(named) != len(items):
            raise VariableError(
                "two variables of a data set have the same name",
                hint="give a mapping of names to variables",
            )
    known: dict[str, Array] = {}
    arrays: dict[str, xr.DataArray] = {}
    for name, v in named.items():
        array = to_xarray(v)
        renames: dict[Hashable, str] = {}
        for coord in map(str, [*array.coords, *(d for d in array.dims if d not in array.coords)]):
            values = array.coords[coord].values if coord in array.coords else None
            size = np.arange(array.sizes[coord]) if values is None else values
            free = _free_name(coord, size, known)
            known[free] = size
            if free != coord:
                renames[coord] = free
        arrays[name] = array.rename(renames).rename(name)
    return xr.Dataset(arrays)


def _free_name(name: str, values: Array, known: Mapping[str, Array]) -> str:
    number, free = 1, name
    while free in known and not same_array(known[free], values):
        number += 1
        free = f"{name}_{number}"
    return free


def from_dataset(dataset: xr.Dataset, name: str = "") -> Dataset:
    """Return the variables of an xarray Dataset that have a time, by name.

    Examples
    --------
    >>> a = SpeasyVariable([0, 1], [1.0, 2.0], name="a")
    >>> from_dataset(to_dataset([a]))["a"].equals(a)
    True
    """
    found = {}
    for key, array in dataset.data_vars.items():
        if any(d in array.coords and array[d].dtype.kind == "M" for d in array.dims):
            found[str(key)] = from_xarray(SpeasyVariable, array)
    return Dataset(name, found, {str(k): a for k, a in dataset.attrs.items()})


@xr.register_dataarray_accessor("spz")  # type: ignore[no-untyped-call]
class SpzAccessor:
    """The way back from a DataArray, and a variable's methods on it.

    ``da.spz.variable`` is the variable; ``da.spz.sanitized()`` and other methods of a variable
    give a DataArray where they would give a variable.

    Examples
    --------
    >>> a = SpeasyVariable([0, 1], [1.0, 2.0], unit="nT").to_xarray()
    >>> a.spz.to("T").attrs["units"]
    'T'
    """

    def __init__(self, array: xr.DataArray) -> None:
        self._array = array

    @property
    def variable(self) -> SpeasyVariable:
        """The SpeasyVariable that the DataArray stands for."""
        return from_xarray(SpeasyVariable, self._array)

    def __getitem__(self, key: Any) -> Any:
        """Select as a variable does: ``da.spz["2020-01-01":]``, ``da.spz["bx"]``."""
        return _outward(self.variable[key])

    def __dir__(self) -> list[str]:
        public = [name for name in dir(SpeasyVariable) if not name.startswith("_")]
        return [*super().__dir__(), *public]

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        found = getattr(self.variable, name)
        if not callable(found) or name == "plot":
            return _outward(found)

        def method(*args: Any, **kwargs: Any) -> Any:
            return _outward(found(*args, **kwargs))

        return method


def _outward(result: Any) -> Any:
    if isinstance(result, SpeasyVariable):
        return to_xarray(result)
    if isinstance(result, list):
        return [_outward(item) for item in result]
    return result
