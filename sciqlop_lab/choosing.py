"""What is chosen of an archive's product beside its range: a coordinate system, arguments.

A graph keeps it among its knobs, under the names of the options of `get_data`; an entry of an
option that is a mapping has the name ``option.entry``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from speasy_core.errors import InvalidRequest, UnknownOption
from speasy_core.product import ProductRef

from . import namespace, virtual

__all__ = ["chosen", "flat", "inputs", "is_archive", "options_of"]

_TIMEOUT = 20.0
# options that say when to answer, not what
_NOT_OF_DATA = frozenset({"if_newer_than"})


def is_archive(ref: ProductRef) -> bool:
    """Whether a product comes from an archive: neither a function nor a variable at hand."""
    return ref.provider not in (virtual.PROVIDER, namespace.PROVIDER, "data")


def flat(options: Mapping[str, Any]) -> dict[str, Any]:
    """Return options as knobs.

    Examples
    --------
    >>> flat({"coordinate_system": "gsm", "product_inputs": {"side": 2}})
    {'coordinate_system': 'gsm', 'product_inputs.side': 2}
    """
    knobs: dict[str, Any] = {}
    for name, value in options.items():
        if isinstance(value, Mapping):
            knobs |= {f"{name}.{entry}": one for entry, one in value.items()}
        else:
            knobs[name] = value
    return knobs


def options_of(knobs: Mapping[str, Any]) -> dict[str, Any]:
    """Return knobs as options of `get_data`.

    Examples
    --------
    >>> options_of({"product_inputs.side": 2})
    {'product_inputs': {'side': 2}}
    """
    options: dict[str, Any] = {}
    for name, value in knobs.items():
        option, dot, entry = name.partition(".")
        if dot:
            options.setdefault(option, {})[entry] = value
        else:
            options[option] = value
    return options


def chosen(session: Any, ref: ProductRef, given: Mapping[str, Any]) -> dict[str, Any]:
    """Return what is chosen, as knobs, when the archive takes it; without a request.

    Raises
    ------
    UnknownOption
        The archive has no such option, or not that value of it.
    """
    knobs = flat(given)
    provider = getattr(session, "providers", {}).get(ref.provider)
    if provider is None or not knobs:
        return knobs
    each = getattr(provider, "options_of", None)
    taken = (provider.options if each is None else each(ref)) - _NOT_OF_DATA
    options = options_of(knobs)
    unknown = sorted(set(options) - taken)
    if unknown:
        raise UnknownOption(
            f"{ref} does not take {', '.join(unknown)}",
            product=str(ref),
            hint=f"it takes {', '.join(sorted(taken)) or 'nothing'}",
        )
    check = getattr(provider, "check_options", None)
    if check is not None:
        check(options)
    return knobs


def inputs(panel: Any, args: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Answer the question ``inputs``: what can be chosen of the product of the graph `graph`."""
    for _, graph in panel.model.graphs:
        if graph.id == args.get("graph"):
            ref = ProductRef.parse(graph.product)
            ask = getattr(panel.session, "product_inputs", None)
            if not is_archive(ref) or ask is None:
                return []
            return [
                {
                    "name": one.name, "label": one.label, "kind": one.kind,
                    "default": one.default, "choices": [list(pair) for pair in one.choices],
                    "low": one.low, "high": one.high,
                }
                for one in ask(ref, timeout=_TIMEOUT)
            ]  # fmt: skip
    raise InvalidRequest(f"the panel has no graph {args.get('graph')!r:.60}")
