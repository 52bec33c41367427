"""The credentials that go with a request."""

from __future__ import annotations

from dataclasses import replace

from speasy_core.config import Settings
from speasy_core.credentials import login_for
from speasy_core.secret import Login, is_below, origin_of

from .transport import Request

__all__ = ["Logins"]


class Logins:
    """Signs requests to servers whose credentials are kept, as HTTP knows it (Basic).

    AMDA has a way of its own to log in; its provider sends them where they belong.

    Parameters
    ----------
    settings : Settings
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._known: dict[str, Login | None] = {}

    def sign(self, request: Request) -> Request:
        """Return the request with an ``Authorization`` header, where there is something to say.

        One that is there stays. A redirect to another server drops it.
        """
        if is_below(request.url, self._settings.amda_url):
            return request
        origin = origin_of(request.url)
        if any(name.lower() == "authorization" for name in request.headers):
            return request
        if origin not in self._known:
            self._known[origin] = login_for(self._settings, request.url)
        login = self._known[origin]
        if login is None:
            return request
        return replace(request, headers={**request.headers, "Authorization": login.basic()})
