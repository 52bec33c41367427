"""A HAPI server over the archive's holdings: 3.2 at the root, any version below its number.

``{url}/hapi/info?dataset=AC_H0_MFI`` is answered in 3.2, ``{url}/hapi/2.0/hapi/info?id=AC_H0_MFI``
in 2.0. Every instant is written to the nanosecond and every number so that it reads back exactly:
the same data through another face of the archive is the same, bit for bit.
"""

from __future__ import annotations

import gzip
import html
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from speasy_core.codecs._hapi_time import NAT, times_to_ns
from speasy_core.errors import SpeasyError
from speasy_core.timerange import TimeRange

from ._hapi_bodies import TIME, VERSIONS, binary_body, csv_body, describe, json_body
from ._hapi_recorded import recorded_sets
from ._hapi_sets import HapiSet, Sets, held_sets
from .holdings import ArchiveError, TooLarge
from .parts import Handler, Stock
from .server import Reply, Request

__all__ = ["HapiServer", "serve"]

_DEFAULT = "3.2"
_FORMATS = {"csv": "text/csv", "binary": "application/octet-stream", "json": "application/json"}
_TIME_FORM = re.compile(r"\d{4}(-(\d{3}|\d{2}(-\d{2})?))?(T\d{2}(:\d{2}(:\d{2}(\.\d*)?)?)?)?Z?")
# HAPI's codes, what they mean, and the HTTP status they travel with
_CODES = {
    1200: (200, "OK"),
    1201: (200, "OK - no data for time range"),
    1400: (400, "user input error"),
    1401: (400, "unknown API parameter name"),
    1402: (400, "error in start time"),
    1403: (400, "error in stop time"),
    1404: (400, "start time equal to or after stop time"),
    1405: (400, "time outside valid range"),
    1406: (404, "unknown dataset id"),
    1407: (404, "unknown dataset parameter"),
    1408: (400, "too much time or data requested"),
    1409: (400, "unsupported output format"),
    1410: (400, "unsupported include value"),
    1411: (400, "out-of-order or duplicate parameters"),
    1412: (400, "unsupported resolve_references value"),
    1413: (400, "unsupported depth value"),
    1500: (500, "internal server error"),
}


class Problem(ArchiveError):
    """A request that is answered with one of HAPI's error codes."""

    def __init__(self, code: int, detail: str = "") -> None:
        super().__init__(detail)
        self.code, self.detail = code, detail


