"""The Cluster archive's tables: five answers of its TAP service, joined to an inventory."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from speasy_core.errors import InvalidRequest, UnexpectedContent
from speasy_core.product import Kind, ProductInfo, ProductRef
from speasy_core.timerange import TimeRange

__all__ = ["QUERIES", "Row", "build_records", "read_csv"]

Row = Mapping[str, str]

QUERIES = {
    "mission": "SELECT * FROM csa.v_mission",
    "observatory": "SELECT * FROM csa.v_observatory",
    "instrument": "SELECT * FROM csa.v_instrument",
    "dataset": (
        "SELECT * FROM csa.v_dataset WHERE dataset_id like '%GRMB' "
        "OR (is_cef='true' AND is_istp='true')"
    ),
    "parameter": ("SELECT * FROM csa.v_parameter WHERE data_type='Data' AND value_type<>'CHAR'"),
}
#: columns without which no inventory can be made
_NEEDED = {
    "mission": ("name",),
    "observatory": ("name", "mission_name"),
    "instrument": ("name", "observatories"),
    "dataset": ("dataset_id", "instruments"),
    "parameter": ("dataset_id", "parameter_id"),
}
MULTIPLE = "MULTIPLE"
_MAX_FIELD = 2**20
_MAX_TEXT = 4_000
_SEVERAL = re.compile(r"[,;|]")


def read_csv(text: str, table: str, url: str = "") -> list[dict[str, str]]:
    """Return the rows of a table, columns in lower case.

    Parameters
    ----------
    text : str
        CSV with a line of names.
    table : str
        One of :data:`QUERIES`.
    url : str
        For messages.

    Raises
    ------
    UnexpectedContent
        A needed column is missing, or a row is longer or shorter than the line of names.
    """
    rows: list[dict[str, str]] = []
    csv.field_size_limit(max(csv.field_size_limit(), _MAX_FIELD))
    try:
        reader = csv.reader(io.StringIO(text.removeprefix("\ufeff"), newline=""))
        names = [name.strip().lower() for name in next(reader, [])]
        missing = [name for name in _NEEDED[table] if name not in names]
        if missing:
            raise UnexpectedContent(
                f"the table of {table}s lacks {', '.join(missing)}; it begins with {text[:80]!r}",
                url=url,
            )
        for row in reader:
            if not row:
                continue
            if len(row) != len(names):
                raise UnexpectedContent(
                    f"line {reader.line_num} of the table of {table}s has {len(row)} columns, "
                    f"not {len(names)}",
                    url=url, hint="the answer may be cut; ask again",
                )  # fmt: skip
            rows.append({k: v.strip() for k, v in zip(names, row, strict=True)})
    except csv.Error as error:
        raise UnexpectedContent(f"the table of {table}s is not CSV: {error}", url=url) from error
    return rows


def build_records(
    tables: Mapping[str, Sequence[Row]], check: Callable[[], None] = lambda: None
) -> tuple[list[ProductInfo], list[str]]:
    """Return the inventory, ``mission / observatory / instrument / data set / parameter``.

    Parameters
    ----------
    tables : mapping
        Rows of each of :data:`QUERIES`.
    check : callable
        Called now and then; may raise to stop.

    Returns
    -------
    records : list of ProductInfo
    warnings : list of str
        Data sets that were left out.
    """
    parameters: dict[str, list[Row]] = {}
    for row in tables["parameter"]:
        parameters.setdefault(row["dataset_id"], []).append(row)
    places = _Places(tables)
    records: list[ProductInfo] = places.folders()
    warnings: list[str] = []
    seen: set[str] = set()
    rows = sorted(tables["dataset"], key=lambda r: (places.of(r["instruments"]), r["dataset_id"]))
    for row in rows:
        check()
        name = row["dataset_id"]
        if not name or name in seen or "/" in name:
            continue
        seen.add(name)
        if name not in parameters:
            warnings.append(f"{name}: no parameters are listed for it")
        records += _dataset(row, (*places.of(row["instruments"]), name), parameters.get(name, []))
    return records, warnings


class _Places:
    """Where an instrument belongs: its mission and observatory."""

    def __init__(self, tables: Mapping[str, Sequence[Row]]) -> None:
        self._observatories = {r["name"]: r for r in tables["observatory"] if r["name"]}
        self._instruments = {r["name"]: r for r in tables["instrument"] if r["name"]}
        self._missions = {r["name"]: r for r in tables["mission"] if r["name"]}

    def of(self, instruments: str) -> tuple[str, str, str]:
        """Return mission, observatory and instrument of a data set's `instruments`."""
        name = instruments or MULTIPLE
        row = self._instruments.get(name)
        listed = row["observatories"] if row is not None else ""
        if listed in self._observatories:
            mission = self._observatories[listed]["mission_name"] or MULTIPLE
            return mission, listed, name
        own = self._observatories.get(MULTIPLE)
        mission = own["mission_name"] if own is not None else ""
        return mission or self._common_mission(listed, instruments), MULTIPLE, name

    def _common_mission(self, observatories: str, instruments: str) -> str:
        """Return the mission that all of some observatories share."""
        parts = [observatories]
        if not observatories:  # a data set of several instruments
            known = [self._instruments.get(i.strip()) for i in _SEVERAL.split(instruments)]
            parts = [row["observatories"] for row in known if row is not None]
        names = {n.strip() for part in parts for n in _SEVERAL.split(part)}
        missions = {
            self._observatories[n]["mission_name"] for n in names if n in self._observatories
        }
        missions |= names & set(self._missions)
        if len(missions) == 1:
            return missions.pop() or MULTIPLE
        return next(iter(self._missions)) if len(self._missions) == 1 else MULTIPLE

    def folders(self) -> list[ProductInfo]:
        """Return records of missions and observatories that have something to say."""
        found = [
            ProductInfo(
                (name,), None, "folder", _text(row, "title", "description"), meta=_meta(row)
            )
            for name, row in self._missions.items()
            if len(_meta(row)) > 1
        ]
        found += [
            ProductInfo(
                (row["mission_name"], name), None, "folder",
                _text(row, "title", "description"), meta=_meta(row),
            )
            for name, row in self._observatories.items()
            if row["mission_name"] and len(_meta(row)) > 2
        ]  # fmt: skip
        return found


