"""CSA, ESA's Cluster Science Archive: TAP tables, and data as gzipped tars of CDF."""

from __future__ import annotations

import hashlib
import html
import re
import threading
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

import numpy as np

from speasy_core import codecs
from speasy_core.config import Settings
from speasy_core.errors import (
    HttpStatusError,
    InvalidRequest,
    InvalidTime,
    RequestTooLarge,
    SpeasyError,
    UnexpectedContent,
    UnknownProduct,
)
from speasy_core.http import Deadline, HttpClient, Response
from speasy_core.product import ProductRef
from speasy_core.provider import Fetched, InventoryUpdate
from speasy_core.timerange import TimeRange, to_ns
from speasy_core.variable import SpeasyVariable, merge

from ._common import nothing, trim
from ._csa_tables import QUERIES, build_records, read_csv
from ._csa_tar import iter_files

__all__ = ["CsaProvider"]

_SYNC = "/csa-sl-tap/tap/sync"
_DATA = "/csa-sl-tap/data"
_MAX_TABLE = 256 * 2**20
_SECOND = 1_000_000_000
_MAX_REQUEST = 7 * 86_400 * _SECOND
_ANSWERS = frozenset({200, 400, 404, 413})
_ROUND = 1000  # a table of exactly so many rows may have been cut by the server
_KEEP_DATES_FOR = 600.0
_PLAIN_ID = re.compile(r"[A-Za-z0-9_.+\-]+")

_TOO_LARGE = re.compile(r"\b1\s*GB\b|too (large|big)|exceed|size limit|DEFERRED", re.IGNORECASE)
_NO_DATA = re.compile(
    r"\bno (data|files?|products?|results?)\b|nothing (was )?found", re.IGNORECASE
)
_UNKNOWN = re.compile(
    r"(?=.*\bdata[ _]?set).*\b(unknown|invalid|not (found|exist|valid)|no such|does not)\b",
    re.IGNORECASE | re.DOTALL,
)


