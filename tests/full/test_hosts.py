"""The same notebook in other hosts than JupyterLab: a panel, and the tree in an output.

Screenshots go to ``build/screenshots``: look at them after any change of what a person sees.
"""

from __future__ import annotations

import contextlib
import json
import shutil
import sys
import sysconfig
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from speasy_core.demo import LocalArchive
from tests.e2e import conftest as browsing
from tests.e2e.conftest import SCREENSHOTS, TOKEN, Server, start_server, stop
from tests.e2e.labpage import LabPage
from tests.e2e.steps import graphs, panel, view, wait_for_graphs, wheel
from tests.e2e.waiting import new_context

from .clients import REPOSITORY, client_python

HOSTS = ["notebook>=7.6,<7.7", "nbclassic>=1.3,<1.4", "voila>=0.5.8,<0.6"]
FIELD, MAGNITUDE = "cda/AC_H0_MFI/BGSEc", "cda/AC_H0_MFI/Magnitude"
CELLS = [
    "from sciqlop_lab import Panel, ProductTree\nProductTree()",
    f'panel = Panel("2023-01-02T02:00", "2023-01-02T10:00")\npanel.plot("{FIELD}")\npanel',
]
# said by the hosts themselves, about extensions made for JupyterLab
NOT_OURS = (
    "Failed to load resource", "shared module", "requirejs", "nbext",
    "(reading 'schema')",  # Notebook 7's own listener to settings
)  # fmt: skip

archive, browser = browsing.archive, browsing.browser


@pytest.fixture(scope="session")
def hosts() -> Path:
    """An interpreter with the hosts and this package, its extensions enabled as pip would do."""
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["project"]
    needs = [*project["dependencies"], *project["optional-dependencies"]["lab"]]
    python = client_python("hosts", [*HOSTS, *(each for each in needs if "sciqlop" not in each)])
    prefix = python.parents[1]
    purelib = sysconfig.get_path("purelib", vars={"base": str(prefix)})
    Path(purelib, "sciqlop-lab.pth").write_text(f"{REPOSITORY}\n")
    extension = prefix / "share" / "jupyter" / "labextensions" / "sciqlop-lab"
    extension.parent.mkdir(parents=True, exist_ok=True)
    if extension.is_symlink():
        extension.unlink()
    shutil.copytree(REPOSITORY / "sciqlop_lab" / "labextension", extension, dirs_exist_ok=True)
    config = prefix / "etc" / "jupyter" / "jupyter_server_config.d"
    on = {"ServerApp": {"jpserver_extensions": {"sciqlop_lab": True}}}
    (config / "sciqlop_lab.json").write_text(json.dumps(on))
    return python


def write_notebook(root: Path) -> None:
    cells = [
        {
            "cell_type": "code", "execution_count": None, "id": f"cell-{i}",
            "metadata": {}, "outputs": [], "source": source,
        }
        for i, source in enumerate(CELLS)
    ]  # fmt: skip
    document = {
        "cells": cells,
        "metadata": {"kernelspec": {"name": "python3", "display_name": "Python 3"}},
        "nbformat": 4,
        "nbformat_minor": 5,
    }
    (root / "host.ipynb").write_text(json.dumps(document))


@pytest.fixture
def page(browser: Any) -> Iterator[Any]:
    context = new_context(browser, viewport={"width": 1280, "height": 1000})
    yield context.new_page()
    context.close()


