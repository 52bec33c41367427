"""Virtual products as a person meets them: defined, dragged, turned, rewritten, broken, ended."""

from __future__ import annotations

from typing import Any

import numpy as np

from .labpage import LabPage
from .steps import find_row, graphs, panel, show_tree, view, wait_for_graphs, wheel

DEFINE = """
import time
from typing import Annotated, Literal
import numpy as np
import speasy_core as spz
from sciqlop_lab import Panel, virtual_product
from sciqlop_lab.virtual import Knob

calls = []

@virtual_product("story/wave", unit="nT", test=("2023-01-02", "2023-01-03"))
def wave(start: float, stop: float,
         amplitude: Annotated[float, Knob(min=0, max=10, unit="nT", label="Amplitude")] = 2.0,
         periods: int = 4,
         shape: Literal["sine", "square"] = "sine",
         flip: bool = False):
    calls.append((start, stop, amplitude, periods, shape, flip))
    print("amplitude is", amplitude)
    t = np.linspace(start, stop, 500)
    y = np.sin(t / 86400 * periods * 2 * np.pi) * amplitude
    return t, (np.sign(y) * amplitude if shape == "square" else y) * (-1 if flip else 1)
"""
PANEL = """
panel = Panel("2023-01-02", "2023-01-03")
panel.plot("cda/AC_H0_MFI/BGSEc")
panel
"""
REDEFINE = """
@virtual_product("story/wave", unit="nT", test=False)
def wave(start: float, stop: float, amplitude: float = 2.0, offset: float = 1.0):
    t = np.linspace(start, stop, 500)
    return t, np.full(500, amplitude + offset)
"""
RAISE = """
def helper_of_mine(t):
    raise ValueError("the wave is broken")

@virtual_product("story/wave", unit="nT", test=False)
def wave(start: float, stop: float, amplitude: float = 2.0):
    return helper_of_mine(start)
"""
FOREVER = """
@virtual_product("story/wave", unit="nT", test=False)
def wave(start: float, stop: float, amplitude: float = 2.0):
    calls.append("loop")
    n = 0
    while True:
        n += 1
"""
LIMIT = """
@virtual_product("story/slow", test=False, timeout=1)
def slow(start, stop):
    time.sleep(20)

panel.plot(slow)
panel.time_range = "2023-01-02T06:00", "2023-01-02T18:00"
"""
MAGIC = """%%vp --path story/magic
def magic(start: float, stop: float, level: float = 3.0) -> Scalar["level"]:
    t = np.linspace(start, stop, 100)
    return t, np.full(100, level)
"""


def both_themes(lab: LabPage, name: str) -> None:
    for theme in ("Dark", "Light"):
        lab.theme(f"JupyterLab {theme}")
        panel(lab).evaluate("node => node.scrollIntoView({block: 'center'})")
        lab.shot(f"vp-{name}-{theme.lower()}")


def knob(root: Any, name: str, graph: str = "g2") -> Any:
    return root.locator(f'.sq-knob-group[data-graph="{graph}"] .sq-knob[data-knob="{name}"]')


def last_call(lab: LabPage) -> str:
    return lab.evaluate("calls[-1]")


