"""Files and folders, local or remote, by their address."""

from __future__ import annotations

import re
from io import BytesIO
from os import PathLike
from pathlib import Path
from typing import BinaryIO
from urllib.parse import unquote, urlsplit

from speasy_core.errors import InvalidRequest, OfflineError
from speasy_core.http import Deadline
from speasy_core.providers.archive import ArchiveProvider
from speasy_core.session import default_session

__all__ = ["any_loc_open", "list_files"]


def any_loc_open(
    url: str | PathLike[str],
    mode: str = "rb",
    *,
    cache_remote_files: bool = True,
    prefer_cache: bool = False,
    max_age: float | None = None,
) -> BinaryIO:
    """Open a file for reading, wherever it is.

    Parameters
    ----------
    url : str or path
        A path, ``file://``, ``http://`` or ``https://``.
    mode : str
        ``"rb"``.
    cache_remote_files : bool
        Whether a remote file that came a moment ago will do; none is kept longer than that.
    prefer_cache, max_age
        As Speasy's; files are never kept so long that they matter.

    Returns
    -------
    binary file

    Raises
    ------
    InvalidRequest
        No such file, or another mode.
    ServerError, OfflineError
        The server does not give it.

    Examples
    --------
    >>> import tempfile
    >>> path = Path(tempfile.mkdtemp(), "a.txt")
    >>> path.write_text("here")
    4
    >>> with any_loc_open(path) as file:
    ...     file.read()
    b'here'
    """
    if mode not in ("rb", "r"):
        raise InvalidRequest(f"mode={mode!r}: files are opened for reading bytes, 'rb'")
    path = _local(url)
    if path is not None:
        try:
            return path.open("rb")
        except OSError as error:
            raise InvalidRequest(f"cannot be opened: {error.strerror}", source=str(url)) from error
    provider, deadline = _remote(str(url))
    body = provider.file(str(url), deadline, fresh=not (cache_remote_files or prefer_cache))
    if body is None:
        raise InvalidRequest("no such file", url=str(url))
    return BytesIO(body.data)


def list_files(url: str | PathLike[str], file_regex: str | re.Pattern[str] = ".*") -> list[str]:
    """Return the names in a folder that match, in order.

    Parameters
    ----------
    url : str or path
        A local folder, or a page that lists one.
    file_regex : str or re.Pattern
        What the whole name has to match.

    Raises
    ------
    InvalidRequest
        No such folder.
    ServerError, OfflineError
        The server does not list it.

    Examples
    --------
    >>> import tempfile
    >>> list_files(tempfile.mkdtemp())
    []
    """
    path = _local(url)
    if path is not None:
        try:
            names = [item.name for item in path.iterdir()]
        except OSError as error:
            raise InvalidRequest(f"cannot be listed: {error.strerror}", source=str(url)) from error
    else:
        provider, deadline = _remote(str(url))
        names = list(provider.listing(f"{str(url).rstrip('/')}/", deadline))
    return sorted(name for name in names if re.fullmatch(file_regex, name))


def _local(url: str | PathLike[str]) -> Path | None:
    """Return the path of what is on this machine."""
    if isinstance(url, str) and url.startswith(("http://", "https://")):
        return None
    if isinstance(url, str) and url.startswith("file://"):
        return Path(unquote(urlsplit(url).path))
    return Path(url).expanduser()


def _remote(url: str) -> tuple[ArchiveProvider, Deadline]:
    session = default_session()
    if session.is_offline:
        raise OfflineError("offline: files of servers are not kept", url=url)
    provider = session.providers.get("archive")
    if not isinstance(provider, ArchiveProvider):
        raise InvalidRequest("described archives are switched off", hint="disabled_providers")
    return provider, Deadline(session.settings.timeout)
