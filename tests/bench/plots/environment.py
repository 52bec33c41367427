"""A JupyterLab of its own for all that is compared, with this tree's package in it."""

from __future__ import annotations

import json
import shutil
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from tests.e2e.conftest import CHROMIUM_FLAGS, Server, chromium, start_server, stop
from tests.full.clients import REPOSITORY, client_python

PEERS = [
    "plotly==6.9.0", "plotly-resampler==0.11.1", "hvplot==0.12.2", "datashader==0.19.1",
    "bokeh==3.9.2", "jupyter_bokeh", "tsdownsample==0.1.5.1", "psutil",
]  # fmt: skip
_HOSTS = {"cdn.bokeh.org": "bokeh/server/static/js", "cdn.holoviz.org": "panel/dist"}
_SCRIPT = Path(__file__).with_name("page.js")


def peers_python() -> Path:
    """Return the interpreter that has the peers and what this tree's package needs."""
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["project"]
    needed = [*project["dependencies"], *project["optional-dependencies"]["lab"]]
    return client_python("plots", [*needed, *PEERS])


def environment() -> dict[str, str]:
    """Return the variables with which the peers' interpreter finds this tree's package."""
    return {"PYTHONPATH": str(REPOSITORY)}


@contextmanager
def jupyter_server(folder: Path, python: Path) -> Iterator[Server]:
    """Run JupyterLab with our server extension on and no dialogs at the start."""
    enabled = folder / "config" / "jupyter_server_config.d"
    enabled.mkdir(parents=True)
    shutil.copy(REPOSITORY / "sciqlop_lab" / "jupyter-config" / "sciqlop_lab.json", enabled)
    pages = folder / "config" / "labconfig"
    pages.mkdir()
    # an extension that a peer brings asks to rebuild JupyterLab, in a dialog over everything
    (pages / "page_config.json").write_text(json.dumps({"buildCheck": False}))
    own = {**environment(), "SPZ_CACHE_DIR": str(folder / "cache"), "SPZ_OFFLINE": "true"}
    running, process = start_server(folder, own, python=str(python))
    try:
        yield running
    finally:
        stop(process)


@contextmanager
def browser() -> Iterator[Any]:
    """Run a headless Chromium."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        flags = [*CHROMIUM_FLAGS, "--enable-precise-memory-info"]
        launched = playwright.chromium.launch(executable_path=chromium(), args=flags)
        yield launched
        launched.close()


def new_context(launched: Any, python: Path) -> Any:
    """Open a window with our clocks in it, and without a way out of this machine.

    Bokeh's scripts, which its notebook pages load from a CDN, come from its package.
    """
    context = launched.new_context(viewport={"width": 1440, "height": 900})
    context.add_init_script(path=str(_SCRIPT))
    context.route(lambda url: urlsplit(url).hostname != "127.0.0.1", _Cupboard(python).answer)
    return context


class _Cupboard:
    """Files of installed packages in place of those of a CDN."""

    def __init__(self, python: Path) -> None:
        self._site = next((python.parents[1] / "lib").glob("python3.*")) / "site-packages"

    def answer(self, route: Any) -> None:
        """Fulfil a request from a package, or refuse it."""
        parts = urlsplit(route.request.url)
        folder = _HOSTS.get(parts.hostname or "")
        if folder is not None:
            found = self._find(self._site / folder, unquote(parts.path))
            if found is not None:
                route.fulfill(path=str(found))
                return
        route.abort()

    @staticmethod
    def _find(folder: Path, path: str) -> Path | None:
        names = path.strip("/").split("/")
        for first in range(len(names)):
            # bokeh-3.9.2.min.js on the CDN is bokeh.min.js in the package
            tail = [*names[first:-1], _plain(names[-1])]
            found = folder.joinpath(*tail)
            if ".." not in tail and found.is_file():
                return found
        return None


def _plain(name: str) -> str:
    stem, dash, version = name.partition("-3.")
    return f"{stem}.min.js" if dash and version.endswith(".min.js") and stem else name
