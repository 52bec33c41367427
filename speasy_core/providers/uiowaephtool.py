"""The ephemeris tool of the University of Iowa: spacecraft and moons in the outer solar system."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from speasy_core.config import Settings
from speasy_core.errors import UnexpectedContent, UnknownProduct
from speasy_core.http import Deadline, HttpClient
from speasy_core.product import ProductRef
from speasy_core.provider import Fetched, InventoryUpdate
from speasy_core.timerange import TimeRange
from speasy_core.variable import SpeasyVariable

from ._common import nothing, trim
from ._uiowa_answers import Table, read_table
from ._uiowa_inventory import COORDINATES, Trajectory, all_trajectories, find

__all__ = ["UiowaProvider"]

_SERVICE = "/das/casephem"
_SECOND = 1_000_000_000
_DAY = 86_400 * _SECOND
_STEP_SECONDS = 60
# changes with the list of trajectories, which is part of this package
_VERSION = "1"


class UiowaProvider:
    """Iowa's ephemeris tool; product ids are ``uiowaephtool/Origin_Observer_Coordinates``.

    Values are positions of the observer, columns ``X``, ``Y`` and ``Z``, in the unit of the
    server's table: mostly radii of the origin, whose length is in ``meta["ORIGIN_RADIUS"]``.
    Geographic coordinates have the columns ``W Lon``, ``Lat``, ``LT``, ``npoint alt`` and ``R``,
    with a unit each in ``meta["COLUMN_UNITS"]``. One sample a minute.

    Parameters
    ----------
    settings : Settings
        `uiowa_url` answers.
    http : HttpClient
        Shared.
    """

    name = "uiowaephtool"
    title = "UIowa ephemeris tool"
    max_request_ns: int | None = 365 * _DAY
    options: frozenset[str] = frozenset()
    cachable = True

    def __init__(self, settings: Settings, http: HttpClient) -> None:
        self._http = http
        self._url = settings.uiowa_url + _SERVICE
        self.source = settings.uiowa_url

    def inventory(self, *, deadline: Deadline, since: str | None = None) -> InventoryUpdate | None:
        """Return all trajectories; the list is fixed, so no request is made."""
        deadline.check("listing the trajectories of the UIowa ephemeris tool")
        if since == _VERSION:
            return None
        return InventoryUpdate(_VERSION, [t.info for t in all_trajectories()])

    def fetch(
        self,
        ref: ProductRef,
        range: TimeRange,
        *,
        deadline: Deadline,
        since: str | None = None,
        options: Mapping[str, Any] | None = None,
    ) -> Fetched:
        """Return the positions of one observer.

        Parameters
        ----------
        ref : ProductRef
            ``uiowaephtool/Jupiter_Galileo_Ecliptic``.
        range : TimeRange
            Less than a day is widened to whole days, then cut.
        deadline : Deadline
            For the request.
        since : str, optional
            Not used: the server does not date its answers.
        options : mapping, optional
            None are taken.

        Raises
        ------
        UnknownProduct
            Not a trajectory of the tool.
        UnexpectedContent
            The answer is no table; it is quoted.
        """
        trajectory = find(ref.path)
        if trajectory is None:
            raise UnknownProduct(
                f"the UIowa ephemeris tool has no trajectory {ref.path!r}",
                product=str(ref),
                hint="ids look like 'uiowaephtool/Jupiter_Galileo_Ecliptic'; "
                f"coordinates are {', '.join(COORDINATES)}",
            )
        request = f"{self._url} ({trajectory.id})"
        # outside there is nothing to ask for, and the server says so in no particular form
        asked = _widened(range).intersect(trajectory.coverage)
        if asked is None:
            return Fetched(nothing(trajectory.id), None, request)
        reply = self._http.post(self._url, data=_form(trajectory, asked), deadline=deadline)
        table = read_table(reply.require("text").text, source=self._url)
        if not len(table.time):
            return Fetched(nothing(trajectory.id), None, request)
        return Fetched(trim(_variable(trajectory, table), range), None, request)


def _form(trajectory: Trajectory, span: TimeRange) -> dict[str, str]:
    origin, observer, coordinates = trajectory.codes
    return {
        "StTime": _stamp(span.start_ns // _SECOND),
        "SpTime": _stamp(-(-span.stop_ns // _SECOND)),
        "TimeInterval": str(_STEP_SECONDS),
        "origin": origin,
        "observer": observer,
        "coordinates": coordinates,
        "OriginName": trajectory.origin,
        "OriginRadius": str(trajectory.radius),
    }


def _variable(trajectory: Trajectory, table: Table) -> SpeasyVariable:
    positions = ("X", "Y", "Z")
    cartesian = table.columns[:3] == positions
    # behind the position there is the velocity, in a unit of its own
    used = 3 if cartesian else len(table.columns)
    units = table.units[:used]
    if not used or (cartesian and len(set(units)) != 1):
        raise UnexpectedContent(
            f"the columns are not those of positions: {', '.join(table.columns) or 'none'}"
        )
    radius = trajectory.radius if table.radius_km is None else table.radius_km
    meta = {
        "CATDESC": trajectory.title,
        "FIELDNAM": trajectory.id,
        "LABLAXIS": f"{trajectory.observer} {trajectory.coordinates}",
        "DESCRIPTION": trajectory.title,
        "COLUMN_UNITS": list(units),
        "DISPLAY_TYPE": "time_series",
        "COORDINATE_SYSTEM": trajectory.coordinates,
        "ORIGIN": trajectory.origin,
        "OBSERVER": trajectory.observer,
        "ORIGIN_RADIUS": f"{radius} km",
        "dataset": {"Project": "UIowa ephemeris tool", **_remarks(table.title)},
    }
    return SpeasyVariable.from_unsorted(
        table.time,
        table.values[:, :used],
        columns=list(table.columns[:used]),
        unit=units[0] if cartesian else "",
        name=trajectory.id,
        meta=meta,
    )


def _remarks(title: str) -> dict[str, str]:
    """Return the title of the table, and that the numbers are made up where it says so."""
    remarks = {"TITLE": title}
    if "synthetic" in title.lower():
        remarks["Synthetic"] = "yes, says the title of the table"
    return remarks


def _widened(span: TimeRange) -> TimeRange:
    if span.stop_ns - span.start_ns >= _DAY:
        return span
    start = span.start_ns // _DAY * _DAY
    return TimeRange.from_ns(start, max(-(-span.stop_ns // _DAY) * _DAY, start + _DAY))


def _stamp(seconds: int) -> str:
    moment = np.datetime64(seconds, "s").astype(object)
    return f"{moment:%Y//%j %H:%M:%S}"
