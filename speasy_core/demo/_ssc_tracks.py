"""What the copy of SSCWeb can say about one spacecraft: computed, or recorded from the server."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol
from xml.etree.ElementTree import Element

import numpy as np

from speasy_core.errors import SpeasyError
from speasy_core.timerange import TimeRange, to_ns
from speasy_core.xml import iter_elements

from ._frames import spherical
from ._kinds import files
from ._orbits import Orbit
from .synthetic.noise import Times

__all__ = ["COLUMNS", "Computed", "Recorded", "Recordings", "Track", "read_recordings"]

#: the columns of a coordinate system, in the order of the schema
COLUMNS = ("X", "Y", "Z", "Latitude", "Longitude", "LocalTime")
_MAX_FILE = 64 * 2**20

Texts = Mapping[str, Sequence[str]]


class Track(Protocol):
    """The positions of one spacecraft."""

    @property
    def notes(self) -> tuple[str, ...]:
        """Remarks that go with every answer."""
        ...

    @property
    def span(self) -> TimeRange:
        """First to last sample."""
        ...

    def times(self, wanted: TimeRange) -> Times:
        """Return the times of the samples in `wanted`, both ends included."""
        ...

    def columns(self, t: Times, system: str) -> Texts | None:
        """Return :data:`COLUMNS` and ``RadialLength`` at `t`; None without that system."""
        ...


@dataclass(frozen=True)
class Computed:
    """An orbit, sampled from the beginning of its coverage on."""

    orbit: Orbit
    notes: tuple[str, ...] = ("Synthetic: yes, computed by the local archive",)

    @property
    def span(self) -> TimeRange:
        """First to last sample."""
        return self.orbit.coverage

    def times(self, wanted: TimeRange) -> Times:
        """Return the times of the samples in `wanted`, both ends included."""
        step = self.orbit.resolution * 1_000_000_000
        start, stop = self.span.start_ns, self.span.stop_ns
        first = max(0, -(-(wanted.start_ns - start) // step))
        last = (min(wanted.stop_ns, stop) - start) // step
        return start + np.arange(first, last + 1, dtype=np.int64) * step

    def columns(self, t: Times, system: str) -> Texts:
        """Return all columns at `t`."""
        places = self.orbit.positions(t, system)
        numbers = dict(zip("XYZ", places.T, strict=True))
        found = {name: list(map(repr, column.tolist())) for name, column in numbers.items()}
        for name, column, digits in zip(
            COLUMNS[3:], spherical(t, places, system), (6, 6, 9), strict=True
        ):
            found[name] = [repr(round(value, digits)) for value in column.tolist()]
        found["RadialLength"] = list(map(repr, np.linalg.norm(places, axis=1).tolist()))
        return found


@dataclass
class Recorded:
    """What recorded answers hold, digit by digit."""

    notes: tuple[str, ...] = ()
    _rows: dict[str, dict[int, dict[str, str]]] = field(default_factory=lambda: defaultdict(dict))

    def add(self, data: Element) -> None:
        """Take in a ``Data`` element."""
        times = [to_ns((e.text or "").strip()) for e in data.iterfind("Time")]
        radii = [e.text or "" for e in data.iterfind("RadialLength")]
        for coordinates in data.iterfind("Coordinates"):
            system = (coordinates.findtext("CoordinateSystem") or "").lower()
            columns = {n: [e.text or "" for e in coordinates.iterfind(n)] for n in COLUMNS}
            columns["RadialLength"] = radii
            whole = {n: c for n, c in columns.items() if len(c) == len(times)}
            for row, ns in enumerate(times):
                self._rows[system][ns] = {n: column[row] for n, column in whole.items()}

    @property
    def span(self) -> TimeRange:
        """First to last sample."""
        every = [ns for rows in self._rows.values() for ns in rows]
        return TimeRange.from_ns(min(every), max(every) + 1)

    def times(self, wanted: TimeRange) -> Times:
        """Return the times of the samples in `wanted`, both ends included."""
        every = np.array(sorted({ns for rows in self._rows.values() for ns in rows}), np.int64)
        return every[(every >= wanted.start_ns) & (every <= wanted.stop_ns)]

    def columns(self, t: Times, system: str) -> Texts | None:
        """Return what was recorded in that system at all of `t`; else None."""
        rows = self._rows.get(system, {})
        found = [rows.get(int(ns)) for ns in t]
        if not rows or any(row is None for row in found):
            return None
        names = {name for row in found if row for name in row}
        return {name: [row.get(name, "") for row in found if row] for name in names}


@dataclass
class Recordings:
    """Recorded answers of SSCWeb in a folder.

    Attributes
    ----------
    observatories : bytes
        The list as it was recorded; empty when there is none.
    modified_ns : int
        When that file was written.
    tracks : dict of str to Recorded
        By id.
    """

    observatories: bytes = b""
    modified_ns: int = 0
    tracks: dict[str, Recorded] = field(default_factory=dict)


def read_recordings(folder: Path | None, warn: Callable[[str], None]) -> Recordings:
    """Read the answers of SSCWeb that lie in a folder, whatever their names.

    Parameters
    ----------
    folder : Path or None
        Searched recursively.
    warn : callable
        Told of each file that looks like one and cannot be read.
    """
    found = Recordings()
    for path in files(folder):
        try:
            with path.open("rb") as file:
                head = file.read(400)
            if b"sscweb.gsfc.nasa.gov/schema" not in head or path.stat().st_size > _MAX_FILE:
                continue
            data = path.read_bytes()
            if b"<ObservatoryResponse" in head:
                found.observatories, found.modified_ns = data, path.stat().st_mtime_ns
                continue
            for element, _ in iter_elements(data, "Data", source=path.name):
                name = (element.findtext("Id") or "").strip().lower()
                if name and element.find("Time") is not None:
                    found.tracks.setdefault(name, Recorded()).add(element)
        except (OSError, SpeasyError) as error:
            warn(f"{path.name} is left out: {error}")
    return found
