"""One HAPI server: what it can do, what it has, and its answers to requests for data."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from speasy_core.codecs import _hapi_file
from speasy_core.codecs._hapi_info import Info, parse_info
from speasy_core.errors import (
    HttpStatusError,
    IncompleteBody,
    InvalidTime,
    SpeasyError,
    UnexpectedContent,
    UnknownProduct,
    scrub_url,
)
from speasy_core.events import Dataset
from speasy_core.http import Deadline, HttpClient, Response
from speasy_core.timerange import TimeRange, format_ns, to_ns

from ._common import nothing
from ._hapi_servers import Server

__all__ = ["HapiClient", "HapiError", "coverage", "duration_ns"]

_FRESH = 600.0  # seconds for which a description of a data set is believed
_MAX_CATALOGUE = 256 * 2**20
_SECOND = 1_000_000_000
# how often data are asked for that nothing proves whole, and the seconds between
_TRIES, _PAUSE = 3, 0.2
_DURATION = re.compile(
    r"P(?:(?P<Y>[\d.]+)Y)?(?:(?P<Mo>[\d.]+)M)?(?:(?P<W>[\d.]+)W)?(?:(?P<D>[\d.]+)D)?"
    r"(?:T(?:(?P<H>[\d.]+)H)?(?:(?P<M>[\d.]+)M)?(?:(?P<S>[\d.]+)S)?)?"
)
_UNITS = {"Y": 31_556_952, "Mo": 2_629_746, "W": 604_800, "D": 86_400, "H": 3600, "M": 60, "S": 1}


class HapiError(HttpStatusError):
    """A HAPI server answered with one of its error codes.

    Attributes
    ----------
    code : int
        HAPI's own code, for example 1408.
    """

    def __init__(self, message: str, *, code: int, status: int, **context: Any) -> None:
        super().__init__(message, status=status, **context)
        self.code = code


def duration_ns(text: Any) -> int | None:
    """Return an ISO 8601 duration in nanoseconds; None for what is none.

    Examples
    --------
    >>> duration_ns("PT16.5S"), duration_ns("P1DT12H"), duration_ns("daily")
    (16500000000, 129600000000000, None)
    """
    match = _DURATION.fullmatch(text.strip()) if isinstance(text, str) else None
    if match is None:
        return None
    try:
        seconds = sum(float(v) * _UNITS[k] for k, v in match.groupdict().items() if v)
    except ValueError:
        return None
    ns = seconds * _SECOND
    return round(ns) or None if ns < 2**63 else None  # longer than any time that can be told


def coverage(meta: Mapping[str, Any]) -> TimeRange | None:
    """Return the range that a data set says it has; None when it does not say it well."""
    start, stop = meta.get("startDate"), meta.get("stopDate")
    if not isinstance(start, str) or not isinstance(stop, str):
        return None
    try:
        first, last = to_ns(start), to_ns(stop)
    except InvalidTime:
        return None
    return TimeRange.from_ns(first, last) if first < last else None


@dataclass(frozen=True, slots=True)
class _Kept:
    info: Info
    since: float


class HapiClient:
    """Speaks to one server; what it learns of the server is kept for a while.

    Parameters
    ----------
    server : Server
    http : HttpClient
        Shared.
    """

    def __init__(self, server: Server, http: HttpClient) -> None:
        self.server = server
        self._http = http
        self._lock = threading.Lock()
        self._abilities: Mapping[str, Any] | None = None
        self._infos: dict[str, _Kept] = {}
        self.catalog_ids: frozenset[str] = frozenset()

    # -- descriptions ----------------------------------------------------------------------------

    def capabilities(self, deadline: Deadline) -> Mapping[str, Any]:
        """Return the capabilities document, asked for once."""
        if self._abilities is not None:
            return self._abilities
        found = self.document("capabilities", {}, deadline)
        if "HAPI" in found:  # anything else is no such document, and is asked for again
            self._abilities = found
        return found

    def major(self, deadline: Deadline) -> int:
        """Return the major number of the protocol that the server speaks."""
        text = str(self.capabilities(deadline).get("HAPI", "")).strip()
        number = text.partition(".")[0]
        if not number.isdigit():
            raise UnexpectedContent(
                f"{self.server.name} does not say which version of HAPI it speaks ({text[:20]!r})",
                url=f"{self.server.url}/capabilities",
            )
        return int(number)

    def catalog(self, deadline: Deadline) -> list[Mapping[str, Any]]:
        """Return the data sets, with ``info`` in each where the server gives it all at once."""
        depth = self.capabilities(deadline).get("catalogDepthOptions")
        whole = isinstance(depth, Sequence) and "all" in depth
        document = self.document("catalog", {"depth": "all"} if whole else {}, deadline)
        listed = document.get("catalog")
        if not isinstance(listed, Sequence) or isinstance(listed, str):
            raise UnexpectedContent(
                f"{self.server.name} sent a catalog without a list of data sets",
                url=f"{self.server.url}/catalog",
            )
        found = {
            item["id"]: item for item in listed
            if isinstance(item, Mapping) and isinstance(item.get("id"), str) and item["id"]
        }  # fmt: skip
        self.catalog_ids = frozenset(found)
        return list(found.values())

    def info(self, dataset: str, deadline: Deadline, *, max_age: float = _FRESH) -> Info:
        """Return the description of a data set, at most `max_age` seconds old.

        Raises
        ------
        UnknownProduct
            The server does not have it.
        """
        kept = self._infos.get(dataset)
        if kept is not None and time.monotonic() - kept.since < max_age:
            return kept.info
        old = self.major(deadline) < 3
        document = self.document("info", {"id" if old else "dataset": dataset}, deadline)
        return self.keep_info(dataset, document)

    def kept_info(self, dataset: str) -> Info | None:
        """Return a description that is at hand, however old; asks nobody."""
        kept = self._infos.get(dataset)
        return None if kept is None else kept.info

    def keep_info(self, dataset: str, document: Any) -> Info:
        """Read a description, keep it and return it."""
        info = parse_info(document, f"info of {self.server.name}/{dataset}")
        with self._lock:
            self._infos[dataset] = _Kept(info, time.monotonic())
        return info

    def document(
        self, endpoint: str, query: Mapping[str, str], deadline: Deadline
    ) -> Mapping[str, Any]:
        """Return what an endpoint says, asked for now.

        Raises
        ------
        HapiError, ServerError
            It says nothing, or something else than an object.
        """
        reply = self._get(self._url(endpoint, query), deadline)
        document = reply.json()
        if not isinstance(document, Mapping):
            raise UnexpectedContent(
                f"{self.server.name} sent a list where an object was expected", url=reply.url
            )
        return document

    # -- data ------------------------------------------------------------------------------------

    def data_url(
        self, dataset: str, names: Sequence[str], span: TimeRange, deadline: Deadline
    ) -> str:
        """Return the address of samples, in the words of the server's version."""
        old = self.major(deadline) < 3
        formats = self.capabilities(deadline).get("outputFormats")
        binary = isinstance(formats, Sequence) and "binary" in formats
        return self._url("data", {
            "id" if old else "dataset": dataset,
            "parameters": ",".join(names),
            "time.min" if old else "start": format_ns(span.start_ns),
            "time.max" if old else "stop": format_ns(span.stop_ns),
            "format": "binary" if binary else "csv",
            "include": "header",  # what the records are, and that "nothing" is meant
        })  # fmt: skip

    def data(self, url: str, names: Sequence[str], info: Info, deadline: Deadline) -> Dataset:
        """Return the samples of parameters; empty where the server says that it has none.

        The answer's own header is in ``meta``.

        Parameters
        ----------
        url : str
            From `data_url`.
        names : sequence of str
            The parameters.
        info : Info
            Describes the records when the answer does not.

        Raises
        ------
        HapiError
            The server's own code and message.
        IncompleteBody, UnexpectedContent, CorruptFile
            The answer is not whole, or not data.
        """
        reply = self._proven(url, deadline)
        said = _hapi_file.status_of(reply.body)
        if reply.status == 204 or (said is not None and said[0] == 1201):
            return Dataset("", {name: nothing(name) for name in names})
        reply.require("data")
        source = f"{self.server.name}/{', '.join(names)}"
        try:
            return _hapi_file.read_answer(reply.body, source, names, info)
        except SpeasyError as error:
            error.url = error.url or scrub_url(reply.url)
            raise

    def _proven(self, url: str, deadline: Deadline) -> Response:
        """Return an answer that the transport proved whole, as a cut after a record looks whole."""
        for attempt in range(1, _TRIES + 1):
            reply = self._get(url, deadline, ok=frozenset({200, 204}))
            if reply.proven:
                return reply
            reply.require("data")
            deadline.wait(_PAUSE if attempt < _TRIES else 0.0)
        raise IncompleteBody(
            f"{self.server.name} declared no length, so the data cannot be proven whole",
            url=reply.url, attempts=_TRIES,
        )  # fmt: skip

    def _get(self, url: str, deadline: Deadline, ok: frozenset[int] = frozenset({200})) -> Response:
        try:
            reply = self._http.get(url, deadline=deadline, ok=ok, max_bytes=None)
        except HttpStatusError as error:
            said = _hapi_file.status_of(error.body)
            if said is None:
                raise
            raise self._error(said, error.status, url) from error
        said = _hapi_file.status_of(reply.body[:65536]) if len(reply.body) < 65536 else None
        if said is not None and said[0] >= 1400:  # some servers send errors with HTTP's 200
            raise self._error(said, reply.status, url)
        return reply

    def _error(self, said: tuple[int, str], status: int, url: str) -> SpeasyError:
        code, message = said
        text = " ".join(message.split())[:300]
        if code in (1406, 1407):
            what = "data set" if code == 1406 else "parameter"
            return UnknownProduct(
                f"{self.server.name} does not know this {what}: HAPI {code} {text}", url=url
            )
        contact = self.server.contact
        return HapiError(
            f"{self.server.name} answered HAPI {code} {text}".rstrip(),
            code=code,
            status=status,
            url=url,
            hint=f"contact for this server: {contact}" if contact and code >= 1500 else None,
        )

    def _url(self, endpoint: str, query: Mapping[str, str]) -> str:
        parts = [f"{key}={quote(value, safe=':,/@')}" for key, value in query.items()]
        return f"{self.server.url}/{endpoint}" + ("?" + "&".join(parts) if parts else "")
