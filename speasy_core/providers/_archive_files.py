"""Files of described archives: folders listed, files read, over http or from the disk."""

from __future__ import annotations

import html
import os
import re
import threading
import time
from collections import OrderedDict
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias
from urllib.parse import unquote, urlsplit
from urllib.request import url2pathname

from speasy_core.errors import HttpStatusError, InvalidRequest, RequestTooLarge, UnexpectedContent
from speasy_core.http import Deadline, HttpClient, Response

from ._common import check_page, is_index, split_link

__all__ = ["Body", "Places"]

Names: TypeAlias = list[str]

_HREF = re.compile(r"""href\s*=\s*["']?([^"'\s>?#]+)["'\s>]""", re.IGNORECASE)
_GONE = frozenset({403, 404, 410})
_MAX_LISTING = 64 * 2**20
_KEEP_LISTING = 600.0
_MAX_LISTINGS = 500
# fragments of one file follow each other: the file itself need not come again
_KEEP_BODY = 120.0
_MAX_KEPT = 128 * 2**20


@dataclass(frozen=True, slots=True)
class Body:
    """One file: its bytes, the mark of its version (empty when unknown), its content type."""

    data: bytes
    mark: str
    mime: str | None = None


class Places:
    """Reads folders and files.

    Parameters
    ----------
    http : HttpClient
    local : bool
        Whether local files may be read.
    max_bytes : int
        Largest file.
    """

    def __init__(self, http: HttpClient, *, local: bool, max_bytes: int) -> None:
        self._http, self._local, self._max_bytes = http, local, max_bytes
        self._lock = threading.Lock()
        self._listings: OrderedDict[str, tuple[float, Names]] = OrderedDict()
        self._bodies: OrderedDict[str, tuple[float, Body]] = OrderedDict()

    def list(self, folder: str, deadline: Deadline, *, fresh: bool = False) -> list[str]:
        """Return the names of the files in a folder; none when there is no such folder.

        Parameters
        ----------
        folder : str
            Address that ends in a slash.
        deadline : Deadline
        fresh : bool
            Whether a listing of the last minutes will not do.

        Raises
        ------
        ServerError, InvalidRequest
            Also where the server lists the folder, and then does not find it.
        """
        path = self._path(folder)
        if path is not None:
            return _local_names(path)
        names = self._entries(folder, deadline, fresh=fresh)
        if names is None:
            self.check_absent(folder, deadline, whole_tree=True)
        return [name for name in names or () if not name.endswith("/")]

    def _entries(self, folder: str, deadline: Deadline, *, fresh: bool = False) -> Names | None:
        """Return what a folder of a server lists, folders with a slash; None when it is gone."""
        now = time.monotonic()
        with self._lock:
            kept = self._listings.get(folder)
        if kept is not None and not fresh and now - kept[0] < _KEEP_LISTING:
            return kept[1]
        reply = self._http.get(
            folder, deadline=deadline, max_bytes=_MAX_LISTING, ok=frozenset({200}) | _GONE
        )
        if reply.status == 403:
            return []  # there, and nobody may see what is in it
        names = None if reply.status in _GONE else _names(reply)
        if names is not None:
            with self._lock:
                self._listings[folder] = (now, names)
                while len(self._listings) > _MAX_LISTINGS:
                    self._listings.popitem(last=False)
        return names

    def check_absent(self, address: str, deadline: Deadline, *, whole_tree: bool = False) -> None:
        """Raise where "not found" does not mean that there are no data.

        Raises
        ------
        HttpStatusError
            The folder above lists what is said not to be there; or, with `whole_tree`, none of
            the folders above is there either.
        """
        if self._path(address) is not None:
            return
        above = address
        while urlsplit(above).path.strip("/"):
            above, _, name = above.rstrip("/").rpartition("/")
            names = self._entries(above + "/", deadline)
            if names is not None:
                if name in names or f"{name}/" in names:
                    message = "the archive lists what it then does not find"
                    raise HttpStatusError(message, status=404, url=f"{above}/{name}")
                return
            if not whole_tree:
                return
        raise HttpStatusError("not even the folders above are there", status=404, url=address)

    def read(self, address: str, deadline: Deadline, *, fresh: bool = False) -> Body | None:
        """Return a file; None when it is not there.

        Raises
        ------
        ServerError, InvalidRequest, RequestTooLarge
        """
        path = self._path(address)
        if path is not None:
            return self._read_local(path)
        with self._lock:
            kept = self._bodies.get(address)
        if kept is not None and not fresh and time.monotonic() - kept[0] < _KEEP_BODY:
            return kept[1]
        reply = self._http.get(
            address, deadline=deadline, max_bytes=self._max_bytes, ok=frozenset({200}) | _GONE
        )
        if reply.status in _GONE:
            return None
        body = Body(reply.body, _mark(reply), reply.content_type or None)
        self._keep(address, body)
        return body

    def forget(self, address: str) -> None:
        """Ask for a file anew the next time: what came of it was damaged."""
        with self._lock:
            self._bodies.pop(address, None)

    def mark(self, address: str, deadline: Deadline) -> str:
        """Return the mark of a file's version; empty when the server gives none.

        Raises
        ------
        ServerError
        """
        path = self._path(address)
        if path is not None:
            try:
                return _local_mark(path)
            except OSError:
                return ""
        try:
            return _mark(self._http.head(address, deadline=deadline))
        except HttpStatusError as error:
            # gone, or a server that does not know HEAD: either way it has to be asked in full
            if error.status in (*_GONE, 405, 501):
                return ""
            raise

    def _keep(self, address: str, body: Body) -> None:
        now = time.monotonic()
        with self._lock:
            self._bodies[address] = (now, body)
            self._bodies.move_to_end(address)
            for old, (since, _) in list(self._bodies.items()):
                total = sum(len(b.data) for _, b in self._bodies.values())
                if total > _MAX_KEPT or now - since > _KEEP_BODY:
                    del self._bodies[old]

    def _path(self, address: str) -> Path | None:
        """Return the local path of an address; None when it is not local."""
        parts = urlsplit(address)
        if parts.scheme in ("http", "https"):
            return None
        if not self._local:
            raise InvalidRequest(
                f"{address} is a local file, which is not allowed",
                hint="the setting allow_local_files (SPZ_ALLOW_LOCAL_FILES=1) allows them",
            )
        return Path(url2pathname(parts.path) if parts.scheme == "file" else address)

    def _read_local(self, path: Path) -> Body | None:
        try:
            with path.open("rb") as stream:
                size = os.fstat(stream.fileno()).st_size
                if size > self._max_bytes:
                    raise RequestTooLarge(f"the file has {size:,} bytes", source=str(path))
                return Body(stream.read(self._max_bytes), _local_mark(path))
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as error:
            raise InvalidRequest(
                f"the file cannot be read ({error.strerror or error})", source=str(path)
            ) from error