def _dataset(row: Row, path: tuple[str, ...], parameters: Sequence[Row]) -> list[ProductInfo]:
    coverage = _coverage(row)
    cadence = _seconds(row.get("time_resolution", ""))
    name = path[-1]
    title = _text(row, "title", "dataset_title", "description", "dataset_description")
    records = [
        ProductInfo(
            path, ProductRef("csa", name), "dataset", title,
            coverage=coverage, cadence=cadence, meta=_meta(row),
        )
    ]  # fmt: skip
    seen = set()
    for item in sorted(parameters, key=lambda r: r["parameter_id"]):
        variable = item["parameter_id"]
        if not variable or variable in seen:
            continue
        seen.add(variable)
        records.append(
            ProductInfo(
                (*path, variable),
                ProductRef("csa", f"{name}/{variable}"),
                _kind(item),
                _text(item, "catdesc", "description", "fieldnam", "label"),
                unit=_text(item, "units", "unit"),
                coverage=coverage,
                cadence=cadence,
                meta=_meta(item),
            )
        )
    return records


def _coverage(row: Row) -> TimeRange | None:
    try:
        return TimeRange(row.get("start_date", ""), row.get("end_date", ""))
    except InvalidRequest:  # not said, or not yet ended
        return None


def _seconds(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if 0 < value < 1e9 else None


def _kind(row: Row) -> Kind:
    """Return what the samples will be, as far as the table says."""
    sizes = [s for s in re.split(r"[,x\s]+", row.get("sizes", "").strip("()[]{} ")) if s]
    if not sizes or not all(s.isdigit() for s in sizes):
        return "unknown"
    shape = [int(s) for s in sizes if int(s) != 1]
    if not shape:
        return "scalar"
    has_axis = row.get("depend_1", "") not in ("", "null")
    if len(shape) == 1 and (has_axis or row.get("display_type", "").lower().startswith("spectro")):
        return "spectrogram"
    return "vector" if shape == [3] else "multicomponent"


def _text(row: Row, *columns: str) -> str:
    return next((" ".join(row[c].split())[:500] for c in columns if row.get(c)), "")


def _meta(row: Row) -> dict[str, Any]:
    return {key.upper(): value[:_MAX_TEXT] for key, value in row.items() if value}
