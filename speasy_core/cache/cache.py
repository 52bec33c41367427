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
from pathlib import Path
from typing import Any, Literal

from speasy_core.config import Settings
from speasy_core.errors import VariableError
from speasy_core.http import Deadline
from speasy_core.store import Store
from speasy_core.timerange import TimeRange
from speasy_core.variable import SpeasyVariable

from .bundle import write_bundle
from .compaction import Joiner
from .flights import Flights
from .gather import Ask, Fetch, Gather
from .keeper import Keeper
from .picture import CachedPicture, Ledger
from .pins import ALWAYS, Pins, joined_spans, product_of
from .pyramids import Pyramids
from .results import Results
from .salvage import Damage
from .stock import Kept, Stock, as_products, as_span
from .unbundle import Bundle

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
        self._pyramids = Pyramids(self._keeper)
        self._joiner = Joiner(self._keeper, self._pyramids.renew)
        self._pins = Pins(store)
        self._stock = Stock(self._keeper, self._pins)
        self.results = Results(self._keeper)
        self._used: dict[str, list[TimeRange]] = {}
        store.protected = self._pins.blobs
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
        self._note_use(key, range)
        ask = Ask(key, range, fetch, deadline, max_request_ns, refresh, on_error == "gaps")
        gather = Gather(ask, self._keeper, self._flights, self._damage)
        if not refresh or offline:
            gather.read_kept()
        if offline:
            return gather.offline()
        self._complete(key, gather)
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

    def picture(
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
    ) -> CachedPicture:
        """Return a product as it is drawn; what is missing is fetched, what is kept not read.

        Parameters and errors are those of `get`.

        Examples
        --------
        >>> import numpy as np
        >>> from speasy_core.provider import Fetched
        >>> from speasy_core.store import MemoryStore
        >>> def fetch(range, since):
        ...     t = np.arange(range.start_ns, range.stop_ns, 10**9)
        ...     return Fetched(SpeasyVariable(t, np.sin(t / 1e13), name="x"))
        >>> cache, day = Cache(MemoryStore(), Settings()), TimeRange("2000-01-01", "2000-01-02")
        >>> int(cache.picture("p/x", day, fetch, deadline=Deadline(5)).reduce(100).count.sum())
        86400
        """
        self._note_use(key, range)
        head = self._pyramids.settled_head(key, range) if not refresh else None
        if head is None:
            ask = Ask(key, range, fetch, deadline, max_request_ns, refresh, on_error == "gaps")
            gather = Ledger(ask, self._keeper, self._flights, self._damage)
            if not refresh or offline:
                gather.read_kept()
            if not offline:
                self._complete(key, gather)
            head = gather.offline() if offline else gather.assemble()
            labels = self._pyramids.head(key)
            if labels is not None:
                head = labels.copy(gaps=head.gaps, provenance=head.provenance)
        return CachedPicture(self._pyramids, key, range, head)

    def _complete(self, key: str, gather: Gather) -> None:
        """Fetch what a call lacks."""
        gather.fetch()
        gather.one_version()
        with self._lock:
            if gather.asked:
                self._misses += 1
            else:
                self._hits += 1
        if gather.asked:
            self._joiner.ask(key)
        gather.judge()

    def _note_use(self, key: str, span: TimeRange) -> None:
        with self._lock:
            known = self._used.get(key, [])
            new = span.subtract(known)
            if new:
                self._used[key] = joined_spans([*known, *new])

    # -- what is kept -----------------------------------------------------------------------
    def info(self) -> dict[str, Any]:
        """Return where the cache is and what it holds.

        Returns
        -------
        dict
            ``place`` (disk, disk (read-only) or memory), ``folder``, ``size`` and ``limit`` in
            bytes, ``products``, ``fragments``, ``files``, ``states`` (number of fragments that are
            data, empty, provisional, and of failures remembered now), ``pinned`` (bytes),
            ``oldest`` (when the oldest answer came), ``hits`` and ``misses`` of this session.

        Examples
        --------
        >>> from speasy_core.store import MemoryStore
        >>> cache = Cache(MemoryStore(), Settings())
        >>> cache.info()["place"], cache.info()["size"]
        ('memory', 0)
        """
        found = self._store.info()
        return {
            "place": found["place"], "folder": found["folder"], "size": found["bytes"],
            "limit": found["limit"], "files": found["blobs"], **self._stock.info(),
            "hits": self._hits, "misses": self._misses,
        }  # fmt: skip

    def rate(self, product: str, range: TimeRange) -> float | None:
        """Return the bytes per second of a product; None where under 1 % of a range is kept."""
        return self._stock.rate(product, range.duration_ns / 100)

    def is_at_hand(self, key: str, range: TimeRange) -> bool:
        """Whether `get` would ask nobody, and read so little that a thread for it costs more."""
        return self._stock.is_at_hand(key, range)

    def entries(self, product: Any = None) -> list[Kept]:
        """Return what is kept, piece by piece, in order of product and time.

        Parameters
        ----------
        product : product or list of products, optional
            As for `get_data`; by default all.
        """
        return list(self._stock.kept(as_products(product)))

    def clear(self, product: Any = None, older_than: Any = None, *, pinned: bool = False) -> None:
        """Delete what is kept; the next call fetches it again.

        Parameters
        ----------
        product : product or list of products, optional
            By default all.
        older_than : float, timedelta or time, optional
            Only what was received so many seconds ago or more, or before a date.
        pinned : bool
            Also what is pinned.

        Examples
        --------
        >>> from speasy_core.store import MemoryStore
        >>> Cache(MemoryStore(), Settings()).clear("cda/AC_H0_MFI/BGSEc", older_than=86400)
        """
        products = as_products(product)
        self._damage.clear()
        if products is None and older_than is None and (pinned or not self._pins.all()):
            self._store.clear()
        else:
            for key in self._stock.clear(products, older_than, pinned):
                self._pyramids.renew(key)  # deletes those of what is gone

    def evict(self, size: int = 0) -> None:
        """Delete what was least recently used until `size` bytes are left; never what is pinned."""
        self._store.make_room(size)

    def pin(self, product: Any, start: Any = None, stop: Any = None) -> None:
        """Keep products for good: what is there now, and what will come.

        Parameters
        ----------
        product : product or list of products
        start, stop : time, optional
            By default all of time.

        Examples
        --------
        >>> from speasy_core.store import MemoryStore
        >>> Cache(MemoryStore(), Settings()).pin("cda/AC_H0_MFI/BGSEc", "2020", "2021")
        """
        self._pins.add(as_products(product) or (), as_span(start, stop))

    def unpin(self, product: Any = None, start: Any = None, stop: Any = None) -> None:
        """Undo `pin`; without a product for all."""
        products = as_products(product)
        chosen = self._pins.all() if products is None else products
        self._pins.remove(list(chosen), as_span(start, stop))

    def export(self, file: Any, products: Any = None, start: Any = None, stop: Any = None) -> Path:
        """Write a bundle: one file to share and to cite, see :mod:`speasy_core.cache.bundle`.

        Parameters
        ----------
        file : Path or str
            ``*.zip``; an existing file is replaced when the new one is whole.
        products : product or list of products, optional
            By default what this session has asked for, in the ranges that it asked for.
        start, stop : time, optional
            Only this range.

        Returns
        -------
        Path
            The file.

        Raises
        ------
        OfflineError
            Nothing of it is kept.
        """
        span = as_span(start, stop)
        if products is None:
            with self._lock:
                used = {key: list(spans) for key, spans in self._used.items()}
        else:
            used = {key: [ALWAYS] for key in self._stock.keys(as_products(products))}
        common = {k: [c for s in spans if (c := s.intersect(span))] for k, spans in used.items()}
        path = Path(file).expanduser()
        write_bundle(self._keeper, path, common)
        return path

    def import_(self, file: Any) -> list[str]:
        """Take in a bundle, after all of it was checked; offline calls then answer from it.

        What is kept already and newer stays.

        Parameters
        ----------
        file : Path or str

        Returns
        -------
        list of str
            The products.

        Raises
        ------
        CorruptFile
            Cut, damaged or changed after it was made; nothing was taken in.
        UnsupportedFormat
            It is something else.
        RequestTooLarge
            More than the cache takes.
        """
        path = Path(file).expanduser()
        found: dict[str, None] = {}
        with Bundle(path, int(self._store.info()["limit"])) as bundle:
            for _ in bundle.pieces():  # all of it is sound before any of it is kept
                pass
            for key, fragment, variable in bundle.pieces():
                self._keeper.adopt(key, fragment, variable)
                found[product_of(key)] = None
        return list(found)

    def settle(self, seconds: float = 60.0) -> bool:
        """Join small files now rather than some time; returns whether it was done in time."""
        return self._joiner.finish(seconds)

    def close(self) -> None:
        """Release files and threads; a later call opens them again."""
        self._joiner.close()
        self._pyramids.forget_all()
        self._store.close()


# `import` is a word of the language: getattr(cache, "import") is for those who look for it
setattr(Cache, "import", Cache.import_)
