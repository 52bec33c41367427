"""Making requests, and following redirects no further than is safe."""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Mapping
from functools import cache
from typing import Any
from urllib.parse import SplitResult, quote, unquote, urlencode, urljoin, urlsplit, urlunsplit

from speasy_core.errors import InvalidRequest, UnexpectedContent, scrub_url
from speasy_core.secret import Veiled

from .extra import current_headers
from .transport import Request, is_loopback

__all__ = ["host_of", "make_request", "redirected"]


def host_of(url: str) -> str:
    """Return host and port of a URL, without credentials."""
    return urlsplit(url).netloc.rpartition("@")[2].lower()


@cache
def _user_agent() -> str:
    from importlib.metadata import PackageNotFoundError, version

    try:
        return f"sciqlop-lab/{version('sciqlop-lab')} (speasy_core)"
    except PackageNotFoundError:
        return "sciqlop-lab/0 (speasy_core)"


def make_request(
    method: str,
    url: str,
    headers: Mapping[str, str] | None,
    params: Mapping[str, Any] | None,
    data: bytes | None,
) -> Request:
    """Return the request for a URL, with our headers; credentials move from URL to header.

    Raises
    ------
    InvalidRequest
        Not an http or https URL.
    """
    parts = _checked(url)
    own = {"User-Agent": _user_agent(), "Accept-Encoding": "gzip", **(headers or {})}
    sent = {**own, **current_headers()}
    if parts.username is not None:
        # credentials in a URL end in logs; they go where they belong
        from base64 import b64encode

        pair = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
        sent.setdefault("Authorization", f"Basic {b64encode(pair.encode()).decode()}")
    query = urlencode({k: v for k, v in (params or {}).items() if v is not None}, quote_via=quote)
    query = "&".join(filter(None, (parts.query, query)))
    netloc = parts.netloc.rpartition("@")[2]
    whole = Veiled(urlunsplit((parts.scheme, netloc, parts.path, query, "")))
    return Request(method, whole, sent, data)


def _checked(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        bad = parts.scheme not in ("http", "https") or not parts.hostname or parts.port == 0
    except ValueError as error:
        raise InvalidRequest(f"not a URL: {error}", url=None) from error
    if bad:
        raise InvalidRequest(
            f"{scrub_url(url)!r} cannot be asked for", hint="URLs start with http:// or https://"
        )
    return parts


# ends of names that only mean something inside of a house or a company
_INSIDE = (".local", ".localdomain", ".internal", ".intranet", ".lan", ".home", ".home.arpa")


def _is_private(host: str) -> bool:
    """Whether a host is not of the public network, by its name or its address."""
    name = host.strip("[]").rstrip(".").lower()
    if is_loopback(name):
        return True
    try:
        return not ipaddress.ip_address(name.partition("%")[0]).is_global
    except ValueError:
        pass
    try:  # 127.1, 0x7f000001 and 2130706433 are addresses to the system, too
        return not ipaddress.ip_address(socket.inet_aton(name)).is_global
    except (OSError, UnicodeError):
        return "." not in name or name.endswith(_INSIDE)


def redirected(request: Request, status: int, target: str) -> Request:
    """Return the request that a redirect asks for.

    Raises
    ------
    UnexpectedContent
        It leads to another scheme, from https to http, or from outside to a private address.
    """
    old = urlsplit(request.url)._replace(query="")  # which may hold secrets, and frames show locals
    try:
        new = _checked(urljoin(request.url, target))
        query, new = Veiled(new.query), new._replace(query="")
    except ValueError as error:  # InvalidRequest is one, too
        raise UnexpectedContent(
            f"{old.hostname} redirects to {target.partition('?')[0]!r:.100}, which is not followed",
            url=request.url,
        ) from error
    private = _is_private(new.hostname or "") and not _is_private(old.hostname or "")
    if private or (old.scheme == "https" and new.scheme == "http"):
        why = "a private address" if private else "an unencrypted connection"
        raise UnexpectedContent(
            f"{old.hostname} redirects to {why}, which is not followed", url=request.url
        )
    headers = dict(request.headers)
    if (old.scheme, old.hostname, old.port) != (new.scheme, new.hostname, new.port):
        # what a caller added was meant for the host that was asked
        added = (name.lower() for name in current_headers())
        secret = {"authorization", "cookie", "proxy-authorization", *added}
        headers = {k: v for k, v in headers.items() if k.lower() not in secret}
    netloc = new.netloc.rpartition("@")[2]
    url = Veiled(urlunsplit((new.scheme, netloc, new.path, query, "")))
    if request.method == "POST" and status in (301, 302, 303):
        headers.pop("Content-Type", None)
        return Request("GET", url, headers)
    return Request(request.method, url, headers, request.data)
