"""SSCWeb's web services: the list of spacecraft, and where they are."""

from __future__ import annotations

import logging
import xml.etree.ElementTree as ET
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from xml.sax.saxutils import escape as xml_escape

import numpy as np

from speasy_core.errors import SpeasyError
from speasy_core.timerange import TimeRange
from speasy_core.xml import iter_elements

from ._frames import FRAMES
from ._orbits import ORBITS
from ._ssc_tracks import COLUMNS, Computed, Recordings, Track, read_recordings
from .parts import Handler, Stock
from .server import Reply, Request
from .synthetic import SyntheticDataset

__all__ = ["SscWeb", "serve"]

log = logging.getLogger(__name__)

NS = "http://sscweb.gsfc.nasa.gov/schema"
_XSI = "http://www.w3.org/2001/XMLSchema-instance"
#: as requests and answers spell them
_SYSTEMS = {
    "geo": "Geo", "gm": "Gm", "gse": "Gse", "gsm": "Gsm", "sm": "Sm", "geitod": "GeiTod",
    "geij2000": "GeiJ2000",
}  # fmt: skip
_COMPONENTS = {
    "X": "X", "Y": "Y", "Z": "Z", "Lat": "Latitude", "Lon": "Longitude", "Local_Time": "LocalTime",
}  # fmt: skip
_MAX_SAMPLES = 500_000
# of the computed list, which never changes
_MODIFIED_NS = 1_704_067_200_000_000_000


class Refused(Exception):
    """A request that the service answers with an error in its own schema."""

    def __init__(self, sub_code: str, text: str) -> None:
        super().__init__(text)
        self.sub_code, self.text = sub_code, text


class NoTrack(Exception):
    """A spacecraft of the recorded list whose positions were not recorded."""


@dataclass(frozen=True)
class Wanted:
    """One request for locations."""

    satellites: Sequence[tuple[str, int]]
    span: TimeRange
    systems: Mapping[str, Sequence[str]]


class SscWeb:
    """Everything under the host name of SSCWeb.

    Parameters
    ----------
    recordings : Recordings
        Answers of the real server, which come first.
    synthetic : bool
        Whether computed orbits are served.
    """

    def __init__(self, recordings: Recordings, *, synthetic: bool) -> None:
        computed: dict[str, Track] = {}
        if synthetic:
            computed = {name: Computed(orbit) for name, orbit in ORBITS.items()}
        self._tracks = computed | recordings.tracks
        self._list = recordings.observatories or _list_of(self._tracks)
        self._listed = _listed(self._list)
        self._modified = recordings.modified_ns or _MODIFIED_NS

    def handle(self, request: Request) -> Reply:
        """Answer a request, its path below the host."""
        match request.segments:
            case ["WS", "sscr", "2", "observatories"]:
                return _xml(self._list, self._modified)
            case ["WS", "sscr", "2", "locations"] if request.method == "POST":
                return self._locations(lambda: _parse(request.body))
            case ["WS", "sscr", "2", "locations", satellites, span, system]:
                return self._locations(lambda: _simple(satellites, span, system))
        return _page(404, "Not Found", "/" + "/".join(request.segments))

    def _locations(self, wanted: Callable[[], Wanted]) -> Reply:
        try:
            return _xml(b"".join(self._result(wanted())))
        except Refused as error:
            status = ("Error", error.sub_code, (error.text,))
            return _xml(b"".join(_envelope(status, [])))
        except NoTrack as error:
            return _page(404, "Not Found", f"This local archive holds no track of {error}")

    def _result(self, wanted: Wanted) -> Iterator[bytes]:
        notes: dict[str, None] = {}
        parts: list[str] = []
        for name, factor in wanted.satellites:
            track = self._tracks.get(name.lower())
            if track is None and name.lower() in self._listed:
                raise NoTrack(name)
            if track is None:
                raise Refused("InvalidSatellite", f"{name} is not available here")
            if not track.span.overlaps(wanted.span):
                raise Refused("InvalidTimeRange", f"{name} has nothing in {wanted.span}")
            notes |= dict.fromkeys(track.notes)
            parts.append(_data(name.lower(), track, wanted, factor))
        return _envelope(("Success", "Success", tuple(notes)), parts)


def _data(name: str, track: Track, wanted: Wanted, factor: int) -> str:
    span = wanted.span
    t = track.times(span)[::factor]
    if len(t) * len(wanted.systems) > _MAX_SAMPLES:
        raise Refused("InvalidTimeRange", f"{len(t)} samples are more than one answer may hold")
    lines = [f"<Data><Id>{xml_escape(name)}</Id>"]
    radii: Sequence[str] = ()
    for system, components in wanted.systems.items():
        columns = track.columns(t, system)
        if columns is None:
            raise Refused("InvalidCoordSystem", f"{name} was not recorded in {system}")
        lines.append(f"<Coordinates><CoordinateSystem>{_SYSTEMS[system]}</CoordinateSystem>")
        lines += [_repeated(c, columns.get(c, ())) for c in COLUMNS if c in components]
        lines.append("</Coordinates>")
        radii = columns.get("RadialLength", ())
    stamps = np.datetime_as_string(t.astype("M8[ns]"), unit="ms")
    lines.append(_repeated("Time", [f"{stamp}Z" for stamp in stamps]))
    lines += [_repeated("RadialLength", radii), "</Data>"]
    return "".join(lines)


def _repeated(name: str, texts: Sequence[str]) -> str:
    if not texts:
        return ""
    return f"<{name}>" + f"</{name}><{name}>".join(texts) + f"</{name}>"


