"""One number for all that a decoder returned, to tell the same answer from another one."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from typing import Any

import numpy as np

from speasy_core.events import Catalog, Dataset, TimeTable
from speasy_core.variable import Axis, SpeasyVariable

__all__ = ["digest"]


def digest(value: Any) -> bytes:
    """Return a hash of data, metadata and their types."""
    state = hashlib.blake2b(digest_size=16)
    for part in _parts(value):
        state.update(part)
        state.update(b"\x1f")
    return state.digest()


def _parts(value: Any) -> Iterator[bytes]:
    yield type(value).__name__.encode()
    if isinstance(value, SpeasyVariable):
        for part in (value.time_ns, value.values, value.axes, value.columns, value.unit,
                     value.name, dict(value.meta)):  # fmt: skip
            yield from _parts(part)
    elif isinstance(value, Axis):
        for part in (value.values, value.name, value.unit, dict(value.meta)):
            yield from _parts(part)
    elif isinstance(value, Dataset):
        yield from _parts([value.name, dict(value.meta), dict(value.variables)])
    elif isinstance(value, (TimeTable, Catalog)):
        yield from _parts([value.name, dict(value.meta), [repr(event) for event in value]])
    elif isinstance(value, np.ndarray):
        yield f"{value.dtype.str}{value.shape}".encode()
        yield repr(value.tolist()).encode() if value.dtype.hasobject else value.tobytes()
    elif isinstance(value, Mapping):
        for key in value:
            yield repr(key).encode("utf-8", "replace")
            yield from _parts(value[key])
    elif isinstance(value, (list, tuple)):
        for item in value:
            yield from _parts(item)
    elif is_dataclass(value):
        for field in fields(value):
            yield from _parts(getattr(value, field.name))
    else:
        yield repr(value).encode("utf-8", "replace")
