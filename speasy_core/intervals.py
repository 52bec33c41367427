"""One function over many ranges of time: on threads, on processes, on a cluster."""

from __future__ import annotations

import copy
import dataclasses
import re
import traceback
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Executor, Future, ThreadPoolExecutor, wait
from contextvars import copy_context
from typing import Any, Literal

from .calling import argument_form, signature_of
from .errors import InvalidRequest
from .product import ProductRef
from .request import as_range
from .timerange import TimeRange

__all__ = ["FailedInterval", "IntervalResults", "map_intervals"]

_THREADS = 8
_SECONDS = 0.2
_YEAR = re.compile(r"\d{4}")
_MONTH = re.compile(r"(\d{4})-(\d{2})")


class FailedInterval(Exception):
    """What stands in the results for an interval whose call failed.

    Attributes
    ----------
    interval : TimeRange
    type : str
        Class of the error.
    traceback : str
        Of where it happened, also on another machine.
    """

    def __init__(self, interval: TimeRange, kind: str, message: str, trace: str) -> None:
        super().__init__(interval, kind, message, trace)
        self.interval, self.type, self.message, self.traceback = interval, kind, message, trace

    def __str__(self) -> str:
        return f"{self.type}: {self.message} [interval: {TimeRange.__str__(self.interval)}]"


class IntervalResults(list[Any]):
    """What `map_intervals` returns: a list of results, in the order of the intervals.

    Attributes
    ----------
    intervals : list of TimeRange
        What each belongs to; events with their metadata.
    """

    def __init__(self, results: Iterable[Any], intervals: Sequence[TimeRange]) -> None:
        super().__init__(results)
        self.intervals = list(intervals)

    @property
    def errors(self) -> list[FailedInterval]:
        """Those that failed."""
        return [result for result in self if isinstance(result, FailedInterval)]

    @property
    def values(self) -> list[Any]:
        """Those that did not fail."""
        return [result for result in self if not isinstance(result, FailedInterval)]

    def to_dataframe(self) -> Any:
        """Return a pandas DataFrame: start, stop, metadata of events, and the results.

        A mapping, a dataclass or a named tuple gives a column for each of its fields, another
        sequence ``value0, value1...``, anything else ``value``. ``error`` is there when one failed.
        """
        import pandas as pd

        rows = []
        for interval, result in zip(self.intervals, self, strict=True):
            row: dict[str, Any] = {"start": interval.start, "stop": interval.stop}
            row.update(getattr(interval, "meta", {}))
            row.update(_columns(result))
            rows.append(row)
        return pd.DataFrame(rows, columns=None if rows else ["start", "stop", "value"])


def _columns(result: Any) -> Mapping[str, Any]:
    if isinstance(result, FailedInterval):
        return {"error": f"{result.type}: {result.message}"}
    if isinstance(result, Mapping):
        return result
    if dataclasses.is_dataclass(result) and not isinstance(result, (type, TimeRange)):
        return {f.name: getattr(result, f.name) for f in dataclasses.fields(result)}
    if isinstance(result, tuple) and hasattr(result, "_asdict"):
        return dict(result._asdict())
    if isinstance(result, (tuple, list)):
        return {f"value{i}": item for i, item in enumerate(result)}
    return {"value": result}


def map_intervals(
    function: Callable[..., Any],
    intervals: Any,
    executor: Executor | None = None,
    on_error: Literal["collect", "raise"] = "collect",
    *,
    progress: bool = False,
) -> IntervalResults:
    """Call a function for each of many ranges of time, several at once.

    Parameters
    ----------
    function : callable
        ``f(start, stop)``, as a virtual product is: annotated `datetime`, `numpy.datetime64` or
        `float` (also without annotation: seconds since 1970). A function of one parameter is
        given the TimeRange, or the Event with its metadata. Also the id of a product, for its
        samples.
    intervals : Catalog, TimeTable, list of ranges, table with start and stop, or years
        Ranges are TimeRange, ``(start, stop)``, a year (2015, ``"2015"``) or a month
        (``"2015-03"``); ``range(2010, 2020)`` is ten years.
    executor : Executor, optional
        Any of `concurrent.futures`, or ``dask.distributed.Client(...).get_executor()``; by default
        threads. Processes and clusters need a function that they can import or unpickle.
    on_error : {"collect", "raise"}
        Whether a failed call stands in the list as a FailedInterval while the others go on, or is
        raised as it is and the others are given up.
    progress : bool
        Show a bar.

    Returns
    -------
    IntervalResults
        A list in the order of the intervals, with ``errors``, ``values`` and ``to_dataframe()``.

    Raises
    ------
    InvalidRequest
        Not a function of a time range, or not ranges.

    Examples
    --------
    >>> def hours(start: float, stop: float):
    ...     return (stop - start) / 3600
    >>> map_intervals(hours, [("2020-01-01", "2020-01-02"), 2021])
    [24.0, 8760.0]
    """
    if on_error not in ("collect", "raise"):
        raise InvalidRequest(f"on_error={on_error!r}", hint="use 'collect' or 'raise'")
    if executor is not None and not callable(getattr(executor, "submit", None)):
        raise InvalidRequest(
            f"{executor!r:.60} is no executor",
            hint="concurrent.futures.ProcessPoolExecutor(), or get_executor() of a dask Client",
        )
    spans = _intervals(intervals)
    call = _caller(function)
    if executor is not None:
        return _run(executor, call, spans, on_error, progress, in_context=False)
    with ThreadPoolExecutor(min(_THREADS, max(1, len(spans))), "map_intervals") as threads:
        return _run(threads, call, spans, on_error, progress, in_context=True)


