"""Users and passwords of archives, kept where only their owner reads them.

Three places are looked at, in this order: the environment (``SPZ_AMDA_USER``,
``SPZ_AMDA_PASSWORD``, ``SPZ_HAPI_<SERVER>_USER``, ...), the keyring of the operating system (with
``pip install sciqlop-lab[keyring]``), and a file beside the settings that only its owner can read.

::

    from speasy_core import credentials
    credentials.save("amda", "me", getpass())            # once
    credentials.save("hapi/myserver", "me", getpass())   # a server of the setting hapi_servers
    credentials.forget("amda")

What is kept belongs to one scheme, host and port, and is sent nowhere else: changing ``amda_url``
sends no password to the new server.
"""

from __future__ import annotations

import json
import logging
import os
import tempfile
import threading
import warnings
from collections.abc import Mapping
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from .config import Settings, default_config_path, open_to_others
from .errors import ConfigError, InvalidRequest, SpeasyWarning
from .secret import Login, Secret, is_below, origin_of, split_login

__all__ = ["find", "forget", "login_for", "save"]

_log = logging.getLogger(__name__)
_SERVICE, _ENTRY = "sciqlop-lab", "credentials"
# a keyring that waits for a daemon which is not there must not hold a request
_PATIENCE = 10.0
_lock = threading.Lock()

# what a place holds, by origin
Document = dict[str, Login]
_kept: Document | None = None  # what the keyring said: it may ask its user each time


def login_for(settings: Settings, url: str) -> Login | None:
    """Return the credentials for a server: those of the settings, else what is kept.

    Parameters
    ----------
    settings : Settings
        Whose environment or base URLs may hold some.
    url : str
        Of the server or of anything on it.
    """
    if settings.amda_user and settings.amda_password and is_below(url, settings.amda_url):
        return Login(settings.amda_user, settings.amda_password)
    return settings.logins.get(origin_of(url)) or find(url)


def find(url: str) -> Login | None:
    """Return the credentials that are kept for the server of `url`, None when there are none.

    Warns
    -----
    SpeasyWarning
        The file can be read by others, and is not used.
    """
    origin = origin_of(url)
    for document in (_in_keyring(), _in_file()):
        if origin in document:
            return document[origin]
    return None


def save(what: str, user: str, password: str | Secret, *, settings: Settings | None = None) -> str:
    """Keep the credentials of a server; sessions that are made afterwards use them.

    Parameters
    ----------
    what : str
        ``"amda"``, ``"hapi/NAME"`` for a server of the setting `hapi_servers`, or the server's URL.
    user : str
    password : str or Secret
    settings : Settings, optional
        Tell the URLs of servers; by default :meth:`Settings.load`.

    Returns
    -------
    str
        Where: ``"keyring"``, or the path of a file of mode 0600.

    Raises
    ------
    InvalidRequest
        No such server.
    ConfigError
        The file cannot be written.

    Examples
    --------
    >>> from getpass import getpass
    >>> save("amda", "me", getpass())  # doctest: +SKIP
    'keyring'
    """
    login, origin = Login(user, Secret(password)), _origin(what, settings)
    with _lock:
        in_file = _without(_in_file(anyhow=True), origin)
        if _write_keyring({**_in_keyring(), origin: login}):
            _write_file(in_file)
            return "keyring"
        _write_file({**in_file, origin: login})
        return str(_file())


def forget(what: str, *, settings: Settings | None = None) -> None:
    """Remove the credentials of a server from the keyring and from the file.

    Parameters
    ----------
    what, settings
        As for `save`.
    """
    origin = _origin(what, settings)
    with _lock:
        kept = _in_keyring()
        if origin in kept:
            _write_keyring(_without(kept, origin))
        _write_file(_without(_in_file(anyhow=True), origin))


def _without(document: Document, origin: str) -> Document:
    return {name: login for name, login in document.items() if name != origin}


