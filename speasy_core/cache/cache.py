"""The cache: asks an archive only for what is missing, and never answers with a silent hole.

::

    get -> fragments of the product (store)    what is kept, and how old it is
        -> wanted: missing and old ranges      cut by the longest request of the provider
        -> flights                             shared by threads and processes, 5 at a time
        -> parts of one version                older ones are asked again
        -> merge, trim, gaps, provenance

Samples returned plus declared gaps equal the range asked for.
"""

from __future__ import annotations

import threading
from typing import Any, Literal

from speasy_core.config import Settings
from speasy_core.errors import VariableError
from speasy_core.http import Deadline
from speasy_core.store import Store
from speasy_core.timerange import TimeRange
from speasy_core.variable import SpeasyVariable

from .flights import Flights
from .gather import Ask, Fetch, Gather
from .keeper import Keeper
from .salvage import Damage

__all__ = ["Cache"]


class Cache:
    """Keeps answers of archives by product and range of time; thread-safe.

    What was recent when it was received is asked again after 15 minutes, "no data" after a day,
    all else after a week; when the archive does not answer, what is kept is served and marked
    ``stale`` in its provenance.

    Parameters
    ----------
    store : Store
        Where answers are kept.
    settings : Settings
        Of the session.

    Examples
    --------
    >>> import numpy as np
    >>> from speasy_core.provider import Fetched
    >>> from speasy_core.store import MemoryStore
    >>> cache, asked = Cache(MemoryStore(), Settings()), []
    >>> def fetch(range, since):
    ...     asked.append(str(range))
    ...     t = np.arange(range.start_ns, range.stop_ns, 3600 * 10**9)
    ...     return Fetched(SpeasyVariable(t, np.ones(len(t)), name="x"))
    >>> for stop in ("2000-01-02", "2000-01-03"):
    ...     v = cache.get("p/x", TimeRange("2000-01-01", stop), fetch, deadline=Deadline(5))
    >>> len(v), asked[1]
    (48, '2000-01-02T00:00:00Z/2000-01-03T00:00:00Z')
    """

    def __init__(self, store: Store, settings: Settings) -> None:
        self._store = store
        self._settings = settings
        self._keeper = Keeper(store)
        self._flights = Flights()
        self._damage = Damage()
        self._lock = threading.Lock()
        self._hits = self._misses = 0

    def get(
        self,
        key: str,
        range: TimeRange,
        fetch: Fetch,
        *,
        deadline: Deadline,
        max_request_ns: int | None = None,
        offline: bool = False,
        refresh: bool = False,
        on_error: Literal["raise", "gaps"] = "raise",
    ) -> SpeasyVariable:
        """Return the samples of a product in a range.

        Parameters
        ----------
        key : str
            The product, ``provider/path``, with everything else that changes its samples.
        range : TimeRange
            Exactly this is fetched, less what is kept.
        fetch : callable
            ``fetch(range, since) -> Fetched``; called in other threads, several at a time.
        deadline : Deadline
            For the whole call.
        max_request_ns : int, optional
            The longest range that one `fetch` may ask for.
        offline : bool
            Answer from what is kept; the rest is a gap with the reason "offline".
        refresh : bool
            Fetch what is kept again, and keep the new answer.
        on_error : {"raise", "gaps"}
            What a part becomes that could not be fetched. With "gaps", a part that holds damaged
            data is asked for in halves, so that only the damage is lost.

        Returns
        -------
        SpeasyVariable
            Trimmed to `range`, with `gaps` and `provenance`.

        Raises
        ------
        SpeasyError
            Of a part that failed; the others are kept for the next call.
        OfflineError
            Offline, and nothing at all of the range is kept.
        """
        ask = Ask(key, range, fetch, deadline, max_request_ns, refresh, on_error == "gaps")
        gather = Gather(ask, self._keeper, self._flights, self._damage)
        if not refresh or offline:
            gather.read_kept()
        if offline:
            return gather.offline()
        gather.fetch()
        gather.one_version()
        with self._lock:
            if gather.asked:
                self._misses += 1
            else:
                self._hits += 1
        gather.judge()
        try:
            return gather.assemble()
        except VariableError:
            if refresh:
                raise
        # what is kept and what came now do not fit together: the archive changed the product
        return self.get(
            key,
            range,
            fetch,
            deadline=deadline,
            max_request_ns=max_request_ns,
            refresh=True,
            on_error=on_error,
        )

    def info(self) -> dict[str, Any]:
        """Return where the cache is (``place``: disk or memory), its size, limit and use."""
        return {**self._store.info(), "hits": self._hits, "misses": self._misses}

    def clear(self) -> None:
        """Delete everything that is kept."""
        self._store.clear()
        self._damage.clear()

    def close(self) -> None:
        """Release files and threads; a later call opens them again."""
        self._store.close()
