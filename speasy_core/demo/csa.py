"""Cluster's archive: tables by TAP, data as gzipped tars of CDF or CEF, or one streamed CEF."""

from __future__ import annotations

import gzip
import io
import itertools
import tarfile
import threading
from collections import OrderedDict
from collections.abc import Mapping
from functools import cached_property
from typing import Any
from urllib.parse import parse_qs

import numpy as np

from speasy_core.errors import InvalidTime, InvalidTimeRange
from speasy_core.timerange import TimeRange

from ._cef_write import to_cef
from ._csa_sets import MAX_ANSWER, ClusterSet, collect
from ._tap import QueryError, Table, error_votable, run_query, to_csv, to_votable
from .holdings import ArchiveError, TooLarge, stamp
from .parts import Handler, Stock
from .server import Reply, Request

__all__ = ["ClusterArchive", "serve"]

_VOTABLE = "application/x-votable+xml"
_FORMATS = {"CDF", "CDF_ISTP", "CEF", "CEFGZIP"}
_MAX_JOBS = 256
_COLUMNS = {
    "csa.v_mission": ("name", "description"),
    "csa.v_observatory": ("name", "mission_name", "description"),
    "csa.v_instrument": ("name", "observatories", "description"),
    "csa.v_dataset": (
        "dataset_id", "title", "description", "instruments", "start_date", "end_date",
        "date_last_update", "is_cef", "is_istp",
    ),
    "csa.v_parameter": (
        "dataset_id", "parameter_id", "data_type", "value_type", "catdesc", "fieldnam", "units",
        "sizes", "display_type", "depend_1",
    ),
}  # fmt: skip


class BadRequest(ArchiveError):
    """A request that cannot be understood."""

    status = 400


class NotFound(ArchiveError):
    """No such thing on this server."""

    status = 404


class ClusterArchive:
    """Everything under ``/csa-sl-tap``.

    Parameters
    ----------
    stock : Stock
        What there is.
    """

    def __init__(self, stock: Stock) -> None:
        self._stock = stock
        self._jobs: OrderedDict[str, Table | str] = OrderedDict()
        self._numbers = itertools.count(1)
        self._lock = threading.Lock()

    @cached_property
    def _sets(self) -> dict[str, ClusterSet]:
        return collect(self._stock)

    @cached_property
    def _tables(self) -> dict[str, Table]:
        return _make_tables(self._sets)

    def handle(self, request: Request) -> Reply:
        """Answer a request, its path below the host."""
        match request.segments:
            case ["csa-sl-tap", "data"]:
                return self._data({k.upper(): v for k, v in request.query.items()})
            case ["csa-sl-tap", "tap", "sync"]:
                return self._sync(_parameters(request))
            case ["csa-sl-tap", "tap", "async", *rest]:
                return self._async(rest, request)
        raise NotFound("/" + "/".join(request.segments))

    # -- tables ----------------------------------------------------------------------------------

    def _sync(self, parameters: Mapping[str, str]) -> Reply:
        try:
            table = self._query(parameters)
        except QueryError as error:
            return Reply(400, _VOTABLE, error_votable(str(error)))
        if parameters.get("FORMAT", parameters.get("RESPONSEFORMAT", "")).lower() in (
            "csv", "text/csv",
        ):  # fmt: skip
            return Reply(200, "text/csv", to_csv(table))
        return Reply(200, _VOTABLE, to_votable(table))

    def _query(self, parameters: Mapping[str, str]) -> Table:
        if parameters.get("REQUEST", "doQuery").lower() != "doquery":
            raise QueryError("REQUEST is doQuery")
        return run_query(parameters.get("QUERY", ""), self._tables)

    def _async(self, rest: list[str], request: Request) -> Reply:
        if request.method == "POST" and (not rest or rest[1:] == ["phase"]):
            number = rest[0] if rest else self._start(_parameters(request))
            where = f"{request.base}/csa/csa-sl-tap/tap/async/{number}"
            return Reply(303, "text/plain", headers={"Location": where})
        with self._lock:
            job = self._jobs.get(rest[0]) if rest else None
        if job is None:
            raise NotFound("no such job")
        phase = "ERROR" if isinstance(job, str) else "COMPLETED"
        match rest[1:]:
            case ["phase"]:
                return Reply(200, "text/plain", phase.encode())
            case ["results", "result"] if isinstance(job, Table):
                return Reply(200, _VOTABLE, to_votable(job))
            case ["error"] if isinstance(job, str):
                return Reply(200, _VOTABLE, error_votable(job))
            case []:
                base = f"{request.base}/csa/csa-sl-tap/tap/async/{rest[0]}"
                return Reply(200, "application/xml", _job(rest[0], phase, base))
        raise NotFound("/".join(rest))

    def _start(self, parameters: Mapping[str, str]) -> str:
        try:
            job: Table | str = self._query(parameters)
        except QueryError as error:
            job = str(error)
        with self._lock:
            number = str(next(self._numbers))
            self._jobs[number] = job
            while len(self._jobs) > _MAX_JOBS:
                self._jobs.popitem(last=False)
        return number

    # -- data ------------------------------------------------------------------------------------

    def _data(self, query: Mapping[str, list[str]]) -> Reply:
        parameters = {key: values[0] for key, values in query.items()}
        if parameters.get("RETRIEVAL_TYPE", "").lower() != "product":
            raise BadRequest("RETRIEVAL_TYPE is product")
        if parameters.get("RETRIEVAL_ACCESS", "").upper() == "DEFERRED":
            raise BadRequest("deferred requests need an account")
        wanted = _range(parameters)
        names = query.get("DATASET_ID", [])
        if not names:
            raise BadRequest("DATASET_ID is mandatory")
        sets = []
        for name in names:
            if name not in self._sets:
                raise NotFound(f"The dataset {name} does not exist")
            sets.append(self._sets[name])
        if parameters.get("RETRIEVAL_ACCESS", "").lower() == "streamed":
            body = _as_cef(sets[0], wanted)
            name = _file_name(sets[0].id, wanted, "cef")
            return Reply(200, "text/plain", body, headers=_disposition(name))
        kind = parameters.get("DELIVERY_FORMAT", "CEF").upper()
        if kind not in _FORMATS:
            raise BadRequest(f"DELIVERY_FORMAT is one of {', '.join(sorted(_FORMATS))}")
        members = {}
        for one in sets:
            body = _as_cef(one, wanted) if kind.startswith("CEF") else one.cdf(wanted)
            ending = "cef" if kind.startswith("CEF") else "cdf"
            if kind == "CEFGZIP":
                body, ending = gzip.compress(body, mtime=0), "cef.gz"
            members[f"CSA_Download/{one.id}/{_file_name(one.id, wanted, ending)}"] = body
        packed = _pack(members)
        if len(packed) > MAX_ANSWER:
            raise TooLarge("the request exceeds the limit of 1 GB")
        headers = _disposition("CSA_Download.tgz")
        return Reply(200, "application/x-gzip", packed, headers=headers)


