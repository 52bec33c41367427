"""A slow and obvious judge: which class does an answer have?"""

from __future__ import annotations

from typing import Any

import numpy as np

from speasy_core.errors import SpeasyError
from speasy_core.timerange import TimeRange

from .world import SECRET, Asked, Listed, Outcome, World

__all__ = ["CLASSES", "GOOD", "judge"]

CLASSES = {
    "R": "right: the same as without the fault",
    "P": "partial: what is missing is declared as a gap, with one warning",
    "E": "a clear error of ours: product, range, server or file, cause, what to do; in time",
    "S": "older data, marked as such",
    "U": "an unclear error",
    "N": "a silent None, or silently nothing",
    "W": "wrong, mixed or holed data",
    "H": "later than the deadline and a second and a half",
    "C": "death of the process",
    "M": "more than 400 MB of memory",
    "L": "needless loss: the data could be had",
    "X": "something was executed, written outside or let out",
}
GOOD = "RPES"
LATE, MEMORY = 1.5, 400 * 2**20


def judge(expect: str, outcome: Outcome, world: World) -> tuple[str, str]:
    """Return the class of an answer, and why.

    Parameters
    ----------
    expect : str
        The class it must have; an error where there must be data is a loss.
    """
    harm = _harm(outcome, world)
    if harm:
        return "X", harm
    if outcome.seconds > outcome.timeout + LATE:
        return "H", f"{outcome.seconds:.2f} s, though {outcome.timeout:g} s were given"
    if isinstance(outcome, Listed):
        return _listing(outcome)
    found, why = _samples(outcome)
    if found == "E" and expect != "E":
        return "L", why
    return found, why


def _harm(outcome: Outcome, world: World) -> str:
    if world.canary.exists():
        return "the canary sang: something was executed or written where it must not be"
    texts = [str(outcome.error), repr(outcome.error), world.said.getvalue()]
    if isinstance(outcome, Asked):
        texts += [*outcome.warned, repr(outcome.result), str(getattr(outcome.result, "meta", ""))]
        texts += [str(getattr(outcome.result, "provenance", ""))]
    else:
        texts.append(outcome.flagged)
    return "the password is in a text" if any(SECRET in text for text in texts) else ""


def _samples(asked: Asked) -> tuple[str, str]:
    if asked.died:
        return "C", asked.died
    if asked.memory > MEMORY:
        return "M", f"{asked.memory / 2**20:.0f} MB"
    if asked.error is not None:
        return _error(asked.error)
    if asked.result is None:
        return "N", "None came back"
    return _compare(asked)


def _error(error: Any) -> tuple[str, str]:
    text = str(error)
    if not (isinstance(error, SpeasyError) or getattr(error, "ours", False)):
        return "U", f"{type(error).__name__}: {text}"
    lacks = [
        name
        for name, there in (
            ("the product", error.product),
            ("the range", error.range),
            ("server or file", error.url or error.source or "127.0.0.1" in text),
            ("a cause", len(error.message) > 15),
            ("what to do", error.hint),
        )
        if not there
    ]
    if lacks:
        return "U", f"the error lacks {', '.join(lacks)}: {text}"
    return "E", text


def _compare(asked: Asked) -> tuple[str, str]:
    """Hold every sample that came, and every one that did not, against the truth."""
    got, truth = asked.result, asked.truth
    if len(got) and got.shape[1:] != truth.shape[1:]:
        return "W", f"shape {got.shape} in place of {truth.shape}"
    span = TimeRange(asked.start, asked.stop)
    expected = dict(zip(truth.time_ns.tolist(), np.asarray(truth.values, float), strict=True))
    times = got.time_ns.tolist()
    if times != sorted(set(times)):
        return "W", "times are not strictly increasing"
    for time, value in zip(times, np.asarray(got.values, float), strict=True):
        if time not in expected:
            return "W", f"a sample at {np.datetime64(time, 'ns')} that there is not"
        if not np.array_equal(value, expected[time], equal_nan=True):
            return "W", f"{value} in place of {expected[time]} at {np.datetime64(time, 'ns')}"
    gaps = [gap.range for gap in got.gaps]
    there = set(times)
    for time in expected:
        if time not in there and not any(g.start_ns <= time < g.stop_ns for g in gaps):
            return "N" if not times else "W", f"silently without {np.datetime64(time, 'ns')}"
    if gaps:
        return _partial(asked, span, gaps)
    states = {origin.state for origin in got.provenance}
    if "stale" in states:
        return ("S", asked.warned[0]) if asked.warned else ("W", "older data without a warning")
    return "R", f"{len(times)} samples"


def _partial(asked: Asked, span: TimeRange, gaps: list[TimeRange]) -> tuple[str, str]:
    if not asked.warned:
        return "W", "gaps without a warning"
    if asked.lost is not None:
        may = TimeRange(*asked.lost)
        if any(gap.subtract([may]) for gap in gaps):
            return "L", f"gaps {[str(g) for g in gaps]}, though only {may} is at fault"
    if span.subtract(gaps) and not len(asked.result):
        return "L", "nothing, though not everything is declared missing"
    return "P", asked.result.gaps[0].reason


def _listing(listed: Listed) -> tuple[str, str]:
    if listed.error is not None:
        ours = isinstance(listed.error, SpeasyError)
        return ("E" if ours else "U"), str(listed.error)
    if listed.found == listed.truth:
        if listed.old:
            return ("S", listed.flagged) if listed.flagged else ("W", "old and not said so")
        return "R", f"{len(listed.found)} products"
    if listed.found - listed.truth:
        return "W", f"products that there are not: {sorted(listed.found - listed.truth)[:3]}"
    return ("P", listed.flagged) if listed.flagged else ("N", "products missing without a word")
