"""How to make a small whole file of each format; a new codec adds its own here.

The contract tests and the fuzzing of every codec start from these.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from speasy_core.codecs import votable
from speasy_core.codecs.cdf import encode
from speasy_core.demo._cef_write import to_cef
from speasy_core.events import Catalog
from speasy_core.variable import SpeasyVariable

__all__ = ["SAMPLES"]


def _times(rows: int) -> np.ndarray:
    return np.datetime64("2020-01-01", "ns") + np.arange(rows) * np.timedelta64(1, "s")


def _variables(rows: int) -> list[SpeasyVariable]:
    time = _times(rows)
    flux = SpeasyVariable(time, np.ones((rows, 4), "f4"), axes=[np.arange(4.0)], name="flux")
    field = SpeasyVariable(time, np.ones((rows, 3), "f4"), columns=["x", "y", "z"], name="field")
    return [field, flux]


def cdf_sample(rows: int = 500) -> bytes:
    return encode(_variables(rows))


def votable_sample(rows: int = 20) -> bytes:
    half = np.timedelta64(500, "ms")
    events = [(t, t + half, {"speed": 1.5, "kind": "x"}) for t in _times(rows)]
    return votable.encode(Catalog("sample", events=events))


def cef_sample(rows: int = 500) -> bytes:
    # the last line without its end: every byte then counts
    return to_cef(_variables(rows), "SAMPLE", "sample.cef").rstrip(b"\n")


def netcdf_sample(rows: int = 500) -> bytes:
    netCDF4 = pytest.importorskip("netCDF4", reason="the extra 'io' is not installed")
    file = netCDF4.Dataset("sample.nc", "w", memory=1024)
    for name, size in (("time", rows), ("energy", 4), ("axis", 3)):
        file.createDimension(name, size)
    time = file.createVariable("time", "f8", ("time",))
    time.units = "seconds since 2020-01-01 00:00:00"
    time[:] = np.arange(float(rows))
    for name, dim, size in (("flux", "energy", 4), ("field", "axis", 3)):
        file.createVariable(name, "f4", ("time", dim))[:] = np.ones((rows, size), "f4")
    body = bytes(file.close())
    # kept in memory it is padded; its superblock says where it ends
    return body[: int.from_bytes(body[28:36], "little")]


def _hapi_sample(form: str, parameters: list[dict[str, object]], body: bytes) -> bytes:
    """A HAPI answer: records of 37 or 74 bytes, as a cut between two cannot be seen in them."""
    time = {"name": "Time", "type": "isotime", "units": "UTC", "fill": None, "length": 24}
    header: dict[str, object] = {"HAPI": "3.0", "format": form, "parameters": [time, *parameters]}
    while (len(json.dumps(header)) + 2 - 8) % 37 != 5:
        header["x_pad"] = str(header.get("x_pad", "")) + "."
    return b"#" + json.dumps(header).encode() + b"\n" + body


_VECTOR = {"name": "v", "type": "double", "size": [3], "units": "nT", "fill": "-1e31"}


def hapi_csv_sample(rows: int = 500) -> bytes:
    lines = [f"{str(t)[:23]}Z,1.00,2.50,{i % 10}\n" for i, t in enumerate(_times(rows))]
    return _hapi_sample("csv", [_VECTOR], "".join(lines).encode())


def hapi_binary_sample(rows: int = 500) -> bytes:
    text = {"name": "s", "type": "string", "length": 26, "units": None, "fill": None}
    records = np.zeros(rows, [("t", "S24"), ("v", "<f8", 3), ("s", "S26")])
    records["t"] = [f"{str(t)[:23]}Z" for t in _times(rows)]
    records["v"] = np.arange(3.0 * rows).reshape(rows, 3)
    records["s"] = "good"
    return _hapi_sample("binary", [_VECTOR, text], records.tobytes())


def csv_sample(rows: int = 500) -> bytes:
    return _written(_variables(rows)[0], "to_csv")


def parquet_sample(rows: int = 500) -> bytes:
    pytest.importorskip("pyarrow", reason="the extra 'io' is not installed")
    return _written(_variables(rows)[1], "to_parquet")


def _written(v: SpeasyVariable, method: str) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        path: Path = getattr(v, method)(Path(folder) / "sample")
        return path.read_bytes()


SAMPLES: dict[str, Callable[..., bytes]] = {
    "hapi_csv": hapi_csv_sample,
    "hapi_binary": hapi_binary_sample,
    "cdf": cdf_sample,
    "cef": cef_sample,
    "netcdf": netcdf_sample,
    "csv": csv_sample,
    "parquet": parquet_sample,
    "votable": votable_sample,
}
