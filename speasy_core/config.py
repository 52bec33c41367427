"""Settings: one TOML file, overridden by environment variables.

Every base URL is a setting, so the same code runs against the real servers and against a
loopback copy of them. The file is ``settings.toml`` in the user's configuration folder, or what
``SPZ_CONFIG`` names; keys are the field names of :class:`Settings`.
"""

from __future__ import annotations

import os
import re
import stat
import tomllib
import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from importlib import import_module
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

from .errors import ConfigError, SpeasyWarning
from .secret import Login, Secret, origin_of, split_login

__all__ = ["Secret", "Settings", "default_config_path", "open_to_others"]

_USERINFO = re.compile(r"//[^/@\s]*@")
# fields that say something of the others, and are no settings themselves
_ABOUT = frozenset({"logins", "sources"})


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
        Credentials; the password never shows. :mod:`speasy_core.credentials` keeps them, too.
    logins : mapping of str to Login
        Credentials by scheme, host and port. Those in a base URL (``https://user:password@host``)
        move here, and so do ``SPZ_HAPI_<NAME>_USER`` and ``SPZ_HAPI_<NAME>_PASSWORD``.
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
    amda_password: Secret = field(default_factory=Secret)
    logins: Mapping[str, Login] = field(default_factory=dict)
    sources: Mapping[str, str] = field(default_factory=dict, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "amda_password", Secret(self.amda_password))
        logins = dict(self.logins)

        def without_login(url: str) -> str:
            bare, login = split_login(url)
            if login is not None:
                logins[origin_of(bare)] = login
            return bare

        for name in _URLS:
            object.__setattr__(self, name, without_login(getattr(self, name)))
        servers = {name: without_login(url) for name, url in self.hapi_servers.items()}
        object.__setattr__(self, "hapi_servers", servers)
        object.__setattr__(self, "logins", logins)

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
        known = [f.name for f in fields(cls) if f.name not in _ABOUT]
        for name, raw in _read_toml(file).items():
            if name not in known:
                raise ConfigError(
                    f"unknown setting {name!r}",
                    source=str(file),
                    hint=f"known settings: {', '.join(sorted(known))}",
                )
            if _holds_secret(name, raw) and _is_exposed(file):
                continue
            values[name], sources[name] = _convert(name, raw, str(file)), str(file)
        for name in known:
            variable = f"SPZ_{name.upper()}"
            if environ.get(variable):
                values[name] = _convert(name, environ[variable], variable)
                sources[name] = "environment"
        logins = _hapi_logins(values.get("hapi_servers", {}), environ)
        return cls(**values, logins=logins, sources=sources)

    def with_(self, **changes: Any) -> Settings:
        """Return a copy with some fields changed."""
        checked = {k: _convert(k, v, "Settings.with_()") for k, v in changes.items()}
        return replace(self, **checked)

    def to_env(self) -> dict[str, str]:
        """Return the variables that reproduce every value that differs from its default.

        With passwords in plain text, as the environment of a process has to hold them.
        """
        default, out = type(self)(), {}
        for f in fields(self):
            value = self._with_logins(getattr(self, f.name)) if f.name not in _ABOUT else None
            if value is None or value == getattr(default, f.name):
                continue
            out[f"SPZ_{f.name.upper()}"] = _to_text(value)
        return out

    def _with_logins(self, value: Any) -> Any:
        """Return a value with credentials back in the URLs that they came from."""
        if isinstance(value, Mapping):
            return {name: self._with_logins(url) for name, url in value.items()}
        if not (isinstance(value, str) and value.startswith(("http://", "https://"))):
            return value
        login, (scheme, _, rest) = self.logins.get(origin_of(value)), value.partition("://")
        if login is None:
            return value
        pair = f"{quote(login.user, safe='')}:{quote(login.password.reveal(), safe='')}"
        return f"{scheme}://{pair}@{rest}"


_URLS = tuple(f.name for f in fields(Settings) if f.name.endswith("_url"))


def _hapi_logins(servers: Mapping[str, str], environ: Mapping[str, str]) -> dict[str, Login]:
    logins = {}
    for name, url in servers.items():
        prefix = "SPZ_HAPI_" + re.sub(r"\W", "_", name).upper()
        user, password = environ.get(f"{prefix}_USER"), environ.get(f"{prefix}_PASSWORD")
        if user and password:
            logins[origin_of(split_login(url)[0])] = Login(user, Secret(password))
    return logins


def _holds_secret(name: str, raw: Any) -> bool:
    if name == "hapi_servers" and isinstance(raw, Mapping):
        return any(_holds_secret("_url", url) for url in raw.values())
    if name.endswith("_url"):
        return "@" in str(raw).partition("://")[2].partition("/")[0]
    return name == "amda_password" and bool(raw)


def open_to_others(status: os.stat_result) -> bool:
    """Whether anybody but the user can read a file, or it is somebody else's."""
    if os.name != "posix":
        return False
    return bool(status.st_mode & (stat.S_IRWXG | stat.S_IRWXO)) or status.st_uid != os.getuid()


def _is_exposed(file: Path) -> bool:
    """Whether a file with a secret in it is for other eyes too; says so."""
    if not open_to_others(file.stat()):
        return False
    warnings.warn(
        f"the password in {file} is not used, since others can read that file: "
        f"chmod 600 '{file}', or keep it with speasy_core.credentials.save",
        SpeasyWarning,
        stacklevel=4,
    )
    return True


def _read_toml(file: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, RecursionError) as error:  # nested too deep, a number too long
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
    _ = urlsplit(url).port  # raises ValueError where a host or a port is none
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
            return Secret(raw)
        return raw if name in _ABOUT else str(raw)
    except (TypeError, ValueError, OverflowError) as error:
        shown = "***" if name == "amda_password" else _USERINFO.sub("//***@", repr(raw))
        why = _USERINFO.sub("//***@", str(error))
        raise ConfigError(f"setting {name} = {shown}: {why}", source=where) from None


def __getattr__(name: str) -> Any:
    # Speasy's sections and `show` work on the default session, which is far above this module
    if name in ("amda", "archive", "cache", "core", "show"):
        above = import_module(f"{__package__}.core.config")
        return above.show if name == "show" else above.Section(name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
