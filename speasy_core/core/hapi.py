"""A HAPI server by its address, with Speasy's methods."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import blake2b
from typing import Any
from urllib.parse import urlsplit

from speasy_core.config import Settings
from speasy_core.errors import OfflineError
from speasy_core.http import Deadline
from speasy_core.providers._hapi_client import HapiClient
from speasy_core.providers._hapi_servers import Server
from speasy_core.session import Session, default_session
from speasy_core.variable import SpeasyVariable

__all__ = ["HapiProvider"]


class HapiProvider:
    """One HAPI server; data go through a session and its cache.

    Parameters
    ----------
    url : str
        Base URL, which ends in ``/hapi``.
    session : Session, optional
        Whose settings to use; the default one without it.

    Examples
    --------
    >>> server = HapiProvider("https://cdaweb.gsfc.nasa.gov/hapi")
    >>> server.data("AC_H0_MFI", "2023-01-02", "2023-01-03", "BGSEc")  # doctest: +SKIP
    """

    def __init__(self, url: str, session: Session | None = None) -> None:
        self._outer = session or default_session()
        self.url = url.rstrip("/")
        mark = blake2b(self.url.encode(), digest_size=4).hexdigest()
        self._name = f"{urlsplit(self.url).netloc.replace(':', '_')}-{mark}"
        settings: Settings = self._outer.settings
        self._session = Session(
            settings.with_(hapi_servers={self._name: self.url}, hapi_public=False)
        )
        root = self.url if self.url.endswith("/hapi") else f"{self.url}/hapi"
        self._client = HapiClient(Server(self._name, root, self._name), self._session.http)

    def hapi(self) -> str:
        """Return the page that the server shows to people."""
        return self._session.http.get(self.url, deadline=self._ask()).text

    def capabilities(self) -> dict[str, Any]:
        """Return what the server can do."""
        return dict(self._client.capabilities(self._ask()))

    def about(self) -> dict[str, Any]:
        """Return what the server says of itself."""
        return dict(self._client.document("about", {}, self._ask()))

    def catalog(self) -> list[dict[str, Any]]:
        """Return the data sets, each with its ``id``."""
        return [dict(item) for item in self._client.catalog(self._ask())]

    def info(self, dataset: str, parameters: str | Sequence[str] | None = None) -> dict[str, Any]:
        """Return what the server says of a data set, or of some of its parameters."""
        deadline = self._ask()
        query = {"id" if self._client.major(deadline) < 3 else "dataset": dataset}
        if names := _names(parameters):
            query["parameters"] = ",".join(names)
        return dict(self._client.document("info", query, deadline))

    def data(
        self,
        dataset: str,
        start: Any,
        stop: Any,
        parameters: str | Sequence[str] | None = None,
        **options: Any,
    ) -> dict[str, SpeasyVariable]:
        """Return parameters of a data set by their names.

        Parameters
        ----------
        dataset : str
        start, stop : time
            Half-open, UTC.
        parameters : str or list of str, optional
            Names, in one text with commas between; all without it.
        **options
            As for the session's `get_data`.

        Raises
        ------
        UnknownProduct, ServerError, OfflineError
            As for `get_data`.
        """
        names = _names(parameters)
        if not names:
            names = self._client.info(dataset, self._ask()).names
        ids = [f"hapi/{self._name}/{dataset}/{name}" for name in names]
        return dict(zip(names, self._session.get_data(ids, start, stop, **options), strict=True))

    def close(self) -> None:
        """Close connections; a later call opens them again."""
        self._session.close()

    def _ask(self) -> Deadline:
        if self._session.is_offline:
            raise OfflineError("offline: the server is not asked", url=self.url)
        return Deadline(self._session.settings.timeout)

    def __repr__(self) -> str:
        return f"<HapiProvider {self.url}>"


def _names(parameters: str | Sequence[str] | None) -> list[str]:
    listed = parameters.split(",") if isinstance(parameters, str) else list(parameters or ())
    return [name.strip() for name in listed if name.strip()]
