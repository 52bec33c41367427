"""Variables in other formats, and back: each pair is lossless.

The functions here do the work of the methods of the same names; each needs its library only when
called.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from ._export_files import (
    from_csv,
    from_npz,
    from_parquet,
    to_csv,
    to_npz,
    to_parquet,
)  # fmt: skip
from ._export_tables import (
    from_astropy_table,
    from_dataframe,
    to_astropy_table,
    to_dataframe,
    to_quantity,
)  # fmt: skip
from ._record import KEY, decode, encode, labels, restore
from .errors import CorruptFile, VariableError
from .variable import SpeasyVariable

if TYPE_CHECKING:
    import xarray as xr

    from .events import Dataset

__all__ = [
    "from_astropy_table", "from_csv", "from_dataframe", "from_dataset", "from_dictionary",
    "from_json", "from_netcdf", "from_npz", "from_parquet", "from_xarray", "to_astropy_table",
    "to_cdf", "to_csv", "to_dataframe", "to_dataset", "to_dictionary", "to_json", "to_netcdf",
    "to_npz", "to_parquet", "to_quantity", "to_xarray",
]  # fmt: skip

V = TypeVar("V", bound=SpeasyVariable)
_EXACT_TIME = {"units": "nanoseconds since 1970-01-01", "dtype": "int64"}


def to_xarray(v: SpeasyVariable) -> xr.DataArray:
    """Return a DataArray; see SpeasyVariable.to_xarray."""
    from . import xarray as bridge

    return bridge.to_xarray(v)


def from_xarray(cls: type[V], array: xr.DataArray) -> V:
    """Make a variable of a DataArray; see SpeasyVariable.from_xarray."""
    from . import xarray as bridge

    return bridge.from_xarray(cls, array)


def to_dataset(variables: Mapping[str, SpeasyVariable] | Iterable[SpeasyVariable]) -> xr.Dataset:
    """Return an xarray Dataset of variables; see speasy_core.xarray.to_dataset."""
    from . import xarray as bridge

    return bridge.to_dataset(variables)


def from_dataset(dataset: xr.Dataset, name: str = "") -> Dataset:
    """Return the variables of an xarray Dataset, by name."""
    from . import xarray as bridge

    return bridge.from_dataset(dataset, name)


# -- plain data ---------------------------------------------------------------------------
def to_dictionary(v: SpeasyVariable, array_to_list: bool = False) -> dict[str, Any]:
    """Return plain data in Speasy's layout, and under ``speasy_core`` what that has no place for.

    Parameters
    ----------
    v : SpeasyVariable
    array_to_list : bool
        Lists in the place of arrays, times as integers of nanoseconds.
    """

    def out(array: Any) -> Any:
        if not array_to_list:
            return array
        return (array.view(np.int64) if array.dtype.kind in "mM" else array).tolist()

    axes = [
        {
            "values": out(v.time), "meta": {}, "name": "time", "is_time_dependent": True,
            "values_type": v.time.dtype.str, "type": "VariableTimeAxis",
        }
    ]  # fmt: skip
    axes += [
        {
            "values": out(axis.values), "meta": {**axis.meta, "UNITS": axis.unit},
            "name": axis.name, "is_time_dependent": axis.time_varying,
            "values_type": axis.values.dtype.str, "type": "VariableAxis",
        }
        for axis in v.axes
    ]  # fmt: skip
    values = {
        "values": out(v.values), "meta": dict(v.meta), "name": v.name, "is_time_dependent": True,
        "values_type": v.dtype.str,
    }  # fmt: skip
    return {"axes": axes, "values": values, "columns": v.columns, KEY: labels(v)}


def from_dictionary(cls: type[V], data: Mapping[str, Any]) -> V:
    """Make a variable of what `to_dictionary` gave, here or in Speasy.

    Raises
    ------
    VariableError
        It has not the layout.
    """
    try:
        time, *axes = data["axes"]
        ns = np.asarray(time["values"])
        values = np.asarray(data["values"]["values"], data["values"].get("values_type"))
        arrays = [np.asarray(axis["values"], axis.get("values_type")) for axis in axes]
    except (KeyError, TypeError, ValueError) as error:
        raise VariableError(
            f"this dictionary does not describe a variable: {error!r}",
            hint="SpeasyVariable.to_dictionary() shows the layout",
        ) from error
    if KEY in data:
        record = data[KEY]
        if not values.size:  # empty lists have lost their shape
            values = values.reshape(len(ns), *record["shape"])
            shapes = [row["shape"] for row in record["axes"]]
            arrays = [a.reshape(shape) for a, shape in zip(arrays, shapes, strict=True)]
        return cls(ns, values, **restore(record, arrays))
    from ._axis import Axis

    meta = dict(data["values"].get("meta", {}))
    made = [
        Axis(
            array, name=axis.get("name", ""), unit=str(axis.get("meta", {}).get("UNITS", "")),
            meta=axis.get("meta"), time_varying=axis.get("is_time_dependent"),
        )
        for array, axis in zip(arrays, axes, strict=True)
    ]  # fmt: skip
    columns = data.get("columns")
    if values.ndim == 2 and values.shape[1] == 1 and not made:  # Speasy keeps (n,) as (n, 1)
        values = values[:, 0]
    if not columns or len(columns) != (values.shape[1] if values.ndim > 1 else 1):
        columns = None
    name = str(data["values"].get("name", ""))
    return cls(ns, values, axes=made, columns=columns, name=name, meta=meta)


def to_json(v: SpeasyVariable) -> str:
    """Return JSON text; see SpeasyVariable.to_json."""
    if v.dtype.hasobject:
        raise VariableError(f"{v.name or 'the variable'} holds Python objects, not data")
    whole = {KEY: labels(v, True), "time": encode(v.time_ns), "values": encode(v.values)}
    return json.dumps(whole, ensure_ascii=False, allow_nan=False)


def from_json(cls: type[V], text: str) -> V:
    """Make a variable of what `to_json` gave.

    Raises
    ------
    CorruptFile
        It is not JSON, or not of a variable.
    """
    try:
        whole = json.loads(text)
        record, time, values = whole[KEY], decode(whole["time"]), decode(whole["values"])
    except (ValueError, KeyError, TypeError) as error:
        raise CorruptFile(f"this text is not the JSON of a variable: {error!r}") from error
    return cls(time, values, **restore(record))


# -- files --------------------------------------------------------------------------------
def to_cdf(v: SpeasyVariable, path: str | Path | None = None) -> bytes:
    """Return the bytes of an ISTP CDF; see SpeasyVariable.to_cdf."""
    from .codecs import cdf

    data = cdf.encode([v])
    if path is not None:
        Path(path).write_bytes(data)
    return data


def to_netcdf(v: SpeasyVariable, path: str | Path) -> Path:
    """Write a NetCDF 4 file; see SpeasyVariable.to_netcdf.

    Raises
    ------
    VariableError
        Complex numbers, which NetCDF does not have.
    """
    if v.dtype.kind == "c":
        raise VariableError(
            "NetCDF has no complex numbers", hint="write np.real(v) and np.imag(v), or to_npz"
        )
    name = v.name or "values"
    array = to_xarray(v).rename(name)
    if v.dtype.kind in "mM":
        array = array.copy(data=v._values.view(np.int64))
    dataset = array.to_dataset()
    # times of whole nanoseconds; a fill value in int64 would be read as NaT
    encoding = {"time": {**_EXACT_TIME, "_FillValue": None}}
    dataset.to_netcdf(path, encoding=encoding)
    return Path(path)


def from_netcdf(cls: type[V], path: str | Path) -> V:
    """Read what `to_netcdf` wrote.

    Raises
    ------
    CorruptFile
        It does not hold exactly one variable with a time.
    """
    import xarray as xr

    # decoded here, by name: xarray takes any unit like "s" or "sec since 1-1-70" for a time
    with xr.open_dataset(path, decode_times=False) as opened:
        dataset = opened.load()
    timed = [a for a in dataset.data_vars.values() if KEY in a.attrs]
    if len(timed) != 1:
        raise CorruptFile(
            f"{len(timed)} variables of speasy_core in the file, one was expected",
            source=str(path),
            hint="speasy_core.read_file(path) reads any NetCDF file",
        )
    array = timed[0]
    times = array["time"].values.astype(np.int64, copy=False).view("M8[ns]")
    found = from_xarray(cls, array.assign_coords(time=("time", times)))
    record = json.loads(array.attrs[KEY])
    dtype = np.dtype(record["dtype"])
    values: Any = found._values
    if dtype.kind in "mM":
        values = values.view(dtype)
    return found.copy(name=record["name"], values=values.astype(dtype, copy=False))
