"""AMDA, the analysis and data base of CDPP: parameters, data sets, time tables and catalogues."""

from __future__ import annotations

import logging
import re
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from hashlib import blake2b
from typing import Any

import numpy as np

from speasy_core.codecs import votable
from speasy_core.config import Settings
from speasy_core.errors import (
    InvalidRequest,
    MissingCredentials,
    SpeasyError,
    UnknownOption,
    scrub_url,
)
from speasy_core.events import Catalog, TimeTable
from speasy_core.http import Deadline, HttpClient
from speasy_core.product import ProductInfo, ProductRef
from speasy_core.provider import Fetched, InventoryUpdate, ProductInput
from speasy_core.secret import Secret
from speasy_core.timerange import TimeRange
from speasy_core.variable import merge

from . import _amda_files, _amda_inventory
from ._amda_access import PRIVATE_ROOTS, closed_part, takes_login
from ._amda_service import AmdaService, NoDataError, login_hint
from ._amda_template import inputs_of, resolve
from ._common import nothing, trim

__all__ = ["AmdaProvider"]

_log = logging.getLogger(__name__)
_SECOND = 1_000_000_000
_MAX_REQUEST = 10 * 86_400 * _SECOND
_COMPONENT = re.compile(r"(.+)\((\d+)\)")
_TIME_TABLE = re.compile(r"(?:sharedtimeTable|tt)_\d+", re.IGNORECASE)
_CATALOG = re.compile(r"(?:sharedcatalog|cat)_\d+", re.IGNORECASE)
_USERS_OWN = re.compile(r"(?:ws|tt|cat)_\d+")
_TREE_SECONDS = 15.0  # how long data may wait for the tree, which they can do without
_RETRY_SECONDS = 300.0
_POLL_SECONDS = 0.1  # how late a cancellation may be noticed
_TABLE_SECONDS = 900.0  # how long a table is good for


