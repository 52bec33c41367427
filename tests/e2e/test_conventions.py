"""JupyterLab's conventions: previews, downloads with a cancel, described commands, odd names."""

from __future__ import annotations

import json
from typing import Any

import pytest

from speasy_core.demo import LocalArchive

from .labpage import LabPage
from .steps import graphs, panel, results_of, search, wait_for_graphs

FIELD = "cda/AC_H0_MFI/BGSEc"
SLOW = "cda/AC_H0_MFI/SC_pos_GSM"
PANEL = """
from sciqlop_lab import Panel
panel = Panel("2023-01-02T02:00", "2023-01-02T10:00")
panel.plot("cda/AC_H0_MFI/BGSEc")
panel
"""
# Names that would run a script wherever text is taken for markup, an address or code.
HOSTILE = [
    '<img src=x onerror="window.fired=1">',
    "<script>window.fired=1</script>",
    '"><svg onload=window.fired=1>',
    "'><img src=x onerror=window.fired=1>",
    "javascript:window.fired=1",
    '<iframe srcdoc="<script>parent.fired=1</script>"></iframe>',
    '<a href="javascript:window.fired=1">x</a>',
    "</title><script>window.fired=1</script>",
    '<style>@import "javascript:window.fired=1"</style>',
    "${window.fired=1}",
    '{{constructor.constructor("window.fired=1")()}}',
    '"); window.fired=1; //',
    "\u202e<b onmouseover=window.fired=1>",
    "<math><mtext></form><form><mglyph><style></math><img src onerror=window.fired=1>",
]
NAMED = """
import numpy as np
import speasy_core as spz
from sciqlop_lab import Panel, ProductTree, virtual_product, Knob
names = {names}
t = np.arange("2023-01-02", "2023-01-03", 600, dtype="datetime64[s]")
every = [spz.SpeasyVariable(t, np.random.rand(len(t), 2), columns=[n, "y"], unit=n, name=n,
                            meta={{"CATDESC": n, "LABLAXIS": n}}) for n in names]
b = spz.SpeasyVariable(t, np.random.rand(len(t)), unit=" ".join(names), name=" ".join(names),
                       meta={{"CATDESC": " ".join(names)}})
panel = Panel("2023-01-02T02:00", "2023-01-02T10:00")
panel.title = names[0]
for v in every[:7]:
    panel.plot(v)
for v in every[7:]:
    panel.plots[0].plot(v)
def fails(start, stop):
    raise ValueError(" ".join(names))
panel.plot(fails)
events = [spz.Event("2023-01-02T04:00", "2023-01-02T05:00", {{"kind": n}}) for n in names]
panel.overlay(spz.Catalog(names[0], events=events), color_by="kind")
panel
"""
COMMANDS = """async () => {
    const {commands} = window.jupyterapp;
    const found = {};
    for (const id of commands.listCommands().filter(id => id.startsWith('sciqlop-lab:'))) {
        found[id] = {args: (await commands.describedBy(id)).args, label: commands.label(id)};
    }
    return found;
}"""


def serious(lab: LabPage, where: str) -> list[Any]:
    """What axe-core finds that keeps somebody from using a part of the page."""
    axe = lab.screenshots.parents[1] / "js" / "node_modules" / "axe-core" / "axe.min.js"
    if not axe.is_file():
        pytest.skip("axe-core is not installed: run jlpm in js/")
    lab.page.evaluate(axe.read_text())
    answer = lab.page.evaluate("where => axe.run(where)", where)
    return [
        (v["id"], [n["html"][:200] + " " + n["failureSummary"][:300] for n in v["nodes"][:3]])
        for v in answer["violations"]
        if v["impact"] in ("serious", "critical")
    ]


def test_commands_say_what_they_take(lab: LabPage) -> None:
    found = lab.page.evaluate(COMMANDS)
    assert len(found) > 10
    for name, about in found.items():
        assert about["label"], name
        assert about["args"], name
        assert about["args"]["type"] == "object", name
        for argument, schema in about["args"].get("properties", {}).items():
            assert schema.get("description"), f"{name}: {argument}"