def test_a_product_from_its_definition_to_its_end(lab: LabPage) -> None:
    later = [REDEFINE, RAISE, DEFINE + "calls.clear()", FOREVER, DEFINE, LIMIT]
    lab.notebook("story.ipynb", [DEFINE, PANEL, *later])
    lab.page.set_viewport_size({"width": 1440, "height": 1500})
    lab.run(0)
    lab.run(1)
    root = panel(lab)
    wait_for_graphs(lab, root, 1)

    # dragged from the branch of the kernel into the lower half: a plot with its knobs beside it
    show_tree(lab)
    row = find_row(lab, '[data-ref="vp/story/wave"]')
    lab.drag(row, root, at=(0.4, 0.86))
    _, wave = wait_for_graphs(lab, root, 2)
    assert (wave["status"], wave["label"]) == ("ok", "wave"), wave
    slider = knob(root, "amplitude").locator("input[type=range]")
    slider.wait_for(timeout=30_000)
    group = root.locator(f'.sq-knob-group[data-plot="{wave["plot"]}"]')

    def beside() -> bool:
        plot = root.locator(".sq-plot").nth(1)
        return bool(abs(plot.bounding_box()["y"] - group.bounding_box()["y"]) < 4)

    lab.until(beside, what="the knobs stand beside their plot")
    lab.until(lambda: slider.get_attribute("aria-label") == "Amplitude, nT", what="it is named")
    both_themes(lab, "knobs")

    # what it printed is one click away
    output = root.locator(".sq-output")
    output.locator("summary").wait_for()
    output.locator("pre").wait_for(state="hidden")
    output.locator("summary").click()
    output.locator("pre", has_text="amplitude is 2.0").wait_for()
    lab.shot("vp-output")
    output.locator("summary").click()

    # a zoom asks for exactly what is visible
    for _ in range(3):
        wheel(lab, root, -200, "Control")
    wait_for_graphs(lab, root, 2)
    lab.until(
        lambda: (
            lab.evaluate("[round(t * 1e3) for t in calls[-1][:2]]")
            == str([round(end / 1e6) for end in view(root)])
        ),
        30,
        "the function was called with what is visible",
    )
    lab.until(
        lambda: (
            lab.evaluate("(panel.time_range.start_ns, panel.time_range.stop_ns)") == str(view(root))
        ),
        30,
        "the gesture of the wheel has ended",
    )

    # the slider by mouse: the picture follows, and the whole movement is one step back
    box = slider.bounding_box()
    middle = box["y"] + box["height"] / 2
    lab.page.mouse.move(box["x"] + 0.2 * box["width"], middle)
    lab.page.mouse.down()
    before = int(lab.evaluate("len(calls)"))
    for step in range(21):
        lab.page.mouse.move(box["x"] + (0.2 + 0.03 * step) * box["width"], middle)
        if step % 7 == 6:  # the hand is slower than the kernel, however slow that is
            amplitude = slider.input_value()
            lab.until(
                lambda now=amplitude: float(lab.evaluate("calls[-1][2]")) == float(now),
                what="the picture follows the hand",
            )
    lab.page.mouse.up()
    lab.until(lambda: float(lab.evaluate("calls[-1][2]")) > 7, 30, "the last position is computed")
    assert int(lab.evaluate("len(calls)")) - before >= 3, "the picture follows the hand"
    wait_for_graphs(lab, root, 2)
    printed = output.locator("pre")
    lab.until(lambda: "amplitude is 2.0" not in printed.text_content(), what="it prints anew")
    both_themes(lab, "turned")
    slider.focus()
    lab.page.keyboard.press("Control+z")
    lab.until(lambda: float(slider.input_value()) == 2, 30, "one step back is the default")

    # by keyboard, and every kind of knob
    slider.focus()
    lab.page.keyboard.press("ArrowRight")
    lab.until(lambda: 2 < float(lab.evaluate("calls[-1][2]")) < 2.2, 30, "an arrow turns it")
    knob(root, "shape").locator("select").select_option("square")
    knob(root, "flip").locator("input").check()
    number = knob(root, "periods").locator("input")
    number.fill("9")
    number.press("Enter")
    lab.until(lambda: last_call(lab).endswith("9, 'square', True)"), 30, "all are turned")
    wait_for_graphs(lab, root, 2)
    root.locator(".sq-knob-legend button").click()
    lab.until(lambda: last_call(lab).endswith("2.0, 4, 'sine', False)"), 30, "all are reset")

    # written anew: redrawn at once, with its new knobs; what it takes no more is forgotten
    number.fill("7")
    number.press("Enter")
    wait_for_graphs(lab, root, 2)
    lab.run(2)
    knob(root, "offset").wait_for(timeout=30_000)
    knob(root, "periods").wait_for(state="detached")
    assert wait_for_graphs(lab, root, 2)[1]["status"] == "ok"
    both_themes(lab, "redefined")

    # raising: own frames, the line, the range; the last good picture stays, dimmed
    lab.run(3)
    lab.until(lambda: graphs(root)[1]["status"] == "error", 30, "the error is on the plot")
    card = root.locator(".sq-error")
    places = ("in helper_of_mine", "in wave", "Cell In[", "line 2")
    for part in ("the wave is broken", "asked for", *places):
        lab.until(lambda part=part: part in card.text_content(), what=f"{part} is told")
    said = card.text_content()
    for part in ("sciqlop_lab/", "speasy_core/", "threading.py"):
        assert part not in said
    assert graphs(root)[1]["n"] > 0
    both_themes(lab, "raises")

    # mended, then a loop without end: it says so, and can be given up
    lab.run(4)
    lab.until(lambda: graphs(root)[1]["status"] == "ok", 30, "it is mended")
    lab.run(5)
    lab.until(lambda: "loop" in lab.evaluate("calls"), 30, "the loop runs")
    wheel(lab, root, -200, "Control")
    stop_button = root.get_by_role("button", name="Stop loading")
    stop_button.locator("visible=true").first.wait_for(timeout=30_000)
    lab.until(lambda: graphs(root)[0]["status"] == "ok", what="the other plot goes on")
    both_themes(lab, "forever")
    stop_button.locator("visible=true").first.click()
    lab.until(lambda: graphs(root)[1]["status"] == "stopped", 30, "it is given up")
    lab.until(
        lambda: (
            lab.evaluate(
                "sum(t.name.startswith('vp wave') for t in __import__('threading').enumerate())"
            )
            == "0"
        ),
        30,
        "the loop is broken, and no thread is left behind",
    )
    both_themes(lab, "cancelled")

    # past its limit: shown as such, the others go on
    lab.run(6)
    lab.run(7)
    lab.until(lambda: graphs(root)[-1]["status"] == "error", 30, "the limit is shown")
    states = [graph["status"] for graph in wait_for_graphs(lab, root, 3)]
    assert states == ["ok", "ok", "error"]
    root.locator(".sq-error", has_text="longer than its limit of 1 s").first.wait_for()
    both_themes(lab, "limit")


