"""Which servers the local archive plays: one module each, found by this table.

A part is a function ``serve(stock)`` that returns a handler of requests. The handler gets the
request without its first path segment, which is the part's name.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from importlib import import_module
from pathlib import Path

from .holdings import Holding
from .server import Reply, Request
from .spdf import Archive

__all__ = ["PARTS", "Handler", "Part", "Stock"]

Handler = Callable[[Request], Reply]


@dataclass(frozen=True)
class Stock:
    """What all parts draw on, so that the same event reads the same everywhere.

    Attributes
    ----------
    holdings : mapping of str to Holding
        Data sets by CDAWeb's ids, from real files or computed.
    folder : Path or None
        The folder of real files.
    mangle_names : bool
        Whether CDAWeb's result files spell names with ``$``.
    """

    holdings: Mapping[str, Holding]
    folder: Path | None = None
    mangle_names: bool = False

    @cached_property
    def archive(self) -> Archive:
        """The tree of files."""
        return Archive(self.holdings)


@dataclass(frozen=True)
class Part:
    """One server.

    Attributes
    ----------
    title : str
        Whom it plays.
    module : str
        Module of this package with a function `serve`.
    setting : str
        The setting that holds its base URL; empty when it is told otherwise.
    """

    title: str
    module: str
    setting: str = ""

    def load(self) -> Callable[[Stock], Handler]:
        """Import the module and return its `serve`."""
        serve: Callable[[Stock], Handler] = import_module(f"{__package__}.{self.module}").serve
        return serve


PARTS = {
    "cdaweb": Part("CDAWeb", "cdaweb", "cda_url"),
    "spdf": Part("SPDF's file archive", "spdf_files", "cda_archive_url"),
    "csa": Part("Cluster Science Archive", "csa", "csa_url"),
    "ssc": Part("SSCWeb", "ssc", "ssc_url"),
    "uiowa": Part("UIowa's ephemeris tool", "uiowa", "uiowa_url"),
    "3dview": Part("CDPP 3DView", "cdpp3dview", "cdpp3dview_url"),
    "hapi": Part("a HAPI server", "hapi", "hapi_servers"),
    "amda": Part("AMDA", "amda", "amda_url"),
}
