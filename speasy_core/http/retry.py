"""What is tried again, and when."""

from __future__ import annotations

import math
import random
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit

from speasy_core.errors import HttpStatusError, SpeasyError

from .response import Response

__all__ = [
    "MAX_RETRY_AFTER", "jitter", "retry_after", "status_error", "tries_for", "worth_retrying",
]  # fmt: skip

MAX_RETRY_AFTER = 30.0
_IDEMPOTENT = frozenset({"GET", "HEAD"})
_RETRIED = frozenset({429, 500, 502, 503, 504})


def tries_for(method: str) -> int:
    """Return how often a request may be sent: once when it may change something."""
    return 3 if method in _IDEMPOTENT else 1


def status_error(response: Response) -> HttpStatusError:
    """Return the error for a status that was not wanted."""
    host = urlsplit(response.url).hostname
    return HttpStatusError(
        f"{host} answered with status {response.status}{response.title_text}",
        status=response.status,
        body=response.body,
        url=response.url,
    )


def worth_retrying(error: SpeasyError) -> bool:
    """Whether the same request may go better in a moment."""
    return not isinstance(error, HttpStatusError) or error.status in _RETRIED


def jitter(attempt: int) -> float:
    """Return seconds to wait: full jitter, so that callers that failed together part."""
    return random.uniform(0.0, min(8.0, 0.5 * 2 ** (attempt - 1)))


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Return the seconds that the server asks to wait, None when it does not say.

    Examples
    --------
    >>> retry_after({"retry-after": "7"}), retry_after({"retry-after": "soon"})
    (7.0, None)
    """
    text = headers.get("retry-after", "").strip()
    if not text:
        return None
    try:
        seconds = float(text)
    except ValueError:
        try:
            # against the server's own clock, which may differ from ours
            now = _http_date(headers["date"]) if "date" in headers else datetime.now(UTC)
            seconds = (_http_date(text) - now).total_seconds()
        except (ValueError, TypeError, OverflowError):
            return None
    return max(0.0, seconds) if math.isfinite(seconds) else None


def _http_date(text: str) -> datetime:
    when = parsedate_to_datetime(text)
    return when if when.tzinfo is not None else when.replace(tzinfo=UTC)
