"""axe-core on what stands in pages of its own: a panel's tab and file, settings, the launcher."""

from __future__ import annotations

from typing import Any

import pytest

from .labpage import LabPage
from .steps import graphs, panel, search, wait_for_graphs
from .test_conventions import serious
from .test_settings import open_editor

# part of `make test-full`
pytestmark = pytest.mark.slow

FIELD = "cda/AC_H0_MFI/BGSEc"
CARD = '.jp-LauncherCard[title*="file of its own"]'
IN_SIGHT = f"{CARD}:visible"
FORM = ".jp-SettingsForm"


@pytest.mark.parametrize("theme", ["Light", "Dark"])
def test_pages_of_their_own(lab: LabPage, theme: str) -> None:
    lab.theme(f"JupyterLab {theme}")
    card = lab.page.locator(IN_SIGHT).first
    card.wait_for(timeout=30_000)
    card.scroll_into_view_if_needed()
    assert not serious(lab, CARD), "launcher card"
    lab.shot(f"axe-launcher-{theme.lower()}")
    # a panel in a tab
    search(lab, "ac_h0_mfi bgsec", FIELD).click()
    lab.page.keyboard.press("Shift+Enter")
    root = panel(lab)
    assert [g["status"] for g in wait_for_graphs(lab, root, 1)] == ["ok"]
    assert not serious(lab, ".jp-MainAreaWidget:not(.lm-mod-hidden) .sqlab-panel-tab"), "tab"
    lab.shot(f"axe-tab-{theme.lower()}")
    # a panel in a file, empty and with a product
    lab.command("application:close")
    lab.command("launcher:create")
    card.click()
    root = panel(lab)
    assert not serious(lab, ".jp-Document:not(.lm-mod-hidden)"), "empty panel file"
    lab.shot(f"axe-file-empty-{theme.lower()}")
    search(lab, "ac_h0_mfi bgsec", FIELD).click()
    lab.page.keyboard.press("Enter")
    lab.until(lambda: [g["status"] for g in graphs(root)] == ["ok"], 40, "data are shown")
    assert not serious(lab, ".jp-Document:not(.lm-mod-hidden)"), "panel file"
    for button in ("Mouse and keys of a panel (?)", "Add a product (A): search and choose"):
        root.get_by_role("button", name=button).click()
        lab.page.locator(".sq-popup:visible").wait_for(timeout=30_000)
        assert not serious(lab, ".sq-popup:not([hidden])"), button
        lab.page.keyboard.press("Escape")
        lab.page.locator(".sq-popup:visible").wait_for(state="hidden", timeout=30_000)
    open_dialogs(lab, root)
    lab.shot(f"axe-file-{theme.lower()}")


def open_dialogs(lab: LabPage, root: Any) -> None:
    for sub, entry in (("Template", "Save as template…"), ("Template", "Open template…"),
                       ("Derive", "Low-pass filter…")):  # fmt: skip
        root.locator(".sq-plot").first.get_by_role("button", name="Menu of this plot").click()
        lab.page.get_by_role("menuitem", name=sub, exact=False).first.click()
        lab.page.get_by_role("menuitem", name=entry).click()
        dialog = root.locator(".sq-dialog")
        dialog.wait_for(timeout=30_000)
        assert not serious(lab, ".sq-dialog"), entry
        lab.page.keyboard.press("Escape")
        dialog.wait_for(state="hidden", timeout=30_000)


@pytest.mark.parametrize("theme", ["Light", "Dark"])
def test_the_settings_page(lab: LabPage, theme: str) -> None:
    lab.theme(f"JupyterLab {theme}")
    open_editor(lab)
    ours = serious(lab, FORM)
    lab.shot(f"axe-settings-{theme.lower()}")
    # what JupyterLab's own section has too is the editor's, whatever the settings
    lab.command("settingeditor:open", {"query": "Terminal"})
    lab.page.locator(".jp-PluginList-entry", has_text="Terminal").first.click()
    lab.page.locator(f"{FORM} [id*=_fontSize], {FORM} [id*=fontFamily]").first.wait_for()
    theirs = {rule for rule, _ in serious(lab, FORM)}
    assert not [found for found in ours if found[0] not in theirs], ours
