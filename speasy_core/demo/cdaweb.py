"""CDAWeb's web services: data sets, variables, data requests and their result files."""

from __future__ import annotations

import json
import re
import secrets
import string
import threading
import xml.etree.ElementTree as ET
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from speasy_core.errors import InvalidTime, InvalidTimeRange
from speasy_core.timerange import TimeRange

from .holdings import Answer, ArchiveError, Holding, NoData
from .parts import Handler, Stock
from .server import Reply, Request
from .spdf import Archive

__all__ = ["CdaWeb", "Results", "serve"]

NS = "http://cdaweb.gsfc.nasa.gov/schema"
_LETTERS = string.ascii_letters + string.digits


class BadRequest(ArchiveError):
    """A request that cannot be understood."""

    status = 400


class NotFound(ArchiveError):
    """No such thing on this server."""

    status = 404


def _iso(ns: int) -> str:
    return str(np.datetime64(ns, "ns").astype("datetime64[ms]")) + "Z"


def _range(start: str, stop: str) -> TimeRange:
    try:
        return TimeRange(start, stop)
    except (InvalidTime, InvalidTimeRange) as error:
        raise BadRequest(error.message) from error


class Results:
    """Result files, under names nobody can guess; the oldest go first.

    Parameters
    ----------
    max_count, max_bytes : int
        How many results, and how many bytes of them held in memory.
    """

    def __init__(self, max_count: int = 512, max_bytes: int = 512_000_000) -> None:
        self._kept: OrderedDict[str, Answer] = OrderedDict()
        self._max_count, self._max_bytes, self._held = max_count, max_bytes, 0
        self._lock = threading.Lock()

    def add(self, answer: Answer) -> str:
        """Keep an answer and return the name of its folder."""
        folder = "ws" + "".join(secrets.choice(_LETTERS) for _ in range(6))
        with self._lock:
            self._kept[folder] = answer
            self._held += answer.held
            while len(self._kept) > 1 and (
                len(self._kept) > self._max_count or self._held > self._max_bytes
            ):
                self._held -= self._kept.popitem(last=False)[1].held
        return folder

    def get(self, folder: str, name: str) -> Answer | None:
        """Return a kept answer."""
        with self._lock:
            answer = self._kept.get(folder)
        return answer if answer is not None and answer.name == name else None


