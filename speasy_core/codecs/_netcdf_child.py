"""The process that opens NetCDF files for `_netcdf_apart`: a script that imports nothing of ours.

A damaged file can crash the library or keep it busy for ever: here that ends this process alone.
Standard input and output carry messages: eight bytes of length, then the content. A request is one
JSON object: ``{"open": n}`` (n bytes of a file follow), ``{"values": name}``, ``{"close": true}``.
An answer is one of JSON, ``{"error": text}`` when it failed; after that of ``values`` the bytes of
the array follow.
"""

from __future__ import annotations

import json
import signal
import struct
import sys
from typing import Any, BinaryIO

_LENGTH = struct.Struct("<Q")
_FAILURES = (
    OSError, RuntimeError, ValueError, TypeError, AttributeError, LookupError, OverflowError,
    MemoryError, UnicodeError,
)  # fmt: skip


def _limit(seconds: float, memory: int) -> None:
    """End this process where its parent cannot, and bound what it allocates."""
    if hasattr(signal, "setitimer"):
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        signal.setitimer(signal.ITIMER_REAL, seconds)
    if memory and sys.platform.startswith("linux"):
        import resource

        _, hard = resource.getrlimit(resource.RLIMIT_AS)
        wanted = memory if hard == resource.RLIM_INFINITY else min(memory, hard)
        resource.setrlimit(resource.RLIMIT_AS, (wanted, hard))


def _plain(value: Any) -> Any:
    """Return an attribute's value as JSON has it; JSON of Python has NaN, too."""
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    if hasattr(value, "tolist"):
        return _plain(value.tolist())
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    return value if isinstance(value, (str, int, float, bool, type(None))) else str(value)


def _attributes(thing: Any) -> dict[str, Any]:
    return {key: _plain(thing.getncattr(key)) for key in thing.ncattrs()}


def _describe(file: Any) -> dict[str, Any]:
    return {
        "attributes": _attributes(file),
        "variables": {
            name: {
                "kind": getattr(variable.dtype, "kind", "O"),
                "size": getattr(variable.dtype, "itemsize", 0),
                "dimensions": list(variable.dimensions),
                "shape": [int(n) for n in variable.shape],
                "attributes": _attributes(variable),
            }
            for name, variable in file.variables.items()
        },
    }


def _values(file: Any, name: str) -> tuple[dict[str, Any], bytes]:
    import numpy as np

    raw = np.asarray(file.variables[name][...])
    if raw.dtype.kind not in "iufbS":
        raw = raw.astype(np.str_)
    raw = np.ascontiguousarray(raw.astype(raw.dtype.newbyteorder("<"), copy=False))
    return {"dtype": raw.dtype.str, "shape": list(raw.shape)}, raw.tobytes()


class Server:
    """Answers requests one after the other, for one file at a time."""

    def __init__(self, requests: BinaryIO, answers: BinaryIO) -> None:
        self._requests, self._answers = requests, answers
        self._file: Any = None

    def run(self) -> None:
        """Answer until the parent is gone."""
        import netCDF4

        self._library = netCDF4
        self._send({"ready": netCDF4.__version__})
        while True:
            head = self._requests.read(_LENGTH.size)
            if len(head) < _LENGTH.size:
                return
            request = json.loads(self._requests.read(_LENGTH.unpack(head)[0]))
            _limit(request["seconds"], request.get("memory", 0))
            try:
                answer, body = self._answer(request)
            except _FAILURES as error:
                answer, body = {"error": f"{type(error).__name__}: {error}"}, b""
            self._send({**answer, "bytes": len(body)}, body)
            _limit(0, 0)

    def _answer(self, request: dict[str, Any]) -> tuple[dict[str, Any], bytes]:
        if "open" in request:
            data = self._requests.read(request["open"])
            self._file = self._library.Dataset("in-memory", mode="r", memory=data)
            self._file.set_auto_mask(False)
            self._file.set_auto_scale(True)
            return _describe(self._file), b""
        if "values" in request:
            return _values(self._file, request["values"])
        self._file, file = None, self._file
        file.close()
        return {}, b""

    def _send(self, answer: dict[str, Any], body: bytes = b"") -> None:
        text = json.dumps(answer).encode()
        self._answers.write(_LENGTH.pack(len(text)) + text)
        self._answers.write(body)
        self._answers.flush()


if __name__ == "__main__":
    Server(sys.stdin.buffer, sys.stdout.buffer).run()
