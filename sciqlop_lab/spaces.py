"""Graphs whose x axis is not time: orbits, one value against another, histograms of both.

They follow the panel's range of time all the same: what they show is made anew for exactly the
visible range, as with a function of that locality.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Hashable, Mapping, Sequence
from typing import Any

import numpy as np

from speasy_core import signal
from speasy_core.errors import VariableError
from speasy_core.http import Deadline
from speasy_core.timerange import TimeRange
from speasy_core.variable import SpeasyVariable

from . import marks, orbits
from .loaded import Loaded
from .marks.curve import CurvePicture
from .marks.histogram import HistogramPicture
from .sources import held
from .spec import GraphSpec
from .tilecache import Result
from .usercode import captured_output
from .views import ViewRequest

__all__ = ["Fetch", "SpaceSource", "paired"]

_RETRY_AFTER = 15.0  # seconds before what was not delivered is asked for again

# (range, deadline, pixels) -> samples of the range
Fetch = Callable[[TimeRange, Deadline, int], SpeasyVariable]


class _Made(Loaded):
    """Samples with a picture of them that is there already."""

    def __init__(
        self, variable: SpeasyVariable, span: TimeRange, label: str, picture: marks.Picture
    ) -> None:
        super().__init__(variable, span, "auto", label)
        self._picture = picture


class SpaceSource:
    """Draws what `fetches` give for the visible range, once for each.

    Parameters
    ----------
    graph : GraphSpec
        Of one of the kinds of `plotkinds.SPACE_KINDS`.
    fetches : sequence of callable
        One for each product of the graph: the second is put on the times of the first.
    timeout : float
        Seconds that one view may wait.
    lane : hashable
        See `Source`.
    """

    tiled = False

    def __init__(
        self, graph: GraphSpec, fetches: Sequence[Fetch], timeout: float, lane: Hashable
    ) -> None:
        self._graph, self._fetches = graph, fetches
        self.timeout, self.lane = timeout, lane
        self.label = graph.product.rpartition("/")[2]
        self._last: tuple[Result, float] | None = None
        self._busy = threading.Lock()

    def ready(self, request: ViewRequest) -> list[Result] | None:
        """Answer when the range is the last one, and all of it was delivered."""
        if self._last is None or self._last[0].range != request.range:
            return None
        result, since = self._last
        missing = any(gap["retryable"] for gap in result.fields.get("gaps", ()))
        return None if missing and time.monotonic() - since > _RETRY_AFTER else [result]

    def draft(self, request: ViewRequest) -> list[Result]:
        """Return none: there is nothing to draw before it is fetched."""
        return []

    def load(self, request: ViewRequest, deadline: Deadline) -> list[Result]:
        """Fetch, and draw."""
        with held(self._busy, deadline, self.label):
            results = self.ready(request)
            if results is not None:
                return results
            with captured_output():
                result = self._draw(request, deadline)
            if not deadline.cancelled:
                self._last = result, time.monotonic()
            return [result]

    def _draw(self, request: ViewRequest, deadline: Deadline) -> Result:
        span, graph = request.range, self._graph
        found = [fetch(span, deadline, request.width) for fetch in self._fetches]
        if not all(len(variable) for variable in found):
            empty = next(variable for variable in found if not len(variable))
            return Loaded(empty, span, "line", self.label).draw(request, span, [])
        if graph.kind == "orbit":
            variable, fields = orbits.of_positions(found[0], graph.options)
        else:
            variable, fields = paired(found, graph.options)
        picture: marks.Picture = (
            HistogramPicture(variable, dict(graph.options))
            if graph.kind == "histogram2d"
            else CurvePicture(variable)
        )
        notes = fields.pop("notes", [])
        notes += [f"not delivered: {gap.reason}" for gap in variable.gaps][:1]
        result = _Made(variable, span, self.label, picture).draw(request, span, notes)
        if result.fields["status"] == "ok":
            result.fields.update(fields)
            if graph.kind != "histogram2d":
                result.fields["color"] = graph.options.get("color", "plain")
        return result

    def serves(self, running: TimeRange, wanted: TimeRange) -> bool:
        """Say no: a range gives the picture of this range alone."""
        return running == wanted

    def abandon(self) -> None:
        """Let the next begin although the last has not ended."""
        self._busy = threading.Lock()


def paired(
    found: Sequence[SpeasyVariable], options: Mapping[str, Any]
) -> tuple[SpeasyVariable, dict[str, Any]]:
    """Return one variable of two components, and what its axes are called.

    Parameters
    ----------
    found : sequence of one or two SpeasyVariable
        Two components of the first, or one of the first and one of the second, interpolated at
        the times of the first.
    options : mapping
        ``columns``: names or numbers of the two.

    Returns
    -------
    variable : SpeasyVariable, shape (n, 2)
    fields : dict
        ``x_label``, ``x_unit``, ``y_label``, ``y_unit``.

    Raises
    ------
    VariableError
        There is no such component, or only one.

    Examples
    --------
    >>> v = SpeasyVariable([0, 1], [[1.0, 2.0], [3.0, 4.0]], columns=["bx", "by"], unit="nT")
    >>> pair, fields = paired([v], {"columns": ["by", "bx"]})
    >>> pair.values[0], fields["x_label"], fields["y_unit"]
    (array([2., 1.]), 'by', 'nT')
    """
    columns = options.get("columns")
    if len(found) == 1:
        wanted = columns or (0, 1)
        parts = [_component(found[0], which) for which in wanted]
        labels = [part.columns[0] for part in parts]
    else:
        wanted = columns or (0, 0)
        x, y = (_component(v, which) for v, which in zip(found, wanted, strict=True))
        parts = [x, signal.interpolate(x, y)]
        labels = [_title(v, part) for v, part in zip(found, parts, strict=True)]
    # labels may be the same, names of columns not
    names = labels if labels[0] != labels[1] else [f"{labels[0]} (x)", f"{labels[1]} (y)"]
    values = np.stack([part.fill_to_nan().values for part in parts], axis=1)
    units = [part.unit for part in parts]
    gaps = tuple(gap for variable in found for gap in variable.gaps)
    provenance = tuple(origin for variable in found for origin in variable.provenance)
    meta = {"dataset": found[0].meta["dataset"]} if "dataset" in found[0].meta else {}
    variable = SpeasyVariable(
        found[0].time, values, columns=names, unit=units[0], name=f"{labels[1]} over {labels[0]}",
        meta=meta, gaps=gaps, provenance=provenance,
    )  # fmt: skip
    fields = {"x_label": labels[0], "y_label": labels[1], "x_unit": units[0], "y_unit": units[1]}
    return variable, fields


def index_named(which: str, columns: Sequence[str], name: str) -> int:
    """Return the place of a column, by its name or by how that one alone begins, in any case.

    Examples
    --------
    >>> index_named("by", ["Bx GSE", "By GSE"], "b")
    1
    """
    wanted, known = which.strip().lower(), [column.lower() for column in columns]
    if wanted in known:
        return known.index(wanted)
    alike = [i for i, column in enumerate(known) if wanted and column.startswith(wanted)]
    if len(alike) != 1:
        raise VariableError(
            f"{name} has no component {which!r:.40}", hint=f"components: {', '.join(columns)}"
        )
    return alike[0]


def _title(variable: SpeasyVariable, part: SpeasyVariable) -> str:
    """Return what a component of one of two products is called."""
    whole = variable.ndim == 1 or variable.shape[1] == 1
    named = (variable.name, part.columns[0])
    return named[0] or named[1] if whole else " ".join(text for text in named if text)


def _component(variable: SpeasyVariable, which: str | int) -> SpeasyVariable:
    """Return one component, shape (n,)."""
    name, columns = variable.name or "the product", list(variable.columns)
    if variable.dtype.kind not in "fiub" or variable.ndim > 2 or variable.kind == "spectrogram":
        raise VariableError(
            f"{name} is no list of components",
            hint="only numbers of some components have an x-y plot",
        )
    count = 1 if variable.ndim == 1 else variable.shape[1]
    columns = columns if len(columns) == count else [str(i) for i in range(count)]
    index = index_named(which, columns, name) if isinstance(which, str) else which
    if index >= count:
        raise VariableError(
            f"{name} has {count} component{'s' * (count > 1)}, and none of number {index}",
            hint="give the product of the other axis: panel.xy(x, y)" if count == 1 else None,
        )
    values = variable.values if variable.ndim == 1 else variable.values[:, index]
    return variable.copy(values=values, columns=[columns[index]], axes=())
