"""CDAWeb's inventory: its list of data sets joined with their master CDFs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from speasy_core.codecs.cdf import CdfFile
from speasy_core.errors import SpeasyError
from speasy_core.product import ProductInfo, ProductRef

from ._cda_catalogue import CatalogueEntry, read_catalogue
from ._cda_masters import dataset_meta, iter_masters, parse_cadence, variable_records

__all__ = ["read_inventory"]


def read_inventory(
    catalogue: bytes,
    masters: bytes,
    *,
    sources: tuple[str, str],
    check: Callable[[], None] = lambda: None,
) -> tuple[list[ProductInfo], list[str]]:
    """Return all data sets with their variables, and what is wrong with some of them.

    Parameters
    ----------
    catalogue : bytes
        ``all.xml``.
    masters : bytes
        ``master.tar``.
    sources : tuple of (str, str)
        Where the two came from, for messages.
    check : callable
        Called now and then; may raise to stop.

    Returns
    -------
    records : list of ProductInfo
        A data set whose master is missing or damaged is there, without variables.
    warnings : list of str
        One line for each of those.
    """
    entries = read_catalogue(catalogue, source=sources[0], check=check)
    users: dict[str, list[CatalogueEntry]] = {}
    for entry in entries:
        users.setdefault(entry.master, []).append(entry)
    read: dict[str, list[ProductInfo]] = {}
    problems: dict[str, str] = {}
    for name, data in iter_masters(masters, source=sources[1], check=check):
        if name not in users:
            continue
        try:
            master = CdfFile(data, name)
            for entry in users[name]:
                read[entry.id] = _describe(entry, master)
        except SpeasyError as error:
            problems.update({entry.id: error.message for entry in users[name]})
    records: list[ProductInfo] = []
    warnings: list[str] = []
    titled: set[tuple[str, ...]] = set()
    for entry in entries:
        records += _folders(entry, titled)
        if entry.id in read:
            records += read[entry.id]
            continue
        problem = "it has no master"
        if entry.master:
            reason = problems.get(entry.id, "it is not in the archive of masters")
            problem = f"its master {entry.master} cannot be used: {reason}"
        warnings.append(f"{entry.id}: {problem}")
        meta = {"warning": f"its variables are not known: {problem}"}
        records.append(_dataset(entry, meta, None))
    return records, warnings


def _folders(entry: CatalogueEntry, titled: set[tuple[str, ...]]) -> list[ProductInfo]:
    records = []
    path: tuple[str, ...] = ()
    for name, title in entry.folders:
        path = (*path, name)
        if path not in titled and title and title != name:
            titled.add(path)
            records.append(ProductInfo(path, None, "folder", title))
    return records


def _describe(entry: CatalogueEntry, master: CdfFile) -> list[ProductInfo]:
    meta = dataset_meta(master)
    cadence = parse_cadence(meta)
    dataset = _dataset(entry, meta, cadence)
    return [
        dataset,
        *variable_records(master, dataset.path, coverage=entry.coverage, cadence=cadence),
    ]


def _dataset(entry: CatalogueEntry, meta: dict[str, Any], cadence: float | None) -> ProductInfo:
    return ProductInfo(
        path=(*(name for name, _ in entry.folders), entry.id),
        ref=ProductRef("cda", entry.id),
        kind="dataset",
        title=entry.title or str(meta.get("Logical_source_description", "")),
        coverage=entry.coverage,
        cadence=cadence,
        meta={**entry.meta, **meta},
    )
