"""What described archives show in the tree, and the metadata that descriptions add."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from speasy_core.codecs.cdf import CdfFile
from speasy_core.product import Kind, ProductInfo, ProductRef
from speasy_core.variable import SpeasyVariable

from ._archive_entry import Entry
from ._cda_masters import dataset_meta, parse_cadence, variable_records

__all__ = ["entry_records", "with_meta"]

_KINDS: tuple[Kind, ...] = ("scalar", "vector", "multicomponent", "spectrogram")


def entry_records(entry: Entry, master: CdfFile | None) -> list[ProductInfo]:
    """Return the records of a data set and of its variables.

    Parameters
    ----------
    entry : Entry
        Where it names variables, only those are shown.
    master : CdfFile or None
        Its file of metadata.
    """
    path = (*entry.path, entry.name)
    meta = {**(dataset_meta(master) if master is not None else {}), **_json(entry.meta)}
    cadence = parse_cadence(meta)
    known: dict[str, ProductInfo] = {}
    if master is not None:
        known = {
            record.name: replace(record, ref=ProductRef("archive", f"{entry.id}/{record.name}"))
            for record in variable_records(master, path, coverage=entry.coverage, cadence=cadence)
        }
    title = entry.title or _first(meta, "TITLE", "Logical_source_description", "description")
    records = [
        ProductInfo(
            path, ProductRef("archive", entry.id), "dataset", title,
            coverage=entry.coverage, cadence=cadence, meta={**meta, "DESCRIBED_IN": entry.where},
        )
    ]  # fmt: skip
    records += [
        _variable(entry, name, known.get(name), cadence) for name in entry.variables or known
    ]
    return records


def _variable(
    entry: Entry, name: str, known: ProductInfo | None, cadence: float | None
) -> ProductInfo:
    said = {key.upper(): value for key, value in _json(entry.variables.get(name, {})).items()}
    if known is not None:
        meta = {**known.meta, **said} if entry.yaml_first else {**said, **known.meta}
        return replace(
            known, meta=meta, unit=_first(meta, "UNITS") or known.unit,
            title=_first(meta, "CATDESC", "FIELDNAM") or known.title,
        )  # fmt: skip
    return ProductInfo(
        (*entry.path, entry.name, name),
        ProductRef("archive", f"{entry.id}/{name}"),
        _kind(said),
        _first(said, "CATDESC", "FIELDNAM", "DESCRIPTION"),
        unit=_first(said, "UNITS"),
        coverage=entry.coverage,
        cadence=cadence,
        meta=said,
    )


def _kind(meta: Mapping[str, Any]) -> Kind:
    """Return what a description without a master says of a variable's form."""
    display = str(meta.get("DISPLAY_TYPE", "")).lower()
    for kind in _KINDS:
        if display == kind:
            return kind
    if display.startswith("spectrogram"):
        return "spectrogram"
    shape = meta.get("SHAPE")
    sizes = shape if isinstance(shape, list) else [shape]
    if shape is None or not all(isinstance(s, int) and s > 0 for s in sizes):
        return "unknown"
    if math.prod(sizes) == 1:
        return "scalar"
    return "vector" if sizes == [3] else "multicomponent"


def _first(meta: Mapping[str, Any], *keys: str) -> str:
    for key in keys:
        value = meta.get(key)
        if isinstance(value, str) and value.strip():
            return " ".join(value.split())
    return ""


def _json(meta: Mapping[str, Any]) -> dict[str, Any]:
    """Return metadata without numbers that JSON does not have."""
    return {
        str(k): str(v) if isinstance(v, float) and not math.isfinite(v) else v
        for k, v in meta.items()
    }


def with_meta(variable: SpeasyVariable, entry: Entry, name: str) -> SpeasyVariable:
    """Return a variable with the description's metadata, before or after the file's own.

    Parameters
    ----------
    variable : SpeasyVariable
    entry : Entry
    name : str
        As the description calls it.
    """
    said = {key.upper(): value for key, value in entry.variables.get(name, {}).items()}
    about = dict(variable.meta.get("dataset", {}))
    if entry.yaml_first:
        meta = {**variable.meta, **said}
        about |= entry.meta
    else:
        meta = {**said, **variable.meta}
        about = {**entry.meta, **about}
    if about:
        meta["dataset"] = about
    unit = said.get("UNITS")
    if isinstance(unit, str) and (entry.yaml_first or not variable.unit):
        return variable.copy(meta=meta, unit=unit)
    return variable.copy(meta=meta)
