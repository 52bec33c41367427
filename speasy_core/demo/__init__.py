"""A local archive on loopback that speaks the wire format of the real servers.

It serves a folder of real CDF files, or synthetic data when there is none, so that everything in
this package can be tried, tested and shown without a network::

    with LocalArchive(data="folder of real files") as archive:
        session = speasy_core.Session(archive.settings(cache_dir="cache"))

From a shell, ``python -m speasy_core.demo --data FOLDER`` does the same and prints the settings
as environment variables. Nothing else in the package imports this one.
"""

from __future__ import annotations

from .archive import LocalArchive
from .faults import Fault, Faults

__all__ = ["Fault", "Faults", "LocalArchive"]