class AmdaProvider:
    """AMDA as a provider; product ids are ``amda/imf``, ``amda/imf(0)``, ``amda/ace-imf-all``.

    Parameters
    ----------
    settings : Settings
        `amda_url`; `amda_user` and `amda_password` open what is not for everybody.
    http : HttpClient
        Shared.
    """

    name = "amda"
    title = "AMDA"
    max_request_ns: int | None = _MAX_REQUEST
    options = frozenset({"product_inputs", "output_format"})
    cachable = True

    def __init__(self, settings: Settings, http: HttpClient) -> None:
        self._service = AmdaService(settings, http)
        self._lookup: Callable[[ProductRef], ProductInfo | None] = lambda ref: None
        self._known: dict[str, ProductInfo] = {}
        self._tables: dict[str, tuple[float, TimeTable | Catalog]] = {}
        self._tree_after = 0.0  # when the tree may be asked for again
        self._lock = threading.Lock()
        self.source = settings.amda_url
        if self._service.has_credentials:  # what one user sees is not another's
            mark = blake2b(self._service.user.encode(), digest_size=6).hexdigest()
            self.source += f"#{mark}"

    def inform(self, lookup: Callable[[ProductRef], ProductInfo | None]) -> None:
        """Take what tells of a product from the inventory at hand, without a request."""
        self._lookup = lookup

    # -- inventory -------------------------------------------------------------------------------

    def inventory(self, *, deadline: Deadline, since: str | None = None) -> InventoryUpdate | None:
        """Return the whole tree, with what is the user's own where credentials are set.

        Parameters
        ----------
        deadline : Deadline
            For all of it.
        since : str, optional
            Version of the inventory at hand.

        Raises
        ------
        ServerError
            The tree of public parameters cannot be had. Where one of the other lists is missing,
            a warning says so.
        UnexpectedContent
            It is not what it should be.
        """
        found = _amda_inventory.gather(self._service, deadline=deadline, since=since)
        if found is not None:
            self._known = {r.ref.path: r for r in found.records if r.ref is not None}
        return found

    def check_options(self, options: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return the values of arguments alone; there is one `output_format`, CDF_ISTP."""
        _check_format(options.get("output_format"))
        inputs = options.get("product_inputs")
        return {"product_inputs": inputs} if inputs else {}

    def inputs(self, ref: ProductRef, *, deadline: Deadline) -> list[ProductInput]:
        """Return the arguments of a templated parameter, none of another."""
        match = _COMPONENT.fullmatch(ref.path.strip("/"))
        base = match[1] if match else ref.path.strip("/")
        info = self._describe(base, deadline)
        template = str(info.meta.get("template", "")) if info is not None else ""
        if info is None or not template:
            return []
        arguments, made = info.meta.get("arguments", []), bool(info.meta.get("predefined"))
        return inputs_of(base, template, arguments, predefined=made)

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
        """Return the samples of a parameter or of one of its components.

        Parameters
        ----------
        ref : ProductRef
            ``amda/imf`` or ``amda/imf(0)``; the number in brackets is that of the column.
        range : TimeRange
            The server takes whole seconds: the next larger range is asked for, then cut.
        deadline : Deadline
            For all requests, and for the server's work where it takes longer.
        since : str, optional
            Version at hand; "not changed" is answered without a request when the data set's date
            of change is still the same.
        options : mapping, optional
            ``product_inputs``: values of a templated parameter's arguments, by name; the rest have
            their defaults. ``output_format``: CDF_ISTP.

        Raises
        ------
        InvalidRequest, UnknownProduct, UnknownOption
            Not a parameter, or not such an argument.
        MissingCredentials
            The parameter is a user's own, or a part of the range is not public (yet); that part
            is the error's `range`.
        ServerError
            The server's own message is quoted.
        CorruptFile
            A damaged file, by its name.
        """
        deadline.check()
        given = dict(options or {})
        _check_format(given.get("output_format"))
        path = ref.path.strip("/")
        match = _COMPONENT.fullmatch(path)
        base, column = (match[1], int(match[2])) if match else (path, None)
        info = self._describe(base, deadline)
        self._refuse_others(ref, base, info)
        ident, inputs = _resolve(base, info, given.get("product_inputs"))
        self._check_access(ref, info, range)
        version = str(info.meta.get("version", "")) or None if info is not None else None
        if since is not None and since == version:
            return Fetched(None, version)
        parameters = self._request(ident, info, range, deadline)
        request = scrub_url(self._service.url("getParameter.php", parameters))
        try:
            urls = self._service.files("getParameter.php", parameters, f"amda/{ident}", deadline)
        except MissingCredentials as error:
            raise error.locate(range=closed_part(info, range)) from error.__cause__
        except NoDataError:
            return Fetched(nothing(path), version, request)
        parts = []
        for url in urls:
            data, name = self._service.file(url, deadline), url.rpartition("/")[2]
            parts.append(_amda_files.read(data.require("cdf").body, name, ident, info))
        found = merge(parts) if len(parts) > 1 else parts[0]
        if column is not None:
            found = _amda_files.component(found, column, path, info)
        if inputs:
            found = found.copy(meta={**found.meta, "PRODUCT_INPUTS": inputs})
        return Fetched(trim(found.copy(name=path), range), version, request)

    def _request(
        self, ident: str, info: ProductInfo | None, span: TimeRange, deadline: Deadline
    ) -> dict[str, str | Secret]:
        return {
            "startTime": _stamp(span.start_ns // _SECOND),
            "stopTime": _stamp(-(-span.stop_ns // _SECOND)),
            "parameterID": ident,
            "outputFormat": "CDF_ISTP",
            "timeFormat": "UNIXTIME",
            "token": self._service.token(deadline),
            # credentials go only where they may be of use
            **(self._service.login if info is None or takes_login(info, span) else {}),
        }

    def _check_access(self, ref: ProductRef, info: ProductInfo | None, span: TimeRange) -> None:
        if self._service.has_credentials:
            return
        hint = login_hint(has_credentials=False)
        if _USERS_OWN.fullmatch(ref.path) or (info and info.path[0] in PRIVATE_ROOTS):
            raise MissingCredentials(f"{ref} is a user's own", product=str(ref), hint=hint)
        closed = closed_part(info, span)
        if closed is not None and info is not None:
            after = info.meta["restricted_after"]
            raise MissingCredentials(
                f"data of {ref} after {after} are shown by AMDA to those who log in only",
                product=str(ref),
                range=closed,
                hint=f"ask for earlier times, or {hint}",
            )

    def _refuse_others(self, ref: ProductRef, base: str, info: ProductInfo | None) -> None:
        kind = info.kind if info is not None else ""
        if kind in ("timetable", "catalog") or _table_endpoint(base, None) is not None:
            raise InvalidRequest(
                f"{ref} is a list of events, not a parameter",
                product=str(ref),
                hint=f"get_data('{ref}') returns it; get_data(product, '{ref}') takes its ranges",
            )
        if kind == "dataset" and info is not None:
            listed = ", ".join(info.meta.get("parameters", [])[:12])
            raise InvalidRequest(
                f"{ref} is a data set, not a parameter", product=str(ref),
                hint=f"its parameters: {listed}",
            )  # fmt: skip

    def real_id(self, ref: ProductRef, inputs: Any = None, *, deadline: Deadline) -> str:
        """Return the server's name of a parameter with these `product_inputs`."""
        path = ref.path.strip("/")
        return _resolve(path, self._describe(path, deadline), inputs)[0]

    def is_up(self, *, deadline: Deadline) -> bool:
        """Whether the server says that it is."""
        return self._service.is_up(deadline)

    # -- what is not a variable ------------------------------------------------------------------

    def dataset(
        self, ref: ProductRef, *, deadline: Deadline | None = None
    ) -> Sequence[ProductRef] | None:
        """Return the parameters of a data set, None for what is not one.

        Parameters
        ----------
        ref : ProductRef
            ``amda/ace-imf-all``.
        deadline : Deadline, optional
            For the tree, when nothing at hand knows the id; without it no request is made.
        """
        info = self._describe(ref.path.strip("/"), deadline)
        if info is None or info.kind != "dataset":
            return None
        return [ProductRef("amda", ident) for ident in info.meta.get("parameters", [])]

    def events(self, ref: ProductRef, *, deadline: Deadline) -> TimeTable | Catalog:
        """Return a time table or a catalogue, shared or the user's own.

        Parameters
        ----------
        ref : ProductRef
            ``amda/sharedtimeTable_0``, ``amda/sharedcatalog_22``, ``amda/tt_0``.
        deadline : Deadline
            For all requests.

        Raises
        ------
        InvalidRequest
            Something else, which needs a time range.
        MissingCredentials, UnknownProduct, ServerError, CorruptFile
            It cannot be had.
        """
        path = ref.path.strip("/")
        info = self._lookup(ProductRef("amda", path)) or self._known.get(path)
        endpoint = _table_endpoint(path, info)
        if endpoint is None:
            raise InvalidRequest(
                f"{ref} is not a list of events", product=str(ref),
                hint="data need a time range: get_data(product, start, stop)",
            )  # fmt: skip
        kept = self._tables.get(path)
        if kept is None or time.monotonic() - kept[0] > _TABLE_SECONDS:
            kept = (time.monotonic(), self._read_table(ref, path, endpoint, info, deadline))
            self._tables[path] = kept
        table = kept[1]
        return table[:]

    def _read_table(
        self, ref: ProductRef, path: str, endpoint: tuple[str, str], info: ProductInfo | None,
        deadline: Deadline,
    ) -> TimeTable | Catalog:  # fmt: skip
        own = _USERS_OWN.fullmatch(path) is not None
        if own and not self._service.has_credentials:
            raise MissingCredentials(
                f"{ref} is a user's own", product=str(ref), hint=login_hint(has_credentials=False)
            )
        page, key = endpoint
        parameters = {key: path, **(self._service.login if own else {})}
        urls = self._service.files(page, parameters, str(ref), deadline)
        answer = self._service.file(urls[0], deadline).require("xml")
        table = votable.read_events(answer.body, source=urls[0].rpartition("/")[2])
        if key == "ttID" and isinstance(table, Catalog):
            table = TimeTable(table.name, table.meta, table)
        elif key == "catID" and isinstance(table, TimeTable):
            table = Catalog(table.name, table.meta, table)
        if info is not None:
            table.name = info.name
            table.meta = {**info.meta, **table.meta}
        table.meta["id"] = path
        return table

    # -- what is known of products ---------------------------------------------------------------

    def _describe(self, path: str, deadline: Deadline | None) -> ProductInfo | None:
        """Return what the tree says of an id; asks for the tree once, where nothing is at hand."""
        found = self._lookup(ProductRef("amda", path)) or self._known.get(path)
        if found is not None or deadline is None or _USERS_OWN.fullmatch(path):
            return found
        if _table_endpoint(path, None) is not None:
            return None
        while not self._lock.acquire(timeout=_POLL_SECONDS):
            deadline.check("waiting for AMDA's tree")
        try:
            if not self._known and time.monotonic() >= self._tree_after:
                self._load_tree(deadline)
        finally:
            self._lock.release()
        return self._known.get(path)

    def _load_tree(self, deadline: Deadline) -> None:
        part = Deadline(min(_TREE_SECONDS, deadline.left() / 2), within=deadline)
        try:
            records = _amda_inventory.public_tree(self._service, part)
        except SpeasyError as error:
            # parameters can be asked for without the tree: only what it would add is missing
            _log.info("AMDA's tree cannot be read now: %s", error.message)
            self._tree_after = time.monotonic() + _RETRY_SECONDS
            deadline.check("asking AMDA for its tree")
        else:
            self._known = {r.ref.path: r for r in records if r.ref is not None}


def _table_endpoint(path: str, info: ProductInfo | None) -> tuple[str, str] | None:
    """Return the page and the parameter that give a list of events; None for anything else."""
    kind = info.kind if info is not None else ""
    if kind == "timetable" or (not kind and _TIME_TABLE.fullmatch(path)):
        return "getTimeTable.php", "ttID"
    if kind == "catalog" or (not kind and _CATALOG.fullmatch(path)):
        return "getCatalog.php", "catID"
    return None


def _check_format(wanted: Any) -> None:
    if wanted not in (None, "CDF_ISTP"):
        raise UnknownOption(f"output_format={wanted!r} is not taken", hint="use 'CDF_ISTP'")


def _resolve(base: str, info: ProductInfo | None, given: Any) -> tuple[str, dict[str, str]]:
    """Return the server's name of a parameter, and the arguments of a templated one."""
    if given is not None and not isinstance(given, Mapping):
        raise UnknownOption(
            f"product_inputs={given!r:.60} is not a mapping", hint="write {'argument': value}"
        )
    inputs = given or {}
    template = str(info.meta.get("template", "")) if info is not None else ""
    if info is not None and template:
        return resolve(
            base, template, info.meta.get("arguments", []), inputs,
            predefined=bool(info.meta.get("predefined")),
        )  # fmt: skip
    if inputs:
        raise UnknownOption(
            f"amda/{base} takes no product_inputs"
            + ("" if info is not None else ", as far as is known: AMDA's tree is not at hand"),
        )
    return base, {}


def _stamp(seconds: int) -> str:
    return f"{np.datetime64(seconds, 's')}Z"
