"""Edits of what lies over a panel, and of the functions that it keeps."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from .arranging import fresh
from .overlayspec import MOST_OVERLAYS, OverlaySpec, read_functions
from .reading import SpecError, fail, read_product
from .spec import PanelSpec

__all__ = ["add_overlay", "remove_overlay", "set_function", "set_overlay"]


def add_overlay(spec: PanelSpec, command: Mapping[str, Any]) -> PanelSpec:
    """Mark the ranges of the time table or catalogue `product`; once for each product."""
    if len(spec.overlays) >= MOST_OVERLAYS:
        raise fail("add_overlay", f"a panel holds at most {MOST_OVERLAYS} overlays")
    name = fresh("o", {overlay.id for overlay in spec.overlays})
    new = OverlaySpec.from_json({**command, "id": name}, "add_overlay")
    kept = tuple(o for o in spec.overlays if o.product != new.product)
    return replace(spec, overlays=(*kept, new))


def _overlay(spec: PanelSpec, name: Any) -> OverlaySpec:
    for overlay in spec.overlays:
        if overlay.id == name:
            return overlay
    raise SpecError(f"the panel has no overlay {name!r:.60}")


def remove_overlay(spec: PanelSpec, command: Mapping[str, Any]) -> PanelSpec:
    """Take an overlay away."""
    gone = _overlay(spec, command.get("overlay"))
    return replace(spec, overlays=tuple(o for o in spec.overlays if o is not gone))


def set_overlay(spec: PanelSpec, command: Mapping[str, Any]) -> PanelSpec:
    """Change `color` or `color_by` of an overlay; fields left out stay as they are."""
    old = _overlay(spec, command.get("overlay"))
    given = {key: command[key] for key in ("color", "color_by") if key in command}
    new = OverlaySpec.from_json({**old.to_json(), **given}, "set_overlay")
    return replace(spec, overlays=tuple(new if o is old else o for o in spec.overlays))


def set_function(spec: PanelSpec, command: Mapping[str, Any]) -> PanelSpec:
    """Keep the `source` of the function behind `product`, so that a file has it too."""
    product = read_product(command.get("product"), "set_function.product")
    sources = {**spec.functions, product: command.get("source")}
    return replace(spec, functions=read_functions(sources))
