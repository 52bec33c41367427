"""What SSCWeb answers: observatories, locations in columns, and errors in several forms."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from xml.etree.ElementTree import Element

import numpy as np
from numpy.typing import NDArray

from speasy_core.errors import UnexpectedContent
from speasy_core.timerange import TimeRange
from speasy_core.xml import iter_elements

__all__ = [
    "Locations",
    "Observatory",
    "notes_as_meta",
    "page_message",
    "read_locations",
    "read_observatories",
]

_ERROR_PARAGRAPH = re.compile(
    r"<p\b[^>]*class\s*=\s*[\"'](?:ErrorMessage|ErrorDescription)[\"'][^>]*>(.*?)</p>",
    re.IGNORECASE | re.DOTALL,
)
# our times are always valid ones, so these say that the spacecraft was not there then
_OUTSIDE = frozenset({"InvalidBeginTime", "InvalidEndTime", "InvalidTimeRange"})


@dataclass(frozen=True, slots=True)
class Observatory:
    """One spacecraft (or body) of the list."""

    id: str
    name: str
    cadence: float | None
    coverage: TimeRange | None
    resource_id: str = ""
    groups: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Locations:
    """Positions of one spacecraft.

    Attributes
    ----------
    time : datetime64[ns] (n,)
    positions : float64 (n, 3)
        X, Y and Z in kilometres.
    system : str
        The coordinate system as the server spells it.
    status : str
        Empty, ``unknown`` (no such spacecraft) or ``outside`` (not in that time).
    notes : tuple of str
        What the server says about the answer.
    """

    time: NDArray[np.datetime64] = field(default_factory=lambda: np.empty(0, "M8[ns]"))
    positions: NDArray[np.float64] = field(default_factory=lambda: np.empty((0, 3)))
    system: str = ""
    status: str = ""
    notes: tuple[str, ...] = ()


def page_message(body: bytes) -> str:
    """Return the error that an XHTML page of SSCWeb states; empty when it states none.

    Examples
    --------
    >>> page_message(b'<p class="ErrorMessage">No such satellite.</p>')
    'No such satellite.'
    """
    found = _ERROR_PARAGRAPH.findall(body[:65536].decode("utf-8", "replace"))
    texts = (" ".join(html.unescape(re.sub(r"<[^>]+>", " ", text)).split()) for text in found)
    return ": ".join(dict.fromkeys(text[:300] for text in texts if text))


def read_observatories(data: bytes, *, source: str) -> tuple[list[Observatory], list[str]]:
    """Read the list of spacecraft.

    Parameters
    ----------
    data : bytes
        An ``ObservatoryResponse``.
    source : str
        Where it came from, for messages.

    Returns
    -------
    observatories : list of Observatory
    warnings : list of str
        What was left out, and why.

    Raises
    ------
    UnexpectedContent
        Not XML, or without a single observatory.
    """
    found: dict[str, Observatory] = {}
    warnings: list[str] = []
    for element, _ in iter_elements(data, "Observatory", source=source):
        name = _text(element, "Id")
        if not name or name in found:
            warnings.append(f"left out: an observatory with the id {name!r}, empty or there before")
            continue
        found[name] = _observatory(element, name, warnings)
    if not found:
        raise UnexpectedContent(f"the list of observatories is empty: {data[:80]!r}", source=source)
    return list(found.values()), warnings


def _observatory(element: Element, name: str, warnings: list[str]) -> Observatory:
    cadence = _number(_text(element, "Resolution"))
    coverage = None
    start, stop = _text(element, "StartTime"), _text(element, "EndTime")
    if start and stop:
        try:
            coverage = TimeRange(start, stop)
        except ValueError as error:
            warnings.append(f"{name}: the coverage is unknown: {error}")
    return Observatory(
        name,
        _text(element, "Name") or name,
        cadence if cadence > 0 else None,
        coverage,
        _text(element, "ResourceId"),
        tuple(e.text.strip() for e in element.findall("GroupId") if e.text),
    )


def read_locations(data: bytes, satellite: str, *, source: str) -> Locations:
    """Read the positions of one spacecraft.

    Parameters
    ----------
    data : bytes
        A ``Response`` with one ``Result``.
    satellite : str
        Its id.
    source : str
        Where it came from, for messages.

    Raises
    ------
    UnexpectedContent
        Not XML, of another shape, or the server's own report of a failure.
    """
    result = next((e for e, _ in iter_elements(data, "Result", source=source)), None)
    if result is None:
        raise UnexpectedContent(f"no Result in the answer: {data[:80]!r}", source=source)
    notes = tuple(e.text.strip() for e in result.findall("StatusText") if e.text)
    status = _text(result, "StatusSubCode") or _text(result, "StatusCode")
    if _text(result, "StatusCode") == "Error":
        if status == "InvalidSatellite":
            return Locations(status="unknown", notes=notes)
        if status in _OUTSIDE:
            return Locations(status="outside", notes=notes)
        said = ": ".join((status or "Error", *notes))
        raise UnexpectedContent(f"SSCWeb reports a failure: {said}", source=source)
    found = list(result.iterfind("Data"))
    if not found and status:
        return Locations(notes=notes)
    for item in found:
        if _text(item, "Id").lower() == satellite:
            return _columns(item, notes, source)
    ids = ", ".join(_text(item, "Id") for item in found)
    raise UnexpectedContent(f"the answer is not about {satellite}, but: {ids}", source=source)


def _columns(item: Element, notes: tuple[str, ...], source: str) -> Locations:
    try:
        texts = [(e.text or "").strip().removesuffix("Z") for e in item.iterfind("Time")]
        time = np.array(texts, "M8[ns]") if texts else np.empty(0, "M8[ns]")
        coordinates = next(item.iterfind("Coordinates"), None)
        if coordinates is None:
            raise ValueError("there are no coordinates")
        columns = [list(_numbers(coordinates, name)) for name in "XYZ"]
        if any(len(column) != len(time) for column in columns):
            counts = ", ".join(str(len(column)) for column in columns)
            raise ValueError(f"{len(time)} times and {counts} coordinates")
    except ValueError as error:
        raise UnexpectedContent(f"the locations are damaged: {error}", source=source) from error
    positions = np.array(columns, dtype=np.float64).T
    return Locations(time, positions, _text(coordinates, "CoordinateSystem"), "", notes)


def _numbers(element: Element, name: str) -> Iterator[float]:
    for child in element.iterfind(name):
        text = (child.text or "").strip()
        yield float(text) if text else np.nan


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return 0.0


def _text(element: Element, name: str) -> str:
    return (element.findtext(name) or "").strip()


def notes_as_meta(notes: tuple[str, ...]) -> dict[str, Any]:
    """Return remarks as attributes: ``Key: text`` under its key, the rest as ``StatusText``.

    Examples
    --------
    >>> notes_as_meta(("Synthetic: yes", "fine"))
    {'Synthetic': 'yes', 'StatusText': 'fine'}
    """
    meta: dict[str, Any] = {}
    rest = []
    for note in notes:
        key, colon, text = note.partition(": ")
        if colon and key.isidentifier():
            meta[key] = text.strip()
        else:
            rest.append(note)
    if rest:
        meta["StatusText"] = " ".join(rest)
    return meta
