"""The cache of what functions computed: valid as long as code, knobs and inputs are the same."""

from __future__ import annotations

import hashlib
import json
import warnings
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from speasy_core import inputs
from speasy_core.errors import SpeasyWarning, VariableError
from speasy_core.inputs import Input
from speasy_core.timerange import MAX_NS, MIN_NS, TimeRange
from speasy_core.variable import Provenance, SpeasyVariable, merge

from .knobs import canonical_hash

__all__ = ["KeptResults", "outward"]

# of the range that is asked for: what is computed beyond it so that pieces stay few
_BLOCKS = 32

Compute = Callable[[TimeRange], tuple[SpeasyVariable, list[Input]]]


def outward(span: TimeRange) -> TimeRange:
    """Return `span` widened to blocks of a power of two of nanoseconds, aligned with 1970.

    Examples
    --------
    >>> wide = outward(TimeRange.from_ns(1_000_003, 2_000_000))
    >>> wide.start_ns % 16384, wide.stop_ns % 16384, wide.start_ns <= 1_000_003
    (0, 0, True)
    """
    block = 1 << max(0, (span.duration_ns // _BLOCKS).bit_length() - 1)
    start, stop = span.start_ns // block * block, -(-span.stop_ns // block) * block
    return TimeRange.from_ns(max(MIN_NS, start), min(MAX_NS, stop))


class KeptResults:
    """What one product has computed, in the cache of its session.

    Parameters
    ----------
    product : str
        Its id.
    cache : callable
        Gives the cache's `results`.
    fingerprint_of : callable
        Gives the fingerprint of the function of a product's id; None where it has none.
    """

    def __init__(
        self,
        product: str,
        cache: Callable[[], Any],
        fingerprint_of: Callable[[str], str | None],
    ) -> None:
        self._product, self._cache, self._fingerprint_of = product, cache, fingerprint_of
        self._told: set[str] = set()

    def answer(
        self, asked: TimeRange, settings: Mapping[str, Any], in_blocks: bool, compute: Compute
    ) -> SpeasyVariable:
        """Return the samples of a range, computing what is not kept or holds no more.

        Parameters
        ----------
        asked : TimeRange
        settings : mapping
            Everything besides code and range that the result depends on.
        in_blocks : bool
            Whether pieces may be computed for themselves; else the range is one piece.
        compute : callable
            Gives the samples of a range and what they were computed from.
        """
        wanted = outward(asked) if in_blocks else asked
        place = canonical_hash(settings) + (
            "" if in_blocks else f"-{wanted.start_ns}-{wanted.stop_ns}"
        )
        key = self._key(place)
        if key is None:
            return compute(asked)[0]
        found = self._still_good(key, wanted)
        parts = [variable for _, variable in found]
        for missing in wanted.subtract([span for span, _ in found]):
            variable, came_from = compute(missing)
            if self._key(place) == key:
                self._keep(key, missing, variable, came_from)
            else:  # nobody knows which of the two it was computed from
                self.say("what it depends on changed while it ran")
            parts.append(variable)
        return self._joined(parts, asked, computed=len(parts) > len(found))

    def _key(self, place: str) -> str | None:
        code = self._fingerprint_of(self._product)
        return None if code is None else f"{self._product}?{code}-{place}"

    def _joined(
        self, parts: list[SpeasyVariable], asked: TimeRange, computed: bool
    ) -> SpeasyVariable:
        filled = [part for part in parts if len(part)] or parts[:1]
        whole = filled[0] if len(filled) == 1 else merge(filled)
        state = "fresh" if computed else "cached"
        origin = Provenance("vp", self._product, state, None, "")  # type: ignore[arg-type]
        inside: SpeasyVariable = whole[asked]
        return inside.copy(provenance=(*whole.provenance, origin))

    # -- what is kept -----------------------------------------------------------------------
    def _still_good(self, key: str, wanted: TimeRange) -> list[tuple[TimeRange, SpeasyVariable]]:
        good: list[tuple[TimeRange, SpeasyVariable]] = []
        results = self._cache()
        for piece in results.fragments(key, wanted):
            came_from = _read_inputs(piece.request)
            if came_from is None or self._state(came_from) != piece.version:
                continue
            for window, variable in results.find(key, piece.range):
                good.append((window.range, variable.copy(provenance=())))
            parent = inputs.current()
            if parent is not None:  # what it was computed from, its caller was, too
                parent.add([Input(i.key, i.range, self._state_of(i)) for i in came_from])
        return good

    def _keep(
        self, key: str, span: TimeRange, variable: SpeasyVariable, came_from: list[Input]
    ) -> None:
        lost = next((item for item in came_from if item.version is None), None)
        if lost is not None:
            self.say(f"{lost.key} has no version that could be told")
            return
        if variable.gaps:
            return
        version = _digest((item, item.version) for item in came_from)
        request = json.dumps(
            {"function": self._product, "inputs": list(dict.fromkeys(map(_row, came_from)))}
        )
        try:
            self._cache().keep(key, span, variable, version=version, request=request)
        except (VariableError, TypeError, ValueError) as error:
            self.say(f"its result cannot be stored: {error}")

    def _state(self, came_from: Iterable[Input]) -> str | None:
        """Return what `version` was when it was kept, if everything is as it was then."""
        states = [(item, self._state_of(item)) for item in came_from]
        return None if any(state is None for _, state in states) else _digest(states)

    def _state_of(self, item: Input) -> str | None:
        if item.range is not None:
            state: str | None = self._cache().state(item.key, item.range)
            return state
        if item.key in inputs.running()[:-1] or item.key == self._product:
            raise inputs.circle(item.key)
        return self._fingerprint_of(item.key)

    def say(self, why: str) -> None:
        """Say once that nothing is kept, and why."""
        if why not in self._told:
            self._told.add(why)
            warnings.warn(
                f"{self._product} is computed each time, although it is cachable: {why}",
                SpeasyWarning,
                stacklevel=2,
            )


def _row(item: Input) -> tuple[str, int | None, int | None]:
    span = item.range
    return (item.key, *((None, None) if span is None else (span.start_ns, span.stop_ns)))


def _digest(states: Iterable[tuple[Input, str | None]]) -> str:
    rows = sorted({json.dumps([_row(item), state]) for item, state in states})
    return hashlib.blake2b("\n".join(rows).encode(), digest_size=12).hexdigest()


def _read_inputs(request: str) -> list[Input] | None:
    try:
        rows = json.loads(request)["inputs"]
        return [
            Input(str(key), None if start is None else TimeRange.from_ns(start, stop), None)
            for key, start, stop in rows
        ]
    except (ValueError, TypeError, KeyError):
        return None
