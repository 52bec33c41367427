"""What `get_data` returns, under the names of Speasy's modules."""

from speasy_core.events import Catalog, Dataset, Event, TimeTable
from speasy_core.variable import SpeasyVariable

from . import variable

__all__ = ["Catalog", "Dataset", "Event", "SpeasyVariable", "TimeTable", "variable"]
