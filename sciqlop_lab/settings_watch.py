"""One settings file, which the Jupyter server and every kernel watch."""

from __future__ import annotations

import logging
import threading
import weakref
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from speasy_core.config import Settings, default_config_path
from speasy_core.errors import ConfigError

if TYPE_CHECKING:
    from speasy_core import Session

__all__ = ["EDITABLE", "SettingsWatch", "watch"]

_log = logging.getLogger(__name__)
_OFTEN = 2.0  # seconds between two looks at the file

#: what the page may change, and the type that it sends; URLs, folders and logins are not for it
EDITABLE: Mapping[str, type] = {
    "cache_size": int,
    "offline": bool,
    "timeout": float,
    "view_timeout": float,
    "disabled_providers": list,
}


class SettingsWatch:
    """Makes a session follow the settings file, whoever writes it.

    A kernel's session takes over what it can while it works: a provider that is left out, and the
    size of the cache, count from its next start on.

    Parameters
    ----------
    session : Session
        Not kept alive by this.
    file : Path, optional
        By default :func:`speasy_core.config.default_config_path`.
    reopen : bool
        Whether the parts of the session are made anew, which a process without virtual products
        and running requests can afford: then every setting counts at once.

    Examples
    --------
    >>> import speasy_core
    >>> session = speasy_core.Session()
    >>> watch = SettingsWatch(session, Path("settings.toml"))
    >>> watch.look()  # nothing has changed since
    []
    """

    def __init__(self, session: Session, file: Path | None = None, *, reopen: bool = False) -> None:
        self._session = weakref.ref(session)
        self._reopen = reopen
        self._file = default_config_path() if file is None else file
        self._seen = self._mark()
        self._end = threading.Event()

    def _mark(self) -> tuple[int, int, int] | None:
        try:
            found = self._file.stat()
        except OSError:
            return None
        return found.st_mtime_ns, found.st_size, found.st_ino

    def look(self) -> list[str]:
        """Take over what has changed in the file; returns the names of the settings."""
        mark, session = self._mark(), self._session()
        if mark == self._seen or session is None:
            return []
        self._seen = mark
        try:
            new = Settings.load(self._file)
        except ConfigError as error:
            # half of an edit: the settings of before stay until the file is whole again
            _log.warning("the settings go on as they were: %s", error)
            return []
        old = session.settings
        changed = {n: getattr(new, n) for n in EDITABLE if getattr(new, n) != getattr(old, n)}
        if changed:
            session.change("", **changed)
        if self._reopen and {"cache_size", "disabled_providers", "offline"} & changed.keys():
            session.close()
        return list(changed)

    def start(self) -> None:
        """Begin to look every two seconds, in a thread that keeps no process alive."""
        threading.Thread(target=self._run, name="sciqlop-settings", daemon=True).start()

    def stop(self) -> None:
        """End that."""
        self._end.set()

    def _run(self) -> None:
        while not self._end.wait(_OFTEN) and self._session() is not None:
            self.look()


_watches: weakref.WeakKeyDictionary[Session, SettingsWatch] = weakref.WeakKeyDictionary()
_lock = threading.Lock()


def watch(session: Session, *, reopen: bool = False) -> SettingsWatch:
    """Make a session follow the settings file; once, however often it is called."""
    with _lock:
        found = _watches.get(session)
        if found is None:
            found = _watches[session] = SettingsWatch(session, reopen=reopen)
            found.start()
        return found