# -- intervals ------------------------------------------------------------------------------
def _intervals(what: Any) -> list[TimeRange]:
    if isinstance(what, (TimeRange, int)) or (isinstance(what, str) and _period(what)):
        return [_interval(what, 0)]
    if {"start", "stop"} <= set(getattr(what, "columns", ())):  # a table, as `to_dataframe` gives
        what = zip(what["start"], what["stop"], strict=True)
    if isinstance(what, str) or not isinstance(what, Iterable):
        raise InvalidRequest(
            f"{what!r:.60} is no list of time ranges",
            hint="give a Catalog, a TimeTable, [(start, stop), ...] or years",
        )
    return [_interval(item, number) for number, item in enumerate(what)]


def _interval(item: Any, number: int) -> TimeRange:
    if isinstance(item, TimeRange):
        return item
    span = _period(item) if isinstance(item, (int, str)) else as_range(item)
    if span is None:
        raise InvalidRequest(
            f"entry {number} of the intervals, {item!r:.60}, is no time range",
            hint="write (start, stop), a year as 2015 or a month as '2015-03'",
        )
    return span


def _period(item: int | str) -> TimeRange | None:
    """Return a year or a month."""
    text = str(item)
    month = _MONTH.fullmatch(text)
    if month is not None and 1 <= int(month[2]) <= 12:
        year, number = int(month[1]), int(month[2])
        following = f"{year + number // 12:04d}-{number % 12 + 1:02d}-01"
        return TimeRange(f"{text}-01", following)
    if _YEAR.fullmatch(text) is None or isinstance(item, bool):
        return None
    return TimeRange(f"{text}-01-01", f"{int(text) + 1:04d}-01-01")


# -- calls ----------------------------------------------------------------------------------
class _Caller:
    """A function with the form of its arguments; travels to other processes."""

    def __init__(
        self, function: Callable[..., Any], form: Callable[[TimeRange], Sequence[Any]]
    ) -> None:
        # found here: elsewhere the names that annotations need may not be there
        self.function, self.form = function, form

    def __call__(self, span: TimeRange, collect: bool, apart: bool) -> Any:
        try:
            return self.function(*self.form(span))
        except (Exception, SystemExit) as error:  # whatever the user's function raises
            if not collect and (not apart or _travels(error)):
                raise
            failed = _failed(span, error)
            if collect:
                return failed
            raise failed from None


def _failed(span: TimeRange, error: BaseException) -> FailedInterval:
    trace = "".join(traceback.format_exception(error))
    return FailedInterval(span, type(error).__name__, str(error), trace)


def _travels(error: BaseException) -> bool:
    """Whether an error can be made again elsewhere: one that cannot breaks a pool of processes."""
    try:
        copy.copy(error)
    except Exception:  # noqa: BLE001 - whatever its class says to being made of its arguments
        return False
    return True


class _Fetch:
    """What stands for a product's id: its samples."""

    def __init__(self, ref: ProductRef) -> None:
        self.ref, self.__name__ = ref, str(ref)

    def __call__(self, span: TimeRange) -> Any:
        from .session import default_session

        return default_session().get_data(self.ref, span.start, span.stop)


def _caller(function: Any) -> _Caller:
    if not callable(function):
        if isinstance(function, str) or hasattr(function, "ref"):
            return _Caller(_Fetch(ProductRef.parse(function)), _alone)
        raise InvalidRequest(f"{function!r:.60} is not a function of (start, stop)")
    signature = signature_of(function)
    if signature is not None:
        needed = [
            p for p in signature.parameters.values()
            if p.default is p.empty and p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)
        ]  # fmt: skip
        if len(needed) == 1:
            return _Caller(function, _alone)
    return _Caller(function, argument_form(function, getattr(function, "__name__", "function")))


def _alone(span: TimeRange) -> tuple[TimeRange]:
    return (span,)


def _run(
    executor: Executor,
    call: _Caller,
    spans: Sequence[TimeRange],
    on_error: str,
    progress: bool,
    *,
    in_context: bool,
) -> IntervalResults:
    collect = on_error == "collect"
    futures: list[Future[Any]] = []
    try:
        for span in spans:
            if in_context:  # `with offline():` around the call holds inside, too
                futures.append(executor.submit(copy_context().run, call, span, collect, False))
            else:
                futures.append(executor.submit(call, span, collect, True))
        _follow(futures, progress, collect)
        results = (_result(f, s, collect) for f, s in zip(futures, spans, strict=True))
        return IntervalResults(results, spans)
    except BaseException:
        for future in futures:
            future.cancel()
        raise


def _result(future: Future[Any], span: TimeRange, collect: bool) -> Any:
    error = future.exception()
    if error is None:
        return future.result()
    if not collect or not isinstance(error, Exception):
        error.add_note(f"in the interval {span}")
        raise error
    # the call itself was lost: a worker was killed, its answer cannot be read
    return _failed(span, error)


def _follow(futures: Sequence[Future[Any]], progress: bool, collect: bool) -> None:
    """Wait for all, or for the first that fails where that ends everything."""
    for done in _waves(futures, progress):
        if not collect and any(future.exception() is not None for future in done):
            return


def _waves(futures: Sequence[Future[Any]], progress: bool) -> Iterator[Iterable[Future[Any]]]:
    from tqdm.auto import tqdm

    left: Iterable[Future[Any]] = set(futures)
    with tqdm(total=len(futures), disable=not progress) as bar:
        while left:
            done, left = wait(left, _SECONDS, FIRST_COMPLETED)
            bar.update(len(done))
            yield done
