"""A HAPI answer with its header: csv or binary, whatever the header or the name says."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from speasy_core.errors import UnexpectedContent, UnsupportedFormat
from speasy_core.events import Dataset

from ._hapi_build import build
from ._hapi_info import Info, parse_info, split_header
from ._hapi_time import NAT, times_to_ns

__all__ = ["read", "read_answer", "status_of"]

_BOM = b"\xef\xbb\xbf"


def status_of(data: bytes) -> tuple[int, str] | None:
    """Return code and message of a HAPI status document; None when `data` is something else.

    Examples
    --------
    >>> status_of(b'{"HAPI": "2.0", "status": {"code": 1406, "message": "no such id"}}')
    (1406, 'no such id')
    """
    if data.lstrip()[:1] != b"{":
        return None
    try:
        document = json.loads(data)
        status = document.get("status", document)
        return int(status["code"]), str(status.get("message", ""))
    except (
        ValueError, TypeError, KeyError, AttributeError, OverflowError, RecursionError,
    ):  # fmt: skip
        return None


def read(data: bytes, source: str, names: Sequence[str] | None) -> Dataset:
    """Decode an answer that carries its header; see :func:`.hapi_csv.read`."""
    return read_answer(data, source, names, None)


def read_answer(
    data: bytes, source: str, names: Sequence[str] | None, info: Info | None
) -> Dataset:
    """Decode an answer; `info` describes the records when it carries no header.

    Raises
    ------
    CorruptFile, UnexpectedContent, UnsupportedFormat, UnknownProduct
        As :func:`.hapi_csv.read`.
    """
    data = data.removeprefix(_BOM)
    if not data:
        raise UnexpectedContent("the file is empty", source=source, hint="fetch it again")
    status = status_of(data)
    if status is not None:
        raise UnexpectedContent(f"the server said: HAPI {status[0]} {status[1]}", source=source)
    document, body = split_header(data, source)
    if document is not None:
        info = parse_info(document, source)
    if info is None:
        raise UnsupportedFormat(
            "no HAPI header: nothing says what the columns are",
            source=source,
            hint="ask the server with include=header, and keep its lines that begin with #",
        )
    return build(info, _columns(info, body, source), source, names)


def _columns(info: Info, body: bytes, source: str) -> dict[str, NDArray[Any]]:
    from . import hapi_binary, hapi_csv

    form = _form(info, body)
    # lines whose times are longer than the header says look packed, but do not part into records
    if form == "packed text" and len(body) % hapi_binary.record_type(info, source).itemsize:
        form = "csv"
    decode = hapi_csv.columns if form == "csv" else hapi_binary.columns
    return decode(info, body, source)


def _form(info: Info, body: bytes) -> Literal["binary", "packed text", "csv"]:
    """Tell the two apart by the records; headers that name the wrong one are known."""
    if not _is_text(body[:4096]):
        return "binary"
    length = info.time.length
    after = body[length : length + 1] if length else b""
    # packed records hold text alone when all parameters are text, or by a rare chance
    if after and after not in b",\r\n" and times_to_ns(np.array([body[:length]]))[0] != NAT:
        return "packed text"
    return "csv"


def _is_text(data: bytes) -> bool:
    raw = np.frombuffer(data, np.uint8)
    if ((raw < 9) | ((raw > 13) & (raw < 32)) | (raw == 127)).any():
        return False
    try:
        data.decode("utf-8")
    except UnicodeDecodeError as error:
        return len(data) - error.start < 4 and len(data) == 4096  # a character at the very edge
    return True
