"""What the public HAPI verifier asks of a server, asked here of every data set of one.

The verifier keeps milliseconds, encodes addresses as JavaScript's ``encodeURI`` does, and reads
the first line of a body for types: so do these rules. A `Walk` collects what it finds wrong.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any
from urllib.parse import quote

import numpy as np
from demo_tools import Got, ask

#: problems of one document: (kind of document, version, document) -> sentences
Schema = Callable[[str, str, Any], list[str]]

_NUMBER = re.compile(r"[-+]?[0-9]*\.?[0-9]+([eE][-+]?[0-9]{1,3})?")
_DURATION = re.compile(r"P(?=.)(\d+D)?(T(?=\d)(\d+H)?(\d+M)?(\d+(\.\d+)?S)?)?")
_IDENTIFIER = re.compile(r"[_a-zA-Z][_a-zA-Z0-9]{1,30}")
_KEPT_BY_JAVASCRIPT = ";,/?:@&=+$-_.!~*'()#"
_ORIGIN = {"Origin": "http://127.0.0.1", "Accept-Encoding": "identity"}


def milliseconds(text: str) -> datetime:
    """Return an instant as the verifier keeps it: all digits after the third are dropped."""
    whole, _, rest = text.removesuffix("Z").partition(".")
    form = "%Y-%jT%H:%M:%S" if re.match(r"\d{4}-\d{3}T", whole) else "%Y-%m-%dT%H:%M:%S"
    return datetime.strptime(whole, form) + timedelta(milliseconds=int(f"{rest}000"[:3]))


def day_of_year(text: str) -> str:
    """Write the date of an instant the other way."""
    return datetime.strptime(text[:10], "%Y-%m-%d").strftime("%Y-%j") + text[10:]


def is_number(text: str) -> bool:
    """Whether the verifier takes a text for a double."""
    if text.lower() == "nan":
        return True
    return _NUMBER.fullmatch(text) is not None and math.isfinite(float(text))


def is_integer(text: str) -> bool:
    """Whether the verifier takes a text for a 32-bit integer."""
    return is_number(text) and float(text) == int(float(text)) and -(2**31) <= float(text) < 2**31


def width(parameter: Mapping[str, Any]) -> int:
    """Return the columns that a parameter takes."""
    return math.prod(parameter.get("size", [1]))


@dataclass
class Walk:
    """One pass over a server.

    Parameters
    ----------
    root : str
        Address that ends in ``/hapi``.
    version : str
        What the server has to say it speaks.
    schema : callable
        Checks documents.
    """

    root: str
    version: str
    schema: Schema
    failures: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    here: str = ""

    def want(self, good: object, what: str, *, warn: bool = False) -> bool:
        """Note what is not as it should be."""
        if not good:
            (self.warnings if warn else self.failures).append(f"{self.here}: {what}")
        return bool(good)

    def get(self, path: str, **headers: str) -> Got:
        """Ask as the verifier does."""
        self.here = path
        return ask(self.root + quote(path, safe=_KEPT_BY_JAVASCRIPT), **(_ORIGIN | headers))

    def everything(self) -> None:
        """Walk over the whole server."""
        self.pages()
        capabilities = self.document("/capabilities", "capabilities")
        self.want("csv" in capabilities["outputFormats"], "no csv")
        if self.version >= "3":
            self.document("/about", "about")
        catalog = self.document("/catalog", "catalog")["catalog"]
        ids = [item["id"] for item in catalog]
        self.want(len(set(ids)) == len(ids) > 0, "ids are not unique")
        for item in catalog:
            self.want(_IDENTIFIER.fullmatch(item["id"]), f"id {item['id']}", warn=True)
            self.want(len(item.get("title", "")) <= 40, f"title of {item['id']}", warn=True)
        self.unknown_dataset()
        infos = {name: self.dataset(name, capabilities["outputFormats"]) for name in ids}
        for depth in capabilities.get("catalogDepthOptions", []):
            deep = self.document(f"/catalog?depth={depth}", "catalog")["catalog"]
            self.want([item["id"] for item in deep] == ids, f"other ids at depth {depth}")
            for item in deep if depth == "all" else []:
                told = {k: v for k, v in infos[item["id"]].items() if k not in ("HAPI", "status")}
                self.want(item["info"] == told, f"another description of {item['id']}")

    def pages(self) -> None:
        """Look at the landing page, with and without the slash."""
        for path in ("/", ""):
            got = self.get(path)
            self.want(got.status == 200, f"HTTP {got.status}")
            self.want(got.headers["content-type"].startswith("text/html"), "not a page")

    def document(self, path: str, kind: str) -> Any:
        """Ask for metadata and check what all of it has in common."""
        got = self.get(path)
        self.want(got.status == 200, f"HTTP {got.status}")
        self.common(got, "application/json")
        self.want("last-modified" in got.headers, "no Last-Modified", warn=True)
        document = strict_json(got.body)
        self.want(document["HAPI"] == self.version, f"version {document['HAPI']}")
        for problem in self.schema(kind, self.version, document):
            self.want(False, problem)
        head = ask(self.root + quote(path, safe=_KEPT_BY_JAVASCRIPT), "HEAD")
        self.want((head.status, head.body) == (200, b""), "HEAD is not answered as GET is")
        return document

    def common(self, got: Got, kind: str) -> None:
        """Check type and cross-origin headers."""
        self.want(got.headers["content-type"].startswith(kind), got.headers["content-type"])
        self.want("*" in got.headers.get("access-control-allow-origin", ""), "no CORS", warn=True)
        methods = got.headers.get("access-control-allow-methods", "GET")
        self.want("GET" in methods, f"methods {methods}", warn=True)

    def refused(self, path: str, code: int, status: int = 400) -> None:
        """Ask for something that must be refused."""
        got = self.get(path)
        self.common(got, "application/json")
        document = strict_json(got.body)
        found = got.status, document["status"]["code"]
        self.want(found == (status, code), f"{found} instead of {status, code}")
        self.want(f"HAPI error {code}" in document["status"]["message"], "message", warn=True)
        kind = "error" if self.version >= "3" else "HAPIStatus"
        for problem in self.schema(kind, self.version, document):
            self.want(False, problem)

    def unknown_dataset(self) -> None:
        """Ask for a data set that no server has."""
        self.refused("/info?id=a_test_of_an_invalid_id", 1406, 404)
        self.refused("/data?id=a_test_of_an_invalid_id&time.min=2020Z&time.max=2021Z", 1406, 404)

    def dataset(self, name: str, formats: list[str]) -> dict[str, Any]:
        """Check description and data of one data set; return the description."""
        info = self.document(f"/info?id={name}", "info")
        parameters = info["parameters"]
        names = [p["name"] for p in parameters]
        self.want(len(set(names)) == len(names), "parameters are not unique")
        self.want(not any(set("#+&%,") & set(n) for n in names), "names that addresses change")
        self.want("format" not in info, "a format without data")
        self.want("definitions" not in info, "definitions that were not asked for")
        self.want(names[0] == "Time", "first parameter", warn=True)
        self.want(parameters[0].get("fill") is None, "fill of time")
        self.dates(info)
        for place in range(len(parameters)):
            for problem in parameter_problems(parameters, place, self.version):
                self.want(False, f"{names[place]}: {problem}")
        if len(names) > 1:
            one = self.document(f"/info?id={name}&parameters={names[1]}", "info")
            self.want(one == info | {"parameters": parameters[:2]}, "differs from the whole")
        if self.version >= "3":
            new = self.document(f"/info?dataset={name}", "info")
            self.want(new == info, "dataset= differs from id=", warn=True)
        self.refused(f"/info?id={name}&parameters=no_such_parameter", 1407, 404)
        self.refused(f"/info?id={name}&surprise=1", 1401)
        self.data(name, info, formats)
        return dict(info)

    def dates(self, info: Mapping[str, Any]) -> None:
        """Check the range, the sample and the cadence."""
        start, stop = milliseconds(info["startDate"]), milliseconds(info["stopDate"])
        first, last = milliseconds(info["sampleStartDate"]), milliseconds(info["sampleStopDate"])
        self.want(start < stop, "startDate is not before stopDate")
        self.want(start <= first < last <= stop, "the sample is outside")
        cadence = info.get("cadence")
        if self.want(cadence, "no cadence", warn=True):
            self.want(_DURATION.fullmatch(cadence), f"cadence {cadence}")
            enough = (last - first).total_seconds() > 10 * seconds(cadence)
            self.want(enough, "the sample is shorter than ten records", warn=True)

    def data(self, name: str, info: Mapping[str, Any], formats: list[str]) -> None:
        """Ask for the sample in every way there is."""
        start, stop = info["sampleStartDate"], info["sampleStopDate"]
        ask_all = f"/data?id={name}&time.min={start}&time.max={stop}"
        body = self.table(ask_all, info, start, stop)
        other = f"time.min={day_of_year(start)}&time.max={day_of_year(stop)}"
        same = [f"/data?id={name}&{other}", f"/data?id={name}&parameters=&{other}",
                f"{ask_all}&format=csv"]  # fmt: skip
        if self.version >= "3":
            same.append(f"/data?dataset={name}&start={start}&stop={stop}")
        for path in same:
            self.want(self.get(path).body == body, "differs from the same request")
        self.header(ask_all, info, body)
        lines = [line.split(",") for line in body.decode().splitlines()]
        self.binary_and_json(ask_all, info, lines, formats)
        self.nothing_there(name, start)
        column = 0
        for parameter in info["parameters"]:
            part = {**info, "parameters": info["parameters"][: 1 if column == 0 else None]}
            if column:
                part["parameters"] = [info["parameters"][0], parameter]
            alone = self.table(f"{ask_all}&parameters={parameter['name']}", part, start, stop)
            wanted = [[x[0], *x[max(column, 1) : column + width(parameter)]] for x in lines]
            told = [line.split(",") for line in alone.decode().splitlines()]
            self.want(told == wanted, "one parameter is not as in all")
            column += width(parameter)
        self.mistakes(name, info)

    def table(self, path: str, info: Mapping[str, Any], start: str, stop: str) -> bytes:
        """Check a body of text."""
        got = self.get(path)
        self.want(got.status == 200, f"HTTP {got.status}")
        self.common(got, "text/csv")
        packed = self.get(path, **{"Accept-Encoding": "gzip"})
        self.want(packed.headers.get("content-encoding") == "gzip", "not compressed", warn=True)
        text = got.body.decode()
        if self.want(text, "nothing in the sample"):
            self.want(text[0].isdigit() and text.endswith("\n"), "first or last character")
            self.want(not text.endswith("\n\n"), "an empty line at the end")
            for problem in table_problems(text.splitlines(), info["parameters"], start, stop):
                self.want(False, problem)
        return got.body

    def header(self, path: str, info: Mapping[str, Any], body: bytes) -> None:
        """Check the description in front of the records."""
        lines = self.get(f"{path}&include=header").body.decode().split("\n")
        head = "".join(line[1:] for line in lines if line.startswith("#"))
        told = strict_json(head.encode())
        self.want(told.pop("format", None) == "csv", "no format in the header")
        self.want(told == info, "the header differs from the description", warn=True)
        rest = "\n".join(line for line in lines if not line.startswith("#"))
        self.want(rest.encode() == body, "records differ behind a header")

    def binary_and_json(
        self, path: str, info: Mapping[str, Any], lines: list[list[str]], formats: list[str]
    ) -> None:
        """Compare the other formats with the text."""
        if "binary" in formats:
            got = self.get(f"{path}&format=binary")
            self.common(got, "application/octet-stream")
            dtype = record_type(info["parameters"])
            if self.want(len(got.body) == len(lines) * dtype.itemsize, "length of the records"):
                records = np.frombuffer(got.body, dtype)
                for place, line in enumerate(lines):
                    flat = [x for cell in records[place].item() for x in np.ravel(cell).tolist()]
                    text = [flat[0].decode(), *flat[1:]]
                    same = text[0] == line[0] and all(
                        float(a) == b or (b != b and a == "NaN")
                        for a, b in zip(line[1:], text[1:], strict=True)
                    )
                    self.want(same, f"record {place} differs from the text")
        if "json" in formats:
            got = self.get(f"{path}&format=json")
            self.common(got, "application/json")
            document = strict_json(got.body)
            self.want(document["format"] == "json", "no format")
            self.want([r[0] for r in document["data"]] == [x[0] for x in lines], "other times")

    def nothing_there(self, name: str, start: str) -> None:
        """Ask for the two milliseconds after the first, which mostly hold nothing."""
        low = milliseconds(start) + timedelta(milliseconds=1)
        high = low + timedelta(milliseconds=2)
        form = "%Y-%m-%dT%H:%M:%S.%f"
        span = f"time.min={low.strftime(form)[:-3]}Z&time.max={high.strftime(form)[:-3]}Z"
        got = self.get(f"/data?id={name}&{span}")
        self.want(got.status == 200, f"HTTP {got.status}")
        if not got.body:
            document = strict_json(self.get(f"/data?id={name}&{span}&include=header").body[1:])
            self.want(document["status"]["code"] == 1201, "nothing, and not 1201", warn=True)

    def mistakes(self, name: str, info: Mapping[str, Any]) -> None:
        """Ask for what must be refused."""
        start, stop = info["startDate"], info["stopDate"]
        first, last = info["sampleStartDate"], info["sampleStopDate"]
        span = f"time.min={first}&time.max={last}"
        path = f"/data?id={name}"
        self.refused(f"{path}&time.min=soon&time.max={last}", 1402)
        self.refused(f"{path}&time.max={last}", 1402)
        self.refused(f"{path}&time.min={first}&time.max=2019-13-01Z", 1403)
        self.refused(f"{path}&time.min={last}&time.max={first}", 1404)
        self.refused(f"{path}&time.min={first}&time.max={first}", 1404)
        self.refused(f"{path}&time.min=1901-01-01Z&time.max={last}", 1405)
        self.refused(f"{path}&{span}&parameters=no_such_parameter", 1407, 404)
        self.refused(f"{path}&{span}&format=xml", 1409)
        self.refused(f"{path}&{span}&include=all", 1410)
        self.refused(f"{path}&{span}&surprise=1", 1401)
        names = [p["name"] for p in info["parameters"]][:2]
        order = 1411 if self.version >= "3" else 1400
        self.refused(f"{path}&{span}&parameters={names[-1]},{names[-1]}", order)
        if len(names) > 1:
            self.refused(f"{path}&{span}&parameters={names[1]},{names[0]}", order)
        if "maxRequestDuration" in info:
            self.refused(f"{path}&time.min={start}&time.max={stop}", 1408)


def strict_json(body: bytes) -> Any:
    """Return a document; NaN and Infinity are no JSON."""

    def refuse(word: str) -> None:
        raise AssertionError(f"{word} in JSON")

    return json.loads(body, parse_constant=refuse)


def seconds(duration: str) -> float:
    """Return an ISO 8601 duration of days, hours, minutes and seconds."""
    units = {"D": 86_400.0, "H": 3_600.0, "M": 60.0, "S": 1.0}
    return sum(float(n) * units[u] for n, u in re.findall(r"([\d.]+)([DHMS])", duration))


def record_type(parameters: list[dict[str, Any]]) -> np.dtype[Any]:
    """Return the layout of binary records."""
    kinds = {"integer": "<i4", "double": "<f8"}
    return np.dtype([
        (f"f{i}", kinds.get(p["type"]) or f"S{p['length']}", tuple(p.get("size", [])))
        for i, p in enumerate(parameters)
    ])  # fmt: skip


def table_problems(
    lines: list[str], parameters: list[dict[str, Any]], start: str, stop: str
) -> Iterator[str]:
    """Yield what is wrong with lines of text."""
    columns = sum(width(p) for p in parameters)
    rows = [line.split(",") for line in lines]
    if any(len(row) != columns for row in rows):
        yield f"not {columns} columns everywhere"
    if any(len(row[0]) != parameters[0]["length"] for row in rows):
        yield "length of time"
    times = [milliseconds(row[0]) for row in rows]
    if any(a >= b for a, b in pairwise(times)):
        yield "times do not increase by milliseconds"
    if not (milliseconds(start) <= times[0] and times[-1] < milliseconds(stop)):
        yield "times outside of what was asked for"
    cells = iter(rows[0][1:])
    for p in parameters[1:]:
        good = is_integer if p["type"] == "integer" else is_number
        values = [next(cells) for _ in range(width(p))]
        if p["type"] in ("integer", "double") and not all(map(good, values)):
            yield f"{p['name']}: {values[:3]} of type {p['type']}"
        if p["type"] == "double" and any(v.lower() == "nan" for v in values):
            yield f"{p['name']}: NaN in the first record"


def parameter_problems(parameters: list[dict[str, Any]], place: int, version: str) -> Iterator[str]:
    """Yield what is wrong with the description of one parameter."""
    p = parameters[place]
    kind, size, fill = p["type"], p.get("size"), p.get("fill")
    if (kind in ("string", "isotime")) != ("length" in p):
        yield "length is for strings and times, and they must have it"
    if kind == "isotime" and p["units"] != "UTC":
        yield f"units {p['units']} of a time"
    if version >= "2.1":
        yield from array_problems("label", p.get("label"), size or [1], str)
        yield from array_problems("units", p["units"], size or [1], str, type(None))
    if fill is not None:
        if not isinstance(fill, str):
            yield "fill is not a string"
        elif kind == "integer" and (not is_integer(fill) or "." in fill):
            yield f"fill {fill} of an integer"
        elif kind == "double" and (not is_number(fill) or re.search(r"\.[1-9][1-9]", fill)):
            yield f"fill {fill} of a double"
    if "bins" in p:
        if len(p["bins"]) != len(size or [1]):
            yield "not one bins for each dimension"
        for bins, n in zip(p["bins"], size or [1], strict=False):
            yield from bins_problems(parameters, p, bins, n)


def array_problems(
    what: str, value: Any, size: list[int], *kinds: type, inner: bool = False
) -> Iterator[str]:
    """Yield what is wrong with labels or units, which may be one for each component."""
    if not isinstance(value, list):
        is_absent = what == "label" and value is None
        if not is_absent and (inner or value == "" or not isinstance(value, kinds)):
            yield f"{what} {value!r}"
        return
    if len(value) == 1 and not isinstance(value[0], list) and not inner:
        size = [1]
    if len(value) != size[0]:
        yield f"{len(value)} {what} for size {size}"
    elif len(size) > 1:
        for item in value:
            yield from array_problems(what, item, size[1:], *kinds, inner=True)
    elif any(x == "" or not isinstance(x, kinds) for x in value):
        yield f"{what} {value!r}"


def bins_problems(
    parameters: list[dict[str, Any]], p: dict[str, Any], bins: dict[str, Any], n: int
) -> Iterator[str]:
    """Yield what is wrong with one dimension."""
    if bins.get("centers") is None and bins.get("ranges") is not None:
        yield "ranges without centers"
    centers = bins.get("centers")
    if isinstance(centers, list) and len(centers) != n:
        yield f"{len(centers)} centers for {n}"
    if not isinstance(centers, str):
        return
    holder = next((q for q in parameters if q["name"] == centers), None)
    if holder is None or holder is p:
        yield f"bins are those of {centers}"
        return
    lists = isinstance(holder["units"], list) or isinstance(holder.get("label"), list)
    numbers = holder["type"] in ("integer", "double") and holder.get("size") == [n]
    if "bins" in holder or lists or not numbers:
        yield f"{centers} cannot hold bins"
