"""Text that must not be seen, and how it is kept out of every other text."""

from __future__ import annotations

import hmac
import html
import json
import weakref
from base64 import b64encode
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, quote_plus, unquote, urlsplit, urlunsplit

__all__ = ["Login", "Secret", "Veiled", "is_below", "origin_of", "scrub", "split_login"]

# what is shorter occurs in texts by chance, and masking it would only say what it is
_SHORTEST = 4


class Secret:
    """Text that shows as ``***`` wherever it is written; `reveal` gives it.

    It is no ``str``, so that joining, JSON and formatting cannot spell it; it cannot be pickled
    (an empty one can). While it is alive, `scrub` masks it in texts that quote it, as a server's
    words may.

    Parameters
    ----------
    text : str or Secret
        The plain text.

    Examples
    --------
    >>> password = Secret("open sesame")
    >>> print(password, repr(password), f"{password:>5}")
    *** Secret('***')   ***
    >>> password == Secret("open sesame"), password.reveal()
    (True, 'open sesame')
    """

    __slots__ = ("__weakref__", "_text")

    def __init__(self, text: str | Secret = "") -> None:
        if isinstance(text, Secret):
            text = text.reveal()
        if not isinstance(text, str):  # without the value, which may be the secret
            raise TypeError(f"a secret is text, not {type(text).__name__}")
        self._text = text
        if len(text) >= _SHORTEST:
            _alive[id(self)] = self

    def reveal(self) -> str:
        """Return the plain text, for the one place that sends it."""
        return self._text

    def __bool__(self) -> bool:
        return bool(self._text)

    def __str__(self) -> str:
        return "***" if self._text else ""

    def __repr__(self) -> str:
        return f"Secret({str(self)!r})"

    def __format__(self, spec: str) -> str:
        return format(str(self), spec)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Secret):
            return NotImplemented
        return hmac.compare_digest(self._text.encode(), other._text.encode())

    def __hash__(self) -> int:
        return hash((Secret, self._text))

    def __copy__(self) -> Secret:
        return self

    def __deepcopy__(self, memo: Any) -> Secret:
        return self

    def __reduce_ex__(self, protocol: Any) -> tuple[type[Secret], tuple[()]]:
        if self._text:
            raise TypeError("a secret is not written anywhere: it cannot be pickled")
        return Secret, ()


_alive: weakref.WeakValueDictionary[int, Secret] = weakref.WeakValueDictionary()


def scrub(text: str) -> str:
    """Return `text` with every secret that is in use replaced by ``***``, however it is encoded.

    Examples
    --------
    >>> token = Secret("a b&c")
    >>> scrub("GET /x?token=a%20b%26c said: a b&c")
    'GET /x?token=*** said: ***'
    """
    for secret in list(_alive.values()):
        for form in _forms(secret.reveal()):
            if form in text:
                text = text.replace(form, "***")
    return text


def _forms(plain: str) -> list[str]:
    """Return how a text looks in URLs, JSON, HTML and Python's own notation, the longest first."""
    written = {plain, json.dumps(plain)[1:-1], html.escape(plain)}
    quoted = {quote(plain, safe=""), quote(plain), quote_plus(plain)}
    noted = {repr(w)[1:-1] for w in written} | {repr(w.encode())[2:-1] for w in written}
    return sorted(written | quoted | noted, key=len, reverse=True)


class Veiled(str):
    """Text that has to hold secrets, as some URLs do, and masks them where it is looked at.

    Tracebacks, debuggers and logs of local variables show ``repr``; written out it is plain.

    Examples
    --------
    >>> token = Secret("open sesame")
    >>> {"url": Veiled(f"https://host/?token={quote(token.reveal())}")}
    {'url': 'https://host/?token=***'}
    """

    __slots__ = ()

    def __repr__(self) -> str:
        return repr(scrub(str(self)))


@dataclass(frozen=True, slots=True)
class Login:
    """Who somebody is to a server.

    Parameters
    ----------
    user : str
    password : Secret
        Never shows.

    Examples
    --------
    >>> Login("bob", Secret("open sesame"))
    Login(user='bob', password=Secret('***'))
    """

    user: str
    password: Secret = field(default_factory=Secret)

    def basic(self) -> str:
        """Return the value of an ``Authorization`` header, for the one place that sends it."""
        pair = f"{self.user}:{self.password.reveal()}"
        return f"Basic {b64encode(pair.encode()).decode()}"


def origin_of(url: str) -> str:
    """Return scheme, host and port of a URL: what credentials are bound to.

    Examples
    --------
    >>> origin_of("https://bob@Example.org:443/hapi?x"), origin_of("http://[::1]:8080/")
    ('https://example.org', 'http://[::1]:8080')
    """
    parts = urlsplit(url)
    host = (parts.hostname or "").lower()
    host = f"[{host}]" if ":" in host else host
    port = parts.port
    usual = {"http": 80, "https": 443}.get(parts.scheme)
    return f"{parts.scheme}://{host}" + ("" if port in (None, usual) else f":{port}")


def is_below(url: str, base: str) -> bool:
    """Whether `url` is `base` or something on it.

    Examples
    --------
    >>> is_below("https://h/amda/php", "https://H/amda"), is_below("https://h/amdax", "https://h/amda")
    (True, False)
    """
    if origin_of(url) != origin_of(base):
        return False
    own, root = urlsplit(url).path, urlsplit(base).path.rstrip("/")
    return own.startswith(root + "/") or own.rstrip("/") == root


def split_login(url: str) -> tuple[str, Login | None]:
    """Return a URL without the credentials in it, and these.

    Examples
    --------
    >>> split_login("https://bob:pass@host/hapi")
    ('https://host/hapi', Login(user='bob', password=Secret('***')))
    """
    parts = urlsplit(url)
    if "@" not in parts.netloc:
        return url, None
    login = Login(unquote(parts.username or ""), Secret(unquote(parts.password or "")))
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2])), login
