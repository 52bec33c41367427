"""Lines, texts and ellipses drawn in a plot, as plain data, and the commands that change them.

Positions are values of the axes: seconds since 1970 along time, values upwards; or pixels from the
upper left corner of the plot, with ``"in": "pixels"``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from .reading import (
    fail,
    read_choice,
    read_color,
    read_mapping,
    read_number,
    read_text,
)

if TYPE_CHECKING:
    from .spec import PanelSpec

__all__ = ["ITEM_KINDS", "Item", "add_item", "read_items", "remove_item", "set_item", "set_items"]

Item = Mapping[str, Any]

ITEM_KINDS = ("hline", "vline", "band", "text", "ellipse")
MOST_ITEMS = 5000
_FAR = 1e300
# what each kind must have, besides what all may have
_PLACES = {
    "hline": ("y",),
    "vline": ("x",),
    "band": ("x", "x1"),
    "text": ("x", "y"),
    "ellipse": ("x", "y", "width", "height"),
}
_SIZES = {"line_width": (0.1, 50.0), "font_size": (4.0, 200.0)}


def _read_item(value: Any, where: str) -> dict[str, Any]:
    value = read_mapping(value, where)
    kind = read_choice(value.get("kind"), f"{where}.kind", ITEM_KINDS)
    item: dict[str, Any] = {"id": read_text(value.get("id"), f"{where}.id"), "kind": kind}
    for name in _PLACES[kind]:
        item[name] = read_number(value.get(name), f"{where}.{name}", -_FAR, _FAR)
    for name, (low, high) in _SIZES.items():
        if value.get(name) is not None:
            item[name] = read_number(value[name], f"{where}.{name}", low, high)
    for name in ("color", "fill"):
        if value.get(name) is not None:
            item[name] = read_color(value[name], f"{where}.{name}")
    for name in ("text", "layer"):
        item[name] = read_text(value.get(name, ""), f"{where}.{name}")
    item["dashed"] = value.get("dashed") is True
    item["in"] = read_choice(value.get("in", "data"), f"{where}.in", ("data", "pixels"))
    return item


def read_items(value: Any, where: str) -> tuple[Item, ...]:
    """Return the items of a plot.

    Raises
    ------
    SpecError
        Says which is wrong, and how.
    """
    if not isinstance(value, (list, tuple)) or len(value) > MOST_ITEMS:
        raise fail(where, f"expected a list of at most {MOST_ITEMS}")
    items = tuple(_read_item(item, f"{where}[{i}]") for i, item in enumerate(value))
    if len({item["id"] for item in items}) != len(items):
        raise fail(where, "two items have the same id")
    return items


def _changed(
    spec: PanelSpec, command: Mapping[str, Any], change: Callable[[tuple[Item, ...]], Any]
) -> PanelSpec:
    plot = spec.plot(command.get("plot"))
    items = read_items(change(plot.items), str(command.get("op")))
    return spec.with_plot(replace(plot, items=items))


def _free(items: tuple[Item, ...]) -> str:
    taken = {item["id"] for item in items}
    return next(name for n in range(1, len(items) + 2) if (name := f"i{n}") not in taken)


def add_item(spec: PanelSpec, command: Mapping[str, Any]) -> PanelSpec:
    """Draw something in a plot: `item` says what."""
    item = read_mapping(command.get("item"), "add_item.item")
    return _changed(spec, command, lambda items: (*items, {**item, "id": _free(items)}))


def _known(items: tuple[Item, ...], name: Any) -> None:
    if all(item["id"] != name for item in items):
        raise fail("item", f"the plot has no item {name!r:.60}")


def set_item(spec: PanelSpec, command: Mapping[str, Any]) -> PanelSpec:
    """Change fields of an item; those left out stay."""
    name, changes = command.get("item"), read_mapping(command.get("changes"), "set_item.changes")

    def change(items: tuple[Item, ...]) -> list[Item]:
        _known(items, name)
        return [{**i, **changes, "id": name} if i["id"] == name else i for i in items]

    return _changed(spec, command, change)


def remove_item(spec: PanelSpec, command: Mapping[str, Any]) -> PanelSpec:
    """Take an item away."""
    name = command.get("item")

    def change(items: tuple[Item, ...]) -> list[Item]:
        _known(items, name)
        return [item for item in items if item["id"] != name]

    return _changed(spec, command, change)


def set_items(spec: PanelSpec, command: Mapping[str, Any]) -> PanelSpec:
    """Put `items` in the place of those of a `layer` in a plot."""
    layer, items = command.get("layer"), command.get("items")
    read_text(layer, "set_items.layer")
    if not isinstance(items, (list, tuple)):
        raise fail("set_items.items", "expected a list")
    own = [
        {**read_mapping(item, "set_items.items"), "id": f"{layer}:{i}", "layer": layer}
        for i, item in enumerate(items)
    ]
    return _changed(spec, command, lambda old: [*(i for i in old if i["layer"] != layer), *own])
