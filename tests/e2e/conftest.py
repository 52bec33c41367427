"""A real JupyterLab, a real Chromium, and the local archive behind them.

Screenshots go to ``build/screenshots``: look at them after any change of what a person sees.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from speasy_core.demo import LocalArchive

from .labpage import LabPage
from .waiting import new_context

REPOSITORY = Path(__file__).resolve().parents[2]
SCREENSHOTS = REPOSITORY / "build" / "screenshots"
TOKEN = "loopback-only-test-token"

CHROMIUM_FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
]  # fmt: skip


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_until_up(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise RuntimeError(f"the Jupyter server ended at once:\n{log.read_text()[-4000:]}")
        try:
            with urllib.request.urlopen(url, timeout=2):
                return
        except OSError:
            time.sleep(0.2)
    raise RuntimeError(f"the Jupyter server did not answer:\n{log.read_text()[-4000:]}")


@dataclass(frozen=True)
class Server:
    """A running Jupyter server."""

    url: str
    root: Path
    log: Path


@pytest.fixture(scope="session")
def archive(shared_data: Path) -> Iterator[LocalArchive]:
    """The local archive over the real recorded CDF files, with synthetic data beside them."""
    with LocalArchive(data=shared_data / "cda", synthetic=True) as served:
        yield served


@pytest.fixture(scope="session")
def synthetic_archive() -> Iterator[LocalArchive]:
    """The local archive of synthetic data alone."""
    with LocalArchive() as served:
        yield served


def start_server(
    folder: Path, environment: dict[str, str], app: str = "lab", python: str = sys.executable
) -> tuple[Server, subprocess.Popen[bytes]]:
    """Start a Jupyter server in `folder` with settings of its own."""
    root, settings = folder / "work", folder / "settings"
    root.mkdir(parents=True)
    notification = settings / "@jupyterlab" / "apputils-extension"
    notification.mkdir(parents=True)
    (notification / "notification.jupyterlab-settings").write_text('{"fetchNews": "false"}')
    port, log = _free_port(), folder / "server.log"
    command = [
        python, "-m", "jupyter", app, "--no-browser", "--allow-root",
        f"--ServerApp.port={port}", "--ServerApp.ip=127.0.0.1",
        f"--IdentityProvider.token={TOKEN}", f"--ServerApp.root_dir={root}",
        "--LabApp.expose_app_in_browser=True",
        "--LabApp.check_for_updates_class="
        "jupyterlab.handlers.announcements.NeverCheckForUpdate",
    ]  # fmt: skip
    env = {
        **os.environ,
        **environment,
        # `jupyter` looks for its parts there first: they have to be those of `python`
        "PATH": os.pathsep.join([str(Path(python).parent), os.environ["PATH"]]),
        "JUPYTERLAB_SETTINGS_DIR": str(settings),
        "JUPYTERLAB_WORKSPACES_DIR": str(folder / "workspaces"),
        "JUPYTER_CONFIG_DIR": str(folder / "config"),
        "JUPYTER_RUNTIME_DIR": str(folder / "runtime"),
        "IPYTHONDIR": str(folder / "ipython"),
        "SPZ_CONFIG": str(folder / "settings.toml"),
    }
    with log.open("wb") as out:
        process = subprocess.Popen(command, stdout=out, stderr=out, env=env, cwd=root)
    url = f"http://127.0.0.1:{port}"
    _wait_until_up(f"{url}/api?token={TOKEN}", process, log)
    return Server(url, root, log), process


def stop(process: subprocess.Popen[bytes]) -> None:
    """End a server, politely first."""
    process.terminate()
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


@pytest.fixture(scope="session")
def server(archive: LocalArchive, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """JupyterLab whose settings point at the local archive."""
    folder = tmp_path_factory.mktemp("lab")
    environment = archive.environ(cache_dir=str(folder / "cache"))
    running, process = start_server(folder, environment)
    yield running
    stop(process)


def chromium() -> str | None:
    """Path of the system's Chromium; None means Playwright's own."""
    for name in ("chromium", "chromium-browser", "google-chrome"):
        found = shutil.which(name)
        if found:
            return found
    return None


@pytest.fixture(scope="session")
def browser() -> Iterator[object]:
    """A headless Chromium for the session."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=chromium(), args=CHROMIUM_FLAGS)
        yield launched
        launched.close()


@pytest.fixture
def lab(server: Server, browser, request: pytest.FixtureRequest) -> Iterator[LabPage]:
    """A fresh page on JupyterLab; its console errors fail the test."""
    context = new_context(browser, viewport={"width": 1440, "height": 900})
    page = LabPage(context.new_page(), server.url, TOKEN, server.root, SCREENSHOTS)
    page.open()
    yield page
    page.shutdown_kernels()
    errors = page.errors
    context.close()
    assert not errors, "errors in the browser's console:\n" + "\n".join(errors)
