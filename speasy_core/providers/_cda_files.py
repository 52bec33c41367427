"""CDAWeb's data straight from the files of its archive."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from dataclasses import dataclass
from typing import Any, TypeVar
from urllib.parse import quote, urlsplit

from speasy_core import codecs
from speasy_core.codecs.cdf import CdfFile
from speasy_core.errors import (
    CorruptFile,
    HttpStatusError,
    UnexpectedContent,
    UnknownProduct,
    UnsupportedFormat,
)
from speasy_core.http import Deadline, HttpClient, Response
from speasy_core.timerange import TimeRange
from speasy_core.variable import SpeasyVariable, merge

from ._cda_answers import data_version
from ._cda_naming import DatedFile, Naming, NoRule
from ._cda_remote import LISTING_TIME, Remote, http_seconds
from ._common import nothing, split_link, trim

__all__ = ["Access", "FileArchive", "Found"]

_log = logging.getLogger(__name__)

_DAY = 86_400.0
_PARALLEL = 5
# files still change, and folders still fill, near the present
_RECENT = 2 * _DAY
_RECENT_LISTING_TIME = 900.0
_MASTER_TIME = 7 * _DAY
# a file may be put in place with the date at which it was made: one that was made so shortly
# before the answer at hand may have come after it
_RELEASE = 30 * _DAY
_MAX_MASTER = 64 * 2**20

Item = TypeVar("Item")
Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Access:
    """Where the files of a data set are.

    Parameters
    ----------
    dataset : str
    folder : str
        Address of the folder, on the archive that the settings name.
    naming : Naming
        Rules of the names.
    master : str
        Address of the master CDF; empty when there is none.
    """

    dataset: str
    folder: str
    naming: Naming
    master: str = ""

    @classmethod
    def from_meta(cls, dataset: str, meta: Mapping[str, Any], archive: str) -> Access:
        """Read what the inventory keeps of a data set.

        Parameters
        ----------
        dataset : str
        meta : mapping
            With ``url``, ``filenaming``, ``subdividedby``, ``mastercdf``.
        archive : str
            Base address of the archive. The catalogue may name another host: everything below
            ``/pub`` is the same tree, and nothing else is followed.

        Raises
        ------
        NoRule
            Its files cannot be found.
        """
        folder = _own_url(str(meta.get("url", "")), archive)
        if not folder:
            raise NoRule("the catalogue names no folder of the archive for it")
        naming = Naming.parse(str(meta.get("filenaming", "")), str(meta.get("subdividedby", "")))
        return cls(dataset, folder, naming, _own_url(str(meta.get("mastercdf", "")), archive))


def _own_url(url: str, archive: str) -> str:
    path = split_link(url).path
    for marker, tree in (("/pub/", "/pub/"), ("/sp_phys/data/", "/pub/data/")):
        if marker in path and ".." not in path:
            below = path.partition(marker)[2].strip("/")
            return f"{archive}{tree}{below}" if below else ""
    return ""


@dataclass(frozen=True, slots=True)
class Found:
    """What the files of a range hold.

    Attributes
    ----------
    variables : dict of str to SpeasyVariable, or None
        None says "not changed".
    version : str
        The date to ask "changed since?" with later.
    request : str
        The folder.
    """

    variables: dict[str, SpeasyVariable] | None
    version: str
    request: str


@dataclass(frozen=True, slots=True)
class _Chosen:
    urls: list[str]
    version: str


class FileArchive:
    """Reads variables out of the files that a range of time touches.

    A file counts from the time in its name to its stop, or to the start of the next file.

    Parameters
    ----------
    http : HttpClient
        Shared.
    max_bytes : int
        Of files kept in memory, so that looking at a day hour by hour fetches its file once.
    """

    def __init__(self, http: HttpClient, max_bytes: int) -> None:
        self._remote = Remote(http, max_bytes)
        self._masters = Remote(http, _MAX_MASTER)

    def read(
        self,
        access: Access,
        names: Sequence[str],
        span: TimeRange,
        *,
        deadline: Deadline,
        since: str | None = None,
    ) -> Found:
        """Return variables of one data set.

        Parameters
        ----------
        access : Access
            Where the files are.
        names : sequence of str
            Variables.
        span : TimeRange
        deadline : Deadline
        since : str, optional
            Version of the answer at hand.

        Raises
        ------
        NoRule
            A variable that no file holds, since the archive computes it when asked.
        UnknownProduct
            The data set has no such variable.
        CorruptFile
            A damaged file, by its name.
        ServerError
            The archive does not answer, or with something else.
        """
        master = self._master(access, deadline)
        for name in names:
            _refuse_virtual(master, name)
        age = LISTING_TIME
        if since is not None or span.stop_ns / 1e9 > time.time() - _RECENT:
            age = _RECENT_LISTING_TIME
        chosen = self._choose(access, span, deadline, age)
        known = http_seconds(since)
        try:
            if known is not None and chosen.urls and not self._changed(chosen, known, deadline):
                return Found(None, chosen.version, access.folder)
            parts = self._parts(chosen, names, master, deadline)
        except HttpStatusError as error:
            if error.status != 404:
                raise
            _log.info("%s lists a file that is gone; listed again", access.folder)
            chosen = self._choose(access, span, deadline, 0.0)
            parts = self._parts(chosen, names, master, deadline)
        variables = {name: _join(name, [p[name] for p in parts if name in p], span)
                     for name in names}  # fmt: skip
        return Found(variables, chosen.version, access.folder)

    # -- which files -----------------------------------------------------------------------------

    def _choose(
        self, access: Access, span: TimeRange, deadline: Deadline, max_age: float
    ) -> _Chosen:
        """Return the newest versions of the files that `span` touches."""
        naming = access.naming
        folders = naming.list_folders(span)
        replies: list[Response] = []

        def look(folder: str) -> list[tuple[str, DatedFile]]:
            url = f"{access.folder}/{quote(folder)}" if folder else access.folder
            listing = self._remote.list(url, deadline=deadline, max_age=max_age)
            replies.append(listing.reply)
            if listing.names is None and not folder:
                raise UnexpectedContent(
                    f"the archive has no folder for {access.dataset}", url=access.folder
                )
            files = [naming.read(name, folder) for name in listing.names or ()]
            newest = naming.newest(file for file in files if file is not None)
            return [(f"{url}/{quote(file.name)}", file) for file in newest]

        found = _parallel(look, [folder for folder, _ in folders])
        files = [item for items in found for item in items]
        before = naming.folder_before(folders[0][1])
        first = min((f.start for _, f in files if f.start is not None), default=None)
        if before is not None and (first is None or first > span.start_ns):
            # the last file of a year may go on into the next one
            files = look(before)[-1:] + files
        if not files and naming.step:
            self._check_folder(access, deadline)
        following = [*(file.start for _, file in files[1:]), None][: len(files)]
        urls = [
            url
            for (url, file), after in zip(files, following, strict=True)
            if _touches(file, after if file.stop is None else file.stop, span)
        ]
        return _Chosen(urls, min(map(data_version, replies), key=lambda v: http_seconds(v) or 0.0))

    def _check_folder(self, access: Access, deadline: Deadline) -> None:
        """Raise when not even the data set's own folder is there: that is not "no data"."""
        if self._remote.list(access.folder, deadline=deadline).names is None:
            raise UnexpectedContent(
                f"the archive has no folder for {access.dataset}", url=access.folder
            )

    def _changed(self, chosen: _Chosen, known: float, deadline: Deadline) -> bool:
        dates = _parallel(lambda url: self._remote.modified(url, deadline=deadline), chosen.urls)
        return any(date is None or date > known - _RELEASE for date in dates)

    # -- what is in them -------------------------------------------------------------------------

    def _parts(
        self, chosen: _Chosen, names: Sequence[str], master: CdfFile | None, deadline: Deadline
    ) -> list[dict[str, SpeasyVariable]]:
        def part(url: str) -> dict[str, SpeasyVariable]:
            reply = self._remote.read(url, deadline=deadline)
            deadline.check(f"reading {url}")
            name = urlsplit(url).path.rpartition("/")[2]
            try:
                return _decode(reply.require("a data file"), name, names, master)
            except (CorruptFile, UnexpectedContent, UnsupportedFormat):
                self._remote.forget(url)
                raise

        return _parallel(part, chosen.urls)

    def _master(self, access: Access, deadline: Deadline) -> CdfFile | None:
        """Return the master; None when the archive has none, or a damaged one."""
        if not access.master:
            return None
        try:
            reply = self._masters.read(access.master, deadline=deadline, max_age=_MASTER_TIME)
            return CdfFile(reply.require("a master file").body, access.master.rpartition("/")[2])
        except (CorruptFile, UnsupportedFormat) as error:
            self._masters.forget(access.master)
            _log.warning("master of %s not used: %s", access.dataset, error)
        except HttpStatusError as error:
            if error.status not in (403, 404, 410):
                raise
            _log.info("no master of %s: %s", access.dataset, error.message)
        return None