def _range(parameters: Mapping[str, str]) -> TimeRange:
    try:
        return TimeRange(parameters["START_DATE"], parameters["END_DATE"])
    except KeyError as error:
        raise BadRequest(f"{error.args[0]} is mandatory") from error
    except (InvalidTime, InvalidTimeRange) as error:
        raise BadRequest(error.message) from error


def _as_cef(one: ClusterSet, wanted: TimeRange) -> bytes:
    variables = one.variables(wanted)
    times = variables[0].time_ns
    same = [v for v in variables if np.array_equal(v.time_ns, times)]
    return to_cef(same, one.id, _file_name(one.id, wanted, "cef"))


def _file_name(name: str, wanted: TimeRange, ending: str) -> str:
    start, stop = (f"{s[:8]}_{s[8:]}" for s in (stamp(wanted.start_ns), stamp(wanted.stop_ns)))
    return f"{name}__{start}_{stop}_V01.{ending}"


def _disposition(name: str) -> dict[str, str]:
    return {"Content-Disposition": f'attachment; filename="{name}"'}


def _pack(members: Mapping[str, bytes]) -> bytes:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w:gz", compresslevel=1) as tar:
        for name, body in members.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(body)
            tar.addfile(entry, io.BytesIO(body))
    return stream.getvalue()


def _parameters(request: Request) -> dict[str, str]:
    """Return the parameters of a query or a form; names count without case."""
    found: dict[str, list[str]] = dict(request.query)
    if request.method == "POST":
        found |= parse_qs(request.body.decode("utf-8", "replace"), keep_blank_values=True)
    return {key.upper(): values[0] for key, values in found.items()}


def _job(number: str, phase: str, base: str) -> bytes:
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        '<uws:job xmlns:uws="http://www.ivoa.net/xml/UWS/v1.0" '
        'xmlns:xlink="http://www.w3.org/1999/xlink" version="1.1">'
        f"<uws:jobId>{number}</uws:jobId><uws:phase>{phase}</uws:phase>"
        "<uws:executionDuration>0</uws:executionDuration><uws:parameters/>"
        f'<uws:results><uws:result id="result" xlink:href="{base}/results/result"/></uws:results>'
        "</uws:job>\n"
    ).encode()


def _clock(ns: int) -> str:
    return str(np.datetime64(ns, "ns").astype("datetime64[s]")).replace("T", " ") + ".0"


def _make_tables(sets: Mapping[str, ClusterSet]) -> dict[str, Table]:
    rows: dict[str, list[dict[str, Any]]] = {name: [] for name in _COLUMNS}
    seen: set[tuple[str, ...]] = set()
    for one in sets.values():
        mission, observatory, instrument = one.place
        known = observatory != "MULTIPLE"
        for table, row in (
            ("csa.v_mission", {"name": mission}),
            ("csa.v_observatory", {"name": observatory, "mission_name": mission} if known else {}),
            # the archive has a row for what belongs to several, and clients rely on it
            ("csa.v_observatory", {"name": "MULTIPLE", "mission_name": mission}),
            ("csa.v_instrument", {"name": instrument, "observatories": observatory}),
        ):
            if row and (table, row["name"]) not in seen:
                seen.add((table, row["name"]))
                rows[table].append(row)
        span = one.span
        rows["csa.v_dataset"].append({
            "dataset_id": one.id, "title": one.title, "instruments": instrument,
            "start_date": _clock(span.start_ns) if span else "",
            "end_date": _clock(span.stop_ns + 999_999_999) if span else "",
            "date_last_update": _clock(one.modified_ns), "is_cef": "true", "is_istp": "true",
        })  # fmt: skip
        rows["csa.v_parameter"] += [
            {**p, "dataset_id": one.id, "data_type": "Data"} for p in one.parameters()
        ]
    return {name: Table(columns, rows[name]) for name, columns in _COLUMNS.items()}


def serve(stock: Stock) -> Handler:
    """Return the handler of requests for Cluster's archive."""
    return ClusterArchive(stock).handle
