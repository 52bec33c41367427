"""Headers that a caller adds to all requests of one call."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from types import MappingProxyType

from speasy_core.errors import InvalidRequest

__all__ = ["current_headers", "extra_headers"]

_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")  # a token of RFC 9110
# what decides how a body is framed and read is the client's own business
_OWN = frozenset({
    "accept-encoding", "connection", "content-length", "host", "range", "te", "transfer-encoding",
})  # fmt: skip
_NONE: Mapping[str, str] = MappingProxyType({})
_extra: ContextVar[Mapping[str, str]] = ContextVar("speasy_core_extra_headers", default=_NONE)


def current_headers() -> Mapping[str, str]:
    """Return the headers that the running call adds."""
    return _extra.get()


@contextmanager
def extra_headers(headers: Mapping[str, str] | None) -> Iterator[None]:
    """Add headers to every request inside the block; a redirect to another host drops them.

    Raises
    ------
    InvalidRequest
        Not a mapping of names to texts, or a header that the client needs itself.

    Examples
    --------
    >>> with extra_headers({"X-Client": "me"}):
    ...     dict(current_headers())
    {'X-Client': 'me'}
    """
    token = _extra.set(_checked(headers or {}))
    try:
        yield
    finally:
        _extra.reset(token)


def _checked(headers: Mapping[str, str]) -> Mapping[str, str]:
    if not isinstance(headers, Mapping):
        raise InvalidRequest(
            "extra_http_headers is not a mapping", hint="write {'X-Name': 'value'}"
        )
    for name, value in headers.items():
        # the value is not quoted: it may be a secret
        if not isinstance(name, str) or not _NAME.fullmatch(name) or not isinstance(value, str):
            raise InvalidRequest(f"{name!r:.60} is not a name of a header with a text as its value")
        if not value.isprintable() or not value.isascii():
            raise InvalidRequest(f"the header {name} holds characters that cannot be sent")
        if name.lower() in _OWN:
            raise InvalidRequest(f"the header {name} is set by the client itself")
    return dict(headers)
