"""Pictures of a panel as files: drawn by the page that shows it, written by the kernel."""

from __future__ import annotations

import contextlib
import os
import threading
import uuid
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from speasy_core.errors import InvalidRequest

from .protocol import PROTOCOL_VERSION, ProtocolError
from .svgpdf import to_pdf

__all__ = ["Exports"]

FORMATS = ("svg", "png", "pdf")
_MOST_WAITING = 32
_MAGIC = {"svg": b"<svg", "png": b"\x89PNG"}


class Exports:
    """The pictures that were asked for and have not come yet."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: dict[str, tuple[Path, str]] = {}

    def ask(self, path: str | os.PathLike[str], format: str | None = None) -> dict[str, Any]:
        """Return the message that asks a page for the picture that goes to `path`.

        Raises
        ------
        InvalidRequest
            Not a format of pictures, or there is no such folder.
        """
        target = Path(path).expanduser().absolute()
        kind = (format or target.suffix.lstrip(".")).lower()
        if kind not in FORMATS:
            raise InvalidRequest(
                f"{kind!r} is not a format of pictures",
                hint=f"name the file with one of these endings: {', '.join(FORMATS)}",
            )
        if not target.parent.is_dir():
            raise InvalidRequest(f"there is no folder {target.parent}")
        name = uuid.uuid4().hex
        with self._lock:
            self._waiting[name] = (target, kind)
            while len(self._waiting) > _MOST_WAITING:
                del self._waiting[next(iter(self._waiting))]
        # a PDF is made of the page's SVG
        drawn = "svg" if kind == "pdf" else kind
        return {"v": PROTOCOL_VERSION, "type": "export", "id": name, "format": drawn}

    def take(self, message: Mapping[str, Any], buffers: list[Any]) -> Path | None:
        """Write what a page sent; return where, or None when another page was faster."""
        with self._lock:
            target, kind = self._waiting.pop(str(message.get("id")), (None, ""))
        if target is None:
            return None
        content = bytes(buffers[0]) if buffers else b""
        if not content.startswith(_MAGIC["svg" if kind == "pdf" else kind]):
            raise ProtocolError(f"the page sent no {kind.upper()} for {target.name}")
        if kind == "pdf":
            content = to_pdf(content.decode("utf-8", "replace"), target.stem)
        part = target.with_name(f".{target.name}.{uuid.uuid4().hex[:8]}.part")
        try:
            part.write_bytes(content)
            part.replace(target)
        finally:
            with contextlib.suppress(FileNotFoundError):
                part.unlink()
        return target
