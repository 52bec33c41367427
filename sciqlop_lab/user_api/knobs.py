"""SciQLop's names around knobs; see :mod:`sciqlop_lab.virtual.knobs`."""

from __future__ import annotations

from sciqlop_lab.virtual.knobs import (
    Knob,
    KnobSpec,
    canonical_hash,
    coerce_value,
    defaults_for,
    extract_specs_from_callback,
    extract_specs_from_model,
    spec_from_dict,
    spec_to_dict,
    validate_dict,
)

__all__ = [
    "Knob", "KnobSpec", "canonical_hash", "coerce_value", "defaults_for",
    "extract_specs_from_callback", "extract_specs_from_model", "spec_from_dict", "spec_to_dict",
    "validate_dict",
]  # fmt: skip
