"""HAPI answers found in a folder, served again as the data sets they were taken from."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from speasy_core.codecs._hapi_file import read_answer
from speasy_core.codecs._hapi_info import Info, parse_info, split_header
from speasy_core.errors import SpeasyError, SpeasyWarning
from speasy_core.timerange import TimeRange
from speasy_core.variable import SpeasyVariable, merge

from ._hapi_sets import Axis, HapiSet, Quantity
from ._kinds import files, of_kind
from .holdings import Description

__all__ = ["RecordedSet", "recorded_sets"]

log = logging.getLogger(__name__)

_ENDINGS = frozenset({".csv", ".bin", ".binary"})
_MAX_FILE = 200_000_000


@dataclass(frozen=True)
class _Origin:
    """What a data set needs to know of where it comes from."""

    description: Description
    span: TimeRange
    modified_ns: int

    def intervals(self) -> Sequence[TimeRange]:
        return [self.span]


@dataclass(frozen=True)
class RecordedSet(HapiSet):
    """A data set whose records are held in memory.

    Attributes
    ----------
    variables : mapping of str to SpeasyVariable
        All on the same times.
    """

    variables: Mapping[str, SpeasyVariable] = field(default_factory=dict)

    def records(
        self, names: Sequence[str], wanted: TimeRange
    ) -> tuple[NDArray[np.int64], dict[str, NDArray[Any]]]:
        """Return the times in ``[start, stop)`` and the values of the quantities there."""
        time = next(iter(self.variables.values())).time_ns
        low, high = np.searchsorted(time, [wanted.start_ns, wanted.stop_ns])
        found = {name: np.asarray(self.variables[name].values[low:high]) for name in names}
        return time[low:high], found


def recorded_sets(folder: Path | None) -> Iterator[HapiSet]:
    """Yield the data sets of all HAPI answers below `folder`.

    Answers carry a header, or lie beside a description: ``DATASET___.json`` for the files
    ``DATASET_PARAMETER-PARAMETER_START_STOP.bin``, the names under which hapiclient keeps them.
    """
    parts: dict[str, dict[str, list[SpeasyVariable]]] = {}
    modified: dict[str, int] = {}
    with_header = set(of_kind(folder, "hapi_csv"))
    for path in files(folder):
        if path not in with_header and path.suffix.lower() not in _ENDINGS:
            continue
        try:
            answer = _read(path)
        except (SpeasyError, SpeasyWarning, OSError, ValueError) as error:
            log.warning("%s is left out: %s", path, error)
            continue
        if answer is None:
            continue
        name, variables = answer
        age = path.stat().st_mtime_ns
        modified[name] = max(modified.get(name, age), age)
        for key, variable in variables.items():
            parts.setdefault(name, {}).setdefault(key, []).append(variable)
    for name, listed in parts.items():
        try:
            yield from _sets(name, listed, modified[name])
        except SpeasyError as error:  # recordings that do not fit together
            log.warning("%s is not served by HAPI: %s", name, error)


def _read(path: Path) -> tuple[str, dict[str, SpeasyVariable]] | None:
    """Return data set and variables of an answer, None for a file that is something else."""
    if path.stat().st_size > _MAX_FILE:
        return None
    with path.open("rb") as stream:
        described = stream.read(1) == b"#" or _description(path) is not None
    if not described:
        return None
    data = path.read_bytes()
    if data.startswith(b"#"):
        document, _ = split_header(data, path.name)
        status = document.get("status") if isinstance(document, dict) else None
        told = status.get("x_parentDataset") if isinstance(status, dict) else None
        return str(told or path.stem), _decode(data, path.name, None)
    found = _description(path)
    return None if found is None else (found[0], _decode(data, path.name, found[1]))


def _decode(data: bytes, source: str, info: Info | None) -> dict[str, SpeasyVariable]:
    return dict(read_answer(data, source, None, info).variables)


def _description(path: Path) -> tuple[str, Info] | None:
    """Return data set and layout of a file that hapiclient kept."""
    for beside in path.parent.glob("*___.json"):
        name = beside.name.removesuffix("___.json")
        if not path.name.startswith(f"{name}_"):
            continue
        info = parse_info(json.loads(beside.read_text(encoding="utf-8")), beside.name)
        asked = path.stem.removeprefix(f"{name}_").rsplit("_", 2)[0].split("-")
        chosen = [p for p in info.parameters[1:] if p.name in asked]
        if len(chosen) == len(asked):
            return name, Info((info.time, *chosen), info.meta)
    return None


def _sets(
    name: str, listed: Mapping[str, list[SpeasyVariable]], modified_ns: int
) -> Iterator[HapiSet]:
    groups: list[dict[str, SpeasyVariable]] = []
    for key, pieces in listed.items():
        whole = _joined(pieces)
        if not len(whole) or whole.dtype.kind not in "fiu":
            continue
        for group in groups:
            if np.array_equal(next(iter(group.values())).time_ns, whole.time_ns):
                group[key] = whole
                break
        else:
            groups.append({key: whole})
    for number, group in enumerate(groups):
        first = next(iter(group.values()))
        told = first.meta.get("dataset", {})
        title = str(told.get("description") or told.get("title") or name)
        span = TimeRange.from_ns(int(first.time_ns[0]), int(first.time_ns[-1]) + 1)
        yield RecordedSet(
            name + (f"@{number}" if number else ""),
            _Origin(Description(name, title=title), span, modified_ns),  # type: ignore[arg-type]
            {key: _quantity(key, v, group) for key, v in group.items()},
            {},
            group,
        )


def _joined(pieces: list[SpeasyVariable]) -> SpeasyVariable:
    """Return the rows of all pieces; of a time that several have, the first one's."""
    whole = pieces[0]
    for piece in pieces[1:]:
        new: SpeasyVariable = piece[~np.isin(piece.time_ns, whole.time_ns)]
        if len(new):
            whole = merge([whole, new]) if len(whole) else new
    return whole


def _quantity(name: str, v: SpeasyVariable, group: Mapping[str, SpeasyVariable]) -> Quantity:
    whole = v.dtype.kind in "iu" and v.dtype.itemsize <= 4
    axes = tuple(
        Axis(
            a.name,
            a.unit,
            [float(x) for x in a.values] if a.values.ndim == 1 else _holder(a, group),
        )
        for a in v.axes
    )
    fill = v.fill_value
    labels = v.columns if v.ndim == 2 and v.kind != "spectrogram" else []
    return Quantity(name, whole, v.shape[1:], v.unit, fill, axes, labels, v.meta)


def _holder(axis: Any, group: Mapping[str, SpeasyVariable]) -> str | None:
    """Return the name of the quantity whose values are those of an axis that varies."""
    for name, v in group.items():
        if v.shape == axis.values.shape and np.array_equal(v.values, axis.values, equal_nan=True):
            return name
    return None
