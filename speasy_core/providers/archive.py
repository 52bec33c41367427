"""Archives that a few lines of YAML describe: folders of files, remote or local."""

from __future__ import annotations

import hashlib
import threading
import time
import warnings
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlsplit

from speasy_core import codecs
from speasy_core.codecs.cdf import CdfFile
from speasy_core.config import Settings
from speasy_core.errors import (
    Cancelled,
    CorruptFile,
    DeadlineExceeded,
    ServerError,
    ServerUnreachable,
    SpeasyError,
    SpeasyWarning,
    UnknownProduct,
    UnsupportedFormat,
)
from speasy_core.http import Deadline, HttpClient
from speasy_core.product import ProductInfo, ProductRef
from speasy_core.provider import Fetched, InventoryUpdate
from speasy_core.timerange import TimeRange
from speasy_core.variable import SpeasyVariable, merge

from ._archive_descriptions import Descriptions, FileReader
from ._archive_entry import Entry
from ._archive_files import Body, Places
from ._archive_records import entry_records, with_meta
from ._archive_select import addresses
from ._common import nothing, trim

__all__ = ["ArchiveProvider"]

_DAY = 86_400_000_000_000
_KEEP_MASTER = 7 * 86_400.0


class ArchiveProvider:
    """Described archives; product ids are ``archive/INVENTORY/PATH/DATASET/VARIABLE``.

    Descriptions are the files ``*.yaml`` of the folders in the setting `archive_dirs`, then those
    that come with this package.

    Parameters
    ----------
    settings : Settings
        `archive_dirs`, and `allow_local_files` for ``file://``.
    http : HttpClient
        Shared.
    """

    name = "archive"
    title = "Described archives"
    max_request_ns: int | None = 31 * _DAY
    options: frozenset[str] = frozenset({"force_refresh"})
    cachable = True

    def __init__(self, settings: Settings, http: HttpClient) -> None:
        self._settings = settings
        self._places = Places(http, local=settings.allow_local_files, max_bytes=settings.max_memory)
        self._lock = threading.Lock()
        self._described = Descriptions(settings)
        self._masters: dict[str, tuple[float, CdfFile]] = {}
        # masters that could not be had: not asked for again for each file of each request
        self._without: set[str] = set()
        self.source = ", ".join(str(folder) for folder in settings.archive_dirs)

    @property
    def lists_all(self) -> bool:
        """Whether the inventory knows all there is: not what was described since."""
        return not self._described.has_more

    def describe(self, text: str, source: str, reader: FileReader | None = None) -> None:
        """Take a description for as long as this process lasts; see `Descriptions.add`."""
        self._described.add(text, source, reader)

    # -- inventory -------------------------------------------------------------------------------

    def inventory(self, *, deadline: Deadline, since: str | None = None) -> InventoryUpdate | None:
        """Return what is described, or None when no description changed.

        Parameters
        ----------
        deadline : Deadline
            For all of it; master files are fetched where descriptions name them.
        since : str, optional
            Version of the inventory at hand.

        Raises
        ------
        DeadlineExceeded, Cancelled
            The caller's limit. A mistake in a description is a warning with its file and line.
        """
        texts = self._described.texts()
        version = hashlib.sha256(repr((texts, self._settings.allow_local_files)).encode())
        if since is not None and since == version.hexdigest():
            return None
        notes = self._described.load(texts)
        self._without.clear()
        records: list[ProductInfo] = []
        down: set[str] = set()
        whole = True
        entries = self._described.entries()
        for entry in entries:
            deadline.check("reading the descriptions of archives")
            master = None
            host = urlsplit(entry.master or "").netloc
            if entry.master and host not in down:
                try:
                    master = self._master(entry.master, deadline)
                except (DeadlineExceeded, Cancelled):
                    raise
                except SpeasyError as error:
                    if isinstance(error, ServerUnreachable):
                        down.add(host)
                    # what a server fails to give today is asked for again next time
                    whole = whole and not isinstance(error, ServerError)
                    notes.append(f"{entry.id}: its master cannot be used: {error.message}")
            records += entry_records(entry, master)
        mark = version.hexdigest() if whole else f"incomplete-{version.hexdigest()}"
        return InventoryUpdate(mark, records, tuple(notes))

    def _master(self, address: str, deadline: Deadline) -> CdfFile | None:
        with self._lock:
            kept = self._masters.get(address)
        if kept is not None and time.monotonic() - kept[0] < _KEEP_MASTER:
            return kept[1]
        body = self._places.read(address, deadline)
        if body is None:
            raise UnknownProduct("the master file is not there", url=address)
        master = CdfFile(body.data, address.rpartition("/")[2])
        with self._lock:
            self._masters[address] = (time.monotonic(), master)
        return master

    def _master_if_any(self, entry: Entry, deadline: Deadline) -> CdfFile | None:
        """Return the master; without it the files speak for themselves, which is warned of."""
        if entry.master is None or entry.master in self._without:
            return None
        try:
            return self._master(entry.master, deadline)
        except (DeadlineExceeded, Cancelled):
            raise
        except SpeasyError as error:
            self._without.add(entry.master)
            warnings.warn(
                f"{entry.id}: its master cannot be used, the files' own metadata are: "
                f"{error.message}",
                SpeasyWarning,
                stacklevel=2,
            )
            return None

    def file(self, address: str, deadline: Deadline, *, fresh: bool = False) -> Body | None:
        """Return a file of any archive; None when it is not there."""
        return self._places.read(address, deadline, fresh=fresh)

    def listing(self, folder: str, deadline: Deadline, *, fresh: bool = False) -> Sequence[str]:
        """Return the names in a folder of any archive."""
        return self._places.list(folder, deadline, fresh=fresh)

    def check_options(self, options: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return none: ``force_refresh`` says how to look, not what is found."""
        return {}

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
        """Return the samples of one variable.

        Parameters
        ----------
        ref : ProductRef
            ``archive/INVENTORY/PATH/DATASET/VARIABLE``; the path may be left out.
        range : TimeRange
            Every file that touches it is read, then cut.
        deadline : Deadline
            For all requests of this call.
        since : str, optional
            Version of the answer at hand; when no file changed, `variable` is None.
        options : mapping, optional
            ``force_refresh``: listings and files are read anew.

        Raises
        ------
        UnknownProduct
            Not described, or its description has a mistake, which is quoted; or the files have
            no such variable.
        ServerError, InvalidRequest, CorruptFile
            A folder or a file cannot be read.
        """
        entry, variable = self._described.find(ref)
        fresh = bool((options or {}).get("force_refresh", False))
        chosen = self._choose(entry, range, deadline, fresh=fresh)
        if since is not None and not fresh:
            marks = {address: self._places.mark(address, deadline) for address in chosen}
            if _version(marks) == since:
                return Fetched(None, since, _request(chosen, entry))
        bodies = self._bodies(chosen, deadline, fresh=fresh or since is not None)
        if entry.listed and any(body is None for body in bodies.values()):
            # the listing was older than the folder: newer versions have other names
            chosen = self._choose(entry, range, deadline, fresh=True)
            bodies = self._bodies(chosen, deadline, fresh=fresh)
        for address in (address for address, body in bodies.items() if body is None):
            self._places.check_absent(address, deadline)
        there = {address: body for address, body in bodies.items() if body is not None}
        try:
            parts = self._decode(entry, variable, there, ref, deadline)
        except (CorruptFile, UnsupportedFormat):
            for address in there:  # read in one go, so that one fault on the way may be in all
                self._places.forget(address)
            raise
        found = merge(parts) if len(parts) > 1 else parts[0] if parts else nothing(variable)
        marks = {address: body.mark for address, body in there.items()}
        version = _version(marks) if len(there) == len(bodies) else None
        return Fetched(trim(found, range), version, _request(chosen, entry))

    def _choose(
        self, entry: Entry, span: TimeRange, deadline: Deadline, *, fresh: bool
    ) -> list[str]:
        return addresses(
            entry, span, lambda folder: self._places.list(folder, deadline, fresh=fresh)
        )

    def _bodies(
        self, chosen: Sequence[str], deadline: Deadline, *, fresh: bool
    ) -> dict[str, Body | None]:
        return {a: self._places.read(a, deadline, fresh=fresh) for a in chosen}

    def _decode(
        self,
        entry: Entry,
        variable: str,
        bodies: Mapping[str, Body],
        ref: ProductRef,
        deadline: Deadline,
    ) -> list[SpeasyVariable]:
        parts: list[SpeasyVariable] = []
        lacking: UnknownProduct | None = None
        for address, body in bodies.items():
            deadline.check("reading files")
            name = address.rpartition("/")[2]
            reader = self._described.reader(entry)
            try:
                found = (
                    self._read(entry, name, body, variable, deadline)
                    if reader is None
                    else reader(address, variable)
                )
            except UnknownProduct as error:
                lacking = error
                continue
            parts.append(with_meta(found.copy(name=variable), entry, variable))
        if lacking is not None and not parts:
            raise lacking.locate(product=str(ref))
        return parts

    def _read(
        self, entry: Entry, name: str, body: Body, variable: str, deadline: Deadline
    ) -> SpeasyVariable:
        codec = entry.codec or codecs.sniff(body.data, source=name, mime=body.mime).name
        if codec == "cdf":
            master = self._master_if_any(entry, deadline)
            return CdfFile(body.data, name, master).variable(variable)
        read = codecs.get(codec).load().read
        return read(body.data, source=name, variables=[variable])[variable]


def _version(marks: Mapping[str, str]) -> str | None:
    """Return one mark for several files; None when one of them has none."""
    if not all(marks.values()):
        return None
    return hashlib.sha256(repr(sorted(marks.items())).encode()).hexdigest()


def _request(chosen: Sequence[str], entry: Entry) -> str:
    more = f" and {len(chosen) - 1} more" if len(chosen) > 1 else ""
    return f"{chosen[0]}{more}" if chosen else f"no file of {entry.id}"
