"""Synthetic data with sound physics, computed from absolute time alone when it is asked for.

The same instant has the same bits in every request, of any length, in any process.
"""

from __future__ import annotations

from .dataset import SyntheticDataset
from .products import datasets

__all__ = ["SyntheticDataset", "datasets"]
