"""What a plot's menu does with data: to the notebook, derived, marked with events, exported."""

from __future__ import annotations

import io
import re
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest

from .labpage import LabPage
from .steps import panel, view, wait_for_graphs

FIELD = "cda/AC_H0_MFI/BGSEc"
MAGNITUDE = "cda/AC_H0_MFI/Magnitude"
CELLS = [
    "import speasy_core as spz\n"
    "from sciqlop_lab import Panel\n"
    'panel = Panel("2023-01-02T02:00", "2023-01-02T10:00")\n'
    f'panel.plot("{FIELD}")\n'
    f'panel.plot("{MAGNITUDE}")\n'
    "panel",
    "import numpy as np\n"
    'start = np.datetime64("2023-01-01T00", "ns").astype("int64")\n'
    "events = [(spz.TimeRange.from_ns(int(start + i * 60e9), int(start + i * 60e9 + 2e10)).start,\n"
    "    spz.TimeRange.from_ns(int(start + i * 60e9), int(start + i * 60e9 + 2e10)).stop,\n"
    '    {"kind": "<b>storm</b>" if i % 2 else "shock", "size": i}) for i in range(6000)]\n'
    'panel.overlay(spz.Catalog("many <i>events</i>", events=events), color_by="kind")',
]


def menu(lab: LabPage, root: Any, *labels: str, plot: int = 0) -> None:
    """Choose an entry of a plot's menu, and of the menus that it opens."""
    box = root.locator(".sq-plot").nth(plot).bounding_box()
    lab.page.mouse.click(box["x"] + box["width"] / 3, box["y"] + box["height"] / 2, button="right")
    for label in labels:
        entry = root.locator(".sq-menu-item").filter(
            has=lab.page.locator(".sq-menu-label", has_text=re.compile(rf"^{re.escape(label)}"))
        )
        entry.last.click()


def said(lab: LabPage, root: Any, text: str) -> None:
    """Wait for a notice."""
    root.locator(".sq-notice", has_text=text).first.wait_for(timeout=30_000)


@pytest.mark.parametrize("theme", ["Light", "Dark"])
def test_data_are_taken_derived_marked_and_exported(
    lab: LabPage, theme: str, tmp_path: Path, archive: Any
) -> None:
    lab.theme(f"JupyterLab {theme}")
    lab.notebook(f"actions-{theme}.ipynb", CELLS)
    lab.run(0)
    root = panel(lab)
    wait_for_graphs(lab, root, 2)

    menu(lab, root, "To notebook")
    said(lab, root, "bgsec = 1,800 samples")
    assert lab.evaluate("(bgsec.shape, bgsec.unit)") == "((1800, 3), 'nT')"
    assert lab.evaluate("len(panel.plots[0].graphs[0].data)") == "1800"

    if theme == "Light":
        derive(lab, root)
    mark(lab, root, theme)
    if theme == "Light":
        export(lab, root, tmp_path, archive)


def derive(lab: LabPage, root: Any) -> None:
    """Make a magnitude and a filter, with a mistake on the way."""
    menu(lab, root, "Derive", "Magnitude")
    source = root.locator("textarea.sq-source")
    source.wait_for(timeout=30_000)
    lab.until(lambda: "np.linalg.norm(data, axis=1)" in source.input_value(), what="it is offered")
    lab.shot("actions-derive-dialog")
    good = source.input_value()
    source.fill(good + "\nnonsense\n")
    create = root.get_by_role("button", name="Create")
    create.click()
    alert = root.locator(".sq-dialog [role=alert]")
    for part in ("NameError", "line "):
        lab.until(lambda part=part: part in alert.inner_text(), what="the mistake is told")
    source.fill(good)
    create.click()
    said(lab, root, "vp/derived/bgsec_magnitude")
    assert [g["status"] for g in wait_for_graphs(lab, root, 3)] == ["ok"] * 3
    # edited afterwards, it is drawn anew in its place
    menu(lab, root, "Edit function", plot=1)
    source.wait_for(timeout=30_000)
    source.fill(source.input_value().replace("np.linalg.norm(data, axis=1)", "2 * data"))
    root.get_by_role("button", name="Apply").click()
    said(lab, root, "Defined")
    lab.until(lambda: root.locator(".sq-dialog").count() == 0, 30, "the dialog is closed")
    assert len(wait_for_graphs(lab, root, 3)) == 3
    menu(lab, root, "Derive", "Low-pass")
    root.get_by_label("Keep below").fill("0.004")
    root.get_by_label("Keep below").press("Tab")
    lab.until(lambda: "high=0.004" in source.input_value(), 30, "the Python follows the field")
    source.press("Control+Enter")
    assert [g["status"] for g in wait_for_graphs(lab, root, 4)] == ["ok"] * 4


