"""Code of this user, sent to a process that he started himself: the one place that pickles.

Bytes of :func:`pack` go through a pipe to a child of this process and nowhere else: they are
never written, and what is read from a file or a server never comes to :func:`unpack`. Data goes
as plain arrays, see :mod:`sciqlop_lab.virtual.wires`.
"""

from __future__ import annotations

from typing import Any

from speasy_core.errors import ConfigError, VirtualProductError

__all__ = ["pack", "unpack"]


def _cloudpickle() -> Any:
    try:
        import cloudpickle  # type: ignore[import-untyped]
    except ImportError as error:
        raise ConfigError(
            "functions in a process of their own need cloudpickle",
            hint="pip install 'sciqlop-lab[process]'",
        ) from error
    return cloudpickle


def pack(function: Any, name: str) -> bytes:
    """Return a function with all that it closes over, for a child of this process.

    Raises
    ------
    VirtualProductError
        It closes over something that belongs to this process.
    """
    try:
        return bytes(_cloudpickle().dumps(function))
    except ConfigError:
        raise
    except Exception as error:  # whatever object the function holds says no in a way of its own
        raise VirtualProductError(
            f"{name} cannot be sent to another process: {error}",
            hint="let it import and open what it uses by itself, or leave process=True out",
        ) from error


def unpack(code: bytes) -> Any:
    """Return the function that the parent of this process packed."""
    return _cloudpickle().loads(code)
