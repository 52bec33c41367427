"""Steps that several stories share: the tree and panels, as a person meets them."""

from __future__ import annotations

import contextlib
import json
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from .labpage import LabPage
from .waiting import frames

PANEL = ".sciqlop-panel"
CURRENT = "window.jupyterapp.shell.currentWidget"
DIRTY = f"() => {CURRENT}.context.model.dirty"


def product_path(lab: LabPage, ref: str) -> list[str]:
    """Names from the provider down to a product, as the server extension tells them."""
    query = urllib.parse.urlencode({"ref": ref})
    request = urllib.request.Request(
        f"{lab.url}/sciqlop-lab/api/product?{query}",
        headers={"Authorization": f"token {lab.token}"},
    )

    def ask() -> list[str]:
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                return list(json.load(answer)["path"])
        except urllib.error.HTTPError as error:
            if error.code == 404:  # the inventory is still being loaded
                return []
            raise

    return list(lab.until(ask, 30, f"the inventory has {ref}"))


def reload(lab: LabPage) -> None:
    """Load the page again, as F5 does, and wait for JupyterLab's layout."""
    lab.page.reload()
    lab.page.wait_for_function("() => window.jupyterapp !== undefined", timeout=120_000)
    lab.page.evaluate("async () => { await window.jupyterapp.restored; }")


def show_tree(lab: LabPage) -> None:
    """Open the side panel and wait until the tree has rows."""
    lab.command("sciqlop-lab:show-tree")
    lab.page.wait_for_selector(".sqlab-tree .sqlab-row", timeout=30_000)


def find_row(lab: LabPage, selector: str) -> Any:
    """Scroll through the tree until a row is in the page; only rows in sight are."""
    row = lab.page.locator(f".sqlab-row:not([hidden]){selector}").first
    tree = lab.page.locator(".sqlab-tree")

    def found() -> bool:
        tree.evaluate("node => { node.scrollTop = 0; }")
        while True:
            frames(lab.page)
            if row.count():
                row.scroll_into_view_if_needed()
                return True
            step = "node => { const y = node.scrollTop; node.scrollTop += 0.7 * node.clientHeight;"
            if not tree.evaluate(step + " return node.scrollTop > y; }"):
                return False

    lab.until(found, 30, f"the tree has a row {selector}")
    return row


def expand_to(lab: LabPage, ref: str) -> Any:
    """Open branch after branch with the mouse; returns the product's row."""
    show_tree(lab)
    for level, name in enumerate(product_path(lab, ref)[:-1], start=1):
        row = find_row(lab, f'[aria-level="{level}"][data-name="{name}"]')
        if row.get_attribute("aria-expanded") != "true":
            row.locator(".sqlab-caret").click()
        lab.until(lambda row=row: row.get_attribute("aria-expanded") == "true", 30, f"{name} opens")
    return find_row(lab, f'[data-ref="{ref}"]')


@contextlib.contextmanager
def results_of(lab: LabPage, words: str) -> Iterator[None]:
    """Type inside; then the results of these words are in the tree, not those of a part of them."""

    def asks(response: Any) -> bool:
        url = urllib.parse.urlsplit(response.url)
        query = urllib.parse.parse_qs(url.query).get("q")
        return url.path.endswith("/sciqlop-lab/api/search") and query == [words.strip()]

    with lab.page.expect_response(asks):
        yield
    lab.page.locator(".sqlab-search:not(.sqlab-mod-busy)").first.wait_for(state="attached")
    frames(lab.page)


def search(lab: LabPage, words: str, ref: str) -> Any:
    """Type into the search box; returns the row of the product that must be found."""
    show_tree(lab)
    with results_of(lab, words):
        lab.page.locator(".sqlab-search-input").fill(words)
    row = lab.page.locator(f'.sqlab-row:not([hidden])[data-ref="{ref}"]').first
    row.wait_for(timeout=30_000)
    return row


def save(lab: LabPage, file: Path, text: str) -> None:
    """Save the panel's file by keys once the change is in it, until nothing is left to save."""
    model = f"() => {CURRENT}.context.model.toString()"
    lab.until(lambda: text in lab.page.evaluate(model), what=f"the document has {text}")
    lab.page.keyboard.press("Control+s")
    lab.until(lambda: text in file.read_text(), what=f"the file has {text}")
    lab.until(lambda: not lab.page.evaluate(DIRTY), what="nothing is left to save")


def panel(lab: LabPage, number: int = 0) -> Any:
    """The panel in sight."""
    root = lab.page.locator(f"{PANEL}:visible").nth(number)
    root.wait_for(timeout=30_000)
    return root


def graphs(root: Any) -> list[dict[str, Any]]:
    """What the panel shows: one entry a graph, in the order in which they were added."""
    found = json.loads(root.get_attribute("data-graphs") or "{}")
    return [found[name] for name in sorted(found, key=lambda name: int(name.strip("g") or 0))]


def view(root: Any) -> tuple[int, int]:
    """The visible range, in nanoseconds."""
    return int(root.get_attribute("data-start")), int(root.get_attribute("data-stop"))


def wait_for_graphs(
    lab: LabPage, root: Any, count: int, timeout: float = 60
) -> list[dict[str, Any]]:
    """Wait until `count` graphs are drawn and nothing is under way."""

    def drawn() -> list[dict[str, Any]] | None:
        now = graphs(root)
        settled = root.get_attribute("data-state") != "pending"
        ready = len(now) == count and all(
            g["status"] in ("ok", "empty", "error") and not g["pending"] for g in now
        )
        return now if settled and ready else None

    frames(lab.page)  # what was done just before is under way by now
    return lab.until(drawn, timeout, f"{count} graphs are drawn")


def wheel(
    lab: LabPage, root: Any, delta: float, *keys: str, at: tuple[float, float] = (0.5, 0.3)
) -> None:
    """Turn the wheel over a point of the panel, with keys held, until that is painted."""
    box = root.locator("canvas").first.bounding_box()
    lab.page.mouse.move(box["x"] + at[0] * box["width"], box["y"] + at[1] * box["height"])
    for key in keys:
        lab.page.keyboard.down(key)
    lab.page.mouse.wheel(0, delta)
    for key in keys:
        lab.page.keyboard.up(key)
    frames(lab.page)
