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

        Examples
        --------
        >>> from speasy_core import SpeasyVariable
        >>> v = SpeasyVariable(["2020-01-01", "2020-01-02"], [1.0, 2.0], unit="nT", name="bx")
        >>> v.to_xarray().attrs["units"]
        'nT'
        """
        return delegate("to_xarray")(self)

    @classmethod
    def from_xarray(cls, array: xr.DataArray) -> Self:
        """Make a variable of a DataArray whose first, or only, time dimension is ``time``.

        Raises
        ------
        VariableError
            It has no coordinate of times.

        Examples
        --------
        >>> from speasy_core import SpeasyVariable
        >>> v = SpeasyVariable(["2020-01-01", "2020-01-02"], [1.0, 2.0], unit="nT", name="bx")
        >>> SpeasyVariable.from_xarray(v.to_xarray()).equals(v)
        True
        """
        return delegate("from_xarray")(cls, array)

    def to_dataframe(self) -> pd.DataFrame:
        """Return a pandas DataFrame, one column per component, labels in ``.attrs``.

        Examples
        --------
        >>> from speasy_core import SpeasyVariable
        >>> v = SpeasyVariable(["2020-01-01", "2020-01-02"], [1.0, 2.0], unit="nT", name="bx")
        >>> v.to_dataframe()["bx"].tolist()
        [1.0, 2.0]
        """
        return delegate("to_dataframe")(self)

    @classmethod
    def from_dataframe(
        cls,
        frame: pd.DataFrame,
        meta: Mapping[str, Any] | None = None,
        name: str = "",
        unit: str = "",
    ) -> Self:
        """Make a variable of a DataFrame with an index of times; a zone is taken to UTC.

        Examples
        --------
        >>> from speasy_core import SpeasyVariable
        >>> v = SpeasyVariable(["2020-01-01", "2020-01-02"], [1.0, 2.0], unit="nT", name="bx")
        >>> SpeasyVariable.from_dataframe(v.to_dataframe()).equals(v)
        True
        """
        return delegate("from_dataframe")(cls, frame, meta, name, unit)

    def to_astropy_table(self) -> Any:
        """Return an astropy QTable with a ``time`` column and one column per component.

        Examples
        --------
        >>> from speasy_core import SpeasyVariable
        >>> v = SpeasyVariable(["2020-01-01", "2020-01-02"], [1.0, 2.0], unit="nT", name="bx")
        >>> v.to_astropy_table()["bx"].unit
        Unit("nT")
        """
        return delegate("to_astropy_table")(self)

    @classmethod
    def from_astropy_table(cls, table: Any) -> Self:
        """Make a variable of a table that `to_astropy_table` gave.

        Examples
        --------
        >>> from speasy_core import SpeasyVariable
        >>> v = SpeasyVariable(["2020-01-01", "2020-01-02"], [1.0, 2.0], unit="nT", name="bx")
        >>> SpeasyVariable.from_astropy_table(v.to_astropy_table()).equals(v)
        True
        """
        return delegate("from_astropy_table")(cls, table)

    def to_quantity(self, unit: str | None = None) -> Any:
        """Return the values as an astropy Quantity, converted to `unit` when it is given.

        Raises
        ------
        UnitMismatch
            The unit is not known; it is never taken as dimensionless.

        Examples
        --------
        >>> from speasy_core import SpeasyVariable
        >>> v = SpeasyVariable(["2020-01-01", "2020-01-02"], [1.0, 2.0], unit="nT", name="bx")
        >>> v.to_quantity("T").max()
        <Quantity 2.e-09 T>
        """
        return delegate("to_quantity")(self, unit)

    def unit_applied(self, unit: str | None = None, copy: bool = True) -> Any:
        """Return the values as an astropy Quantity in `unit`, or in the variable's own.

        Examples
        --------
        >>> from speasy_core import SpeasyVariable
        >>> v = SpeasyVariable(["2020-01-01", "2020-01-02"], [1.0, 2.0], unit="nT", name="bx")
        >>> v.unit_applied().max()
        <Quantity 2. nT>
        """
        quantity: Any = delegate("to_quantity")(self, unit)
        return quantity.copy() if copy else quantity

    def to_dictionary(self, array_to_list: bool = False) -> dict[str, Any]:
        """Return plain data: arrays, or lists that JSON takes.

        Examples
        --------
        >>> from speasy_core import SpeasyVariable
        >>> v = SpeasyVariable(["2020-01-01", "2020-01-02"], [1.0, 2.0], unit="nT", name="bx")
        >>> v.to_dictionary(array_to_list=True)["values"]["values"]
        [1.0, 2.0]
        """
        return delegate("to_dictionary")(self, array_to_list)

    @classmethod
    def from_dictionary(cls, data: Mapping[str, Any]) -> Self:
        """Make a variable of what `to_dictionary` gave.

        Examples
        --------
        >>> from speasy_core import SpeasyVariable
        >>> v = SpeasyVariable(["2020-01-01", "2020-01-02"], [1.0, 2.0], unit="nT", name="bx")
        >>> SpeasyVariable.from_dictionary(v.to_dictionary()).equals(v)
        True
        """
        return delegate("from_dictionary")(cls, data)

    def to_json(self) -> str:
        """Return JSON text, exact to the last bit of every number; NaN as text.

        Examples
        --------
        >>> from speasy_core import SpeasyVariable
        >>> v = SpeasyVariable(["2020-01-01", "2020-01-02"], [1.0, 2.0], unit="nT", name="bx")
        >>> SpeasyVariable.from_json(v.to_json()).unit
        'nT'
        """
        return delegate("to_json")(self)

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Make a variable of what `to_json` gave.

        Examples
        --------
        >>> from speasy_core import SpeasyVariable
        >>> v = SpeasyVariable(["2020-01-01", "2020-01-02"], [1.0, 2.0], unit="nT", name="bx")
        >>> SpeasyVariable.from_json(v.to_json()).equals(v)
        True
        """
        return delegate("from_json")(cls, text)

    def to_cdf(self, path: str | Path | None = None) -> bytes:
        """Return the bytes of an ISTP CDF file, and write them where a path is given.

        Examples
        --------
        >>> from speasy_core import SpeasyVariable
        >>> v = SpeasyVariable(["2020-01-01", "2020-01-02"], [1.0, 2.0], unit="nT", name="bx")
        >>> v.to_cdf()[:4].hex()
        'cdf30001'
        """
        return delegate("to_cdf")(self, path)

    def to_netcdf(self, path: str | Path) -> Path:
        """Write a NetCDF 4 file.

        Examples
        --------
        >>> from speasy_core import SpeasyVariable
        >>> from tempfile import TemporaryDirectory
        >>> v = SpeasyVariable(["2020-01-01", "2020-01-02"], [1.0, 2.0], unit="nT", name="bx")
        >>> with TemporaryDirectory() as folder:
        ...     again = SpeasyVariable.from_netcdf(v.to_netcdf(f"{folder}/bx.nc"))
        >>> again.equals(v)
        True
        """
        return delegate("to_netcdf")(self, path)

    @classmethod
    def from_netcdf(cls, path: str | Path) -> Self:
        """Read what `to_netcdf` wrote.

        Examples
        --------
        >>> from speasy_core import SpeasyVariable
        >>> from tempfile import TemporaryDirectory
        >>> v = SpeasyVariable(["2020-01-01", "2020-01-02"], [1.0, 2.0], unit="nT", name="bx")
        >>> with TemporaryDirectory() as folder:
        ...     again = SpeasyVariable.from_netcdf(v.to_netcdf(f"{folder}/bx.nc"))
        >>> again.equals(v)
        True
        """
        return delegate("from_netcdf")(cls, path)

    def to_csv(self, path: str | Path) -> Path:
        """Write text: labels in ``#`` lines, then one line a sample, exact in time and value.

        Examples
        --------
        >>> from speasy_core import SpeasyVariable
        >>> from tempfile import TemporaryDirectory
        >>> v = SpeasyVariable(["2020-01-01", "2020-01-02"], [1.0, 2.0], unit="nT", name="bx")
        >>> with TemporaryDirectory() as folder:
        ...     again = SpeasyVariable.from_csv(v.to_csv(f"{folder}/bx.csv"))
        >>> again.equals(v)
        True
        """
        return delegate("to_csv")(self, path)

    @classmethod
    def from_csv(cls, path: str | Path) -> Self:
        """Read what `to_csv` wrote.

        Examples
        --------
        >>> from speasy_core import SpeasyVariable
        >>> from tempfile import TemporaryDirectory
        >>> v = SpeasyVariable(["2020-01-01", "2020-01-02"], [1.0, 2.0], unit="nT", name="bx")
        >>> with TemporaryDirectory() as folder:
        ...     again = SpeasyVariable.from_csv(v.to_csv(f"{folder}/bx.csv"))
        >>> again.equals(v)
        True
        """
        return delegate("from_csv")(cls, path)

    def to_parquet(self, path: str | Path) -> Path:
        """Write a Parquet file, labels in its own metadata.

        Examples
        --------
        >>> from speasy_core import SpeasyVariable
        >>> from tempfile import TemporaryDirectory
        >>> v = SpeasyVariable(["2020-01-01", "2020-01-02"], [1.0, 2.0], unit="nT", name="bx")
        >>> with TemporaryDirectory() as folder:
        ...     again = SpeasyVariable.from_parquet(v.to_parquet(f"{folder}/bx.parquet"))
        >>> again.equals(v)
        True
        """
        return delegate("to_parquet")(self, path)

    @classmethod
    def from_parquet(cls, path: str | Path) -> Self:
        """Read what `to_parquet` wrote.

        Examples
        --------
        >>> from speasy_core import SpeasyVariable
        >>> from tempfile import TemporaryDirectory
        >>> v = SpeasyVariable(["2020-01-01", "2020-01-02"], [1.0, 2.0], unit="nT", name="bx")
        >>> with TemporaryDirectory() as folder:
        ...     again = SpeasyVariable.from_parquet(v.to_parquet(f"{folder}/bx.parquet"))
        >>> again.equals(v)
        True
        """
        return delegate("from_parquet")(cls, path)

    def to_npz(self, path: str | Path) -> Path:
        """Write numpy's own format, compressed.

        Examples
        --------
        >>> from speasy_core import SpeasyVariable
        >>> from tempfile import TemporaryDirectory
        >>> v = SpeasyVariable(["2020-01-01", "2020-01-02"], [1.0, 2.0], unit="nT", name="bx")
        >>> with TemporaryDirectory() as folder:
        ...     again = SpeasyVariable.from_npz(v.to_npz(f"{folder}/bx.npz"))
        >>> again.equals(v)
        True
        """
        return delegate("to_npz")(self, path)

    @classmethod
    def from_npz(cls, path: str | Path) -> Self:
        """Read what `to_npz` wrote; nothing in the file is executed.

        Examples
        --------
        >>> from speasy_core import SpeasyVariable
        >>> from tempfile import TemporaryDirectory
        >>> v = SpeasyVariable(["2020-01-01", "2020-01-02"], [1.0, 2.0], unit="nT", name="bx")
        >>> with TemporaryDirectory() as folder:
        ...     again = SpeasyVariable.from_npz(v.to_npz(f"{folder}/bx.npz"))
        >>> again.equals(v)
        True
        """
        return delegate("from_npz")(cls, path)

    def lod(
        self, start: Any = None, stop: Any = None, columns: int = 1000, *, mean: str = "linear"
    ) -> Any:
        """Return the samples reduced to columns of time: what a picture of them shows.

        The first call on a long variable makes its pyramid; after that a call costs what its
        columns cost, whatever the number of samples.

        Parameters
        ----------
        start, stop : time, optional
            Half-open; by default all samples.
        columns : int
            At least so many, some twice as many at most. They lie on an absolute grid whose step is
            a power of two of nanoseconds, the first and the last are cut to the range.
        mean : {"linear", "log"}
            For spectrograms: of the values, or of the logarithms of the positive ones.

        Returns
        -------
        Reduced
            ``edges`` and ``count``; ``min, max, first, last`` of each component, or ``mean`` and
            ``channels`` of a spectrogram. Exact; fill values do not count.

        Raises
        ------
        VariableError
            Text, or more than 64 components that are no spectrogram.
        InvalidRequest
            A range that stops before it starts, fewer columns than one.

        Examples
        --------
        >>> from speasy_core import SpeasyVariable
        >>> import numpy as np
        >>> v = SpeasyVariable(np.arange(1000) * 10**9, np.arange(1000.0), unit="nT", name="ramp")
        >>> picture = v.lod("1970-01-01T00:01", "1970-01-01T00:11", columns=5)
        >>> picture
        <Reduced ramp: 10 columns of 68.7195 s, min, max of 600 samples>
        >>> picture.min[:2].tolist(), picture.max[:2].tolist()
        ([60.0, 69.0], [68.0, 137.0])
        """
        return delegate("lod")(self, start, stop, columns, mean=mean)

    @property
    def plot(self) -> Any:
        """Draw with matplotlib: ``v.plot()``, ``v.plot.line()``, ``v.plot.colormap()``."""
        return delegate("plot")(self)
