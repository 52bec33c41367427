"""What goes between a process and its child: a line of JSON, then arrays as they are."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import IO, Any

import numpy as np

from speasy_core.cache.serial import describe, rebuild
from speasy_core.variable import SpeasyVariable

__all__ = ["read_message", "read_variable", "variable_parts", "write_message"]

_PLAIN = "biufM"


def write_message(stream: IO[bytes], content: Mapping[str, Any], parts: list[Any] = ()) -> None:  # type: ignore[assignment]
    """Write a message and its parts, bytes or arrays."""
    arrays = [
        np.ascontiguousarray(part) if isinstance(part, np.ndarray) else part for part in parts
    ]
    sizes = [part.nbytes if isinstance(part, np.ndarray) else len(part) for part in arrays]
    stream.write(json.dumps({**content, "sizes": sizes}).encode() + b"\n")
    for part in arrays:
        stream.write(part.reshape(-1).view(np.uint8).data if isinstance(part, np.ndarray) else part)
    stream.flush()


def read_message(stream: IO[bytes]) -> tuple[dict[str, Any], list[bytes]]:
    """Return the next message and its parts.

    Raises
    ------
    EOFError
        The other side is gone.
    """
    line = stream.readline()
    if not line.endswith(b"\n"):
        raise EOFError("the other process is gone")
    content = json.loads(line)
    return content, [_exactly(stream, size) for size in content["sizes"]]


def _exactly(stream: IO[bytes], size: int) -> bytes:
    data = stream.read(size)
    if len(data) < size:
        raise EOFError("the other process is gone")
    return data


def variable_parts(variable: SpeasyVariable) -> tuple[dict[str, Any], list[Any]]:
    """Return the labels of a variable, and its arrays."""
    labels, arrays = describe(variable)
    shapes = {}
    for name, array in arrays.items():
        if array.dtype.kind not in _PLAIN:
            raise TypeError(f"values of type {array.dtype} cannot be sent: give numbers")
        shapes[name] = [array.dtype.str, list(array.shape)]
    return {"labels": labels, "arrays": shapes}, list(arrays.values())


def read_variable(content: Mapping[str, Any], parts: list[bytes]) -> SpeasyVariable:
    """Return the variable of a message."""
    arrays = {}
    for (name, (dtype, shape)), data in zip(content["arrays"].items(), parts, strict=True):
        if np.dtype(dtype).kind not in _PLAIN or len(data) != np.dtype(dtype).itemsize * math.prod(
            shape
        ):
            raise ValueError(f"{name} is not what it is said to be")
        arrays[name] = np.frombuffer(data, dtype).reshape(shape)
    return rebuild(content["labels"], arrays)
