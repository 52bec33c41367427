"""Bytes to variables, one format per module, loaded when the first file of its kind comes.

A codec is a module with one function ``read(data, *, source, variables=None) -> Dataset``. It is
listed in the table below, or offered by another package as an entry point of the group
``speasy_core.codecs`` that names a :class:`Codec`.
"""

from __future__ import annotations

import html
import logging
import re
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from importlib.metadata import entry_points
from os import PathLike
from pathlib import Path
from typing import Protocol, cast

from speasy_core.errors import InvalidRequest, UnexpectedContent, UnsupportedFormat
from speasy_core.events import Dataset
from speasy_core.variable import SpeasyVariable

__all__ = ["Codec", "check", "decode", "get", "names", "read", "read_file", "sniff"]

_log = logging.getLogger(__name__)


class _Module(Protocol):
    def read(
        self, data: bytes, *, source: str, variables: Sequence[str] | None = None
    ) -> Dataset: ...


class _ReadLocal(Protocol):
    def __call__(
        self, path: Path, data: bytes, *, variables: Sequence[str] | None = None
    ) -> Dataset: ...


@dataclass(frozen=True, slots=True)
class Codec:
    """What is known of a format before its module is loaded.

    Parameters
    ----------
    name : str
        Lower case, for example ``cdf``.
    title : str
        For people.
    module : str
        Import name of the module with the function ``read``.
    magics : tuple of bytes
        How such files begin.
    extensions : tuple of str
        Endings of file names, lower case with the dot; used when no beginning fits.
    mimes : tuple of str
        Content types under which servers send it.
    roots : tuple of bytes
        Names of the outermost element, for formats that are XML.
    head : str
        What the beginning matches, a regular expression in Latin-1, for formats that may begin
        with remarks.
    """

    name: str
    title: str
    module: str
    magics: tuple[bytes, ...] = ()
    extensions: tuple[str, ...] = ()
    mimes: tuple[str, ...] = ()
    roots: tuple[bytes, ...] = ()
    head: str = ""

    def load(self) -> _Module:
        """Return the codec's module."""
        return cast(_Module, import_module(self.module))


_BUILT_IN = (
    Codec(
        "cdf",
        "CDF (.cdf)",
        "speasy_core.codecs.cdf",
        magics=(
            b"\xcd\xf3\x00\x01", b"\xcd\xf2\x60\x02",
            b"\x00\x00\xff\xff\x00\x00\xff\xff", b"\x00\x00\xff\xff\xcc\xcc\x00\x01",
        ),
        extensions=(".cdf",),
        mimes=("application/x-cdf", "application/cdf"),
    ),
    Codec(
        "cef",
        "CEF (.cef)",
        "speasy_core.codecs.cef",
        magics=(b"FILE_NAME", b"!------------------- CEF"),
        head=r"(?:[ \t\r]*(?:![^\n]*)?\n)*[ \t]*"
        r"(?:FILE_NAME|FILE_FORMAT_VERSION|INCLUDE|START_META|START_VARIABLE)[ \t]*=",
        extensions=(".cef",),
        mimes=("text/x-cef", "application/x-cef"),
    ),
    Codec(
        "hapi_csv",
        "HAPI csv with its header (.csv)",
        "speasy_core.codecs.hapi_csv",
        magics=(b"#{", b"# {", b"#\n", b"#\r\n"),
        extensions=(".csv",),
        mimes=("text/csv",),
    ),
    Codec(
        "hapi_binary",
        "HAPI binary with its header (.bin)",
        "speasy_core.codecs.hapi_binary",
        extensions=(".bin", ".binary"),
    ),
    Codec(
        "netcdf",
        "NetCDF (.nc)",
        "speasy_core.codecs.netcdf",
        magics=(b"\x89HDF", b"CDF\x01", b"CDF\x02", b"CDF\x05"),
        extensions=(".nc", ".nc4", ".ncdf", ".netcdf"),
        mimes=("application/x-netcdf", "application/netcdf"),
    ),
    Codec(
        "csv",
        "CSV of speasy_core (.csv)",
        "speasy_core.codecs.table_csv",
        magics=(b"# speasy_core: ", b"\xef\xbb\xbf# speasy_core: "),
        extensions=(".csv",),
    ),
    Codec(
        "parquet",
        "Parquet of speasy_core (.parquet)",
        "speasy_core.codecs.parquet",
        magics=(b"PAR1",),
        extensions=(".parquet", ".pq"),
        mimes=("application/vnd.apache.parquet",),
    ),
    Codec(
        "votable",
        "VOTable (.vot)",
        "speasy_core.codecs.votable",
        extensions=(".vot", ".votable"),
        mimes=("application/x-votable+xml",),
        roots=(b"VOTABLE",),
    ),
)  # fmt: skip

