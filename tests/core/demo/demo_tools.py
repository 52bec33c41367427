"""What the tests of the local archive share: plain requests and small CDF files."""

from __future__ import annotations

import http.client
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import numpy as np
import pycdfpp
from pycdfpp import DataType

SERVICE = "/cdaweb/WS/cdasr/1/dataviews/sp_phys"


@dataclass
class Got:
    """One answer."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


def ask(url: str, method: str = "GET", body: bytes | None = None, **headers: str) -> Got:
    """Send one request over its own connection; underscores in header names become dashes."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.netloc, timeout=20)
    try:
        path = parts.path + (f"?{parts.query}" if parts.query else "")
        sent = {k.replace("_", "-"): v for k, v in headers.items()}
        connection.request(method, path, body, sent)
        answer = connection.getresponse()
        return Got(answer.status, {k.lower(): v for k, v in answer.getheaders()}, answer.read())
    finally:
        connection.close()


def data(url: str, dataset: str, names: str, start: str, stop: str, **headers: str) -> Got:
    """Ask for data in JSON."""
    path = f"{SERVICE}/datasets/{dataset}/data/{start},{stop}/{names}?format=cdf"
    return ask(url + path, Accept="application/json", **headers)


def fetch(url: str, dataset: str, names: str, start: str, stop: str) -> Any:
    """Ask for data and return the CDF it leads to."""
    got = data(url, dataset, names, start, stop)
    assert got.status == 200, got.body
    (described,) = got.json["FileDescription"]
    file = ask(described["Name"])
    assert file.status == 200
    assert len(file.body) == described["Length"] == int(file.headers["content-length"])
    return pycdfpp.load(file.body)


def write_cdf(
    path: Path,
    times: Any,
    *,
    source: str | None = "XX_H0_TST",
    offset: int = 0,
    odd_name: bool = False,
) -> Path:
    """Write a small ISTP file: a vector, its labels, its errors, and a second time axis."""
    cdf = pycdfpp.CDF()
    if source is not None:
        cdf.add_attribute("Logical_source", [source])
    cdf.add_attribute("Mission_group", ["Testing"])
    cdf.add_attribute("Source_name", ["XX>A spacecraft"])
    cdf.add_attribute("Descriptor", ["TST>An instrument"])
    cdf.add_attribute("Instrument_type", ["Magnetic Fields (space)"])
    t = np.asarray(times, "datetime64[ns]")
    slow = t[::10]
    cdf.add_variable("Epoch", pycdfpp.to_tt2000(t), DataType.CDF_TIME_TT2000)
    cdf.add_variable("Epoch_slow", pycdfpp.to_tt2000(slow), DataType.CDF_TIME_TT2000)
    name = "b-field/x" if odd_name else "b"
    values = (np.arange(3 * len(t)) + offset).reshape(-1, 3).astype("f4")
    b = cdf.add_variable(name, values, DataType.CDF_REAL4)
    for key, value in (
        ("DEPEND_0", "Epoch"), ("LABL_PTR_1", "b_label"), ("DELTA_PLUS_VAR", "b_error"),
        ("VAR_TYPE", "data"), ("UNITS", "nT"), ("CATDESC", "A field"),
    ):  # fmt: skip
        b.add_attribute(key, value)
    b.add_attribute("FILLVAL", np.array([-1e31], "f4"), DataType.CDF_REAL4)
    error = cdf.add_variable("b_error", values * 0 + 1, DataType.CDF_REAL4)
    error.add_attribute("DEPEND_0", "Epoch")
    r = cdf.add_variable("r", np.arange(len(slow), dtype="f8"), DataType.CDF_REAL8)
    r.add_attribute("DEPEND_0", "Epoch_slow")
    r.add_attribute("VAR_TYPE", "data")
    cdf.add_variable("b_label", np.array([["Bx", "By", "Bz"]]), DataType.CDF_CHAR, is_nrv=True)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(bytes(pycdfpp.save(cdf)))
    return path


def hours(day: str, first: int, last: int) -> Any:
    """Return one time a minute."""
    start = np.datetime64(day, "ns")
    return start + np.arange(first * 60, last * 60) * np.timedelta64(60, "s")
