"""Every error that speasy_core raises on purpose.

::

    SpeasyError                        product, range, url, source, attempts, retry_at, hint
    ├── InvalidRequest (ValueError)    the call itself cannot be served
    │   ├── InvalidTime                not a time, or outside 1678..2262
    │   ├── InvalidTimeRange           stop before start, or an empty range
    │   ├── UnknownProvider
    │   ├── UnknownProduct
    │   ├── UnknownOption (TypeError)  an option that this provider does not take
    │   ├── MissingCredentials         the archive shows this to those who log in only
    │   └── RequestTooLarge            refused before the first byte, with the estimate
    ├── ServerError                    a server did not do its part
    │   ├── ServerUnreachable          refused, no route, no such name
    │   ├── DeadlineExceeded           the whole call ran out of time
    │   ├── HttpStatusError            .status
    │   ├── IncompleteBody             cut in transit
    │   └── UnexpectedContent          an HTML page where data was expected, ...
    ├── OfflineError                   offline, and not in the cache
    ├── CorruptFile                    .source names it; the bytes are not what the format says
    ├── UnsupportedFormat              whole, but of a kind that no codec reads
    ├── VariableError (ValueError)     arrays, axes or labels that do not fit together
    │   ├── TimeAxisMismatch           two variables on different time axes
    │   └── UnitMismatch
    ├── VirtualProductError            a user's function failed, or gave something unusable
    ├── ConfigError                    a setting that cannot be used
    └── Cancelled                      the caller withdrew the request

    SpeasyWarning (UserWarning)        repaired or degraded, and the data still arrived
    └── CacheWarning                   the disk cache cannot be used as asked
"""

from __future__ import annotations

import os
import re
import sys
import warnings
from typing import Any, ClassVar
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from .secret import scrub

__all__ = [
    "CacheWarning",
    "Cancelled",
    "ConfigError",
    "CorruptFile",
    "DeadlineExceeded",
    "HttpStatusError",
    "IncompleteBody",
    "InvalidRequest",
    "InvalidTime",
    "InvalidTimeRange",
    "MissingCredentials",
    "OfflineError",
    "RequestTooLarge",
    "ServerError",
    "ServerUnreachable",
    "SpeasyError",
    "SpeasyWarning",
    "TimeAxisMismatch",
    "UnexpectedContent",
    "UnitMismatch",
    "UnknownOption",
    "UnknownProduct",
    "UnknownProvider",
    "UnsupportedFormat",
    "VariableError",
    "VirtualProductError",
    "scrub_url",
    "warn",
]

_SECRET_KEYS = frozenset(
    {"password", "passwd", "pwd", "userid", "user", "token", "access_token", "api_key", "apikey",
     "key", "secret", "signature", "sig"}
)  # fmt: skip


def scrub_url(url: str) -> str:
    """Return `url` with credentials replaced by ``***``, fit for a message or a log.

    Examples
    --------
    >>> scrub_url("https://bob:secret@host/x?userID=bob&password=secret&a=1")
    'https://***@host/x?userID=***&password=***&a=1'
    """
    try:
        parts = urlsplit(url)
    except ValueError:  # not a URL: what is in front of @ and behind ? may be anything
        return scrub(re.sub(r"//[^/@]*@", "//***@", url).partition("?")[0])
    netloc = "***@" + parts.netloc.rpartition("@")[2] if "@" in parts.netloc else parts.netloc
    query = parts.query
    if query:
        pairs = parse_qsl(query, keep_blank_values=True)
        if any(key.lower() in _SECRET_KEYS for key, _ in pairs):
            query = urlencode(
                [(k, "***" if k.lower() in _SECRET_KEYS else v) for k, v in pairs], safe="*"
            )
    return scrub(urlunsplit((parts.scheme, netloc, parts.path, query, parts.fragment)))


def _made_again(kind: type[SpeasyError], args: tuple[Any, ...], state: dict[str, Any]) -> Any:
    error = kind.__new__(kind, *args)
    error.__dict__.update(state)
    return error


