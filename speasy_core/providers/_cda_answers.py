"""What CDAWeb's REST service answers: files, "no data", or an error in one of several forms."""

from __future__ import annotations

import html
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime
from typing import Any

from speasy_core.errors import HttpStatusError, UnexpectedContent, UnknownProduct
from speasy_core.http import Response
from speasy_core.product import ProductRef

__all__ = ["data_version", "list_files", "page_message"]

_NO_DATA = re.compile(r"no data (is |was |were )?(available|found)", re.IGNORECASE)
_UNKNOWN = re.compile(
    r"(?=.*\b(variables?|datasets?|data set)\b)"
    r".*\b(unknown|invalid|not (?:found|exist|recogni[sz]ed)|no such|does not|undefined)\b",
    re.IGNORECASE | re.DOTALL,
)
_KEYS = frozenset({"FileDescription", "Message", "Status", "Warning", "Error"})
_ERROR_PARAGRAPH = re.compile(
    r"<p\b[^>]*class\s*=\s*[\"'](ErrorMessage|ErrorDescription)[\"'][^>]*>(.*?)</p>",
    re.IGNORECASE | re.DOTALL,
)


def list_files(reply: Response, ref: ProductRef) -> list[dict[str, Any]]:
    """Return the files that an answer lists; an empty list says that there is no data.

    Parameters
    ----------
    reply : Response
        With status 200, 400 or 404.
    ref : ProductRef
        What was asked for, for messages.

    Raises
    ------
    UnknownProduct
        The server says so.
    HttpStatusError, UnexpectedContent
        Its message is quoted.
    """
    answer = _json_object(reply)
    messages = _messages(reply, answer)
    if reply.status in (400, 404):
        if _NO_DATA.search(messages):
            return []
        if _UNKNOWN.search(messages):
            raise UnknownProduct(f"CDAWeb does not know {ref.path}: {messages}", url=reply.url)
        raise HttpStatusError(
            f"CDAWeb answered with status {reply.status}: {messages or 'no message'}",
            status=reply.status,
            body=reply.body,
            url=reply.url,
        )
    if answer is None and not page_message(reply.body):
        reply.json()  # says itself what came in place of JSON
    if answer is None:
        raise UnexpectedContent(
            f"CDAWeb sent no answer but {messages or reply.body[:60]!r}", url=reply.url
        )
    if not _KEYS.intersection(answer):
        raise UnexpectedContent("CDAWeb sent JSON that is no answer of its service", url=reply.url)
    files = answer.get("FileDescription") or []
    if not isinstance(files, list) or not all(
        isinstance(file, dict) and isinstance(file.get("Name"), str) for file in files
    ):
        raise UnexpectedContent("CDAWeb sent a list of files without names", url=reply.url)
    if not files and messages and not _NO_DATA.search(messages):
        raise UnexpectedContent(f"CDAWeb gave no file: {messages}", url=reply.url)
    return files


def data_version(reply: Response) -> str:
    """Return the date to ask "changed since?" with later, by the server's clock.

    The beginning of the day at which the answer was made: what came on one day then counts as
    one version, and what changes later on that day is fetched again. A change that the server
    dates later than that moves it forward.
    """
    made = _http_date(reply.headers.get("date")) or datetime.now(UTC)
    mark = made.replace(hour=0, minute=0, second=0, microsecond=0)
    changed = _http_date(reply.headers.get("last-modified"))
    if changed is not None and mark < changed <= made:
        mark = changed
    return format_datetime(mark, usegmt=True)


def _http_date(text: str | None) -> datetime | None:
    try:
        when = parsedate_to_datetime(text or "")
    except ValueError:
        return None
    return when.replace(tzinfo=UTC) if when.tzinfo is None else when.astimezone(UTC)


def _json_object(reply: Response) -> dict[str, Any] | None:
    try:
        answer = reply.json()
    except UnexpectedContent:
        return None
    return answer if isinstance(answer, dict) else None


def _messages(reply: Response, answer: Mapping[str, Any] | None) -> str:
    """Return what the server says in words: lists of JSON, or the paragraphs of its error page."""
    if answer is None:
        return page_message(reply.body) or reply.title_text.strip()
    texts: list[str] = []
    for key in ("Error", "Message", "Status"):
        value = answer.get(key) or []
        texts += [str(item) for item in (value if isinstance(value, list) else [value])]
    return " ".join(" ".join(texts).split())[:500]


def page_message(body: bytes) -> str:
    """Return what an error page of the service says; empty when it is another page."""
    text = body[:262_144].decode("utf-8", "replace")
    found = [re.sub(r"<[^>]*>", " ", match[1]) for match in _ERROR_PARAGRAPH.findall(text)]
    parts = dict.fromkeys(" ".join(html.unescape(part).split()) for part in found)
    return " ".join(parts)[:500]  # message and description often say the same
