"""The settings as the page gets and changes them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from speasy_core.config import Settings, default_config_path
from speasy_core.core.config import Entry
from speasy_core.errors import ConfigError, InvalidRequest

from .settings_watch import EDITABLE

__all__ = ["change_settings", "written_settings"]


def written_settings() -> dict[str, Any]:
    """Return what the file and the environment say now, and which of them says it.

    Returns
    -------
    dict
        ``values`` of the settings in `EDITABLE`, ``sources`` (``environment``, ``file`` or
        ``default``) and the ``file``.

    Raises
    ------
    ConfigError
        The file or a variable of the environment cannot be read.

    Examples
    --------
    >>> sorted(written_settings())
    ['file', 'sources', 'values']
    """
    settings = Settings.load()
    values = {name: getattr(settings, name) for name in EDITABLE}
    said = settings.sources
    return {
        "values": {k: list(v) if isinstance(v, tuple) else v for k, v in values.items()},
        "sources": {
            name: "default" if name not in said
            else "environment" if said[name] == "environment" else "file"
            for name in EDITABLE
        },
        "file": str(default_config_path()),
    }  # fmt: skip


def change_settings(changes: Mapping[str, Any]) -> dict[str, Any]:
    """Write settings to the file, all of them or none, and return `written_settings`.

    Raises
    ------
    InvalidRequest
        A name is not one of `EDITABLE`, a value cannot be used, or the environment decides.
    ConfigError
        The file cannot be written.
    """
    now = written_settings()
    for name, value in changes.items():
        _check(name, value, now)
    try:
        Settings().with_(**dict(changes))
    except ConfigError as error:
        raise InvalidRequest(str(error)) from error
    for name, value in changes.items():
        if value != now["values"][name]:
            Entry(name).set(value)
    return written_settings()


def _check(name: str, value: Any, now: Mapping[str, Any]) -> None:
    wanted = EDITABLE.get(name)
    if wanted is None:
        raise InvalidRequest(
            f"{name!r:.60} cannot be changed from here", hint=f"settings: {', '.join(EDITABLE)}"
        )
    numeric = wanted in (int, float)
    fits = isinstance(value, (int, float) if wanted is float else wanted)
    if not fits or (numeric and isinstance(value, bool)):
        raise InvalidRequest(f"{name} = {value!r:.60}: expected {wanted.__name__}")
    if wanted is list and not all(isinstance(item, str) for item in value):
        raise InvalidRequest(f"{name} = {value!r:.60}: expected a list of names")
    if now["sources"][name] == "environment" and value != now["values"][name]:
        raise InvalidRequest(
            f"{name} is set by the environment (SPZ_{name.upper()}), which wins over the file",
            hint="unset that variable where Jupyter is started",
        )
