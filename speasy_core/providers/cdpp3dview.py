"""CDPP 3DView: trajectories of spacecraft, planets and small bodies, in many frames."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote

import numpy as np

from speasy_core import codecs
from speasy_core.config import Settings
from speasy_core.errors import (
    HttpStatusError,
    SpeasyError,
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

__all__ = ["Cdpp3dViewProvider"]

_SERVICE = "/webresources"
_VARIABLE = "pos"
_DEFAULT_FRAME = "J2000"
_DEFAULT_SAMPLING = 600
_SECOND = 1_000_000_000
_DAY = 86_400 * _SECOND
_JSON = {"Accept": "application/json"}


class Cdpp3dViewProvider:
    """3DView as a provider; product ids are ``cdpp3dview/BODY``.

    Values are positions, columns ``x``, ``y`` and ``z``.

    Parameters
    ----------
    settings : Settings
        `cdpp3dview_url` answers.
    http : HttpClient
        Shared.
    """

    name = "cdpp3dview"
    title = "CDPP 3DView"
    max_request_ns: int | None = 365 * _DAY
    options: frozenset[str] = frozenset(
        {"coordinate_frame", "coordinate_system", "sampling", "format", "if_newer_than"}
    )
    cachable = True

    def __init__(self, settings: Settings, http: HttpClient) -> None:
        self._http = http
        self._url = settings.cdpp3dview_url + _SERVICE
        self.source = settings.cdpp3dview_url
        self._frames: dict[str, dict[str, str]] = {}
        self._bodies: frozenset[str] = frozenset()

    # -- inventory -------------------------------------------------------------------------------

    def inventory(self, *, deadline: Deadline, since: str | None = None) -> InventoryUpdate | None:
        """Return all bodies, or None when the list is the same as that of version `since`.

        Raises
        ------
        ServerError
            The list cannot be had, or is something else.
        """
        url = self._url + "/get_bodies"
        reply = self._http.get(url, deadline=deadline, headers=_JSON)
        version = hashlib.sha256(reply.body).hexdigest()[:16]
        if version == since:
            return None
        warnings: list[str] = []
        records: dict[str, ProductInfo] = {}
        for item in _listed(reply.json(), "bodies", url):
            record = _record(item, warnings)
            if record.name in records:
                warnings.append(f"left out: {record.name} is listed twice")
                continue
            records[record.name] = record
        if not records:
            raise UnexpectedContent("3DView lists no bodies", url=url)
        self._bodies = frozenset(records)
        return InventoryUpdate(version, list(records.values()), tuple(warnings))

    def get_frames(self, *, deadline: Deadline | None = None) -> list[dict[str, str]]:
        """Return the coordinate frames that the server knows.

        Returns
        -------
        list of dict
            With the keys ``name``, ``center`` and ``desc``.

        Raises
        ------
        ServerError
            The list cannot be had, or is something else.
        """
        url = self._url + "/get_frames"
        deadline = Deadline(60) if deadline is None else deadline
        answer = self._http.get(url, deadline=deadline, headers=_JSON).json()
        frames = [{k: str(item.get(k) or "") for k in ("name", "center", "desc")}
                  for item in _listed(answer, "frames", url)]  # fmt: skip
        self._frames = {frame["name"].casefold(): frame for frame in frames}
        return frames

    def inputs(self, ref: ProductRef, *, deadline: Deadline) -> list[ProductInput]:
        """Return the choice of a frame, and the seconds between samples."""
        frames = self.get_frames(deadline=deadline) if not self._frames else self._frames.values()
        told = {frame["name"]: frame["desc"] or frame["center"] for frame in frames}
        choices = tuple((name, f"{name}: {text}" if text else name) for name, text in told.items())
        sampling = str(_DEFAULT_SAMPLING)
        return [
            ProductInput("coordinate_frame", "Coordinate frame", "choice", _DEFAULT_FRAME, choices),
            ProductInput("sampling", "Seconds between samples", "int", sampling, low=1),
        ]

    def check_options(self, options: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return options in their one form, without those that say what is done anyway.

        Raises
        ------
        UnknownOption
            Two frames at once, a sampling that is no whole number of seconds above zero, or a
            `format` that is not CDF.
        """
        if str(options.get("format") or "cdf").lower() != "cdf":
            raise UnknownOption(f"format={options['format']!r} is not read", hint="use 'cdf'")
        plain: dict[str, Any] = {}
        if (frame := _wanted_frame(options)).casefold() != _DEFAULT_FRAME.casefold():
            plain["coordinate_frame"] = frame.casefold()  # the server's spelling is found later
        if (sampling := _sampling(options)) != _DEFAULT_SAMPLING:
            plain["sampling"] = sampling
        return plain

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
        """Return the positions of one body.

        Parameters
        ----------
        ref : ProductRef
            ``cdpp3dview/MMS1``.
        range : TimeRange
            The request begins on a multiple of the sampling, so that parts of a trajectory that
            were asked for one by one fit together.
        deadline : Deadline
            For all requests of this call.
        since : str, optional
            Version of the answer at hand; "not changed" is answered with `variable` None.
        options : mapping, optional
            `coordinate_frame` (or `coordinate_system`, the same), a name of :meth:`get_frames` in
            any case, ``J2000`` by default; `sampling` in seconds, 600 by default.

        Raises
        ------
        UnknownOption
            A frame that the server does not have, two frames at once, or a sampling that is no
            whole number of seconds above zero.
        UnknownProduct
            The server does not list the body.
        HttpStatusError, UnexpectedContent, CorruptFile
            What the server did instead.
        """
        body = ref.path.strip("/")
        sampling = _sampling(options or {})
        frame = self._frame(options or {}, ref, deadline)
        url = self._trajectory_url(body, frame, range, sampling)
        headers = {"If-Modified-Since": since} if since else {}
        ok = frozenset({200, 304, 404} if since else {200, 404})
        try:
            reply = self._http.get(url, deadline=deadline, headers=headers, ok=ok)
        except HttpStatusError as error:
            self._check_listed(body, ref, deadline)
            raise error.locate(product=str(ref)) from error.__cause__
        version = reply.headers.get("last-modified")
        if reply.status == 304:
            return Fetched(None, version or since, url)
        if reply.status == 404:
            # no data, or no such body
            self._check_listed(body, ref, deadline)
            return Fetched(nothing(body), version, url)
        data = reply.require("cdf").body
        found = codecs.decode(
            data, source=f"{body}.cdf", variables=[_VARIABLE], mime=reply.content_type
        )
        return Fetched(trim(_named(found[_VARIABLE], body, frame, sampling), range), version, url)

    def _trajectory_url(self, body: str, frame: str, span: TimeRange, sampling: int) -> str:
        start = span.start_ns // (sampling * _SECOND) * sampling
        stop = -(-span.stop_ns // _SECOND)
        return (
            f"{self._url}/get_trajectory?body={quote(body, safe='')}&frame={quote(frame, safe='')}"
            f"&start={_stamp(start)}&stop={_stamp(stop)}&sampling={sampling}&format=cdf"
        )

    def _frame(self, options: Mapping[str, Any], ref: ProductRef, deadline: Deadline) -> str:
        """Return the frame asked for, as the server spells it."""
        wanted = _wanted_frame(options)
        if wanted == _DEFAULT_FRAME:
            return wanted
        if wanted.casefold() not in self._frames:
            self.get_frames(deadline=deadline)
        if wanted.casefold() not in self._frames:
            names = ", ".join(frame["name"] for frame in self._frames.values())
            raise UnknownOption(
                f"3DView has no frame {wanted!r}",
                product=str(ref),
                hint=f"coordinate_frame is one of {names}",
            )
        return self._frames[wanted.casefold()]["name"]

    def _check_listed(self, body: str, ref: ProductRef, deadline: Deadline) -> None:
        """Say that there is no such body, when the server's list says so."""
        if not self._bodies:
            try:
                self.inventory(deadline=deadline)
            except SpeasyError:
                return  # without a list nothing can be said; what went wrong before counts
        if self._bodies and body not in self._bodies:
            close = [name for name in sorted(self._bodies) if name.casefold() == body.casefold()]
            raise UnknownProduct(
                f"3DView has no body {body!r}",
                product=str(ref),
                hint=f"did you mean cdpp3dview/{close[0]}?" if close else None,
            )


def _wanted_frame(options: Mapping[str, Any]) -> str:
    given = {
        name: str(options[name]).strip()
        for name in ("coordinate_frame", "coordinate_system")
        if options.get(name) is not None
    }
    if len({name.casefold() for name in given.values()}) > 1:
        raise UnknownOption(
            f"two different frames: {', '.join(f'{k}={v!r}' for k, v in given.items())}",
            hint="coordinate_system is another name of coordinate_frame: give one",
        )
    return next(iter(given.values()), _DEFAULT_FRAME)


def _sampling(options: Mapping[str, Any]) -> int:
    given = options.get("sampling")
    if given is None:
        return _DEFAULT_SAMPLING
    try:
        seconds = math.nan if isinstance(given, bool) else float(given)
    except (TypeError, ValueError):
        seconds = math.nan
    if not (seconds >= 1 and seconds == seconds // 1 and math.isfinite(seconds)):
        raise UnknownOption(
            f"sampling={given!r} is not a whole number of seconds above zero",
            hint=f"by default it is {_DEFAULT_SAMPLING}",
        )
    return int(seconds)


def _listed(answer: Any, key: str, url: str) -> Sequence[Mapping[str, Any]]:
    items = answer.get(key) if isinstance(answer, dict) else None
    if not isinstance(items, list) or not all(
        isinstance(item, dict) and item.get("name") for item in items
    ):
        raise UnexpectedContent(f"3DView's answer is not a list of {key}", url=url)
    return items


def _record(item: Mapping[str, Any], warnings: list[str]) -> ProductInfo:
    name, kind = str(item["name"]), str(item.get("type") or "OTHER")
    coverage = None
    try:
        start, stop = item.get("coverage") or (None, None)
        coverage = TimeRange(start, stop) if start and stop else None
    except ValueError as error:
        warnings.append(f"{name}: the coverage is unknown: {error}")
    return ProductInfo(
        ("Trajectories", kind, name),
        ProductRef("cdpp3dview", name),
        "vector",
        f"Trajectory of {name}",
        "km",
        coverage,
        float(_DEFAULT_SAMPLING),
        {"TYPE": kind, "COORDINATE_SYSTEM": _DEFAULT_FRAME},
    )


def _named(found: SpeasyVariable, body: str, frame: str, sampling: int) -> SpeasyVariable:
    if found.ndim != 2 or (len(found) and found.shape[1] != 3):
        if not len(found):
            return nothing(body)
        raise UnexpectedContent(
            f"3DView's positions of {body} have the shape {found.shape}", source=f"{body}.cdf"
        )
    unit = found.unit or "km"
    meta = {
        **found.meta,
        "CATDESC": f"Position of {body} in the frame {frame}",
        "FIELDNAM": f"{body} position",
        "LABLAXIS": f"{body} {frame}",
        "UNITS": unit,
        "DISPLAY_TYPE": "time_series",
        "COORDINATE_SYSTEM": frame,
        "SAMPLING": sampling,
    }
    return found.copy(name=body, columns=["x", "y", "z"], unit=unit, meta=meta)


def _stamp(seconds: int) -> str:
    moment = np.datetime64(seconds, "s").astype(object)
    return f"{moment:%Y-%m-%dT%H:%M:%S}"
