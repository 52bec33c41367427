"""The world of the fault matrix."""

from __future__ import annotations

from tests.faults.fixtures import archive, truths, world

__all__ = ["archive", "truths", "world"]
