"""What the local archive holds: the interface between the servers and the places data comes from.

A holding is one data set. The HTTP side (:mod:`.cdaweb`, :mod:`.spdf`) asks it for descriptions,
master files and answers; it never learns whether the numbers were read from files or computed.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from speasy_core.timerange import TimeRange

__all__ = [
    "Answer",
    "ArchiveError",
    "Description",
    "Holding",
    "NoData",
    "SourceFile",
    "TooLarge",
    "UnknownVariable",
    "VariableInfo",
    "mangle",
    "stamp",
]

_MANGLED = str.maketrans(dict.fromkeys("\\/.%!@#^&*()-+=`|~?<> ", "$"))


def mangle(name: str) -> str:
    """Return `name` as CDAWeb's result files may spell it: one ``$`` for each odd character.

    Examples
    --------
    >>> mangle("flux-1/2")
    'flux$1$2'
    """
    return name.translate(_MANGLED)


def stamp(ns: int) -> str:
    """Return nanoseconds since 1970 as the 14 digits that CDAWeb puts in file names."""
    import numpy as np

    return "".join(c for c in str(np.datetime64(ns, "ns"))[:19] if c.isdigit())


class ArchiveError(Exception):
    """A request that the archive answers with an error page.

    Attributes
    ----------
    status : int
        HTTP status.
    """

    status = 500


class UnknownVariable(ArchiveError):
    """The data set has no such variable."""

    status = 404


class NoData(ArchiveError):
    """Nothing in the range asked for."""

    status = 404


class TooLarge(ArchiveError):
    """More than one answer may hold."""

    status = 413


@dataclass(frozen=True, slots=True)
class Description:
    """What catalogues say of one data set; every text may be empty except `id`."""

    id: str
    title: str = ""
    group: str = ""
    observatory: str = ""
    observatory_title: str = ""
    instrument: str = ""
    instrument_title: str = ""
    instrument_types: tuple[str, ...] = ()
    pi_name: str = ""
    pi_affiliation: str = ""
    notes: str = ""
    spase_id: str = ""
    file_naming: str = ""
    subdivided: str = "None"


@dataclass(frozen=True, slots=True)
class VariableInfo:
    """One line of ``datasets/{id}/variables``."""

    name: str
    title: str = ""
    description: str = ""


@dataclass(frozen=True, slots=True)
class SourceFile:
    """One original file: its name, what it covers, its size in bytes and age (ns since 1970)."""

    name: str
    span: TimeRange
    size: int
    modified_ns: int


@dataclass(frozen=True, slots=True)
class Answer:
    """One result file.

    Parameters
    ----------
    name : str
        File name under which it is offered.
    span : TimeRange
        First to last sample, or the range asked for.
    size : int
        Bytes.
    modified_ns : int
        Age of the newest source, nanoseconds since 1970.
    chunks : callable
        Gives the bytes, anew on each call.
    warnings : sequence of str
        What was left out.
    held : int
        Bytes that the answer keeps in memory until it is forgotten.
    """

    name: str
    span: TimeRange
    size: int
    modified_ns: int
    chunks: ChunkSource
    warnings: Sequence[str] = field(default_factory=tuple)
    held: int = 0


class ChunkSource(Protocol):
    """Something that gives the same bytes each time it is called."""

    def __call__(self) -> Iterator[bytes]:
        """Return the bytes in order."""
        ...


class Holding(Protocol):
    """One data set of the archive."""

    @property
    def description(self) -> Description:
        """Texts for the catalogues."""
        ...

    @property
    def span(self) -> TimeRange | None:
        """First to last sample, or None where nothing is known."""
        ...

    @property
    def modified_ns(self) -> int:
        """When it last changed, nanoseconds since 1970."""
        ...

    @property
    def master_name(self) -> str | None:
        """File name of the master CDF; None when no file could be read to make one."""
        ...

    def master(self) -> bytes:
        """Return the master CDF: all metadata, no records."""
        ...

    def variables(self) -> Sequence[VariableInfo]:
        """Return the data variables."""
        ...

    def intervals(self) -> Sequence[TimeRange]:
        """Return the ranges for which there is data."""
        ...

    def files(self, wanted: TimeRange | None) -> Sequence[SourceFile]:
        """Return the original files that touch `wanted`, or all of them."""
        ...

    def read_file(self, name: str) -> ChunkSource | None:
        """Return the bytes of one original file, or None when there is no such file."""
        ...

    def answer(self, variables: Sequence[str], wanted: TimeRange, *, mangled: bool) -> Answer:
        """Return a CDF of `variables` in `wanted`, both ends included as CDAWeb does.

        Raises
        ------
        UnknownVariable, NoData, TooLarge
        """
        ...
