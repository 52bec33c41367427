"""What the local copy of Cluster's archive holds: CDF data sets and CEF files."""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Protocol

import numpy as np

from speasy_core import codecs
from speasy_core.codecs.cdf import CdfFile, encode
from speasy_core.errors import SpeasyError
from speasy_core.timerange import TimeRange
from speasy_core.variable import SpeasyVariable

from ._kinds import of_kind
from .holdings import Holding, NoData, TooLarge
from .parts import Stock
from .synthetic import SyntheticDataset
from .synthetic.cluster import cluster_datasets

__all__ = ["MAX_ANSWER", "ClusterSet", "Parameter", "collect"]

log = logging.getLogger(__name__)

#: what the archive gives in one answer
MAX_ANSWER = 1_000_000_000
_CLUSTER = re.compile(r"(?:C[1-4]|CL|D[12]|TC[12]?)_\w[\w\-]*", re.IGNORECASE)
_NAMES = {"1": "Cluster-1", "2": "Cluster-2", "3": "Cluster-3", "4": "Cluster-4"}

Parameter = Mapping[str, str]


class ClusterSet(Protocol):
    """One data set."""

    @property
    def id(self) -> str:
        """``DATASET_ID``."""
        ...

    @property
    def place(self) -> tuple[str, str, str]:
        """Mission, observatory and instrument."""
        ...

    @property
    def title(self) -> str:
        """One line."""
        ...

    @property
    def span(self) -> TimeRange | None:
        """First to last sample."""
        ...

    @property
    def modified_ns(self) -> int:
        """When it last changed."""
        ...

    def parameters(self) -> Sequence[Parameter]:
        """Return rows of ``csa.v_parameter``."""
        ...

    def cdf(self, wanted: TimeRange) -> bytes:
        """Return a CDF of all parameters.

        Raises
        ------
        NoData, TooLarge
        """
        ...

    def variables(self, wanted: TimeRange) -> list[SpeasyVariable]:
        """Return all parameters, for text; errors as `cdf`."""
        ...


def _place(dataset: str) -> tuple[str, str, str]:
    """Return mission, observatory and instrument as the id says them."""
    number = dataset[1:2]
    observatory = _NAMES.get(number, "MULTIPLE") if dataset[0].upper() == "C" else dataset[:2]
    parts = dataset.split("_")
    instrument = parts[2] if len(parts) > 2 else "unknown"
    mission = "DoubleStar" if dataset[:1].upper() in "DT" else "Cluster"
    return mission, observatory, f"{instrument}{number if number in _NAMES else ''}"


class HoldingSet:
    """A data set of CDF files, or a computed one."""

    def __init__(self, holding: Holding) -> None:
        self._holding = holding
        about = holding.description
        self.id, self.title = about.id, about.title
        self.span, self.modified_ns = holding.span, holding.modified_ns
        synthetic = isinstance(holding, SyntheticDataset)
        self.place = (
            (about.group, about.observatory, about.instrument) if synthetic else _place(self.id)
        )

    @cached_property
    def _master(self) -> CdfFile | None:
        body = self._holding.master()
        return CdfFile(body, self.id) if body else None

    def parameters(self) -> Sequence[Parameter]:
        """Return rows of ``csa.v_parameter``."""
        if self._master is None:
            return []
        rows = []
        for name in self._master.variables():
            attributes = self._master.attributes(name)
            axis = str(attributes.get("DEPEND_1", ""))
            shape = self._master.shape(name)[1:]
            rows.append({
                "parameter_id": name,
                "catdesc": str(attributes.get("CATDESC", "")),
                "fieldnam": str(attributes.get("FIELDNAM", "")),
                "units": str(attributes.get("UNITS", "")),
                "sizes": ",".join(map(str, shape)) or "1",
                "display_type": str(attributes.get("DISPLAY_TYPE", "")),
                "depend_1": axis if axis in self._master.names else "",
                "value_type": "FLOAT",
            })  # fmt: skip
        return rows

    def cdf(self, wanted: TimeRange) -> bytes:
        """Return a CDF of all parameters."""
        names = [v.name for v in self._holding.variables()]
        answer = self._holding.answer(names, wanted, mangled=False)
        if answer.size > MAX_ANSWER:
            raise TooLarge("the request exceeds the limit of 1 GB")
        return b"".join(answer.chunks())

    def variables(self, wanted: TimeRange) -> list[SpeasyVariable]:
        """Return all parameters."""
        return list(codecs.decode(self.cdf(wanted), source=f"{self.id}.cdf").values())


