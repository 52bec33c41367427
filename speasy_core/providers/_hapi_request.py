"""Requests for parameters of a HAPI data set: what is asked for, in how many pieces."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import Any

from speasy_core.codecs._hapi_info import Info
from speasy_core.errors import InvalidTime, RequestTooLarge
from speasy_core.events import Dataset
from speasy_core.http import Deadline
from speasy_core.timerange import MIN_NS, TimeRange, to_ns

from ._hapi_client import HapiClient, HapiError, coverage, duration_ns

__all__ = ["HapiRequest", "version_in"]

_SECOND = 1_000_000_000
_MAX_PIECES = 2000
# what one request may bring, by the server's own word on cadence and sizes
_MAX_BYTES = 200_000_000
_DATE = "modificationDate"
# how often a range is asked for when new versions come in between
_ROUNDS = 3


def version_in(meta: Mapping[str, Any], span: TimeRange) -> str | None:
    """Return the mark of what a data set holds in `span`; None when the server gives none."""
    modified = meta.get(_DATE)
    if not isinstance(modified, str) or not modified.strip():
        return None
    covered = coverage(meta)
    # what is not there yet may come without a new date
    grows = covered is None or span.stop_ns > covered.stop_ns
    return f"{modified} {meta.get('stopDate')}" if grows else modified


def _modified(meta: Mapping[str, Any]) -> int:
    try:
        return to_ns(meta.get(_DATE))
    except InvalidTime:
        return MIN_NS


class HapiRequest:
    """The requests for some parameters of one data set.

    Parameters
    ----------
    client : HapiClient
    dataset : str
    parameters : list of str
        What is wanted; what holds their bins is asked for as well.
    info : Info
        The data set's description.
    deadline : Deadline
        For all of them.
    """

    def __init__(
        self,
        client: HapiClient,
        dataset: str,
        parameters: list[str],
        info: Info,
        deadline: Deadline,
    ) -> None:
        self._client, self._dataset, self._parameters = client, dataset, parameters
        self._names, self._info, self._deadline = _with_bins(info, parameters), info, deadline
        # time comes first, asked for or not
        asked = [p for p in info.parameters[1:] if p.name in self._names]
        self._layout = Info((info.time, *asked), info.meta)

    def url(self, span: TimeRange) -> str:
        """Return the address of a range."""
        return self._client.data_url(self._dataset, self._names, span, self._deadline)

    def split(self, span: TimeRange) -> list[TimeRange]:
        """Cut a range into pieces that the server takes."""
        limits = [duration_ns(self._info.meta.get("maxRequestDuration")), self._affordable()]
        longest = min((limit for limit in limits if limit), default=None)
        if longest is None or span.duration_ns <= longest:
            return [span]
        count = -(-span.duration_ns // longest)
        if count > _MAX_PIECES:
            raise RequestTooLarge(
                f"{self._client.server.name} takes at most {longest / _SECOND:g} s in one request: "
                f"{count} requests would be needed, more than {_MAX_PIECES}",
                range=span,
                hint="ask for a shorter range",
            )
        starts = [span.start_ns + i * longest for i in range(count)]
        return [TimeRange.from_ns(s, min(s + longest, span.stop_ns)) for s in starts]

    def _affordable(self) -> int | None:
        cadence = duration_ns(self._info.meta.get("cadence"))
        parameters = [p for p in self._info.parameters if p.name in self._names]
        record = 24 + sum(p.columns * (p.length or 8) for p in parameters)
        return None if cadence is None else max(_MAX_BYTES // record * cadence, _SECOND)

    def get_all(self, span: TimeRange) -> tuple[list[Dataset], Mapping[str, Any]]:
        """Return all pieces of a range, of one version, and what the server says of the data set.

        A new version may come while the pieces are asked for, and since the description was.
        Of a server that never comes to rest nothing is said.
        """
        told: Mapping[str, Any] = self._info.meta
        for _ in range(_ROUNDS):
            begun = time.monotonic()
            parts = [found for piece in self.split(span) for found in self.get(piece)]
            seen: list[Mapping[str, Any]] = [p.meta for p in parts if p.meta.get(_DATE)]
            if not seen and told.get(_DATE):  # no header tells, so the server has to
                seen = [told, self._describe(time.monotonic() - begun)]
            if len({str(meta.get(_DATE)) for meta in seen}) <= 1:
                break
            told = self._describe(0.0)
        else:
            return parts, {}
        now = seen[-1] if seen else told
        if now.get(_DATE) != told.get(_DATE):  # headers and descriptions are not renewed at once
            told = max(now, self._describe(0.0), key=_modified)
        return parts, told

    def _describe(self, max_age: float) -> Mapping[str, Any]:
        return self._client.info(self._dataset, self._deadline, max_age=max_age).meta

    def get(self, span: TimeRange, halvings: int = 12) -> list[Dataset]:
        """Return the variables by name, in pieces where the server finds the range too long."""
        url = self.url(span)
        try:
            return [self._client.data(url, self._parameters, self._layout, self._deadline)]
        except HapiError as error:
            if error.code == 1405:
                covered = coverage(self._info.meta)
                inside = covered.intersect(span) if covered is not None else None
                if covered is not None and inside is None:
                    return []
                if inside is None or inside == span:
                    raise
                return self.get(inside, halvings)
            if error.code != 1408 or not halvings or span.duration_ns < 2 * _SECOND:
                raise
        middle = (span.start_ns + span.stop_ns) // 2
        halves = (
            TimeRange.from_ns(span.start_ns, middle), TimeRange.from_ns(middle, span.stop_ns)
        )  # fmt: skip
        return [v for half in halves for v in self.get(half, halvings - 1)]


def _with_bins(info: Info, parameters: Sequence[str]) -> list[str]:
    """Return the parameters and those that hold their bins, in the order of the data set."""
    wanted = set(parameters)
    for name in parameters:
        asked = info.find(name)
        wanted.update(asked.needs() if asked else ())
    return [p.name for p in info.parameters if p.name in wanted]
