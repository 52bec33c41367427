"""Events, lists of them, and sets of variables."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, MutableSequence
from types import MappingProxyType
from typing import Any, Generic, Self, TypeVar, overload

from speasy_core.variable import SpeasyVariable
from speasy_core.variable.delegates import delegate

from .errors import VariableError
from .timerange import TimeRange

__all__ = ["Catalog", "Dataset", "Event", "TimeTable"]


class Event(TimeRange):
    """A time range with metadata.

    Parameters
    ----------
    start, stop
        As for TimeRange.
    meta : mapping, optional
        What is known of the event.

    Examples
    --------
    >>> Event("2020-01-01", "2020-01-02", {"kind": "shock"}).meta["kind"]
    'shock'
    """

    __slots__ = ("meta",)
    meta: Mapping[str, Any]

    def __init__(self, start: Any, stop: Any, meta: Mapping[str, Any] | None = None) -> None:
        super().__init__(start, stop)
        object.__setattr__(self, "meta", MappingProxyType(dict(meta or {})))

    @classmethod
    def of(cls, what: Any) -> Event:
        """Return `what`, an event, a range or a pair of times, as an event."""
        if isinstance(what, Event):
            return what
        if isinstance(what, TimeRange):
            return cls(what.start, what.stop)
        start, stop, *rest = what
        return cls(start, stop, *rest)

    def shifted(self, by_ns: int) -> Event:
        """Return the event moved by `by_ns` nanoseconds."""
        moved = super().shifted(by_ns)
        return Event(moved.start, moved.stop, self.meta)

    def scaled(self, factor: float) -> Event:
        """Return the event made `factor` times longer about its centre."""
        zoomed = super().scaled(factor)
        return Event(zoomed.start, zoomed.stop, self.meta)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, TimeRange):
            return NotImplemented
        same = (self.start_ns, self.stop_ns) == (other.start_ns, other.stop_ns)
        return same and self.meta == getattr(other, "meta", {})

    def __hash__(self) -> int:
        return hash((self.start_ns, self.stop_ns))

    def __reduce__(self) -> tuple[Any, ...]:
        return (type(self), (self.start, self.stop, dict(self.meta)))

    def __repr__(self) -> str:
        return f"Event('{self.start}', '{self.stop}', {dict(self.meta)!r})"


R = TypeVar("R", bound=TimeRange)


class _Ranges(MutableSequence[R], Generic[R]):
    """A named list of ranges; what TimeTable and Catalog share."""

    def __init__(
        self, name: str, meta: Mapping[str, Any] | None, items: Iterable[Any] | None
    ) -> None:
        self.name = name
        self.meta: dict[str, Any] = dict(meta or {})
        self._items: list[R] = [self._item(item) for item in items or ()]

    def _item(self, item: Any) -> R:
        raise NotImplementedError

    @overload
    def __getitem__(self, index: int) -> R: ...
    @overload
    def __getitem__(self, index: slice) -> Self: ...
    def __getitem__(self, index: int | slice) -> R | Self:
        if isinstance(index, slice):
            return self._with(self._items[index])
        return self._items[index]

    def __setitem__(self, index: Any, value: Any) -> None:
        if isinstance(index, slice):
            self._items[index] = [self._item(item) for item in value]
        else:
            self._items[index] = self._item(value)

    def __delitem__(self, index: Any) -> None:
        del self._items[index]

    def __len__(self) -> int:
        return len(self._items)

    def insert(self, index: int, value: Any) -> None:
        """Put a range before position `index`."""
        self._items.insert(index, self._item(value))

    def _with(self, items: Iterable[R]) -> Self:
        return type(self)(self.name, self.meta, items)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, _Ranges):
            return NotImplemented
        same_labels = (self.name, self.meta) == (other.name, other.meta)
        return type(self) is type(other) and same_labels and self._items == other._items

    __hash__ = None  # type: ignore[assignment]  # it can be changed

    def sort(self, key: Callable[[R], Any] | None = None, reverse: bool = False) -> None:
        """Sort in place, by start without a key."""
        order = key or (lambda item: (item.start_ns, item.stop_ns))
        self._items.sort(key=order, reverse=reverse)

    def filter(self, keep: Callable[[R], bool]) -> Self:
        """Return those for which `keep` is true."""
        return self._with(item for item in self._items if keep(item))

    def within(self, start: Any, stop: Any) -> Self:
        """Return those that share an instant with ``[start, stop)``."""
        window = TimeRange(start, stop)
        return self.filter(window.overlaps)

    def time_range(self) -> TimeRange | None:
        """Return the range from the first start to the last stop; None when empty."""
        if not self._items:
            return None
        start = min(item.start_ns for item in self._items)
        return TimeRange.from_ns(start, max(item.stop_ns for item in self._items))

    def merged(self) -> list[TimeRange]:
        """Return the ranges joined where they touch or overlap, in order."""
        joined: list[TimeRange] = []
        for item in sorted(self._items, key=lambda r: (r.start_ns, r.stop_ns)):
            if joined and item.start_ns <= joined[-1].stop_ns:
                stop = max(joined[-1].stop_ns, item.stop_ns)
                joined[-1] = TimeRange.from_ns(joined[-1].start_ns, stop)
            else:
                joined.append(TimeRange.from_ns(item.start_ns, item.stop_ns))
        return joined

    def to_dataframe(self) -> Any:
        """Return a pandas DataFrame of ``start``, ``stop`` and one column per metadata key."""
        import pandas as pd

        rows = [
            {"start": item.start, "stop": item.stop, **dict(getattr(item, "meta", {}))}
            for item in self._items
        ]
        return pd.DataFrame(rows, columns=None if rows else ["start", "stop"])

    def to_dict(self) -> dict[str, Any]:
        """Return plain data, fit for JSON when the metadata is."""
        events = [
            {"start": str(item.start), "stop": str(item.stop), **_meta_entry(item)}
            for item in self._items
        ]
        return {"name": self.name, "meta": dict(self.meta), "events": events}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """Make one from what `to_dict` gave."""
        rows = [(row["start"], row["stop"], row.get("meta")) for row in data["events"]]
        return cls(str(data["name"]), data.get("meta"), rows)

    def __repr__(self) -> str:
        span = self.time_range()
        return f"<{type(self).__name__} {self.name!r}: {len(self)} ranges, {span or 'empty'}>"


def _meta_entry(item: TimeRange) -> dict[str, Any]:
    meta = getattr(item, "meta", None)
    return {"meta": dict(meta)} if meta else {}


class TimeTable(_Ranges[TimeRange]):
    """A named, ordered list of time ranges.

    Parameters
    ----------
    name : str
    meta : mapping, optional
    dt_ranges : iterable of TimeRange or pairs of times, optional

    Examples
    --------
    >>> table = TimeTable("shocks", dt_ranges=[("2020-01-01", "2020-01-02")])
    >>> len(table), str(table[0].start)
    (1, '2020-01-01T00:00:00.000000000')
    """

    def __init__(
        self,
        name: str = "",
        meta: Mapping[str, Any] | None = None,
        dt_ranges: Iterable[Any] | None = None,
    ) -> None:
        super().__init__(name, meta, dt_ranges)

    def _item(self, item: Any) -> TimeRange:
        if isinstance(item, TimeRange):
            return TimeRange.from_ns(item.start_ns, item.stop_ns)
        start, stop, *_ = item
        return TimeRange(start, stop)


class Catalog(_Ranges[Event]):
    """A named, ordered list of events.

    Parameters
    ----------
    name : str
    meta : mapping, optional
    events : iterable of Event, TimeRange, or (start, stop[, meta]), optional
    """

    def __init__(
        self,
        name: str = "",
        meta: Mapping[str, Any] | None = None,
        events: Iterable[Any] | None = None,
    ) -> None:
        super().__init__(name, meta, events)

    def _item(self, item: Any) -> Event:
        return Event.of(item)


class Dataset(Mapping[str, SpeasyVariable]):
    """Variables by name, with the attributes that they share.

    Parameters
    ----------
    name : str
    variables : mapping of str to SpeasyVariable
    meta : mapping, optional

    Raises
    ------
    VariableError
        An entry is not a variable.
    """

    __slots__ = ("_variables", "meta", "name")

    def __init__(
        self,
        name: str = "",
        variables: Mapping[str, SpeasyVariable] | None = None,
        meta: Mapping[str, Any] | None = None,
    ) -> None:
        self.name = name
        self._variables = dict(variables or {})
        self.meta: Mapping[str, Any] = MappingProxyType(dict(meta or {}))
        for key, variable in self._variables.items():
            if not isinstance(variable, SpeasyVariable):
                raise VariableError(
                    f"{key!r} in the data set {name!r} is a {type(variable).__name__}, "
                    "not a variable"
                )

    @property
    def variables(self) -> dict[str, SpeasyVariable]:
        """The variables, as a dict of its own."""
        return dict(self._variables)

    def __getitem__(self, key: str) -> SpeasyVariable:
        try:
            return self._variables[key]
        except KeyError:
            known = ", ".join(self._variables) or "none"
            raise KeyError(f"no variable {key!r} in {self.name!r}; there are {known}") from None

    def __iter__(self) -> Iterator[str]:
        return iter(self._variables)

    def __len__(self) -> int:
        return len(self._variables)

    def time_range(self) -> TimeRange | None:
        """Return the range that holds every sample; None when there is none."""
        filled = [v for v in self._variables.values() if len(v)]
        if not filled:
            return None
        start = min(int(v.time_ns[0]) for v in filled)
        return TimeRange.from_ns(start, max(int(v.time_ns[-1]) for v in filled) + 1)

    def plot(self, **options: Any) -> Any:
        """Draw all variables with matplotlib, one above the other over the same times.

        Parameters
        ----------
        **options
            For ``v.plot()`` of each.

        Returns
        -------
        list of matplotlib Axes
        """
        return delegate("plot_dataset")(self._variables, **options)

    def __repr__(self) -> str:
        lines = [f"<Dataset {self.name!r}: {len(self)} variables>"]
        lines += [f"  {key}: {v.shape} {v.dtype} [{v.unit}]" for key, v in self._variables.items()]
        return "\n".join(lines)
