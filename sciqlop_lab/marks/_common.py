"""What marks read from a variable's metadata."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from speasy_core.variable import SpeasyVariable

__all__ = ["is_log", "label_of", "notes_of"]


def is_log(meta: Mapping[str, Any]) -> bool | None:
    """Return what SCALETYP says, None when it says nothing."""
    scale = str(meta.get("SCALETYP", "")).strip().lower()
    return None if not scale else scale.startswith("log")


def label_of(variable: SpeasyVariable) -> str:
    """Return a short name for an axis."""
    label = variable.meta.get("LABLAXIS")
    return label.strip() if isinstance(label, str) and label.strip() else variable.name


def notes_of(variable: SpeasyVariable) -> list[str]:
    """Return the remarks that the plot must carry."""
    notes = []
    dataset = variable.meta.get("dataset")
    synthetic = dataset.get("Synthetic") if isinstance(dataset, Mapping) else None
    synthetic = synthetic or variable.meta.get("Synthetic")
    if isinstance(synthetic, (list, tuple)):
        synthetic = synthetic[0] if synthetic else None
    if str(synthetic or "").strip().lower().startswith("yes"):
        notes.append("synthetic data")
    if any(origin.state == "stale" for origin in variable.provenance):
        notes.append("kept copy, the archive did not answer")
    return notes
