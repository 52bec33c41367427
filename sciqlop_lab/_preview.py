"""A small picture of a product for the tree's details, as numbers that the page draws."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from speasy_core.errors import InvalidRequest
from speasy_core.product import ProductRef
from speasy_core.timerange import TimeRange

if TYPE_CHECKING:
    from speasy_core import Session
    from speasy_core.lod import Reduced
    from speasy_core.product import ProductInfo

__all__ = ["preview"]

_COLUMNS = 120
_MOST_LINES = 6
_MOST_CHANNELS = 48
_SAMPLES = 3000  # of a first look: a curve has shape and the request stays small
_NS = 1_000_000_000
_SHORTEST, _LONGEST, _UNKNOWN = 10 * _NS, 365 * 86400 * _NS, 6 * 3600 * _NS
_EVENTS = frozenset({"timetable", "catalog", "collection"})
# Below the page's own patience, so that it is told why.
_TIMEOUT = 15.0


def preview(session: Session, ref: ProductRef, info: ProductInfo, *, fetch: bool) -> dict[str, Any]:
    """Return a short range of a product, reduced to some hundred columns.

    Parameters
    ----------
    session : Session
    ref, info
        The product, and what the inventory knows of it.
    fetch : bool
        Whether the archive may be asked; otherwise only what the cache holds is shown.

    Returns
    -------
    dict
        ``state`` is ``absent`` where the cache has nothing and nobody may be asked, ``empty`` where
        the range has no samples, else ``shown``; then ``lines`` (per component ``[min, max]``, each
        a list of a number or None a column) or ``image`` (per column a list of channels from 0
        to 1), ``low`` and ``high`` of the values, ``unit``, ``names``, ``start`` and ``stop``.

    Raises
    ------
    InvalidRequest
        The product lists events, or the archive does not say when it has data.
    SpeasyError
        The archive does not deliver.
    """
    if info.kind in _EVENTS:
        raise InvalidRequest("a list of events has no preview", product=str(ref))
    range_ = _kept(session, ref, info)
    cached = range_ is not None
    if range_ is None:
        if not fetch:
            return {"state": "absent"}
        range_ = _newest(ref, info)
    reduced = session.get_lod(
        str(ref), range_.start, range_.stop, _COLUMNS,
        offline=True if cached else None, timeout=_TIMEOUT,
    )  # fmt: skip
    answer: dict[str, Any] = {
        "state": "shown",
        "start": f"{range_.start}Z",
        "stop": f"{range_.stop}Z",
        "unit": reduced.unit or info.unit,
        "names": [str(name) for name in reduced.columns[:_MOST_LINES]],
    }
    drawn = _image(reduced) if reduced.mean is not None else _lines(reduced)
    return {**answer, **(drawn or {"state": "empty"})}


def _span(info: ProductInfo) -> int:
    """Nanoseconds of a first look."""
    wanted = int(info.cadence * _SAMPLES * _NS) if info.cadence else _UNKNOWN
    return min(max(wanted, _SHORTEST), _LONGEST)


def _kept(session: Session, ref: ProductRef, info: ProductInfo) -> TimeRange | None:
    """Return the end of the newest piece that the cache holds of a product asked for plainly."""
    pieces = [
        piece.range
        for piece in session.cache.entries(str(ref))
        if piece.product == str(ref) and piece.state in ("data", "provisional")
    ]
    return _end_of(max(pieces, key=lambda piece: piece.stop_ns), info) if pieces else None


def _newest(ref: ProductRef, info: ProductInfo) -> TimeRange:
    if info.coverage is None:
        raise InvalidRequest("the archive does not say when it has data", product=str(ref))
    now = int(np.datetime64("now", "ns").astype(np.int64))
    start, stop = info.coverage.start_ns, info.coverage.stop_ns
    # a little more, because the last sample lies at the end and ranges are half-open
    stop = min(stop, now) if start < now else stop
    return _end_of(TimeRange(np.datetime64(start, "ns"), np.datetime64(stop + _NS, "ns")), info)


def _end_of(range_: TimeRange, info: ProductInfo) -> TimeRange:
    start = max(range_.start_ns, range_.stop_ns - _span(info))
    return TimeRange(np.datetime64(start, "ns"), range_.stop)


def _lines(reduced: Reduced) -> dict[str, Any] | None:
    if reduced.min is None or reduced.max is None:
        return None
    low, high = (a.reshape(len(a), -1)[:, :_MOST_LINES] for a in (reduced.min, reduced.max))
    numbers = np.concatenate([low, high])
    numbers = numbers[np.isfinite(numbers)]
    if not numbers.size:
        return None
    return {
        "lines": [[_numbers(low[:, i]), _numbers(high[:, i])] for i in range(low.shape[1])],
        "low": float(numbers.min()),
        "high": float(numbers.max()),
    }


def _image(reduced: Reduced) -> dict[str, Any] | None:
    values = np.asarray(reduced.mean, dtype=np.float64)
    # every so many channels: a picture that high has no room for all
    values = values[:, :: -(-values.shape[1] // _MOST_CHANNELS)]
    channels = reduced.channels
    if channels is not None and channels.size > 1 and _falls(channels):
        values = values[:, ::-1]
    positive = values[np.isfinite(values) & (values > 0)]
    finite = values[np.isfinite(values)]
    if not finite.size:
        return None
    logarithmic = positive.size > 0.5 * finite.size and positive.max() > 100 * positive.min()
    if logarithmic:
        finite = positive
        values = np.log10(np.where(values > 0, values, np.nan))
    low, high = np.percentile(finite, [2, 98])
    bottom, top = (np.log10(low), np.log10(high)) if logarithmic else (low, high)
    shares = np.clip((values - bottom) / ((top - bottom) or 1.0), 0, 1)
    return {
        "image": [_numbers(np.round(row, 3)) for row in shares],
        "low": float(low),
        "high": float(high),
    }


def _falls(channels: NDArray[np.float64]) -> bool:
    row = channels[0] if channels.ndim == 2 else channels
    row = row[np.isfinite(row)]
    return bool(row.size > 1 and row[0] > row[-1])


def _numbers(values: NDArray[np.float64]) -> list[float | None]:
    return [float(value) if np.isfinite(value) else None for value in values]
