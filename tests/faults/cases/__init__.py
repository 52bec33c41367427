"""All faults, by area."""

from __future__ import annotations

from . import bodies, caches, formats, hapi, inventories, processes, security, transport, versions
from .base import Case

__all__ = ["CASES", "Case"]

_MODULES = (
    transport, bodies, formats, hapi, versions, inventories, caches, processes, security,
)  # fmt: skip

CASES: tuple[Case, ...] = tuple(case for module in _MODULES for case in module.area.cases)
