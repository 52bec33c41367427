"""AMDA's REST service: tokens, trees, lists, data, and a user's own space."""

from __future__ import annotations

import json
import logging
import secrets
import threading
import xml.etree.ElementTree as ET
from collections import OrderedDict
from collections.abc import Callable, Mapping
from functools import cached_property
from pathlib import Path
from xml.sax.saxutils import escape

from speasy_core.codecs import votable
from speasy_core.codecs.cdf import CdfFile, encode
from speasy_core.errors import InvalidTime, InvalidTimeRange, SpeasyError
from speasy_core.events import TimeTable
from speasy_core.timerange import TimeRange, to_ns

from . import _amda_events as events
from ._amda_products import XML_ID, Product, build_tree, file_of, products
from .cdaweb import NotFound, Results
from .holdings import Answer, ArchiveError, Holding, NoData
from .parts import Handler, Stock
from .server import Reply, Request

__all__ = ["PASSWORD", "USER", "Amda", "serve"]

log = logging.getLogger(__name__)

#: the one user of the local archive; a name and a word that open nothing else
USER, PASSWORD = "visitor", "open-sesame"
_BATCH_NS = 10 * 86_400 * 10**9
_MAX_KEPT = 1000
_TEXT = "text/html; charset=UTF-8"
_OWN_TABLE, _OWN_PARAMETER = "tt_0", "ws_0"


class Refused(Exception):
    """A request that is answered with ``success: false`` and a reason."""


class Amda:
    """Everything under the host name of AMDA.

    Parameters
    ----------
    holdings : mapping of str to Holding
        Data sets; parameters that AMDA has from the same source have AMDA's ids.
    folder : Path or None
        Where trees and lists that were recorded are looked for, and lists of events. A recorded
        tree is served as it is, with data behind those of its ids that the holdings have.
    synthetic : bool
        Whether lists of computed events are served.
    """

    def __init__(
        self, holdings: Mapping[str, Holding], folder: Path | None, *, synthetic: bool
    ) -> None:
        self._holdings, self._folder, self._synthetic = holdings, folder, synthetic
        self._results = Results()
        self._tokens: OrderedDict[str, None] = OrderedDict()
        self._jobs: OrderedDict[str, tuple[int, Callable[[], Reply]]] = OrderedDict()
        self._lock = threading.Lock()
        self._pages: dict[str, Callable[[Request], Reply]] = {
            "auth.php": lambda request: Reply(200, _TEXT, self._token().encode()),
            "isAlive.php": lambda request: _json({"alive": True}),
            "getObsDataTree.php": self._tree_page,
            "getTimeTablesList.php": self._tables_page,
            "getCatalogsList.php": self._catalogs_page,
            "getParameterList.php": self._parameters_page,
            "getParameter.php": self._parameter,
            "getStatus.php": self._status,
            "getTimeTable.php": lambda request: self._table(request, "ttID"),
            "getCatalog.php": lambda request: self._table(request, "catID"),
        }

    def handle(self, request: Request) -> Reply:
        """Answer a request, its path below the host."""
        match request.segments:
            case ["php", "rest", page] if page in self._pages:
                try:
                    return self._pages[page](request)
                except Refused as refused:
                    return _json({"success": False, "message": str(refused)})
            case ["WSRESULT", folder, name]:
                answer = self._results.get(folder, name)
                if answer is not None:
                    kind = "application/x-cdf" if name.endswith(".cdf") else "application/xml"
                    return Reply(200, kind, chunks=answer.chunks, size=answer.size)
        raise NotFound("/" + "/".join(request.segments))

    # -- what there is ---------------------------------------------------------------------------

    @cached_property
    def _products(self) -> dict[str, Product]:
        return products(self._holdings)

    @cached_property
    def _documents(self) -> dict[str, list[Path]]:
        return events.find_documents(self._folder)

    @cached_property
    def _listed(self) -> dict[str, events.Listed]:
        found = list(events.scan_events(self._folder, self._documents.get("VOTABLE", [])))
        if self._synthetic:
            found += events.computed_events()
        return {one.id: one for one in found}

    @cached_property
    def _tree(self) -> bytes:
        recorded = self._documents.get("dataRoot")
        return recorded[0].read_bytes() if recorded else build_tree(self._products)

    def _list(self, root: str, leaf: str) -> bytes:
        mark = "table" if leaf == "timeTable" else "catalog"
        listed = [one for one in self._listed.values() if mark in one.id.lower()]
        recorded = self._documents.get(root)
        return events.list_document(root, leaf, listed, recorded[0] if recorded else None)

    @cached_property
    def _tables(self) -> bytes:
        return self._list("timeTableList", "timeTable")

    @cached_property
    def _catalogs(self) -> bytes:
        return self._list("catalogList", "catalog")

    # -- pages -----------------------------------------------------------------------------------

    def _token(self) -> str:
        token = secrets.token_hex(8)
        with self._lock:
            self._tokens[token] = None
            while len(self._tokens) > _MAX_KEPT:
                self._tokens.popitem(last=False)
        return token

    def _keep(self, request: Request, name: str, body: bytes) -> str:
        """Keep a result and return its address."""
        span = TimeRange.from_ns(0, 1)
        folder = self._results.add(
            Answer(name, span, len(body), 0, lambda: iter((body,)), held=len(body))
        )
        return f"{request.base}/amda/WSRESULT/{folder}/{name}"

    def _indirect(self, request: Request, name: str, body: bytes) -> Reply:
        url = self._keep(request, name, body)
        return Reply(200, _TEXT, f"<result>{escape(url)}</result>".encode())

    def _tree_page(self, request: Request) -> Reply:
        if _given(request, "privateOnly").lower() == "true":
            _login(request, required=True)
            empty = ET.Element("dataRoot", {XML_ID: "DATAROOT"})
            return self._indirect(request, "private.xml", ET.tostring(empty))
        return self._indirect(request, "obsdatatree.xml", self._tree)

    def _tables_page(self, request: Request) -> Reply:
        if not _login(request):
            return self._indirect(request, "timetables.xml", self._tables)
        own = ET.Element("timetabList", {XML_ID: "timeTable-treeRootNode"})
        ET.SubElement(own, "timetab", {XML_ID: _OWN_TABLE, "name": "my_events", "intervals": "2"})
        return self._indirect(request, "timetabs.xml", ET.tostring(own))

    def _catalogs_page(self, request: Request) -> Reply:
        if not _login(request):
            return self._indirect(request, "catalogs.xml", self._catalogs)
        own = ET.Element("catalogList", {XML_ID: "catalog-treeRootNode"})
        return self._indirect(request, "mycatalogs.xml", ET.tostring(own))

    def _parameters_page(self, request: Request) -> Reply:
        _login(request, required=True)
        root = ET.Element("ws")
        own = ET.SubElement(root, "paramList", {XML_ID: "derivedParam-treeRootNode"})
        if "imf_mag" in self._products:
            attributes = {
                XML_ID: _OWN_PARAMETER, "name": "imf_squared", "buildchain": "imf_mag * imf_mag",
                "timestep": "16", "dim_1": "1", "dim_2": "1", "units": "nT^2",
                "sampling_mode": "timestep", "size": "1", "display_type": "timeseries",
            }  # fmt: skip
            ET.SubElement(own, "param", attributes)
        return self._indirect(request, "parameters.xml", ET.tostring(root))

    def _parameter(self, request: Request) -> Reply:
        with self._lock:
            if _given(request, "token") not in self._tokens:
                raise Refused("the token is not valid")
        ident, wanted = _given(request, "parameterID"), _span(request)
        if _given(request, "outputFormat") not in ("", "CDF_ISTP"):
            raise Refused("this archive gives CDF_ISTP only")
        derived = ident == _OWN_PARAMETER
        is_known = _login(request, required=derived)
        product = self._products.get("imf_mag" if derived else ident)
        if product is None:
            raise Refused(f"parameter {ident} not found")
        limit = product.restricted_after
        if limit and wanted.stop_ns > to_ns(limit) and not is_known:
            raise Refused(f"access denied: data after {limit} need a login")

        def finish() -> Reply:
            name = f"{ident}_{wanted.start_ns // 10**9}.cdf"
            return _json(
                {
                    "success": True,
                    "dataFileURLs": self._keep(request, name, _file(product, wanted, derived)),
                }
            )

        if wanted.stop_ns - wanted.start_ns <= _BATCH_NS:
            return finish()
        return self._begin(finish)

    def _begin(self, finish: Callable[[], Reply]) -> Reply:
        """Answer as the server does when a request takes long; it is done when asked twice."""
        job = secrets.token_hex(6)
        with self._lock:
            self._jobs[job] = (1, finish)
            while len(self._jobs) > _MAX_KEPT:
                self._jobs.popitem(last=False)
        return _json({"success": True, "status": "in progress", "id": job})

    def _status(self, request: Request) -> Reply:
        job = _given(request, "id")
        with self._lock:
            left, finish = self._jobs.pop(job, (0, None))
            if left:
                self._jobs[job] = (left - 1, finish)  # type: ignore[assignment]
        if finish is None:
            raise Refused(f"process {job} not found")
        if left:
            return _json({"success": True, "status": "in progress", "id": job})
        return finish()

    def _table(self, request: Request, key: str) -> Reply:
        ident = _given(request, key)
        if ident == _OWN_TABLE:
            _login(request, required=True)
            days = [("2019-01-02T01:00", "2019-01-02T02:00"), ("2019-01-02T15:00", "2019-01-02T16")]
            table = TimeTable("my_events", {}, days)
        else:
            one = self._listed.get(ident)
            if one is None:
                raise Refused(f"{ident} not found")
            try:
                table = one.load()  # type: ignore[assignment]
            except (SpeasyError, OSError) as error:
                raise Refused(f"{ident} cannot be read: {error}") from error
        url = self._keep(request, f"{ident}.xml", votable.encode(table))
        return _json({"success": True, "dataFileURLs": url})


