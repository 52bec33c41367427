"""The energy (or frequency) tables of a spectrogram, and the way from one table to another."""

from __future__ import annotations

import numpy as np

from .grid import F64, I64, Any_, drawn_type

__all__ = ["ChannelTables"]

_MOST_TABLES = 64
_WORK = 1 << 22  # numbers held at a time


def _nearest(source: F64, target: F64) -> I64:
    """Return, for each row of `source`, the channel nearest to each of `target`'s, or -1.

    Nearest in the logarithm where all channels are positive. A target channel that lies beyond
    the last channels of the source by more than half their distance has no partner.
    """
    if np.nanmin(source, initial=1) > 0 and np.nanmin(target, initial=1) > 0:
        source, target = np.log(source), np.log(target)
    distance = np.abs(source[:, None, :] - target[None, :, None])
    distance = np.where(np.isnan(distance), np.inf, distance)
    index: I64 = np.argmin(distance, axis=2).astype(np.int64)
    away = np.take_along_axis(distance, index[:, :, None], axis=2)[:, :, 0]
    if source.shape[1] > 1:
        step = np.abs(np.diff(source, axis=1))
        below, above = np.hstack([step[:, :1], step]), np.hstack([step, step[:, -1:]])
        wide = np.fmax(below, above)
        reach = np.take_along_axis(wide, index, axis=1) * 0.5 * (1 + 1e-6)
        index[~(away <= reach)] = -1
    else:
        index[~np.isfinite(away)] = -1
    return index


class ChannelTables:
    """Which channels each row of a spectrogram has.

    Up to 64 different tables are kept as they are. Beyond that every row is brought to the first
    row's table as it is read, channel by nearest channel.

    Parameters
    ----------
    channels : ndarray
        ``(m,)``, or ``(n, m)`` when the table changes with time.
    """

    def __init__(self, channels: Any_) -> None:
        self.of_row: I64 | None = None
        self._moving: Any_ | None = None
        self._maps: dict[tuple[int, int], I64] = {}
        if channels.ndim == 1 or len(channels) == 0:
            table = channels if channels.ndim == 1 else np.zeros(channels.shape[1])
            self.tables = np.asarray(table, dtype=np.float64)[None, :]
            return
        keys = self._keys(channels)
        _, first, ids = np.unique(keys, return_index=True, return_inverse=True)
        if len(first) > _MOST_TABLES:
            self.tables = channels[:1].astype(np.float64)
            self._moving = channels
            return
        self.tables = channels[np.sort(first)].astype(np.float64)
        if len(first) > 1:
            self.of_row = np.argsort(np.argsort(first))[ids.reshape(-1)].astype(np.int64)

    @property
    def moving(self) -> bool:
        """Whether there are too many tables to keep, so that rows are brought to the first."""
        return self._moving is not None

    @classmethod
    def of(cls, tables: Any_) -> ChannelTables:
        """Return tables ``(t, m)`` that are known already."""
        made = cls(np.asarray(tables[0]))
        made.tables = np.asarray(tables, dtype=np.float64)
        return made

    @staticmethod
    def _keys(channels: Any_) -> I64:
        """Return one number per row, equal where the rows are equal bit by bit."""
        weights = np.random.default_rng(0).integers(1, 2**62, channels.shape[1]) * 2 + 1
        keys = np.empty(len(channels), dtype=np.int64)
        step = max(1, _WORK // max(1, channels.shape[1]))
        for a in range(0, len(channels), step):
            part = np.ascontiguousarray(channels[a : a + step], dtype=np.float64).view(np.int64)
            keys[a : a + step] = (part * weights).sum(axis=1)
        return keys

    def ids(self, rows: slice | I64, count: int) -> I64:
        """Return the table of each of `rows`."""
        return np.zeros(count, dtype=np.int64) if self.of_row is None else self.of_row[rows]

    def read(self, values: Any_, rows: slice | I64) -> Any_:
        """Return `rows` of `values` in the channels of their tables."""
        part = values[rows]
        if self._moving is None:
            return part
        out = np.empty(part.shape, dtype=drawn_type(part.dtype))
        moving = self._moving[rows]
        step = max(1, _WORK // max(1, part.shape[1]) ** 2)
        for a in range(0, len(part), step):
            index = _nearest(moving[a : a + step].astype(np.float64), self.tables[0])
            taken = np.take_along_axis(part[a : a + step], np.maximum(index, 0), axis=1)
            out[a : a + step] = np.where(index < 0, np.nan, taken)
        return out

    def align(self, sums: Any_, counts: Any_, ids: I64, targets: I64) -> tuple[Any_, Any_]:
        """Bring rows of sums and counts from their own table to the target's."""
        wrong = np.flatnonzero(ids != targets)
        if not len(wrong):
            return sums, counts
        sums, counts = sums.copy(), counts.copy()
        pairs = ids[wrong] * len(self.tables) + targets[wrong]
        for pair in np.unique(pairs):
            rows = wrong[pairs == pair]
            source, target = divmod(int(pair), len(self.tables))
            index = self._map(source, target)
            sums[rows] = np.where(index < 0, 0, sums[rows][:, index])
            counts[rows] = np.where(index < 0, 0, counts[rows][:, index])
        return sums, counts

    def _map(self, source: int, target: int) -> I64:
        if (source, target) not in self._maps:
            index = _nearest(self.tables[source : source + 1], self.tables[target])[0]
            self._maps[source, target] = index
        return self._maps[source, target]
