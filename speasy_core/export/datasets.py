"""xarray, and the files of whole data sets: CDF and NetCDF."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from speasy_core.errors import CorruptFile, VariableError
from speasy_core.variable import SpeasyVariable
from speasy_core.variable.record import KEY

if TYPE_CHECKING:
    from typing import Any

    import xarray as xr

    from speasy_core.events import Dataset

__all__ = [
    "from_dataset", "from_netcdf", "from_xarray", "to_cdf", "to_dataset", "to_netcdf", "to_xarray",
]  # fmt: skip

_LONGEST = 240  # bytes of a name in NetCDF, with room for an ending
V = TypeVar("V", bound=SpeasyVariable)
_EXACT_TIME = {"units": "nanoseconds since 1970-01-01", "dtype": "int64"}


def to_xarray(v: SpeasyVariable) -> xr.DataArray:
    """Return a DataArray; see SpeasyVariable.to_xarray."""
    from speasy_core import xarray as bridge

    return bridge.to_xarray(v)


def from_xarray(cls: type[V], array: xr.DataArray) -> V:
    """Make a variable of a DataArray; see SpeasyVariable.from_xarray."""
    from speasy_core import xarray as bridge

    return bridge.from_xarray(cls, array)


def to_dataset(variables: Mapping[str, SpeasyVariable] | Iterable[SpeasyVariable]) -> xr.Dataset:
    """Return an xarray Dataset of variables; see speasy_core.xarray.to_dataset."""
    from speasy_core import xarray as bridge

    return bridge.to_dataset(variables)


def from_dataset(dataset: xr.Dataset, name: str = "") -> Dataset:
    """Return the variables of an xarray Dataset, by name."""
    from speasy_core import xarray as bridge

    return bridge.from_dataset(dataset, name)


def to_cdf(v: SpeasyVariable, path: str | Path | None = None) -> bytes:
    """Return the bytes of an ISTP CDF; see SpeasyVariable.to_cdf."""
    from speasy_core.codecs import cdf

    data = cdf.encode([v if v.name else v.copy(name="values")])
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
    array = to_xarray(v)
    array = array.rename({str(c): name for c in array.coords if (name := _legal(str(c))) != c})
    name = _legal(v.name) or "values"
    array = array.rename(f"{name}_values" if name in array.coords else name)
    if v.dtype.kind in "mM":
        array = array.copy(data=v._values.view(np.int64))
    elif v.dtype == np.float16:  # which NetCDF does not have
        array = array.astype(np.float32)
    dataset = array.to_dataset()
    # times of whole nanoseconds; a fill value in int64 would be read as NaT
    encoding = {"time": {**_EXACT_TIME, "_FillValue": None}}
    dataset.to_netcdf(path, encoding=encoding)
    return Path(path)


def _legal(name: str) -> str:
    """Return the name as NetCDF takes it: no slash, no control character, 255 bytes at most."""
    clean = re.sub(r"[/\x00-\x1f\x7f]", "_", name)
    if clean[:1].isascii() and not re.match(r"\w", clean[:1]):  # as "." or "<", or no name at all
        clean = f"_{clean}" if clean else ""
    return clean.encode()[:_LONGEST].decode(errors="ignore").rstrip()


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