def _origin(what: str, settings: Settings | None) -> str:
    if what.startswith(("http://", "https://")):
        return origin_of(split_login(what)[0])
    settings = Settings.load() if settings is None else settings
    server = what.removeprefix("hapi/")
    servers = {name.lower(): url for name, url in settings.hapi_servers.items()}
    if what == "amda":
        return origin_of(settings.amda_url)
    if server != what and server.lower() in servers:
        return origin_of(servers[server.lower()])
    known = ["amda", *(f"hapi/{name}" for name in settings.hapi_servers)]
    raise InvalidRequest(
        f"no server {what!r} is known", hint=f"use {', '.join(known)}, or the server's URL"
    )


def _checked(text: str, place: str) -> Document:
    """Return what a place holds; what is not of its form is left out."""
    try:
        found: Any = json.loads(text)
    except ValueError:
        found = None
    if not isinstance(found, Mapping):
        warnings.warn(
            f"the credentials in {place} cannot be read: remove them and save them again",
            SpeasyWarning,
            stacklevel=5,
        )
        return {}
    return {
        str(origin): Login(entry["user"], Secret(entry["password"]))
        for origin, entry in found.items()
        if isinstance(entry, Mapping)
        and isinstance(entry.get("user"), str)
        and isinstance(entry.get("password"), str)
    }


def _written(document: Document) -> str:
    return json.dumps(
        {
            origin: {"user": login.user, "password": login.password.reveal()}
            for origin, login in document.items()
        }
    )


# -- the file -------------------------------------------------------------------------------
def _file() -> Path:
    return default_config_path().parent / "credentials.json"


def _in_file(*, anyhow: bool = False) -> Document:
    """Return what the file holds; one that others can read only `anyhow`, to write it anew."""
    file = _file()
    try:
        with file.open(encoding="utf-8") as opened:
            if not anyhow and open_to_others(os.fstat(opened.fileno())):
                warnings.warn(
                    f"{file} is not used, since others can read it: chmod 600 '{file}', "
                    "and change the passwords in it",
                    SpeasyWarning,
                    stacklevel=4,
                )
                return {}
            text = opened.read()
    except (FileNotFoundError, NotADirectoryError):
        return {}
    except (OSError, UnicodeDecodeError) as error:
        warnings.warn(f"{file} cannot be read: {type(error).__name__}", SpeasyWarning, stacklevel=4)
        return {}
    return _checked(text, str(file))


def _write_file(document: Document) -> None:
    """Write a new file beside the old one and rename it, so that no other mode ever shows it."""
    file = _file()
    try:
        if not document:
            file.unlink(missing_ok=True)
            return
        file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        handle, name = tempfile.mkstemp(dir=file.parent, prefix=".credentials-")  # mode 0600
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as out:
                out.write(_written(document))
                out.flush()
                os.fsync(out.fileno())
            os.replace(name, file)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
    except OSError as error:
        raise ConfigError(
            f"the credentials cannot be written: {error.strerror}", source=str(file)
        ) from error


# -- the keyring ----------------------------------------------------------------------------
def _ask_keyring(work: Any) -> tuple[bool, Any]:
    """Run `work(keyring)` with bounded patience; False when there is no keyring that answers."""
    if find_spec("keyring") is None:
        return False, None
    outcome: list[Any] = []

    def ask() -> None:
        try:
            outcome.append(work(import_module("keyring")))
        except Exception as error:  # noqa: BLE001 - a backend may raise anything
            # without its words, which may hold anything too
            _log.debug("the keyring cannot be used: %s", type(error).__name__)

    thread = threading.Thread(target=ask, name="speasy-keyring", daemon=True)
    thread.start()
    thread.join(_PATIENCE)
    if thread.is_alive():
        warnings.warn(
            f"the system's keyring does not answer within {_PATIENCE:g} s and is not used",
            SpeasyWarning,
            stacklevel=4,
        )
    return bool(outcome), outcome[0] if outcome else None


def _in_keyring() -> Document:
    global _kept
    if _kept is None:
        _, text = _ask_keyring(lambda keyring: keyring.get_password(_SERVICE, _ENTRY))
        _kept = _checked(text, "the keyring") if text else {}
    return _kept


def _write_keyring(document: Document) -> bool:
    global _kept
    done, _ = _ask_keyring(
        lambda keyring: keyring.set_password(_SERVICE, _ENTRY, _written(document))
    )
    _kept = None
    return done
