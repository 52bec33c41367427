"""Variables in other formats, and back: each pair is lossless.

The functions here do the work of the methods of the same names; each needs its library only when
called.
"""

from __future__ import annotations

from .datasets import (
    from_dataset,
    from_netcdf,
    from_xarray,
    to_cdf,
    to_dataset,
    to_netcdf,
    to_xarray,
)
from .files import from_csv, from_npz, from_parquet, to_csv, to_npz, to_parquet
from .plain import from_dictionary, from_json, to_dictionary, to_json
from .tables import (
    from_astropy_table,
    from_dataframe,
    to_astropy_table,
    to_dataframe,
    to_quantity,
)

__all__ = [
    "from_astropy_table", "from_csv", "from_dataframe", "from_dataset", "from_dictionary",
    "from_json", "from_netcdf", "from_npz", "from_parquet", "from_xarray", "to_astropy_table",
    "to_cdf", "to_csv", "to_dataframe", "to_dataset", "to_dictionary", "to_json", "to_netcdf",
    "to_npz", "to_parquet", "to_quantity", "to_xarray",
]  # fmt: skip