def _file(product: Product, wanted: TimeRange, derived: bool) -> bytes:
    try:
        data = file_of(product, wanted)
    except NoData as nothing:
        raise Refused(f"no data: {nothing}") from nothing
    except ArchiveError as error:
        raise Refused(str(error)) from error
    if not derived:
        return data
    base = CdfFile(data, product.id).variable(product.id)
    return encode([(base * base).copy(name=_OWN_PARAMETER)])


def _json(content: Mapping[str, object]) -> Reply:
    return Reply(200, "application/json", json.dumps(content).encode())


def _given(request: Request, key: str) -> str:
    return request.query.get(key, [""])[0]


def _login(request: Request, *, required: bool = False) -> bool:
    """Return whether the request is of the user; wrong credentials are refused."""
    user, password = _given(request, "userID"), _given(request, "password")
    if (user, password) == (USER, PASSWORD):
        return True
    if required or user or password:
        raise Refused("wrong user or password" if user else "a login is needed")
    return False


def _span(request: Request) -> TimeRange:
    try:
        return TimeRange(_given(request, "startTime"), _given(request, "stopTime"))
    except (InvalidTime, InvalidTimeRange) as error:
        raise Refused(error.message) from error


def serve(stock: Stock) -> Handler:
    """Return the handler of AMDA's host."""
    synthetic = stock.folder is None or "MMS1_FGM_SRVY_L2" in stock.holdings
    return Amda(stock.holdings, stock.folder, synthetic=synthetic).handle
