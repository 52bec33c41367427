"""The archive's folders and files over HTTP: listed, fetched, and kept for a while."""

from __future__ import annotations

import html
import re
import threading
import time
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC
from email.utils import parsedate_to_datetime
from urllib.parse import unquote, urlsplit

from speasy_core.errors import HttpStatusError, UnexpectedContent
from speasy_core.http import Deadline, HttpClient, Response

from ._common import check_page, is_index, split_link

__all__ = ["LISTING_TIME", "Kept", "Listing", "Remote", "http_seconds"]

#: seconds that a folder's list is trusted
LISTING_TIME = 12 * 3600.0
#: seconds that a file is trusted before the archive is asked whether it still holds
FILE_TIME = 900.0
_MAX_LISTING = 64 * 2**20
_MAX_LISTINGS = 512
_HREF = re.compile(r"<a\b[^>]*\bhref\s*=\s*[\"']([^\"'?#]+)[\"']", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Listing:
    """What is in a folder.

    Attributes
    ----------
    names : tuple of str or None
        Files; None when there is no such folder.
    reply : Response
        For the server's clock.
    received : float
        Seconds of the monotonic clock.
    """

    names: tuple[str, ...] | None
    reply: Response
    received: float


@dataclass(frozen=True, slots=True)
class Kept:
    """A file in memory."""

    reply: Response
    modified: str | None
    checked: float


@dataclass(slots=True)
class _Turn:
    """Who asks for an address: one at a time."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    users: int = 0


class Remote:
    """Folders and files of one archive; thread-safe, and everything is asked for once at a time.

    Parameters
    ----------
    http : HttpClient
    max_bytes : int
        Of files kept in memory; the newest one may exceed it.
    """

    def __init__(self, http: HttpClient, max_bytes: int) -> None:
        self._http = http
        self._max_bytes = max_bytes
        self._lock = threading.Lock()
        self._listings: OrderedDict[str, Listing] = OrderedDict()
        self._files: OrderedDict[str, Kept] = OrderedDict()
        self._busy: dict[str, _Turn] = {}

    @contextmanager
    def _alone(self, url: str, deadline: Deadline) -> Iterator[None]:
        """Hold everybody else off an address: who comes later finds what the first one got."""
        with self._lock:
            turn = self._busy.setdefault(url, _Turn())
            turn.users += 1
        try:
            while not turn.lock.acquire(timeout=min(0.05, deadline.left() + 0.001)):
                deadline.check(f"waiting for {url}")
            try:
                yield
            finally:
                turn.lock.release()
        finally:
            with self._lock:
                turn.users -= 1
                if not turn.users:
                    del self._busy[url]

    # -- folders ---------------------------------------------------------------------------------

    def list(self, url: str, *, deadline: Deadline, max_age: float = LISTING_TIME) -> Listing:
        """Return what is in a folder.

        Parameters
        ----------
        url : str
            With or without a slash at its end.
        deadline : Deadline
        max_age : float
            Seconds; 0 asks in any case.

        Raises
        ------
        UnexpectedContent, IncompleteBody
            The page is not a whole list of files: an empty answer must not look like "no data".
        """
        url = url.rstrip("/") + "/"
        asked = time.monotonic()
        with self._alone(url, deadline):
            known = self._listings.get(url)
            # one that came while this call waited for its turn is new enough
            if known is not None and known.received >= asked - max_age:
                return known
            reply = self._http.get(
                url, deadline=deadline, max_bytes=_MAX_LISTING, ok=frozenset({200, 404})
            )
            names = None if reply.status == 404 else _read_index(reply, url)
            listing = Listing(names, reply, time.monotonic())
            with self._lock:
                self._listings[url] = listing
                self._listings.move_to_end(url)
                while len(self._listings) > _MAX_LISTINGS:
                    self._listings.popitem(last=False)
            return listing

    # -- files -----------------------------------------------------------------------------------

    def read(self, url: str, *, deadline: Deadline, max_age: float = FILE_TIME) -> Response:
        """Return a file, from memory where the archive says that it has not changed.

        Raises
        ------
        HttpStatusError
            404 when it is gone.
        """
        asked = time.monotonic()
        with self._alone(url, deadline):
            kept = self._files.get(url)
            if kept is not None and kept.checked >= asked - max_age:
                return kept.reply
            headers = {}
            if kept is not None and kept.modified is not None:
                headers["If-Modified-Since"] = kept.modified
            reply = self._http.get(
                url, deadline=deadline, headers=headers, ok=frozenset({200, 304, 404})
            )
            if reply.status == 404:
                with self._lock:
                    self._files.pop(url, None)
                raise HttpStatusError(
                    "the archive does not have a file that it lists", status=404, url=url
                )
            if reply.status == 304:
                if kept is None:
                    message = "the archive answered 'not changed' to a request without a condition"
                    raise UnexpectedContent(message, url=url)
                reply = kept.reply
            self._keep(url, Kept(reply, reply.headers.get("last-modified"), time.monotonic()))
            return reply

    def _keep(self, url: str, kept: Kept) -> None:
        with self._lock:
            self._files[url] = kept
            self._files.move_to_end(url)
            held = sum(len(other.reply.body) for other in self._files.values())
            while held > self._max_bytes and len(self._files) > 1:
                held -= len(self._files.popitem(last=False)[1].reply.body)

    def forget(self, url: str) -> None:
        """Ask for a file anew the next time: what came of it was damaged."""
        with self._lock:
            self._files.pop(url, None)

    def modified(self, url: str, *, deadline: Deadline) -> float | None:
        """Return when a file last changed, in seconds since 1970; None when nobody says.

        Raises
        ------
        HttpStatusError
            404 when it is gone.
        """
        return http_seconds(self._http.head(url, deadline=deadline).headers.get("last-modified"))


def http_seconds(text: str | None) -> float | None:
    """Return the date of an HTTP header in seconds since 1970; None when it is none.

    Examples
    --------
    >>> http_seconds("Thu, 01 Jan 1970 00:01:00 GMT"), http_seconds("v7")
    (60.0, None)
    """
    try:
        when = parsedate_to_datetime(text or "")
    except ValueError:
        return None
    return (when.replace(tzinfo=UTC) if when.tzinfo is None else when).timestamp()


def _read_index(reply: Response, url: str) -> tuple[str, ...]:
    """Return the file names of a folder's page."""
    text = reply.text
    if not is_index(text):
        raise UnexpectedContent(
            f"the archive sent something else{reply.title_text} where a list of files was expected",
            url=url,
        )
    check_page(reply, "a list of files")
    here = urlsplit(reply.url or url)
    own = unquote(here.path.rstrip("/"))
    names: dict[str, None] = {}
    for match in _HREF.finditer(text):
        found = split_link(html.unescape(match[1]), here.geturl())
        folder, _, name = found.path.rpartition("/")
        if name and found.netloc == here.netloc and unquote(folder) == own:
            names[unquote(name)] = None
    return tuple(names)
