"""NetCDF files opened in a process of their own: what they do to the library cannot reach us.

The C libraries underneath loop for ever, or crash, on some damaged files. One child serves all
files of this process, one after the other; when it ends early, the next file gets a new one.
"""

from __future__ import annotations

import atexit
import json
import os
import struct
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from speasy_core.errors import CorruptFile

__all__ = ["RemoteFile", "RemoteVariable", "open_file"]

#: seconds for one request to the child, besides what the size of the file allows
PATIENCE = 10.0
_START_PATIENCE = 60.0
_BYTES_PER_SECOND = 5e6
# deflate reaches 1032:1; what declares more is damaged or hostile
_RATIO, _RATIO_FROM = 1040, 64 * 2**20
_MEMORY, _MEMORY_PER_BYTE = 4 * 2**30, 16
_LENGTH = struct.Struct("<Q")
_SCRIPT = Path(__file__).with_name("_netcdf_child.py")


class _EndedError(Exception):
    """The child crashed, or was ended because it took too long."""


class _Child:
    """A process with the library in it, and the pipes to it."""

    def __init__(self) -> None:
        self.pid = os.getpid()
        self._process = subprocess.Popen(
            [sys.executable, "-P", str(_SCRIPT)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
            start_new_session=True,  # an interrupt in the terminal or of a kernel is for us alone
        )  # fmt: skip
        try:
            self._read_answer(_START_PATIENCE)
        except BaseException:
            self.end()
            raise

    @property
    def usable(self) -> bool:
        """Whether it runs, and is ours."""
        return self.pid == os.getpid() and self._process.poll() is None

    def ask(
        self, request: Mapping[str, Any], size: int, data: bytes = b""
    ) -> tuple[dict[str, Any], bytearray]:
        """Return the answer to a request about a file of `size` bytes."""
        patience = PATIENCE + size / _BYTES_PER_SECOND
        # the child ends itself a little later, should this process be gone by then
        text = json.dumps({**request, "seconds": patience + 5.0}).encode()
        with self._watch(patience):
            try:
                assert self._process.stdin is not None
                for part in (_LENGTH.pack(len(text)), text, data):
                    self._process.stdin.write(part)
                self._process.stdin.flush()
            except OSError as error:
                raise _EndedError from error
            return self._read()

    def _read_answer(self, patience: float) -> None:
        with self._watch(patience):
            self._read()

    def _read(self) -> tuple[dict[str, Any], bytearray]:
        (length,) = _LENGTH.unpack(self._exactly(_LENGTH.size))
        answer = json.loads(self._exactly(length))
        return answer, self._exactly(answer.get("bytes", 0))

    def _exactly(self, count: int) -> bytearray:
        assert self._process.stdout is not None
        data = bytearray(count)  # arrays made of it can be written to
        if self._process.stdout.readinto(data) < count:  # type: ignore[attr-defined]
            raise _EndedError
        return data

    @contextmanager
    def _watch(self, seconds: float) -> Iterator[None]:
        """End the child when something takes too long, which ends the wait for it, too."""
        timer = threading.Timer(seconds, self._process.kill)
        timer.daemon = True
        timer.start()
        try:
            yield
        finally:
            timer.cancel()

    def end(self) -> None:
        """End the process, whatever it is doing."""
        if self.pid != os.getpid():
            return  # our parent's
        with suppress(OSError):
            self._process.kill()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                with suppress(OSError):
                    pipe.close()
        self._process.wait()


_child: _Child | None = None
_inherited: list[_Child] = []


def _ready() -> _Child:
    global _child
    if _child is not None and not _child.usable:
        if _child.pid != os.getpid():
            _inherited.append(_child)  # neither used nor waited for by a forked process
            _child = None
        else:
            _drop()
    if _child is None:
        _child = _Child()
        atexit.register(_drop)
    return _child


def _drop() -> None:
    global _child
    child, _child = _child, None
    if child is not None:
        child.end()
    atexit.unregister(_drop)


class RemoteVariable:
    """A variable of an open file; ``[...]`` reads its values."""

    def __init__(self, file: RemoteFile, name: str, told: Mapping[str, Any]) -> None:
        self._file, self._name = file, name
        self.kind: str = told["kind"]
        self.size: int = told["size"]
        self.dimensions: tuple[str, ...] = tuple(told["dimensions"])
        self.shape: tuple[int, ...] = tuple(told["shape"])
        self.attributes: Mapping[str, Any] = told["attributes"]

    def read(self) -> NDArray[Any]:
        """Return all values.

        Raises
        ------
        CorruptFile
            They cannot be read, or are more than the file can hold.
        """
        return self._file.values(self._name)


class RemoteFile:
    """An open file; only the thread that opened it may use it.

    Parameters
    ----------
    data : bytes
        The whole file.
    source : str
        Its name, for messages.

    Raises
    ------
    CorruptFile
        The library does not take it, or does not survive it.
    """

    def __init__(self, data: bytes, source: str) -> None:
        self._size, self._source = len(data), source
        memory = _MEMORY + _MEMORY_PER_BYTE * len(data)
        told, _ = self._ask({"open": len(data), "memory": memory}, data)
        self.attributes: Mapping[str, Any] = MappingProxyType(told["attributes"])
        self.variables: Mapping[str, RemoteVariable] = {
            name: RemoteVariable(self, name, one) for name, one in told["variables"].items()
        }

    def values(self, name: str) -> NDArray[Any]:
        """Return the values of a variable; see `RemoteVariable.read`."""
        variable = self.variables[name]
        count = _product(variable.shape)
        if count * max(1, variable.size) > _RATIO_FROM + _RATIO * self._size:
            raise CorruptFile(
                f"{name} is said to hold {count:,} values, more than the file can",
                source=self._source,
            )
        told, data = self._ask({"values": name})
        return np.frombuffer(data, np.dtype(told["dtype"])).reshape(told["shape"])

    def _ask(
        self, request: Mapping[str, Any], data: bytes = b""
    ) -> tuple[dict[str, Any], bytearray]:
        try:
            told, body = _ready().ask(request, self._size, data)
        except _EndedError as error:
            _drop()
            raise CorruptFile(
                "the file is damaged: the NetCDF library crashed on it or did not come to an end",
                source=self._source,
                hint="fetch it again",
            ) from error
        except BaseException:  # an interrupt in between: what comes next is out of step
            _drop()
            raise
        if "error" in told:
            raise CorruptFile(f"not a sound NetCDF file: {told['error']}", source=self._source)
        return told, body

    def close(self) -> None:
        """Close it; what goes wrong in that is of no interest any more."""
        with suppress(CorruptFile):
            self._ask({"close": True})


def _product(shape: Sequence[int]) -> int:
    count = 1
    for n in shape:
        count *= n
    return count


@contextmanager
def open_file(data: bytes, source: str) -> Iterator[RemoteFile]:
    """Open a file for the time of a ``with``; parameters and errors as `RemoteFile`."""
    file = RemoteFile(data, source)
    try:
        yield file
    finally:
        file.close()
