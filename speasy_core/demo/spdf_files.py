"""SPDF's file archive below ``/pub``, as a part of the local archive."""

from __future__ import annotations

from .holdings import ArchiveError
from .parts import Handler, Stock
from .server import Reply, Request

__all__ = ["serve"]


class NotThere(ArchiveError):
    """A path outside ``/pub``."""

    status = 404


def serve(stock: Stock) -> Handler:
    """Return the handler of the file archive."""

    def handle(request: Request) -> Reply:
        if request.segments[:1] != ["pub"]:
            raise NotThere("files lie below /pub")
        return stock.archive.handle(request.below(1))

    return handle
