"""Space-physics data in one call.

>>> import speasy_core as spz
>>> b = spz.get_data("cda/AC_H0_MFI/BGSEc", "2023-01-02", "2023-01-03")  # doctest: +SKIP

Importing this package opens no socket and no file; everything is made at first use.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

# public name -> module that defines it; loaded when the name is first used (PEP 562)
_HOME = {
    "Axis": "variable",
    "Catalog": "events",
    "Dataset": "events",
    "DateTimeRange": "timerange",
    "Event": "events",
    "Gap": "variable",
    "ProductRef": "product",
    "Session": "session",
    "Settings": "config",
    "SpeasyVariable": "variable",
    "TimeRange": "timerange",
    "TimeTable": "events",
    "default_session": "session",
    "map_intervals": "intervals",
    "merge": "variable",
    "offline": "session",
    "read_file": "codecs",
}
# names that are methods or attributes of the default session
_OF_SESSION = (
    "amda", "archive", "cda", "cdpp3dview", "csa", "find_product", "get_data", "get_lod",
    "hapi", "inventories", "list_providers", "ssc", "uiowaephtool", "update_inventories",
)  # fmt: skip
# modules that are there without an import of their own
_MODULES = ("cache", "config", "core", "errors", "products", "signal")

__all__ = [
    "Axis",
    "Catalog",
    "Dataset",
    "DateTimeRange",
    "Event",
    "Gap",
    "ProductRef",
    "Session",
    "Settings",
    "SpeasyVariable",
    "TimeRange",
    "TimeTable",
    "__version__",
    "amda",
    "archive",
    "cache",
    "cda",
    "cdpp3dview",
    "config",
    "core",
    "csa",
    "default_session",
    "errors",
    "find_product",
    "get_data",
    "get_lod",
    "hapi",
    "inventories",
    "list_providers",
    "map_intervals",
    "merge",
    "offline",
    "products",
    "read_file",
    "signal",
    "ssc",
    "uiowaephtool",
    "update_inventories",
]

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from speasy_core.variable import Axis, Gap, SpeasyVariable, merge

    from . import cache, config, core, errors, products, signal
    from .archives import Archive
    from .archives.amda import Amda
    from .archives.files import Described, Hapi
    from .archives.inventories import Inventories
    from .archives.orbits import Cdpp3dView, Ssc
    from .archives.variables import Cda, Csa
    from .codecs import read_file
    from .config import Settings
    from .events import Catalog, Dataset, Event, TimeTable
    from .intervals import map_intervals
    from .inventory import Node
    from .lod import Reduced
    from .product import ProductRef
    from .session import Session, default_session, offline
    from .timerange import DateTimeRange, TimeRange

    get_data: Callable[..., Any]
    get_lod: Callable[..., Reduced]
    find_product: Callable[..., list[Node]]
    list_providers: Callable[[], list[str]]
    update_inventories: Callable[[], Mapping[str, Any]]
    inventories: Inventories
    amda: Amda
    archive: Described
    cda: Cda
    cdpp3dview: Cdpp3dView
    csa: Csa
    hapi: Hapi
    ssc: Ssc
    uiowaephtool: Archive


def __getattr__(name: str) -> Any:
    if name in _HOME:
        value = getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
        globals()[name] = value
        return value
    if name in _OF_SESSION:
        return getattr(import_module(f"{__name__}.session").default_session(), name)
    if name in _MODULES:
        return import_module(f"{__name__}.{name}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
