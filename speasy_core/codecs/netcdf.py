"""NetCDF, classic and NetCDF-4, with ISTP's attributes or CF's; needs the extra ``io``."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import Any

from speasy_core.errors import CorruptFile, UnsupportedFormat
from speasy_core.events import Dataset

from ._cdf_istp import IstpView
from ._istp_read import read_view
from ._netcdf_check import check_whole
from ._netcdf_file import RawNetcdf

__all__ = ["read"]

# the library underneath is not made for several threads
_LOCK = threading.Lock()


def _library(source: str) -> Any:
    try:
        import netCDF4
    except ImportError as error:
        raise UnsupportedFormat(
            "NetCDF files are read by the package netCDF4, which is not installed",
            source=source,
            hint="pip install 'sciqlop-lab[io]'",
        ) from error
    return netCDF4


def read(data: bytes, *, source: str, variables: Sequence[str] | None = None) -> Dataset:
    """Decode the data variables of a NetCDF file, or those asked for.

    Parameters
    ----------
    data : bytes
        The whole file; nothing is written to disk.
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
    library = _library(source)
    with _LOCK:
        try:
            file = library.Dataset("in-memory", mode="r", memory=bytes(data))
        except (OSError, RuntimeError, ValueError) as error:
            raise CorruptFile(f"not a sound NetCDF file: {error}", source=source) from error
        try:
            return read_view(IstpView(RawNetcdf(file, source)), variables)
        except (OSError, RuntimeError, AttributeError) as error:
            raise CorruptFile(f"the file is damaged: {error}", source=source) from error
        finally:
            file.close()
