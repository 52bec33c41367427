"""NetCDF, classic and NetCDF-4, with ISTP's attributes or CF's; needs the extra ``io``."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from importlib.util import find_spec

from speasy_core.errors import UnsupportedFormat
from speasy_core.events import Dataset

from ._cdf_istp import IstpView
from ._istp_read import read_view
from ._netcdf_apart import open_file
from ._netcdf_check import check_whole
from ._netcdf_file import RawNetcdf

__all__ = ["check", "read"]

check = check_whole

# one file at a time: the process that opens them has room for one
_LOCK = threading.Lock()


def _need_library(source: str) -> None:
    if find_spec("netCDF4") is None:
        raise UnsupportedFormat(
            "NetCDF files are read by the package netCDF4, which is not installed",
            source=source,
            hint="pip install 'sciqlop-lab[io]'",
        )


def read(data: bytes, *, source: str, variables: Sequence[str] | None = None) -> Dataset:
    """Decode the data variables of a NetCDF file, or those asked for.

    Parameters
    ----------
    data : bytes
        The whole file; nothing is written to disk. It is opened in a process of its own, since
        the library crashes on some damaged files.
    source : str
        Its name, for messages and as the name of the result.
    variables : sequence of str, optional
        Names; without it every data variable that has a time axis.

    Returns
    -------
    Dataset
        Time is ``DEPEND_0``, or the variable named as the first dimension (CF).

    Raises
    ------
    UnsupportedFormat
        The package netCDF4 is not there; the message names the extra that brings it.
    CorruptFile
        Cut or damaged.
    UnknownProduct, VariableError
    """
    check_whole(data, source)
    _need_library(source)
    with _LOCK, open_file(data, source) as file:
        return read_view(IstpView(RawNetcdf(file, source)), variables)
