"""Settings: one TOML file, overridden by environment variables.

Every base URL is a setting, so the same code runs against the real servers and against a
loopback copy of them. The file is ``settings.toml`` in the user's configuration folder, or what
``SPZ_CONFIG`` names; keys are the field names of :class:`Settings`.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any

from .errors import ConfigError

__all__ = ["Secret", "Settings", "default_config_path"]


class Secret(str):
    """Text that shows as ``***`` in every repr; `reveal()` gives it."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "'***'" if len(self) else "''"

    def __str__(self) -> str:
        return "***" if len(self) else ""

    def __format__(self, spec: str) -> str:
        return format(str(self), spec)

    def reveal(self) -> str:
        """Return the plain text, for the one place that sends it."""
        return str.__str__(self)


def default_config_path() -> Path:
    """Return where the settings file is looked for."""
    if "SPZ_CONFIG" in os.environ:
        return Path(os.environ["SPZ_CONFIG"])
    import platformdirs

    return Path(platformdirs.user_config_dir("sciqlop-lab")) / "settings.toml"


def _default_cache_dir() -> Path:
    import platformdirs

    return Path(platformdirs.user_cache_dir("sciqlop-lab"))


def _default_archive_dirs() -> tuple[str, ...]:
    import platformdirs

    return (str(Path(platformdirs.user_config_dir("sciqlop-lab")) / "archive"),)


@dataclass(frozen=True, slots=True)
class Settings:
    """All settings of a session; each is also an environment variable ``SPZ_<NAME>``.

    Parameters
    ----------
    cache_dir : Path
        Folder of the data cache and of the inventory snapshot.
    cache_size : int
        Upper limit of the data cache, in bytes.
    offline : bool
        Answer from the cache alone; no request is made.
    timeout, view_timeout : float
        Seconds that a whole `get_data` call, or a panel's request, may take, retries included.
    max_connections : int
        Parallel requests to one host.
    max_memory : int
        A request estimated to need more bytes than this is refused.
    disabled_providers : tuple of str
        Names left out of the tree and of `get_data`.
    cda_url, cda_archive_url, ssc_url, csa_url, amda_url, uiowa_url, cdpp3dview_url : str
        Base URL of each server, without a trailing slash.
    hapi_servers : mapping of str to str
        Name to base URL; in the environment ``name=url`` pairs with a comma between. They come
        before the public servers; one of the same name takes its place.
    hapi_public : bool
        Whether the known public HAPI servers are asked too.
    archive_dirs : tuple of str
        Folders of descriptions of archives (``*.yaml``); by default ``archive`` in the user's
        configuration folder.
    allow_local_files : bool
        Whether descriptions may name local files (``file://``).
    amda_user, amda_password : str
        Credentials; the password never shows.
    sources : mapping of str to str
        Where each value that is not a default came from (``environment`` or the file's path).

    Examples
    --------
    >>> s = Settings.load(path=None, environ={"SPZ_CDA_URL": "http://127.0.0.1:1/cdaweb/"})
    >>> s.cda_url, s.sources["cda_url"]
    ('http://127.0.0.1:1/cdaweb', 'environment')
    """

    cache_dir: Path = field(default_factory=_default_cache_dir)
    cache_size: int = 20_000_000_000
    offline: bool = False
    timeout: float = 60.0
    view_timeout: float = 10.0
    max_connections: int = 5
    max_memory: int = 8_000_000_000
    disabled_providers: tuple[str, ...] = ()
    cda_url: str = "https://cdaweb.gsfc.nasa.gov"
    cda_archive_url: str = "https://spdf.gsfc.nasa.gov"
    ssc_url: str = "https://sscweb.gsfc.nasa.gov"
    csa_url: str = "https://csa.esac.esa.int"
    amda_url: str = "https://amda.irap.omp.eu"
    uiowa_url: str = "https://planet.physics.uiowa.edu"
    cdpp3dview_url: str = "https://3dview.irap.omp.eu"
    hapi_servers: Mapping[str, str] = field(default_factory=dict)
    hapi_public: bool = True
    archive_dirs: tuple[str, ...] = field(default_factory=_default_archive_dirs)
    allow_local_files: bool = False
    amda_user: str = ""
    amda_password: Secret = field(default_factory=lambda: Secret(""))
    sources: Mapping[str, str] = field(default_factory=dict, compare=False)

    @classmethod
    def load(
        cls, path: Path | str | None = None, environ: Mapping[str, str] | None = None
    ) -> Settings:
        """Read the file, then the environment, which wins.

        Parameters
        ----------
        path : Path, optional
            Settings file; a missing one is an empty one. By default :func:`default_config_path`.
        environ : mapping, optional
            By default ``os.environ``.

        Raises
        ------
        ConfigError
            Names the file or the variable, and what is wrong with it.
        """
        environ = os.environ if environ is None else environ
        file = default_config_path() if path is None else Path(path)
        values: dict[str, Any] = {}
        sources: dict[str, str] = {}
        known = {f.name: f for f in fields(cls) if f.name != "sources"}
        for name, raw in _read_toml(file).items():
            if name not in known:
                raise ConfigError(
                    f"unknown setting {name!r}",
                    source=str(file),
                    hint=f"known settings: {', '.join(sorted(known))}",
                )
            values[name], sources[name] = _convert(name, raw, str(file)), str(file)
        for name in known:
            variable = f"SPZ_{name.upper()}"
            if environ.get(variable):
                values[name] = _convert(name, environ[variable], variable)
                sources[name] = "environment"
        return cls(**values, sources=sources)

    def with_(self, **changes: Any) -> Settings:
        """Return a copy with some fields changed."""
        checked = {k: _convert(k, v, "Settings.with_()") for k, v in changes.items()}
        return replace(self, **checked)

    def to_env(self) -> dict[str, str]:
        """Return the variables that reproduce every value that differs from its default."""
        default, out = type(self)(), {}
        for f in fields(self):
            value = getattr(self, f.name)
            if f.name == "sources" or value == getattr(default, f.name):
                continue
            out[f"SPZ_{f.name.upper()}"] = _to_text(value)
        return out


