"""CDAWeb, NASA's archive of space-physics data: its REST service and its list of data sets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote, urlsplit, urlunsplit

import numpy as np

from speasy_core import codecs
from speasy_core.config import Settings
from speasy_core.errors import (
    HttpStatusError,
    InvalidRequest,
    UnexpectedContent,
)
from speasy_core.http import Deadline, HttpClient, Response
from speasy_core.product import ProductRef
from speasy_core.provider import Fetched, InventoryUpdate
from speasy_core.timerange import TimeRange
from speasy_core.variable import SpeasyVariable, merge

from ._cda_answers import data_version, list_files, page_message
from ._cda_inventory import read_inventory
from ._common import nothing, trim

__all__ = ["CdaProvider"]

_CATALOGUE = "/pub/catalogs/all.xml"
_MASTERS = "/pub/software/cdawlib/0MASTERS/master.tar"
_DATASETS = "/WS/cdasr/1/dataviews/sp_phys/datasets"
_MAX_CATALOGUE = 256 * 2**20
_MAX_TAR = 2 * 2**30
_SECOND = 1_000_000_000
_DAY = 86_400 * _SECOND
# a week of the fastest survey products is some hundreds of megabytes
_MAX_REQUEST = 7 * _DAY
_ANSWERS = frozenset({200, 304, 400, 404})
_JSON = {"Accept": "application/json"}


class CdaProvider:
    """CDAWeb as a provider; product ids are ``cda/DATASET/VARIABLE``.

    Parameters
    ----------
    settings : Settings
        `cda_url` answers for data, `cda_archive_url` for the list of data sets.
    http : HttpClient
        Shared.
    """

    name = "cda"
    title = "CDAWeb"
    max_request_ns: int | None = _MAX_REQUEST
    options: frozenset[str] = frozenset()
    cachable = True

    def __init__(self, settings: Settings, http: HttpClient) -> None:
        self._http = http
        self._url = settings.cda_url
        self._archive = settings.cda_archive_url
        self.source = self._archive

    # -- inventory -------------------------------------------------------------------------------

    def inventory(self, *, deadline: Deadline, since: str | None = None) -> InventoryUpdate | None:
        """Return all data sets and their variables, or None when nothing changed.

        Parameters
        ----------
        deadline : Deadline
            For all of it.
        since : str, optional
            Version of the inventory at hand.

        Raises
        ------
        ServerError
            The list or the archive of masters cannot be had.
        CorruptFile, UnexpectedContent
            It is not what it should be.
        """
        urls = (self._archive + _CATALOGUE, self._archive + _MASTERS)
        if since is not None:
            now = _version([self._http.head(url, deadline=deadline) for url in urls])
            if now is not None and now == since:
                return None
        answers = [
            self._http.get(url, deadline=deadline, max_bytes=limit)
            for url, limit in zip(urls, (_MAX_CATALOGUE, _MAX_TAR), strict=True)
        ]
        catalogue, tar = answers[0].require("xml"), answers[1].require("tar")

        def check() -> None:
            deadline.check("reading the inventory of CDAWeb")

        records, warnings = read_inventory(
            catalogue.body, tar.body, sources=(_CATALOGUE, _MASTERS), check=check
        )
        # what was read counts, and not what was promised before
        return InventoryUpdate(_version(answers) or "", records, tuple(warnings))

    # -- data ------------------------------------------------------------------------------------

    def fetch(
        self,
        ref: ProductRef,
        range: TimeRange,
        *,
        deadline: Deadline,
        since: str | None = None,
        options: Mapping[str, Any] | None = None,
    ) -> Fetched:
        """Return the samples of one variable.

        Parameters
        ----------
        ref : ProductRef
            ``cda/DATASET/VARIABLE``.
        range : TimeRange
            The server takes whole seconds: the next larger range is asked for, then cut.
        deadline : Deadline
            For all requests of this call.
        since : str, optional
            Version of the answer at hand; "not changed" is answered with `variable` None.
        options : mapping, optional
            None are taken yet.

        Raises
        ------
        InvalidRequest
            A data set without a variable.
        UnknownProduct
            The server does not know it.
        HttpStatusError, UnexpectedContent
            The server's own message is quoted.
        CorruptFile
            A damaged file, by its name.
        """
        dataset, variable = self._split(ref)
        url = self._data_url(dataset, variable, range)
        headers = dict(_JSON)
        if since is not None:
            headers["If-Modified-Since"] = since
        reply = self._ask(url, ref, headers, deadline)
        version = data_version(reply)
        if reply.status == 304:
            if since is None:
                raise UnexpectedContent(
                    "CDAWeb answered 'not changed' to a request without a condition", url=url
                )
            return Fetched(None, version, url)
        files = list_files(reply, ref)
        parts = [self._read(file, variable, deadline) for file in files]
        found = merge(parts) if len(parts) > 1 else parts[0] if parts else nothing(variable)
        return Fetched(trim(found, range), version, url)

    def _split(self, ref: ProductRef) -> tuple[str, str]:
        dataset, _, variable = ref.path.strip("/").partition("/")
        if dataset and variable:
            return dataset, variable
        raise InvalidRequest(
            f"{ref} is a data set, not a variable",
            product=str(ref),
            hint=f"ask for cda/{dataset}/VARIABLE; find_product('{dataset}') lists them",
        )

    def _data_url(self, dataset: str, variable: str, span: TimeRange) -> str:
        start = _stamp(span.start_ns // _SECOND)
        stop = _stamp(-(-span.stop_ns // _SECOND))
        parts = f"{quote(dataset, safe='')}/data/{start},{stop}/{quote(variable, safe='')}"
        return f"{self._url}{_DATASETS}/{parts}?format=cdf"

    def _ask(
        self, url: str, ref: ProductRef, headers: Mapping[str, str], deadline: Deadline
    ) -> Response:
        try:
            return self._http.get(url, deadline=deadline, headers=headers, ok=_ANSWERS)
        except HttpStatusError as error:
            quoted = page_message(error.body)
            if quoted:
                error.message = f"{error.message}: {quoted}"
                error.args = (error.message,)
            error.product = error.product or str(ref)
            raise

    def _read(self, file: Mapping[str, Any], variable: str, deadline: Deadline) -> SpeasyVariable:
        url = self._own_url(file["Name"])
        reply = self._http.get(url, deadline=deadline)
        name = urlsplit(url).path.rpartition("/")[2]
        found = codecs.decode(
            reply.require("cdf").body,
            source=name,
            variables=[variable],
            mime=reply.content_type,
        )
        return found[variable].copy(name=variable)

    def _own_url(self, url: str) -> str:
        """Return the address of a result, which must be on the server that was asked."""
        given = urlsplit(url)
        for base in (self._url, self._archive):
            own = urlsplit(base)
            if given.scheme in ("http", "https") and _authority(given) == _authority(own):
                # one server under both schemes: never from https back to http
                return urlunsplit(given._replace(scheme=own.scheme))
        raise UnexpectedContent(
            f"CDAWeb names a file on another host ({given.hostname}), which is refused",
            url=url,
            hint="if that host is the server, name it in the setting cda_url",
        )


def _version(answers: Sequence[Response]) -> str | None:
    """Return what marks a state of the inventory, None when the server does not say."""
    marks = [a.headers.get("last-modified") or a.headers.get("etag") or "" for a in answers]
    return " | ".join(marks) if all(marks) else None


def _stamp(seconds: int) -> str:
    day = np.datetime64(seconds, "s").astype(object)
    return f"{day:%Y%m%dT%H%M%SZ}"


def _authority(parts: Any) -> tuple[str | None, int | None]:
    try:
        port = parts.port
    except ValueError:
        return None, None
    return parts.hostname, None if port in (None, 80, 443) else port