class HapiServer:
    """Answers capabilities, about, catalog, info and data.

    Parameters
    ----------
    stock : Stock
        The holdings; each becomes a data set, or several where it has several time axes.
    """

    def __init__(self, stock: Stock) -> None:
        self._sets = Sets(lambda: _all_sets(stock))

    def handle(self, request: Request) -> Reply:
        """Answer a request, its path below ``/hapi``."""
        version, segments = _DEFAULT, request.segments
        if segments[:1] and segments[0] in VERSIONS and segments[1:2] == ["hapi"]:
            version, segments = segments[0], segments[2:]
        endpoints: dict[str, Callable[[_Query], Reply]] = {
            "capabilities": self._capabilities, "catalog": self._catalog, "info": self._info,
            "data": self._data,
        }  # fmt: skip
        if version >= "3.0":
            endpoints["about"] = self._about
        try:
            if request.method not in ("GET", "HEAD"):
                raise Problem(1400, f"{request.method} is not answered, only GET is")
            if not segments:
                return _landing(version, sorted(endpoints), "" if request.folder else "hapi/")
            answer = endpoints.get(segments[0]) if len(segments) == 1 else None
            if answer is None:
                return _status(version, 1400, f"no such endpoint: {'/'.join(segments)}", http=404)
            return answer(_Query(request, version))
        except Problem as problem:
            # 2.x has no word for the order of parameters
            code = 1400 if problem.code == 1411 and version < "3.0" else problem.code
            return _status(version, code, problem.detail)
        except TooLarge as error:
            return _status(version, 1408, str(error))
        except (SpeasyError, ArchiveError) as error:
            return _status(version, 1500, str(error))

    @property
    def _modified_ns(self) -> int:
        return max((one.holding.modified_ns for one in self._sets.values()), default=0)

    def _capabilities(self, query: _Query) -> Reply:
        query.allow()
        content: dict[str, Any] = {"outputFormats": list(_FORMATS)}
        if query.version >= "3.2":
            content["catalogDepthOptions"] = ["dataset", "all"]
        return _document(query.version, content, self._modified_ns)

    def _about(self, query: _Query) -> Reply:
        query.allow()
        return _document(query.version, {
            "id": "LocalArchive",
            "title": "Local archive",
            "contact": "the person who started it",
            "description": "A copy on loopback of what the archive's other faces serve",
        }, self._modified_ns)  # fmt: skip

    def _catalog(self, query: _Query) -> Reply:
        query.allow("resolve_references", "depth")
        depth = query.get("depth", "dataset")
        if depth not in ("dataset", "all"):
            raise Problem(1413, f"depth {depth!r}")
        listed = []
        for one in self._sets.values():
            title = one.holding.description.title
            item: dict[str, Any] = {"id": one.id} | ({"title": title} if title else {})
            if depth == "all":
                item["info"] = describe(one, query.version)
            listed.append(item)
        return _document(query.version, {"catalog": listed}, self._modified_ns)

    def _info(self, query: _Query) -> Reply:
        query.allow("dataset", "parameters", "resolve_references")
        one = self._find(query)
        content = describe(one, query.version, _selected(one, query.get("parameters")))
        return _document(query.version, content, one.holding.modified_ns)

    def _data(self, query: _Query) -> Reply:
        query.allow("dataset", "parameters", "start", "stop", "include", "format",
                    "resolve_references")  # fmt: skip
        one = self._find(query)
        names = _selected(one, query.get("parameters"))
        names = list(one.quantities) if names is None else names
        form = query.get("format") or "csv"
        if form not in _FORMATS:
            raise Problem(1409, f"format {form!r}")
        if query.get("include") not in (None, "", "header"):
            raise Problem(1410, f"include {query.get('include')!r}")
        wanted = _range(one, query)
        time, values = one.records(names, wanted)
        code = 1200 if len(time) else 1201
        header = {
            **_envelope(query.version, code),
            "format": form,
            **describe(one, query.version, names),
        }
        if form == "json":
            body = json_body(one, header, time, values)
        else:
            write = csv_body if form == "csv" else binary_body
            body = write(one, time, values)
            if query.get("include") == "header":
                body = f"#{json.dumps(header)}\n".encode() + body
        reply = _reply(200, _FORMATS[form], body, code, one.holding.modified_ns)
        return _packed(reply, query.request)

    def _find(self, query: _Query) -> HapiSet:
        name = query.get("dataset")
        if not name:
            raise Problem(1400, "no dataset is named")
        if name not in self._sets:
            raise Problem(1406, name)
        return self._sets[name]


def _all_sets(stock: Stock) -> dict[str, HapiSet]:
    """Return what the holdings are as data sets, and recorded answers that are of no holding."""
    found = held_sets(stock.holdings)
    for one in recorded_sets(stock.folder):
        found.setdefault(one.id, one)
    return {name: one for name, one in found.items() if not one.is_empty}


class _Query:
    """The parameters of a request under the names of 3.x, whatever names they came by."""

    def __init__(self, request: Request, version: str) -> None:
        self.version, self.request = version, request
        self._old = {"id": "dataset", "time.min": "start", "time.max": "stop"}
        self._given: dict[str, str] = {}
        self._unknown: list[str] = []
        for key, values in request.query.items():
            name = self._old.get(key, key)
            # 2.x knows the old names alone, 3.x both
            if version < "3.0" and key in self._old.values():
                self._unknown.append(key)
            elif name in self._given or len(values) > 1:
                raise Problem(1400, f"{key} is given twice")
            else:
                self._given[name] = values[0]

    def allow(self, *names: str) -> None:
        """Refuse all parameters but these."""
        new = () if self.version >= "3.0" else ("resolve_references", "depth")
        unknown = [*self._unknown, *(n for n in self._given if n not in names or n in new)]
        if unknown:
            raise Problem(1401, ", ".join(unknown))
        references = self._given.get("resolve_references", "true")
        if references not in ("true", "false"):
            raise Problem(1412, references)

    def get(self, name: str, default: str | None = None) -> str | None:
        """Return a parameter."""
        return self._given.get(name, default)


