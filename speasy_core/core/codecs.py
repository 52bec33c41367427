"""Codecs under Speasy's names: ``get_codec("cdf").load_variables(["Bx"], "file.cdf")``."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from os import PathLike
from pathlib import Path
from typing import BinaryIO, Protocol, TypeVar, runtime_checkable

from speasy_core import codecs
from speasy_core.codecs import cdf
from speasy_core.errors import InvalidRequest, UnsupportedFormat
from speasy_core.variable import SpeasyVariable

from .any_files import any_loc_open

__all__ = ["CodecInterface", "File", "get_codec", "register_codec"]

File = str | PathLike[str] | bytes | BinaryIO
_NAMED: dict[str, CodecInterface] = {}


@runtime_checkable
class CodecInterface(Protocol):
    """What Speasy asks of a codec."""

    name: str
    supported_extensions: list[str]
    supported_mimetypes: list[str]

    def load_variables(
        self, variables: Sequence[str], file: File, cache_remote_files: bool = True
    ) -> dict[str, SpeasyVariable]:
        """Return variables of a file."""

    def load_variable(
        self, variable: str, file: File, cache_remote_files: bool = True
    ) -> SpeasyVariable:
        """Return one of them."""

    def list_variables(self, file: File) -> list[str]:
        """Return the names of the data variables of a file."""


class _OurCodec:
    """One of :mod:`speasy_core.codecs`, with Speasy's methods."""

    def __init__(self, codec: codecs.Codec) -> None:
        self._codec = codec
        self.name = codec.name
        self.supported_extensions = [ending.lstrip(".") for ending in codec.extensions]
        self.supported_mimetypes = list(codec.mimes)

    def load_variables(
        self, variables: Sequence[str], file: File, cache_remote_files: bool = True
    ) -> dict[str, SpeasyVariable]:
        """Return variables of a file: a path, an address, its bytes, or an open one."""
        data, source = _bytes_of(file, cache_remote_files)
        return self._codec.load().read(data, source=source, variables=list(variables)).variables

    def load_variable(
        self, variable: str, file: File, cache_remote_files: bool = True
    ) -> SpeasyVariable:
        """Return one variable of a file."""
        return self.load_variables([variable], file, cache_remote_files)[variable]

    def list_variables(self, file: File) -> list[str]:
        """Return the names of the data variables of a file."""
        data, source = _bytes_of(file, True)
        return list(self._codec.load().read(data, source=source))

    def save_variables(
        self,
        variables: Iterable[SpeasyVariable],
        file: str | PathLike[str] | BinaryIO | None = None,
    ) -> bool | bytes:
        """Write variables to a file, or return its bytes where none is given.

        Raises
        ------
        UnsupportedFormat
            Not CDF: the other formats are written by methods of variables.
        """
        if self.name != "cdf":
            raise UnsupportedFormat(
                f"{self.name} is not written by this function",
                hint="v.to_netcdf(path), v.to_csv(path) and the like write one variable",
            )
        data = cdf.encode(list(variables))
        if file is None:
            return data
        if isinstance(file, (str, PathLike)):
            Path(file).write_bytes(data)
        else:
            file.write(data)
        return True


def _bytes_of(file: File, keep: bool) -> tuple[bytes, str]:
    if isinstance(file, bytes):
        return file, "file"
    if isinstance(file, (str, PathLike)):
        with any_loc_open(file, cache_remote_files=keep) as stream:
            return stream.read(), str(file).rpartition("/")[2]
    return file.read(), str(getattr(file, "name", "file"))


def get_codec(name: str) -> CodecInterface:
    """Return a codec by its name, a file ending or a content type.

    Raises
    ------
    UnsupportedFormat
        There is none.

    Examples
    --------
    >>> get_codec("application/x-cdf").name, get_codec(".nc").name, get_codec("hapi/csv").name
    ('cdf', 'netcdf', 'hapi_csv')
    """
    wanted = name.strip().lower().lstrip(".")
    if wanted in _NAMED:
        return _NAMED[wanted]
    plain = re.sub(r"\W", "_", wanted)
    for known in map(codecs.get, codecs.names()):
        endings = (ending.lstrip(".") for ending in known.extensions)
        if plain == known.name or wanted in known.mimes or wanted in endings:
            return _OurCodec(known)
    raise UnsupportedFormat(f"no codec {name!r}", hint=f"there are {', '.join(codecs.names())}")


C = TypeVar("C", bound=type)


def register_codec(codec: C) -> C:
    """Make a class a codec for :func:`get_codec`; a decorator.

    Parameters
    ----------
    codec : type
        Made without arguments; see :class:`CodecInterface`.

    Raises
    ------
    InvalidRequest
        It lacks a part.
    """
    made = codec()
    if not isinstance(made, CodecInterface):
        raise InvalidRequest(f"{codec.__name__} is not a codec: it lacks a part of CodecInterface")
    for name in (made.name, *made.supported_extensions, *made.supported_mimetypes):
        _NAMED[name.lower().lstrip(".")] = made
    return codec