# what people hand in by mistake, and what to do about it
_FOREIGN = (
    (b"\x1f\x8b", "a gzip archive", "unpack it first"),
    (b"PK\x03\x04", "a zip archive", "unpack it first"),
    (b"%PDF", "a PDF document", None),
    (b"{", "a JSON document, perhaps a server's error message", "it may say what went wrong"),
    (b"<?xml", "an XML document, perhaps a server's error message", "it may say what went wrong"),
)
_HTML = re.compile(rb"\s*(<!--.*?-->\s*)*<(!doctype\s+html|html|head|body)\b", re.I | re.S)
_ROOT = re.compile(
    rb"(?:\xef\xbb\xbf)?\s*(?:<\?.*?\?>\s*|<!--.*?-->\s*)*<(?:[\w.-]+:)?([\w.-]+)", re.S
)
_TITLE = re.compile(rb"<(title|h1)[^>]*>(.*?)</\1", re.I | re.S)


@cache
def _table() -> dict[str, Codec]:
    table = {codec.name: codec for codec in _BUILT_IN}
    for point in entry_points(group="speasy_core.codecs"):
        try:
            codec = point.load()
        except (ImportError, AttributeError) as error:
            _log.warning("the codec %r of another package cannot be loaded: %s", point.name, error)
            continue
        if isinstance(codec, Codec):
            table.setdefault(codec.name, codec)
        else:
            _log.warning("the entry point %r does not name a Codec and is skipped", point.name)
    return table


def names() -> list[str]:
    """Return the names of the formats that can be read.

    Examples
    --------
    >>> "cdf" in names()
    True
    """
    return list(_table())


def get(name: str) -> Codec:
    """Return the codec of a name.

    Raises
    ------
    UnsupportedFormat
        There is none.
    """
    found = _table().get(name)
    if found is None:
        raise UnsupportedFormat(f"no codec {name!r}", hint=f"there are {', '.join(_table())}")
    return found


def sniff(data: bytes, *, source: str = "", mime: str | None = None) -> Codec:
    """Return the codec for a file, by how it begins, else by its name or content type.

    Parameters
    ----------
    data : bytes
        The file, or its beginning.
    source : str
        File name or address.
    mime : str, optional
        Content type that came with it.

    Raises
    ------
    UnexpectedContent
        Empty, or an HTML page; its title is quoted.
    UnsupportedFormat
        No codec for it; the known ones are named.
    """
    if not data:
        raise UnexpectedContent("the file is empty", source=source or None, hint="fetch it again")
    codecs = _table().values()
    root = _ROOT.match(data[:4096])
    for codec in codecs:
        if any(data.startswith(magic) for magic in codec.magics):
            return codec
        if root is not None and root.group(1) in codec.roots:
            return codec
        if codec.head and re.match(codec.head.encode("latin-1"), data[:4096], re.IGNORECASE):
            return codec
    if _HTML.match(data[:4096]):
        raise UnexpectedContent(
            f"an HTML page{_html_title(data)} where data was expected",
            source=source or None,
            hint="the server sent a message in place of the file",
        )
    ending = Path(source).suffix.lower()
    kind = (mime or "").partition(";")[0].strip().lower()
    foreign = next(((what, hint) for magic, what, hint in _FOREIGN if data.startswith(magic)), None)
    for codec in codecs:
        # a beginning that belongs to another format weighs more than a name
        if foreign is None and (ending in codec.extensions or kind in codec.mimes):
            return codec
    what, hint = foreign or (f"a file of unknown kind (it begins with {data[:8]!r})", None)
    known = ", ".join(codec.title for codec in codecs)
    raise UnsupportedFormat(
        f"cannot read {what}; known formats: {known}", source=source or None, hint=hint
    )


