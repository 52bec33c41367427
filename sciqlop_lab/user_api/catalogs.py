"""Catalogues of the user, as JSON files in his data folder: ``catalogs.save("mine//shocks", ...)``.

A path is ``folders//name``; the name of SciQLop's local provider, ``My Catalogs``, may stand
before it. A file that is damaged is named in the error, and left as it is.
"""

from __future__ import annotations

import json
import os
import re
import threading
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote

import platformdirs

from speasy_core.errors import CorruptFile, InvalidRequest, SpeasyError
from speasy_core.events import Catalog, Event

__all__ = ["CatalogStore", "catalogs"]

LOCAL = "My Catalogs"
_VERSION = 1
_ENDING = ".catalog.json"
_MOST_NAME = 120
_LEADING_DOTS = re.compile(r"^\.+")


class CatalogStore:
    """A folder of catalogues.

    Parameters
    ----------
    folder : path, optional
        By default ``sciqlop/catalogs`` in the data folder of the user.

    Examples
    --------
    >>> import tempfile
    >>> store = CatalogStore(tempfile.mkdtemp())
    >>> store.save("mine//shocks", [("2020-01-01", "2020-01-02", {"kind": "fast"})])
    >>> store.list()
    ['mine//shocks']
    >>> store.get("mine//shocks")[0].meta["kind"]
    'fast'
    """

    def __init__(self, folder: str | os.PathLike[str] | None = None) -> None:
        self._folder = None if folder is None else Path(folder)
        self._lock = threading.RLock()

    @property
    def folder(self) -> Path:
        """Where they are."""
        if self._folder is not None:
            return self._folder
        return Path(platformdirs.user_data_dir("sciqlop", appauthor=False)) / "catalogs"

    def _file(self, path: str | Sequence[str]) -> Path:
        parts = path.split("//") if isinstance(path, str) else list(path)
        parts = [part.strip() for part in parts if part.strip()]
        if parts and parts[0] == LOCAL:
            parts = parts[1:]
        if not parts or any(len(part) > _MOST_NAME for part in parts):
            raise InvalidRequest(
                f"{path!r:.80} is not the path of a catalogue", hint='for example "mine//shocks"'
            )
        # any name is a file's name once it is quoted; dots too, or ".." would leave the folder
        names = [_LEADING_DOTS.sub(lambda d: "%2E" * len(d[0]), quote(p, safe=" ")) for p in parts]
        return self.folder.joinpath(*names[:-1], names[-1] + _ENDING)

    def list(self, prefix: str | None = None) -> list[str]:
        """Return the paths of all catalogues, or of those below a folder."""
        if not self.folder.is_dir():
            return []
        found = []
        for file in sorted(self.folder.rglob(f"*{_ENDING}")):
            parts = file.relative_to(self.folder).parts
            name = parts[-1].removesuffix(_ENDING)
            found.append("//".join(unquote(part) for part in (*parts[:-1], name)))
        start = "" if prefix is None else prefix.removeprefix(LOCAL).strip("/")
        return [path for path in found if not start or f"{path}//".startswith(f"{start}//")]

    def get(self, path: str | Sequence[str]) -> Catalog:
        """Return a catalogue.

        Raises
        ------
        InvalidRequest
            There is none of that path.
        CorruptFile
            Its file cannot be read.
        """
        file = self._file(path)
        try:
            text = file.read_text(encoding="utf-8")
        except FileNotFoundError:
            raise InvalidRequest(
                f"there is no catalogue {path!r:.80}",
                hint=f"catalogues: {', '.join(self.list()[:20]) or 'none'}",
            ) from None
        try:
            return Catalog.from_dict(json.loads(text))
        except (ValueError, KeyError, TypeError, AttributeError, SpeasyError) as error:
            raise CorruptFile(
                f"not a catalogue: {error}", source=str(file), hint="mend or delete the file"
            ) from error

    def save(self, path: str | Sequence[str], data: Any) -> None:
        """Write a catalogue, in place of one of that path.

        Parameters
        ----------
        path : str
        data : Catalog or iterable
            Of ``(start, stop)`` or ``(start, stop, meta)``, or of events.
        """
        file = self._file(path)
        catalog = _catalog(file.name.removesuffix(_ENDING), data)
        text = json.dumps(
            {"version": _VERSION, **catalog.to_dict()}, ensure_ascii=False, indent=1, default=_plain
        )
        with self._lock:
            file.parent.mkdir(parents=True, exist_ok=True)
            part = file.with_name(f".{file.name}.{os.getpid()}.part")
            part.write_text(text, encoding="utf-8")
            part.replace(file)

    def create(self, path: str | Sequence[str], data: Any = ()) -> None:
        """Write a catalogue that is not there yet.

        Raises
        ------
        InvalidRequest
            There is one.
        """
        with self._lock:
            if self._file(path).exists():
                raise InvalidRequest(f"there is a catalogue {path!r:.80} already")
            self.save(path, data)

    def add_events(self, path: str | Sequence[str], events: Any) -> None:
        """Add events to a catalogue."""
        with self._lock:
            now = self.get(path)
            self.save(path, [*now, *_events(events)])

    def remove_events(self, path: str | Sequence[str], events: Any) -> None:
        """Take events out of a catalogue: those of the same start and stop."""
        with self._lock:
            gone = {(event.start_ns, event.stop_ns) for event in _events(events)}
            kept = [e for e in self.get(path) if (e.start_ns, e.stop_ns) not in gone]
            self.save(path, kept)

    def remove(self, path: str | Sequence[str]) -> None:
        """Delete a catalogue.

        Raises
        ------
        InvalidRequest
            There is none of that path.
        """
        try:
            self._file(path).unlink()
        except FileNotFoundError:
            raise InvalidRequest(f"there is no catalogue {path!r:.80}") from None


def _events(data: Any) -> list[Event]:
    if isinstance(data, Event):
        return [data]
    if not isinstance(data, Iterable) or isinstance(data, (str, bytes)):
        raise InvalidRequest(f"{data!r:.60} is no list of events", hint="[(start, stop, {...})]")
    return [item if isinstance(item, Event) else Event.of(item) for item in data]


def _catalog(name: str, data: Any) -> Catalog:
    if isinstance(data, Catalog):
        return data
    return Catalog(unquote(name), None, _events(data))


def _plain(value: Any) -> Any:
    """Return numbers of numpy as plain ones, and the rest as text."""
    return value.item() if hasattr(value, "item") else str(value)


catalogs = CatalogStore()
