"""``pip install ".[lab]"`` from a clean clone without node, with no further command."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, str]]:
    """A fresh virtual environment with the package in it, and the environment to use it in."""
    folder = tmp_path_factory.mktemp("install")
    clone, venv = folder / "clone", folder / "venv"
    subprocess.run(["git", "clone", "-q", str(REPOSITORY), str(clone)], check=True)
    subprocess.run([sys.executable, "-m", "venv", str(venv)], check=True)
    # only what every system has: no node, no jlpm
    tools = folder / "bin"
    tools.mkdir()
    for name in ("sh", "git", "uname", "env", "which"):
        found = next(
            (Path(p) / name for p in os.environ["PATH"].split(":") if (Path(p) / name).exists()),
            None,
        )
        if found is not None:
            (tools / name).symlink_to(found)
    environment = {
        **os.environ,
        "PATH": f"{venv / 'bin'}:{tools}",
        "HOME": str(folder),
        "PYTHONPATH": "",
        "VIRTUAL_ENV": str(venv),
    }
    done = subprocess.run(
        [str(venv / "bin" / "python"), "-m", "pip", "install", "-q", ".[lab]"],
        cwd=clone, env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-4000:]
    return venv, environment


def run(installed: tuple[Path, dict[str, str]], *command: str) -> str:
    venv, environment = installed
    done = subprocess.run(
        [str(venv / "bin" / command[0]), *command[1:]],
        cwd=venv, env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-4000:]
    return done.stdout + done.stderr


def test_the_labextension_is_enabled(installed: tuple[Path, dict[str, str]]) -> None:
    listed = run(installed, "jupyter", "labextension", "list")
    line = next(line for line in listed.splitlines() if "sciqlop-lab" in line)
    assert "enabled" in line
    assert "OK" in line


def test_the_server_extension_is_enabled(installed: tuple[Path, dict[str, str]]) -> None:
    listed = run(installed, "jupyter", "server", "extension", "list")
    assert "sciqlop_lab enabled" in listed.replace("\x1b[32m", "").replace("\x1b[0m", "")


def test_a_panel_can_be_made(installed: tuple[Path, dict[str, str]]) -> None:
    code = (
        "from sciqlop_lab import Panel; import numpy as np, speasy_core as spz;"
        "p = Panel('2020-01-01', '2020-01-02');"
        "p.plot(lambda start, stop: ([start, stop - 1], [1.0, 2.0]));"
        "print(p.wait(20), p.errors)"
    )
    assert run(installed, "python", "-W", "ignore", "-c", code).split("\n")[0] == "True {}"
