"""Units as text, with an algebra of their own; see `algebra`. The spellings are in `table`."""

from __future__ import annotations

from .algebra import (
    Unit,
    conversion,
    divide,
    fits,
    is_known,
    multiply,
    parse,
    power,
    to_ascii,
)

__all__ = [
    "Unit", "conversion", "divide", "fits", "is_known", "multiply", "parse", "power", "to_ascii",
]  # fmt: skip