def _touches(file: DatedFile, stop: int | None, span: TimeRange) -> bool:
    if file.start is not None and file.start >= span.stop_ns:
        return False
    return stop is None or stop > span.start_ns


def _refuse_virtual(master: CdfFile | None, name: str) -> None:
    """Raise where a variable, or what it depends on, is computed by the archive when asked."""
    if master is None:
        return
    try:
        attributes = master.attributes(name)
    except UnknownProduct:
        return  # the files may have it: they say so themselves when they do not
    wanted = [name]
    for key in ("DEPEND_0", "DEPEND_1", "DEPEND_2", "DEPEND_3"):
        target = attributes.get(key)
        # where there is a second time axis, that one is in the file
        if isinstance(target, str) and not (key == "DEPEND_0" and "DEPEND_TIME" in attributes):
            wanted.append(target)
    for other in wanted:
        try:
            virtual = str(master.attributes(other).get("VIRTUAL", "")).strip().lower() == "true"
        except UnknownProduct:
            continue
        if virtual:
            whose = "it" if other == name else f"its axis {other}"
            raise NoRule(f"{whose} is computed by CDAWeb when asked, and in no file")


def _decode(
    reply: Response, name: str, names: Sequence[str], master: CdfFile | None
) -> dict[str, SpeasyVariable]:
    """Return the variables that a file holds; one that only its siblings hold is left out."""
    mime = reply.content_type
    if codecs.sniff(reply.body, source=name, mime=mime).name != "cdf":
        return codecs.decode(reply.body, source=name, variables=names, mime=mime)
    file = CdfFile(reply.body, name, master)
    found = {}
    for variable in names:
        try:
            found[variable] = file.variable(variable).copy(name=variable)
        except UnknownProduct:
            if master is None:
                raise
            master.attributes(variable)  # raises where the data set has none of that name at all
            _log.info("%s has no %s, other files of the data set have", name, variable)
    return found


def _join(name: str, parts: Sequence[SpeasyVariable], span: TimeRange) -> SpeasyVariable:
    cut = [part for part in (trim(part, span) for part in parts) if len(part)]
    if len(cut) > 1:
        return merge(cut)
    return cut[0] if cut else (trim(parts[0], span) if parts else nothing(name))


def _parallel(work: Callable[[Item], Result], items: Sequence[Item]) -> list[Result]:
    """Return what `work` makes of each item, five at a time; the first failure raises."""
    if len(items) < 2:
        return [work(item) for item in items]
    with ThreadPoolExecutor(min(_PARALLEL, len(items)), "cda-files") as pool:
        futures = [pool.submit(copy_context().run, work, item) for item in items]
        try:
            return [future.result() for future in futures]
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise
