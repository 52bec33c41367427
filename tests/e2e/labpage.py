"""JupyterLab as a person at the mouse and the keyboard sees it."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from PIL import Image

from .waiting import PATIENCE, frames, until

# said by JupyterLab itself, or by the browser about things that are not ours
_NOT_OURS = (
    "favicon", "Failed to load resource: the server responded with a status of 404",
    "net::ERR_", "ResizeObserver loop", "was preloaded using link preload",
    # JupyterLab's, when a kernel goes
    "Canceled future for create_subshell_request", "Canceled future for debug_request",
)  # fmt: skip


class LabPage:
    """One browser page on JupyterLab.

    Parameters
    ----------
    page : playwright.sync_api.Page
    url, token : str
        Of the Jupyter server.
    root : Path
        Its working folder; notebooks are written there.
    screenshots : Path
        Where `shot` puts its pictures.
    """

    def __init__(self, page: Any, url: str, token: str, root: Path, screenshots: Path) -> None:
        self.page, self.url, self.token, self.root = page, url, token, root
        self.screenshots = screenshots
        self.errors: list[str] = []
        page.on("console", self._on_console)
        page.on("pageerror", lambda error: self._note(f"page error: {error}"))

    def _on_console(self, message: Any) -> None:
        if message.type == "error":
            self._note(message.text)

    def _note(self, error: str) -> None:
        if not any(part in error for part in _NOT_OURS):
            self.errors.append(error)

    # -- the application

    def open(self, path: str = "/lab/workspaces/auto-%s?reset") -> None:
        """Load JupyterLab with an empty layout and wait until it is restored."""
        workspace = path % str(time.monotonic_ns()) if "%s" in path else path
        self.page.goto(f"{self.url}{workspace}&token={self.token}")
        self.page.wait_for_function("() => window.jupyterapp !== undefined", timeout=120_000)
        self.page.evaluate("async () => { await window.jupyterapp.restored; }")
        self.page.wait_for_selector("#jp-left-stack, .jp-SideBar", timeout=120_000)

    def command(self, name: str, args: dict[str, Any] | None = None) -> None:
        """Execute a JupyterLab command and wait for it."""
        self.page.evaluate(
            "async ([name, args]) => { await window.jupyterapp.commands.execute(name, args); }",
            [name, args or {}],
        )

    def theme(self, name: str) -> None:
        """Switch to ``JupyterLab Light`` or ``JupyterLab Dark``."""
        self.command("apputils:change-theme", {"theme": name})
        light = "true" if "Light" in name else "false"
        self.page.wait_for_selector(
            f'body[data-jp-theme-light="{light}"]', state="attached", timeout=30_000
        )
        self.page.wait_for_timeout(400)  # the style sheet is still being applied
        frames(self.page)

    def shot(self, name: str) -> Path:
        """Keep a screenshot of the whole page."""
        self.screenshots.mkdir(parents=True, exist_ok=True)
        path = self.screenshots / f"{name}.png"
        self.page.screenshot(path=str(path))
        return path

    def kept(self) -> str:
        """What the server keeps of this page's layout and state, as JSON."""
        found = re.search(r"/workspaces/([^/?]+)", self.page.url)
        assert found is not None, self.page.url
        address = f"{self.url}/lab/api/workspaces/{found[1]}?token={self.token}"
        return str(self.page.request.get(address).text())

    # -- notebooks

    def notebook(self, name: str, cells: Sequence[str]) -> None:
        """Write a notebook, open it and wait for its kernel."""
        document = {
            "cells": [
                {
                    "cell_type": "code", "execution_count": None, "id": f"cell-{i}",
                    "metadata": {}, "outputs": [], "source": source,
                }
                for i, source in enumerate(cells)
            ],
            "metadata": {"kernelspec": {"name": "python3", "display_name": "Python 3"}},
            "nbformat": 4,
            "nbformat_minor": 5,
        }  # fmt: skip
        (self.root / name).write_text(json.dumps(document))
        self.open_notebook(name)

    def open_notebook(self, name: str) -> None:
        """Open a notebook of the working folder and wait until its kernel is idle."""
        self.command("docmanager:open", {"path": name, "factory": "Notebook"})
        self.page.wait_for_function(
            """async () => {
                const widget = window.jupyterapp.shell.currentWidget;
                if (!widget || !widget.context || !widget.sessionContext) return false;
                await widget.sessionContext.ready;
                const kernel = widget.sessionContext.session?.kernel;
                return kernel && kernel.status === 'idle';
            }""",
            timeout=120_000,
        )

    def run(self, index: int, timeout: float = 120.0) -> None:
        """Run one cell and wait for it to end."""
        self.page.evaluate(
            """async (index) => {
                const panel = window.jupyterapp.shell.currentWidget;
                panel.content.activeCellIndex = index;
                await window.jupyterapp.commands.execute('notebook:run-cell');
            }""",
            index,
        )
        self.until(lambda: self.execution_count(index) is not None, timeout, "the cell ends")

    def execution_count(self, index: int) -> int | None:
        """Number in the brackets beside a cell."""
        count: int | None = self.page.evaluate(
            "(i) => window.jupyterapp.shell.currentWidget.content.widgets[i].model.executionCount",
            index,
        )
        return count

    def source(self, index: int) -> str:
        """Text of a cell."""
        text: str = self.page.evaluate(
            """(i) => window.jupyterapp.shell.currentWidget.content.widgets[i]
                .model.sharedModel.getSource()""",
            index,
        )
        return text

    def set_source(self, index: int, text: str) -> None:
        """Replace the text of a cell."""
        self.page.evaluate(
            """([i, text]) => window.jupyterapp.shell.currentWidget.content.widgets[i]
                .model.sharedModel.setSource(text)""",
            [index, text],
        )

    def output(self, index: int) -> str:
        """Text that a cell printed, returned or raised."""
        outputs = self.page.evaluate(
            """(i) => {
                const cell = window.jupyterapp.shell.currentWidget.content.widgets[i];
                return cell.model.outputs.toJSON();
            }""",
            index,
        )
        return "\n".join(_output_text(item) for item in outputs)

    def evaluate(self, expression: str) -> str:
        """Evaluate an expression in the current notebook's kernel, as a person's cell would."""
        reply = self.page.evaluate(
            """async (code) => {
                const kernel = window.jupyterapp.shell.currentWidget.sessionContext.session.kernel;
                const future = kernel.requestExecute(
                    {code: '', user_expressions: {x: code}, store_history: false, silent: true});
                const reply = await future.done;
                return reply.content.user_expressions.x;
            }""",
            expression,
        )
        if reply.get("status") != "ok":
            raise AssertionError(f"{expression}: {reply.get('ename')}: {reply.get('evalue')}")
        return str(reply["data"]["text/plain"])

    def shutdown_kernels(self) -> None:
        """End the kernels that this page started."""
        self.page.evaluate(
            "async () => { await window.jupyterapp.serviceManager.sessions.shutdownAll(); }"
        )

    # -- waiting and the mouse

    def until(
        self, check: Callable[[], Any], timeout: float = PATIENCE, what: str = "it is so"
    ) -> Any:
        """Wait until `check` gives something true, and return that."""
        try:
            return until(self.page, check, timeout, what)
        except AssertionError:
            self.shot("timeout")
            raise

    def drag(self, source: Any, target: Any, at: tuple[float, float] = (0.5, 0.5)) -> None:
        """Drag with real mouse events from one element to a fraction of another's box."""
        source.hover(trial=True)  # waits until it stands still
        a, b = source.bounding_box(), target.bounding_box()
        assert a is not None
        assert b is not None
        mouse = self.page.mouse
        mouse.move(a["x"] + min(40, a["width"] / 2), a["y"] + a["height"] / 2)
        mouse.down()
        mouse.move(a["x"] + 52, a["y"] + a["height"] / 2 + 10, steps=4)
        x, y = b["x"] + at[0] * b["width"], b["y"] + at[1] * b["height"]
        mouse.move(x, y, steps=12)
        frames(self.page)  # where it would go is shown
        mouse.up()


def _output_text(item: dict[str, Any]) -> str:
    if item["output_type"] == "stream":
        return str(item["text"] if isinstance(item["text"], str) else "".join(item["text"]))
    if item["output_type"] == "error":
        return "\n".join([f"{item['ename']}: {item['evalue']}", *item["traceback"]])
    return str(item.get("data", {}).get("text/plain", ""))


def count_colors(path: Path, box: dict[str, float]) -> int:
    """Number of distinct colours in a part of a screenshot: a drawn spectrogram has many."""
    with Image.open(path) as image:
        part = image.crop(
            (
                int(box["x"]), int(box["y"]),
                int(box["x"] + box["width"]), int(box["y"] + box["height"]),
            )
        )  # fmt: skip
        colors = part.convert("RGB").getcolors(maxcolors=1 << 24)
    return len(colors or [])
