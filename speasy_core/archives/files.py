"""Described archives, and HAPI servers."""

from __future__ import annotations

from pathlib import Path

from speasy_core.errors import ConfigError
from speasy_core.providers._hapi_servers import chosen_servers

from .base import Archive

__all__ = ["Described", "Hapi"]


class Described(Archive):
    """Archives that YAML files describe; ids are ``INVENTORY/PATH/DATASET/VARIABLE``."""

    def user_inventory_dir(self) -> Path:
        """Return the folder in which descriptions (``*.yaml``) of your own are looked for.

        Raises
        ------
        ConfigError
            The setting `archive_dirs` is empty.

        Examples
        --------
        >>> import speasy_core as spz
        >>> spz.Session(spz.Settings(archive_dirs=("mine",))).archive.user_inventory_dir().name
        'mine'
        """
        folders = self._session.settings.archive_dirs
        if not folders:
            raise ConfigError("no folder of descriptions is named", hint="the setting archive_dirs")
        return Path(folders[0])


class Hapi(Archive):
    """HAPI servers; ids are ``SERVER/DATASET/PARAMETER``."""

    def servers(self) -> dict[str, str]:
        """Return the base URL of each server by its name in ids.

        Examples
        --------
        >>> import speasy_core as spz
        >>> mine = spz.Settings(hapi_servers={"mine": "http://h/hapi"}, hapi_public=False)
        >>> spz.Session(mine).hapi.servers()
        {'mine': 'http://h/hapi'}
        """
        servers = chosen_servers(self._session.settings)
        return {server.name: server.url for server in servers.values()}
