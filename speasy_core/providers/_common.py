"""What several providers need, and none owns."""

from __future__ import annotations

from urllib.parse import SplitResult, urljoin, urlsplit

import numpy as np

from speasy_core.timerange import TimeRange
from speasy_core.variable import SpeasyVariable

__all__ = ["nothing", "split_link", "trim"]


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