def _selected(one: HapiSet, text: str | None) -> list[str] | None:
    """Return the parameters asked for besides time; None for all."""
    if not text:
        return None
    asked = text.split(",")
    known = [TIME, *one.quantities]
    for name in asked:
        if name not in known:
            raise Problem(1407, name)
    places = [known.index(name) for name in asked]
    if places != sorted(set(places)):
        raise Problem(1411, text)
    return [name for name in asked if name != TIME]


def _range(one: HapiSet, query: _Query) -> TimeRange:
    start = _instant(query.get("start"), 1402)
    stop = _instant(query.get("stop"), 1403)
    if start >= stop:
        raise Problem(1404, f"{query.get('start')} and {query.get('stop')}")
    if start < one.span.start_ns or stop > one.span.stop_ns:
        raise Problem(1405, f"{one.id} has {one.span}")
    longest = one.max_request_ns
    if longest is not None and stop - start > longest:
        raise Problem(1408, f"{(stop - start) / 1e9:g} s, and {longest / 1e9:g} s may be asked for")
    return TimeRange.from_ns(start, stop)


def _instant(text: str | None, code: int) -> int:
    if text is None or not _TIME_FORM.fullmatch(text):
        raise Problem(code, "it is missing" if text is None else f"{text!r} is not a HAPI time")
    ns = int(times_to_ns(np.array([text.encode()]))[0])
    if ns == NAT:
        raise Problem(code, f"{text!r} is not a date between 1678 and 2261")
    return ns


def _envelope(version: str, code: int, detail: str = "") -> dict[str, Any]:
    error = f"HAPI error {code}: " if code >= 1400 else ""
    message = error + _CODES[code][1] + (f": {detail}" if detail else "")
    return {"HAPI": version, "status": {"code": code, "message": message}}


def _reply(status: int, kind: str, body: bytes, code: int, modified_ns: int | None = None) -> Reply:
    reason = f"HAPI {code} {_CODES[code][1]}"
    headers = {"Access-Control-Allow-Methods": "GET"}
    return Reply(status, kind, body, headers=headers, reason=reason, modified_ns=modified_ns)


def _packed(reply: Reply, request: Request) -> Reply:
    """Return the reply gzipped where the client takes that."""
    if not reply.body or "gzip" not in request.headers.get("accept-encoding", ""):
        return reply
    headers = {**reply.headers, "Content-Encoding": "gzip", "Vary": "Accept-Encoding"}
    return replace(reply, body=gzip.compress(reply.body, 1), headers=headers)


def _document(version: str, content: Mapping[str, Any], modified_ns: int) -> Reply:
    body = json.dumps({**_envelope(version, 1200), **content}).encode()
    return _reply(200, "application/json", body, 1200, modified_ns)


def _status(version: str, code: int, detail: str, http: int | None = None) -> Reply:
    body = json.dumps(_envelope(version, code, detail)).encode()
    return _reply(http or _CODES[code][0], "application/json", body, code)


def _landing(version: str, endpoints: list[str], base: str) -> Reply:
    links = "".join(f'<li><a href="{base}{e}">{html.escape(e)}</a></li>' for e in endpoints)
    page = (
        "<!DOCTYPE html><html><head><title>HAPI server of the local archive</title></head><body>"
        f"<h1>HAPI server of the local archive</h1><p>HAPI {version}</p><ul>{links}</ul>"
        "</body></html>"
    )
    return _reply(200, "text/html", page.encode(), 1200)


def serve(stock: Stock) -> Handler:
    """Return the handler of this part."""
    return HapiServer(stock).handle
