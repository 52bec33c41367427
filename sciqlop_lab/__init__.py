"""Space-physics data in JupyterLab: a product tree, and panels that follow every zoom.

>>> from sciqlop_lab import Panel  # doctest: +SKIP

Importing this package imports neither ipywidgets nor the Jupyter server.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

from speasy_core import __version__

# public name -> module that defines it; loaded when the name is first used (PEP 562)
_HOME = {
    "Knob": "virtual",
    "Panel": "panel",
    "ProductTree": "treewidget",
    "link": "linking",
    "create_virtual_product": "user_api.virtual_products",
    "load_ipython_extension": "magics",
    "virtual_product": "virtual",
}

__all__ = [
    "Knob", "Panel", "ProductTree", "__version__", "create_virtual_product", "link",
    "virtual_product",
]  # fmt: skip


def __getattr__(name: str) -> Any:
    if name in _HOME:
        value = getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
        globals()[name] = value
        return value
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)


def _jupyter_labextension_paths() -> list[dict[str, str]]:
    return [{"src": "labextension", "dest": "sciqlop-lab"}]


def _jupyter_server_extension_points() -> list[dict[str, Any]]:
    return [{"module": "sciqlop_lab.server"}]