class CsaProvider:
    """The Cluster Science Archive; product ids are ``csa/DATASET/PARAMETER``.

    Parameters
    ----------
    settings : Settings
        `csa_url` answers for everything.
    http : HttpClient
        Shared.
    """

    name = "csa"
    title = "Cluster Science Archive"
    max_request_ns: int | None = _MAX_REQUEST
    options: frozenset[str] = frozenset()
    cachable = True

    def __init__(self, settings: Settings, http: HttpClient) -> None:
        self._http = http
        self._url = settings.csa_url
        self._max_bytes = settings.max_memory
        self._lock = threading.Lock()
        self._updates: dict[str, tuple[float, int | None]] = {}
        self.source = self._url

    # -- inventory -------------------------------------------------------------------------------

    def inventory(self, *, deadline: Deadline, since: str | None = None) -> InventoryUpdate | None:
        """Return all data sets and parameters, or None when nothing changed.

        The four small tables, which hold the dates of the last changes, are the mark of
        freshness; the large one is asked for only when they differ.

        Parameters
        ----------
        deadline : Deadline
            For all of it.
        since : str, optional
            Version of the inventory at hand.

        Raises
        ------
        ServerError
            The tables cannot be had.
        UnexpectedContent
            They are not what they should be.
        """
        tables: dict[str, list[dict[str, str]]] = {}
        mark = hashlib.sha256()
        warnings: list[str] = []
        for table in QUERIES:
            if table == "parameter" and since is not None and since == mark.hexdigest():
                return None
            reply = self._query(QUERIES[table], deadline).require("csv")
            tables[table] = read_csv(reply.text, table, reply.url)
            if table != "parameter":
                # servers give rows in any order
                mark.update("\n".join(sorted(reply.text.splitlines())).encode())
            if tables[table] and len(tables[table]) % _ROUND == 0:
                warnings.append(
                    f"the table of {table}s has exactly {len(tables[table])} rows: "
                    "the server may have cut it"
                )

        def check() -> None:
            deadline.check("reading the tables of the Cluster archive")

        records, left_out = build_records(tables, check)
        now = time.monotonic()
        dates = {row["dataset_id"]: (now, _date_ns(row)) for row in tables["dataset"]}
        with self._lock:
            self._updates = dates
        return InventoryUpdate(mark.hexdigest(), records, (*warnings, *left_out))

    def _query(self, adql: str, deadline: Deadline) -> Response:
        parameters = {"REQUEST": "doQuery", "LANG": "ADQL", "FORMAT": "CSV", "QUERY": adql}
        url = self._url + _SYNC
        try:
            return self._http.get(url, deadline=deadline, params=parameters, max_bytes=_MAX_TABLE)
        except HttpStatusError as error:
            _quote(error)
            raise

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
        """Return the samples of one parameter.

        Parameters
        ----------
        ref : ProductRef
            ``csa/DATASET/PARAMETER``.
        range : TimeRange
            The server takes whole seconds: the next larger range is asked for, then cut.
        deadline : Deadline
            For all requests of this call.
        since : str, optional
            Version of the answer at hand; when the data set did not change since, `variable` is
            None.
        options : mapping, optional
            None are taken.

        Raises
        ------
        InvalidRequest
            A data set without a parameter.
        UnknownProduct
            The archive does not know it.
        RequestTooLarge
            Above the archive's limit of 1 GB for one answer.
        HttpStatusError, UnexpectedContent
            The server's own message is quoted.
        CorruptFile
            A damaged answer, by its name.
        """
        dataset, variable = _split(ref)
        if since is not None and self._unchanged(dataset, since, deadline):
            return Fetched(None, since, f"{self._url}{_DATA}?DATASET_ID={dataset}")
        reply = self._ask(dataset, ref, range, deadline)
        if reply is None:
            return Fetched(nothing(variable), _today(None), self._url + _DATA)
        parts = self._read(reply, dataset, variable, ref, deadline)
        found = merge(parts) if len(parts) > 1 else parts[0] if parts else nothing(variable)
        return Fetched(trim(found, range), _today(reply), reply.url)

    def _ask(
        self, dataset: str, ref: ProductRef, span: TimeRange, deadline: Deadline
    ) -> Response | None:
        """Return the archive's answer; None when it says that there is no data."""
        parameters = {
            "RETRIEVAL_TYPE": "product",
            "DATASET_ID": dataset,
            "START_DATE": _stamp(span.start_ns // _SECOND),
            "END_DATE": _stamp(-(-span.stop_ns // _SECOND)),
            "DELIVERY_FORMAT": "CDF_ISTP",
            "DELIVERY_INTERVAL": "all",
        }
        try:
            reply = self._http.get(
                self._url + _DATA, deadline=deadline, params=parameters, ok=_ANSWERS
            )
        except HttpStatusError as error:
            said = _page_text(error.body)
            if _TOO_LARGE.search(said):
                raise _too_large(said, ref, span) from error
            _quote(error)
            error.product = error.product or str(ref)
            raise
        if reply.status == 200 and (reply.body[:2] == b"\x1f\x8b" or _is_tar(reply.body)):
            return reply
        said = _page_text(reply.body)
        if reply.status == 413 or _TOO_LARGE.search(said):
            raise _too_large(said, ref, span)
        if not _NO_DATA.search(said):
            raise _refusal(reply, said, ref)
        return None

    def _read(
        self, reply: Response, dataset: str, variable: str, ref: ProductRef, deadline: Deadline
    ) -> list[SpeasyVariable]:
        parts: list[SpeasyVariable] = []
        lacking: list[UnknownProduct] = []

        def check() -> None:
            deadline.check("reading the answer of the Cluster archive")

        for name, body in iter_files(
            reply.body, source=f"{dataset}.tgz", max_bytes=self._max_bytes, check=check
        ):
            if not name.lower().endswith((".cdf", ".cef")):
                continue
            try:
                parts.append(_decode(name, body, variable))
            except UnknownProduct as error:
                lacking.append(error)
        if lacking and not parts:
            raise UnknownProduct(
                f"{dataset} has no parameter {variable!r}", product=str(ref), url=reply.url,
                hint=lacking[0].hint,
            ) from lacking[0]  # fmt: skip
        if not parts:  # "no data" is said in words
            raise UnexpectedContent(
                "the Cluster archive sent an archive without a data file", url=reply.url
            )
        return parts

    def _unchanged(self, dataset: str, since: str, deadline: Deadline) -> bool:
        """Whether the archive's data set is older than the answer at hand."""
        try:
            then = to_ns(since)
        except InvalidTime:
            return False
        with self._lock:
            asked, changed = self._updates.get(dataset, (-_KEEP_DATES_FOR, None))
        if time.monotonic() - asked > _KEEP_DATES_FOR:
            if not _PLAIN_ID.fullmatch(dataset):
                return False
            query = f"SELECT * FROM csa.v_dataset WHERE dataset_id='{dataset}'"
            reply = self._query(query, deadline).require("csv")
            rows = read_csv(reply.text, "dataset", reply.url)
            changed = max(filter(None, map(_date_ns, rows)), default=None)
            with self._lock:
                self._updates[dataset] = (time.monotonic(), changed)
        return changed is not None and changed < then


def _split(ref: ProductRef) -> tuple[str, str]:
    dataset, _, variable = ref.path.strip("/").partition("/")
    if dataset and variable:
        return dataset, variable
    raise InvalidRequest(
        f"{ref} is a data set, not a parameter",
        product=str(ref),
        hint=f"ask for csa/{dataset}/PARAMETER; find_product('{dataset}') lists them",
    )


def _decode(name: str, body: bytes, variable: str) -> SpeasyVariable:
    """Return a parameter; the archive's CDFs write ``_`` where its tables write ``-``."""
    spellings = dict.fromkeys((variable, variable.replace("-", "_")))
    missing: UnknownProduct | None = None
    for spelling in spellings:
        try:
            found = codecs.decode(body, source=name, variables=[spelling])[spelling]
        except UnknownProduct as error:
            missing = missing or error
        else:
            return found.copy(name=variable)
    assert missing is not None
    raise missing


def _too_large(said: str, ref: ProductRef, span: TimeRange) -> RequestTooLarge:
    return RequestTooLarge(
        f"the Cluster archive gives at most 1 GB (compressed) in one answer: {said}",
        product=str(ref), range=span, hint="ask for a shorter range",
    )  # fmt: skip


def _refusal(reply: Response, said: str, ref: ProductRef) -> SpeasyError:
    """Return the error for an answer that is neither data nor "no data"."""
    message = said or "no message"
    error: SpeasyError
    if _UNKNOWN.search(said):
        error = UnknownProduct(
            f"the Cluster archive does not know {ref.path}: {message}", url=reply.url
        )
    elif reply.status == 200:
        error = UnexpectedContent(
            f"the Cluster archive sent no archive of files but: {message}", url=reply.url
        )
    else:
        error = HttpStatusError(
            f"the Cluster archive answered with status {reply.status}: {message}",
            status=reply.status, body=reply.body, url=reply.url,
        )  # fmt: skip
    error.product = str(ref)
    return error


def _quote(error: HttpStatusError) -> None:
    """Add what the server's page says to an error."""
    said = _page_text(error.body)
    if said and said not in error.message:
        error.message = f"{error.message}: {said}"
        error.args = (error.message,)


def _page_text(body: bytes) -> str:
    """Return the words of an error page (HTML, a VOTable or plain text) in one line."""
    text = body[:262_144].decode("utf-8", "replace")
    if "\ufffd" in text[:200]:
        return ""
    text = re.sub(r"(?is)<(script|style)\b.*?</\1\s*>|<!--.*?-->", " ", text)
    inside = re.sub(r"(?is)<head\b.*?</head\s*>", " ", text)
    # a page may say it in its title alone
    words = [html.unescape(re.sub(r"<[^>]*>", " ", part)).split() for part in (inside, text)]
    return " ".join(words[0] or words[1])[:300]


def _is_tar(body: bytes) -> bool:
    return body[257:262] == b"ustar"


def _date_ns(row: Mapping[str, str]) -> int | None:
    try:
        return to_ns(row.get("date_last_update", ""))
    except InvalidTime:
        return None


def _today(reply: Response | None) -> str:
    """Return the day of an answer by the server's clock: what came on one day is one version."""
    try:
        made = parsedate_to_datetime(reply.headers.get("date", "") if reply is not None else "")
    except ValueError:
        made = datetime.now(UTC)
    return f"{made:%Y-%m-%dT00:00:00Z}"


def _stamp(seconds: int) -> str:
    return f"{np.datetime64(seconds, 's')}Z"
