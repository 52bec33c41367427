"""What a client asked, and what goes back."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from html import escape

from .holdings import ChunkSource

__all__ = ["Reply", "Request", "error_page"]


@dataclass(frozen=True)
class Request:
    """What a client asked.

    Attributes
    ----------
    segments : list of str
        The path, unquoted and without its empty parts.
    folder : bool
        Whether the path ends in a slash.
    query : mapping of str to list of str
    headers : mapping of str to str
        Lower-case names.
    base : str
        ``http://host:port`` as the client knows this server.
    """

    method: str
    segments: list[str]
    folder: bool
    query: Mapping[str, list[str]]
    headers: Mapping[str, str]
    body: bytes
    base: str

    def below(self, count: int) -> Request:
        """Return the same request without its first `count` segments."""
        return Request(
            self.method, self.segments[count:], self.folder, self.query, self.headers,
            self.body, self.base,
        )  # fmt: skip


@dataclass(frozen=True)
class Reply:
    """What goes back: a status, and bytes whose number is known before they are made."""

    status: int
    content_type: str
    body: bytes = b""
    chunks: ChunkSource | None = None
    size: int | None = None
    modified_ns: int | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    reason: str | None = None

    @property
    def length(self) -> int:
        """Number of bytes."""
        return len(self.body) if self.chunks is None else (self.size or 0)

    def stream(self) -> Iterable[bytes]:
        """Return the bytes."""
        return (self.body,) if self.chunks is None else self.chunks()


def error_page(status: int, message: str, description: str = "") -> Reply:
    """Return an XHTML page as CDAWeb's: ``p.ErrorMessage`` and ``p.ErrorDescription``."""
    page = (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        '<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0 Strict//EN" '
        '"http://www.w3.org/TR/xhtml1/DTD/xhtml1-strict.dtd">\n'
        '<html xmlns="http://www.w3.org/1999/xhtml"><head><title>Error</title></head><body>'
        f'<p class="ErrorMessage">{escape(message)}</p>'
        f'<p class="ErrorDescription">{escape(description or message)}</p></body></html>\n'
    )
    return Reply(status, "application/xhtml+xml", page.encode())