def _envelope(status: tuple[str, str, Sequence[str]], data: Sequence[str]) -> Iterator[bytes]:
    code, sub_code, notes = status
    yield (
        '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>'
        f'<Response xmlns="{NS}"><Result xmlns:xsi="{_XSI}" xsi:type="DataResult">'
        f"<StatusCode>{code}</StatusCode><StatusSubCode>{sub_code}</StatusSubCode>"
        + "".join(f"<StatusText>{xml_escape(note)}</StatusText>" for note in notes)
    ).encode()
    for part in data:
        yield part.encode()
    yield b"</Result></Response>"


def _simple(satellites: str, span: str, system: str) -> Wanted:
    start, comma, stop = span.partition(",")
    if not comma:
        raise Refused("InvalidTimeRange", f"{span!r} is not of the form start,stop")
    systems = {_system(name): COLUMNS for name in system.split(",")}
    return Wanted([(name, 1) for name in satellites.split(",")], _span(start, stop), systems)


def _parse(body: bytes) -> Wanted:
    try:
        root = next((e for e, _ in iter_elements(body, "DataRequest", source="the request")), None)
    except SpeasyError as error:
        raise Refused("MissingRequest", error.message) from error
    if root is None:
        raise Refused("MissingRequest", "there is no DataRequest")
    if (root.findtext("FormatOptions/Cdf") or "").strip().lower() in ("true", "1"):
        raise Refused("ServerError", "CDF files are not offered here; ask for XML")
    satellites = [
        ((e.findtext("Id") or "").strip(), _factor(e.findtext("ResolutionFactor")))
        for e in root.iterfind("Satellites")
    ]
    if not satellites:
        raise Refused("MissingSatellites", "no satellite is named")
    systems: dict[str, list[str]] = {}
    for option in root.iterfind("OutputOptions/CoordinateOptions"):
        component = (option.findtext("Component") or "").strip()
        if component not in _COMPONENTS:
            raise Refused("MissingCoordComponent", f"{component!r} is not a component")
        system = _system(option.findtext("CoordinateSystem") or "")
        systems.setdefault(system, []).append(_COMPONENTS[component])
    if not systems:
        raise Refused("MissingCoordOptions", "no coordinates are named")
    start, stop = (root.findtext(f"TimeInterval/{end}") or "" for end in ("Start", "End"))
    return Wanted(satellites, _span(start, stop), systems)


def _factor(text: str | None) -> int:
    digits = (text or "1").strip()
    if not (digits.isascii() and digits.isdigit() and int(digits[:9]) > 0):
        raise Refused("InvalidResolutionFactor", f"{digits!r} is not a number above zero")
    return int(digits[:9])


def _system(name: str) -> str:
    system = name.strip().lower()
    if system not in _SYSTEMS or system not in FRAMES:
        raise Refused("InvalidCoordSystem", f"{name!r} is not one of {', '.join(_SYSTEMS)}")
    return system


def _span(start: str, stop: str) -> TimeRange:
    try:
        return TimeRange(start.strip(), stop.strip())
    except SpeasyError as error:
        raise Refused("InvalidTimeRange", error.message) from error


def _listed(document: bytes) -> frozenset[str]:
    """Return the ids in a list of spacecraft."""
    found = iter_elements(document, "Observatory", source="the list of spacecraft")
    return frozenset((e.findtext("Id") or "").strip().lower() for e, _ in found)


def _list_of(tracks: Mapping[str, Track]) -> bytes:
    root = ET.Element("ObservatoryResponse", {"xmlns": NS})
    for name, track in sorted(tracks.items()):
        item = ET.SubElement(root, "Observatory")
        orbit = track.orbit if isinstance(track, Computed) else None
        start, stop = (
            f"{np.datetime_as_string(np.datetime64(ns, 'ns'), unit='ms')}Z"
            for ns in (track.span.start_ns, track.span.stop_ns)
        )
        for key, text in (
            ("Id", name),
            ("Name", f"{orbit.title} (synthetic)" if orbit else name),
            ("Resolution", str(orbit.resolution if orbit else 60)),
            ("StartTime", start), ("EndTime", stop), ("Geometry", ""), ("TrajectoryGeometry", ""),
            ("ResourceId", orbit.spase_id if orbit else ""),
        ):  # fmt: skip
            ET.SubElement(item, key).text = text
    return bytes(ET.tostring(root, encoding="UTF-8", xml_declaration=True))


def _xml(body: bytes, modified_ns: int | None = None) -> Reply:
    return Reply(200, "application/xml", body, modified_ns=modified_ns)


def _page(status: int, message: str, description: str) -> Reply:
    """Return an error page as SSCWeb's, whose paragraphs begin with a bold label."""
    page = (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        '<html xmlns="http://www.w3.org/1999/xhtml"><head><title>Error</title></head><body>'
        f'<p class="ErrorMessage"><b>Error Message:</b> {escape(message)}</p>'
        f'<p class="ErrorDescription"><b>Description:</b> {escape(description)}</p></body></html>\n'
    )
    return Reply(status, "application/xhtml+xml", page.encode())


def serve(stock: Stock) -> Handler:
    """Return the handler of SSCWeb's host.

    Answers recorded from the real server, found anywhere in the folder, are served as they are.
    Computed orbits go with the synthetic data sets, and stand in where nothing was recorded.
    """
    recordings = read_recordings(stock.folder, log.warning)
    synthetic = not recordings.tracks or any(
        isinstance(holding, SyntheticDataset) for holding in stock.holdings.values()
    )
    return SscWeb(recordings, synthetic=synthetic).handle
