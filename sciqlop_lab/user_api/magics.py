"""The magics, there as soon as this module is imported in a notebook."""

from __future__ import annotations

from sciqlop_lab.magics import load_ipython_extension

__all__ = ["load_ipython_extension", "register_magics"]


def register_magics() -> bool:
    """Register ``%plot``, ``%timerange`` and ``%%vp``; False outside of IPython."""
    from IPython import get_ipython

    shell = get_ipython()
    if shell is None:
        return False
    load_ipython_extension(shell)
    return True


register_magics()
