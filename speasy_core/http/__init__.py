"""The one http client: a deadline over everything, and answers that are whole or an error.

::

    client      tries, redirects, a place per host; each try runs in a thread of its own
    retry       what is tried again, and when
    redirect    how far a redirect is followed
    limits      places in a queue, and a breaker
    transport   what sends: a session of requests in use, anything else in tests
    session     that session: connections that can be stopped, and its errors as ours
    body        read in pieces, within limits, and proven whole
    response    a whole answer, and what it has to be
    deadline    one limit of time for a whole call, which also cancels it
"""

from .client import HttpClient
from .deadline import Deadline
from .response import Headers, Response
from .transport import Request, Transport

__all__ = ["Deadline", "Headers", "HttpClient", "Request", "Response", "Transport"]
