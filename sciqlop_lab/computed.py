"""Graphs whose samples a function of the user computes."""

from __future__ import annotations

import threading
from collections.abc import Hashable, Mapping
from typing import Any, Protocol

from speasy_core.http import Deadline
from speasy_core.product import ProductRef
from speasy_core.timerange import TimeRange
from speasy_core.variable import SpeasyVariable

from .loaded import Loaded
from .sources import held
from .tilecache import Result
from .usercode import Captured, captured_output
from .views import ViewRequest
from .virtual.guard import bounded
from .virtual.knobs import KnobSpec, usable

__all__ = ["Computed", "FunctionSource"]

_MOST_WARNING = 300
_MOST_WARNINGS = 3


class Computed(Protocol):
    """What a function source calls."""

    ref: ProductRef
    __name__: str
    timeout: float
    knobs: tuple[KnobSpec, ...]

    def compute(
        self,
        asked: TimeRange,
        *,
        knobs: Mapping[str, Any] | None = None,
        deadline: Deadline | None = None,
        pixels: int | None = None,
    ) -> SpeasyVariable:
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
    knobs : mapping, optional
        How its knobs are turned. What a function that was written anew does not take any more is
        left out.
    mean : {"linear", "log"}, optional
        Of the cells of a spectrogram.

    Attributes
    ----------
    told : dict
        What goes with every item: how the knobs were turned, and what the last call printed.
    """

    timeout = float("inf")  # the product's own is kept while it is called
    tiled = False
    lane: Hashable = None

    def __init__(
        self,
        product: Computed,
        kind: str,
        knobs: Mapping[str, Any] | None = None,
        mean: str | None = None,
    ) -> None:
        self._product, self._kind, self._mean = product, kind, mean
        self.label = product.__name__
        self._knobs = usable(product.knobs, knobs or {})
        self.told: dict[str, Any] = {"knobs": dict(knobs or {}), "output": ""}
        self._last: tuple[Loaded, list[str]] | None = None
        self._busy = threading.Lock()

    def turned(self, knobs: Mapping[str, Any]) -> FunctionSource:
        """Return the source with knobs turned; its calls wait for the end of those of this one."""
        other = FunctionSource(self._product, self._kind, knobs, self._mean)
        other._busy = self._busy
        return other

    def ready(self, request: ViewRequest) -> list[Result] | None:
        """Answer when the range is the one of the last call."""
        last = self._last
        if last is None or last[0].span != request.range:
            return None
        return [self._draw(request, *last)]

    def _draw(self, request: ViewRequest, loaded: Loaded, notes: list[str]) -> Result:
        """Return the item under the function's name, not that of what it computes from."""
        result = loaded.draw(request, request.range, notes)
        if result.fields["status"] == "ok":
            result.fields["label"] = self.label
            if len(result.fields.get("columns", ())) == 1:
                result.fields["columns"] = [self.label]
        return result

    def draft(self, request: ViewRequest) -> list[Result]:
        """Return none: what a function gives is not known before."""
        return []

    def load(self, request: ViewRequest, deadline: Deadline) -> list[Result]:
        """Call the function and answer."""
        with held(self._busy, deadline, str(self._product.ref)):
            results = self.ready(request)
            if results is not None:
                return results
            with captured_output() as output:
                try:
                    variable = self._compute(request, deadline)
                finally:
                    self.told = {**self.told, "output": output.text.strip()}
            notes = _warnings(output)
            if len(variable) and not _touches(variable, request.range):
                notes.append("every sample lies outside the range that was asked for")
            loaded = Loaded(variable, request.range, self._kind, self.label, mean=self._mean)
            if not deadline.cancelled:
                self._last = (loaded, notes)
            return [self._draw(request, loaded, notes)]

    def _compute(self, request: ViewRequest, deadline: Deadline) -> SpeasyVariable:
        product, knobs = self._product, self._knobs

        def call(own: Deadline) -> SpeasyVariable:
            return product.compute(request.range, knobs=knobs, deadline=own, pixels=request.width)

        return bounded(call, deadline, product.timeout, product.__name__)

    def abandon(self) -> None:
        """Let the next call begin although the last has not ended: it may be deep in C code."""
        self._busy = threading.Lock()

    def serves(self, running: TimeRange, wanted: TimeRange) -> bool:
        """Say no: what the function gives for one range is of no use for another."""
        return running == wanted


def _warnings(output: Captured) -> list[str]:
    told = dict.fromkeys(str(warning)[:_MOST_WARNING] for warning in output.warnings)
    return [f"warning: {text}" for text in list(told)[:_MOST_WARNINGS]]


def _touches(variable: SpeasyVariable, span: TimeRange) -> bool:
    times = variable.time_ns
    return bool(times[-1] >= span.start_ns and times[0] < span.stop_ns)
