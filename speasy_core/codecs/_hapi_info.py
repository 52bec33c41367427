"""The header of a HAPI answer: which parameters there are, of what type, size and unit."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from speasy_core.errors import CorruptFile, UnexpectedContent

__all__ = ["Bins", "Info", "Parameter", "parse_info", "split_header"]

_TYPES = ("isotime", "double", "integer", "string")
_MAX_COLUMNS = 10_000_000
_NO_META = frozenset({"parameters", "status", "format", "definitions"})


@dataclass(frozen=True)
class Bins:
    """One dimension of a parameter: what its positions stand for.

    Attributes
    ----------
    centers : ndarray, str or None
        Numbers, the name of the parameter that holds them for each record, or None.
    ranges : ndarray, str or None
        Shape ``(m, 2)``, or the name of a parameter.
    """

    name: str = ""
    unit: str = ""
    centers: NDArray[np.float64] | str | None = None
    ranges: NDArray[np.float64] | str | None = None


@dataclass(frozen=True)
class Parameter:
    """One parameter as the header describes it.

    Attributes
    ----------
    size : tuple of int
        Shape of one record; empty for a single value.
    length : int or None
        Bytes of a text or time.
    units, labels : tuple of str
        One for all components, or one for each; empty where there is none.
    fill : str or None
        As the server writes it.
    raw : mapping
        Everything that the server says of it.
    """

    name: str
    type: str
    size: tuple[int, ...] = ()
    length: int | None = None
    units: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()
    fill: str | None = None
    bins: tuple[Bins, ...] = ()
    raw: Mapping[str, Any] = field(default_factory=dict)

    @property
    def columns(self) -> int:
        """Values in one record."""
        return math.prod(self.size)

    def needs(self) -> list[str]:
        """Names of the parameters that hold its bins."""
        named = [b.centers if isinstance(b.centers, str) else b.ranges for b in self.bins]
        return [name for name in named if isinstance(name, str)]


@dataclass(frozen=True)
class Info:
    """What a server says of a data set.

    Attributes
    ----------
    parameters : tuple of Parameter
        The first one is time.
    meta : mapping
        All else: startDate, stopDate, cadence, description and what the server adds.
    """

    parameters: tuple[Parameter, ...]
    meta: Mapping[str, Any] = field(default_factory=dict)

    @property
    def time(self) -> Parameter:
        """The first parameter."""
        return self.parameters[0]

    @property
    def names(self) -> list[str]:
        """Names of the parameters besides time."""
        return [p.name for p in self.parameters[1:]]

    def find(self, name: str) -> Parameter | None:
        """Return a parameter by its exact name."""
        return next((p for p in self.parameters if p.name == name), None)


def split_header(data: bytes, source: str) -> tuple[Any, bytes]:
    """Take the header off a HAPI answer.

    Parameters
    ----------
    data : bytes
        The header's lines begin with ``#``; it may be one line or many.
    source : str
        For messages.

    Returns
    -------
    (document, records)
        The header read as JSON, None when there is none; and the rest.

    Raises
    ------
    CorruptFile
        The header ends too early, or is not JSON.
    """
    position, lines = 0, []
    while data[position : position + 1] == b"#":
        end = data.find(b"\n", position)
        if end < 0:
            raise CorruptFile("the HAPI header ends within a line: the file was cut", source=source)
        lines.append(data[position + 1 : end])
        position = end + 1
    if not lines:
        return None, data
    try:
        return json.loads(b"\n".join(lines)), data[position:]
    except (ValueError, RecursionError) as error:
        raise CorruptFile(f"the HAPI header is not JSON: {error}", source=source) from error


def parse_info(document: Any, source: str) -> Info:
    """Check a HAPI ``info`` document, or the header of an answer, and return what it says.

    Parameters
    ----------
    document : dict
        As read from JSON.
    source : str
        For messages.

    Raises
    ------
    UnexpectedContent
        It carries a server's error; the message is quoted.
    CorruptFile
        Something is missing or wrong; the parameter is named.
    """
    if not isinstance(document, Mapping):
        raise CorruptFile("the HAPI header is not a JSON object", source=source)
    status = document.get("status")
    code = status.get("code") if isinstance(status, Mapping) else None
    if isinstance(code, int) and code >= 1400:
        said = status.get("message", "") if isinstance(status, Mapping) else ""
        raise UnexpectedContent(f"the server said: HAPI {code} {said}".rstrip(), source=source)
    known = document.get("definitions")
    definitions = known if isinstance(known, Mapping) else {}
    listed = _resolved(document.get("parameters"), definitions)
    if not isinstance(listed, Sequence) or isinstance(listed, str) or not listed:
        raise CorruptFile("the HAPI header lists no parameters", source=source)
    parameters = tuple(_parameter(item, definitions, source) for item in listed)
    if parameters[0].type != "isotime" or parameters[0].size:
        raise CorruptFile(
            f"the first parameter, {parameters[0].name!r}, is not a time", source=source
        )
    names = [p.name for p in parameters]
    twice = next((n for n in names if names.count(n) > 1), None) if len(names) < 5000 else None
    if twice is not None:
        raise CorruptFile(f"the HAPI header lists {twice!r} twice", source=source)
    meta = {key: _resolved(v, definitions) for key, v in document.items() if key not in _NO_META}
    return Info(parameters, meta)


def _resolved(value: Any, definitions: Mapping[str, Any]) -> Any:
    """Follow ``{"$ref": "#/definitions/NAME"}``, also from one to the next."""
    for _ in range(8):
        target = value.get("$ref") if isinstance(value, Mapping) else None
        if not isinstance(target, str) or not target.startswith("#/definitions/"):
            break
        value = definitions.get(target.removeprefix("#/definitions/"))
    return value


def _parameter(item: Any, definitions: Mapping[str, Any], source: str) -> Parameter:
    item = _resolved(item, definitions)
    if not isinstance(item, Mapping) or not isinstance(item.get("name"), str):
        raise CorruptFile("the HAPI header has a parameter without a name", source=source)
    raw = {key: _resolved(value, definitions) for key, value in item.items()}
    name, kind = raw["name"], raw.get("type")
    if kind not in _TYPES:
        raise CorruptFile(f"the parameter {name!r} has the unknown type {kind!r}", source=source)
    size, length = raw.get("size"), raw.get("length")
    whole = [n for n in _listed(size) if isinstance(n, int) and not isinstance(n, bool) and n > 0]
    if len(whole) != len(_listed(size)) or math.prod(whole) > _MAX_COLUMNS:
        raise CorruptFile(f"the parameter {name!r} has the impossible size {size!r}", source=source)
    if length is not None and not (isinstance(length, int) and 0 < length < 2**20):
        raise CorruptFile(
            f"the parameter {name!r} has the impossible length {length!r}", source=source
        )
    fill = raw.get("fill")
    return Parameter(
        name, kind, tuple(whole), length,
        units=tuple(_texts(raw.get("units"))),
        labels=tuple(_texts(raw.get("label"))),
        fill=None if fill is None else str(fill),
        bins=tuple(_bins(b, definitions) for b in _listed(raw.get("bins"))),
        raw=raw,
    )  # fmt: skip


def _listed(value: Any) -> list[Any]:
    return [] if value is None else list(value) if isinstance(value, (list, tuple)) else [value]


def _texts(value: Any) -> Iterator[str]:
    """Yield texts out of a text, a list of them or a list of lists; null is an empty one."""
    for item in _listed(value):
        if isinstance(item, (list, tuple)):
            yield from _texts(list(item))
        else:
            yield "" if item is None else str(item).strip()


def _bins(item: Any, definitions: Mapping[str, Any]) -> Bins:
    item = _resolved(item, definitions)
    if not isinstance(item, Mapping):
        return Bins()
    units = list(dict.fromkeys(_texts(_resolved(item.get("units"), definitions))))
    name = item.get("name")
    return Bins(
        name if isinstance(name, str) else "",
        ", ".join(filter(None, units)),
        _numbers(_resolved(item.get("centers"), definitions), 1),
        _numbers(_resolved(item.get("ranges"), definitions), 2),
    )


def _numbers(value: Any, dimensions: int) -> NDArray[np.float64] | str | None:
    """Return numbers, or the name of the parameter that has them; None for neither."""
    if isinstance(value, str):
        return value
    try:
        array = np.array(_listed(value), np.float64)  # null becomes NaN
    except (TypeError, ValueError, OverflowError):
        return None
    if array.ndim != dimensions or not array.size or np.isnan(array).all():
        return None
    return array if dimensions == 1 or array.shape[1] == 2 else None
