"""Where the samples of a graph come from: an archive, a variable at hand, or a function."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Hashable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Protocol

from speasy_core.errors import OfflineError, SpeasyError, VariableError
from speasy_core.http import Deadline
from speasy_core.lod import check_mean
from speasy_core.product import ProductInfo, ProductRef
from speasy_core.timerange import MAX_NS, MIN_NS, TimeRange, format_ns
from speasy_core.variable import SpeasyVariable

from .loaded import Loaded, widened
from .tilecache import TILES, Result
from .usercode import captured_output
from .views import ViewRequest
from .virtual.knobs import canonical_hash

__all__ = ["MissingSource", "ProductSource", "Result", "Source", "StaticSource", "held"]

_RETRY_AFTER = 15.0  # seconds before a server that failed is asked for the same range again
_MARGIN = 0.25  # of a view that is fetched on either side of it, for lines to leave the plot
_MOST_LOADED = 2
_MANY_BYTES = 32 * 2**20  # of samples, above which their pyramids are read instead
_SHORT = 100_000  # rows that take no noticeable time to prepare


class Source(Protocol):
    """What a graph is drawn from. Methods are called from worker threads, several at once.

    Attributes
    ----------
    label : str
        Its name where the data does not give one.
    timeout : float
        Seconds that `load` may take.
    tiled : bool
        Whether its picture consists of tiles. What a function computes for one range says
        nothing about another: it has none, and nothing of it is fetched ahead.
    lane : hashable
        Loads of one lane wait for each other; None for the lane of the panel's functions.
    """

    label: str
    timeout: float
    tiled: bool
    lane: Hashable

    def ready(self, request: ViewRequest) -> list[Result] | None:
        """Answer from memory within milliseconds, or return None."""
        ...

    def draft(self, request: ViewRequest) -> list[Result]:
        """Return rough tiles that stand in until `load` ends, within milliseconds, or none."""
        ...

    def load(self, request: ViewRequest, deadline: Deadline) -> list[Result]:
        """Answer, however long it takes; errors are raised."""
        ...

    def serves(self, running: TimeRange, wanted: TimeRange) -> bool:
        """Whether what is being loaded for `running` is of use for `wanted`."""
        ...

    def abandon(self) -> None:
        """Let go of a load that does not end when it is cancelled."""
        ...


@contextmanager
def held(lock: threading.Lock, deadline: Deadline, what: str) -> Iterator[None]:
    """Hold a lock; who is cancelled while he waits for it goes away."""
    while not lock.acquire(timeout=0.05):
        deadline.check(f"waiting for {what}")
    try:
        deadline.check(what)
        yield
    finally:
        lock.release()


class StaticSource:
    """A variable that the user has at hand."""

    timeout = float("inf")
    tiled = True

    def __init__(
        self, variable: SpeasyVariable, kind: str = "auto", mean: str | None = None
    ) -> None:
        everything = TimeRange.from_ns(MIN_NS, MAX_NS)
        self.label = variable.name or "data"
        self._name: Hashable = object()  # no other variable's tiles are this one's
        self.lane: Hashable = self._name
        self._loaded = Loaded(variable, everything, kind, self.label, mean=mean)
        self._prepared = len(variable) < _SHORT

    def ready(self, request: ViewRequest) -> list[Result] | None:
        """Answer at once, but for the first picture of a long variable."""
        return self._draw(request) if self._prepared else None

    def draft(self, request: ViewRequest) -> list[Result]:
        """Return tiles of some of the rows, while all are being prepared."""
        few = self._loaded.thinned(request.range) if request.tiles else None
        drawn = [] if few is None else few.tiles(request, request.tiles or ())
        return [result for result in drawn if result.fields["status"] == "ok"]

    def load(self, request: ViewRequest, deadline: Deadline) -> list[Result]:
        """Prepare a long variable and answer."""
        results = self._draw(request)
        self._prepared = True
        return results

    def serves(self, running: TimeRange, wanted: TimeRange) -> bool:
        """Say yes: preparing serves every view."""
        return True

    def abandon(self) -> None:
        """Do nothing: preparing ends."""

    def _draw(self, request: ViewRequest) -> list[Result]:
        if request.tiles is None:
            return [self._loaded.draw(request, widened(request.range), [])]
        return TILES.serve(self._name, request, self._loaded.tiles)


class ProductSource:
    """A product of an archive.

    The visible range is fetched with some room on either side, and kept; the tiles made of it are
    kept longer than it.

    Parameters
    ----------
    get_data : callable
        As `Session.get_data`.
    describe : callable
        As `Session.info`.
    timeout : float
        Seconds that one view may wait.
    get_picture : callable, optional
        As `Session.get_picture`: with it, long ranges are drawn from the pyramids of the cache,
        and their samples are not loaded.
    options : mapping, optional
        Of `get_data`, such as a coordinate system.
    mean : {"linear", "log"}, optional
        Of the cells of a spectrogram.
    """

    tiled = True

    def __init__(
        self,
        get_data: Callable[..., Any],
        describe: Callable[[ProductRef], ProductInfo | None],
        ref: ProductRef,
        kind: str,
        timeout: float,
        get_picture: Callable[..., Any] | None = None,
        options: Mapping[str, Any] | None = None,
        mean: str | None = None,
    ) -> None:
        self._options, self._mean = dict(options or {}), mean
        self._get_data, self._describe, self._ref, self._kind = get_data, describe, ref, kind
        self._get_picture = get_picture
        self.timeout, self.label = timeout, ref.path.rpartition("/")[2]
        self.lane: Hashable = ref
        self._name: Hashable = get_data, ref, kind, mean, canonical_hash(self._options)
        self._loaded: tuple[Loaded, ...] = ()
        # two views that want the same do not both fetch it; what is fetched ahead stops nobody
        self._busy, self._busy_ahead = threading.Lock(), threading.Lock()

    def ready(self, request: ViewRequest) -> list[Result] | None:
        """Answer when what the request needs lies in what is loaded, or has its tiles."""
        if request.tiles is not None:
            kept = TILES.find(self._name, request)
            if kept is not None:
                return kept
        for loaded in self._loaded:
            if request.range in loaded.span and not self._tries_again(loaded):
                try:
                    return self._draw(loaded, request)
                except OfflineError:  # deleted from the cache since: fetched again
                    self._loaded = tuple(old for old in self._loaded if old is not loaded)
        return None

    @staticmethod
    def _tries_again(loaded: Loaded) -> bool:
        return loaded.retryable and time.monotonic() - loaded.since > _RETRY_AFTER

    def _draw(self, loaded: Loaded, request: ViewRequest) -> list[Result]:
        if request.tiles is None:
            cover = widened(request.range).intersect(loaded.span)
            return [loaded.draw(request, cover or request.range, [])]
        if loaded.retryable:  # another try may bring more
            return loaded.tiles(request, request.tiles)
        return TILES.serve(self._name, request, loaded.tiles)

    def draft(self, request: ViewRequest) -> list[Result]:
        """Return none: there is nothing to draw before it is fetched."""
        return []

    def load(self, request: ViewRequest, deadline: Deadline) -> list[Result]:
        """Fetch what the request needs, and answer."""
        early = request.early is not None
        with held(self._busy_ahead if early else self._busy, deadline, str(self._ref)):
            results = self.ready(request)
            if results is not None:
                return results
            span = request.range if early else widened(request.range, _MARGIN)
            if request.tiles is None:
                span = widened(request.range)
            with captured_output():  # gaps and coverage are shown on the plot, not warned of
                loaded = self._fetch(span, deadline)
            results = self._draw(loaded, request)
            others = [old for old in self._loaded if old.span not in span]
            self._loaded = (loaded, *others[: _MOST_LOADED - 1])
            return results

    def _fetch(self, span: TimeRange, deadline: Deadline) -> Loaded:
        """Return the samples of a range, or where there are many a picture of them."""
        how: dict[str, Any] = {"timeout": deadline, "on_error": "gaps", **self._options}
        if self._get_picture is None:
            variable = self._get_data(self._ref, span.start, span.stop, **how)
        else:
            found = self._get_picture(self._ref, span.start, span.stop, **how)
            if not isinstance(found, SpeasyVariable):
                if found.nbytes > _MANY_BYTES and found.drawn_as(self._kind):
                    found.mean = check_mean(self._mean or "linear")
                    return self._as_loaded(found.head, span, lod=found)
                try:
                    found = found.samples()
                except (OfflineError, VariableError):  # deleted this moment, or of two shapes
                    found = self._get_data(self._ref, span.start, span.stop, **how)
            variable = found
        extent = "" if len(variable) else self._extent(span)
        return self._as_loaded(variable, span, extent)

    def _as_loaded(
        self, variable: SpeasyVariable, span: TimeRange, extent: str = "", lod: Any = None
    ) -> Loaded:
        return Loaded(variable, span, self._kind, self.label, extent, lod, self._mean)

    def _extent(self, span: TimeRange) -> str:
        """Say where the archive has data, when that is elsewhere."""
        info = self._describe(self._ref)
        coverage = None if info is None else info.coverage
        if coverage is None or coverage.overlaps(span):
            return ""
        return (
            f"the archive has it from {format_ns(coverage.start_ns)} "
            f"to {format_ns(coverage.stop_ns)}"
        )

    def serves(self, running: TimeRange, wanted: TimeRange) -> bool:
        """Whether the range that is being fetched has a part of the wanted one."""
        return widened(running, _MARGIN).overlaps(wanted)

    def abandon(self) -> None:
        """Do nothing: a request to an archive ends when it is cancelled."""


class MissingSource:
    """A graph whose data is not in this kernel."""

    timeout = 1.0
    tiled = False
    lane: Hashable = None

    def __init__(self, error: SpeasyError, label: str) -> None:
        self._error, self.label = error, label

    def ready(self, request: ViewRequest) -> list[Result] | None:
        """Raise the reason."""
        raise self._error

    def draft(self, request: ViewRequest) -> list[Result]:
        """Return none: there is nothing."""
        return []

    def load(self, request: ViewRequest, deadline: Deadline) -> list[Result]:
        """Raise the reason."""
        raise self._error

    def serves(self, running: TimeRange, wanted: TimeRange) -> bool:
        """Say yes: there is nothing to wait for."""
        return True

    def abandon(self) -> None:
        """Do nothing."""