def _mark(reply: Response) -> str:
    return reply.headers.get("etag") or reply.headers.get("last-modified") or ""


def _local_mark(path: Path) -> str:
    stat = path.stat()
    return f"{stat.st_mtime_ns}-{stat.st_size}"


def _local_names(folder: Path) -> list[str]:
    try:
        with os.scandir(folder) as entries:
            return sorted(entry.name for entry in entries if entry.is_file())
    except (FileNotFoundError, NotADirectoryError):
        return []
    except OSError as error:
        raise InvalidRequest(
            f"the folder cannot be read ({error.strerror or error})", source=str(folder)
        ) from error


def _names(reply: Response) -> list[str]:
    """Return what a page lists right below its own address; names of folders end in a slash."""
    if reply.content_type not in ("", "text/html", "application/xhtml+xml", "text/plain"):
        raise UnexpectedContent(
            f"a {reply.content_type} where the listing of a folder was expected", url=reply.url
        )
    check_page(reply, "the listing of a folder")
    own = urlsplit(reply.url)
    base = own.path if own.path.endswith("/") else own.path + "/"
    names: dict[str, None] = {}
    for match in _HREF.finditer(reply.text):
        there = split_link(html.unescape(match[1]), reply.url.partition("?")[0])
        if (there.scheme, there.netloc) != (own.scheme, own.netloc):
            continue
        below = there.path.removeprefix(base) if there.path.startswith(base) else ""
        name = unquote(below)
        plain = name.removesuffix("/")
        if plain and "/" not in plain and plain not in (".", ".."):
            names[name] = None
    if not names and not is_index(reply.text):
        raise UnexpectedContent(
            f"something else{reply.title_text} where the listing of a folder was expected",
            url=reply.url,
        )
    return list(names)
