"""Time tables and catalogues of the local archive's AMDA: found in its folder, or computed."""

from __future__ import annotations

import csv
import json
import logging
import re
import xml.etree.ElementTree as ET
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from speasy_core.codecs import votable
from speasy_core.errors import SpeasyError
from speasy_core.events import Catalog, TimeTable

from . import _computed_events as computed
from ._amda_products import XML_ID
from ._kinds import files

__all__ = ["Listed", "computed_events", "find_documents", "list_document", "scan_events"]

log = logging.getLogger(__name__)
_ROOT = re.compile(rb"\s*(?:<\?[^>]*>\s*)?<(dataRoot|timeTableList|catalogList|VOTABLE)\b[^>]*>")
_HEAD = 4096


@dataclass(frozen=True, slots=True)
class Listed:
    """One list of events: its place in the lists, and how its events are had."""

    id: str
    name: str
    folder: str
    load: Callable[[], TimeTable | Catalog]
    description: str = ""


def find_documents(folder: Path | None) -> dict[str, list[Path]]:
    """Return the XML documents of a folder that AMDA's parts come from, by their outermost tag.

    The largest of each kind comes first.
    """
    found: dict[str, list[tuple[int, Path]]] = {}
    for path in files(folder):
        try:
            with path.open("rb") as stream:
                match = _ROOT.match(stream.read(_HEAD))
            if match is not None and not match[0].endswith(b"/>"):
                found.setdefault(match[1].decode(), []).append((path.stat().st_size, path))
            elif path.suffix.lower() in (".vot", ".votable"):
                log.warning("%s is left out: it does not begin as a VOTable", path)
        except OSError as error:
            log.warning("%s cannot be read: %s", path, error)
    return {kind: [p for _, p in sorted(sizes, reverse=True)] for kind, sizes in found.items()}


def scan_events(folder: Path | None, documents: list[Path]) -> Iterator[Listed]:
    """Yield the lists of events in a folder: VOTables, and tables in CSV beside ``.meta.json``."""
    for number, path in enumerate(sorted(documents)):
        yield Listed(f"sharedcatalog_{9000 + number}", path.stem, "FILES", partial(_votable, path))
    for path in sorted(folder.rglob("*.meta.json")) if folder is not None else []:
        table = path.with_name(path.name.removesuffix(".meta.json") + ".csv")
        try:
            about = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            log.warning("%s cannot be read: %s", path, error)
            continue
        if isinstance(about, dict) and about.get("id") and table.is_file():
            name, text = str(about.get("name", table.stem)), str(about.get("description", ""))
            yield Listed(str(about["id"]), name, "FILES", partial(_csv, table, name), text)


def _votable(path: Path) -> TimeTable | Catalog:
    return votable.events_of(votable.read_table(path.read_bytes(), source=path.name))


def _csv(path: Path, name: str) -> TimeTable:
    with path.open(encoding="utf-8", newline="") as stream:
        rows = [(row["start"], row["stop"]) for row in csv.DictReader(stream)]
    return TimeTable(name, {}, rows)


def computed_events() -> list[Listed]:
    """Return the lists of what happens in the synthetic data."""
    day = "Crossings of the magnetopause by MMS1 on 2019-01-02 (synthetic)."
    layers = (
        "MMS1 in the boundary layer of the magnetopause, full and partial crossings (synthetic): "
        "labels for detectors, 2017-11-02 to 2017-11-16."
    )
    shocks = "Shocks at ACE, 2020 to 2025, each in the middle of two hours (synthetic)."
    name, season, wind = (
        "MMS1_magnetopause_2019_01_02", "MMS1_boundary_layer_2017_11", "ACE_shocks_2020_2025",
    )  # fmt: skip
    return [
        Listed("sharedtimeTable_0", name, "EARTH", computed.crossings, day),
        Listed("sharedcatalog_0", name, "EARTH", computed.crossings_catalog, day),
        Listed("sharedcatalog_8001", season, "EARTH", computed.boundary_layers, layers),
        Listed("sharedcatalog_8002", wind, "SOLAR_WIND", computed.shocks, shocks),
    ]


def list_document(
    root: str, leaf: str, listed: list[Listed], recorded: Path | None = None
) -> bytes:
    """Return a list in the form of AMDA's.

    Parameters
    ----------
    root, leaf : str
        Tags.
    listed : list of Listed
        Added to those of `recorded`; what cannot be read is left out.
    recorded : Path, optional
        A list of the real server's.
    """
    top = ET.Element(root, {XML_ID: f"shared{leaf}-treeRootNode"})
    if recorded is not None:
        top = ET.fromstring(recorded.read_bytes())
    known = {element.get(XML_ID) for element in top.iter()}
    folders: dict[str, ET.Element] = {}
    for one in listed:
        if one.id in known:
            continue
        try:
            table = one.load()
        except (SpeasyError, OSError, KeyError) as error:
            log.warning("%s is not listed: %s", one.name, error)
            continue
        span = table.time_range()
        if one.folder not in folders:
            attributes = {XML_ID: f"{one.folder}_{leaf}", "name": one.folder}
            folders[one.folder] = ET.SubElement(top, "folder", attributes)
        attributes = {
            XML_ID: one.id, "id": one.id, "name": one.name, "created": "2025-01-01T00:00:00",
            "description": one.description or str(table.meta.get("description", "")),
            "nbIntervals": str(len(table)), "sharedBy": "local archive",
            "sharedDate": "2025-01-01T00:00:00+00:00",
        }  # fmt: skip
        if span is not None:
            attributes["surveyStart"] = str(span.start.astype("M8[s]"))
            attributes["surveyStop"] = str(span.stop.astype("M8[s]"))
        ET.SubElement(folders[one.folder], leaf, attributes)
    document: bytes = ET.tostring(top, encoding="UTF-8", xml_declaration=True)
    return document
