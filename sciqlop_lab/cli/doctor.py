"""``doctor``: what is installed, where things are, and which servers answer."""

from __future__ import annotations

import argparse
import importlib.metadata
import platform
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from speasy_core import __version__
from speasy_core.errors import HttpStatusError, SpeasyError
from speasy_core.http import Deadline
from speasy_core.session import Session

from ._common import add_json, print_json, print_table, session

__all__ = ["add"]

_PACKAGES = (
    "numpy", "scipy", "xarray", "requests", "diskcache", "jupyterlab", "ipywidgets", "anywidget",
    "bqplot",
)  # fmt: skip
_SERVER_SECONDS = 8.0


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at; `advice` says what to do where it is not well."""

    what: str
    well: bool
    found: str
    advice: str = ""


def add(commands: Any) -> None:
    """Add the parser."""
    parser = commands.add_parser(
        "doctor", help="check installation, cache, settings and servers; exit code 1 if one is ill"
    )
    parser.add_argument("--no-network", action="store_true", help="ask no server")
    add_json(parser)
    parser.set_defaults(run=_doctor)


def _doctor(options: argparse.Namespace) -> int:
    current = session()
    findings = [*_installed(), *_extensions(), _cache(current), *_settings(current)]
    if not options.no_network and not current.settings.offline:
        findings += _servers(current)
    if options.json:
        rows = [{"what": f.what, "well": f.well, "found": f.found, "advice": f.advice}
                for f in findings]  # fmt: skip
        print_json({"well": all(f.well for f in findings), "findings": rows})
    else:
        marks = [("ok" if f.well else "ILL", f.what, f.found) for f in findings]
        print_table(marks, ("", "what", "found"))
        for finding in findings:
            if finding.advice:
                print(f"{finding.what}: {finding.advice}")
    return 0 if all(f.well for f in findings) else 1


def _installed() -> list[Finding]:
    found = [Finding("sciqlop-lab", True, f"{__version__}, Python {platform.python_version()}")]
    for name in _PACKAGES:
        try:
            found.append(Finding(name, True, importlib.metadata.version(name)))
        except importlib.metadata.PackageNotFoundError:
            advice = "pip install 'sciqlop-lab[lab]' for panels in JupyterLab"
            found.append(Finding(name, False, "not installed", advice))
    return found


def _extensions() -> list[Finding]:
    here = Path(__file__).parent.parent
    bundle, lab = here / "static" / "panel.js", here / "labextension" / "package.json"
    advice = "install a wheel, or run `make setup` in a clone"
    return [
        Finding(name, file.is_file(), "there" if file.is_file() else "missing",
                "" if file.is_file() else advice)
        for name, file in (("panel in the browser", bundle), ("JupyterLab extension", lab))
    ]  # fmt: skip


def _cache(current: Session) -> Finding:
    info = current.cache.info()
    place, size = info["place"], info["size"] / 1e6
    text = f"{place}: {info['folder']}, {size:.1f} of {info['limit'] / 1e6:.0f} MB"
    advice = (
        ""
        if place == "disk"
        else "nothing new is kept: make the folder writable, or set SPZ_CACHE_DIR to one that is"
    )
    return Finding("cache", place == "disk", text, advice)


def _settings(current: Session) -> list[Finding]:
    settings = current.settings
    # a password is a Secret, which shows itself as ***
    return [
        Finding(f"setting {name}", True, f"{getattr(settings, name)} (from {source})")
        for name, source in sorted(settings.sources.items())
        if hasattr(settings, name)
    ]


def _servers(current: Session) -> list[Finding]:
    settings = current.settings
    urls = {
        name: getattr(settings, f"{name}_url")
        for name in ("cda", "ssc", "csa", "amda", "uiowa", "cdpp3dview")
        if name not in settings.disabled_providers
    }
    urls |= {f"hapi/{name}": url for name, url in settings.hapi_servers.items()}
    with ThreadPoolExecutor(max_workers=len(urls) or 1) as pool:
        return list(pool.map(lambda item: _server(current, *item), urls.items()))


def _server(current: Session, name: str, url: str) -> Finding:
    try:
        current.http.head(url, deadline=Deadline(_SERVER_SECONDS))
    except HttpStatusError as error:  # its front page is not ours to judge: it answers
        return Finding(f"server {name}", error.status < 500, f"{url} answers {error.status}")
    except SpeasyError as error:
        return Finding(f"server {name}", False, url, error.message)
    return Finding(f"server {name}", True, f"{url} answers")