class CefSet:
    """A data set of CEF files."""

    def __init__(self, dataset: str) -> None:
        self.id = dataset
        self.place = _place(dataset)
        self.modified_ns = 0
        self._files: list[Mapping[str, SpeasyVariable]] = []

    def add(self, variables: Mapping[str, SpeasyVariable], modified_ns: int) -> None:
        """Take what a file holds."""
        self._files.append(variables)
        self.modified_ns = max(self.modified_ns, modified_ns)

    @property
    def title(self) -> str:
        """One line."""
        first = next(iter(self._files[0].values()), None)
        return (
            str(first.meta.get("dataset", {}).get("DATASET_TITLE", "")) if first is not None else ""
        )

    @property
    def span(self) -> TimeRange | None:
        """First to last sample."""
        ends = [
            (int(v.time_ns[0]), int(v.time_ns[-1]) + 1)
            for file in self._files for v in file.values() if len(v)
        ]  # fmt: skip
        return TimeRange.from_ns(min(e[0] for e in ends), max(e[1] for e in ends)) if ends else None

    def parameters(self) -> Sequence[Parameter]:
        """Return rows of ``csa.v_parameter``."""
        rows = {}
        for file in self._files:
            for name, v in file.items():
                kind = "FLOAT" if v.dtype.kind == "f" else "INT"
                rows[name] = {
                    "parameter_id": name, "catdesc": str(v.meta.get("CATDESC", "")),
                    "fieldnam": str(v.meta.get("FIELDNAM", "")), "units": v.unit,
                    "sizes": ",".join(map(str, v.shape[1:])) or "1", "value_type": kind,
                    "display_type": str(v.meta.get("DISPLAY_TYPE", "")),
                    "depend_1": v.axes[0].name if v.axes else "",
                }  # fmt: skip
        return list(rows.values())

    def variables(self, wanted: TimeRange) -> list[SpeasyVariable]:
        """Return all parameters."""
        from speasy_core.variable import merge

        parts: dict[str, list[SpeasyVariable]] = {}
        for file in self._files:
            for name, v in file.items():
                first, last = np.searchsorted(v.time_ns, [wanted.start_ns, wanted.stop_ns + 1])
                if last > first:
                    parts.setdefault(name, []).append(v[int(first) : int(last)])
        if not parts:
            raise NoData("No data found")
        return [merge(p) if len(p) > 1 else p[0] for p in parts.values()]

    def cdf(self, wanted: TimeRange) -> bytes:
        """Return a CDF of all parameters."""
        return encode(self.variables(wanted))


def collect(stock: Stock) -> dict[str, ClusterSet]:
    """Return the data sets of Cluster among what the archive holds, by their ids."""
    found: dict[str, ClusterSet] = {}
    for name, holding in stock.holdings.items():
        if _CLUSTER.fullmatch(name):
            found[name] = HoldingSet(holding)
    if any(isinstance(h, SyntheticDataset) for h in stock.holdings.values()):
        for made in cluster_datasets():
            found.setdefault(made.description.id, HoldingSet(made))
    if stock.folder is not None:
        for name, one in _cef_sets(stock.folder).items():
            found.setdefault(name, one)
    return dict(sorted(found.items()))


def _cef_sets(folder: Path) -> dict[str, CefSet]:
    """Return the data sets of CEF files, by what the files call them, else by their names."""
    found: dict[str, CefSet] = {}
    for path in of_kind(folder, "cef"):
        try:
            read = codecs.read_file(path)
        except SpeasyError as error:
            log.warning("%s is left out: %s", path.name, error)
            continue
        name = str(read.meta.get("DATASET_ID") or path.stem.partition("__")[0])
        found.setdefault(name, CefSet(name)).add(read.variables, path.stat().st_mtime_ns)
    return found
