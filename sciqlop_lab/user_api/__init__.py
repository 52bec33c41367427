"""Names of SciQLop's user API, so that notebooks written for it run after changing the import.

Thin: everything is done by :mod:`sciqlop_lab` itself, whose own names are the ones to use in new
notebooks.
"""

from __future__ import annotations

from . import dsp, templates, tracing
from ._time_range import TimeRange

__all__ = ["TimeRange", "dsp", "templates", "tracing"]
