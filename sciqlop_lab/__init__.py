"""Space-physics data in JupyterLab: a product tree, and panels that follow every zoom.

>>> from sciqlop_lab import Panel  # doctest: +SKIP

Importing this package imports neither ipywidgets nor the Jupyter server.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

from speasy_core import __version__

# public name -> module that defines it; loaded when the name is first used (PEP 562)
_HOME = {"Panel": "panel", "virtual_product": "virtual"}

__all__ = ["Panel", "__version__", "virtual_product"]


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
