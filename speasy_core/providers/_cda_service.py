"""CDAWeb's REST service: one request for one or several variables of a data set."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote, urlsplit, urlunsplit

import numpy as np

from speasy_core import codecs
from speasy_core.errors import (
    CorruptFile,
    HttpStatusError,
    UnexpectedContent,
    UnknownProduct,
    UnsupportedFormat,
    VariableError,
)
from speasy_core.http import Deadline, HttpClient, Response
from speasy_core.product import ProductRef
from speasy_core.provider import Fetched
from speasy_core.timerange import TimeRange
from speasy_core.variable import SpeasyVariable, merge

from ._cda_answers import data_version, list_files, page_message
from ._common import nothing, split_link, trim

__all__ = ["Service", "share_requests"]

_DATASETS = "/WS/cdasr/1/dataviews/sp_phys/datasets"
_SECOND = 1_000_000_000
_ANSWERS = frozenset({200, 304, 400, 404})
_JSON = {"Accept": "application/json"}
# of the names in one address: servers take 8 kB, and some proxies 2
_MAX_NAMES = 1500


class Service:
    """Asks for variables and reads the result files.

    Parameters
    ----------
    http : HttpClient
    url, archive : str
        Base addresses; results must be on one of these hosts.
    """

    def __init__(self, http: HttpClient, url: str, archive: str) -> None:
        self._http, self._url, self._archive = http, url, archive

    def read(
        self,
        dataset: str,
        names: Sequence[str],
        span: TimeRange,
        *,
        deadline: Deadline,
        since: str | None = None,
    ) -> dict[str, Fetched]:
        """Return variables of one data set in a range.

        Parameters
        ----------
        dataset : str
        names : sequence of str
            Variables; several are asked for in one request.
        span : TimeRange
            The server takes whole seconds: the next larger range is asked for, then cut.
        deadline : Deadline
        since : str, optional
            Version of the answer at hand; "not changed" is answered with `variable` None.

        Returns
        -------
        dict of str to Fetched
            Of several variables, one that cannot be read is left out.

        Raises
        ------
        UnknownProduct, HttpStatusError, UnexpectedContent, CorruptFile
            As the provider's `fetch`; with several names, one of them may be the reason.
        """
        url = self._data_url(dataset, names, span)
        headers = dict(_JSON)
        if since is not None:
            headers["If-Modified-Since"] = since
        asked = ProductRef("cda", f"{dataset}/{','.join(names)}")
        reply = self._ask(url, asked, headers, deadline)
        version = data_version(reply)
        if reply.status == 304:
            if since is None:
                raise UnexpectedContent(
                    "CDAWeb answered 'not changed' to a request without a condition", url=url
                )
            return {name: Fetched(None, version, url) for name in names}
        files = list_files(reply, asked)
        parts = [self._read(file, names, deadline) for file in files]
        answer = {}
        for name in names:
            found = [part[name] for part in parts if name in part]
            if len(found) < len(parts):
                continue  # what one of the files lacks would be a hole: asked for alone it says so
            whole = merge(found) if len(found) > 1 else found[0] if found else nothing(name)
            answer[name] = Fetched(trim(whole, span), version, url)
        return answer

    def _data_url(self, dataset: str, names: Sequence[str], span: TimeRange) -> str:
        start = _stamp(span.start_ns // _SECOND)
        stop = _stamp(-(-span.stop_ns // _SECOND))
        listed = ",".join(quote(name, safe="") for name in names)
        path = f"{quote(dataset, safe='')}/data/{start},{stop}/{listed}"
        return f"{self._url}{_DATASETS}/{path}?format=cdf"

    def _ask(
        self, url: str, ref: ProductRef, headers: Mapping[str, str], deadline: Deadline
    ) -> Response:
        try:
            return self._http.get(url, deadline=deadline, headers=headers, ok=_ANSWERS)
        except HttpStatusError as error:
            quoted = page_message(error.body)
            if quoted:
                error.message = f"{error.message}: {quoted}"
                error.args = (error.message,)
            error.product = error.product or str(ref)
            raise

    def _read(
        self, file: Mapping[str, Any], names: Sequence[str], deadline: Deadline
    ) -> dict[str, SpeasyVariable]:
        url = self._own_url(file["Name"])
        reply = self._http.get(url, deadline=deadline).require("cdf")
        source = urlsplit(url).path.rpartition("/")[2]
        try:
            found = codecs.decode(
                reply.body, source=source, variables=names, mime=reply.content_type
            )
        except (UnknownProduct, VariableError, CorruptFile, UnsupportedFormat):
            if len(names) == 1:
                raise
            # one of them is at fault: the others need not share its fate
            found = {}
            for name in names:
                try:
                    found |= codecs.decode(
                        reply.body, source=source, variables=[name], mime=reply.content_type
                    )
                except (UnknownProduct, VariableError, CorruptFile, UnsupportedFormat):
                    continue
        return {name: variable.copy(name=name) for name, variable in found.items()}

    def _own_url(self, url: str) -> str:
        """Return the address of a result, which must be on the server that was asked."""
        given = split_link(url)
        for base in (self._url, self._archive):
            own = urlsplit(base)
            if given.scheme in ("http", "https") and _authority(given) == _authority(own):
                # one server under both schemes: never from https back to http
                return urlunsplit(given._replace(scheme=own.scheme))
        raise UnexpectedContent(
            f"CDAWeb names a file on another host ({given.hostname}), which is refused",
            url=url,
            hint="if that host is the server, name it in the setting cda_url",
        )


def share_requests(names: Sequence[str]) -> list[list[str]]:
    """Return names in groups, each of which one request can ask for.

    A name with a comma is alone: commas separate names.

    Examples
    --------
    >>> share_requests(["a", "x,y", "b"])
    [['x,y'], ['a', 'b']]
    """
    groups = [[name] for name in names if "," in name]
    length = _MAX_NAMES + 1
    for name in names:
        if "," in name:
            continue
        length += len(quote(name, safe="")) + 1
        if length > _MAX_NAMES:
            groups.append([])
            length = len(quote(name, safe="")) + 1
        groups[-1].append(name)
    return groups


def _stamp(seconds: int) -> str:
    day = np.datetime64(seconds, "s").astype(object)
    return f"{day:%Y%m%dT%H%M%SZ}"


def _authority(parts: Any) -> tuple[str | None, int | None]:
    try:
        port = parts.port
    except ValueError:
        return None, None
    return parts.hostname, None if port in (None, 80, 443) else port
