"""Settings under Speasy's names: ``spz.config.cache.size.get()``, ``spz.config.show()``."""

from __future__ import annotations

import json
import os
import re
import sys
import tempfile
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from speasy_core import credentials
from speasy_core.config import default_config_path
from speasy_core.errors import ConfigError
from speasy_core.session import default_session

__all__ = ["ENTRIES", "Entry", "Section", "show"]

#: Speasy's sections and entries, and the settings that they are here
ENTRIES: Mapping[str, Mapping[str, str]] = {
    "core": {"disabled_providers": "disabled_providers", "urlib_pool_size": "max_connections"},
    "cache": {"size": "cache_size", "path": "cache_dir"},
    "archive": {"extra_inventory_lookup_dirs": "archive_dirs"},
    "amda": {"username": "amda_user", "password": "amda_password", "entry_point": "amda_url"},
}


class Entry:
    """One setting.

    Parameters
    ----------
    name : str
        Of the field of :class:`speasy_core.Settings`.

    Examples
    --------
    >>> Entry("cache_size").get() > 0
    True
    """

    def __init__(self, name: str) -> None:
        self._name = name

    def get(self) -> Any:
        """Return the value that the default session uses."""
        return getattr(default_session().settings, self._name)

    __call__ = get

    def set(self, value: Any) -> None:
        """Keep a value for this and later processes; the environment still wins over it.

        Parts of the default session that are in use already, but AMDA's, go on with the old one.
        A password goes to :mod:`speasy_core.credentials`, not into the file of settings.

        Raises
        ------
        ConfigError
            It cannot be used, or the file cannot be written.
        """
        session = default_session()
        changed = session.settings.with_(**{self._name: value})
        if self._name == "amda_password":
            password = changed.amda_password
            if not changed.amda_user:
                raise ConfigError("a password needs a user", hint="set amda.username first")
            credentials.save("amda", changed.amda_user, password, settings=changed)
        else:
            _write(default_config_path(), self._name, _plain(getattr(changed, self._name)))
        session.change("amda" if self._name.startswith("amda") else "", **{self._name: value})

    def __repr__(self) -> str:
        return f"<{self._name} = {self.get()!r}>"


class Section:
    """Entries that belong together, as attributes.

    Parameters
    ----------
    name : str
        One of :data:`ENTRIES`.

    Examples
    --------
    >>> Section("cache").size
    <cache_size = 20000000000>
    """

    def __init__(self, name: str) -> None:
        self._name, self._entries = name, ENTRIES[name]

    def __getattr__(self, name: str) -> Entry:
        if name.startswith("_"):
            raise AttributeError(name)
        if name not in self._entries:
            known = ", ".join(self._entries)
            raise AttributeError(f"{self._name} has no setting {name!r} here; there are {known}")
        return Entry(self._entries[name])

    def __dir__(self) -> list[str]:
        return list(self._entries)

    def __repr__(self) -> str:
        lines = [f"  {name}: {Entry(field).get()}" for name, field in self._entries.items()]
        return "\n".join([f"[{self._name}]", *lines])


def show() -> None:
    """Write all of them to the standard output; secrets as ``***``."""
    sys.stdout.write("\n".join(repr(Section(name)) for name in ENTRIES) + "\n")


def _plain(value: Any) -> Any:
    """Return a value as TOML has it."""
    if isinstance(value, tuple):
        return list(value)
    return str(value) if isinstance(value, Path) else value


def _write(file: Path, name: str, value: Any) -> None:
    """Put one value into the file, whole or not at all."""
    try:
        text = _changed(file.read_text(encoding="utf-8") if file.exists() else "", name, value)
        file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        handle, new = tempfile.mkstemp(dir=file.parent, prefix=".settings-")  # mode 0600
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as out:
                out.write(text)
                out.flush()
                os.fsync(out.fileno())
            os.replace(new, file)
        except BaseException:
            Path(new).unlink(missing_ok=True)
            raise
    except (OSError, ValueError, RecursionError) as error:
        raise ConfigError(f"the settings cannot be written: {error}", source=str(file)) from error


def _changed(text: str, name: str, value: Any) -> str:
    """Return the file's text with another value of one key, comments kept where they can be."""
    wanted = {**tomllib.loads(text), name: value}
    rest = re.sub(rf"(?m)^{re.escape(name)}[ \t]*=.*\n?", "", text)
    # keys that belong to no table come first
    new = f"{name} = {_toml(value)}\n{rest}"
    try:
        if tomllib.loads(new) == wanted:
            return new
    except tomllib.TOMLDecodeError:  # the old value had several lines
        pass
    return "".join(f"{key} = {_toml(item)}\n" for key, item in wanted.items())


def _toml(value: Any) -> str:
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{_toml(k)} = {_toml(v)}" for k, v in value.items()) + " }"
    if isinstance(value, list):
        return "[" + ", ".join(map(_toml, value)) + "]"
    # a string of JSON is one of TOML, but for the one character that JSON does not escape
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
