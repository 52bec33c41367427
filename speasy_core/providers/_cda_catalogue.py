"""CDAWeb's list of data sets, ``all.xml``: who measured what, when, and where the files are."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from xml.etree.ElementTree import Element

from speasy_core.errors import InvalidRequest
from speasy_core.timerange import TimeRange, to_ns
from speasy_core.xml import iter_elements

__all__ = ["CatalogueEntry", "read_catalogue"]

_SITE = "CDAWeb_HTTPS"
# names that the field uses, for those that the archive abbreviates
_ALIASES = {"AC": "ACE", "PSP": "ParkerSolarProbe", "mms1": "MMS1"}


@dataclass(frozen=True, slots=True)
class CatalogueEntry:
    """One data set of the list.

    Attributes
    ----------
    id : str
        For example ``AC_H0_MFI``.
    folders : tuple of (str, str)
        Name and title of the groups that it belongs to, outermost first.
    title : str
        One line.
    coverage : TimeRange or None
        First to last sample.
    master : str
        File name of its master CDF, lower case; empty when it has none.
    meta : dict
        What else the list says.
    """

    id: str
    folders: tuple[tuple[str, str], ...]
    title: str = ""
    coverage: TimeRange | None = None
    master: str = ""
    meta: dict[str, Any] = field(default_factory=dict)


def read_catalogue(
    data: bytes, *, source: str, check: Callable[[], None] = lambda: None
) -> list[CatalogueEntry]:
    """Return the data sets of ``all.xml`` that are CDFs, sorted as the tree shows them.

    Raises
    ------
    UnexpectedContent
        Not XML, cut short, or with a document type declaration.
    """
    found: dict[str, CatalogueEntry] = {}
    for element, site in iter_elements(
        data, "dataset", source=source, context="datasite", check=check
    ):
        entry = _entry(element)
        # the same data sets are listed once for each way to get them
        if entry is not None and (site.get("ID") == _SITE or entry.id not in found):
            found[entry.id] = entry
    return sorted(found.values(), key=_order)


def _order(entry: CatalogueEntry) -> tuple[list[str], str]:
    return [name.lower() for name, _ in entry.folders], entry.id.lower()


def _entry(element: Element) -> CatalogueEntry | None:
    name = _text(element, "serviceprovider_ID")
    master = _label(element.find("mastercdf"))
    access = element.find("access")
    naming = _text(access, "filenaming") if access is not None else ""
    if not name or not (master or naming.lower().endswith(".cdf")):
        return None  # films and pictures: nothing that has variables
    return CatalogueEntry(
        id=name,
        folders=_folders(element),
        title=_description(element),
        coverage=_coverage(element),
        master=master.rpartition("/")[2].lower(),
        meta=_meta(element, master),
    )


def _folders(element: Element) -> tuple[tuple[str, str], ...]:
    folders: list[tuple[str, str]] = []
    for tag in ("mission_group", "observatory", "instrument"):
        child = element.find(tag)
        label = _label(child) or "other"
        name = _ALIASES.get(label, label)
        title = _description(child) if child is not None else ""
        if tag == "observatory" and folders and folders[0][0].lower() == name.lower():
            # a mission of one spacecraft: one level for both
            folders[0] = (folders[0][0], title or folders[0][1])
            continue
        folders.append((name, title))
    return tuple(folders)


def _label(element: Element | None) -> str:
    if element is None:
        return ""
    return _text(element, "serviceprovider_ID") or _text(element, "ID")


def _text(element: Element, attribute: str) -> str:
    text = " ".join((element.get(attribute) or "").split())
    return "" if text.lower() in ("none", "(none)") else text


def _description(element: Element) -> str:
    child = element.find("description")
    return _text(child, "short") if child is not None else ""


def _coverage(element: Element) -> TimeRange | None:
    start, stop = (_text(element, f"timerange_{edge}") for edge in ("start", "stop"))
    try:
        # the last second holds the last sample, and a range ends before its stop
        return TimeRange.from_ns(to_ns(start), to_ns(stop) + 1_000_000_000)
    except InvalidRequest:
        return None


def _meta(element: Element, master: str) -> dict[str, Any]:
    meta: dict[str, Any] = {"description": _description(element), "mastercdf": master}
    kinds = [_label(child) for child in element.findall("instrument_type")]
    meta["instrument_type"] = [kind for kind in kinds if kind]
    for tag in ("mission_group", "observatory", "instrument"):
        meta[tag] = _label(element.find(tag))
    producer = element.find("data_producer")
    if producer is not None:
        meta["data_producer"] = _text(producer, "name")
        meta["data_producer_affiliation"] = _text(producer, "affiliation")
    access = element.find("access")
    if access is not None:
        meta["filenaming"] = _text(access, "filenaming")
        meta["subdividedby"] = _text(access, "subdividedby")
        meta["url"] = (access.findtext("URL") or "").strip()
    return {key: value for key, value in meta.items() if value}