def _html_title(data: bytes) -> str:
    found = _TITLE.search(data[:65_536])
    if found is None:
        return ""
    text = html.unescape(re.sub(r"<[^>]*>|\s+", " ", found.group(2).decode("utf-8", "replace")))
    return f" ({' '.join(text.split())[:120]!r})"


def read(
    data: bytes, *, source: str, variables: Sequence[str] | None = None, mime: str | None = None
) -> Dataset:
    """Decode a file that is in memory.

    Parameters
    ----------
    data : bytes
        The whole file.
    source : str
        Its name or address, for messages and to help recognise it.
    variables : sequence of str, optional
        Which variables; all data variables without it.
    mime : str, optional
        Content type that came with it.

    Returns
    -------
    Dataset
        With the file's own attributes in ``meta``.

    Raises
    ------
    UnexpectedContent, UnsupportedFormat
        As `sniff`.
    CorruptFile
        Cut short or damaged.
    UnknownProduct
        A variable that the file does not have.
    """
    return (
        sniff(data, source=source, mime=mime).load().read(data, source=source, variables=variables)
    )


def check(data: bytes, source: str) -> None:
    """Raise CorruptFile for a file that lacks its end, where its format tells; all else passes.

    Examples
    --------
    >>> check(b"text", "x.txt")
    >>> check(bytes.fromhex("cdf30001 0000ffff"), "x.cdf")
    Traceback (most recent call last):
    ...
    speasy_core.errors.CorruptFile: ...
    """
    codec = next((c for c in _table().values() if _begins(data, c.magics)), None)
    prove = getattr(codec.load(), "check", None) if codec is not None else None
    if prove is not None:
        with suppress(UnsupportedFormat):  # whole, and of a kind that nobody reads
            prove(data, source)


def _begins(data: bytes, magics: tuple[bytes, ...]) -> bool:
    """Whether `data` begins as one of `magics` does, however little there is of it."""
    return any(data[: len(magic)] == magic[: len(data)] for magic in magics if data)


def decode(
    data: bytes, *, source: str, variables: Sequence[str] | None = None, mime: str | None = None
) -> dict[str, SpeasyVariable]:
    """Decode a file that is in memory into a dict of variables; parameters and errors as `read`."""
    return read(data, source=source, variables=variables, mime=mime).variables


def read_file(path: str | PathLike[str], variables: Sequence[str] | str | None = None) -> Dataset:
    """Read a local file of any known format, such as `to_cdf`, `to_csv`, `to_parquet` wrote.

    Parameters
    ----------
    path : str or path
        The file.
    variables : sequence of str, or str, optional
        Which variables; all data variables without it.

    Returns
    -------
    Dataset
        Variables by name; the file's own attributes in ``meta``.

    Raises
    ------
    InvalidRequest
        No such file, a folder, or a file that may not be read.
    UnexpectedContent
        Empty, or an HTML page.
    UnsupportedFormat
        No codec for it.
    CorruptFile
        Cut short or damaged; the message names the file.
    UnknownProduct
        A variable that the file does not have.

    Examples
    --------
    >>> dataset = read_file("ac_h0_mfi_20230102_v07.cdf", ["BGSEc"])  # doctest: +SKIP
    >>> dataset["BGSEc"].unit  # doctest: +SKIP
    'nT'
    """
    file = Path(path).expanduser()
    try:
        data = file.read_bytes()
    except FileNotFoundError as error:
        raise InvalidRequest("no such file", source=str(file)) from error
    except IsADirectoryError as error:
        raise InvalidRequest(
            "a folder, not a file", source=str(file), hint="name one file in it"
        ) from error
    except OSError as error:
        if file.is_dir():  # Windows reports a folder as a missing permission
            raise InvalidRequest(
                "a folder, not a file", source=str(file), hint="name one file in it"
            ) from error
        raise InvalidRequest(
            f"the file cannot be read ({error.strerror or error})", source=str(file)
        ) from error
    wanted = [variables] if isinstance(variables, str) else variables
    codec = sniff(data, source=file.name).load()
    # a format that may spread over several files says so by a second function
    local: _ReadLocal | None = getattr(codec, "read_local", None)
    if local is not None:
        return local(file, data, variables=wanted)
    return codec.read(data, source=file.name, variables=wanted)