class CdaWeb:
    """Everything under the host name of CDAWeb.

    Parameters
    ----------
    holdings : mapping of str to Holding
        Data sets by id.
    archive : Archive
        The file tree, which CDAWeb's host serves as well.
    mangled : bool
        Spell variable names in result files with ``$`` for odd characters.
    """

    def __init__(
        self, holdings: Mapping[str, Holding], archive: Archive, *, mangled: bool = False
    ) -> None:
        self._holdings, self._archive, self._mangled = holdings, archive, mangled
        self._results = Results()

    def handle(self, request: Request) -> Reply:
        """Answer a request, its path below the host."""
        match request.segments:
            case ["WS", "cdasr", "1", "dataviews", "sp_phys", *rest]:
                return self._service(rest, request)
            case ["tmp", folder, name]:
                answer = self._results.get(folder, name)
                if answer is None:
                    raise NotFound(f"{name} is not (or no longer) there")
                return Reply(
                    200, "application/x-cdf", chunks=answer.chunks, size=answer.size,
                    modified_ns=answer.modified_ns,
                )  # fmt: skip
            case ["sp_phys", "data", *_]:
                return self._archive.handle(request.below(1))
            case ["pub", *_]:
                return self._archive.handle(request.below(1))
        raise NotFound("/" + "/".join(request.segments))

    def _service(self, rest: list[str], request: Request) -> Reply:
        if request.method == "POST":
            if rest != ["datasets"]:
                raise NotFound("POST is for .../datasets")
            return self._post(request)
        match rest:
            case ["observatoryGroups"]:
                return self._groups(request)
            case ["instrumentTypes"]:
                return self._instrument_types(request)
            case ["observatories"]:
                return self._places(request, "ObservatoryDescription", "observatory")
            case ["instruments"]:
                return self._places(request, "InstrumentDescription", "instrument")
            case ["datasets"]:
                return self._datasets(request)
            case ["datasets", name, "variables"]:
                items = [
                    {
                        "Name": v.name,
                        "ShortDescription": v.title,
                        "LongDescription": v.description,
                    }
                    for v in self._find(name).variables()
                ]
                return _reply(request, "VariablesResponse", {"VariableDescription": items})
            case ["datasets", name, "inventory"]:
                ranges = [_interval(r) for r in self._find(name).intervals()]
                item = {"Id": name, "TimeInterval": ranges}
                return _reply(request, "InventoryResponse", {"InventoryDescription": [item]})
            case ["datasets", name, "data", times, names]:
                form = request.query.get("format", ["cdf"])[0]
                if form.lower() != "cdf":
                    raise BadRequest(f"format {form!r} is not available here, only cdf")
                # a comma may be part of a name: what is one variable is not split
                listed = {v.name for v in self._find(name).variables()}
                wanted = [names] if names in listed else names.split(",")
                return self._data(request, name, _split_range(times), wanted)
            case ["datasets", name, "orig_data", times]:
                return self._originals(request, name, _split_range(times))
        raise NotFound("/".join(rest))

    def _find(self, name: str) -> Holding:
        holding = self._holdings.get(name) or self._holdings.get(name.upper())
        if holding is None:
            raise NotFound(f"dataset {name} not found")
        return holding

    def _selected(self, request: Request) -> list[Holding]:
        found = list(self._holdings.values())
        for key, values in request.query.items():
            found = [h for h in found if _FILTERS.get(key, _anything)(h, values)]
        return found

    def _groups(self, request: Request) -> Reply:
        groups: dict[str, dict[str, None]] = {}
        for holding in self._selected(request):
            d = holding.description
            groups.setdefault(d.group, {})[d.observatory] = None
        items = [{"Name": name, "ObservatoryId": list(seen)} for name, seen in groups.items()]
        return _reply(request, "ObservatoryGroups", {"ObservatoryGroupDescription": items})

    def _instrument_types(self, request: Request) -> Reply:
        kinds = {k: None for h in self._selected(request) for k in h.description.instrument_types}
        items = [{"Name": kind} for kind in kinds]
        return _reply(request, "InstrumentTypes", {"InstrumentTypeDescription": items})

    def _places(self, request: Request, kind: str, field: str) -> Reply:
        items: dict[str, dict[str, str]] = {}
        for holding in self._selected(request):
            name = getattr(holding.description, field)
            title = getattr(holding.description, f"{field}_title")
            items[name] = {"Name": name, "ShortDescription": name, "LongDescription": title}
        return _reply(request, f"{kind}s", {kind: list(items.values())})

    def _datasets(self, request: Request) -> Reply:
        items = []
        for holding in self._selected(request):
            d, span = holding.description, holding.span
            item: dict[str, Any] = {
                "Id": d.id,
                "Observatory": [d.observatory],
                "Instrument": [d.instrument],
                "ObservatoryGroup": [d.group],
                "InstrumentType": list(d.instrument_types),
                "Label": d.title,
                "TimeInterval": _interval(span) if span else {"Start": "", "End": ""},
                "PiName": d.pi_name,
                "PiAffiliation": d.pi_affiliation,
                "Notes": d.notes,
                "DatasetLink": [],
            }
            if d.spase_id:
                item["SpaseResourceId"] = d.spase_id
            items.append(item)
        return _reply(request, "Datasets", {"DatasetDescription": items})

    def _post(self, request: Request) -> Reply:
        wanted, name, variables = _parse_request(request.body)
        return self._data(request, name, wanted, variables)

    def _data(
        self, request: Request, name: str, wanted: TimeRange, variables: Sequence[str]
    ) -> Reply:
        holding = self._find(name)
        names = [v for v in variables if v]
        if names == ["ALL-VARIABLES"]:
            names = [v.name for v in holding.variables()]
        if not names:
            raise BadRequest("no variable is named")
        try:
            answer = holding.answer(names, wanted, mangled=self._mangled)
        except NoData as nothing:
            return _reply(request, "DataResult", _result([], message=[str(nothing)]), status=404)
        folder = self._results.add(answer)
        item = _file(
            f"{request.base}/cdaweb/tmp/{folder}/{answer.name}",
            answer.span, answer.size, answer.modified_ns,
        )  # fmt: skip
        result = _result([item], warning=list(answer.warnings))
        return _reply(request, "DataResult", result, modified_ns=answer.modified_ns)

    def _originals(self, request: Request, name: str, wanted: TimeRange) -> Reply:
        holding = self._find(name)
        base = f"{request.base}/cdaweb/sp_phys/data"
        items = [
            _file(f"{base}/{self._archive.path_of(holding, f)}", f.span, f.size, f.modified_ns)
            for f in holding.files(wanted)
        ]
        if not items:
            missing = _result([], message=["No data available."])
            return _reply(request, "DataResult", missing, status=404)
        return _reply(request, "DataResult", _result(items))


def _interval(span: TimeRange) -> dict[str, str]:
    return {"Start": _iso(span.start_ns), "End": _iso(span.stop_ns)}


def _file(url: str, span: TimeRange, size: int, modified_ns: int) -> dict[str, Any]:
    return {
        "Name": url,
        "MimeType": "application/x-cdf",
        "StartTime": _iso(span.start_ns),
        "EndTime": _iso(span.stop_ns),
        "Length": size,
        "LastModified": _iso(modified_ns),
    }