class SpeasyError(Exception):
    """Root of the error tree.

    Parameters
    ----------
    message : str
        What happened, in one sentence.
    product : str, optional
        The product asked for, as ``provider/path``.
    range : object, optional
        The time range asked for.
    url : str, optional
        Where it happened; credentials are replaced before it is kept.
    source : str, optional
        Name of the file at fault.
    attempts : int, optional
        How often it was tried.
    retry_at : str, optional
        When the server said to come back (ISO 8601, UTC).
    hint : str, optional
        What to do about it; by default the `advice` of the class.

    Examples
    --------
    >>> print(SpeasyError("no such product", product="cda/X", hint="try find_product('X')"))
    no such product [product: cda/X]. Hint: try find_product('X')
    """

    advice: ClassVar[str | None] = None

    def __init__(
        self,
        message: str,
        *,
        product: str | None = None,
        range: Any = None,
        url: str | None = None,
        source: str | None = None,
        attempts: int | None = None,
        retry_at: str | None = None,
        hint: str | None = None,
    ) -> None:
        message = scrub(message)  # a server's words may repeat what it was sent
        super().__init__(message)
        self.message = message
        self.product = product
        self.range = range
        self.url = scrub_url(url) if url else None
        self.source = source
        self.attempts = attempts
        self.retry_at = retry_at
        self.hint = hint or self.advice

    @property
    def cause(self) -> BaseException | None:
        """The exception this one was raised from."""
        return self.__cause__

    def __reduce__(self) -> tuple[Any, ...]:
        # some classes need more than a message to be made; they travel between processes as well
        return (_made_again, (type(self), self.args, self.__dict__))

    def locate(self, *, product: str | None = None, range: Any = None) -> SpeasyError:
        """Fill in where it happened, where not known yet; returns itself for ``raise``."""
        self.product = self.product or product
        self.range = self.range if self.range is not None else range
        return self

    def __str__(self) -> str:
        context = [
            f"{label}: {value}"
            for label, value in (
                ("product", self.product),
                ("range", self.range),
                ("file", self.source),
                ("url", self.url),
                ("attempts", self.attempts),
                ("retry at", self.retry_at),
            )
            if value is not None
        ]
        text = self.message + (f" [{'; '.join(context)}]" if context else "")
        return scrub(f"{text}. Hint: {self.hint}" if self.hint else text)


class InvalidRequest(SpeasyError, ValueError):
    """The call itself cannot be served."""


class InvalidTime(InvalidRequest):
    """Not a time, or one that int64 nanoseconds cannot hold."""


class InvalidTimeRange(InvalidRequest):
    """Stop before start, or a range of zero length."""


class UnknownProvider(InvalidRequest):
    """No provider of that name."""


class UnknownProduct(InvalidRequest):
    """The provider has no such product."""


class UnknownOption(InvalidRequest, TypeError):
    """An option that this provider does not take, or a value it does not know."""


class MissingCredentials(InvalidRequest):
    """The archive shows this only to those who log in, or the login is not good for it."""


class RequestTooLarge(InvalidRequest):
    """Refused before the first byte, with the estimated size."""


class ServerError(SpeasyError):
    """A server did not do its part."""


class ServerUnreachable(ServerError):
    """The connection was refused, or the host cannot be found."""

    advice = "ask again later; is there a network, and is the server up?"


class DeadlineExceeded(ServerError, TimeoutError):
    """The whole call, retries included, ran out of time."""

    advice = "ask for a shorter range, or allow more time with timeout="


class HttpStatusError(ServerError):
    """The server answered with an error status.

    Attributes
    ----------
    status : int
        The HTTP status code.
    body : bytes
        What the server sent with it, as far as it was read.
    """

    def __init__(self, message: str, *, status: int, body: bytes = b"", **context: Any) -> None:
        super().__init__(message, **context)
        self.hint = self.hint or _advice_for(status)
        self.status = status
        self.body = body


def _advice_for(status: int) -> str:
    if status in (401, 403):
        return "the server wants a login, or does not show this to everybody"
    if status in (404, 410):
        return "the server does not have it (any more): look the product up with find_product"
    if status == 429 or status >= 500:
        return "the server is busy or in trouble: ask again later"
    return "the server does not take this request; its operators may know why"


class IncompleteBody(ServerError):
    """The answer was cut in transit."""

    advice = "the connection broke off: ask again"


class UnexpectedContent(ServerError):
    """The answer is not what was asked for: an HTML page, an empty body, another format."""

    advice = "the server may be in trouble: ask again later, or tell its operators"


class OfflineError(SpeasyError):
    """Offline, and the cache does not hold the data."""


class CorruptFile(SpeasyError):
    """The bytes are not what their format says; `source` names the file."""

    advice = "ask again; if it stays so, the file is damaged where it comes from"


class UnsupportedFormat(SpeasyError):
    """The file is of a kind that no codec reads."""


class VariableError(SpeasyError, ValueError):
    """Arrays, axes or labels that do not fit together."""


class TimeAxisMismatch(VariableError):
    """Two variables on different time axes met in one operation."""


class UnitMismatch(VariableError):
    """Two known units that do not fit met in a sum or a comparison."""


class VirtualProductError(SpeasyError):
    """A user's function failed, or returned something that is not data."""


class ConfigError(SpeasyError):
    """A setting that cannot be used; the message says where it was read."""


class Cancelled(SpeasyError):
    """The caller withdrew the request."""


class SpeasyWarning(UserWarning):
    """Something was repaired or degraded, and the data still arrived."""


class CacheWarning(SpeasyWarning):
    """The disk cache cannot be used as asked; data is kept in memory instead."""


_HERE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "")


def warn(message: str, kind: type[SpeasyWarning] = SpeasyWarning) -> None:
    """Warn at the line that called this package, however deep inside of it we are.

    Examples
    --------
    >>> with warnings.catch_warnings(record=True) as caught:
    ...     warnings.simplefilter("always")
    ...     warn("old data")
    >>> caught[0].category.__name__
    'SpeasyWarning'
    """
    level, frame = 2, sys._getframe(1)
    while frame.f_back is not None and frame.f_code.co_filename.startswith(_HERE):
        level, frame = level + 1, frame.f_back
    warnings.warn(message, kind, stacklevel=level)
