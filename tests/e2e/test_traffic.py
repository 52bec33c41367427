"""What a refresh of four plots of real data costs on the wire."""

from __future__ import annotations

from .labpage import LabPage
from .steps import panel, wait_for_graphs, wheel
from .test_busy_and_storm import JUMP, note
from .test_first_light import DENSITY, SPECTRUM

ELECTRONS = "cda/MMS1_FPI_FAST_L2_DIS-MOMS/mms1_dis_energyspectr_mx_fast"
VELOCITY = "cda/MMS1_FPI_FAST_L2_DIS-MOMS/mms1_dis_bulkv_gse_fast"
SHOW = f"""
from sciqlop_lab import Panel
panel = Panel("2015-12-01T10:10", "2015-12-01T13:45")
for product in {[DENSITY, SPECTRUM, ELECTRONS, VELOCITY]!r}:
    panel.plot(product)
panel
"""
MOST = 2**20

# By generation, the bytes of what it showed and of what was fetched ahead; and all messages.
LISTEN = """() => {
    const kernel = window.jupyterapp.shell.currentWidget.sessionContext.session.kernel;
    window.traffic = {shown: {}, ahead: {}, messages: 0};
    kernel.anyMessage.connect((_, {msg, direction}) => {
        if (msg.header.msg_type !== 'comm_msg') return;
        window.traffic.messages += 1;
        const content = msg.content.data?.content;
        if (direction !== 'recv' || content?.type !== 'tiles') return;
        for (const item of content.items) {
            const buffers = ['t', 'x0', 'x1', 'y', 'z'].filter(name => name in item);
            const sizes = buffers.map(name => msg.buffers[item[name]].byteLength);
            const bytes = sizes.reduce((sum, size) => sum + size, 0);
            const kind = item.ahead ? window.traffic.ahead : window.traffic.shown;
            kind[content.gen] = (kind[content.gen] ?? 0) + bytes + JSON.stringify(item).length;
        }
    });
}"""


def test_a_refresh_of_four_plots_takes_at_most_a_megabyte(lab: LabPage) -> None:
    lab.notebook("traffic.ipynb", [SHOW])
    lab.run(0)
    root = panel(lab)
    assert [g["status"] for g in wait_for_graphs(lab, root, 4)] == ["ok"] * 4
    lab.page.evaluate(LISTEN)
    for _ in range(2):  # farther than is fetched ahead
        lab.page.evaluate(JUMP, 60_000)
        wait_for_graphs(lab, root, 4)
    for delta in [300] * 10 + [-200] * 4:
        wheel(lab, root, delta, "Control")
        wait_for_graphs(lab, root, 4)
    for _ in range(6):
        wheel(lab, root, 200)
        wait_for_graphs(lab, root, 4)
    traffic = lab.page.evaluate("window.traffic")
    lab.shot("traffic")
    shown, ahead = (list(traffic[kind].values()) for kind in ("shown", "ahead"))
    note(
        "bytes a refresh, two spectrograms and two lines",
        {"refreshes": len(shown), "most": max(shown, default=0),
         "most ahead": max(ahead, default=0), "messages": traffic["messages"]},
    )  # fmt: skip
    assert sum(size > 20_000 for size in (*shown, *ahead)) >= 3, "the views needed new data"
    assert max(shown, default=0) <= MOST
    assert max(ahead, default=0) <= MOST