def _result(
    files: list[dict[str, Any]], *, message: Iterable[str] = (), warning: Iterable[str] = ()
) -> dict[str, Any]:
    return {
        "FileDescription": files,
        "Message": list(message),
        "Warning": list(warning),
        "Status": [],
        "Error": [],
    }


def _split_range(text: str) -> TimeRange:
    start, comma, stop = text.partition(",")
    if not comma:
        raise BadRequest(f"{text!r} is not of the form start,stop")
    return _range(start, stop)


def _parse_request(body: bytes) -> tuple[TimeRange, str, list[str]]:
    if b"<!DOCTYPE" in body or b"<!ENTITY" in body:
        raise BadRequest("a DTD is not accepted")
    try:
        root = ET.fromstring(body)
    except ET.ParseError as error:
        raise BadRequest(f"the body is not XML: {error}") from error
    request = root.find(f"{{{NS}}}CdfRequest")
    if request is None:
        raise BadRequest("only CdfRequest is available here")

    def text(path: str) -> str:
        return (request.findtext("/".join(f"{{{NS}}}{p}" for p in path.split("/"))) or "").strip()

    wanted = _range(text("TimeInterval/Start"), text("TimeInterval/End"))
    dataset = request.find(f"{{{NS}}}DatasetRequest")
    names = [e.text.strip() for e in dataset.iter(f"{{{NS}}}VariableName") if e.text] if (
        dataset is not None
    ) else []  # fmt: skip
    return wanted, text("DatasetRequest/DatasetId"), names


def _wants_json(request: Request) -> bool:
    """Return whether JSON comes before XML in what the client accepts; XML is the default."""
    ranked = []
    for order, part in enumerate((request.headers.get("accept") or "").split(",")):
        kind, *params = (p.strip().lower() for p in part.split(";"))
        weight = next((p[2:] for p in params if p.startswith("q=")), "1")
        try:
            ranked.append((-float(weight), order, kind))
        except ValueError:
            ranked.append((0.0, order, kind))
    kinds = [kind for _, _, kind in sorted(ranked)]
    json_at = next((i for i, k in enumerate(kinds) if k == "application/json"), len(kinds))
    xml_at = next((i for i, k in enumerate(kinds) if k.endswith("/xml")), len(kinds))
    return json_at < xml_at


def _reply(
    request: Request,
    root: str,
    content: Mapping[str, Any],
    *,
    status: int = 200,
    modified_ns: int | None = None,
) -> Reply:
    if _wants_json(request):
        body = json.dumps(content, ensure_ascii=False).encode()
        return Reply(status, "application/json", body, modified_ns=modified_ns)
    element = ET.Element(root, {"xmlns": NS})
    _fill(element, content)
    body = ET.tostring(element, encoding="UTF-8", xml_declaration=True)
    return Reply(status, "application/xml", body, modified_ns=modified_ns)


_FORBIDDEN = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def _fill(element: ET.Element, content: Mapping[str, Any]) -> None:
    for key, value in content.items():
        for item in value if isinstance(value, list) else [value]:
            child = ET.SubElement(element, key)
            if isinstance(item, Mapping):
                _fill(child, item)
            else:
                child.text = _FORBIDDEN.sub(" ", str(item))


def _anything(holding: Holding, values: list[str]) -> bool:
    return True


def _matches(text: str, patterns: list[str]) -> bool:
    try:
        return any(re.search(p, text) for p in patterns)
    except re.error as error:
        raise BadRequest(f"{patterns[0]!r} is not a regular expression: {error}") from error


def _not_before(holding: Holding, values: list[str]) -> bool:
    span = holding.span
    return span is not None and span.stop_ns > _range(values[0], "2200-01-01").start_ns


def _not_after(holding: Holding, values: list[str]) -> bool:
    span = holding.span
    return span is not None and span.start_ns < _range("1700-01-01", values[0]).stop_ns


_FILTERS: dict[str, Callable[[Holding, list[str]], bool]] = {
    "observatoryGroup": lambda h, v: h.description.group in v,
    "instrumentType": lambda h, v: bool(set(h.description.instrument_types) & set(v)),
    "observatory": lambda h, v: h.description.observatory in v,
    "instrument": lambda h, v: h.description.instrument in v,
    "id": lambda h, v: h.description.id in v,
    "idPattern": lambda h, v: _matches(h.description.id, v),
    "labelPattern": lambda h, v: _matches(h.description.title, v),
    "notesPattern": lambda h, v: _matches(h.description.notes, v),
    "startDate": _not_before,
    "stopDate": _not_after,
}


def serve(stock: Stock) -> Handler:
    """Return the handler of CDAWeb's host."""
    return CdaWeb(stock.holdings, stock.archive, mangled=stock.mangle_names).handle