def test_a_preview_is_fetched_when_asked_and_downloads_are_cancelled(
    lab: LabPage, archive: LocalArchive
) -> None:
    search(lab, "ac_h0_mfi bgsec", FIELD).click()
    details = lab.page.locator(".sqlab-details")
    box = details.locator(".sqlab-preview")
    box.wait_for(state="attached", timeout=30_000)
    button, picture = box.get_by_role("button", name="Preview"), box.locator("canvas")
    lab.until(lambda: button.count() or picture.count(), 30, "it is offered or shown")
    if button.count():
        button.click()
    picture.wait_for(timeout=30_000)
    lab.until(lambda: "nT" in str(picture.get_attribute("aria-label")), what="its unit is told")
    for theme in ("Dark", "Light"):
        lab.theme(f"JupyterLab {theme}")
        picture.scroll_into_view_if_needed()
        lab.shot(f"preview-{theme.lower()}")
    # far longer than the cancel takes, which ends it
    with archive.faults.on(delay=60, match="dataviews"):
        search(lab, "ac_h0_mfi sc_pos_gsm", SLOW).click()
        details.get_by_text(SLOW).first.wait_for()
        button.click()
        item = lab.page.locator(".sqlab-downloads:visible")
        item.wait_for(timeout=30_000)
        item.get_by_text("1 download").wait_for()
        lab.shot("downloads")
        assert not serious(lab, ".sqlab-downloads")
        item.get_by_role("button", name="Cancel these downloads").click()
        details.locator(".sqlab-details-error").wait_for(timeout=30_000)
        lab.until(lambda: item.count() == 0, 30, "nothing is under way")
        lab.until(button.is_enabled, what="it can be asked for again")
        lab.errors[:] = [e for e in lab.errors if "503" not in e]


@pytest.mark.parametrize("theme", ["Light", "Dark"])
def test_axe_finds_nothing_serious_in_panels(lab: LabPage, theme: str) -> None:
    lab.theme(f"JupyterLab {theme}")
    lab.notebook(f"axe-{theme}.ipynb", [PANEL])
    lab.run(0)
    root = panel(lab)
    wait_for_graphs(lab, root, 1)
    assert not serious(lab, ".sciqlop-panel"), "panel"
    root.locator(".sq-plot").first.click(button="right", position={"x": 300, "y": 60}, force=True)
    lab.page.get_by_role("menu").first.wait_for(timeout=30_000)
    lab.shot(f"axe-menu-{theme.lower()}")
    assert not serious(lab, '[role="menu"]'), "menu"
    lab.page.keyboard.press("Escape")
    root.get_by_role("button", name="Inspector").click()
    lab.page.locator(".sq-inspector").wait_for()
    assert not serious(lab, ".sq-inspector"), "inspector"
    lab.shot(f"axe-inspector-{theme.lower()}")


def test_hostile_names_are_text_everywhere(lab: LabPage) -> None:
    page = lab.page
    lab.notebook("hostile.ipynb", [NAMED.format(names=json.dumps(HOSTILE)), "every[0]", "b"])
    lab.run(0)
    root = panel(lab)
    lab.until(lambda: len(graphs(root)) == 15, 40, "all are there")
    wait_for_graphs(lab, root, 15)
    lab.run(1)
    lab.run(2)
    lab.command("sciqlop-lab:show-tree")
    variable = page.locator('.sqlab-row[data-ref="kernel/b"]')
    variable.wait_for(timeout=30_000)
    variable.hover()
    variable.click()
    page.locator(".sqlab-details").get_by_text(HOSTILE[0]).first.wait_for(timeout=30_000)
    for name in HOSTILE:
        with results_of(lab, name):
            page.locator(".sqlab-search-input").fill(name)
    root.scroll_into_view_if_needed()
    root.locator(".sq-plot").first.hover(position={"x": 300, "y": 60}, force=True)
    root.locator(".sq-plot").first.click(button="right", position={"x": 300, "y": 60}, force=True)
    page.get_by_role("menu").first.wait_for(timeout=30_000)
    page.keyboard.press("Escape")
    root.get_by_role("button", name="Inspector").click()
    tree = page.locator(".sq-inspector")
    tree.wait_for()
    for entry in tree.locator("[data-key]").all():
        entry.click()
        page.locator(".sq-form-title").wait_for()
    lab.shot("hostile")
    assert page.evaluate("window.fired") is None
    # what is ours and looks like a tag is text
    ours = page.locator(".sciqlop-panel, .sqlab-sidebar")
    assert not ours.locator("iframe, script, [onload], [onerror], [onmouseover]").all()
