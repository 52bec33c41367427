"""Methods of a variable that go out to other formats and come back; the work is in `export`."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from .core import VariableCore
from .delegates import delegate

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr

__all__ = ["InOut"]


class InOut(VariableCore):
    """Conversions; each pair gives back the variable that went in."""

    __slots__ = ()

    def to_xarray(self) -> xr.DataArray:
        """Return a DataArray: units and attributes, columns or axes as coordinates.

        Axes that vary with time become coordinates of two dimensions. ``da.spz`` leads back.
        """
        return delegate("to_xarray")(self)

    @classmethod
    def from_xarray(cls, array: xr.DataArray) -> Self:
        """Make a variable of a DataArray whose first, or only, time dimension is ``time``.

        Raises
        ------
        VariableError
            It has no coordinate of times.
        """
        return delegate("from_xarray")(cls, array)

    def to_dataframe(self) -> pd.DataFrame:
        """Return a pandas DataFrame, one column per component, labels in ``.attrs``."""
        return delegate("to_dataframe")(self)

    @classmethod
    def from_dataframe(
        cls,
        frame: pd.DataFrame,
        meta: Mapping[str, Any] | None = None,
        name: str = "",
        unit: str = "",
    ) -> Self:
        """Make a variable of a DataFrame with an index of times; a zone is taken to UTC."""
        return delegate("from_dataframe")(cls, frame, meta, name, unit)

    def to_astropy_table(self) -> Any:
        """Return an astropy QTable with a ``time`` column and one column per component."""
        return delegate("to_astropy_table")(self)

    @classmethod
    def from_astropy_table(cls, table: Any) -> Self:
        """Make a variable of a table that `to_astropy_table` gave."""
        return delegate("from_astropy_table")(cls, table)

    def to_quantity(self, unit: str | None = None) -> Any:
        """Return the values as an astropy Quantity, converted to `unit` when it is given.

        Raises
        ------
        UnitMismatch
            The unit is not known; it is never taken as dimensionless.
        """
        return delegate("to_quantity")(self, unit)

    def unit_applied(self, unit: str | None = None, copy: bool = True) -> Any:
        """Return the values as an astropy Quantity in `unit`, or in the variable's own."""
        quantity: Any = delegate("to_quantity")(self, unit)
        return quantity.copy() if copy else quantity

    def to_dictionary(self, array_to_list: bool = False) -> dict[str, Any]:
        """Return plain data: arrays, or lists that JSON takes."""
        return delegate("to_dictionary")(self, array_to_list)

    @classmethod
    def from_dictionary(cls, data: Mapping[str, Any]) -> Self:
        """Make a variable of what `to_dictionary` gave."""
        return delegate("from_dictionary")(cls, data)

    def to_json(self) -> str:
        """Return JSON text, exact to the last bit of every number; NaN as text."""
        return delegate("to_json")(self)

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Make a variable of what `to_json` gave."""
        return delegate("from_json")(cls, text)

    def to_cdf(self, path: str | Path | None = None) -> bytes:
        """Return the bytes of an ISTP CDF file, and write them where a path is given."""
        return delegate("to_cdf")(self, path)

    def to_netcdf(self, path: str | Path) -> Path:
        """Write a NetCDF 4 file."""
        return delegate("to_netcdf")(self, path)

    @classmethod
    def from_netcdf(cls, path: str | Path) -> Self:
        """Read what `to_netcdf` wrote."""
        return delegate("from_netcdf")(cls, path)

    def to_csv(self, path: str | Path) -> Path:
        """Write text: labels in ``#`` lines, then one line a sample, exact in time and value."""
        return delegate("to_csv")(self, path)

    @classmethod
    def from_csv(cls, path: str | Path) -> Self:
        """Read what `to_csv` wrote."""
        return delegate("from_csv")(cls, path)

    def to_parquet(self, path: str | Path) -> Path:
        """Write a Parquet file, labels in its own metadata."""
        return delegate("to_parquet")(self, path)

    @classmethod
    def from_parquet(cls, path: str | Path) -> Self:
        """Read what `to_parquet` wrote."""
        return delegate("from_parquet")(cls, path)

    def to_npz(self, path: str | Path) -> Path:
        """Write numpy's own format, compressed."""
        return delegate("to_npz")(self, path)

    @classmethod
    def from_npz(cls, path: str | Path) -> Self:
        """Read what `to_npz` wrote; nothing in the file is executed."""
        return delegate("from_npz")(cls, path)

    @property
    def plot(self) -> Any:
        """Draw with matplotlib: ``v.plot()``, ``v.plot.line()``, ``v.plot.colormap()``."""
        return delegate("plot")(self)
