"""A kernel that is restarted: the panel says so, keeps its picture and asks no more."""

from __future__ import annotations

import pytest

from .labpage import LabPage
from .steps import graphs, panel, reload, view, wait_for_graphs, wheel
from .test_busy_and_storm import MAKE, SHOW

# part of `make test-full`
pytestmark = pytest.mark.slow

# Comm messages that leave the page in that many milliseconds.
SENT = """async (ms) => {
    const kernel = window.jupyterapp.shell.currentWidget.sessionContext.session.kernel;
    let sent = 0;
    const note = (_, {msg, direction}) => {
        sent += direction === 'send' && msg.header.msg_type === 'comm_msg';
    };
    kernel.anyMessage.connect(note);
    await new Promise(resolve => setTimeout(resolve, ms));
    kernel.anyMessage.disconnect(note);
    return sent;
}"""


def test_a_restarted_kernel_is_named_and_not_asked(lab: LabPage) -> None:
    lab.notebook("restarted.ipynb", [MAKE, SHOW])
    lab.run(0)
    lab.run(1)
    root = panel(lab)
    wait_for_graphs(lab, root, 1)
    lab.page.evaluate(
        "async () => { await window.jupyterapp.shell.currentWidget.sessionContext"
        ".restartKernel(); }"
    )
    lab.until(lambda: root.get_attribute("data-state") == "disconnected", 30, "the panel says so")
    root.get_by_text("the kernel of this panel is gone").wait_for()
    wheel(lab, root, -300, "Control")
    assert lab.page.evaluate(SENT, 3000) == 0, "nobody is there to be asked"
    assert graphs(root)[0]["n"] > 0, "the last picture stays"
    lab.shot("restarted")
    lab.run(0)
    lab.run(1)
    wait_for_graphs(lab, panel(lab), 1)


CELL = """from sciqlop_lab import Panel
panel = Panel("2023-01-02T02:00", "2023-01-02T10:00")
panel.plot("cda/AC_H0_MFI/BGSEc")
panel"""


def test_a_notebooks_panel_outlives_page_and_kernel(lab: LabPage) -> None:
    lab.notebook("kept.ipynb", [CELL])
    lab.run(0)
    root = panel(lab)
    wait_for_graphs(lab, root, 1)
    wheel(lab, root, 300)
    lab.until(lambda: "02:00:00" not in lab.evaluate("panel.time_range"), 30, "it is moved")
    shown = view(root)
    lab.page.keyboard.press("Control+s")
    file = lab.root / "kept.ipynb"
    lab.until(lambda: '"execution_count": 1' in file.read_text(), what="the notebook is saved")
    lab.until(lambda: "kept.ipynb" in lab.kept(), what="JupyterLab keeps its layout")
    reload(lab)
    root = panel(lab)
    assert wait_for_graphs(lab, root, 1)[0]["n"] > 0
    lab.until(lambda: view(root) == shown, what="it shows the same")
    page = lab.page.context.new_page()
    second = LabPage(page, lab.url, lab.token, lab.root, lab.screenshots)
    second.open()
    second.open_notebook("kept.ipynb")
    assert wait_for_graphs(second, panel(second), 1)[0]["status"] == "ok"
    second.until(lambda: view(panel(second)) == shown, what="another page shows the same")
    assert not second.errors
    page.close()
    lab.shutdown_kernels()
    root.get_by_text("the kernel of this panel is gone").wait_for(timeout=30_000)
    assert graphs(root)[0]["n"] > 0, "the last picture stays"
    lab.shot("notebook-kernel-gone")
    lab.open()
    lab.open_notebook("kept.ipynb")
    still = lab.page.locator(".sqlab-still")
    still.get_by_text("Run the cell").wait_for(timeout=30_000)
    lab.shot("notebook-reopened")
    lab.run(0)
    wait_for_graphs(lab, panel(lab), 1)
    lab.until(lambda: still.count() == 0, what="the still picture is gone")
