"""CDAWeb, NASA's archive of space-physics data: its service, its files, its list of data sets."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from speasy_core.config import Settings
from speasy_core.errors import (
    Cancelled,
    DeadlineExceeded,
    InvalidRequest,
    ServerError,
    SpeasyError,
    UnknownOption,
    UnknownProduct,
)
from speasy_core.http import Deadline, HttpClient, Response
from speasy_core.product import ProductInfo, ProductRef
from speasy_core.provider import Fetched, InventoryUpdate
from speasy_core.timerange import TimeRange

from ._cda_catalogue import read_catalogue
from ._cda_files import Access, FileArchive
from ._cda_inventory import read_inventory
from ._cda_naming import NoRule
from ._cda_service import Service, share_requests

__all__ = ["METHODS", "CdaProvider"]

_log = logging.getLogger(__name__)

_CATALOGUE = "/pub/catalogs/all.xml"
_MASTERS = "/pub/software/cdawlib/0MASTERS/master.tar"
_MAX_CATALOGUE = 256 * 2**20
_MAX_TAR = 2 * 2**30
_DAY = 86_400_000_000_000
# a week of the fastest survey products is some hundreds of megabytes
_MAX_REQUEST = 7 * _DAY
_MAX_KEPT = 256 * 2**20
_ACCESS = ("url", "filenaming", "subdividedby", "mastercdf")

METHODS = ("BEST", "FILE", "API")


class CdaProvider:
    """CDAWeb as a provider; product ids are ``cda/DATASET/VARIABLE``.

    Parameters
    ----------
    settings : Settings
        `cda_url` answers for data, `cda_archive_url` for the list of data sets and for
        files.
    http : HttpClient
        Shared.
    """

    name = "cda"
    title = "CDAWeb"
    max_request_ns: int | None = _MAX_REQUEST
    options: frozenset[str] = frozenset({"method", "if_newer_than"})
    cachable = True

    def __init__(self, settings: Settings, http: HttpClient) -> None:
        self._http = http
        self._archive = settings.cda_archive_url
        self.source = self._archive
        self._service = Service(http, settings.cda_url, self._archive)
        self._files = FileArchive(http, min(_MAX_KEPT, settings.max_memory // 16))
        self._lookup: Callable[[ProductRef], ProductInfo | None] = lambda ref: None
        self._lock = threading.Lock()
        self._listed: dict[str, Mapping[str, Any]] = {}

    def inform(self, lookup: Callable[[ProductRef], ProductInfo | None]) -> None:
        """Take the inventory's word on data sets; without it the catalogue is asked."""
        self._lookup = lookup

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
        self._learn((r.name, r.meta) for r in records if r.kind == "dataset")
        # what was read counts, and not what was promised before
        return InventoryUpdate(_version(answers) or "", records, tuple(warnings))

    # -- data ------------------------------------------------------------------------------------

    def check_options(self, options: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return options in their one form, without those that say what is done anyway.

        Raises
        ------
        UnknownOption
            A `method` that there is not.
        """
        method = _method(options)
        return {} if method == "BEST" else {"method": method}

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
            Exactly this is returned.
        deadline : Deadline
            For all requests of this call.
        since : str, optional
            Version of the answer at hand; "not changed" is answered with `variable` None.
        options : mapping, optional
            `method`, in any case: ``"API"`` asks CDAWeb's service, ``"FILE"`` reads the files of
            its archive, ``"BEST"`` (without the option) asks the service, and reads the files
            where the service fails and the inventory knows how they are named.

        Raises
        ------
        InvalidRequest
            A data set without a variable; ``"FILE"`` for what is in no file.
        UnknownOption
            Another `method`.
        UnknownProduct
            The server does not know it.
        HttpStatusError, UnexpectedContent
            The server's own message is quoted.
        CorruptFile
            A damaged file, by its name.
        """
        dataset, variable = self._split(ref)
        answer = self._answer(
            dataset, [variable], range, deadline=deadline, since=since, method=_method(options)
        )
        return answer[variable]

    def together(self, ref: ProductRef) -> str | None:
        """Return the data set: its variables come by one request."""
        dataset, _, variable = ref.path.strip("/").partition("/")
        return dataset if variable else None

    def fetch_many(
        self,
        refs: Sequence[ProductRef],
        range: TimeRange,
        *,
        deadline: Deadline,
        since: str | None = None,
        options: Mapping[str, Any] | None = None,
    ) -> dict[ProductRef, Fetched]:
        """Return the samples of several variables of one data set, by one request.

        Parameters
        ----------
        refs : sequence of ProductRef
            All of one data set.
        range, deadline, since, options
            As for `fetch`.

        Returns
        -------
        dict of ProductRef to Fetched
            A variable that could not be read is left out: `fetch` says why.

        Raises
        ------
        SpeasyError
            As `fetch`; one of the variables may be the reason.
        """
        split = {ref: self._split(ref) for ref in refs}
        dataset, *others = {dataset for dataset, _ in split.values()}
        if others:
            raise InvalidRequest(f"one request is for one data set, not for {dataset} and others")
        method = _method(options)
        names = list(dict.fromkeys(variable for _, variable in split.values()))
        found: dict[str, Fetched] = {}
        for group in share_requests(names):
            found |= self._answer(
                dataset, group, range, deadline=deadline, since=since, method=method
            )
        return {ref: found[name] for ref, (_, name) in split.items() if name in found}

    def _split(self, ref: ProductRef) -> tuple[str, str]:
        dataset, _, variable = ref.path.strip("/").partition("/")
        if dataset and variable:
            return dataset, variable
        raise InvalidRequest(
            f"{ref} is a data set, not a variable",
            product=str(ref),
            hint=f"ask for cda/{dataset}/VARIABLE; find_product('{dataset}') lists them",
        )

    def _answer(
        self,
        dataset: str,
        names: Sequence[str],
        span: TimeRange,
        *,
        deadline: Deadline,
        since: str | None,
        method: str,
    ) -> dict[str, Fetched]:
        # The service first, whatever the length: two requests for a week, and no more bytes than
        # were asked for. Measured on the local archive, an hour of MMS' field is 2 requests and
        # 2 MB from the service against 61 MB of file; a month of ACE 10 requests against 33.
        # And it has what no file holds. The files are worth it where the service is down.
        if method == "FILE":
            try:
                return self._from_files(dataset, names, span, deadline, since, deadline)
            except NoRule as why:
                raise InvalidRequest(
                    f"it cannot be read from the files of the archive: {why}",
                    product=f"cda/{dataset}/{','.join(names)}",
                    hint="method='API' or 'BEST' asks CDAWeb's service",
                ) from why
        try:
            return self._service.read(dataset, names, span, deadline=deadline, since=since)
        except (Cancelled, DeadlineExceeded):
            raise
        except ServerError:
            if method == "API":
                raise
            try:
                return self._from_files(dataset, names, span, deadline, since, None)
            except NoRule as why:
                _log.info("%s not read from files: %s", dataset, why)
            except SpeasyError as also:
                _log.info("the files of %s cannot be read either: %s", dataset, also)
            raise

    def _from_files(
        self,
        dataset: str,
        names: Sequence[str],
        span: TimeRange,
        deadline: Deadline,
        since: str | None,
        may_ask: Deadline | None,
    ) -> dict[str, Fetched]:
        access = Access.from_meta(dataset, self._describe(dataset, may_ask), self._archive)
        found = self._files.read(access, names, span, deadline=deadline, since=since)
        variables = found.variables or {}
        return {
            name: Fetched(variables.get(name), found.version, found.request)
            for name in names
            if found.variables is None or name in variables
        }

    # -- where the files are ---------------------------------------------------------------------

    def _describe(self, dataset: str, deadline: Deadline | None) -> Mapping[str, Any]:
        """Return what the catalogue says of a data set's files; no `deadline`: what is known.

        Raises
        ------
        NoRule
            Nothing is known of it, and nobody may be asked.
        UnknownProduct
            The catalogue does not have it.
        """
        info = self._lookup(ProductRef(self.name, dataset))
        if info is not None and info.kind == "dataset":
            return info.meta
        with self._lock:
            known = self._listed.get(dataset)
        if known is not None:
            return known
        if deadline is None:
            raise NoRule("its inventory is not loaded")
        reply = self._http.get(
            self._archive + _CATALOGUE, deadline=deadline, max_bytes=_MAX_CATALOGUE
        ).require("xml")
        entries = read_catalogue(
            reply.body, source=_CATALOGUE, check=lambda: deadline.check("reading the catalogue")
        )
        self._learn((entry.id, entry.meta) for entry in entries)
        with self._lock:
            if dataset in self._listed:
                return self._listed[dataset]
        raise UnknownProduct(
            f"CDAWeb's catalogue has no data set {dataset!r}",
            hint=f"find_product({dataset!r}) searches the inventory",
        )

    def _learn(self, datasets: Iterable[tuple[str, Mapping[str, Any]]]) -> None:
        kept: dict[str, Mapping[str, Any]] = {
            name: {key: meta[key] for key in _ACCESS if key in meta} for name, meta in datasets
        }
        with self._lock:
            self._listed = kept


def _method(options: Mapping[str, Any] | None) -> str:
    given = (options or {}).get("method", "BEST")
    if isinstance(given, str) and given.upper() in METHODS:
        return given.upper()
    raise UnknownOption(
        f"method={given!r} is not a way to get data", hint="method is 'BEST', 'FILE' or 'API'"
    )


def _version(answers: Sequence[Response]) -> str | None:
    """Return what marks a state of the inventory, None when the server does not say."""
    marks = [a.headers.get("last-modified") or a.headers.get("etag") or "" for a in answers]
    return " | ".join(marks) if all(marks) else None
