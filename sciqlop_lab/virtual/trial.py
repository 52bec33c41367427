"""The test run: a function is called once when it is defined, and told what to change."""

from __future__ import annotations

import math
import time
import warnings
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from sciqlop_lab.usercode import captured_output
from speasy_core import inputs
from speasy_core.calling import signature_of
from speasy_core.errors import (
    InvalidRequest,
    InvalidTime,
    OfflineError,
    ServerError,
    SpeasyWarning,
    VirtualProductError,
)
from speasy_core.http import Deadline
from speasy_core.timerange import TimeRange, format_ns
from speasy_core.variable import SpeasyVariable

from .fingerprint import NoFingerprint, fingerprint
from .guard import LimitPassed, bounded
from .locality import check_claim, cut
from .product import VirtualProduct

__all__ = ["Report", "check_definition", "examine", "range_for"]

_DAY = 86_400.0
_LONGEST = 15.0  # seconds that somebody who runs a cell may wait for it
_SLOW = 0.1  # of the length of the range: no zoom would be fluent
_SLOW_SECONDS = 2.0
_LATE = 0.05  # of the range that may be without samples at either end


@dataclass(slots=True)
class Report:
    """What a test run saw.

    Attributes
    ----------
    range : TimeRange
    variable : SpeasyVariable or None
        None where the function could not be tested.
    seconds : float
    remarks : list of str
        What could be better.
    failure : str
        Why it could not be tested.
    too_long : bool
        Whether that is because it did not end.
    """

    range: TimeRange
    variable: SpeasyVariable | None = None
    seconds: float = 0.0
    remarks: list[str] = field(default_factory=list)
    failure: str = ""
    too_long: bool = False

    def __str__(self) -> str:
        if self.variable is None:
            return f"could not be tested over {self.range}: {self.failure}"
        v = self.variable
        what = f"Data: {len(v)} points, shape {v.shape}, {v.dtype}, {self.seconds:.2f} s"
        return "\n".join([what, *self.remarks])


def range_for(product: VirtualProduct, shown: TimeRange | None) -> TimeRange:
    """Return a range to test over: the defaults of the two times, what a panel shows, or a day."""
    signature = signature_of(product.function)
    if signature is not None:
        first = list(signature.parameters.values())[:2]
        if len(first) == 2 and all(p.default is not p.empty for p in first):
            try:
                return TimeRange(first[0].default, first[1].default)
            except (InvalidRequest, InvalidTime):
                pass  # they mean something else
    if shown is not None:
        return shown
    now = float(int(time.time()))
    return TimeRange(now - _DAY, now)


def check_definition(product: VirtualProduct, given: Any, shown: TimeRange | None) -> Report:
    """Call the function of a product once; refuse what is wrong, and warn of what is odd.

    Parameters
    ----------
    product : VirtualProduct
    given : range, optional
        What to test over.
    shown : TimeRange, optional
        What a panel shows.

    Raises
    ------
    VirtualProductError
        Says what to change.
    """
    if given is None:
        span = range_for(product, shown)
    else:
        span = given if isinstance(given, TimeRange) else TimeRange(*given)
    report = examine(product, span)
    for remark in report.remarks:
        _warn(f"{product.ref}: {remark}")
    if report.failure and (given is not None or report.too_long):
        _warn(f"{product.ref} could not be tested over {span}: {report.failure}")
    return report


def _warn(text: str) -> None:
    warnings.warn(text, SpeasyWarning, stacklevel=5)


def examine(product: VirtualProduct, span: TimeRange) -> Report:
    """Return what a test run over `span` sees; raises what makes the product unusable."""
    report = Report(span)
    began = time.monotonic()
    asked: list[inputs.Input] = []
    try:
        report.variable = _measure(product, span, asked)
    except (ServerError, OfflineError, LimitPassed) as error:
        report.failure, report.too_long = error.message, isinstance(error, LimitPassed)
        return report
    except VirtualProductError as error:
        if not _is_excused(error, asked):
            raise _advised(error, span) from error.__cause__
        report.failure = error.message
        return report
    report.seconds = time.monotonic() - began
    report.remarks += _remarks(product, report)
    if product.margin_ns is not None:
        _check_locality(product, report, span)
    return report


def _measure(
    product: VirtualProduct, span: TimeRange, asked: list[inputs.Input] | None = None
) -> SpeasyVariable:
    """Call the function, no longer than is bearable; its own words are for other calls."""

    def call(own: Deadline) -> SpeasyVariable:
        with inputs.computing(str(product.ref), own) as work:
            try:
                return product.measure(span, work)
            finally:
                (asked if asked is not None else []).extend(work.inputs)

    with captured_output():
        return bounded(call, Deadline(math.inf), min(_LONGEST, product.timeout), product.__name__)


def _is_excused(error: VirtualProductError, inputs_: list[inputs.Input]) -> bool:
    """Whether a failure need not be the function's: a server's, or one of a range without data."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, (ServerError, OfflineError)):
            return True
        cause = cause.__cause__
    circle = "ask for each other" in error.message
    return not circle and any(item.samples == 0 for item in inputs_)


def _advised(error: VirtualProductError, span: TimeRange) -> VirtualProductError:
    error.hint = error.hint or "test=False defines it all the same, test=(start, stop) tests there"
    error.range = error.range or span
    return error


def _remarks(product: VirtualProduct, report: Report) -> list[str]:
    """Return what is odd about a result; raise what is wrong."""
    v, span = report.variable, report.range
    assert v is not None
    said = []
    if report.seconds > max(_SLOW_SECONDS, _SLOW * span.duration_ns / 1e9):
        said.append(
            f"the test run took {report.seconds:.1f} s for {span}, and each zoom will: "
            "cachable=True keeps results, process=True leaves the kernel free"
        )
    if product.cachable:
        try:
            fingerprint(product.function)
        except NoFingerprint as error:
            said.append(f"it is computed each time, although it is cachable: {error}")
    if len(v):
        said += _about_samples(product, v, span)
    return said


def _about_samples(product: VirtualProduct, v: SpeasyVariable, span: TimeRange) -> list[str]:
    said = []
    repairs = v.meta.get("time_repairs")
    if repairs:
        said.append(f"its times are not in order, or twice there: {repairs} were put right")
    inside = cut(v, span)
    if not len(inside):
        raise VirtualProductError(
            f"{product.__name__} was asked for {span} and returned samples from "
            f"{format_ns(int(v.time_ns[0]))} to {format_ns(int(v.time_ns[-1]))}",
            product=str(product.ref),
            range=span,
            hint="times are datetime64, or seconds since 1970 (not milliseconds, not days)",
        )
    if v.dtype.kind == "f" and v.values.size and np.isnan(v.values).all():
        said.append("every value is NaN")
    return said


def _check_locality(product: VirtualProduct, report: Report, span: TimeRange) -> None:
    assert report.variable is not None

    try:
        sure = check_claim(report.variable, span, lambda part: _measure(product, part))
    except VirtualProductError as error:
        raise error.locate(product=str(product.ref), range=span) from error.__cause__
    if not sure:
        report.remarks.append(
            f"too few samples in {span} to see whether it may be computed in pieces: "
            "test=(start, stop) names a better range"
        )
