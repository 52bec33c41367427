"""The one http client: a deadline over everything, and answers that are whole or an error.

::

    client      tries, redirects, a place per host; each try runs in a thread of its own
    retry       what is tried again, and when
    extra       headers that a caller adds to one call
    redirect    how far a redirect is followed
    logins      credentials that go with a request
    limits      places in a queue, fair between callers, and a breaker
    activity    what is under way, for a status bar
    transport   what sends: a session of requests in use, anything else in tests
    session     that session: connections that can be stopped, and its errors as ours
    stall       a body that stopped coming while there is time to ask again
    body        read in pieces, within limits, and proven whole
    response    a whole answer, and what it has to be
    deadline    one limit of time for a whole call, which also cancels it
"""

from .activity import Activity, HostActivity
from .client import HttpClient
from .deadline import BACKGROUND, VIEW, Deadline
from .extra import extra_headers
from .response import Headers, Response
from .transport import Request, Transport

__all__ = [
    "BACKGROUND", "VIEW", "Activity", "Deadline", "Headers", "HostActivity", "HttpClient",
    "Request", "Response", "Transport", "extra_headers",
]  # fmt: skip
