"""SSCWeb, NASA's Satellite Situation Center: where spacecraft were, in seven coordinate systems."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

import numpy as np

from speasy_core.config import Settings
from speasy_core.errors import (
    HttpStatusError,
    InvalidRequest,
    UnexpectedContent,
    UnknownOption,
    UnknownProduct,
)
from speasy_core.http import Deadline, HttpClient
from speasy_core.product import ProductInfo, ProductRef
from speasy_core.provider import Fetched, InventoryUpdate, ProductInput
from speasy_core.timerange import TimeRange
from speasy_core.variable import SpeasyVariable

from ._common import nothing, trim
from ._ssc_answers import (
    Locations,
    Observatory,
    notes_as_meta,
    page_message,
    read_locations,
    read_observatories,
)

__all__ = ["COORDINATE_SYSTEMS", "SscProvider"]

#: in the server's spelling, and what they are
COORDINATE_SYSTEMS = {
    "geo": "geographic",
    "gm": "geomagnetic",
    "gse": "geocentric solar ecliptic",
    "gsm": "geocentric solar magnetospheric",
    "sm": "solar magnetic",
    "geitod": "geocentric equatorial inertial, true of date",
    "geij2000": "geocentric equatorial inertial, J2000",
}
_DEFAULT_SYSTEM = "gse"
_SERVICE = "/WS/sscr/2"
_SECOND = 1_000_000_000
_DAY = 86_400 * _SECOND
_XML = {"Accept": "application/xml"}
_TRIES = 3
_PAUSE_SECONDS = 1.0
_NO_DATA = re.compile(r"\bno (data|locations?)\b", re.IGNORECASE)
_UNKNOWN = re.compile(
    r"(?=.*\b(satellite|spacecraft|observatory)\b)"
    r".*\b(unknown|invalid|not (found|exist|recogni[sz]ed)|no such|does not)\b",
    re.IGNORECASE | re.DOTALL,
)


class SscProvider:
    """SSCWeb as a provider; product ids are ``ssc/SPACECRAFT``.

    Values are positions in kilometres, columns ``X``, ``Y`` and ``Z``, in the coordinate system
    that the option `coordinate_system` names (``gse`` by default).

    Parameters
    ----------
    settings : Settings
        `ssc_url` answers.
    http : HttpClient
        Shared.
    """

    name = "ssc"
    title = "SSCWeb"
    max_request_ns: int | None = 60 * _DAY
    options: frozenset[str] = frozenset({"coordinate_system", "debug"})
    cachable = True

    def __init__(self, settings: Settings, http: HttpClient) -> None:
        self._http = http
        self._url = settings.ssc_url + _SERVICE
        self.source = settings.ssc_url

    # -- inventory -------------------------------------------------------------------------------

    def inventory(self, *, deadline: Deadline, since: str | None = None) -> InventoryUpdate | None:
        """Return all spacecraft, or None when the list is the same as that of version `since`.

        Raises
        ------
        ServerError
            The list cannot be had, or is something else.
        """
        mark = (since or "").partition(" | ")[0]
        headers = _XML | ({"If-Modified-Since": mark} if mark else {})
        url = self._url + "/observatories"
        ok = frozenset({200, 304} if mark else {200})
        reply = self._http.get(url, deadline=deadline, headers=headers, ok=ok)
        if reply.status == 304:
            return None
        body = reply.require("xml").body
        # the server need not date its list: then what it says is the only mark
        digest = hashlib.sha256(body).hexdigest()[:16]
        version = f"{reply.headers.get('last-modified', '')} | {digest}"
        if version == since:
            return None
        observatories, warnings = read_observatories(body, source=url)
        return InventoryUpdate(version, [_record(o) for o in observatories], tuple(warnings))

    def check_options(self, options: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return options in their one form; `debug`, a word of Speasy's, changes nothing here.

        Raises
        ------
        UnknownOption
            A coordinate system that SSCWeb does not know.
        """
        system = _system(options)
        return {} if system == _DEFAULT_SYSTEM else {"coordinate_system": system}

    def inputs(self, ref: ProductRef, *, deadline: Deadline) -> list[ProductInput]:
        """Return the choice of a coordinate system."""
        choices = tuple((name, f"{name}: {text}") for name, text in COORDINATE_SYSTEMS.items())
        label = "Coordinate system"
        return [ProductInput("coordinate_system", label, "choice", _DEFAULT_SYSTEM, choices)]

    # -- data ------------------------------------------------------------------------------------

    def fetch(
        self,
        ref: ProductRef,
        range: TimeRange,
        *,
        deadline: Deadline,
        since: str | None = None,
        options: Mapping[str, Any] | None = None,
    ) -> Fetched:
        """Return the positions of one spacecraft.

        Parameters
        ----------
        ref : ProductRef
            ``ssc/mms1``.
        range : TimeRange
            Less than a day is widened to whole days, then cut: between two samples of a slow
            orbit there is nothing.
        deadline : Deadline
            For all tries.
        since : str, optional
            Not used: the server does not date its answers.
        options : mapping, optional
            `coordinate_system`, one of :data:`COORDINATE_SYSTEMS`, in any case.

        Raises
        ------
        UnknownOption
            A coordinate system that SSCWeb does not know; the hint names all.
        UnknownProduct
            The server does not know the spacecraft.
        HttpStatusError, UnexpectedContent
            The server's own message is quoted.
        """
        satellite = _satellite(ref)
        system = _system(options or {})
        wide = _widened(range)
        url = self._locations_url(satellite, wide, system)
        found = self._ask(url, satellite, ref, deadline)
        if found.status == "outside" and wide != range:
            # the days around may reach over the end of what there is
            url = self._locations_url(satellite, range, system)
            found = self._ask(url, satellite, ref, deadline)
        if found.status == "unknown":
            raise UnknownProduct(
                f"SSCWeb does not know the spacecraft {satellite!r}", product=str(ref), url=url
            )
        if not len(found.time):
            return Fetched(nothing(satellite), None, url)
        if found.system.lower() not in ("", system):
            raise UnexpectedContent(
                f"SSCWeb answered in {found.system} where {system} was asked for", url=url
            )
        return Fetched(trim(_variable(satellite, system, found), range), None, url)

    def _locations_url(self, satellite: str, span: TimeRange, system: str) -> str:
        start = _stamp(span.start_ns // _SECOND)
        stop = _stamp(-(-span.stop_ns // _SECOND))
        return f"{self._url}/locations/{quote(satellite, safe='')}/{start},{stop}/{system}/"

    def _ask(self, url: str, satellite: str, ref: ProductRef, deadline: Deadline) -> Locations:
        """Ask until the answer has the shape of one: at times the first one has not."""
        attempt = 0
        while True:
            attempt += 1
            try:
                reply = self._http.get(url, deadline=deadline, headers=_XML)
                return read_locations(reply.require("xml").body, satellite, source=url)
            except UnexpectedContent as error:
                if attempt >= _TRIES or deadline.left() <= _PAUSE_SECONDS:
                    error.attempts = attempt
                    raise error.locate(product=str(ref)) from error.__cause__
            except HttpStatusError as error:
                return _explained(error, ref)
            deadline.wait(_PAUSE_SECONDS)


def _explained(error: HttpStatusError, ref: ProductRef) -> Locations:
    """Return what an error page says about the data, or raise it with the page's words."""
    said = page_message(error.body)
    if error.status in (400, 404):
        if _NO_DATA.search(said):
            return Locations(notes=(said,))
        if _UNKNOWN.search(said):
            return Locations(status="unknown", notes=(said,))
    if said:
        error.message = f"{error.message}: {said}"
        error.args = (error.message,)
    raise error.locate(product=str(ref))


def _satellite(ref: ProductRef) -> str:
    name = ref.path.strip("/")
    if "/" in name:
        raise InvalidRequest(
            f"{ref} is not a spacecraft of SSCWeb",
            product=str(ref),
            hint="ids look like 'ssc/mms1'",
        )
    return name.lower()


def _system(options: Mapping[str, Any]) -> str:
    given = options.get("coordinate_system")
    if given is None:
        return _DEFAULT_SYSTEM
    system = str(given).strip().lower()
    if system not in COORDINATE_SYSTEMS:
        raise UnknownOption(
            f"SSCWeb has no coordinate system {given!r}",
            hint=f"coordinate_system is one of {', '.join(COORDINATE_SYSTEMS)}",
        )
    return system


def _widened(span: TimeRange) -> TimeRange:
    if span.stop_ns - span.start_ns >= _DAY:
        return span
    start = span.start_ns // _DAY * _DAY
    return TimeRange.from_ns(start, max(-(-span.stop_ns // _DAY) * _DAY, start + _DAY))


def _variable(satellite: str, system: str, found: Locations) -> SpeasyVariable:
    meta = {
        "CATDESC": f"Position of {satellite}, {COORDINATE_SYSTEMS[system]}",
        "FIELDNAM": f"{satellite} position",
        "LABLAXIS": f"{satellite} {system.upper()}",
        "UNITS": "km",
        "DISPLAY_TYPE": "time_series",
        "VAR_TYPE": "data",
        "CoordinateSystem": system.upper(),
        "COORDINATE_SYSTEM": system.upper(),
        "dataset": {"Source_name": satellite, "Project": "SSCWeb", **notes_as_meta(found.notes)},
    }
    return SpeasyVariable.from_unsorted(
        found.time, found.positions, columns=["X", "Y", "Z"], unit="km", name=satellite, meta=meta
    )


def _record(observatory: Observatory) -> ProductInfo:
    meta = {
        "Name": observatory.name,
        "UNITS": "km",
        "COORDINATE_SYSTEMS": list(COORDINATE_SYSTEMS),
        "ResourceId": observatory.resource_id,
        "GroupId": list(observatory.groups),
    }
    return ProductInfo(
        ("Trajectories", observatory.id),
        ProductRef("ssc", observatory.id),
        "vector",
        f"Position of {observatory.name}",
        "km",
        observatory.coverage,
        observatory.cadence,
        {key: value for key, value in meta.items() if value},
    )


def _stamp(seconds: int) -> str:
    day = np.datetime64(seconds, "s").astype(object)
    return f"{day:%Y%m%dT%H%M%SZ}"
