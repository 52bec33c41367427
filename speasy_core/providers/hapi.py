"""Every server that speaks HAPI, the Heliophysics API, in its versions 2 and 3."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass, replace
from difflib import get_close_matches
from typing import Any, TypeAlias

from speasy_core.codecs._hapi_build import empty
from speasy_core.codecs._hapi_info import Info
from speasy_core.config import Settings
from speasy_core.errors import (
    Cancelled,
    InvalidRequest,
    ServerError,
    SpeasyError,
    UnknownProduct,
)
from speasy_core.events import Dataset
from speasy_core.http import Deadline, HttpClient
from speasy_core.product import ProductInfo, ProductRef
from speasy_core.provider import Fetched, InventoryUpdate
from speasy_core.timerange import TimeRange
from speasy_core.variable import merge

from ._common import trim
from ._hapi_client import HapiClient, coverage
from ._hapi_inventory import all_failed, digest, marks_of, read_server, unchanged, version_of
from ._hapi_request import HapiRequest, version_in
from ._hapi_servers import chosen_servers, part_id

__all__ = ["HapiProvider"]

_log = logging.getLogger(__name__)

_DAY = 86_400_000_000_000
# seconds for which a description is believed where what is kept depends on it
_JUST = 1.0
# seconds that one server may take to say what it has, so that one that stalls delays no other
_SERVER_TIME = 40.0
# seconds after which the first tree is shown without those that are still busy
_QUICK = 3.0

# records and warnings, or why there are none
_Said: TypeAlias = "tuple[list[ProductInfo], list[str]] | SpeasyError"


class HapiProvider:
    """All HAPI servers as one provider; product ids are ``hapi/SERVER/DATASET/PARAMETER``.

    Parameters
    ----------
    settings : Settings
        `hapi_servers` names servers; with `hapi_public` the known public ones are there too.
    http : HttpClient
        Shared.
    """

    name = "hapi"
    title = "HAPI servers"
    max_request_ns: int | None = None  # each server has its own limit, kept in `fetch`
    options: frozenset[str] = frozenset()
    cachable = True
    lists_all = False  # of large servers the inventory holds no parameters

    def __init__(self, settings: Settings, http: HttpClient) -> None:
        servers = chosen_servers(settings)
        self._clients = {key: HapiClient(server, http) for key, server in servers.items()}
        self._lookup: Callable[[ProductRef], ProductInfo | None] = lambda ref: None
        self.source = " ".join(sorted(f"{s.name}={s.url}" for s in servers.values()))

    def inform(self, lookup: Callable[[ProductRef], ProductInfo | None]) -> None:
        """Take a function that tells what the inventory says of a product."""
        self._lookup = lookup

    # -- inventory -------------------------------------------------------------------------------

    def inventory(self, *, deadline: Deadline, since: str | None = None) -> InventoryUpdate | None:
        """Return the data sets of all servers that answer, or None when nothing changed.

        HAPI has no mark of freshness: the lists are read and compared. A server that does not
        answer is named in the warnings; what it had when it last did stays, also after a restart.

        Parameters
        ----------
        deadline : Deadline
            For all of it; servers are asked side by side.
        since : str, optional
            Version of the inventory at hand.

        Raises
        ------
        ServerError
            No server answered.
        """
        *_, answers = self._ask_all(deadline)
        return self._update(answers, since)

    def inventory_parts(self, *, deadline: Deadline) -> Iterator[InventoryUpdate]:
        """Yield what the quick servers have, when some are slow, and at last the whole."""
        for answers in self._ask_all(deadline):
            update = self._update(answers, None)
            assert update is not None, "nothing was there before"
            yield update

    def inventory_again(
        self, paths: Sequence[tuple[str, ...]], *, deadline: Deadline, since: str
    ) -> InventoryUpdate | None:
        """Return what those servers have that did not answer; None when they still do not."""
        names = [key for key, client in self._clients.items() if (client.server.name,) in paths]
        *_, answers = self._ask_all(deadline, names)
        if all(isinstance(answer, SpeasyError) for answer in answers.values()):
            return None
        update = self._update(answers, None)
        assert update is not None, "it was not compared with anything"
        others = [(c.server.name,) for key, c in self._clients.items() if key not in names]
        version = version_of(marks_of(since) | marks_of(update.version))
        return replace(update, version=version, kept=[*update.kept, *others])

    def _update(self, answers: Mapping[str, _Said], since: str | None) -> InventoryUpdate | None:
        """Return an inventory of what servers said; None when it is the one of `since`."""
        failed = {name: a for name, a in answers.items() if isinstance(a, SpeasyError)}
        if failed and len(failed) == len(answers):
            raise all_failed(failed)
        records: dict[str, list[ProductInfo]] = {}
        marks: dict[str, str] = {}
        warnings: list[str] = []
        for name, answer in answers.items():
            server = self._clients[name].server.name
            if isinstance(answer, SpeasyError):
                warnings.append(f"{server} does not answer: {answer.message}")
            else:
                records[name], notes = answer
                warnings += notes
                marks[server] = digest(records[name])
        before = marks_of(since or "")
        if since is not None and unchanged(marks, before, failed.keys()):
            return None
        kept = [self._clients[name].server.name for name in failed]
        marks = {name: before[name] for name in kept if name in before} | marks
        listed = [r for found in records.values() for r in found]
        return InventoryUpdate(
            version_of(marks), listed, tuple(warnings), [(name,) for name in kept]
        )

    def _ask_all(
        self, deadline: Deadline, names: Sequence[str] | None = None
    ) -> Iterator[dict[str, _Said]]:
        """Ask servers, by default all; yield what quick ones said, if others are slow, then all."""
        deadline.check("asking HAPI servers")
        allowed = min(_SERVER_TIME, 0.8 * deadline.left())

        def ask(name: str) -> _Said:
            try:
                return read_server(self._clients[name], Deadline(allowed, within=deadline))
            except Cancelled:
                raise
            except SpeasyError as error:
                _log.info("HAPI server %s: %s", name, error)
                return error

        names = list(self._clients) if names is None else names
        if not names:
            yield {}
            return
        slow = ServerError(f"nothing came within {_QUICK:g} s, it is still asked")
        with ThreadPoolExecutor(min(16, len(names)), "hapi") as pool:
            asked = {name: pool.submit(ask, name) for name in names}
            late = wait(asked.values(), min(_QUICK, allowed)).not_done
            early = {name: slow if f in late else f.result() for name, f in asked.items()}
            if late and not all(isinstance(answer, SpeasyError) for answer in early.values()):
                yield early
            if late:
                early = {name: f.result() for name, f in asked.items()}
        yield early

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
        """Return the samples of one parameter.

        Parameters
        ----------
        ref : ProductRef
            ``hapi/SERVER/DATASET/PARAMETER``; names of data sets may hold slashes.
        range : TimeRange
            Asked for in as many pieces as the server's limits take.
        deadline : Deadline
            For all requests of this call.
        since : str, optional
            The data set's modification date with the answer at hand; where it is still the same,
            `variable` is None.
        options : mapping, optional
            None are taken.

        Raises
        ------
        InvalidRequest
            A data set without a parameter; its parameters are named.
        UnknownProduct
            No such server, data set or parameter.
        ServerError
            The server's own message is quoted.
        CorruptFile
            An answer that is not what its header says.
        """
        deadline.check(f"asking for {ref}")
        client, dataset, parameter, info = self._resolve(ref, deadline)
        asked = _Asked(client, dataset, info, {ref: parameter})
        return self._answer(asked, range, deadline, since)[ref]

    def together(self, ref: ProductRef) -> str | None:
        """Return server and data set: one request brings several parameters of them."""
        try:
            client, parts = self._client(ref)
        except UnknownProduct:
            return None
        dataset, parameter = self._part(client, parts) if parts else ("", "")
        # commas part names in a request
        whole = parameter and "," not in parameter
        return f"{client.server.name}/{dataset}" if whole else None

    def fetch_many(
        self,
        refs: Sequence[ProductRef],
        range: TimeRange,
        *,
        deadline: Deadline,
        since: str | None = None,
        options: Mapping[str, Any] | None = None,
    ) -> dict[ProductRef, Fetched]:
        """Return the samples of several parameters of one data set, by one request.

        Parameters
        ----------
        refs : sequence of ProductRef
            Those of another data set than the first one's are left out.
        range, deadline, since, options
            As for `fetch`.

        Raises
        ------
        SpeasyError
            As `fetch`; one of the parameters may be the reason.
        """
        deadline.check(f"asking for {len(refs)} products")
        client, dataset, parameter, info = self._resolve(refs[0], deadline)
        asked = _Asked(client, dataset, info, {refs[0]: parameter})
        for ref in refs[1:]:
            *others, parameter, _ = self._resolve(ref, deadline)
            if others == [client, dataset]:
                asked.parameters[ref] = parameter
        return self._answer(asked, range, deadline, since)

    def _answer(
        self, asked: _Asked, range: TimeRange, deadline: Deadline, since: str | None
    ) -> dict[ProductRef, Fetched]:
        client, dataset, info = asked.client, asked.dataset, asked.info
        covered = coverage(info.meta)
        if since is not None or (covered is not None and range.stop_ns > covered.stop_ns):
            info = client.info(dataset, deadline, max_age=_JUST)
            covered = coverage(info.meta)
        version = version_in(info.meta, range)
        request = HapiRequest(client, dataset, list(asked.parameters.values()), info, deadline)
        span = range
        parts: list[Dataset] = []
        if covered is not None:
            # some servers name the last sample as the end, others the instant behind it
            near = range.intersect(TimeRange.from_ns(covered.start_ns, covered.stop_ns + _DAY))
            span = range if near is None else near
        else:
            near = range
        url = request.url(span)
        if near is not None:
            if since is not None and version is not None and since == version:
                return dict.fromkeys(asked.parameters, Fetched(None, version, url))
            parts, told = request.get_all(near)
            version = version_in(told, range)
        answers = {}
        for ref, name in asked.parameters.items():
            filled = [part[name] for part in parts if len(part[name])]
            found = merge(filled) if len(filled) > 1 else filled[0] if filled else None
            v = empty(info, name, str(ref)) if found is None else trim(found, range)
            answers[ref] = Fetched(v, version, url)
        return answers

    def dataset(
        self, ref: ProductRef, *, deadline: Deadline | None = None
    ) -> Sequence[ProductRef] | None:
        """Return the parameters of a data set, None for what is not one.

        Parameters
        ----------
        ref : ProductRef
            ``hapi/SERVER/DATASET``.
        deadline : Deadline, optional
            For the server's description; without it none is asked for.
        """
        client, parts = self._client(ref)
        name, parameter = self._part(client, parts) if parts else ("", "")
        if parameter or not name:
            return None
        info = client.kept_info(name) if deadline is None else client.info(name, deadline)
        if info is None:
            return None
        root = f"{client.server.name}/{name}"
        return [ProductRef("hapi", f"{root}/{parameter}") for parameter in info.names]

    def _part(self, client: HapiClient, parts: list[str]) -> tuple[str, str]:
        """Part an id by what the server's list or the inventory says, else at the last slash."""

        def known(name: str) -> bool:
            if client.catalog_ids:
                return name in client.catalog_ids
            info = self._lookup(ProductRef("hapi", f"{client.server.name}/{name}"))
            return info is not None and info.kind == "dataset"

        return part_id(parts, known)

    def _client(self, ref: ProductRef) -> tuple[HapiClient, list[str]]:
        server, *rest = ref.path.strip("/").split("/")
        client = self._clients.get(server.lower())
        if client is None:
            known = [c.server.name for c in self._clients.values()]
            raise UnknownProduct(
                f"there is no HAPI server {server!r}",
                product=str(ref),
                hint=f"servers: {', '.join(known)}; the setting hapi_servers names others",
            )
        return client, [part for part in rest if part]

    def _resolve(self, ref: ProductRef, deadline: Deadline) -> tuple[HapiClient, str, str, Info]:
        """Return server, data set, parameter and the data set's description."""
        client, parts = self._client(ref)
        if not parts:
            raise InvalidRequest(f"{ref} is a server, not a product", product=str(ref))
        dataset, parameter = self._part(client, parts)
        try:
            info = client.info(dataset, deadline)
        except UnknownProduct:
            # where the name of the data set ends is only known from the server's list
            if len(parts) < 2 or client.catalog_ids:
                raise
            client.catalog(deadline)
            other = self._part(client, parts)
            if other == (dataset, parameter):
                raise
            dataset, parameter = other
            info = client.info(dataset, deadline)
        if not parameter:
            raise InvalidRequest(
                f"{ref} is a data set, not a parameter",
                product=str(ref),
                hint=f"its parameters: {', '.join(info.names[:30])}",
            )
        if info.find(parameter) is None:
            close = get_close_matches(parameter, info.names, 3) or info.names[:12]
            raise UnknownProduct(
                f"{client.server.name}'s data set {dataset} has no parameter {parameter!r}",
                product=str(ref),
                hint=f"it has {', '.join(close)}",
            )
        return client, dataset, parameter, info


@dataclass(frozen=True, slots=True)
class _Asked:
    """Parameters of one data set, by the products that they are."""

    client: HapiClient
    dataset: str
    info: Info
    parameters: dict[ProductRef, str]