def mark(lab: LabPage, root: Any, theme: str) -> None:
    """Show events in all plots, and go from one to the next."""
    lab.run(1)
    drawn = "node => Number(node.dataset.overlaid ?? 0)"
    lab.until(lambda: root.evaluate(drawn) > 500, 30, "the events in sight are there")
    assert root.evaluate(drawn) < 3000, "those far away are not"
    root.scroll_into_view_if_needed()
    before = view(root)
    root.focus()
    root.press("n")
    lab.until(lambda: view(root)[1] - view(root)[0] == 200 * 10**9, 30, "the next event is shown")
    first = view(root)
    lab.until(lambda: root.get_attribute("data-state") == "idle", 30, "it rests")
    box = root.locator(".sq-plot").first.bounding_box()
    lab.page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    tip = root.locator(".sq-event")
    lab.until(lambda: "kind: " in (tip.text_content() or ""), 30, "what it is, is told")
    lab.until(lambda: "many <i>events</i>" in (tip.text_content() or ""), what="its list is told")
    assert not tip.locator("i, b").all(), "names are text"
    lab.shot(f"actions-event-{theme.lower()}")
    root.press("n")
    lab.until(lambda: view(root)[0] - first[0] == 60 * 10**9, 30, "and the one after")
    root.press("p")
    lab.until(lambda: view(root) == first, 30, "and back")
    for _ in range(3):
        root.press("Control+z")
    lab.until(lambda: view(root) == before, 30, "jumps are undone")
    lab.until(lambda: root.get_attribute("data-state") == "idle", what="it rests")
    lab.shot(f"actions-overlay-{theme.lower()}")


def export(lab: LabPage, root: Any, folder: Path, archive: Any) -> None:
    """Save data and picture, copy code, and run it."""
    with lab.page.expect_download() as waiting:
        menu(lab, root, "Export data", "Of all plots", "CSV")
    assert waiting.value.suggested_filename.endswith(".zip")
    with zipfile.ZipFile(io.BytesIO(Path(waiting.value.path()).read_bytes())) as packed:
        assert "bgsec.csv" in packed.namelist()
    with lab.page.expect_download() as waiting:
        menu(lab, root, "Export picture", "PDF")
    pdf = Path(waiting.value.path()).read_bytes()
    assert pdf.startswith(b"%PDF")
    lab.screenshots.joinpath("actions.pdf").write_bytes(pdf)
    lab.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    menu(lab, root, "Copy as code", "matplotlib")
    area = root.locator(".sq-dialog textarea")
    lab.until(lambda: area.count() or root.locator(".sq-notice", has_text="Copied").count(), 30, "")
    code = (
        area.input_value()
        if area.count()
        else lab.page.evaluate("() => navigator.clipboard.readText()")
    )
    script = folder / "figure_script.py"
    script.write_text(code + f'\nfig.savefig("{folder / "figure.png"}", dpi=60)\n')
    environment = {**archive.environ(cache_dir=str(folder / "cache")), "MPLBACKEND": "Agg"}
    subprocess.run([sys.executable, str(script)], check=True, env={**_plain(), **environment})
    assert (folder / "figure.png").stat().st_size > 10_000
    lab.screenshots.joinpath("actions-figure.png").write_bytes((folder / "figure.png").read_bytes())


def _plain() -> dict[str, str]:
    import os

    return dict(os.environ)
