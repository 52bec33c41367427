"""The report is printed wherever the matrix is run."""

from __future__ import annotations

from .fixtures import archive, truths, world
from .report import pytest_terminal_summary

__all__ = ["archive", "pytest_terminal_summary", "truths", "world"]
