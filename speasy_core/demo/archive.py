"""The local archive: what it serves, where, and how it starts and stops."""

from __future__ import annotations

import logging
import threading
from dataclasses import fields
from pathlib import Path
from types import TracebackType
from typing import Any

from speasy_core.config import Settings
from speasy_core.errors import ConfigError

from ._kinds import of_kind
from .catalog import scan
from .faults import Faults
from .holdings import ArchiveError, Holding
from .parts import PARTS, Stock
from .server import Reply, Request, Server
from .synthetic import datasets

__all__ = ["LocalArchive"]

log = logging.getLogger(__name__)


class NotServed(ArchiveError):
    """A server that this archive does not play."""

    status = 404


class LocalArchive:
    """An HTTP server on loopback that plays CDAWeb and SPDF's file archive.

    Parameters
    ----------
    data : Path or str, optional
        Folder of real files, searched recursively once, at the start; CDF, CEF, VOTable and HAPI
        files and recorded XML are known by their content, whatever their names. What cannot be
        read is named in a warning of the log. A CDF data set is the
        global attribute ``Logical_source`` in upper case, else what the file name says. Files
        named ``*_00000000_v*.cdf`` are masters; where none is there, one is made from the first
        whole file. Mission group, observatory and instrument come from ``Mission_group``,
        ``Source_name`` and ``Descriptor``. A damaged file belongs to the data set of its
        name, and a request that touches its time is answered with its bytes as they are.
    port : int
        0 takes a free one.
    host : str
        Address to listen on.
    synthetic : bool, optional
        Serve the synthetic data sets too; by default only when there is no `data`. Where a real
        data set has the same id, the real one is served.
    mangle_names : bool
        Spell variable names in result files with ``$`` for odd characters, as CDAWeb sometimes
        does.

    Attributes
    ----------
    faults : Faults
        Switches for misbehaviour.
    requests : list of (method, path)
        Every request so far.

    Raises
    ------
    ConfigError
        The folder is missing, or the port is in use.

    Examples
    --------
    >>> import urllib.request
    >>> with LocalArchive() as archive:
    ...     url = archive.url + "/spdf/pub/catalogs/all.xml"
    ...     b"AC_H0_MFI" in urllib.request.urlopen(url).read()
    True
    """

    def __init__(
        self,
        data: Path | str | None = None,
        *,
        port: int = 0,
        host: str = "127.0.0.1",
        synthetic: bool | None = None,
        mangle_names: bool = False,
    ) -> None:
        folder = Path(data).expanduser() if data is not None else None
        if folder is not None and not folder.is_dir():
            raise ConfigError(
                f"there is no folder {str(folder)!r} to serve",
                hint="give an existing folder of CDF files, or none for synthetic data",
            )
        holdings: dict[str, Holding] = {}
        if synthetic or (synthetic is None and folder is None):
            holdings |= {d.description.id: d for d in datasets()}
        if folder is not None:
            holdings |= {d.description.id: d for d in scan(folder)}
            for path in of_kind(folder, "netcdf"):
                log.warning("%s is left out: this archive plays no server of NetCDF files", path)
        self.folder = folder
        self._holdings = dict(sorted(holdings.items()))
        stock = Stock(self._holdings, folder, mangle_names)
        self._parts = {name: part.load()(stock) for name, part in PARTS.items()}
        self._address = (host, port)
        self._server: Server | None = None
        self._thread: threading.Thread | None = None
        self.faults = Faults()
        self.requests: list[tuple[str, str]] = []

    def start(self) -> LocalArchive:
        """Listen; does nothing when it does already."""
        if self._server is not None:
            return self
        try:
            server = Server(self._address, self._answer)
        except (OSError, OverflowError) as error:
            host, port = self._address
            raise ConfigError(
                f"cannot listen on {host}:{port}: {error}",
                hint="port 0 takes a free one",
            ) from error
        server.faults, server.log = self.faults, self.requests
        # a restart answers where it answered before
        self._address = (self._address[0], server.server_address[1])
        self._server = server
        self._thread = threading.Thread(
            target=server.serve_forever, kwargs={"poll_interval": 0.05},
            name="local-archive", daemon=True,
        )  # fmt: skip
        self._thread.start()
        return self

    def stop(self) -> None:
        """End every connection and free the port; `start` opens the same port again."""
        server, thread = self._server, self._thread
        self._server = self._thread = None
        if server is not None:
            server.close()
        if thread is not None:
            thread.join(timeout=5)

    def __enter__(self) -> LocalArchive:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    @property
    def running(self) -> bool:
        """Whether it listens."""
        return self._server is not None

    @property
    def url(self) -> str:
        """``http://host:port``; known once it has started."""
        return "http://{}:{}".format(*self._address)

    @property
    def datasets(self) -> list[str]:
        """Ids of all data sets."""
        return list(self._holdings)

    def settings(self, cache_dir: Path | str | None = None) -> Settings:
        """Return settings under which every server is this archive.

        Parameters
        ----------
        cache_dir : Path, optional
            Folder of the cache; by default the user's.
        """
        # what no part plays points into the archive all the same: nothing leaves loopback
        urls: dict[str, Any] = {
            f.name: f"{self.url}/not-served/{f.name}"
            for f in fields(Settings)
            if f.name.endswith("_url")
        }
        for name, part in PARTS.items():
            if part.setting == "hapi_servers":
                urls |= {"hapi_servers": {"local": f"{self.url}/{name}"}, "hapi_public": False}
            elif part.setting:
                urls[part.setting] = f"{self.url}/{name}"
        chosen = Settings().with_(**urls)
        return chosen if cache_dir is None else chosen.with_(cache_dir=cache_dir)

    def environ(self, cache_dir: Path | str | None = None) -> dict[str, str]:
        """Return the environment variables that make the same settings."""
        return self.settings(cache_dir).to_env()

    def _answer(self, request: Request) -> Reply:
        if not request.segments:
            lines = [f"/{name} plays {part.title}\n" for name, part in PARTS.items()]
            return Reply(200, "text/plain", "".join(["Local archive\n", *lines]).encode())
        handle = self._parts.get(request.segments[0])
        if handle is not None:
            return handle(request.below(1))
        raise NotServed(f"nothing is served at /{'/'.join(request.segments)}")
