"""What a kernel has of its own: variables that a panel can draw, and virtual products."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from speasy_core.errors import UnknownProduct
from speasy_core.variable import SpeasyVariable

from .adapt import to_variable

__all__ = ["PROVIDER", "listing", "user_names", "variable"]

PROVIDER = "kernel"
_MOST = 500
_MOST_TEXT = 200


def listing(names: Mapping[str, Any] | None = None) -> str:
    """Return the variables and virtual products of this kernel as JSON text.

    Parameters
    ----------
    names : mapping, optional
        Variables by name; by default those of the user.

    Returns
    -------
    str
        ``{"variables": [...], "products": [...]}``; each entry has ``ref``, ``name``, ``kind``,
        ``title`` and ``unit``; a variable also ``start`` and ``stop``. Nothing is computed and no
        data are copied.

    Examples
    --------
    >>> b = SpeasyVariable(np.array([0, 1], "datetime64[s]"), [1.0, 2.0], unit="nT")
    >>> [entry["ref"] for entry in json.loads(listing({"b": b, "x": 1}))["variables"]]
    ['kernel/b']
    """
    found = user_names() if names is None else names
    variables = list(_variables(dict(found)))[:_MOST]
    return json.dumps({"variables": variables, "products": list(_products())[:_MOST]})


def variable(name: str, names: Mapping[str, Any] | None = None) -> SpeasyVariable:
    """Return a variable of the user as a panel draws it.

    Raises
    ------
    UnknownProduct
        There is none of this name, or it is not a series in time.
    """
    found = user_names() if names is None else names
    value = found.get(name)
    if not _describe(value):
        raise UnknownProduct(
            f"this kernel has no series in time called {name!r:.60}",
            hint="run the cell that makes it again",
        )
    if isinstance(value, SpeasyVariable):
        return value
    if not isinstance(value, tuple) and hasattr(value, "index"):
        return _of_table(value, name)
    return to_variable(value, name=name)


def user_names() -> Mapping[str, Any]:
    """Return the user's names: those of IPython, else those of the main module."""
    ipython = sys.modules.get("IPython")
    shell = None if ipython is None else ipython.get_ipython()
    if shell is not None:
        names: Mapping[str, Any] = shell.user_ns
        return names
    return vars(sys.modules["__main__"])


def _variables(names: Mapping[str, Any]) -> Iterator[dict[str, str]]:
    for name, value in names.items():
        if name.startswith("_") or not name.isidentifier():
            continue
        about = _describe(value)
        if about:
            yield {"ref": f"{PROVIDER}/{name}", "name": name, **about}


def _describe(value: Any) -> dict[str, str]:
    """Return kind, title and unit of a series in time; empty for anything else."""
    if isinstance(value, SpeasyVariable):
        return _about(value.kind, value.shape, value.name, value.unit, value.time)
    xarray, pandas = sys.modules.get("xarray"), sys.modules.get("pandas")
    if xarray is not None and isinstance(value, xarray.DataArray):
        first = value.dims[0] if value.dims else None
        if first in value.coords and value.coords[first].dtype.kind == "M":
            time = value.coords[first].values
            return _about("", value.shape, value.name, value.attrs.get("units", ""), time)
    elif pandas is not None and isinstance(value, (pandas.Series, pandas.DataFrame)):
        if isinstance(value.index, pandas.DatetimeIndex):
            time = value.index.to_numpy()
            return _about("", value.shape, getattr(value, "name", ""), "", time)
    elif isinstance(value, tuple) and len(value) == 2 and _is_series(*value):
        return _about("", value[1].shape, "", "", value[0])
    return {}


def _is_series(time: Any, samples: Any) -> bool:
    arrays = isinstance(time, np.ndarray) and isinstance(samples, np.ndarray)
    return arrays and time.dtype.kind == "M" and time.ndim == 1 and len(samples) == len(time)


def _about(kind: str, shape: tuple[int, ...], name: Any, unit: Any, time: Any) -> dict[str, str]:
    width = shape[1] if len(shape) > 1 else 1
    by_shape = "scalar" if width == 1 else "vector" if width == 3 else "multicomponent"
    size = " × ".join(map(str, shape))
    title = f"{name} ({size})" if name else size
    about = {"kind": kind or by_shape, "title": title[:_MOST_TEXT], "unit": str(unit)[:_MOST_TEXT]}
    if len(time) and time.dtype.kind == "M" and not np.isnat(time[[0, -1]]).any():
        first, last = (np.datetime_as_string(t, unit="ms") for t in time[[0, -1]])
        about |= {"start": f"{first}Z", "stop": f"{last}Z"}
    return about


def _of_table(value: Any, name: str) -> SpeasyVariable:
    """Return a Series or DataFrame of pandas, whose index is time."""
    index = value.index
    time = (index.tz_convert(None) if index.tz is not None else index).to_numpy()
    columns = [str(column) for column in getattr(value, "columns", ())] or None
    return to_variable((time, value.to_numpy()), name=name, labels=columns)


def _products() -> Iterator[dict[str, str]]:
    """Yield the virtual products; none where the session was never used."""
    session = sys.modules.get("speasy_core.session")
    default = getattr(session, "_default", None)
    provider = None if default is None else default.providers.get("vp")
    update = None if provider is None else provider.inventory(deadline=None)
    for info in () if update is None else update.records:
        if info.ref is not None:
            yield {
                "ref": str(info.ref),
                "name": info.ref.path,
                "kind": info.kind,
                "title": info.title[:_MOST_TEXT],
                "unit": info.unit[:_MOST_TEXT],
            }
