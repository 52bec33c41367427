"""The archives: one class in one module each, imported when it is first used.

A further provider is one module here and one line in the table, or another package's entry point
of the group ``speasy_core.providers``: a callable that takes settings and http client and returns
an object that follows :class:`speasy_core.provider.Provider`.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, Any

from speasy_core.config import Settings
from speasy_core.errors import SpeasyError, UnknownProvider
from speasy_core.http import HttpClient
from speasy_core.provider import Provider

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

__all__ = ["GROUP", "foreign_names", "load", "names", "own_names"]

GROUP = "speasy_core.providers"
_log = logging.getLogger(__name__)

# in the order of the tree
_TABLE = {
    "cda": f"{__name__}.cda:CdaProvider",
    "ssc": f"{__name__}.ssc:SscProvider",
    "csa": f"{__name__}.csa:CsaProvider",
    "amda": f"{__name__}.amda:AmdaProvider",
    "hapi": f"{__name__}.hapi:HapiProvider",
    "archive": f"{__name__}.archive:ArchiveProvider",
    "uiowaephtool": f"{__name__}.uiowaephtool:UiowaProvider",
    "cdpp3dview": f"{__name__}.cdpp3dview:Cdpp3dViewProvider",
    "vp": f"{__name__}.functions:FunctionProvider",
}
_NAME = re.compile(r"[a-z][a-z0-9_]*")


@cache
def _foreign() -> dict[str, EntryPoint]:
    """Return other packages' providers by name; nothing of theirs is imported here."""
    from importlib.metadata import entry_points  # as dear to import as numpy

    found: dict[str, EntryPoint] = {}
    for point in entry_points(group=GROUP):
        if not _NAME.fullmatch(point.name) or point.name in _TABLE or point.name in found:
            _log.warning(
                "provider %r of %s is left out: the name is taken, or not a lower-case word",
                point.name, point.value,
            )  # fmt: skip
            continue
        found[point.name] = point
    return found


def own_names() -> list[str]:
    """Return the names of the providers of this package."""
    return list(_TABLE)


def foreign_names() -> list[str]:
    """Return the names of other packages' providers; nothing of theirs is imported."""
    return list(_foreign())


def names() -> list[str]:
    """Return the names of all providers, our own first.

    Examples
    --------
    >>> names()[0]
    'cda'
    """
    return [*_TABLE, *_foreign()]


def load(name: str, settings: Settings, http: HttpClient) -> Provider:
    """Make a provider.

    Parameters
    ----------
    name : str
        One of :func:`names`.
    settings : Settings
        Base URLs and credentials.
    http : HttpClient
        Shared by all providers.

    Raises
    ------
    UnknownProvider
        No provider of that name.
    SpeasyError
        Another package's provider cannot be imported or made; the message names both.
    """
    if name in _TABLE:
        module, _, attribute = _TABLE[name].partition(":")
        provider: Provider = getattr(import_module(module), attribute)(settings, http)
        return provider
    point = _foreign().get(name)
    if point is None:
        known = ", ".join(names())
        raise UnknownProvider(f"there is no provider {name!r}", hint=f"providers: {known}")
    return _make_foreign(point, settings, http)


def _make_foreign(point: EntryPoint, settings: Settings, http: HttpClient) -> Provider:
    where = f"provider {point.name!r} ({point.value})"
    try:
        make: Callable[[Settings, HttpClient], Any] = point.load()
        made = make(settings, http)
    except Exception as error:  # anybody's code: it is named, and the others go on
        raise SpeasyError(f"{where} cannot be loaded: {error!r}") from error
    if not isinstance(made, Provider):
        raise SpeasyError(f"{where} is not a provider: {type(made).__name__} lacks a part of it")
    if made.name != point.name:
        raise SpeasyError(f"{where} calls itself {made.name!r}")
    return made
