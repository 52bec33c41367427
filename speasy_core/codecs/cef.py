"""CEF-2, the text format of the Cluster Science Archive.

Headers that a file includes are read only from beside a local file, and never from anywhere else.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any

from numpy.typing import NDArray

from speasy_core.errors import CorruptFile
from speasy_core.events import Dataset

from ._cdf_istp import IstpView
from ._cef_header import CefVariable, Include, parse_header
from ._cef_records import convert, read_records
from ._istp_file import Shape
from ._istp_read import read_view

__all__ = ["read", "read_local"]

_DEPEND = re.compile(r"DEPEND_\d+|DEPEND_TIME")
_PLAIN_NAME = re.compile(r"[A-Za-z0-9][\w.\-]*\.ceh", re.IGNORECASE)
_MAX_INCLUDED = 4 * 2**20


class RawCef:
    """A checked CEF file by names.

    Parameters
    ----------
    data : bytes
        The whole file.
    source : str
        Its name, for messages.
    include : callable
        Gives included headers.
    variables : sequence of str, optional
        What will be asked for; the records of others are checked and not kept.
    """

    def __init__(
        self, data: bytes, source: str, include: Include, variables: Sequence[str] | None = None
    ) -> None:
        self._source = source
        self._header = parse_header(data, source, include)
        self._spellings = {name.replace("-", "_"): name for name in self._header.variables}
        wanted = self._closure(variables)
        self._count, self._arrays = read_records(
            data, self._header, [v for v in wanted if v.data is None], source
        )
        meta = dict(self._header.meta)
        if self._header.missing:
            meta["INCLUDE"] = list(self._header.missing)
        self._meta = MappingProxyType(meta)

    def _closure(self, variables: Sequence[str] | None) -> list[CefVariable]:
        known = self._header.variables
        if variables is None:
            return list(known.values())
        wanted: dict[str, CefVariable] = {}
        todo = [name for name in map(self.find, variables) if name]
        while todo:
            name = todo.pop()
            if name not in wanted:
                wanted[name] = known[name]
                targets = (v for k, v in known[name].attributes.items() if _DEPEND.fullmatch(k))
                todo += [t for t in targets if isinstance(t, str) and t in known]
        return list(wanted.values())

    @property
    def source(self) -> str:
        """The file's name."""
        return self._source

    @property
    def names(self) -> list[str]:
        """All variables, in the order of the file."""
        return list(self._header.variables)

    @property
    def global_attributes(self) -> Mapping[str, Any]:
        """Metadata blocks; ``INCLUDE`` names headers that were not read."""
        return self._meta

    def find(self, name: str) -> str | None:
        """Return the file's spelling of `name`; ``-`` and ``_`` count as one."""
        if name in self._header.variables:
            return name
        return self._spellings.get(name.replace("-", "_"))

    def describe(self, name: str) -> Shape:
        """Return dimensions and number of records."""
        variable = self._header.variables[name]
        if variable.data is not None:
            return Shape(1, False, variable.sizes)
        return Shape(self._count, True, variable.sizes)

    def is_time(self, name: str) -> bool:
        """Whether the variable holds times."""
        return self._header.variables[name].is_time

    def is_text(self, name: str) -> bool:
        """Whether the variable holds text."""
        return self._header.variables[name].kind == "CHAR"

    def values(self, name: str) -> NDArray[Any]:
        """Return all records, ``(records, *dims)``."""
        variable = self._header.variables[name]
        if variable.data is not None:
            entries = [str(value).encode() for value in variable.data]
            return convert(entries, variable, self._source).reshape((1, *variable.sizes))
        if name not in self._arrays:
            raise CorruptFile(f"{name} refers to what was not read", source=self._source)
        return self._arrays[name]

    def attributes(self, name: str) -> dict[str, Any]:
        """Return the attributes of a variable."""
        return dict(self._header.variables[name].attributes)


def read(data: bytes, *, source: str, variables: Sequence[str] | None = None) -> Dataset:
    """Decode the data variables of a CEF file, or those asked for.

    Parameters
    ----------
    data : bytes
        The whole file.
    source : str
        Its name, for messages and as the name of the result.
    variables : sequence of str, optional
        Names; ``-`` and ``_`` count as one. Without it every variable of the type ``Data``.

    Returns
    -------
    Dataset
        ``meta["INCLUDE"]`` names headers that the file includes and that were not read.

    Raises
    ------
    CorruptFile
        Cut short, or not what its header says; the line or record is named.
    UnsupportedFormat, UnknownProduct, VariableError
    """
    return _read(data, source, variables, lambda name: None)


def read_local(path: Path, data: bytes, *, variables: Sequence[str] | None = None) -> Dataset:
    """Decode a local file, with the headers that it includes from the same folder.

    Parameters
    ----------
    path : Path
        Where it lies.
    data : bytes
        The whole file.
    variables : sequence of str, optional
        As `read`; the errors too.
    """

    def beside(name: str) -> bytes | None:
        if not _PLAIN_NAME.fullmatch(name):
            return None
        header = path.parent / name
        # a link could lead out of the folder
        if header.is_symlink() or not header.is_file() or header.stat().st_size > _MAX_INCLUDED:
            return None
        return header.read_bytes()

    return _read(data, path.name, variables, beside)


def _read(data: bytes, source: str, variables: Sequence[str] | None, include: Include) -> Dataset:
    return read_view(IstpView(RawCef(bytes(data), source, include, variables)), variables)
