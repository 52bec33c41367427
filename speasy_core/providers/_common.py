"""What several providers need, and none owns."""

from __future__ import annotations

import re
from urllib.parse import SplitResult, urljoin, urlsplit

import numpy as np

from speasy_core.errors import IncompleteBody
from speasy_core.http import Response
from speasy_core.timerange import TimeRange
from speasy_core.variable import SpeasyVariable

__all__ = ["check_page", "is_index", "nothing", "split_link", "trim"]

_INDEX = re.compile(
    r"<(title|h1)[^>]*>\s*(index of|directory listing)|>\s*parent directory\s*<|href=\"\.\./\"",
    re.IGNORECASE,
)


def is_index(text: str) -> bool:
    """Whether a page is a web server's list of a folder, which may be empty.

    Examples
    --------
    >>> is_index("<title>Index of /data</title>"), is_index("<title>Down</title>")
    (True, False)
    """
    return _INDEX.search(text[:65_536]) is not None


def check_page(reply: Response, what: str) -> None:
    """Raise IncompleteBody where a list of files may have lost its end: its files would be missed.

    A page that begins as HTML and does not end as such was cut, whatever its length says.
    """
    text = reply.text
    ends = "</html>" in text[-4096:].lower()
    if not ends and (not reply.proven or "<html" in text[:4096].lower()):
        raise IncompleteBody(f"{what} came without its end", url=reply.url)


def nothing(name: str) -> SpeasyVariable:
    """Return the empty variable that says "no data"."""
    return SpeasyVariable(np.empty(0, "M8[ns]"), np.empty(0), name=name)


def split_link(link: str, base: str = "") -> SplitResult:
    """Return the parts of an address that a server named; all are empty when it is none.

    Examples
    --------
    >>> split_link("a.cdf", "http://host/x/").path, split_link("http://[host/a.cdf").path
    ('/x/a.cdf', '')
    """
    try:
        parts = urlsplit(urljoin(base, link.strip()))
        _ = parts.hostname  # some mistakes show only when it is asked for
    except ValueError:
        return urlsplit("")
    return parts


def trim(variable: SpeasyVariable, span: TimeRange) -> SpeasyVariable:
    """Return the samples of `variable` in the half-open `span`; itself when that is all of it.

    Examples
    --------
    >>> v = SpeasyVariable(["2020-01-01", "2020-01-02"], [1.0, 2.0])
    >>> trim(v, TimeRange("2020-01-01", "2020-01-02")).values
    array([1.])
    """
    first, last = np.searchsorted(variable.time_ns, [span.start_ns, span.stop_ns])
    if (first, last) == (0, len(variable)):
        return variable
    cut: SpeasyVariable = variable[int(first) : int(last)]
    return cut
