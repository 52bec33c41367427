"""Speasy's low-level functions, under the names of its modules; all go through a session.

::

    hapi                        a HAPI server by its address
    direct_archive_downloader   variables from folders of files that one call describes
    any_files                   files and folders by their address
    config                      settings by Speasy's names
    codecs                      codecs by name, ending or content type
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

__all__ = ["any_files", "codecs", "config", "direct_archive_downloader", "hapi"]


def __getattr__(name: str) -> Any:
    if name in __all__:
        return import_module(f"{__name__}.{name}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