def _read_toml(file: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigError(f"cannot read the settings: {error}", source=str(file)) from error


def _to_text(value: Any) -> str:
    if isinstance(value, Secret):
        return value.reveal()
    if isinstance(value, bool):
        return "1" if value else "0"
    if isinstance(value, Mapping):
        return ",".join(f"{k}={v}" for k, v in value.items())
    if isinstance(value, tuple):
        return ",".join(value)
    return str(value)


def _to_bool(value: Any) -> bool:
    if isinstance(value, bool):
        return value
    text = str(value).strip().lower()
    if text in ("1", "true", "yes", "on"):
        return True
    if text in ("0", "false", "no", "off"):
        return False
    raise ValueError("write true or false")


def _to_servers(value: Any) -> dict[str, str]:
    if isinstance(value, Mapping):
        pairs = [(str(k), str(v)) for k, v in value.items()]
    else:
        pairs = []
        for item in filter(None, (part.strip() for part in str(value).split(","))):
            name, equal, url = item.partition("=")
            if not equal:
                raise ValueError(f"{item!r} is not of the form name=url")
            pairs.append((name.strip(), url.strip()))
    return {name: _to_url(url) for name, url in pairs}


def _to_url(value: Any) -> str:
    url = str(value).rstrip("/")
    if not url.startswith(("http://", "https://")):
        raise ValueError("a server's URL starts with http:// or https://")
    return url


def _to_names(value: Any) -> tuple[str, ...]:
    items = value.split(",") if isinstance(value, str) else list(value)
    return tuple(str(item).strip().lower() for item in items if str(item).strip())


def _to_paths(value: Any) -> tuple[str, ...]:
    items = value.split(",") if isinstance(value, str) else list(value)
    return tuple(str(Path(str(item).strip()).expanduser()) for item in items if str(item).strip())


def _positive(value: Any, kind: type[int] | type[float]) -> Any:
    number = kind(float(value))
    if not number > 0:
        raise ValueError("must be above zero")
    return number


def _convert(name: str, raw: Any, where: str) -> Any:
    try:
        if name == "cache_dir":
            return Path(raw).expanduser()
        if name in ("offline", "hapi_public", "allow_local_files"):
            return _to_bool(raw)
        if name in ("timeout", "view_timeout"):
            return _positive(raw, float)
        if name in ("cache_size", "max_connections", "max_memory"):
            return _positive(raw, int)
        if name == "disabled_providers":
            return _to_names(raw)
        if name == "archive_dirs":
            return _to_paths(raw)
        if name == "hapi_servers":
            return _to_servers(raw)
        if name.endswith("_url"):
            return _to_url(raw)
        if name == "amda_password":
            return raw if isinstance(raw, Secret) else Secret(raw)
        return raw if name == "sources" else str(raw)
    except (TypeError, ValueError) as error:
        raise ConfigError(f"setting {name} = {raw!r}: {error}", source=where) from error
