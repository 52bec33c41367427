"""Finished items as messages: fields as JSON, numbers as buffers."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from speasy_core.timerange import TimeRange

from .protocol import PROTOCOL_VERSION
from .tilecache import Result
from .usercode import describe_error
from .views import ViewRequest

__all__ = ["Content", "error_item", "progress_message", "stopped_item", "tiles_message"]

Content = dict[str, Any]


def error_item(error: BaseException, label: str, span: TimeRange) -> Result:
    """Return the item that stands for a failure."""
    return Result({"status": "error", "label": label, "error": describe_error(error)}, span)


def stopped_item(label: str, span: TimeRange) -> Result:
    """Return the item of a graph that the user did not want to wait for."""
    return Result({"status": "stopped", "label": label}, span)


def tiles_message(
    request: ViewRequest, results: Iterable[Result], pending: list[str]
) -> tuple[Content, list[Any]]:
    """Return one ``tiles`` message and its buffers."""
    items: list[Content] = []
    buffers: list[Any] = []
    for result in results:
        span = result.range
        item = {**result.fields, "start": str(span.start_ns), "stop": str(span.stop_ns)}
        for name, array in result.arrays.items():
            item[name] = len(buffers)
            buffers.append(np.ascontiguousarray(array).reshape(-1).view(np.uint8).data)
        items.append(item)
    return _content("tiles", request, items=items, pending=pending), buffers


def progress_message(request: ViewRequest, items: list[Content]) -> Content:
    """Return a ``progress`` message."""
    return _content("progress", request, items=items)


def _content(kind: str, request: ViewRequest, **fields: Any) -> Content:
    place = {
        "view": request.view,
        "gen": request.gen,
        "start": str(request.range.start_ns),
        "stop": str(request.range.stop_ns),
    }
    return {"v": PROTOCOL_VERSION, "type": kind, **place, **fields}
