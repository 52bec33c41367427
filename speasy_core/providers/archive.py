"""Archives that a few lines of YAML describe: folders of files, remote or local."""

from __future__ import annotations

import hashlib
import threading
import time
import warnings
from collections.abc import Mapping, Sequence
from importlib import resources
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from speasy_core import codecs
from speasy_core.codecs.cdf import CdfFile
from speasy_core.config import Settings
from speasy_core.errors import (
    Cancelled,
    ConfigError,
    DeadlineExceeded,
    InvalidRequest,
    ServerError,
    ServerUnreachable,
    SpeasyError,
    SpeasyWarning,
    UnknownProduct,
)
from speasy_core.http import Deadline, HttpClient
from speasy_core.product import ProductInfo, ProductRef
from speasy_core.provider import Fetched, InventoryUpdate
from speasy_core.timerange import TimeRange
from speasy_core.variable import SpeasyVariable, merge

from ._archive_entry import Entry, read_entries
from ._archive_files import Body, Places
from ._archive_records import entry_records, with_meta
from ._archive_select import addresses
from ._common import nothing, trim

__all__ = ["ArchiveProvider"]

_DAY = 86_400_000_000_000
_KEEP_MASTER = 7 * 86_400.0
#: where shipped descriptions point to, and the setting that says where that is
_SERVERS = {
    "https://spdf.gsfc.nasa.gov": "cda_archive_url",
    "https://cdaweb.gsfc.nasa.gov": "cda_url",
}


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
        self._entries: dict[str, Entry] | None = None
        self._mistakes: list[ConfigError] = []
        self._masters: dict[str, tuple[float, CdfFile]] = {}
        # masters that could not be had: not asked for again for each file of each request
        self._without: set[str] = set()
        self.source = ", ".join(str(folder) for folder in settings.archive_dirs)

    # -- descriptions ----------------------------------------------------------------------------

    def _texts(self) -> list[tuple[str, str | None]]:
        """Return name and text of every description, the user's first; None where unreadable."""
        found: list[tuple[str, str | None]] = []
        for folder in self._settings.archive_dirs:
            for path in sorted(Path(folder).expanduser().glob("*.y*ml")):
                try:
                    found.append((str(path), path.read_text(encoding="utf-8")))
                except (OSError, UnicodeDecodeError):
                    found.append((str(path), None))
        shipped = resources.files(__package__).joinpath("archives")
        return found + [
            (item.name, item.read_text(encoding="utf-8"))
            for item in sorted(shipped.iterdir(), key=lambda i: i.name)
            if item.name.endswith(".yaml")
        ]

    def _load(self, texts: Sequence[tuple[str, str | None]]) -> list[str]:
        """Read the descriptions; returns warnings, and keeps the mistakes."""
        mirrors = {begin: getattr(self._settings, setting) for begin, setting in _SERVERS.items()}
        entries: dict[str, Entry] = {}
        mistakes: list[ConfigError] = []
        notes: list[str] = []
        for source, text in texts:
            if text is None:
                mistakes.append(ConfigError("not readable as UTF-8 text", source=source))
                continue
            read, wrong, odd = read_entries(
                text, source, replace=mirrors, local=self._settings.allow_local_files
            )
            mistakes += wrong
            notes += odd
            for entry in read:
                if entry.id in entries:
                    notes.append(
                        f"{entry.where}: {entry.id} is described in {entries[entry.id].where} too, "
                        "which counts"
                    )
                entries.setdefault(entry.id, entry)
        with self._lock:
            self._entries, self._mistakes = entries, mistakes
        return notes + [str(mistake) for mistake in mistakes]

    def _find(self, ref: ProductRef) -> tuple[Entry, str]:
        """Return the data set and the variable of an id; the path may be left out."""
        path = ref.path.strip("/")
        with self._lock:
            loaded = self._entries
        found = _match(loaded, path) if loaded is not None else []
        if not found:
            self._load(self._texts())
            with self._lock:
                found = _match(self._entries or {}, path)
        if len(found) > 1:
            listed = ", ".join(entry.id for entry, _ in found)
            raise InvalidRequest(
                f"{ref} names several data sets: {listed}", product=str(ref),
                hint="write the whole path",
            )  # fmt: skip
        if found and found[0][1]:
            return found[0]
        if found:
            listed = ", ".join(found[0][0].variables)
            raise InvalidRequest(
                f"{ref} is a data set, not a variable", product=str(ref),
                hint=f"its variables: {listed}" if listed else f"ask for {ref}/VARIABLE",
            )  # fmt: skip
        self._blame(ref)
        known = ", ".join(list(self._entries or {})[:8])
        raise UnknownProduct(
            f"no description of {path!r}", product=str(ref), hint=f"there are {known}"
        )

    def _blame(self, ref: ProductRef) -> None:
        """Raise the mistake in the description that was meant."""
        names = set(ref.path.strip("/").split("/"))
        for mistake in self._mistakes:
            if mistake.message.partition(":")[0] in names:
                raise UnknownProduct(
                    f"its description has a mistake: {mistake}", product=str(ref)
                ) from mistake

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
        texts = self._texts()
        version = hashlib.sha256(repr((texts, self._settings.allow_local_files)).encode())
        if since is not None and since == version.hexdigest():
            return None
        notes = self._load(texts)
        self._without.clear()
        records: list[ProductInfo] = []
        down: set[str] = set()
        whole = True
        entries = list((self._entries or {}).values())
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
        entry, variable = self._find(ref)
        fresh = bool((options or {}).get("force_refresh", False))
        chosen = self._choose(entry, range, deadline, fresh=fresh)
        if since is not None and not fresh:
            marks = {address: self._places.mark(address, deadline) for address in chosen}
            if _version(marks) == since:
                return Fetched(None, since, _request(chosen))
        bodies = self._bodies(chosen, deadline, fresh=fresh or since is not None)
        if entry.listed and any(body is None for body in bodies.values()):
            # the listing was older than the folder: newer versions have other names
            chosen = self._choose(entry, range, deadline, fresh=True)
            bodies = self._bodies(chosen, deadline, fresh=fresh)
        there = {address: body for address, body in bodies.items() if body is not None}
        parts = self._decode(entry, variable, there, ref, deadline)
        found = merge(parts) if len(parts) > 1 else parts[0] if parts else nothing(variable)
        marks = {address: body.mark for address, body in there.items()}
        version = _version(marks) if len(there) == len(bodies) else None
        return Fetched(trim(found, range), version, _request(chosen))

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
            try:
                found = self._read(entry, name, body, variable, deadline)
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


def _match(entries: Mapping[str, Entry], path: str) -> list[tuple[Entry, str]]:
    """Return the data sets that a path may mean, each with the variable."""
    found = [
        (entry, path[len(name) :].strip("/"))
        for name, entry in entries.items()
        if path == name or path.startswith(name + "/")
    ]
    if found:
        return [max(found, key=lambda pair: len(pair[0].id))]
    dataset, _, variable = path.partition("/")
    return [(entry, variable) for entry in entries.values() if entry.name == dataset]


def _version(marks: Mapping[str, str]) -> str | None:
    """Return one mark for several files; None when one of them has none."""
    if not all(marks.values()):
        return None
    return hashlib.sha256(repr(sorted(marks.items())).encode()).hexdigest()


def _request(chosen: Sequence[str]) -> str:
    more = f" and {len(chosen) - 1} more" if len(chosen) > 1 else ""
    return f"{chosen[0]}{more}" if chosen else ""
