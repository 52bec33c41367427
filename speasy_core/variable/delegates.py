"""Where the methods of a variable that lie in higher layers are found, by name and when called."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any, TypeVar

__all__ = ["delegate", "is_data_array", "register"]

T = TypeVar("T")

_PLACES: dict[str, str] = {
    **dict.fromkeys(
        (
            "to_xarray", "from_xarray", "to_dataframe", "from_dataframe", "to_astropy_table",
            "from_astropy_table", "to_quantity", "to_dictionary", "from_dictionary", "to_json",
            "from_json", "to_cdf", "to_netcdf", "from_netcdf", "to_csv", "from_csv", "to_parquet",
            "from_parquet", "to_npz", "from_npz",
        ),
        "speasy_core.export",
    ),
    "plot": "speasy_core.plotting",
    "plot_dataset": "speasy_core.plotting",
    "lod": "speasy_core.lod",
}  # fmt: skip


def is_data_array(item: Any) -> bool:
    """Whether `item` is an xarray DataArray; does not import xarray to find out."""
    kind = type(item)
    return kind.__name__ == "DataArray" and kind.__module__.partition(".")[0] == "xarray"


def register(name: str, module: str) -> None:
    """Say that the function `name` of `module` does the work of the method of that name."""
    _PLACES[name] = module


def delegate(name: str) -> Callable[..., T]:
    """Return the function that does the work of a method."""
    found: Callable[..., T] = getattr(import_module(_PLACES[name]), name)
    return found
