"""A data set whose records are computed when they are asked for."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import numpy as np
import pycdfpp
from numpy.typing import NDArray
from pycdfpp import DataType

from speasy_core.demo.holdings import (
    Answer,
    ChunkSource,
    Description,
    NoData,
    SourceFile,
    TooLarge,
    UnknownVariable,
    VariableInfo,
    mangle,
    stamp,
)
from speasy_core.timerange import TimeRange, to_ns

from . import stream
from .grid import Grid, select

__all__ = ["MAX_ANSWER", "Spec", "SyntheticDataset", "labels", "quantity", "table", "time"]

MAX_ANSWER = 2_000_000_000
_CACHED_BLOCKS = 48
_DAY_NS = 86_400_000_000_000
_MODIFIED_NS = to_ns("2025-01-01")
_FILL = {"f4": -1e31, "f8": -1e31, "i4": -(2**31), "u4": 2**32 - 1, "u1": 255}
_TYPES = {
    "f4": DataType.CDF_REAL4,
    "f8": DataType.CDF_REAL8,
    "i4": DataType.CDF_INT4,
    "u4": DataType.CDF_UINT4,
    "u1": DataType.CDF_UINT1,
    "epoch": DataType.CDF_EPOCH,
    "tt2000": DataType.CDF_TIME_TT2000,
    "char": DataType.CDF_CHAR,
}
_ZERO_TIME = np.zeros(1, "datetime64[ns]")
_TIME_DTYPES = {
    "tt2000": pycdfpp.to_tt2000(_ZERO_TIME).dtype,
    "epoch": pycdfpp.to_epoch(_ZERO_TIME).dtype,
}
SAYS_SYNTHETIC = "yes: made by speasy_core.demo, not measured"


@dataclass(frozen=True)
class Spec:
    """One variable: its name, CDF type, shape of a record, attributes; `grid` None never varies."""

    name: str
    kind: str
    shape: tuple[int, ...] = ()
    attributes: Mapping[str, Any] = field(default_factory=dict)
    grid: str | None = None
    values: Any = None

    @property
    def row_bytes(self) -> int:
        """Bytes of one record."""
        item = 8 if self.kind in _TIME_DTYPES else np.dtype(self.kind).itemsize
        return int(item * np.prod(self.shape, dtype=np.int64))


def time(name: str, kind: str = "tt2000", grid: str = "main") -> Spec:
    """Return the time variable of a grid."""
    unit = "ns" if kind == "tt2000" else "ms"
    attributes = {
        "CATDESC": "Time of the sample, UTC (synthetic)", "FIELDNAM": name, "UNITS": unit,
        "LABLAXIS": "UTC", "VAR_TYPE": "support_data", "SCALETYP": "linear", "MONOTON": "INCREASE",
        "TIME_BASE": "J2000" if kind == "tt2000" else "0 AD",
    }  # fmt: skip
    return Spec(name, kind, (), attributes, grid)


def labels(name: str, texts: Sequence[str], description: str) -> Spec:
    """Return a variable of labels."""
    attributes = {
        "CATDESC": f"{description} (synthetic)", "FIELDNAM": name, "FORMAT": "A24",
        "VAR_TYPE": "metadata",
    }  # fmt: skip
    return Spec(name, "char", (len(texts),), attributes, None, list(texts))


def table(name: str, values: NDArray[Any], unit: str, description: str) -> Spec:
    """Return a numeric variable that never varies."""
    attributes = {
        "CATDESC": f"{description} (synthetic)", "FIELDNAM": name, "UNITS": unit,
        "LABLAXIS": name, "VAR_TYPE": "support_data", "FORMAT": "E12.4",
    }  # fmt: skip
    return Spec(name, "f4", values.shape, attributes, None, values)


def quantity(
    name: str,
    description: str,
    unit: str,
    limits: tuple[float, float],
    *,
    shape: tuple[int, ...] = (),
    kind: str = "f4",
    epoch: str = "Epoch",
    grid: str = "main",
    role: str = "data",
    axis: str = "",
    label_from: str = "",
    depend_1: str = "",
    scale: str = "linear",
    display: str = "time_series",
    **more: str,
) -> Spec:
    """Return a record-varying variable with all that ISTP asks of it.

    Parameters
    ----------
    limits : (float, float)
        VALIDMIN and VALIDMAX.
    axis : str
        LABLAXIS; `label_from` names a label variable instead, `depend_1` a second axis.
    """
    attributes: dict[str, Any] = {
        "CATDESC": f"{description} (synthetic)", "FIELDNAM": name, "UNITS": unit,
        "DEPEND_0": epoch, "DISPLAY_TYPE": display, "SCALETYP": scale, "VAR_TYPE": role,
        "FORMAT": "E12.4" if kind.startswith("f") else "I10",
        "FILLVAL": np.array([_FILL[kind]], kind),
        "VALIDMIN": np.array([limits[0]], kind), "VALIDMAX": np.array([limits[1]], kind),
    }  # fmt: skip
    if axis or not label_from:
        attributes["LABLAXIS"] = axis or name
    if label_from:
        attributes["LABL_PTR_1"] = label_from
    if depend_1:
        attributes["DEPEND_1"] = depend_1
    return Spec(name, kind, shape, attributes | more, grid)


class SyntheticDataset:
    """A :class:`~speasy_core.demo.holdings.Holding` without files.

    Parameters
    ----------
    description : Description
        For the catalogues.
    variables : sequence of Spec
    grids : mapping of str to Grid
        Sampling of each group of variables.
    coverage : TimeRange
        Nothing is there outside of it.
    compute : callable
        ``compute(grid name, t)`` gives the values of every variable of that grid at the times
        `t`, int64 nanoseconds since 1970.
    attributes : mapping
        Global attributes, added to the usual ones.
    daily_files : bool
        Whether the file tree offers a file a day.
    """

    def __init__(
        self,
        description: Description,
        variables: Sequence[Spec],
        grids: Mapping[str, Grid],
        coverage: TimeRange,
        compute: Callable[[str, NDArray[np.int64]], Mapping[str, NDArray[Any]]],
        *,
        attributes: Mapping[str, str] | None = None,
        daily_files: bool = True,
    ) -> None:
        self.description = description
        self.span: TimeRange | None = coverage
        self.modified_ns = _MODIFIED_NS
        self._coverage, self._compute, self._grids = coverage, compute, grids
        self._specs = {s.name: s for s in variables}
        self._clocks = {s.grid: s for s in variables if s.kind in _TIME_DTYPES and s.grid}
        self._globals = _global_attributes(description) | dict(attributes or {})
        self._daily = daily_files
        self._blocks: OrderedDict[tuple[str, int], Mapping[str, NDArray[Any]]] = OrderedDict()
        self._sizes: dict[tuple[tuple[str, int, int], ...], int] = {}
        self._lock = threading.Lock()

    @property
    def master_name(self) -> str | None:
        """The master's file name."""
        return f"{self.description.id.lower()}_00000000_v01.cdf"

    def master(self) -> bytes:
        """Return the master CDF."""
        return self._skeleton(list(self._specs), mangled=False)

    def variables(self) -> Sequence[VariableInfo]:
        """Return the data variables."""
        return [
            VariableInfo(s.name, s.name, s.attributes["CATDESC"])
            for s in self._specs.values()
            if s.attributes.get("VAR_TYPE") == "data"
        ]

    def intervals(self) -> Sequence[TimeRange]:
        """Return the coverage."""
        return [self._coverage]

    def files(self, wanted: TimeRange | None) -> Sequence[SourceFile]:
        """Return the daily files that touch `wanted`."""
        span = self._coverage if wanted is None else self._coverage.intersect(wanted)
        if span is None or not self._daily:
            return []
        first, last = span.start_ns // _DAY_NS, (span.stop_ns - 1) // _DAY_NS
        return [self._daily_file(day) for day in range(first, last + 1)]

    def _daily_file(self, day: int) -> SourceFile:
        start = day * _DAY_NS
        span = TimeRange.from_ns(start, start + _DAY_NS)
        name = f"{self.description.id.lower()}_{stamp(start)[:8]}_v01.cdf"
        # the size follows from the number of blocks and rows, which few days differ in
        last = TimeRange.from_ns(span.start_ns, span.stop_ns - 1)
        shape = tuple(
            (group, sum(1 for _ in rows), sum(r.stop - r.start for _, r in rows))
            for group, rows in ((g, list(select(grid, last))) for g, grid in self._grids.items())
        )
        if shape not in self._sizes:
            self._sizes[shape] = self._layout_of_day(span).size
        return SourceFile(name, span, self._sizes[shape], _MODIFIED_NS)

    def _layout_of_day(self, span: TimeRange) -> stream.Layout:
        last = TimeRange.from_ns(span.start_ns, span.stop_ns - 1)
        return self._layout(list(self._specs), last, mangled=False)

    def read_file(self, name: str) -> ChunkSource | None:
        """Return the bytes of one daily file."""
        digits = name.removesuffix("_v01.cdf")[-8:]
        span = TimeRange(digits, f"{digits}T23:59:59.999999999")
        layout = self._layout_of_day(TimeRange.from_ns(span.start_ns, span.stop_ns + 1))
        return lambda: layout.write(self._block)

    def answer(self, variables: Sequence[str], wanted: TimeRange, *, mangled: bool) -> Answer:
        """Return a CDF of `variables` in `wanted`, computed as it is sent."""
        plain = {mangle(n): n for n in self._specs} | {n: n for n in self._specs}
        for name in variables:
            if name not in plain:
                raise UnknownVariable(f"variable {name} not found in dataset {self.description.id}")
        inside = self._coverage.intersect(wanted)
        if inside is None:
            raise NoData("No data available.")
        names = self._closure([plain[name] for name in variables])
        layout = self._layout(names, inside, mangled=mangled)
        if not layout.blocks:
            raise NoData("No data available.")
        return Answer(
            f"{self.description.id.lower()}_{stamp(inside.start_ns)}_{stamp(inside.stop_ns)}"
            "_cdaweb.cdf",
            wanted, layout.size, _MODIFIED_NS, lambda: layout.write(self._block),
        )  # fmt: skip

    def _closure(self, names: Sequence[str]) -> list[str]:
        seen: dict[str, None] = {}
        stack = list(names)
        while stack:
            name = stack.pop()
            if name not in seen:
                seen[name] = None
                values = self._specs[name].attributes.values()
                stack += [v for v in values if isinstance(v, str) and v in self._specs]
        return list(reversed(seen))

    def _layout(self, names: Sequence[str], wanted: TimeRange, *, mangled: bool) -> stream.Layout:
        members: dict[str, list[tuple[str, int]]] = {}
        for name in names:
            spec = self._specs[name]
            if spec.grid is not None:
                members.setdefault(spec.grid, []).append((name, spec.row_bytes))
        for group, parts in members.items():
            grid, width = self._grids[group], sum(w for _, w in parts)
            estimate = len(grid.blocks(wanted)) * grid.rows * width
            # the estimate is whole blocks: only a request far above the limit is refused on it
            if estimate > 2 * MAX_ANSWER:
                _refuse(estimate)
        blocks = [(g, b, rows) for g in members for b, rows in select(self._grids[g], wanted)]
        total = sum(
            (rows.stop - rows.start) * width for g, _, rows in blocks for _, width in members[g]
        )
        if total > MAX_ANSWER:
            _refuse(total)
        layout = stream.plan(self._skeleton(names, mangled=mangled), blocks, {
            g: [(mangle(n) if mangled else n, w) for n, w in parts] for g, parts in members.items()
        })  # fmt: skip
        return stream.Layout(layout.head, layout.blocks, members, layout.size)

    def _block(self, group: str, block: int) -> Mapping[str, NDArray[Any]]:
        """Return every variable of one block, from memory when it was asked for lately."""
        key = (group, block)
        with self._lock:
            known = self._blocks.get(key)
            if known is not None:
                self._blocks.move_to_end(key)
                return known
        t = self._grids[group].times(block)
        values = self._compute(group, t)
        clock = self._clocks[group]
        ready = {
            name: np.asarray(values[name]).astype(spec.kind, copy=False)
            for name, spec in self._specs.items()
            if spec.grid == group and spec is not clock
        }
        convert = pycdfpp.to_tt2000 if clock.kind == "tt2000" else pycdfpp.to_epoch
        ready[clock.name] = convert(t.view("datetime64[ns]"))
        with self._lock:
            self._blocks[key] = ready
            while len(self._blocks) > _CACHED_BLOCKS:
                self._blocks.popitem(last=False)
        return ready

    def _skeleton(self, names: Sequence[str], *, mangled: bool) -> bytes:
        cdf = pycdfpp.CDF()
        for key, text in self._globals.items():
            cdf.add_attribute(key, [text])
        for name in names:
            _add(cdf, self._specs[name], mangled=mangled)
        return bytes(pycdfpp.save(cdf))


