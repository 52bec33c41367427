"""A kernel that is restarted: the panel says so, keeps its picture and asks no more."""

from __future__ import annotations

from .labpage import LabPage
from .steps import graphs, panel, wait_for_graphs, wheel
from .test_busy_and_storm import MAKE, SHOW

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
    lab.until(lambda: root.get_attribute("data-state") == "disconnected", 20, "the panel says so")
    assert root.get_by_text("the kernel of this panel is gone").is_visible()
    wheel(lab, root, -300, "Control")
    assert lab.page.evaluate(SENT, 3000) == 0, "nobody is there to be asked"
    assert graphs(root)[0]["n"] > 0, "the last picture stays"
    lab.shot("restarted")
    lab.run(0)
    lab.run(1)
    wait_for_graphs(lab, panel(lab), 1)