def tell_the_story(host: LabPage, name: str) -> None:
    """Find products in the output's tree, add one by double click and one by drag, and zoom."""
    root = panel(host)
    assert [g["status"] for g in wait_for_graphs(host, root, 1, 90)] == ["ok"]
    box = host.page.locator(".sq-tree-search")
    box.fill("provider:cda ac_h0_mfi magnitude")
    row = host.page.locator(f'.sq-tree-row[data-ref="{MAGNITUDE}"]')
    row.wait_for(timeout=30_000)
    row.dblclick()
    assert [g["status"] for g in wait_for_graphs(host, root, 2)] == ["ok"] * 2
    root.scroll_into_view_if_needed()
    row.drag_to(root, target_position={"x": 300, "y": 80})
    host.until(lambda: len(graphs(root)) == 3, 30, "the drag adds the product")
    assert [g["status"] for g in wait_for_graphs(host, root, 3)] == ["ok"] * 3
    start, stop_ = view(root)
    wheel(host, root, -300, "Control")
    host.until(lambda: view(root)[1] - view(root)[0] < stop_ - start, 30, "it is zoomed")
    wait_for_graphs(host, root, 3)
    box.fill("")
    host.page.locator(".sq-tree-row[aria-expanded='false']").first.wait_for(timeout=30_000)
    box.press("ArrowDown")
    host.page.keyboard.press("ArrowRight")
    host.page.locator(".sq-tree-row[aria-level='2']").first.wait_for(timeout=30_000)
    host.shot(f"host-{name}")
    ours = [e for e in host.errors if not any(part.lower() in e.lower() for part in NOT_OURS)]
    assert not [e for e in ours if "sciqlop" in e.lower() or name != "voila"], ours


@contextlib.contextmanager
def serving(archive: LocalArchive, folder: Path, app: str, python: Path) -> Iterator[Server]:
    """A Jupyter server whose folder holds the notebook."""
    environment = archive.environ(cache_dir=str(folder / "cache"))
    served, process = start_server(folder, environment, app, str(python))
    try:
        write_notebook(served.root)
        yield served
    finally:
        stop(process)


@pytest.fixture(scope="module")
def served(
    archive: LocalArchive, hosts: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Server]:
    """Notebook 7, whose server has nbclassic and Voila too."""
    with serving(archive, tmp_path_factory.mktemp("hosts") / "all", "notebook", hosts) as server:
        yield server


def visit(page: Any, server: Server, path: str) -> LabPage:
    host = LabPage(page, server.url, TOKEN, server.root, SCREENSHOTS)
    page.goto(f"{server.url}/{path}?token={TOKEN}")
    return host


def test_notebook_7(served: Server, page: Any) -> None:
    host = visit(page, served, "notebooks/host.ipynb")
    page.locator(".jp-Notebook .jp-CodeCell").first.wait_for(timeout=60_000)
    page.locator('[data-status="idle"]').first.wait_for(state="attached", timeout=60_000)
    page.wait_for_timeout(2000)  # what is run right after "idle" may give no output
    page.locator(".jp-CodeCell .cm-content").first.click()
    for _ in CELLS:
        page.keyboard.press("Shift+Enter")
    tell_the_story(host, "notebook7")


def test_nbclassic(served: Server, page: Any) -> None:
    host = visit(page, served, "nbclassic/notebooks/host.ipynb")
    page.wait_for_function("() => window.Jupyter?.notebook?.kernel?.is_connected()", timeout=60_000)
    page.wait_for_timeout(1500)  # its extensions load
    page.evaluate("() => window.Jupyter.notebook.execute_all_cells()")
    tell_the_story(host, "nbclassic")


def test_voila(served: Server, page: Any) -> None:
    tell_the_story(visit(page, served, "voila/render/host.ipynb"), "voila")


def test_jupyterlab_without_the_server_extension(
    archive: LocalArchive, page: Any, tmp_path: Path
) -> None:
    folder = tmp_path / "bare"
    (folder / "config").mkdir(parents=True)
    off = {"ServerApp": {"jpserver_extensions": {"sciqlop_lab": False}}}
    (folder / "config" / "jupyter_server_config.json").write_text(json.dumps(off))
    with serving(archive, folder, "lab", Path(sys.executable)) as server:
        host = visit(page, server, "lab/tree/host.ipynb")
        page.wait_for_function("() => window.jupyterapp !== undefined", timeout=60_000)
        page.evaluate("async () => { await window.jupyterapp.restored; }")
        answer = page.request.get(f"{host.url}/sciqlop-lab/api/status?token={TOKEN}")
        assert answer.status == 404
        host.open_notebook("host.ipynb")
        host.run(0)
        host.run(1)
        tell_the_story(host, "lab-bare")
        host.command("sciqlop-lab:show-tree")
        page.get_by_text("The product tree is not available").wait_for(timeout=30_000)
        host.shot("host-lab-bare-tree")