def test_a_product_of_a_cell_in_two_plots(lab: LabPage) -> None:
    show = (
        'panel = Panel("2023-01-02", "2023-01-03")\npanel.plot(magic)\n'
        "panel.plot(magic, level=5.0)\npanel"
    )
    setup = "%load_ext sciqlop_lab\nimport numpy as np\nfrom sciqlop_lab import Panel"
    lab.notebook("magic.ipynb", [setup, MAGIC, show])
    for cell in range(3):
        lab.run(cell)
    root = panel(lab)
    first, second = wait_for_graphs(lab, root, 2)
    assert (first["status"], second["status"]) == ("ok", "ok")
    one, two = (knob(root, "level", g).locator("input[type=number]") for g in ("g1", "g2"))
    two.wait_for(timeout=30_000)
    lab.until(lambda: (one.input_value(), two.input_value()) == ("3", "5"), what="each has its own")
    one.fill("-1.5")
    one.press("Enter")
    lab.until(
        lambda: (
            lab.evaluate("[dict(g.knobs) for _, g in panel.model.graphs]")
            == "[{'level': -1.5}, {'level': 5.0}]"
        ),
        30,
        "knobs of one product in two plots are independent",
    )
    lab.evaluate("panel.undo()")
    lab.until(lambda: one.input_value() == "3", 30, "Python's undo moves the knob back")
    root.evaluate("node => { node.style.width = '520px'; }")
    beside = "n => n.classList.contains('sq-knobs-beside')"
    lab.until(lambda: not root.evaluate(beside), what="the knobs are below")
    both_themes(lab, "narrow")


SAME = """
import numpy as np
from scipy import signal
import speasy_core as spz
from sciqlop_lab import Panel, virtual_product
from speasy_core.signal.filtering import sosfiltfilt

@virtual_product("story/mfa", test=False)
def aligned(start, stop):
    field = spz.get_data("cda/CO_MAG_1SEC/B_RTN", start, stop)
    sos = signal.butter(4, [1 / 600, 1 / 60], btype="bandpass", fs=1.0, output="sos")
    mean = np.median(field, axis=0)
    er = mean / np.linalg.norm(mean)
    et = np.cross(er, (1, 0, 0))
    et = et / np.linalg.norm(et)
    matrix = np.array([er, et, np.cross(er, et)])
    return sosfiltfilt(sos=sos, var=np.einsum("kj,ij->ik", matrix, field - mean))

panel = Panel("2009-01-02T00:00", "2009-01-02T06:00")
panel.plot(aligned)
panel
"""
SCRIPT = """
t = panel.time_range
script = spz.get_data("vp/story/mfa", t.start, t.stop)
other = Panel(t.start, t.stop)
other.plot(script, label="aligned")
for one in (panel, other):
    one.plots[0].set_axis(range=(-0.3, 0.3))
other
"""
PIXELS = """node => {
    const canvas = node.querySelector('.sq-canvas');
    const plot = node.querySelector('.sq-plot').getBoundingClientRect();
    const stage = node.querySelector('.sq-stage').getBoundingClientRect();
    const r = devicePixelRatio;
    const {data} = canvas.getContext('2d').getImageData((plot.left - stage.left) * r + 2,
        (plot.top - stage.top) * r + 2, plot.width * r - 4, plot.height * r - 4);
    return Array.from(new Uint32Array(data.buffer)).join(',');
}"""


def test_on_screen_as_in_the_script(lab: LabPage) -> None:
    """A filter depends on the whole range: a zoomed plot shows what the script computes for it."""
    lab.page.set_viewport_size({"width": 1440, "height": 1500})
    lab.notebook("same.ipynb", [SAME, SCRIPT])
    lab.run(0)
    root = panel(lab)
    wait_for_graphs(lab, root, 1)
    for _ in range(6):
        wheel(lab, root, -200, "Control")
    lab.until(
        lambda: (
            lab.evaluate("(panel.time_range.start_ns, panel.time_range.stop_ns)") == str(view(root))
        ),
        30,
        "the gesture has ended",
    )
    (shown,) = wait_for_graphs(lab, root, 1)
    lab.run(1)
    other = panel(lab, 1)
    (_script,) = wait_for_graphs(lab, other, 1)
    assert shown["n"] > 100
    lab.page.mouse.move(5, 5)
    lab.page.keyboard.press("Escape")
    assert lab.evaluate("len(script)") == str(shown["n"]), "sample by sample"

    def alike() -> bool:
        one, two = (np.array(r.evaluate(PIXELS).split(","), np.uint32) for r in (root, other))
        # the script's samples come in tiles, whose borders round a pixel here and there
        return one.shape == two.shape and np.count_nonzero(one != two) < 100

    lab.until(alike, what="both are the same picture")
    lab.shot("vp-same")
    both_themes(lab, "same")
