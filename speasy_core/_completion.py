"""Tab completion of the tree in IPython, below its first level too."""

from __future__ import annotations

import sys
from importlib import import_module

__all__ = ["allow_in_ipython"]


def allow_in_ipython(*types: type) -> None:
    """Let IPython look into objects of `types` when the tab key is pressed.

    IPython evaluates ``tree.cda.`` only where it knows that this has no side effects, which it
    cannot know of classes with properties and a ``__getattr__`` of their own: without leave it
    offers nothing there. Ours read the inventory at hand. Nothing happens outside of IPython.

    Examples
    --------
    >>> allow_in_ipython(dict)
    """
    if "IPython" not in sys.modules:
        return
    try:  # IPython itself loads it at the first tab key only
        evaluation = import_module("IPython.core.guarded_eval")
    except ImportError:
        return
    policies = getattr(evaluation, "EVALUATION_POLICIES", {})
    for kind in ("allowed_getattr", "allowed_getitem"):
        allowed = getattr(policies.get("limited"), kind, None)
        if isinstance(allowed, set):
            allowed.update(types)
