"""A function that was registered with the session alone, as a panel calls it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from speasy_core.http import Deadline
from speasy_core.product import ProductRef
from speasy_core.timerange import TimeRange
from speasy_core.variable import SpeasyVariable

from .knobs import KnobSpec

__all__ = ["Registered"]


class Registered:
    """A product of the provider ``vp`` of which this package knows nothing else.

    Parameters
    ----------
    get_data : callable
        Of the session.
    ref : ProductRef
    """

    knobs: tuple[KnobSpec, ...] = ()

    def __init__(self, get_data: Callable[..., Any], ref: ProductRef) -> None:
        self._get_data, self.ref = get_data, ref
        self.__name__, self.timeout = ref.path.rpartition("/")[2], float("inf")

    def compute(
        self,
        asked: TimeRange,
        *,
        knobs: Mapping[str, Any] | None = None,
        deadline: Deadline | None = None,
        pixels: int | None = None,
    ) -> SpeasyVariable:
        """Return its samples for exactly `asked`."""
        variable: SpeasyVariable = self._get_data(
            self.ref, asked.start, asked.stop, timeout=deadline, **(knobs or {})
        )
        return variable
