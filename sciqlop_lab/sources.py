"""Where the samples of a graph come from: an archive, a variable at hand, or a function."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np

from speasy_core.errors import SpeasyError
from speasy_core.http import Deadline
from speasy_core.product import ProductInfo, ProductRef
from speasy_core.timerange import MAX_NS, MIN_NS, TimeRange, format_ns
from speasy_core.variable import SpeasyVariable

from . import marks
from .usercode import captured_output

__all__ = [
    "FunctionSource", "ProductSource", "Result", "Source", "StaticSource", "ViewRequest"
]  # fmt: skip

_RETRY_AFTER = 15.0  # seconds before a server that failed is asked for the same range again
_MOST_OUTPUT = 300
_MOST_WARNINGS = 3


@dataclass(frozen=True, slots=True)
class ViewRequest:
    """A picture that a view wants now."""

    view: str
    gen: int
    range: TimeRange
    width: int

    def same_picture(self, other: ViewRequest) -> bool:
        """Whether both ask for the same range at the same width."""
        return self.range == other.range and self.width == other.width


@dataclass(frozen=True, slots=True)
class Result:
    """One finished item: its fields, its arrays by field, and the range that it covers."""

    fields: dict[str, Any]
    range: TimeRange
    arrays: dict[str, np.ndarray[Any, Any]] = field(default_factory=dict)


class Source(Protocol):
    """What a graph is drawn from. Methods are called from worker threads, several at once.

    Attributes
    ----------
    label : str
        Its name where the data does not give one.
    timeout : float
        Seconds that `load` may take.
    """

    label: str
    timeout: float

    def ready(self, request: ViewRequest) -> Result | None:
        """Answer from memory within milliseconds, or return None."""
        ...

    def load(self, request: ViewRequest, deadline: Deadline) -> Result:
        """Answer, however long it takes; errors are raised."""
        ...

    def serves(self, running: TimeRange, wanted: TimeRange) -> bool:
        """Whether what is being loaded for `running` is of use for `wanted`."""
        ...


def widened(span: TimeRange) -> TimeRange:
    """Return `span` with half of its length on either side, so that a pan finds data there."""
    half = span.duration_ns // 2
    return TimeRange.from_ns(max(MIN_NS, span.start_ns - half), min(MAX_NS, span.stop_ns + half))


def _gaps(variable: SpeasyVariable, cover: TimeRange) -> list[dict[str, Any]]:
    return [
        {
            "start": str(gap.range.start_ns),
            "stop": str(gap.range.stop_ns),
            "reason": gap.reason,
            "retryable": gap.retryable,
        }
        for gap in variable.gaps
        if gap.range.overlaps(cover)
    ]


class Loaded:
    """A variable, the range it is known for, and its picture, made when first drawn."""

    def __init__(
        self, variable: SpeasyVariable, span: TimeRange, kind: str, label: str, extent: str = ""
    ) -> None:
        self.variable, self.span, self.label = variable, span, label
        self._extent = [extent] if extent else []
        self._kind = kind
        self._picture: marks.Picture | None = None
        self._lock = threading.Lock()
        self.since = time.monotonic()

    @property
    def retryable(self) -> bool:
        """Whether parts are missing that another try may bring."""
        return any(gap.retryable for gap in self.variable.gaps)

    def picture(self) -> marks.Picture:
        """Return the prepared picture."""
        with self._lock:
            if self._picture is None:
                mark = marks.choose(self.variable, self._kind)
                self._picture = mark.prepare(self.variable)
            return self._picture

    def draw(self, request: ViewRequest, cover: TimeRange, notes: list[str]) -> Result:
        """Return the item for `cover` at the resolution of `request`."""
        drawn = None
        if len(self.variable):
            scale = cover.duration_ns / request.range.duration_ns
            drawn = self.picture().draw(cover, max(1, round(request.width * scale)))
        gaps = _gaps(self.variable, cover)
        if drawn is not None:
            fields, arrays = drawn
            label = fields["label"] or self.label
            notes = [*fields["notes"], *notes]
            fields = {**fields, "status": "ok", "label": label, "gaps": gaps, "notes": notes}
            return Result(fields, cover, arrays)
        missing = request.range.subtract([gap.range for gap in self.variable.gaps])
        if gaps and not missing:
            return self._failed(cover)
        message = f"no data from {format_ns(cover.start_ns)} to {format_ns(cover.stop_ns)}"
        message = "; ".join([message, *self._extent, *notes])
        fields = {"status": "empty", "label": self.label, "message": message, "gaps": gaps}
        return Result(fields, cover)

    def _failed(self, cover: TimeRange) -> Result:
        """Return the error of a range of which nothing was delivered."""
        gaps = [gap for gap in self.variable.gaps if gap.range.overlaps(cover)]
        reasons = list(dict.fromkeys(gap.reason for gap in gaps))
        hint = "move the view to ask again" if any(gap.retryable for gap in gaps) else None
        error = {
            "type": "DataNotDelivered", "message": "; ".join(reasons), "hint": hint,
            "traceback": None,
        }  # fmt: skip
        return Result({"status": "error", "label": self.label, "error": error}, cover)


class StaticSource:
    """A variable that the user has at hand."""

    timeout = float("inf")

    def __init__(self, variable: SpeasyVariable, kind: str = "auto") -> None:
        everything = TimeRange.from_ns(MIN_NS, MAX_NS)
        self.label = variable.name or "data"
        self._loaded = Loaded(variable, everything, kind, self.label)
        self._prepared = len(variable) < 100_000

    def ready(self, request: ViewRequest) -> Result | None:
        """Answer at once, but for the first picture of a long variable."""
        return self._draw(request) if self._prepared else None

    def load(self, request: ViewRequest, deadline: Deadline) -> Result:
        """Prepare a long variable and answer."""
        result = self._draw(request)
        self._prepared = True
        return result

    def serves(self, running: TimeRange, wanted: TimeRange) -> bool:
        """Say yes: preparing serves every view."""
        return True

    def _draw(self, request: ViewRequest) -> Result:
        return self._loaded.draw(request, widened(request.range), [])


class ProductSource:
    """A product of an archive: half a view is fetched on either side, and kept.

    Parameters
    ----------
    get_data : callable
        As `Session.get_data`.
    describe : callable
        As `Session.info`.
    timeout : float
        Seconds that one view may wait.
    """

    def __init__(
        self,
        get_data: Callable[..., Any],
        describe: Callable[[ProductRef], ProductInfo | None],
        ref: ProductRef,
        kind: str,
        timeout: float,
    ) -> None:
        self._get_data, self._describe, self._ref, self._kind = get_data, describe, ref, kind
        self.timeout, self.label = timeout, ref.path.rpartition("/")[2]
        self._loaded: Loaded | None = None
        self._busy = threading.Lock()  # two views that want the same do not both fetch it

    def ready(self, request: ViewRequest) -> Result | None:
        """Answer when the visible range lies in what is loaded."""
        loaded = self._loaded
        if loaded is None or request.range not in loaded.span:
            return None
        if loaded.retryable and time.monotonic() - loaded.since > _RETRY_AFTER:
            return None
        cover = widened(request.range).intersect(loaded.span)
        return loaded.draw(request, cover or request.range, [])

    def load(self, request: ViewRequest, deadline: Deadline) -> Result:
        """Fetch the visible range and half of it on either side, and answer."""
        with self._busy:
            deadline.check(str(self._ref))
            result = self.ready(request)
            if result is not None:
                return result
            span = widened(request.range)
            with captured_output():  # gaps and coverage are shown on the plot, not warned of
                variable = self._get_data(
                    self._ref, span.start, span.stop, timeout=deadline, on_error="gaps"
                )
            extent = "" if len(variable) else self._extent(span)
            loaded = Loaded(variable, span, self._kind, self.label, extent)
            result = loaded.draw(request, span, [])
            self._loaded = loaded
            return result

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
        return widened(running).overlaps(wanted)


class Computed(Protocol):
    """What a function source calls."""

    ref: ProductRef
    __name__: str

    def compute(self, asked: TimeRange) -> SpeasyVariable:
        """Return the samples for exactly `asked`."""
        ...


class FunctionSource:
    """A function of the user: called with exactly the visible range, once for each.

    Parameters
    ----------
    product : Computed
        A VirtualProduct, as a rule.
    kind : str
        The mark to draw it with.
    """

    timeout = float("inf")

    def __init__(self, product: Computed, kind: str) -> None:
        self._product, self._kind, self.label = product, kind, product.__name__
        self._last: tuple[Loaded, list[str]] | None = None
        self._busy = threading.Lock()

    def ready(self, request: ViewRequest) -> Result | None:
        """Answer when the range is the one of the last call."""
        last = self._last
        if last is None or last[0].span != request.range:
            return None
        return self._draw(request, *last)

    def _draw(self, request: ViewRequest, loaded: Loaded, notes: list[str]) -> Result:
        """Return the item under the function's name, not that of what it computes from."""
        result = loaded.draw(request, request.range, notes)
        if result.fields["status"] == "ok":
            result.fields["label"] = self.label
            if len(result.fields.get("columns", ())) == 1:
                result.fields["columns"] = [self.label]
        return result

    def load(self, request: ViewRequest, deadline: Deadline) -> Result:
        """Call the function and answer."""
        with self._busy:
            deadline.check(str(self._product.ref))
            result = self.ready(request)
            if result is not None:
                return result
            with captured_output() as output:
                variable = self._product.compute(request.range)
            printed = output.text.strip()
            notes = [f"printed: {printed[:_MOST_OUTPUT]}"] if printed else []
            told = dict.fromkeys(str(w)[:_MOST_OUTPUT] for w in output.warnings)
            notes += [f"warning: {text}" for text in list(told)[:_MOST_WARNINGS]]
            if len(variable) and not _touches(variable, request.range):
                notes.append("every sample lies outside the range that was asked for")
            loaded = Loaded(variable, request.range, self._kind, self.label)
            self._last = (loaded, notes)
            return self._draw(request, loaded, notes)

    def serves(self, running: TimeRange, wanted: TimeRange) -> bool:
        """Say no: what the function gives for one range is of no use for another."""
        return running == wanted


class MissingSource:
    """A graph whose data is not in this kernel."""

    timeout = 1.0

    def __init__(self, error: SpeasyError, label: str) -> None:
        self._error, self.label = error, label

    def ready(self, request: ViewRequest) -> Result | None:
        """Raise the reason."""
        raise self._error

    def load(self, request: ViewRequest, deadline: Deadline) -> Result:
        """Raise the reason."""
        raise self._error

    def serves(self, running: TimeRange, wanted: TimeRange) -> bool:
        """Say yes: there is nothing to wait for."""
        return True


def _touches(variable: SpeasyVariable, span: TimeRange) -> bool:
    times = variable.time_ns
    return bool(times[-1] >= span.start_ns and times[0] < span.stop_ns)
