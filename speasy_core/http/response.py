"""A whole answer of a server, and the checks that it is what was asked for."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from speasy_core.errors import IncompleteBody, UnexpectedContent

__all__ = ["Headers", "Response"]

_HTML = re.compile(
    rb"\A(?:\xef\xbb\xbf)?\s*(?:<\?xml[^>]*>\s*)?(?:<!--.*?-->\s*)*<(?:!doctype\s+html|html|head)\b",
    re.IGNORECASE | re.DOTALL,
)
_TITLE = re.compile(rb"<title[^>]*>(.*?)</title", re.IGNORECASE | re.DOTALL)
_CHARSET = re.compile(r"charset\s*=\s*\"?([\w.:-]+)", re.IGNORECASE)
_STARTS = {"json": (b"{", b"["), "xml": (b"<",)}
# formats whose last byte is like any other: only the transport can prove them whole
_OPEN_ENDED = frozenset({"csv", "text"})


class Headers(Mapping[str, str]):
    """Header fields; names compare without case.

    Examples
    --------
    >>> Headers({"Content-Type": "text/csv"})["content-type"]
    'text/csv'
    """

    def __init__(self, fields: Mapping[str, str] | None = None) -> None:
        self._fields = {k.lower(): v for k, v in (fields or {}).items()}

    def __getitem__(self, name: str) -> str:
        return self._fields[name.lower()]

    def __iter__(self) -> Iterator[str]:
        return iter(self._fields)

    def __len__(self) -> int:
        return len(self._fields)

    def __repr__(self) -> str:
        return f"Headers({sorted(self._fields)})"


@dataclass(frozen=True, slots=True)
class Response:
    """One answer, read to its end.

    Parameters
    ----------
    status : int
        HTTP status code.
    headers : Headers
        Case-insensitive.
    body : bytes
        Decompressed.
    url : str
        Where it came from, after redirects; may hold credentials, so scrub it before showing.
    proven : bool
        Whether the transport proved the body whole (length, last chunk or gzip trailer). When
        False the format has to.

    Examples
    --------
    >>> Response(200, Headers(), b'{"a": 1}', "http://h/x").require("json").json()
    {'a': 1}
    """

    status: int
    headers: Headers = field(default_factory=Headers)
    body: bytes = field(default=b"", repr=False)
    url: str = field(default="", repr=False)
    proven: bool = True

    @property
    def content_type(self) -> str:
        """The media type in lower case, without parameters."""
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()

    @property
    def text(self) -> str:
        """The body as text, in the declared character set, else UTF-8."""
        match = _CHARSET.search(self.headers.get("content-type", ""))
        try:
            return self.body.decode(match.group(1) if match else "utf-8", errors="replace")
        except LookupError:
            return self.body.decode("utf-8", errors="replace")

    def json(self) -> Any:
        """Return the body read as JSON.

        Raises
        ------
        UnexpectedContent
            It is something else; the title of an HTML page is quoted.
        """
        self.require("json")
        try:
            return json.loads(self.body)
        except (ValueError, RecursionError) as error:
            raise UnexpectedContent(
                f"{self._host} sent JSON that cannot be read: {error}", url=self.url
            ) from error

    def require(self, kind: str) -> Response:
        """Check that the body can be what was asked for, and return this answer.

        Parameters
        ----------
        kind : str
            ``json``, ``xml``, ``csv``, ``text``, ``cdf``, or any other word, for the message.

        Raises
        ------
        UnexpectedContent
            The body is empty, an HTML page (its title is quoted), or starts unlike `kind`.
        IncompleteBody
            Text without a mark of its end, and nothing else proves it whole.
        """
        if not self.body:
            raise UnexpectedContent(
                f"{self._host} sent an empty answer where {kind} was expected", url=self.url
            )
        if _HTML.match(self.body):
            raise UnexpectedContent(
                f"{self._host} sent an HTML page{self.title_text} where {kind} was expected",
                url=self.url,
                hint="the server may be in maintenance, or a network log-in page is in between",
            )
        starts = _STARTS.get(kind)
        head = self.body[:256].removeprefix(b"\xef\xbb\xbf").lstrip()
        if starts and not head.startswith(starts):
            raise UnexpectedContent(
                f"{self._host} sent something else where {kind} was expected: {head[:60]!r}",
                url=self.url,
            )
        if kind in _OPEN_ENDED and not self.proven:
            raise IncompleteBody(
                f"{self._host} declared no length, so the {kind} cannot be proven whole",
                url=self.url,
            )
        return self

    @property
    def _host(self) -> str:
        return urlsplit(self.url).hostname or "the server"

    @property
    def title_text(self) -> str:
        """The title of an HTML page as `` «title»``, for messages; empty when there is none."""
        match = _TITLE.search(self.body[:65536])
        if not match:
            return ""
        title = " ".join(html.unescape(match.group(1).decode("utf-8", "replace")).split())
        return f" «{title[:120]}»"
