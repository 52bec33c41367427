"""AMDA's trees: missions down to components, time tables, catalogues, and what users keep."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

from speasy_core.errors import InvalidTime, UnexpectedContent
from speasy_core.product import Kind, ProductInfo, ProductRef
from speasy_core.timerange import TimeRange, to_ns
from speasy_core.xml import local_name, walk

__all__ = ["read_events_list", "read_tree"]

_ID = "xml:id"
_BREAK = re.compile(r"\s*<br\s*/?>\s*", re.IGNORECASE)
_SAMPLING = re.compile(r"(\d+(?:\.\d*)?|\.\d+)\s*([SMHD]?)", re.IGNORECASE)
_SECONDS = {"": 1.0, "S": 1.0, "M": 60.0, "H": 3600.0, "D": 86_400.0}
_FOLDERS = frozenset({"mission", "observatory", "instrument", "datasetGroup"})
_DATASET_KEPT = (
    "dataSource", "lastUpdate", "maxSampling", "measurement_type", "processing_level", "spaseId",
    "target", "group",
)  # fmt: skip
_times = lru_cache(maxsize=4096)(to_ns)


def _cadence(text: str) -> float | None:
    match = _SAMPLING.fullmatch(text.strip())
    seconds = float(match[1]) * _SECONDS[match[2].upper()] if match else 0.0
    return seconds or None


def _coverage(start: str | None, stop: str | None) -> TimeRange | None:
    if not start or not stop:
        return None
    try:
        first, last = _times(start), _times(stop)
    except InvalidTime:
        return None
    return TimeRange.from_ns(first, last) if first < last else None


def _describe(text: str) -> tuple[str, str]:
    """Return the first line of a description that is HTML, and all of it, as plain text."""
    lines = _BREAK.split(text)
    return lines[0].strip(), "\n".join(line.strip() for line in lines if line.strip())


def _titled(name: str, more: str) -> str:
    return (
        f"{name.strip()}: {more.strip()}"
        if name.strip() and more.strip()
        else (name or more).strip()
    )


class _Tree:
    """Turns the elements of a data tree into records, as they come."""

    def __init__(self, root: str) -> None:
        self.records: list[ProductInfo] = []
        self.depth = 0
        self._path: tuple[str, ...] = (root,)
        self._paths: list[tuple[str, ...]] = []
        self._dataset: dict[str, Any] = {}  # of the data set that is open: what parameters inherit
        self._parameter: ProductInfo | None = None
        self._meta: dict[str, Any] = {}
        self._handlers: dict[str, Callable[[dict[str, str]], None]] = {
            "parameter": self._start_parameter,
            "component": self._start_component,
            "argument": self._start_argument,
            "item": self._start_item,
            "dataset": self._start_dataset,
            **dict.fromkeys(_FOLDERS, self._start_folder),
        }

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        handle = self._handlers.get(tag)
        if handle is not None:
            handle(attributes)
        elif not self.depth and tag != "dataRoot":
            raise UnexpectedContent(f"<{local_name(tag)}> where AMDA's data tree was expected")
        self.depth += 1

    def end(self, tag: str) -> None:
        if tag in _FOLDERS or tag == "dataset":
            self._path = self._paths.pop()

    def _start_folder(self, attributes: dict[str, str]) -> None:
        name = attributes.get("name") or attributes.get(_ID) or "unnamed"
        self._paths.append(self._path)
        self._path = (*self._path, name)
        title, text = _describe(attributes.get("desc", ""))
        if title:
            meta = {"description": text} if text != title else {}
            if attributes.get("target"):
                meta["target"] = attributes["target"]
            self.records.append(ProductInfo(self._path, None, "folder", title, meta=meta))

    def _start_dataset(self, attributes: dict[str, str]) -> None:
        ident, name = attributes.get(_ID) or attributes.get("name", ""), attributes.get("name", "")
        self._paths.append(self._path)
        self._path = (*self._path, ident)
        first, text = _describe(attributes.get("desc", ""))
        restricted = min(
            filter(None, (attributes.get(k) for k in ("timeRestriction", "restriction"))),
            default="",
        )
        version = attributes.get("lastModificationDate") or attributes.get("lastUpdate", "")
        inherited = {"dataset": ident, "version": version, "restricted_after": restricted}
        meta: dict[str, Any] = {k: attributes[k] for k in _DATASET_KEPT if attributes.get(k)}
        meta |= {"name": name, "description": text, "parameters": []}
        meta |= {key: value for key, value in inherited.items() if value}
        coverage = _coverage(attributes.get("dataStart"), attributes.get("dataStop"))
        cadence = _cadence(attributes.get("sampling", ""))
        self._dataset = {
            "meta": {key: value for key, value in inherited.items() if value},
            "parameters": meta["parameters"], "coverage": coverage, "cadence": cadence,
        }  # fmt: skip
        self.records.append(
            ProductInfo(
                self._path, ProductRef("amda", ident), "dataset", _titled(name, first), "",
                coverage, cadence, meta,
            )
        )  # fmt: skip

    def _start_parameter(self, attributes: dict[str, str]) -> None:
        ident, about = attributes[_ID], self._dataset
        size, display = attributes.get("size", ""), attributes.get("display_type", "")
        kind: Kind = "scalar"
        if display == "spectrogram":
            kind = "spectrogram"
        elif size not in ("", "1"):
            kind = "vector" if size == "3" else "multicomponent"
        name, text = attributes.get("name", ""), attributes.get("description", "")
        meta: dict[str, Any] = {"FIELDNAM": name, **about.get("meta", {})}
        extra = {
            "CATDESC": text, "UCD": attributes.get("ucd"), "DISPLAY_TYPE": display,
            "template": attributes.get("template"), "predefined": attributes.get("predefined"),
        }  # fmt: skip
        meta.update({key: value for key, value in extra.items() if value})
        about.get("parameters", []).append(ident)
        self._meta = meta
        self._parameter = ProductInfo(
            (*self._path, ident), ProductRef("amda", ident), kind, _titled(name, text),
            attributes.get("units", ""), about.get("coverage"), about.get("cadence"), meta,
        )  # fmt: skip
        self.records.append(self._parameter)

    def _start_component(self, attributes: dict[str, str]) -> None:
        above = self._parameter
        if above is None:
            return
        ident, name = attributes[_ID], attributes.get("name", "")
        self._meta.setdefault("components", {})[ident] = name
        meta = {"FIELDNAM": name, "component_of": self._meta["FIELDNAM"]}
        meta |= self._dataset.get("meta", {})
        self.records.append(
            ProductInfo(
                (*above.path, ident), ProductRef("amda", ident), "scalar", name, above.unit,
                above.coverage, above.cadence, meta,
            )
        )  # fmt: skip

    def _start_argument(self, attributes: dict[str, str]) -> None:
        self._meta.setdefault("arguments", []).append(dict(attributes))

    def _start_item(self, attributes: dict[str, str]) -> None:
        argument = self._meta["arguments"][-1]
        argument.setdefault("items", {})[attributes.get("key", "")] = attributes.get("name", "")


def read_tree(
    data: bytes, *, source: str, root: str = "Parameters", check: Callable[[], None] = lambda: None
) -> list[ProductInfo]:
    """Return all folders, data sets, parameters and components of a data tree.

    Parameters
    ----------
    data : bytes
        The document.
    source : str
        Where it came from, for messages.
    root : str
        First name of every path.
    check : callable
        Called now and then; may raise to stop.

    Raises
    ------
    UnexpectedContent
        Not well-formed, or not such a tree.

    Examples
    --------
    >>> doc = (b"<dataRoot><mission name='ACE'><instrument name='MAG'><dataset xml:id='ace-imf' "
    ...        b"name='final'><parameter xml:id='imf' name='b_gse' units='nT' size='3'/>"
    ...        b"</dataset></instrument></mission></dataRoot>")
    >>> info = read_tree(doc, source="tree.xml")[-1]
    >>> info.path, info.kind, info.unit
    (('Parameters', 'ACE', 'MAG', 'ace-imf', 'imf'), 'vector', 'nT')
    """
    tree = _Tree(root)
    try:
        walk(data, source=source, start=tree.start, end=tree.end, check=check)
    except UnexpectedContent as error:
        error.source = error.source or source
        raise
    return tree.records


_LEAVES: Mapping[str, Kind] = {
    "timeTable": "timetable", "timetab": "timetable", "catalog": "catalog", "param": "unknown",
}  # fmt: skip


class _List:
    """Turns a list with folders into records."""

    def __init__(self, root: tuple[str, ...]) -> None:
        self.records: list[ProductInfo] = []
        self._path = root
        self._above: list[tuple[str, ...]] = []
        self._taken: set[tuple[str, ...]] = set()

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        if not self._above and tag not in ("timeTableList", "timetabList", "catalogList", "ws"):
            raise UnexpectedContent(f"<{local_name(tag)}> where a list of AMDA's was expected")
        self._above.append(self._path)
        if tag == "folder":
            name = attributes.get("name") or attributes.get(_ID) or "unnamed"
            self._path = (*self._path, name)
        elif tag in _LEAVES:
            self._leaf(_LEAVES[tag], attributes)

    def end(self, tag: str) -> None:
        self._path = self._above.pop()

    def _leaf(self, kind: Kind, attributes: dict[str, str]) -> None:
        ident = attributes.get(_ID) or attributes.get("id")
        if not ident:
            return
        name = attributes.get("name") or ident
        path = (*self._path, name)
        if path in self._taken:  # users may give one name twice
            path = (*self._path, f"{name} ({ident})")
        self._taken.add(path)
        meta = {k: v for k, v in attributes.items() if k not in (_ID, "id", "units") and v}
        cadence = None
        if kind == "unknown":
            size = attributes.get("size") or attributes.get("dim_1", "")
            kind = "scalar" if size in ("", "1") else "vector" if size == "3" else "multicomponent"
            if attributes.get("display_type") == "spectrogram":
                kind = "spectrogram"
            cadence = _cadence(attributes.get("timestep", ""))
        text = attributes.get("description") or attributes.get("buildchain") or ""
        self.records.append(
            ProductInfo(
                path, ProductRef("amda", ident), kind, " ".join(text.split()) or name,
                attributes.get("units", ""),
                _coverage(attributes.get("surveyStart"), attributes.get("surveyStop")),
                cadence, meta,
            )
        )  # fmt: skip


def read_events_list(data: bytes, *, source: str, root: tuple[str, ...]) -> list[ProductInfo]:
    """Return the time tables, catalogues or derived parameters of a list, folders below `root`.

    Parameters
    ----------
    data : bytes
        The document.
    source : str
        Where it came from, for messages.
    root : tuple of str
        First names of every path.

    Raises
    ------
    UnexpectedContent
        Not well-formed, or not such a list.
    """
    found = _List(root)
    try:
        walk(data, source=source, start=found.start, end=found.end)
    except UnexpectedContent as error:
        error.source = error.source or source
        raise
    return found.records
