"""The archives as objects: ``session.amda``, ``session.cda`` and the like, with Speasy's methods.

They hold no state and ask no server themselves: data go through the session's `get_data`, what is
known of products is read from its inventory.

::

    base        what all archives have       amda        parameters, tables, a user's own space
    variables   CDAWeb, Cluster's archive    orbits      SSCWeb, 3DView
    files       described archives, HAPI     flat        products by id, one mapping per kind
    inventories what ``spz.inventories`` is
"""

from __future__ import annotations

from importlib import import_module

from .base import Archive, Session

__all__ = ["Archive", "open_archive"]

# provider -> what has more than the base; imported when it is first used
_TABLE = {
    "amda": "amda:Amda",
    "archive": "files:Described",
    "cda": "variables:Cda",
    "cdpp3dview": "orbits:Cdpp3dView",
    "csa": "variables:Csa",
    "hapi": "files:Hapi",
    "ssc": "orbits:Ssc",
}


def open_archive(session: Session, name: str) -> Archive:
    """Return one archive of a session.

    Parameters
    ----------
    session : Session
    name : str
        Of a provider, also of one that another package brings.

    Examples
    --------
    >>> import speasy_core as spz
    >>> open_archive(spz.Session(spz.Settings(offline=True)), "cda")
    <Cda: CDAWeb, offline>
    """
    module, _, attribute = _TABLE.get(name, "base:Archive").partition(":")
    made: type[Archive] = getattr(import_module(f"{__name__}.{module}"), attribute)
    return made(session, name)
