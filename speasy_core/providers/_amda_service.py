"""AMDA's REST service: tokens, answers that lead to answers, and requests that take time."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlencode, urlsplit, urlunsplit

from speasy_core.config import Settings
from speasy_core.credentials import login_for
from speasy_core.errors import (
    DeadlineExceeded,
    HttpStatusError,
    MissingCredentials,
    ServerError,
    UnexpectedContent,
    UnknownProduct,
)
from speasy_core.http import Deadline, HttpClient, Response
from speasy_core.secret import Login, Secret, Veiled, scrub

from ._common import split_link

__all__ = ["AmdaService", "NoDataError"]

_BASE = "/php/rest/"
_INDIRECT = re.compile(rb"(?:\A|>)\s*(https?://[^<>\s\"]+)\s*(?:<|\Z)")
_TOKEN = re.compile(r"[\w.+/=-]{4,512}")
_MAX_LIST = 256 * 2**20
_SAYS_NOTHING = re.compile(r"\bno(t any)? data\b|\bempty\b|\bwithout data\b", re.IGNORECASE)
_SAYS_UNKNOWN = re.compile(
    r"unknown|not found|does(n't| not) exist|no such|undefined", re.IGNORECASE
)
_SAYS_LOGIN = re.compile(r"log ?in|password|credential|not allowed|forbidden|denied", re.IGNORECASE)
# seconds between two questions whether a request is done
_FIRST_WAIT, _WAIT_GROWTH, _LONGEST_WAIT = 0.5, 1.6, 10.0


class NoDataError(Exception):
    """The server says that it has nothing for the range."""


class AmdaService:
    """Asks the service; credentials leave through here alone, and only in requests.

    Parameters
    ----------
    settings : Settings
        `amda_url`; who asks, see speasy_core.credentials.
    http : HttpClient
        Shared.
    """

    def __init__(self, settings: Settings, http: HttpClient) -> None:
        self._http, self._url = http, settings.amda_url
        self._login = login_for(settings, settings.amda_url) or Login("")

    @property
    def has_credentials(self) -> bool:
        """Whether user and password are set."""
        return bool(self._login.user and self._login.password)

    @property
    def user(self) -> str:
        """Who asks; empty without credentials."""
        return self._login.user

    @property
    def login(self) -> dict[str, str | Secret]:
        """What a request of this user carries; empty without credentials."""
        return self._pair() if self.has_credentials else {}

    def _pair(self) -> dict[str, str | Secret]:
        return {"userID": self._login.user, "password": self._login.password}

    def url(self, endpoint: str, parameters: Mapping[str, str | Secret]) -> str:
        """Return the address of a request, whose secrets do not show in a traceback."""
        plain = ((k, v.reveal() if isinstance(v, Secret) else v) for k, v in parameters.items())
        query = f"?{urlencode(list(plain))}" if parameters else ""
        return Veiled(f"{self._url}{_BASE}{endpoint}{query}")

    def token(self, deadline: Deadline) -> Secret:
        """Return a new token; one goes with each request for data.

        Raises
        ------
        UnexpectedContent
            Something else came.
        """
        url = self.url("auth.php", {})
        answer = self._http.get(url, deadline=deadline).require("token")
        token = _TOKEN.fullmatch(answer.text.strip())
        if token is None:
            raise UnexpectedContent("AMDA sent something else where a token was expected", url=url)
        return Secret(token[0])

    def is_up(self, deadline: Deadline) -> bool:
        """Return what the server says of itself."""
        answer = self._http.get(self.url("isAlive.php", {}), deadline=deadline).json()
        return isinstance(answer, Mapping) and bool(answer.get("alive"))

    def listing(
        self, endpoint: str, parameters: Mapping[str, str | Secret], deadline: Deadline
    ) -> Response:
        """Return the document that an endpoint leads to: its answer holds only the address.

        Raises
        ------
        MissingCredentials
            It is a user's own, and the login is not good for it.
        UnexpectedContent
            No address, one on another host, or no XML behind it.
        """
        url = self.url(endpoint, parameters)
        answer = self._http.get(url, deadline=deadline, max_bytes=_MAX_LIST)
        found = _INDIRECT.search(answer.body)
        if found is None:
            said = self._message_in(answer)
            if _SAYS_LOGIN.search(said):
                raise MissingCredentials(
                    f"AMDA refuses {endpoint}{said}", url=url, hint=login_hint(self.has_credentials)
                )
            answer.require("xml")
            raise UnexpectedContent(
                f"AMDA's {endpoint} does not say where the list is{said}", url=url
            )
        target = self.own_url(found[1].decode("ascii", "replace"))
        return self._http.get(target, deadline=deadline, max_bytes=_MAX_LIST).require("xml")

    def files(
        self, endpoint: str, parameters: Mapping[str, str | Secret], what: str, deadline: Deadline
    ) -> list[str]:
        """Return the addresses of the files that a request gives, however long it takes.

        Parameters
        ----------
        endpoint : str
            For example ``getParameter.php``.
        parameters : mapping
            Of the request.
        what : str
            What is asked for, for messages.
        deadline : Deadline
            A request that the server works on is asked about until then.

        Raises
        ------
        UnknownProduct, NoDataError, MissingCredentials, ServerError
            What the server says, its secrets masked.
        DeadlineExceeded
            It is still at work.
        """
        url = self.url(endpoint, parameters)
        answer = self._ask(url, deadline)
        wait = _FIRST_WAIT
        while isinstance(answer, Mapping) and answer.get("status") == "in progress":
            job = str(answer.get("id", ""))
            if not answer.get("success", True) or not job:
                break
            try:
                deadline.wait(wait, f"AMDA works on {what}")
            except DeadlineExceeded as error:
                raise DeadlineExceeded(
                    f"AMDA is still at work on {what} after {deadline.seconds:g} s",
                    url=url,
                    hint="ask for a shorter range, or allow more time with timeout=",
                ) from error
            wait = min(wait * _WAIT_GROWTH, _LONGEST_WAIT)
            answer = self._ask(self.url("getStatus.php", {"id": job}), deadline)
        if isinstance(answer, str):
            return [self.own_url(answer)]
        if not isinstance(answer, Mapping):
            raise UnexpectedContent(f"AMDA's answer for {what} is not of a known form", url=url)
        given = answer.get("dataFileURLs")
        names = [given] if given and isinstance(given, str) else given
        if answer.get("success") and isinstance(names, Sequence) and names:
            return [self.own_url(str(name)) for name in names]
        raise self._failure(answer, what, url)

    def file(self, url: str, deadline: Deadline) -> Response:
        """Return a file that the service named."""
        return self._http.get(url, deadline=deadline)

    def _ask(self, url: str, deadline: Deadline) -> Any:
        """Return the JSON of an answer, or the text where it is just an address."""
        try:
            answer = self._http.get(url, deadline=deadline)
        except HttpStatusError as error:
            said = self._message_in(Response(error.status, body=error.body, url=url))
            error.message = f"{error.message}{said}"
            error.args = (error.message,)
            raise
        found = _INDIRECT.fullmatch(answer.body.strip())
        if found is not None:
            return found[1].decode("ascii", "replace")
        return answer.json()

    def _failure(self, answer: Mapping[str, Any], what: str, url: str) -> Exception:
        keys = ("message", "error", "errorMessage", "reason", "status")
        said = next((a for a in (answer.get(k) for k in keys) if a and isinstance(a, str)), "")
        said = self.mask(" ".join(said.split()))[:300]
        if _SAYS_NOTHING.search(said):
            return NoDataError(said)
        if _SAYS_LOGIN.search(said):
            return MissingCredentials(
                f"AMDA refuses {what}: {said}", url=url, hint=login_hint(self.has_credentials)
            )
        if _SAYS_UNKNOWN.search(said):
            return UnknownProduct(f"AMDA does not give {what}: {said}", url=url)
        reason = f": {said}" if said else ", and does not say why"
        return ServerError(f"AMDA does not give {what}{reason}", url=url)

    def _message_in(self, answer: Response) -> str:
        text = re.sub(r"<[^>]*>|\s+", " ", answer.text)
        said = self.mask(" ".join(text.split()))[:200]
        return f": {said!r}" if said else ""

    def mask(self, text: str) -> str:
        """Return a server's words without the secrets that it may repeat."""
        text = scrub(text)
        for secret in (self._login.password.reveal(), self.user):
            if secret:
                text = text.replace(secret, "***")
        return re.sub(r"(token|password|userid)=[^&\s\"']+", r"\1=***", text, flags=re.IGNORECASE)

    def own_url(self, url: str) -> str:
        """Return the address of a result, which must be on the server that was asked.

        Raises
        ------
        UnexpectedContent
            It is on another host.
        """
        own, given = urlsplit(self._url), split_link(url)
        if given.scheme in ("http", "https") and _authority(given) == _authority(own):
            # the service names its files without encryption: never from https back to http
            return urlunsplit(given._replace(scheme=own.scheme))
        raise UnexpectedContent(
            f"AMDA names a file on another host ({given.hostname}), which is refused",
            url=url,
            hint="if that host is the server, name it in the setting amda_url",
        )


def login_hint(has_credentials: bool) -> str:
    """Return what to do about data that are not for everybody."""
    if has_credentials:
        return "check amda_user and amda_password, and what this user may see"
    return (
        "set amda_user and amda_password (SPZ_AMDA_USER, SPZ_AMDA_PASSWORD), "
        "or keep them with speasy_core.credentials.save"
    )


def _authority(parts: Any) -> tuple[str | None, int | None]:
    try:
        port = parts.port
    except ValueError:
        return None, None
    return parts.hostname, None if port in (None, 80, 443) else port
