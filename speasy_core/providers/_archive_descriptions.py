"""The descriptions of archives: found in folders, shipped, or given while running."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from importlib import resources
from pathlib import Path

from speasy_core.config import Settings
from speasy_core.errors import ConfigError, InvalidRequest, UnknownProduct
from speasy_core.product import ProductRef
from speasy_core.variable import SpeasyVariable

from ._archive_entry import Entry, read_entries

__all__ = ["Descriptions", "FileReader"]

#: takes an address and the name of a variable
FileReader = Callable[[str, str], SpeasyVariable]
#: where shipped descriptions point to, and the setting that says where that is
_SERVERS = {
    "https://spdf.gsfc.nasa.gov": "cda_archive_url",
    "https://cdaweb.gsfc.nasa.gov": "cda_url",
}


class Descriptions:
    """What is described, and where.

    Parameters
    ----------
    settings : Settings
        `archive_dirs`, `allow_local_files`, and the servers that mirror others.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._lock = threading.Lock()
        self._entries: dict[str, Entry] | None = None
        self._mistakes: list[ConfigError] = []
        self._added: list[tuple[str, str]] = []
        self._readers: dict[str, FileReader] = {}

    def texts(self) -> list[tuple[str, str | None]]:
        """Return name and text of every description, the user's first; None where unreadable."""
        found: list[tuple[str, str | None]] = [*self._added]
        for folder in self._settings.archive_dirs:
            for path in sorted(Path(folder).expanduser().glob("*.y*ml")):
                try:
                    found.append((str(path), path.read_text(encoding="utf-8")))
                except (OSError, UnicodeDecodeError):
                    found.append((str(path), None))
        shipped = resources.files(__package__).joinpath("archives")
        return found + [
            (item.name, item.read_text(encoding="utf-8"))
            for item in sorted(shipped.iterdir(), key=lambda i: i.name)
            if item.name.endswith(".yaml")
        ]

    @property
    def has_more(self) -> bool:
        """Whether there is more than in files."""
        return bool(self._added)

    def entries(self) -> list[Entry]:
        """Return what was read last."""
        with self._lock:
            return list((self._entries or {}).values())

    def reader(self, entry: Entry) -> FileReader | None:
        """Return what reads the files of a data set, where it is not a codec."""
        return self._readers.get(entry.id)

    def add(self, text: str, source: str, reader: FileReader | None = None) -> None:
        """Take a description for as long as this process lasts.

        Parameters
        ----------
        text : str
            YAML, as in a file.
        source : str
            What it is called in messages.
        reader : callable, optional
            Reads the files: takes an address and the name of a variable.

        Raises
        ------
        ConfigError
            A mistake in it, with its line.
        """
        allowed = self._settings.allow_local_files
        entries, mistakes, _ = read_entries(text, source, local=allowed)
        if mistakes:
            raise mistakes[0]
        with self._lock:
            if (source, text) not in self._added:
                self._added.append((source, text))
                self._entries = None
            if reader is not None:
                self._readers |= dict.fromkeys((entry.id for entry in entries), reader)

    def load(self, texts: Sequence[tuple[str, str | None]]) -> list[str]:
        """Read the descriptions; returns warnings, and keeps the mistakes."""
        mirrors = {begin: getattr(self._settings, setting) for begin, setting in _SERVERS.items()}
        entries: dict[str, Entry] = {}
        mistakes: list[ConfigError] = []
        notes: list[str] = []
        for source, text in texts:
            if text is None:
                mistakes.append(ConfigError("not readable as UTF-8 text", source=source))
                continue
            read, wrong, odd = read_entries(
                text, source, replace=mirrors, local=self._settings.allow_local_files
            )
            mistakes += wrong
            notes += odd
            for entry in read:
                if entry.id in entries:
                    notes.append(
                        f"{entry.where}: {entry.id} is described in {entries[entry.id].where} too, "
                        "which counts"
                    )
                entries.setdefault(entry.id, entry)
        with self._lock:
            self._entries, self._mistakes = entries, mistakes
        return notes + [str(mistake) for mistake in mistakes]

    def find(self, ref: ProductRef) -> tuple[Entry, str]:
        """Return the data set and the variable of an id; the path may be left out."""
        path = ref.path.strip("/")
        with self._lock:
            loaded = self._entries
        found = _match(loaded, path) if loaded is not None else []
        if not found:
            self.load(self.texts())
            with self._lock:
                found = _match(self._entries or {}, path)
        if len(found) > 1:
            listed = ", ".join(entry.id for entry, _ in found)
            raise InvalidRequest(
                f"{ref} names several data sets: {listed}", product=str(ref),
                hint="write the whole path",
            )  # fmt: skip
        if found and found[0][1]:
            return found[0]
        if found:
            listed = ", ".join(found[0][0].variables)
            raise InvalidRequest(
                f"{ref} is a data set, not a variable", product=str(ref),
                hint=f"its variables: {listed}" if listed else f"ask for {ref}/VARIABLE",
            )  # fmt: skip
        self._blame(ref)
        known = ", ".join(list(self._entries or {})[:8])
        raise UnknownProduct(
            f"no description of {path!r}", product=str(ref), hint=f"there are {known}"
        )

    def _blame(self, ref: ProductRef) -> None:
        """Raise the mistake in the description that was meant."""
        names = set(ref.path.strip("/").split("/"))
        for mistake in self._mistakes:
            if mistake.message.partition(":")[0] in names:
                raise UnknownProduct(
                    f"its description has a mistake: {mistake.message}",
                    product=str(ref),
                    source=mistake.source,
                    hint=mistake.hint,
                ) from mistake


def _match(entries: Mapping[str, Entry], path: str) -> list[tuple[Entry, str]]:
    """Return the data sets that a path may mean, each with the variable."""
    found = [
        (entry, path[len(name) :].strip("/"))
        for name, entry in entries.items()
        if path == name or path.startswith(name + "/")
    ]
    if found:
        return [max(found, key=lambda pair: len(pair[0].id))]
    dataset, _, variable = path.partition("/")
    return [(entry, variable) for entry in entries.values() if entry.name == dataset]
