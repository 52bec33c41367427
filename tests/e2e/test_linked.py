"""Linked panels in two cells: one hand, one picture of the time, one request."""

from __future__ import annotations

import ast

from .labpage import LabPage
from .steps import PANEL, view, wait_for_graphs
from .test_busy_and_storm import MAKE

FIRST = """
field = Panel(v.time[800_000], v.time[1_200_000])
field.plot(v["x"])
field
"""
SECOND = """
from sciqlop_lab import link
plasma = Panel(v.time[0], v.time[10_000])
plasma.plot(v["y"])
link(field, plasma)
plasma
"""

# Turns the wheel over the first panel; what both show in each frame, and what was sent meanwhile.
TURN = """async (steps) => {
    const [one, two] = document.querySelectorAll('.sciqlop-panel');
    const canvas = one.querySelector('canvas');
    const box = canvas.getBoundingClientRect();
    const kernel = window.jupyterapp.shell.currentWidget.sessionContext.session.kernel;
    const sent = [];
    const note = (_, {msg, direction}) => {
        if (direction === 'send' && msg.header.msg_type === 'comm_msg') {
            const content = msg.content.data.content;
            sent.push(content.type === 'command' ? content.command.op : content.type);
        }
    };
    kernel.anyMessage.connect(note);
    let apart = 0;
    const turn = () => canvas.dispatchEvent(new WheelEvent('wheel', {
        deltaY: -100, ctrlKey: true, bubbles: true, cancelable: true,
        clientX: box.x + box.width * 0.6, clientY: box.y + box.height * 0.4,
    }));
    for (let i = 0; i < steps; i++) {
        turn();
        await new Promise(requestAnimationFrame);
        await new Promise(requestAnimationFrame);
        apart += one.dataset.start !== two.dataset.start || one.dataset.stop !== two.dataset.stop;
    }
    // Where frames are slow each step is a gesture of its own; many steps in one task never are.
    const rest = () => new Promise(resolve => setTimeout(resolve, 600));
    await rest();
    const messages = sent.splice(0);
    for (let i = 0; i < steps; i++) turn();
    await rest();
    kernel.anyMessage.disconnect(note);
    return [apart, messages, sent];
}"""


def test_one_hand_moves_both(lab: LabPage) -> None:
    lab.notebook(
        "linked.ipynb", [MAKE, FIRST, SECOND, "field.time_range = v.time[0], v.time[9_000]"]
    )
    for cell in range(3):
        lab.run(cell)
    roots = [lab.page.locator(f"{PANEL}:visible").nth(k) for k in range(2)]
    for root in roots:
        root.wait_for()
        wait_for_graphs(lab, root, 1)
    lab.until(lambda: view(roots[0]) == view(roots[1]), what="both show the same")
    lab.page.wait_for_timeout(600)  # what is fetched ahead
    apart, sent, burst = lab.page.evaluate(TURN, 6)
    assert apart == 0, "both are drawn for the same range in the same frame"
    assert "views" in sent, "both are asked for in one message"
    assert burst.count("set_time_range") == 1, "the spec follows once, when the hand rests"
    for root in roots:
        wait_for_graphs(lab, root, 1)
    lab.shot("linked")
    ranges = "[(p.time_range.start_ns, p.time_range.stop_ns) for p in (field, plasma)]"

    def agree() -> bool:
        return ast.literal_eval(lab.evaluate(ranges)) == [view(root) for root in roots]

    lab.until(agree, what="the kernel knows what both show")
    before = view(roots[0])
    lab.run(3)
    lab.until(lambda: before != view(roots[0]) == view(roots[1]), what="Python moves both")
    lab.until(agree, what="the kernel knows what both show")