def _refuse(size: int) -> None:
    raise TooLarge(
        f"the answer would hold {size / 1e9:.1f} GB, more than the {MAX_ANSWER / 1e9:.0f} GB that "
        "one request may ask for: ask for a shorter range"
    )


def _add(cdf: Any, spec: Spec, *, mangled: bool) -> None:
    if spec.kind in _TIME_DTYPES:
        values = np.zeros(0, np.int64).view(_TIME_DTYPES[spec.kind])
    elif spec.grid is not None:
        values = np.zeros((0, *spec.shape), spec.kind)
    else:
        # the leading 1 is the one record that a non-varying variable has
        values = np.asarray(spec.values, None if spec.kind == "char" else spec.kind)[None]
    name = mangle(spec.name) if mangled else spec.name
    variable = cdf.add_variable(name, values, _TYPES[spec.kind], is_nrv=spec.grid is None)
    for key, value in spec.attributes.items():
        pointer = mangled and isinstance(value, str) and key.startswith(("DEPEND", "LABL_PTR"))
        if isinstance(value, np.ndarray):
            variable.add_attribute(key, value, _TYPES[spec.kind])
        else:
            variable.add_attribute(key, mangle(value) if pointer else value)
    if spec.kind in _TIME_DTYPES:
        for key, text in (("VALIDMIN", "1990-01-01"), ("VALIDMAX", "2050-01-01")):
            variable.add_attribute(key, [datetime.fromisoformat(text)], _TYPES[spec.kind])
    if spec.kind == "tt2000":
        variable.add_attribute("FILLVAL", [pycdfpp.tt2000_t(-(2**63))], _TYPES["tt2000"])
    elif spec.kind == "epoch":
        variable.add_attribute("FILLVAL", [pycdfpp.epoch(-1e31)], _TYPES["epoch"])


def _global_attributes(d: Description) -> dict[str, str]:
    return {
        "Synthetic": SAYS_SYNTHETIC,
        "TITLE": d.title,
        "Project": f"{d.group}>synthetic data in its likeness",
        "Mission_group": d.group,
        "Source_name": f"{d.observatory}>{d.observatory_title}",
        "Discipline": "Space Physics>Magnetospheric Science",
        "Descriptor": f"{d.instrument}>{d.instrument_title}",
        "Instrument_type": d.instrument_types[0] if d.instrument_types else "",
        "Data_type": "SYN>Synthetic",
        "Data_version": "1",
        "PI_name": d.pi_name,
        "PI_affiliation": d.pi_affiliation,
        "Logical_source": d.id.lower(),
        "Logical_file_id": f"{d.id.lower()}_00000000_v01",
        "Logical_source_description": d.title,
        "TEXT": d.notes,
        "Acknowledgement": "Synthetic data made by speasy_core.demo. Do not publish as measured.",
        "Rules_of_use": "For trying out and testing software. These numbers were never measured.",
        "Generated_by": "speasy_core.demo",
    }
